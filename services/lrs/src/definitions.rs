//! What statements say of activities, merged into canonical definitions while they are stored.
//!
//! Most statements say what is known already. That is remembered by digests, so that it costs no look-up; only what
//! is new or forgotten is held against the log. Of those who change one activity at once each waits for its turn,
//! and where another node was faster the log refuses by the version of the activity's stream.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::Facts as _;
use domain::events::ActivityDefinedFacts;
use eventlog::clock::SharedClock;
use eventlog::{EventLog, Expected, Key, NewEvent};
use tokio::sync::MutexGuard;
use views::activities;
use xapi::{Statement, definition};

use crate::failure::{IngestError, vault_failed};
use crate::prepare;

/// Activities that are remembered at most, twice over.
const REMEMBERED: usize = 20_000;
/// Definitions of one activity that are remembered: the languages and spellings in which it comes.
const SPELLINGS: usize = 8;
/// How long a memory is trusted: another node may have put a later definition over it.
const TRUSTED: Duration = Duration::from_secs(60);
/// Activities share so many turns.
const TURNS: usize = 64;

/// The canonical definitions, for whoever stores statements.
pub(crate) struct Definitions {
    log: EventLog,
    clock: SharedClock,
    memory: Mutex<Memory>,
    turns: Vec<tokio::sync::Mutex<()>>,
    digests: RandomState,
    lookups: prometheus::IntCounter,
}

/// An activity and a definition of it that a statement carries.
pub(crate) type Said<'s> = (&'s str, &'s str);

/// What storing some statements changes.
#[derive(Default)]
pub(crate) struct Changes<'s> {
    /// To be stored with the statements.
    pub(crate) events: Vec<NewEvent>,
    /// What says nothing new once they are.
    settled: Vec<Said<'s>>,
}

impl Definitions {
    pub(crate) fn new(log: EventLog, clock: SharedClock, lookups: prometheus::IntCounter) -> Self {
        let turns = std::iter::repeat_with(|| tokio::sync::Mutex::new(())).take(TURNS).collect();
        Self { log, clock, memory: Mutex::default(), turns, digests: RandomState::new(), lookups }
    }

    /// What these statements say of activities that may be new, each once, in their order: of the object, of
    /// context activities, and of those in a SubStatement.
    pub(crate) fn unknown<'s>(&self, statements: impl Iterator<Item = &'s Statement>) -> Vec<Said<'s>> {
        let said = statements.flat_map(|statement| {
            let text = |(id, range): &'s (String, std::ops::Range<usize>)| {
                Some((id.as_str(), statement.text.get(range.clone())?))
            };
            statement.definitions.iter().filter_map(text)
        });
        self.still_unknown(said)
    }

    fn still_unknown<'s>(&self, said: impl Iterator<Item = Said<'s>>) -> Vec<Said<'s>> {
        let now = self.clock.elapsed();
        let mut seen = HashSet::new();
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        said.filter(|(activity, text)| {
            let (activity, text) = (self.digests.hash_one(activity), self.digests.hash_one(text));
            !memory.knows(activity, text, now) && seen.insert((activity, text))
        })
        .collect()
    }

    /// Waits until nobody else here changes these activities. Turns are taken in one order, so that nobody waits for
    /// somebody who waits for them.
    pub(crate) async fn turn(&self, said: &[Said<'_>]) -> Vec<MutexGuard<'_, ()>> {
        let mut wanted: Vec<usize> = said
            .iter()
            .map(|(activity, _)| (self.digests.hash_one(activity) % TURNS as u64) as usize)
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut turns = Vec::with_capacity(wanted.len());
        for index in wanted {
            turns.push(self.turns[index].lock().await);
        }
        turns
    }

    /// What changes by what was said, held against the log. Call it in one's [`turn`](Self::turn).
    pub(crate) async fn changes<'s>(
        &self,
        said: &[Said<'s>],
        credential: Option<Key>,
    ) -> Result<Changes<'s>, IngestError> {
        let settled = self.still_unknown(said.iter().copied());
        let mut activities: Vec<&str> = Vec::new();
        let mut texts: HashMap<&str, Vec<&str>> = HashMap::new();
        for (activity, text) in &settled {
            let texts = texts.entry(activity).or_default();
            if texts.is_empty() {
                activities.push(activity);
            }
            texts.push(text);
        }
        if activities.is_empty() {
            return Ok(Changes::default());
        }
        self.lookups.inc();
        let known = activities::definitions(&self.log, &activities).await.map_err(|error| match error {
            views::ViewError::Fold { .. } => IngestError::Internal(error.to_string()),
            error => IngestError::Unavailable(error.to_string()),
        })?;
        let mut events = Vec::new();
        for (activity, known) in activities.into_iter().zip(known) {
            let (before, version) = match known {
                Some(known) => (Some(known.json), known.version),
                None => (None, 0),
            };
            let mut merged: Option<String> = None;
            for text in &texts[activity] {
                let latest = merged.as_deref().or(before.as_deref());
                merged = definition::merge(latest, text).or(merged);
            }
            // What was said may cancel out.
            if let Some(definition) = merged.filter(|merged| before.as_deref() != Some(merged)) {
                let facts = ActivityDefinedFacts { activity: activity.to_owned(), definition };
                events.push(NewEvent {
                    credential,
                    stream: Some((activities::stream(activity), Expected::Version(version))),
                    ..facts.event(prepare::random().map_err(vault_failed)?)
                });
            }
        }
        Ok(Changes { events, settled })
    }

    /// The changes were stored: what was said is known from now on. Still in one's turn.
    pub(crate) fn settle(&self, changes: &Changes<'_>) {
        let now = self.clock.elapsed();
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let mut last: HashMap<u64, u64> = HashMap::new();
        for (activity, text) in &changes.settled {
            last.insert(self.digests.hash_one(activity), self.digests.hash_one(text));
        }
        // Of several that were said of one activity at once only the last surely changes nothing when it comes again.
        let changed = !changes.events.is_empty();
        for (activity, text) in last {
            memory.learn(activity, text, changed, now);
        }
    }
}

/// Digests of what says nothing new, in two generations: when the younger is full the older is forgotten.
#[derive(Default)]
struct Memory {
    young: HashMap<u64, Known>,
    old: HashMap<u64, Known>,
}

struct Known {
    texts: Vec<u64>,
    since: Duration,
}

impl Memory {
    fn knows(&mut self, activity: u64, text: u64, now: Duration) -> bool {
        if let Some(known) = self.old.remove(&activity) {
            self.make_room();
            self.young.entry(activity).or_insert(known);
        }
        let known = self.young.get(&activity);
        known.is_some_and(|known| known.texts.contains(&text) && now.saturating_sub(known.since) < TRUSTED)
    }

    /// `changed`: what was known before may say something new again.
    fn learn(&mut self, activity: u64, text: u64, changed: bool, now: Duration) {
        self.make_room();
        let known = self.young.entry(activity).or_insert(Known { texts: Vec::new(), since: now });
        if changed || now.saturating_sub(known.since) >= TRUSTED {
            *known = Known { texts: Vec::new(), since: now };
        }
        if known.texts.len() == SPELLINGS {
            known.texts.remove(0);
        }
        known.texts.push(text);
    }

    fn make_room(&mut self) {
        if self.young.len() >= REMEMBERED {
            self.old = std::mem::take(&mut self.young);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(5);

    #[test]
    fn what_is_remembered_is_bounded_and_what_is_used_stays() {
        let mut memory = Memory::default();
        for activity in 0..10 * REMEMBERED as u64 {
            memory.learn(activity, 1, false, NOW);
            assert!(memory.knows(0, 1, NOW), "used all the time");
            assert!(memory.young.len() + memory.old.len() <= 2 * REMEMBERED);
        }
        assert!(!memory.knows(1, 1, NOW));
        for text in 0..100 {
            memory.learn(0, text, false, NOW);
        }
        assert!(memory.knows(0, 99, NOW) && !memory.knows(0, 0, NOW));
        assert_eq!(memory.young[&0].texts.len(), SPELLINGS);
    }

    #[test]
    fn a_change_and_time_make_what_was_known_open_again() {
        let mut memory = Memory::default();
        memory.learn(1, 1, true, NOW);
        memory.learn(1, 2, true, NOW);
        assert!(!memory.knows(1, 1, NOW) && memory.knows(1, 2, NOW));
        assert!(!memory.knows(1, 2, NOW + TRUSTED));
    }
}
