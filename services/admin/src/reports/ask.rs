//! How reports are asked for. They are made by whoever implements [`Reports`], so that neither this service nor its
//! tests build what computes them.

use std::sync::Arc;

use disclosure::{Released, Strata};
use domain::Date;
use futures_util::future::BoxFuture;
use render::{Format, View};

use crate::shell::problem::Problem;

/// What is asked of the maker of reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Digital competence of those with duties.
    Competence,
    /// One round of a survey.
    Survey {
        /// The round's id; `None` for the one that opened last.
        round: Option<String>,
    },
}

/// A question, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// What.
    pub question: Question,
    /// The log position; `None` for as far as the lake has come.
    pub at: Option<u64>,
    /// The framework that competence is reported in; `None` for the usual one.
    pub framework: Option<String>,
    /// An earlier date that competence is compared with.
    pub since: Option<Date>,
    /// The parts of groups by which a survey's answers are weighted.
    pub weights: Option<Strata>,
}

impl Ask {
    /// A question about the latest.
    pub fn new(question: Question) -> Self {
        Self { question, at: None, framework: None, since: None, weights: None }
    }
}

/// Why there is no report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportFailure {
    /// The question cannot be answered as put; why, in words for whoever asked.
    Asked(String),
    /// There is none of it yet, and will be on this day; why, in words for whoever asked.
    NotYet(Date, String),
    /// What reports are made from is being made anew.
    NotReady,
    /// The program that makes a form of file is not there; how to get it.
    NoProgram(String),
    /// The file would be too large; what to do.
    TooLarge(String),
    /// The maker failed; its log says why.
    Failed,
}

/// Makes reports and their files.
pub trait Reports: Send + Sync {
    /// A report that has passed the gate.
    fn make(&self, ask: Ask) -> BoxFuture<'_, Result<Arc<Released>, ReportFailure>>;

    /// The id of the round that is meant where none is named.
    fn newest(&self) -> BoxFuture<'_, Result<Option<String>, ReportFailure>>;

    /// The forms of file that can be made.
    fn formats(&self) -> Vec<Format>;

    /// A report's file: what of it is looked at, in a form.
    fn write<'a>(
        &'a self,
        view: &'a View<'a>,
        format: Format,
    ) -> BoxFuture<'a, Result<Vec<u8>, ReportFailure>>;
}

impl From<ReportFailure> for Problem {
    fn from(failure: ReportFailure) -> Self {
        match failure {
            ReportFailure::Asked(detail) | ReportFailure::NotYet(_, detail) => Self::Asked(detail),
            ReportFailure::NotReady => Self::NotReady,
            ReportFailure::NoProgram(detail) => Self::NotMade(detail),
            ReportFailure::TooLarge(detail) => Self::TooMuch(detail),
            ReportFailure::Failed => Self::Internal,
        }
    }
}
