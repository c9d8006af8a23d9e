//! Keeps projections up with the log: each event once, and queries answered throughout.
//!
//! A page of events is folded in one transaction with the step of the checkpoint, and that step is
//! conditional: on the lease, and on the checkpoint standing where the page began. So an event counts
//! once even where two workers believe that they hold the lease.
//!
//! A projection is built anew beside the rows that answer, as another [`generation`], and takes their place when it
//! has seen all. An event that cannot be folded stops its projection, or is set aside if that is the setting.

mod belonging;
mod cause;
mod checkpoint;
mod drive;
mod generation;
mod inner;
mod keep;
mod looking;
mod runner;
mod status;

pub use belonging::Foreign;
pub use generation::{Generation, ReadError, Views};
pub use looking::{Looked, look};
pub use runner::Runner;
pub use status::{
    OnUnfoldable, ProjectionState, ProjectionStatus, RebuildStatus, RunnerError, SetAside, Unfoldable,
};
