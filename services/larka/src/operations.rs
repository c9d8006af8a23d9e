//! What an operator looks at: the program's own log, `/healthz`, `/readyz`, `/metrics`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use prometheus::{Encoder, TextEncoder};
use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;

use crate::instance::Instance;
use crate::openapi;

/// Starts the program's own log on standard error: readable text, or one JSON object a line. `RUST_LOG`
/// overrides what is let through (by default `info` for a server, `warn` for other commands).
pub(crate) fn start_tracing(json: bool, serving: bool) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(if serving { "info,sqlx=warn" } else { "warn" }));
    // Whoever reads standard error may stop reading; saying so there would fail, too.
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false);
    if json { builder.json().init() } else { builder.init() }
}

/// `/api/openapi.json`: all that is mounted.
///
/// # Errors
/// The document cannot be made.
pub(crate) fn described() -> Result<Router, serde_json::Error> {
    let document = Bytes::from(serde_json::to_vec(&openapi::document()?)?);
    let document = move || async move { ([(header::CONTENT_TYPE, "application/json")], document) };
    Ok(Router::new().route("/api/openapi.json", get(document)))
}

/// `/healthz`: the process answers.
pub(crate) fn alive() -> Router {
    Router::new().route("/healthz", get(|| async { "ok\n" }))
}

/// `/readyz`: the log can be read and no projection has stopped. `/metrics`: everything in the registry, in Prometheus'
/// text format.
pub(crate) fn observed(instance: Arc<Instance>) -> Router {
    Router::new().route("/readyz", get(ready)).route("/metrics", get(metrics)).with_state(instance)
}

/// How long the databases may take to answer before this node counts as not ready.
const READY_WITHIN: Duration = Duration::from_secs(2);

async fn ready(State(instance): State<Arc<Instance>>) -> Response {
    let answer = tokio::time::timeout(READY_WITHIN, standing(&instance)).await;
    match answer.unwrap_or(Err("the databases do not answer")) {
        Ok(body) if body["ready"] == true => (StatusCode::OK, Json(body)).into_response(),
        Ok(body) => (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response(),
        Err(reason) => {
            let body = Json(json!({ "ready": false, "reason": reason }));
            (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
        }
    }
}

/// What `/readyz` says, or why nothing can be said.
async fn standing(instance: &Instance) -> Result<Value, &'static str> {
    let head = instance.log.head().await.map_err(|error| {
        tracing::warn!(%error, "not ready: the log cannot be read");
        "the log cannot be read"
    })?;
    if let Some(reason) = instance.log.stopped() {
        return Ok(json!({ "ready": false, "reason": format!("the log has stopped: {reason}; restart it") }));
    }
    let status = instance.worker.status().await.map_err(|error| {
        tracing::warn!(%error, "not ready: the views cannot be read");
        "the views cannot be read"
    })?;
    let stopped: Vec<_> = status.into_iter().filter(worker::Standing::stopped).map(|s| s.name).collect();
    Ok(json!({ "ready": stopped.is_empty(), "position": head.position.0, "stopped_projections": stopped }))
}

async fn metrics(State(instance): State<Arc<Instance>>) -> Response {
    let encoder = TextEncoder::new();
    let mut text = Vec::new();
    if encoder.encode(&instance.registry.gather(), &mut text).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    ([(header::CONTENT_TYPE, encoder.format_type().to_owned())], text).into_response()
}
