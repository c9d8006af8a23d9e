//! Keeps projections up with the log: one worker per projection, each event once.
//!
//! A page of events is folded in one transaction with the step of the checkpoint, and that step is
//! conditional: on the lease, and on the checkpoint standing where the page began. So an event counts
//! once even where two workers believe that they hold the lease.

mod checkpoint;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, OnceCell, watch};
use tokio::task::JoinSet;

use crate::clock::{Micros, SharedClock};
use crate::database::Database;
use crate::event::{Event, Position};
use crate::fold::{FoldError, Projection};
use crate::log::{EventLog, LogError};
use crate::store::may_pass;
use checkpoint::Lease;

/// Events folded in one transaction at most.
const PAGE: usize = 1_000;
/// How often an idle worker renews its lease and looks at its lag.
const TICK: Duration = Duration::from_secs(5);
/// How long to wait after an error that may pass.
const PAUSE: Duration = Duration::from_secs(1);

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
pub struct Runner {
    inner: Arc<Inner>,
}

struct Inner {
    log: EventLog,
    views: Database,
    projections: Vec<Arc<dyn Projection>>,
    clock: SharedClock,
    owner: String,
    /// How many calls of `run` are at work: while one is, leases are kept.
    running: AtomicUsize,
    rebuilt: HashMap<&'static str, Notify>,
    /// Whether the table of checkpoints is there.
    prepared: OnceCell<()>,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("owner", &self.inner.owner).finish_non_exhaustive()
    }
}

impl Runner {
    /// A runner of these projections, under a name that no other worker has.
    pub fn new(
        log: EventLog,
        views: Database,
        projections: Vec<Arc<dyn Projection>>,
        clock: SharedClock,
        owner: String,
    ) -> Self {
        let rebuilt = projections.iter().map(|projection| (projection.name(), Notify::new())).collect();
        let running = AtomicUsize::new(0);
        let prepared = OnceCell::new();
        Self { inner: Arc::new(Inner { log, views, projections, clock, owner, running, rebuilt, prepared }) }
    }

    /// Folds what is appended, until `shutdown` becomes true or its sender is gone; then gives the
    /// leases back. What fails is told in the status, the metrics and the log output.
    pub async fn run(&self, shutdown: watch::Receiver<bool>) {
        self.inner.running.fetch_add(1, Ordering::SeqCst);
        let mut workers = JoinSet::new();
        for projection in &self.inner.projections {
            let (inner, projection) = (Arc::clone(&self.inner), Arc::clone(projection));
            let shutdown = shutdown.clone();
            workers.spawn(async move { inner.keep_up(projection.as_ref(), shutdown).await });
        }
        while workers.join_next().await.is_some() {}
        self.inner.running.fetch_sub(1, Ordering::SeqCst);
        for projection in &self.inner.projections {
            self.inner.give_back(projection.name()).await;
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
            let outcome = self.inner.drive(projection.as_ref(), head, None, false, None).await;
            self.inner.give_back(projection.name()).await;
            first = first.and(outcome.map(drop));
        }
        first
    }

    /// Empties a projection and folds the whole log into it again, up to the head as it is now.
    ///
    /// # Errors
    /// There is none of this name, another worker has it, or it stopped.
    pub async fn rebuild(&self, name: &str) -> Result<(), RunnerError> {
        let Some(projection) = self.inner.projections.iter().find(|one| one.name() == name) else {
            let names: Vec<&str> = self.inner.projections.iter().map(|one| one.name()).collect();
            return Err(RunnerError::Unknown(names.join(", ")));
        };
        let head = self.inner.log.head().await?.position;
        let outcome = self.inner.drive(projection.as_ref(), head, None, true, None).await;
        self.inner.give_back(projection.name()).await;
        if let Some(rebuilt) = self.inner.rebuilt.get(projection.name()) {
            rebuilt.notify_one();
        }
        outcome.map(drop)
    }

    /// How each projection stands.
    ///
    /// # Errors
    /// The databases fail.
    pub async fn status(&self) -> Result<Vec<ProjectionStatus>, RunnerError> {
        let inner = &self.inner;
        inner.prepare().await?;
        let head = inner.log.head().await?.position;
        let mut all = Vec::with_capacity(inner.projections.len());
        for projection in &inner.projections {
            let mut reader = inner.views.reader().await?;
            let known = checkpoint::load(reader.tx(), projection.name()).await?;
            drop(reader);
            let position = known.as_ref().map_or(Position(0), |known| known.position);
            let (lag_events, lag_seconds) = inner.lag(projection.name(), position, head).await?;
            let state = match &known {
                Some(checkpoint::Checkpoint { failed: Some((position, error)), .. }) => {
                    ProjectionState::Stopped { position: *position, error: error.clone() }
                }
                Some(known) => match known.holder(inner.clock.now()) {
                    Some(owner) => ProjectionState::Running { owner: owner.to_owned() },
                    None => ProjectionState::Waiting,
                },
                None => ProjectionState::Waiting,
            };
            let version = known.map_or(0, |known| known.version);
            all.push(ProjectionStatus {
                name: projection.name(),
                version,
                position,
                lag_events,
                lag_seconds,
                state,
            });
        }
        Ok(all)
    }
}

/// How folding a page went.
enum Folded {
    /// The checkpoint stands at the page's end.
    Yes,
    /// The checkpoint had moved, or the lease was lost: read it again.
    Moved,
    /// This event cannot be folded.
    Not(Position, String),
}

impl Inner {
    /// Keeps one projection up until the shutdown.
    async fn keep_up(&self, projection: &dyn Projection, mut shutdown: watch::Receiver<bool>) {
        let mut heads = self.log.subscribe();
        let mut at = None;
        while !*shutdown.borrow() {
            let head = *heads.borrow_and_update();
            let outcome = self.drive(projection, head, at.take(), false, Some(&shutdown)).await;
            let mut pause = TICK;
            match outcome {
                Ok(position) => at = Some(position),
                // What is appended is somebody else's work until the lease ends.
                Err(RunnerError::Leased { .. }) => {}
                Err(RunnerError::Stopped { name, position, reason }) => {
                    tracing::error!(projection = name, position = position.0, %reason, "a projection stopped");
                    self.wait_for_rebuild(projection.name(), &mut shutdown).await;
                    continue;
                }
                Err(error) => {
                    tracing::warn!(projection = projection.name(), %error, "a projection waits");
                    pause = PAUSE;
                }
            }
            tokio::select! {
                changed = heads.changed(), if at.is_some() => if changed.is_err() { return },
                // Taking the lease again renews it.
                () = tokio::time::sleep(pause) => at = None,
                changed = shutdown.changed() => if changed.is_err() { return },
            }
        }
    }

    /// A stopped projection waits for its rebuild; its lag goes on being measured.
    async fn wait_for_rebuild(&self, name: &'static str, shutdown: &mut watch::Receiver<bool>) {
        let Some(rebuilt) = self.rebuilt.get(name) else { return };
        loop {
            tokio::select! {
                () = rebuilt.notified() => return,
                () = tokio::time::sleep(TICK) => {
                    let position = match self.views.reader().await {
                        Ok(mut reader) => checkpoint::load(reader.tx(), name).await.ok().flatten(),
                        Err(_) => None,
                    };
                    if let (Some(known), Ok(head)) = (position, self.log.head().await) {
                        let _ = self.lag(name, known.position, head.position).await;
                    }
                }
                _ = shutdown.changed() => return,
            }
        }
    }

    /// Folds up to `target`, reading the next page while one is folded; gives the checkpoint after it.
    /// `from` is the checkpoint where the lease is known to be ours.
    async fn drive(
        &self,
        projection: &dyn Projection,
        target: Position,
        mut from: Option<Position>,
        mut again: bool,
        shutdown: Option<&watch::Receiver<bool>>,
    ) -> Result<Position, RunnerError> {
        self.prepare().await?;
        'from_checkpoint: loop {
            let mut position = match from.take() {
                Some(position) => position,
                None => self.lease(projection, std::mem::take(&mut again)).await?,
            };
            let mut page = self.page(projection, position, target).await?;
            while position < target && !shutdown.is_some_and(|shutdown| *shutdown.borrow()) {
                let (events, end) = page;
                let (folded, next) = tokio::join!(
                    self.fold(projection, position, end, &events),
                    self.page(projection, end, target)
                );
                match folded? {
                    Folded::Yes => position = end,
                    Folded::Moved => continue 'from_checkpoint,
                    Folded::Not(position, reason) => {
                        let name = projection.name();
                        checkpoint::record_failure(&self.views, name, &self.owner, position, &reason).await?;
                        return Err(RunnerError::Stopped { name, position, reason });
                    }
                }
                page = next?;
                self.lag(projection.name(), position, target).await?;
            }
            self.lag(projection.name(), position, target.max(position)).await?;
            return Ok(position);
        }
    }

    async fn prepare(&self) -> Result<(), sqlx::Error> {
        self.prepared.get_or_try_init(|| checkpoint::prepare(&self.views)).await.map(drop)
    }

    async fn lease(&self, projection: &dyn Projection, again: bool) -> Result<Position, RunnerError> {
        let now = self.clock.now();
        let name = projection.name();
        match checkpoint::acquire(&self.views, projection, &self.owner, now, again).await {
            Ok(Lease::Ours(position)) => Ok(position),
            Ok(Lease::Held(owner)) => Err(RunnerError::Leased { name, owner }),
            Err(FoldError::Database(error)) => Err(error.into()),
            Err(FoldError::Event { position, reason }) => {
                Err(RunnerError::Stopped { name, position, reason })
            }
        }
    }

    /// The next events for a projection, and how far one has then seen.
    async fn page(
        &self,
        projection: &dyn Projection,
        after: Position,
        target: Position,
    ) -> Result<(Vec<Event>, Position), RunnerError> {
        if after >= target {
            return Ok((Vec::new(), after));
        }
        let events = match projection.kinds() {
            None => self.log.read(after, PAGE).await?,
            Some(kinds) => self.log.read_kinds(kinds, after, PAGE).await?,
        };
        let last = events.last().map_or(after, |event| event.position);
        // Fewer than asked for: of these kinds there was nothing more, at least as far as the target.
        let end = if projection.kinds().is_some() && events.len() < PAGE { last.max(target) } else { last };
        Ok((events, end))
    }

    /// Folds a page, and where that fails each of its events alone, to find the one.
    async fn fold(
        &self,
        projection: &dyn Projection,
        from: Position,
        end: Position,
        events: &[Event],
    ) -> Result<Folded, RunnerError> {
        match self.fold_once(projection, from, end, events).await? {
            Folded::Not(..) if events.len() > 1 => {}
            folded => return Ok(folded),
        }
        let mut from = from;
        for event in events {
            match self.fold_once(projection, from, event.position, std::slice::from_ref(event)).await? {
                Folded::Yes => from = event.position,
                other => return Ok(other),
            }
        }
        self.fold_once(projection, from, end, &[]).await
    }

    async fn fold_once(
        &self,
        projection: &dyn Projection,
        from: Position,
        end: Position,
        events: &[Event],
    ) -> Result<Folded, RunnerError> {
        let now = self.clock.now();
        let step = checkpoint::advance(&self.views, projection, &self.owner, (from, end), now).await?;
        let Some(mut transaction) = step else { return Ok(Folded::Moved) };
        let applied =
            if events.is_empty() { Ok(()) } else { projection.apply(transaction.tx(), events).await };
        let first = events.first().map_or(from, |event| event.position);
        match applied {
            Ok(()) => {
                transaction.commit().await?;
                Ok(Folded::Yes)
            }
            Err(FoldError::Event { position, reason }) => Ok(Folded::Not(position, reason)),
            Err(FoldError::Database(error)) if may_pass(&error) => Err(error.into()),
            Err(FoldError::Database(error)) => Ok(Folded::Not(first, error.to_string())),
        }
    }

    /// Measures how far behind a projection is, and tells the metrics.
    async fn lag(&self, name: &str, position: Position, head: Position) -> Result<(u64, f64), RunnerError> {
        let events = head.0.saturating_sub(position.0);
        let seconds = if events == 0 {
            0.0
        } else {
            match self.log.stored_at(Position(position.0 + 1)).await? {
                Some(Micros(stored)) => micros_to_seconds(self.clock.now().0.saturating_sub(stored)),
                None => 0.0,
            }
        };
        let metrics = self.log.metrics();
        metrics.lag_events.with_label_values(&[name]).set(i64::try_from(events).unwrap_or(i64::MAX));
        metrics.lag_seconds.with_label_values(&[name]).set(seconds);
        Ok((events, seconds))
    }

    /// Gives a lease back that was only taken for a while.
    async fn give_back(&self, name: &str) {
        if self.running.load(Ordering::SeqCst) == 0
            && let Err(error) = checkpoint::release(&self.views, name, &self.owner).await
        {
            tracing::warn!(projection = name, %error, "a lease was not given back; it ends by itself");
        }
    }
}

fn micros_to_seconds(micros: i64) -> f64 {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0)).as_secs_f64()
}
