//! How a command fails: one clear line, and a non-zero exit.

use std::fmt;

/// Why a command could not do what was asked, in one line for whoever typed it.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// A failure with its line.
    pub(crate) fn new(line: impl Into<String>) -> Self {
        Self(line.into())
    }

    /// A setting that is wrong: its name, and what was expected. The value is not repeated; it may be a secret.
    pub(crate) fn setting(name: &str, expected: &str) -> Self {
        Self(format!("the setting {name} is wrong: expected {expected}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
        Self(line)
    }
}
