//! From what is known of each person to counts in each group.

use super::super::populations::Populations;
use super::super::text;
use super::evidence::Instrument;
use super::{Known, Levels, Parameters};
use disclosure::{Axis, Category, Figure, Item, ItemGroup, LevelKind, Measure, Nested, Role, Section, Text};
use domain::frameworks::Framework;

const KINDS: [LevelKind; 2] = [LevelKind::SelfAssessed, LevelKind::Demonstrated];

/// The report's sections: coverage first, then bands by competence and by area, then levels, then both kinds
/// against each other.
pub(super) fn all(
    framework: &Framework,
    instrument: Option<&Instrument<'_>>,
    populations: &Populations,
    known: &[Known],
    parameters: &Parameters,
) -> Vec<Section> {
    let competences = competence_items(framework);
    let areas = area_items(framework);
    let bands: Vec<Category> =
        framework.bands.iter().map(|band| level_category(&band.code, text(&band.name))).collect();
    let levels: Vec<Category> = framework
        .levels
        .iter()
        .map(|level| level_category(&level.level.to_string(), numbered(level.level)))
        .collect();
    let band = |level: u8| framework.bands.iter().position(|b| (b.low..=b.high).contains(&level));
    let number = |level: u8| framework.levels.iter().position(|l| l.level == level);
    // Levels give bands away, and the gate decides on the two apart. Where nothing can be subtracted, at the
    // top of the tree, that gives nothing away but a group in one band, and that is left out.
    let top = |population: usize| {
        let population = &populations.list[population];
        population.parent.is_none() && population.base >= parameters.levels_from
    };

    let by_area: Vec<Known> = known.iter().map(|known| in_areas(framework, known)).collect();
    let counts = Counts { populations };
    let mut sections: Vec<Section> =
        KINDS.iter().map(|&kind| coverage(kind, instrument, populations, known)).collect();
    for (part, items, known) in [("competences", &competences, known), ("areas", &areas, &by_area[..])] {
        for kind in KINDS {
            let mut section =
                section(format!("{}-{part}", name(kind)), title(kind, part), Measure::Levels { kind });
            section.notes = notes(kind, part, instrument);
            section.figures = counts.by(
                items.len(),
                bands.len(),
                |_, _| true,
                |person, item| known[person].of(kind)[item].and_then(band),
            );
            section.categories.clone_from(&bands);
            section.items.clone_from(items);
            sections.push(section);
        }
    }
    for kind in KINDS {
        let mut section =
            section(format!("{}-levels", name(kind)), title(kind, "levels"), Measure::Levels { kind });
        section.notes = notes(kind, "levels", instrument);
        section.notes.push(Text::new(
            format!("Åtta nivåer visas för helheten, när den är minst {} personer.", parameters.levels_from),
            format!(
                "Eight levels are shown for the whole, where it is at least {} people.",
                parameters.levels_from
            ),
        ));
        let unanimous = |population: usize, item: usize| {
            let members = populations.members[population].iter();
            let mut counts = vec![0u64; bands.len()];
            members
                .filter_map(|&p| known[p].of(kind)[item].and_then(band))
                .for_each(|band| counts[band] += 1);
            counts.iter().any(|&count| count + 1 >= counts.iter().sum())
        };
        section.figures = counts.by(
            competences.len(),
            levels.len(),
            |population, item| top(population) && !unanimous(population, item),
            |person, item| known[person].of(kind)[item].and_then(number),
        );
        section.categories.clone_from(&levels);
        section.items.clone_from(&competences);
        sections.push(section);
    }
    let side = bands.len();
    let mut both = section(
        "self-assessed-beside-demonstrated".into(),
        Text::new("Självskattat bredvid visat", "Self-assessed beside demonstrated"),
        Measure::SelfVsDemonstrated,
    );
    both.notes = vec![Text::new(
        "Bara de som har både en självskattad och en visad nivå.",
        "Only those who have both a self-assessed and a demonstrated level.",
    )];
    both.within = vec![
        Nested { section: format!("{}-competences", name(LevelKind::SelfAssessed)), axis: Axis::Rows },
        Nested { section: format!("{}-competences", name(LevelKind::Demonstrated)), axis: Axis::Columns },
    ];
    both.figures = counts.by(
        competences.len(),
        side * side,
        |_, _| true,
        |person, item| {
            let row = known[person].self_assessed[item].and_then(band)?;
            Some(row * side + known[person].demonstrated[item].and_then(band)?)
        },
    );
    both.categories = bands;
    both.items = competences;
    sections.push(both);
    sections
}

/// Counts people over the groups of a report.
struct Counts<'a> {
    populations: &'a Populations,
}

impl Counts<'_> {
    /// One figure for each group and item that `wanted` asks for; `category` says where a person belongs, or
    /// that nothing is known.
    fn by(
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
                figures.push(Figure {
                    population,
                    item,
                    base: members.len() as u64,
                    answered: counts.iter().sum(),
                    counts,
                    score: None,
                    positive: None,
                    interval: None,
                });
            }
        }
        figures
    }
}

/// How many have any level at all.
fn coverage(
    kind: LevelKind,
    instrument: Option<&Instrument<'_>>,
    populations: &Populations,
    known: &[Known],
) -> Section {
    let mut section = section(format!("{}-coverage", name(kind)), title(kind, "coverage"), Measure::Coverage);
    section.items = vec![Item {
        code: "any".into(),
        label: Text::new("Minst en kompetens", "At least one competence"),
        group: None,
        target: None,
    }];
    section.notes = notes(kind, "coverage", instrument);
    for (population, members) in populations.members.iter().enumerate() {
        let reached = |person: &&usize| known[**person].of(kind).iter().any(Option::is_some);
        section.figures.push(Figure {
            population,
            item: 0,
            base: members.len() as u64,
            answered: members.iter().filter(reached).count() as u64,
            counts: Vec::new(),
            score: None,
            positive: None,
            interval: None,
        });
    }
    section
}

/// A person's levels in the framework's areas.
fn in_areas(framework: &Framework, known: &Known) -> Known {
    let levels = |levels: &Levels| {
        let area = |code: &str| {
            let of_area = levels.iter().zip(&framework.competences).filter(|(_, c)| c.area == code);
            area_level(&of_area.map(|(level, _)| *level).collect::<Vec<_>>())
        };
        framework.areas.iter().map(|a| area(&a.code)).collect()
    };
    Known { demonstrated: levels(&known.demonstrated), self_assessed: levels(&known.self_assessed) }
}

/// The highest level that at least half of an area's competences reach.
fn area_level(levels: &[Option<u8>]) -> Option<u8> {
    let mut reached: Vec<u8> = levels.iter().flatten().copied().collect();
    reached.sort_unstable_by(|a, b| b.cmp(a));
    reached.get(levels.len().div_ceil(2).checked_sub(1)?).copied()
}

fn competence_items(framework: &Framework) -> Vec<Item> {
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

fn level_category(code: &str, label: Text) -> Category {
    Category { code: code.to_owned(), label, role: Role::Level }
}

fn numbered(level: u8) -> Text {
    Text::new(format!("Nivå {level}"), format!("Level {level}"))
}

fn section(id: String, title: Text, measure: Measure) -> Section {
    Section {
        id,
        title,
        measure,
        categories: Vec::new(),
        items: Vec::new(),
        figures: Vec::new(),
        within: Vec::new(),
        live: false,
        notes: Vec::new(),
    }
}

fn name(kind: LevelKind) -> &'static str {
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
        "coverage" => Text::new(
            format!("{sv} nivå: hur många den är känd för"),
            format!("{en} level: for how many it is known"),
        ),
        "areas" => Text::new(format!("{sv} nivå efter område"), format!("{en} level by area")),
        "levels" => Text::new(format!("{sv} nivå i åtta steg"), format!("{en} level in eight steps")),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_has_the_level_that_half_of_its_competences_reach() {
        assert_eq!(area_level(&[Some(2), Some(5), Some(3)]), Some(3));
        assert_eq!(area_level(&[Some(2), Some(5), Some(3), Some(6)]), Some(5));
        assert_eq!(area_level(&[Some(2), None, Some(3), None]), Some(2));
        assert_eq!(area_level(&[Some(8), None, None, None]), None);
        assert_eq!(area_level(&[Some(8), None, None]), None);
        assert_eq!(area_level(&[]), None);
    }
}
