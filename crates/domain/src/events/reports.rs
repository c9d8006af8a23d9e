//! Reports that somebody ordered, and the schedules that order them again and again.

use eventlog::event::Key;
use minicbor::{Decode, Encode};

use super::kind;
use crate::Date;
use crate::cbor::facts;
use crate::recurrence::Recurrence;

/// A report was ordered, or called otherwise. It is made of nothing but this and the log, whenever somebody opens it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ReportOrderedFacts {
    /// The report's id.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub report: Key,
    /// What it is called.
    #[n(1)]
    pub name: String,
    /// What it is: the text of a definition, in TOML (`docs/reports.md`).
    #[n(2)]
    pub definition: String,
    /// The log position that it is made from.
    #[n(3)]
    pub position: u64,
    /// The day that it is about.
    #[n(4)]
    pub as_of: Date,
    /// The account that ordered it; none for a schedule.
    #[cbor(n(5), with = "crate::cbor::maybe_key", has_nil)]
    pub by: Option<Key>,
    /// Name and version of the program that it was ordered of.
    #[n(6)]
    pub program: String,
    /// The schedule that ordered it.
    #[cbor(n(7), with = "crate::cbor::maybe_key", has_nil)]
    pub schedule: Option<Key>,
    /// When it was to be made by that, in microseconds since 1970.
    #[n(8)]
    pub due: Option<i64>,
}
facts!(ReportOrderedFacts, kind::REPORT_ORDERED);

/// An ordered report is kept no more.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ReportRemovedFacts {
    /// The report.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub report: Key,
    /// The account that removed it.
    #[cbor(n(5), with = "crate::cbor::maybe_key", has_nil)]
    pub by: Option<Key>,
}
facts!(ReportRemovedFacts, kind::REPORT_REMOVED);

/// A report is ordered again and again from now on, or otherwise than before.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ReportScheduleSetFacts {
    /// The schedule's id.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub schedule: Key,
    /// What its reports are called.
    #[n(1)]
    pub name: String,
    /// What they are, as in [`ReportOrderedFacts::definition`], without position and day.
    #[n(2)]
    pub definition: String,
    /// When they are ordered.
    #[n(3)]
    pub recurrence: Recurrence,
    /// The account that set it.
    #[cbor(n(5), with = "crate::cbor::maybe_key", has_nil)]
    pub by: Option<Key>,
    /// What was to be made before is not made up for, in microseconds since 1970.
    #[n(6)]
    pub from: i64,
}
facts!(ReportScheduleSetFacts, kind::REPORT_SCHEDULE_SET);

/// A schedule orders nothing any more. What it ordered stays.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ReportScheduleRemovedFacts {
    /// The schedule.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub schedule: Key,
    /// The account that removed it.
    #[cbor(n(5), with = "crate::cbor::maybe_key", has_nil)]
    pub by: Option<Key>,
}
facts!(ReportScheduleRemovedFacts, kind::REPORT_SCHEDULE_REMOVED);
