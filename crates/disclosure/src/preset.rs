//! Presets: the rules of a municipality as data.

use crate::{Geometry, Strata, Text};
use serde::{Deserialize, Serialize};

/// What has to hold for a figure to be shown. Kept as JSON in `schemas/disclosure/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Its name, for settings and exports.
    pub name: String,
    /// What readers see.
    pub title: Text,
    /// Fewest people behind n, mean, index and share positive.
    pub k_summary: u64,
    /// Fewest people behind a distribution; at least `k_summary`.
    pub k_full: u64,
    /// Fewest people behind a list of comments.
    pub k_comments: u64,
    /// Fewest people by whom a group differs from itself in an earlier release; 0 where releases are not held to each other.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub k_change: u64,
    /// The lowest share of N that must be behind a figure, if any.
    pub minimum_rate: Option<MinimumRate>,
    /// The families of groups that are published; nothing of the others leaves the gate. Those of roles are shown as far as
    /// nothing follows from them and the organisation together.
    pub geometries: Vec<Geometry>,
    /// The base from which eight levels are shown instead of four bands.
    pub band_threshold: u64,
}

/// The lowest rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinimumRate {
    /// Whole percent, 0 to 100.
    pub percent: u64,
    /// Whether the rate itself is enough.
    pub must_be: MustBe,
}

/// How a rate compares to the minimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MustBe {
    /// More than the minimum.
    Exceeded,
    /// The minimum or more.
    Reached,
}

/// A preset that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PresetError {
    /// Not the JSON of a preset.
    #[error("not a disclosure preset: {0}")]
    Json(#[from] serde_json::Error),
    /// A value outside its range.
    #[error("disclosure preset {name}: {field} {expected}")]
    Value {
        /// The preset's name.
        name: String,
        /// The field that is wrong.
        field: &'static str,
        /// What was expected of it.
        expected: &'static str,
    },
}

impl Preset {
    /// Reads and checks a preset from JSON.
    pub fn from_json(text: &str) -> Result<Preset, PresetError> {
        let preset: Preset = serde_json::from_str(text)?;
        let wrong = |field, expected| PresetError::Value { name: preset.name.clone(), field, expected };
        if preset.k_summary < 2 {
            return Err(wrong("k_summary", "must be at least 2"));
        }
        if preset.k_full < preset.k_summary {
            return Err(wrong("k_full", "must be at least k_summary"));
        }
        if preset.k_change == 1 {
            return Err(wrong(
                "k_change",
                "must be at least 2, or 0 for releases that are not held to each other",
            ));
        }
        if preset.minimum_rate.is_some_and(|rate| rate.percent > 100) {
            return Err(wrong("minimum_rate.percent", "must be at most 100"));
        }
        if preset.geometries.contains(&Geometry::Kind) {
            return Err(wrong("geometries", "must be tree, area_role or municipality_role"));
        }
        Ok(preset)
    }

    /// Whether its releases are held to each other by the [ledger](crate::ledger).
    pub fn holds(&self) -> bool {
        self.k_change > 0
    }

    /// Whether it shows such parts of groups, without which there are no weights.
    pub fn shows(&self, strata: Strata) -> bool {
        self.geometries.iter().any(|geometry| geometry.is_of(strata))
    }

    /// The presets that come with the program, the default first.
    pub fn built_in() -> Result<Vec<Preset>, PresetError> {
        [
            include_str!("../../../schemas/disclosure/default.json"),
            include_str!("../../../schemas/disclosure/gavle.json"),
            include_str!("../../../schemas/disclosure/gavle-held.json"),
            include_str!("../../../schemas/disclosure/skolenkaten.json"),
        ]
        .into_iter()
        .map(Preset::from_json)
        .collect()
    }

    /// The built-in preset called `name`.
    pub fn named(name: &str) -> Option<Preset> {
        Preset::built_in().ok()?.into_iter().find(|preset| preset.name == name)
    }
}

/// As serde asks for it.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Default for Preset {
    /// The rules of `schemas/disclosure/default.json`: 5 for summaries, 10 for distributions and comments, no
    /// minimum rate.
    fn default() -> Preset {
        Preset {
            name: "default".into(),
            title: Text::new("Lärkas grundregler", "Lärka's default rules"),
            k_summary: 5,
            k_full: 10,
            k_comments: 10,
            k_change: 0,
            minimum_rate: None,
            geometries: vec![Geometry::Tree],
            band_threshold: 30,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_presets_are_what_their_files_say() {
        let presets = Preset::built_in().unwrap();
        assert_eq!(presets[0], Preset::default());
        let gavle = Preset::named("gavle").unwrap();
        assert_eq!((gavle.k_summary, gavle.k_full), (10, 10));
        assert_eq!(gavle.minimum_rate, Some(MinimumRate { percent: 35, must_be: MustBe::Exceeded }));
        // The same rules, with releases that are held to each other.
        let held = Preset::named("gavle-held").unwrap();
        assert_eq!((gavle.holds(), held.k_change), (false, 5));
        assert_eq!(
            gavle,
            Preset { name: gavle.name.clone(), title: gavle.title.clone(), k_change: 0, ..held }
        );
        let skolenkaten = Preset::named("skolenkaten").unwrap();
        assert_eq!((skolenkaten.k_summary, skolenkaten.k_full, skolenkaten.minimum_rate), (5, 5, None));
    }

    #[test]
    fn a_preset_that_protects_nobody_is_refused() {
        let text = include_str!("../../../schemas/disclosure/default.json");
        for (field, wrong) in [
            ("\"k_summary\": 5", "\"k_summary\": 1"),
            ("\"k_full\": 10", "\"k_full\": 4"),
            ("\"k_summary\": 5", "\"k_change\": 1, \"k_summary\": 5"),
        ] {
            assert!(text.contains(field));
            assert!(matches!(Preset::from_json(&text.replace(field, wrong)), Err(PresetError::Value { .. })));
        }
        assert!(Preset::from_json("{}").is_err());
    }
}
