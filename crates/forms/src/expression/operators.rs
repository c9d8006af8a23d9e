//! The operators between two values.

use std::cmp::Ordering;

use super::tree::Binary;
use crate::values::{Value, decimals, equal, number, order, rounded};

/// What an operator makes of two values.
pub(super) fn apply(operator: Binary, left: &Value, right: &Value) -> Value {
    match operator {
        Binary::Equal => Value::Bool(equal(left, right)),
        Binary::NotEqual => Value::Bool(!equal(left, right)),
        Binary::Contains => Value::Bool(contains(left, right)),
        Binary::NotContains => {
            Value::Bool((!left.is_truthy() && !right.is_empty()) || contains_core(left, right, false))
        }
        Binary::AnyOf => Value::Bool(any_of(left, right)),
        Binary::NoneOf => Value::Bool(!any_of(left, right)),
        Binary::AllOf => Value::Bool(all_of(left, right)),
        Binary::Less => Value::Bool(compare(left, right, Ordering::Less)),
        Binary::Greater => Value::Bool(compare(left, right, Ordering::Greater)),
        Binary::LessOrEqual => Value::Bool(alike(left, right) || compare(left, right, Ordering::Less)),
        Binary::GreaterOrEqual => Value::Bool(alike(left, right) || compare(left, right, Ordering::Greater)),
        arithmetic => {
            let (left, right) = (left.plain_code(), right.plain_code());
            let first = filled(&left, &right);
            let second = filled(&right, &first);
            compute(arithmetic, first, second)
        }
    }
}

/// What takes the place of nothing in arithmetic: what suits the other.
fn filled(value: &Value, other: &Value) -> Value {
    match (value, other) {
        _ if !value.is_empty() => value.clone(),
        (_, Value::Number(_)) => Value::Number(0.0),
        (Value::Text(_), _) => value.clone(),
        (_, Value::Text(_)) => Value::Text(String::new()),
        (_, Value::List(_)) => Value::List(Vec::new()),
        _ => Value::Number(0.0),
    }
}

fn compute(operator: Binary, left: Value, right: Value) -> Value {
    match operator {
        Binary::And => return if left.is_truthy() { right } else { left },
        Binary::Or => return if left.is_truthy() { left } else { right },
        Binary::Plus => return add(&left, &right),
        Binary::Divided | Binary::Modulo if !right.is_truthy() => return Value::Null,
        _ => {}
    }
    let (a, b) = (left.to_number(), right.to_number());
    Value::Number(match operator {
        Binary::Minus => rounded(a - b, decimals(&left).max(decimals(&right))),
        Binary::Times => rounded(a * b, decimals(&left) + decimals(&right)),
        Binary::Divided => a / b,
        Binary::Modulo => a % b,
        _ => a.powf(b),
    })
}

/// The sum of two: of numbers their sum; with a text beside them, one after the other; of lists both.
pub(super) fn add(left: &Value, right: &Value) -> Value {
    let is_number = |value: &Value| match value {
        Value::Number(number) => number.is_finite(),
        Value::Text(text) => number(text).is_some(),
        _ => false,
    };
    match (left, right) {
        (Value::List(first), Value::List(second)) => {
            return Value::List(first.iter().chain(second).cloned().collect());
        }
        (Value::List(items), Value::Text(text)) => return Value::Text(joined(items) + text),
        (Value::Text(text), Value::List(items)) => return Value::Text(text.clone() + &joined(items)),
        (Value::List(items), Value::Number(number)) | (Value::Number(number), Value::List(items)) => {
            let numbers = items.iter().filter(|item| matches!(item, Value::Number(_)));
            return numbers
                .chain([&Value::Number(*number)])
                .fold(Value::Number(0.0), |sum, item| add(&sum, item));
        }
        (Value::Text(_) | Value::List(_) | Value::Map(_) | Value::Date(_), _)
        | (_, Value::Text(_) | Value::List(_) | Value::Map(_) | Value::Date(_)) => {
            return Value::Text(left.text() + &right.text());
        }
        _ => {}
    }
    let sum = left.to_number() + right.to_number();
    let digits = if is_number(left) && is_number(right) { decimals(left).max(decimals(right)) } else { 0 };
    Value::Number(rounded(sum, digits))
}

fn joined(items: &[Value]) -> String {
    items.iter().map(Value::text).collect::<Vec<_>>().join(", ")
}

/// Order is of what codes read as: `'9'` comes before 18.
fn compare(left: &Value, right: &Value, wanted: Ordering) -> bool {
    order(&left.plain_code(), &right.plain_code()) == Some(wanted)
}

fn alike(left: &Value, right: &Value) -> bool {
    equal(&left.plain_code(), &right.plain_code())
}

fn contains(left: &Value, right: &Value) -> bool {
    contains_core(left, right, true)
}

fn contains_core(left: &Value, right: &Value, wanted: bool) -> bool {
    let items = match left {
        Value::List(items) => items,
        Value::Null => return false,
        Value::Text(text) | Value::Code(text) if text.is_empty() => return false,
        Value::Number(number) if number.is_nan() => return false,
        other => {
            if !right.is_truthy() {
                return false;
            }
            return other.text().to_lowercase().contains(&right.text().to_lowercase()) == wanted;
        }
    };
    if items.is_empty() {
        return !wanted;
    }
    let has = |wanted: &Value| items.iter().any(|item| equal(item, wanted));
    let all = match right {
        Value::List(wanted) => wanted.iter().all(has),
        one => has(one),
    };
    all == wanted
}

fn any_of(left: &Value, right: &Value) -> bool {
    if left.is_empty() || right.is_empty() {
        return right.is_empty();
    }
    match (left, right) {
        (Value::List(_), Value::List(items)) => items.iter().any(|item| contains(left, item)),
        (Value::List(_), _) => contains(left, right),
        _ => contains(right, left),
    }
}

fn all_of(left: &Value, right: &Value) -> bool {
    if !left.is_truthy() && !right.is_empty() {
        return false;
    }
    match right {
        Value::List(items) => items.iter().all(|item| contains(left, item)),
        one => contains(left, one),
    }
}
