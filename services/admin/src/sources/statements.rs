//! Single statements, for administrators: where each comes from.
//!
//! Reading statements is the business of whoever implements [`Statements`].

mod shown;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use shown::ProvenanceShown;

use crate::shell::Administrator;
use crate::shell::problem::{Path, Problem};

/// Statements could not be read; whoever reads them has said why in the log of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementsFailed;

/// Knows where statements come from.
pub trait Statements: Send + Sync {
    /// Where the statement with this id comes from, as JSON; none where there is no such statement.
    fn provenance(&self, id: [u8; 16]) -> BoxFuture<'_, Result<Option<Value>, StatementsFailed>>;
}

/// The id in an address.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct Id {
    /// The statement's id, a UUID.
    #[param(format = "uuid")]
    id: String,
}

/// Says where a statement comes from.
#[utoipa::path(get, path = "/api/v1/statements/{id}/provenance", tag = "statements", params(Id), responses((status = OK, body = ProvenanceShown)))]
pub(crate) async fn provenance(
    _: Administrator,
    State(statements): State<Arc<dyn Statements>>,
    Path(Id { id }): Path<Id>,
) -> Result<Response, Problem> {
    let invalid = || Problem::Invalid { at: "the statement's id".to_owned(), expected: "a UUID".to_owned() };
    let id = xapi::lexical::uuid(&id).ok_or_else(invalid)?;
    let found = statements.provenance(id.into_bytes()).await.map_err(|_| Problem::Unavailable)?;
    let answer = found.ok_or(Problem::NotFound("statement"))?;
    // Who vouched for a statement may be a person.
    let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((headers, Json(answer)).into_response())
}
