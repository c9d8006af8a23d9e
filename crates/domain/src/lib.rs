//! The municipality: what its events say, and the pure folds that turn them into organisation, catalogue,
//! surveys and competence. No I/O, no clock, no SQL: the same events always give the same state.
//!
//! Start reading at [`municipality`] (the whole state), [`statement`] (what of a statement stands in the
//! clear), [`events`] (every other kind of event) and [`competence`] (how a level follows from evidence).

pub mod catalogue;
mod cbor;
pub mod competence;
pub mod documents;
pub mod events;
pub mod frameworks;
pub mod input;
pub mod instruments;
pub mod iris;
pub mod municipality;
pub mod ordered;
pub mod organisation;
pub mod recurrence;
pub mod rounds;
pub mod selection;
pub mod statement;
pub mod strata;
pub mod surveys;
#[cfg(test)]
mod testing;
pub mod untracked;
mod values;
pub mod verbs;

pub use cbor::{BadFacts, Facts};
pub use municipality::Municipality;
pub use selection::Selection;
pub use statement::{StatementFacts, StatementFactsRef};
pub use untracked::Untracked;
pub use values::{BadDate, Date, MINUTES_PER_DAY, Text, swedish};

/// A pseudonym: the random id of one identifier of somebody (16 bytes, as the vault gives it).
pub type AgentId = eventlog::event::Key;

/// A person: the id of the first agent by which the roster named them. A person is a set of agents.
pub type PersonId = eventlog::event::Key;
