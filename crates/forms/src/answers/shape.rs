//! Whether an answer is one that its question can have.

use std::collections::HashSet;

use chrono::NaiveDate;
use serde_json::Value as Json;

use super::fault::{Wrong, limit};
use super::view::View;
use crate::question::{Choice, ChoiceKind, Input, Kind, Question, Special, TextField, code};
use crate::values::number;

/// Longest text that is taken where the author set no limit, in characters.
pub const LONGEST_ANSWER: usize = 10_000;
/// Longest line.
const LONGEST_LINE: usize = 1_000;

/// What is wrong, with the row of a matrix where it is about one.
pub(super) type Found = Vec<(Option<String>, Wrong)>;

/// Holds the answer to an open question against the question. It is not empty.
pub(super) fn check(view: &View<'_>, at: usize, answer: &Json) -> Found {
    let question = &view.definition.questions[at];
    let mut found = Found::new();
    let mut add = |wrong: Wrong| found.push((None, wrong));
    match &question.kind {
        Kind::Choice(choice) if choice.several => several(view, question, choice, answer, &mut add),
        Kind::Choice(_) | Kind::Rating(_) => {
            if let Some(wrong) = one(view, question.choices(), answer) {
                add(wrong);
            }
        }
        Kind::Boolean(boolean) => {
            if *answer != boolean.yes && *answer != boolean.no {
                add(Wrong::NoSuchChoice);
            }
        }
        Kind::Text(field) => line(field, answer, &mut add),
        Kind::Comment(field) => match answer {
            Json::String(text) => {
                length(text, field.max_length.unwrap_or(LONGEST_ANSWER).min(LONGEST_ANSWER), &mut add);
            }
            _ => add(Wrong::Shape),
        },
        Kind::Ranking(ranking) => {
            if let Some(wrong) = places(answer) {
                add(wrong);
                return found;
            }
            let Some(count) = listed(view, question, answer, &mut add) else { return found };
            if !ranking.selected && count < view.open_choices(at).count() {
                add(Wrong::RankAll);
            }
            counted(count, ranking.at_least, ranking.at_most, &mut add);
        }
        Kind::Matrix(_) => return rows(view, at, answer),
        Kind::Html(_) | Kind::Expression(_) => {}
    }
    found
}

/// Whether a text beside an answer can be taken.
pub(super) fn comment(answer: &Json) -> Option<Wrong> {
    match answer {
        Json::String(text) if text.chars().count() > LONGEST_ANSWER => Some(Wrong::TooLong(LONGEST_ANSWER)),
        Json::String(_) | Json::Null => None,
        _ => Some(Wrong::Shape),
    }
}

fn one(view: &View<'_>, choices: &[Choice], answer: &Json) -> Option<Wrong> {
    if !(answer.is_string() || answer.is_number()) {
        return Some(Wrong::Shape);
    }
    let code = code(answer);
    match choices.iter().find(|choice| choice.code() == code) {
        None => Some(Wrong::NoSuchChoice),
        Some(choice) if !view.enables(choice) => Some(Wrong::NotOpen),
        Some(_) => None,
    }
}

/// A list of choices, each once; how many, where it is a list.
fn listed(view: &View<'_>, question: &Question, answer: &Json, add: &mut impl FnMut(Wrong)) -> Option<usize> {
    let Json::Array(items) = answer else {
        add(Wrong::Shape);
        return None;
    };
    if items.len() > question.choices().len() {
        // More than there are: some twice, or some that there are not.
        let unknown = items
            .iter()
            .take(question.choices().len() + 1)
            .find_map(|item| one(view, question.choices(), item));
        add(unknown.unwrap_or(Wrong::Twice));
        return None;
    }
    let mut seen = HashSet::new();
    for item in items {
        if let Some(wrong) = one(view, question.choices(), item) {
            add(wrong);
        } else if !seen.insert(code(item)) {
            add(Wrong::Twice);
        }
    }
    Some(items.len())
}

/// What is wrong with places that are no order: pairs of place and choice, as [`read_fields`](super::read_fields) leaves
/// them.
fn places(answer: &Json) -> Option<Wrong> {
    let pairs: Vec<&Vec<Json>> = answer.as_array()?.iter().filter_map(Json::as_array).collect();
    let mut taken = HashSet::new();
    let twice = pairs
        .iter()
        .filter_map(|pair| pair.first())
        .any(|place| !taken.insert(code(place).trim().to_owned()));
    (!pairs.is_empty()).then_some(if twice { Wrong::SamePlace } else { Wrong::Shape })
}

fn several(
    view: &View<'_>,
    question: &Question,
    choice: &ChoiceKind,
    answer: &Json,
    add: &mut impl FnMut(Wrong),
) {
    let Some(count) = listed(view, question, answer, add) else { return };
    let alone = |item: &Json| {
        let code = code(item);
        let special =
            choice.choices.iter().find(|choice| choice.code() == code).and_then(|choice| choice.special);
        special.is_some_and(|special| special != Special::Other)
    };
    let alone = answer.as_array().is_some_and(|items| items.iter().any(alone));
    if alone && count > 1 {
        add(Wrong::Alone);
    } else if !alone {
        counted(count, choice.at_least, choice.at_most, add);
    }
}

/// Holds a number of choices against limits.
pub(super) fn counted(count: usize, least: Option<usize>, most: Option<usize>, add: &mut impl FnMut(Wrong)) {
    if let Some(least) = least.filter(|least| count < *least) {
        add(Wrong::TooFew(least));
    }
    if let Some(most) = most.filter(|most| count > *most) {
        add(Wrong::TooMany(most));
    }
}

fn length(text: &str, most: usize, add: &mut impl FnMut(Wrong)) {
    // Bytes are quick to count, and a text of few bytes is of few characters.
    if text.len() > most && text.chars().count() > most {
        add(Wrong::TooLong(most));
    }
}

fn line(field: &TextField, answer: &Json, add: &mut impl FnMut(Wrong)) {
    if field.input == Input::Number {
        let value = match answer {
            Json::Number(number) => number.as_f64(),
            Json::String(text) => number(text),
            _ => return add(Wrong::Shape),
        };
        let Some(value) = value else { return add(Wrong::NotANumber) };
        if let Some(least) =
            field.least.as_ref().filter(|least| least.as_f64().is_some_and(|least| value < least))
        {
            add(Wrong::Least(limit(least)));
        }
        if let Some(most) = field.most.as_ref().filter(|most| most.as_f64().is_some_and(|most| value > most))
        {
            add(Wrong::Most(limit(most)));
        }
        return;
    }
    let Json::String(text) = answer else { return add(Wrong::Shape) };
    length(text, field.max_length.unwrap_or(LONGEST_LINE).min(LONGEST_ANSWER), add);
    if text.len() > LONGEST_ANSWER * 4 {
        return;
    }
    let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10);
    let wrong = match field.input {
        Input::Date if day(text).is_none() => Wrong::NotADay,
        Input::Month if day(&format!("{text}-01")).is_none() => Wrong::NotAMonth,
        Input::Email if !is_address(text) => Wrong::NotAnAddress,
        Input::Url if !is_link(text) => Wrong::NotALink,
        Input::Date | Input::Month => {
            // Days and months in this form are in the order of their letters.
            let least = field
                .least
                .as_ref()
                .filter(|least| least.as_str().is_some_and(|least| text.as_str() < least));
            let most =
                field.most.as_ref().filter(|most| most.as_str().is_some_and(|most| text.as_str() > most));
            if let Some(least) = least {
                add(Wrong::Least(limit(least)));
            }
            if let Some(most) = most {
                add(Wrong::Most(limit(most)));
            }
            return;
        }
        _ => return,
    };
    add(wrong);
}

/// Whether a text is shaped as an e-mail address.
pub(super) fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.trim().rsplit_once('@') else { return false };
    let plain = |text: &str| {
        !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '@')
    };
    let mut labels = domain.split('.');
    plain(local) && plain(domain) && domain.contains('.') && labels.all(|label| !label.is_empty())
}

fn is_link(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| rest.starts_with(char::is_alphanumeric) && !rest.contains(char::is_whitespace))
}

fn rows(view: &View<'_>, at: usize, answer: &Json) -> Found {
    let question = &view.definition.questions[at];
    let Json::Object(given) = answer else { return vec![(None, Wrong::Shape)] };
    let mut found = Found::new();
    for (row, column) in given {
        if found.len() > question.rows().len() {
            break;
        }
        let wrong = match question.rows().iter().find(|known| known.code() == *row) {
            None => {
                found.push((None, Wrong::NoSuchRow));
                continue;
            }
            Some(_) if column.is_null() => continue,
            Some(known) if !view.enables(known) => Some(Wrong::NotOpen),
            Some(_) => one(view, question.choices(), column),
        };
        found.extend(wrong.map(|wrong| (Some(row.clone()), wrong)));
    }
    found
}
