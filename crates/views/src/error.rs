//! Why a view could not answer.

use eventlog::projection::ReadError;

/// Why a query on a view, or its rebuild, failed. Never carries personal data.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The database cannot be reached or refused.
    #[error("the views cannot be read: {0}")]
    Unavailable(String),
    /// It has no rows yet that this program can read. Try again later.
    #[error("the view {0} is being built")]
    Building(&'static str),
    /// The log cannot be read.
    #[error("the log cannot be read: {0}")]
    Log(String),
    /// An event's facts are not of a form this program knows.
    #[error("the event at position {position} cannot be folded: {reason}")]
    Fold {
        /// Where it stands in the log.
        position: u64,
        /// What was wrong with it.
        reason: String,
    },
}

impl From<sqlx::Error> for ViewError {
    fn from(error: sqlx::Error) -> Self {
        // Messages of both databases name tables and constraints, never the values of a row.
        Self::Unavailable(error.to_string())
    }
}

impl From<ReadError> for ViewError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Database(error) => error.into(),
            ReadError::Building(view) => Self::Building(view),
        }
    }
}

impl From<eventlog::LogError> for ViewError {
    fn from(error: eventlog::LogError) -> Self {
        Self::Log(error.to_string())
    }
}
