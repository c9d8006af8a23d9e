//! How much is taken of strangers.

use std::time::Duration;

/// How much is taken of strangers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest body, in bytes: all answers of the largest survey so far, and what is filled in on one page.
    pub body: usize,
    /// Requests at a time. Each holds at most a body.
    pub at_once: usize,
    /// Wrong codes that a network may try in a while: a school's pupils mistype behind one address.
    pub guesses: u32,
    /// The while.
    pub guessing: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 4 << 20, at_once: 128, guesses: 60, guessing: Duration::from_secs(600) }
    }
}
