//! What an operator looks at: the program's own log, `/healthz`, `/readyz`, `/metrics`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use prometheus::{Encoder, TextEncoder};
use serde_json::json;
use tracing_subscriber::EnvFilter;

use crate::instance::Instance;

/// Starts the program's own log on standard error: readable text, or one JSON object a line. `RUST_LOG`
/// overrides what is let through (by default `info` for a server, `warn` for other commands).
pub(crate) fn start_tracing(json: bool, serving: bool) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(if serving { "info,sqlx=warn" } else { "warn" }));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json { builder.json().init() } else { builder.init() }
}

/// `/healthz`: the process answers. `/readyz`: the log can be read and no projection has stopped.
/// `/metrics`: everything in the registry, in Prometheus' text format.
pub(crate) fn router(instance: Arc<Instance>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(instance)
}

async fn ready(State(instance): State<Arc<Instance>>) -> Response {
    let head = match instance.log.head().await {
        Ok(head) => head,
        Err(error) => {
            tracing::warn!(%error, "not ready: the log cannot be read");
            let body = Json(json!({ "ready": false, "reason": "the log cannot be read" }));
            return (StatusCode::SERVICE_UNAVAILABLE, body).into_response();
        }
    };
    let stopped: Vec<_> = match instance.worker.status().await {
        Ok(status) => status.into_iter().filter(worker::Standing::stopped).map(|s| s.name).collect(),
        Err(error) => {
            tracing::warn!(%error, "not ready: the views cannot be read");
            let body = Json(json!({ "ready": false, "reason": "the views cannot be read" }));
            return (StatusCode::SERVICE_UNAVAILABLE, body).into_response();
        }
    };
    let ready = stopped.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = Json(json!({ "ready": ready, "position": head.position.0, "stopped_projections": stopped }));
    (status, body).into_response()
}

async fn metrics(State(instance): State<Arc<Instance>>) -> Response {
    let encoder = TextEncoder::new();
    let mut text = Vec::new();
    if encoder.encode(&instance.registry.gather(), &mut text).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    ([(header::CONTENT_TYPE, encoder.format_type().to_owned())], text).into_response()
}
