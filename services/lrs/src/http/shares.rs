//! So many places in all, and of them so many for one credential.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use eventlog::Key;
use prometheus::IntGauge;

/// All places, and who has them.
#[derive(Debug)]
pub(crate) struct Shares {
    all: usize,
    each: usize,
    taken: Mutex<Taken>,
    gauge: IntGauge,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    /// Only of credentials that have some.
    by: HashMap<Key, usize>,
}

/// A place. Given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    credential: Key,
    of: Arc<Shares>,
}

impl Shares {
    /// So many in all, of which one credential has so many at most; the gauge shows how many are taken.
    pub(crate) fn new(all: usize, each: usize, gauge: IntGauge) -> Arc<Self> {
        Arc::new(Self { all, each, taken: Mutex::default(), gauge })
    }

    /// A place for this credential, where there is one.
    pub(crate) fn take(self: &Arc<Self>, credential: Key) -> Option<Share> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.by.get(&credential).copied().unwrap_or(0);
        if taken.all >= self.all || own >= self.each {
            return None;
        }
        taken.all += 1;
        taken.by.insert(credential, own + 1);
        self.gauge.inc();
        Some(Share { credential, of: Arc::clone(self) })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.of.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(own) = taken.by.get_mut(&self.credential) {
            *own -= 1;
            if *own == 0 {
                taken.by.remove(&self.credential);
            }
        }
        self.of.gauge.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_credential_leaves_places_to_others_and_nothing_is_kept_of_who_has_none() {
        let shares = Shares::new(3, 2, IntGauge::new("places", "Places.").unwrap());
        let mut held: Vec<_> = (0..2).map(|_| shares.take([1; 16]).unwrap()).collect();
        assert!(shares.take([1; 16]).is_none());
        held.push(shares.take([2; 16]).unwrap());
        assert!(shares.take([3; 16]).is_none(), "all are taken");
        assert_eq!(shares.gauge.get(), 3);
        held.clear();
        assert_eq!(shares.gauge.get(), 0);
        assert!(shares.taken.lock().unwrap().by.is_empty());
        assert!(shares.take([1; 16]).is_some());
    }
}
