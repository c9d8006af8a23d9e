//! Sheets become what pyxform 4.5.0 says that they mean, or are refused with sheet, row and column.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use chrono::NaiveDate;
use forms::answers::look;
use forms::question::{Conditions, Input, Kind, Question, Rule};
use forms::{Definition, Refusal, read_xlsform, register, write_xlsform};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value as Json, json};

/// Writes forms as `.xlsx` and `.ods`; what pyxform says of each.
fn ask(forms: &[Json]) -> (tempfile::TempDir, Vec<Json>) {
    let folder = tempfile::tempdir().unwrap();
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients");
    let mut python = Command::new(clients.join(".venv-xlsform/bin/python"))
        .arg(clients.join("xlsform.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{e}; run tests/clients/install first"));
    let asked = json!({"folder": folder.path(), "forms": forms}).to_string();
    python.stdin.take().unwrap().write_all(asked.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "pyxform did not answer; run tests/clients/install first");
    (folder, serde_json::from_slice(&output.stdout).unwrap())
}

/// What Lärka makes of the first form of a folder, which both formats agree on.
fn read(folder: &Path, at: usize) -> Result<Definition, Vec<Refusal>> {
    let read = |ending: &str| read_xlsform(&std::fs::read(folder.join(format!("{at}.{ending}"))).unwrap());
    let (xlsx, ods) = (read("xlsx"), read("ods"));
    assert_eq!(xlsx, ods);
    xlsx.and_then(|source| register(source.as_bytes(), None))
}

fn form(survey: Json, choices: Json) -> Json {
    json!({"survey": survey, "choices": choices, "settings": [["form_title", "default_language"], ["Enkät", "Svenska (sv)"]]})
}

fn one(survey: Json) -> Result<Definition, Vec<Refusal>> {
    let choices = json!([
        ["list_name", "name", "label", "town"],
        ["yn", "ja", "Ja", "x"],
        ["yn", "nej", "Nej", "y"],
        ["yn", "0180", "Kod", "x"]
    ]);
    read(ask(&[form(survey, choices)]).0.path(), 0)
}

fn generated(seed: u64) -> Json {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut rows = vec![json!([
        "type",
        "name",
        "label::Svenska (sv)",
        "label::English (en)",
        "hint",
        "relevant",
        "required",
        "constraint",
        "appearance"
    ])];
    let mut numbers: Vec<String> = Vec::new();
    let mut ones: Vec<String> = Vec::new();
    let mut open = false;
    for at in 0..dice.random_range(3..12) {
        let name = format!("fråga_{at}");
        let mut relevant = String::new();
        if dice.random_ratio(1, 3) {
            relevant = match (numbers.choose(&mut dice), ones.choose(&mut dice)) {
                (Some(number), _) if dice.random_bool(0.5) => format!("${{{number}}} + 1 > 3"),
                (_, Some(one)) => format!("selected(${{{one}}}, 'a') or not(${{{one}}} = '')"),
                _ => String::new(),
            };
        }
        if dice.random_ratio(1, 5) && !open {
            rows.push(json!(["begin_group", format!("g{at}"), "G", "G", "", relevant, "", "", ""]));
            open = true;
            relevant.clear();
        }
        let kinds = [
            "select_one one",
            "select one one",
            "select_multiple one",
            "integer",
            "decimal",
            "text",
            "date",
            "rank one",
            "phone number",
            "note",
        ];
        let kind = *kinds.choose(&mut dice).unwrap();
        let required =
            if kind == "note" { "" } else { *["", "yes", "no", "TRUE"].choose(&mut dice).unwrap() };
        let constraint = if kind == "integer" && dice.random_bool(0.5) { ". >= 0 and . < 100" } else { "" };
        let appearance = match kind {
            "text" if dice.random_bool(0.5) => "multiline",
            "select_one one" if dice.random_bool(0.5) => "minimal",
            _ => "",
        };
        let label = *["Hur  går det?", " Text ", "”Så” här"].choose(&mut dice).unwrap();
        rows.push(json!([kind, name, label, "How?", "", relevant, required, constraint, appearance]));
        match kind {
            "integer" | "decimal" => numbers.push(name),
            "select_one one" => ones.push(name),
            _ => {}
        }
        if open && dice.random_ratio(1, 3) {
            rows.push(json!(["end_group", "", "", "", "", "", "", "", ""]));
            open = false;
        }
    }
    if open {
        rows.push(json!(["end_group", "", "", "", "", "", "", "", ""]));
    }
    let choices = json!([
        ["list_name", "name", "label::Svenska (sv)", "label::English (en)"],
        ["one", "a", "A", "A"],
        ["one", 1, "Ett", "One"],
        ["one", 2.5, "Två", "Two"],
        ["one", "01", "Noll", "Nought"],
        ["one", true, "Sant", "True"]
    ]);
    form(rows.into(), choices)
}

/// What was read from a sheet is written as one that is read as the same.
fn same_when_written(definition: &Definition, context: &str) {
    let written = write_xlsform(definition).unwrap_or_else(|refusals| panic!("{context}: {refusals:#?}"));
    let source = read_xlsform(&written).unwrap();
    let read = register(source.as_bytes(), None).unwrap();
    assert_eq!(read.question_set, definition.question_set, "{context}");
    for (question, before) in read.questions.iter().zip(&definition.questions) {
        let conditions = |asked: &Question| {
            let Conditions { visible_if, required_if, required, .. } = &asked.conditions;
            let conditions = [visible_if, required_if].map(|one| one.as_ref().map(|one| one.parsed.clone()));
            let rules: Vec<String> = asked
                .validators
                .iter()
                .map(|one| match &one.rule {
                    Rule::Expression(one) => format!("{:?}", one.as_ref().map(|one| &one.parsed)),
                    rule => format!("{rule:?}"),
                })
                .collect();
            (conditions, *required, rules, asked.kind.name())
        };
        assert_eq!(conditions(question), conditions(before), "{context}");
        assert_eq!(question.title.get("en"), before.title.get("en"), "{context}");
    }
    assert_eq!(write_xlsform(&read).unwrap(), written, "{context}");
}

#[test]
fn whatever_is_read_from_a_sheet_is_written_back() {
    let survey = one(json!([
        [
            "type",
            "name",
            "label",
            "hint",
            "relevant",
            "required",
            "required_message",
            "constraint",
            "constraint_message",
            "calculation",
            "choice_filter",
            "appearance"
        ],
        ["note", "hej", "Hej!\n1 < 2 & \"så\" här", "", "", "", "", "", "", "", "", ""],
        ["select_one yn", "q", "Q", "H", "", "yes", "Svara", "", "", "", "", ""],
        [
            "select_multiple yn or_other",
            "m",
            "M",
            "",
            "${q} != ''",
            "${q} = 'ja'",
            "",
            "count-selected(.) <= 2",
            "Högst två",
            "",
            "",
            ""
        ],
        ["integer", "n", "N", "", "", "", "", ". >= 5 and . <= 120", "Mellan 5 och 120", "", "", ""],
        ["integer", "n2", "N", "", "", "", "", "", "", "", "", ""],
        [
            "decimal",
            "x",
            "X",
            "",
            "not(${m} = 'ja') or count-selected(${m}) >= 2",
            "",
            "",
            ". mod 2 != 0.5",
            "",
            "",
            "",
            ""
        ],
        ["date", "d", "D", "", "", "", "", ". <= today()", "Inte i framtiden", "", "", ""],
        [
            "date",
            "d2",
            "D",
            "",
            "${d} > date('2026-01-01') and ${n} != 7",
            "",
            "",
            ". >= ${d}",
            "",
            "",
            "",
            ""
        ],
        ["text", "tel", "T", "", "", "", "", "regex(., '^[0-9 +-]{7,15}$')", "Siffror", "", "", ""],
        ["begin_group", "g", "G\nrad två", "", "${n} >= 10", "", "", "", "", "", "", ""],
        ["text", "town", "T", "", "", "", "", "", "", "", "", ""],
        ["select_one yn", "f", "F", "", "", "", "", "", "", "", "town = ${tel}", "minimal"],
        ["rank yn", "r", "R", "", "", "", "", "", "", "", "town = ${town}", ""],
        ["end_group", "", "", "", "", "", "", "", "", "", "", ""],
        ["calculate", "twice", "", "", "", "", "", "", "", "${n} * 2 - (${x} + 1) div 3", "", ""],
        ["calculate", "if_so", "", "", "", "", "", "", "", "if(${n} > 3 or ${q} = 'ja', 1, 0)", "", ""],
        ["calculate", "same", "", "", "", "", "", "", "", "${twice}", "", ""],
        ["calculate", "two", "", "", "", "", "", "", "", "-2", "", ""],
        [
            "text",
            "last",
            "L",
            "",
            "${twice} - ${n} < 5 and ${two} != ${n} + ${x}",
            "",
            "",
            "",
            "",
            "",
            "",
            "multiline"
        ],
        ["acknowledge", "ok", "OK", "", "", "yes", "", "", "", "", "", ""],
        ["range", "s", "S", "", "", "", "", "", "", "", "", ""],
    ]))
    .unwrap_or_else(|e| panic!("{e:#?}"));
    same_when_written(&survey, "all");
}

#[test]
fn generated_sheets_mean_what_pyxform_says() {
    let forms: Vec<Json> = (0..150).map(generated).collect();
    let (folder, said) = ask(&forms);
    for (at, said) in said.iter().enumerate() {
        let context = || format!("{at}: {}", forms[at]);
        assert!(said.get("refused").is_none(), "{}", context());
        let definition = read(folder.path(), at).unwrap_or_else(|e| panic!("{}: {e:#?}", context()));
        same_when_written(&definition, &context());
        let theirs = said["questions"].as_array().unwrap();
        assert_eq!(definition.questions.len(), theirs.len(), "{}", context());
        for (question, theirs) in definition.questions.iter().zip(theirs) {
            assert_eq!(question.name, theirs["name"]);
            let kind = match theirs["type"].as_str().unwrap() {
                "select one" => vec!["radiogroup", "dropdown"],
                "select all that apply" => vec!["checkbox"],
                "rank" => vec!["ranking"],
                "note" => vec!["html"],
                "text" => vec!["text", "comment"],
                _ => vec!["text"],
            };
            assert!(kind.contains(&question.kind.name()), "{}", context());
            let required = matches!(theirs["required"].as_str(), Some("yes" | "TRUE" | "true()"));
            assert_eq!(question.conditions.required, required, "{}", context());
            assert_eq!(
                question.conditions.visible_if.is_some(),
                theirs["relevant"].is_string(),
                "{}",
                context()
            );
            let group = question.panels.last().map(|panel| definition.panels[*panel].name.as_str());
            assert_eq!(group, theirs["group"].as_str(), "{}", context());
            if !matches!(question.kind, Kind::Html(_)) {
                assert_eq!(question.title.get("sv"), theirs["label"]["Svenska (sv)"], "{}", context());
            }
            if let Some(list) = theirs["list"].as_str() {
                let codes: Vec<String> = question.choices().iter().map(|choice| choice.code()).collect();
                assert_eq!(json!(codes), said["choices"][list], "{}", context());
            }
        }
    }
}

#[test]
fn conditions_mean_in_lärka_what_they_mean_in_xpath() {
    let survey = one(json!([
        ["type", "name", "label", "relevant", "constraint"],
        ["select_one yn", "q", "Q", "", ""],
        ["select_multiple yn", "m", "M", "", ""],
        ["integer", "n", "N", "", ". >= 0"],
        ["date", "d", "D", "", ""],
        ["text", "is", "T", "${q} = 'ja'", ""],
        ["text", "is_not", "T", "${q} != 'ja'", ""],
        ["text", "none", "T", "${q} = ''", ""],
        ["text", "code", "T", "${q} = '0180'", ""],
        ["text", "in", "T", "selected(${m}, 'ja')", ""],
        ["text", "only", "T", "${m} = 'ja'", ""],
        ["text", "two", "T", "count-selected(${m}) >= 2", ""],
        ["text", "more", "T", "${n} + 1 > 0", ""],
        ["text", "less", "T", "${n} < 5", ""],
        ["text", "unlike", "T", "${n} != 5", ""],
        ["text", "half", "T", "${n} mod 2 = 0 and ${n} div 2 > 1", ""],
        ["text", "late", "T", "${d} > date('2026-01-01')", ""],
        ["text", "not", "T", "not(${q} = 'ja' or ${n} = 3)", ""],
    ]))
    .unwrap_or_else(|e| panic!("{e:#?}"));
    let shown = |answers: Json| -> Vec<String> {
        let answers: Map<String, Json> = answers.as_object().unwrap().clone();
        let now = NaiveDate::from_ymd_opt(2026, 5, 3).unwrap().and_hms_opt(10, 0, 0).unwrap();
        let view = look(&survey, &answers, now);
        let questions = survey.questions.iter().enumerate().skip(4);
        questions.filter(|(at, _)| view.shows(*at)).map(|(_, question)| question.name.clone()).collect()
    };
    assert_eq!(shown(json!({})), ["is_not", "none", "unlike", "not"]);
    assert_eq!(
        shown(json!({"q": "ja", "m": ["ja"], "n": 0})),
        ["is", "in", "only", "more", "less", "unlike"]
    );
    assert_eq!(
        shown(json!({"q": "0180", "m": ["ja", "nej"], "n": 5})),
        ["is_not", "code", "in", "two", "more", "not"]
    );
    assert_eq!(
        shown(json!({"n": 4, "d": "2026-02-01"})),
        ["is_not", "none", "more", "less", "unlike", "half", "late", "not"]
    );
}

#[test]
fn what_has_no_like_is_refused_with_sheet_row_and_column() {
    let head = json!([
        "type",
        "name",
        "label",
        "relevant",
        "constraint",
        "required",
        "calculation",
        "choice_filter"
    ]);
    let rows: &[(Json, &str)] = &[
        (json!(["Text", "a", "A", "", "", "", "", ""]), "survey, 3, type"),
        (json!(["email", "a", "A", "", "", "", "", ""]), "survey, 3, type"),
        (json!(["deviceid", "a", "", "", "", "", "", ""]), "survey, 3, type"),
        (json!(["begin_repeat", "a", "A", "", "", "", "", ""]), "survey, 3, type"),
        (json!(["geopoint", "a", "A", "", "", "", "", ""]), "survey, 3, type"),
        (json!(["text", "a", "A", "${n}", "", "", "", ""]), "survey, 3, relevant"),
        (json!(["text", "a", "A", "${n} = ja", "", "", "", ""]), "survey, 3, relevant"),
        (json!(["text", "a", "A", "${n} == 1", "", "", "", ""]), "survey, 3, relevant"),
        (json!(["text", "a", "A", "${n} > 0,5", "", "", "", ""]), "survey, 3, relevant"),
        (json!(["text", "a", "A", "OM(${n} = 1)", "", "", "", ""]), "survey, 3, relevant"),
        (json!(["text", "a", "A", "${nn} = 1", "", "", "", ""]), "survey, 3, relevant"),
        (json!(["text", "a", "A", "${a} < 1", "", "", "", ""]), "survey, 3, relevant"),
        (json!(["date", "a", "A", "${a} > '2026-01-01'", "", "", "", ""]), "survey, 3, relevant"),
        (json!(["text", "a", "A", "pulldata('x', 'y')", "", "", "", ""]), "survey, 3, relevant"),
        (json!(["text", "a", "A", "", "regex(., 'a')", "", "", ""]), "survey, 3, constraint"),
        (json!(["text", "a", "A", "", "", "ja", "", ""]), "survey, 3, required"),
        (json!(["select_one nope", "a", "A", "", "", "", "", ""]), "survey, 3, type"),
        (json!(["select_one yn", "a", "A", "", "", "", "", "fler"]), "survey, 3, choice_filter"),
        (json!(["calculate", "a", "", "", "", "", "concat(${n}, 'x')", ""]), "survey, 3, calculation"),
    ];
    let choices = json!([["list_name", "name", "label"], ["yn", "ja", "Ja"]]);
    let forms: Vec<Json> = rows
        .iter()
        .map(|(row, _)| form(json!([head, ["integer", "n", "N", "", "", "", "", ""], row]), choices.clone()))
        .collect();
    let (folder, _) = ask(&forms);
    for (at, (row, place)) in rows.iter().enumerate() {
        let said = read(folder.path(), at).err().unwrap_or_else(|| panic!("{row} is taken"));
        assert!(said.iter().any(|refusal| refusal.place == *place), "{row}: {said:#?}");
    }
    let merged =
        json!([["list_name", "name", "label"], ["yn", "ja", "Ja"], ["", "nej", "Nej"], ["yn", "JA", "Ja"]]);
    let misspelt =
        json!([["type", "name", "label", "relevent", "default"], ["select_one yn", "a", "A", "1 = 1", "ja"]]);
    let (folder, _) = ask(&[form(misspelt, merged)]);
    let said = read(folder.path(), 0).unwrap_err();
    let places: Vec<&str> = said.iter().map(|refusal| refusal.place.as_str()).collect();
    assert_eq!(
        places,
        ["choices, 3, list_name", "choices, 4, name", "survey, 2, relevent", "survey, 2, default"]
    );
    assert!(read_xlsform(b"PK\x03\x04").is_err() && read_xlsform(b"type;name").is_err());
}

#[test]
fn calculations_filters_ranges_and_other_become_their_likes() {
    let survey = one(json!([
        ["type", "name", "label", "calculation", "choice_filter", "parameters"],
        ["text", "where", "W", "", "", ""],
        ["select_one yn or_other", "q", "Q", "", "town = ${where}", ""],
        ["range", "r", "R", "", "", "start=0 end=10 step=5"],
        ["integer", "n", "N", "", "", ""],
        ["calculate", "twice", "", "${n} * 2 + 1", "", ""],
        ["note", "h", "1 < 2 & \"x\"", "", "", ""],
        ["acknowledge", "ok", "OK", "", "", ""],
        ["phone number", "phone", "Phone", "", "", ""],
    ]))
    .unwrap_or_else(|e| panic!("{e:#?}"));
    let answers: Map<String, Json> =
        json!({"where": "y", "q": "nej", "r": 5, "n": 2, "ok": ["OK"]}).as_object().unwrap().clone();
    let now = NaiveDate::from_ymd_opt(2026, 5, 3).unwrap().and_hms_opt(10, 0, 0).unwrap();
    let view = look(&survey, &answers, now);
    assert_eq!(view.open_choices(1).map(|choice| choice.code()).collect::<Vec<_>>(), ["nej", "other"]);
    let checked = view.check();
    assert_eq!(checked.faults, []);
    assert_eq!(checked.kept["twice"], 5);
    let Kind::Text(phone) = &survey.question("phone").unwrap().kind else { panic!() };
    assert_eq!(phone.input, Input::Tel);
    let Kind::Html(html) = &survey.question("h").unwrap().kind else { panic!() };
    assert_eq!(html.default, "1 &lt; 2 &amp; \"x\"");
}
