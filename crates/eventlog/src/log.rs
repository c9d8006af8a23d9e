//! The log itself: opening, appending, reading.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::anchor::Anchor;
use crate::chunks::Naming;
use crate::clock::{Micros, SharedClock};
use crate::database::{Database, Location, Tx};
use crate::event::{Append, AppendError, Appended, Event, Head, Key, NewEvent, Position, Slot, WithSlots};
use crate::fold::InTransaction;
use crate::metrics::Metrics;
use crate::rows::Work;
use crate::store::Store;
use crate::verify::{self, Verified, VerifyError};
use crate::writer::{Request, Shared, Writer};
use crate::{hooks, postgres, sqlite};

/// How old the answer of [`EventLog::consistent_through`] may be before it is refreshed.
const CONSISTENT_FOR: Duration = Duration::from_millis(200);

/// Why the log could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The database failed or cannot be reached.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A hook could not be prepared or brought up to the head.
    #[error("the index {hook} cannot be brought up to date: {source}")]
    Hook {
        /// Its name.
        hook: &'static str,
        /// Why.
        source: crate::fold::FoldError,
    },
    /// What is stored is not what this program writes.
    #[error("the log's database is not as expected: {0}")]
    Unexpected(String),
}

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
    hooks: Vec<Arc<dyn InTransaction>>,
    closing: watch::Sender<bool>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl std::fmt::Debug for EventLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventLog").field("database", &self.inner.database).finish_non_exhaustive()
    }
}

/// The function of this name in the module of whichever database the connection is to.
macro_rules! read {
    ($tx:expr, $function:ident ( $($argument:expr),* )) => {
        match $tx {
            Tx::Sqlite(connection) => sqlite::read::$function(connection, $($argument),*).await,
            Tx::Postgres(connection) => postgres::read::$function(connection, $($argument),*).await,
        }
    };
}
pub(crate) use read;

impl EventLog {
    /// Makes the role of `owner` own the log's tables, which are created where they are missing, and lets the role of
    /// `service` use them and no more: it cannot change or drop them, nor what keeps them append-only. In the schemas
    /// `others` of the same database, made where they are missing, it may make what it likes. For PostgreSQL; done
    /// again it changes nothing.
    ///
    /// # Errors
    /// The database cannot be reached, one role cannot be told from the other, or the owner may not do it: it has to
    /// be a superuser, or a member of the role that owns the tables until now.
    pub async fn separate_roles(
        owner: &Location,
        service: &Location,
        others: &[Location],
    ) -> Result<(), LogError> {
        let database = Database::open(owner).await?;
        hooks::prepare_tables(&database).await?;
        let serving = Database::open(service).await?;
        let (Database::Postgres(pool), Database::Postgres(service)) = (&database, &serving) else {
            return Err(LogError::Unexpected("roles are PostgreSQL's".to_owned()));
        };
        let role = "SELECT current_user::text";
        let owning: String = sqlx::query_scalar(role).fetch_one(pool).await?;
        let role: String = sqlx::query_scalar(role).fetch_one(service).await?;
        if owning == role {
            return Err(LogError::Unexpected("the owner and the service log in as one role".to_owned()));
        }
        postgres::rights::separate(pool, &role).await?;
        for other in others {
            let other = Database::open(other).await?;
            if let Database::Postgres(pool) = &other {
                postgres::rights::lend(pool, &role).await?;
            }
            other.close().await;
        }
        database.close().await;
        serving.close().await;
        Ok(())
    }

    /// Whether the role that this log was opened with could take away what keeps it append-only. On SQLite whoever
    /// can write the file can.
    ///
    /// # Errors
    /// The database fails.
    pub async fn could_rewrite(&self) -> Result<bool, LogError> {
        match &self.inner.database {
            Database::Sqlite(_) => Ok(true),
            Database::Postgres(pool) => {
                Ok(postgres::rights::could_rewrite(&mut *pool.acquire().await?).await?)
            }
        }
    }

    /// Opens a log, creates its tables where they are missing, and brings the hooks up to the head.
    ///
    /// # Errors
    /// The database cannot be opened, holds something else, or a hook cannot be brought up.
    pub async fn open(options: Options) -> Result<Self, LogError> {
        let database = Database::open(&options.location).await?;
        hooks::prepare_tables(&database).await?;
        hooks::prepare(&database, &options.hooks, false).await?;
        let metrics = Metrics::new(&options.registry)
            .map_err(|error| LogError::Unexpected(format!("metrics: {error}")))?;
        let shared = Arc::new(Shared::new(options.clock, options.queue_events, metrics));
        let names: Vec<&'static str> = options.hooks.iter().map(|hook| hook.name()).collect();
        let store = match (&database, &options.location) {
            (Database::Sqlite(db), _) => Store::Sqlite(sqlite::Store::new(db.clone(), &names)),
            (Database::Postgres(_), Location::Postgres { url, schema }) => {
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
            tasks.push(tokio::spawn(postgres::listen::follow(
                pool.clone(),
                channel,
                Arc::clone(&shared),
                closed,
            )));
        }
        let log = Self {
            inner: Arc::new(Inner {
                database,
                requests,
                shared,
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
        if let Err(error) = self.remove_doomed().await {
            tracing::warn!(%error, "chunks of deleted slots could not be removed; they go with the next sweep");
        }
        Ok(appended)
    }

    /// Where the events with these dedupe keys are, in the order asked.
    ///
    /// # Errors
    /// The database fails.
    pub async fn find(&self, keys: &[Key]) -> Result<Vec<Option<Position>>, LogError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut reader = self.inner.database.reader().await?;
        let found = match reader.tx() {
            Tx::Sqlite(connection) => sqlite::find(connection, keys).await?,
            Tx::Postgres(connection) => postgres::read::find(connection, keys).await?,
        };
        let found: HashMap<Key, u64> = found.into_iter().collect();
        Ok(keys.iter().map(|key| found.get(key).copied().map(Position)).collect())
    }

    /// The events after a position, in order, at most `limit`.
    ///
    /// # Errors
    /// The database fails.
    pub async fn read(&self, after: Position, limit: usize) -> Result<Vec<Event>, LogError> {
        let mut reader = self.inner.database.reader().await?;
        Ok(read!(reader.tx(), page(after, limit))?)
    }

    /// The events of some kinds after a position, in order, at most `limit`. Fast for every kind but
    /// `statement`, of which there are too many for an index.
    ///
    /// # Errors
    /// The database fails.
    pub async fn read_kinds(
        &self,
        kinds: &[&str],
        after: Position,
        limit: usize,
    ) -> Result<Vec<Event>, LogError> {
        let mut reader = self.inner.database.reader().await?;
        Ok(read!(reader.tx(), page_of_kinds(kinds, after, limit))?)
    }

    /// The events at these positions with the slots they still have, in the order asked; positions
    /// where nothing is are passed over.
    ///
    /// # Errors
    /// The database fails.
    pub async fn read_at(&self, positions: &[Position]) -> Result<Vec<(Event, Vec<Slot>)>, LogError> {
        let mut reader = self.inner.database.reader().await?;
        let events: Vec<Event> = read!(reader.tx(), at(positions))?;
        let mut found: HashMap<Position, (Event, Vec<Slot>)> =
            events.into_iter().map(|event| (event.position, (event, Vec::new()))).collect();
        let slots: Vec<(Position, Slot)> = read!(reader.tx(), slots_at(positions))?;
        for (position, slot) in slots {
            if let Some((_, slots)) = found.get_mut(&position) {
                slots.push(slot);
            }
        }
        Ok(positions.iter().filter_map(|position| found.remove(position)).collect())
    }

    /// The events at these positions, without their slots, in the order asked; positions where nothing is are
    /// passed over.
    ///
    /// # Errors
    /// The database fails.
    pub async fn read_events_at(&self, positions: &[Position]) -> Result<Vec<Event>, LogError> {
        let mut reader = self.inner.database.reader().await?;
        let events: Vec<Event> = read!(reader.tx(), at(positions))?;
        let mut found: HashMap<Position, Event> =
            events.into_iter().map(|event| (event.position, event)).collect();
        Ok(positions.iter().filter_map(|position| found.remove(position)).collect())
    }

    /// The events at these positions, each with its small slots, in the order asked; positions where nothing is are
    /// passed over. One query: what is in larger slots is left to [`EventLog::read_slots`].
    ///
    /// # Errors
    /// The database fails.
    pub async fn read_with_slots(&self, positions: &[Position]) -> Result<Vec<WithSlots>, LogError> {
        let mut reader = self.inner.database.reader().await?;
        let rows: Vec<(Event, u16, Option<Slot>)> = read!(reader.tx(), with_slots(positions))?;
        let mut found: HashMap<Position, WithSlots> = HashMap::with_capacity(positions.len());
        for (event, had, slot) in rows {
            let whole = found.entry(event.position);
            whole.or_insert_with(|| WithSlots { event, slots: Vec::new(), had }).slots.extend(slot);
        }
        Ok(positions.iter().filter_map(|position| found.remove(position)).collect())
    }

    /// Some slots of the events at some positions, each with its position, ascending by number within an event. Slots
    /// that were deleted, or never were, are passed over.
    ///
    /// # Errors
    /// The database fails.
    pub async fn read_slots(
        &self,
        wanted: &[(Position, RangeInclusive<u16>)],
    ) -> Result<Vec<(Position, Slot)>, LogError> {
        let mut reader = self.inner.database.reader().await?;
        Ok(read!(reader.tx(), slots_among(wanted))?)
    }

    /// The version of a stream and the position of its last event.
    ///
    /// # Errors
    /// The database fails.
    pub async fn stream_head(&self, stream: Key) -> Result<Option<(u64, Position)>, LogError> {
        let mut reader = self.inner.database.reader().await?;
        Ok(read!(reader.tx(), stream_head(&stream))?)
    }

    /// The last event of each of these streams, in the order asked; none where a stream has none. One query.
    ///
    /// # Errors
    /// The database fails.
    pub async fn latest(&self, streams: &[Key]) -> Result<Vec<Option<Event>>, LogError> {
        if streams.is_empty() {
            return Ok(Vec::new());
        }
        let mut reader = self.inner.database.reader().await?;
        let events: Vec<Event> = read!(reader.tx(), latest(streams))?;
        let found: HashMap<Key, Event> =
            events.into_iter().filter_map(|event| Some((event.stream?.0, event))).collect();
        Ok(streams.iter().map(|stream| found.get(stream).cloned()).collect())
    }

    /// The events that stand in these streams as these versions, in the order asked; none where there is none. One
    /// query.
    ///
    /// # Errors
    /// The database fails.
    pub async fn at_versions(&self, wanted: &[(Key, u64)]) -> Result<Vec<Option<Event>>, LogError> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut reader = self.inner.database.reader().await?;
        let events: Vec<Event> = read!(reader.tx(), at_versions(wanted))?;
        let found: HashMap<(Key, u64), Event> =
            events.into_iter().filter_map(|event| Some((event.stream?, event))).collect();
        Ok(wanted.iter().map(|place| found.get(place).cloned()).collect())
    }

    /// The last event stored at or before an instant; 0 if there is none. `stored` increases with the
    /// position, so this takes some twenty look-ups and no index.
    ///
    /// # Errors
    /// The database fails.
    pub async fn position_at(&self, instant: Micros) -> Result<Position, LogError> {
        let mut reader = self.inner.database.reader().await?;
        let (mut low, mut high) = (0, head_and_clock(reader.tx()).await?.0.position.0);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            let stored: Option<Micros> = read!(reader.tx(), stored_at(Position(middle)))?;
            if stored.is_some_and(|stored| stored <= instant) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Ok(Position(low))
    }

    /// When the event at a position was stored, if there is one.
    ///
    /// # Errors
    /// The database fails.
    pub async fn stored_at(&self, position: Position) -> Result<Option<Micros>, LogError> {
        let mut reader = self.inner.database.reader().await?;
        Ok(read!(reader.tx(), stored_at(position))?)
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
            let before = self.stored_at(first).await?.map_or(0, |stored| stored.0 - 1);
            return Ok(shared.saw_through(known.min(Micros(before))));
        }
        let Ok(now) = shared.trusted_now(clock) else { return Ok(shared.saw_through(known)) };
        if now.0 - known.0 <= 200_000 {
            return Ok(shared.saw_through(known));
        }
        let head = match &self.inner.database {
            Database::Sqlite(db) => sqlite::promise(db, now).await,
            Database::Postgres(pool) => postgres::promise(pool, now).await,
        };
        Ok(match head {
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
        self.inner.database.close().await;
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
        head_and_clock(reader.tx()).await
    }
}

async fn head_and_clock(tx: Tx<'_>) -> Result<(Head, Option<Micros>), LogError> {
    Ok(match tx {
        Tx::Sqlite(connection) => (sqlite::head(connection).await?, None),
        Tx::Postgres(connection) => {
            let (head, clock) = postgres::head(connection).await?;
            (head, Some(clock))
        }
    })
}
