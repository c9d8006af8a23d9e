//! The benchmark itself, tiny: that everything is measured and nothing is lost. No time is asserted.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The binary that is measured.
fn larka() -> PathBuf {
    std::env::var_os("LARKA_BIN")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/debug/larka"), PathBuf::from)
}

/// Runs the benchmark, tiny: its figures, and what it printed.
fn load(arguments: &[&str]) -> (Vec<Value>, String) {
    let larka = larka();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("figures.json");
    let output = Command::new(env!("CARGO_BIN_EXE_load"))
        .args(arguments)
        .args(["--quick", "--json"])
        .arg(&file)
        .env("LARKA_BIN", &larka)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}: {}", larka.display(), String::from_utf8_lossy(&output.stderr));
    let all = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    (all, String::from_utf8(output.stdout).unwrap())
}

#[test]
fn lists_are_asked_for_at_each_size() {
    let (all, _) = load(&["--reading", "1500,3000"]);
    assert_eq!(all.len(), 2);
    for figures in &all {
        let answered = figures["answered"].as_array().unwrap();
        assert_eq!(answered.len(), 20);
        for one in answered {
            assert!(one["given"].as_f64().unwrap() > 0.0, "an answer has what was asked for: {one}");
            assert!(one["median_ms"].as_f64().unwrap() > 0.0, "{one}");
        }
    }
}

#[test]
fn what_is_held_is_measured_for_every_crowd() {
    let (all, text) = load(&["--holding"]);
    assert_eq!(all.len(), 2);
    for holding in &all {
        let held = holding["held"].as_array().unwrap();
        assert_eq!(held.len(), 10);
        for one in held {
            let of = |name: &str| one[name].as_u64().unwrap();
            assert!(of("most") >= of("before") && of("before") > 0 && of("limit") > 0, "{one}");
            let answered: u64 = one["answers"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
            assert!(answered <= of("clients"), "{one}");
        }
        let log_ins = &held[2];
        assert_eq!(
            log_ins["answers"].as_object().unwrap().values().filter_map(Value::as_u64).sum::<u64>(),
            4
        );
    }
    assert_eq!(text.matches("connections that rest").count(), 2, "a table for each database: {text}");
}

#[test]
fn two_builds_are_compared_in_every_figure() {
    let larka = larka();
    let (all, text) = load(&["--against", larka.to_str().unwrap(), "--rounds", "2"]);
    assert_eq!(all.len(), 2);
    for against in &all {
        let compared = against["compared"].as_array().unwrap();
        // Nobody of so few statements has a page full of them.
        assert_eq!(compared.len(), 11);
        for one in compared {
            assert!(one["old"].as_f64().unwrap() > 0.0 && one["new"].as_f64().unwrap() > 0.0, "{one}");
            assert_eq!(one["speeds"].as_array().unwrap().len(), 2);
        }
    }
    assert_eq!(text.matches("HTTP, 50 x 8").count(), 2, "a table for each database: {text}");
}

#[test]
fn answers_are_handed_in_in_either_mode_and_none_that_was_thanked_for_is_lost() {
    let (all, text) = load(&["--answers", "40"]);
    assert_eq!(all.len(), 2);
    for answers in &all {
        assert!(answers["single"]["statements"].as_u64().unwrap() > 0, "{answers}");
        let modes = answers["modes"].as_array().unwrap();
        assert_eq!(
            modes.iter().map(|one| one["mode"].as_str().unwrap()).collect::<Vec<_>>(),
            ["named", "unlinkable"]
        );
        for (one, statements) in modes.iter().zip([40 * 31, 0]) {
            let handed = &one["handed_in"];
            assert_eq!(
                (handed["statements"].as_u64(), handed["stored"].as_u64()),
                (Some(40), Some(40)),
                "{one}"
            );
            assert_eq!(one["statements"], statements, "{one}");
        }
    }
    assert_eq!(text.matches("answers, unlinkable").count(), 4, "two tables for each database: {text}");
}

#[test]
fn whatever_is_garbled_is_answered_and_never_with_a_5xx() {
    let (all, _) = load(&["--garbled", "6000"]);
    assert_eq!(all.len(), 2);
    for garbled in &all {
        let statuses = garbled["statuses"].as_object().unwrap();
        let of = |status: &str| statuses.get(status).and_then(Value::as_u64).unwrap_or(0);
        assert!(of("200") + of("204") > 600 && of("400") > 600, "some are good and some are not: {garbled}");
        assert!(statuses.keys().all(|status| status.as_str() < "500"), "{garbled}");
        assert_eq!(
            statuses.values().filter_map(Value::as_u64).sum::<u64>(),
            6000,
            "each is answered: {garbled}"
        );
        assert!(garbled["stored"].as_u64().unwrap() > 0, "{garbled}");
    }
}

#[test]
fn every_figure_is_there_and_nothing_that_was_acknowledged_is_lost() {
    let (all, text) = load(&[]);
    let databases: Vec<_> = all.iter().map(|figures| figures["database"].as_str().unwrap()).collect();
    assert_eq!(databases, ["sqlite", "postgres"]);
    for figures in &all {
        for run in ["http_50", "http_1", "http_50_worker"] {
            let run = &figures[run];
            assert!(run["statements"].as_u64().unwrap() > 0, "{run}");
            assert_eq!(
                run["statements"], run["stored"],
                "what was acknowledged is what the log grew by: {run}"
            );
            assert!(run["batch"].as_f64().unwrap() >= 1.0, "{run}");
        }
        for rate in
            ["bare_50", "bare_1", "append_1", "ingest_50", "ingest_1", "scan", "progress", "competence"]
        {
            assert!(figures[rate]["count"].as_u64().unwrap() > 0, "{rate}: {figures}");
        }
        assert_eq!(figures["targets"].as_array().unwrap().len(), 4);
        for part in ["json", "log", "vault", "statements"] {
            assert!(figures["disk"][part].as_u64().unwrap() > 0, "{part}: {figures}");
        }
        assert!(
            figures["memory"]["peak"].as_u64().unwrap() >= figures["memory"]["resident"].as_u64().unwrap()
        );
        assert_eq!(text.matches("targets ").count(), 2, "a table for each database: {text}");
    }
}
