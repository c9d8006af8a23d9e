//! How often codes are guessed, by the network that guesses. Addresses are not kept: what stands in memory are hashes under
//! a key that ends with the process, for as long as they count.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::Limits;

/// Networks that are kept in mind.
const KEPT: usize = 20_000;

/// What is known of wrong codes.
pub(crate) struct Guesses {
    hasher: RandomState,
    /// Wrong codes that a network may try, and within which time.
    free: u32,
    lasts: Duration,
    known: Mutex<HashMap<u64, (u32, Instant)>>,
}

impl Guesses {
    pub(crate) fn new(limits: &Limits) -> Self {
        let Limits { guesses: free, guessing: lasts, .. } = *limits;
        Self { hasher: RandomState::new(), free, lasts, known: Mutex::default() }
    }

    /// In how many seconds a network may try again, if it tried too often.
    pub(crate) fn wait(&self, network: Option<IpAddr>, now: Instant) -> Option<u64> {
        let key = self.hasher.hash_one(network?);
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (wrong, since) = *known.get(&key)?;
        let left = (since + self.lasts).checked_duration_since(now).filter(|left| !left.is_zero())?;
        (wrong >= self.free).then(|| left.as_secs().max(1))
    }

    /// A code was wrong.
    pub(crate) fn wrong(&self, network: Option<IpAddr>, now: Instant) {
        let Some(network) = network else { return };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (_, since)| now.saturating_duration_since(*since) < self.lasts);
        if known.len() >= KEPT {
            known.clear();
        }
        known.entry(self.hasher.hash_one(network)).or_insert((0, now)).0 += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_guesses_waits_and_nobody_else_does() {
        let limits = Limits { guesses: 3, ..Limits::default() };
        let guesses = Guesses::new(&limits);
        let (here, there) = (Some(IpAddr::from([192, 0, 2, 1])), Some(IpAddr::from([192, 0, 2, 2])));
        let now = Instant::now();
        for _ in 0..limits.guesses {
            assert_eq!(guesses.wait(here, now), None);
            guesses.wrong(here, now);
            guesses.wrong(None, now);
        }
        assert_eq!(guesses.wait(here, now), Some(600));
        assert_eq!(guesses.wait(there, now), None);
        assert_eq!(guesses.wait(None, now), None);
        // After a while nothing is held against it, nor kept.
        let later = now + limits.guessing;
        assert_eq!(guesses.wait(here, later), None);
        guesses.wrong(there, later);
        assert_eq!(guesses.known.lock().unwrap().len(), 1);
    }
}
