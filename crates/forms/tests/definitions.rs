//! What a definition may hold, and what is said of what it may not.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use forms::definition::MAX_BYTES;
use forms::{Definition, Refusal, register, registered};
use serde_json::{Value as Json, json};

fn take(json: &Json) -> Definition {
    register(json.to_string().as_bytes(), None).unwrap_or_else(|refusals| panic!("{refusals:#?}"))
}

fn refuse(json: &Json) -> Vec<Refusal> {
    register(json.to_string().as_bytes(), None).err().unwrap_or_default()
}

fn refused(json: &Json, place: &str, word: &str) {
    let said = refuse(json);
    let found = said.iter().any(|refusal| refusal.place == place && refusal.what.sv.contains(word));
    assert!(found, "{place} {word}: {said:#?}");
}

fn with(element: Json) -> Json {
    json!({"elements": [{"type": "radiogroup", "name": "q", "choices": ["a", "b"]}, element]})
}

#[test]
fn all_faults_are_named_at_once_with_place_and_what_to_use_instead() {
    let said = refuse(&json!({"triggers": [], "elements": [
        {"type": "slider", "name": "s"},
        {"type": "text", "name": "t", "colCount": 2, "visibleif": "{t} = 1"},
        {"type": "paneldynamic", "name": "p"},
        {"type": "radiogroup", "name": "r", "choicesByUrl": {}, "choices": ["a"]},
    ]}));
    let places: Vec<&str> = said.iter().map(|refusal| refusal.place.as_str()).collect();
    let wanted = [
        "/triggers",
        "/elements/0/type",
        "/elements/1/colCount",
        "/elements/1/visibleif",
        "/elements/2/type",
        "/elements/3/choicesByUrl",
    ];
    assert_eq!(places, wanted);
    assert!(said.iter().all(|refusal| refusal.instead.is_some()));
    assert_eq!(said[3].instead.as_ref().unwrap().sv, "skriv visibleIf");
}

#[test]
fn what_survey_core_passes_over_in_silence_is_refused() {
    let text = |name: &str, more: Json| {
        let mut element = json!({"type": "text", "name": name});
        element.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        with(element)
    };
    let at = "/elements/1/visibleIf";
    refused(&text("t", json!({"visibleIf": "{q} = "})), at, "slutar för tidigt");
    refused(&text("t", json!({"visibleIf": "({q} = 'a'"})), at, "slutar för tidigt");
    refused(&text("t", json!({"visibleIf": "not {q}"})), at, "!");
    refused(&text("t", json!({"visibleIf": "{qq} = 'a'"})), at, "ingen fråga heter");
    refused(&text("t", json!({"visibleIf": "{ q } = 'a'"})), at, "ingen fråga heter");
    refused(&text("t", json!({"visibleIf": "{q} = 'c'"})), at, "har inget svar");
    refused(&text("t", json!({"visibleIf": "{q} = 'A'"})), at, "har inget svar");
    refused(&text("t", json!({"visibleIf": "{q} anyof ['a', 'c']"})), at, "har inget svar");
    refused(&text("t", json!({"visibleIf": "fetch({q})"})), at, "funktionen fetch");
    refused(&text("t", json!({"visibleIf": "displayValue('nope') = 1"})), at, "nope");
    refused(&text("Q", json!({})), "/elements/1", "finns redan");
    refused(
        &text("t", json!({"validators": [{"type": "regex", "regex": "(a)\\1"}]})),
        "/elements/1/validators/0/regex",
        "mönstret",
    );
    refused(
        &text("t", json!({"validators": [{"type": "regex", "regex": "(?=a)"}]})),
        "/elements/1/validators/0/regex",
        "mönstret",
    );
    refused(&text("t", json!({"inputType": "time"})), "/elements/1/inputType", "time");
    refused(&text("t", json!({"inputType": "date", "min": "igår"})), "/elements/1/min", "dag");
    refused(
        &with(json!({"type": "html", "name": "h", "html": "<b onclick='x'>hej</b><script>1</script>"})),
        "/elements/1/html",
        "script",
    );
}

#[test]
fn questions_that_depend_on_each_other_are_refused_by_name_and_each_circle_once() {
    let circle = json!({"elements": [
        {"type": "text", "name": "a", "visibleIf": "{b} = 1"},
        {"type": "text", "name": "b", "visibleIf": "{c} = 1"},
        {"type": "text", "name": "c", "visibleIf": "{a} = 1"},
        {"type": "text", "name": "own", "visibleIf": "{own} = 1"},
        {"type": "panel", "name": "g", "visibleIf": "{inside} = 1", "elements": [{"type": "text", "name": "inside"}]},
        {"type": "panel", "name": "r", "elements": [{"type": "text", "name": "x"}, {"type": "text", "name": "y", "visibleIf": "isContainerReady('r')"}]},
    ]});
    let said = refuse(&circle);
    assert_eq!(said.len(), 4, "{said:#?}");
    assert!(said.iter().any(|refusal| refusal.what.sv == "own beror på sig själv"));
    refused(&circle, "/elements/0", "beror på varandra: a, b, c");
}

#[test]
fn a_chain_of_two_thousand_conditions_is_taken() {
    let mut elements = vec![json!({"type": "text", "name": "q0"})];
    for at in 1..2_000 {
        elements.push(
            json!({"type": "text", "name": format!("q{at}"), "visibleIf": format!("{{q{}}} = 1", at - 1)}),
        );
    }
    assert_eq!(take(&json!({"elements": elements})).questions.len(), 2_000);
}

#[test]
fn huge_broken_and_deep_definitions_are_refused() {
    assert!(register(&vec![b' '; MAX_BYTES + 1], None).is_err());
    assert!(register("{\"a\":".repeat(100_000).as_bytes(), None).is_err());
    assert!(register(b"[]", None).is_err());
    assert!(register(b"{\"elements\": [", None).is_err());
    assert!(register(b"{}", None).is_err());
    let many = json!({"elements": vec![json!({"type": "x"}); 5_000]});
    let said = refuse(&many);
    assert!(said.len() <= 201 && said.last().unwrap().what.en.contains("more"));
}

#[test]
fn spellings_of_versions_1_and_2_are_taken() {
    let definition = take(&json!({"mode": "display", "pages": [{"name": "p", "elements": [
        {"type": "radiogroup", "name": "q", "choices": ["a"], "hasOther": true, "hasNone": true, "isRequired": true},
        {"type": "matrix", "name": "m", "rows": ["r"], "columns": ["c"], "isAllRowRequired": true},
        {"type": "checkbox", "name": "c", "choices": ["a"], "hasComment": true},
    ]}]}));
    assert!(definition.read_only);
    let codes: Vec<String> = definition.questions[0].choices().iter().map(|choice| choice.code()).collect();
    assert_eq!(codes, ["a", "none", "other"]);
    assert!(definition.question("C").unwrap().comment.is_some());
}

#[test]
fn the_source_is_kept_as_it_was_sent_and_its_hash_is_of_those_bytes() {
    let source = "\u{feff}{ \"elements\" : [ {\"type\":\"text\", \"name\":\"q\"} ] }\n".as_bytes();
    let definition = register(source, None).unwrap();
    assert_eq!(&*definition.source, source);
    let other = register(&source[3..], None).unwrap();
    assert_ne!(definition.sha256, other.sha256);
    assert_eq!(definition.question_set, other.question_set);
}

#[test]
fn the_question_set_changes_with_names_types_values_and_scores_and_not_with_wording_or_order() {
    let survey = |title: &str, choices: Json, score: i64| {
        json!({"elements": [
            {"type": "radiogroup", "name": "q", "title": title, "choices": choices},
            {"type": "text", "name": "t"},
        ], "larka": {"scales": [{"id": "s", "codes": [{"code": "a", "score": score}, {"code": "b"}]}], "items": {"q": {"scale": "s"}}}})
    };
    let first = take(&survey("Hur?", json!(["a", "b"]), 1));
    assert_eq!(
        first.question_set,
        take(&survey("Hur då?", json!(["b", {"value": "a", "text": "A"}]), 1)).question_set
    );
    assert_ne!(first.question_set, take(&survey("Hur?", json!(["a", "b"]), 2)).question_set);
    let mut other = survey("Hur?", json!(["a", "b"]), 1);
    other["elements"][1]["name"] = "u".into();
    assert_ne!(first.question_set, take(&other).question_set);
    other["elements"].as_array_mut().unwrap().swap(0, 1);
    let swapped = take(&other);
    other["elements"].as_array_mut().unwrap().swap(0, 1);
    assert_eq!(swapped.question_set, take(&other).question_set);
    other["elements"][1]["inputType"] = "number".into();
    assert_ne!(swapped.question_set, take(&other).question_set);
}

#[test]
fn texts_fall_back_from_a_region_to_its_language_to_the_definitions_own() {
    let definition = take(&json!({"locale": "sv", "title": {"sv": "Enkät", "en": "Survey", "ar": "استبيان"},
        "elements": [{"type": "text", "name": "q", "title": {"default": "Fråga", "en": "Question"}}]}));
    assert_eq!(definition.languages, ["sv", "ar", "en"]);
    assert_eq!(definition.title.get("en-GB"), "Survey");
    assert_eq!(definition.title.get("fi"), "Enkät");
    assert_eq!(definition.questions[0].title.get("ar"), "Fråga");
}

#[test]
fn a_sidecar_beside_says_the_same_as_one_inside_and_is_held_against_the_questions() {
    let survey = json!({"elements": [{"type": "radiogroup", "name": "q", "choices": ["a", "b"], "showDontKnowItem": true}]});
    let sidecar = json!({"scales": [{"id": "s", "codes": [{"code": "a", "score": [1, 3]}, {"code": "b", "score": 1, "positive": true}, {"code": "dontknow", "dont_know": true}]}],
        "items": {"q": {"scale": "s", "reverse": true}}, "indexes": [{"id": "i", "title": "I", "items": ["q"]}]});
    let beside = register(survey.to_string().as_bytes(), Some(sidecar.to_string().as_bytes())).unwrap();
    let mut inside = survey.clone();
    inside["larka"] = sidecar.clone();
    assert_eq!(beside.sidecar, take(&inside).sidecar);
    assert_eq!(beside.question_set, take(&inside).question_set);
    inside["larka"]["scales"][0]["codes"].as_array_mut().unwrap().pop();
    refused(&inside, "/larka/items/q", "dontknow");
    inside["larka"]["items"]["nope"] = json!({"scale": "s"});
    refused(&inside, "/larka/items/nope", "ingen fråga");
    inside["larka"]["indexes"][0]["parts"] = json!(["later"]);
    refused(&inside, "/larka/indexes/0", "later");
}

#[test]
fn text_between_questions_is_cleaned() {
    let definition =
        take(&with(json!({"type": "html", "name": "h", "html": "<p onclick=\"x()\">Hej <b>du</b></p>"})));
    let forms::question::Kind::Html(html) = &definition.questions[1].kind else { panic!() };
    assert_eq!(html.default, "<p>Hej <b>du</b></p>");
}

#[test]
fn texts_that_name_answers_are_refused_and_other_braces_are_text() {
    let survey = |text: &str, property: &str| {
        let mut question = json!({"type": "radiogroup", "name": "r", "choices": [{"value": "a", "text": "A"}], "showOtherItem": true});
        let mut page = json!({"name": "sidan", "title": "T"});
        let text = json!({"default": "T", "en": text});
        match property {
            "choices" => question["choices"][0]["text"] = text,
            "validators" => {
                question["validators"] =
                    json!([{"type": "expression", "expression": "{q} = 1", "text": text}])
            }
            "page" => page["title"] = text,
            _ => question[property] = text,
        }
        page["elements"] = json!([
            {"type": "text", "name": "q"}, {"type": "matrix", "name": "m", "rows": ["r1"], "columns": ["c"]},
            {"type": "panel", "name": "panelen", "elements": [question]}]);
        json!({"pages": [page], "calculatedValues": [{"name": "summa", "expression": "1 + 1"}]})
    };
    let places = [
        ("title", "/title"),
        ("description", "/description"),
        ("requiredErrorText", "/requiredErrorText"),
        ("otherText", "/otherText"),
        ("choices", "/choices/0/text"),
        ("validators", "/validators/0/text"),
    ];
    for (property, place) in places {
        let place = format!("/pages/0/elements/2/elements/0{place}");
        refused(&survey("Hej {q}!", property), &place, "{q}");
        let said = refuse(&survey("Hej {q}!", property));
        assert_eq!(said[0].instead.as_ref().unwrap().en, "write the text without the answer");
        assert_eq!(refuse(&survey("Hej {valfritt}!", property)), [], "{property}");
    }
    refused(&survey("Hej {q}!", "page"), "/pages/0/title", "{q}");
    for name in [
        "{Q}",
        "{ q }",
        "{m.r1}",
        "{q[0]}",
        "{r-Comment}",
        "{summa}",
        "{sidan}",
        "{panelen}",
        "{pageno}",
        "${ingen}",
        "{respondent_group}",
    ] {
        assert_eq!(refuse(&survey(&format!("Hej {name}!"), "title")).len(), 1, "{name}");
    }
    for text in ["{}", "{ett ord}", "{q", "q}", "{1}", "{\"q\": 1}"] {
        assert_eq!(refuse(&survey(text, "title")), [], "{text}");
    }
    refused(
        &json!({"title": "{q}", "elements": [{"type": "text", "name": "q"}, {"type": "html", "name": "h", "html": "<p>{q}</p>"}]}),
        "/elements/1/html",
        "{q}",
    );
}

#[test]
fn names_and_codes_that_look_alike_are_there_already() {
    refused(
        &json!({"elements": [{"type": "text", "name": "éle"}, {"type": "text", "name": "E\u{301}le"}]}),
        "/elements/1",
        "finns redan",
    );
    refused(
        &json!({"elements": [{"type": "radiogroup", "name": "q", "choices": ["é", "e\u{301}"]}]}),
        "/elements/0/choices/1",
        "två gånger",
    );
    let pages = json!({"pages": [{"name": "é", "elements": [{"type": "text", "name": "a"}]}, {"name": "e\u{301}", "elements": []}]});
    refused(&pages, "/pages/1", "heter redan");
}

#[test]
fn what_was_registered_by_fewer_rules_is_read_as_it_was() {
    let (composed, apart) = ("\u{e9}le", "e\u{301}le");
    let choices = json!(["\u{e5}", "a\u{30a}"]);
    let source = json!({"title": "Hej {namn}", "elements": [{"type": "text", "name": "namn"},
        {"type": "text", "name": composed}, {"type": "text", "name": apart},
        {"type": "radiogroup", "name": "q", "title": "Varför {namn}?", "choices": choices}]});
    let source = source.to_string();
    assert!(register(source.as_bytes(), None).unwrap_err().len() >= 4);
    let read = registered(source.as_bytes(), None).unwrap();
    assert_eq!((read.questions.len(), read.title.get("sv")), (4, "Hej {namn}"));
    assert!(registered(br#"{"elements": [{"type": "slider", "name": "s"}]}"#, None).is_err());
}
