//! Metrics of the process itself, and of what an operator watches in its instance.

use eventlog::clock::Micros;
use prometheus::process_collector::ProcessCollector;
use prometheus::{IntGauge, IntGaugeVec, Opts, Registry};

/// Registers what tells of the process: descriptors, memory, processor, when it began; and which build it is.
///
/// # Errors
/// They are there already.
pub(crate) fn register(registry: &Registry, database: &str) -> Result<(), prometheus::Error> {
    registry.register(Box::new(ProcessCollector::for_self()))?;
    let about = Opts::new("larka_build_info", "Always 1; which version runs, on which database")
        .const_label("version", env!("CARGO_PKG_VERSION"))
        .const_label("database", database);
    let build = IntGauge::with_opts(about)?;
    build.set(1);
    registry.register(Box::new(build))
}

/// Which of those that follow the log have failed, and when the last backup was made.
pub(crate) struct Watched {
    failed: IntGaugeVec,
    names: Vec<&'static str>,
    backup: IntGauge,
}

impl Watched {
    /// Registers them.
    ///
    /// # Errors
    /// They are there already.
    pub(crate) fn register(registry: &Registry, names: Vec<&'static str>) -> Result<Self, prometheus::Error> {
        let about = Opts::new(
            "larka_projection_failed",
            "1 where a view or the lake has stopped or cannot be read; see docs/operations.md",
        );
        let failed = IntGaugeVec::new(about, &["projection"])?;
        registry.register(Box::new(failed.clone()))?;
        let backup = IntGauge::new(
            "larka_backup_last_timestamp_seconds",
            "When the last backup was made, in seconds since 1970; 0 where none is noted",
        )?;
        registry.register(Box::new(backup.clone()))?;
        Ok(Self { failed, names, backup })
    }

    /// Tells when the last backup was made.
    pub(crate) fn tell_backup(&self, taken: Option<Micros>) {
        self.backup.set(taken.map_or(0, |taken| taken.0 / 1_000_000));
    }

    /// Tells which have failed; where nobody can say, all of them.
    pub(crate) fn tell(&self, failed: Option<&[(&'static str, bool)]>) {
        for name in &self.names {
            let of = failed.and_then(|all| all.iter().find(|(one, _)| one == name));
            self.failed.with_label_values(&[*name]).set(of.is_none_or(|(_, failed)| *failed).into());
        }
    }
}
