//! How a command fails: one clear line, and a non-zero exit.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Why a command could not do what was asked, in one line for whoever typed it.
#[derive(Debug)]
pub(crate) struct Failure {
    line: String,
    code: u8,
}

impl Failure {
    /// A failure with its line.
    pub(crate) fn new(line: impl Into<String>) -> Self {
        Self { line: line.into(), code: 1 }
    }

    /// Nothing went wrong, but what was compared differs: exit code 2.
    pub(crate) fn differing(line: &str) -> Self {
        Self { line: line.to_owned(), code: 2 }
    }

    /// The same with what was tried before it.
    pub(crate) fn before(self, what: &str) -> Self {
        Self { line: format!("{what}: {}", self.line), ..self }
    }

    /// What the system says of a file or folder, and who may mend it.
    pub(crate) fn at(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        move |error| {
            let what = match error.kind() {
                ErrorKind::PermissionDenied => "; it has to be of the user that runs larka",
                ErrorKind::ReadOnlyFilesystem => {
                    "; it has to be where larka may write (under systemd: StateDirectory= or ReadWritePaths=)"
                }
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "; make room",
                _ => "",
            };
            Self::new(format!("{}: {error}{what}", path.display()))
        }
    }

    /// What the process ends with.
    pub(crate) fn code(&self) -> u8 {
        self.code
    }

    /// A setting that is wrong: its name, and what was expected. The value is not repeated; it may be a secret.
    pub(crate) fn setting(name: &str, expected: &str) -> Self {
        Self::new(format!("the setting {name} is wrong: expected {expected}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        // Causes are joined into the one line; each says its own part.
        let mut line = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let text = inner.to_string();
            if !line.contains(&text) {
                line.push_str(": ");
                line.push_str(&text);
            }
            cause = inner.source();
        }
        Self::new(line)
    }
}
