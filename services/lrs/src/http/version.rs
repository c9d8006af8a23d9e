//! The version of the standard that a request is served in.

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use xapi::Version;

use super::answer::VERSION;
use super::auth;
use super::error::Refusal;
use crate::Lrs;

/// The version that serves a request; where it names none that of its credential, or of the server.
pub(super) async fn negotiate(lrs: &Lrs, headers: &HeaderMap) -> Result<Version, Refusal> {
    let header = headers.get(VERSION).map(|value| value.to_str().unwrap_or(""));
    let default = match header {
        Some(_) => None,
        None => Box::pin(auth::default_version(lrs, headers)).await.or(lrs.inner.unversioned.served()),
    };
    Version::negotiate(header, default)
        .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error.to_string()))
}

/// The version that an answer names: that of the request where it is served, else the nearest there is.
pub(super) async fn answering(lrs: &Lrs, headers: &HeaderMap) -> Version {
    negotiate(lrs, headers).await.unwrap_or_else(|_| match headers.get(VERSION).map(HeaderValue::as_bytes) {
        Some(header) if header.starts_with(b"1.") || header.starts_with(b"0.") => Version::V1_0_3,
        Some(_) => Version::V2_0_0,
        None => lrs.inner.unversioned.named(),
    })
}
