//! An outsider who has every file that is released, and a solver, learns no figure that is hidden.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::PathBuf;

use blackbox::{Backend, Instance, python};
use serde_json::Value;
use synthetic::{Plan, World};

/// The year that the demo makes up too.
const YEAR: i32 = 2025;

/// An instance as the demo fills it, with its reports; and what is no secret: who belongs where, who is asked what.
async fn released(people: u32, statements: u64, seed: u64) -> (Instance, PathBuf) {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let world = World::new(&Plan { people, statements, seed, year: YEAR });
    instance.demo(people, statements, seed).unwrap();
    let folder = instance.folder().join("reports");
    let write = |name: &str, value: Value| std::fs::write(folder.join(name), value.to_string()).unwrap();
    write("organisation.roll", serde_json::to_value(world.organisation()).unwrap());
    write("rounds.roll", serde_json::to_value(world.rounds()).unwrap());
    write("surveys.roll", serde_json::to_value(world.surveys()).unwrap());
    for kind in ["competence", "survey"] {
        let round = if kind == "survey" { "-digital-sjalvskattning-2026-04" } else { "" };
        let file = folder.join(format!("{kind}{round}.few.json"));
        let words = ["report", kind, "--format", "json", "--preset", "default", "--output"];
        let output = instance.run(&[&words[..], &[file.to_str().unwrap()]].concat()).unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    (instance, folder)
}

#[tokio::test]
async fn an_outsider_learns_nothing_hidden_from_the_files() {
    let (_instance, folder) = released(400, 6000, 1).await;
    let items = ["1.1", "2.6", "3", "soka", "verktyg-fungerar"].map(|item| format!("--only={item}"));
    let told = python::says(python::script("attacker/files.py").arg(folder).args(items)).unwrap();
    assert!(told.contains("0 hidden counts exposed"), "{told}");
}
