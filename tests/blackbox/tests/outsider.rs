//! An outsider who has every file that is released, and a solver, learns no figure that is hidden
//! (`tests/attacker/files.py`).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::PathBuf;
use std::process::Command;

use blackbox::boxed::{Boxed, add, today};
use blackbox::{Backend, Instance, grouped, python};
use serde_json::Value;
use synthetic::{Plan, World};

/// The year that the demo makes up too.
const YEAR: i32 = 2025;
/// How many municipalities are made up, each with its seed; or those from one seed to another that [`MORE`] names.
const MUNICIPALITIES: u64 = 2;
const MORE: &str = "LARKA_MUNICIPALITIES";
/// A round whose survey was asked before, and the one before.
const ROUND: &str = "digital-sjalvskattning-2026-04";
const BEFORE: &str = "digital-sjalvskattning-2025-09";
/// A round that nobody can link, and the one before that it is like.
const BOXED: &str = "i-valurnan";
const LIKE: &str = "digitala-arbetsdagen-2025-11";
/// An item of each part of a report: all of them, of every municipality, would take hours.
const ITEMS: [&str; 12] = [
    "any",
    "1.1",
    "2.6",
    "4.1/knowledge",
    "3",
    "k1_1",
    "verktyg-fungerar",
    "stress",
    "fungerar/larare",
    "plan/stod",
    "anvander/dator/larare",
    "viktigast/skapa/forskola",
];
/// A round with groups of respondents, and one like it that nobody can link.
const BOXED_GROUPS: &str = "grupper-i-valurnan";

fn ran(mut command: Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// An instance as the demo fills it, with its reports in a folder: of the whole in all forms, with the levels of an
/// earlier day beside them, by all presets, and of an area and its first part; and what is no secret: who belongs where, who is
/// asked what.
async fn released(people: u32, statements: u64, seed: u64) -> (Instance, PathBuf) {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let world = World::new(&Plan { people, statements, seed, year: YEAR });
    instance.demo(people, statements, seed).unwrap();
    let folder = instance.folder().join("reports");
    let write = |name: &str, value: Value| std::fs::write(folder.join(name), value.to_string()).unwrap();
    write("organisation.roll", serde_json::to_value(world.organisation()).unwrap());
    let mut rounds = serde_json::to_value(world.rounds()).unwrap();
    let days = ["2026-03-03", "2026-03-20"].map(Into::into);
    let boxed = Boxed { like: LIKE.into(), id: BOXED.into(), days, registration: [99; 16] };
    let round = add(&instance, &boxed, &rounds, seed).await.unwrap();
    let today = today(&instance, &world).await.unwrap();
    rounds["rounds"].as_array_mut().unwrap().extend(today.into_iter().chain([round]));
    let mut surveys = serde_json::to_value(world.surveys()).unwrap();
    let organisation = serde_json::to_value(world.organisation()).unwrap();
    rounds["rounds"].as_array_mut().unwrap().extend(grouped(&instance, &organisation, seed).await);
    surveys["surveys"].as_array_mut().unwrap().push(grouped::surveys()["surveys"][0].clone());
    write("rounds.roll", rounds);
    write("surveys.roll", surveys);

    let make = |name: &str, form: &str, lang: &str, words: &[&str]| {
        let language = if ["json", "parquet"].contains(&form) { String::new() } else { format!("{lang}.") };
        let file = folder.join(format!("{name}.{language}{form}"));
        let mut command = instance.command(&["report"]);
        command.args(words).args(["--format", form, "--lang", lang, "--output"]).arg(&file);
        ran(command);
    };
    // With an earlier day there is more of everybody.
    let since = ["competence", "--since", "2026-01-15"];
    for (form, lang) in [
        ("json", "sv"),
        ("parquet", "sv"),
        ("csv", "sv"),
        ("csv", "en"),
        ("xlsx", "en"),
        ("html", "sv"),
        ("html", "en"),
    ] {
        make("competence", form, lang, &since);
    }
    let boxed = ["survey", "--round", BOXED];
    for (form, lang) in
        [("json", "sv"), ("parquet", "sv"), ("csv", "sv"), ("xlsx", "en"), ("html", "sv"), ("html", "en")]
    {
        make(&format!("survey-{BOXED}"), form, lang, &boxed);
    }
    for round in [BOXED_GROUPS, grouped::ROUND, grouped::LATER] {
        for (form, lang) in [("json", "sv"), ("csv", "sv"), ("html", "en"), ("parquet", "sv"), ("xlsx", "en")]
        {
            make(&format!("survey-{round}"), form, lang, &["survey", "--round", round]);
        }
    }
    let survey = ["survey", "--round", ROUND];
    for preset in ["default", "skolenkaten"] {
        make(&format!("competence.{preset}"), "json", "sv", &[&since[..], &["--preset", preset]].concat());
        for round in [ROUND, BEFORE, BOXED, LIKE] {
            let words = ["survey", "--round", round, "--preset", preset];
            make(&format!("survey-{round}.{preset}"), "json", "sv", &words);
        }
    }
    // Nothing is safe because there is nothing.
    let told = std::fs::read_to_string(folder.join(format!("survey-{BOXED}.skolenkaten.json"))).unwrap();
    let has = |what: &str| told.replace(": ", ":").contains(what);
    assert!(has("\"shown\":\"full\"") && has("\"reason\":\"merged\""), "seed {seed}");
    for unit in ["9999-R01", "9999-R01-1"] {
        let of = ["--unit", unit];
        make(&format!("competence.unit-{unit}"), "json", "sv", &[&since[..], &of].concat());
        make(&format!("competence.unit-{unit}"), "csv", "sv", &[&since[..], &of].concat());
        make(&format!("survey-{ROUND}.unit-{unit}"), "pdf", "sv", &[&survey[..], &of].concat());
        make(&format!("survey-{ROUND}.unit-{unit}"), "json", "sv", &[&survey[..], &of].concat());
    }
    std::fs::remove_file(folder.join("competence.sv.xlsx")).unwrap();
    (instance, folder)
}

/// A survey with groups of respondents and several choices, asked thrice: by statements twice, and into a ballot box.
async fn grouped(instance: &Instance, organisation: &Value, seed: u64) -> Vec<Value> {
    let asked = grouped::rounds(organisation["units"][0]["code"].as_str().unwrap());
    let mut server = instance.start().await.unwrap();
    grouped::answered(&server, &asked, &grouped::statements(organisation, seed)).await.unwrap();
    server.stop().unwrap();
    let days = ["2026-04-07", "2026-04-20"].map(Into::into);
    let like = grouped::ROUND.into();
    let boxed = Boxed { like, id: BOXED_GROUPS.into(), days, registration: [98; 16] };
    let round = add(instance, &boxed, &asked, seed).await.unwrap();
    asked["rounds"].as_array().unwrap().iter().cloned().chain([round]).collect()
}

/// People of uneven trees: an area may have one school, and a principal who is nowhere else; some have duties in two places.
fn people(seed: u64) -> u32 {
    120 + (seed as u32 * 67) % 300
}

#[tokio::test]
async fn an_outsider_learns_nothing_hidden_from_the_files() {
    let named = std::env::var(MORE).unwrap_or_else(|_| format!("1..{MUNICIPALITIES}"));
    let (first, last) = named.split_once("..").unwrap();
    let seeds = first.parse::<u64>().unwrap()..=last.parse().unwrap();
    let items = ITEMS.map(|item| format!("--only={item}"));
    for seed in seeds {
        let (_instance, folder) = released(people(seed), u64::from(people(seed)) * 15, seed).await;
        let told = python::says(python::script("attacker/files.py").arg(folder).args(&items));
        let told = told.unwrap_or_else(|told| panic!("seed {seed}: {told}"));
        assert!(told.contains("0 hidden counts exposed"), "{told}");
    }
}

/// He wins where there is something to win: who sees the report by two sets of rules sees around both.
#[tokio::test]
async fn an_outsider_learns_what_is_hidden_where_he_sees_two_presets() {
    let (_instance, folder) = released(400, 6000, 1).await;
    let told = python::says(
        python::script("attacker/files.py")
            .arg(folder)
            .args(["--also=competence:competence.default", "--only=1.1"]),
    );
    let told = told.unwrap_err().to_string();
    assert!(told.contains(" hidden counts exposed") && !told.contains(" 0 hidden counts exposed"), "{told}");
}
