//! HTTP: the standard's resources, and nothing that needs more than the two other halves of this crate.

mod activities;
mod agents;
mod alternate;
mod answer;
mod apart;
mod auth;
mod body;
pub(crate) mod conditions;
mod documents;
mod error;
mod foreign;
mod multipart;
mod openapi;
mod parameters;
pub(crate) mod places;
pub(crate) mod rate;
pub(crate) mod shares;
mod statements;
mod stream;
mod tool;
mod upload;
mod version;

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::Lrs;
use answer::{CONSISTENT_THROUGH, VERSION, headless, json, with_version};
use error::Refusal;
pub use openapi::described;
use version::answering;

/// The routes below `/xapi/`, and the stream of statements.
pub fn router(lrs: Lrs) -> Router {
    Router::new()
        .route("/xapi/statements", any(statements::statements))
        .route("/xapi/activities", any(activities::activities))
        .route("/xapi/activities/state", any(documents::state))
        .route("/xapi/activities/profile", any(documents::activity_profile))
        .route("/xapi/agents", any(agents::agents))
        .route("/xapi/agents/profile", any(documents::agent_profile))
        .route("/xapi/about", any(about))
        .route("/xapi", any(unknown))
        .route("/xapi/", any(unknown))
        .route("/xapi/{*rest}", any(unknown))
        .route("/api/v1/statements/stream", any(stream::stream))
        .layer(middleware::from_fn_with_state(lrs.clone(), measured))
        .layer(foreign::ForPages(cors(&lrs.inner.origins)))
        .with_state(lrs)
}

/// Lets tools that run in a browser ask from elsewhere. Credentials come in a header that a script sets, never in
/// a cookie, so any origin may be let in without harm to those who are logged in here; what a browser remembers and
/// adds by itself is left out of account ([`foreign`]). A page whose origin is named may have the browser send what it
/// keeps for this place, which some tools ask for; a page of just anywhere may not (Fetch, CORS protocol and
/// credentials).
fn cors(origins: &[HeaderValue]) -> CorsLayer {
    let named = !matches!(origins, [any] if any == "*");
    let origins = if named { AllowOrigin::list(origins.iter().cloned()) } else { AllowOrigin::any() };
    let asked = [
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::ACCEPT_LANGUAGE,
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        HeaderName::from_static("last-event-id"),
        HeaderName::from_static(VERSION),
    ];
    let told = [
        header::ETAG,
        header::LAST_MODIFIED,
        header::RETRY_AFTER,
        HeaderName::from_static(VERSION),
        HeaderName::from_static(CONSISTENT_THROUGH),
    ];
    CorsLayer::new()
        .allow_origin(origins)
        .allow_credentials(named)
        .allow_methods([Method::GET, Method::HEAD, Method::PUT, Method::POST, Method::DELETE])
        .allow_headers(asked)
        .expose_headers(told)
        .max_age(Duration::from_secs(86_400))
}

/// `GET /xapi/about`: which versions are served. For everybody (1.0.3 Communication 2.8, IEEE 4.1.6.7).
async fn about(State(lrs): State<Lrs>, request: Request) -> Response {
    let version = answering(&lrs, request.headers()).await;
    let answer = match *request.method() {
        Method::GET | Method::HEAD => json(StatusCode::OK, xapi::about::about().to_owned()),
        _ => Refusal::method("GET, HEAD").into_response(),
    };
    with_version(headless(answer, request.method()), version)
}

async fn unknown(State(lrs): State<Lrs>, request: Request) -> Response {
    let version = answering(&lrs, request.headers()).await;
    with_version(Refusal::new(StatusCode::NOT_FOUND, "there is no such resource").into_response(), version)
}

/// Counts and times every request, which goes on as what it means. Nothing that it says is written down but its route and
/// method.
async fn measured(State(lrs): State<Lrs>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = method_label(request.method());
    foreign::forget_remembered(&lrs, &mut request);
    let answer = if alternate::is_one(&request) {
        Box::pin(alternate::rewritten(&lrs, request, next)).await
    } else {
        next.run(request).await
    };
    let route = route.as_ref().map_or("other", MatchedPath::as_str);
    let seconds = began.elapsed().as_secs_f64();
    let metrics = &lrs.inner.metrics;
    metrics.requests.with_label_values(&[route, method, answer.status().as_str()]).inc();
    metrics.seconds.with_label_values(&[route, method]).observe(seconds);
    tracing::debug!(route, method, status = answer.status().as_u16(), seconds, "answered");
    answer
}

/// Methods as labels: a made-up method must not make a new time series.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
