//! What an answer has to be.

use serde_json::{Value as Json, json};

use super::choices::texts;
use super::sheet::Sheet;
use super::xpath::{Known, translate};
use crate::refusal::Refusals;

/// Reads a row's constraint and its message into a question.
pub(super) fn read(
    survey: &Sheet,
    number: usize,
    row: &[String],
    known: &Known,
    element: &mut Json,
    refusals: &mut Refusals,
) {
    let constraint = survey.get(row, "constraint");
    if constraint.is_empty() {
        return;
    }
    let name = survey.get(row, "name");
    let place = survey.place(number, "constraint");
    let regex = constraint.strip_prefix("regex(.,").and_then(|rest| rest.strip_suffix(')')).map(str::trim);
    let mut validator = match regex.map(|pattern| pattern.trim_matches(['\'', '"'])) {
        Some(pattern) if pattern.starts_with('^') && pattern.ends_with('$') => {
            json!({"type": "regex", "regex": pattern})
        }
        Some(_) => {
            return refusals.add(
                &place,
                "mönstret ska börja med ^ och sluta med $; telefoner prövar hela texten, webbläsare en del",
                "the pattern has to begin with ^ and end with $; phones try the whole text, browsers a part",
            );
        }
        None => match translate(constraint, known, Some(name)) {
            Ok(condition) => {
                json!({"type": "expression", "expression": format!("{{{name}}} empty or {condition}")})
            }
            Err(words) => return refusals.push(&place, words, None),
        },
    };
    if let Some(text) = texts(survey, number, row, "constraint_message", refusals) {
        validator["text"] = text;
    }
    match element.get_mut("validators").and_then(Json::as_array_mut) {
        Some(validators) => validators.push(validator),
        None => element["validators"] = json!([validator]),
    }
}
