//! Why a forward was not made or changed.

use eventlog::{AppendError, LogError};
use vault::VaultError;

/// Why a forward was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    /// Something that was asked for cannot be had.
    #[error("{} is wrong: expected {expected}", at.trim_start_matches('/'))]
    Invalid {
        /// Where, as a JSON pointer.
        at: &'static str,
        /// What was expected.
        expected: String,
    },
    /// There is none of this name.
    #[error("there is no forward of this name")]
    Unknown,
    /// The log cannot take it down; nothing was changed.
    #[error("nothing was changed, because the log cannot take it down: {0}")]
    NotLogged(AppendError),
    /// It is done, but the log has not taken it down.
    #[error("it is done, but the log has not taken it down; do it again: {0}")]
    DoneNotLogged(AppendError),
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The views cannot be read.
    #[error(transparent)]
    Views(#[from] views::ViewError),
    /// The operating system gives no randomness, or what the vault keeps is damaged.
    #[error("{0}")]
    Failed(String),
}
