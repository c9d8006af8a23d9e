//! What the log and the projections tell Prometheus. Counts are events unless the name says otherwise.

use prometheus::{GaugeVec, Histogram, HistogramOpts, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

/// The metrics of one log.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    pub(crate) batch_events: Histogram,
    pub(crate) commit_seconds: Histogram,
    pub(crate) queue_events: IntGauge,
    pub(crate) head_position: IntGauge,
    pub(crate) refused: IntCounterVec,
    pub(crate) lag_events: IntGaugeVec,
    pub(crate) lag_seconds: GaugeVec,
}

impl Metrics {
    /// Registers them. A name that is taken (two logs in one process) is left to whoever took it.
    pub(crate) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counts = vec![1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0];
        let seconds = prometheus::exponential_buckets(0.000_25, 2.0, 16)?;
        let this = Self {
            batch_events: Histogram::with_opts(
                HistogramOpts::new("larka_log_batch_events", "Events written in one transaction.")
                    .buckets(counts),
            )?,
            commit_seconds: Histogram::with_opts(
                HistogramOpts::new(
                    "larka_log_commit_seconds",
                    "Seconds from taking a batch until it is on disk.",
                )
                .buckets(seconds),
            )?,
            queue_events: IntGauge::new("larka_log_queue_events", "Events that wait to be written.")?,
            head_position: IntGauge::new("larka_log_head_position", "Position of the last event.")?,
            refused: IntCounterVec::new(
                Opts::new("larka_log_refused_total", "Append requests of which nothing was stored."),
                &["reason"],
            )?,
            lag_events: IntGaugeVec::new(
                Opts::new("larka_projection_lag_events", "Events a projection is behind the head."),
                &["projection"],
            )?,
            lag_seconds: GaugeVec::new(
                Opts::new(
                    "larka_projection_lag_seconds",
                    "Seconds since the first event was stored that a projection has not seen.",
                ),
                &["projection"],
            )?,
        };
        let all: [Box<dyn prometheus::core::Collector>; 7] = [
            Box::new(this.batch_events.clone()),
            Box::new(this.commit_seconds.clone()),
            Box::new(this.queue_events.clone()),
            Box::new(this.head_position.clone()),
            Box::new(this.refused.clone()),
            Box::new(this.lag_events.clone()),
            Box::new(this.lag_seconds.clone()),
        ];
        for collector in all {
            match registry.register(collector) {
                Ok(()) | Err(prometheus::Error::AlreadyReg) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(this)
    }
}
