//! What a runner and its tasks share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Mutex, Notify};

use super::checkpoint::{self, Checkpoint};
use super::generation::{Generation, Views};
use super::status::OnUnfoldable;
use crate::clock::SharedClock;
use crate::fold::Projection;
use crate::log::EventLog;

/// What a runner and its tasks share.
pub(super) struct Inner {
    pub(super) log: EventLog,
    pub(super) views: Views,
    pub(super) projections: Vec<Arc<Kept>>,
    pub(super) clock: SharedClock,
    pub(super) owner: String,
    /// How many calls of `run` are at work: while one is, leases are kept.
    pub(super) running: AtomicUsize,
}

/// A projection that is kept up.
pub(super) struct Kept {
    pub(super) projection: Arc<dyn Projection>,
    pub(super) choice: OnUnfoldable,
    /// Told where another generation answers from now on.
    pub(super) switched: Notify,
    /// Who builds, one at a time.
    pub(super) turn: Mutex<()>,
}

impl Kept {
    pub(super) fn name(&self) -> &'static str {
        self.projection.name()
    }
}

impl Inner {
    pub(super) async fn checkpoint_of(
        &self,
        name: &str,
        generation: Generation,
    ) -> Result<Checkpoint, sqlx::Error> {
        let mut reader = self.views.place(name, generation.number)?.reader().await?;
        Ok(checkpoint::load(reader.tx()).await?.unwrap_or_default())
    }

    pub(super) fn at_work(&self) -> bool {
        self.running.load(Ordering::SeqCst) > 0
    }
}
