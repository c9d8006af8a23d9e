//! The baseline: the rows that the server wrote, inserted again into the same tables by the storage code's own
//! insert functions, and nothing else.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use eventlog::bare::Rows;
use eventlog::{Database, Position, Tx};
use sqlx::pool::PoolConnection;
use views::statements::bare::{self as index, IndexRows};

use crate::figures::Rate;
use crate::flags::{Backend, Flags};
use crate::place::Place;

/// The one hook that writes in the append's transaction.
const HOOKS: [&str; 1] = ["statement_index"];
/// Events read, or written before the clock starts, at a time.
const PAGE: usize = 1_000;

/// Everything that a server wrote into its log.
pub(crate) struct Stored {
    /// Up to here it was written before the clock started.
    warm: u64,
    rows: Rows,
    index: BTreeMap<u64, IndexRows>,
}

impl Stored {
    pub(crate) async fn read(place: &Place, warm: u64) -> Result<Self> {
        let database = Database::open(&place.log()).await?;
        let mut rows = Rows::default();
        loop {
            let after = rows.events.last().map_or(Position(0), |event| event.position);
            let page = eventlog::bare::read(&database, after, PAGE).await?;
            if page.events.is_empty() {
                break;
            }
            rows.events.extend(page.events);
            rows.extras.extend(page.extras);
        }
        let index = index::read(&database).await?;
        database.close().await;
        Ok(Self { warm, rows, index })
    }

    /// How many statements.
    pub(crate) fn statements(&self) -> usize {
        self.rows.events.iter().filter(|event| event.kind == "statement").count()
    }

    /// The statements as they would be appended: those written before the clock started, and the others.
    pub(crate) fn events(&self) -> (Vec<eventlog::NewEvent>, Vec<eventlog::NewEvent>) {
        let all = self.rows.events.iter().zip(&self.rows.extras);
        let statements = all.filter(|(event, _)| event.kind == "statement");
        let (warm, timed): (Vec<_>, Vec<_>) =
            statements.partition(|(event, _)| event.position.0 <= self.warm);
        let new = |(event, extra): (&eventlog::Event, &eventlog::bare::Extra)| eventlog::NewEvent {
            id: event.id,
            kind: "statement",
            schema: event.schema,
            credential: event.credential,
            dedupe: event.dedupe,
            stream: None,
            facts: event.facts.clone(),
            slots: extra.slots.clone(),
        };
        (warm.into_iter().map(new).collect(), timed.into_iter().map(new).collect())
    }

    /// Batches of this size of the rows between two positions, ready to insert.
    fn batches(&self, after: u64, through: u64, size: usize) -> Vec<(Rows, IndexRows)> {
        let bounds = |position: u64| usize::try_from(position).unwrap_or(usize::MAX);
        let range = bounds(after)..bounds(through);
        let events = self.rows.events[range.clone()].chunks(size);
        let extras = self.rows.extras[range].chunks(size);
        events
            .zip(extras)
            .map(|(events, extras)| {
                let (first, last) = (events[0].position.0, events[events.len() - 1].position.0);
                let index = IndexRows::join(self.index.range(first..=last).map(|(_, rows)| rows));
                (Rows { events: events.to_vec(), extras: extras.to_vec() }, index)
            })
            .collect()
    }
}

/// Inserts the rows in transactions of `batch` events, for at most so long.
pub(crate) async fn measure(
    backend: Backend,
    flags: &Flags,
    stored: &Stored,
    batch: usize,
    limit: Duration,
) -> Result<Rate> {
    let place = Place::fresh(backend, flags).await?;
    let database = Database::open(&place.log()).await?;
    eventlog::bare::create_tables(&database).await?;
    let mut writer = Writer::of(&database).await?;
    index::create_tables(writer.tx()).await?;
    for (rows, index) in stored.batches(0, stored.warm, PAGE) {
        writer.write(&rows, index).await?;
    }
    let batches = stored.batches(stored.warm, stored.rows.events.len() as u64, batch);
    place.settle().await?;
    let (mut count, began) = (0, Instant::now());
    let mut terms = 0;
    for (rows, index) in batches {
        if began.elapsed() > limit {
            break;
        }
        count += rows.events.len() as u64;
        terms += index.count();
        writer.write(&rows, index).await?;
    }
    let rate = Rate { count, seconds: began.elapsed().as_secs_f64() };
    if terms == 0 {
        bail!("the server's index was empty");
    }
    drop(writer);
    database.close().await;
    place.drop_now().await?;
    Ok(rate)
}

/// One connection, kept.
enum Writer {
    Sqlite(PoolConnection<sqlx::Sqlite>),
    Postgres(PoolConnection<sqlx::Postgres>),
}

impl Writer {
    async fn of(database: &Database) -> Result<Self> {
        Ok(match database {
            Database::Sqlite(db) => Self::Sqlite(db.writer.acquire().await?),
            Database::Postgres(pool) => Self::Postgres(pool.acquire().await?),
        })
    }

    fn tx(&mut self) -> Tx<'_> {
        match self {
            Self::Sqlite(connection) => Tx::Sqlite(connection),
            Self::Postgres(connection) => Tx::Postgres(connection),
        }
    }

    async fn write(&mut self, rows: &Rows, index: IndexRows) -> Result<()> {
        self.tx().run("BEGIN IMMEDIATE", "BEGIN").await?;
        eventlog::bare::insert(self.tx(), rows, &HOOKS).await?;
        index::insert(self.tx(), index).await?;
        Ok(self.tx().run("COMMIT", "COMMIT").await?)
    }
}
