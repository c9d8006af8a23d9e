//! Where requests come in: connections with bounds of number, time and size, and what every answer says.
//!
//! A connection is taken by `connections` (how many there may be, who makes room), spoken to by `connection` (until
//! when something has to come), read and written by `wire` (a reader has to keep taking). `answers` is between it and
//! the router: the address that is meant, the rest of a body that nobody reads, the headers. `pulse` is what they all
//! know of one connection.

mod addresses;
mod answers;
mod connection;
mod connections;
mod files;
mod metrics;
mod pulse;
mod wire;

use std::time::Duration;

use axum::Router;
use prometheus::Registry;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use files::{Room, room};

/// How many connections there may be, and what each may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at the same time. Where all are taken the one that is nearest to its end makes room, of those that
    /// wait for a request or are only read from to be closed.
    pub connections: usize,
    /// Bytes of a request's line and headers; more is answered with 431.
    pub head_bytes: usize,
    /// How long the line and headers may take to arrive, from their first byte or the connection's begin.
    pub head: Duration,
    /// How long a connection may rest between two requests.
    pub idle: Duration,
    /// How long a client may take for [`TAKEN`] bytes of an answer, or for what there is of it.
    pub reader: Duration,
    /// Bytes of a body that nobody reads, which are read and forgotten after the answer.
    pub drain_bytes: u64,
    /// How long such a body is read.
    pub drain: Duration,
}

/// What a client has to take of an answer in [`Limits::reader`].
pub const TAKEN: usize = 64 << 10;

impl Default for Limits {
    /// 4,096 connections, 64 KiB in 15 seconds, 75 seconds of rest, 30 seconds for a reader, 256 MiB in 30 seconds.
    fn default() -> Self {
        Self {
            connections: files::WANTED,
            head_bytes: 64 << 10,
            head: Duration::from_secs(15),
            idle: Duration::from_secs(75),
            reader: Duration::from_secs(30),
            drain_bytes: 256 << 20,
            drain: Duration::from_secs(30),
        }
    }
}

/// The edge of one process. Cheap to clone; all clones count together.
#[derive(Clone)]
pub struct Edge {
    limits: Limits,
    /// Whether browsers are told to come over TLS alone.
    https: bool,
    metrics: metrics::Metrics,
}

impl Edge {
    /// An edge with these limits; `https` where everybody comes over TLS.
    ///
    /// # Errors
    /// The metrics are registered already: one registry is for one edge.
    pub fn new(limits: Limits, https: bool, registry: &Registry) -> Result<Self, prometheus::Error> {
        Ok(Self { limits, https, metrics: metrics::Metrics::new(registry)? })
    }

    /// The same for a listener that has so many connections of its own.
    #[must_use]
    pub fn apart(&self, connections: usize) -> Self {
        let mut apart = self.clone();
        apart.limits.connections = connections;
        apart
    }

    /// Answers what comes in, until `stopping`; then takes no more, and waits for the requests that were taken.
    pub async fn serve(self, listener: TcpListener, router: Router, stopping: watch::Receiver<bool>) {
        connections::serve(self, listener, router, stopping).await;
    }
}
