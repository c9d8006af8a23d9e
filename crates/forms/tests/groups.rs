//! Groups of respondents, told apart by `{respondent_group}`.

#![allow(clippy::unwrap_used)]

use forms::answers::look;
use forms::question::RESPONDENT_GROUP;
use forms::{Definition, Refusal, register};
use serde_json::{Value, json};

fn read(mut definition: Value, groups: Value) -> Result<Definition, Vec<Refusal>> {
    definition["larka"] = json!({ "groups": groups });
    register(definition.to_string().as_bytes(), None)
}

fn groups() -> Value {
    json!([
        { "id": "elever", "title": { "sv": "Elever", "en": "Pupils" } },
        { "id": "larare", "title": { "sv": "Lärare", "en": "Teachers" } },
        { "id": "ledare", "title": { "sv": "Ledare", "en": "Leaders" } },
    ])
}

fn questions() -> Value {
    let radio = |name: &str, visible: Option<&str>| {
        let mut question =
            json!({ "type": "radiogroup", "name": name, "choices": ["ja", "nej"], "isRequired": true });
        if let Some(visible) = visible {
            question["visibleIf"] = visible.into();
        }
        question
    };
    json!({
        "pages": [
            { "name": "alla", "elements": [
                radio("trivs", None),
                radio("ensam", Some("{trivs} = 'nej' and {respondent_group} <> 'ledare'")),
                { "type": "matrix", "name": "dag", "columns": ["1", "2"], "rows": [
                    "rast", { "value": "rum", "visibleIf": "{respondent_group} = 'larare'" },
                ] },
            ] },
            { "name": "personal", "visibleIf": "{vuxen}", "elements": [
                { "type": "panel", "name": "led", "visibleIf": "!({respondent_group} = 'larare')", "elements": [radio("leder", None)] },
                radio("plan", Some("{trivs} notempty or {respondent_group} = 'ledare'")),
            ] },
        ],
        "calculatedValues": [{ "name": "vuxen", "expression": "{respondent_group} anyof ['larare', 'ledare']" }],
    })
}

#[test]
fn a_question_is_asked_of_the_groups_that_its_conditions_do_not_leave_out() {
    let survey = read(questions(), groups()).unwrap();
    let asked = |name: &str| survey.asked_of(survey.question(name).unwrap(), None);
    assert!(asked("trivs").is_empty());
    assert_eq!(asked("ensam"), ["elever", "larare"], "whatever is answered before");
    assert_eq!(asked("leder"), ["ledare"], "by its page, through what is calculated, and its panel");
    assert_eq!(asked("plan"), ["larare", "ledare"]);
    let matrix = survey.question("dag").unwrap();
    let rows: Vec<_> = matrix.rows().iter().map(|row| survey.asked_of(matrix, Some(row))).collect();
    assert_eq!(rows, [vec![], vec!["larare".to_owned()]]);
}

#[test]
fn what_is_shown_and_kept_hangs_on_the_group_which_is_no_answer() {
    let survey = read(questions(), groups()).unwrap();
    let checked = |group: &str| {
        let answers = json!({ RESPONDENT_GROUP: group, "trivs": "ja", "leder": "ja", "plan": "nej" });
        let answers = answers.as_object().unwrap().clone();
        let checked = look(&survey, &answers, Default::default()).check();
        let faults: Vec<_> = checked.faults.iter().map(|fault| fault.name.clone()).collect();
        (checked.kept.keys().cloned().collect::<Vec<_>>(), faults)
    };
    assert_eq!(checked("elever"), (vec!["trivs".to_owned()], vec![]));
    assert_eq!(checked("larare").0, ["trivs", "plan"]);
    assert_eq!(checked("ledare").0, ["trivs", "leder", "plan"]);
    assert_eq!(checked("ingen").1, [RESPONDENT_GROUP]);
    // Of a survey without groups it is a question that there is not.
    let plain = read(json!({ "elements": [{ "type": "boolean", "name": "b" }] }), json!([])).unwrap();
    let answers = json!({ RESPONDENT_GROUP: "elever" }).as_object().unwrap().clone();
    assert_eq!(look(&plain, &answers, Default::default()).check().faults.len(), 1);
}

#[test]
fn groups_and_conditions_that_do_not_go_together_are_refused_with_their_place() {
    let refused = |definition: Value, groups: Value| {
        let refused = read(definition, groups).map(|_| ()).unwrap_err();
        refused.into_iter().map(|refusal| (refusal.place, refusal.what.en)).collect::<Vec<_>>()
    };
    let one = |visible: &str| {
        json!({ "elements": [
            { "type": "boolean", "name": "a" }, { "type": "boolean", "name": "b", "visibleIf": visible },
        ] })
    };
    let told = refused(one("{respondent_group} = 'elever'"), json!([]));
    assert!(
        told[0].0.ends_with("/elements/1/visibleIf") && told[0].1.contains("nothing without groups"),
        "{told:?}"
    );
    let told = refused(one("{respondent_group} = 'Elever'"), groups());
    assert!(told[0].1.contains("no group Elever"), "{told:?}");
    let told = refused(one("{respondent_group} empty"), groups());
    assert!(told[0].0.ends_with("/elements/1") && told[0].1.contains("of no group"), "{told:?}");
    let told = refused(one("{a}"), json!([{ "id": "Åk 9", "title": "Nian" }]));
    assert_eq!(told[0].0, "/larka/groups/0/id");
    let taken = json!({ "elements": [{ "type": "boolean", "name": RESPONDENT_GROUP }] });
    assert_eq!(refused(taken, groups())[0].0, "/larka/groups");
}

#[test]
fn a_row_of_a_file_is_of_the_group_that_it_says_or_its_role_has() {
    use forms::files::{File, Reading, Terms};
    let survey = read(questions(), groups()).unwrap();
    let results = json!([
        { "respondent_group": "ledare", "roll": "Lärare", "trivs": "ja", "leder": "nej", "plan": "ja" },
        { "roll": "Lärare", "trivs": "ja", "leder": "nej", "plan": "ja" },
        { "roll": "Vaktmästare", "trivs": "ja" },
    ]);
    let terms = Terms {
        role: Some("roll".to_owned()),
        groups: [("Lärare".to_owned(), "larare".to_owned())].into(),
        ..Terms::default()
    };
    let file = File::open(Box::new(std::io::Cursor::new(results.to_string().into_bytes()))).unwrap();
    let mut reading = Reading::open(&survey, file, terms).unwrap();
    let mut next = || reading.answer().unwrap().unwrap().answers;
    let kept = |answers: serde_json::Map<String, Value>| answers.keys().cloned().collect::<Vec<_>>();
    assert_eq!(kept(next().unwrap()), ["trivs", "leder", "plan"]);
    assert_eq!(kept(next().unwrap()), ["trivs", "plan"], "leaders alone are asked the other");
    let wrong = next().unwrap_err();
    assert!(wrong.iter().any(|(place, _)| place == RESPONDENT_GROUP), "{wrong:?}");
}
