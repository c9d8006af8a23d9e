//! What is known of one connection: until when something has to happen on it, and how it stands.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

use crate::limits::Limits;

/// A request is being worked on.
const BUSY: u64 = u64::MAX;
/// The answer is there; it is not written whole yet.
const ENDING: u64 = BUSY - 1;
/// Stands for no time.
const NEVER: u64 = u64::MAX;

/// Shared by all that handle one connection, which take turns: nothing here waits for anything.
#[derive(Debug)]
pub(crate) struct Pulse {
    began: Instant,
    limits: Limits,
    /// Milliseconds after `began` until which something has to happen; [`BUSY`] or [`ENDING`] where that is ours to do.
    due: AtomicU64,
    /// Milliseconds after `began` since which it waits.
    since: AtomicU64,
    /// Milliseconds after `began` since which the client takes nothing of what there is for it; [`NEVER`] where it does.
    untaken: AtomicU64,
    /// The same of a body that is asked for, of which it sends nothing.
    unsent: AtomicU64,
    /// Something of the next request has come.
    heard: AtomicBool,
    /// The client still sends a body that nobody reads.
    unread: AtomicBool,
    /// The client does not take its answer.
    stalled: AtomicBool,
}

impl Pulse {
    /// A connection that was just taken.
    pub(crate) fn new(limits: Limits) -> Self {
        let pulse = Self {
            began: Instant::now(),
            limits,
            due: AtomicU64::new(0),
            since: AtomicU64::new(0),
            untaken: AtomicU64::new(NEVER),
            unsent: AtomicU64::new(NEVER),
            heard: AtomicBool::new(false),
            unread: AtomicBool::new(false),
            stalled: AtomicBool::new(false),
        };
        pulse.wait(limits.head);
        pulse
    }

    /// Something came.
    pub(crate) fn heard(&self) {
        if self.due.load(Relaxed) < ENDING && !self.heard.swap(true, Relaxed) {
            let due = self.millis(Instant::now() + self.limits.head);
            self.due.fetch_min(due, Relaxed);
        }
    }

    /// A request is there whole but for its body.
    pub(crate) fn begin(&self) {
        self.due.store(BUSY, Relaxed);
    }

    /// The answer is there.
    pub(crate) fn answered(&self) {
        self.unsent.store(NEVER, Relaxed);
        self.due.store(ENDING, Relaxed);
    }

    /// Everything there was to write is written.
    pub(crate) fn written(&self) {
        if self.due.load(Relaxed) == ENDING {
            self.heard.store(false, Relaxed);
            self.wait(self.limits.idle);
        }
    }

    /// From now on something is waited for, for so long.
    pub(crate) fn wait(&self, time: Duration) {
        let now = Instant::now();
        self.since.store(self.millis(now), Relaxed);
        self.due.store(self.millis(now + time), Relaxed);
    }

    /// Until when something has to happen; none where that is ours to do.
    pub(crate) fn due(&self) -> Option<Instant> {
        let due = self.due.load(Relaxed);
        (due < ENDING).then(|| self.began + Duration::from_millis(due))
    }

    /// The client took something of what there is for it, or did not.
    pub(crate) fn took(&self, something: bool) {
        self.moved(&self.untaken, something);
    }

    /// A body that is asked for went on, or did not.
    pub(crate) fn sent(&self, something: bool) {
        self.moved(&self.unsent, something);
    }

    fn moved(&self, since: &AtomicU64, something: bool) {
        if something {
            since.store(NEVER, Relaxed);
        } else if since.load(Relaxed) == NEVER {
            since.store(self.millis(Instant::now()), Relaxed);
        }
    }

    /// Whether this connection may make room, as it has waited for its client since then or before, and in which order:
    /// first where a request is waited for, the nearest to its end; then where one was taken and the client does
    /// nothing, the longest silent.
    pub(crate) fn yields(&self, then: Instant) -> Option<(bool, Instant)> {
        let at = |millis| self.began + Duration::from_millis(millis);
        if let Some(due) = self.due() {
            return (at(self.since.load(Relaxed)) <= then).then_some((false, due));
        }
        let silent = self.untaken.load(Relaxed).min(self.unsent.load(Relaxed));
        (silent != NEVER && at(silent) <= then).then(|| (true, at(silent)))
    }

    /// The client goes on sending a body that nobody reads.
    pub(crate) fn leave_unread(&self) {
        self.unread.store(true, Relaxed);
    }

    /// The client took nothing of its answer for too long.
    pub(crate) fn stall(&self) {
        self.stalled.store(true, Relaxed);
    }

    pub(crate) fn is_heard(&self) -> bool {
        self.heard.load(Relaxed)
    }

    pub(crate) fn is_unread(&self) -> bool {
        self.unread.load(Relaxed)
    }

    pub(crate) fn is_stalled(&self) -> bool {
        self.stalled.load(Relaxed)
    }

    fn millis(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.began).as_millis()).unwrap_or(ENDING).min(ENDING - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_has_its_time_from_its_first_byte_and_bytes_give_no_more() {
        let seconds = Duration::from_secs;
        let limits = Limits { head: seconds(1_000), idle: seconds(5_000), ..Limits::default() };
        let pulse = Pulse::new(limits);
        let left = || pulse.due().map(|due| due.saturating_duration_since(Instant::now()).as_secs() / 100);
        assert_eq!(left(), Some(9));
        pulse.heard();
        assert_eq!(left(), Some(9), "the first request has its time from the begin");
        pulse.begin();
        pulse.heard();
        pulse.written();
        assert_eq!(left(), None, "a request that is worked on has no answer yet");
        pulse.answered();
        assert_eq!(left(), None, "the answer is not written yet");
        pulse.written();
        assert_eq!(left(), Some(49));
        assert!(!pulse.is_heard());
        pulse.heard();
        let due = pulse.due();
        assert_eq!(left(), Some(9), "from the first byte of the next request");
        pulse.heard();
        assert_eq!(pulse.due(), due);
    }
}
