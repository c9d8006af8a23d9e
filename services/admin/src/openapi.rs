//! The API as a document (OpenAPI 3.1). Paths, bodies and answers stand in an attribute over each handler and in the
//! types that are read and written; what holds for every operation is added here.

use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, ToSchema};

/// Paths, schemas and ways to log in of the API.
pub fn described() -> Value {
    let mut document = json!(crate::api().into_openapi());
    for (_, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        for (_, operation) in operations.as_object_mut().into_iter().flatten() {
            complete(operation);
        }
    }
    let schema = ProblemShown::schema_named();
    document["components"]["schemas"]["Problem"] = schema;
    document["components"]["responses"]["Problem"] = json!({
        "description": "What was wrong (RFC 9457)",
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
    });
    document["components"]["securitySchemes"] = json!({
        "administrator": {
            "type": "http", "scheme": "basic",
            "description": "Name and password of an administrator",
        },
        "session": {
            "type": "apiKey", "in": "cookie", "name": crate::auth::COOKIE,
            "description": "The session of an administrator who has logged in on the pages; good for reading alone",
        },
    });
    json!({ "paths": document["paths"], "components": document["components"] })
}

/// What every operation has: administrators alone may ask, and each refusal is a problem.
fn complete(operation: &mut Value) {
    let with_body = operation.get("requestBody").is_some();
    let with_parameters = operation.get("parameters").is_some();
    let reads = operation.get("requestBody").is_none() && operation["responses"].get("200").is_some();
    let mut refusals = vec!["401", "500", "503"];
    if with_body {
        refusals.extend(["400", "413", "429"]);
    }
    if with_parameters {
        refusals.extend(["400", "404"]);
    }
    for status in refusals {
        operation["responses"][status] = json!({ "$ref": "#/components/responses/Problem" });
    }
    operation["security"] = if reads {
        json!([{ "administrator": [] }, { "session": [] }])
    } else {
        json!([{ "administrator": [] }])
    };
}

/// The key in an address.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct Key {
    /// The credential's key.
    pub(crate) key: String,
}

/// The kind of report in an address.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct Kind {
    /// `competence` or `survey`.
    #[param(schema_with = kinds)]
    pub(crate) kind: String,
}

fn kinds() -> RefOr<Schema> {
    one_of(&["competence", "survey"])
}

pub(crate) fn formats() -> RefOr<Schema> {
    one_of(&["json", "csv", "html"])
}

fn one_of(values: &[&'static str]) -> RefOr<Schema> {
    let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values.iter().copied()));
    RefOr::T(Schema::Object(schema.build()))
}

// The types below only describe: what they speak of is written by whoever keeps the credentials, and problems by
// `problem.rs`. The suites hold the answers of a running server against them.

/// What went wrong (RFC 9457).
#[derive(ToSchema)]
#[schema(as = Problem)]
#[allow(dead_code, reason = "describes what problem.rs writes")]
struct ProblemShown {
    /// The status in words.
    title: String,
    /// The status.
    status: u16,
    /// What was wrong and what was expected; never what was sent.
    detail: String,
    /// Where in the body, as a JSON pointer.
    at: Option<String>,
    /// What was expected there.
    expected: Option<String>,
}

impl ProblemShown {
    fn schema_named() -> Value {
        json!(<Self as utoipa::PartialSchema>::schema())
    }
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

/// What a credential may do: `all`, `all/read`, `statements/write`, `statements/read`, `statements/read/mine`, `state`,
/// `define` or `profile`.
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

/// A place that statements are handed on to, without its secret.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the keeper of forwards shows")]
pub(crate) struct Forward {
    name: String,
    /// `lrs` or `webhook`.
    kind: String,
    to: String,
    #[schema(format = DateTime)]
    created: String,
    paused: bool,
    /// Why it rests, where nobody paused it.
    paused_because: Option<String>,
    /// Everything up to this log position was handed on, or is not meant for it.
    position: u64,
    lag_events: u64,
    lag_seconds: f64,
    /// Statements that were taken.
    sent: u64,
    /// Statements under whose id another was there.
    conflicts: u64,
    /// Statements that were refused, and set aside.
    refused: u64,
    /// Statements of a version that it does not take.
    passed_over: u64,
    /// Statements of people who were erased.
    erased: u64,
    #[schema(required = false)]
    versions: Vec<String>,
    #[schema(required = false)]
    verbs: Vec<String>,
    #[schema(required = false)]
    activities: Vec<String>,
    #[schema(required = false)]
    units: Vec<String>,
    failing: Option<Failing>,
    #[schema(required = false)]
    set_aside: Vec<SetAside>,
}

/// Why the last try failed.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the keeper of forwards shows")]
struct Failing {
    #[schema(format = DateTime)]
    at: String,
    error: String,
}

/// A statement that was refused.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the keeper of forwards shows")]
struct SetAside {
    /// Where in the log.
    position: u64,
    /// What was answered.
    status: u16,
    #[schema(format = DateTime)]
    at: String,
}

/// A forward that was just made.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the keeper of forwards shows")]
pub(crate) struct NewForward {
    #[schema(inline = false)]
    #[serde(flatten)]
    forward: Forward,
    /// What a webhook's requests are signed with; shown once.
    secret: Option<String>,
}

/// All forwards.
#[derive(ToSchema)]
#[schema(as = Forwards)]
#[allow(dead_code, reason = "describes what the keeper of forwards shows")]
pub(crate) struct ForwardsListed {
    forwards: Vec<Forward>,
}

/// That a forward is gone.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the keeper of forwards shows")]
pub(crate) struct Removed {
    removed: bool,
}

/// Where a statement comes from.
#[derive(ToSchema)]
#[schema(as = Provenance)]
#[allow(dead_code, reason = "describes what the reader of statements shows")]
pub(crate) struct ProvenanceShown {
    #[schema(format = "uuid")]
    statement: String,
    position: u64,
    #[schema(format = DateTime)]
    stored: String,
    /// The key of the credential that vouches for it.
    credential: Option<String>,
    /// Where it was before, if it was imported.
    original: Option<Original>,
}

/// Where an imported statement was before.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what the reader of statements shows")]
struct Original {
    /// The run of the import.
    #[schema(format = "uuid")]
    run: String,
    #[schema(format = DateTime)]
    stored: Option<String>,
    /// What it came out of.
    source: Option<String>,
    /// Whether that run has ended.
    ended: Option<bool>,
    /// Who vouched for it there: an xAPI agent, as long as nobody in it was erased.
    authority: Option<serde_json::Value>,
}
