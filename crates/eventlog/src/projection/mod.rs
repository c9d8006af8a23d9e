//! Keeps projections up with the log: each event once, and queries answered throughout.
//!
//! A page of events is folded in one transaction with the step of the checkpoint, and that step is
//! conditional: on the lease, and on the checkpoint standing where the page began. So an event counts
//! once even where two workers believe that they hold the lease.
//!
//! A projection is built anew beside the rows that answer, as another [`generation`], and takes their place when it
//! has seen all. An event that cannot be folded stops its projection, or is set aside if that is the setting.

mod cause;
mod checkpoint;
mod drive;
mod generation;
mod keep;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Mutex, Notify, watch};
use tokio::task::JoinSet;

use crate::clock::{Micros, SharedClock};
use crate::event::Position;
use crate::fold::Projection;
use crate::log::{EventLog, LogError};
use checkpoint::Checkpoint;
pub use generation::{Generation, ReadError, Views};

/// How many events that were set aside a status names.
const NAMED: i64 = 10;

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

/// Runs projections, each on its own: one that stops holds nobody else up. Cheap to clone.
#[derive(Clone)]
pub struct Runner {
    inner: Arc<Inner>,
}

struct Inner {
    log: EventLog,
    views: Views,
    projections: Vec<Arc<Kept>>,
    clock: SharedClock,
    owner: String,
    /// How many calls of `run` are at work: while one is, leases are kept.
    running: AtomicUsize,
}

/// A projection that is kept up.
struct Kept {
    projection: Arc<dyn Projection>,
    choice: OnUnfoldable,
    /// Told where another generation answers from now on.
    switched: Notify,
    /// Who builds, one at a time.
    turn: Mutex<()>,
}

impl Kept {
    fn name(&self) -> &'static str {
        self.projection.name()
    }
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("owner", &self.inner.owner).finish_non_exhaustive()
    }
}

impl Runner {
    /// A runner of these projections, under a name that no other worker has. Each stops at an event that it cannot
    /// fold.
    pub fn new(
        log: EventLog,
        views: Views,
        projections: Vec<Arc<dyn Projection>>,
        clock: SharedClock,
        owner: String,
    ) -> Self {
        Self::with_choices(log, views, projections, HashMap::new(), clock, owner)
    }

    /// The same with a choice for some of them, by name, of what to do about an event that cannot be folded.
    pub fn with_choices(
        log: EventLog,
        views: Views,
        projections: Vec<Arc<dyn Projection>>,
        choices: HashMap<String, OnUnfoldable>,
        clock: SharedClock,
        owner: String,
    ) -> Self {
        let kept = |projection: Arc<dyn Projection>| {
            let choice = choices.get(projection.name()).copied().unwrap_or_default();
            Arc::new(Kept { projection, choice, switched: Notify::new(), turn: Mutex::default() })
        };
        let projections = projections.into_iter().map(kept).collect();
        let inner = Inner { log, views, projections, clock, owner, running: AtomicUsize::new(0) };
        Self { inner: Arc::new(inner) }
    }

    /// Folds what is appended, and builds what is to be built, until `shutdown` becomes true or its sender is gone;
    /// then gives the leases back. What fails is told in the status, the metrics and the log output.
    pub async fn run(&self, shutdown: watch::Receiver<bool>) {
        self.inner.running.fetch_add(1, Ordering::SeqCst);
        let mut workers = JoinSet::new();
        for projection in &self.inner.projections {
            let (inner, one, until) = (Arc::clone(&self.inner), Arc::clone(projection), shutdown.clone());
            workers.spawn(async move { inner.keep_up(&one, until).await });
            let (inner, one, until) = (Arc::clone(&self.inner), Arc::clone(projection), shutdown.clone());
            workers.spawn(async move { inner.keep_building(&one, until).await });
        }
        while workers.join_next().await.is_some() {}
        self.inner.running.fetch_sub(1, Ordering::SeqCst);
        for projection in &self.inner.projections {
            let Ok(known) = self.inner.views.known(projection.name()).await else { continue };
            for generation in known.current.into_iter().chain(known.building) {
                if let Ok(work) = self.inner.work(projection, generation, false) {
                    self.inner.give_back(&work).await;
                }
            }
        }
    }

    /// Brings every projection up to the head as it is now.
    ///
    /// # Errors
    /// The first projection that could not be, after all others were brought up.
    pub async fn catch_up(&self) -> Result<(), RunnerError> {
        let head = self.inner.log.head().await?.position;
        let mut first = Ok(());
        for projection in &self.inner.projections {
            let outcome = self.inner.bring_up(projection, head).await;
            first = first.and(outcome);
        }
        first
    }

    /// Folds the whole log into a new generation of a projection, beside the one that answers queries, and lets it
    /// answer when it has come to the head.
    ///
    /// # Errors
    /// There is none of this name, another worker builds it, or it stopped: the rows of before go on answering.
    pub async fn rebuild(&self, name: &str) -> Result<(), RunnerError> {
        let Some(projection) = self.inner.projections.iter().find(|one| one.name() == name) else {
            let names: Vec<&str> = self.inner.projections.iter().map(|one| one.name()).collect();
            return Err(RunnerError::Unknown(names.join(", ")));
        };
        self.inner.build_anew(projection).await
    }

    /// How each projection stands.
    ///
    /// # Errors
    /// The databases fail.
    pub async fn status(&self) -> Result<Vec<ProjectionStatus>, RunnerError> {
        let mut all = Vec::with_capacity(self.inner.projections.len());
        for projection in &self.inner.projections {
            all.push(self.inner.status_of(projection.name()).await?);
        }
        Ok(all)
    }
}

impl Inner {
    async fn status_of(&self, name: &'static str) -> Result<ProjectionStatus, RunnerError> {
        let known = self.views.known(name).await?;
        let current = match known.current {
            Some(current) => self.standing(name, current).await?,
            None => Standing::default(),
        };
        let rebuild = match known.building {
            Some(building) => Some((building, self.standing(name, building).await?)),
            None => None,
        };
        // After the checkpoints, so that none is ahead of it.
        let head = self.log.head().await?.position;
        let rebuild = rebuild.map(|(generation, standing)| RebuildStatus {
            generation,
            position: standing.checkpoint.position,
            lag_events: head.0.saturating_sub(standing.checkpoint.position.0),
            state: self.state(&standing.checkpoint),
            set_aside: standing.set_aside,
        });
        let position = current.checkpoint.position;
        let (lag_events, lag_seconds) = self.lag(name, position, head).await?;
        self.log.metrics().set_aside(name, current.set_aside);
        Ok(ProjectionStatus {
            name,
            version: known.current.map_or(0, |current| current.version),
            generation: known.current.map_or(0, |current| current.number),
            position,
            lag_events,
            lag_seconds,
            state: self.state(&current.checkpoint),
            set_aside: current.set_aside,
            set_aside_latest: current.latest,
            rebuild,
        })
    }

    /// How a generation stands; one whose place is not made yet at the beginning. One that is dropped meanwhile
    /// gives way to the one that answers.
    async fn standing(&self, name: &str, mut generation: Generation) -> Result<Standing, RunnerError> {
        loop {
            match self.standing_now(name, generation).await {
                Ok(standing) => return Ok(standing),
                Err(error) => {
                    let known = self.views.known(name).await?;
                    match known.current {
                        Some(current) if !known.keeps(generation) => generation = current,
                        _ if not_made(&error) => return Ok(Standing::default()),
                        _ => return Err(error.into()),
                    }
                }
            }
        }
    }

    async fn standing_now(&self, name: &str, generation: Generation) -> Result<Standing, sqlx::Error> {
        let mut reader = self.views.place(name, generation.number)?.reader().await?;
        let checkpoint = checkpoint::load(reader.tx()).await?.unwrap_or_default();
        let (set_aside, latest) = checkpoint::set_aside(reader.tx(), NAMED).await?;
        Ok(Standing { checkpoint, set_aside, latest })
    }

    fn state(&self, checkpoint: &Checkpoint) -> ProjectionState {
        match (&checkpoint.failed, checkpoint.holder(self.clock.now())) {
            (Some(event), _) => ProjectionState::Stopped(event.clone()),
            (None, Some(owner)) => ProjectionState::Running { owner: owner.to_owned() },
            (None, None) => ProjectionState::Waiting,
        }
    }

    async fn checkpoint_of(&self, name: &str, generation: Generation) -> Result<Checkpoint, sqlx::Error> {
        let mut reader = self.views.place(name, generation.number)?.reader().await?;
        Ok(checkpoint::load(reader.tx()).await?.unwrap_or_default())
    }

    fn at_work(&self) -> bool {
        self.running.load(Ordering::SeqCst) > 0
    }
}

/// What a generation's place says.
#[derive(Default)]
struct Standing {
    checkpoint: Checkpoint,
    set_aside: u64,
    latest: Vec<SetAside>,
}

/// Whether a place is not there, or has no tables yet: SQLite's words, and PostgreSQL's code. 8 and its kin: a file that
/// was only just made, which a connection that only reads cannot turn into a database.
fn not_made(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        error.code().is_some_and(|code| matches!(&*code, "42P01" | "14" | "8" | "264" | "1288"))
            || error.message().starts_with("no such table")
    })
}
