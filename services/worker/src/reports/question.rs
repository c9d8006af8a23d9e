//! What is asked of the worker, and how its answers are shared.

use std::sync::Arc;

use disclosure::{Released, Strata};
use domain::Date;
use eventlog::event::Position;

use super::shared::Shared;
pub use super::shared::Stage;
use crate::error::ReportError;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Question {
    /// Digital competence of those with duties.
    Competence,
    /// One round of a survey.
    Survey {
        /// The round's id; `None` for the one that opened last.
        round: Option<String>,
    },
}

/// Everything that a report follows from: where, what was asked, for which days, in which framework and by which rules of
/// disclosure.
pub(crate) type Key = (Position, Question, (Option<Date>, Option<Date>), Rules);

/// The framework, the weights, and the rules of disclosure by name.
pub(crate) type Rules = (Option<String>, Option<Strata>, String);

/// Reports that are made or were made lately.
pub(crate) type Made = Shared<Key, Released, ReportError>;

/// How many different reports are made at once. Each takes all processors and the memory for its columns.
const AT_ONCE: usize = 2;

/// How many figures the reports that are kept have together: some hundred megabytes.
const FIGURES: usize = 200_000;

/// Where reports are made.
pub(crate) fn made() -> Arc<Made> {
    Shared::new(AT_ONCE, FIGURES, |released| {
        released.sections().iter().map(|section| section.figures().len()).sum()
    })
}
