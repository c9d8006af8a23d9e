//! What is asked, and what is known of one person.

use disclosure::LevelKind;
use domain::Date;
use domain::competence::{self, TypeSet};

/// What to report on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    /// The framework's id, version included, such as `digcomp-3.0`.
    pub framework: String,
    /// The day; none: the latest that any statement is about.
    pub as_of: Option<Date>,
    /// The base from which eight levels are shown beside four bands, where they can be.
    pub levels_from: u64,
    /// An earlier day that the report's is compared with, if any.
    pub since: Option<Date>,
}

impl Parameters {
    /// The report on a framework for the latest day, with eight levels from a base of 30.
    pub fn new(framework: impl Into<String>) -> Self {
        Self { framework: framework.into(), as_of: None, levels_from: 30, since: None }
    }
}

/// One person's level in each competence or area, by its index; `None` where it is unknown or expired. It is an interval
/// from what the evidence shows by its lower ends to what it shows by its upper ends.
pub(super) type Levels = Vec<Option<competence::Levels>>;

/// What is known of one person, by kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) demonstrated: Levels,
    pub(super) self_assessed: Levels,
    /// For each competence which of knowledge, skill and attitude are demonstrated by evidence of that type alone.
    pub(super) types: Vec<TypeSet>,
    /// For each area the place of the band that the instrument gives it; empty where it gives areas none.
    pub(super) areas: Vec<Option<usize>>,
    /// Whether any statement of theirs is about a course or a part of one.
    pub(super) reached: bool,
}

impl Known {
    pub(super) fn of(&self, kind: LevelKind) -> &Levels {
        match kind {
            LevelKind::SelfAssessed => &self.self_assessed,
            _ => &self.demonstrated,
        }
    }

    /// Whether anything of a kind is known.
    pub(super) fn has_any(&self, kind: LevelKind) -> bool {
        self.of(kind).iter().any(Option::is_some)
            || kind == LevelKind::SelfAssessed && self.areas.iter().any(Option::is_some)
    }
}
