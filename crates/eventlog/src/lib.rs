//! The append-only event log: gap-free positions in commit order, on SQLite and PostgreSQL.
//!
//! The log knows nothing of xAPI, people or municipalities. It keeps events (clear facts, chained by
//! hash) and their sealed slots (only whose hashes are chained), decides each append request on its
//! own inside a group commit, and runs projections with their checkpoints.
//!
//! Start reading at [`EventLog`], then [`event`], then [`projection`]. How a batch is written: `writer`;
//! what becomes of each request in it: `decide`; the bytes that are hashed: [`hash`].

pub mod anchor;
#[doc(hidden)]
pub mod bare;
pub mod chunks;
pub mod clock;
pub mod database;
mod decide;
pub mod event;
pub mod fold;
pub mod hash;
mod hooks;
mod log;
mod metrics;
mod postgres;
pub mod projection;
mod rows;
mod sqlite;
mod store;
pub mod verify;
mod writer;

pub use chunks::Naming;
pub use database::{Database, Location, Transaction, Tx};
pub use event::{
    Append, AppendError, Appended, Event, Expected, Head, Key, NewEvent, Position, Slot, WithSlots,
};
pub use fold::{FoldError, InTransaction, Projection};
pub use log::{EventLog, LogError, Options};
