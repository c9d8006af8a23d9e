//! Credentials of tools, for programs: made, listed, rotated, revoked; what was kept of them replayed.
//!
//! What may be asked for, and what then happens, is the business of whoever implements [`Credentials`]; the commands
//! on the server ask the same.

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

use shown::{Discarded, Kept, Key, Listed, Replayed, Revoked, Rules, Scope, Shown, WithSecret};

use crate::shell::Administrator;
use crate::shell::body::Body;
use crate::shell::problem::{Path, Problem, Query};

/// A credential as it is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialInput {
    /// What it is called in lists.
    pub name: String,
    /// What it may do.
    #[schema(value_type = Vec<Scope>)]
    pub scopes: Vec<String>,
    /// The last day it is good, or the instant from which it is refused.
    #[serde(default)]
    #[schema(pattern = r"^\d{4}-\d{2}-\d{2}([Tt ].+)?$", example = "2027-06-30")]
    pub expires: Option<String>,
    /// Requests a second.
    #[serde(default)]
    pub rate: Option<u32>,
    /// Requests at once after a rest.
    #[serde(default)]
    pub burst: Option<u32>,
    /// What its statements have to keep to.
    #[serde(default)]
    #[schema(value_type = Option<Rules>)]
    pub rules: Option<Value>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum CredentialTask {
    /// Make one; the answer holds its `key` and its `secret`.
    Create(CredentialInput),
    /// All of them, without secrets.
    List,
    /// A new secret; the answer holds it.
    Rotate {
        /// Which.
        key: String,
        /// For how many seconds the old secret stays good.
        grace_seconds: u64,
    },
    /// Other rules for its statements; `{}` for none.
    SetRules {
        /// Which.
        key: String,
        /// The rules.
        rules: Value,
    },
    /// Store what its rules refused and now let in.
    Replay {
        /// Which.
        key: String,
        /// Only say what would happen.
        dry_run: bool,
    },
    /// What is kept of it.
    Kept {
        /// Which.
        key: String,
        /// The position after which to go on; 0 for the start.
        after: u64,
    },
    /// Throw away what is kept of it.
    Discard {
        /// Which.
        key: String,
    },
    /// Refuse it from now on.
    Revoke {
        /// Which.
        key: String,
    },
}

/// Why it was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialFailure {
    /// Something that was asked for cannot be had.
    #[error("{} is wrong: expected {expected}", at.trim_start_matches('/'))]
    Invalid {
        /// Where, as a JSON pointer.
        at: String,
        /// What was expected.
        expected: String,
    },
    /// There is no such key.
    #[error("there is no credential with that key")]
    Unknown,
    /// A database failed; how, in one line.
    #[error("{0}")]
    Failed(String),
}

/// Keeps the credentials.
pub trait Credentials: Send + Sync {
    /// Does a task; `by` is the account that asks, if one does. Gives what is to be shown.
    fn perform(
        &self,
        task: CredentialTask,
        by: Option<vault::AccountId>,
    ) -> BoxFuture<'_, Result<Value, CredentialFailure>>;
}

/// Lists the credentials, without their secrets.
#[utoipa::path(get, path = "/api/v1/credentials", tag = "credentials", responses((status = OK, body = Listed)))]
pub(crate) async fn list(
    _: Administrator,
    State(credentials): State<Arc<dyn Credentials>>,
) -> Result<Response, Problem> {
    answer(&*credentials, CredentialTask::List, None, StatusCode::OK).await
}

/// Makes a credential; its secret is shown this once.
#[utoipa::path(post, path = "/api/v1/credentials", tag = "credentials", request_body = CredentialInput, responses((status = CREATED, body = WithSecret)))]
pub(crate) async fn create(
    administrator: Administrator,
    State(credentials): State<Arc<dyn Credentials>>,
    Body(body): Body,
) -> Result<Response, Problem> {
    let task = CredentialTask::Create(input::parse(&body)?);
    answer(&*credentials, task, Some(administrator), StatusCode::CREATED).await
}

/// What `rotate` may be told.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    /// For how many seconds the old secret stays good.
    #[serde(default)]
    grace_seconds: u64,
}

/// Gives a credential a new secret, shown this once. A body need not be there.
#[utoipa::path(post, path = "/api/v1/credentials/{key}/rotate", tag = "credentials", params(Key), request_body = Option<Rotation>, responses((status = OK, body = WithSecret)))]
pub(crate) async fn rotate(
    administrator: Administrator,
    State(credentials): State<Arc<dyn Credentials>>,
    Path(Key { key }): Path<Key>,
    Body(body): Body,
) -> Result<Response, Problem> {
    let Rotation { grace_seconds } = if body.is_empty() { Rotation::default() } else { input::parse(&body)? };
    let task = CredentialTask::Rotate { key, grace_seconds };
    answer(&*credentials, task, Some(administrator), StatusCode::OK).await
}

/// Says what a credential's statements have to keep to; `{}` for nothing.
#[utoipa::path(put, path = "/api/v1/credentials/{key}/rules", tag = "credentials", params(Key), request_body = Rules, responses((status = OK, body = Shown)))]
pub(crate) async fn set_rules(
    administrator: Administrator,
    State(credentials): State<Arc<dyn Credentials>>,
    Path(Key { key }): Path<Key>,
    Body(body): Body,
) -> Result<Response, Problem> {
    let task = CredentialTask::SetRules { key, rules: input::parse(&body)? };
    answer(&*credentials, task, Some(administrator), StatusCode::OK).await
}

/// What `replay` may be told.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Replay {
    /// Only say what would become of them.
    #[serde(default)]
    dry_run: bool,
}

/// Stores the kept statements of a credential that keep to its rules as they are now. A body need not be there.
#[utoipa::path(post, path = "/api/v1/credentials/{key}/replay", tag = "credentials", params(Key), request_body = Option<Replay>, responses((status = OK, body = Replayed)))]
pub(crate) async fn replay(
    administrator: Administrator,
    State(credentials): State<Arc<dyn Credentials>>,
    Path(Key { key }): Path<Key>,
    Body(body): Body,
) -> Result<Response, Problem> {
    let Replay { dry_run } = if body.is_empty() { Replay::default() } else { input::parse(&body)? };
    answer(&*credentials, CredentialTask::Replay { key, dry_run }, Some(administrator), StatusCode::OK).await
}

/// Where to go on in a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct After {
    /// The position of the last statement of the page before.
    #[serde(default)]
    after: u64,
}

/// Lists what is kept of a credential, in the order in which it came.
#[utoipa::path(get, path = "/api/v1/credentials/{key}/kept", tag = "credentials", params(Key, After), responses((status = OK, body = Kept)))]
pub(crate) async fn kept(
    _: Administrator,
    State(credentials): State<Arc<dyn Credentials>>,
    Path(Key { key }): Path<Key>,
    Query(After { after }): Query<After>,
) -> Result<Response, Problem> {
    answer(&*credentials, CredentialTask::Kept { key, after }, None, StatusCode::OK).await
}

/// Deletes the kept statements of a credential.
#[utoipa::path(delete, path = "/api/v1/credentials/{key}/kept", tag = "credentials", params(Key), responses((status = OK, body = Discarded)))]
pub(crate) async fn discard(
    administrator: Administrator,
    State(credentials): State<Arc<dyn Credentials>>,
    Path(Key { key }): Path<Key>,
) -> Result<Response, Problem> {
    answer(&*credentials, CredentialTask::Discard { key }, Some(administrator), StatusCode::OK).await
}

/// Refuses a credential from now on.
#[utoipa::path(delete, path = "/api/v1/credentials/{key}", tag = "credentials", params(Key), responses((status = OK, body = Revoked)))]
pub(crate) async fn revoke(
    administrator: Administrator,
    State(credentials): State<Arc<dyn Credentials>>,
    Path(Key { key }): Path<Key>,
) -> Result<Response, Problem> {
    answer(&*credentials, CredentialTask::Revoke { key }, Some(administrator), StatusCode::OK).await
}

async fn answer(
    credentials: &dyn Credentials,
    task: CredentialTask,
    by: Option<Administrator>,
    status: StatusCode,
) -> Result<Response, Problem> {
    let value = credentials.perform(task, by.map(|by| by.account)).await?;
    // A secret is shown once and kept by nobody on the way.
    let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((status, headers, Json(value)).into_response())
}

impl From<CredentialFailure> for Problem {
    fn from(failure: CredentialFailure) -> Self {
        match failure {
            CredentialFailure::Invalid { at, expected } => Self::Invalid { at, expected },
            CredentialFailure::Unknown => Self::NotFound("credential"),
            CredentialFailure::Failed(reason) => {
                tracing::error!(reason, "a credential could not be looked after");
                Self::Unavailable
            }
        }
    }
}
