//! Taking in bodies: bounded in size, time and number.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use futures_util::StreamExt as _;
use tokio::sync::OwnedSemaphorePermit;

use super::error::Refusal;
use crate::Lrs;

/// A place among the requests that are worked on. Given back when dropped.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    gauge: prometheus::IntGauge,
}

impl Place {
    /// A place, if there is one.
    pub(super) fn take(lrs: &Lrs) -> Result<Self, Refusal> {
        let permit = lrs.inner.in_flight.clone().try_acquire_owned().map_err(|_| Refusal::too_many(1))?;
        let gauge = lrs.inner.metrics.in_flight.clone();
        gauge.inc();
        Ok(Self { _permit: permit, gauge })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}

/// The whole body.
pub(super) async fn read(lrs: &Lrs, headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    let limit = lrs.inner.limits.body_bytes;
    if named_length(headers).is_some_and(|length| length > limit as u64) {
        return Err(Refusal::too_large(limit));
    }
    let seconds = lrs.inner.limits.body_seconds;
    match tokio::time::timeout(Duration::from_secs(seconds), collect(body, limit)).await {
        Ok(read) => read,
        Err(_) => Err(Refusal::too_slow(seconds)),
    }
}

/// `Content-Length`, where the request has it.
pub(super) fn named_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok())
}

async fn collect(body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let mut stream = body.into_data_stream();
    let mut first = Bytes::new();
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
