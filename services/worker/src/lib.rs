//! Keeps the projections and the lake up with the log, and makes reports from the lake.
//!
//! [`Worker::run`] follows the log until told to stop; [`Worker::catch_up`] and [`Worker::rebuild`] are
//! what commands use. [`reports`] turns a question into a [`disclosure::Released`], through the gate.

mod chain;
mod error;
mod lake;
mod ordered;
pub mod reports;
mod standing;
mod worker;

pub use error::WorkerError;
pub use lake::LAKE;
pub use ordered::{OrderError, Orders};
pub use reports::question::Stage;
pub use standing::{Rebuilding, Standing};
pub use worker::{FOLLOWERS, Options, PROJECTIONS, Worker};
