//! What forwards tell Prometheus. The label `forward` is a name that administrators gave.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use prometheus::{GaugeVec, IntCounterVec, IntGaugeVec, Opts, Registry};
use vault::secrets::Counts;

/// What becomes of statements, in the order of [`Counts`].
const OUTCOMES: [&str; 5] = ["sent", "conflict", "set_aside", "passed_over", "erased"];

/// The metrics of all forwards.
pub(crate) struct Metrics {
    lag_events: IntGaugeVec,
    lag_seconds: GaugeVec,
    paused: IntGaugeVec,
    failing: IntGaugeVec,
    statements: IntCounterVec,
    failures: IntCounterVec,
    /// Names that are measured.
    known: Mutex<HashSet<String>>,
}

/// What the gauges of a forward are set to.
pub(crate) struct Gauges {
    pub(crate) name: String,
    pub(crate) lag_events: u64,
    pub(crate) lag_seconds: f64,
    pub(crate) paused: bool,
    pub(crate) failing: bool,
}

impl Metrics {
    pub(crate) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let label = &["forward"][..];
        let this = Self {
            lag_events: IntGaugeVec::new(
                Opts::new("larka_forward_lag_events", "Events a forward is behind the head."),
                label,
            )?,
            lag_seconds: GaugeVec::new(
                Opts::new(
                    "larka_forward_lag_seconds",
                    "Seconds since the first event was stored that a forward has not come to.",
                ),
                label,
            )?,
            paused: IntGaugeVec::new(Opts::new("larka_forward_paused", "Whether a forward rests."), label)?,
            failing: IntGaugeVec::new(
                Opts::new("larka_forward_failing", "Whether the last try of a forward failed."),
                label,
            )?,
            statements: IntCounterVec::new(
                Opts::new(
                    "larka_forward_statements_total",
                    "Statements that came to a forward, by what became of them.",
                ),
                &["forward", "outcome"],
            )?,
            failures: IntCounterVec::new(
                Opts::new(
                    "larka_forward_failures_total",
                    "Tries of a forward that failed and are made again.",
                ),
                label,
            )?,
            known: Mutex::default(),
        };
        registry.register(Box::new(this.lag_events.clone()))?;
        registry.register(Box::new(this.lag_seconds.clone()))?;
        registry.register(Box::new(this.paused.clone()))?;
        registry.register(Box::new(this.failing.clone()))?;
        registry.register(Box::new(this.statements.clone()))?;
        registry.register(Box::new(this.failures.clone()))?;
        Ok(this)
    }

    /// Sets the gauges of all forwards, and forgets what was measured of those that are gone.
    pub(crate) fn set(&self, all: &[Gauges]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for one in all {
            let label = &[one.name.as_str()];
            self.lag_events.with_label_values(label).set(i64::try_from(one.lag_events).unwrap_or(i64::MAX));
            self.lag_seconds.with_label_values(label).set(one.lag_seconds);
            self.paused.with_label_values(label).set(one.paused.into());
            self.failing.with_label_values(label).set(one.failing.into());
            // There from the start, or the first of them would not be seen as an increase.
            self.failures.with_label_values(label);
            for outcome in OUTCOMES {
                self.statements.with_label_values(&[one.name.as_str(), outcome]);
            }
        }
        let now: HashSet<String> = all.iter().map(|one| one.name.clone()).collect();
        for gone in known.difference(&now) {
            let label = &[gone.as_str()];
            // What is not there need not be removed.
            let _ = self.lag_events.remove_label_values(label);
            let _ = self.lag_seconds.remove_label_values(label);
            let _ = self.paused.remove_label_values(label);
            let _ = self.failing.remove_label_values(label);
            let _ = self.failures.remove_label_values(label);
            for outcome in OUTCOMES {
                let _ = self.statements.remove_label_values(&[gone.as_str(), outcome]);
            }
        }
        *known = now;
    }

    pub(crate) fn count(&self, name: &str, counts: &Counts) {
        let Counts { sent, conflicts, set_aside, passed_over, erased } = *counts;
        for (outcome, count) in OUTCOMES.iter().zip([sent, conflicts, set_aside, passed_over, erased]) {
            if count > 0 {
                self.statements.with_label_values(&[name, outcome]).inc_by(count);
            }
        }
    }

    pub(crate) fn count_failure(&self, name: &str) {
        self.failures.with_label_values(&[name]).inc();
    }
}
