//! What a definition may hold and what a value may look like, row by row, where no other test says it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use chrono::{NaiveDate, NaiveDateTime};
use forms::answers::{Checked, Wrong, look};
use forms::{Definition, register};
use serde_json::{Value as Json, json};

fn now() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 5, 3).unwrap().and_hms_opt(10, 0, 0).unwrap()
}

fn take(source: &Json) -> Definition {
    register(source.to_string().as_bytes(), None).unwrap_or_else(|e| panic!("{source}: {e:#?}"))
}

fn check(survey: &Definition, answers: &Json) -> Checked {
    look(survey, answers.as_object().unwrap(), now()).check()
}

fn wrong(survey: &Definition, answers: &Json) -> Vec<Wrong> {
    check(survey, answers).faults.into_iter().map(|fault| fault.wrong).collect()
}

#[test]
fn types_and_properties_that_are_not_taken_are_refused_with_place_and_what_to_use_instead() {
    for (element, place) in [
        (json!({"type": "matrixdynamic", "name": "x"}), "/elements/1/type"),
        (json!({"type": "matrixdropdown", "name": "x"}), "/elements/1/type"),
        (json!({"type": "multipletext", "name": "x"}), "/elements/1/type"),
        (json!({"type": "file", "name": "x"}), "/elements/1/type"),
        (json!({"type": "signaturepad", "name": "x"}), "/elements/1/type"),
        (json!({"type": "image", "name": "x", "imageLink": "https://example.com/a.png"}), "/elements/1/type"),
        (
            json!({"type": "html", "name": "x", "html": "<img src='https://example.com/a.png'>"}),
            "/elements/1/html",
        ),
        (
            json!({"type": "radiogroup", "name": "x", "choices": ["a"], "storeOthersAsComment": false}),
            "/elements/1/storeOthersAsComment",
        ),
        (
            json!({"type": "checkbox", "name": "x", "choices": [{"value": "a", "requiredIf": "{t} = 1"}]}),
            "/elements/1/choices/0/requiredIf",
        ),
    ] {
        let source = json!({"elements": [{"type": "text", "name": "t"}, element]});
        let said = register(source.to_string().as_bytes(), None).err().unwrap_or_default();
        let found = said.iter().any(|refusal| refusal.place == place && refusal.instead.is_some());
        assert!(found, "{source}: {said:#?}");
    }
    let both = json!({"elements": [
        {"type": "radiogroup", "name": "x", "choices": ["a"], "showOtherItem": true, "showCommentArea": true}]});
    let said = register(both.to_string().as_bytes(), None).unwrap_err();
    assert_eq!(said[0].place, "/elements/0/showCommentArea");
    // Without panels that repeat, no name begins with that of a panel.
    let inside = json!({"elements": [{"type": "panel", "name": "p", "elements": [{"type": "text", "name": "q"}]},
        {"type": "text", "name": "t", "visibleIf": "{panel.q} = 1"}]});
    let said = register(inside.to_string().as_bytes(), None).unwrap_err();
    assert_eq!(said[0].place, "/elements/1/visibleIf");
}

#[test]
fn values_at_the_edge_of_what_their_questions_take() {
    let survey = take(&json!({"elements": [
        {"type": "rating", "name": "s"},
        {"type": "boolean", "name": "b", "valueTrue": "ja", "valueFalse": "nej"},
        {"type": "checkbox", "name": "c", "choices": ["a"], "showNoneItem": true, "showDontKnowItem": true, "showRefuseItem": true},
        {"type": "text", "name": "l", "validators": [{"type": "text", "minLength": 2, "maxLength": 3, "allowDigits": false}]},
        {"type": "text", "name": "e", "validators": [{"type": "email"}]},
        {"type": "checkbox", "name": "m", "choices": ["a", "b"], "validators": [{"type": "answercount", "minCount": 2}]},
    ]}));
    for (answers, wanted) in [
        (json!({}), None),
        (json!({"s": 1}), None),
        (json!({"s": 5}), None),
        (json!({"s": 0}), Some(Wrong::NoSuchChoice)),
        (json!({"s": 6}), Some(Wrong::NoSuchChoice)),
        (json!({"b": "nej"}), None),
        (json!({"b": true}), Some(Wrong::NoSuchChoice)),
        (json!({"c": ["none"]}), None),
        (json!({"c": ["a", "dontknow"]}), Some(Wrong::Alone)),
        (json!({"c": ["a", "refused"]}), Some(Wrong::Alone)),
        (json!({"l": "å"}), Some(Wrong::TooShort(2))),
        (json!({"l": "åäöå"}), Some(Wrong::TooLong(3))),
        (json!({"l": "a1"}), Some(Wrong::Digits)),
        (json!({"l": "åäö"}), None),
        (json!({"e": "a@b"}), Some(Wrong::NotAnAddress)),
        (json!({"e": "a@b.se"}), None),
        (json!({"m": ["a"]}), Some(Wrong::TooFew(2))),
    ] {
        assert_eq!(wrong(&survey, &answers), wanted.into_iter().collect::<Vec<_>>(), "{answers}");
    }
}

#[test]
fn what_is_required_and_left_untouched_is_wrong_for_every_type_and_blanks_are_nothing() {
    for (more, nothing) in [
        (json!({"type": "ranking", "choices": ["a", "b"]}), json!([])),
        (json!({"type": "boolean"}), Json::Null),
        (json!({"type": "rating"}), Json::Null),
        (json!({"type": "checkbox", "choices": ["a"]}), json!([])),
        (json!({"type": "matrix", "rows": ["r"], "columns": ["c"]}), json!({})),
        (json!({"type": "comment"}), json!(" \n ")),
    ] {
        let mut question = more.clone();
        question["name"] = "q".into();
        question["isRequired"] = true.into();
        let survey = take(&json!({"elements": [question]}));
        assert_eq!(wrong(&survey, &json!({})), [Wrong::Required], "{more}");
        assert_eq!(wrong(&survey, &json!({ "q": nothing })), [Wrong::Required], "{more}");
    }
}

#[test]
fn hidden_answers_go_at_the_end_or_stay_as_the_author_says_and_come_back_when_shown_again() {
    let source = |mode: &str| {
        json!({"clearInvisibleValues": mode, "elements": [
            {"type": "boolean", "name": "a"},
            {"type": "text", "name": "own", "visibleIf": "{a} = true"},
            {"type": "panel", "name": "p", "visibleIf": "{a} = true", "elements": [{"type": "text", "name": "inside"}]},
        ]})
    };
    // As survey-core keeps them when a survey is completed: only `none` keeps what is hidden.
    for (mode, kept) in [
        ("onComplete", json!({"a": false})),
        ("onHidden", json!({"a": false})),
        ("onHiddenContainer", json!({"a": false})),
        ("none", json!({"a": false, "own": "x", "inside": "y"})),
    ] {
        let survey = take(&source(mode));
        let hidden = json!({"a": false, "own": "x", "inside": "y"});
        assert_eq!(Json::Object(check(&survey, &hidden).kept), kept, "{mode}");
        let shown = json!({"a": true, "own": "x", "inside": "y"});
        assert_eq!(Json::Object(check(&survey, &shown).kept), shown, "{mode}");
    }
}

#[test]
fn panels_and_pages_require_one_answer_and_say_so_in_the_authors_words() {
    let inside = json!([{"type": "text", "name": "t"}, {"type": "text", "name": "u"}]);
    let whether = json!({"type": "boolean", "name": "w"});
    let words = json!({"sv": "Svara på något", "en": "Answer one"});
    let panel = |property: &str, value: Json| {
        json!({"elements": [whether,
            {"type": "panel", "name": "g", property: value, "requiredErrorText": words, "elements": inside}]})
    };
    let page = |property: &str, value: Json| {
        json!({"pages": [{"name": "first", "elements": [whether]},
            {"name": "g", property: value, "requiredErrorText": words, "elements": inside}]})
    };
    for make in [&panel as &dyn Fn(&str, Json) -> Json, &page] {
        for (property, value) in [("isRequired", json!(true)), ("requiredIf", json!("{w} = true"))] {
            let survey = take(&make(property, value));
            let checked = check(&survey, &json!({"w": true}));
            let said: Vec<_> = checked
                .faults
                .iter()
                .map(|fault| (&*fault.name, fault.wrong.clone(), fault.text("sv")))
                .collect();
            assert_eq!(said, [("g", Wrong::RequiredInside, "Svara på något".to_owned())], "{property}");
            assert_eq!(wrong(&survey, &json!({"w": true, "u": "x"})), [], "{property}");
        }
        assert_eq!(wrong(&take(&make("requiredIf", json!("{w} = true"))), &json!({"w": false})), []);
    }
}

#[test]
fn what_is_shut_is_not_required_and_a_choice_that_is_shut_is_not_taken() {
    for source in [
        json!({"elements": [{"type": "boolean", "name": "w"}, {"type": "text", "name": "t", "isRequired": true, "enableIf": "{w} = true"}]}),
        json!({"elements": [{"type": "boolean", "name": "w"},
            {"type": "panel", "name": "p", "enableIf": "{w} = true", "elements": [{"type": "text", "name": "t", "isRequired": true}]}]}),
        json!({"pages": [{"name": "a", "elements": [{"type": "boolean", "name": "w"}]},
            {"name": "b", "enableIf": "{w} = true", "elements": [{"type": "text", "name": "t", "isRequired": true}]}]}),
    ] {
        let survey = take(&source);
        assert_eq!(wrong(&survey, &json!({"w": false})), [], "{source}");
        assert_eq!(wrong(&survey, &json!({"w": true})), [Wrong::Required], "{source}");
    }
    let survey = take(&json!({"elements": [{"type": "boolean", "name": "w"},
        {"type": "radiogroup", "name": "r", "choices": ["a", {"value": "banan", "enableIf": "{w} = true"}]},
        {"type": "text", "name": "t", "visibleIf": "{r} contains 'nan'"}]}));
    assert_eq!(wrong(&survey, &json!({"w": false, "r": "banan"})), [Wrong::NotOpen]);
    let taken = check(&survey, &json!({"w": true, "r": "banan", "t": "x"}));
    assert_eq!(
        (taken.faults.len(), taken.kept.contains_key("t")),
        (0, true),
        "a part of a code is contained in it"
    );
}

#[test]
fn rows_and_places_that_are_shut_ask_for_nothing_and_take_nothing() {
    let shut = |name: &str, value: &str| json!({"value": value, "text": name, "enableIf": "{w} = true"});
    let survey = take(&json!({"elements": [
        {"type": "boolean", "name": "w"},
        {"type": "matrix", "name": "m", "rows": ["r1", shut("R2", "r2")], "columns": ["c"], "eachRowRequired": true},
        {"type": "ranking", "name": "o", "choices": ["a", "b", shut("C", "c")]},
        {"type": "matrix", "name": "n", "rows": [shut("R", "r")], "columns": ["c"], "isRequired": true, "eachRowRequired": true},
        {"type": "dropdown", "name": "d", "choices": [shut("X", "x")], "isRequired": true},
    ]}));
    let answered = |w: bool, more: Json| {
        let mut answers = json!({"w": w, "m": {"r1": "c"}, "o": ["b", "a"]});
        answers.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let faults = check(&survey, &answers).faults.into_iter();
        faults.map(|fault| (fault.name, fault.row.unwrap_or_default(), fault.wrong)).collect::<Vec<_>>()
    };
    let one = |name: &str, row: &str, wrong: Wrong| (name.to_owned(), row.to_owned(), wrong);
    assert_eq!(answered(false, json!({})), []);
    let rows = json!({"m": {"r1": "c", "r2": "c"}});
    assert_eq!(answered(false, rows.clone()), [one("m", "r2", Wrong::NotOpen)]);
    let missing = [
        one("m", "r2", Wrong::EveryRow),
        one("o", "", Wrong::RankAll),
        one("n", "", Wrong::Required),
        one("d", "", Wrong::Required),
    ];
    assert_eq!(answered(true, json!({})), missing);
    let all = json!({"m": {"r1": "c", "r2": "c"}, "o": ["c", "b", "a"], "n": {"r": "c"}, "d": "x"});
    assert_eq!(answered(true, all.clone()), []);
    assert_eq!(answered(false, all).len(), 4);
}

#[test]
fn a_page_or_panel_in_which_nothing_can_be_answered_asks_for_nothing() {
    for inside in [
        json!([{"type": "html", "name": "h", "html": "<p>Läs</p>"}]),
        json!([{"type": "text", "name": "t", "readOnly": true}]),
        json!([{"type": "text", "name": "t", "visible": false}]),
        json!([]),
    ] {
        let survey = take(&json!({"pages": [
            {"name": "first", "elements": [{"type": "boolean", "name": "w"}]},
            {"name": "second", "isRequired": true, "elements": [
                {"type": "panel", "name": "g", "isRequired": true, "elements": inside}]},
        ]}));
        assert_eq!(wrong(&survey, &json!({"w": true})), [], "{inside}");
    }
}

#[test]
fn a_page_that_has_the_name_of_a_question_is_no_question() {
    let survey = take(&json!({"pages": [{"name": "t", "isRequired": true, "elements": [
        {"type": "text", "name": "t"}, {"type": "text", "name": "u"}]}]}));
    let faults = check(&survey, &json!({})).faults;
    assert!(faults.len() == 1 && !faults[0].is_of_question(), "{faults:?}");
}

#[test]
fn the_authors_words_stand_for_other_none_dont_know_and_refused_in_each_language() {
    let survey = take(&json!({"elements": [{"type": "radiogroup", "name": "q", "choices": ["a"],
        "showOtherItem": true, "showNoneItem": true, "showDontKnowItem": true, "showRefuseItem": true,
        "otherText": {"sv": "Något annat", "en": "Something else"}, "noneText": "Inget", "dontKnowText": "Ingen aning"}]}));
    let label = |code: &str, language: &str| {
        let choice = survey.questions[0].choices().iter().find(|choice| choice.code() == code).unwrap();
        choice.label.get(language).to_owned()
    };
    for (code, sv, en) in [
        ("other", "Något annat", "Something else"),
        ("none", "Inget", "Inget"),
        ("dontknow", "Ingen aning", "Ingen aning"),
        ("refused", "Vill inte svara", "Prefer not to say"),
    ] {
        assert_eq!((label(code, "sv").as_str(), label(code, "en").as_str()), (sv, en));
    }
}

#[test]
fn every_fault_is_said_in_both_languages() {
    let all = [
        Wrong::Required,
        Wrong::RequiredInside,
        Wrong::EveryRow,
        Wrong::OtherWithoutText,
        Wrong::NoSuchQuestion,
        Wrong::NoSuchChoice,
        Wrong::NoSuchRow,
        Wrong::NotOpen,
        Wrong::Shape,
        Wrong::Twice,
        Wrong::Alone,
        Wrong::TooFew(2),
        Wrong::TooMany(3),
        Wrong::RankAll,
        Wrong::SamePlace,
        Wrong::NotWhole,
        Wrong::NotANumber,
        Wrong::NotADay,
        Wrong::NotAMonth,
        Wrong::NotAnAddress,
        Wrong::NotALink,
        Wrong::Least("4".to_owned()),
        Wrong::Most("5".to_owned()),
        Wrong::TooShort(6),
        Wrong::TooLong(7),
        Wrong::Digits,
        Wrong::Pattern,
        Wrong::Condition,
    ];
    let mut said = std::collections::HashSet::new();
    for wrong in all {
        let words = wrong.words();
        assert!(words.sv != words.en && words.sv.ends_with('.') && words.en.ends_with('.'), "{words:?}");
        let number = format!("{wrong:?}").chars().filter(char::is_ascii_digit).collect::<String>();
        assert!(words.sv.contains(&number) && words.en.contains(&number), "{words:?}");
        assert!(said.insert(words.sv) && said.insert(words.en), "{wrong:?} is said like another");
    }
}
