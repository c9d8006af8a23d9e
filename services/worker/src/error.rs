//! What can go wrong.

use analytics::lake::LakeError;
use disclosure::TableError;
use domain::Date;
use eventlog::LogError;
use eventlog::projection::RunnerError;

/// Why the worker could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// A projection could not be brought up.
    #[error(transparent)]
    Projection(#[from] RunnerError),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The lake cannot be written or read.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// Nothing that follows the log has this name.
    #[error("nothing that follows the log is called so; there are: {0}")]
    Unknown(String),
    /// Another process keeps this lake.
    #[error("another worker keeps the lake in this folder; stop it first")]
    LakeTaken,
    /// The lake's lock cannot be taken.
    #[error("the lake's folder cannot be used: {0}")]
    Folder(#[from] std::io::Error),
    /// A task of the worker ended before it was done.
    #[error("the worker's task ended early")]
    Ended,
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
    /// Answers cannot be weighted like that.
    #[error("weights: {0}")]
    Weights(&'static str),
    /// What is asked for lies before the first day of release.
    #[error(
        "reports are of fixed days: the first was released on {earliest}, with what had been stored before that day, and nothing before it; ask for that one or a later one"
    )]
    NotReleased {
        /// The first day of release.
        earliest: Date,
    },
    /// A round was registered after the release that is asked for.
    #[error(
        "reports are of fixed days, and the round {round} had not been registered when that of {about} was released; the next is released on {next}"
    )]
    NotYet {
        /// The round's id.
        round: String,
        /// The day that the release is about.
        about: Date,
        /// The next day of release.
        next: Date,
    },
    /// The lake has an older format or is damaged, and is being written anew.
    #[error("what reports are made from is made anew; try again in a while")]
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
            WorkerError::Lake(error) if error.asks_for_anew() => Self::NotReady,
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
