//! What answers are made of.

use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use eventlog::clock::Micros;
use xapi::Version;

pub(super) const VERSION: &str = "x-experience-api-version";
pub(super) const CONSISTENT_THROUGH: &str = "x-experience-api-consistent-through";

/// What every answer says: the version.
pub(super) fn with_version(mut answer: Response, version: Version) -> Response {
    answer.headers_mut().insert(VERSION, HeaderValue::from_static(version.header_value()));
    answer
}

/// `X-Experience-API-Consistent-Through` (1.0.3 Communication 2.1, IEEE 4.1.6.1).
pub(super) fn with_consistent_through(mut answer: Response, through: Micros) -> Response {
    if let Ok(value) = HeaderValue::from_str(&xapi::time::format_timestamp(through.0)) {
        answer.headers_mut().insert(CONSISTENT_THROUGH, value);
    }
    answer
}

/// A body of JSON.
pub(super) fn json(status: StatusCode, body: String) -> Response {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    // All that comes on top, so that the table is made once.
    headers.reserve(12);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// The answer to HEAD: that to GET without its body, whose length it names.
pub(super) fn headless(answer: Response, method: &Method) -> Response {
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
