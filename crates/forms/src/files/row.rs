//! What is read in a file: rows of cells, and what keeps a file from being read.

use serde_json::Value as Json;

use crate::refusal::Refusal;
use crate::words::Words;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// LimeSurvey's CSV with codes, whatever stands between its fields.
    Csv,
    /// LimeSurvey's JSON.
    Json,
    /// LimeSurvey's VV, version 1 (internal names of columns) or 2.
    Vv,
    /// LimeSurvey's Excel.
    Excel,
    /// SurveyJS results: objects in an array, or one a line.
    SurveyJs,
    /// A table with a row for each respondent and question.
    Long,
}

impl Format {
    /// Its name, as answers of commands have it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Csv => "limesurvey-csv",
            Format::Json => "limesurvey-json",
            Format::Vv => "limesurvey-vv",
            Format::Excel => "limesurvey-excel",
            Format::SurveyJs => "surveyjs",
            Format::Long => "long-table",
        }
    }

    /// Whether it has the columns that LimeSurvey adds to the answers.
    pub fn is_limesurveys(self) -> bool {
        !matches!(self, Format::SurveyJs | Format::Long)
    }
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// An answer: a text, or from JSON whatever stands there.
    Answered(Json),
    /// The question was shown and left out.
    Skipped,
    /// The question was not shown.
    NotShown,
    /// Nothing: the file cannot tell whether the question was shown.
    Unknown,
    /// There was an answer, which the file has lost (a formula, an error in a sheet).
    Lost,
}

impl Cell {
    /// The text of an answer; nothing where there is none.
    pub fn text(&self) -> Option<String> {
        match self {
            Cell::Answered(Json::String(text)) => Some(text.clone()),
            Cell::Answered(Json::Null) => None,
            Cell::Answered(other) => Some(other.to_string()),
            _ => None,
        }
    }
}

/// What one respondent answered. Of a long table it is made of several rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The line on which it begins, the row of a sheet, or which of the objects; counted from 1.
    pub number: u64,
    /// Cells, each with the place of its heading among the file's.
    pub cells: Vec<(usize, Cell)>,
}

/// What ends the reading of a file: what is wrong with all of it or with a row.
pub(super) fn broken(row: u64, sv: impl Into<String>, en: impl Into<String>) -> Refusal {
    Refusal { place: row.to_string(), what: Words::new(sv, en), instead: None }
}

/// The same with what to do instead.
pub(super) fn instead(place: &str, what: (&str, &str), instead: (&str, &str)) -> Refusal {
    let words = |(sv, en): (&str, &str)| Words::new(sv, en);
    Refusal { place: place.to_owned(), what: words(what), instead: Some(words(instead)) }
}

/// How LimeSurvey gives out what is read here.
pub(super) const EXPORT: (&str, &str) = (
    "Exportera ur LimeSurvey till CSV med frågekod som rubrik och svarskoder, utan att omvandla Y och N; eller till JSON eller VV.",
    "Export from LimeSurvey to CSV with question codes as headings and answer codes, without converting Y and N; or to JSON or VV.",
);
