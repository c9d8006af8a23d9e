//! Looking at a database without changing anything: also beside whoever works on it, on a medium that is read only, and where a
//! crash left it. No file is made, and none is written.

use sqlx::sqlite::{SqliteConnectOptions, SqliteLockingMode};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use crate::clock::Micros;
use crate::database::{Durability, Location, Tx, postgres_options};
use crate::error::LogError;
use crate::event::{Head, Key, Position};
use crate::reach::Unreachable;
use crate::{guards, postgres, read, stores};

const FIRST: &str = "SELECT count(*) FROM sqlite_schema";

/// A connection that only looks.
#[derive(Debug)]
pub enum Look {
    /// To a file.
    Sqlite(SqliteConnection),
    /// To a schema; every transaction on it is read only.
    Postgres(PgConnection),
}

/// What a PostgreSQL server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerLook {
    /// Its version, in its own words.
    pub version: String,
    /// The same as a number: 150004 is 15.4.
    pub number: i64,
    /// The connections that it gives to others than superusers.
    pub connections: i64,
    /// How many are taken now, by whomever.
    pub taken: i64,
    /// What its clock says.
    pub clock: Micros,
    /// Where it listens and since when it runs: two addresses may lead to one server.
    pub identity: String,
    /// Whether the role that looks could take the log's guards away.
    pub could_rewrite: bool,
    /// Rights of that role to change or delete events, where it may not take the guards away.
    pub too_much: Vec<String>,
}

impl Location {
    /// Looks at a database; none where there is nothing. `live`: a process works on it now.
    ///
    /// # Errors
    /// It cannot be looked at; says why and what to do.
    pub async fn look(&self, live: bool) -> Result<Option<Look>, Unreachable> {
        let looked = match self {
            Self::Sqlite { file } => {
                // SQLite takes an empty file for a new database, and what is beside it for left over.
                if file.metadata().map_or(0, |about| about.len()) == 0 {
                    return Ok(None);
                }
                let beside = |end: &str| {
                    let mut name = file.as_os_str().to_owned();
                    name.push(end);
                    std::fs::metadata(name).ok().map(|about| about.len())
                };
                let options = SqliteConnectOptions::new()
                    .filename(file)
                    .create_if_missing(false)
                    .read_only(true)
                    .busy_timeout(std::time::Duration::from_secs(5));
                let options = match (live && beside("-shm").is_some(), beside("-wal")) {
                    // As any other that reads.
                    (true, _) => options,
                    // What a crash left in the write-ahead log is read too, without shared memory and without locks.
                    (false, Some(1..)) => options.vfs("unix-none").locking_mode(SqliteLockingMode::Exclusive),
                    (false, _) => options.immutable(true),
                };
                async {
                    let mut look = Look::Sqlite(SqliteConnection::connect_with(&options).await?);
                    // Nothing was read yet: whether it is a database at all shows here.
                    match look.tx().run(FIRST, FIRST).await {
                        Ok(()) => Ok(look),
                        Err(error) => {
                            look.leave().await;
                            Err(error)
                        }
                    }
                }
                .await
            }
            Self::Postgres { url, schema, .. } => {
                async {
                    let options = postgres_options(url, schema.as_deref(), Durability::Full)?;
                    let options = options.options([("default_transaction_read_only", "on")]);
                    PgConnection::connect_with(&options).await.map(Look::Postgres)
                }
                .await
            }
        };
        looked.map(Some).map_err(|error| Unreachable::of(self, &error))
    }
}

impl Look {
    /// Its connection.
    pub fn tx(&mut self) -> Tx<'_> {
        match self {
            Self::Sqlite(connection) => Tx::Sqlite(connection),
            Self::Postgres(connection) => Tx::Postgres(connection),
        }
    }

    /// Whether a table is there.
    ///
    /// # Errors
    /// The database fails.
    pub async fn holds(&mut self, table: &str) -> Result<bool, LogError> {
        Ok(match self {
            Self::Sqlite(connection) => {
                let known = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1)";
                sqlx::query_scalar(known).bind(table).fetch_one(connection).await?
            }
            Self::Postgres(connection) => {
                let known = "SELECT to_regclass(quote_ident(current_schema()) || '.' || $1) IS NOT NULL";
                let holds: Option<bool> = sqlx::query_scalar(known).bind(table).fetch_one(connection).await?;
                holds.unwrap_or(false)
            }
        })
    }

    /// The version of the log's tables, and the one that this program knows.
    ///
    /// # Errors
    /// The database fails.
    pub async fn format(&mut self) -> Result<(i64, i64), LogError> {
        let text = "SELECT CAST(coalesce(max(version), 0) AS bigint) FROM log_format";
        let found = match self {
            Self::Sqlite(connection) => sqlx::query_scalar(text).fetch_one(connection).await?,
            Self::Postgres(connection) => sqlx::query_scalar(text).fetch_one(connection).await?,
        };
        Ok((found, stores::FORMAT))
    }

    /// The log's end.
    ///
    /// # Errors
    /// The database fails.
    pub async fn head(&mut self) -> Result<Head, LogError> {
        Ok(stores::head_and_clock(self.tx()).await?.0)
    }

    /// The chain's hash at a position.
    ///
    /// # Errors
    /// The database fails.
    pub async fn hash_at(&mut self, position: Position) -> Result<Option<[u8; 32]>, LogError> {
        Ok(read::hash_at(self.tx(), position).await?)
    }

    /// When the event at a position was stored.
    ///
    /// # Errors
    /// The database fails.
    pub async fn stored_at(&mut self, position: Position) -> Result<Option<Micros>, LogError> {
        Ok(read::stored_at(self.tx(), position).await?)
    }

    /// The id of the first event.
    ///
    /// # Errors
    /// The database fails.
    pub async fn first(&mut self) -> Result<Option<Key>, LogError> {
        Ok(read::page(self.tx(), Position(0), 1).await?.first().map(|event| event.id))
    }

    /// As [`EventLog::broken_guards`](crate::EventLog::broken_guards).
    ///
    /// # Errors
    /// The database fails.
    pub async fn broken_guards(&mut self) -> Result<Vec<String>, LogError> {
        Ok(guards::broken(self.tx()).await?)
    }

    /// What the server says of itself, where there is one.
    ///
    /// # Errors
    /// The database fails.
    pub async fn server(&mut self) -> Result<Option<ServerLook>, LogError> {
        let Self::Postgres(connection) = self else { return Ok(None) };
        let text = "SELECT current_setting('server_version'), current_setting('server_version_num')::bigint, \
                    current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint, \
                    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), \
                    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, \
                    coalesce(host(inet_server_addr()), '') || ' ' || current_setting('port') || ' ' || \
                    pg_postmaster_start_time()::text";
        let (version, number, connections, taken, clock, identity) =
            sqlx::query_as(text).fetch_one(&mut *connection).await?;
        let could_rewrite = postgres::rights::could_rewrite(connection).await?;
        let too_much =
            if could_rewrite { Vec::new() } else { postgres::rights::too_much(connection).await? };
        Ok(Some(ServerLook {
            version,
            number,
            connections,
            taken,
            clock: Micros(clock),
            identity,
            could_rewrite,
            too_much,
        }))
    }

    /// Ends it. A file's is left to the end of the process: SQLite, where it closes the last connection, tidies the write-ahead log
    /// away, and that would be a change.
    pub async fn leave(self) {
        match self {
            Self::Sqlite(connection) => std::mem::forget(connection),
            Self::Postgres(connection) => drop(connection.close().await),
        }
    }
}
