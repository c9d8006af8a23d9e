//! Which documents there are, written in the append's transaction.
//!
//! One row of `document` per document that is there now, found by where it belongs. A single document needs no
//! index: the last event of its stream says what is there. Folded from clear facts alone; what a document is called
//! and holds is read from its event.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::Facts as _;
use domain::documents::{DocumentDeletedFacts, DocumentPlace, DocumentStoredFacts};
use domain::events::kind;
use eventlog::database::{Database, Tx};
use eventlog::event::{Event, Key, Position};
use eventlog::fold::{FoldError, InTransaction};
use futures_util::FutureExt as _;
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use uuid::Uuid;

use crate::ViewError;
use crate::index::Index;
use crate::sql::{insert_sqlite, json_keys, key, position, signed};

/// A document that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Its stream in the log.
    pub stream: Key,
    /// The registration it belongs to, where it has one.
    pub registration: Option<Uuid>,
    /// The event that stored it.
    pub position: Position,
}

/// The hook that writes the index; give it to the log when opening it.
pub fn hook() -> Arc<dyn InTransaction> {
    Arc::new(Index {
        name: "document_index",
        tables: (SQLITE_TABLE, POSTGRES_TABLE),
        drop: DROP_TABLE,
        fold: |tx, events| fold(tx, events).boxed(),
    })
}

/// The documents that belong to a resource, an activity and an agent, stored after a position, in the order in which
/// they were stored. `registration` leaves out those that do not belong to it; none asks for all.
///
/// # Errors
/// The database fails.
pub async fn list(
    database: &Database,
    place: &DocumentPlace,
    after: Position,
) -> Result<Vec<Listed>, ViewError> {
    let scope = scope(place);
    let mut listed: Vec<Listed> = match database {
        Database::Sqlite(db) => {
            let query = sqlx::query(LIST.0).bind(&scope[..]).bind(signed(after.0));
            let rows = query.try_map(|row: sqlx::sqlite::SqliteRow| {
                listed(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)
            });
            rows.fetch_all(&db.readers).await?
        }
        Database::Postgres(pool) => {
            let query = sqlx::query(LIST.1).bind(&scope[..]).bind(signed(after.0));
            let rows = query.try_map(|row: sqlx::postgres::PgRow| {
                listed(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)
            });
            rows.fetch_all(pool).await?
        }
    };
    if let Some(registration) = place.registration {
        listed.retain(|document| document.registration == Some(Uuid::from_bytes(registration)));
    }
    Ok(listed)
}

/// As SQLite and as PostgreSQL is told it. Both read the index in its order.
const LIST: (&str, &str) = (
    "SELECT stream, registration, position FROM document WHERE scope = ?1 AND position > ?2 ORDER BY position",
    "SELECT stream, registration, position FROM document WHERE scope = $1 AND position > $2 ORDER BY position",
);

fn listed(stream: &[u8], registration: Option<&[u8]>, at: i64) -> Result<Listed, sqlx::Error> {
    let registration = registration.map(key).transpose()?.map(Uuid::from_bytes);
    Ok(Listed { stream: key(stream)?, registration, position: position(at) })
}

/// A digest of the resource, the activity, the agent and the credential whose own it is: an IRI may be longer than an index entry can be.
fn scope(place: &DocumentPlace) -> Key {
    let mut hash = Sha256::new();
    hash.update([place.resource.code()]);
    for part in [place.activity.as_deref().map(str::as_bytes), place.agent.as_ref().map(<[u8; 16]>::as_slice)]
    {
        let part = part.unwrap_or_default();
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    // Places that are shared keep the digests that they always had.
    if let Some(credential) = &place.credential {
        hash.update(credential);
    }
    let mut scope = [0; 16];
    scope.copy_from_slice(&hash.finalize()[..16]);
    scope
}

const SQLITE_TABLE: &str = "
CREATE TABLE IF NOT EXISTS document (
    stream BLOB NOT NULL PRIMARY KEY, scope BLOB NOT NULL, registration BLOB, position INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS document_scope ON document (scope, position);
";

const POSTGRES_TABLE: &str = "
CREATE TABLE IF NOT EXISTS document (
    stream BYTEA NOT NULL PRIMARY KEY, scope BYTEA NOT NULL, registration BYTEA, position BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS document_scope ON document (scope, position);
";

const DROP_TABLE: &str = "DROP TABLE IF EXISTS document";

/// A row to write.
struct Current {
    stream: Key,
    scope: Key,
    registration: Option<Key>,
    position: Position,
}

/// Folds documents into the table `document`.
async fn fold(mut tx: Tx<'_>, events: &[Event]) -> Result<(), FoldError> {
    // Of several events of one document the last one counts.
    let mut last: BTreeMap<Key, Option<Current>> = BTreeMap::new();
    for event in events {
        let wrong = |what: &dyn std::fmt::Display| FoldError::event(event.position, what);
        let stored = match event.kind.as_str() {
            kind::DOCUMENT_STORED => true,
            kind::DOCUMENT_DELETED => false,
            _ => continue,
        };
        let (stream, _) = event.stream.ok_or_else(|| wrong(&"a document without a stream"))?;
        let current = if stored {
            let DocumentStoredFacts(place) =
                DocumentStoredFacts::decode(event.schema, &event.facts).map_err(|error| wrong(&error))?;
            let scope = scope(&place);
            Some(Current { stream, scope, registration: place.registration, position: event.position })
        } else {
            DocumentDeletedFacts::decode(event.schema, &event.facts).map_err(|error| wrong(&error))?;
            None
        };
        last.insert(stream, current);
    }
    let deleted: Vec<Key> = last.iter().filter(|(_, row)| row.is_none()).map(|(stream, _)| *stream).collect();
    let stored: Vec<Current> = last.into_values().flatten().collect();
    if !deleted.is_empty() {
        delete(tx.reborrow(), &deleted).await?;
    }
    if !stored.is_empty() {
        upsert(tx, &stored).await?;
    }
    Ok(())
}

async fn delete(tx: Tx<'_>, streams: &[Key]) -> Result<(), sqlx::Error> {
    match tx {
        Tx::Sqlite(connection) => {
            sqlx::query("DELETE FROM document WHERE stream IN (SELECT unhex(value) FROM json_each(?1))")
                .bind(json_keys(streams))
                .execute(connection)
                .await
                .map(drop)
        }
        Tx::Postgres(connection) => {
            let streams: Vec<&[u8]> = streams.iter().map(|stream| &stream[..]).collect();
            sqlx::query("DELETE FROM document WHERE stream = ANY($1)")
                .bind(streams)
                .execute(connection)
                .await
                .map(drop)
        }
    }
}

async fn upsert(tx: Tx<'_>, rows: &[Current]) -> Result<(), sqlx::Error> {
    match tx {
        Tx::Sqlite(connection) => {
            let parts = (
                "INSERT INTO document (stream, scope, registration, position)",
                4,
                "ON CONFLICT (stream) DO UPDATE SET position = excluded.position",
            );
            insert_sqlite(connection, parts, rows, |query, row| {
                query
                    .bind(&row.stream[..])
                    .bind(&row.scope[..])
                    .bind(row.registration.as_ref().map(|id| &id[..]))
                    .bind(signed(row.position.0))
            })
            .await
        }
        Tx::Postgres(connection) => {
            let streams: Vec<&[u8]> = rows.iter().map(|row| &row.stream[..]).collect();
            let scopes: Vec<&[u8]> = rows.iter().map(|row| &row.scope[..]).collect();
            let registrations: Vec<Option<&[u8]>> =
                rows.iter().map(|row| row.registration.as_ref().map(|id| &id[..])).collect();
            let positions: Vec<i64> = rows.iter().map(|row| signed(row.position.0)).collect();
            sqlx::query(
                "INSERT INTO document (stream, scope, registration, position) \
                 SELECT * FROM UNNEST($1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[]) \
                 ON CONFLICT (stream) DO UPDATE SET position = excluded.position",
            )
            .bind(streams)
            .bind(scopes)
            .bind(registrations)
            .bind(positions)
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
    async fn a_list_is_read_off_the_index_in_its_order_on_sqlite() {
        let folder = tempfile::tempdir().unwrap();
        let log = log(Location::sqlite(folder.path().join("log.db"))).await;
        let Database::Sqlite(db) = log.database() else { panic!("SQLite") };
        let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", LIST.0)))
            .try_map(|row: sqlx::sqlite::SqliteRow| row.try_get::<String, _>("detail"))
            .fetch_all(&db.readers)
            .await
            .unwrap();
        assert!(plan.iter().all(|step| step.contains("USING INDEX document_scope")), "{plan:?}");
        assert!(!plan.is_empty());
    }

    #[tokio::test]
    async fn a_list_is_read_off_the_index_in_its_order_on_postgres() {
        let database = testkit::postgres::database().await.unwrap();
        let log = log(Location::postgres(database.url(), "log")).await;
        let Database::Postgres(pool) = log.database() else { panic!("PostgreSQL") };
        let mut connection = pool.acquire().await.unwrap();
        // Empty tables, of which a scan would be the cheapest: sessions are opened without that way.
        let sql = format!("EXPLAIN {}", LIST.1.replace("$1", "''::bytea").replace("$2", "1"));
        let plan: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *connection).await.unwrap();
        assert!(plan.iter().any(|step| step.contains("document_scope")), "{plan:?}");
        assert!(!plan.iter().any(|step| step.contains("Sort") || step.contains("Seq Scan")), "{plan:?}");
    }
}
