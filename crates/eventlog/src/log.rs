//! The log itself: opening, appending, how far it is complete.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::anchor::Anchor;
use crate::clock::{Micros, SharedClock};
use crate::database::{Database, Location};
use crate::error::LogError;
use crate::event::{Append, AppendError, Appended, Head, Naming, NewEvent, Position, Unready};
use crate::fold::InTransaction;
use crate::metrics::Metrics;
use crate::rows::Work;
use crate::shared::Shared;
use crate::store::{Failure, Phase};
use crate::stores::{self, Store};
use crate::verify::{self, Verified, VerifyError};
use crate::warm::Warm;
use crate::writer::{Request, Writer};
use crate::{chunks, hooks, postgres, read, sqlite};

/// How old the answer of [`EventLog::consistent_through`] may be before it is refreshed.
const CONSISTENT_FOR: Duration = Duration::from_millis(200);
/// For how long it is known that the database takes what is written.
const READY_FOR: Duration = Duration::from_secs(2);

/// What a log is opened with.
pub struct Options {
    /// Where it is.
    pub location: Location,
    /// The time. On PostgreSQL the machine's clock stands for the database's.
    pub clock: SharedClock,
    /// How many events may wait to be written; more are refused with [`AppendError::Full`].
    pub queue_events: usize,
    /// How many events are written in one transaction at most, but for a single request that has more.
    pub max_batch: usize,
    /// What is written in the append's transaction beside the log.
    pub hooks: Vec<Arc<dyn InTransaction>>,
    /// Where the metrics go.
    pub registry: prometheus::Registry,
}

impl Options {
    /// A log at `location` with a queue of 20,000 events, batches of up to 2,000, no hooks.
    pub fn new(location: Location, clock: SharedClock) -> Self {
        Self {
            location,
            clock,
            queue_events: 20_000,
            max_batch: 2_000,
            hooks: Vec::new(),
            registry: prometheus::Registry::new(),
        }
    }
}

/// An open log. Cheap to clone; all clones share the writer.
#[derive(Clone)]
pub struct EventLog {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    requests: mpsc::UnboundedSender<Request>,
    shared: Arc<Shared>,
    warm: Warm,
    hooks: Vec<Arc<dyn InTransaction>>,
    closing: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl std::fmt::Debug for EventLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventLog").field("database", &self.inner.database).finish_non_exhaustive()
    }
}

impl EventLog {
    /// Whether there is a log. Nothing is made, also no file.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn is_at(location: &Location) -> Result<bool, LogError> {
        Ok(location.holds("event").await?)
    }

    /// Opens a log, creates its tables where they are missing, and brings the hooks up to the head.
    ///
    /// # Errors
    /// The database cannot be opened, holds something else, or a hook cannot be brought up.
    pub async fn open(options: Options) -> Result<Self, LogError> {
        let database = Database::open(&options.location).await?;
        stores::prepare_tables(&database).await?;
        hooks::prepare(&database, &options.hooks, false).await?;
        let metrics = Metrics::new(&options.registry)
            .map_err(|error| LogError::Unexpected(format!("metrics: {error}")))?;
        let shared = Arc::new(Shared::new(options.clock, options.queue_events, metrics));
        let names: Vec<&'static str> = options.hooks.iter().map(|hook| hook.name()).collect();
        let store = match (&database, &options.location) {
            (Database::Sqlite(db), _) => Store::Sqlite(sqlite::Store::new(db.clone(), &names)),
            (Database::Postgres(_), Location::Postgres { url, schema, .. }) => {
                Store::Postgres(Box::new(postgres::Store::new(url, schema.as_deref(), &names)?))
            }
            (Database::Postgres(_), Location::Sqlite { .. }) => {
                return Err(LogError::Unexpected("a PostgreSQL database at a file".to_owned()));
            }
        };
        let (requests, queue) = mpsc::unbounded_channel();
        let (closing, closed) = watch::channel(false);
        let writer = Writer {
            store,
            shared: Arc::clone(&shared),
            hooks: options.hooks.clone(),
            requests: queue,
            closing: closed.clone(),
            max_batch: options.max_batch.max(1),
            wary: 0,
        };
        // On a thread of its own: between tasks that parse and seal, each of its round trips to the database
        // would wait for one of them to end.
        let own = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| LogError::Unexpected(format!("the writer's thread: {error}")))?;
        let mut tasks = vec![tokio::task::spawn_blocking(move || own.block_on(writer.run()))];
        if let (Database::Postgres(pool), Location::Postgres { schema, .. }) = (&database, &options.location)
        {
            let channel = postgres::listen::channel(schema.as_deref());
            let told = Arc::clone(&shared);
            let saw = move |position, fence| told.saw(position, fence);
            tasks.push(tokio::spawn(postgres::listen::follow(pool.clone(), channel, saw, closed)));
        }
        let log = Self {
            inner: Arc::new(Inner {
                database,
                requests,
                shared,
                warm: Warm::new(),
                hooks: options.hooks,
                closing,
                tasks: Mutex::new(tasks),
            }),
        };
        let (head, clock) = log.head_and_clock().await?;
        log.inner.shared.saw(head.position, head.fence);
        if hooks::unfinished(&log.inner.database, &log.inner.hooks).await?.is_some() {
            log.inner.shared.behind.notify_one();
        }
        log.inner.shared.trusted_now(clock).map_err(LogError::Unexpected)?;
        Ok(log)
    }

    /// Stores the events of one request, next to each other, or none. Answers once they are on disk. A
    /// caller that stops waiting leaves the request in the queue: it may still be stored.
    ///
    /// # Errors
    /// Each way in which nothing was stored.
    pub async fn append(&self, request: Append) -> Result<Appended, AppendError> {
        self.enqueue(request, Vec::new(), Vec::new()).await
    }

    /// As [`EventLog::append`], with slots that name sets of chunks, which were [staged](EventLog::stage) before.
    ///
    /// # Errors
    /// As [`EventLog::append`]; [`AppendError::Refused`] where a set is not staged any more.
    pub async fn append_naming(&self, request: Append, named: Vec<Naming>) -> Result<Appended, AppendError> {
        self.enqueue(request, Vec::new(), named).await
    }

    /// Deletes sealed slots and appends the event that says so, in one transaction. Slots that are gone
    /// already are passed over. The hashes stay: the chain and the other slots still verify. Sets of chunks that no
    /// slot names any more go too.
    ///
    /// # Errors
    /// As [`EventLog::append`].
    pub async fn delete_slots(
        &self,
        slots: &[(Position, u16)],
        event: NewEvent,
    ) -> Result<Appended, AppendError> {
        let request = Append { events: vec![event], fence: None, raise_fence: false };
        let appended = self.enqueue(request, slots.to_vec(), Vec::new()).await?;
        if let Err(error) = chunks::remove_doomed(&self.inner.database).await {
            tracing::warn!(%error, "chunks of deleted slots could not be removed; they go with the next sweep");
        }
        Ok(appended)
    }

    /// The end of the log, as committed.
    ///
    /// # Errors
    /// The database fails.
    pub async fn head(&self) -> Result<Head, LogError> {
        Ok(self.head_and_clock().await?.0)
    }

    /// The fence, as last seen. Read it before resolving people; see [`Append::fence`].
    pub fn fence(&self) -> u64 {
        self.inner.shared.fence()
    }

    /// An instant such that everything stored at or before it is committed and can be read, and nothing
    /// will be stored at or before it any more. Read it before the query it is to speak for. At most 200
    /// ms behind the time while nobody appends; it never passes a batch that is being written, nor an event of
    /// which a hook does not have all rows yet.
    ///
    /// # Errors
    /// The database fails.
    pub async fn consistent_through(&self) -> Result<Micros, LogError> {
        match self.inner.shared.through_within(CONSISTENT_FOR) {
            Some(through) => Ok(through),
            // Boxed, as it is seldom gone and would make everything that asks large.
            None => Box::pin(self.ask_how_far()).await,
        }
    }

    async fn ask_how_far(&self) -> Result<Micros, LogError> {
        let shared = &self.inner.shared;
        let _turn = shared.asking.lock().await;
        if let Some(through) = shared.through_within(CONSISTENT_FOR) {
            return Ok(through);
        }
        let (head, clock) = self.head_and_clock().await?;
        let known = head.stored.max(head.promised);
        // After the head: what is unfinished of what is below it is either found here or finished by now.
        if let Some(first) = hooks::unfinished(&self.inner.database, &self.inner.hooks).await? {
            // Whoever put it off may be gone.
            shared.behind.notify_one();
            let mut reader = self.inner.database.reader().await?;
            let before = read::stored_at(reader.tx(), first).await?.map_or(0, |stored| stored.0 - 1);
            return Ok(shared.saw_through(known.min(Micros(before))));
        }
        let Ok(now) = shared.trusted_now(clock) else { return Ok(shared.saw_through(known)) };
        if now.0 - known.0 <= 200_000 {
            return Ok(shared.saw_through(known));
        }
        Ok(match stores::promise(&self.inner.database, now).await {
            Ok(Some(head)) => shared.saw_through(head.stored.max(head.promised)),
            // Somebody is appending: the answer stays what it was, and the next one asks again.
            Ok(None) => known,
            // A full disk takes no promise; reading goes on without a newer one.
            Err(error) => {
                tracing::debug!(%error, "the promise could not be raised");
                known
            }
        })
    }

    /// Whether what is appended now would be stored, and could be read: the log runs, the clock can be trusted, and the
    /// database took something in the last two seconds. Where nobody appends, a promise is written.
    ///
    /// # Errors
    /// Why not.
    pub async fn takes_appends(&self) -> Result<Head, Unready> {
        let shared = &self.inner.shared;
        let stopped = || shared.stopped.get().cloned().map_or(Ok(()), |reason| Err(Unready::Stopped(reason)));
        stopped()?;
        let database = |error: String| Unready::Database(error);
        let (head, clock) = self.head_and_clock().await.map_err(|error| database(error.to_string()))?;
        let now = shared.trusted_now(clock).map_err(Unready::Clock)?;
        let _turn = shared.asking.lock().await;
        if let Some(known) = shared.stored_within(READY_FOR) {
            return known.map(|()| head);
        }
        match stores::promise(&self.inner.database, now).await {
            Ok(Some(_)) => shared.stored(),
            // Somebody is appending, and will know.
            Ok(None) => {}
            Err(error) => {
                return Err(match stores::classify(&error, Phase::Before) {
                    Failure::Full(reason) => Unready::Full(reason),
                    _ => database(error.to_string()),
                });
            }
        }
        stopped().map(|()| head)
    }

    /// Changes to the last position that can be read, by any node.
    pub fn subscribe(&self) -> watch::Receiver<Position> {
        self.inner.shared.head.subscribe()
    }

    /// Recomputes the chain and the hashes of the slots that are present, for a range of positions; a
    /// range that reaches the head is held against that too. `progress` is told how far it got.
    ///
    /// # Errors
    /// The first break, or the database failed.
    pub async fn verify(
        &self,
        range: RangeInclusive<u64>,
        progress: &mut (dyn FnMut(Position) + Send),
    ) -> Result<Verified, VerifyError> {
        verify::verify(&self.inner.database, range, progress).await
    }

    /// Holds the log against heads that were signed earlier. The chain itself is for [`EventLog::verify`]; both
    /// together show that nothing before the last anchor was changed, even by whoever could write all of it.
    ///
    /// # Errors
    /// The first anchor that the log does not have, or the database failed.
    pub async fn verify_anchors(&self, anchors: &[Anchor]) -> Result<(), VerifyError> {
        verify::anchors(&self.inner.database, anchors).await
    }

    /// Empties the tables of all hooks and folds the whole log into them again. For when nobody appends:
    /// an append that comes in between finishes the rest of the work before it is answered.
    ///
    /// # Errors
    /// The database or a hook fails.
    pub async fn rebuild_hooks(&self) -> Result<(), LogError> {
        hooks::prepare(&self.inner.database, &self.inner.hooks, true).await
    }

    /// The database the log is in; hooks' tables are read here.
    pub fn database(&self) -> &Database {
        &self.inner.database
    }

    /// Why the log takes no more appends, where it has stopped for good.
    pub fn stopped(&self) -> Option<String> {
        self.inner.shared.stopped.get().cloned()
    }

    /// Takes no more requests, finishes those that were taken, and closes the connections.
    pub async fn close(&self) {
        self.inner.closing.send_replace(true);
        for task in self.inner.tasks.lock().await.drain(..) {
            let _ = task.await;
        }
        self.inner.warm.close();
        self.inner.database.close().await;
    }

    pub(crate) fn warm(&self) -> &Warm {
        &self.inner.warm
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.inner.shared
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.inner.shared.metrics
    }

    async fn enqueue(
        &self,
        request: Append,
        deletions: Vec<(Position, u16)>,
        named: Vec<Naming>,
    ) -> Result<Appended, AppendError> {
        if request.events.is_empty() {
            return if request.raise_fence {
                Err(AppendError::Refused("an event is needed to raise the fence".to_owned()))
            } else {
                Ok(Appended { events: Vec::new() })
            };
        }
        let shared = &self.inner.shared;
        let stopped = || {
            let reason = shared.stopped.get().cloned();
            // A log that was closed in order is nothing that anybody has to be told of.
            if reason.is_some() {
                shared.metrics.refused.with_label_values(&["stopped"]).inc();
            }
            AppendError::Stopped(reason.unwrap_or_else(|| "it was closed".to_owned()))
        };
        if shared.stopped.get().is_some() || *self.inner.closing.borrow() {
            return Err(stopped());
        }
        // A request that is larger than the whole queue takes all of it.
        let size = request.events.len().min(shared.capacity);
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let Ok(room) = Arc::<Semaphore>::clone(&shared.queue).try_acquire_many_owned(size) else {
            shared.metrics.refused.with_label_values(&["full"]).inc();
            return Err(AppendError::Full { retry_after: 1 });
        };
        let work = Work::prepare(request, deletions, named);
        let work = work.map_err(|what| AppendError::Refused(what.to_owned()))?;
        let (answer, answered) = oneshot::channel();
        if self.inner.requests.send(Request { work, answer, room }).is_err() {
            return Err(stopped());
        }
        answered.await.unwrap_or_else(|_| Err(stopped()))
    }

    pub(crate) async fn head_and_clock(&self) -> Result<(Head, Option<Micros>), LogError> {
        let mut reader = self.inner.database.reader().await?;
        Ok(stores::head_and_clock(reader.tx()).await?)
    }
}
