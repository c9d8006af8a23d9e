//! Taking in bodies: bounded in size, time and number.

use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::{HeaderMap, HeaderValue, header};
use eventlog::Key;
use futures_util::StreamExt as _;

use super::error::Refusal;
use super::shares::Share;
use crate::Lrs;

/// A place for a request whose body is read for this credential, among those that are worked on.
pub(super) fn place(lrs: &Lrs, headers: &HeaderMap, credential: Key) -> Result<Share, Refusal> {
    plain(headers)?;
    lrs.inner.in_flight.take(credential).ok_or_else(|| Refusal::too_many(1))
}

/// Refuses a body that is packed.
pub(super) fn plain(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    let is_plain = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"identity");
    if codings.all(is_plain) { Ok(()) } else { Err(Refusal::encoded()) }
}

/// The whole body.
pub(super) async fn read(lrs: &Lrs, headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    fits(lrs, headers)?;
    rest(lrs, Bytes::new(), body.into_data_stream()).await
}

/// Refuses a body that is known to be too large.
pub(super) fn fits(lrs: &Lrs, headers: &HeaderMap) -> Result<(), Refusal> {
    let limit = lrs.inner.limits.body_bytes;
    let too_large = named_length(headers).is_some_and(|length| length > limit as u64);
    if too_large { Err(Refusal::too_large(limit)) } else { Ok(()) }
}

/// The whole of a body of which this has come.
pub(super) async fn rest(lrs: &Lrs, begin: Bytes, stream: BodyDataStream) -> Result<Bytes, Refusal> {
    let seconds = lrs.inner.limits.body_seconds;
    let collect = collect(begin, stream, lrs.inner.limits.body_bytes);
    match tokio::time::timeout(Duration::from_secs(seconds), collect).await {
        Ok(read) => read,
        Err(_) => Err(Refusal::too_slow(seconds)),
    }
}

/// `Content-Length`, where the request has it.
pub(super) fn named_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok())
}

async fn collect(begin: Bytes, mut stream: BodyDataStream, limit: usize) -> Result<Bytes, Refusal> {
    let mut first = begin;
    let mut rest: Vec<u8> = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Refusal::bad_request("the body ended before it was complete"))?;
        if first.len() + rest.len() + chunk.len() > limit {
            return Err(Refusal::too_large(limit));
        }
        // Most bodies come in one piece, which then is not copied.
        if first.is_empty() && rest.is_empty() {
            first = chunk;
        } else {
            if !first.is_empty() {
                rest.extend_from_slice(&std::mem::take(&mut first));
            }
            rest.extend_from_slice(&chunk);
        }
    }
    Ok(if rest.is_empty() { first } else { rest.into() })
}
