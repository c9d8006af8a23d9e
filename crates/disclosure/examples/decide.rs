//! The gate's decisions on made-up municipalities, for the attacker in `tests/attacker`: a line of JSON each in, a line
//! of decisions each out.

use std::io::{self, BufRead as _, Write as _};

use disclosure::{
    Axis, Category, Figure, Gate, Geometry, Identity, Item, LevelKind, Measure, Nested, Population, Preset,
    ReportKind, ResultTable, Role, Section, Shown, Text,
};
use serde::{Deserialize, Serialize};

/// A municipality and one item: groups as parent and base, and the counts of each.
#[derive(Deserialize)]
struct Municipality {
    k_summary: u64,
    k_full: u64,
    groups: Vec<(Option<usize>, u64)>,
    own: Vec<Vec<u64>>,
    demonstrated: Vec<Vec<u64>>,
    both: Vec<Vec<u64>>,
}

/// For each group how much is shown.
#[derive(Serialize)]
struct Decisions {
    own: Vec<&'static str>,
    demonstrated: Vec<&'static str>,
    both: Vec<&'static str>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let municipality: Municipality = serde_json::from_str(&line?)?;
        let decisions = decide(&municipality)?;
        writeln!(out, "{}", serde_json::to_string(&decisions)?)?;
    }
    Ok(())
}

fn decide(municipality: &Municipality) -> Result<Decisions, Box<dyn std::error::Error>> {
    let preset =
        Preset { k_summary: municipality.k_summary, k_full: municipality.k_full, ..Preset::default() };
    let released = Gate::new(preset).apply(table(municipality))?;
    let shown = |id: &str| {
        let section = released.sections().iter().find(|section| section.id() == id);
        let figures = section.map(|section| section.figures()).unwrap_or_default();
        figures
            .iter()
            .map(|figure| match figure.shown {
                Shown::Full(_) => "full",
                Shown::Summary(_) => "summary",
                Shown::Hidden(_) => "hidden",
            })
            .collect()
    };
    Ok(Decisions { own: shown("own"), demonstrated: shown("demonstrated"), both: shown("both") })
}

fn table(municipality: &Municipality) -> ResultTable {
    let text = || Text::sv("text");
    let side = municipality.own.first().map_or(0, Vec::len);
    let section = |id: &str, measure, counts: &[Vec<u64>], within| Section {
        id: id.into(),
        title: text(),
        measure,
        categories: (0..side)
            .map(|band| Category { code: band.to_string(), label: text(), role: Role::Level })
            .collect(),
        items: vec![Item { code: "1".into(), label: text(), group: None, target: None }],
        figures: counts
            .iter()
            .zip(&municipality.groups)
            .enumerate()
            .map(|(population, (counts, (_, base)))| Figure {
                population,
                item: 0,
                base: *base,
                answered: counts.iter().sum(),
                counts: counts.clone(),
                score: None,
                positive: None,
                interval: None,
            })
            .collect(),
        within,
        live: false,
        notes: vec![],
    };
    let within = [("own", Axis::Rows), ("demonstrated", Axis::Columns)];
    let within = within.map(|(section, axis)| Nested { section: section.into(), axis }).to_vec();
    let (own, demonstrated) = (LevelKind::SelfAssessed, LevelKind::Demonstrated);
    ResultTable {
        kind: ReportKind::Competence,
        title: text(),
        subtitle: text(),
        sources: vec![],
        place: text(),
        period: text(),
        identity: Identity {
            position: 1,
            definition: "00".into(),
            program: "larka".into(),
            horizon: 0,
            as_of: "2026-06-12".into(),
        },
        dated_ahead: 0,
        populations: municipality
            .groups
            .iter()
            .enumerate()
            .map(|(place, (parent, base))| Population {
                code: format!("{place:04}"),
                label: text(),
                geometry: Geometry::Tree,
                parent: *parent,
                kind: "skola".into(),
                order: 0,
                base: *base,
            })
            .collect(),
        sections: vec![
            section("own", Measure::Levels { kind: own }, &municipality.own, vec![]),
            section(
                "demonstrated",
                Measure::Levels { kind: demonstrated },
                &municipality.demonstrated,
                vec![],
            ),
            section("both", Measure::SelfVsDemonstrated, &municipality.both, within),
        ],
    }
}
