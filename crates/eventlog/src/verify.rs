//! Walking the chain.

use crate::event::Position;

/// A range of the log that was found whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many events were read.
    pub events: u64,
    /// How many slots were present and had the hash that the chain says.
    pub slots: u64,
    /// How many slots were lawfully deleted.
    pub deleted_slots: u64,
    /// The last position of the range that exists.
    pub through: Position,
    /// The hash there; it covers everything before.
    pub hash: [u8; 32],
}

/// The first place where the log is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the log is broken at position {}: {what}", .position.0)]
pub struct Broken {
    /// Where.
    pub position: Position,
    /// What is wrong there.
    pub what: String,
}

/// Why a range could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The log was changed.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The database failed or cannot be reached.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}
