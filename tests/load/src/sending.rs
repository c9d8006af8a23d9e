//! Sending while it is measured.

use std::time::Duration;

use anyhow::Result;

use crate::client::{self, Request};
use crate::figures::Http;
use crate::server::Server;

/// Sends requests, and counts what that cost and what arrived.
pub(crate) async fn send(
    server: &Server<'_>,
    requests: Vec<Request>,
    connections: usize,
    limit: Duration,
) -> Result<Http> {
    server.place().settle().await?;
    let stored = server.place().statements().await?;
    let before = server.meters().await?;
    let address = server.address();
    // A thread of its own with nothing else on it: the client must be lean, and its share is reported.
    let sending = tokio::task::spawn_blocking(move || client::send(address, requests, connections, limit));
    let sent = sending.await??;
    let after = server.meters().await?;
    Ok(Http {
        statements: sent.statements,
        stored: server.place().statements().await? - stored,
        seconds: sent.seconds,
        writer_busy: (after.commit_seconds - before.commit_seconds) / sent.seconds,
        batch: (after.batch_sum - before.batch_sum) / (after.batch_count - before.batch_count).max(1.0),
        client_cpu: after.client_cpu - before.client_cpu,
        server_cpu: after.server_cpu - before.server_cpu,
        database_cpu: after.database_cpu - before.database_cpu,
        median_ms: sent.median_ms,
        p99_ms: sent.p99_ms,
    })
}
