//! Reports: a question, answered from the lake and the municipality, released by the gate.

pub(crate) mod calendar;
pub(crate) mod question;
mod shared;

use std::sync::Arc;

use analytics::lake::Snapshot;
use calendar::{Day, Ledgers, days};
use disclosure::{Gate, Preset, Released, ResultTable};
use domain::{Date, Municipality};
use eventlog::clock::Micros;
use eventlog::event::Position;
use views::municipality::Current;

pub use crate::error::ReportError;
use crate::worker::Worker;
pub use question::Question;
use question::{Key, Stage};

/// The framework that competence is reported in.
const FRAMEWORK: &str = "digcomp-3.0";

/// What a report is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked.
    pub question: Question,
    /// The log position; `None` for as far as the lake has come.
    pub at: Option<Position>,
    /// The date it is about; `None` for the day of the latest statement.
    pub as_of: Option<Date>,
    /// The framework that competence is reported in; `None` for DigComp 3.0.
    pub framework: Option<String>,
    /// An earlier date that competence is compared with.
    pub since: Option<Date>,
    /// When it was ordered, where that was before: what has been released since is not looked at.
    pub ordered: Option<Micros>,
    /// The rules of disclosure.
    pub preset: Preset,
}

impl Request {
    /// What is asked, of the latest that the lake has.
    pub fn new(question: Question, preset: Preset) -> Self {
        Self { question, at: None, as_of: None, framework: None, since: None, ordered: None, preset }
    }

    /// The framework, and the rules of disclosure by name.
    fn rules(&self) -> (Option<String>, String) {
        (self.framework.clone(), self.preset.name.clone())
    }
}

impl Worker {
    /// Makes a report and passes it through the gate. Who asks for the same at the same position while it is made
    /// gets the one that is made.
    ///
    /// # Errors
    /// The lake has not come that far, there is no such round, or a database cannot be read; of one that was made for
    /// several, to all of them.
    pub async fn report(&self, request: Request) -> Result<Arc<Released>, Arc<ReportError>> {
        let mut snapshot = self.keeper.snapshot().await.map_err(ReportError::from)?;
        if let Some(position) = request.at {
            snapshot = snapshot
                .at(position)
                .map_err(|e| ReportError::from(analytics::reports::ReportError::from(e)))?;
        }
        let latest = self.municipality.at(snapshot.position()).await.map_err(ReportError::from)?;
        let request = Request { question: named(request.question, &latest.municipality)?, ..request };
        let days = self.days(&request, snapshot.position()).await?;
        let municipality = self.municipality.clone();
        let Some(last) = days.last().copied() else {
            let key = key(&request, snapshot.position());
            let making = async move {
                let municipality = municipality.at(snapshot.position()).await?.municipality;
                blocking(move || {
                    let table = table(&request, &snapshot, &municipality, request.as_of)?;
                    Ok(Gate::new(request.preset).apply(table)?)
                })
                .await
            };
            return self.made.get(key, making).await.unwrap_or_else(|| Err(ReportError::Ended.into()));
        };
        let request = of_day(&request, last);
        let key = key(&request, last.position);
        let ledgers = Arc::clone(&self.ledgers);
        let making = async move { folded(request, snapshot, municipality, ledgers, days, last).await };
        self.made.get(key, making).await.unwrap_or_else(|| Err(ReportError::Ended.into()))
    }

    /// Which position a report from a position is of, and the day that it is about where that is a day of release; and how
    /// far it has come.
    ///
    /// # Errors
    /// There is no such report, or a database cannot be read.
    pub async fn standing_of(
        &self,
        request: &Request,
        at: Position,
    ) -> Result<(Position, Option<Date>, Stage), ReportError> {
        let municipality = self.municipality.snapshot().municipality;
        let question = named(request.question.clone(), &municipality)?;
        let request = Request { question, ..request.clone() };
        let days = self.days(&request, at).await?;
        let Some(last) = days.last() else { return Ok((at, None, self.made.stage(&key(&request, at)))) };
        let releases =
            |day: &&Day| Some(*day) == days.first() || day.releases(&request.question, &municipality);
        let shown = days.iter().rev().find(releases).unwrap_or(last);
        let stage = self.made.stage(&key(&of_day(&request, *last), last.position));
        Ok((shown.position, Some(shown.about()), stage))
    }

    /// The days that a report from a position may be released on.
    async fn days(&self, request: &Request, at: Position) -> Result<Vec<Day>, ReportError> {
        let now = request.ordered.unwrap_or_else(|| self.clock.now());
        days(&self.log, &self.begun, &request.question, now, at, request.as_of).await
    }
}

/// What is asked of a day of release. A day to compare with is chosen among such days too.
fn of_day(request: &Request, day: Day) -> Request {
    let since = request.since.map(calendar::before_a_monday);
    Request { since, as_of: Some(day.about()), ..request.clone() }
}

/// What there is one report of.
fn key(request: &Request, at: Position) -> Key {
    (at, request.question.clone(), (request.as_of, request.since), request.rules())
}

/// The last of these days' releases, each made beside those before.
async fn folded(
    request: Request,
    snapshot: Snapshot,
    municipality: Current,
    ledgers: Arc<Ledgers>,
    days: Vec<Day>,
    last: Day,
) -> Result<Released, ReportError> {
    let key = (request.question.clone(), request.since, request.rules());
    let mut folded = ledgers.take(&key, last);
    let mut missing = ReportError::NotReleased { earliest: next(last.date).to_string() };
    let (kept, first) = (folded.through, days.first().copied());
    let mut state = views::municipality::Snapshot::default();
    for day in days.into_iter().filter(|day| Some(day.date) > kept) {
        state = municipality.onward(state, day.position).await?;
        let then = Arc::clone(&state.municipality);
        if Some(day) != first && !day.releases(&request.question, &then) {
            continue;
        }
        let (request, at) = (request.clone(), snapshot.clone().at(day.position).map_err(lake)?);
        let mut ledger = folded.ledger;
        let (made, ledger) = blocking(move || {
            let made = table(&request, &at, &then, Some(day.about()))
                .and_then(|table| Ok(Gate::new(request.preset).release(table, &mut ledger)?));
            Ok((made, ledger))
        })
        .await?;
        folded.ledger = ledger;
        match made {
            Ok(released) => folded.released = Some(released),
            // What is asked for was not there yet.
            Err(error @ ReportError::Asked(_)) => missing = error,
            Err(error) => return Err(error),
        }
    }
    folded.through = Some(last.date);
    let released = folded.released.clone();
    ledgers.put(key, folded);
    released.ok_or(missing)
}

fn next(date: Date) -> Date {
    Date::from_days(date.days() + 1)
}

fn lake(error: analytics::lake::LakeError) -> ReportError {
    analytics::reports::ReportError::from(error).into()
}

/// The question with the round that it is about by name.
fn named(question: Question, municipality: &Municipality) -> Result<Question, ReportError> {
    match question {
        Question::Survey { round: None } => {
            let round = latest_round(municipality).ok_or(ReportError::NoRound)?;
            Ok(Question::Survey { round: Some(round) })
        }
        question => Ok(question),
    }
}

/// Columns are scanned and sorted: work for a processor, beside the runtime's threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ReportError> + Send + 'static,
) -> Result<T, ReportError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| ReportError::Ended)?
}

fn table(
    request: &Request,
    snapshot: &Snapshot,
    municipality: &Municipality,
    as_of: Option<Date>,
) -> Result<ResultTable, ReportError> {
    Ok(match &request.question {
        Question::Competence => {
            let mut parameters = analytics::reports::competence::Parameters::new(
                request.framework.as_deref().unwrap_or(FRAMEWORK),
            );
            parameters.as_of = as_of;
            parameters.since = request.since;
            parameters.levels_from = request.preset.band_threshold;
            analytics::reports::competence::report(snapshot, municipality, &parameters)?
        }
        Question::Survey { round } => {
            let round = round.clone().ok_or(ReportError::NoRound)?;
            let mut parameters = analytics::reports::survey::Parameters::new(round);
            parameters.as_of = as_of;
            analytics::reports::survey::report(snapshot, municipality, &parameters)?
        }
    })
}

/// The round that opened last; of several, the one whose id comes last.
fn latest_round(municipality: &Municipality) -> Option<String> {
    municipality.surveys.rounds().max_by_key(|round| (round.opens, &round.id)).map(|round| round.id.clone())
}
