//! Competence frameworks: areas, competences, levels and bands, as data from `schemas/frameworks/`.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::Text;
use crate::competence::TypeSet;

/// A competence framework in one version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Framework {
    /// Its id, version included: `digcomp-3.0`.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Its name.
    pub name: Text,
    /// Where it comes from, and what has to be said wherever its text is shown.
    pub source: Source,
    /// Its areas, by code.
    pub areas: Vec<Area>,
    /// Its competences, by code.
    pub competences: Vec<Competence>,
    /// Its bands, lowest first.
    pub bands: Vec<Band>,
    /// Its levels, lowest first.
    pub levels: Vec<Level>,
}

/// Where a framework comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Source {
    /// Who made it.
    pub publisher: String,
    /// The publication's title.
    pub title: String,
    /// Its number.
    pub identifier: String,
    /// When it was published.
    pub date: crate::Date,
    /// Its licence, as an SPDX identifier.
    pub license: String,
    /// The line to print.
    pub attribution: Text,
    /// What holds of the translation.
    pub translation: Text,
}

/// An area of competence.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Area {
    /// Its code, such as `1`.
    pub code: String,
    /// Its name.
    pub name: Text,
    /// What it is, in the source's words.
    pub description: String,
}

/// A competence.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Competence {
    /// Its code, such as `1.1`.
    pub code: String,
    /// Its area's code.
    pub area: String,
    /// Its name.
    pub name: Text,
    /// What it is, in the source's words.
    pub description: String,
    /// For each band (by code) the types of which the source has outcomes; bands without any are absent.
    pub outcomes: std::collections::BTreeMap<String, TypeSet>,
}

/// A band of levels.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Band {
    /// Its code, such as `basic`.
    pub code: String,
    /// Its name.
    pub name: Text,
    /// Its lowest level.
    pub low: u8,
    /// Its highest level.
    pub high: u8,
    /// What it is, in the source's words.
    pub description: String,
}

/// A level.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Level {
    /// Its number, from 1. The key: labels repeat.
    pub level: u8,
    /// Its band's code.
    pub band: String,
    /// The label that the source borrows from CEFR, such as `C1`; it repeats.
    pub label: String,
    /// What it is, in the source's words.
    pub description: String,
}

impl Framework {
    /// A competence, by code.
    pub fn competence(&self, code: &str) -> Option<&Competence> {
        self.competences.iter().find(|competence| competence.code == code)
    }

    /// An area, by code.
    pub fn area(&self, code: &str) -> Option<&Area> {
        self.areas.iter().find(|area| area.code == code)
    }

    /// The band that a level lies in.
    pub fn band_of(&self, level: u8) -> Option<&Band> {
        self.bands.iter().find(|band| (band.low..=band.high).contains(&level))
    }

    /// The highest level.
    pub fn top(&self) -> u8 {
        self.levels.iter().map(|level| level.level).max().unwrap_or(0)
    }
}

/// The frameworks that come with the program, by id.
pub fn all() -> &'static [Framework] {
    static FRAMEWORKS: LazyLock<Vec<Framework>> = LazyLock::new(|| {
        [include_str!("../../../schemas/frameworks/digcomp-3.0.json")]
            .into_iter()
            .filter_map(|json| serde_json::from_str(json).ok())
            .collect()
    });
    &FRAMEWORKS
}

/// A framework, by id.
pub fn framework(id: &str) -> Option<&'static Framework> {
    all().iter().find(|framework| framework.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::competence::OutcomeType;

    #[test]
    fn every_framework_that_comes_with_the_program_can_be_read() {
        assert_eq!(all().len(), 1);
        assert!(framework("digcomp-3.0").is_some());
        assert!(framework("digcomp-2.2").is_none());
    }

    #[test]
    fn digcomp_3_0_is_whole() {
        let digcomp = framework(crate::iris::DIGCOMP_3_0).unwrap();
        let codes: Vec<_> = digcomp.competences.iter().map(|competence| competence.code.as_str()).collect();
        assert_eq!((digcomp.areas.len(), codes.len(), digcomp.top()), (5, 21, 8));
        assert_eq!((codes[0], codes[20]), ("1.1", "5.4"));
        for competence in &digcomp.competences {
            assert!(digcomp.area(&competence.area).is_some(), "{}", competence.code);
            assert!(competence.name.en.is_some() && competence.name.sv != competence.name.english());
        }
        for level in &digcomp.levels {
            assert_eq!(
                digcomp.band_of(level.level).map(|band| band.code.as_str()),
                Some(level.band.as_str())
            );
        }
        let bands: Vec<_> = digcomp.bands.iter().map(|b| (b.name.sv.as_str(), b.low, b.high)).collect();
        assert_eq!(bands, [("Bas", 1, 2), ("Medel", 3, 4), ("Avancerad", 5, 6), ("Mycket avancerad", 7, 8)]);
        assert_eq!(digcomp.source.license, "CC-BY-4.0");
    }

    #[test]
    fn thirty_nine_of_252_cells_have_no_outcomes() {
        let digcomp = framework(crate::iris::DIGCOMP_3_0).unwrap();
        let types = [OutcomeType::Knowledge, OutcomeType::Skill, OutcomeType::Attitude];
        let cells: usize = digcomp
            .competences
            .iter()
            .flat_map(|competence| competence.outcomes.values())
            .map(|held| types.iter().filter(|kind| held.contains([**kind].into_iter().collect())).count())
            .sum();
        assert_eq!(252 - cells, 39);
    }
}
