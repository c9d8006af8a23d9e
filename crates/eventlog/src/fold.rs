//! What follows the log: hooks inside the append's transaction, and projections with checkpoints.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::database::Tx;
use crate::event::{Event, Position};

/// Why events could not be folded.
#[derive(Debug, thiserror::Error)]
pub enum FoldError {
    /// This event cannot be folded, now or later, without a change of the program.
    #[error("event {} cannot be folded: {reason}", .position.0)]
    Event {
        /// Which event.
        position: Position,
        /// What was wrong with it; never personal data.
        reason: String,
    },
    /// The database failed. What a retry may heal is tried again.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl FoldError {
    /// This event cannot be folded.
    pub fn event(position: Position, reason: impl std::fmt::Display) -> Self {
        Self::Event { position, reason: reason.to_string() }
    }
}

/// How complete a hook's rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Every event up to those it was last given has all its rows.
    Complete,
    /// What it was last given says nothing about that.
    Unknown,
    /// Work was put off; [`InTransaction::go_on`] does it, piece by piece.
    Behind,
}

/// Runs inside the append's transaction: writes the index rows that make an event findable at once.
/// Its tables live in the log's own database. Keep it short: everybody waits for it.
pub trait InTransaction: Send + Sync {
    /// Unique and stable.
    fn name(&self) -> &'static str;

    /// Raised when the rows change form: the log then calls [`InTransaction::reset`] and folds all again.
    fn version(&self) -> u32 {
        1
    }

    /// Creates its tables where they are missing.
    fn prepare<'a>(&'a self, tx: Tx<'a>) -> BoxFuture<'a, Result<(), FoldError>>;

    /// Drops its tables. Called before [`InTransaction::prepare`] when all is to be folded again.
    fn reset<'a>(&'a self, tx: Tx<'a>) -> BoxFuture<'a, Result<(), FoldError>>;

    /// Folds events that follow each other without a gap. A [`FoldError::Event`] refuses the append
    /// request that the event belongs to, and none of its neighbours. What would take long it may put off.
    fn apply<'a>(&'a self, tx: Tx<'a>, events: &'a [Event]) -> BoxFuture<'a, Result<(), FoldError>>;

    /// What the last [`InTransaction::apply`] or [`InTransaction::go_on`] found under the log's lock.
    fn standing(&self) -> Standing {
        Standing::Complete
    }

    /// Does a piece of what was put off, by whichever node, under the log's lock; [`InTransaction::standing`] then
    /// says whether there is more. As short as [`InTransaction::apply`]: appends wait for it.
    fn go_on<'a>(&'a self, _tx: Tx<'a>) -> BoxFuture<'a, Result<(), FoldError>> {
        async { Ok(()) }.boxed()
    }

    /// The first event that does not have all its rows yet, as committed. What is promised to be complete ends
    /// before it.
    fn unfinished<'a>(&'a self, _tx: Tx<'a>) -> BoxFuture<'a, Result<Option<Position>, FoldError>> {
        async { Ok(None) }.boxed()
    }
}

/// A view on the log, kept up by a [`Runner`](crate::projection::Runner) in a place of its own.
pub trait Projection: Send + Sync {
    /// Unique and stable: a-z, 0-9 and `_`, as it stands in the names of its places.
    fn name(&self) -> &'static str;

    /// Raised when the rows change form or meaning: the runner then builds a new generation of them beside the one
    /// that is there, and switches to it when it has seen all.
    fn version(&self) -> u32 {
        1
    }

    /// The kinds of event it wants, or `None` for all.
    fn kinds(&self) -> Option<&'static [&'static str]> {
        None
    }

    /// Creates its tables where they are missing. Each generation has a place of its own, which is dropped whole;
    /// names need not differ from one to the next. `checkpoint` and `set_aside` are taken.
    fn prepare<'a>(&'a self, tx: Tx<'a>) -> BoxFuture<'a, Result<(), FoldError>>;

    /// Folds events in the order of their positions. The checkpoint moves in the same transaction, so
    /// each event counts once.
    fn apply<'a>(&'a self, tx: Tx<'a>, events: &'a [Event]) -> BoxFuture<'a, Result<(), FoldError>>;
}
