//! How much there may be at a time of all that comes in.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// In what it is measured.
pub(super) const PIECE: usize = 4 << 10;
/// Two of the largest bodies, in pieces: so that none holds up a small one.
const ALL: usize = (128 << 20) / PIECE;

/// The room for bodies that come in. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self::of(ALL)
    }
}

impl Room {
    /// Room of so many pieces.
    pub(super) fn of(pieces: usize) -> Self {
        Self(Arc::new(Semaphore::new(pieces)))
    }

    /// What whoever has so many pieces needs more for so many bytes, where there is as much. Given back when dropped.
    pub(super) fn more(&self, has: usize, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let needs = u32::try_from(bytes.div_ceil(PIECE).saturating_sub(has)).ok()?;
        Arc::clone(&self.0).try_acquire_many_owned(needs).ok()
    }

    /// How many pieces are left.
    #[cfg(test)]
    pub(super) fn left(&self) -> usize {
        self.0.available_permits()
    }
}
