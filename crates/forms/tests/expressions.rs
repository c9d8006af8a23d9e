//! Expressions compute what survey-core 3.1.1 computes; `expressions.json` holds them with what it said.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use chrono::{NaiveDate, NaiveDateTime};
use forms::expression::{MAX_DEPTH, Scope, evaluate, parse};
use forms::values::Value;
use serde_json::{Value as Json, json};

struct Values<'a> {
    names: &'a [String],
    values: &'a Json,
}

impl Scope for Values<'_> {
    fn value(&self, place: usize) -> Value {
        let name = self.names[place].to_lowercase();
        let of = |name: &str| {
            let fields = self.values.as_object().unwrap();
            fields.iter().find(|(field, _)| field.to_lowercase() == name).map(|(_, value)| value)
        };
        let length = name.strip_suffix(".length").map(|base| {
            let length = of(base).map_or(0, |value| match value {
                Json::Array(items) => items.len(),
                Json::String(text) => text.encode_utf16().count(),
                _ => 0,
            });
            json!(length)
        });
        let part = name.split_once('.').and_then(|(base, part)| of(base)?.get(part));
        let item = name.strip_suffix(']').and_then(|rest| rest.split_once('['));
        let item = item.and_then(|(base, index)| of(base)?.get(index.parse::<usize>().ok()?));
        of(&name).or(length.as_ref()).or(part).or(item).map_or(Value::Null, |json| Value::of(json, false))
    }

    fn display(&self, _: &str) -> Value {
        Value::Null
    }

    fn ready(&self, _: &str) -> bool {
        false
    }

    fn now(&self) -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2026, 5, 3).unwrap().and_hms_opt(10, 30, 0).unwrap()
    }
}

fn compute(text: &str, values: &Json) -> Option<Json> {
    let parsed = parse(text).ok()?;
    Some(evaluate(&parsed, &Values { names: &parsed.names, values }).json())
}

#[test]
fn expressions_compute_what_survey_core_computes() {
    let table: Vec<Json> = serde_json::from_str(include_str!("expressions.json")).unwrap();
    assert!(table.len() >= 148);
    let mut wrong = Vec::new();
    for row in &table {
        let said = compute(row["expression"].as_str().unwrap(), &row["values"]);
        let wanted = (!row["refused"].as_bool().unwrap_or(false)).then(|| row["value"].clone());
        let same = match (&said, &wanted) {
            (Some(Json::Number(one)), Some(Json::Number(other))) => one.as_f64() == other.as_f64(),
            (said, wanted) => said == wanted,
        };
        if !same {
            wrong.push(format!("{row}: {said:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn today_is_midnight_in_sweden_and_age_counts_birthdays() {
    let values = json!({"day": "2026-05-03", "later": "2026-05-04", "born": "2010-05-04"});
    for (text, wanted) in [
        ("{day} = today()", json!(true)),
        ("{later} > today()", json!(true)),
        ("{day} < currentDate()", json!(true)),
        ("{later} = today(1)", json!(true)),
        ("age({born})", json!(15)),
        ("year({born})", json!(2010)),
        ("year()", json!(2026)),
        ("trim(' a ')", json!("a")),
    ] {
        assert_eq!(compute(text, &values), Some(wanted), "{text}");
    }
}

#[test]
fn depth_and_length_are_bounded() {
    let deep = |depth: usize| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&deep(MAX_DEPTH)).is_ok());
    assert!(parse(&deep(MAX_DEPTH + 1)).is_err());
    assert!(parse(&deep(3_000)).is_err());
    assert!(parse(&"!".repeat(5_000)).is_err());
    assert!(parse(&format!("1{}", " + 1".repeat(3_000))).is_err());
    assert!(parse(&"[".repeat(7_000)).is_err());
}

#[test]
fn long_chains_neither_fill_the_stack_nor_are_refused() {
    let chain = format!("1{}", " + 1".repeat(1_990));
    assert_eq!(compute(&chain, &json!({})), Some(json!(1991)));
}
