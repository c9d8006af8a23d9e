//! Rounds open and close by themselves. Each step may be done by several nodes at once, and again after a crash: an event
//! is stored once by its key, and what is destroyed is destroyed after the event that takes its place.

use std::collections::{HashMap, HashSet};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use ballot::{BallotError, RoundId, Terms};
use domain::events::{BallotTexts, RoundBallotsFacts, RoundFacts, RoundMode, RoundOpenedFacts, kind};
use domain::{Facts, rounds, strata};
use eventlog::clock::rest;
use eventlog::{Append, AppendError, NewEvent};
use tokio::sync::watch;
use vault::{Binding, Owner};

use crate::{Desk, DeskError, slip};

/// How often is looked what is due.
const EVERY: Duration = Duration::from_secs(1);
/// How long another node may take to empty a box, in microseconds.
const PATIENCE: i64 = 60_000_000;
/// The retention class of what was written in words in rounds that nobody can link.
const WORDS_CLASS: u16 = 2;

impl Desk {
    /// Opens and closes rounds when they are due, until `stopping` turns true.
    pub async fn keep(&self, mut stopping: watch::Receiver<bool>) {
        // What is wrong is said once, and not every second.
        let mut said: HashMap<String, String> = HashMap::new();
        loop {
            let failed = self.turn().await;
            for (round, error) in &failed {
                if said.get(round) != Some(error) {
                    tracing::warn!(round, error, "a round could not be opened or closed; it is tried again");
                }
            }
            said = failed;
            if !rest(EVERY, &mut stopping).await {
                return;
            }
        }
    }

    /// Does what is due; gives what failed, by round.
    pub async fn turn(&self) -> HashMap<String, String> {
        let municipality = self.inner.municipality.snapshot().municipality;
        let rounds = || municipality.surveys.rounds().filter(|round| !round.draft);
        let mut failed = HashMap::new();
        let mut boxes = HashSet::new();
        // Boxes are asked for as long as there may be one.
        let boxed = |round: &RoundFacts| round.mode == RoundMode::Unlinkable && self.may_have_a_box(round);
        if rounds().any(boxed) {
            match self.inner.urns.rounds().await {
                Ok(known) => boxes.extend(known),
                Err(error) => return [("*".to_owned(), error.to_string())].into(),
            }
        }
        for round in rounds() {
            let done = match round.mode {
                RoundMode::Unlinkable if boxed(round) => self.keep_box(round, &boxes).await,
                RoundMode::Pseudonymous => self.give_pseudonyms(round).await,
                RoundMode::Unlinkable | RoundMode::Named | RoundMode::Guardians => Ok(()),
            };
            if let Err(error) = done {
                failed.insert(round.id.clone(), error.to_string());
            }
        }
        failed
    }

    /// Whether a round may have a box now: it has begun, and none that has ended was found without one. What ended gets none.
    fn may_have_a_box(&self, round: &RoundFacts) -> bool {
        self.inner.clock.now() >= rounds::times(round).0 && !self.settled().contains(&round.id)
    }

    fn settled(&self) -> MutexGuard<'_, HashSet<String>> {
        self.inner.settled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn give_pseudonyms(&self, round: &RoundFacts) -> Result<(), DeskError> {
        let now = self.inner.clock.now();
        let open = now >= rounds::times(round).0 && now < rounds::ends(round);
        if open && self.lacks_pseudonyms(round).await? { self.link(round).await } else { Ok(()) }
    }

    async fn keep_box(&self, round: &RoundFacts, boxes: &HashSet<RoundId>) -> Result<(), DeskError> {
        let surveys = &self.inner.municipality.snapshot().municipality.surveys;
        let urn = self.inner.codes.urn(&round.id);
        let (now, (opens, closes)) = (self.inner.clock.now(), rounds::times(round));
        let (opened, emptied) = (surveys.opened(&round.id).is_some(), surveys.emptied(&round.id).is_some());
        let ended = now >= rounds::ends(round);
        match boxes.contains(&urn) {
            true if emptied || (ended && !opened) => {
                self.inner.urns.close(urn).await?;
                Ok(self.inner.urns.destroy(urn).await?)
            }
            true if ended => self.empty(round).await,
            _ if !opened && (opens.0..closes.0).contains(&now.0) => self.open(round).await,
            false if opened && !emptied && !ended => self.make_box(round).await,
            false if ended => {
                self.settled().insert(round.id.clone());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Makes the box and freezes who is told apart, after which it may be answered.
    async fn open(&self, round: &RoundFacts) -> Result<(), DeskError> {
        let municipality = self.inner.municipality.refresh().await?.municipality;
        let smallest = self.inner.smallest;
        let roll = strata::strata(round, &municipality.organisation, smallest);
        if let Some(people) = roll.too_few(smallest) {
            return Err(DeskError::TooFew { people, smallest });
        }
        self.make_box(round).await?;
        let facts = RoundOpenedFacts { round: round.id.clone(), smallest, strata: roll.strata };
        self.once(facts.event([0; 16]), &round.id).await
    }

    async fn make_box(&self, round: &RoundFacts) -> Result<(), DeskError> {
        let (book, smallest) = (self.book(), self.inner.smallest);
        let definition = self.definition(&book.municipality, round).await?;
        let terms = Terms { smallest, longest: slip::longest(&definition) };
        let (urn, voters) = (self.inner.codes.urn(&round.id), book.roll(round, &self.inner.codes).voters());
        match self.inner.urns.begin(urn, terms, voters).await {
            Ok(()) | Err(BallotError::Exists) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes out what is in a box that takes no more, stores it, and destroys the box.
    async fn empty(&self, round: &RoundFacts) -> Result<(), DeskError> {
        let inner = &self.inner;
        let urn = inner.codes.urn(&round.id);
        // On every node: marks that wait in its memory are kept now.
        inner.urns.close(urn).await?;
        if !inner.urns.has_key(urn).await? {
            // The node that opened it empties it. Where none does, it is said.
            let long = inner.clock.now().0 - rounds::ends(round).0 > PATIENCE;
            return if long { Err(DeskError::NoKey) } else { Ok(()) };
        }
        let municipality = inner.municipality.refresh().await?.municipality;
        if municipality.surveys.emptied(&round.id).is_none() {
            let definition = self.definition(&municipality, round).await?;
            let survey = municipality.surveys.survey_of(round).ok_or(DeskError::Definition)?;
            let emptied = inner.urns.empty(urn).await?;
            let counted = slip::count(&emptied.answers, survey, &definition);
            if counted.unread > 0 {
                return Err(DeskError::Unread(counted.unread));
            }
            let voted = u32::try_from(emptied.voted.len()).unwrap_or(u32::MAX);
            let facts = RoundBallotsFacts { round: round.id.clone(), voted, answers: counted.answers };
            let mut event = facts.event(inner.codes.key(kind::ROUND_BALLOTS, &round.id));
            let texts = BallotTexts { texts: counted.texts };
            if !texts.texts.is_empty() {
                let binding = Binding { event: event.id, kind: event.kind, slot: 0 };
                let owner = inner.vault.class(WORDS_CLASS);
                event.slots = vec![inner.vault.seal(&binding, &Owner::Class(&owner), &texts.encode())?];
            }
            self.once(event, &round.id).await?;
        }
        Ok(inner.urns.destroy(urn).await?)
    }

    /// Stores an event of a round that there is one of.
    async fn once(&self, event: NewEvent, round: &str) -> Result<(), DeskError> {
        let key = self.inner.codes.key(event.kind, round);
        let event = NewEvent { id: key, dedupe: Some(key), ..event };
        let append = Append { events: vec![event], fence: None, raise_fence: false };
        match self.inner.log.append(append).await {
            Ok(_) | Err(AppendError::Exists(_)) => {}
            Err(error) => return Err(error.into()),
        }
        self.inner.municipality.refresh().await?;
        Ok(())
    }
}
