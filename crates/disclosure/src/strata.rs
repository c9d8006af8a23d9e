//! By what groups are divided for weights.

use serde::{Deserialize, Serialize};

/// The parts of a group, known for all who were asked, by which its answers are weighted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strata {
    /// The units right below it: the areas of a municipality, the schools of an area.
    Unit,
    /// The roles in it.
    Role,
}

impl Strata {
    /// All of them.
    pub const ALL: [Strata; 2] = [Strata::Unit, Strata::Role];

    /// What it is called in commands, addresses and definitions.
    pub fn name(self) -> &'static str {
        match self {
            Strata::Unit => "unit",
            Strata::Role => "role",
        }
    }

    /// The one that is called `name`.
    pub fn named(name: &str) -> Option<Strata> {
        Self::ALL.into_iter().find(|strata| strata.name() == name)
    }
}
