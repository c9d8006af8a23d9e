//! The ballot boxes of all rounds.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::BallotError;
use crate::seal::KeyFile;
use crate::store::{Home, Store};
use crate::urn::{Ballot, Taken, Urn};
use crate::values::{RoundId, Submission, Terms, Voter};

/// All ballot boxes of an instance.
pub struct Urns {
    store: Arc<Store>,
    keys: PathBuf,
    open: Mutex<HashMap<RoundId, Arc<Urn>>>,
    /// The turn of whoever makes a box in this process.
    making: tokio::sync::Mutex<()>,
}

/// What was in a ballot box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emptied {
    /// The answers, in the order of their bytes.
    pub answers: Vec<Vec<u8>>,
    /// Who has voted, in the order of the roll. As many as there are answers, but for marks that a crash lost.
    pub voted: Vec<Voter>,
    /// How many are on the roll; 0 where there is none.
    pub on_roll: usize,
}

impl Urns {
    /// Opens the boxes in a place. `keys` is a folder that no backup takes; it is made where there is none.
    ///
    /// # Errors
    /// The database cannot be reached, or the folder not be made.
    pub async fn open(home: &Home, keys: impl Into<PathBuf>) -> Result<Self, BallotError> {
        let keys = keys.into();
        std::fs::create_dir_all(&keys).map_err(BallotError::at(&keys))?;
        let store = Arc::new(Store::open(home).await?);
        Ok(Self { store, keys, open: Mutex::default(), making: Default::default() })
    }

    /// Makes the box of a round, and its key. Without a roll whoever has a form may vote.
    ///
    /// # Errors
    /// [`BallotError::Exists`], or it cannot be stored; then there is none.
    pub async fn begin(&self, round: RoundId, terms: Terms, roll: Vec<Voter>) -> Result<(), BallotError> {
        let _turn = self.making.lock().await;
        match self.store.about(round).await {
            Ok(_) => return Err(BallotError::Exists),
            Err(BallotError::Unknown) => {}
            // What cannot be read may well have a box, and its key is not to be touched.
            Err(error) => return Err(error),
        }
        let (file, public) = KeyFile::make(&self.keys, round)?;
        match self.store.make(round, terms, public, roll).await {
            // Another node was faster: nothing was ever sealed with this one.
            Err(BallotError::Exists) => file.destroy().and(Err(BallotError::Exists)),
            // Where it failed otherwise there may be a box all the same.
            made => made,
        }
    }

    /// Puts a ballot in. It is on disk when this returns.
    ///
    /// # Errors
    /// [`BallotError::Unknown`], [`BallotError::Closed`], [`BallotError::NotOnRoll`], [`BallotError::Voted`],
    /// [`BallotError::TooLong`], or it cannot be stored; then it was not taken.
    pub async fn cast(&self, round: RoundId, ballot: Ballot<'_>) -> Result<Taken, BallotError> {
        let urn = self.urn(round).await?;
        urn.cast(ballot).await
    }

    /// Puts an answer in that came otherwise than by somebody's own hand: of nobody on the roll, and once for its number. It
    /// is on disk when this returns.
    ///
    /// # Errors
    /// [`BallotError::Unknown`], [`BallotError::Closed`], [`BallotError::TooLong`], or it cannot be stored; then it was not
    /// taken.
    pub async fn put(
        &self,
        round: RoundId,
        submission: Submission,
        answer: &[u8],
    ) -> Result<Taken, BallotError> {
        let urn = self.urn(round).await?;
        urn.put(submission, answer).await
    }

    /// How many have voted, as far as that is kept by mark, and how many are on the roll.
    ///
    /// # Errors
    /// [`BallotError::Unknown`], or it cannot be read.
    pub async fn turnout(&self, round: RoundId) -> Result<(usize, usize), BallotError> {
        self.store.about(round).await?;
        let (voted, on_roll) = self.store.voted(round).await?;
        Ok((voted.len(), on_roll))
    }

    /// Takes no more ballots, for good, and keeps the marks that this process still has in memory. Other nodes keep theirs
    /// by the same call.
    ///
    /// # Errors
    /// [`BallotError::Unknown`], or it cannot be stored.
    pub async fn close(&self, round: RoundId) -> Result<(), BallotError> {
        let urn = self.urn(round).await?;
        self.store.close(round).await?;
        urn.rests().await;
        urn.keep_marks().await
    }

    /// What is in a box that has closed. The same each time, until it is destroyed.
    ///
    /// # Errors
    /// [`BallotError::Open`], [`BallotError::KeyFile`], [`BallotError::Sealed`], or it cannot be read.
    pub async fn empty(&self, round: RoundId) -> Result<Emptied, BallotError> {
        let about = self.store.about(round).await?;
        if !about.closed {
            return Err(BallotError::Open);
        }
        let ballots = self.store.all(round).await?;
        let file = KeyFile::of(&self.keys, round, &about.public);
        let opened = tokio::task::spawn_blocking(move || file.open(round, ballots)).await;
        let mut answers = opened.map_err(|error| BallotError::Stopped(error.to_string()))??;
        answers.sort_unstable();
        let (voted, on_roll) = self.store.voted(round).await?;
        Ok(Emptied { answers, voted, on_roll })
    }

    /// Whether the key of a round's box is on this node, so that it can be emptied here.
    ///
    /// # Errors
    /// [`BallotError::Unknown`], or it cannot be read.
    pub async fn has_key(&self, round: RoundId) -> Result<bool, BallotError> {
        let about = self.store.about(round).await?;
        Ok(KeyFile::of(&self.keys, round, &about.public).is_there())
    }

    /// Destroys a round's key, and then its box. Once more finishes what a crash cut off.
    ///
    /// # Errors
    /// [`BallotError::Open`], or something of it is still there.
    pub async fn destroy(&self, round: RoundId) -> Result<(), BallotError> {
        match self.store.about(round).await {
            Ok(about) if !about.closed => return Err(BallotError::Open),
            Ok(_) | Err(BallotError::Unknown) => {}
            Err(error) => return Err(error),
        }
        KeyFile::destroy_all(&self.keys, round)?;
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&round);
        self.store.destroy(round).await
    }

    /// The rounds that have a box, in order.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn rounds(&self) -> Result<Vec<RoundId>, BallotError> {
        self.store.rounds().await
    }

    async fn urn(&self, round: RoundId) -> Result<Arc<Urn>, BallotError> {
        let kept = || self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(urn) = kept().get(&round) {
            return Ok(Arc::clone(urn));
        }
        let about = self.store.about(round).await?;
        let file = self.keys.clone();
        let urn = Urn::new(round, &about, Arc::clone(&self.store))
            .ok_or_else(|| BallotError::KeyFile { file, problem: "the public half is none".into() })?;
        Ok(Arc::clone(kept().entry(round).or_insert_with(|| Arc::new(urn))))
    }
}
