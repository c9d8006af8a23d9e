//! A source as the page shows it: what is read of the list of credentials.

use chrono::{DateTime, Utc};
use serde::Deserialize;

/// What the keeper of credentials says of one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Source {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) revoked: bool,
    pub(super) seen: Option<DateTime<Utc>>,
    pub(super) stored: u64,
    pub(super) refused: u64,
    pub(super) pace: Option<String>,
    pub(super) hours: Vec<Part>,
    pub(super) days: Vec<Part>,
    pub(super) tools: Vec<Tool>,
    pub(super) refusals: Vec<Refusal>,
    pub(super) unkept: u64,
    pub(super) kept: Kept,
    pub(super) conflicts: Conflicts,
    pub(super) rules: Option<Rules>,
}

/// Statements stored in an hour or a day, of the last day or month; those with none are left out.
#[derive(Debug, Deserialize)]
pub(super) struct Part {
    pub(super) from: DateTime<Utc>,
    pub(super) stored: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tool {
    pub(super) tool: String,
    pub(super) seen: DateTime<Utc>,
    pub(super) stored: u64,
    pub(super) pace: Option<String>,
    pub(super) refused: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    pub(super) at: DateTime<Utc>,
    pub(super) tool: String,
    pub(super) reason: String,
    pub(super) path: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Kept {
    pub(super) statements: u64,
}

/// Requests that held another statement under an id that is known, and the statements in them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Conflicts {
    pub(super) requests: u64,
    pub(super) statements: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Rules {
    pub(super) keep: bool,
    pub(super) pass_conflicts: bool,
}

#[derive(Deserialize)]
pub(super) struct Listed {
    pub(super) credentials: Vec<Source>,
}
