//! Reports: a question, answered from the lake and the municipality, released by the gate.

pub(crate) mod question;

use std::sync::{Arc, MutexGuard, PoisonError};

use analytics::lake::LakeError;
use disclosure::{Gate, Preset, Released, TableError};
use domain::{Date, Municipality};
use eventlog::event::Position;

use crate::error::WorkerError;
use crate::worker::Worker;
use question::Made;
pub use question::Question;

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
    /// The rules of disclosure.
    pub preset: Preset,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The question cannot be answered as put: there is no such round, or no day to report on.
    #[error(transparent)]
    Asked(analytics::reports::ReportError),
    /// No round of a survey has been registered.
    #[error("there is no round of a survey to report on")]
    NoRound,
    /// The lake has an older format, and is being written anew.
    #[error("what reports are made from is made anew for this version of the program; try again in a while")]
    NotReady,
    /// The worker failed.
    #[error(transparent)]
    Worker(WorkerError),
    /// The municipality's state at that position cannot be read.
    #[error(transparent)]
    Municipality(#[from] views::ViewError),
    /// The result table is not as the gate expects it.
    #[error(transparent)]
    Gate(#[from] TableError),
    /// The computation ended early.
    #[error("the report's computation ended early")]
    Ended,
}

impl From<WorkerError> for ReportError {
    fn from(error: WorkerError) -> Self {
        match error {
            WorkerError::Lake(LakeError::Format { found, expected }) if found < expected => Self::NotReady,
            other => Self::Worker(other),
        }
    }
}

impl From<analytics::reports::ReportError> for ReportError {
    fn from(error: analytics::reports::ReportError) -> Self {
        match error {
            analytics::reports::ReportError::Lake(lake @ LakeError::Behind { .. }) => {
                Self::Asked(lake.into())
            }
            analytics::reports::ReportError::Lake(lake) => WorkerError::from(lake).into(),
            other => Self::Asked(other),
        }
    }
}

impl Worker {
    /// Makes a report and passes it through the gate.
    ///
    /// # Errors
    /// The lake has not come that far, there is no such round, or a database cannot be read.
    pub async fn report(&self, request: Request) -> Result<Arc<Released>, ReportError> {
        let mut snapshot = self.keeper.snapshot().await?;
        if let Some(position) = request.at {
            snapshot = snapshot.at(position).map_err(analytics::reports::ReportError::from)?;
        }
        let (position, key) =
            (snapshot.position(), (request.question.clone(), request.as_of, request.preset.name.clone()));
        if let Some((at, made)) = self.made().get(&key)
            && *at == position
        {
            return Ok(Arc::clone(made));
        }
        let municipality = self.municipality.at(snapshot.position()).await?.municipality;
        // Columns are scanned and sorted: work for a processor, beside the runtime's threads.
        let work = tokio::task::spawn_blocking(move || {
            let table = match &request.question {
                Question::Competence => {
                    let mut parameters = analytics::reports::competence::Parameters::new(FRAMEWORK);
                    parameters.as_of = request.as_of;
                    parameters.levels_from = request.preset.band_threshold;
                    analytics::reports::competence::report(&snapshot, &municipality, &parameters)?
                }
                Question::Survey { round } => {
                    let round = match round {
                        Some(round) => round.clone(),
                        None => latest_round(&municipality).ok_or(ReportError::NoRound)?,
                    };
                    let mut parameters = analytics::reports::survey::Parameters::new(round);
                    parameters.as_of = request.as_of;
                    analytics::reports::survey::report(&snapshot, &municipality, &parameters)?
                }
            };
            Ok::<_, ReportError>(Gate::new(request.preset).apply(table)?)
        });
        let released = Arc::new(work.await.map_err(|_| ReportError::Ended)??);
        self.made().insert(key, (position, Arc::clone(&released)));
        Ok(released)
    }

    /// What was made last. A page that is looked at again is not computed again; the log's position is all that
    /// changes a report.
    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The round that opened last; of several, the one whose id comes last.
fn latest_round(municipality: &Municipality) -> Option<String> {
    municipality.surveys.rounds().max_by_key(|round| (round.opens, &round.id)).map(|round| round.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_lake_is_no_fault_but_waited_for_and_a_newer_one_is_a_fault() {
        let of =
            |found, expected| ReportError::from(WorkerError::Lake(LakeError::Format { found, expected }));
        assert!(matches!(of(1, 2), ReportError::NotReady));
        assert!(matches!(of(3, 2), ReportError::Worker(_)));
    }
}
