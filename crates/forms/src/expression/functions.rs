//! The functions that expressions may call. Their names are exact.

use chrono::{Datelike, NaiveDateTime, NaiveTime, TimeDelta};

use super::operators::add;
use super::scope::Scope;
use crate::values::{Value, date, number};

/// The functions there are, with how many parameters they take.
pub const FUNCTIONS: &[(&str, std::ops::RangeInclusive<usize>)] = &[
    ("iif", 2..=3),
    ("sumInArray", 2..=4),
    ("countInArray", 2..=4),
    ("sum", 0..=100),
    ("avg", 0..=100),
    ("min", 0..=100),
    ("max", 0..=100),
    ("age", 1..=1),
    ("today", 0..=1),
    ("currentDate", 0..=0),
    ("year", 0..=1),
    ("round", 1..=2),
    ("isContainerReady", 1..=1),
    ("trim", 1..=1),
    ("displayValue", 1..=1),
];

/// Calls a function; of one that there is not the value is nothing.
pub(super) fn call(name: &str, given: &[Value], scope: &dyn Scope) -> Value {
    let first = given.first().unwrap_or(&Value::Null);
    match name {
        "iif" => match given {
            [condition, then, ..] if condition.plain().is_truthy() => then.clone(),
            [_, _, otherwise, ..] => otherwise.clone(),
            _ => Value::Null,
        },
        "sum" => sum(&flat(given)),
        "avg" => {
            let values = flat(given);
            match values.len() {
                0 => Value::Number(0.0),
                count => Value::Number(sum(&values).to_number() / count as f64),
            }
        }
        "min" => extreme(given, std::cmp::Ordering::Less),
        "max" => extreme(given, std::cmp::Ordering::Greater),
        "round" => round(&flat(given)),
        "age" => age(first, scope.now()),
        "today" => {
            let days = given.first().map_or(0.0, Value::to_number);
            let midnight = scope.now().date().and_time(NaiveTime::MIN);
            TimeDelta::try_days(days as i64)
                .and_then(|days| midnight.checked_add_signed(days))
                .map_or(Value::Null, Value::Date)
        }
        "currentDate" => Value::Date(scope.now()),
        "year" if !first.is_truthy() => Value::Number(f64::from(scope.now().year())),
        "year" => moment(first).map_or(Value::Number(f64::NAN), |at| Value::Number(f64::from(at.year()))),
        "trim" => match first {
            Value::Text(text) | Value::Code(text) => Value::Text(text.trim().to_owned()),
            other => other.clone(),
        },
        "displayValue" => scope.display(&first.text()),
        "isContainerReady" => Value::Bool(scope.ready(&first.text())),
        "sumInArray" | "countInArray" => in_array(name == "sumInArray", given),
        _ => Value::Null,
    }
}

/// Parameters with lists taken apart, without nothing; what reads as a number is one.
fn flat(given: &[Value]) -> Vec<Value> {
    let mut values = Vec::new();
    for value in given {
        match value {
            Value::Null => {}
            Value::List(items) => values.extend(flat(items)),
            Value::Text(text) | Value::Code(text) => {
                values.push(number(text).map_or_else(|| Value::Text(text.clone()), Value::Number));
            }
            other => values.push(other.clone()),
        }
    }
    values
}

fn sum(values: &[Value]) -> Value {
    values.iter().fold(Value::Number(0.0), |sum, value| add(&sum, value))
}

fn extreme(given: &[Value], wanted: std::cmp::Ordering) -> Value {
    flat(given)
        .into_iter()
        .reduce(|best, value| if crate::values::order(&value, &best) == Some(wanted) { value } else { best })
        .unwrap_or(Value::Null)
}

fn round(values: &[Value]) -> Value {
    let numeric = |value: &Value| match value {
        Value::Number(number) if number.is_finite() => Some(*number),
        _ => None,
    };
    let precision = values.get(1).filter(|value| value.is_truthy()).map_or(Some(0.0), numeric);
    let (Some(number), Some(precision)) = (values.first().and_then(numeric), precision) else {
        return Value::Number(f64::NAN);
    };
    let scale = 10_f64.powf(precision);
    let scaled = number * scale * (1.0 + f64::EPSILON);
    // Halves go up, as in JavaScript, also below nought.
    Value::Number((scaled + 0.5).floor() / scale)
}

fn moment(value: &Value) -> Option<NaiveDateTime> {
    match value {
        Value::Date(at) => Some(*at),
        Value::Text(text) | Value::Code(text) => date(text),
        _ => None,
    }
}

fn age(born: &Value, now: NaiveDateTime) -> Value {
    if !born.is_truthy() {
        return Value::Null;
    }
    let Some(born) = moment(born) else { return Value::Number(f64::NAN) };
    let mut months = (now.year() - born.year()) * 12 + now.month() as i32 - born.month() as i32;
    if now.day() < born.day() {
        months -= 1;
    }
    Value::Number(f64::from(months / 12))
}

/// Sums or counts a column of rows. Answers of the types that Lärka asks have no rows with columns, so that both are 0
/// but for lists that an expression makes itself.
fn in_array(sum_up: bool, given: &[Value]) -> Value {
    let [rows, column, ..] = given else { return Value::Number(0.0) };
    let rows: Vec<&Value> = match rows {
        Value::List(items) => items.iter().collect(),
        Value::Map(fields) => fields.iter().map(|(_, row)| row).collect(),
        _ => Vec::new(),
    };
    let column = column.text();
    let values = rows.into_iter().filter_map(|row| match row {
        Value::Map(fields) => fields.iter().find(|(name, value)| *name == column && !value.is_empty()),
        _ => None,
    });
    let numbers: Vec<Value> = values.map(|(_, value)| value.clone()).collect();
    if sum_up { sum(&flat(&numbers)) } else { Value::Number(numbers.len() as f64) }
}
