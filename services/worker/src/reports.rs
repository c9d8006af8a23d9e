//! Reports: a question, answered from the lake and the municipality, released by the gate.

pub(crate) mod calendar;
pub(crate) mod ledgers;
pub(crate) mod question;
mod shared;
mod stood;

use std::sync::Arc;

use analytics::lake::Snapshot;
use analytics::reports::survey;
use calendar::{Day, days, releases};
use disclosure::{Gate, Preset, Released, Strata};
use domain::{Date, Municipality};
use eventlog::clock::Micros;
use eventlog::event::{Event, Position};
use ledgers::{Stood, at};

pub use crate::error::ReportError;
use crate::error::WorkerError;
use crate::worker::Worker;
pub use question::Question;
use question::{Key, Rules, Stage};

/// The framework that competence is reported in.
const FRAMEWORK: &str = "digcomp-3.0";

/// What a report is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked.
    pub question: Question,
    /// The log position that it is from, or from before; `None` for as far as the lake has come.
    pub at: Option<Position>,
    /// The date it is about, or before that; `None` for the newest release, or of a log's first days for the day of the
    /// latest statement.
    pub as_of: Option<Date>,
    /// The framework that competence is reported in; `None` for DigComp 3.0.
    pub framework: Option<String>,
    /// An earlier date that competence is compared with.
    pub since: Option<Date>,
    /// The parts of groups by which a survey's answers are weighted.
    pub weights: Option<Strata>,
    /// When it was ordered, where that was before: what has been released since is not looked at.
    pub ordered: Option<Micros>,
    /// The rules of disclosure.
    pub preset: Preset,
}

impl Request {
    /// What is asked, of the latest that the lake has.
    pub fn new(question: Question, preset: Preset) -> Self {
        Self {
            question,
            at: None,
            as_of: None,
            framework: None,
            since: None,
            weights: None,
            ordered: None,
            preset,
        }
    }

    fn rules(&self) -> Rules {
        (self.framework.clone(), self.weights, self.preset.name.clone())
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
            snapshot = at(snapshot, position)?;
        }
        let latest = self.municipality.at(snapshot.position()).await.map_err(ReportError::from)?;
        let (request, position, days) =
            self.released(request, snapshot.position(), &latest.municipality).await?;
        let snapshot = at(snapshot, position)?;
        let worker = self.clone();
        let key = key(&request, position);
        let making = async move {
            let municipality = worker.municipality.at(position).await?.municipality;
            is_registered(&request, &municipality, &latest.municipality)?;
            let ballots = match &request.question {
                Question::Survey { round: Some(round) } => survey::ballots(&municipality, round),
                _ => Vec::new(),
            };
            let ballots = worker.log.read_events_at(&ballots).await.map_err(WorkerError::from)?;
            let stood = worker.stood(&request, (&snapshot, &municipality), days).await?;
            // Columns are scanned and sorted: work for a processor, beside the runtime's threads.
            let work = tokio::task::spawn_blocking(move || {
                make(request, (&snapshot, &municipality, &ballots), &stood)
            });
            work.await.map_err(|_| ReportError::Ended)?
        };
        self.made.get(key, making).await.unwrap_or_else(|| Err(ReportError::Ended.into()))
    }

    /// Which position a report from a position is of, and the day that it is about where a release or the request names
    /// one; and how far it has come.
    ///
    /// # Errors
    /// There is no such report, or a database cannot be read.
    pub async fn standing_of(
        &self,
        request: &Request,
        at: Position,
    ) -> Result<(Position, Option<Date>, Stage), ReportError> {
        let municipality = self.municipality.snapshot().municipality;
        let (request, position, _) = self.released(request.clone(), at, &municipality).await?;
        Ok((position, request.as_of, self.made.stage(&key(&request, position))))
    }

    /// What is made where a report from a position is asked for, from which position, and all releases through that one,
    /// where there has been one. `municipality` says which round is meant where none is named.
    async fn released(
        &self,
        request: Request,
        at: Position,
        municipality: &Municipality,
    ) -> Result<(Request, Position, Vec<Day>), ReportError> {
        let question = match request.question {
            Question::Survey { round: None } => {
                let round = self.newest_round(request.as_of, municipality).await?;
                Question::Survey { round: Some(round.ok_or(ReportError::NoRound)?) }
            }
            question => question,
        };
        let request = Request { question, ..request };
        let days = self.releases(&request, at).await?;
        Ok(match days.last() {
            // A day to compare with is chosen among days of release too.
            Some(day) => {
                let since = request.since.map(calendar::before_a_monday);
                (Request { since, as_of: Some(day.about()), ..request }, day.position, days)
            }
            None => (request, at, days),
        })
    }

    /// The round that is meant where none is named.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn newest(&self) -> Result<Option<String>, ReportError> {
        self.newest_round(None, &self.municipality.snapshot().municipality).await
    }

    async fn newest_round(
        &self,
        as_of: Option<Date>,
        municipality: &Municipality,
    ) -> Result<Option<String>, ReportError> {
        let today = Date::in_sweden(self.clock.now());
        // On a log's first day there is no release, and reports are of what there is now.
        let is_first = self.begun.first(&self.log).await?.is_none_or(|first| first >= today);
        let about = as_of.unwrap_or(if is_first { today } else { Date::from_days(today.days() - 1) });
        Ok(domain::rounds::newest(&municipality.surveys, about).map(|round| round.id.clone()))
    }

    /// The releases through the one that a report from a position is; none where there has not been one in the log's time.
    async fn releases(&self, request: &Request, at: Position) -> Result<Vec<Day>, ReportError> {
        let now = request.ordered.unwrap_or_else(|| self.clock.now());
        let days = days(&self.log, &self.begun, &request.question, now, at, request.as_of).await?;
        // By the municipality as it is: when a round is open may change, and then its days of release do.
        let municipality = self.municipality.snapshot().municipality;
        let first = days.first().copied();
        let released =
            |day: &Day| Some(*day) == first || releases(day.date, &request.question, &municipality);
        Ok(days.into_iter().filter(released).collect())
    }
}

/// What there is one report of.
fn key(request: &Request, at: Position) -> Key {
    (at, request.question.clone(), (request.as_of, request.since), request.rules())
}

/// That a round which there is had been registered when the report was released.
fn is_registered(request: &Request, then: &Municipality, now: &Municipality) -> Result<(), ReportError> {
    let question @ Question::Survey { round: Some(round) } = &request.question else { return Ok(()) };
    match request.as_of {
        Some(about) if then.surveys.round(round).is_none() && now.surveys.round(round).is_some() => {
            let next = calendar::next(calendar::released_on(about), question, now);
            Err(ReportError::NotYet { round: round.clone(), about, next })
        }
        _ => Ok(()),
    }
}

/// What a report is made from.
type Sources<'a> = (&'a Snapshot, &'a Municipality, &'a [Event]);

fn make(request: Request, from: Sources<'_>, stood: &Stood) -> Result<Released, ReportError> {
    let (snapshot, municipality, _) = from;
    if let Some(strata) = request.weights
        && !request.preset.shows(strata)
    {
        return Err(ReportError::Weights("the rules of disclosure show no such parts of groups; take unit"));
    }
    let table = match request.question {
        Question::Competence if request.weights.is_some() => {
            return Err(ReportError::Weights(
                "a survey's answers are weighted, levels of competence are not",
            ));
        }
        Question::Competence => {
            let mut parameters = analytics::reports::competence::Parameters::new(
                request.framework.as_deref().unwrap_or(FRAMEWORK),
            );
            parameters.as_of = request.as_of;
            parameters.since = request.since;
            parameters.levels_from = request.preset.band_threshold;
            analytics::reports::competence::report(snapshot, municipality, &parameters, stood.people())?
        }
        Question::Survey { round } => {
            let mut parameters = survey::Parameters::new(round.ok_or(ReportError::NoRound)?);
            parameters.as_of = request.as_of;
            parameters.weights = request.weights;
            return survey_report(&parameters, &Gate::new(request.preset), from, &stood.rounds());
        }
    };
    Ok(Gate::new(request.preset).apply(table)?)
}

/// The report of a round. Answers of the round before are in its own report as well: what that hides is not shown here.
fn survey_report(
    parameters: &survey::Parameters,
    gate: &Gate,
    from: Sources<'_>,
    held: &survey::Held<'_>,
) -> Result<Released, ReportError> {
    let (snapshot, municipality, ballots) = from;
    let mut table = survey::report(snapshot, municipality, ballots, parameters, held)?;
    if table.sections.iter().any(|section| section.id.starts_with(survey::EARLIER))
        && let Some(before) = survey::round_before(municipality, &parameters.round)
    {
        let mut own = survey::Parameters::new(&before.id);
        own.as_of = parameters.as_of;
        table.withhold(survey::EARLIER, &survey_report(&own, gate, from, held)?);
    }
    Ok(gate.apply(table)?)
}
