//! How the system stands, for programs.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::followers::{Followers, Standing};
use crate::shell::problem::Problem;
use crate::shell::{Administrator, Shell};

/// How the log and its followers stand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Status {
    /// The log's head.
    position: u64,
    /// Whether every follower has come that far.
    settled: bool,
    followers: Vec<Standing>,
}

/// Says how the log's followers stand.
#[utoipa::path(get, path = "/api/v1/status", tag = "operation", responses((status = OK, body = Status)))]
pub(crate) async fn status(
    _: Administrator,
    State(shell): State<Shell>,
    State(followers): State<Arc<dyn Followers>>,
) -> Result<Json<Status>, Problem> {
    let head = shell.log.head().await?.position.0;
    let standing = followers.standing().await?;
    let settled = standing.iter().all(|s| s.position >= head && s.stopped.is_none());
    Ok(Json(Status { position: head, settled, followers: standing }))
}
