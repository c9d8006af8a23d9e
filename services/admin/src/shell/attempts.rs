//! How often log-ins are tried: by account and by address, with a delay that grows, and two passwords hashed at a time.
//! Where an account logged in before, by the browser's token or by the address, it is bounded by itself.
//!
//! Neither name nor address is kept: what stands in memory are hashes under a key that ends with the process.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Passwords hashed at a time; each takes 19 MiB and a core.
const AT_A_TIME: usize = 2;
/// How many may wait for that.
const WAITING: usize = 16;
/// Wrong passwords without a delay: of an account, and from an address, behind which a whole school may be.
const FREE: [u32; 2] = [5, 20];
/// The longest delay.
const LONGEST: Duration = Duration::from_secs(300);
/// After so long without a try nothing of it counts any more.
const FORGOTTEN: Duration = Duration::from_secs(3_600);
/// How long an address is known as one from which an account logs in.
const FAMILIAR: Duration = Duration::from_secs(30 * 86_400);
/// A log-in after so long is worth a line in the log.
const NEWS: Duration = Duration::from_secs(600);
/// Accounts and addresses that are kept in mind. Where there are more, those that nothing is held against go first.
const KEPT: usize = 20_000;

/// What is known of tries.
pub(crate) struct Attempts {
    hasher: RandomState,
    /// Whether an address of this machine or a private one is a visitor's own and not that of a proxy.
    proxies_named: bool,
    known: Mutex<Known>,
    places: Arc<Semaphore>,
    queue: Semaphore,
}

#[derive(Default)]
struct Known {
    tries: HashMap<u64, Tries>,
    /// Accounts with addresses from which they logged in, and when last.
    familiar: HashMap<u64, Duration>,
}

#[derive(Clone, Copy)]
struct Tries {
    wrong: u32,
    last: Duration,
    /// Until when no other is taken.
    until: Duration,
}

/// Why a try is not taken: come back after so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooMuch {
    /// This account or this address was wrong too often.
    Often(u32),
    /// Too many others log in at this moment.
    AtOnce(u32),
}

/// A try that is taken; it is to be told how it ended.
pub(crate) struct Attempt {
    /// The account, or where it logs in from here the two together; and the address.
    keys: [u64; 2],
    /// How many of those bound it.
    bound: usize,
    /// How many of those it counts for: an address that may be everybody's is held against nobody.
    counts: usize,
    /// No other is taken until it has ended, or the delay again.
    alone: bool,
    pair: u64,
    now: Duration,
}

impl Attempts {
    pub(crate) fn new(proxies_named: bool) -> Self {
        Self {
            proxies_named,
            hasher: RandomState::new(),
            known: Mutex::default(),
            places: Arc::new(Semaphore::new(AT_A_TIME)),
            queue: Semaphore::new(WAITING),
        }
    }

    /// A try of an account, unless account or address has to wait. `browser` is the token of a browser in which the
    /// account logged in before.
    pub(crate) fn begin(
        &self,
        login: &str,
        from: IpAddr,
        browser: Option<&[u8]>,
        now: Duration,
    ) -> Result<Attempt, TooMuch> {
        let from = network(from);
        let pair = match browser {
            Some(token) => self.hasher.hash_one(("browser", login, token)),
            None => self.hasher.hash_one(("pair", login, from)),
        };
        let address = self.hasher.hash_one(("address", from));
        let mut known = self.known();
        // Whoever guesses from elsewhere, or other names from here, does not lock out those who log in from here.
        let familiar = browser.is_some() || known.is_familiar(pair, now);
        let account = if familiar { pair } else { self.hasher.hash_one(("account", login)) };
        let keys = [account, address];
        let counts = if self.proxies_named || is_somebodys(from) { 2 } else { 1 };
        let bound = if familiar { 1 } else { counts };
        known.check(&keys[..bound], now)?;
        let alone = known.hold(account, now);
        Ok(Attempt { keys, bound, counts, alone, pair, now })
    }

    /// Waits for a place to hash its password, unless too many wait.
    pub(crate) async fn place(&self, attempt: &Attempt) -> Result<OwnedSemaphorePermit, TooMuch> {
        let queued = self.queue.try_acquire().map_err(|_| TooMuch::AtOnce(1))?;
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| TooMuch::AtOnce(1))?;
        drop(queued);
        if !attempt.alone {
            // Others of the same account or address may have been wrong meanwhile.
            self.known().check(&attempt.keys[..attempt.bound], attempt.now)?;
        }
        Ok(place)
    }

    /// The password was right. Says whether that is news: none was right from there in the last ten minutes.
    pub(crate) fn right(&self, attempt: &Attempt) -> bool {
        let mut known = self.known();
        known.tries.remove(&attempt.keys[0]);
        let before = known.familiar.insert(attempt.pair, attempt.now);
        known.forget(attempt.now);
        before.is_none_or(|before| attempt.now > before + NEWS)
    }

    /// The password was wrong, or there is no such account. Says how often it was since it was right, or long ago.
    pub(crate) fn wrong(&self, attempt: &Attempt) -> u32 {
        let mut known = self.known();
        for (key, free) in attempt.keys.iter().zip(FREE).take(attempt.counts) {
            let none = Tries { wrong: 0, last: attempt.now, until: attempt.now };
            let tries = known.tries.entry(*key).or_insert(none);
            tries.wrong = tries.wrong.saturating_add(1);
            tries.last = attempt.now;
            tries.until = attempt.now + delay(tries.wrong, free);
        }
        let wrong = known.tries.get(&attempt.keys[0]).map_or(0, |tries| tries.wrong);
        known.forget(attempt.now);
        wrong
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_familiar(&self, pair: u64, now: Duration) -> bool {
        self.familiar.get(&pair).is_some_and(|at| now < *at + FAMILIAR)
    }

    fn check(&mut self, keys: &[u64], now: Duration) -> Result<(), TooMuch> {
        for key in keys {
            match self.tries.get(key) {
                Some(tries) if tries.is_over(now) => drop(self.tries.remove(key)),
                Some(tries) if now < tries.until => {
                    let left = (tries.until - now).as_secs_f64().ceil();
                    return Err(TooMuch::Often(left as u32));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes no other try of an account before this one has ended, where each is followed by a delay; whether it is so.
    fn hold(&mut self, account: u64, now: Duration) -> bool {
        let held = self.tries.get_mut(&account).filter(|tries| tries.wrong > FREE[0]);
        held.is_some_and(|tries| {
            tries.until = now + delay(tries.wrong, FREE[0]);
            true
        })
    }

    /// Bounds what is kept; what was tried longest ago goes first.
    fn forget(&mut self, now: Duration) {
        if self.tries.len() > KEPT {
            self.tries.retain(|_, tries| !tries.is_over(now));
        }
        if self.tries.len() > KEPT {
            let mut last: Vec<_> = self.tries.values().map(|tries| tries.last).collect();
            let (_, middle, _) = last.select_nth_unstable(KEPT / 2);
            let middle = *middle;
            self.tries.retain(|_, tries| tries.last > middle);
        }
        if self.familiar.len() > KEPT {
            self.familiar.clear();
        }
    }
}

impl Tries {
    /// Whether nothing is held against it any more.
    fn is_over(&self, now: Duration) -> bool {
        now >= self.until && now > self.last + FORGOTTEN
    }
}

/// How long after so many wrong ones none is taken: a second after the first that is not free, and twice as long each
/// time.
fn delay(wrong: u32, free: u32) -> Duration {
    match wrong.checked_sub(free + 1) {
        None => Duration::ZERO,
        Some(doubled) => LONGEST.min(Duration::from_secs(1 << doubled.min(20))),
    }
}

/// What counts as one address: of IPv6 the 64 bits that one connection is given.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        address => address,
    }
}

/// The network that wrong tries from an address are held against; none where it may be everybody's, as that of a proxy is
/// which nobody named.
pub fn held_against(address: IpAddr, proxies_named: bool) -> Option<IpAddr> {
    let network = network(address);
    (proxies_named || is_somebodys(network)).then_some(network)
}

/// Whether an address is one visitor's, or one network's, also where nobody said which proxies there are: those stand on
/// this machine or in a network of its own.
fn is_somebodys(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let shared = address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64;
            !(address.is_unspecified()
                || address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || shared)
        }
        // Of one's own 64 bits nothing is left but zeros.
        IpAddr::V6(address) => {
            !(address.to_bits() == 0 || address.is_unique_local() || address.is_unicast_link_local())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "192.0.2.1";

    async fn wrong(attempts: &Attempts, login: &str, from: &str, now: u64) -> Result<u32, TooMuch> {
        let attempt = attempts.begin(login, from.parse().unwrap(), None, Duration::from_secs(now))?;
        let _place = attempts.place(&attempt).await?;
        Ok(attempts.wrong(&attempt))
    }

    async fn right(attempts: &Attempts, login: &str, from: &str, now: u64) -> Result<bool, TooMuch> {
        let attempt = attempts.begin(login, from.parse().unwrap(), None, Duration::from_secs(now))?;
        let _place = attempts.place(&attempt).await?;
        Ok(attempts.right(&attempt))
    }

    #[tokio::test]
    async fn an_account_waits_longer_after_each_wrong_password_wherever_they_come_from() {
        let attempts = Attempts::new(false);
        for n in 1..=5 {
            assert_eq!(wrong(&attempts, "anna", &format!("192.0.2.{n}"), 0).await, Ok(n));
        }
        let mut now = 0;
        for waited in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            let from = format!("198.51.100.{waited}").replace("256", "255").replace("300", "254");
            assert!(wrong(&attempts, "anna", &from, now).await.is_ok(), "{waited}");
            assert_eq!(wrong(&attempts, "anna", HERE, now).await, Err(TooMuch::Often(waited)));
            now += u64::from(waited);
        }
        // Another account, and after an hour of rest the same one, begin anew.
        assert_eq!(wrong(&attempts, "bo", HERE, now).await, Ok(1));
        assert_eq!(wrong(&attempts, "anna", HERE, now + 3_601).await, Ok(1));
    }

    #[tokio::test]
    async fn an_address_waits_whatever_accounts_it_tries() {
        let attempts = Attempts::new(false);
        for n in 0..21 {
            assert_eq!(wrong(&attempts, &format!("nobody{n}"), HERE, 0).await, Ok(1));
        }
        assert_eq!(wrong(&attempts, "anna", HERE, 0).await, Err(TooMuch::Often(1)));
        assert_eq!(right(&attempts, "anna", "192.0.2.2", 0).await, Ok(true));
        // What one connection is given of IPv6 is one address.
        for n in 0..21 {
            assert_eq!(wrong(&attempts, &format!("none{n}"), &format!("2001:db8::{n:x}"), 0).await, Ok(1));
        }
        assert_eq!(wrong(&attempts, "bo", "2001:db8::ffff", 0).await, Err(TooMuch::Often(1)));
        assert!(wrong(&attempts, "bo", "2001:db8:0:1::1", 0).await.is_ok());
    }

    #[tokio::test]
    async fn who_logs_in_from_somewhere_is_not_locked_out_by_those_who_guess_elsewhere() {
        let attempts = Attempts::new(false);
        assert_eq!(right(&attempts, "anna", HERE, 0).await, Ok(true));
        for _ in 0..6 {
            wrong(&attempts, "anna", "198.51.100.1", 0).await.unwrap();
        }
        assert_eq!(wrong(&attempts, "anna", "198.51.100.2", 0).await, Err(TooMuch::Often(1)));
        assert_eq!(right(&attempts, "anna", HERE, 0).await, Ok(false));
        // And a right password takes back what was wrong before.
        for _ in 0..5 {
            wrong(&attempts, "anna", HERE, 0).await.unwrap();
            assert!(right(&attempts, "anna", HERE, 700).await.is_ok());
        }
        // Nor by those who guess other names from there.
        for n in 0..16 {
            wrong(&attempts, &format!("nobody{n}"), HERE, 700).await.unwrap();
        }
        assert_eq!(wrong(&attempts, "bo", HERE, 700).await, Err(TooMuch::Often(1)));
        assert!(right(&attempts, "anna", HERE, 700).await.is_ok());
    }

    #[tokio::test]
    async fn a_browser_that_knows_the_account_is_not_locked_out_wherever_it_and_strangers_are() {
        let attempts = Attempts::new(false);
        let seconds = Duration::from_secs;
        let from = |browser: &'static [u8], now| {
            attempts.begin("anna", "127.0.0.1".parse().unwrap(), Some(browser), now)
        };
        for _ in 0..6 {
            wrong(&attempts, "anna", "127.0.0.1", 0).await.unwrap();
        }
        assert_eq!(wrong(&attempts, "anna", "127.0.0.1", 0).await, Err(TooMuch::Often(1)));
        assert!(attempts.right(&from(b"hers", seconds(0)).ok().unwrap()));
        // Whoever guesses there is bounded as well, and alone.
        for n in 1..=6 {
            assert_eq!(attempts.wrong(&from(b"hers", seconds(0)).ok().unwrap()), n);
        }
        assert_eq!(from(b"hers", seconds(0)).err(), Some(TooMuch::Often(1)));
        assert!(from(b"another of hers", seconds(0)).is_ok());
    }

    #[tokio::test]
    async fn an_address_that_may_be_a_proxys_is_held_against_nobody() {
        for (from, whose) in [
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("192.168.0.9", false),
            ("100.64.0.1", false),
            ("::1", false),
            ("::ffff:10.0.0.1", false),
            ("fd00::1", false),
            ("fe80::1", false),
            ("192.0.2.1", true),
            ("2001:db8::1", true),
        ] {
            for named in [false, true] {
                let attempts = Attempts::new(named);
                for n in 0..21 {
                    assert_eq!(wrong(&attempts, &format!("nobody{n}"), from, 0).await, Ok(1));
                }
                assert_eq!(
                    right(&attempts, "anna", from, 0).await.is_err(),
                    whose || named,
                    "{from} {named}"
                );
            }
        }
    }

    #[tokio::test]
    async fn where_each_try_is_followed_by_a_delay_they_are_taken_one_by_one() {
        let attempts = Attempts::new(false);
        for _ in 0..6 {
            wrong(&attempts, "anna", HERE, 0).await.unwrap();
        }
        let begin = || attempts.begin("anna", HERE.parse().unwrap(), None, Duration::from_secs(1));
        let one = begin().ok().unwrap();
        assert_eq!(begin().err(), Some(TooMuch::Often(1)));
        assert!(attempts.place(&one).await.is_ok());
        attempts.right(&one);
        assert!(begin().is_ok());
    }

    #[tokio::test]
    async fn two_are_hashed_at_a_time_and_few_wait() {
        let attempts = Arc::new(Attempts::new(false));
        let begin = |n: u8| {
            let attempts = Arc::clone(&attempts);
            async move {
                let attempt =
                    attempts.begin(&n.to_string(), IpAddr::from([192, 0, 2, n]), None, Duration::ZERO)?;
                attempts.place(&attempt).await
            }
        };
        let held = [begin(1).await.ok().unwrap(), begin(2).await.ok().unwrap()];
        let waiting: Vec<_> = (0..16).map(|n| tokio::spawn(begin(10 + n))).collect();
        while attempts.queue.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(begin(3).await.err(), Some(TooMuch::AtOnce(1)));
        drop(held);
        for task in waiting {
            assert!(task.await.unwrap().is_ok());
        }
        assert!(begin(3).await.is_ok());
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded() {
        let attempts = Attempts::new(false);
        for n in 0..60_000_u32 {
            let from = IpAddr::from((n + (1 << 24)).to_be_bytes());
            let attempt =
                attempts.begin(&n.to_string(), from, None, Duration::from_millis(n.into())).ok().unwrap();
            attempts.wrong(&attempt);
        }
        assert!(attempts.known().tries.len() <= KEPT + 2);
    }
}
