//! Answers as a browser posts a form: names and values in order, all texts.

use serde_json::{Map, Value as Json};

use super::check::as_number;
use crate::definition::Definition;
use crate::question::{Choice, Input, Kind, Question, code};

/// Most fields of a form.
pub const MOST_FIELDS: usize = 20_000;

/// The field of a matrix's row.
pub fn row_field(question: &str, row: &str) -> String {
    format!("{question}[{row}]")
}

/// The field of a choice's place in a ranking: a number from 1; nothing where it is not ranked.
pub fn rank_field(question: &str, choice: &str) -> String {
    row_field(question, choice)
}

/// Reads the fields of a form. Each question's field has its name; several choices are as many fields; a row of a matrix
/// and a choice of a ranking is `name[value]`; the text beside an answer is `name-Comment`. What stands in an empty field
/// is no answer. Fields that belong to no question are returned with their names as they are, so that the check refuses
/// them.
pub fn read_fields<'a>(
    definition: &Definition,
    fields: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Map<String, Json> {
    let mut answers = Map::new();
    let mut ranks: Map<String, Json> = Map::new();
    for (name, value) in fields.into_iter().take(MOST_FIELDS) {
        if value.is_empty() {
            continue;
        }
        let (base, part) = match name.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
            Some((base, part)) => (base, Some(part)),
            None => (name, None),
        };
        let Some(question) = definition.question(base).filter(|question| question.name == base) else {
            answers.insert(name.to_owned(), Json::from(value));
            continue;
        };
        match (&question.kind, part) {
            (Kind::Matrix(_), Some(row)) => {
                let rows = answers.entry(base).or_insert_with(|| Json::Object(Map::new()));
                if let Json::Object(rows) = rows {
                    rows.insert(row.to_owned(), chosen(question.choices(), value));
                }
            }
            (Kind::Ranking(_), Some(choice)) => {
                let places = ranks.entry(base).or_insert_with(|| Json::Array(Vec::new()));
                if let Json::Array(places) = places {
                    places.push(serde_json::json!([value, choice]));
                }
            }
            (_, Some(_)) => {
                answers.insert(name.to_owned(), Json::from(value));
            }
            (Kind::Choice(choice), None) if choice.several => {
                let items = answers.entry(base).or_insert_with(|| Json::Array(Vec::new()));
                if let Json::Array(items) = items {
                    items.push(chosen(&choice.choices, value));
                }
            }
            (_, None) => {
                answers.insert(base.to_owned(), single(question, value));
            }
        }
    }
    for (name, places) in ranks {
        let Some(question) = definition.question(&name) else { continue };
        answers.insert(name, ranked(question, places));
    }
    answers
}

fn chosen(choices: &[Choice], value: &str) -> Json {
    choices
        .iter()
        .find(|choice| choice.code() == value)
        .map_or_else(|| Json::from(value), |choice| choice.value.clone())
}

fn single(question: &Question, value: &str) -> Json {
    match &question.kind {
        Kind::Choice(_) | Kind::Rating(_) => chosen(question.choices(), value),
        Kind::Boolean(boolean) => {
            let known = [&boolean.yes, &boolean.no].into_iter().find(|known| code(known) == value);
            known.cloned().unwrap_or_else(|| Json::from(value))
        }
        Kind::Text(field) if field.input == Input::Number => {
            as_number(value).unwrap_or_else(|| Json::from(value))
        }
        // Browsers send line ends as two characters.
        _ => Json::from(value.replace("\r\n", "\n")),
    }
}

/// Choices in the order of their places. Two in one place, or a place that is none, is no ranking: what was sent is
/// left, and refused by its shape.
fn ranked(question: &Question, places: Json) -> Json {
    let given: Vec<(String, String)> = serde_json::from_value(places.clone()).unwrap_or_default();
    let mut read: Vec<(u32, &str)> = Vec::new();
    for (place, choice) in &given {
        let Ok(place) = place.trim().parse::<u32>() else { return places };
        if read.iter().any(|(taken, _)| *taken == place) {
            return places;
        }
        read.push((place, choice));
    }
    read.sort_unstable();
    read.into_iter().map(|(_, choice)| chosen(question.choices(), choice)).collect()
}
