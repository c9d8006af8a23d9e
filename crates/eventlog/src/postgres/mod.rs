//! The log in a schema of a PostgreSQL database.

pub(crate) mod listen;
pub(crate) mod load;
pub(crate) mod read;
pub(crate) mod rights;
pub(crate) mod write;

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, Row};
use tokio::time::timeout;

use crate::chunks;
use crate::clock::Micros;
use crate::database::{Durability, Tx, postgres_options};
use crate::decide::Known;
use crate::event::{Head, Key, Position};
use crate::rows::{Rows, uint};
use crate::store::{self, Change, Failure, Need, Phase, Taken};

use read::head_of;

const SCHEMA: &str = include_str!("schema.sql");
/// What format 2 adds to format 1.
const CHUNKS: &str = include_str!("chunks.sql");
/// All that makes a fresh log.
pub(crate) const TABLES: [&str; 2] = [SCHEMA, CHUNKS];
/// How long one round trip may take before the server counts as gone. Longer than it lets another
/// session idle inside a transaction, so that a frozen node is noticed there first.
const PATIENCE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(5);

/// Creates the log's tables where they are missing, brings older ones up, and gives the version of what is there.
pub(crate) async fn prepare(pool: &PgPool) -> Result<i64, sqlx::Error> {
    let text = "SELECT coalesce(max(version), 0)::bigint FROM log_format";
    if known(&mut *pool.acquire().await?).await? {
        // A role that may only use the tables needs nothing more.
        let version = sqlx::query_scalar(text).fetch_one(pool).await?;
        if version != 1 {
            return Ok(version);
        }
    }
    let mut transaction = pool.begin().await?;
    sqlx::raw_sql("SELECT pg_advisory_xact_lock(7021880344)").execute(&mut *transaction).await?;
    if !known(&mut transaction).await? {
        sqlx::raw_sql(SCHEMA).execute(&mut *transaction).await?;
    }
    let mut version = sqlx::query_scalar(text).fetch_one(&mut *transaction).await?;
    if version == 1 {
        sqlx::raw_sql(CHUNKS).execute(&mut *transaction).await?;
        version = sqlx::query_scalar(text).fetch_one(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(version)
}

async fn known(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT to_regclass(current_schema() || '.log_format') IS NOT NULL")
        .fetch_one(connection)
        .await
}

/// The writer's own connection, opened when it is needed and given up when it fails.
#[derive(Debug)]
pub(crate) struct Store {
    options: PgConnectOptions,
    /// Said once on each connection.
    prepare: String,
    hooks: Vec<&'static str>,
    channel: String,
    connection: Option<PgConnection>,
    begun: bool,
}

impl Store {
    pub(crate) fn new(url: &str, schema: Option<&str>, hooks: &[&'static str]) -> Result<Self, sqlx::Error> {
        let options = postgres_options(url, schema, Durability::Full)?;
        let channel = listen::channel(schema);
        let names: Vec<String> = hooks.iter().map(|name| format!("'{}'", name.replace('\'', "''"))).collect();
        let prepare =
            format!("PREPARE larka_take AS SELECT * FROM log_take(ARRAY[{}]::text[])", names.join(", "));
        Ok(Self { options, prepare, hooks: hooks.to_vec(), channel, connection: None, begun: false })
    }

    pub(crate) async fn take(&mut self, need: &Need) -> Result<Taken, Failure> {
        self.rollback().await;
        if self.connection.is_none() {
            let connecting = timeout(CONNECT, async {
                let mut connection = self.options.connect().await?;
                sqlx::raw_sql(AssertSqlSafe(self.prepare.as_str())).execute(&mut connection).await?;
                Ok(connection)
            });
            let connection = connecting.await.unwrap_or_else(|_| Err(timed_out()));
            // Not Disconnected: there is no use in trying once more at once.
            self.connection = Some(connection.map_err(|error| Failure::Unavailable(error.to_string()))?);
        }
        self.begun = true;
        self.run(Phase::Before, async |connection: &mut PgConnection| {
            // Begins a transaction and takes the lock: one message, one answer.
            let rows = sqlx::raw_sql("BEGIN; EXECUTE larka_take").fetch_all(&mut *connection).await?;
            let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
            Ok(Taken {
                head: head_of(row)?,
                clock: Some(Micros(row.try_get(5)?)),
                hooks: row.try_get::<Option<i64>, _>(6)?.map(|position| Position(uint(position))),
                known: known_of(connection, need).await?,
            })
        })
        .await
    }

    pub(crate) async fn put(&mut self, rows: &Rows, change: &Change) -> Result<(), Failure> {
        let (hooks, channel) = (self.hooks.clone(), self.channel.clone());
        self.run(Phase::Before, async |connection: &mut PgConnection| {
            // While the head still stands before them.
            chunks::name(Tx::Postgres(connection), &change.named).await?;
            write::put(connection, rows, change, &hooks, &channel).await?;
            chunks::let_go(Tx::Postgres(connection), &change.deletions).await
        })
        .await
    }

    pub(crate) fn tx(&mut self) -> Result<Tx<'_>, Failure> {
        match &mut self.connection {
            Some(connection) => Ok(Tx::Postgres(connection)),
            None => Err(Failure::Disconnected("the connection is gone".to_owned())),
        }
    }

    pub(crate) async fn commit(&mut self) -> Result<(), Failure> {
        self.run(Phase::Commit, async |connection: &mut PgConnection| {
            sqlx::raw_sql("COMMIT").execute(connection).await.map(drop)
        })
        .await?;
        self.begun = false;
        Ok(())
    }

    pub(crate) async fn rollback(&mut self) {
        if std::mem::take(&mut self.begun)
            && let Some(mut connection) = self.connection.take()
        {
            let done = timeout(CONNECT, sqlx::raw_sql("ROLLBACK").execute(&mut connection)).await;
            if matches!(done, Ok(Ok(_))) {
                self.connection = Some(connection);
            }
        }
    }

    async fn run<T>(
        &mut self,
        phase: Phase,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, Failure> {
        let Some(connection) = &mut self.connection else {
            return Err(Failure::Disconnected("the connection is gone".to_owned()));
        };
        let done = timeout(PATIENCE, work(connection)).await.unwrap_or_else(|_| Err(timed_out()));
        done.map_err(|error| {
            let failure = classify(&error, phase);
            if matches!(failure, Failure::Disconnected(_) | Failure::Lost(_)) {
                self.connection = None;
                self.begun = false;
            }
            failure
        })
    }
}

/// Raises the promise to `now`, unless somebody holds the head; gives the head after it where it could.
pub(crate) async fn promise(pool: &PgPool, now: Micros) -> Result<Option<Head>, sqlx::Error> {
    let row = sqlx::query(
        "UPDATE log_head SET promised = greatest(promised, $1) \
         WHERE one IN (SELECT one FROM log_head FOR UPDATE SKIP LOCKED) \
         RETURNING position, stored, hash, fence, promised",
    )
    .bind(now.0)
    .fetch_optional(pool)
    .await?;
    row.map(|row| head_of(&row)).transpose()
}

async fn known_of(connection: &mut PgConnection, need: &Need) -> Result<Known, sqlx::Error> {
    if need.dedupe.is_empty() && need.streams.is_empty() {
        return Ok(Known::default());
    }
    let row = sqlx::query("SELECT * FROM log_find($1, $2)")
        .bind(&need.dedupe)
        .bind(&need.streams)
        .fetch_one(connection)
        .await?;
    let keys: Vec<Key> = row.try_get::<Option<_>, _>(0)?.unwrap_or_default();
    let positions: Vec<i64> = row.try_get::<Option<_>, _>(1)?.unwrap_or_default();
    let streams: Vec<Key> = row.try_get::<Option<_>, _>(2)?.unwrap_or_default();
    let versions: Vec<i64> = row.try_get::<Option<_>, _>(3)?.unwrap_or_default();
    Ok(Known {
        dedupe: keys.into_iter().zip(positions.into_iter().map(|p| Position(uint(p)))).collect(),
        streams: streams.into_iter().zip(versions.into_iter().map(uint)).collect(),
    })
}

fn timed_out() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "the server does not answer"))
}

/// What an error means for a write.
pub(crate) fn classify(error: &sqlx::Error, phase: Phase) -> Failure {
    store::classify(error, phase, |code, text| by_code(code, phase, text))
}

/// What an SQLSTATE means.
fn by_code(code: &str, phase: Phase, text: String) -> Failure {
    let class = code.get(..2).unwrap_or("");
    let gone = class == "08" || code.starts_with("57P") || code == "25P03";
    match (gone, phase) {
        (true, Phase::Commit) => Failure::Lost(text),
        (true, Phase::Before) => Failure::Disconnected(text),
        _ if code == "53100" => Failure::Full("the database's disk is full"),
        // Wrong or repeated values, limits of a row, and what triggers and functions raise.
        _ if matches!(class, "21" | "22" | "23" | "44" | "54" | "P0") => Failure::Refused(text),
        _ => Failure::Unavailable(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_goes_away_during_the_commit_leaves_it_open_whether_it_was_stored() {
        let class = |code, phase| by_code(code, phase, String::new());
        assert!(matches!(class("57P01", Phase::Commit), Failure::Lost(_)));
        assert!(matches!(class("57P01", Phase::Before), Failure::Disconnected(_)));
        assert!(matches!(class("23505", Phase::Commit), Failure::Refused(_)));
        assert!(matches!(class("53100", Phase::Before), Failure::Full(_)));
        assert!(matches!(class("25006", Phase::Before), Failure::Unavailable(_)), "a standby");
    }
}
