//! What a ballot box calls things.

use sha2::{Digest as _, Sha256};

/// Identifies a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoundId(pub [u8; 16]);

/// Somebody on a round's roll: what follows from a personal link, and leads back to nobody without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Voter(pub [u8; 16]);

/// A random number, drawn when a form is first shown and sent with every try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Submission(pub [u8; 16]);

/// What holds for a round from its opening to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// The smallest group that figures are shown of; marks are kept by as many at a time. At least 1.
    pub smallest: u32,
    /// The most bytes that an answer may have; every sealed one is as long as one of these.
    pub longest: u32,
}

/// Where a ballot lies: 16 bytes that are not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key(pub(crate) [u8; 16]);

impl Key {
    /// The key of a submission. Who knows the submission's number finds it; it says nothing to others.
    pub(crate) fn of(round: RoundId, submission: Submission) -> Self {
        let mut hash = Sha256::new_with_prefix(b"larka ballot 1");
        hash.update(round.0);
        hash.update(submission.0);
        let digest: [u8; 32] = hash.finalize().into();
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        // Nothing but zeros is a free place.
        key[0] |= 1;
        Self(key)
    }
}

/// What holds for a round, and how much there was when it was asked.
pub(crate) struct About {
    pub(crate) terms: Terms,
    pub(crate) public: Vec<u8>,
    pub(crate) closed: bool,
    /// How many are on its roll; 0 where there is none.
    pub(crate) on_roll: usize,
}

/// A sealed ballot on its way into the urn.
pub(crate) struct Sealed {
    pub(crate) key: Key,
    pub(crate) bytes: Vec<u8>,
    /// Who hands it in, where it is somebody's on the roll.
    pub(crate) voter: Option<Voter>,
}

/// What became of a sealed ballot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cast {
    /// It lies in the urn.
    Now,
    /// It lay there already.
    Before,
    /// Whoever hands it in is marked as having voted.
    Voted,
    NotOnRoll,
}
