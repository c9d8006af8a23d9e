//! What is asked of whoever keeps ordered reports.

use std::sync::Arc;

use disclosure::{Lang, Released};
use futures_util::future::BoxFuture;
use render::Part;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vault::AccountId;

use super::super::ask::ReportFailure;
use crate::shell::problem::Problem;

/// A report as it is ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderInput {
    /// What it is to be called.
    pub name: String,
    /// What it is to be, in TOML, as of `larka report --definition`.
    pub definition: String,
}

/// A schedule as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleInput {
    /// What its reports are to be called.
    pub name: String,
    /// What they are to be, in TOML, without `as-of` and `at`.
    pub definition: String,
    /// `day`, `week` or `month`.
    pub every: String,
    /// Day of the week, from 1 for Monday, or of the month; 1 unless given.
    #[serde(default)]
    pub day: Option<u8>,
    /// Swedish time, as `06:00`.
    pub at: String,
}

/// An ordered report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderedReport {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// `competence` or `survey`.
    pub report: String,
    /// What it is, in TOML.
    pub definition: String,
    /// The log position that it is made from.
    pub position: u64,
    /// The day that it is about.
    pub as_of: String,
    /// When it was ordered.
    pub ordered: String,
    /// Who ordered it; none for a schedule.
    pub by: Option<String>,
    /// The schedule that ordered it.
    pub schedule: Option<String>,
    /// The program that it was ordered of. Another may compute otherwise.
    pub program: String,
    /// How far it has come: `not_asked` (made when it is opened), `waiting`, `making` or `made`.
    pub stage: String,
    /// The report of the same definition before it, which it can be compared with.
    pub before: Option<String>,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportSchedule {
    /// Its id.
    pub id: String,
    /// What its reports are called.
    pub name: String,
    /// What they are, in TOML.
    pub definition: String,
    /// `day`, `week` or `month`.
    pub every: String,
    /// Day of the week, from 1 for Monday, or of the month.
    pub day: u8,
    /// Swedish time.
    pub at: String,
    /// When it orders next.
    pub next: Option<String>,
    /// Who set it.
    pub by: Option<String>,
}

/// What there is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrdersListed {
    /// The reports, the latest order first.
    pub reports: Vec<OrderedReport>,
    /// The schedules, by name.
    pub schedules: Vec<ReportSchedule>,
}

/// A report that was made, and how its definition wants it looked at.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The report.
    pub released: Arc<Released>,
    /// What of it.
    pub part: Part,
    /// In which language, where the definition says.
    pub lang: Option<Lang>,
}

/// Why it was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderFailure {
    /// What was asked for cannot be had.
    Invalid {
        /// Where, as a JSON pointer.
        at: String,
        /// What was expected.
        expected: String,
    },
    /// There is none of this id.
    Unknown,
    /// There is no report.
    Report(ReportFailure),
    /// A database failed; the log says how.
    Failed,
}

/// Keeps ordered reports and schedules. An id that is none is unknown.
pub trait Orders: Send + Sync {
    /// What there is.
    fn list(&self) -> BoxFuture<'_, Result<OrdersListed, OrderFailure>>;

    /// Orders the newest report that there is now.
    fn order(&self, input: OrderInput, by: AccountId) -> BoxFuture<'_, Result<OrderedReport, OrderFailure>>;

    /// Calls a report otherwise.
    fn rename(&self, id: String, name: String) -> BoxFuture<'_, Result<OrderedReport, OrderFailure>>;

    /// Keeps a report no more.
    fn remove(&self, id: String, by: AccountId) -> BoxFuture<'_, Result<(), OrderFailure>>;

    /// Makes a report. It goes on being made where nobody waits any more.
    fn open(&self, id: String) -> BoxFuture<'_, Result<Opened, OrderFailure>>;

    /// Makes a report and the one before it, and says what has changed.
    fn changes(&self, id: String) -> BoxFuture<'_, Result<Opened, OrderFailure>>;

    /// Orders reports on a schedule from now on.
    fn schedule(
        &self,
        input: ScheduleInput,
        by: AccountId,
    ) -> BoxFuture<'_, Result<ReportSchedule, OrderFailure>>;

    /// Ends a schedule; what it ordered stays.
    fn unschedule(&self, id: String, by: AccountId) -> BoxFuture<'_, Result<(), OrderFailure>>;
}

impl From<OrderFailure> for Problem {
    fn from(failure: OrderFailure) -> Self {
        match failure {
            OrderFailure::Invalid { at, expected } => Self::Invalid { at, expected },
            OrderFailure::Unknown => Self::NotFound("ordered report, schedule, or report before it"),
            OrderFailure::Report(failure) => failure.into(),
            OrderFailure::Failed => Self::Unavailable,
        }
    }
}
