//! The rows of the tables, alike for both databases.

use eventlog::Position;

use crate::{AgentId, Period, VaultError};

/// The one row of the table `vault`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) format: i32,
    pub(crate) instance: Vec<u8>,
    /// The generation that all rows are under.
    pub(crate) generation: u32,
}

/// How far a log had come when the vault was last told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The position.
    pub position: Position,
    /// The chain's hash there.
    pub hash: [u8; 32],
}

/// An agent: how it is found, and its identifier's digest, wrapped, for finding it under the next lookup key.
#[derive(Debug, Clone)]
pub(crate) struct AgentRow {
    pub(crate) agent: AgentId,
    pub(crate) lookup: [u8; 32],
    pub(crate) generation: u32,
    pub(crate) identifier: Vec<u8>,
}

/// A key of an agent.
#[derive(Debug, Clone)]
pub(crate) struct KeyRow {
    pub(crate) agent: AgentId,
    pub(crate) period: Period,
    pub(crate) generation: u32,
    pub(crate) wrapped: Vec<u8>,
}

/// An array out of a column of bytes.
pub(crate) fn bytes<const N: usize>(column: &[u8]) -> Result<[u8; N], VaultError> {
    column
        .try_into()
        .map_err(|_| VaultError::damaged("a row of the vault", "expected a column of another length"))
}

/// A generation or quarter out of a number column.
pub(super) fn number<T: TryFrom<i64>>(column: i64) -> Result<T, VaultError> {
    column.try_into().map_err(|_| VaultError::damaged("a row of the vault", "expected a smaller number"))
}
