//! An earlier day beside the report's: who stayed, came and left, and what became of the same people, by the same framework,
//! the same rules and, for self-assessment, the same questions.
//!
//! The distribution of the earlier day is not here: less that of the later one it would tell of the few who have come or left.

use super::super::populations::Populations;
use super::known::Known;
use super::sections::{Report, competence_items, name, needs};
use disclosure::{Atom, Category, Item, LevelKind, Measure, Need, Role, Section, Text};
use domain::{Date, PersonId};
use std::collections::BTreeMap;

/// The rolls of who was in the same groups on both days; of the later day, and of the earlier one.
const BOTH: usize = 1;
const NOW: usize = 2;
const THEN: usize = 3;

/// The section on who stayed, and its item that says of how many the changes are.
const PEOPLE: &str = "people-since";
const PRESENT: &str = "present";

/// One of the two days.
pub(super) struct Day<'a> {
    pub(super) on: Date,
    /// With the groups of the later day.
    pub(super) report: Report<'a>,
    pub(super) people: &'a [PersonId],
    pub(super) known: Vec<Known>,
}

/// The rolls that the sections are of, after the report's own: groups with their people by ids, `now` and `then`. Whether
/// somebody is in a group on the other day as well is another question for each group. So who is in some of their groups on one
/// day only is there as two: one who was in the groups of both days, and one who was in the others.
pub(super) fn rolls(now: (&Populations, &[PersonId]), then: (&Populations, &[PersonId])) -> [Vec<Atom>; 3] {
    let shared = |(own, ids): (&Populations, &[PersonId]), (other, others): (&Populations, &[PersonId])| {
        let places: BTreeMap<PersonId, usize> = others.iter().copied().zip(0..).collect();
        own.shared(other, |person| places.get(&ids[person]).copied()).map(|groups| groups.roll())
    };
    let ([both, joined], [_, left]) = (shared(now, then), shared(then, now));
    [both.clone(), [both.clone(), joined].concat(), [both, left].concat()]
}

/// The sections on what has changed from `then` to `now`. `same_questions`: both days' self-assessment is by the same survey
/// in the same version.
pub(super) fn sections(now: &Day<'_>, then: &Day<'_>, same_questions: bool) -> Vec<Section> {
    let place_then: BTreeMap<PersonId, usize> = then.people.iter().copied().zip(0..).collect();
    // Who of each group was in it on both days: their places on the later and the earlier one.
    let groups = now.report.populations.members.iter().zip(&then.report.populations.members);
    let stayed: Vec<Vec<(usize, usize)>> = groups
        .map(|(members, before)| {
            let both = |person: &usize| {
                let was = *place_then.get(&now.people[*person])?;
                before.binary_search(&was).is_ok().then_some((*person, was))
            };
            members.iter().filter_map(both).collect()
        })
        .collect();
    let mut sections = vec![people(now, then, &stayed)];
    let kinds = now.report.kinds_of_competences();
    for kind in kinds.into_iter().filter(|kind| *kind != LevelKind::SelfAssessed || same_questions) {
        sections.push(change(kind, now, then, &stayed));
    }
    sections
}

/// Of those who were there how many still are, and of those who are there how many are new.
fn people(now: &Day<'_>, then: &Day<'_>, stayed: &[Vec<(usize, usize)>]) -> Section {
    let on = then.on;
    let item = |code: &str, sv: String, en: String| Item {
        code: code.into(),
        label: Text::new(sv, en),
        group: None,
        target: None,
    };
    let items = vec![
        item("stayed", format!("Kvar av dem som fanns {on}"), format!("Still there of those of {on}")),
        item(PRESENT, format!("Fanns {on} av dem som finns nu"), format!("There on {on} of those of now")),
    ];
    let title = Text::new("Kvar, lämnat, tillkommit", "Stayed, left, joined");
    let mut section = Section::new(PEOPLE, title, Measure::Coverage, items);
    section.rolls = vec![THEN, NOW];
    section.notes = vec![Text::new(
        format!(
            "Personer med tjänst i samma grupp både {on} och {}. Övriga av dem som fanns då har lämnat gruppen, övriga av dem som \
             finns nu har tillkommit.",
            now.on
        ),
        format!(
            "People with a duty in the same group both on {on} and on {}. The others of those who were there then have left the \
             group, the others of those who are there now have joined it.",
            now.on
        ),
    )];
    for (population, both) in stayed.iter().enumerate() {
        let (before, after) = (
            then.report.populations.members[population].len() as u64,
            now.report.populations.members[population].len() as u64,
        );
        let both = both.len() as u64;
        let figures = [(before, both), (after, both)];
        section.figures.extend(
            (0..).zip(figures).map(|(item, (base, n))| disclosure::Figure::of(population, item, base, n)),
        );
    }
    section
}

/// Whether the same people's bands are lower, the same or higher.
fn change(kind: LevelKind, now: &Day<'_>, then: &Day<'_>, stayed: &[Vec<(usize, usize)>]) -> Section {
    let items = competence_items(now.report.framework);
    let title = match kind {
        LevelKind::SelfAssessed => {
            Text::new("Självskattad nivå, samma personer", "Self-assessed level, the same people")
        }
        _ => Text::new("Visad nivå, samma personer", "Demonstrated level, the same people"),
    };
    let mut section = Section::new(format!("{}-change", name(kind)), title, Measure::PairedChange, items);
    let category =
        |code: &str, sv: &str, en: &str, role| Category { code: code.into(), label: Text::new(sv, en), role };
    section.categories = vec![
        category("down", "Lägre", "Lower", Role::Negative),
        category("same", "Samma", "The same", Role::Neutral),
        category("up", "Högre", "Higher", Role::Positive),
    ];
    let (before, after) = (then.on, now.on);
    section.notes = vec![Text::new(
        format!(
            "Nivåband {after} mot {before}, för dem som var i gruppen och hade en känd nivå båda dagarna, enligt samma ramverk \
             och samma regler och, för självskattning, samma frågor. Jämförs aldrig med ett annat ramverk."
        ),
        format!(
            "Bands on {after} against {before}, of those who were in the group and had a known level on both days, by the same \
             framework and the same rules and, for self-assessment, the same questions. Never compared with another framework."
        ),
    )];
    section.rolls = vec![BOTH; section.items.len()];
    for (population, both) in stayed.iter().enumerate() {
        let base = both.len() as u64;
        for item in 0..section.items.len() {
            let mut counts = vec![0; 3];
            for (person, was) in both {
                let after = now.report.band(now.known[*person].of(kind)[item]);
                let before = then.report.band(then.known[*was].of(kind)[item]);
                if let (Some(after), Some(before)) = (after, before) {
                    counts[(1 + after.cmp(&before) as isize) as usize] += 1;
                }
            }
            let answered = counts.iter().sum();
            let figure = disclosure::Figure::of(population, item, base, answered);
            section.figures.push(disclosure::Figure { counts, ..figure });
        }
    }
    // Whom the change leaves out of the distribution now are nobody, or many.
    section.needs = needs(kind, section.items.iter(), true);
    // Its base is how many are there on both days.
    section.needs.extend((0..section.items.len()).map(|item| Need {
        item,
        section: PEOPLE.into(),
        code: PRESENT.into(),
        among: false,
    }));
    section
}
