//! Where signed heads of the log go.

use std::path::PathBuf;
use std::time::Duration;

use super::given::given;
use crate::failure::Failure;

given! {
    /// Where signed heads of the log go.
    pub(crate) struct Given {
        /// File to add signed heads of the log to; best on another machine's disk [default: none]
        #[arg(long, env = "LARKA_ANCHORS", value_name = "FILE")]
        anchors: Option<PathBuf>,
        /// Seconds between two signed heads [default: 3600]
        #[arg(long, env = "LARKA_ANCHOR_EVERY", value_name = "SECONDS")]
        anchor_every: Option<u64>,
    }
}

/// Where signed heads go, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Schedule {
    /// One line is added to it at a time.
    pub(crate) file: PathBuf,
    pub(crate) every: Duration,
}

impl Given {
    /// None where none are written.
    pub(super) fn read(self) -> Result<Option<Schedule>, Failure> {
        let every = self.anchor_every.unwrap_or(3_600);
        if every == 0 {
            return Err(Failure::setting("anchor-every", "seconds, at least 1"));
        }
        Ok(self.anchors.map(|file| Schedule { file, every: Duration::from_secs(every) }))
    }
}
