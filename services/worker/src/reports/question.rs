//! What is asked of the worker, and what was answered last.

use std::collections::HashMap;
use std::sync::Arc;

use disclosure::Released;
use domain::Date;
use eventlog::event::Position;

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

/// Reports as they were last made, by what was asked: the position that they hold at, and the report.
pub(crate) type Made = HashMap<(Question, Option<Date>, String), (Position, Arc<Released>)>;
