//! Reports: the lake joined with the municipality, as result tables for the gate.
//!
//! A report is a pure function of the log up to a position, the report's parameters and the day it is about;
//! its [`Identity`] names all of them, and the same identity gives the same table.

mod changes;
pub mod competence;
mod letters;
mod notes;
mod populations;
pub mod survey;
#[cfg(test)]
mod tests;

pub use changes::changes;

use crate::lake::part::{self, Part};
use crate::lake::{LakeError, Snapshot};
use disclosure::{Identity, Text};
use domain::{Date, Municipality};
use polars::prelude::PolarsError;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The program's name and version in a report's identity.
pub const PROGRAM: &str = concat!("larka ", env!("CARGO_PKG_VERSION"));

/// Why a report cannot be made. Nothing in it is personal.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The lake cannot be read.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// No statement says what day the report is about.
    #[error(
        "there are no statements up to position {position} to take the report's day from: say which with --as-of YYYY-MM-DD, or let tools send statements first"
    )]
    NoDay {
        /// The position of the report.
        position: u64,
    },
    /// The municipality was folded past the report's position.
    #[error("the municipality was folded up to position {municipality}, past the report's position {report}")]
    Ahead {
        /// Of the last event in the fold.
        municipality: u64,
        /// Of the report.
        report: u64,
    },
    /// What the report is about does not exist at its position.
    #[error("there is no {what} {id} at position {position}")]
    Unknown {
        /// `framework`, `round`, `survey` or `unit`.
        what: &'static str,
        /// What was asked for.
        id: String,
        /// The position of the report.
        position: u64,
    },
    /// The day to compare with is not before the report's.
    #[error("the day to compare with, {since}, has to be before the day that the report is about, {as_of}")]
    Since {
        /// The day to compare with.
        since: Date,
        /// The report's day.
        as_of: Date,
    },
    /// The answers of a round that nobody can link were not handed over.
    #[error("the answers of a round that nobody can link, at position {position}, are needed for the report")]
    NoBallots {
        /// Of the event that has them.
        position: u64,
    },
    /// Scores whose exact sum does not fit into 127 bits.
    #[error("the scores of item {item} cannot be added up exactly: their denominators are too large")]
    Scores {
        /// The item's name.
        item: String,
    },
}

impl From<PolarsError> for ReportError {
    fn from(error: PolarsError) -> Self {
        Self::Lake(error.into())
    }
}

/// The day that a report is about unless another is asked for: the latest that any statement counts on.
///
/// # Errors
/// The lake cannot be read, or there are no statements.
pub fn latest_day(snapshot: &Snapshot) -> Result<Date, ReportError> {
    let (latest, _) = part::days(&snapshot.parts(None)?);
    latest.ok_or(ReportError::NoDay { position: snapshot.position().0 })
}

/// What both reports start from.
struct Frame<'a> {
    municipality: &'a Municipality,
    /// What the statements on or before the day contribute.
    parts: Vec<Arc<Part>>,
    position: u64,
    as_of: Date,
    /// How many statements are dated later than they were stored.
    dated_ahead: u64,
}

impl<'a> Frame<'a> {
    /// Holds snapshot and municipality together; the day is the latest that any statement counts on unless one
    /// is given.
    fn new(
        snapshot: &'a Snapshot,
        municipality: &'a Municipality,
        as_of: Option<Date>,
    ) -> Result<Self, ReportError> {
        Self::or_later(snapshot, municipality, as_of, None)
    }

    /// The same, but about `other` where that is later than what statements say.
    fn or_later(
        snapshot: &'a Snapshot,
        municipality: &'a Municipality,
        as_of: Option<Date>,
        other: Option<Date>,
    ) -> Result<Self, ReportError> {
        let (report, folded) = (snapshot.position().0, municipality.position().0);
        if folded > report {
            return Err(ReportError::Ahead { municipality: folded, report });
        }
        let mut parts = snapshot.parts(None)?;
        let (latest, dated_ahead) = part::days(&parts);
        let as_of = as_of.or(latest.max(other)).ok_or(ReportError::NoDay { position: report })?;
        if latest.is_some_and(|latest| latest > as_of) {
            parts = snapshot.parts(Some(as_of))?;
        }
        Ok(Self { municipality, parts, position: report, as_of, dated_ahead })
    }

    fn unknown(&self, what: &'static str, id: &str) -> ReportError {
        ReportError::Unknown { what, id: id.to_owned(), position: self.position }
    }

    fn identity(&self, definition: Definition) -> Identity {
        Identity {
            position: self.position,
            definition: definition.hash(),
            program: PROGRAM.to_owned(),
            horizon: self.municipality.horizon().0,
            as_of: self.as_of.to_string(),
        }
    }

    /// The name of the unit the report covers.
    fn place(&self, unit: Option<&str>) -> Text {
        let organisation = &self.municipality.organisation;
        let unit = match unit {
            Some(code) => organisation.unit(code).map(|held| &held.facts),
            None => organisation.children(None).next(),
        };
        Text::sv(unit.map_or("", |unit| unit.name.as_str()))
    }
}

/// Microseconds from midnight UTC to an instant that is the same day in Sweden, summer and winter.
const NOON: i64 = 43_200_000_000;
const DAY: i64 = 86_400_000_000;

/// A day of the lake as an instant: noon, as the hour is not known.
fn noon(day: i32) -> i64 {
    i64::from(day) * DAY + NOON
}

/// A report's definition, hashed: everything besides the log that its figures follow from. Parts are
/// length-prefixed, so that no two definitions run together.
struct Definition(Sha256);

impl Definition {
    fn of(kind: &str) -> Self {
        let definition = Self(Sha256::new());
        definition.with(b"larka report definition 3").with(PROGRAM.as_bytes()).with(kind.as_bytes())
    }

    fn with(mut self, part: &[u8]) -> Self {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
        self
    }

    fn hash(self) -> String {
        hex::encode(self.0.finalize())
    }
}

/// The domain's text as the gate's.
fn text(text: &domain::Text) -> Text {
    Text { sv: text.sv.clone(), en: text.en.clone() }
}
