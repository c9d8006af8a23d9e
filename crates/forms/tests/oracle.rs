//! survey-core 3.1.1 in Node is asked the same: what is shown, required and kept, and what expressions compute.
//! Where Lärka differs on purpose is in `differences.json`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod generate;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use chrono::NaiveDate;
use forms::answers::{Checked, View, Wrong, look};
use forms::question::{Kind, Question};
use forms::{Definition, register};
use serde_json::{Map, Value as Json, json};

const CASES: u64 = 10_000;

/// Asks Node line by line; it answers in the same order.
fn ask(lines: &[Json]) -> Vec<Json> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients/survey_core.mjs");
    let mut node: Child = Command::new("node")
        .arg(&script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("node: {e}; run tests/clients/install first"));
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let mut input = node.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        input.write_all(text.as_bytes()).unwrap();
    });
    let output = BufReader::new(node.stdout.take().unwrap());
    let said = output.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    writer.join().unwrap();
    assert!(node.wait().unwrap().success(), "survey-core did not answer; run tests/clients/install first");
    said
}

fn names(json: &Json) -> Vec<&str> {
    json.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

/// Numbers are alike whether written 2 or 2.0; what is empty is not there.
fn plain(json: &Json) -> Json {
    match json {
        Json::Number(number) => json!((number.as_f64().unwrap() * 1e9).round()),
        Json::Array(items) => items.iter().map(plain).collect(),
        Json::Object(fields) => fields.iter().map(|(name, item)| (name.clone(), plain(item))).collect(),
        other => other.clone(),
    }
}

fn without_empty(fields: &Map<String, Json>) -> BTreeMap<&str, Json> {
    let empty = |json: &Json| match json {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.is_empty(),
        _ => false,
    };
    fields.iter().filter(|(_, item)| !empty(item)).map(|(name, item)| (name.as_str(), plain(item))).collect()
}

#[test]
fn what_is_shown_required_and_kept_is_what_survey_core_says_but_for_the_table() {
    let cases: Vec<generate::Case> = (0..CASES / generate::ANSWERS as u64).map(generate::case).collect();
    let lines: Vec<Json> =
        cases.iter().map(|case| json!({"definition": case.definition, "answers": case.answers})).collect();
    // Two at a time: each waits for nothing but a processor.
    let (first, second) = lines.split_at(lines.len() / 2);
    let said = std::thread::scope(|scope| {
        let first = scope.spawn(|| ask(first));
        let second = ask(second);
        [first.join().unwrap(), second].concat()
    });
    assert_eq!(said.len(), cases.len());
    let mut compared = Compared::default();
    for (seed, (case, said)) in cases.iter().zip(&said).enumerate() {
        let source = case.definition.to_string();
        let definition = match register(source.as_bytes(), None) {
            Ok(definition) => definition,
            Err(refusals) => panic!("{seed}: {source}\n{refusals:#?}"),
        };
        for (answers, said) in case.answers.iter().zip(said.as_array().unwrap()) {
            compared.case(&definition, answers, said, case.tricky);
        }
    }
    let Compared { wrong, differences, hidden_and_kept } = compared;
    assert!(
        wrong.is_empty(),
        "{} differ, among them\n{}",
        wrong.len(),
        wrong[..wrong.len().min(4)].join("\n")
    );
    let table: Vec<Json> = serde_json::from_str(include_str!("differences.json")).unwrap();
    let expected: BTreeMap<&str, u64> = table
        .iter()
        .filter_map(|row| Some((row["what"].as_str().unwrap(), row.get("cases")?.as_u64().unwrap())))
        .collect();
    assert_eq!(differences, expected);
    assert!(hidden_and_kept > 100, "hardly anything hidden was kept: {hidden_and_kept}");
}

#[derive(Default)]
struct Compared {
    wrong: Vec<String>,
    /// Cases by the row of the table that they are about.
    differences: BTreeMap<&'static str, u64>,
    hidden_and_kept: u64,
}

impl Compared {
    fn case(&mut self, definition: &Definition, answers: &Map<String, Json>, said: &Json, tricky: bool) {
        let now = NaiveDate::from_ymd_opt(2026, 5, 3).unwrap().and_hms_opt(10, 0, 0).unwrap();
        let view = look(definition, answers, now);
        let checked = view.check();
        let which = |wanted: &dyn Fn(usize) -> bool| -> Vec<&str> {
            let questions = definition.questions.iter().enumerate();
            questions.filter(|(at, _)| wanted(*at)).map(|(_, question)| question.name.as_str()).collect()
        };
        let visible = which(&|at| view.shows(at));
        let required = which(&|at| view.is_required(at));
        // Of what they do not know they find nothing answered.
        let knows_all = checked.faults.iter().all(|fault| fault.wrong != Wrong::NoSuchChoice);
        let asking = if knows_all { self.asking(&view, &checked, names(&said["asking"])) } else { Ok(()) };
        if !tricky {
            self.hidden(&view, &checked, said);
        }
        let mut kept = without_empty(&checked.kept);
        let mut theirs = without_empty(said["kept"].as_object().unwrap());
        for fault in &checked.faults {
            if fault.wrong != Wrong::NoSuchChoice {
                continue;
            }
            let row = "an unknown choice is refused";
            let name = fault.name.as_str();
            *self.differences.entry(row).or_default() += u64::from(kept.remove(name) != theirs.remove(name));
            // What they do not know becomes the text of "other".
            let comment = format!("{name}-Comment");
            kept.remove(comment.as_str());
            theirs.remove(comment.as_str());
        }
        for question in &definition.questions {
            let name = question.name.as_str();
            if !question.choices().iter().any(|choice| choice.visible_if.is_some()) {
                continue;
            }
            let sorted = |answer: Option<&Json>| {
                let mut items: Vec<String> = answer?.as_array()?.iter().map(Json::to_string).collect();
                items.sort();
                Some(items)
            };
            let ranking = matches!(question.kind, Kind::Ranking(_));
            if ranking
                && kept.get(name) != theirs.get(name)
                && sorted(kept.get(name)) == sorted(theirs.get(name))
            {
                *self.differences.entry("a ranking keeps its order where a choice appears").or_default() += 1;
                kept.remove(name);
                theirs.remove(name);
            }
        }
        // Their hidden answers were taken away before they were asked what is kept.
        kept.retain(|name, _| {
            let question = definition.question(name.strip_suffix("-Comment").unwrap_or(name));
            question.is_none_or(|question| visible.contains(&question.name.as_str()))
        });
        let same = names(&said["visible"]) == visible
            && names(&said["required"]) == required
            && asking.is_ok()
            && kept == theirs;
        if tricky {
            *self.differences.entry("codes are compared exactly").or_default() += u64::from(!same);
        } else if !same {
            self.wrong.push(format!(
                "{}\n  answers {}\n  shown {visible:?}\n   they {}\n  required {required:?}\n   they {}\n  asking {asking:?}\n  kept {kept:?}\n   they {theirs:?}",
                String::from_utf8_lossy(&definition.source), json!(answers), said["visible"], said["required"],
            ));
        } else if said["plain"]["visible"] != said["visible"] || said["plain"]["required"] != said["required"]
        {
            *self.differences.entry("a hidden answer is empty at once").or_default() += 1;
        }
    }

    /// The pages and panels of which an answer is asked that is not there: ours and theirs, where they differ.
    fn asking<'a>(
        &mut self,
        view: &View<'_>,
        checked: &'a Checked,
        mut theirs: Vec<&'a str>,
    ) -> Result<(), [Vec<&'a str>; 2]> {
        let definition = view.definition;
        let asking = checked.faults.iter().filter(|fault| !fault.is_of_question());
        let mut ours: Vec<&str> = asking.map(|fault| fault.name.as_str()).collect();
        let can_be_answered = |container: &str| {
            let mut questions = definition.questions.iter().enumerate();
            questions.any(|(at, question)| definition.stands_in(question, container) && view.is_open(at))
        };
        let before = theirs.len();
        theirs.retain(|name| can_be_answered(name));
        let row = "where nothing can be answered nothing is required";
        *self.differences.entry(row).or_default() += u64::from(theirs.len() < before);
        ours.sort_unstable();
        theirs.sort_unstable();
        if ours == theirs { Ok(()) } else { Err([ours, theirs]) }
    }

    /// What is kept of answers that nobody sees in the end, where the same are hidden.
    fn hidden(&mut self, view: &View<'_>, checked: &Checked, said: &Json) {
        let shown = |question: &Question| names(&said["visible"]).contains(&question.name.as_str());
        if said["plain"]["visible"] != said["visible"] {
            return;
        }
        let hidden = view.definition.questions.iter().filter(|question| !shown(question));
        let names = hidden.flat_map(|question| [question.name.clone(), question.comment_key()]);
        for name in names {
            let ours = without_empty(&checked.kept).remove(name.as_str());
            let theirs = without_empty(said["plain"]["kept"].as_object().unwrap()).remove(name.as_str());
            let unknown = view.answers.get(&name).is_some_and(|sent| sent.to_string().contains("finns inte"));
            if unknown {
                assert_eq!(ours, None, "what no question takes was kept");
            } else if ours != theirs {
                let source = String::from_utf8_lossy(&view.definition.source);
                self.wrong.push(format!("{source}\n  hidden {name} {ours:?}\n   they {theirs:?}"));
            }
            self.hidden_and_kept += u64::from(ours.is_some());
        }
    }
}

#[test]
fn what_the_linter_of_survey_core_finds_is_refused_and_what_is_ready_made_passes_it() {
    let text = |more: Json| {
        let mut element = json!({"type": "text", "name": "t"});
        element.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"elements": [{"type": "radiogroup", "name": "q", "choices": ["a", "b"]}, element]})
    };
    let rows = [
        ("expression/syntax", text(json!({"visibleIf": "{q} ="}))),
        ("reference/unknown", text(json!({"visibleIf": "{nope} = 1"}))),
        ("reference/unknown", text(json!({"enableIf": "{nope} = 1"}))),
        ("reference/unknown", text(json!({"requiredIf": "{nope} = 1"}))),
        ("reference/self", text(json!({"visibleIf": "{t} = 1"}))),
        ("name/duplicate", text(json!({"name": "q"}))),
        ("expression/unknown-function", text(json!({"visibleIf": "fetch({q})"}))),
        ("expression/unknown-choice", text(json!({"visibleIf": "{q} = 'c'"}))),
        ("element/unknown-type", text(json!({"type": "nope"}))),
        ("property/unknown", text(json!({"requierd": true}))),
        ("validator/unknown-type", text(json!({"validators": [{"type": "nope"}]}))),
        ("validator/dead", text(json!({"validators": [{"type": "regex", "regex": "[a"}]}))),
        ("choices/duplicate", text(json!({"type": "dropdown", "choices": ["a", "a"]}))),
        ("cycle/calculated-value", {
            let mut survey = text(json!({}));
            survey["calculatedValues"] = json!([
                {"name": "one", "expression": "{two} + 1"}, {"name": "two", "expression": "{one} + 1"}]);
            survey
        }),
    ];
    let ready =
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/surveys")).unwrap();
    let ready = ready
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"));
    let ready: Vec<Json> =
        ready.map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()).collect();
    let asked = rows.iter().map(|(_, source)| source).chain(&ready);
    let said = ask(&asked.map(|source| json!({ "lint": source })).collect::<Vec<_>>());
    for ((rule, source), said) in rows.iter().zip(&said) {
        assert!(names(said).iter().any(|found| found.starts_with(rule)), "{rule}: {said}");
        assert!(register(source.to_string().as_bytes(), None).is_err(), "{source}");
    }
    for (source, said) in ready.iter().zip(&said[rows.len()..]) {
        // It knows neither what is Lärka's own nor languages whose words are not loaded.
        assert_eq!(
            names(said),
            ["property/unknown larka", "property/invalid-value locale"],
            "{}",
            source["title"]
        );
    }
}
