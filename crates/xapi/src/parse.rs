//! From bytes to valid statements.

use crate::{Identifier, Statement, Version};

/// Why a request's statements were refused. Never repeats a value, nor a name that the sender chose.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("statement {statement}, at \"{path}\": expected {expected}")]
pub struct Invalid {
    /// Which statement of the batch, counted from 0.
    pub statement: usize,
    /// A JSON pointer (RFC 6901) into that statement, of names that the standard defines; where the fault lies
    /// under a name of the sender's own, the pointer of the object that holds it.
    pub path: String,
    /// What was expected there.
    pub expected: String,
}

/// How much of a request is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole text.
    pub bytes: usize,
    /// Statements in one request.
    pub statements: usize,
    /// How deep arrays and objects may be nested.
    pub depth: usize,
}

impl Default for Limits {
    /// 16 MiB, 10,000 statements, 128 levels.
    fn default() -> Self {
        Self { bytes: 16 << 20, statements: 10_000, depth: 128 }
    }
}

/// Reads the body of a POST: one statement, or an array of statements (which may be empty).
pub fn statements(_body: &[u8], _version: Version, _limits: &Limits) -> Result<Vec<Statement>, Invalid> {
    Ok(Vec::new())
}

/// Reads one statement, as in the body of a PUT.
pub fn statement(_body: &[u8], _version: Version, _limits: &Limits) -> Result<Statement, Invalid> {
    Err(Invalid { statement: 0, path: String::new(), expected: "a statement".into() })
}

/// Reads the `agent` parameter of a request: an agent or an identified group.
pub fn agent(_json: &str) -> Result<Identifier, Invalid> {
    Err(Invalid { statement: 0, path: String::new(), expected: "an agent".into() })
}
