//! Courses, their parts, the rules that make evidence of them, and the levels that are aimed at.

use std::collections::BTreeMap;

use eventlog::clock::Micros;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use super::kind;
use crate::cbor::facts;
use crate::competence::{Evidence, Kind, TypeSet};
use crate::{Date, Text};

/// A course: made centrally, or a unit's own copy of another.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CourseFacts {
    /// Its activity IRI.
    #[n(0)]
    pub id: String,
    /// Its title.
    #[n(1)]
    pub title: Text,
    /// Where it comes from.
    #[n(2)]
    pub origin: Origin,
    /// Roles for which it is mandatory, ascending.
    #[cbor(n(3), default, skip_if = "Vec::is_empty")]
    pub mandatory_for: Vec<String>,
    /// Its parts, in the order in which they are taken.
    #[cbor(n(4), default, skip_if = "Vec::is_empty")]
    pub activities: Vec<CourseActivity>,
}
facts!(CourseFacts, kind::COURSE);

/// Where a course comes from: neither key means that it was made centrally.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(map)]
pub struct Origin {
    /// The IRI of the course that it is a copy of.
    #[n(0)]
    pub copy_of: Option<String>,
    /// The code of the unit that owns the copy.
    #[n(1)]
    pub unit: Option<String>,
}

impl Origin {
    /// Whether the course was made centrally.
    pub fn is_central(&self) -> bool {
        self.copy_of.is_none()
    }
}

/// A part of a course.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CourseActivity {
    /// Its activity IRI.
    #[n(0)]
    pub id: String,
    /// Its title.
    #[n(1)]
    pub title: Text,
    /// What it is.
    #[n(2)]
    pub kind: ActivityKind,
    /// The IRI of the part that it is a copy of.
    #[n(3)]
    pub copy_of: Option<String>,
}

/// What a part of a course is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    Encode,
    Decode,
    utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
#[cbor(index_only)]
pub enum ActivityKind {
    /// A film.
    #[n(1)]
    Video,
    /// A test.
    #[n(2)]
    Quiz,
    /// Something to read.
    #[n(3)]
    Text,
}

/// All rules of one framework for one activity; no rules: they were taken back.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CompetenceRulesFacts {
    /// The framework's id, such as `digcomp-3.0`.
    #[n(0)]
    pub framework: String,
    /// The activity's IRI. The rules hold for all copies of it.
    #[n(1)]
    pub activity: String,
    /// The rules, ascending.
    #[cbor(n(2), default, skip_if = "Vec::is_empty")]
    pub rules: Vec<RuleFacts>,
}
facts!(CompetenceRulesFacts, kind::COMPETENCE_RULES);

/// The levels of a framework that people in a role are to have; no levels: they were taken back.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CompetenceTargetsFacts {
    /// The framework's id, such as `digcomp-3.0`.
    #[n(0)]
    pub framework: String,
    /// The role; none: everybody, but for competences that their role has a target of its own for.
    #[n(1)]
    pub role: Option<String>,
    /// The level to have reached, by the competence's code. Each is the lowest of a band.
    #[n(2)]
    pub levels: BTreeMap<String, u8>,
}
facts!(CompetenceTargetsFacts, kind::COMPETENCE_TARGETS);

/// What passing an activity shows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct RuleFacts {
    /// The competence's code, such as `1.1`.
    #[n(0)]
    pub competence: String,
    /// The lowest level that it shows, from 1.
    #[n(1)]
    pub low: u8,
    /// The highest level that it shows; `low` where it is one level.
    #[n(2)]
    pub high: u8,
    /// How much it counts, in thousandths; 1000 is enough on its own.
    #[n(3)]
    pub weight: u32,
    /// Which of knowledge, skill and attitude it shows.
    #[cbor(n(4), default, skip_if = "TypeSet::is_empty")]
    pub types: TypeSet,
    /// How many months it holds; none: for good.
    #[n(5)]
    pub valid_months: Option<u32>,
}

impl RuleFacts {
    /// The last day on which something observed on `day` counts; none: it always does.
    pub fn valid_until(&self, day: Date) -> Option<Date> {
        self.valid_months.map(|months| day.plus_months(months))
    }

    /// What a pass is evidence of, by this rule of a framework: of an activity with this root, at an instant in microseconds,
    /// said by the event at a position.
    pub fn evidence<'a>(
        &'a self,
        framework: &'a str,
        root: &'a str,
        observed_at: i64,
        position: u64,
    ) -> Evidence<'a> {
        Evidence {
            framework,
            competence: &self.competence,
            low: self.low,
            high: self.high,
            kind: Kind::Demonstrated,
            types: self.types,
            weight: self.weight,
            root,
            observed_at,
            valid_until: self.valid_until(Date::in_sweden(Micros(observed_at))),
            position,
        }
    }
}
