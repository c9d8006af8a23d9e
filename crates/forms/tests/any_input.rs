//! Whatever comes in, what comes out is an answer or a refusal.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use chrono::{NaiveDate, NaiveDateTime};
use forms::answers::{look, read_fields};
use forms::expression::{Scope, evaluate, parse};
use forms::files::{File, Reading, Terms};
use forms::register;
use forms::values::Value;
use proptest::prelude::*;
use serde_json::{Map, Value as Json};

struct Anything(Json);

impl Scope for Anything {
    fn value(&self, place: usize) -> Value {
        Value::of(&self.0, place.is_multiple_of(2))
    }

    fn display(&self, question: &str) -> Value {
        Value::Text(question.to_owned())
    }

    fn ready(&self, _: &str) -> bool {
        true
    }

    fn now(&self) -> NaiveDateTime {
        now()
    }
}

fn now() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 5, 3).unwrap().and_hms_opt(10, 0, 0).unwrap()
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        "[-+0-9a-zåÅ'\", .x]{0,6}".prop_map(Json::from),
        "\\PC{0,4}".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            proptest::collection::vec(("[a-z0-9]{0,3}", inner), 0..4)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
}

/// Expressions of the words that there are, in any order.
fn expression() -> impl Strategy<Value = String> {
    let words = [
        "{a}",
        "{b.c}",
        "{a[0]}",
        "(",
        ")",
        "[",
        "]",
        ",",
        "'x'",
        "\"",
        "'",
        "\\",
        "5",
        "0x1",
        "-",
        "+",
        "*",
        "/",
        "%",
        "^",
        "=",
        "<",
        "=>",
        "<>",
        "!",
        "not",
        "and",
        "or",
        "empty",
        "notempty",
        "contains",
        "anyof",
        "allof",
        "noneof",
        "iif(",
        "sum(",
        "avg(",
        "min(",
        "round(",
        "age(",
        "year(",
        "today(",
        "trim(",
        "sumInArray(",
        "true",
        "null",
        "å",
        "{",
        "}",
        " ",
        "1e308",
        "999999999999",
    ];
    proptest::collection::vec(prop::sample::select(words.to_vec()), 0..14).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn expressions(text in prop_oneof![expression(), "\\PC{0,20}"], value in json()) {
        if let Ok(parsed) = parse(&text) {
            let value = evaluate(&parsed, &Anything(value));
            let _ = (value.json(), value.text(), value.holds());
        }
    }

    #[test]
    fn definitions(at in any::<prop::sample::Index>(), put in json(), cut in any::<bool>()) {
        let mut source = include_str!("../../../schemas/surveys/course-evaluation.json").to_owned();
        let places: Vec<usize> = source.char_indices().map(|(at, _)| at).collect();
        let place = places[at.index(places.len())];
        if cut {
            source.truncate(place);
        } else if let Some(end) = source[place..].find(',') {
            source.replace_range(place..place + end, &put.to_string());
        }
        let _ = register(source.as_bytes(), Some(put.to_string().as_bytes()));
        let _ = register(source.as_bytes(), None);
    }

    #[test]
    fn answers(name in 0..8_usize, answer in json(), text in "\\PC{0,9}") {
        let source = include_bytes!("../../../schemas/surveys/pupils-digital-day.json");
        let survey = register(source, None).unwrap();
        let names = ["anvander", "dag", "bast", "vuxen", "onskar", "anvander-Comment", "", &text];
        let answers: Map<String, Json> = [(names[name].to_owned(), answer)].into_iter().collect();
        let checked = look(&survey, &answers, now()).check();
        prop_assert!(checked.faults.iter().all(|fault| !fault.text("sv").is_empty()));
        let fields = [(names[name], text.as_str()), ("dag[lugn]", text.as_str()), ("bast[film]", text.as_str())];
        let _ = look(&survey, &read_fields(&survey, fields), now()).check();
    }

    #[test]
    fn files(kind in 0..4_usize, at in any::<prop::sample::Index>(), put in "[\\PC\n\t,;\"\\\\{}\\[\\]]{0,6}", cut in any::<bool>()) {
        let survey = register(include_bytes!("limesurvey/definition.json"), None).unwrap();
        let mut text = [
            include_str!("limesurvey/named-web-code-short.csv"),
            include_str!("limesurvey/named-vv2.csv"),
            include_str!("limesurvey/named-rc-code-short.json"),
            "respondent;question;answer\na;komp[SQ001];A1\nb;rang[2];R1\n",
        ][kind].to_owned();
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let place = places[at.index(places.len())];
        if cut { text.truncate(place) } else { text.insert_str(place, &put) }
        let file = File::open(Box::new(std::io::Cursor::new(text.into_bytes())));
        let terms = Terms { now: now(), ..Terms::default() };
        if let Ok(mut reading) = file.and_then(|file| Reading::open(&survey, file, terms)) {
            while let Ok(Some(filed)) = reading.answer() {
                prop_assert!(filed.row > 0);
            }
        }
    }
}
