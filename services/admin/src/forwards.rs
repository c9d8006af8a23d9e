//! Places that statements are handed on to, for programs: made, listed, paused, resumed, removed.
//!
//! What may be asked for, and what then happens, is the business of whoever implements [`Forwards`]; the commands on
//! the server ask the same.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::input;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Admin;
use crate::auth::Administrator;
use crate::problem::Problem;

/// A forward as it is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForwardInput {
    /// What it is called.
    pub name: String,
    /// `lrs` or `webhook`.
    pub kind: String,
    /// A record store's xAPI endpoint, or a webhook's address.
    pub to: String,
    /// The record store's user.
    #[serde(default)]
    pub user: Option<String>,
    /// And its password.
    #[serde(default)]
    pub password: Option<String>,
    /// The versions of the standard that the record store takes; both where it is empty.
    #[serde(default)]
    pub versions: Vec<String>,
    /// Verbs that are handed on; any where it is empty.
    #[serde(default)]
    pub verbs: Vec<String>,
    /// How the activities begin that are handed on; any where it is empty.
    #[serde(default)]
    pub activities: Vec<String>,
    /// Codes of units whose people's statements are handed on; everybody's where it is empty.
    #[serde(default)]
    pub units: Vec<String>,
    /// The position after which it begins; the log's end where it is not given.
    #[serde(default)]
    pub from: Option<u64>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ForwardTask {
    /// Make one; for a webhook the answer holds its `secret`.
    Create(Box<ForwardInput>),
    /// All of them, without secrets.
    List,
    /// Let it rest.
    Pause {
        /// Which.
        name: String,
    },
    /// Let it go on.
    Resume {
        /// Which.
        name: String,
        /// The position after which it goes on; where it was if it is not given.
        from: Option<u64>,
    },
    /// Forget it.
    Remove {
        /// Which.
        name: String,
    },
}

/// Why it was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForwardFailure {
    /// Something that was asked for cannot be had.
    #[error("{} is wrong: expected {expected}", at.trim_start_matches('/'))]
    Invalid {
        /// Where, as a JSON pointer.
        at: String,
        /// What was expected.
        expected: String,
    },
    /// There is none of this name.
    #[error("there is no forward of this name")]
    Unknown,
    /// A database failed; how, in one line.
    #[error("{0}")]
    Failed(String),
}

/// Keeps the forwards.
pub trait Forwards: Send + Sync {
    /// Does a task; `by` is the account that asks, if one does. Gives what is to be shown.
    fn perform(
        &self,
        task: ForwardTask,
        by: Option<vault::AccountId>,
    ) -> BoxFuture<'_, Result<Value, ForwardFailure>>;
}

/// `GET /api/v1/forwards`
pub(crate) async fn list(_: Administrator, State(admin): State<Admin>) -> Result<Response, Problem> {
    answer(&admin, ForwardTask::List, None, StatusCode::OK).await
}

/// `POST /api/v1/forwards`
pub(crate) async fn create(
    administrator: Administrator,
    State(admin): State<Admin>,
    body: Bytes,
) -> Result<Response, Problem> {
    let task = ForwardTask::Create(Box::new(input::parse(&body)?));
    answer(&admin, task, Some(administrator), StatusCode::CREATED).await
}

/// `POST /api/v1/forwards/{name}/pause`
pub(crate) async fn pause(
    administrator: Administrator,
    State(admin): State<Admin>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    answer(&admin, ForwardTask::Pause { name }, Some(administrator), StatusCode::OK).await
}

/// What `resume` may be told.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resumption {
    #[serde(default)]
    from: Option<u64>,
}

/// `POST /api/v1/forwards/{name}/resume`, with or without a body.
pub(crate) async fn resume(
    administrator: Administrator,
    State(admin): State<Admin>,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let Resumption { from } = if body.is_empty() { Resumption::default() } else { input::parse(&body)? };
    answer(&admin, ForwardTask::Resume { name, from }, Some(administrator), StatusCode::OK).await
}

/// `DELETE /api/v1/forwards/{name}`
pub(crate) async fn remove(
    administrator: Administrator,
    State(admin): State<Admin>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    answer(&admin, ForwardTask::Remove { name }, Some(administrator), StatusCode::OK).await
}

async fn answer(
    admin: &Admin,
    task: ForwardTask,
    by: Option<Administrator>,
    status: StatusCode,
) -> Result<Response, Problem> {
    let value = admin.forwards.perform(task, by.map(|by| by.account)).await?;
    // A secret is shown once and kept by nobody on the way.
    let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((status, headers, Json(value)).into_response())
}

impl From<ForwardFailure> for Problem {
    fn from(failure: ForwardFailure) -> Self {
        match failure {
            ForwardFailure::Invalid { at, expected } => Self::Invalid { at, expected },
            ForwardFailure::Unknown => Self::NotFound("forward"),
            ForwardFailure::Failed(reason) => {
                tracing::error!(reason, "a forward could not be looked after");
                Self::Unavailable
            }
        }
    }
}
