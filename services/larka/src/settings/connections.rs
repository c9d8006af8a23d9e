//! How many connections there are, and what each may take.

use std::time::Duration;

use super::given::given;
use crate::failure::Failure;

given! {
    /// How many connections there are, and what each may take.
    pub(crate) struct Given {
        /// Connections at the same time [default: 4096, or what the limit of open files leaves]
        #[arg(long, env = "LARKA_MAX_CONNECTIONS", value_name = "CONNECTIONS")]
        max_connections: Option<usize>,
        /// Largest line and headers of a request, in bytes [default: 65536]
        #[arg(long, env = "LARKA_HEADER_LIMIT", value_name = "BYTES")]
        header_limit: Option<usize>,
        /// Seconds until the line and headers of a request have to be there [default: 15]
        #[arg(long, env = "LARKA_HEADER_SECONDS", value_name = "SECONDS")]
        header_seconds: Option<u64>,
        /// Seconds that a connection may rest between two requests [default: 75]
        #[arg(long, env = "LARKA_IDLE_SECONDS", value_name = "SECONDS")]
        idle_seconds: Option<u64>,
        /// Seconds in which a client has to take 64 KiB of an answer, or all there is of it [default: 30]
        #[arg(long, env = "LARKA_READER_SECONDS", value_name = "SECONDS")]
        reader_seconds: Option<u64>,
        /// Bytes that are read, after a refusal, of a body that nobody wants [default: 268435456]
        #[arg(long, env = "LARKA_DRAIN_LIMIT", value_name = "BYTES")]
        drain_limit: Option<u64>,
        /// Seconds for which such a body is read [default: 30]
        #[arg(long, env = "LARKA_DRAIN_SECONDS", value_name = "SECONDS")]
        drain_seconds: Option<u64>,
    }
}

/// How many connections there are, and what each may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connections {
    /// How many are asked for, if any number is.
    pub(crate) wanted: Option<usize>,
    /// All else.
    pub(crate) limits: edge::Limits,
}

impl Given {
    pub(super) fn read(self) -> Result<Connections, Failure> {
        let usual = edge::Limits::default();
        if self.max_connections == Some(0) {
            return Err(Failure::setting("max-connections", "at least 1 connection"));
        }
        let head_bytes = self.header_limit.unwrap_or(usual.head_bytes);
        if !(4_096..=262_144).contains(&head_bytes) {
            return Err(Failure::setting("header-limit", "from 4096 to 262144 bytes"));
        }
        let limits = edge::Limits {
            head_bytes,
            head: seconds("header-seconds", self.header_seconds, usual.head)?,
            idle: seconds("idle-seconds", self.idle_seconds, usual.idle)?,
            reader: seconds("reader-seconds", self.reader_seconds, usual.reader)?,
            drain_bytes: self.drain_limit.unwrap_or(usual.drain_bytes),
            drain: seconds("drain-seconds", self.drain_seconds, usual.drain)?,
            ..usual
        };
        Ok(Connections { wanted: self.max_connections, limits })
    }
}

/// As many seconds as are given, or the usual time.
fn seconds(name: &str, given: Option<u64>, usual: Duration) -> Result<Duration, Failure> {
    match given {
        None => Ok(usual),
        Some(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        Some(_) => Err(Failure::setting(name, "seconds, from 1 to 86400")),
    }
}
