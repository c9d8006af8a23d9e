//! The log in a SQLite file.

pub(crate) mod load;
mod packed;
pub(crate) mod read;
pub(crate) mod write;

use sqlx::pool::PoolConnection;
use sqlx::{Connection, Sqlite, SqliteConnection};

use crate::chunks;
use crate::clock::Micros;
use crate::database::{SqliteDb, Tx};
use crate::decide::Known;
use crate::event::{Head, Position};
use crate::rows::{Rows, uint};
use crate::store::{self, Change, Failure, Need, Phase, Taken};

use read::{find, head, versions};
use write::insert;

const SCHEMA: &str = include_str!("schema.sql");
/// What format 2 adds to format 1.
const CHUNKS: &str = include_str!("chunks.sql");
/// All that makes a fresh log.
pub(crate) const TABLES: [&str; 2] = [SCHEMA, CHUNKS];

/// Creates the log's tables where they are missing, brings older ones up, and gives the version of what is there.
pub(crate) async fn prepare(db: &SqliteDb) -> Result<i64, sqlx::Error> {
    let mut connection = db.writer.acquire().await?;
    let text = "SELECT coalesce(max(version), 0) FROM log_format";
    if known(&mut connection).await? {
        // Somebody else may be writing without a pause: whoever only looks does not wait for that.
        let version = sqlx::query_scalar(text).fetch_one(&mut *connection).await?;
        if version != 1 {
            return Ok(version);
        }
    }
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    if !known(&mut transaction).await? {
        sqlx::raw_sql(SCHEMA).execute(&mut *transaction).await?;
    }
    let mut version: i64 = sqlx::query_scalar(text).fetch_one(&mut *transaction).await?;
    if version == 1 {
        sqlx::raw_sql(CHUNKS).execute(&mut *transaction).await?;
        version = sqlx::query_scalar(text).fetch_one(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(version)
}

async fn known(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'log_format')")
        .fetch_one(connection)
        .await
}

/// The writer's connection, held while a batch is written.
#[derive(Debug)]
pub(crate) struct Store {
    db: SqliteDb,
    hooks: Vec<&'static str>,
    connection: Option<PoolConnection<Sqlite>>,
}

impl Store {
    pub(crate) fn new(db: SqliteDb, hooks: &[&'static str]) -> Self {
        Self { db, hooks: hooks.to_vec(), connection: None }
    }

    pub(crate) async fn take(&mut self, need: &Need) -> Result<Taken, Failure> {
        let before = |error: sqlx::Error| classify(&error, Phase::Before);
        self.rollback().await;
        let mut connection = self.db.writer.acquire().await.map_err(before)?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await.map_err(before)?;
        let connection = self.connection.insert(connection);
        let head = head(connection).await.map_err(before)?;
        let hooks = hooks_position(connection, &self.hooks).await.map_err(before)?;
        let known = Known {
            dedupe: find(connection, &need.dedupe)
                .await
                .map_err(before)?
                .into_iter()
                .map(|(key, position)| (key, Position(position)))
                .collect(),
            streams: versions(connection, &need.streams).await.map_err(before)?.into_iter().collect(),
        };
        Ok(Taken { head, known, clock: None, hooks })
    }

    pub(crate) async fn put(&mut self, rows: &Rows, change: &Change) -> Result<(), Failure> {
        let hooks = self.hooks.clone();
        let connection = self.connection()?;
        let put = async {
            insert(connection, rows).await?;
            chunks::name(Tx::Sqlite(connection), &change.named).await?;
            write::delete_slots(connection, &change.deletions).await?;
            chunks::let_go(Tx::Sqlite(connection), &change.deletions).await?;
            write::move_head(connection, &change.head, &hooks).await
        };
        put.await.map_err(|error| classify(&error, Phase::Before))
    }

    pub(crate) fn tx(&mut self) -> Result<Tx<'_>, Failure> {
        Ok(Tx::Sqlite(self.connection()?))
    }

    pub(crate) async fn commit(&mut self) -> Result<(), Failure> {
        let connection = self.connection()?;
        match sqlx::query("COMMIT").execute(connection).await {
            Ok(_) => {
                self.connection = None;
                Ok(())
            }
            Err(error) => Err(classify(&error, Phase::Commit)),
        }
    }

    pub(crate) async fn rollback(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            // Some errors have rolled back already; then this one says that there is nothing to undo.
            let _ = sqlx::query("ROLLBACK").execute(&mut *connection).await;
        }
    }

    fn connection(&mut self) -> Result<&mut SqliteConnection, Failure> {
        match &mut self.connection {
            Some(connection) => Ok(connection),
            None => Err(Failure::Unavailable("no transaction was begun".to_owned())),
        }
    }
}

/// Raises the promise to `now`, unless a batch is being written; gives the head after it where it could.
pub(crate) async fn promise(db: &SqliteDb, now: Micros) -> Result<Option<Head>, sqlx::Error> {
    let Some(mut connection) = db.writer.try_acquire() else { return Ok(None) };
    sqlx::query("UPDATE log_head SET promised = ? WHERE promised < ?")
        .bind(now.0)
        .bind(now.0)
        .execute(&mut *connection)
        .await?;
    Ok(Some(head(&mut connection).await?))
}

async fn hooks_position(
    connection: &mut SqliteConnection,
    hooks: &[&'static str],
) -> Result<Option<Position>, sqlx::Error> {
    let mut least = None;
    for name in hooks {
        let position: Option<i64> = sqlx::query_scalar("SELECT position FROM log_hook WHERE name = ?")
            .bind(*name)
            .fetch_optional(&mut *connection)
            .await?;
        let position = Position(uint(position.unwrap_or(0)));
        least = Some(least.map_or(position, |least: Position| least.min(position)));
    }
    Ok(least)
}

/// What an error means for a write.
pub(crate) fn classify(error: &sqlx::Error, phase: Phase) -> Failure {
    store::classify(error, phase, |code, text| by_code(code.parse().unwrap_or(0), text))
}

/// What a result code of SQLite means. Extended codes; the primary one is the low byte.
fn by_code(code: i32, text: String) -> Failure {
    const IOERR_FSYNC: i32 = 10 | (4 << 8);
    const IOERR_DIR_FSYNC: i32 = 10 | (5 << 8);
    match (code, code & 0xff) {
        (IOERR_FSYNC | IOERR_DIR_FSYNC, _) => {
            Failure::Fatal(format!("the disk did not confirm what was written ({text})"))
        }
        (_, 1 | 18 | 19 | 20 | 25) => Failure::Refused(text),
        (_, 13) => Failure::Full("the disk is full"),
        _ => Failure::Unavailable(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failed_sync_is_fatal() {
        let class = |code| by_code(code, String::new());
        assert!(matches!(class(1034), Failure::Fatal(_)));
        assert!(matches!(class(1290), Failure::Fatal(_)));
        assert!(matches!(class(13), Failure::Full(_)));
        assert!(matches!(class(778), Failure::Unavailable(_)), "a write that failed is rolled back");
        assert!(matches!(class(5), Failure::Unavailable(_)));
        assert!(matches!(class(2067), Failure::Refused(_)), "a unique constraint");
        assert!(matches!(class(1811), Failure::Refused(_)), "a trigger");
    }
}
