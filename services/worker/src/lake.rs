//! Keeps the lake up with the log: one writer for one folder, opened when it is first needed.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use analytics::lake::{Lake, LakeError, Page, Snapshot, Targets};
use eventlog::EventLog;
use eventlog::clock::SharedClock;
use eventlog::event::Position;
use prometheus::{Gauge, IntGauge, Registry};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use crate::{Standing, WorkerError};

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
    folder: PathBuf,
    clock: SharedClock,
    /// `None` until this process first writes: a process that only reads must not take the lock.
    lake: Arc<Mutex<Option<Kept>>>,
    stopped: std::sync::Mutex<Option<(Position, String)>>,
    position: IntGauge,
    lag_events: Gauge,
}

struct Kept {
    lake: Lake,
    _lock: File,
}

impl Keeper {
    pub(crate) fn open(
        log: EventLog,
        folder: PathBuf,
        clock: SharedClock,
        registry: &Registry,
    ) -> Result<Self, WorkerError> {
        std::fs::create_dir_all(&folder)?;
        // Names that do not fit Prometheus are a fault of this file; a worker without metrics still works.
        let metric = |name: &str, help: &str| prometheus::Opts::new(name, help);
        let position = IntGauge::with_opts(metric("larka_lake_position", "Position the lake has come to"))
            .map_err(std::io::Error::other)?;
        let lag_events =
            Gauge::with_opts(metric("larka_lake_lag_events", "Events the lake is behind the log"))
                .map_err(std::io::Error::other)?;
        let _ = registry.register(Box::new(position.clone()));
        let _ = registry.register(Box::new(lag_events.clone()));
        let inner = Inner {
            log,
            folder,
            clock,
            lake: Arc::default(),
            stopped: std::sync::Mutex::default(),
            position,
            lag_events,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The lake as its last write left it.
    pub(crate) async fn snapshot(&self) -> Result<Snapshot, WorkerError> {
        let folder = self.inner.folder.clone();
        blocking(move || Ok(Snapshot::open(&folder)?)).await
    }

    /// Follows the log until `shutdown` becomes true, or an event cannot be taken.
    pub(crate) async fn run(&self, mut shutdown: watch::Receiver<bool>) {
        let mut head = self.inner.log.subscribe();
        while !*shutdown.borrow() {
            head.mark_unchanged();
            let wait = match self.catch_up().await {
                Ok(()) => PAUSE,
                Err(WorkerError::Lake(error @ LakeError::Facts { .. })) => {
                    tracing::error!(%error, "the lake has stopped; nothing else is held up");
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, "the lake could not be brought up; trying again");
                    RETRY
                }
            };
            tokio::select! {
                _ = shutdown.changed() => return,
                () = tokio::time::sleep(wait) => {}
            }
            tokio::select! {
                _ = shutdown.changed() => return,
                changed = head.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Takes everything up to the head as it is now.
    pub(crate) async fn catch_up(&self) -> Result<(), WorkerError> {
        let head = self.inner.log.head().await?.position;
        let mut kept = self.kept().await?;
        loop {
            let position = position(&kept);
            self.note(position, head);
            if position >= head {
                return Ok(());
            }
            let events = self.inner.log.read(position, PAGE).await?;
            if events.is_empty() {
                return Ok(());
            }
            let (log, runtime) = (self.inner.log.clone(), tokio::runtime::Handle::current());
            kept = blocking(move || {
                let page = Page::of(&events)?;
                // Where the statements are that these void: asked of the log, from beside the runtime's threads.
                let wanted = page.void_targets();
                let found = runtime.block_on(log.find(&wanted))?;
                let targets: Targets =
                    wanted.into_iter().zip(found).filter_map(|(key, at)| Some((key, at?))).collect();
                if let Some(kept) = kept.as_mut() {
                    kept.lake.append(&page, &targets)?;
                }
                Ok(kept)
            })
            .await
            .inspect_err(|error| self.remember(error))?;
        }
    }

    /// Deletes the lake and writes it again from the log.
    pub(crate) async fn rebuild(&self) -> Result<(), WorkerError> {
        let mut kept = self.kept().await?;
        let folder = self.inner.folder.clone();
        blocking(move || {
            if let Some(kept) = kept.as_mut() {
                Lake::delete(&folder)?;
                kept.lake = Lake::open(&folder)?;
            }
            Ok(())
        })
        .await?;
        *self.stopped() = None;
        self.catch_up().await
    }

    /// How the lake stands.
    pub(crate) async fn standing(&self) -> Result<Standing, WorkerError> {
        let head = self.inner.log.head().await?;
        let position = self.snapshot().await?.position();
        let lag_seconds = match self.inner.log.read(position, 1).await?.first() {
            Some(event) => (self.inner.clock.now().0 - event.stored.0).max(0) as f64 / 1e6,
            None => 0.0,
        };
        self.note(position, head.position);
        Ok(Standing {
            name: "lake".to_owned(),
            position,
            lag_events: head.position.0.saturating_sub(position.0),
            lag_seconds,
            stopped: self.stopped().clone(),
        })
    }

    /// The lake, opened for writing and locked against other processes.
    async fn kept(&self) -> Result<OwnedMutexGuard<Option<Kept>>, WorkerError> {
        let mut guard = Arc::clone(&self.inner.lake).lock_owned().await;
        if guard.is_some() {
            return Ok(guard);
        }
        let folder = self.inner.folder.clone();
        let opened = blocking(move || {
            let lock = File::options().create(true).truncate(false).write(true).open(folder.join(".lock"))?;
            lock.try_lock().map_err(|_| WorkerError::LakeTaken)?;
            Ok(Kept { lake: Lake::open(&folder)?, _lock: lock })
        })
        .await?;
        *guard = Some(opened);
        Ok(guard)
    }

    fn note(&self, position: Position, head: Position) {
        self.inner.position.set(i64::try_from(position.0).unwrap_or(i64::MAX));
        self.inner.lag_events.set(head.0.saturating_sub(position.0) as f64);
    }

    fn remember(&self, error: &WorkerError) {
        if let WorkerError::Lake(LakeError::Facts { position, reason }) = error {
            *self.stopped() = Some((Position(*position), reason.clone()));
        }
    }

    fn stopped(&self) -> std::sync::MutexGuard<'_, Option<(Position, String)>> {
        self.inner.stopped.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn position(kept: &Option<Kept>) -> Position {
    kept.as_ref().map_or(Position(0), |kept| kept.lake.position())
}

/// Polars and files work outside the runtime's own threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WorkerError> + Send + 'static,
) -> Result<T, WorkerError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| WorkerError::Ended)?
}
