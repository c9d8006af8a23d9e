//! What the vault counts. No label ever names a person, an agent or a credential.

use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry};

/// The vault's metrics; see each one's help text.
pub(crate) struct Metrics {
    pub(crate) resolved: IntCounterVec,
    pub(crate) created_agents: IntCounter,
    pub(crate) created_keys: IntCounter,
    pub(crate) commit_requests: Histogram,
    pub(crate) erased_agents: IntCounter,
    pub(crate) generation: IntGauge,
    pub(crate) refused: IntCounter,
}

impl Metrics {
    /// Makes the metrics and registers them.
    pub(crate) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let counter = |name, help| IntCounter::with_opts(Opts::new(name, help));
        let metrics = Self {
            resolved: IntCounterVec::new(
                Opts::new("larka_vault_resolved_total", "Agents resolved, by where their key was found."),
                &["found"],
            )?,
            created_agents: counter("larka_vault_agents_created_total", "Agent ids given out.")?,
            created_keys: counter("larka_vault_keys_created_total", "Keys made, one per agent and quarter.")?,
            commit_requests: Histogram::with_opts(
                HistogramOpts::new(
                    "larka_vault_commit_requests",
                    "Requests that shared one commit of new keys.",
                )
                .buckets(vec![1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0]),
            )?,
            erased_agents: counter("larka_vault_agents_erased_total", "Agents whose keys were destroyed.")?,
            generation: IntGauge::with_opts(Opts::new(
                "larka_vault_generation",
                "Generation of keys in force.",
            ))?,
            refused: counter("larka_vault_slots_refused_total", "Sealed slots that did not authenticate.")?,
        };
        registry.register(Box::new(metrics.resolved.clone()))?;
        registry.register(Box::new(metrics.created_agents.clone()))?;
        registry.register(Box::new(metrics.created_keys.clone()))?;
        registry.register(Box::new(metrics.commit_requests.clone()))?;
        registry.register(Box::new(metrics.erased_agents.clone()))?;
        registry.register(Box::new(metrics.generation.clone()))?;
        registry.register(Box::new(metrics.refused.clone()))?;
        Ok(metrics)
    }
}
