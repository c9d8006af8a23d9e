//! Result tables of little, for the gate's tests and the program that the attacker asks.

#![allow(dead_code, reason = "each test uses a part of it")]

use disclosure::*;

/// Somebody, somewhere, on some day.
pub(crate) fn table(kind: ReportKind, populations: Vec<Population>, sections: Vec<Section>) -> ResultTable {
    ResultTable {
        kind,
        title: Text::sv("En rapport"),
        subtitle: Text::sv(""),
        sources: vec![],
        place: Text::sv("Lärkby kommun"),
        period: Text::sv("läsåret 2025/26"),
        identity: Identity {
            position: 1,
            definition: "00".into(),
            program: "larka".into(),
            horizon: 0,
            as_of: "2026-06-12".into(),
        },
        dated_ahead: 0,
        weights: None,
        outside: Vec::new(),
        rolls: vec![Atom::of_tree(&populations)],
        populations,
        sections,
    }
}

/// Groups of the organisation by their parents and sizes, with codes in their order.
pub(crate) fn populations(groups: impl IntoIterator<Item = (Option<usize>, u64)>) -> Vec<Population> {
    let population = |(place, (parent, base)): (usize, (Option<usize>, u64))| Population {
        code: format!("{place:03}"),
        label: Text::sv("En enhet"),
        geometry: Geometry::Tree,
        parent,
        also_in: None,
        kind: "skola".into(),
        order: 0,
        base,
    };
    groups.into_iter().enumerate().map(population).collect()
}

/// One item's answers or levels, so many in each category.
pub(crate) fn section(id: &str, measure: Measure, categories: usize, figures: Vec<Figure>) -> Section {
    let role = if measure == Measure::Likert { Role::Positive } else { Role::Level };
    let category = |code: usize| Category { code: code.to_string(), label: Text::sv("svar"), role };
    let items = vec![Item { code: "1".into(), label: Text::sv("Hur går det?"), group: None, target: None }];
    let categories = (0..categories).map(category).collect();
    Section { categories, figures, ..Section::new(id, Text::sv("Fråga"), measure, items) }
}

/// The figure of a group by its place.
pub(crate) fn figure(population: usize, base: u64, counts: &[u64]) -> Figure {
    let answered = counts.iter().sum();
    Figure { counts: counts.to_vec(), ..Figure::of(population, 0, base, answered) }
}

/// Self-assessed (`own`), demonstrated, and both beside each other, row by row, of the same groups.
pub(crate) fn linked(
    groups: &[(Option<usize>, u64)],
    own: &[Vec<u64>],
    demonstrated: &[Vec<u64>],
    both: &[Vec<u64>],
) -> ResultTable {
    let side = own.first().map_or(0, Vec::len);
    let part = |id: &str, measure, counts: &[Vec<u64>]| {
        let figures = counts.iter().zip(groups).enumerate();
        let figures = figures.map(|(place, (counts, (_, base)))| figure(place, *base, counts)).collect();
        section(id, measure, side, figures)
    };
    let levels = |kind| Measure::Levels { kind };
    let within = [("own", Axis::Rows), ("demonstrated", Axis::Columns)];
    let within = within.map(|(section, axis)| Nested { section: section.into(), axis }).to_vec();
    let sections = vec![
        Section { within, ..part("both", Measure::SelfVsDemonstrated, both) },
        part("own", levels(LevelKind::SelfAssessed), own),
        part("demonstrated", levels(LevelKind::Demonstrated), demonstrated),
    ];
    table(ReportKind::Competence, populations(groups.iter().copied()), sections)
}

/// How much is shown of each group in a section.
pub(crate) fn shown(released: &Released, id: &str) -> Vec<&'static str> {
    let section = released.sections().iter().find(|section| section.id() == id);
    let figures = section.map(ReleasedSection::figures).unwrap_or_default();
    let how = |figure: &ShownFigure| match figure.shown {
        Shown::Full(_) => "full",
        Shown::Summary(_) => "summary",
        Shown::Hidden(_) => "hidden",
    };
    figures.iter().map(how).collect()
}
