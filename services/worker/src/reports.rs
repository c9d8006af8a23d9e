//! Reports: a question, answered from the lake and the municipality, released by the gate.

pub(crate) mod question;
mod shared;

use std::sync::Arc;

use analytics::lake::Snapshot;
use disclosure::{Gate, Preset, Released};
use domain::{Date, Municipality};
use eventlog::event::Position;

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
    /// The rules of disclosure.
    pub preset: Preset,
}

impl Request {
    /// What is asked, of the latest that the lake has.
    pub fn new(question: Question, preset: Preset) -> Self {
        Self { question, at: None, as_of: None, framework: None, since: None, preset }
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
        let key = key(&request, snapshot.position());
        let municipality = self.municipality.clone();
        let making = async move {
            let municipality = municipality.at(snapshot.position()).await?.municipality;
            // Columns are scanned and sorted: work for a processor, beside the runtime's threads.
            let work = tokio::task::spawn_blocking(move || make(request, &snapshot, &municipality));
            work.await.map_err(|_| ReportError::Ended)?
        };
        self.made.get(key, making).await.unwrap_or_else(|| Err(ReportError::Ended.into()))
    }

    /// How far a report from a position has come.
    pub fn stage(&self, request: &Request, at: Position) -> Stage {
        self.made.stage(&key(request, at))
    }
}

/// What there is one report of.
fn key(request: &Request, at: Position) -> Key {
    let days = (request.as_of, request.since);
    let rules = (request.framework.clone(), request.preset.name.clone());
    (at, request.question.clone(), days, rules)
}

fn make(request: Request, snapshot: &Snapshot, municipality: &Municipality) -> Result<Released, ReportError> {
    let table = match &request.question {
        Question::Competence => {
            let mut parameters = analytics::reports::competence::Parameters::new(
                request.framework.as_deref().unwrap_or(FRAMEWORK),
            );
            parameters.as_of = request.as_of;
            parameters.since = request.since;
            parameters.levels_from = request.preset.band_threshold;
            analytics::reports::competence::report(snapshot, municipality, &parameters)?
        }
        Question::Survey { round } => {
            let round = match round {
                Some(round) => round.clone(),
                None => latest_round(municipality).ok_or(ReportError::NoRound)?,
            };
            let mut parameters = analytics::reports::survey::Parameters::new(round);
            parameters.as_of = request.as_of;
            analytics::reports::survey::report(snapshot, municipality, &parameters)?
        }
    };
    Ok(Gate::new(request.preset).apply(table)?)
}

/// The round that opened last; of several, the one whose id comes last.
fn latest_round(municipality: &Municipality) -> Option<String> {
    municipality.surveys.rounds().max_by_key(|round| (round.opens, &round.id)).map(|round| round.id.clone())
}
