//! Values as conditions see them, and how survey-core 3.1.1 compares, adds and reads them.

use std::borrow::Cow;
use std::cmp::Ordering;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde_json::Value as Json;

/// What an expression works with.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing: not answered, not known, `null`.
    Null,
    /// True or false.
    Bool(bool),
    /// A number; `NaN` is empty.
    Number(f64),
    /// A text.
    Text(String),
    /// The value of a choice, as text: it is equal to what reads exactly so.
    Code(String),
    /// An answer with several values, or a list in an expression.
    List(Vec<Value>),
    /// Values by name (a matrix), in their order.
    Map(Vec<(String, Value)>),
    /// A moment in Swedish time.
    Date(NaiveDateTime),
}

impl Value {
    /// What stands in an answer. With `codes`, texts and numbers are values of choices.
    pub fn of(json: &Json, codes: bool) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) if !codes => number.as_f64().map_or(Value::Null, Value::Number),
            Json::Number(number) => Value::Code(number.as_f64().map_or(number.to_string(), number_text)),
            Json::String(text) if codes => Value::Code(text.clone()),
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(items) => Value::List(items.iter().map(|item| Value::of(item, codes)).collect()),
            Json::Object(fields) => {
                Value::Map(fields.iter().map(|(name, item)| (name.clone(), Value::of(item, codes))).collect())
            }
        }
    }

    /// As it is kept. A date is kept as `yyyy-mm-dd`; a number that is none is `null`.
    pub fn json(&self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Number(number) => number_json(*number),
            Value::Text(text) | Value::Code(text) => Json::String(text.clone()),
            Value::List(items) => items.iter().map(Value::json).collect(),
            Value::Map(fields) => fields.iter().map(|(name, item)| (name.clone(), item.json())).collect(),
            Value::Date(at) => Json::String(at.date().to_string()),
        }
    }

    /// Nothing, an empty text, an empty list, a map of empty values.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Number(number) => number.is_nan(),
            Value::Text(text) | Value::Code(text) => text.is_empty(),
            Value::List(items) => items.is_empty(),
            Value::Map(fields) => fields.iter().all(|(_, item)| item.is_empty()),
            Value::Bool(_) | Value::Date(_) => false,
        }
    }

    /// What JavaScript takes for true: lists and maps are, also when empty.
    pub fn is_truthy(&self) -> bool {
        match self {
            Value::Null => false,
            Value::Bool(value) => *value,
            Value::Number(number) => *number != 0.0 && !number.is_nan(),
            Value::Text(text) => !text.is_empty(),
            Value::Code(_) => self.plain().is_truthy(),
            Value::List(_) | Value::Map(_) | Value::Date(_) => true,
        }
    }

    /// What a condition makes of it: `true`, and what JavaScript's `==` finds equal to it (1, "1").
    pub fn holds(&self) -> bool {
        match self {
            Value::Bool(value) => *value,
            Value::Null | Value::Map(_) | Value::Date(_) => false,
            other => other.to_number() == 1.0,
        }
    }

    /// A value of an answer as survey-core hands it to an operator: what reads as a number is one, `'x'` is x. A code
    /// is its text read so.
    pub fn plain(&self) -> Cow<'_, Value> {
        match self {
            Value::Text(text) | Value::Code(text) => Cow::Owned(read_text(text)),
            Value::List(items) if items.iter().any(|item| matches!(item, Value::Code(_))) => {
                Cow::Owned(Value::List(items.iter().map(uncoded).collect()))
            }
            Value::Map(fields) => Cow::Owned(Value::Map(
                fields.iter().map(|(name, item)| (name.clone(), uncoded(item))).collect(),
            )),
            other => Cow::Borrowed(other),
        }
    }

    /// Codes as what their texts read as; everything else as it is.
    pub fn plain_code(&self) -> Cow<'_, Value> {
        match self {
            Value::Code(_) | Value::List(_) | Value::Map(_) => self.plain(),
            other => Cow::Borrowed(other),
        }
    }

    /// JavaScript's `Number(…)`.
    pub fn to_number(&self) -> f64 {
        match self {
            Value::Null => 0.0,
            Value::Bool(value) => f64::from(u8::from(*value)),
            Value::Number(number) => *number,
            Value::Text(text) | Value::Code(text) => js_number(text),
            Value::List(_) => js_number(&self.text()),
            Value::Map(_) => f64::NAN,
            Value::Date(at) => at.and_utc().timestamp_millis() as f64,
        }
    }

    /// JavaScript's `String(…)`; nothing is an empty text.
    pub fn text(&self) -> String {
        match self {
            Value::Null => String::new(),
            Value::Bool(value) => value.to_string(),
            Value::Number(number) => number_text(*number),
            Value::Text(text) | Value::Code(text) => text.clone(),
            Value::List(items) => items.iter().map(Value::text).collect::<Vec<_>>().join(","),
            Value::Map(_) => "[object Object]".to_owned(),
            Value::Date(at) => at.date().to_string(),
        }
    }
}

fn uncoded(value: &Value) -> Value {
    match value {
        Value::Code(text) => Value::Text(text.clone()),
        other => other.clone(),
    }
}

/// A text of an answer: true and false, what stands in quotes, numbers, or itself.
fn read_text(text: &str) -> Value {
    if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
        return Value::Bool(text.eq_ignore_ascii_case("true"));
    }
    let quote = |end: Option<char>| matches!(end, Some('\'' | '"'));
    if text.len() > 1 && quote(text.chars().next()) && quote(text.chars().last()) {
        return Value::Text(text[1..text.len() - 1].to_owned());
    }
    let Some(number) = number(text) else { return Value::Text(text.to_owned()) };
    if let Some(rest) = text.strip_prefix('0').filter(|_| !text.starts_with("0x")) {
        let point = rest.starts_with(['.', ',']);
        if (!point && !rest.is_empty()) || (point && text.len() < 2) {
            return Value::Text(text.to_owned());
        }
    }
    Value::Number(number)
}

/// The number that a text reads as: with a comma or a point, an exponent, or hexadecimal after `0x`; not more than 15
/// digits in a row.
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if let Some(digits) = text.strip_prefix("0x") {
        let end = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len());
        return (text.len() <= 32 && end > 0).then(|| hexadecimal(&digits[..end]));
    }
    if text.len() > 15 && text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let one_comma = text.matches(',').count() == 1;
    let number = if one_comma { decimal(&text.replacen(',', ".", 1)) } else { decimal(text) };
    number.filter(|number| number.is_finite())
}

/// JavaScript's `Number(…)` of a text.
fn js_number(text: &str) -> f64 {
    let text = text.trim();
    if text.is_empty() {
        return 0.0;
    }
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit()) => {
            hexadecimal(digits)
        }
        Some(_) => f64::NAN,
        None => decimal(text).unwrap_or(f64::NAN),
    }
}

fn hexadecimal(digits: &str) -> f64 {
    digits.chars().filter_map(|c| c.to_digit(16)).fold(0.0, |sum, digit| sum * 16.0 + f64::from(digit))
}

fn decimal(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    plain.then(|| text.parse().ok()).flatten()
}

/// A number as JavaScript writes it.
pub fn number_text(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else if number == 0.0 {
        "0".to_owned()
    } else if number.abs() >= 1e21 || number.abs() < 1e-6 {
        let text = format!("{number:e}");
        if text.contains("e-") { text } else { text.replacen('e', "e+", 1) }
    } else {
        number.to_string()
    }
}

/// A number as JSON writes it: whole ones without a point.
pub fn number_json(number: f64) -> Json {
    const EXACT: f64 = 9_007_199_254_740_991.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return Json::from(number as i64);
    }
    serde_json::Number::from_f64(number).map_or(Json::Null, Json::Number)
}

/// The moment that a text of an answer names: `2026-05-03`, with `T10:30` and seconds if it has a time.
pub fn date(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(day.and_time(NaiveTime::MIN));
    }
    ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
}

/// Equality as survey-core has it: case, outer blanks and the order of a list do not matter, a text beside a number is
/// read as one. But a code is equal to what reads exactly as it does.
pub fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Code(code), other) | (other, Value::Code(code)) => match other {
            Value::Code(text) | Value::Text(text) => code == text,
            Value::Number(_) | Value::Bool(_) => *code == other.text(),
            Value::Null => code.is_empty(),
            _ => false,
        },
        (Value::Null, Value::Null) => true,
        (Value::Null, Value::Text(text)) | (Value::Text(text), Value::Null) => text.is_empty(),
        (Value::Null, Value::List(items)) | (Value::List(items), Value::Null) => items.is_empty(),
        (Value::Text(left), Value::Text(right)) => {
            left == right || left.trim().to_lowercase() == right.trim().to_lowercase()
        }
        (Value::Date(at), other) | (other, Value::Date(at)) => dated(other, *at) == Some(*at),
        (Value::List(left), Value::List(right)) => lists_equal(left, right),
        (Value::Map(left), Value::Map(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, value)| {
                    right.iter().any(|(other, item)| other == name && equal(value, item))
                })
        }
        (Value::List(_) | Value::Map(_), _) | (_, Value::List(_) | Value::Map(_)) => false,
        _ if left.is_empty() != right.is_empty() => false,
        (Value::Bool(truth), Value::Text(text)) | (Value::Text(text), Value::Bool(truth)) => {
            truth.to_string() == text.to_lowercase()
        }
        _ => left.to_number() == right.to_number(),
    }
}

/// Lists in any order: sorted as texts, then one by one.
fn lists_equal(left: &[Value], right: &[Value]) -> bool {
    let sorted = |items: &[Value]| {
        let mut items: Vec<_> = items.iter().map(|item| (item.text(), item.clone())).collect();
        items.sort_by(|a, b| a.0.cmp(&b.0));
        items
    };
    left.len() == right.len()
        && sorted(left).iter().zip(&sorted(right)).all(|((_, left), (_, right))| equal(left, right))
}

/// A value beside a moment: a text is read as one, a day when the moment is one.
fn dated(value: &Value, beside: NaiveDateTime) -> Option<NaiveDateTime> {
    match value {
        Value::Date(at) => Some(*at),
        Value::Text(text) | Value::Code(text) => date(text)
            .map(|at| if beside.time() == NaiveTime::MIN { at.date().and_time(NaiveTime::MIN) } else { at }),
        _ => None,
    }
}

/// How JavaScript orders two values: texts by their letters, everything else as numbers. `None` where one is nothing or
/// no number.
pub fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Date(at), other) => dated(other, *at).map(|other| at.cmp(&other)),
        (other, Value::Date(at)) => dated(other, *at).map(|other| other.cmp(at)),
        _ => {
            let as_text = |value: &Value| matches!(value, Value::Text(_) | Value::Code(_) | Value::List(_));
            if as_text(left) && as_text(right) {
                return Some(left.text().cmp(&right.text()));
            }
            left.to_number().partial_cmp(&right.to_number())
        }
    }
}

/// Decimals of a number as written.
pub fn decimals(value: &Value) -> usize {
    let number = match value {
        Value::Number(number) => *number,
        Value::Text(text) => match number(text) {
            Some(_) => js_number(text),
            None => return 0,
        },
        _ => return 0,
    };
    if number.is_nan() || number.fract() == 0.0 {
        return 0;
    }
    number_text(number).split_once('.').map_or(0, |(_, after)| after.len())
}

/// A result of arithmetic without the dust of binary fractions.
pub fn rounded(number: f64, digits: usize) -> f64 {
    if digits == 0 || !number.is_finite() {
        number
    } else {
        format!("{number:.digits$}").parse().unwrap_or(number)
    }
}
