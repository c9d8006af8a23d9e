//! Why the lake cannot be written or read.

use polars::prelude::PolarsError;

/// Why the lake cannot be written or read. Nothing in it is personal.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// A file cannot be read or written.
    #[error("lake file {path}: {source}")]
    Io {
        /// Relative to the lake's directory.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not the one the manifest names. Delete the lake and write it anew.
    #[error("lake file {path} is not as it was written: its length or hash differs from the manifest")]
    Damaged {
        /// Relative to the lake's directory.
        path: String,
    },
    /// The manifest is not one that this instance wrote, or was changed since.
    #[error("the lake's manifest was not written by this instance, or was changed since")]
    Unsealed,
    /// The manifest cannot be read.
    #[error("lake manifest: {0}")]
    Manifest(String),
    /// The lake was written in another format. Delete it and write it anew.
    #[error("the lake has format {found}, expected {expected}")]
    Format {
        /// What the manifest says.
        found: u32,
        /// What this program writes.
        expected: u32,
    },
    /// Another process has written the lake meanwhile: nothing was written. Open it again, and go on from there.
    #[error("another process has written the lake meanwhile")]
    Overtaken,
    /// The lake was given an event that does not follow its last one.
    #[error("the lake expected the event at position {expected} and was given position {found}")]
    Gap {
        /// The position after the lake's last, or after the event before.
        expected: u64,
        /// The position it was given.
        found: u64,
    },
    /// A statement's facts cannot be read.
    #[error("facts of the statement at position {position}: {reason}")]
    Facts {
        /// Its place in the log.
        position: u64,
        /// What was expected.
        reason: String,
    },
    /// A report asked for a position the lake has not reached.
    #[error("the lake ends at position {lake}, before position {asked}")]
    Behind {
        /// Where the lake ends.
        lake: u64,
        /// What was asked for.
        asked: u64,
    },
    /// The Parquet library refused.
    #[error("lake table: {0}")]
    Table(#[from] PolarsError),
}

impl LakeError {
    /// Whether the lake, as it lies there, is of no use, and is mended by writing it anew.
    pub fn asks_for_anew(&self) -> bool {
        match self {
            Self::Damaged { .. } | Self::Unsealed | Self::Manifest(_) => true,
            Self::Format { found, expected } => found < expected,
            _ => false,
        }
    }

    pub(super) fn io(path: &str, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}
