//! A statement in brief.

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Initialized,
    Experienced,
    Progressed,
    Attempted,
    Completed,
    Passed,
    Failed,
    Terminated,
    AnsweredClaim,
    AnsweredItem,
    /// Says of an earlier statement that it does not count.
    Voided,
    /// Says something about an earlier statement.
    Commented,
}

/// A statement in brief.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Intent {
    /// Milliseconds since 1970, UTC.
    pub(crate) at: i64,
    /// Its number: its id is drawn from it.
    pub(crate) number: u32,
    pub(crate) person: u32,
    /// Index of the activity's piece; of a reference, the number of the statement it refers to.
    pub(crate) object: u32,
    /// Which registration: the rounds come first, then the attempts at courses.
    pub(crate) registration: u32,
    pub(crate) act: Act,
    pub(crate) seconds: u16,
    /// Quiz: questions × 256 + right answers; claim: 1 for right; item: the code's index; progress: percent.
    pub(crate) value: u16,
    /// Of a quiz: which try it is.
    pub(crate) attempt: u8,
}

/// Collects intents up to a limit.
#[derive(Debug)]
pub(crate) struct Collector {
    pub(crate) intents: Vec<Intent>,
    limit: usize,
}

impl Collector {
    /// One that takes up to `limit`.
    pub(crate) fn new(limit: usize) -> Collector {
        Collector { intents: Vec::with_capacity(limit.min(1 << 20)), limit }
    }

    /// Takes an intent if there is room.
    pub(crate) fn push(&mut self, intent: Intent) {
        if !self.is_full() {
            self.intents.push(intent);
        }
    }

    /// Whether there is no more room.
    pub(crate) fn is_full(&self) -> bool {
        self.intents.len() >= self.limit
    }

    /// How many more it takes.
    pub(crate) fn room(&self) -> usize {
        self.limit - self.intents.len()
    }
}
