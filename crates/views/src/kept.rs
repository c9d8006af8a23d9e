//! Refused statements that are kept, written in the append's transaction.
//!
//! One row of `kept_statement` for each that waits for replay, and for each that nobody can read any more: its id stays
//! known, so that a tool that sends it again does not bring an erased person back. What was stored, known or discarded
//! has no row.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::Facts as _;
use domain::events::{KeptDiscardedFacts, KeptReplayedFacts, Settled, StatementRefusedFacts, kind};
use eventlog::database::{Database, Tx};
use eventlog::event::{Event, Key, Position};
use eventlog::fold::{FoldError, InTransaction};
use futures_util::FutureExt as _;
use sqlx::Row as _;

use crate::ViewError;
use crate::index::Index;
use crate::sql::{insert_sqlite, json_positions, key, position, signed};

/// How much a credential has waiting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Statements.
    pub statements: u64,
    /// Bytes of their texts and of their attachments.
    pub bytes: u64,
}

/// Both databases read the index alone, in its order.
const COUNT: &str = "SELECT COUNT(*), CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM kept_statement \
                     WHERE readable = 1 AND credential = $1";
const PAGE: &str = "SELECT position FROM kept_statement WHERE readable = 1 AND credential = $1 AND position > $2 \
                    ORDER BY position LIMIT $3";

/// The hook that writes the table; give it to the log when opening it.
pub fn hook() -> Arc<dyn InTransaction> {
    Arc::new(Index {
        name: "kept_index",
        tables: (SQLITE_TABLE, POSTGRES_TABLE),
        drop: DROP_TABLE,
        fold: |tx, events| fold(tx, events).boxed(),
    })
}

/// How much waits, by credential; those with nothing are left out.
///
/// # Errors
/// The database fails.
pub async fn waiting(database: &Database) -> Result<BTreeMap<Key, Waiting>, ViewError> {
    let sql = "SELECT credential, COUNT(*), CAST(SUM(bytes) AS BIGINT) FROM kept_statement \
               WHERE readable = 1 GROUP BY credential";
    let row = |credential: &[u8], statements: i64, bytes: i64| {
        Ok((key(credential)?, Waiting { statements: number(statements), bytes: number(bytes) }))
    };
    let rows: Vec<_> = match database {
        Database::Sqlite(db) => {
            let query = sqlx::query(sql)
                .try_map(|r: sqlx::sqlite::SqliteRow| row(r.try_get(0)?, r.try_get(1)?, r.try_get(2)?));
            query.fetch_all(&db.readers).await?
        }
        Database::Postgres(pool) => {
            let query = sqlx::query(sql)
                .try_map(|r: sqlx::postgres::PgRow| row(r.try_get(0)?, r.try_get(1)?, r.try_get(2)?));
            query.fetch_all(pool).await?
        }
    };
    Ok(rows.into_iter().collect())
}

/// How much waits of one credential.
///
/// # Errors
/// The database fails.
pub async fn waiting_of(database: &Database, credential: &Key) -> Result<Waiting, ViewError> {
    let (statements, bytes): (i64, i64) = match database {
        Database::Sqlite(db) => sqlx::query_as(COUNT).bind(&credential[..]).fetch_one(&db.readers).await?,
        Database::Postgres(pool) => sqlx::query_as(COUNT).bind(&credential[..]).fetch_one(pool).await?,
    };
    Ok(Waiting { statements: number(statements), bytes: number(bytes) })
}

/// The events that keep what a credential has waiting, after a position, in their order, at most `limit`.
///
/// # Errors
/// The database fails.
pub async fn page(
    database: &Database,
    credential: &Key,
    after: Position,
    limit: u32,
) -> Result<Vec<Position>, ViewError> {
    let positions: Vec<i64> = match database {
        Database::Sqlite(db) => {
            let query =
                sqlx::query_scalar(PAGE).bind(&credential[..]).bind(signed(after.0)).bind(i64::from(limit));
            query.fetch_all(&db.readers).await?
        }
        Database::Postgres(pool) => {
            let query =
                sqlx::query_scalar(PAGE).bind(&credential[..]).bind(signed(after.0)).bind(i64::from(limit));
            query.fetch_all(pool).await?
        }
    };
    Ok(positions.into_iter().map(position).collect())
}

/// Those of some events that keep something, waiting or not readable any more, ascending.
///
/// # Errors
/// The database fails.
pub async fn among(database: &Database, positions: &[Position]) -> Result<Vec<Position>, ViewError> {
    let found: Vec<i64> = match database {
        Database::Sqlite(db) => {
            sqlx::query_scalar(
                "SELECT position FROM kept_statement WHERE position IN (SELECT value FROM json_each($1)) ORDER BY position",
            )
            .bind(json_positions(positions.iter().map(|position| position.0)))
            .fetch_all(&db.readers)
            .await?
        }
        Database::Postgres(pool) => {
            let positions: Vec<i64> = positions.iter().map(|position| signed(position.0)).collect();
            sqlx::query_scalar("SELECT position FROM kept_statement WHERE position = ANY($1) ORDER BY position")
                .bind(positions)
                .fetch_all(pool)
                .await?
        }
    };
    Ok(found.into_iter().map(position).collect())
}

fn number(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}

// `readable` leads the index: what waits is counted and paged from it alone.
const SQLITE_TABLE: &str = "
CREATE TABLE IF NOT EXISTS kept_statement (
    position INTEGER NOT NULL PRIMARY KEY, credential BLOB NOT NULL, bytes INTEGER NOT NULL,
    readable INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS kept_statement_waiting ON kept_statement (readable, credential, position, bytes);
";

const POSTGRES_TABLE: &str = "
CREATE TABLE IF NOT EXISTS kept_statement (
    position BIGINT NOT NULL PRIMARY KEY, credential BYTEA NOT NULL, bytes BIGINT NOT NULL,
    readable SMALLINT NOT NULL);
CREATE INDEX IF NOT EXISTS kept_statement_waiting ON kept_statement (readable, credential, position, bytes);
";

const DROP_TABLE: &str = "DROP TABLE IF EXISTS kept_statement";

struct Kept {
    position: Position,
    credential: Key,
    bytes: u64,
}

/// Folds what was kept, replayed and discarded into the table `kept_statement`.
async fn fold(mut tx: Tx<'_>, events: &[Event]) -> Result<(), FoldError> {
    let (mut kept, mut gone, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
    for event in events {
        let wrong = |what: &dyn std::fmt::Display| FoldError::event(event.position, what);
        match event.kind.as_str() {
            kind::STATEMENT_REFUSED => {
                let facts = StatementRefusedFacts::decode(event.schema, &event.facts)
                    .map_err(|error| wrong(&error))?;
                let credential =
                    event.credential.ok_or_else(|| wrong(&"a kept statement without a credential"))?;
                kept.push(Kept { position: event.position, credential, bytes: facts.bytes });
            }
            kind::KEPT_REPLAYED => {
                let facts =
                    KeptReplayedFacts::decode(event.schema, &event.facts).map_err(|error| wrong(&error))?;
                for (position, settled, _) in facts.settled {
                    let list = if settled == Settled::Unreadable { &mut unreadable } else { &mut gone };
                    list.push(position);
                }
            }
            kind::KEPT_DISCARDED => {
                let facts =
                    KeptDiscardedFacts::decode(event.schema, &event.facts).map_err(|error| wrong(&error))?;
                gone.extend(facts.positions);
            }
            _ => {}
        }
    }
    // What was kept stands before what became of it, so the order within one call does not matter.
    if !kept.is_empty() {
        insert(tx.reborrow(), &kept).await?;
    }
    if !gone.is_empty() {
        change(tx.reborrow(), DELETE, &gone).await?;
    }
    if !unreadable.is_empty() {
        change(tx, UNREADABLE, &unreadable).await?;
    }
    Ok(())
}

/// As SQLite and as PostgreSQL is told it.
const DELETE: (&str, &str) = (
    "DELETE FROM kept_statement WHERE position IN (SELECT value FROM json_each($1))",
    "DELETE FROM kept_statement WHERE position = ANY($1)",
);
const UNREADABLE: (&str, &str) = (
    "UPDATE kept_statement SET readable = 0 WHERE position IN (SELECT value FROM json_each($1))",
    "UPDATE kept_statement SET readable = 0 WHERE position = ANY($1)",
);

async fn change(
    tx: Tx<'_>,
    (sqlite, postgres): (&'static str, &'static str),
    positions: &[u64],
) -> Result<(), sqlx::Error> {
    match tx {
        Tx::Sqlite(connection) => {
            let positions = json_positions(positions.iter().copied());
            sqlx::query(sqlite).bind(positions).execute(connection).await.map(drop)
        }
        Tx::Postgres(connection) => {
            let positions: Vec<i64> = positions.iter().copied().map(signed).collect();
            sqlx::query(postgres).bind(positions).execute(connection).await.map(drop)
        }
    }
}

async fn insert(tx: Tx<'_>, rows: &[Kept]) -> Result<(), sqlx::Error> {
    match tx {
        Tx::Sqlite(connection) => {
            let parts = ("INSERT INTO kept_statement (position, credential, bytes, readable)", 4, "");
            insert_sqlite(connection, parts, rows, |query, row| {
                query
                    .bind(signed(row.position.0))
                    .bind(&row.credential[..])
                    .bind(signed(row.bytes))
                    .bind(1_i64)
            })
            .await
        }
        Tx::Postgres(connection) => {
            let positions: Vec<i64> = rows.iter().map(|row| signed(row.position.0)).collect();
            let credentials: Vec<&[u8]> = rows.iter().map(|row| &row.credential[..]).collect();
            let bytes: Vec<i64> = rows.iter().map(|row| signed(row.bytes)).collect();
            sqlx::query(
                "INSERT INTO kept_statement (position, credential, bytes, readable) \
                 SELECT position, credential, bytes, 1 FROM UNNEST($1::bigint[], $2::bytea[], $3::bigint[]) \
                 AS kept (position, credential, bytes)",
            )
            .bind(positions)
            .bind(credentials)
            .bind(bytes)
            .execute(connection)
            .await
            .map(drop)
        }
    }
}

#[cfg(test)]
mod tests {
    use eventlog::clock::{ManualClock, Micros};
    use eventlog::{EventLog, Location, Options};
    use sqlx::AssertSqlSafe;

    use super::*;

    async fn log(location: Location) -> EventLog {
        let mut options = Options::new(location, ManualClock::at(Micros(1_768_464_000_000_000)));
        options.hooks = vec![hook()];
        EventLog::open(options).await.unwrap()
    }

    #[tokio::test]
    async fn what_waits_is_counted_and_paged_off_the_index_on_sqlite() {
        let folder = tempfile::tempdir().unwrap();
        let log = log(Location::sqlite(folder.path().join("log.db"))).await;
        let Database::Sqlite(db) = log.database() else { panic!("SQLite") };
        for sql in [COUNT, PAGE] {
            let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")))
                .try_map(|row: sqlx::sqlite::SqliteRow| row.try_get::<String, _>("detail"))
                .fetch_all(&db.readers)
                .await
                .unwrap();
            let covered = |step: &String| step.contains("USING COVERING INDEX kept_statement_waiting");
            assert!(!plan.is_empty() && plan.iter().all(covered), "{plan:?}");
        }
    }

    #[tokio::test]
    async fn what_waits_is_counted_and_paged_off_the_index_on_postgres() {
        let database = testkit::postgres::database().await.unwrap();
        let log = log(Location::postgres(database.url(), "log")).await;
        let Database::Postgres(pool) = log.database() else { panic!("PostgreSQL") };
        let mut connection = pool.acquire().await.unwrap();
        // Empty tables, of which a scan would be the cheapest: sessions are opened without that way.
        for sql in [COUNT, PAGE] {
            let sql = sql.replace("$1", "''::bytea").replace("$2", "1").replace("$3", "10");
            let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("EXPLAIN {sql}")))
                .fetch_all(&mut *connection)
                .await
                .unwrap();
            assert!(plan.iter().any(|step| step.contains("kept_statement_waiting")), "{plan:?}");
            assert!(!plan.iter().any(|step| step.contains("Sort") || step.contains("Seq Scan")), "{plan:?}");
        }
    }
}
