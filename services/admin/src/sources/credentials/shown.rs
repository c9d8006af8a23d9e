//! What is read and shown of credentials, as the API's document says it; it is written by whoever keeps them. The suites
//! hold the answers of a running server against it.

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// The key in an address.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct Key {
    /// The credential's key.
    pub(crate) key: String,
}

/// What a credential's statements have to keep to.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the learning record store reads")]
pub(crate) struct Rules {
    /// Ids of verbs.
    verbs: Option<RuleList>,
    /// Beginnings of the ids of activities.
    activities: Option<RuleList>,
    /// Ids of profiles.
    profiles: Option<RuleList>,
    /// Whether what they refuse is kept, to be replayed.
    keep: Option<bool>,
    /// Whether its states are kept apart from those of other tools.
    own_states: Option<bool>,
    /// Whether what is no statement by the standard is kept, and the rest of its request stored.
    keep_invalid: Option<bool>,
    /// Whether anything that can be read stands for an IRI.
    lenient_iris: Option<bool>,
    /// Whether a conflict leaves the rest of its request alone.
    pass_conflicts: Option<bool>,
    /// The version that serves requests which name none.
    #[schema(pattern = r"^[12]\.0(\.\d+)?$", example = "1.0.3")]
    default_version: Option<String>,
}

/// What is let in.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the learning record store reads")]
struct RuleList {
    /// Nothing but these.
    #[schema(required = false)]
    allow: Vec<String>,
    /// None of these.
    #[schema(required = false)]
    refuse: Vec<String>,
}

/// What a credential may do: `all`, `all/read`, `statements/write`, `statements/void`, `statements/read`,
/// `statements/read/mine`, `state`, `define` or `profile`.
#[derive(ToSchema)]
#[schema(value_type = String, format = "scope")]
#[allow(dead_code, reason = "describes what the keeper of credentials reads")]
pub(crate) struct Scope(String);

/// A credential, without its secret.
#[derive(ToSchema)]
#[schema(as = Credential)]
#[allow(dead_code, reason = "describes what the keeper of credentials shows")]
pub(crate) struct Shown {
    key: String,
    name: String,
    scopes: Vec<Scope>,
    #[schema(format = DateTime)]
    created: String,
    revoked: bool,
    /// From then on it is refused.
    #[schema(format = DateTime)]
    expires: Option<String>,
    /// Requests a second.
    rate: Option<u32>,
    /// Requests at once after a rest.
    burst: Option<u32>,
    rules: Option<Rules>,
    /// When it was used last.
    #[schema(format = DateTime)]
    seen: Option<String>,
    /// How many statements it stored.
    stored: Option<u64>,
    /// How many requests were refused for what a statement said.
    refused: Option<u64>,
    /// How fast it sends, in short: `120/h`, `3/d` or `7/30d`.
    pace: Option<String>,
    /// Statements stored in each of the last 24 hours that there were any in.
    #[schema(required = false)]
    hours: Vec<During>,
    /// And in each of the last 30 days.
    #[schema(required = false)]
    days: Vec<During>,
    /// The tools that used it, by what they call themselves.
    #[schema(required = false)]
    tools: Vec<ToolShown>,
    /// The last refusals.
    #[schema(required = false)]
    refusals: Vec<Refused>,
    /// Refused statements that wait to be replayed.
    kept: Option<Waiting>,
    /// Refused statements that there was no room for.
    unkept: Option<u64>,
    /// Requests that held another statement under an id that is known.
    conflicts: Option<ConflictsShown>,
}

/// Requests with a conflict.
#[derive(ToSchema)]
#[schema(as = Conflicts)]
#[allow(dead_code, reason = "describes what the keeper of credentials shows")]
struct ConflictsShown {
    requests: u64,
    /// How many statements they had, with and without a conflict.
    statements: u64,
}

/// Statements that are kept.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the keeper of credentials shows")]
pub(crate) struct Kept {
    kept: Vec<KeptStatement>,
    /// After which position to go on, where there is more.
    more: Option<u64>,
}

/// A statement that is kept. Nothing of what it said is shown.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the keeper of credentials shows")]
struct KeptStatement {
    /// Where in the log it lies.
    position: u64,
    /// Its id, or the one that it will be stored under.
    #[schema(format = "uuid")]
    id: String,
    #[schema(format = DateTime)]
    received: String,
    /// The kind of rule that it broke: `verb`, `activity` or `profile`.
    rule: Option<String>,
    /// Where in it something was wrong, as a JSON pointer. Not there where another of its request was refused.
    path: Option<String>,
    /// What was expected there.
    expected: Option<String>,
    bytes: u64,
}

/// Statements stored in an hour or a day.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the keeper of credentials shows")]
struct During {
    #[schema(format = DateTime)]
    from: String,
    stored: u64,
}

/// A tool that used a credential.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the keeper of credentials shows")]
struct ToolShown {
    tool: String,
    #[schema(format = DateTime)]
    seen: String,
    stored: u64,
    /// How fast it sends, as for the credential.
    pace: String,
    refused: u64,
}

/// Statements that wait.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the keeper of credentials shows")]
struct Waiting {
    statements: u64,
    bytes: u64,
}

/// What became of kept statements.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the keeper of credentials shows")]
pub(crate) struct Replayed {
    stored: u64,
    /// Stored already.
    known: u64,
    /// Still against the rules; they stay.
    refused: u64,
    /// Another statement is stored under their id; they stay.
    conflict: u64,
    /// Of people who were erased; they are gone.
    unreadable: u64,
    dry_run: bool,
}

/// How many kept statements were deleted.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the keeper of credentials shows")]
pub(crate) struct Discarded {
    discarded: u64,
}

/// A request that was refused for what a statement said.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the keeper of credentials shows")]
struct Refused {
    #[schema(format = DateTime)]
    at: String,
    /// What was expected.
    reason: String,
    /// Where in the statement, as a JSON pointer.
    path: String,
}

/// All credentials.
#[derive(ToSchema)]
#[schema(as = Credentials)]
#[allow(dead_code, reason = "describes what the keeper of credentials shows")]
pub(crate) struct Listed {
    credentials: Vec<Shown>,
}

/// A credential with its secret, which is shown once.
#[derive(ToSchema)]
#[schema(as = NewCredential)]
#[allow(dead_code, reason = "describes what the keeper of credentials shows")]
pub(crate) struct WithSecret {
    #[schema(inline = false)]
    #[serde(flatten)]
    credential: Shown,
    secret: String,
}

/// That a credential is refused.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the keeper of credentials shows")]
pub(crate) struct Revoked {
    revoked: bool,
}
