//! Why the log could not be opened or read.

use crate::fold::FoldError;

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
        source: FoldError,
    },
    /// What is stored is not what this program writes.
    #[error("the log's database is not as expected: {0}")]
    Unexpected(String),
}
