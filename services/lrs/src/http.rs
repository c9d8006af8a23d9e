//! HTTP: the standard's resources, and nothing that needs more than the two other halves of this crate.

mod activities;
mod agents;
mod alternate;
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

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use eventlog::clock::Micros;
use tower_http::cors::{AllowOrigin, CorsLayer};
use xapi::Version;

use crate::Lrs;
pub use auth::SCOPES;
use error::Refusal;
pub use openapi::described;

const VERSION: &str = "x-experience-api-version";
const CONSISTENT_THROUGH: &str = "x-experience-api-consistent-through";

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

/// The version that serves a request; where it names none that of its credential, or of the server.
async fn negotiate(lrs: &Lrs, headers: &HeaderMap) -> Result<Version, Refusal> {
    let header = headers.get(VERSION).map(|value| value.to_str().unwrap_or(""));
    let default = match header {
        Some(_) => None,
        None => Box::pin(auth::default_version(lrs, headers)).await.or(lrs.inner.unversioned.served()),
    };
    Version::negotiate(header, default)
        .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error.to_string()))
}

/// The version that an answer names: that of the request where it is served, else the nearest there is.
async fn answering(lrs: &Lrs, headers: &HeaderMap) -> Version {
    negotiate(lrs, headers).await.unwrap_or_else(|_| match headers.get(VERSION).map(HeaderValue::as_bytes) {
        Some(header) if header.starts_with(b"1.") || header.starts_with(b"0.") => Version::V1_0_3,
        Some(_) => Version::V2_0_0,
        None => lrs.inner.unversioned.named(),
    })
}

/// What every answer says: the version.
fn with_version(mut answer: Response, version: Version) -> Response {
    answer.headers_mut().insert(VERSION, HeaderValue::from_static(version.header_value()));
    answer
}

/// `X-Experience-API-Consistent-Through` (1.0.3 Communication 2.1, IEEE 4.1.6.1).
fn with_consistent_through(mut answer: Response, through: Micros) -> Response {
    if let Ok(value) = HeaderValue::from_str(&xapi::time::format_timestamp(through.0)) {
        answer.headers_mut().insert(CONSISTENT_THROUGH, value);
    }
    answer
}

fn json(status: StatusCode, body: String) -> Response {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    // All that comes on top, so that the table is made once.
    headers.reserve(12);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// The answer to HEAD: that to GET without its body, whose length it names.
fn headless(answer: Response, method: &Method) -> Response {
    if *method != Method::HEAD {
        return answer;
    }
    let (mut parts, body) = answer.into_parts();
    if let Some(length) = axum::body::HttpBody::size_hint(&body).exact()
        && !parts.headers.contains_key(header::CONTENT_LENGTH)
    {
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(parts, axum::body::Body::empty())
}
