//! What is counted of connections.

use prometheus::{IntCounterVec, IntGauge, Opts, Registry};

/// Of all listeners together.
#[derive(Clone)]
pub(crate) struct Metrics {
    /// `larka_connections_open`.
    pub(crate) open: IntGauge,
    /// `larka_connections_closed_total`, by reason.
    closed: IntCounterVec,
}

/// Why a connection was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// It came to its end.
    Ended,
    /// It rested for too long.
    Idle,
    /// The rest of a request's head did not come in time.
    Head,
    /// The client did not take its answer.
    Reader,
    /// Others needed its place.
    Room,
    /// A body that nobody reads came to its end after the answer.
    Drained,
    /// Such a body went beyond its bounds.
    Undrained,
}

impl Metrics {
    pub(crate) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let open = IntGauge::new("larka_connections_open", "Connections that are open.")?;
        let closed = Opts::new("larka_connections_closed_total", "Connections that were closed, and why.");
        let closed = IntCounterVec::new(closed, &["reason"])?;
        registry.register(Box::new(open.clone()))?;
        registry.register(Box::new(closed.clone()))?;
        Ok(Self { open, closed })
    }

    pub(crate) fn closed(&self, reason: Reason) {
        let reason = match reason {
            Reason::Ended => "ended",
            Reason::Idle => "idle",
            Reason::Head => "head",
            Reason::Reader => "reader",
            Reason::Room => "room",
            Reason::Drained => "drained",
            Reason::Undrained => "undrained",
        };
        self.closed.with_label_values(&[reason]).inc();
    }
}
