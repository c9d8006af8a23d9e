//! Keeps the projections and the lake up with the log, and makes reports from the lake.
//!
//! [`Worker::run`] follows the log until told to stop; [`Worker::catch_up`] and [`Worker::rebuild`] are
//! what commands use. [`reports`] turns a question into a [`disclosure::Released`], through the gate.

mod lake;
pub mod reports;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use eventlog::clock::SharedClock;
use eventlog::event::Position;
use eventlog::projection::{
    OnUnfoldable, ProjectionState, ProjectionStatus, Runner, RunnerError, SetAside, Unfoldable, Views,
};
use eventlog::{EventLog, LogError, Projection};
use tokio::sync::watch;
use views::municipality::Current;

use crate::lake::Keeper;

/// The projections that a worker keeps up, by name.
pub const PROJECTIONS: [&str; 2] = [views::progress::NAME, views::competence::NAME];
/// What the lake is called among those that follow the log.
pub const LAKE: &str = "lake";

/// What a worker is opened with.
pub struct Options {
    /// The log to follow.
    pub log: EventLog,
    /// Where the projections' rows are.
    pub views: Views,
    /// What projections do about an event that they cannot fold, by name; those that are not here stop. The lake
    /// always does: reports made from it name a log position, and stand for all that came before.
    pub on_unfoldable: HashMap<String, OnUnfoldable>,
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
    /// Nothing that follows the log has this name.
    #[error("nothing that follows the log is called so; there are: {0}")]
    Unknown(String),
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
    /// Which time that a projection was built answers; none for the lake.
    pub generation: Option<u64>,
    /// Everything up to here is in it.
    pub position: Position,
    /// Events behind the head.
    pub lag_events: u64,
    /// Seconds since the first event that it has not seen was stored.
    pub lag_seconds: f64,
    /// Where it stopped and why, if it did.
    pub stopped: Option<Unfoldable>,
    /// How many events it does without.
    pub set_aside: u64,
    /// The last few of those, the latest first.
    pub set_aside_latest: Vec<SetAside>,
    /// What is being built to take its place.
    pub rebuild: Option<Rebuilding>,
}

/// How far that is which is built anew, beside what answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilding {
    /// Which time it is; none for the lake.
    pub generation: Option<u64>,
    /// Everything up to here is in it.
    pub position: Position,
    /// Events behind the head.
    pub lag_events: u64,
    /// Where it stopped and why, if it did.
    pub stopped: Option<Unfoldable>,
    /// How many events it does without.
    pub set_aside: u64,
}

impl Standing {
    /// Whether it met an event that it cannot fold.
    pub fn stopped(&self) -> bool {
        self.stopped.is_some()
    }

    fn of(status: ProjectionStatus) -> Self {
        Self {
            name: status.name.to_owned(),
            generation: Some(status.generation),
            position: status.position,
            lag_events: status.lag_events,
            lag_seconds: status.lag_seconds,
            stopped: stopped(status.state),
            set_aside: status.set_aside,
            set_aside_latest: status.set_aside_latest,
            rebuild: status.rebuild.map(|rebuild| Rebuilding {
                generation: Some(rebuild.generation.number),
                position: rebuild.position,
                lag_events: rebuild.lag_events,
                stopped: stopped(rebuild.state),
                set_aside: rebuild.set_aside,
            }),
        }
    }
}

fn stopped(state: ProjectionState) -> Option<Unfoldable> {
    match state {
        ProjectionState::Stopped(event) => Some(event),
        ProjectionState::Running { .. } | ProjectionState::Waiting => None,
    }
}

/// The projections and the lake, and the reports made from it. Cheap to clone.
#[derive(Clone)]
pub struct Worker {
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
        let runner = Runner::with_choices(
            options.log.clone(),
            options.views,
            projections(&options.log),
            options.on_unfoldable,
            options.clock,
            options.owner,
        );
        Ok(Self { runner, keeper, municipality: options.municipality, made: Arc::default() })
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

    /// Folds the whole log again, into a projection or the lake, or into all of them where none is named, beside what
    /// answers; each takes over when it has seen all.
    ///
    /// # Errors
    /// A follower stopped, another worker builds it, or none has this name.
    pub async fn rebuild(&self, only: Option<&str>) -> Result<(), WorkerError> {
        match only {
            None => {
                for name in PROJECTIONS {
                    self.runner.rebuild(name).await?;
                }
                self.keeper.rebuild().await
            }
            Some(LAKE) => self.keeper.rebuild().await,
            Some(name) if PROJECTIONS.contains(&name) => Ok(self.runner.rebuild(name).await?),
            Some(_) => Err(WorkerError::Unknown(format!("{}, {LAKE}", PROJECTIONS.join(", ")))),
        }
    }

    /// How every projection and the lake stand.
    ///
    /// # Errors
    /// The databases cannot be read.
    pub async fn status(&self) -> Result<Vec<Standing>, WorkerError> {
        let mut all: Vec<_> = self.runner.status().await?.into_iter().map(Standing::of).collect();
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
