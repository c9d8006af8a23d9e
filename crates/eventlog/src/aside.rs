//! Databases that are made beside the place where they belong, and take it once they are whole: a SQLite file by a
//! rename, a schema of PostgreSQL by one in a transaction.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::database::{Durability, Location, postgres_options};
use crate::error::LogError;

/// What is behind the name of a schema that is made aside.
const ASIDE: &str = "_restoring";

impl Location {
    /// Where what is to take this place is made: a file in `folder`, or a schema beside it.
    pub fn aside(&self, folder: &Path) -> Self {
        match self {
            Self::Sqlite { file } => Self::sqlite(folder.join(file.file_name().unwrap_or_default())),
            Self::Postgres { url, schema, .. } => {
                Self::postgres(url, &format!("{}{ASIDE}", schema.as_deref().unwrap_or("public")))
            }
        }
    }

    /// Whether nothing is there: no file, or no table.
    ///
    /// # Errors
    /// The database cannot be asked.
    pub async fn is_empty(&self) -> Result<bool, LogError> {
        match self {
            Self::Sqlite { file } => Ok(!file.exists()),
            Self::Postgres { url, schema, .. } => {
                let options = postgres_options(url, None, Durability::Full)?;
                let mut connection = PgConnection::connect_with(&options).await?;
                let text = "SELECT NOT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = $1)";
                let schema = schema.as_deref().unwrap_or("public");
                let empty = sqlx::query_scalar(text).bind(schema).fetch_one(&mut connection).await?;
                connection.close().await?;
                Ok(empty)
            }
        }
    }

    /// Takes away what is there. For what was made aside, and nothing else.
    ///
    /// # Errors
    /// The database or the disk refuses.
    pub async fn remove(&self) -> Result<(), LogError> {
        match self {
            Self::Sqlite { file } => {
                for part in files(file) {
                    match std::fs::remove_file(&part) {
                        Err(error) if error.kind() != ErrorKind::NotFound => {
                            return Err(failed(&part, &error));
                        }
                        _ => {}
                    }
                }
                Ok(())
            }
            Self::Postgres { url, schema, .. } => {
                let name = schema.as_deref().filter(|name| name.ends_with(ASIDE));
                let name = name.ok_or_else(|| LogError::Unexpected("a schema that stays".to_owned()))?;
                let mut connection =
                    PgConnection::connect_with(&postgres_options(url, None, Durability::Full)?).await?;
                // A name of letters, digits and underscores: else nothing was made by it.
                let drop = AssertSqlSafe(format!("DROP SCHEMA IF EXISTS {name} CASCADE"));
                sqlx::raw_sql(drop).execute(&mut connection).await?;
                Ok(connection.close().await?)
            }
        }
    }

    /// Puts what was made aside in its place, which is empty; where that was done already, nothing is. On disk when this
    /// returns.
    ///
    /// # Errors
    /// Something else is there, or the database or the disk refuses.
    pub async fn take(&self, aside: &Self) -> Result<(), LogError> {
        match (self, aside) {
            (Self::Sqlite { file }, Self::Sqlite { file: aside }) => {
                if !aside.exists() {
                    return Ok(());
                }
                let synced = std::fs::File::open(aside).and_then(|file| file.sync_all());
                synced.map_err(|error| failed(aside, &error))?;
                std::fs::rename(aside, file).map_err(|error| failed(file, &error))?;
                let folder = file.parent().unwrap_or(Path::new("."));
                let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
                synced.map_err(|error| failed(folder, &error))
            }
            (
                Self::Postgres { url, schema: Some(schema), .. },
                Self::Postgres { schema: Some(aside), .. },
            ) => renamed(url, aside, schema).await,
            _ => Err(LogError::Unexpected("two places of one kind, each with its name".to_owned())),
        }
    }
}

async fn renamed(url: &str, from: &str, to: &str) -> Result<(), LogError> {
    let mut connection = PgConnection::connect_with(&postgres_options(url, None, Durability::Full)?).await?;
    let mut transaction = connection.begin().await?;
    let known = "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)";
    if sqlx::query_scalar(known).bind(from).fetch_one(&mut *transaction).await? {
        // One that somebody made and left empty; what is in it keeps it, and ends this.
        let text = format!("DROP SCHEMA IF EXISTS {to}; ALTER SCHEMA {from} RENAME TO {to}");
        sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut *transaction).await?;
        // These have the name in what they are to search.
        let functions: Vec<String> = sqlx::query_scalar(
            "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = $1::regnamespace \
             AND proconfig::text LIKE '%search_path=%'",
        )
        .bind(to)
        .fetch_all(&mut *transaction)
        .await?;
        for function in functions {
            let text = format!("ALTER FUNCTION {function} SET search_path TO {to}");
            sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut *transaction).await?;
        }
    }
    transaction.commit().await?;
    Ok(connection.close().await?)
}

/// A database's file and those that SQLite has beside it.
fn files(file: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|end| {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    })
}

fn failed(file: &Path, error: &std::io::Error) -> LogError {
    LogError::Unexpected(format!("{}: {error}", file.display()))
}
