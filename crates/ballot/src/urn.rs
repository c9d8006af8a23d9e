//! One round's urn: what is taken, and when marks are kept.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::seal::Sealing;
use crate::store::Store;
use crate::values::{About, Key, RoundId, Submission, Voter};
use crate::{BallotError, chance};

/// What somebody hands in.
#[derive(Debug, Clone, Copy)]
pub struct Ballot<'a> {
    /// The form's number.
    pub submission: Submission,
    /// Who hands it in, where the round has a roll. Kept apart from the answer from here on.
    pub voter: Option<Voter>,
    /// The answer, at most as long as the round's terms say.
    pub answer: &'a [u8],
}

/// What became of a ballot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It lies in the urn, and is on disk.
    Now,
    /// It lay there already: the same form, sent once more. Nothing was changed.
    Before,
}

/// A round's urn, as this process knows it.
pub(crate) struct Urn {
    round: RoundId,
    smallest: u32,
    has_roll: bool,
    sealing: Sealing,
    /// About how many ballots there are.
    taken: AtomicUsize,
    marks: Mutex<Marks>,
    /// Told when somebody's ballot is through.
    through: Notify,
}

/// Who has voted, and is not marked yet. In memory only.
#[derive(Default)]
struct Marks {
    /// Their ballot is on its way to disk.
    casting: HashSet<Voter>,
    waiting: HashSet<Voter>,
}

impl Urn {
    /// None where what is said to be the public key is none.
    pub(crate) fn new(round: RoundId, about: &About) -> Option<Self> {
        Some(Self {
            round,
            smallest: about.terms.smallest,
            has_roll: about.on_roll > 0,
            sealing: Sealing::new(round, about.terms, &about.public)?,
            taken: AtomicUsize::new(about.taken),
            marks: Mutex::default(),
            through: Notify::new(),
        })
    }

    pub(crate) async fn cast(&self, store: &Store, ballot: Ballot<'_>) -> Result<Taken, BallotError> {
        let Some(voter) = ballot.voter else {
            if self.has_roll {
                return Err(BallotError::NotOnRoll);
            }
            return self.put(store, ballot.submission, ballot.answer).await;
        };
        let key = Key::of(self.round, ballot.submission);
        let sealed = self.sealing.seal(key, ballot.answer)?;
        let Some(_turn) = self.turn(store, voter).await? else {
            // A second press, or the back button: the first one counts.
            let before = store.holds(self.round, key).await?;
            return if before { Ok(Taken::Before) } else { Err(BallotError::Voted) };
        };
        let new = store.cast(self.round, key, sealed, Some(voter)).await?;
        self.marks().waiting.insert(voter);
        let taken = self.taken.fetch_add(1, Ordering::Relaxed);
        if self.marks().waiting.len() >= store.marks_at_once(self.smallest, taken) {
            // The ballot is taken, whatever becomes of the marks: they are tried again with the next.
            if let Err(error) = self.keep_marks(store).await {
                tracing::warn!(%error, "marks of a ballot box are kept later");
            }
        }
        Ok(if new { Taken::Now } else { Taken::Before })
    }

    /// Puts in what is nobody's on the roll.
    pub(crate) async fn put(
        &self,
        store: &Store,
        submission: Submission,
        answer: &[u8],
    ) -> Result<Taken, BallotError> {
        let key = Key::of(self.round, submission);
        let sealed = self.sealing.seal(key, answer)?;
        let new = store.cast(self.round, key, sealed, None).await?;
        Ok(if new { Taken::Now } else { Taken::Before })
    }

    /// Waits for the ballots that are on their way.
    pub(crate) async fn rests(&self) {
        loop {
            let through = self.through.notified();
            tokio::pin!(through);
            through.as_mut().enable();
            if self.marks().casting.is_empty() {
                return;
            }
            through.await;
        }
    }

    /// Keeps the marks that wait, in an order by chance.
    pub(crate) async fn keep_marks(&self, store: &Store) -> Result<(), BallotError> {
        let mut voters: Vec<Voter> = self.marks().waiting.iter().copied().collect();
        if voters.is_empty() {
            return Ok(());
        }
        chance::shuffle(&mut voters)?;
        store.mark(self.round, voters.clone()).await?;
        let mut marks = self.marks();
        for voter in &voters {
            marks.waiting.remove(voter);
        }
        Ok(())
    }

    /// Their turn to vote, once; none where they have voted. Waits for another ballot of theirs that is on its way.
    async fn turn(&self, store: &Store, voter: Voter) -> Result<Option<Turn<'_>>, BallotError> {
        let turn = loop {
            let through = self.through.notified();
            tokio::pin!(through);
            through.as_mut().enable();
            {
                let mut marks = self.marks();
                if marks.waiting.contains(&voter) {
                    return Ok(None);
                }
                if marks.casting.insert(voter) {
                    break Turn { urn: self, voter };
                }
            }
            through.await;
        };
        match store.standing(self.round, voter).await? {
            None => Err(BallotError::NotOnRoll),
            Some(true) => Ok(None),
            Some(false) => Ok(Some(turn)),
        }
    }

    fn marks(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody's turn to vote. Ends when dropped, also where the request was given up.
struct Turn<'a> {
    urn: &'a Urn,
    voter: Voter,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.urn.marks().casting.remove(&self.voter);
        self.urn.through.notify_waiters();
    }
}
