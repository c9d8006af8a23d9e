//! The append-only event log: gap-free positions in commit order, on SQLite and PostgreSQL.
//!
//! The log knows nothing of xAPI, people or municipalities. It keeps events (clear facts, chained by
//! hash) and their sealed slots (only whose hashes are chained), decides each append request on its
//! own inside a group commit, and runs projections with their checkpoints.
//!
//! Start reading at [`EventLog`], then [`event`], then [`projection`]. How a batch is written: `writer`;
//! what becomes of each request in it: `decide`; the bytes that are hashed: [`hash`].
//!
//! From the ground up: `clock`, `event`, `database`, `reach`, `fold`, `error`; `hash`, `decide`, `rows`, `read`, `chunks`; what is
//! asked of a `store`; `sqlite` and `postgres` side by side; `stores`, which is whichever of them it is; `hooks`,
//! `verify`; `shared`, `writer`, `log`; `reading`, `staging`, `roles`; `projection`. Beside them `framed`, `segment`, `copying`,
//! `aside` and `restoring`: what a backup is made of, and what is made of one; and `guards` and `looking`, which change nothing.

pub mod anchor;
mod aside;
#[doc(hidden)]
pub mod bare;
mod chunks;
pub mod clock;
mod copying;
pub mod database;
mod decide;
mod error;
pub mod event;
pub mod fold;
pub mod framed;
mod guards;
pub mod hash;
mod hooks;
mod log;
mod looking;
mod metrics;
mod postgres;
pub mod projection;
mod reach;
mod read;
mod reading;
mod restoring;
mod roles;
mod rows;
pub mod segment;
mod shared;
mod sqlite;
mod staging;
mod store;
mod stores;
pub mod verify;
mod warm;
mod writer;

pub use copying::Copies;
pub use database::{Database, Location, Transaction, Tx};
pub use error::LogError;
pub use event::{
    Append, AppendError, Appended, Event, Expected, Head, Key, Naming, NewEvent, Position, Slot, Unready,
    WithSlots,
};
pub use fold::{FoldError, InTransaction, Projection};
pub use log::{EventLog, Options};
pub use looking::{Look, ServerLook};
pub use reach::Unreachable;
pub use read::Arrivals;
pub use restoring::{RestoreError, Restoring};
