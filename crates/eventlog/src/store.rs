//! What is asked of a store, and what it answers: the two databases stand beside each other above this.

use std::borrow::Cow;

use crate::clock::Micros;
use crate::decide::Known;
use crate::event::{Head, Key, Naming, Position};

/// What the locked database said.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) head: Head,
    pub(crate) known: Known,
    /// The database's clock, where it has one that counts.
    pub(crate) clock: Option<Micros>,
    /// The first position after which a hook has rows missing.
    pub(crate) hooks: Option<Position>,
}

/// What a batch needs to know.
#[derive(Debug, Default)]
pub(crate) struct Need {
    /// Empty where it is left to the insert to find that a key is in the log already.
    pub(crate) dedupe: Vec<Key>,
    pub(crate) streams: Vec<Key>,
}

/// What a batch changes beside its rows.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) head: Head,
    /// Slots to delete: position, slot, and the position of the event that says so.
    pub(crate) deletions: Vec<(Position, u16, Position)>,
    /// Sets of chunks that its slots name.
    pub(crate) named: Vec<(Position, Naming)>,
}

/// How an attempt to write failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nothing was stored, and the connection is gone. Another one may do.
    Disconnected(String),
    /// Nothing was stored. It may pass.
    Unavailable(String),
    /// Nothing was stored, as there is no room on the disk.
    Full(&'static str),
    /// Nothing was stored, and that is because of one of the events.
    Refused(String),
    /// Nothing was stored, because one of the dedupe keys is in the log.
    Repeated(String),
    /// The commit was sent and its answer did not come.
    Lost(String),
    /// The disk did not take what was written. Nothing that is on it can be relied on any more.
    Fatal(String),
}

/// When an error came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Before,
    Commit,
}

/// What an error of the database means; what one of its own codes means says `code`.
pub(crate) fn classify(
    error: &sqlx::Error,
    phase: Phase,
    code: impl FnOnce(&str, String) -> Failure,
) -> Failure {
    let text = error.to_string();
    match error {
        // PostgreSQL's unique index, and what SQLite's trigger says.
        sqlx::Error::Database(database)
            if database.constraint() == Some("event_dedupe")
                || database.message().ends_with("a key that exists") =>
        {
            Failure::Repeated(text)
        }
        sqlx::Error::Database(database) => code(&database.code().unwrap_or(Cow::Borrowed("")), text),
        sqlx::Error::PoolClosed => Failure::Fatal("the log was closed".to_owned()),
        sqlx::Error::Encode(_) | sqlx::Error::InvalidArgument(_) => Failure::Refused(text),
        _ if phase == Phase::Commit => Failure::Lost(text),
        _ => Failure::Disconnected(text),
    }
}
