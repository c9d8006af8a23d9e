//! How people stood in the releases of a question so far: folded from the log, kept in memory, and brought on by what is new.
//!
//! Nothing of it is stored. The days of release and what was stored before each follow from the log, so that a rebuild, another
//! node and the command fold the same. An erasure changes nobody's standing, and so no fold.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use analytics::lake::Snapshot;
use analytics::reports::competence::Releases;
use analytics::reports::{competence, survey};
use disclosure::Preset;
use domain::{Date, Municipality};
use eventlog::event::Position;
use views::municipality::{self, Current};

use super::calendar::Day;
use super::question::Question;
use crate::error::ReportError;

/// How many questions' ledgers are kept: a framework or a round by one preset each.
const KEPT: usize = 12;

/// What there is one ledger of: the question, the framework, the rules of disclosure.
pub(super) type Key = (Question, String, Preset);

/// The ledgers that were asked for lately; the last at the end.
#[derive(Debug, Default)]
pub(crate) struct Ledgers(Mutex<VecDeque<(Key, Kept)>>);

/// One, folded by one task at a time.
type Kept = Arc<tokio::sync::Mutex<Folded>>;

/// The releases that have been folded, and how people stood in them.
#[derive(Debug, Default)]
struct Folded {
    days: Vec<Day>,
    ledger: Option<Arc<Ledger>>,
    /// The municipality as of the last of them.
    municipality: municipality::Snapshot,
}

#[derive(Debug, Clone)]
pub(super) enum Ledger {
    Competence(competence::Ledger),
    Survey(survey::Ledger),
}

impl Ledger {
    fn release(&mut self, from: (&Snapshot, &Municipality), about: Date) -> Result<(), ReportError> {
        let (snapshot, municipality) = from;
        match self {
            Self::Competence(ledger) => ledger.release(snapshot, municipality, about)?,
            Self::Survey(ledger) => ledger.release(snapshot, municipality, about)?,
        }
        Ok(())
    }
}

/// How people stand in a report: of the question itself first, then of the rounds before.
#[derive(Debug, Default)]
pub(super) struct Stood {
    pub(super) ledgers: Vec<(Question, Arc<Ledger>, Releases)>,
}

impl Stood {
    /// The people of a competence report, where it is a release.
    pub(super) fn people(&self) -> Option<(&competence::Ledger, Releases)> {
        self.ledgers.iter().find_map(|(_, ledger, releases)| match &**ledger {
            Ledger::Competence(ledger) => Some((ledger, *releases)),
            Ledger::Survey(_) => None,
        })
    }

    /// The rounds of a survey's report.
    pub(super) fn rounds(&self) -> survey::Held<'_> {
        self.ledgers.iter().fold(survey::Held::default(), |held, (question, ledger, releases)| {
            match (question, &**ledger) {
                (Question::Survey { round: Some(round) }, Ledger::Survey(ledger)) => {
                    held.with(round, ledger, releases.now)
                }
                _ => held,
            }
        })
    }
}

impl Ledgers {
    /// The ledger of a question with at least these releases.
    pub(super) async fn folded(
        &self,
        key: Key,
        (snapshot, municipality): (&Snapshot, &Current),
        days: &[Day],
    ) -> Result<Arc<Ledger>, ReportError> {
        let (question, framework, preset) = key.clone();
        let kept = self.kept(key);
        let mut folded = kept.lock().await;
        // When a round is open may change, and then its days of release do.
        if folded.days.iter().zip(days).any(|(one, other)| one != other) {
            *folded = Folded::default();
        }
        let begun = match &question {
            Question::Competence => competence::Ledger::new(&framework, &preset).map(Ledger::Competence),
            Question::Survey { round } => {
                let round = round.as_deref().unwrap_or_default();
                Some(Ledger::Survey(survey::Ledger::new(round, &preset)))
            }
        };
        let begun = begun.ok_or_else(|| unknown(&framework, snapshot.position()))?;
        let known = folded.days.len().min(days.len());
        for day in &days[known..] {
            // What ends early is folded from the beginning by whoever asks next.
            let Folded { days: mut before, ledger, municipality: then } = std::mem::take(&mut *folded);
            let then = municipality.later(then, day.position).await?;
            let mut ledger = ledger.unwrap_or_else(|| Arc::new(begun.clone()));
            let (snapshot, about) = (at(snapshot.clone(), day.position)?, day.about());
            let of_day = Arc::clone(&then.municipality);
            let work = tokio::task::spawn_blocking(move || {
                Arc::make_mut(&mut ledger).release((&snapshot, &of_day), about).map(|()| ledger)
            });
            let ledger = work.await.map_err(|_| ReportError::Ended)??;
            before.push(*day);
            *folded = Folded { days: before, ledger: Some(ledger), municipality: then };
        }
        Ok(folded.ledger.clone().unwrap_or_else(|| Arc::new(begun)))
    }

    fn kept(&self, key: Key) -> Kept {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.iter().position(|(known, _)| *known == key).and_then(|place| all.remove(place));
        let (key, kept) = known.unwrap_or_else(|| (key, Arc::default()));
        all.push_back((key, Arc::clone(&kept)));
        while all.len() > KEPT {
            all.pop_front();
        }
        kept
    }
}

/// The lake at a position.
pub(super) fn at(snapshot: Snapshot, position: Position) -> Result<Snapshot, ReportError> {
    snapshot.at(position).map_err(|error| analytics::reports::ReportError::from(error).into())
}

fn unknown(framework: &str, position: Position) -> ReportError {
    let id = framework.to_owned();
    analytics::reports::ReportError::Unknown { what: "framework", id, position: position.0 }.into()
}
