//! How fast answers to a survey come in from a file, beside the same number of statements, in one run, and what memory each
//! takes: `target/release/examples/answers_speed RESPONDENTS` (docs/benchmarks.md). `LARKA_BIN` names the program.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measuring tool for a terminal")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use blackbox::{Backend, Instance};
use reqwest::Method;
use serde_json::{Value, json};

const QUESTIONS: usize = 40;
const SURVEY: &str = "https://larkby.example/enkat/stor";
const HOME_PAGE: &str = "https://lime.example";
const REGISTRATION: &str = "00000000-0000-4000-8000-000000000001";

#[tokio::main]
async fn main() {
    let people: usize = std::env::args().nth(1).map_or(1_000, |text| text.parse().unwrap());
    for backend in [Backend::Sqlite, Backend::Postgres] {
        for people in [people / 4, people] {
            let instance = Instance::fresh(backend).await.unwrap();
            let (key, _) = instance.credential("all").unwrap();
            let mut server = instance.start().await.unwrap();
            describe(&server, people).await;
            server.stop().unwrap();
            let file = instance.beside("svar.csv");
            std::fs::write(&file, answers(people)).unwrap();
            let survey = [
                "import",
                "survey",
                file.to_str().unwrap(),
                "--round",
                "r",
                "--respondent",
                "id",
                "--home-page",
                HOME_PAGE,
                "--credential",
                &key,
            ];
            let dry = timed(&instance, &[&survey[..], &["--dry-run"]].concat());
            let own = timed(&instance, &survey);
            let file = instance.beside("statements.jsonl");
            std::fs::write(&file, statements(people)).unwrap();
            let plain =
                timed(&instance, &["import", "statements", file.to_str().unwrap(), "--credential", &key]);
            let all = people * QUESTIONS;
            let rate = |(took, _): (Duration, u64)| all as f64 / took.as_secs_f64();
            println!(
                "{backend:?}, {people} respondents x {QUESTIONS}: read and checked in {:.1} s; answers {:.0}/s, {} MB at most; statements {:.0}/s, {} MB; {:.2} times the rate",
                dry.0.as_secs_f64(),
                rate(own),
                own.1 >> 10,
                rate(plain),
                plain.1 >> 10,
                rate(own) / rate(plain),
            );
        }
    }
}

async fn describe(server: &blackbox::Server, people: usize) {
    let person = |number: usize| {
        json!({
        "agents": [{ "account": { "homePage": HOME_PAGE, "name": number.to_string() } }], "name": { "given": "Någon", "family": number.to_string() },
        "duties": [{ "unit": "K", "role": "Lärare", "from": "2020-08-01" }] })
    };
    let persons: Vec<Value> = (0..people).map(person).collect();
    let questions: Vec<Value> =
        (0..QUESTIONS).map(|at| json!({ "type": "rating", "name": format!("q{at}") })).collect();
    let bodies = [
        (
            "organisation",
            json!({ "units": [{ "code": "K", "name": "Lärkby kommun", "kind": "huvudman" }], "persons": persons }),
        ),
        (
            "surveys",
            json!({ "surveys": [{ "id": SURVEY, "version": "1", "title": { "sv": "Stor" }, "definition": { "elements": questions } }] }),
        ),
        (
            "rounds",
            json!({ "rounds": [{
            "id": "r", "survey": SURVEY, "version": "1", "title": { "sv": "Omgång" }, "mode": "named", "registration": REGISTRATION,
            "opens": "2026-11-01", "closes": "2026-11-30", "audience": { "unit": "K", "roles": [] } }] }),
        ),
    ];
    for (resource, body) in bodies {
        let answer = server.api(Method::POST, resource).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{resource}: {}", answer.text().await.unwrap());
    }
}

/// A file as LimeSurvey's RemoteControl writes it.
fn answers(people: usize) -> String {
    let mut text = "\u{feff}\"id\";\"submitdate\";\"lastpage\";\"startlanguage\";\"seed\"".to_owned();
    (0..QUESTIONS).for_each(|at| write!(text, ";\"q{at}\"").unwrap());
    for person in 0..people {
        write!(text, "\r\n\"{person}\";\"2026-11-10 08:30:15\";\"4\";\"sv\";\"{}\"", 7 * person).unwrap();
        (0..QUESTIONS).for_each(|at| write!(text, ";\"{}\"", 1 + (person + at) % 5).unwrap());
    }
    text + "\r\n\r\n"
}

/// The same answers as statements, of other people.
fn statements(people: usize) -> String {
    let mut text = String::new();
    for person in 0..people {
        for at in 0..QUESTIONS {
            let statement = json!({
                "id": id((person * QUESTIONS + at) as u64),
                "actor": { "account": { "homePage": HOME_PAGE, "name": format!("b{person}") } },
                "verb": { "id": "http://adlnet.gov/expapi/verbs/answered", "display": { "sv": "besvarade", "en": "answered" } },
                "object": { "id": format!("{SURVEY}/q{at}"), "definition": {
                    "type": "http://adlnet.gov/expapi/activities/cmi.interaction", "interactionType": "likert" } },
                "result": { "response": (1 + (person + at) % 5).to_string() },
                "context": { "registration": REGISTRATION, "contextActivities": { "parent": [{ "id": SURVEY }] } },
                "timestamp": "2026-11-10T07:30:15.000Z",
            });
            writeln!(text, "{statement}").unwrap();
        }
    }
    text
}

/// An id without an order, as tools draw them: ids that grow lie beside each other in every index, and answers' do not.
fn id(number: u64) -> String {
    // The finaliser of SplitMix64: every number once.
    let mixed = |mut z: u64| {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let (high, low) = (mixed(number + 1), mixed(!number));
    let (node, last) = (high & 0xffff_ffff_ffff, low & 0xfff);
    format!("{:08x}-{:04x}-4{:03x}-8{last:03x}-{node:012x}", low >> 32, (low >> 16) & 0xffff, high >> 52)
}

/// How long a command takes, and its largest resident memory in KB.
fn timed(instance: &Instance, arguments: &[&str]) -> (Duration, u64) {
    let start = Instant::now();
    let mut child = instance.command(arguments).arg("--json").stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    loop {
        if let Some(exit) = child.try_wait().unwrap() {
            assert!(exit.success());
            return (start.elapsed(), most);
        }
        most = most.max(peak(Path::new(&status)).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn peak(status: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
