//! A statement as a source of evidence.

use eventlog::event::{Key, Position};

/// A statement that can be evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) agent: Key,
    pub(crate) position: Position,
    pub(crate) activity: String,
    pub(crate) said: Said,
    pub(crate) registration: Option<Key>,
    /// Microseconds since 1970.
    pub(crate) observed_at: i64,
}

/// What the statement says of its activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// It was passed.
    Passed,
    /// These codes of a closed question were the answer.
    Answered(Vec<String>),
}
