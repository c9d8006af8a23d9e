//! The figures of the demo's survey reports, worked out anew by a program that shares nothing with ours but what was posted
//! (`tests/figures.py`: pandas, scipy, statsmodels).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::process::Command;
use synthetic::{Plan, World};

/// As many people as it takes for schools of which something is shown and something is not.
const PEOPLE: u32 = 500;
const STATEMENTS: u64 = 18_000;
const SEED: u64 = 3;

#[test]
fn another_program_finds_the_figures_of_the_demos_surveys() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let numbers = [PEOPLE.to_string(), STATEMENTS.to_string(), SEED.to_string()];
    let demo = Command::new(blackbox::binary())
        .args(["demo", "--people", &numbers[0], "--statements", &numbers[1], "--seed", &numbers[2], "--exit"])
        .args(["--listen", "127.0.0.1:0", "--data-dir"])
        .arg(&data)
        .output()
        .unwrap();
    assert!(demo.status.success(), "{}", String::from_utf8_lossy(&demo.stderr));

    let plan = Plan { people: PEOPLE as _, statements: STATEMENTS, seed: SEED, year: 2025 };
    let world = World::new(&plan);
    let write = |name: &str, text: String| fs::write(data.join(name), text).unwrap();
    write("organisation.json", serde_json::to_string(&world.organisation()).unwrap());
    write("surveys.json", serde_json::to_string(&world.surveys()).unwrap());
    write("rounds.json", serde_json::to_string(&world.rounds()).unwrap());
    write("statements.jsonl", world.statements().map(|statement| statement + "\n").collect());

    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let found = Command::new(tests.join("clients/.venv/bin/python"))
        .arg(tests.join("figures.py"))
        .arg(&data)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&found.stdout);
    assert!(found.status.success(), "{told}\n{}", String::from_utf8_lossy(&found.stderr));
    // Nothing is right because nothing was looked at.
    for kind in
        ["counts", "interval of a share", "interval of a mean", "alpha", "share_change", "hedges_g", "d_av"]
    {
        assert!(told.lines().any(|line| line.ends_with(&format!(" of {kind}"))), "no {kind}: {told}");
    }
}
