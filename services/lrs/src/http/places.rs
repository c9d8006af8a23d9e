//! Places for open streams: so many in all, so many for one credential, and none for a reader that has stopped taking
//! what it is sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use eventlog::Key;
use prometheus::IntGauge;
use tokio::time::Instant;

use super::shares::{Share, Shares};
use crate::Limits;

/// After how many times in which something was due a reader that took nothing has to make room for others.
const SILENT: u32 = 4;

/// All places, and who has them.
#[derive(Debug)]
pub(crate) struct Places {
    shares: Arc<Shares>,
    silent: Duration,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    holders: HashMap<u64, Holder>,
}

#[derive(Debug)]
struct Holder {
    /// When it took something last.
    took: Instant,
    _share: Share,
}

/// A place. Given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    id: u64,
    places: Arc<Places>,
}

impl Places {
    pub(crate) fn new(limits: &Limits, gauge: IntGauge) -> Self {
        let silent = Duration::from_secs(limits.heartbeat_seconds.max(1)) * SILENT;
        let shares = Shares::new(limits.streams, limits.streams_each, gauge);
        Self { shares, silent, open: Mutex::default() }
    }

    /// A place for a reader with this credential, where there is one.
    pub(crate) fn take(self: &Arc<Self>, credential: Key, now: Instant) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let share = self.shares.take(credential).or_else(|| {
            open.holders.retain(|_, holder| now.duration_since(holder.took) <= self.silent);
            self.shares.take(credential)
        })?;
        let id = open.next;
        open.next += 1;
        open.holders.insert(id, Holder { took: now, _share: share });
        Some(Place { id, places: Arc::clone(self) })
    }
}

impl Place {
    /// Says that its reader took something. False where it was silent for so long that the place is another's.
    pub(crate) fn keep(&self, now: Instant) -> bool {
        let mut open = self.places.open.lock().unwrap_or_else(PoisonError::into_inner);
        let holder = open.holders.get_mut(&self.id);
        holder.map(|holder| holder.took = now).is_some()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.places.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.holders.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(streams: usize, streams_each: usize) -> Arc<Places> {
        let limits = Limits { streams, streams_each, heartbeat_seconds: 1, ..Limits::default() };
        Arc::new(Places::new(&limits, IntGauge::new("places", "Places.").unwrap()))
    }

    #[test]
    fn who_takes_nothing_makes_room_and_only_where_it_is_needed() {
        let (places, now) = (places(2, 2), Instant::now());
        let later = now + Duration::from_secs(5);
        let (silent, heard) = (places.take([1; 16], now).unwrap(), places.take([1; 16], now).unwrap());
        assert!(silent.keep(now) && heard.keep(later));
        let third = places.take([2; 16], later).unwrap();
        assert!(!silent.keep(later), "its place is another's");
        assert!(heard.keep(later) && third.keep(later));
        drop(silent);
        assert!(places.take([3; 16], later).is_none(), "what was another's already is not given back");
    }
}
