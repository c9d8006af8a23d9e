//! From what is known of each person to counts in each group.

use super::super::populations::Populations;
use super::super::text;
use super::evidence::Instrument;
use super::known::{KINDS, Known, Parameters, Standings, band};
use disclosure::{
    Axis, Category, Figure, Item, ItemGroup, LevelKind, Measure, Need, Nested, Role, Section, Text,
};
use domain::competence::{Levels, OutcomeType, TypeSet};
use domain::frameworks::Framework;
use domain::instruments::PercentBand;

/// The report's sections: coverage first, then bands by competence and by area, then levels, then both kinds
/// against each other, then of what type the evidence is. Where the instrument gives areas their bands it gives
/// competences none.
pub(super) fn all(report: &Report<'_>, standings: &Standings, parameters: &Parameters) -> Vec<Section> {
    let (framework, Standings { known, areas, covered }) = (report.framework, standings);
    let mut sections = vec![report.reached(known)];
    sections
        .extend((0..).zip(KINDS).map(|(place, kind)| report.coverage(kind, |person| covered[person][place])));
    let kinds = report.kinds_of_competences();
    sections.extend(
        kinds.iter().map(|&kind| report.bands(kind, "competences", competence_items(framework), known)),
    );
    sections.extend(KINDS.iter().map(|&kind| {
        match report.instrument.and_then(Instrument::area_bands).filter(|_| kind == LevelKind::SelfAssessed) {
            Some(bands) => report.scored_areas(bands, areas),
            None => report.bands(kind, "areas", area_items(framework), areas),
        }
    }));
    sections.extend(kinds.iter().map(|&kind| report.levels(kind, known, parameters.levels_from)));
    if kinds.len() == KINDS.len() {
        sections.push(report.both(known));
    }
    sections.extend(report.types(known));
    sections
}

/// What every section is made from.
pub(super) struct Report<'a> {
    pub(super) framework: &'a Framework,
    instrument: Option<&'a Instrument<'a>>,
    pub(super) populations: &'a Populations,
    bands: Vec<Category>,
}

impl<'a> Report<'a> {
    pub(super) fn new(
        framework: &'a Framework,
        instrument: Option<&'a Instrument<'a>>,
        populations: &'a Populations,
    ) -> Self {
        let bands = framework.bands.iter().map(|band| level_category(&band.code, text(&band.name))).collect();
        Self { framework, instrument, populations, bands }
    }

    /// The kinds of levels that competences have.
    pub(super) fn kinds_of_competences(&self) -> Vec<LevelKind> {
        let areas_alone = self.instrument.is_some_and(|instrument| instrument.area_bands().is_some());
        KINDS.into_iter().filter(|kind| *kind != LevelKind::SelfAssessed || !areas_alone).collect()
    }

    /// How many the courses have reached.
    fn reached(&self, known: &[Known]) -> Section {
        let item = Item {
            code: "any".into(),
            label: Text::new("Minst en kurs", "At least one course"),
            group: None,
            target: None,
        };
        let title = Text::new("Har börjat på minst en kurs", "Have begun at least one course");
        let mut section = Section::new("reached", title, Measure::Coverage, vec![item]);
        section.figures = self.count(1, 1, |_, _| true, |person, _| known[person].reached.then_some(0));
        section.figures.iter_mut().for_each(|figure| figure.counts.clear());
        section.live = true;
        section.notes = vec![Text::new(
            "Medarbetare som har minst en händelse i någon kurs.",
            "Employees with at least one statement in any course.",
        )];
        section
    }

    /// How many have any level at all.
    fn coverage(&self, kind: LevelKind, is_covered: impl Fn(usize) -> bool) -> Section {
        let items = vec![Item {
            code: "any".into(),
            label: Text::new("Minst en kompetens", "At least one competence"),
            group: None,
            target: None,
        }];
        let mut section = self.section(kind, "coverage", Measure::Coverage, items);
        section.figures = self.count(1, 1, |_, _| true, |person, _| is_covered(person).then_some(0));
        section.figures.iter_mut().for_each(|figure| figure.counts.clear());
        // There is no closing day: nobody should be known by everybody's having done it, or nobody's.
        section.live = true;
        section
    }

    /// The distribution of areas over the instrument's own bands.
    fn scored_areas(&self, bands: &[PercentBand], known: &[Known]) -> Section {
        let kind = LevelKind::SelfAssessed;
        let mut section = self.section(kind, "areas", Measure::Levels { kind }, area_items(self.framework));
        section.categories = bands.iter().map(|band| level_category(&band.code, text(&band.name))).collect();
        section.figures = self.count(
            section.items.len(),
            bands.len(),
            |_, _| true,
            |person, area| known[person].areas.get(area).copied().flatten(),
        );
        section.within = vec![whole(kind, "coverage")];
        section.notes.pop();
        section.notes.push(Text::new(
            "Ett område har medelvärdet av sina frågor i procent av poängen. Banden är instrumentets egna och gäller \
             områden, inte enskilda kompetenser. Med under hälften av frågorna besvarade är området okänt.",
            "An area has the mean of its questions in per cent of the points. The bands are the instrument's own and hold \
             for areas, not for single competences. With under half of its questions answered an area is unknown.",
        ));
        section
    }

    /// How many have shown knowledge, skill and attitude, each apart; nothing where no evidence says which it is.
    fn types(&self, known: &[Known]) -> Option<Section> {
        if known.iter().all(|known| known.types.iter().all(TypeSet::is_empty)) {
            return None;
        }
        let item = |item: &Item, kind: OutcomeType| {
            let (code, label) = match kind {
                OutcomeType::Knowledge => ("knowledge", Text::new("Kunskap", "Knowledge")),
                OutcomeType::Skill => ("skill", Text::new("Färdighet", "Skill")),
                OutcomeType::Attitude => ("attitude", Text::new("Förhållningssätt", "Attitude")),
            };
            let group = Some(ItemGroup { code: item.code.clone(), label: numbered_name(item) });
            let with = |name: &str| format!("{name}, {}", item.code);
            let label = Text { sv: with(&label.sv), en: label.en.as_deref().map(with) };
            Item { code: format!("{}/{code}", item.code), label, group, target: None }
        };
        let competences = competence_items(self.framework);
        let items: Vec<Item> =
            competences.iter().flat_map(|of| OutcomeType::ALL.map(|kind| item(of, kind))).collect();
        let title = Text::new("Kunskap, färdighet och förhållningssätt", "Knowledge, skill and attitude");
        let mut section = Section::new("demonstrated-types", title, Measure::Coverage, items);
        section.notes = vec![Text::new(
            "Hur många som har en visad nivå ur underlag av en sort ensam: kunskap, färdighet eller förhållningssätt, som \
             reglerna säger att aktiviteten visar. Den som har visat flera sorter räknas i var och en.",
            "How many have a demonstrated level by evidence of one type alone: knowledge, skill or attitude, as rules say \
             that the activity shows. Who has shown several counts in each.",
        )];
        let types = OutcomeType::ALL.len();
        section.figures = self.count(
            section.items.len(),
            1,
            |_, _| true,
            |person, item| {
                let of = [OutcomeType::ALL[item % types]].into_iter().collect();
                known[person].types[item / types].contains(of).then_some(0)
            },
        );
        section.figures.iter_mut().for_each(|figure| figure.counts.clear());
        let of_each = competences.iter().flat_map(|competence| std::iter::repeat_n(competence, types));
        section.needs = needs(LevelKind::Demonstrated, of_each, true);
        Some(section)
    }

    /// The distribution over bands.
    pub(super) fn bands(&self, kind: LevelKind, part: &str, items: Vec<Item>, known: &[Known]) -> Section {
        let mut section = self.section(kind, part, Measure::Levels { kind }, items);
        section.figures = self.count(
            section.items.len(),
            self.bands.len(),
            |_, _| true,
            |person, item| self.band(known[person].of(kind)[item]),
        );
        section.categories.clone_from(&self.bands);
        section.within = vec![whole(kind, "coverage")];
        section
    }

    /// The distribution over single levels, for the whole alone, which nothing can be subtracted from.
    fn levels(&self, kind: LevelKind, known: &[Known], from: u64) -> Section {
        let framework = self.framework;
        let mut section = self.section(kind, "levels", Measure::Levels { kind }, competence_items(framework));
        section.notes.push(Text::new(
            format!("Enskilda nivåer visas för helheten, när den är minst {from} personer."),
            format!("Single levels are shown for the whole, where it is at least {from} people."),
        ));
        section.within = vec![whole(kind, "competences")];
        let wanted = |population: usize, _| {
            let top = &self.populations.list[population];
            top.parent.is_none() && top.base >= from
        };
        section.figures = self.count(section.items.len(), framework.levels.len(), wanted, |person, item| {
            let known = known[person].of(kind)[item]?;
            framework.levels.iter().position(|level| level.level == known.low)
        });
        let categories = framework.levels.iter();
        section.categories =
            categories.map(|level| level_category(&level.level.to_string(), numbered(level.level))).collect();
        section
    }

    /// Self-assessed against demonstrated bands, row by row.
    fn both(&self, known: &[Known]) -> Section {
        let side = self.bands.len();
        let title = Text::new("Självskattat bredvid visat", "Self-assessed beside demonstrated");
        let items = competence_items(self.framework);
        let mut section =
            Section::new("self-assessed-beside-demonstrated", title, Measure::SelfVsDemonstrated, items);
        section.categories.clone_from(&self.bands);
        section.within = [(LevelKind::SelfAssessed, Axis::Rows), (LevelKind::Demonstrated, Axis::Columns)]
            .map(|(kind, axis)| Nested { section: format!("{}-competences", name(kind)), axis })
            .into();
        section.notes = vec![Text::new(
            "Bara de som har både en självskattad och en visad nivå.",
            "Only those who have both a self-assessed and a demonstrated level.",
        )];
        section.figures = self.count(
            section.items.len(),
            side * side,
            |_, _| true,
            |person, item| {
                let row = self.band(known[person].self_assessed[item])?;
                Some(row * side + self.band(known[person].demonstrated[item])?)
            },
        );
        section
    }

    pub(super) fn section(&self, kind: LevelKind, part: &str, measure: Measure, items: Vec<Item>) -> Section {
        let id = format!("{}-{part}", name(kind));
        let notes = notes(kind, part, self.instrument);
        Section { notes, ..Section::new(id, title(kind, part), measure, items) }
    }

    /// The band that a level lies in.
    pub(super) fn band(&self, levels: Option<Levels>) -> Option<usize> {
        band(self.framework, levels)
    }

    /// One figure for each group and item that `wanted` asks for; `category` says where a person belongs, or
    /// that nothing is known.
    pub(super) fn count(
        &self,
        items: usize,
        categories: usize,
        wanted: impl Fn(usize, usize) -> bool,
        category: impl Fn(usize, usize) -> Option<usize>,
    ) -> Vec<Figure> {
        let mut figures = Vec::new();
        for (population, members) in self.populations.members.iter().enumerate() {
            for item in (0..items).filter(|&item| wanted(population, item)) {
                let mut counts = vec![0; categories];
                for category in members.iter().filter_map(|&person| category(person, item)) {
                    counts[category] += 1;
                }
                let answered = counts.iter().sum();
                let figure = Figure::of(population, item, members.len() as u64, answered);
                figures.push(Figure { counts, ..figure });
            }
        }
        figures
    }
}

pub(super) fn competence_items(framework: &Framework) -> Vec<Item> {
    let group = |code: &str| {
        framework.area(code).map(|area| ItemGroup { code: area.code.clone(), label: text(&area.name) })
    };
    let items = framework.competences.iter().map(|c| Item {
        code: c.code.clone(),
        label: text(&c.name),
        group: group(&c.area),
        target: None,
    });
    items.collect()
}

fn area_items(framework: &Framework) -> Vec<Item> {
    let items = framework.areas.iter();
    items.map(|a| Item { code: a.code.clone(), label: text(&a.name), group: None, target: None }).collect()
}

/// A competence's name with its code before it.
fn numbered_name(item: &Item) -> Text {
    let with = |name: &str| format!("{} {name}", item.code);
    Text { sv: with(&item.label.sv), en: item.label.en.as_deref().map(with) }
}

/// That a section's people are those of another one of the same kind, or some of them.
fn whole(kind: LevelKind, part: &str) -> Nested {
    Nested { section: format!("{}-{part}", name(kind)), axis: Axis::Whole }
}

pub(super) fn level_category(code: &str, label: Text) -> Category {
    Category { code: code.to_owned(), label, role: Role::Level }
}

fn numbered(level: u8) -> Text {
    Text::new(format!("Nivå {level}"), format!("Level {level}"))
}

/// For each item the distribution of its competence, which a figure of it needs.
pub(super) fn needs<'a>(
    kind: LevelKind,
    competences: impl Iterator<Item = &'a Item>,
    among: bool,
) -> Vec<Need> {
    let section = format!("{}-competences", name(kind));
    (0..)
        .zip(competences)
        .map(|(item, competence)| Need {
            item,
            section: section.clone(),
            code: competence.code.clone(),
            among,
        })
        .collect()
}

pub(super) fn name(kind: LevelKind) -> &'static str {
    match kind {
        LevelKind::SelfAssessed => "self-assessed",
        LevelKind::Demonstrated => "demonstrated",
        LevelKind::Attested => "attested",
    }
}

fn title(kind: LevelKind, part: &str) -> Text {
    let (sv, en) = match kind {
        LevelKind::SelfAssessed => ("Självskattad", "Self-assessed"),
        LevelKind::Demonstrated => ("Visad", "Demonstrated"),
        LevelKind::Attested => ("Intygad", "Attested"),
    };
    match part {
        "coverage" => match kind {
            LevelKind::SelfAssessed => Text::new("Har skattat sig själva", "Have assessed themselves"),
            _ => Text::new(
                format!("Har {} nivå i minst en kompetens", sv.to_lowercase()),
                format!("Have a {} level in at least one competence", en.to_lowercase()),
            ),
        },
        "areas" => Text::new(format!("{sv} nivå efter område"), format!("{en} level by area")),
        "target" => Text::new(format!("{sv} nivå mot målet"), format!("{en} level against the target")),
        "levels" => Text::new(format!("{sv} nivå i enskilda steg"), format!("{en} level in single steps")),
        _ => Text::new(format!("{sv} nivå efter kompetens"), format!("{en} level by competence")),
    }
}

fn notes(kind: LevelKind, part: &str, instrument: Option<&Instrument<'_>>) -> Vec<Text> {
    let mut notes = vec![match (kind, instrument) {
        (LevelKind::SelfAssessed, Some(Instrument { survey })) => {
            let (sv, en) = (&survey.title.sv, survey.title.english());
            let version = &survey.version;
            Text::new(
                format!("Senaste fullständiga svaret på ”{sv}”, version {version}."),
                format!("The latest complete answer to “{en}”, version {version}."),
            )
        }
        (LevelKind::SelfAssessed, None) => {
            Text::new("Ingen enkät ger självskattade nivåer.", "No survey gives self-assessed levels.")
        }
        _ => Text::new(
            "Ur godkända aktiviteter som har en regel, så länge de gäller. Ett intervall räknas med sin lägre ände.",
            "From passed activities that have a rule, while they are valid. An interval counts with its lower end.",
        ),
    }];
    if part == "areas" {
        notes.push(Text::new(
            "Nivån i ett område är den högsta som minst hälften av områdets kompetenser når.",
            "The level in an area is the highest that at least half of the area's competences reach.",
        ));
    }
    notes
}
