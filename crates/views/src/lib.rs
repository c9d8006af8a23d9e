//! Projections of the log into SQL, and the queries on them.
//!
//! Everything here is folded from clear facts alone, so that a rebuild gives the same rows after an erasure as
//! before it. [`statements`] is the index behind xAPI queries: it lives in the log's own database and is
//! written in the append's transaction, so that whoever reads their own write finds it. [`progress`] and
//! [`competence`] are projections with a checkpoint. [`municipality`] keeps the municipality's state in
//! memory, folded from its events; [`definitions`] the surveys that were read. [`kept`] says which refused statements wait for replay. [`activities`] finds canonical definitions in the log itself.

pub mod activities;
pub mod competence;
pub mod definitions;
pub mod documents;
mod error;
mod index;
pub mod kept;
pub mod municipality;
pub mod progress;
mod sql;
pub mod statements;
mod voids;

pub use error::ViewError;
