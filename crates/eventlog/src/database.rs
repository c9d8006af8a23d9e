//! Where rows are kept: SQLite or PostgreSQL, opened the way the log, the vault and the views need it.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Postgres, Sqlite, SqliteConnection};

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file of its own; created, with its folder, if it is missing.
    Sqlite {
        /// Path of the file.
        file: PathBuf,
    },
    /// A schema of a PostgreSQL database; the schema is created if it is missing, the database is not.
    Postgres {
        /// `postgres://user:password@host:port/database`
        url: String,
        /// Name of the schema: lower-case letters, digits and `_`. `None`: `public`.
        schema: Option<String>,
        /// How many connections there may be at a time.
        connections: u32,
    },
}

impl Location {
    /// A SQLite file.
    pub fn sqlite(file: impl Into<PathBuf>) -> Self {
        Self::Sqlite { file: file.into() }
    }

    /// A schema of a PostgreSQL database.
    pub fn postgres(url: impl Into<String>, schema: &str) -> Self {
        Self::Postgres { url: url.into(), schema: Some(schema.to_owned()), connections: CONNECTIONS }
    }

    /// The same with at most so many connections, where it is on a server.
    #[must_use]
    pub fn of_at_most(self, most: u32) -> Self {
        match self {
            Self::Postgres { url, schema, .. } => Self::Postgres { url, schema, connections: most },
            file => file,
        }
    }

    /// Whether a table is there, without making anything.
    pub async fn holds(&self, table: &str) -> Result<bool, sqlx::Error> {
        match self {
            Self::Sqlite { file } if !file.is_file() => Ok(false),
            Self::Sqlite { file } => {
                let options = sqlite_options(file, Durability::Rebuildable).create_if_missing(false);
                let mut connection = SqliteConnection::connect_with(&options).await?;
                let known = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1)";
                let holds = sqlx::query_scalar(known).bind(table).fetch_one(&mut connection).await;
                connection.close().await?;
                holds
            }
            Self::Postgres { url, schema, .. } => {
                let options = postgres_options(url, schema.as_deref(), Durability::Rebuildable)?;
                let mut connection = PgConnection::connect_with(&options).await?;
                let known = "SELECT to_regclass($1) IS NOT NULL";
                let name = format!("{}.{table}", schema.as_deref().unwrap_or("public"));
                let holds = sqlx::query_scalar(known).bind(name).fetch_one(&mut connection).await;
                connection.close().await?;
                holds
            }
        }
    }
}

/// How many connections to a server there are at a time, where nothing else is said.
const CONNECTIONS: u32 = 16;

/// What a committed transaction is worth after a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Committed is on disk: the log, the vault.
    Full,
    /// The last commits may be lost, whole and in order: views, which are folded again from the log.
    Rebuildable,
}

/// An open database. Cheap to clone; all clones share the connections.
#[derive(Debug, Clone)]
pub enum Database {
    /// SQLite in WAL mode: one writer, several readers that do not wait for it.
    Sqlite(SqliteDb),
    /// PostgreSQL, with the search path set to the schema.
    Postgres(PgPool),
}

/// The connections to one SQLite file.
#[derive(Debug, Clone)]
pub struct SqliteDb {
    /// The one connection that writes. Begin with `BEGIN IMMEDIATE`.
    pub writer: SqlitePool,
    /// Connections that can only read.
    pub readers: SqlitePool,
    /// Connections for chunks, which would push everything else out of the others' memory. Whoever writes here holds
    /// `writer` meanwhile.
    pub(crate) chunks: SqlitePool,
}

/// The connection of a transaction that somebody else began and will commit.
#[derive(Debug)]
pub enum Tx<'a> {
    /// Inside a SQLite transaction.
    Sqlite(&'a mut SqliteConnection),
    /// Inside a PostgreSQL transaction.
    Postgres(&'a mut PgConnection),
}

impl Tx<'_> {
    /// The same connection for a shorter time, so that it can be handed on more than once.
    pub fn reborrow(&mut self) -> Tx<'_> {
        match self {
            Tx::Sqlite(connection) => Tx::Sqlite(connection),
            Tx::Postgres(connection) => Tx::Postgres(connection),
        }
    }

    /// Runs statements without parameters, separated by semicolons: the text for the database at hand.
    ///
    /// # Errors
    /// As the database says.
    pub async fn run(&mut self, sqlite: &'static str, postgres: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Tx::Sqlite(connection) => sqlx::raw_sql(sqlite).execute(&mut **connection).await.map(drop),
            Tx::Postgres(connection) => sqlx::raw_sql(postgres).execute(&mut **connection).await.map(drop),
        }
    }
}

/// The same expression on whichever connection it is. Statements number their parameters `$1`, which both
/// databases read.
macro_rules! on_either {
    ($tx:expr, $connection:ident => $body:expr) => {
        match $tx {
            $crate::database::Tx::Sqlite($connection) => $body,
            $crate::database::Tx::Postgres($connection) => $body,
        }
    };
}
pub(crate) use on_either;

/// A connection to read with, on loan from the pool. Each loan costs a round trip when it ends, as the pool makes sure
/// of what it gets back: whoever asks several things at once asks them all on one.
#[derive(Debug)]
pub enum Reader {
    /// One of those that can only read.
    Sqlite(PoolConnection<Sqlite>),
    /// Outside any transaction.
    Postgres(PoolConnection<Postgres>),
}

impl Reader {
    /// Its connection.
    pub fn tx(&mut self) -> Tx<'_> {
        match self {
            Self::Sqlite(connection) => Tx::Sqlite(connection),
            Self::Postgres(connection) => Tx::Postgres(connection),
        }
    }

    /// Ends the connection without its pool.
    pub(crate) fn leave(self) {
        match self {
            Self::Sqlite(connection) => drop(connection.detach()),
            Self::Postgres(connection) => drop(connection.detach()),
        }
    }
}

/// A transaction one began oneself; rolled back when dropped.
#[derive(Debug)]
pub enum Transaction {
    /// Begun with `BEGIN IMMEDIATE`.
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    /// Read committed.
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Transaction {
    /// Its connection.
    pub fn tx(&mut self) -> Tx<'_> {
        match self {
            Self::Sqlite(transaction) => Tx::Sqlite(transaction),
            Self::Postgres(transaction) => Tx::Postgres(transaction),
        }
    }

    /// Makes it last.
    ///
    /// # Errors
    /// As the database says; then nothing of it may be taken as stored.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
    }

    /// Undoes it.
    ///
    /// # Errors
    /// As the database says; the transaction is undone nevertheless.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(transaction) => transaction.rollback().await,
            Self::Postgres(transaction) => transaction.rollback().await,
        }
    }
}

impl Database {
    /// Opens a database whose commits must be on disk.
    ///
    /// # Errors
    /// It cannot be opened or created, or the name of the schema is not one.
    pub async fn open(location: &Location) -> Result<Self, sqlx::Error> {
        Self::open_with(location, Durability::Full).await
    }

    /// Opens a database with the durability that is asked for.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub async fn open_with(location: &Location, durability: Durability) -> Result<Self, sqlx::Error> {
        match location {
            Location::Sqlite { file } => {
                if let Some(folder) = file.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                let options = sqlite_options(file, durability);
                let writer = SqlitePoolOptions::new()
                    .max_connections(1)
                    .min_connections(1)
                    .test_before_acquire(false)
                    .idle_timeout(None)
                    .max_lifetime(None)
                    .connect_with(options.clone())
                    .await?;
                let readers = SqlitePoolOptions::new()
                    .max_connections(8)
                    .test_before_acquire(false)
                    .max_lifetime(None)
                    .connect_lazy_with(reading(options));
                let chunks = chunk_connections(file);
                Ok(Self::Sqlite(SqliteDb { writer, readers, chunks }))
            }
            Location::Postgres { url, schema, connections } => {
                let options = postgres_options(url, schema.as_deref(), durability)?;
                let pool = pool_options()
                    .max_connections(*connections)
                    // Also how long somebody waits to hear that the database is away.
                    .acquire_timeout(Duration::from_secs(5))
                    .connect_with(options)
                    .await?;
                create_schema(&pool, schema.as_deref().unwrap_or("public")).await?;
                Ok(Self::Postgres(pool))
            }
        }
    }

    /// A database of few connections, each opened when it is first needed. [`Database::make`] makes what is not there.
    pub(crate) fn open_lazily(location: &Location) -> Result<Self, sqlx::Error> {
        match location {
            Location::Sqlite { file } => {
                let options = sqlite_options(file, Durability::Rebuildable).create_if_missing(false);
                let writer = SqlitePoolOptions::new()
                    .max_connections(1)
                    .test_before_acquire(false)
                    .idle_timeout(None)
                    .max_lifetime(None)
                    .connect_lazy_with(options.clone());
                let readers = SqlitePoolOptions::new()
                    .max_connections(8)
                    .test_before_acquire(false)
                    .max_lifetime(None)
                    .connect_lazy_with(reading(options));
                let chunks = chunk_connections(file);
                Ok(Self::Sqlite(SqliteDb { writer, readers, chunks }))
            }
            Location::Postgres { url, schema, connections } => {
                let options = postgres_options(url, schema.as_deref(), Durability::Rebuildable)?;
                let pool = pool_options()
                    .max_connections(*connections)
                    .acquire_timeout(Duration::from_secs(5))
                    .idle_timeout(Duration::from_secs(60))
                    .connect_lazy_with(options);
                Ok(Self::Postgres(pool))
            }
        }
    }

    /// Makes the file, or the schema, of a database that was opened lazily, where it is missing.
    pub(crate) async fn make(&self, location: &Location) -> Result<(), sqlx::Error> {
        match (self, location) {
            (Self::Postgres(pool), Location::Postgres { schema: Some(schema), .. }) => {
                create_schema(pool, schema).await
            }
            // An empty file is an empty database.
            (_, Location::Sqlite { file }) => {
                Ok(std::fs::File::options().create(true).append(true).open(file).map(drop)?)
            }
            _ => Ok(()),
        }
    }

    /// Begins a transaction that will write.
    ///
    /// # Errors
    /// No connection, or on SQLite another process writes for longer than five seconds.
    pub async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        match self {
            Self::Sqlite(db) => {
                let begun = match db.writer.begin_with("BEGIN IMMEDIATE").await {
                    // SQLite rolls back by itself where the disk is full, which the connection does not know: it
                    // would count on a transaction for ever.
                    Err(sqlx::Error::InvalidSavePointStatement) => {
                        db.writer.acquire().await?.close().await?;
                        db.writer.begin_with("BEGIN IMMEDIATE").await
                    }
                    begun => begun,
                };
                Ok(Transaction::Sqlite(begun?))
            }
            Self::Postgres(pool) => Ok(Transaction::Postgres(pool.begin().await?)),
        }
    }

    /// Begins a transaction that only reads, and sees one state of the database throughout.
    ///
    /// # Errors
    /// No connection.
    pub async fn snapshot(&self) -> Result<Transaction, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(db) => Transaction::Sqlite(db.readers.begin().await?),
            Self::Postgres(pool) => Transaction::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?,
            ),
        })
    }

    /// A connection that only reads.
    ///
    /// # Errors
    /// The database cannot be reached, or all connections are busy for seconds.
    pub async fn reader(&self) -> Result<Reader, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(db) => Reader::Sqlite(db.readers.acquire().await?),
            Self::Postgres(pool) => Reader::Postgres(pool.acquire().await?),
        })
    }

    /// Closes all connections, after what runs on them.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(db) => {
                db.readers.close().await;
                db.chunks.close().await;
                db.writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// How many of those there are at most.
pub(crate) const CHUNK_CONNECTIONS: u32 = 4;

/// Connections for chunks, opened when they are needed. What is staged need not be on disk before the event that names
/// it, whose commit syncs it too.
fn chunk_connections(file: &std::path::Path) -> SqlitePool {
    let options = sqlite_options(file, Durability::Rebuildable).create_if_missing(false);
    SqlitePoolOptions::new()
        .max_connections(CHUNK_CONNECTIONS)
        .test_before_acquire(false)
        .max_lifetime(None)
        .connect_lazy_with(options.pragma("cache_size", "-1024").pragma("mmap_size", "0"))
}

/// Options of a connection that only reads. There are several, of which each has pages of its own in memory: what is
/// mapped would have to be mapped anew after every commit, and each of its pages be looked through at every use.
fn reading(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options.create_if_missing(false).read_only(true).pragma("cache_size", "-16384").pragma("mmap_size", "0")
}

pub(crate) fn sqlite_options(file: &std::path::Path, durability: Durability) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(match durability {
            Durability::Full => SqliteSynchronous::Full,
            Durability::Rebuildable => SqliteSynchronous::Normal,
        })
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(false)
        .statement_cache_capacity(200)
        // What is deleted must not linger in free pages.
        .pragma("secure_delete", "ON")
        .pragma("cache_size", "-65536")
        .pragma("temp_store", "MEMORY")
        .pragma("mmap_size", "268435456")
        .pragma("journal_size_limit", "67108864")
        // A page that is written again and again goes into the file once per checkpoint.
        .pragma("wal_autocheckpoint", "4000")
        .row_buffer_size(512)
}

/// Options of the one connection that fills a file which counts for nothing until it is whole.
pub(crate) fn loading_options(file: &std::path::Path) -> SqliteConnectOptions {
    sqlite_options(file, Durability::Rebuildable)
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off)
        .locking_mode(SqliteLockingMode::Exclusive)
        .pragma("temp_store", "FILE")
}

/// How long a connection may have rested before it is asked whether it is still there. A server that went away is not
/// back sooner, so that one whose connection fails unasked is rightly told that the database is away.
pub(crate) const TRUSTED: Duration = Duration::from_millis(100);

/// A pool that asks a connection whether it is still there only where it rested: busy ones would be asked before every
/// query, which costs about as much as the query.
fn pool_options() -> PgPoolOptions {
    PgPoolOptions::new().test_before_acquire(false).before_acquire(|connection, metadata| {
        Box::pin(async move {
            if metadata.idle_for > TRUSTED {
                connection.ping().await?;
            }
            Ok(true)
        })
    })
}

/// Connection options with everything a session of ours needs set at its start.
pub(crate) fn postgres_options(
    url: &str,
    schema: Option<&str>,
    durability: Durability,
) -> Result<PgConnectOptions, sqlx::Error> {
    let schema = schema.unwrap_or("public");
    if schema.is_empty() || !schema.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    {
        return Err(sqlx::Error::Configuration("a schema is named with a-z, 0-9 and _".into()));
    }
    // What is on disk for good is read by its keys alone. A plan that was made while a table was small, or before its
    // first ANALYZE, reads all of it or hashes it, and a session keeps its plans; views are also read as a whole.
    let by_keys_alone = if durability == Durability::Full { "off" } else { "on" };
    Ok(PgConnectOptions::from_str(url)?.application_name("larka").statement_cache_capacity(200).options([
        ("search_path", schema),
        ("timezone", "UTC"),
        // A client that froze inside a transaction, or whose network went away, must not hold the others.
        ("idle_in_transaction_session_timeout", "10s"),
        ("tcp_user_timeout", "15s"),
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
        ("work_mem", "32MB"),
        // Statements here are short and many; compiling one takes longer than running it.
        ("jit", "off"),
        // Lists are read off an index, in its order and no further than a page. A bitmap loses the order and reads
        // all there is; it is chosen where something frequent is taken for rare, as in a plan that is kept.
        ("enable_bitmapscan", "off"),
        ("enable_seqscan", by_keys_alone),
        ("enable_hashjoin", by_keys_alone),
        ("enable_mergejoin", by_keys_alone),
        // There is one good way to each of those by its keys; a plan made anew for the values at hand would be the same.
        ("plan_cache_mode", if durability == Durability::Full { "force_generic_plan" } else { "auto" }),
        ("synchronous_commit", if durability == Durability::Full { "on" } else { "off" }),
        ("client_min_messages", "warning"),
    ]))
}

async fn create_schema(pool: &PgPool, schema: &str) -> Result<(), sqlx::Error> {
    let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)")
        .bind(schema)
        .fetch_one(pool)
        .await?;
    if !known {
        let mut transaction = pool.begin().await?;
        // IF NOT EXISTS alone lets two processes race into a unique violation.
        sqlx::raw_sql("SELECT pg_advisory_xact_lock(7021880343)").execute(&mut *transaction).await?;
        // The name was checked to be made of letters, digits and underscores.
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE SCHEMA IF NOT EXISTS {schema}")))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its build takes the flags from .cargo/config.toml, and would take none without a word.
    #[tokio::test]
    async fn connections_to_sqlite_share_no_lock_and_no_statement_is_prepared_anew_for_its_values() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&Location::sqlite(folder.path().join("a.db"))).await.unwrap();
        let Database::Sqlite(sqlite) = &database else { panic!("not SQLite") };
        let options: Vec<String> =
            sqlx::query_scalar("PRAGMA compile_options").fetch_all(&sqlite.readers).await.unwrap();
        assert!(options.contains(&"DEFAULT_MEMSTATUS=0".to_owned()), "{options:?}");
        assert!(!options.contains(&"ENABLE_MEMORY_MANAGEMENT".to_owned()), "{options:?}");
        assert!(options.contains(&"ENABLE_QPSG".to_owned()), "{options:?}");
    }

    #[tokio::test]
    async fn a_disk_that_was_full_does_not_keep_later_transactions_from_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&Location::sqlite(folder.path().join("a.db"))).await.unwrap();
        let run = async |sql: &'static str| {
            let mut transaction = database.begin().await?;
            transaction.tx().run(sql, sql).await?;
            transaction.commit().await
        };
        run("CREATE TABLE a (b BLOB)").await.unwrap();
        // The pragma holds for the connection, which is the only one that writes.
        let Database::Sqlite(sqlite) = &database else { panic!("not SQLite") };
        sqlx::raw_sql("PRAGMA max_page_count = 4").execute(&sqlite.writer).await.unwrap();
        let full = run("INSERT INTO a VALUES (zeroblob(1000000))").await.unwrap_err().to_string();
        assert!(full.contains("full"), "{full}");
        run("INSERT INTO a VALUES (x'01')").await.unwrap();
    }
}
