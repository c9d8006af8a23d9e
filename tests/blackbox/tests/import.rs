//! Statements that come in files.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::{Command, Stdio};

use blackbox::samples::ordinary;
use blackbox::{Instance, promises};
use serde_json::{Value, json};

fn import(instance: &Instance, file: &std::path::Path, key: &str) -> Value {
    let arguments = ["import", "statements", file.to_str().unwrap(), "--credential", key, "--json"];
    let output = instance.run(&arguments).unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let agrees = answer["agrees"].as_bool().unwrap();
    assert_eq!(output.status.code(), Some(if agrees { 0 } else { 2 }), "{answer}");
    answer
}

fn counts(answer: &Value) -> [u64; 4] {
    ["read", "stored", "known", "aside"].map(|name| answer[name].as_u64().unwrap())
}

promises! {
    async fn files_are_taken_in_once_and_what_does_not_fit_is_set_aside(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let mut lines: Vec<String> = (0..1_200).map(|number| ordinary(number).to_string()).collect();
        let mut nameless = ordinary(7);
        nameless.as_object_mut().unwrap().remove("id");
        let mut old = ordinary(8);
        old["version"] = "1.0.1".into();
        let mut conflict: Value = serde_json::from_str(&lines[3]).unwrap();
        conflict["result"]["completion"] = json!(false);
        let mut wrong = ordinary(9);
        wrong["verb"]["id"] = "no iri".into();
        lines[40] = "{\"actor\":".to_owned();
        lines[700] = wrong.to_string();
        lines.push(lines[5].clone());
        lines.extend([conflict, old, nameless.clone(), nameless].map(|one| one.to_string()));
        let file = instance.beside("statements.jsonl");
        std::fs::write(&file, lines.join("\n")).unwrap();

        // Without a server: this process opens the databases itself.
        let first = import(&instance, &file, &key);
        assert_eq!(counts(&first), [1_205, 1_201, 1, 3], "{first}");
        let aside = std::fs::read_to_string(first["aside_file"].as_str().unwrap()).unwrap();
        let aside: Vec<Value> = aside.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let places: Vec<_> = aside.iter().map(|one| (one["line"].as_u64().unwrap(), &one["path"])).collect();
        assert_eq!(places, [(41, &json!("")), (701, &json!("/verb/id")), (1_202, &json!("/id"))]);
        assert!(aside.iter().all(|one| !one["expected"].as_str().unwrap().is_empty()));
        assert_eq!(aside[1]["statement"], lines[700]);
        for (listed, aside) in first["set_aside"].as_array().unwrap().iter().zip(&aside) {
            assert_eq!((&listed["line"], &listed["expected"]), (&aside["line"], &aside["expected"]));
            assert!(listed.get("statement").is_none(), "what people did is in the file alone");
        }
        let stored = instance.number("SELECT count(*) FROM event WHERE kind = 'statement'").await.unwrap();
        assert_eq!(stored, 1_201);

        // With one, packed and as an array: everything is known, nothing is doubled.
        let server = instance.start().await.unwrap();
        let good = |line: &&String| serde_json::from_str::<Value>(line).is_ok();
        let array = format!("[{}]", lines.iter().take(1_200).filter(good).cloned().collect::<Vec<_>>().join(",\n"));
        let file = instance.beside("statements.json");
        std::fs::write(&file, array).unwrap();
        assert!(Command::new("gzip").arg(&file).stdin(Stdio::null()).status().unwrap().success());
        let again = import(&instance, &instance.beside("statements.json.gz"), &key);
        assert_eq!(counts(&again), [1_199, 0, 1_198, 1], "{again}");
        let one = server.statement(serde_json::from_str::<Value>(&lines[0]).unwrap()["id"].as_str().unwrap()).await;
        let authority = one.unwrap()["authority"].clone();
        assert!(authority["account"]["name"].is_string(), "{authority}");
    }

    async fn the_mark_of_another_file_of_that_name_counts_for_nothing(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let lines: Vec<String> = (0..600).map(|number| ordinary(number).to_string()).collect();
        let file = instance.beside("statements.jsonl");
        std::fs::write(&file, lines.join("\n")).unwrap();
        let beside = instance.beside("statements.jsonl.import");
        for mark in [json!({ "size": 3, "modified": 0, "run": vec![7; 16], "read": 500 }).to_string(), "{".to_owned()] {
            std::fs::write(&beside, mark).unwrap();
            let answer = import(&instance, &file, &key);
            assert_eq!(answer["read"], 600);
            assert!(!beside.exists(), "what is done leaves no mark");
        }
        assert_eq!(instance.sound_statements().await.unwrap(), 600);
    }

    async fn a_file_that_cannot_be_read_and_a_key_that_nobody_has_are_named(instance) {
        instance.make().unwrap();
        let run = |file: &str, key: &str, version: &str| {
            let arguments = ["import", "statements", file, "--credential", key, "--xapi-version", version];
            let output = instance.run(&arguments).unwrap();
            assert!(!output.status.success());
            String::from_utf8(output.stderr).unwrap()
        };
        let file = instance.beside("broken.json");
        std::fs::write(&file, format!("[{},\n{{\"actor\":", ordinary(1))).unwrap();
        let file = file.to_str().unwrap();
        assert!(run("/nowhere/statements.json", "x", "2.0.0").contains("/nowhere/statements.json"));
        assert!(run(file, "nobody", "2.0.0").contains("broken at line 2"));
        std::fs::write(file, ordinary(1).to_string()).unwrap();
        assert!(run(file, "nobody", "2.0.0").contains("no credential with that key"));
        let (key, _) = instance.credential("all").unwrap();
        assert!(run(file, &key, "3").contains("xapi-version"));
    }
}
