//! The gate's decisions on made-up municipalities, for the attacker in `tests/attacker`: a line of JSON each in, a line
//! of decisions each out.

#[path = "../tests/made/mod.rs"]
mod made;

use std::io::{self, BufRead as _, Write as _};

use disclosure::{Atom, Gate, Geometry, Preset, Released, Rule, Shown, TableError};
use serde::{Deserialize, Serialize};

/// A municipality and one item: groups as parent and base, and the counts of each.
#[derive(Deserialize)]
struct Municipality {
    k_summary: u64,
    k_full: u64,
    /// The rule that is left out, to see what it is for.
    without: Option<Rule>,
    groups: Vec<(Option<usize>, u64)>,
    /// The families of the groups, and the other group that each is a part of; all are of the organisation where this is empty.
    families: Vec<(Geometry, Option<usize>)>,
    /// The groups of some people, and how many they are.
    roll: Vec<(Vec<usize>, u64)>,
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

fn decide(municipality: &Municipality) -> Result<Decisions, TableError> {
    let Municipality { k_summary, k_full, without, groups, families, roll, own, demonstrated, both } =
        municipality;
    let geometries = vec![Geometry::Tree, Geometry::AreaRole, Geometry::MunicipalityRole];
    let preset = Preset { k_summary: *k_summary, k_full: *k_full, geometries, ..Preset::default() };
    let gate = match without {
        None => Gate::new(preset),
        Some(rule) => Gate::without(preset, *rule),
    };
    let mut table = made::linked(groups, own, demonstrated, both);
    for (population, (geometry, also_in)) in table.populations.iter_mut().zip(families) {
        (population.geometry, population.also_in) = (*geometry, *also_in);
    }
    let atom = |(populations, people): &(Vec<usize>, u64)| Atom {
        populations: populations.clone(),
        people: *people,
    };
    table.rolls = vec![roll.iter().map(atom).collect()];
    let released = gate.apply(table)?;
    let shown = |id| shown(&released, id);
    Ok(Decisions { own: shown("own"), demonstrated: shown("demonstrated"), both: shown("both") })
}

/// How much is shown of each group in a section, none where it is not listed.
fn shown(released: &Released, id: &str) -> Vec<&'static str> {
    let figure = |place| match released.section(id)?.figure(place, 0)? {
        Shown::Full(_) => Some("full"),
        Shown::Summary(_) => Some("summary"),
        Shown::Hidden(_) => Some("hidden"),
    };
    (0..released.populations().len()).map(|place| figure(place).unwrap_or("none")).collect()
}
