//! How what follows the log stands, as whoever implements [`Followers`] knows it.

use futures_util::future::BoxFuture;
use serde::Serialize;
use utoipa::ToSchema;

use crate::shell::problem::Problem;

/// An event that a follower of the log cannot fold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unfoldable {
    /// Where it stands in the log.
    pub position: u64,
    /// Its kind.
    pub kind: String,
    /// What was wrong; nothing that it says.
    pub error: String,
    /// When it was set aside (RFC 3339), if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// How one follower of the log stands; as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Standing {
    /// Its name.
    pub name: String,
    /// Which time that a projection was built answers.
    pub generation: Option<u64>,
    /// Everything up to this log position is in it.
    pub position: u64,
    /// Events behind the head.
    pub lag_events: u64,
    /// Seconds behind.
    pub lag_seconds: f64,
    /// Where and why it stopped, if it did.
    pub stopped: Option<Unfoldable>,
    /// How many events it does without, because it could not fold them.
    pub set_aside: u64,
    /// The last few of those, the latest first.
    pub set_aside_latest: Vec<Unfoldable>,
    /// What is being built to take its place.
    pub rebuild: Option<Rebuilding>,
}

/// How far that is which is built anew, beside what answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Rebuilding {
    /// Which time that a projection is built.
    pub generation: Option<u64>,
    /// Everything up to this log position is in it.
    pub position: u64,
    /// Events behind the head.
    pub lag_events: u64,
    /// Where and why it stopped, if it did; what answers goes on.
    pub stopped: Option<Unfoldable>,
    /// How many events it does without.
    pub set_aside: u64,
}

/// How the followers stand could not be read; whoever reads it has said why in the log of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowersFailed;

/// Knows how the projections and the lake stand.
pub trait Followers: Send + Sync {
    /// How each stands.
    fn standing(&self) -> BoxFuture<'_, Result<Vec<Standing>, FollowersFailed>>;
}

impl From<FollowersFailed> for Problem {
    fn from(_: FollowersFailed) -> Self {
        Self::Internal
    }
}
