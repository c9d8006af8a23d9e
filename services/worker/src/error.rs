//! What can go wrong.

use eventlog::LogError;
use eventlog::projection::RunnerError;

/// Why the worker could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// A projection could not be brought up.
    #[error(transparent)]
    Projection(#[from] RunnerError),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The lake cannot be written or read.
    #[error(transparent)]
    Lake(#[from] analytics::lake::LakeError),
    /// Nothing that follows the log has this name.
    #[error("nothing that follows the log is called so; there are: {0}")]
    Unknown(String),
    /// Another process keeps this lake.
    #[error("another worker keeps the lake in this folder; stop it first")]
    LakeTaken,
    /// The lake's lock cannot be taken.
    #[error("the lake's folder cannot be used: {0}")]
    Folder(#[from] std::io::Error),
    /// A task of the worker ended before it was done.
    #[error("the worker's task ended early")]
    Ended,
}
