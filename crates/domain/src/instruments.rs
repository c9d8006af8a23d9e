//! Published instruments of self-assessment: how they are scored, as data from `schemas/instruments/`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::Text;

/// How the answers to a published self-assessment are scored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// Its id, such as `digcompsat`.
    pub id: String,
    /// Its name.
    pub name: Text,
    /// The line to print.
    pub attribution: Text,
    /// The id of the framework that its questions are about.
    pub framework: String,
    /// How many questions it has when whole.
    pub items: u32,
    /// What follows from the answers.
    pub scoring: Scoring,
}

/// What follows from answers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scoring {
    /// The answer is the level: the level of each code.
    Levels(BTreeMap<String, u8>),
    /// Areas have the mean of their questions in per cent of the points, and a band by it; the lowest first.
    AreasInPercent(Vec<PercentBand>),
}

/// A band of an area's per cent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PercentBand {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: Text,
    /// The per cent from which it holds, up to where the next begins.
    pub from: u8,
    /// The lowest and the highest level that it stands for; none: below the first.
    pub levels: Option<[u8; 2]>,
}

/// The instruments that come with the program, by id.
pub fn all() -> &'static [Instrument] {
    static INSTRUMENTS: LazyLock<Vec<Instrument>> = LazyLock::new(|| {
        [
            include_str!("../../../schemas/instruments/digcompsat.json"),
            include_str!("../../../schemas/instruments/selfieforteachers.json"),
        ]
        .into_iter()
        .filter_map(|json| serde_json::from_str(json).ok())
        .collect()
    });
    &INSTRUMENTS
}

/// An instrument, by id.
pub fn instrument(id: &str) -> Option<&'static Instrument> {
    all().iter().find(|instrument| instrument.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frameworks::framework;

    #[test]
    fn every_instrument_that_comes_with_the_program_speaks_of_levels_of_its_framework() {
        let ids: Vec<_> = all().iter().map(|i| (i.id.as_str(), i.items)).collect();
        assert_eq!(ids, [("digcompsat", 82), ("selfieforteachers", 32)]);
        for instrument in all() {
            let top = framework(&instrument.framework).unwrap().top();
            match &instrument.scoring {
                Scoring::Levels(levels) => assert!(levels.values().all(|level| (1..=top).contains(level))),
                Scoring::AreasInPercent(bands) => {
                    let from: Vec<_> = bands.iter().map(|band| band.from).collect();
                    assert_eq!(from, [0, 30, 48, 81], "read as below 30, 48, 81");
                    let levels: Vec<_> = bands.iter().map(|band| band.levels).collect();
                    assert_eq!(levels, [None, Some([1, 2]), Some([3, 4]), Some([5, 6])]);
                }
            }
        }
    }
}
