//! What can go wrong at the desk.

use ballot::BallotError;
use eventlog::{AppendError, LogError};
use vault::VaultError;
use views::ViewError;

/// Why nothing can be said or taken at the moment. Never holds a name, an answer or a code.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// There is no such round, or it is a draft.
    #[error("there is no round of this id that may be answered")]
    Unknown,
    /// The round's survey has no definition that can be read.
    #[error("the round's survey has no definition that is taken")]
    Definition,
    /// The round is of another kind than what is asked of it.
    #[error("the round is of another mode")]
    Mode,
    /// Nobody could be told apart.
    #[error("{people} people are asked, and nothing is told of fewer than {smallest}: it is not opened")]
    TooFew {
        /// How many are asked.
        people: u32,
        /// How many it takes.
        smallest: u32,
    },
    /// A box is to be emptied where its key is not.
    #[error("the key of its ballot box is not in the folder of this node; the node that opened it has it")]
    NoKey,
    /// A box holds what is no answer; it is left as it is.
    #[error("{0} of its ballots cannot be read")]
    Unread(usize),
    /// The log fails.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log does not take an event.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The vault fails.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The municipality cannot be brought up to date.
    #[error(transparent)]
    View(#[from] ViewError),
    /// A ballot box fails.
    #[error(transparent)]
    Ballot(#[from] BallotError),
    /// Statements cannot be stored.
    #[error("answers cannot be stored: {0}")]
    Store(String),
}
