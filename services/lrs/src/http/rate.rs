//! How much a credential may ask for: a bucket of tokens for each that has a limit, on this node.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use vault::{CredentialId, Rate};

/// The buckets. Only credentials with a limit have one, so there are never more than administrators made.
#[derive(Debug, Default)]
pub(crate) struct Buckets {
    buckets: Mutex<HashMap<CredentialId, Bucket>>,
}

/// What was left in a bucket at a time.
#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Duration,
}

impl Buckets {
    /// Takes a token for one request at `now` (of the clock that never runs backwards).
    ///
    /// # Errors
    /// There is none; after so many whole seconds there is one again.
    pub(crate) fn take(&self, credential: CredentialId, rate: Rate, now: Duration) -> Result<(), u32> {
        let (per_second, burst) = (f64::from(rate.per_second.max(1)), f64::from(rate.burst.max(1)));
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(credential).or_insert(Bucket { tokens: burst, at: now });
        let rested = now.saturating_sub(bucket.at).as_secs_f64();
        bucket.tokens = (bucket.tokens + rested * per_second).min(burst);
        bucket.at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        // At least one token comes each second.
        Err(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 2, burst: 3 };

    fn taken(buckets: &Buckets, id: u8, millis: u64, times: usize) -> usize {
        let now = Duration::from_millis(millis);
        (0..times).filter(|_| buckets.take([id; 16], RATE, now).is_ok()).count()
    }

    #[test]
    fn a_burst_is_let_through_then_the_average_and_each_credential_has_its_own() {
        let buckets = Buckets::default();
        assert_eq!(taken(&buckets, 1, 0, 10), 3);
        assert_eq!(taken(&buckets, 2, 0, 10), 3);
        assert_eq!(taken(&buckets, 1, 499, 10), 0);
        assert_eq!(taken(&buckets, 1, 500, 10), 1);
        assert_eq!(taken(&buckets, 1, 1500, 10), 2);
        assert_eq!(taken(&buckets, 1, 60_000, 10), 3);
        assert_eq!(buckets.take([1; 16], RATE, Duration::from_secs(60)), Err(1));
    }

    #[test]
    fn over_a_long_time_no_more_than_the_rate_gets_through() {
        let buckets = Buckets::default();
        let through: usize = (0..100_000).map(|millis| taken(&buckets, 1, millis, 1)).sum();
        assert!((200..=203).contains(&through), "{through}");
    }
}
