//! Everything between an answer page and the log: the codes by which rounds and people are found, what becomes of answers
//! that are handed in, and the ballot boxes of rounds that nobody can link, which open and close by themselves.
//!
//! - A round's code and a person's are stored nowhere: they follow from its id, the person's and a secret of the instance.
//! - Answers of named and pseudonymous rounds and of guardians become statements, and are stored as any others ([`Store`]).
//! - Those of rounds that nobody can link go into a ballot box, which is emptied into one event when it has closed.

mod answers;
mod asked;
mod book;
mod codes;
mod desk;
mod error;
pub mod files;
mod invitations;
mod keeping;
mod linking;
mod persons;
mod slip;
mod statements;
mod storing;
mod taking;

pub use asked::{Admitted, Answers, Asked, HandedIn, Outcome, Said, Store, StoreError, Stored};
pub use codes::grouped;
pub use desk::{Desk, Options};
pub use error::DeskError;
pub use invitations::{Door, Invitation, WaysIn};
