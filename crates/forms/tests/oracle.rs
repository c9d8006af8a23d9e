//! survey-core 3.1.1 in Node is asked the same: what is shown, required and kept, and what expressions compute.
//! Where Lärka differs on purpose is in `differences.json`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod generate;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use chrono::NaiveDate;
use forms::answers::{Wrong, look};
use forms::question::Kind;
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
    let Compared { wrong, differences } = compared;
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
}

#[derive(Default)]
struct Compared {
    wrong: Vec<String>,
    /// Cases by the row of the table that they are about.
    differences: BTreeMap<&'static str, u64>,
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
        kept.retain(|name, _| definition.question(name).is_none_or(|q| visible.contains(&q.name.as_str())));
        let same =
            names(&said["visible"]) == visible && names(&said["required"]) == required && kept == theirs;
        if tricky {
            *self.differences.entry("codes are compared exactly").or_default() += u64::from(!same);
        } else if !same {
            self.wrong.push(format!(
                "{}\n  answers {}\n  shown {visible:?}\n   they {}\n  required {required:?}\n   they {}\n  kept {kept:?}\n   they {theirs:?}",
                String::from_utf8_lossy(&definition.source), json!(answers), said["visible"], said["required"],
            ));
        } else if said["plain"]["visible"] != said["visible"] || said["plain"]["required"] != said["required"]
        {
            *self.differences.entry("a hidden answer is empty at once").or_default() += 1;
        }
    }
}
