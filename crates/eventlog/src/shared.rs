//! What the log's handles, the writer and the listener know together.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, Notify, Semaphore, watch};

use crate::clock::{Micros, SharedClock};
use crate::event::{Position, Unready};
use crate::metrics::Metrics;
use crate::rows::int;

/// How far the wall clock may run ahead of the monotonic one.
const CLOCK_MAY_RUN_AHEAD: i64 = 3_600_000_000;

/// What the log's handles, the writer and the listener know together.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) head: watch::Sender<Position>,
    pub(crate) metrics: Metrics,
    pub(crate) queue: Arc<Semaphore>,
    pub(crate) capacity: usize,
    /// Why the writer stopped for good.
    pub(crate) stopped: OnceLock<String>,
    /// Told when a hook put work off.
    pub(crate) behind: Notify,
    /// Held by whoever asks the database how far the log is complete: the answer is for all who wait.
    pub(crate) asking: Mutex<()>,
    fence: AtomicU64,
    through: AtomicI64,
    /// When `through` was last seen, in microseconds of monotonic time.
    through_seen: AtomicI64,
    /// When something was last stored, in microseconds of monotonic time, and what failed since, and when.
    stored: AtomicI64,
    failed: std::sync::Mutex<Option<(i64, Unready)>>,
    clock: SharedClock,
    /// Wall clock minus monotonic clock when it was first asked.
    started: OnceLock<i64>,
}

impl Shared {
    pub(crate) fn new(clock: SharedClock, capacity: usize, metrics: Metrics) -> Self {
        Self {
            head: watch::Sender::new(Position(0)),
            metrics,
            queue: Arc::new(Semaphore::new(capacity)),
            capacity,
            stopped: OnceLock::new(),
            behind: Notify::new(),
            asking: Mutex::new(()),
            fence: AtomicU64::new(0),
            through: AtomicI64::new(0),
            through_seen: AtomicI64::new(i64::MIN),
            stored: AtomicI64::new(i64::MIN),
            failed: std::sync::Mutex::default(),
            clock,
            started: OnceLock::new(),
        }
    }

    /// Takes note of a head that was committed, here or elsewhere, in whatever order the news come.
    pub(crate) fn saw(&self, position: Position, fence: u64) {
        self.saw_fence(fence);
        self.metrics.head_position.set(int(position.0.max(self.head.borrow().0)));
        self.head.send_if_modified(|head| {
            let newer = position > *head;
            if newer {
                *head = position;
            }
            newer
        });
    }

    /// Everything stored up to here is committed and complete: what was just written under the lock, which was taken
    /// after this instant of monotonic time. While somebody appends nobody has to ask the database.
    pub(crate) fn wrote_through(&self, stored: Micros, taken_after: i64) {
        self.through.fetch_max(stored.0, Ordering::SeqCst);
        self.through_seen.fetch_max(taken_after, Ordering::SeqCst);
    }

    /// Takes note that something was stored.
    pub(crate) fn stored(&self) {
        self.stored.store(self.elapsed(), Ordering::SeqCst);
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Takes note that something could not be stored.
    pub(crate) fn failed(&self, why: Unready) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some((self.elapsed(), why));
    }

    /// Whether something was stored within this time, or why not; nothing where nobody tried.
    pub(crate) fn stored_within(&self, age: Duration) -> Option<Result<(), Unready>> {
        let young = |at: i64| {
            at != i64::MIN && self.elapsed() - at <= i64::try_from(age.as_micros()).unwrap_or(i64::MAX)
        };
        match &*self.failed.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((at, why)) if young(*at) => Some(Err(why.clone())),
            _ => young(self.stored.load(Ordering::SeqCst)).then_some(Ok(())),
        }
    }

    /// Takes note of how often the fence was raised.
    pub(crate) fn saw_fence(&self, fence: u64) {
        self.fence.fetch_max(fence, Ordering::SeqCst);
    }

    pub(crate) fn fence(&self) -> u64 {
        self.fence.load(Ordering::SeqCst)
    }

    /// The last answer to how far the log is complete, if it is younger than this.
    pub(crate) fn through_within(&self, age: Duration) -> Option<Micros> {
        let seen = self.through_seen.load(Ordering::SeqCst);
        let young =
            seen != i64::MIN && self.elapsed() - seen <= i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
        young.then(|| Micros(self.through.load(Ordering::SeqCst)))
    }

    pub(crate) fn saw_through(&self, through: Micros) -> Micros {
        let before = self.through.fetch_max(through.0, Ordering::SeqCst);
        self.through_seen.fetch_max(self.elapsed(), Ordering::SeqCst);
        Micros(before.max(through.0))
    }

    /// The time that counts, which is the database's where it has given one and no test set a clock;
    /// refused where it has run away from the monotonic clock.
    pub(crate) fn trusted_now(&self, database: Option<Micros>) -> Result<Micros, String> {
        let now = database.filter(|_| self.clock.is_machine()).unwrap_or_else(|| self.clock.now());
        let offset = now.0 - self.elapsed();
        let ahead = offset - self.started.get_or_init(|| offset);
        if ahead > CLOCK_MAY_RUN_AHEAD {
            return Err(format!("it has run {} s ahead since the start", ahead / 1_000_000));
        }
        Ok(now)
    }

    pub(crate) fn elapsed(&self) -> i64 {
        i64::try_from(self.clock.elapsed().as_micros()).unwrap_or(i64::MAX)
    }
}
