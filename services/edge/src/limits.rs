//! The bounds of connections.

use std::time::Duration;

use crate::files;

/// How many connections there may be, and what each may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at the same time. Where all are taken one makes room: the nearest to its end of those that wait for a
    /// request or are only read from to be closed, else the one whose client has longest sent nothing of a body that is
    /// asked for, or taken nothing of its answer.
    pub connections: usize,
    /// Bytes of a request's line and headers; more is answered with 431.
    pub head_bytes: usize,
    /// How long the line and headers may take to arrive, from their first byte or the connection's begin.
    pub head: Duration,
    /// How long a connection may rest between two requests.
    pub idle: Duration,
    /// How long a client may take for [`TAKEN`] bytes of an answer, or for what there is of it.
    pub reader: Duration,
    /// Bytes of a body that nobody reads, which are read and forgotten after the answer.
    pub drain_bytes: u64,
    /// How long such a body is read.
    pub drain: Duration,
}

/// What a client has to take of an answer in [`Limits::reader`].
pub const TAKEN: usize = 64 << 10;

impl Default for Limits {
    /// 4,096 connections, 64 KiB in 15 seconds, 75 seconds of rest, 30 seconds for a reader, 256 MiB in 30 seconds.
    fn default() -> Self {
        Self {
            connections: files::WANTED,
            head_bytes: 64 << 10,
            head: Duration::from_secs(15),
            idle: Duration::from_secs(75),
            reader: Duration::from_secs(30),
            drain_bytes: 256 << 20,
            drain: Duration::from_secs(30),
        }
    }
}
