//! Walks the log's chain in the background, from its first event to its head and again, slowly.

use std::time::Duration;

use eventlog::clock::rest;
use eventlog::verify::VerifyError;
use eventlog::{EventLog, Position};
use prometheus::{IntGauge, Registry};
use tokio::sync::watch;

/// How many events are read at a time, and how long after them nothing is: a log of five million takes some twenty minutes.
const STRETCH: u64 = 4096;
const PAUSE: Duration = Duration::from_secs(1);
/// Between one walk and the next.
const AGAIN: Duration = Duration::from_secs(3600);

/// Walks the chain. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Walker {
    log: EventLog,
    verified: IntGauge,
    failed: IntGauge,
}

impl Walker {
    /// The walker of a log. What is registered already is told by whoever did.
    pub(crate) fn new(log: EventLog, registry: &Registry) -> Result<Self, prometheus::Error> {
        let verified = IntGauge::new(
            "larka_chain_verified_position",
            "Position to which the chain was found whole by the walk that is under way.",
        )?;
        let failed = IntGauge::new(
            "larka_chain_failed_position",
            "Position at which the chain is broken; 0 where it is not.",
        )?;
        let _ = registry.register(Box::new(verified.clone()));
        let _ = registry.register(Box::new(failed.clone()));
        Ok(Self { log, verified, failed })
    }

    /// Where the last walk found the chain broken.
    pub(crate) fn broken(&self) -> Option<Position> {
        u64::try_from(self.failed.get()).ok().filter(|position| *position > 0).map(Position)
    }

    /// Walks until `shutdown` becomes true.
    pub(crate) async fn run(&self, mut shutdown: watch::Receiver<bool>) {
        let mut through = 0;
        loop {
            let wait = match self.log.verify(through + 1..=through + STRETCH, &mut |_| {}).await {
                Ok(verified) => {
                    self.verified.set(gauge(verified.through));
                    through = verified.through.0;
                    if verified.events == STRETCH {
                        PAUSE
                    } else {
                        // All of it was seen.
                        self.failed.set(0);
                        through = 0;
                        AGAIN
                    }
                }
                Err(VerifyError::Broken(broken)) => {
                    self.failed.set(gauge(broken.position));
                    tracing::error!(%broken, "the chain does not hold: docs/operations.md says what to do");
                    through = 0;
                    AGAIN
                }
                Err(VerifyError::Database(error)) => {
                    tracing::warn!(%error, "the chain could not be read; that is tried again");
                    PAUSE * 10
                }
            };
            if !rest(wait, &mut shutdown).await {
                return;
            }
        }
    }
}

fn gauge(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}
