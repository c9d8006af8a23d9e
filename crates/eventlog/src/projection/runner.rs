//! Running projections, and saying how they stand.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Mutex, Notify, watch};
use tokio::task::JoinSet;

use super::checkpoint::{self, Checkpoint, not_made};
use super::generation::{Generation, Views};
use super::inner::{Inner, Kept};
use super::status::{OnUnfoldable, ProjectionState, ProjectionStatus, RebuildStatus, RunnerError, SetAside};
use crate::clock::SharedClock;
use crate::fold::Projection;
use crate::log::EventLog;

/// How many events that were set aside a status names.
const NAMED: i64 = 10;

/// Runs projections, each on its own: one that stops holds nobody else up. Cheap to clone.
#[derive(Clone)]
pub struct Runner {
    inner: Arc<Inner>,
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

    /// Brings every projection up to the head as it is now; one that another worker keeps up is waited for.
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
}

/// What a generation's place says.
#[derive(Default)]
struct Standing {
    checkpoint: Checkpoint,
    set_aside: u64,
    latest: Vec<SetAside>,
}
