//! How long registering a definition of 300 questions takes, and how many answers are checked for one that survey-core
//! checks in Node, in one run: `cargo run --release -p larka-forms --example forms_speed` (docs/benchmarks.md).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use chrono::NaiveDate;
use forms::{answers::look, register};
use serde_json::{Map, Value as Json, json};

/// A survey of questions of several types, every third with a condition, and an answer to it.
fn survey(count: usize) -> (Json, Map<String, Json>) {
    let mut elements = Vec::new();
    let mut answers = Map::new();
    for at in 0..count {
        let name = format!("q{at}");
        let (mut question, answer) = match at % 5 {
            0 => (json!({"type": "radiogroup", "choices": ["a", "b", "c", "d", "e"]}), json!("b")),
            1 => (json!({"type": "rating"}), json!(4)),
            2 => (
                json!({"type": "checkbox", "choices": ["a", "b", "c"], "showOtherItem": true}),
                json!(["a", "c"]),
            ),
            3 => (json!({"type": "text", "inputType": "number", "min": 0, "max": 100}), json!(12)),
            _ => (json!({"type": "comment", "maxLength": 1000}), json!("Det var bra.")),
        };
        question["name"] = name.clone().into();
        question["isRequired"] = (at % 2 == 0).into();
        if at >= 5 && at % 3 == 2 {
            let before = at / 5 * 5 - 5;
            question["visibleIf"] = format!("{{q{before}}} = 'b' and {{q{}}} > 2", before + 1).into();
        }
        elements.push(question);
        answers.insert(name, answer);
    }
    let pages: Vec<Json> = elements
        .chunks(10)
        .enumerate()
        .map(|(at, chunk)| json!({"name": format!("p{at}"), "elements": chunk}))
        .collect();
    (json!({"pages": pages}), answers)
}

fn main() {
    let (large, _) = survey(300);
    let source = large.to_string();
    let mut times: Vec<f64> = (0..21)
        .map(|_| {
            let start = Instant::now();
            register(source.as_bytes(), None).unwrap();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("registering 300 questions: {:.2} ms (median of 21, {} bytes)", times[10], source.len());

    let (definition, answers) = survey(30);
    let taken = register(definition.to_string().as_bytes(), None).unwrap();
    let now = NaiveDate::from_ymd_opt(2026, 5, 3).unwrap().and_hms_opt(10, 0, 0).unwrap();
    assert_eq!(look(&taken, &answers, now).check().faults, []);
    let rounds = 5_000;
    let start = Instant::now();
    for _ in 0..rounds {
        std::hint::black_box(look(&taken, &answers, now).check());
    }
    let ours = start.elapsed().as_secs_f64() / f64::from(rounds);

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients/survey_core.mjs");
    let mut node =
        Command::new("node").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let rounds = 100;
    let line = json!({"time": [{"definition": definition, "answers": answers}], "rounds": rounds});
    writeln!(node.stdin.take().unwrap(), "{line}").unwrap();
    let said: Json = serde_json::from_slice(&node.wait_with_output().unwrap().stdout).unwrap();
    let theirs = said["seconds"].as_f64().unwrap() / f64::from(rounds);
    println!(
        "checking an answer to 30 questions: {:.1} µs; survey-core in Node {:.0} µs; {:.0} times as fast",
        ours * 1e6,
        theirs * 1e6,
        theirs / ours
    );
}
