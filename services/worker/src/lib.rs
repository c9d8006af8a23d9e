//! Keeps the projections and the lake up with the log, and makes reports from the lake.
//!
//! [`Worker::run`] follows the log until told to stop; [`Worker::catch_up`] and [`Worker::rebuild`] are
//! what commands use. [`reports`] turns a question into a [`disclosure::Released`], through the gate.

mod lake;
pub mod reports;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use eventlog::clock::SharedClock;
use eventlog::event::Position;
use eventlog::projection::{ProjectionState, Runner, RunnerError};
use eventlog::{Database, EventLog, LogError, Projection};
use tokio::sync::watch;
use views::municipality::Current;

use crate::lake::Keeper;

/// What a worker is opened with.
pub struct Options {
    /// The log to follow.
    pub log: EventLog,
    /// Where the projections' rows are.
    pub views: Database,
    /// The lake's folder.
    pub lake: PathBuf,
    /// The municipality as the log tells it.
    pub municipality: Current,
    /// The time, for leases and lag.
    pub clock: SharedClock,
    /// Where the metrics go.
    pub registry: prometheus::Registry,
    /// A name that no other worker has.
    pub owner: String,
}

/// Why the worker could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// A projection could not be brought up.
    #[error(transparent)]
    Projection(#[from] RunnerError),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The lake cannot be written or read.
    #[error(transparent)]
    Lake(#[from] analytics::lake::LakeError),
    /// Another process keeps this lake.
    #[error("another worker keeps the lake in this folder; stop it first")]
    LakeTaken,
    /// The lake's lock cannot be taken.
    #[error("the lake's folder cannot be used: {0}")]
    Folder(#[from] std::io::Error),
    /// A task of the worker ended before it was done.
    #[error("the worker's task ended early")]
    Ended,
}

/// How one follower of the log stands: a projection, or the lake.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Its name.
    pub name: String,
    /// Everything up to here is in it.
    pub position: Position,
    /// Events behind the head.
    pub lag_events: u64,
    /// Seconds since the first event that it has not seen was stored.
    pub lag_seconds: f64,
    /// Where it stopped and why, if it did.
    pub stopped: Option<(Position, String)>,
}

impl Standing {
    /// Whether it met an event that it cannot fold.
    pub fn stopped(&self) -> bool {
        self.stopped.is_some()
    }
}

/// The projections and the lake, and the reports made from it. Cheap to clone.
#[derive(Clone)]
pub struct Worker {
    log: EventLog,
    runner: Runner,
    keeper: Keeper,
    municipality: Current,
    made: Arc<Mutex<reports::Made>>,
}

impl Worker {
    /// Opens the lake and readies the projections; nothing follows the log before [`Worker::run`].
    ///
    /// # Errors
    /// The lake's folder cannot be used, or holds something else.
    pub async fn open(options: Options) -> Result<Self, WorkerError> {
        let keeper =
            Keeper::open(options.log.clone(), options.lake, options.clock.clone(), &options.registry)?;
        let runner = Runner::new(
            options.log.clone(),
            options.views,
            projections(&options.log),
            options.clock,
            options.owner,
        );
        Ok(Self {
            log: options.log,
            runner,
            keeper,
            municipality: options.municipality,
            made: Arc::default(),
        })
    }

    /// Follows the log until `shutdown` becomes true.
    pub async fn run(&self, shutdown: watch::Receiver<bool>) {
        tokio::join!(self.runner.run(shutdown.clone()), self.keeper.run(shutdown));
    }

    /// Brings every projection and the lake up to the head as it is now.
    ///
    /// # Errors
    /// The first follower that stopped.
    pub async fn catch_up(&self) -> Result<(), WorkerError> {
        self.runner.catch_up().await?;
        self.keeper.catch_up().await
    }

    /// Empties every projection and the lake, and folds the whole log into them again.
    ///
    /// # Errors
    /// A follower stopped, or another worker has it.
    pub async fn rebuild(&self) -> Result<(), WorkerError> {
        for projection in projections(&self.log) {
            self.runner.rebuild(projection.name()).await?;
        }
        self.keeper.rebuild().await
    }

    /// How every projection and the lake stand.
    ///
    /// # Errors
    /// The databases cannot be read.
    pub async fn status(&self) -> Result<Vec<Standing>, WorkerError> {
        let mut all: Vec<_> = self
            .runner
            .status()
            .await?
            .into_iter()
            .map(|projection| Standing {
                name: projection.name.to_owned(),
                position: projection.position,
                lag_events: projection.lag_events,
                lag_seconds: projection.lag_seconds,
                stopped: match projection.state {
                    ProjectionState::Stopped { position, error } => Some((position, error)),
                    ProjectionState::Running { .. } | ProjectionState::Waiting => None,
                },
            })
            .collect();
        all.push(self.keeper.standing().await?);
        Ok(all)
    }
}

/// The projections that a worker keeps up.
fn projections(log: &EventLog) -> Vec<Arc<dyn Projection>> {
    vec![
        Arc::new(views::progress::ProgressProjection::new(log.clone())),
        Arc::new(views::competence::CompetenceProjection::new(log.clone())),
    ]
}
