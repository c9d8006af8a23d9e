//! Why a database cannot be used, in words for whoever has to mend it.

use std::io::ErrorKind;

use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Executor as _};

use crate::database::{Durability, Location, postgres_options, sqlite_options};

/// A database that cannot be used: where it is, what is the matter, and what to do. Never its password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place} cannot be used: {problem}")]
pub struct Unreachable {
    place: String,
    problem: String,
}

impl Unreachable {
    /// What an error of the database at a place means.
    pub fn of(location: &Location, error: &sqlx::Error) -> Self {
        let problem = match location {
            Location::Sqlite { .. } => of_file(error),
            Location::Postgres { url, .. } => of_server(error, &named(url).1),
        };
        Self { place: location.place(), problem }
    }
}

/// A PostgreSQL database without its password, and its name.
fn named(url: &str) -> (String, String) {
    postgres_options(url, None, Durability::Full).map_or_else(
        |_| ("the PostgreSQL database".to_owned(), String::new()),
        |options| {
            let name = options.get_database().unwrap_or(options.get_username()).to_owned();
            let (host, port) = (options.get_host(), options.get_port());
            (format!("the PostgreSQL database {name} at {host}:{port}"), name)
        },
    )
}

impl Location {
    /// Where it is, in words, without a password.
    pub fn place(&self) -> String {
        match self {
            Self::Sqlite { file } => file.display().to_string(),
            Self::Postgres { url, .. } => named(url).0,
        }
    }

    /// Makes sure that what is there can be read and written. A file that is not there is for its user to make.
    ///
    /// # Errors
    /// It cannot; says why and what to do.
    pub async fn reach(&self) -> Result<(), Unreachable> {
        let tried = match self {
            Self::Sqlite { file } if !file.exists() => Ok(()),
            Self::Sqlite { file } => {
                let options = sqlite_options(file, Durability::Full).create_if_missing(false);
                async {
                    let mut connection = SqliteConnection::connect_with(&options).await?;
                    // Whoever else writes at the moment shows that it can be written.
                    let begun = match connection.execute("BEGIN IMMEDIATE; ROLLBACK").await {
                        Err(error) if code(&error).is_some_and(|code| code & 0xff == 5) => Ok(()),
                        begun => begun.map(drop),
                    };
                    connection.close().await?;
                    begun
                }
                .await
            }
            Self::Postgres { url, .. } => {
                async {
                    let options = postgres_options(url, None, Durability::Full)?;
                    sqlx::PgConnection::connect_with(&options).await?.close().await
                }
                .await
            }
        };
        tried.map_err(|error| Unreachable::of(self, &error))
    }
}

/// SQLite's result code, extended.
fn code(error: &sqlx::Error) -> Option<u32> {
    error.as_database_error()?.code()?.parse().ok()
}

fn of_file(error: &sqlx::Error) -> String {
    const RIGHTS: &str =
        "it and its folder have to be of the user that runs larka, and not on a medium that is read only";
    // https://www.sqlite.org/rescode.html: the lower byte is the code, the rest says more.
    match (code(error).map(|code| code & 0xff), error) {
        (Some(3 | 8 | 14), _) => format!("it may not be opened for writing; {RIGHTS}"),
        (_, sqlx::Error::Io(io)) if io.kind() == ErrorKind::PermissionDenied => format!("{io}; {RIGHTS}"),
        (Some(11 | 26), _) => {
            "it is damaged, or no database of SQLite; put back a copy of all that belongs together \
                               (docs/operations.md)"
                .to_owned()
        }
        (Some(13), _) => "the disk is full; make room".to_owned(),
        (Some(5 | 6), _) => "another process holds it; stop that".to_owned(),
        (Some(10), _) => format!("the disk does not do what is asked of it ({error}); see the system's log"),
        _ => error.to_string(),
    }
}

fn of_server(error: &sqlx::Error, name: &str) -> String {
    const ANOTHER: &str = "or name another with --database-url and --vault-url";
    match error {
        sqlx::Error::Io(io) => format!("nobody answers there ({io}); start it, {ANOTHER}"),
        sqlx::Error::PoolTimedOut => {
            "it gave no connection in 5 s; it is stuck, or all it gives are taken (max_connections, docs/operations.md)"
                .to_owned()
        }
        sqlx::Error::Tls(tls) => format!("TLS fails: {tls}; sslmode and sslrootcert in the address say what to expect"),
        // https://www.postgresql.org/docs/15/errcodes-appendix.html
        _ => match error.as_database_error().and_then(|error| error.code()).as_deref() {
            Some("28P01" | "28000") => {
                format!("the role or its password is refused ({error}); the address is postgres://role:password@host/database")
            }
            Some("3D000") => format!("there is no database of this name; createdb {name}, {ANOTHER}"),
            Some("42501") => format!("the role lacks a right ({error}); see deploy/README.md, PostgreSQL"),
            Some("53300") => {
                "all connections that it gives are taken; raise max_connections or give fewer to each node \
                 (docs/operations.md)"
                    .to_owned()
            }
            Some("57P01" | "57P03") => "it is starting or stopping; try again when it runs".to_owned(),
            _ => error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_is_no_database_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log.db");
        let location = Location::sqlite(&file);
        location.reach().await.unwrap();
        assert!(!file.exists(), "nothing is made");
        std::fs::write(&file, "bilaga ".repeat(1_000)).unwrap();
        let refused = location.reach().await.unwrap_err().to_string();
        assert!(refused.contains("log.db") && refused.contains("damaged"), "{refused}");
        assert_eq!(std::fs::read_to_string(&file).unwrap().len(), 7_000);
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_named_without_its_password() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = format!("postgres://larka:hemlig-2@{taken}/larka_prod");
        let refused = Location::postgres(&url, "log").reach().await.unwrap_err().to_string();
        assert!(
            refused.contains(&format!("larka_prod at {taken}")) && refused.contains("--database-url"),
            "{refused}"
        );
        assert!(!refused.contains("hemlig-2"), "{refused}");
    }
}
