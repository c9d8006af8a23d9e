//! What an operator looks at: the program's own log, `/healthz`, `/readyz`, `/metrics`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use eventlog::Position;
use eventlog::clock::rest;
use prometheus::{Encoder, TextEncoder};
use serde_json::json;
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;
use vault::VaultError;

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

/// `/readyz`: what is posted now would be stored, and found. `/metrics`: everything in the registry, in Prometheus' text
/// format, and how what follows the log stands.
pub(crate) fn observed(instance: Arc<Instance>) -> Router {
    Router::new().route("/readyz", get(ready)).route("/metrics", get(metrics)).with_state(instance)
}

/// How long the databases may take to answer before this node counts as not ready.
const READY_WITHIN: Duration = Duration::from_secs(2);

async fn ready(State(instance): State<Arc<Instance>>) -> Response {
    let answer = tokio::time::timeout(READY_WITHIN, standing(&instance)).await;
    match answer.unwrap_or_else(|_| Err("the databases do not answer".to_owned())) {
        Ok(position) => {
            (StatusCode::OK, Json(json!({ "ready": true, "position": position.0 }))).into_response()
        }
        Err(reason) => {
            tracing::warn!(%reason, "not ready");
            // What is behind is nobody's business: the log of the program has it.
            let reason = reason.split(": ").next().unwrap_or_default();
            let body = Json(json!({ "ready": false, "reason": reason }));
            (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
        }
    }
}

/// The head, or why a statement that came now would not be stored or not be found. Views and lake are none of that: a
/// report that is late is no reason to take no statements.
async fn standing(instance: &Instance) -> Result<Position, String> {
    let head = instance.log.takes_appends().await.map_err(|why| why.to_string())?;
    instance.vault.is_ready().await.map_err(|error| match error {
        VaultError::UnknownGeneration(_) => {
            format!("the key files are an older copy than the vault's database: {error}")
        }
        VaultError::Unavailable(_) => format!("the vault's database does not answer: {error}"),
        error => format!("the key files cannot be used: {error}"),
    })?;
    Ok(head.position)
}

/// How often it is looked how views, lake and backups stand: whoever scrapes costs nothing.
const EVERY: Duration = Duration::from_secs(5);

/// Looks how views, lake and backups stand, again and again until `shutdown` becomes true: one that failed tells nothing by
/// itself.
pub(crate) async fn watch(instance: Arc<Instance>, mut shutdown: watch::Receiver<bool>) {
    loop {
        let looking = async { tokio::join!(instance.worker.failed(), instance.vault.last_backup()) };
        let looked = tokio::time::timeout(READY_WITHIN, looking).await.ok();
        instance.watched.tell(looked.as_ref().map(|(failed, _)| failed.as_slice()));
        if let Some((_, Ok(backup))) = looked {
            instance.watched.tell_backup(backup);
        }
        if !rest(EVERY, &mut shutdown).await {
            return;
        }
    }
}

async fn metrics(State(instance): State<Arc<Instance>>) -> Response {
    let encoder = TextEncoder::new();
    let mut text = Vec::new();
    if encoder.encode(&instance.registry.gather(), &mut text).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    ([(header::CONTENT_TYPE, encoder.format_type().to_owned())], text).into_response()
}
