//! The log itself: opening, appending, reading.

use std::ops::RangeInclusive;
use std::sync::Arc;

use tokio::sync::watch;

use crate::clock::{Micros, SharedClock};
use crate::database::{Database, Location};
use crate::event::{Append, AppendError, Appended, Event, Head, Key, NewEvent, Position, Slot};
use crate::fold::InTransaction;
use crate::verify::{Verified, VerifyError};

/// Why the log could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The database failed or cannot be reached.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A hook could not be prepared or brought up to the head.
    #[error("the index {hook} cannot be brought up to date: {source}")]
    Hook {
        /// Its name.
        hook: &'static str,
        /// Why.
        source: crate::fold::FoldError,
    },
    /// What is stored is not what this program writes.
    #[error("the log's database is not as expected: {0}")]
    Unexpected(String),
}

/// What a log is opened with.
pub struct Options {
    /// Where it is.
    pub location: Location,
    /// The time. On PostgreSQL the machine's clock stands for the database's.
    pub clock: SharedClock,
    /// How many events may wait to be written; more are refused with [`AppendError::Full`].
    pub queue_events: usize,
    /// How many events are written in one transaction at most.
    pub max_batch: usize,
    /// What is written in the append's transaction beside the log.
    pub hooks: Vec<Arc<dyn InTransaction>>,
    /// Where the metrics go.
    pub registry: prometheus::Registry,
}

impl Options {
    /// A log at `location` with a queue of 20,000 events, batches of up to 2,000, no hooks.
    pub fn new(location: Location, clock: SharedClock) -> Self {
        Self {
            location,
            clock,
            queue_events: 20_000,
            max_batch: 2_000,
            hooks: Vec::new(),
            registry: prometheus::Registry::new(),
        }
    }
}

/// An open log. Cheap to clone; all clones share the writer.
#[derive(Clone)]
pub struct EventLog {}

impl EventLog {
    /// Opens a log, creates its tables where they are missing, and brings the hooks up to the head.
    ///
    /// # Errors
    /// The database cannot be opened, or holds something else.
    pub async fn open(_options: Options) -> Result<Self, LogError> {
        todo!()
    }
    /// Stores the events of one request, next to each other, or none. Answers once they are on disk.
    ///
    /// # Errors
    /// Each way in which nothing was stored.
    pub async fn append(&self, _request: Append) -> Result<Appended, AppendError> {
        todo!()
    }
    /// Deletes sealed slots and appends the event that says so, in one transaction. Slots that are gone
    /// already are passed over. The hashes stay: the chain and the other slots still verify.
    ///
    /// # Errors
    /// As [`EventLog::append`].
    pub async fn delete_slots(&self, _slots: &[(Position, u16)], _event: NewEvent) -> Result<Appended, AppendError> {
        todo!()
    }
    /// Where the events with these dedupe keys are, in the order asked.
    ///
    /// # Errors
    /// The database fails.
    pub async fn find(&self, _keys: &[Key]) -> Result<Vec<Option<Position>>, LogError> {
        todo!()
    }
    /// The events after a position, in order, at most `limit`.
    ///
    /// # Errors
    /// The database fails.
    pub async fn read(&self, _after: Position, _limit: usize) -> Result<Vec<Event>, LogError> {
        todo!()
    }
    /// The events of some kinds after a position, in order, at most `limit`.
    ///
    /// # Errors
    /// The database fails.
    pub async fn read_kinds(&self, _kinds: &[&str], _after: Position, _limit: usize) -> Result<Vec<Event>, LogError> {
        todo!()
    }
    /// The events at these positions with the slots they still have, in the order asked; positions
    /// where nothing is are passed over.
    ///
    /// # Errors
    /// The database fails.
    pub async fn read_at(&self, _positions: &[Position]) -> Result<Vec<(Event, Vec<Slot>)>, LogError> {
        todo!()
    }
    /// The version of a stream and the position of its last event.
    ///
    /// # Errors
    /// The database fails.
    pub async fn stream_head(&self, _stream: Key) -> Result<Option<(u64, Position)>, LogError> {
        todo!()
    }
    /// The last event stored at or before an instant; 0 if there is none.
    ///
    /// # Errors
    /// The database fails.
    pub async fn position_at(&self, _instant: Micros) -> Result<Position, LogError> {
        todo!()
    }
    /// The end of the log, as committed.
    ///
    /// # Errors
    /// The database fails.
    pub async fn head(&self) -> Result<Head, LogError> {
        todo!()
    }
    /// The fence, as last seen. Read it before resolving people; see [`Append::fence`].
    pub fn fence(&self) -> u64 {
        todo!()
    }
    /// An instant such that everything stored at or before it is committed and can be read, and nothing
    /// will be stored at or before it any more.
    ///
    /// # Errors
    /// The database fails.
    pub async fn consistent_through(&self) -> Result<Micros, LogError> {
        todo!()
    }
    /// Changes to the last position that can be read, by any node.
    pub fn subscribe(&self) -> watch::Receiver<Position> {
        todo!()
    }
    /// Recomputes the chain and the hashes of the slots that are present, for a range of positions.
    ///
    /// # Errors
    /// The first break, or the database failed.
    pub async fn verify(
        &self,
        _range: RangeInclusive<u64>,
        _progress: &mut (dyn FnMut(Position) + Send),
    ) -> Result<Verified, VerifyError> {
        todo!()
    }
    /// Empties the tables of all hooks and folds the whole log into them again. Appends wait meanwhile.
    ///
    /// # Errors
    /// The database or a hook fails.
    pub async fn rebuild_hooks(&self) -> Result<(), LogError> {
        todo!()
    }
    /// The database the log is in; hooks' tables are read here.
    pub fn database(&self) -> &Database {
        todo!()
    }
    /// Takes no more requests, finishes those that were taken, and closes the connections.
    pub async fn close(&self) {
        todo!()
    }
}
