//! An outsider who has every file that is released, and a solver, learns no figure that is hidden.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::process::Command;

use blackbox::{Backend, Instance};
use serde_json::Value;
use synthetic::{Plan, World};

/// The year that the demo makes up too.
const YEAR: i32 = 2025;

/// An instance as the demo fills it, with its reports; and what is no secret: who belongs where, who is asked what.
async fn released(people: u32, statements: u64, seed: u64) -> (Instance, PathBuf) {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let world = World::new(&Plan { people, statements, seed, year: YEAR });
    let [people, statements, seed] = [people.to_string(), statements.to_string(), seed.to_string()];
    let demo = ["demo", "--people", &people, "--statements", &statements, "--seed", &seed, "--exit"];
    succeeds(&instance, &[&demo[..], &["--listen", "127.0.0.1:0"]].concat());
    let folder = instance.folder().join("reports");
    let write = |name: &str, value: Value| std::fs::write(folder.join(name), value.to_string()).unwrap();
    write("organisation.roll", serde_json::to_value(world.organisation()).unwrap());
    write("rounds.roll", serde_json::to_value(world.rounds()).unwrap());
    write("surveys.roll", serde_json::to_value(world.surveys()).unwrap());
    for kind in ["competence", "survey"] {
        let round = if kind == "survey" { "-digital-sjalvskattning-2026-04" } else { "" };
        let file = folder.join(format!("{kind}{round}.few.json"));
        let words = ["report", kind, "--format", "json", "--preset", "default", "--output"];
        succeeds(&instance, &[&words[..], &[file.to_str().unwrap()]].concat());
    }
    (instance, folder)
}

fn succeeds(instance: &Instance, words: &[&str]) {
    let output = instance.run(words).unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn an_outsider_learns_nothing_hidden_from_the_files() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (_instance, folder) = released(400, 6000, 1).await;
    let found = Command::new(tests.join("clients/.venv/bin/python"))
        .arg(tests.join("attacker/files.py"))
        .arg(folder)
        .args(["1.1", "2.6", "3", "soka", "verktyg-fungerar"].map(|item| format!("--only={item}")))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&found.stdout);
    assert!(found.status.success(), "{told}\n{}", String::from_utf8_lossy(&found.stderr));
    assert!(told.contains("0 hidden counts exposed"), "{told}");
}
