//! A fresh database, and events to put into it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use eventlog::clock::{ManualClock, Micros};
use eventlog::projection::Views;
use eventlog::{
    Append, Database, Event, EventLog, Expected, FoldError, InTransaction, Key, Location, NewEvent, Options,
    Slot, Tx,
};
use sqlx::Connection;
use testkit::postgres::TestDatabase;
use tokio::sync::{Semaphore, watch};

pub(crate) const NOON: Micros = Micros(1_790_000_000_000_000);

pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) log: Location,
    pub(crate) views: Location,
    _folder: Option<tempfile::TempDir>,
    _database: Option<TestDatabase>,
}

impl World {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            clock: ManualClock::at(NOON),
            log: Location::sqlite(folder.path().join("log.db")),
            views: Location::sqlite(folder.path().join("views.db")),
            _folder: Some(folder),
            _database: None,
        }
    }

    pub(crate) async fn postgres() -> Self {
        let database = testkit::postgres::database().await.unwrap();
        Self {
            clock: ManualClock::at(NOON),
            log: Location::postgres(database.url(), "log"),
            views: Location::postgres(database.url(), "views"),
            _folder: None,
            _database: Some(database),
        }
    }

    pub(crate) fn options(&self) -> Options {
        Options::new(self.log.clone(), self.clock.clone())
    }

    pub(crate) async fn open(&self) -> EventLog {
        EventLog::open(self.options()).await.unwrap()
    }

    pub(crate) async fn open_with(&self, hooks: Vec<Arc<dyn InTransaction>>) -> EventLog {
        EventLog::open(Options { hooks, ..self.options() }).await.unwrap()
    }

    pub(crate) async fn open_views(&self) -> Views {
        Views::open(&self.views).await.unwrap()
    }

    /// Runs SQL on a connection that knows nothing of the log's rules, as somebody with a shell would.
    pub(crate) async fn attack(&self, sqlite: &str, postgres: &str) -> Result<u64, sqlx::Error> {
        match &self.log {
            Location::Sqlite { file } => {
                let url = format!("sqlite://{}", file.display());
                let mut connection = sqlx::SqliteConnection::connect(&url).await?;
                let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sqlite)).execute(&mut connection).await;
                connection.close().await?;
                done.map(|done| done.rows_affected())
            }
            Location::Postgres { url, .. } => {
                let mut connection = sqlx::PgConnection::connect(url).await?;
                sqlx::raw_sql("SET search_path = log").execute(&mut connection).await?;
                let done = sqlx::raw_sql(sqlx::AssertSqlSafe(postgres)).execute(&mut connection).await;
                connection.close().await?;
                done.map(|done| done.rows_affected())
            }
        }
    }

    pub(crate) fn clock_now(&self) -> Micros {
        eventlog::clock::Clock::now(self.clock.as_ref())
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self.log, Location::Sqlite { .. })
    }
}

/// A number that no other event of the process has, as a key.
pub(crate) fn fresh() -> Key {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut key = [0xab; 16];
    key[8..].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    key
}

pub(crate) fn event() -> NewEvent {
    NewEvent {
        id: fresh(),
        kind: "statement",
        schema: 1,
        credential: None,
        dedupe: None,
        stream: None,
        facts: b"facts".to_vec(),
        slots: Vec::new(),
    }
}

pub(crate) fn keyed(dedupe: Key) -> NewEvent {
    NewEvent { dedupe: Some(dedupe), ..event() }
}

pub(crate) fn with_facts(facts: &[u8]) -> NewEvent {
    NewEvent { facts: facts.to_vec(), ..event() }
}

pub(crate) fn of_kind(kind: &'static str) -> NewEvent {
    NewEvent { kind, ..event() }
}

pub(crate) fn in_stream(stream: Key, expected: Expected) -> NewEvent {
    NewEvent { stream: Some((stream, expected)), kind: "document", ..event() }
}

pub(crate) fn with_slots(bodies: &[&[u8]]) -> NewEvent {
    let slots = (0..)
        .zip(bodies)
        .map(|(number, body)| Slot {
            number,
            owner: (number % 2 == 0).then(fresh),
            period: 8_104,
            body: body.to_vec(),
        })
        .collect();
    NewEvent { slots, ..event() }
}

pub(crate) fn request(events: Vec<NewEvent>) -> Append {
    Append { events, fence: None, raise_fence: false }
}

/// Appends events one request each, and gives the last position.
pub(crate) async fn fill(log: &EventLog, events: Vec<NewEvent>) -> u64 {
    let mut last = 0;
    for event in events {
        last = log.append(request(vec![event])).await.unwrap().events[0].0.0;
    }
    last
}

pub(crate) async fn whole(log: &EventLog) -> eventlog::verify::Verified {
    log.verify(1..=u64::MAX, &mut |_| {}).await.unwrap()
}

/// A hook that notes positions in a table of its own, refuses facts that say `bad`, and can be made to
/// wait inside the transaction.
pub(crate) struct Notes {
    pub(crate) version: u32,
    pub(crate) gate: Semaphore,
    /// How many batches have reached the gate.
    pub(crate) reached: watch::Sender<u64>,
}

impl Notes {
    pub(crate) fn open() -> Arc<Self> {
        Self::with(1, Semaphore::MAX_PERMITS)
    }

    /// Waits in every batch until the test lets it through.
    pub(crate) fn gated() -> Arc<Self> {
        Self::with(1, 0)
    }

    pub(crate) fn of_version(version: u32) -> Arc<Self> {
        Self::with(version, Semaphore::MAX_PERMITS)
    }

    fn with(version: u32, permits: usize) -> Arc<Self> {
        Arc::new(Self { version, gate: Semaphore::new(permits), reached: watch::Sender::new(0) })
    }

    /// Waits until this many batches are inside their transaction, or through.
    pub(crate) async fn until_reached(&self, batches: u64) {
        self.reached.subscribe().wait_for(|reached| *reached >= batches).await.unwrap();
    }

    /// Lets everything through from now on.
    pub(crate) fn let_through(&self) {
        self.gate.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    pub(crate) async fn rows(log: &EventLog) -> Vec<i64> {
        let text = "SELECT position FROM note ORDER BY position";
        match log.database() {
            Database::Sqlite(db) => sqlx::query_scalar(text).fetch_all(&db.readers).await.unwrap(),
            Database::Postgres(pool) => sqlx::query_scalar(text).fetch_all(pool).await.unwrap(),
        }
    }
}

type Folding<'a> = futures_util::future::BoxFuture<'a, Result<(), FoldError>>;

impl InTransaction for Notes {
    fn name(&self) -> &'static str {
        "notes"
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn prepare<'a>(&'a self, mut tx: Tx<'a>) -> Folding<'a> {
        Box::pin(async move {
            let sql = "CREATE TABLE IF NOT EXISTS note (position bigint PRIMARY KEY)";
            Ok(tx.run(sql, sql).await?)
        })
    }

    fn reset<'a>(&'a self, mut tx: Tx<'a>) -> Folding<'a> {
        Box::pin(async move { Ok(tx.run("DROP TABLE IF EXISTS note", "DROP TABLE IF EXISTS note").await?) })
    }

    fn apply<'a>(&'a self, mut tx: Tx<'a>, events: &'a [Event]) -> Folding<'a> {
        Box::pin(async move {
            for event in events {
                if event.facts == b"bad" {
                    return Err(FoldError::event(event.position, "it says so itself"));
                }
                if event.facts == b"full" {
                    // What the database says when its disk is full.
                    tx.run("SELECT 1", "DO $$ BEGIN RAISE 'no space' USING ERRCODE = '53100'; END $$")
                        .await?;
                }
                let text = "INSERT INTO note VALUES ($1)";
                let position = i64::try_from(event.position.0).unwrap();
                match tx.reborrow() {
                    Tx::Sqlite(c) => sqlx::query(text).bind(position).execute(c).await.map(drop)?,
                    Tx::Postgres(c) => sqlx::query(text).bind(position).execute(c).await.map(drop)?,
                }
            }
            self.reached.send_modify(|reached| *reached += 1);
            let _permit = self.gate.acquire().await.unwrap();
            Ok(())
        })
    }
}
