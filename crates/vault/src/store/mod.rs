//! The rows of the vault on SQLite and PostgreSQL. Knows SQL; knows no keys.

pub(crate) mod dump;
mod postgres;
mod rows;
mod sqlite;

use eventlog::{Database, Location, Position, Transaction, Tx};
use sqlx::pool::PoolConnection;
use sqlx::{Postgres, Sqlite};

use crate::{AgentId, Period, VaultError};

/// The form of the tables. Older ones are brought to it when the vault is opened; a program that knows only an older
/// form refuses, so that it cannot overlook what it does not know (such as that a credential expires).
pub(crate) const FORMAT: i32 = 2;

/// Evaluates the same expression on the connection of either database.
macro_rules! on_either {
    ($tx:expr, $connection:ident => $expression:expr) => {
        match $tx {
            eventlog::Tx::Sqlite($connection) => $expression,
            eventlog::Tx::Postgres($connection) => $expression,
        }
    };
}
pub(crate) use on_either;
pub use rows::Seen;
pub(crate) use rows::{About, AgentRow, KeyRow, bytes};

/// Calls the function of that name for the database at hand.
macro_rules! either {
    ($tx:expr, $function:ident($($argument:expr),*)) => {
        match $tx {
            Tx::Sqlite(connection) => sqlite::$function(connection, $($argument),*).await,
            Tx::Postgres(connection) => postgres::$function(connection, $($argument),*).await,
        }
    };
}

/// The vault's database.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    database: Database,
}

/// A connection for reading; each statement sees what was committed before it.
pub(crate) enum Reading {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Reading {
    pub(crate) fn tx(&mut self) -> Tx<'_> {
        match self {
            Self::Sqlite(connection) => Tx::Sqlite(connection),
            Self::Postgres(connection) => Tx::Postgres(connection),
        }
    }
}

impl Store {
    pub(crate) async fn open(location: &Location) -> Result<Self, VaultError> {
        if let Location::Sqlite { file } = location {
            make_private(file)?;
        }
        let store = Self { database: Database::open(location).await? };
        let mut transaction = store.database.begin().await?;
        transaction.tx().run(sqlite::SCHEMA, postgres::SCHEMA).await?;
        if about(transaction.tx()).await?.is_some_and(|about| about.format == 1) {
            transaction.tx().run(sqlite::FROM_1, postgres::FROM_1).await?;
        }
        transaction.commit().await?;
        Ok(store)
    }

    pub(crate) async fn read(&self) -> Result<Reading, VaultError> {
        Ok(match &self.database {
            Database::Sqlite(db) => Reading::Sqlite(db.readers.acquire().await?),
            Database::Postgres(pool) => Reading::Postgres(pool.acquire().await?),
        })
    }

    /// A transaction that changes agents or keys, and the generation in force. They take turns, on all nodes.
    pub(crate) async fn begin(&self) -> Result<(Transaction, u32), VaultError> {
        let mut transaction = self.database.begin().await?;
        if let Tx::Postgres(connection) = transaction.tx() {
            postgres::lock(connection).await?;
        }
        let generation = generation(transaction.tx()).await?;
        Ok((transaction, generation))
    }

    /// A transaction for the tables of secrets.
    pub(crate) async fn begin_secrets(&self) -> Result<Transaction, VaultError> {
        Ok(self.database.begin().await?)
    }

    /// A transaction that only reads, and sees one state throughout, however long whoever takes what it reads needs.
    pub(crate) async fn snapshot(&self) -> Result<Transaction, VaultError> {
        let mut transaction = self.database.snapshot().await?;
        if let Tx::Postgres(connection) = transaction.tx() {
            let patient = "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL tcp_user_timeout = 0";
            sqlx::raw_sql(patient).execute(connection).await?;
        }
        Ok(transaction)
    }

    /// Moves what was committed out of SQLite's write-ahead log and empties that. False where readers were in the
    /// way; true on PostgreSQL, where only destroying the generation makes old copies worthless.
    pub(crate) async fn truncate(&self) -> Result<bool, VaultError> {
        match &self.database {
            Database::Sqlite(db) => sqlite::truncate(&db.writer).await,
            Database::Postgres(_) => Ok(true),
        }
    }

    /// Clears away old copies of all rows.
    pub(crate) async fn clean_up(&self) -> Result<(), VaultError> {
        match &self.database {
            Database::Sqlite(_) => self.truncate().await.map(drop),
            Database::Postgres(pool) => postgres::vacuum(pool).await,
        }
    }

    pub(crate) async fn close(&self) {
        self.database.close().await;
    }
}

pub(crate) async fn about(tx: Tx<'_>) -> Result<Option<About>, VaultError> {
    either!(tx, about())
}

/// Writes the row of the table `vault`, unless it is there.
pub(crate) async fn set_about(tx: Tx<'_>, about: &About) -> Result<(), VaultError> {
    either!(tx, set_about(about))
}

pub(crate) async fn generation(tx: Tx<'_>) -> Result<u32, VaultError> {
    about(tx)
        .await?
        .map(|about| about.generation)
        .ok_or_else(|| VaultError::Mismatch("it was emptied while in use".into()))
}

pub(crate) async fn set_generation(tx: Tx<'_>, generation: u32) -> Result<(), VaultError> {
    let sql = "UPDATE vault SET generation = $1";
    let generation = i64::from(generation);
    on_either!(tx, connection => sqlx::query(sql).bind(generation).execute(connection).await.map(drop)?);
    Ok(())
}

/// How far the log had come when it was last noted.
pub(crate) async fn seen(tx: Tx<'_>) -> Result<Option<Seen>, VaultError> {
    let sql = "SELECT position, hash FROM vault_seen";
    let row: Option<(i64, Vec<u8>)> =
        on_either!(tx, connection => sqlx::query_as(sql).fetch_optional(connection).await?);
    row.map(|(position, hash)| {
        let position = Position(u64::try_from(position).unwrap_or_default());
        Ok(Seen { position, hash: bytes(&hash)? })
    })
    .transpose()
}

pub(crate) async fn note_seen(tx: Tx<'_>, seen: Seen) -> Result<(), VaultError> {
    let sql = "INSERT INTO vault_seen (id, position, hash) VALUES (1, $1, $2) \
               ON CONFLICT (id) DO UPDATE SET position = excluded.position, hash = excluded.hash";
    let position = i64::try_from(seen.position.0).unwrap_or(i64::MAX);
    on_either!(tx, connection => sqlx::query(sql)
        .bind(position).bind(&seen.hash[..]).execute(connection).await.map(drop)?);
    Ok(())
}

/// Notes that a backup was made that may be restored until `expires`, and forgets those that have expired by `now`.
pub(crate) async fn note_backup(mut tx: Tx<'_>, now: i64, expires: i64) -> Result<(), VaultError> {
    let gone = "DELETE FROM vault_backup WHERE expires <= $1";
    on_either!(tx.reborrow(), connection => sqlx::query(gone).bind(now).execute(connection).await.map(drop)?);
    let sql = "INSERT INTO vault_backup (taken, expires) VALUES ($1, $2) \
               ON CONFLICT (taken) DO UPDATE SET expires = excluded.expires";
    on_either!(tx, connection => sqlx::query(sql).bind(now).bind(expires).execute(connection).await.map(drop)?);
    Ok(())
}

/// When the last backup expires that was noted; none where there is none that has not.
pub(crate) async fn backups_until(tx: Tx<'_>, now: i64) -> Result<Option<i64>, VaultError> {
    let sql = "SELECT max(expires) FROM vault_backup WHERE expires > $1";
    Ok(on_either!(tx, connection => sqlx::query_scalar(sql).bind(now).fetch_one(connection).await?))
}

/// The last backup that was noted: when it was taken and when it expires.
pub(crate) async fn last_backup(tx: Tx<'_>) -> Result<Option<(i64, i64)>, VaultError> {
    let sql = "SELECT taken, expires FROM vault_backup ORDER BY taken DESC LIMIT 1";
    Ok(on_either!(tx, connection => sqlx::query_as(sql).fetch_optional(connection).await?))
}

/// How the agents are found, of those that live: each with its lookup hash.
pub(crate) async fn lookups_of(
    tx: Tx<'_>,
    agents: &[AgentId],
) -> Result<Vec<(AgentId, [u8; 32])>, VaultError> {
    either!(tx, lookups_of(agents))
}

/// The agents behind those of the lookup hashes that are known, in no order.
pub(crate) async fn find_agents(
    tx: Tx<'_>,
    lookups: &[[u8; 32]],
) -> Result<Vec<([u8; 32], AgentId)>, VaultError> {
    either!(tx, find_agents(lookups))
}

/// Those of the agents that live, in no order.
pub(crate) async fn living(tx: Tx<'_>, agents: &[AgentId]) -> Result<Vec<AgentId>, VaultError> {
    either!(tx, living(agents))
}

/// Those of the keys that exist, in no order.
pub(crate) async fn load_keys(tx: Tx<'_>, wanted: &[(AgentId, Period)]) -> Result<Vec<KeyRow>, VaultError> {
    either!(tx, load_keys(wanted))
}

pub(crate) async fn insert_agents(tx: Tx<'_>, rows: &[AgentRow]) -> Result<(), VaultError> {
    either!(tx, insert_agents(rows))
}

pub(crate) async fn insert_keys(tx: Tx<'_>, rows: &[KeyRow]) -> Result<(), VaultError> {
    either!(tx, insert_keys(rows))
}

/// Up to `limit` agents after one, by id.
pub(crate) async fn page_agents(
    tx: Tx<'_>,
    after: Option<AgentId>,
    limit: i64,
) -> Result<Vec<AgentRow>, VaultError> {
    let after = after.map(|agent| agent.0.to_vec()).unwrap_or_default();
    either!(tx, page_agents(&after, limit))
}

/// Up to `limit` keys after one, by agent and quarter.
pub(crate) async fn page_keys(
    tx: Tx<'_>,
    after: Option<(AgentId, Period)>,
    limit: i64,
) -> Result<Vec<KeyRow>, VaultError> {
    let (agent, period) = after.map_or((Vec::new(), 0), |(agent, period)| (agent.0.to_vec(), period.0));
    either!(tx, page_keys(&agent, i32::from(period), limit))
}

/// Gives existing agents new lookup, generation and wrapping.
pub(crate) async fn update_agents(tx: Tx<'_>, rows: &[AgentRow]) -> Result<(), VaultError> {
    either!(tx, update_agents(rows))
}

/// Gives existing keys a new generation and wrapping.
pub(crate) async fn update_keys(tx: Tx<'_>, rows: &[KeyRow]) -> Result<(), VaultError> {
    either!(tx, update_keys(rows))
}

/// Deletes agents and their keys; returns how many of each there were.
pub(crate) async fn delete_agents(tx: Tx<'_>, agents: &[AgentId]) -> Result<(u64, u64), VaultError> {
    either!(tx, delete_agents(agents))
}

/// Makes the file, if it is new, readable by its owner only; its write-ahead log takes over its permissions.
fn make_private(file: &std::path::Path) -> Result<(), VaultError> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    let at = crate::files::at(file);
    if let Some(dir) = file.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(&at)?;
    }
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(file).map(drop).map_err(&at)
}
