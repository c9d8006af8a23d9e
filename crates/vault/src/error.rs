//! Why the vault refused. No variant ever carries personal data: identifiers, names and keys stay out.

use std::path::PathBuf;

/// Why something could not be sealed, opened, found or destroyed.
///
/// Cloneable, because requests that shared a commit share its failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// A key file can be read by others than its owner.
    #[error("{} has permissions {mode:03o}, expected 600 (readable by its owner only): run `chmod 600` on it", file.display())]
    Permissions {
        /// The file.
        file: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A key file is missing, damaged, or belongs elsewhere.
    #[error("{}: {problem}", file.display())]
    KeyFile {
        /// The file.
        file: PathBuf,
        /// What was found and what was expected.
        problem: String,
    },
    /// A file could not be read or written.
    #[error("{}: {problem}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        problem: String,
    },
    /// The vault's database belongs to another instance or has a format this program does not know.
    #[error("the vault's database does not fit: {0}")]
    Mismatch(String),
    /// Rows are under a key generation that the keyring file does not hold (an older keyring was restored?).
    #[error(
        "the keyring holds no generation {0}, which the vault's database is under: it is an older copy; put the newest in its place, it is read again"
    )]
    UnknownGeneration(u32),
    /// The vault's database cannot be reached or refused. Nothing was changed.
    #[error("the vault's database is not available: {0}")]
    Unavailable(String),
    /// A sealed slot or a wrapped key is not what was written: damaged, moved or tampered with.
    #[error("{what} is damaged: {problem}")]
    Damaged {
        /// Which slot or row, by opaque ids only.
        what: String,
        /// What was expected.
        problem: &'static str,
    },
    /// A call that cannot be answered as it was made.
    #[error("{0}")]
    Invalid(&'static str),
    /// There is an account or credential by that name already.
    #[error("{0} exists already")]
    Exists(&'static str),
    /// The operating system gave no random bytes, or the vault has been closed.
    #[error("the vault has stopped: {0}")]
    Stopped(String),
}

impl VaultError {
    pub(crate) fn damaged(what: impl Into<String>, problem: &'static str) -> Self {
        Self::Damaged { what: what.into(), problem }
    }
}

impl From<sqlx::Error> for VaultError {
    fn from(error: sqlx::Error) -> Self {
        // Messages of both databases name tables and constraints, never the values of a row.
        let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
        // https://www.sqlite.org/rescode.html: a file that is malformed, or no database.
        match code.map(|code| code & 0xff) {
            Some(11 | 26) => Self::Unavailable(format!(
                "it is damaged ({error}); put back log, vault and keys of one moment (docs/operations.md, Backing up and \
                 restoring)"
            )),
            _ => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<getrandom::Error> for VaultError {
    fn from(error: getrandom::Error) -> Self {
        Self::Stopped(format!("no random bytes from the operating system: {error}"))
    }
}
