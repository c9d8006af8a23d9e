//! A log made again from its records, aside, and verified: nothing that keeps a log append-only is in the way of that, and
//! is there before anybody else is.

use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use crate::clock::Micros;
use crate::database::{Database, Location, Tx, loading_options, on_either};
use crate::error::LogError;
use crate::event::{Head, Key, Position};
use crate::hash::{GENESIS, Hash};
use crate::rows::{Rows, SLOTS_PER_EVENT, int};
use crate::segment::Record;
use crate::verify::{self, Verified, VerifyError};
use crate::{postgres, sqlite, stores};

/// Events that are inserted in one go.
const BATCH: usize = 4_000;

/// Why a log could not be made again.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The database fails.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Records are missing or in another order.
    #[error("the event at position {expected} is missing: position {found} comes next")]
    Gap {
        /// What had to come.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// The log as it was at the position is in no backup any more.
    #[error(
        "the log at position {to} cannot be had: what stood at position {at} was deleted by the event at position {by}, \
         before it was backed up; choose a position from {by} on"
    )]
    Deleted {
        /// What was asked for.
        to: u64,
        /// Where a slot is missing.
        at: u64,
        /// The event that deleted it.
        by: u64,
    },
    /// There are fewer events than were asked for.
    #[error("the backup ends at position {end}, before position {to}")]
    Short {
        /// Where it ends.
        end: u64,
        /// What was asked for.
        to: u64,
    },
    /// The chain does not hold.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

impl From<sqlx::Error> for RestoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Log(error.into())
    }
}

/// A log that is being made again.
#[derive(Debug)]
pub struct Restoring {
    aside: Location,
    to: Position,
    loading: Loading,
    /// What makes the indexes and triggers again that were taken away.
    again: Vec<String>,
    rows: Rows,
    next: u64,
    last: (Micros, Hash),
    /// What was deleted by events that are taken in, and by later ones.
    deleted: Vec<(Position, u16, Position)>,
    beyond: Vec<(Position, u16, Position)>,
    /// The set whose chunks came last, which may come twice.
    sets: std::collections::HashSet<Key>,
}

#[derive(Debug)]
enum Loading {
    Sqlite(SqliteConnection),
    Postgres(PgPool),
}

impl Restoring {
    /// Makes empty tables where `aside` says; what is there is taken away before. All events up to `to` are going to be
    /// taken in.
    ///
    /// # Errors
    /// The database fails.
    pub async fn begin(aside: Location, to: Position) -> Result<Self, RestoreError> {
        aside.remove().await?;
        let database = Database::open(&aside).await?;
        stores::prepare_tables(&database).await?;
        let (loading, again) = match (&database, &aside) {
            (Database::Sqlite(_), Location::Sqlite { file }) => {
                database.close().await;
                let mut connection = SqliteConnection::connect_with(&loading_options(file)).await?;
                let again = sqlite::load::bare(&mut connection).await?;
                (Loading::Sqlite(connection), again)
            }
            (Database::Postgres(pool), _) => {
                let again = postgres::load::bare(pool).await?;
                (Loading::Postgres(pool.clone()), again)
            }
            (Database::Sqlite(_), Location::Postgres { .. }) => {
                return Err(LogError::Unexpected("a SQLite database in PostgreSQL".to_owned()).into());
            }
        };
        Ok(Self {
            aside,
            to,
            loading,
            again,
            rows: Rows::default(),
            next: 1,
            last: (Micros(0), GENESIS),
            deleted: Vec::new(),
            beyond: Vec::new(),
            sets: std::collections::HashSet::new(),
        })
    }

    /// Takes a record in, in the order in which they were copied. Those of later positions are passed over.
    ///
    /// # Errors
    /// A position is missing, or the database fails.
    pub async fn take(&mut self, record: Record) -> Result<(), RestoreError> {
        match record {
            Record::Event(event, _) if event.position > self.to => {}
            Record::Event(event, extra) => {
                if event.position.0 != self.next {
                    return Err(RestoreError::Gap { expected: self.next, found: event.position.0 });
                }
                self.next += 1;
                self.last = (event.stored, extra.hash);
                self.rows.events.push(event);
                self.rows.extras.push(extra);
                if self.rows.events.len() >= BATCH {
                    self.flush().await?;
                }
            }
            Record::Set(position, ..) if position > self.to => {}
            Record::Set(position, slot, set, hashes) => {
                self.sets.insert(set);
                let text = "INSERT INTO chunk_set (position, slot, set_id, hashes) VALUES ($1, $2, $3, $4)";
                let (position, slot) = (int(position.0), i64::from(slot));
                self.loading
                    .run(async |tx| {
                        on_either!(tx, connection => sqlx::query(text)
                        .bind(position).bind(slot).bind(&set[..]).bind(&hashes[..])
                        .execute(connection).await.map(drop))
                    })
                    .await?;
            }
            Record::Chunk(set, ..) if !self.sets.contains(&set) => {}
            Record::Chunk(set, number, body) => {
                let text = "INSERT INTO chunk (set_id, number, body) VALUES ($1, $2, $3)";
                self.loading
                    .run(async |tx| {
                        on_either!(tx, connection => sqlx::query(text)
                        .bind(&set[..]).bind(i64::from(number)).bind(&body[..])
                        .execute(connection).await.map(drop))
                    })
                    .await?;
            }
            Record::Deletion(position, slot, by) if by <= self.to => self.deleted.push((position, slot, by)),
            Record::Deletion(position, slot, by) if position <= self.to => {
                self.beyond.push((position, slot, by));
            }
            Record::Deletion(..) => {}
        }
        Ok(())
    }

    /// Makes it a log: what was deleted goes, the head stands at its end, indexes and triggers are there; and verifies it.
    /// `fence`: how often the fence was raised in the log that was copied, at least.
    ///
    /// # Errors
    /// It ends too early, what is missing of it is no event's doing, the chain does not hold, or the database fails.
    pub async fn finish(mut self, fence: u64) -> Result<Verified, RestoreError> {
        self.flush().await?;
        if self.next != self.to.0 + 1 {
            return Err(RestoreError::Short { end: self.next - 1, to: self.to.0 });
        }
        for (position, slot, by) in &self.beyond {
            if !self.loading.holds(*position, *slot).await? {
                return Err(RestoreError::Deleted { to: self.to.0, at: position.0, by: by.0 });
            }
        }
        self.loading.delete(&self.deleted).await?;
        let (stored, hash) = self.last;
        let head = Head { position: self.to, stored, hash, fence: fence + 1, promised: stored };
        for statement in std::mem::take(&mut self.again) {
            self.loading.say(statement).await?;
        }
        if head.position.0 > 0 {
            self.loading.head(&head).await?;
        }
        match self.loading {
            Loading::Sqlite(mut connection) => {
                sqlx::raw_sql("PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = WAL")
                    .execute(&mut connection)
                    .await?;
                connection.close().await?;
            }
            Loading::Postgres(pool) => pool.close().await,
        }
        let database = Database::open(&self.aside).await?;
        let verified = verify::in_parts(&database, self.to).await;
        database.close().await;
        Ok(verified?)
    }

    async fn flush(&mut self) -> Result<(), RestoreError> {
        let rows = std::mem::take(&mut self.rows);
        match &mut self.loading {
            Loading::Sqlite(connection) => {
                sqlx::raw_sql("BEGIN").execute(&mut *connection).await?;
                sqlite::write::insert(connection, &rows).await?;
                sqlx::raw_sql("COMMIT").execute(connection).await?;
            }
            Loading::Postgres(pool) => postgres::write::insert(&mut *pool.acquire().await?, &rows).await?,
        }
        Ok(())
    }
}

impl Loading {
    async fn run(
        &mut self,
        work: impl AsyncFnOnce(Tx<'_>) -> Result<(), sqlx::Error>,
    ) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(connection) => work(Tx::Sqlite(connection)).await,
            Self::Postgres(pool) => work(Tx::Postgres(&mut *pool.acquire().await?)).await,
        }
    }

    /// Runs a statement out of the catalogue or of this program.
    async fn say(&mut self, statement: String) -> Result<(), sqlx::Error> {
        self.run(async |tx| {
            on_either!(tx, connection =>
                sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await.map(drop))
        })
        .await
    }

    /// Whether a slot is there.
    async fn holds(&mut self, position: Position, slot: u16) -> Result<bool, sqlx::Error> {
        match self {
            Self::Sqlite(connection) => {
                let text = "SELECT EXISTS (SELECT 1 FROM sealed WHERE place = $1)";
                sqlx::query_scalar(text).bind(place(position, slot)).fetch_one(connection).await
            }
            Self::Postgres(pool) => {
                let text = "SELECT EXISTS (SELECT 1 FROM sealed WHERE position = $1 AND slot = $2)";
                let query = sqlx::query_scalar(text).bind(int(position.0)).bind(i32::from(slot));
                query.fetch_one(&*pool).await
            }
        }
    }

    /// Notes deletions, and takes away what they name, and the chunks that no slot names then.
    async fn delete(&mut self, deleted: &[(Position, u16, Position)]) -> Result<(), sqlx::Error> {
        for some in deleted.chunks(5_000) {
            match self {
                Self::Sqlite(connection) => {
                    let mut query = sqlx::QueryBuilder::new("INSERT INTO sealed_deleted (place, event) ");
                    query.push_values(some, |mut row, (position, slot, by)| {
                        row.push_bind(place(*position, *slot)).push_bind(int(by.0));
                    });
                    query.build().execute(&mut *connection).await?;
                }
                Self::Postgres(pool) => {
                    let text = "INSERT INTO sealed_deleted (position, slot, event) \
                                SELECT * FROM unnest($1::bigint[], $2::int[], $3::bigint[])";
                    let positions: Vec<i64> = some.iter().map(|(position, ..)| int(position.0)).collect();
                    let slots: Vec<i32> = some.iter().map(|(_, slot, _)| i32::from(*slot)).collect();
                    let by: Vec<i64> = some.iter().map(|(.., by)| int(by.0)).collect();
                    sqlx::query(text).bind(positions).bind(slots).bind(by).execute(&*pool).await?;
                }
            }
        }
        let (gone, named) = match self {
            Self::Sqlite(_) => (
                "DELETE FROM sealed WHERE place IN (SELECT place FROM sealed_deleted)",
                "s.place = c.position * 65536 + c.slot",
            ),
            Self::Postgres(_) => (
                "DELETE FROM sealed s USING sealed_deleted d WHERE s.position = d.position AND s.slot = d.slot",
                "s.position = c.position AND s.slot = c.slot",
            ),
        };
        self.say(gone.to_owned()).await?;
        self.say(format!(
            "DELETE FROM chunk WHERE set_id NOT IN (SELECT c.set_id FROM chunk_set c JOIN sealed s ON {named})"
        ))
        .await
    }

    /// Puts the head at the log's end.
    async fn head(&mut self, head: &Head) -> Result<(), sqlx::Error> {
        let text = "UPDATE log_head SET position = $1, stored = $2, hash = $3, fence = $4, promised = $5";
        let head = *head;
        self.run(async |tx| {
            on_either!(tx, connection => sqlx::query(text)
                .bind(int(head.position.0)).bind(head.stored.0).bind(&head.hash[..])
                .bind(int(head.fence)).bind(head.promised.0).execute(connection).await.map(drop))
        })
        .await
    }
}

fn place(position: Position, slot: u16) -> i64 {
    int(position.0) * SLOTS_PER_EVENT + i64::from(slot)
}
