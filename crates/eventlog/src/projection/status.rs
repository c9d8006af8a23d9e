//! How a projection stands, and why one could not be brought up.

use super::generation::Generation;
use crate::clock::Micros;
use crate::error::LogError;
use crate::event::Position;

/// What a projection does about an event that it cannot fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnUnfoldable {
    /// It stays before it, until the program is changed.
    #[default]
    Stop,
    /// It passes over it and notes it.
    SetAside,
}

/// An event that cannot be folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfoldable {
    /// Where it stands in the log.
    pub position: Position,
    /// Its kind.
    pub kind: String,
    /// What was wrong; nothing that the event says.
    pub reason: String,
}

/// An event that a generation has set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Where it stands in the log.
    pub position: Position,
    /// Its kind.
    pub kind: String,
    /// What was wrong; nothing that the event says.
    pub error: String,
    /// When it was set aside.
    pub at: Micros,
}

/// How a projection stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectionStatus {
    /// Its name.
    pub name: &'static str,
    /// The version of the rows that answer queries.
    pub version: u32,
    /// Their generation; 0 where there are none yet.
    pub generation: u64,
    /// Everything up to here is in them.
    pub position: Position,
    /// How many events they are behind the head.
    pub lag_events: u64,
    /// How long ago the first event they have not seen was stored, in seconds; 0 where they have seen all.
    pub lag_seconds: f64,
    /// What it does.
    pub state: ProjectionState,
    /// How many events they do without, because they could not be folded.
    pub set_aside: u64,
    /// The last few of those, the latest first.
    pub set_aside_latest: Vec<SetAside>,
    /// The generation that is being built to take their place.
    pub rebuild: Option<RebuildStatus>,
}

/// How a generation stands that is being built beside the one that answers.
#[derive(Debug, Clone, PartialEq)]
pub struct RebuildStatus {
    /// Which one.
    pub generation: Generation,
    /// Everything up to here is in its rows.
    pub position: Position,
    /// How many events it is behind the head.
    pub lag_events: u64,
    /// What it does.
    pub state: ProjectionState,
    /// How many events it has set aside.
    pub set_aside: u64,
}

/// What a projection does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProjectionState {
    /// This worker, or another, holds its lease.
    Running {
        /// Who.
        owner: String,
    },
    /// Nobody runs it.
    Waiting,
    /// It met an event it cannot fold, and stays there until the program is changed or it is rebuilt.
    Stopped(Unfoldable),
}

/// Why a projection could not be brought up.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// The views' database failed or cannot be reached.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// It met an event it cannot fold.
    #[error("the projection {name} stopped at event {} ({}): {}", .event.position.0, .event.kind, .event.reason)]
    Stopped {
        /// Its name.
        name: &'static str,
        /// Number of the generation that met it.
        generation: u64,
        /// Which event, and why.
        event: Unfoldable,
    },
    /// Another worker holds its lease.
    #[error("the projection {name} is run by {owner}")]
    Leased {
        /// Its name.
        name: &'static str,
        /// Who.
        owner: String,
    },
    /// The rows are of a newer program; this one must not go on with them, and does not make them older unasked.
    #[error(
        "the rows of {name} have version {found}, of a newer program than this one ({own}); rebuild it to go back"
    )]
    Newer {
        /// Its name.
        name: &'static str,
        /// The version there is.
        found: u32,
        /// The version of this program.
        own: u32,
    },
    /// Another generation took the place of the one that was worked on.
    #[error("the projection {0} was rebuilt meanwhile")]
    Replaced(&'static str),
    /// No projection has this name.
    #[error("there is no projection of this name; there are: {0}")]
    Unknown(String),
}
