//! The store of whichever database the log is in: what is alike for both is asked for here.

use crate::clock::Micros;
use crate::database::{Database, Tx};
use crate::error::LogError;
use crate::event::{Head, Key, Position};
use crate::fold::FoldError;
use crate::rows::Rows;
use crate::store::{Change, Failure, Need, Phase, Taken};
use crate::{postgres, read, sqlite};

/// The version of the log's own tables that this program reads and writes.
pub(crate) const FORMAT: i64 = 2;

/// The function of this name in the module of whichever database the connection is to.
macro_rules! pick {
    ($tx:expr, $function:ident ( $($argument:expr),* )) => {
        match $tx {
            $crate::database::Tx::Sqlite(connection) => {
                $crate::sqlite::read::$function(connection, $($argument),*).await
            }
            $crate::database::Tx::Postgres(connection) => {
                $crate::postgres::read::$function(connection, $($argument),*).await
            }
        }
    };
}
pub(crate) use pick;

/// The connection that writes.
#[derive(Debug)]
pub(crate) enum Store {
    Sqlite(sqlite::Store),
    Postgres(Box<postgres::Store>),
}

impl Store {
    /// Begins a transaction, takes the lock, and looks up.
    pub(crate) async fn take(&mut self, need: &Need) -> Result<Taken, Failure> {
        match self {
            Self::Sqlite(store) => store.take(need).await,
            Self::Postgres(store) => store.take(need).await,
        }
    }

    /// Inserts the rows and moves the head.
    pub(crate) async fn put(&mut self, rows: &Rows, change: &Change) -> Result<(), Failure> {
        match self {
            Self::Sqlite(store) => store.put(rows, change).await,
            Self::Postgres(store) => store.put(rows, change).await,
        }
    }

    /// The connection inside the transaction.
    pub(crate) fn tx(&mut self) -> Result<Tx<'_>, Failure> {
        match self {
            Self::Sqlite(store) => store.tx(),
            Self::Postgres(store) => store.tx(),
        }
    }

    pub(crate) async fn commit(&mut self) -> Result<(), Failure> {
        match self {
            Self::Sqlite(store) => store.commit().await,
            Self::Postgres(store) => store.commit().await,
        }
    }

    /// Undoes what was begun; gives the connection up where that fails.
    pub(crate) async fn rollback(&mut self) {
        match self {
            Self::Sqlite(store) => store.rollback().await,
            Self::Postgres(store) => store.rollback().await,
        }
    }

    /// After a commit whose answer was lost: whether the event at this position is the one that was
    /// sent. Waits for the lock, so that whoever still works on that commit is done.
    pub(crate) async fn committed(&mut self, position: Position, id: &Key) -> Result<bool, Failure> {
        let taken = self.take(&Need::default()).await?;
        let found = if taken.head.position < position {
            None
        } else {
            let mut found = read::page(self.tx()?, Position(position.0 - 1), 1)
                .await
                .map_err(|e| classify(&e, Phase::Before))?;
            found.pop()
        };
        self.rollback().await;
        Ok(found.is_some_and(|event| event.position == position && event.id == *id))
    }
}

/// Creates the log's tables where they are missing.
pub(crate) async fn prepare_tables(database: &Database) -> Result<(), LogError> {
    let version = match database {
        Database::Sqlite(db) => sqlite::prepare(db).await?,
        Database::Postgres(pool) => postgres::prepare(pool).await?,
    };
    if version != FORMAT {
        return Err(LogError::Unexpected(format!(
            "its tables have version {version}, and this program knows {FORMAT}"
        )));
    }
    Ok(())
}

/// The head as committed, and the database's clock where it has one that counts.
pub(crate) async fn head_and_clock(tx: Tx<'_>) -> Result<(Head, Option<Micros>), sqlx::Error> {
    Ok(match tx {
        Tx::Sqlite(connection) => (sqlite::read::head(connection).await?, None),
        Tx::Postgres(connection) => {
            let (head, clock) = postgres::read::head(connection).await?;
            (head, Some(clock))
        }
    })
}

/// Raises the promise to `now`, unless somebody writes; gives the head after it where it could.
pub(crate) async fn promise(database: &Database, now: Micros) -> Result<Option<Head>, sqlx::Error> {
    match database {
        Database::Sqlite(db) => sqlite::promise(db, now).await,
        Database::Postgres(pool) => postgres::promise(pool, now).await,
    }
}

/// What an error of a hook means.
pub(crate) fn classify_fold(error: &FoldError) -> Failure {
    match error {
        FoldError::Event { .. } => Failure::Refused(error.to_string()),
        FoldError::Database(error) => classify(error, Phase::Before),
    }
}

/// What an error of the database means, whichever it is.
pub(crate) fn classify(error: &sqlx::Error, phase: Phase) -> Failure {
    let database = error.as_database_error();
    if database.is_some_and(|error| error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some()) {
        sqlite::classify(error, phase)
    } else {
        postgres::classify(error, phase)
    }
}

/// Whether trying again may help where a projection's transaction failed.
pub(crate) fn may_pass(error: &sqlx::Error) -> bool {
    !matches!(classify(error, Phase::Before), Failure::Refused(_) | Failure::Repeated(_))
        && !matches!(
            error,
            sqlx::Error::RowNotFound
                | sqlx::Error::TypeNotFound { .. }
                | sqlx::Error::ColumnIndexOutOfBounds { .. }
                | sqlx::Error::ColumnNotFound(_)
                | sqlx::Error::ColumnDecode { .. }
                | sqlx::Error::Decode(_)
        )
}
