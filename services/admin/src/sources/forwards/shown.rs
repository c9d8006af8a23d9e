//! What is shown of forwards, as the API's document says it; it is written by whoever keeps them. The suites hold the
//! answers of a running server against it.

use utoipa::ToSchema;

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
    /// What was answered; 0 where nothing was.
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
