//! Where requests come in: connections with bounds of number, time and size, and what every answer says.
//!
//! A connection is taken by `connections` (how many there may be, who makes room), spoken to by `connection` (until
//! when something has to come), read and written by `wire` (a reader has to keep taking). `answers` is between it and
//! the router: the address that is meant, the rest of a body that nobody reads, the headers. `pulse` is what they all
//! know of one connection.

mod addresses;
mod answers;
mod connection;
mod connections;
mod files;
mod limits;
mod metrics;
mod pulse;
mod wire;

pub use connections::Edge;
pub use files::{Room, room};
pub use limits::{Limits, TAKEN};
