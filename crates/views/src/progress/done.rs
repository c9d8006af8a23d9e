//! What somebody has done with an activity.

use std::collections::BTreeMap;

use eventlog::event::Key;

/// What an agent has done with an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Statements of the agent about the activity.
    pub statements: u64,
    /// When it was first said to be begun, or to go on, or to have ended, in microseconds since 1970.
    pub begun: Option<i64>,
    /// When it was first said to be completed.
    pub completed: Option<i64>,
    /// When it was first said to be passed, or done with success.
    pub passed: Option<i64>,
    /// When it was first said to be failed.
    pub failed: Option<i64>,
    /// The best share of what could be had, in millionths.
    pub best_share: Option<i64>,
    /// When the first of it happened.
    pub first: i64,
    /// When the last of it happened.
    pub last: i64,
}

impl Progress {
    /// This and what was done besides, as one.
    pub(super) fn join(&mut self, other: &Self) {
        self.statements += other.statements;
        for (own, others) in [
            (&mut self.begun, other.begun),
            (&mut self.completed, other.completed),
            (&mut self.passed, other.passed),
            (&mut self.failed, other.failed),
        ] {
            *own = (*own).into_iter().chain(others).min();
        }
        self.best_share = self.best_share.max(other.best_share);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// A row: who, with what, and what of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressRow {
    /// The agent's pseudonym.
    pub agent: Key,
    /// The activity's id, an IRI.
    pub activity: String,
    /// What has been done.
    pub progress: Progress,
}

/// Agent and activity.
pub(super) type Pair = (Key, String);

/// By pair, and so in an order that depends on nothing else.
pub(super) type Folded = BTreeMap<Pair, Progress>;
