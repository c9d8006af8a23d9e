//! What is counted of those who come. Labels say how it ended, never who it was.

use prometheus::{IntCounterVec, Opts, Registry};

/// The service's metrics. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Metrics {
    /// `larka_log_ins_total`, by way (`page`, `api`) and outcome (`let_in`, `wrong`, `too_often`, `too_many`).
    pub(crate) log_ins: IntCounterVec,
}

impl Metrics {
    pub(crate) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let log_ins = IntCounterVec::new(
            Opts::new("larka_log_ins_total", "Names and passwords that were tried, and what became of it."),
            &["way", "outcome"],
        )?;
        registry.register(Box::new(log_ins.clone()))?;
        Ok(Self { log_ins })
    }
}
