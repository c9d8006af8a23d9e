//! What answers are shown, required, refused and kept.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use chrono::{NaiveDate, NaiveDateTime};
use forms::answers::{Checked, Wrong, look, read_fields, read_json};
use forms::{Definition, register};
use serde_json::{Map, Value as Json, json};

fn take(elements: &Json) -> Definition {
    register(json!({"elements": elements}).to_string().as_bytes(), None).unwrap_or_else(|e| panic!("{e:#?}"))
}

fn now() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 5, 3).unwrap().and_hms_opt(10, 0, 0).unwrap()
}

fn check(definition: &Definition, answers: Json) -> Checked {
    let Json::Object(answers) = answers else { panic!() };
    look(definition, &answers, now()).check()
}

fn wrong(definition: &Definition, answers: Json) -> Vec<Wrong> {
    check(definition, answers).faults.into_iter().map(|fault| fault.wrong).collect()
}

#[test]
fn each_type_takes_its_own_shape_and_members_and_refuses_others() {
    let all = take(&json!([
        {"type": "radiogroup", "name": "r", "choices": ["a", 2], "showOtherItem": true},
        {"type": "checkbox", "name": "c", "choices": ["a", "b", "c"], "showNoneItem": true, "minSelectedChoices": 2, "maxSelectedChoices": 2},
        {"type": "rating", "name": "s"},
        {"type": "boolean", "name": "b"},
        {"type": "text", "name": "n", "inputType": "number", "min": 0, "max": 20},
        {"type": "text", "name": "d", "inputType": "date"},
        {"type": "text", "name": "mo", "inputType": "month"},
        {"type": "text", "name": "e", "inputType": "email"},
        {"type": "text", "name": "u", "inputType": "url"},
        {"type": "comment", "name": "k", "maxLength": 3},
        {"type": "matrix", "name": "m", "rows": ["r1", "r2"], "columns": [1, 2], "eachRowRequired": true},
        {"type": "ranking", "name": "o", "choices": ["a", "b", "c"]},
        {"type": "ranking", "name": "p", "choices": ["a", "b", "c"], "selectToRankEnabled": true},
    ]));
    let right = json!({"r": "other", "r-Comment": "x", "c": ["a", "b"], "s": 3, "b": false, "n": "12,5", "d": "2026-02-28",
        "mo": "2026-02", "e": "a@b.se", "u": "https://larka.example", "k": "åäö", "m": {"r1": 1, "r2": "2"}, "o": ["c", "a", "b"], "p": ["b"]});
    let checked = check(&all, right.clone());
    assert_eq!(checked.faults, []);
    assert_eq!(Json::Object(checked.kept.clone()), Json::Object(right.as_object().unwrap().clone()));
    for (name, answer, wanted) in [
        ("r", json!("z"), Wrong::NoSuchChoice),
        ("r", json!(["a"]), Wrong::Shape),
        ("r", json!(true), Wrong::Shape),
        ("c", json!("a"), Wrong::Shape),
        ("c", json!(["a", "z"]), Wrong::NoSuchChoice),
        ("c", json!(["a", "a"]), Wrong::Twice),
        ("c", json!(["a", "none"]), Wrong::Alone),
        ("c", json!(["a"]), Wrong::TooFew(2)),
        ("c", json!(["a", "b", "c"]), Wrong::TooMany(2)),
        ("s", json!(99), Wrong::NoSuchChoice),
        ("s", json!("abc"), Wrong::NoSuchChoice),
        ("b", json!("kanske"), Wrong::NoSuchChoice),
        ("n", json!("abc"), Wrong::NotANumber),
        ("n", json!(-1), Wrong::Least("0".to_owned())),
        ("n", json!(21), Wrong::Most("20".to_owned())),
        ("d", json!("2026-02-30"), Wrong::NotADay),
        ("mo", json!("2026-13"), Wrong::NotAMonth),
        ("e", json!("a@b"), Wrong::NotAnAddress),
        ("u", json!("javascript:x"), Wrong::NotALink),
        ("k", json!("åäöå"), Wrong::TooLong(3)),
        ("k", json!("x".repeat(10_000_000)), Wrong::TooLong(3)),
        ("k", json!({"a": 1}), Wrong::Shape),
        ("m", json!({"r1": 1, "r2": 9}), Wrong::NoSuchChoice),
        ("m", json!({"r1": 1, "r2": 1, "r9": 1}), Wrong::NoSuchRow),
        ("m", json!({"r1": 1}), Wrong::EveryRow),
        ("o", json!(["c", "a"]), Wrong::RankAll),
        ("p", json!(["a", "a"]), Wrong::Twice),
        ("nope", json!(1), Wrong::NoSuchQuestion),
    ] {
        let mut answers = right.clone();
        answers[name] = answer.clone();
        let said = wrong(&all, answers);
        assert_eq!(said, [wanted], "{name}");
    }
    let mut answers = right;
    answers["r-Comment"] = json!("  ");
    assert_eq!(wrong(&all, answers), [Wrong::OtherWithoutText]);
}

#[test]
fn a_hidden_question_is_neither_required_nor_checked_nor_kept_and_reads_as_nothing() {
    let survey = take(&json!([
        {"type": "radiogroup", "name": "a", "choices": ["ja", "nej"]},
        {"type": "text", "name": "b", "inputType": "number", "visibleIf": "{a} = 'ja'", "isRequired": true},
        {"type": "text", "name": "c", "visibleIf": "{b} > 5"},
        {"type": "text", "name": "d", "visibleIf": "{b} empty"},
    ]));
    let hidden = check(&survey, json!({"a": "nej", "b": "abc", "c": "x", "d": "y"}));
    assert_eq!(hidden.faults, []);
    assert_eq!(Json::Object(hidden.kept), json!({"a": "nej", "d": "y"}));
    assert_eq!(hidden.dropped, ["b", "c"]);
    let shown = check(&survey, json!({"a": "ja", "b": 6, "c": "x", "d": "y"}));
    assert_eq!(Json::Object(shown.kept), json!({"a": "ja", "b": 6, "c": "x"}));
    assert_eq!(wrong(&survey, json!({"a": "ja"})), [Wrong::Required]);
}

#[test]
fn conditions_hang_on_what_readers_see_on_what_stands_beside_and_on_what_is_filled_in() {
    let survey = take(&json!([
        {"type": "radiogroup", "name": "ort", "showOtherItem": true,
         "choices": [{"value": "g", "text": "Gävle"}, {"value": "u", "text": "Umeå"}]},
        {"type": "text", "name": "a", "visibleIf": "displayValue('ort') = 'Gävle'"},
        {"type": "text", "name": "b", "visibleIf": "{ort-Comment} = 'Boden'"},
        {"type": "panel", "name": "p", "elements": [
            {"type": "radiogroup", "name": "x", "choices": ["1", "2"], "isRequired": true}]},
        {"type": "text", "name": "c", "visibleIf": "isContainerReady('p')"},
    ]));
    // As survey-core 3.1.1 shows them.
    for (answers, shown) in [
        (json!({"ort": "g"}), &["a"][..]),
        (json!({"ort": "u"}), &[]),
        (json!({"ort": "other", "ort-Comment": "Boden"}), &["b"]),
        (json!({"ort": "other", "ort-Comment": "Kiruna"}), &[]),
        (json!({"ort": "g", "x": "1"}), &["a", "c"]),
    ] {
        let mut all = answers.clone();
        ["a", "b", "c"].into_iter().for_each(|name| all[name] = json!("ord"));
        let kept = check(&survey, all).kept;
        let kept: Vec<&str> = ["a", "b", "c"].into_iter().filter(|name| kept.contains_key(*name)).collect();
        assert_eq!(kept, shown, "{answers}");
    }
}

#[test]
fn a_choice_that_is_not_offered_is_no_answer() {
    let survey = take(&json!([
        {"type": "boolean", "name": "x"},
        {"type": "radiogroup", "name": "r", "isRequired": true, "choices": ["a", {"value": "b", "visibleIf": "{x} = true"}]},
    ]));
    assert_eq!(wrong(&survey, json!({"x": true, "r": "b"})), []);
    assert_eq!(wrong(&survey, json!({"x": false, "r": "b"})), [Wrong::Required]);
}

#[test]
fn codes_compare_exactly_and_numbers_as_numbers() {
    let survey = take(&json!([
        {"type": "radiogroup", "name": "k", "choices": ["0180", "180", "A", "a"]},
        {"type": "text", "name": "n", "inputType": "number"},
        {"type": "text", "name": "one", "visibleIf": "{k} = '0180'"},
        {"type": "text", "name": "big", "visibleIf": "{k} = 'A'"},
        {"type": "text", "name": "more", "visibleIf": "{n} > 9"},
    ]));
    let shown = |answers: Json| {
        let answers: Map<String, Json> = answers.as_object().unwrap().clone();
        let view = look(&survey, &answers, now());
        (2..5).map(|at| view.shows(at)).collect::<Vec<_>>()
    };
    assert_eq!(shown(json!({"k": "180", "n": "10"})), [false, false, true]);
    assert_eq!(shown(json!({"k": "0180", "n": "9"})), [true, false, false]);
    assert_eq!(shown(json!({"k": "a"})), [false, false, false]);
}

#[test]
fn the_authors_rules_and_words_come_after_the_shape() {
    let survey = take(&json!([
        {"type": "text", "name": "t", "validators": [{"type": "regex", "regex": "^a+$", "text": {"sv": "Bara a", "en": "Only a"}}]},
        {"type": "text", "name": "n", "inputType": "number", "validators": [{"type": "numeric", "minValue": 3}]},
        {"type": "text", "name": "e", "validators": [{"type": "expression", "expression": "{e} = {t}"}]},
        {"type": "checkbox", "name": "c", "choices": ["a", "b"], "validators": [{"type": "answercount", "maxCount": 1}]},
    ]));
    let checked = check(&survey, json!({"t": "b", "n": 2, "e": "c", "c": ["a", "b"]}));
    let said: Vec<_> = checked.faults.iter().map(|fault| fault.wrong.clone()).collect();
    assert_eq!(said, [Wrong::Pattern, Wrong::Least("3".to_owned()), Wrong::Condition, Wrong::TooMany(1)]);
    assert_eq!(checked.faults[0].text("sv"), "Bara a");
    assert_eq!(checked.faults[0].text("en"), "Only a");
    assert_eq!(checked.faults[1].text("sv"), "Lägst 3.");
    assert_eq!(checked.faults[1].text("ar"), "At least 3.");
}

#[test]
fn pages_are_checked_one_at_a_time_and_hidden_ones_are_passed_over() {
    let source = json!({"pages": [
        {"name": "p1", "elements": [{"type": "boolean", "name": "more", "isRequired": true}]},
        {"name": "p2", "visibleIf": "{more} = true", "elements": [{"type": "text", "name": "t", "isRequired": true}]},
        {"name": "p3", "elements": [{"type": "panel", "name": "g", "isRequired": true, "elements": [{"type": "text", "name": "u"}]}]},
    ]});
    let survey = register(source.to_string().as_bytes(), None).unwrap();
    let answers = json!({"more": false}).as_object().unwrap().clone();
    let view = look(&survey, &answers, now());
    assert_eq!(view.pages().collect::<Vec<_>>(), [0, 2]);
    assert_eq!(view.check_page(0), []);
    let faults = view.check_page(2);
    assert_eq!((faults[0].name.as_str(), &faults[0].wrong), ("g", &Wrong::RequiredInside));
    assert_eq!(view.check().faults, faults);
}

#[test]
fn a_form_without_javascript_says_what_json_says() {
    let survey = take(&json!([
        {"type": "radiogroup", "name": "r", "choices": [1, 2], "showOtherItem": true},
        {"type": "checkbox", "name": "c", "choices": ["a", "b"]},
        {"type": "boolean", "name": "b"},
        {"type": "rating", "name": "s"},
        {"type": "text", "name": "n", "inputType": "number"},
        {"type": "matrix", "name": "m", "rows": ["r1", "r2"], "columns": [1, 2]},
        {"type": "ranking", "name": "o", "choices": ["a", "b", "c"]},
        {"type": "comment", "name": "k"},
    ]));
    let fields = [
        ("r", "2"),
        ("r-Comment", ""),
        ("c", "a"),
        ("c", "b"),
        ("b", "true"),
        ("s", "4"),
        ("n", "12,5"),
        ("m[r1]", "2"),
        ("m[r2]", ""),
        ("o[a]", "3"),
        ("o[b]", "1"),
        ("o[c]", "2"),
        ("k", "rad\r\nrad"),
    ];
    let answers = read_fields(&survey, fields);
    let wanted = json!({"r": 2, "c": ["a", "b"], "b": true, "s": 4, "n": 12.5, "m": {"r1": 2}, "o": ["b", "c", "a"], "k": "rad\nrad"});
    assert_eq!(Json::Object(answers.clone()), wanted);
    assert_eq!(look(&survey, &answers, now()).check().faults, []);
    let twice = read_fields(&survey, [("o[a]", "1"), ("o[b]", "1")]);
    assert!(!look(&survey, &twice, now()).check().faults.is_empty());
    let forged = read_fields(&survey, [("nope", "1"), ("r[x]", "1"), ("m[r9]", "1"), ("r", "7")]);
    assert_eq!(look(&survey, &forged, now()).check().faults.len(), 4);
}

#[test]
fn bodies_that_are_too_large_too_deep_or_no_object_are_refused_in_words() {
    assert!(read_json(b"{\"a\": 1}").is_ok());
    for body in [b"[1]".to_vec(), b"{".to_vec(), "{\"a\":".repeat(10_000).into_bytes(), vec![b' '; 10 << 20]]
    {
        assert!(read_json(&body).unwrap_err().sv.starts_with("Svaren"));
    }
}

#[test]
fn calculated_values_are_kept_where_the_author_asks_and_never_taken_from_outside() {
    let source = json!({"calculatedValues": [{"name": "sum", "expression": "{a} + {b}", "includeIntoResult": true}],
        "elements": [{"type": "text", "name": "a", "inputType": "number"}, {"type": "text", "name": "b", "inputType": "number"},
            {"type": "expression", "name": "e", "expression": "{sum} * 2"}]});
    let survey = register(source.to_string().as_bytes(), None).unwrap();
    let checked = check(&survey, json!({"a": 1, "b": 2, "sum": 99, "e": 98}));
    assert_eq!(checked.faults, []);
    assert_eq!(Json::Object(checked.kept), json!({"a": 1, "b": 2, "e": 6, "sum": 3}));
}

#[test]
fn two_in_one_place_of_a_ranking_are_told_of_once() {
    for more in ["false", "true"] {
        let survey = take(
            &json!([{"type": "ranking", "name": "o", "choices": ["a", "b", "c"], "selectToRankEnabled": more == "true"}]),
        );
        let sent = |places: [&str; 3]| {
            let fields = ["o[a]", "o[b]", "o[c]"].into_iter().zip(places);
            check(&survey, Json::Object(read_fields(&survey, fields))).faults
        };
        let twice = sent(["1", "1", "2"]);
        assert_eq!(twice.iter().map(|fault| &fault.wrong).collect::<Vec<_>>(), [&Wrong::SamePlace]);
        assert_eq!(twice[0].text("sv"), "Två har samma plats: ge var och en sin egen.");
        assert_eq!(twice[0].text("en"), "Two have the same place: give each its own.");
        assert_eq!(sent(["1", "först", "2"]).len(), 1);
        assert_eq!(sent(["3", "1", "2"]), []);
    }
}

#[test]
fn a_whole_number_is_asked_for_in_words() {
    let rule = |expression: &str| {
        json!([
            {"type": "text", "name": "m", "inputType": "number"},
            {"type": "text", "name": "n", "inputType": "number", "validators": [{"type": "expression", "expression": expression}]},
        ])
    };
    let whole = take(&rule("{n} empty or {n} % 1 = 0"));
    let faults = check(&whole, json!({"n": 10.5})).faults;
    assert_eq!(faults.iter().map(|fault| fault.text("sv")).collect::<Vec<_>>(), ["Skriv ett heltal."]);
    assert_eq!(faults[0].text("en"), "Write a whole number.");
    assert_eq!(wrong(&whole, json!({"n": "10"})), []);
    for other in ["{n} empty or {n} % 2 = 0", "{m} empty or {m} % 1 = 0", "{n} empty or {m} % 1 = 0"] {
        assert_eq!(wrong(&take(&rule(other)), json!({"m": 1.5, "n": 10.5})), [Wrong::Condition], "{other}");
    }
}
