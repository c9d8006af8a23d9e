//! A bounded cache that forgets what has not been used for longest, roughly, and everything at once when told.

use std::collections::HashMap;
use std::hash::Hash;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Two generations of entries: a hit in the old one moves the entry to the young one, and when the young
/// one is full it becomes the old one. So an entry survives at least `capacity / 2` insertions after its last use.
///
/// A clearing raises the epoch. Whoever reads from the database notes the epoch before and hands it in
/// with the result, so that what was read before a clearing cannot slip in after it.
pub(crate) struct Cache<K, V> {
    half: usize,
    entries: Mutex<Entries<K, V>>,
}

struct Entries<K, V> {
    epoch: u64,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    /// A cache for at most `capacity` entries.
    pub(crate) fn new(capacity: usize) -> Self {
        let entries = Entries { epoch: 0, young: HashMap::new(), old: HashMap::new() };
        Self { half: (capacity / 2).max(1), entries: Mutex::new(entries) }
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.locked().epoch
    }

    /// The entries of all `keys`, in their order, under one lock.
    pub(crate) fn get_all<'a>(&self, keys: impl Iterator<Item = &'a K>) -> Vec<Option<V>>
    where
        K: 'a,
    {
        let mut entries = self.locked();
        keys.map(|key| self.get_locked(&mut entries, key)).collect()
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        self.get_locked(&mut self.locked(), key)
    }

    /// Keeps the entries, unless the cache was cleared since `epoch`.
    pub(crate) fn insert_all(&self, epoch: u64, new: impl Iterator<Item = (K, V)>) {
        let mut entries = self.locked();
        if entries.epoch == epoch {
            new.for_each(|(key, value)| self.insert_locked(&mut entries, key, value));
        }
    }

    pub(crate) fn clear(&self) {
        let mut entries = self.locked();
        entries.epoch += 1;
        entries.young.clear();
        entries.old.clear();
    }

    fn get_locked(&self, entries: &mut Entries<K, V>, key: &K) -> Option<V> {
        if let Some(value) = entries.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = entries.old.remove_entry(key)?;
        self.insert_locked(entries, key, value.clone());
        Some(value)
    }

    fn insert_locked(&self, entries: &mut Entries<K, V>, key: K, value: V) {
        if entries.young.len() >= self.half && !entries.young.contains_key(&key) {
            entries.old = mem::take(&mut entries.young);
        }
        entries.young.insert(key, value);
    }

    fn locked(&self) -> MutexGuard<'_, Entries<K, V>> {
        // Nothing panics half-way through a change of the maps.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_size_is_bounded() {
        let cache = Cache::new(100);
        for n in 0..10_000 {
            cache.insert_all(0, std::iter::once((n, n)));
            assert_eq!(cache.get(&0), Some(0));
        }
        assert_eq!(cache.get(&1), None);
        assert_eq!(cache.get(&9_999), Some(9_999));
        let entries = cache.locked();
        assert!(entries.young.len() + entries.old.len() <= 100);
    }

    #[test]
    fn what_was_read_before_a_clearing_does_not_slip_in_after_it() {
        let cache = Cache::new(10);
        let epoch = cache.epoch();
        cache.clear();
        cache.insert_all(epoch, std::iter::once((1, 1)));
        assert_eq!(cache.get(&1), None);
    }
}
