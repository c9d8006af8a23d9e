//! The ballot box of a round that nobody can link: answers lie in an urn outside the log until it closes, and nothing
//! that is kept says who gave which.
//!
//! - An answer is padded to one length and sealed to a key of the round, whose private half lies in one file that no
//!   backup may take. Losing that file loses the answers that have not been taken out.
//! - It lies under a key that follows from its submission's random number, so that a second press counts once. No time,
//!   address or order lies with it: in files it has a place by chance, in PostgreSQL all is laid anew when marks are set.
//! - That somebody has voted is known in memory first, and kept by mark when as many as the smallest group have, in an
//!   order by chance and in a tenth of the time at most. A crash loses such marks and no answer; those people may vote again.
//! - When it has closed, the answers come out in the order of their bytes, and urn and key are destroyed.
//!
//! Promised: neither the last state nor one snapshot while it is open links an answer to who gave it. Not promised:
//! against somebody who watches all the time, or PostgreSQL's write-ahead log, which is to be kept from archives while a
//! round is open (`docs/formats/ballots.md`).

mod chance;
mod disk;
mod error;
mod files;
mod postgres;
mod seal;
mod store;
mod urn;
mod urns;
mod values;

pub use chance::shuffle;
pub use error::BallotError;
pub use store::Home;
pub use urn::{Ballot, Taken};
pub use urns::{Emptied, Urns};
pub use values::{RoundId, Submission, Terms, Voter};
