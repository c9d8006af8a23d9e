//! The service's metrics. Labels hold routes and numbers, never what a request said.

use prometheus::{HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry};

/// Counted and measured at the edge of the service.
pub(crate) struct Metrics {
    /// `larka_http_requests_total`, by route, method and status.
    pub(crate) requests: IntCounterVec,
    /// `larka_http_request_seconds`, by route and method.
    pub(crate) seconds: HistogramVec,
    /// `larka_xapi_statements_stored_total`.
    pub(crate) stored: IntCounter,
    /// `larka_xapi_statements_known_total`: the same statement came again.
    pub(crate) known: IntCounter,
    /// `larka_xapi_definition_lookups_total`: how often stored statements were held against what the log knows of
    /// their activities; each is one query.
    pub(crate) definition_lookups: IntCounter,
    /// `larka_xapi_requests_refused_total`, by credential (its id) and kind of rule.
    pub(crate) refused: IntCounterVec,
    /// `larka_xapi_statements_left_out_total`: a list went on without one that is damaged.
    pub(crate) left_out: IntCounter,
    /// `larka_xapi_bodies_in_flight`.
    pub(crate) in_flight: IntGauge,
    /// `larka_xapi_uploads_in_flight`.
    pub(crate) uploads: IntGauge,
    /// `larka_xapi_streams_open`.
    pub(crate) streams: IntGauge,
}

impl Metrics {
    pub(crate) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let buckets = vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
        let metrics = Self {
            requests: IntCounterVec::new(
                Opts::new("larka_http_requests_total", "Requests answered."),
                &["route", "method", "status"],
            )?,
            seconds: HistogramVec::new(
                HistogramOpts::new("larka_http_request_seconds", "Time until a request was answered.")
                    .buckets(buckets),
                &["route", "method"],
            )?,
            stored: IntCounter::new("larka_xapi_statements_stored_total", "Statements stored.")?,
            known: IntCounter::new(
                "larka_xapi_statements_known_total",
                "Statements that were there already, and the same.",
            )?,
            definition_lookups: IntCounter::new(
                "larka_xapi_definition_lookups_total",
                "Look-ups of activities' definitions while statements were stored.",
            )?,
            refused: IntCounterVec::new(
                Opts::new(
                    "larka_xapi_requests_refused_total",
                    "Requests with a statement that the rules of its credential do not let in.",
                ),
                &["credential", "rule"],
            )?,
            left_out: IntCounter::new(
                "larka_xapi_statements_left_out_total",
                "Times that a list went on without a statement that is damaged.",
            )?,
            in_flight: IntGauge::new("larka_xapi_bodies_in_flight", "Requests with a body being worked on.")?,
            uploads: IntGauge::new("larka_xapi_uploads_in_flight", "Requests with attachments that arrive.")?,
            streams: IntGauge::new("larka_xapi_streams_open", "Streams of statements that are open.")?,
        };
        registry.register(Box::new(metrics.requests.clone()))?;
        registry.register(Box::new(metrics.seconds.clone()))?;
        registry.register(Box::new(metrics.stored.clone()))?;
        registry.register(Box::new(metrics.known.clone()))?;
        registry.register(Box::new(metrics.definition_lookups.clone()))?;
        registry.register(Box::new(metrics.refused.clone()))?;
        registry.register(Box::new(metrics.left_out.clone()))?;
        registry.register(Box::new(metrics.in_flight.clone()))?;
        registry.register(Box::new(metrics.uploads.clone()))?;
        registry.register(Box::new(metrics.streams.clone()))?;
        Ok(metrics)
    }
}
