//! What was read of files that never change, kept by their hashes for the next who reads the lake.

use super::part::Part;
use super::table::Void;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is kept of one lake between the times it is read: of every file that its manifest names, and of no other. Shared
/// by the [`Snapshot`](super::Snapshot)s that are opened with it.
#[derive(Debug, Default)]
pub struct Kept(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    voids: HashMap<String, Arc<Vec<Void>>>,
    /// With the voided statements that were left out.
    parts: HashMap<String, (Vec<u64>, Arc<Part>)>,
}

impl Kept {
    pub(super) fn voids(&self, hash: &str) -> Option<Arc<Vec<Void>>> {
        self.inner().voids.get(hash).cloned()
    }

    pub(super) fn keep_voids(&self, hash: &str, voids: &Arc<Vec<Void>>) {
        self.inner().voids.insert(hash.to_owned(), Arc::clone(voids));
    }

    /// What a file contributes without these of its statements.
    pub(super) fn part(&self, hash: &str, without: &[u64]) -> Option<Arc<Part>> {
        self.inner()
            .parts
            .get(hash)
            .filter(|(left_out, _)| left_out == without)
            .map(|(_, part)| Arc::clone(part))
    }

    pub(super) fn keep_part(&self, hash: &str, without: &[u64], part: &Arc<Part>) {
        self.inner().parts.insert(hash.to_owned(), (without.to_vec(), Arc::clone(part)));
    }

    /// Drops what belongs to no file of these.
    pub(super) fn only(&self, hashes: &HashSet<&str>) {
        let mut inner = self.inner();
        inner.voids.retain(|hash, _| hashes.contains(hash.as_str()));
        inner.parts.retain(|hash, _| hashes.contains(hash.as_str()));
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
