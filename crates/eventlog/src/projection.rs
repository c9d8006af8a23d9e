//! Keeps projections up with the log.

use std::sync::Arc;

use tokio::sync::watch;

use crate::clock::SharedClock;
use crate::database::Database;
use crate::event::Position;
use crate::fold::Projection;
use crate::log::{EventLog, LogError};

/// How a projection stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectionStatus {
    /// Its name.
    pub name: &'static str,
    /// The version of its rows.
    pub version: u32,
    /// Everything up to here is in its rows.
    pub position: Position,
    /// How many events it is behind the head.
    pub lag_events: u64,
    /// How long ago the first event it has not seen was stored, in seconds; 0 where it has seen all.
    pub lag_seconds: f64,
    /// What it does.
    pub state: ProjectionState,
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
    Stopped {
        /// Which event.
        position: Position,
        /// Why.
        error: String,
    },
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
    #[error("the projection {name} stopped at event {}: {reason}", .position.0)]
    Stopped {
        /// Its name.
        name: &'static str,
        /// Which event.
        position: Position,
        /// Why.
        reason: String,
    },
    /// Another worker holds its lease.
    #[error("the projection {name} is run by {owner}")]
    Leased {
        /// Its name.
        name: &'static str,
        /// Who.
        owner: String,
    },
    /// No projection has this name.
    #[error("there is no projection of this name; there are: {0}")]
    Unknown(String),
}

/// Runs projections, each on its own: one that stops holds nobody else up. Cheap to clone.
#[derive(Clone)]
pub struct Runner {}

impl Runner {
    /// A runner of these projections, under a name that no other worker has.
    pub fn new(
        _log: EventLog,
        _views: Database,
        _projections: Vec<Arc<dyn Projection>>,
        _clock: SharedClock,
        _owner: String,
    ) -> Self {
        todo!()
    }
    /// Folds what is appended, until `shutdown` becomes true.
    pub async fn run(&self, _shutdown: watch::Receiver<bool>) {
        todo!()
    }
    /// Brings every projection up to the head as it is now.
    ///
    /// # Errors
    /// The first projection that stopped, after all others were brought up.
    pub async fn catch_up(&self) -> Result<(), RunnerError> {
        todo!()
    }
    /// Empties a projection and folds the whole log into it again.
    ///
    /// # Errors
    /// There is none of this name, another worker has it, or it stopped.
    pub async fn rebuild(&self, _name: &str) -> Result<(), RunnerError> {
        todo!()
    }
    /// How each projection stands.
    ///
    /// # Errors
    /// The databases fail.
    pub async fn status(&self) -> Result<Vec<ProjectionStatus>, RunnerError> {
        todo!()
    }
}
