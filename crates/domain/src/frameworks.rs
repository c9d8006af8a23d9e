//! Competence frameworks: areas, competences, levels and bands, as data from `schemas/frameworks/`.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::Text;
use crate::competence::OutcomeType;

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
    /// Its learning outcomes, by code; none where the source has none.
    #[serde(default)]
    pub outcomes: Vec<Outcome>,
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
    /// What it is, in the source's words, where they are carried.
    #[serde(default)]
    pub description: Option<String>,
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
    /// What it is, in the source's words, where they are carried.
    #[serde(default)]
    pub description: Option<String>,
}

/// A learning outcome: what shows a competence in a band. It has no level of its own, so that it is evidence of all of
/// the band's levels.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Outcome {
    /// Its code, such as `LO1.1.01`.
    pub code: String,
    /// The code of its competence.
    pub competence: String,
    /// The code of its band.
    pub band: String,
    /// Whether it is knowledge, a skill or an attitude.
    #[serde(rename = "type")]
    pub kind: OutcomeType,
    /// What it is, in the source's words.
    pub text: String,
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
    /// What it is, in the source's words, where they are carried.
    #[serde(default)]
    pub description: Option<String>,
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
    /// What it is, in the source's words, where they are carried.
    #[serde(default)]
    pub description: Option<String>,
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

/// Which competences of one framework are close to which of another. It converts nothing: evidence, levels and series of
/// one framework are never those of another.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crosswalk {
    /// The id of the one framework.
    pub from: String,
    /// The id of the other.
    pub to: String,
    /// How competences that stand beside each other are related.
    pub relation: Relation,
    /// Pairs of competences, by code: of the one, and of the other.
    pub rows: Vec<[String; 2]>,
}

/// How two competences of different frameworks are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Close in content, in other words and with other levels (`skos:closeMatch`).
    Close,
}

/// The frameworks that come with the program, by id.
pub fn all() -> &'static [Framework] {
    static FRAMEWORKS: LazyLock<Vec<Framework>> = LazyLock::new(|| {
        [
            include_str!("../../../schemas/frameworks/digcomp-2.2.json"),
            include_str!("../../../schemas/frameworks/digcomp-3.0.json"),
            include_str!("../../../schemas/frameworks/digcompedu.json"),
        ]
        .into_iter()
        .filter_map(|json| serde_json::from_str(json).ok())
        .collect()
    });
    &FRAMEWORKS
}

/// The crosswalks that come with the program.
pub fn crosswalks() -> &'static [Crosswalk] {
    static CROSSWALKS: LazyLock<Vec<Crosswalk>> = LazyLock::new(|| {
        [include_str!("../../../schemas/frameworks/crosswalk-digcomp-3.0-2.2.json")]
            .into_iter()
            .filter_map(|json| serde_json::from_str(json).ok())
            .collect()
    });
    &CROSSWALKS
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
    fn every_framework_that_comes_with_the_program_can_be_read_and_is_of_one_piece() {
        let ids: Vec<_> = all().iter().map(|framework| framework.id.as_str()).collect();
        assert_eq!(ids, ["digcomp-2.2", "digcomp-3.0", "digcompedu"]);
        for framework in all() {
            for competence in &framework.competences {
                assert!(framework.area(&competence.area).is_some(), "{} {}", framework.id, competence.code);
                assert!(competence.name.en.is_some() && competence.name.sv != competence.name.english());
            }
            for (place, level) in (1..).zip(&framework.levels) {
                let band = framework.band_of(level.level).map(|band| band.code.as_str());
                assert_eq!((level.level, band), (place, Some(level.band.as_str())), "{}", framework.id);
            }
            for outcome in &framework.outcomes {
                assert!(framework.competence(&outcome.competence).is_some(), "{}", outcome.code);
                assert!(framework.bands.iter().any(|band| band.code == outcome.band), "{}", outcome.code);
            }
        }
    }

    #[test]
    fn digcomp_2_2_and_digcompedu_are_whole() {
        let sizes = |id| {
            let framework: &Framework = framework(id).unwrap();
            (framework.areas.len(), framework.competences.len(), framework.bands.len(), framework.top())
        };
        assert_eq!(sizes("digcomp-2.2"), (5, 21, 4, 8));
        assert_eq!(sizes("digcompedu"), (6, 22, 3, 6));
    }

    #[test]
    fn the_crosswalk_has_21_rows_that_are_close_and_says_nothing_of_levels() {
        let [crosswalk] = crosswalks() else { panic!("one crosswalk") };
        assert_eq!((crosswalk.rows.len(), crosswalk.relation), (21, Relation::Close));
        for (framework, place) in [(&crosswalk.from, 0), (&crosswalk.to, 1)] {
            let of = super::framework(framework).unwrap();
            let codes: std::collections::BTreeSet<_> = crosswalk.rows.iter().map(|row| &row[place]).collect();
            assert_eq!(codes, of.competences.iter().map(|competence| &competence.code).collect());
        }
    }

    #[test]
    fn digcomp_3_0_is_whole() {
        let digcomp = framework(crate::iris::DIGCOMP_3_0).unwrap();
        let codes: Vec<_> = digcomp.competences.iter().map(|competence| competence.code.as_str()).collect();
        assert_eq!((digcomp.areas.len(), codes.len(), digcomp.top()), (5, 21, 8));
        assert_eq!((codes[0], codes[20]), ("1.1", "5.4"));
        let bands: Vec<_> = digcomp.bands.iter().map(|b| (b.name.sv.as_str(), b.low, b.high)).collect();
        assert_eq!(bands, [("Bas", 1, 2), ("Medel", 3, 4), ("Avancerad", 5, 6), ("Mycket avancerad", 7, 8)]);
        assert_eq!(digcomp.source.license, "CC-BY-4.0");
    }

    #[test]
    fn of_523_outcomes_39_of_252_cells_are_empty() {
        let digcomp = framework(crate::iris::DIGCOMP_3_0).unwrap();
        let types = [OutcomeType::Knowledge, OutcomeType::Skill, OutcomeType::Attitude];
        let cells: std::collections::BTreeSet<_> =
            digcomp.outcomes.iter().map(|o| (&o.competence, &o.band, o.kind)).collect();
        let all = digcomp.competences.len() * digcomp.bands.len() * types.len();
        assert_eq!((digcomp.outcomes.len(), all, all - cells.len()), (523, 252, 39));
        let codes: std::collections::BTreeSet<_> = digcomp.outcomes.iter().map(|o| &o.code).collect();
        assert_eq!(codes.len(), 523);
    }
}
