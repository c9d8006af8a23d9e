//! What the log and the projections tell Prometheus. Counts are events unless the name says otherwise.

use prometheus::{GaugeVec, Histogram, HistogramOpts, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use crate::rows::int;

/// The metrics of one log.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    pub(crate) batch_events: Histogram,
    pub(crate) commit_seconds: Histogram,
    pub(crate) queue_events: IntGauge,
    pub(crate) head_position: IntGauge,
    pub(crate) refused: IntCounterVec,
    lag_events: IntGaugeVec,
    lag_seconds: GaugeVec,
    rebuild_lag_events: IntGaugeVec,
    pub(crate) set_aside: IntGaugeVec,
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
            rebuild_lag_events: IntGaugeVec::new(
                Opts::new(
                    "larka_projection_rebuild_lag_events",
                    "Events a projection that is built anew is behind the head; 0 where none is.",
                ),
                &["projection"],
            )?,
            set_aside: IntGaugeVec::new(
                Opts::new(
                    "larka_projection_set_aside",
                    "Events a projection does without, because it could not fold them.",
                ),
                &["projection"],
            )?,
        };
        let all: [Box<dyn prometheus::core::Collector>; 9] = [
            Box::new(this.batch_events.clone()),
            Box::new(this.commit_seconds.clone()),
            Box::new(this.queue_events.clone()),
            Box::new(this.head_position.clone()),
            Box::new(this.refused.clone()),
            Box::new(this.lag_events.clone()),
            Box::new(this.lag_seconds.clone()),
            Box::new(this.rebuild_lag_events.clone()),
            Box::new(this.set_aside.clone()),
        ];
        for collector in all {
            match registry.register(collector) {
                Ok(()) | Err(prometheus::Error::AlreadyReg) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(this)
    }
    /// How far behind a projection is.
    pub(crate) fn lag(&self, projection: &str, events: u64, seconds: f64) {
        self.lag_events.with_label_values(&[projection]).set(int(events));
        self.lag_seconds.with_label_values(&[projection]).set(seconds);
    }

    /// How far behind the generation is that is being built.
    pub(crate) fn rebuild_lag(&self, projection: &str, events: u64) {
        self.rebuild_lag_events.with_label_values(&[projection]).set(int(events));
    }

    /// How many events a projection does without.
    pub(crate) fn set_aside(&self, projection: &str, events: u64) {
        self.set_aside.with_label_values(&[projection]).set(int(events));
    }
}
