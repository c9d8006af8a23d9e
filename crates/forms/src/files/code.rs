//! From what a file writes to the value that a definition has for it.

use serde_json::Value as Json;

use super::row::{EXPORT, instead};
use crate::question::{Choice, Input, Kind, Question, Special, code};
use crate::refusal::Refusal;
use crate::values::{date, number, number_json};

/// LimeSurvey's code of "other".
const OTHER: &str = "-oth-";

/// What is no code.
pub(super) enum Unlike {
    /// The text of a choice, yes or no in words, "N/A".
    FullText,
    /// Yes and no as 1 and 2.
    Converted,
}

impl Unlike {
    pub(super) fn refuse(self, row: u64, heading: &str) -> Refusal {
        let place = format!("{row}, {heading}");
        match self {
            Unlike::FullText => instead(
                &place,
                (
                    "svaren är utskrivna som texter: ett överhoppat flerval ser då ut som \"Nej\", och ja/nej som \"N/A\" både när det hoppades över och när det inte visades",
                    "the answers are written out as texts: a skipped multiple choice then looks like \"No\", and yes/no like \"N/A\" both where it was skipped and where it was not shown",
                ),
                EXPORT,
            ),
            Unlike::Converted => instead(
                &place,
                (
                    "Y och N är omvandlade till 1 och 2: det som hoppades över ser då ut som nej",
                    "Y and N are converted to 1 and 2: what was skipped then looks like no",
                ),
                EXPORT,
            ),
        }
    }
}

/// A text with the line ends that answers have.
pub(super) fn plain(value: Json) -> Json {
    match value {
        Json::String(text) if text.contains('\r') => Json::String(text.replace("\r\n", "\n")),
        other => other,
    }
}

/// The words that other programs write for yes and no.
fn is_word(text: &str) -> bool {
    ["ja", "nej", "yes", "no", "n/a"].contains(&text.to_lowercase().as_str())
}

/// Whether a choice of several was made.
pub(super) fn chosen(value: &Json) -> Result<bool, Unlike> {
    match value.as_str() {
        Some("Y") => Ok(true),
        Some("N") => Ok(false),
        Some("1" | "2") => Err(Unlike::Converted),
        _ => Err(Unlike::FullText),
    }
}

/// The value of a choice by its code. What is no code stays, and is refused as any choice that there is not; but not the text
/// that a choice is read by.
pub(super) fn member(choices: &[Choice], value: Json) -> Result<Json, Unlike> {
    let text = code(&value);
    if let Some(choice) = choices.iter().find(|choice| choice.code() == text) {
        return Ok(choice.value.clone());
    }
    let reads = |choice: &Choice| choice.label.all().any(|(_, label)| label.trim() == text.trim());
    if text == "N/A" || choices.iter().any(reads) { Err(Unlike::FullText) } else { Ok(value) }
}

/// The answer that a text is.
pub(super) fn whole(question: &Question, value: Json) -> Result<Option<Json>, Unlike> {
    let text = code(&value);
    Ok(Some(match &question.kind {
        Kind::Choice(_) if text == OTHER => {
            let other = question.choices().iter().find(|choice| choice.special == Some(Special::Other));
            other.map_or(value, |other| other.value.clone())
        }
        Kind::Choice(_) | Kind::Rating(_) => member(question.choices(), value)?,
        Kind::Boolean(boolean) => {
            let known = [&boolean.yes, &boolean.no].into_iter().find(|known| code(known) == text);
            match (known, text.as_str()) {
                (Some(known), _) => known.clone(),
                (_, "Y") => boolean.yes.clone(),
                (_, "N") => boolean.no.clone(),
                (_, "1" | "2") => return Err(Unlike::Converted),
                (_, text) if is_word(text) => return Err(Unlike::FullText),
                _ => value,
            }
        }
        Kind::Text(field) => match field.input {
            Input::Number if text == "NAN" => return Ok(None),
            Input::Number => number(&text).map_or(value, number_json),
            Input::Date => day(&text, 10).map_or(value, Json::String),
            Input::Month => day(&text, 7).map_or(value, Json::String),
            _ => plain(value),
        },
        _ => plain(value),
    }))
}

/// The day or month of a text that LimeSurvey writes with midnight behind it.
fn day(text: &str, length: usize) -> Option<String> {
    date(text).filter(|_| text.len() > 10).and_then(|_| text.get(..length)).map(str::to_owned)
}
