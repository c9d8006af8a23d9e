//! Keeps the lake up with the log: one writer for one place, opened when it is first needed.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use analytics::lake::{Kept as Read, Lake, LakeError, Page, Place, Snapshot, Targets};
use domain::events::kind::STATEMENT;
use eventlog::EventLog;
use eventlog::clock::{SharedClock, rest};
use eventlog::event::Position;
use eventlog::projection::Unfoldable;
use prometheus::{Gauge, IntGauge, Registry};
use tokio::sync::{Mutex, Notify, OnceCell, OwnedMutexGuard, watch};

use crate::error::WorkerError;
use crate::standing::{Rebuilding, Standing};

/// What the lake is called among those that follow the log.
pub const LAKE: &str = "lake";

/// How many events are read and written at a time.
const PAGE: usize = 16_384;
/// The lake is written at most this often while statements keep coming: each write makes files.
const PAUSE: Duration = Duration::from_secs(1);
/// How long to wait after a fault that a retry may heal.
const RETRY: Duration = Duration::from_secs(5);

/// The keeper of one lake. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Keeper {
    inner: Arc<Inner>,
}

struct Inner {
    log: EventLog,
    place: Place,
    clock: SharedClock,
    /// A folder's, taken when this process first writes, and kept: a process that only reads must not take it. Of a bucket
    /// whoever writes sees when another did.
    lock: OnceCell<Option<File>>,
    /// `None` until it is first written.
    lake: Kept,
    /// What reports have read of it.
    read: Arc<Read>,
    stopped: std::sync::Mutex<Option<Unfoldable>>,
    /// One is written anew at a time; how far it has come.
    anew: Mutex<()>,
    anew_at: std::sync::Mutex<Option<Position>>,
    /// Told when a new lake took over.
    taken_over: Notify,
    position: IntGauge,
    lag_events: Gauge,
    anew_lag_events: Gauge,
}

type Kept = Arc<Mutex<Option<Lake>>>;

impl Keeper {
    pub(crate) fn open(
        log: EventLog,
        place: Place,
        clock: SharedClock,
        registry: &Registry,
    ) -> Result<Self, WorkerError> {
        if let Some(folder) = place.folder() {
            std::fs::create_dir_all(folder)?;
        }
        // Names that do not fit Prometheus are a fault of this file; a worker without metrics still works.
        let metric = |name: &str, help: &str| prometheus::Opts::new(name, help);
        let position = IntGauge::with_opts(metric("larka_lake_position", "Position the lake has come to"))
            .map_err(std::io::Error::other)?;
        let lag_events =
            Gauge::with_opts(metric("larka_lake_lag_events", "Events the lake is behind the log"))
                .map_err(std::io::Error::other)?;
        let anew_lag_events = Gauge::with_opts(metric(
            "larka_lake_rebuild_lag_events",
            "Events the lake that is written anew is behind the log; 0 where none is",
        ))
        .map_err(std::io::Error::other)?;
        let _ = registry.register(Box::new(anew_lag_events.clone()));
        let _ = registry.register(Box::new(position.clone()));
        let _ = registry.register(Box::new(lag_events.clone()));
        let inner = Inner {
            log,
            place,
            clock,
            lock: OnceCell::new(),
            lake: Arc::default(),
            read: Arc::default(),
            stopped: std::sync::Mutex::default(),
            anew: Mutex::default(),
            anew_at: std::sync::Mutex::default(),
            taken_over: Notify::new(),
            position,
            lag_events,
            anew_lag_events,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The lake as its last write left it.
    pub(crate) async fn snapshot(&self) -> Result<Snapshot, WorkerError> {
        let (place, read) = (self.inner.place.clone(), Arc::clone(&self.inner.read));
        blocking(move || Ok(Snapshot::open(&place, &read)?)).await
    }

    /// Follows the log until `shutdown` becomes true. Where an event cannot be taken, it waits until the lake is
    /// written anew.
    pub(crate) async fn run(&self, mut shutdown: watch::Receiver<bool>) {
        let mut head = self.inner.log.subscribe();
        while !*shutdown.borrow() {
            head.mark_unchanged();
            let wait = match self.catch_up().await {
                Ok(()) => PAUSE,
                Err(WorkerError::Lake(LakeError::Overtaken)) => {
                    tracing::debug!("another process wrote the lake meanwhile; it is opened again");
                    PAUSE
                }
                Err(WorkerError::Lake(error @ LakeError::Facts { .. })) => {
                    tracing::error!(%error, "the lake has stopped; nothing else is held up");
                    tokio::select! {
                        _ = shutdown.changed() => return,
                        () = self.inner.taken_over.notified() => continue,
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the lake could not be brought up; trying again");
                    RETRY
                }
            };
            if !rest(wait, &mut shutdown).await {
                return;
            }
            tokio::select! {
                _ = shutdown.changed() => return,
                changed = head.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Takes everything up to the head as it is now. A lake that is of no use as it lies there is written anew.
    pub(crate) async fn catch_up(&self) -> Result<(), WorkerError> {
        match self.take().await {
            Err(WorkerError::Lake(error)) if error.asks_for_anew() => {
                match error {
                    LakeError::Format { .. } => {
                        tracing::info!(%error, "the lake is written anew from the log")
                    }
                    error => tracing::error!(%error, "the lake is damaged, and written anew from the log"),
                }
                self.rebuild().await
            }
            outcome => outcome.inspect_err(|error| self.remember(error)),
        }
    }

    async fn take(&self) -> Result<(), WorkerError> {
        let head = self.inner.log.head().await?.position;
        let kept = self.kept().await?;
        let outcome = self.bring(kept, head, |position| self.note(position, head)).await.map(drop);
        if let Err(WorkerError::Lake(LakeError::Overtaken)) = outcome {
            *self.inner.lake.lock().await = None;
        }
        outcome
    }

    /// Writes the lake anew from the log, beside the one that reports are made from, and puts it in its place when
    /// it holds all that the other does.
    pub(crate) async fn rebuild(&self) -> Result<(), WorkerError> {
        let _turn = self.inner.anew.lock().await;
        self.lock().await?;
        let place = self.inner.place.clone();
        let begun = blocking(move || Ok(Lake::anew(&place)?)).await?;
        let outcome = self.write_anew(Arc::new(Mutex::new(Some(begun)))).await;
        self.tell_anew(None, Position(0));
        outcome?;
        *self.stopped() = None;
        self.inner.taken_over.notify_one();
        Ok(())
    }

    async fn write_anew(&self, next: Kept) -> Result<(), WorkerError> {
        let head = self.inner.log.head().await?.position;
        let lent = Arc::clone(&next).lock_owned().await;
        drop(self.bring(lent, head, |position| self.tell_anew(Some(position), head)).await?);

        // What is written until now is held still, so that no report ends before the one that was made before it.
        let mut kept = Arc::clone(&self.inner.lake).lock_owned().await;
        loop {
            let head = self.inner.log.head().await?.position;
            let lent = Arc::clone(&next).lock_owned().await;
            let lent = self.bring(lent, head, |position| self.tell_anew(Some(position), head)).await?;
            let taken_over =
                blocking(move || Ok(lent.as_ref().ok_or(WorkerError::Ended)?.take_over()?)).await;
            if let Err(WorkerError::Lake(LakeError::Overtaken)) = taken_over {
                continue;
            }
            *kept = Some(taken_over?);
            self.note(position(&kept), head);
            return Ok(());
        }
    }

    /// Appends to a lake what the log has up to `head`, and tells how far it has come.
    async fn bring(
        &self,
        mut kept: OwnedMutexGuard<Option<Lake>>,
        head: Position,
        tell: impl Fn(Position),
    ) -> Result<OwnedMutexGuard<Option<Lake>>, WorkerError> {
        loop {
            let position = position(&kept);
            tell(position);
            if position >= head {
                return Ok(kept);
            }
            let mut events = self.inner.log.read(position, PAGE).await?;
            events.retain(|event| event.position <= head);
            if events.is_empty() {
                return Ok(kept);
            }
            let upon = match events.last() {
                Some(last) => self.inner.log.hash_at(last.position).await?,
                None => None,
            };
            let (log, runtime) = (self.inner.log.clone(), tokio::runtime::Handle::current());
            let now = self.inner.clock.elapsed();
            kept = blocking(move || {
                let page = Page::of(&events)?.upon(upon);
                // Where the statements are that these void: asked of the log, from beside the runtime's threads.
                let wanted = page.void_targets();
                let found: Vec<Position> =
                    runtime.block_on(log.find(&wanted))?.into_iter().flatten().collect();
                let found = runtime.block_on(log.read_events_at(&found))?.into_iter();
                let targets: Targets = found
                    .filter_map(|event| Some((event.dedupe?, (event.position, event.credential))))
                    .collect();
                if let Some(lake) = kept.as_mut() {
                    lake.append(&page, &targets)?;
                    lake.tidy(now);
                }
                Ok(kept)
            })
            .await?;
        }
    }

    /// Upon what the lake stands, where that is not this log: it has seen what the log does not have, or has otherwise.
    pub(crate) async fn foreign(&self) -> Result<Option<Position>, WorkerError> {
        let place = self.inner.place.clone();
        let Some(stands) = blocking(move || Ok(Lake::stands(&place)?)).await? else { return Ok(None) };
        let log = &self.inner.log;
        let first = log.read(Position(0), 1).await?.first().map(|event| event.id);
        let same = stands.is_upon(first, log.hash_at(stands.position).await?);
        Ok((!same).then_some(stands.position))
    }

    /// Whether the manifest, if there is one that can be read, is one that this instance wrote.
    pub(crate) async fn holds(&self) -> Result<(), WorkerError> {
        match self.snapshot().await {
            Err(error @ WorkerError::Lake(LakeError::Unsealed | LakeError::Manifest(_))) => Err(error),
            _ => Ok(()),
        }
    }

    /// The lake's files that are not as they were written.
    pub(crate) async fn damaged(&self) -> Result<Vec<String>, WorkerError> {
        let snapshot = self.snapshot().await?;
        blocking(move || Ok(snapshot.damaged()?)).await
    }

    /// What of the lake does not follow from the log: it is written once more into an empty folder, up to where it stands, and
    /// held against that.
    pub(crate) async fn differing(&self, folder: &Path) -> Result<Vec<String>, WorkerError> {
        let snapshot = self.snapshot().await?;
        let place = Place::from(folder);
        let begun = blocking(move || Ok(Lake::anew(&place)?)).await?;
        let lent = Arc::new(Mutex::new(Some(begun))).lock_owned().await;
        let made = self.bring(lent, snapshot.position(), |_| {}).await?;
        blocking(move || {
            let made = made.as_ref().ok_or(WorkerError::Ended)?.snapshot();
            Ok(snapshot.differing(&made)?)
        })
        .await
    }

    /// Lets go of the lake: it is written anew from the log's first event.
    pub(crate) async fn let_go(&self) -> Result<(), WorkerError> {
        self.lock().await?;
        let mut kept = self.inner.lake.lock().await;
        let place = self.inner.place.clone();
        blocking(move || Ok(Lake::let_go(&place)?)).await?;
        *kept = None;
        Ok(())
    }

    /// How the lake stands.
    pub(crate) async fn standing(&self) -> Result<Standing, WorkerError> {
        let position = match self.snapshot().await {
            Ok(snapshot) => snapshot.position(),
            // There is none that this program reads before it is written anew.
            Err(WorkerError::Lake(error)) if error.asks_for_anew() => Position(0),
            Err(error) => return Err(error),
        };
        // After the lake, so that it is never ahead of it.
        let head = self.inner.log.head().await?;
        let lag_seconds = match self.inner.log.read(position, 1).await?.first() {
            Some(event) => (self.inner.clock.now().0 - event.stored.0).max(0) as f64 / 1e6,
            None => 0.0,
        };
        self.note(position, head.position);
        let rebuild = self.anew_at().map(|position| Rebuilding {
            generation: None,
            position,
            lag_events: head.position.0.saturating_sub(position.0),
            stopped: None,
            set_aside: 0,
        });
        Ok(Standing {
            name: LAKE.to_owned(),
            generation: None,
            position,
            lag_events: head.position.0.saturating_sub(position.0),
            lag_seconds,
            stopped: self.stopped().clone(),
            set_aside: 0,
            set_aside_latest: Vec::new(),
            rebuild,
        })
    }

    /// The lake, opened for writing and locked against other processes.
    async fn kept(&self) -> Result<OwnedMutexGuard<Option<Lake>>, WorkerError> {
        self.lock().await?;
        let mut guard = Arc::clone(&self.inner.lake).lock_owned().await;
        if guard.is_none() {
            let place = self.inner.place.clone();
            *guard = Some(blocking(move || Ok(Lake::open(&place)?)).await?);
        }
        Ok(guard)
    }

    /// Locks a folder against other processes.
    async fn lock(&self) -> Result<(), WorkerError> {
        let take = async || {
            let Some(folder) = self.inner.place.folder().map(Path::to_owned) else { return Ok(None) };
            blocking(move || {
                std::fs::create_dir_all(&folder)?;
                let path = folder.join(".lock");
                let lock = File::options().create(true).truncate(false).write(true).open(path)?;
                lock.try_lock().map_err(|_| WorkerError::LakeTaken)?;
                Ok(Some(lock))
            })
            .await
        };
        self.inner.lock.get_or_try_init(take).await.map(drop)
    }

    fn tell_anew(&self, position: Option<Position>, head: Position) {
        let lag = position.map_or(0, |position| head.0.saturating_sub(position.0));
        self.inner.anew_lag_events.set(lag as f64);
        *self.inner.anew_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = position;
    }

    fn anew_at(&self) -> Option<Position> {
        *self.inner.anew_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn note(&self, position: Position, head: Position) {
        self.inner.position.set(i64::try_from(position.0).unwrap_or(i64::MAX));
        self.inner.lag_events.set(head.0.saturating_sub(position.0) as f64);
    }

    fn remember(&self, error: &WorkerError) {
        if let WorkerError::Lake(LakeError::Facts { position, reason }) = error {
            let kind = STATEMENT.to_owned();
            *self.stopped() =
                Some(Unfoldable { position: Position(*position), kind, reason: reason.clone() });
        }
    }

    fn stopped(&self) -> std::sync::MutexGuard<'_, Option<Unfoldable>> {
        self.inner.stopped.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn position(kept: &Option<Lake>) -> Position {
    kept.as_ref().map_or(Position(0), Lake::position)
}

/// Polars and files work outside the runtime's own threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WorkerError> + Send + 'static,
) -> Result<T, WorkerError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| WorkerError::Ended)?
}
