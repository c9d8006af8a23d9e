//! One round's urn: what is taken, and when marks are kept.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

use crate::seal::Sealing;
use crate::store::Store;
use crate::values::{About, Cast, Key, RoundId, Sealed, Submission, Voter};
use crate::{BallotError, chance};

/// After marks were kept nothing is done about them for so many times as long as that took.
const RESTS: u32 = 9;
/// How long nothing is done about marks that could not be kept.
const AFTER_FAILURE: Duration = Duration::from_secs(10);

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
    smallest: usize,
    has_roll: bool,
    sealing: Sealing,
    store: Arc<Store>,
    queue: Mutex<Queue>,
    marks: Mutex<Marks>,
    /// Told when somebody's ballot is through.
    through: Notify,
}

/// Ballots that wait until those before them are on disk; then all of them are written at once.
#[derive(Default)]
struct Queue {
    waiting: Vec<Waiting>,
    /// Whether somebody writes, who takes what waits next.
    writing: bool,
}

struct Waiting {
    sealed: Sealed,
    turn: Option<Turn>,
    told: oneshot::Sender<Result<Taken, BallotError>>,
}

/// Who has voted, and is not marked yet. In memory only.
#[derive(Default)]
struct Marks {
    /// Their ballot is on its way to disk.
    casting: HashSet<Voter>,
    waiting: HashSet<Voter>,
    /// Whether marks are being kept, or were a moment ago.
    busy: bool,
}

impl Urn {
    /// None where what is said to be the public key is none.
    pub(crate) fn new(round: RoundId, about: &About, store: Arc<Store>) -> Option<Self> {
        Some(Self {
            round,
            smallest: usize::try_from(about.terms.smallest).unwrap_or(usize::MAX).max(1),
            has_roll: about.on_roll > 0,
            sealing: Sealing::new(round, about.terms, &about.public)?,
            store,
            queue: Mutex::default(),
            marks: Mutex::default(),
            through: Notify::new(),
        })
    }

    pub(crate) async fn cast(self: &Arc<Self>, ballot: Ballot<'_>) -> Result<Taken, BallotError> {
        let Some(voter) = ballot.voter else {
            if self.has_roll {
                return Err(BallotError::NotOnRoll);
            }
            return self.put(ballot.submission, ballot.answer).await;
        };
        let key = Key::of(self.round, ballot.submission);
        let bytes = self.sealing.seal(key, ballot.answer)?;
        let Some(turn) = self.turn(voter).await else {
            // A second press, or the back button: the first one counts.
            let before = self.store.holds(self.round, key).await?;
            return if before { Ok(Taken::Before) } else { Err(BallotError::Voted) };
        };
        let taken = self.put_in(Sealed { key, bytes, voter: Some(voter) }, Some(turn)).await?;
        self.keep_due().await;
        Ok(taken)
    }

    /// Puts in what is nobody's on the roll.
    pub(crate) async fn put(
        self: &Arc<Self>,
        submission: Submission,
        answer: &[u8],
    ) -> Result<Taken, BallotError> {
        let key = Key::of(self.round, submission);
        let bytes = self.sealing.seal(key, answer)?;
        self.put_in(Sealed { key, bytes, voter: None }, None).await
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
    pub(crate) async fn keep_marks(&self) -> Result<(), BallotError> {
        let mut voters: Vec<Voter> = self.marks().waiting.iter().copied().collect();
        if voters.is_empty() {
            return Ok(());
        }
        chance::shuffle(&mut voters)?;
        self.store.mark(self.round, voters.clone()).await?;
        let mut marks = self.marks();
        for voter in &voters {
            marks.waiting.remove(voter);
        }
        Ok(())
    }

    /// Writes a ballot with all that wait beside it. A request that is given up takes nothing back.
    async fn put_in(self: &Arc<Self>, sealed: Sealed, turn: Option<Turn>) -> Result<Taken, BallotError> {
        let (told, tell) = oneshot::channel();
        let somebody_writes = {
            let mut queue = self.queue();
            queue.waiting.push(Waiting { sealed, turn, told });
            std::mem::replace(&mut queue.writing, true)
        };
        if !somebody_writes {
            tokio::spawn(Arc::clone(self).write());
        }
        tell.await.map_err(|error| BallotError::Stopped(error.to_string()))?
    }

    /// Writes what waits until nothing does.
    async fn write(self: Arc<Self>) {
        loop {
            let waiting = {
                let mut queue = self.queue();
                if queue.waiting.is_empty() {
                    queue.writing = false;
                    return;
                }
                std::mem::take(&mut queue.waiting)
            };
            let mut ballots = Vec::with_capacity(waiting.len());
            let mut others = Vec::with_capacity(waiting.len());
            for Waiting { sealed, turn, told } in waiting {
                others.push((sealed.voter, turn, told));
                ballots.push(sealed);
            }
            let cast = self.store.cast(self.round, ballots).await;
            for (at, (voter, turn, told)) in others.into_iter().enumerate() {
                let taken = match &cast {
                    Ok(cast) => taken(cast.get(at)),
                    Err(error) => Err(error.told()),
                };
                if taken.is_ok() {
                    self.marks().waiting.extend(voter);
                }
                drop(turn);
                // Nobody listens where the request was given up.
                let _ = told.send(taken);
            }
        }
    }

    /// Keeps marks where as many as the smallest group wait, and no more than a tenth of the time goes into that. What it
    /// costs is in proportion then: in PostgreSQL all is laid anew each time.
    async fn keep_due(self: &Arc<Self>) {
        if !self.begins_to_keep() {
            return;
        }
        let urn = Arc::clone(self);
        let (kept, first) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let mut kept = Some(kept);
            loop {
                let began = Instant::now();
                let rest = match urn.keep_marks().await {
                    Ok(()) => began.elapsed() * RESTS,
                    Err(error) => {
                        // The ballots are taken, whatever becomes of their marks.
                        tracing::warn!(%error, "marks of a ballot box are kept later");
                        AFTER_FAILURE
                    }
                };
                kept.take();
                tokio::time::sleep(rest).await;
                urn.marks().busy = false;
                if !urn.begins_to_keep() {
                    return;
                }
            }
        });
        // Told by being dropped.
        let _ = first.await;
    }

    fn begins_to_keep(&self) -> bool {
        let mut marks = self.marks();
        let due = !marks.busy && marks.waiting.len() >= self.smallest;
        marks.busy |= due;
        due
    }

    /// Their turn to vote, once; none where they have voted here and are not marked yet. Waits for another ballot of theirs
    /// that is on its way.
    async fn turn(self: &Arc<Self>, voter: Voter) -> Option<Turn> {
        loop {
            let through = self.through.notified();
            tokio::pin!(through);
            through.as_mut().enable();
            {
                let mut marks = self.marks();
                if marks.waiting.contains(&voter) {
                    return None;
                }
                if marks.casting.insert(voter) {
                    return Some(Turn { urn: Arc::clone(self), voter });
                }
            }
            through.await;
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn marks(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn taken(cast: Option<&Cast>) -> Result<Taken, BallotError> {
    match cast {
        Some(Cast::Now) => Ok(Taken::Now),
        Some(Cast::Before) => Ok(Taken::Before),
        Some(Cast::Voted) => Err(BallotError::Voted),
        Some(Cast::NotOnRoll) => Err(BallotError::NotOnRoll),
        None => Err(BallotError::Stopped("a ballot was left out".to_owned())),
    }
}

/// Somebody's turn to vote. Ends when dropped.
struct Turn {
    urn: Arc<Urn>,
    voter: Voter,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.urn.marks().casting.remove(&self.voter);
        self.urn.through.notify_waiters();
    }
}
