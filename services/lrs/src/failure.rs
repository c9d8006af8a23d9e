//! Why nothing was stored, or read.

use eventlog::{AppendError, LogError};
use vault::VaultError;
use views::ViewError;

/// Why nothing of a request was stored, as far as is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    /// The same id stands twice in the batch (IEEE 9274.1.1 4.1.6.1).
    #[error("statement {statement} has the id of another in the batch")]
    Repeated {
        /// Which statement, counted from 0.
        statement: usize,
    },
    /// Another statement is stored under this id, or stands in the same batch.
    #[error("statement {statement} differs from the one that is known under its id")]
    Conflict {
        /// Which statement, counted from 0.
        statement: usize,
    },
    /// It voids a statement that somebody else sent, and its sender may not.
    #[error("statement {statement} voids one that another credential sent")]
    VoidsOthers {
        /// Which statement, counted from 0.
        statement: usize,
    },
    /// It answers in a round that nobody is to be linked in.
    #[error("statement {statement} would say who gave an answer in a round that nobody is to be linked in")]
    Links {
        /// Which statement, counted from 0.
        statement: usize,
    },
    /// The log's queue is full.
    #[error("the queue of the log is full")]
    Full {
        /// Seconds after which to try again.
        retry_after: u32,
    },
    /// Of what was opened or prepared under a fence of the log: somebody was erased, or its streams went on, meanwhile.
    /// Nothing was stored; it may be begun again.
    #[error("the log changed under what was to be stored")]
    Outdated,
    /// The log or the vault changed under the request too often, or cannot be reached. Nothing was stored; the
    /// request may be sent again.
    #[error("nothing was stored: {0}")]
    Unavailable(String),
    /// The log has stopped, and the answer to a commit may be lost with it. What was stored is known by its ids when the
    /// request is sent again.
    #[error("whether anything was stored is not known: {0}")]
    Unknown(String),
    /// What is stored is damaged, or this program is at fault.
    #[error("an internal fault: {0}")]
    Internal(String),
}

pub(crate) fn refused(error: AppendError) -> IngestError {
    match error {
        AppendError::Full { retry_after } => IngestError::Full { retry_after },
        AppendError::Clock(_) | AppendError::Unavailable(_) => IngestError::Unavailable(error.to_string()),
        AppendError::Stopped(_) => IngestError::Unknown(error.to_string()),
        AppendError::Exists(_)
        | AppendError::Fenced(_)
        | AppendError::WrongVersion { .. }
        | AppendError::Refused(_) => IngestError::Internal(error.to_string()),
    }
}

pub(crate) fn unreadable(error: eventlog::LogError) -> IngestError {
    match error {
        eventlog::LogError::Database(_) => IngestError::Unavailable(error.to_string()),
        error => IngestError::Internal(error.to_string()),
    }
}

pub(crate) fn vault_failed(error: VaultError) -> IngestError {
    match error {
        // Keys that are missing or an older copy can be put in their place: nothing was stored, and it may pass.
        VaultError::Unavailable(_)
        | VaultError::Stopped(_)
        | VaultError::UnknownGeneration(_)
        | VaultError::KeyFile { .. }
        | VaultError::File { .. }
        | VaultError::Permissions { .. } => IngestError::Unavailable(error.to_string()),
        error => IngestError::Internal(error.to_string()),
    }
}

/// Why statements could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("the statement at position {0} cannot be read: {1}")]
    Facts(u64, String),
    #[error(transparent)]
    View(#[from] ViewError),
    #[error("chunk {0} of an attachment is not there")]
    Chunk(u32),
}

impl ReadError {
    /// Whether what is stored is damaged, which asking again does not mend.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Facts(..) | Self::Vault(VaultError::Damaged { .. } | VaultError::Invalid(_)))
    }
}
