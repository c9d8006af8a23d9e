//! Places that statements are handed on to, for programs: made, listed, paused, resumed, removed.
//!
//! What may be asked for, and what then happens, is the business of whoever implements [`Forwards`]; the commands on
//! the server ask the same.

mod shown;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::input;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use shown::{Forward, ForwardsListed, NewForward, Removed};

use crate::shell::Administrator;
use crate::shell::body::Body;
use crate::shell::problem::{Path, Problem};

/// A forward as it is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
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

/// The name in an address.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct Name {
    /// The forward's name.
    name: String,
}

/// Lists the places that statements are handed on to, without their secrets.
#[utoipa::path(get, path = "/api/v1/forwards", tag = "forwards", operation_id = "list_forwards", responses((status = OK, body = ForwardsListed)))]
pub(crate) async fn list(
    _: Administrator,
    State(forwards): State<Arc<dyn Forwards>>,
) -> Result<Response, Problem> {
    answer(&*forwards, ForwardTask::List, None, StatusCode::OK).await
}

/// Hands statements on to another place from now on; a webhook's secret is shown this once.
#[utoipa::path(post, path = "/api/v1/forwards", tag = "forwards", operation_id = "create_forward", request_body = ForwardInput, responses((status = CREATED, body = NewForward)))]
pub(crate) async fn create(
    administrator: Administrator,
    State(forwards): State<Arc<dyn Forwards>>,
    Body(body): Body,
) -> Result<Response, Problem> {
    let task = ForwardTask::Create(Box::new(input::parse(&body)?));
    answer(&*forwards, task, Some(administrator), StatusCode::CREATED).await
}

/// Lets a forward rest.
#[utoipa::path(post, path = "/api/v1/forwards/{name}/pause", tag = "forwards", operation_id = "pause_forward", params(Name), responses((status = OK, body = Forward)))]
pub(crate) async fn pause(
    administrator: Administrator,
    State(forwards): State<Arc<dyn Forwards>>,
    Path(Name { name }): Path<Name>,
) -> Result<Response, Problem> {
    answer(&*forwards, ForwardTask::Pause { name }, Some(administrator), StatusCode::OK).await
}

/// What `resume` may be told.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resumption {
    /// The position after which it goes on; where it was if it is not given.
    #[serde(default)]
    from: Option<u64>,
}

/// Lets a forward go on. A body need not be there.
#[utoipa::path(post, path = "/api/v1/forwards/{name}/resume", tag = "forwards", operation_id = "resume_forward", params(Name), request_body = Option<Resumption>, responses((status = OK, body = Forward)))]
pub(crate) async fn resume(
    administrator: Administrator,
    State(forwards): State<Arc<dyn Forwards>>,
    Path(Name { name }): Path<Name>,
    Body(body): Body,
) -> Result<Response, Problem> {
    let Resumption { from } = if body.is_empty() { Resumption::default() } else { input::parse(&body)? };
    answer(&*forwards, ForwardTask::Resume { name, from }, Some(administrator), StatusCode::OK).await
}

/// Hands statements on to that place no more.
#[utoipa::path(delete, path = "/api/v1/forwards/{name}", tag = "forwards", operation_id = "remove_forward", params(Name), responses((status = OK, body = Removed)))]
pub(crate) async fn remove(
    administrator: Administrator,
    State(forwards): State<Arc<dyn Forwards>>,
    Path(Name { name }): Path<Name>,
) -> Result<Response, Problem> {
    answer(&*forwards, ForwardTask::Remove { name }, Some(administrator), StatusCode::OK).await
}

async fn answer(
    forwards: &dyn Forwards,
    task: ForwardTask,
    by: Option<Administrator>,
    status: StatusCode,
) -> Result<Response, Problem> {
    let value = forwards.perform(task, by.map(|by| by.account)).await?;
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
