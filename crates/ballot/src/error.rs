//! What can go wrong with a ballot box.

use std::path::{Path, PathBuf};

/// Why a ballot was not taken, or an urn could not be opened. Never holds an answer or a voter.
#[derive(Debug, thiserror::Error)]
pub enum BallotError {
    /// There is no such round, or its urn has been destroyed.
    #[error("there is no ballot box of this round")]
    Unknown,
    /// There is one already.
    #[error("this round has a ballot box already")]
    Exists,
    /// The round has closed.
    #[error("the ballot box has closed")]
    Closed,
    /// The round has not closed.
    #[error("the ballot box is open: close it first")]
    Open,
    /// Whoever votes is not on the roll.
    #[error("this link is not of this round")]
    NotOnRoll,
    /// Whoever votes has voted, with another form.
    #[error("this link has been used to answer")]
    Voted,
    /// The answer is longer than the round's terms say.
    #[error("an answer of {length} bytes was sent, and one may have {longest}")]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// What is allowed.
        longest: u32,
    },
    /// The file with the key is missing or cannot be read: what is in the urn cannot be opened.
    #[error("the key {} of a ballot box cannot be used: {problem}", file.display())]
    KeyFile {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A ballot cannot be opened with the round's key.
    #[error("{0} ballots cannot be opened with the key of their round")]
    Sealed(usize),
    /// A file of an urn cannot be used.
    #[error("the file {} of a ballot box cannot be used: {problem}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The database fails.
    #[error("the database of the ballot boxes: {0}")]
    Database(#[from] sqlx::Error),
    /// The operating system gives no random numbers.
    #[error("no random numbers: {0}")]
    Chance(String),
    /// Work in the background ended before it was done.
    #[error("the work was ended: {0}")]
    Stopped(String),
}

impl BallotError {
    /// The same, for each of those whose ballots went in together.
    pub(crate) fn told(&self) -> Self {
        match self {
            Self::Unknown => Self::Unknown,
            Self::Closed => Self::Closed,
            other => Self::Stopped(other.to_string()),
        }
    }

    /// An error of a file's.
    pub(crate) fn at(file: &Path) -> impl Fn(std::io::Error) -> Self + '_ {
        move |error| Self::File { file: file.to_owned(), problem: error.to_string() }
    }
}
