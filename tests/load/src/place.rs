//! Where a measurement keeps its databases.

use std::path::PathBuf;

use anyhow::Result;
use domain::events::kind;
use eventlog::{Database, Location};
use sqlx::Connection as _;
use tempfile::TempDir;
use testkit::postgres::TestDatabase;

use crate::flags::{Backend, Flags};
use crate::process;

/// A fresh folder and, on PostgreSQL, two fresh databases; gone when dropped.
pub(crate) struct Place {
    folder: TempDir,
    database: Option<(TestDatabase, String)>,
}

impl Place {
    pub(crate) async fn fresh(backend: Backend, flags: &Flags) -> Result<Self> {
        let folder = match &flags.folder {
            Some(parent) => tempfile::tempdir_in(parent)?,
            None => tempfile::tempdir()?,
        };
        let database = match backend {
            Backend::Sqlite => None,
            Backend::Postgres => {
                let mut database = testkit::postgres::database().await?;
                let vault = database.sibling("_vault").await?;
                Some((database, vault))
            }
        };
        let place = Self { folder, database };
        place.settle().await?;
        Ok(place)
    }

    /// The data folder.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// URLs of the log's and the vault's PostgreSQL databases.
    pub(crate) fn urls(&self) -> Option<(String, &str)> {
        self.database.as_ref().map(|(database, vault)| (database.url(), vault.as_str()))
    }

    pub(crate) fn log(&self) -> Location {
        self.location("log")
    }

    pub(crate) fn vault(&self) -> Location {
        match self.urls() {
            Some((_, vault)) => Location::postgres(vault, "vault"),
            None => self.location("vault"),
        }
    }

    /// The log's or the views' place, as `larka serve` lays them out.
    pub(crate) fn location(&self, name: &str) -> Location {
        match self.urls() {
            Some((url, _)) => Location::postgres(url, name),
            None => Location::sqlite(self.folder().join(format!("{name}.db"))),
        }
    }

    /// Lets PostgreSQL write out what earlier measurements left to be written.
    pub(crate) async fn settle(&self) -> Result<()> {
        if let Some((url, _)) = self.urls() {
            let mut connection = sqlx::PgConnection::connect(&url).await?;
            sqlx::raw_sql("CHECKPOINT").execute(&mut connection).await?;
            connection.close().await?;
        }
        Ok(())
    }

    /// How many statements the log has. It has other events too: what statements say of activities is one.
    pub(crate) async fn statements(&self) -> Result<u64> {
        self.count(kind::STATEMENT).await
    }

    /// How many events of a kind the log has.
    pub(crate) async fn count(&self, kind: &str) -> Result<u64> {
        const COUNT: &str = "SELECT count(*) FROM event WHERE kind = $1";
        let database = Database::open(&self.log()).await?;
        let count: i64 = match &database {
            Database::Sqlite(files) => sqlx::query_scalar(COUNT).bind(kind).fetch_one(&files.readers).await?,
            Database::Postgres(pool) => sqlx::query_scalar(COUNT).bind(kind).fetch_one(pool).await?,
        };
        database.close().await;
        Ok(u64::try_from(count)?)
    }

    /// Processor time of all of PostgreSQL's processes so far; 0 for SQLite, which works in its caller's.
    pub(crate) async fn database_cpu(&self) -> Result<f64> {
        let Some((url, _)) = self.urls() else { return Ok(0.0) };
        let mut connection = sqlx::PgConnection::connect(&url).await?;
        let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut connection).await?;
        let cpu = process::cpu_with_children(process::parent(u32::try_from(pid)?)?);
        connection.close().await?;
        cpu
    }

    /// Drops everything, off the runtime's threads.
    pub(crate) async fn drop_now(self) -> Result<()> {
        Ok(tokio::task::spawn_blocking(move || drop(self)).await?)
    }
}
