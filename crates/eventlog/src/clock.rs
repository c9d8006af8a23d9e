//! Time, passed in. Nothing outside this file asks the wall clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// An instant in UTC as microseconds since 1970-01-01T00:00:00Z, the resolution of `stored`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Micros(pub i64);

impl Micros {
    /// The instant as chrono's type; instants outside chrono's range become the epoch.
    pub fn to_datetime(self) -> chrono::DateTime<chrono::Utc> {
        chrono::DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// The instant of a chrono time, cut to microseconds.
    pub fn from_datetime(at: chrono::DateTime<chrono::Utc>) -> Self {
        Self(at.timestamp_micros())
    }
}

/// Waits this long, or until `stopping` turns true or its sender is gone; whether what is done every so often goes on.
pub async fn rest(pause: Duration, stopping: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = tokio::time::sleep(pause) => true,
        _ = stopping.wait_for(|stop| *stop) => false,
    }
}

/// Where a component gets its time from.
pub trait Clock: Send + Sync + std::fmt::Debug + 'static {
    /// The wall clock, in UTC.
    fn now(&self) -> Micros;
    /// Time since some fixed start, unaffected by changes of the wall clock.
    fn elapsed(&self) -> Duration;
    /// Whether this is the machine's clock. Where it is, a log on PostgreSQL asks the database's clock
    /// instead, which all nodes share; a clock that a test sets is always asked itself.
    fn is_machine(&self) -> bool {
        false
    }
}

/// A shared clock.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's own clock.
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// The machine's clock, ready to share.
    pub fn shared() -> SharedClock {
        Arc::new(Self { started: Instant::now() })
    }
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place where the wall clock is read")]
    fn now(&self) -> Micros {
        Micros::from_datetime(chrono::Utc::now())
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn is_machine(&self) -> bool {
        true
    }
}

/// A clock that tests set by hand. Wall and monotonic time may be moved apart.
#[derive(Debug, Default)]
pub struct ManualClock {
    wall: AtomicI64,
    monotonic: AtomicI64,
}

impl ManualClock {
    /// A clock that stands still at `at` until told otherwise.
    pub fn at(at: Micros) -> Arc<Self> {
        Arc::new(Self { wall: AtomicI64::new(at.0), monotonic: AtomicI64::new(0) })
    }

    /// Moves both clocks on.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.wall.fetch_add(micros, Ordering::SeqCst);
        self.monotonic.fetch_add(micros, Ordering::SeqCst);
    }

    /// Sets the wall clock alone, as an administrator or NTP would.
    pub fn set_wall(&self, at: Micros) {
        self.wall.store(at.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Micros {
        Micros(self.wall.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.monotonic.load(Ordering::SeqCst)).unwrap_or(0))
    }
}
