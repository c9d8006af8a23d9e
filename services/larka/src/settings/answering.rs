//! How much is taken of those who answer surveys.

use std::time::Duration;

use super::given::given;
use crate::failure::Failure;

given! {
    /// How much is taken of those who answer surveys.
    pub(crate) struct Given {
        /// Largest body that the answer pages take, in bytes [default: 4194304]
        #[arg(long, env = "LARKA_ANSWER_BODY_LIMIT", value_name = "BYTES")]
        answer_body_limit: Option<usize>,
        /// Requests that the answer pages take at a time; others are asked to wait [default: 128]
        #[arg(long, env = "LARKA_ANSWER_REQUESTS", value_name = "REQUESTS")]
        answer_requests: Option<usize>,
        /// Codes that do not exist which a network may try before it has to wait [default: 60]
        #[arg(long, env = "LARKA_CODE_GUESSES", value_name = "CODES")]
        code_guesses: Option<u32>,
        /// Seconds for which they count, and a network waits at most [default: 600]
        #[arg(long, env = "LARKA_CODE_GUESS_SECONDS", value_name = "SECONDS")]
        code_guess_seconds: Option<u64>,
    }
}

/// The smallest body limit: a page's answers with those so far.
const SMALLEST_BODY: usize = 64 * 1024;

impl Given {
    pub(super) fn read(self) -> Result<survey::Limits, Failure> {
        let usual = survey::Limits::default();
        let limits = survey::Limits {
            body: self.answer_body_limit.unwrap_or(usual.body),
            at_once: self.answer_requests.unwrap_or(usual.at_once),
            guesses: self.code_guesses.unwrap_or(usual.guesses),
            guessing: self.code_guess_seconds.map_or(usual.guessing, Duration::from_secs),
        };
        if limits.body < SMALLEST_BODY {
            return Err(Failure::setting("answer-body-limit", "at least 65536 bytes"));
        }
        if !(1..=100_000).contains(&limits.at_once) {
            return Err(Failure::setting("answer-requests", "from 1 to 100000 requests"));
        }
        if limits.guesses == 0 {
            return Err(Failure::setting("code-guesses", "at least 1 code"));
        }
        if !(1..=86_400).contains(&limits.guessing.as_secs()) {
            return Err(Failure::setting("code-guess-seconds", "seconds, from 1 to 86400"));
        }
        Ok(limits)
    }
}
