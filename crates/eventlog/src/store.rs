//! What the writer asks of a database, and how it takes an error.

use std::borrow::Cow;

use crate::chunks::Naming;
use crate::clock::Micros;
use crate::database::Tx;
use crate::decide::Known;
use crate::event::{Event, Head, Key, Position};
use crate::fold::FoldError;
use crate::rows::Rows;
use crate::{postgres, sqlite};

/// What the locked database said.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) head: Head,
    pub(crate) known: Known,
    /// The database's clock, where it has one that counts.
    pub(crate) clock: Option<Micros>,
    /// The first position after which a hook has rows missing.
    pub(crate) hooks: Option<Position>,
}

/// What a batch needs to know.
#[derive(Debug, Default)]
pub(crate) struct Need {
    /// Empty where it is left to the insert to find that a key is in the log already.
    pub(crate) dedupe: Vec<Key>,
    pub(crate) streams: Vec<Key>,
}

/// What a batch changes beside its rows.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) head: Head,
    /// Slots to delete: position, slot, and the position of the event that says so.
    pub(crate) deletions: Vec<(Position, u16, Position)>,
    /// Sets of chunks that its slots name.
    pub(crate) named: Vec<(Position, Naming)>,
}

/// How an attempt to write failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nothing was stored, and the connection is gone. Another one may do.
    Disconnected(String),
    /// Nothing was stored. It may pass.
    Unavailable(String),
    /// Nothing was stored, and that is because of one of the events.
    Refused(String),
    /// Nothing was stored, because one of the dedupe keys is in the log.
    Repeated(String),
    /// The commit was sent and its answer did not come.
    Lost(String),
    /// The disk did not take what was written. Nothing that is on it can be relied on any more.
    Fatal(String),
}

/// When an error came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Before,
    Commit,
}

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
            let mut found = read_page(self.tx()?, Position(position.0 - 1), 1)
                .await
                .map_err(|e| classify(&e, Phase::Before))?;
            found.pop()
        };
        self.rollback().await;
        Ok(found.is_some_and(|event| event.position == position && event.id == *id))
    }
}

/// The events after a position on a connection at hand.
pub(crate) async fn read_page(tx: Tx<'_>, after: Position, limit: usize) -> Result<Vec<Event>, sqlx::Error> {
    match tx {
        Tx::Sqlite(connection) => sqlite::read::page(connection, after, limit).await,
        Tx::Postgres(connection) => postgres::read::page(connection, after, limit).await,
    }
}

/// What an error of a hook means.
pub(crate) fn classify_fold(error: &FoldError) -> Failure {
    match error {
        FoldError::Event { .. } => Failure::Refused(error.to_string()),
        FoldError::Database(error) => classify(error, Phase::Before),
    }
}

/// What an error of the database means.
pub(crate) fn classify(error: &sqlx::Error, phase: Phase) -> Failure {
    let text = error.to_string();
    match error {
        // PostgreSQL's unique index, and what SQLite's trigger says.
        sqlx::Error::Database(database)
            if database.constraint() == Some("event_dedupe")
                || database.message().ends_with("a key that exists") =>
        {
            Failure::Repeated(text)
        }
        sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or(Cow::Borrowed(""));
            if database.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
                sqlite::classify(code.parse().unwrap_or(0), text)
            } else {
                postgres::classify(&code, phase, text)
            }
        }
        sqlx::Error::PoolClosed => Failure::Fatal("the log was closed".to_owned()),
        sqlx::Error::Encode(_) | sqlx::Error::InvalidArgument(_) => Failure::Refused(text),
        _ if phase == Phase::Commit => Failure::Lost(text),
        _ => Failure::Disconnected(text),
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
