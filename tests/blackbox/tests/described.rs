//! A running server keeps to its own description, whatever it is asked: schemathesis makes requests up from the OpenAPI
//! document, good ones and bad ones, by a fixed seed, and holds every answer against it.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// How many good and how many bad requests are made up for each operation. `LARKA_SCHEMATHESIS_SECONDS` looks for so
/// many seconds instead.
const EXAMPLES: [&str; 4] = ["--phases", "examples,fuzzing", "--max-examples", "8"];

/// The tools' side and all else, one after the other: an administrator who tries everything revokes the credential that
/// asks on the tools' side.
const SIDES: [(&str, &str); 2] = [("--include-path-regex", "^/xapi/"), ("--exclude-path-regex", OTHER)];
/// A stream has no end; `hand_on.rs` reads it.
const OTHER: &str = "^/(xapi/|api/v1/statements/stream$)";

blackbox::promises! {
    async fn whatever_is_asked_the_answer_is_one_that_the_document_names(instance) {
        // Nothing is handed on to the places that are made up.
        let server = instance.start_with(&["--roles", "lrs,admin"]).await.unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemathesis");
        let program = folder.join("../clients/.venv/bin/schemathesis");
        let seconds = std::env::var("LARKA_SCHEMATHESIS_SECONDS").ok();
        let mut bounds = EXAMPLES.map(str::to_owned).to_vec();
        if let Some(seconds) = seconds {
            let longer = ["--phases", "examples,fuzzing", "--max-examples", "100", "--max-time", &seconds];
            bounds = longer.map(str::to_owned).to_vec();
        }
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for (side, paths) in SIDES {
            let counted = instance.beside("counts.json");
            let output = Command::new(&program)
                .args(["--config-file", "schemathesis.toml", "run"])
                .arg(format!("{}/api/openapi.json", server.address))
                .args([side, paths, "--workers", "2"])
                .args(&bounds)
                .current_dir(&folder)
                .env("LARKA_KEY", &server.credential.0)
                .env("LARKA_SECRET", &server.credential.1)
                .env("LARKA_LOGIN", &server.administrator.0)
                .env("LARKA_PASSWORD", &server.administrator.1)
                .env("LARKA_COUNTS", &counted)
                .env("NO_PROXY", "127.0.0.1")
                .output()
                .unwrap_or_else(|e| panic!("{}: {e}; run tests/clients/install first", program.display()));
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
            counts.extend(serde_json::from_slice::<BTreeMap<_, _>>(&std::fs::read(counted).unwrap()).unwrap());
        }

        // It has to have asked for everything, and much of it has to have got through.
        let document: Value =
            server.http.get(format!("{}/api/openapi.json", server.address)).send().await.unwrap().json().await.unwrap();
        let mut described = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            described.extend(item.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())));
        }
        let operation = |line: &String| line.rsplit_once(' ').unwrap().0.to_owned();
        let asked: BTreeSet<_> = counts.keys().map(operation).collect();
        // That one it reads before all else, and does not ask for again.
        described.remove("GET /api/openapi.json");
        described.remove("GET /api/v1/statements/stream");
        assert_eq!(asked, described);
        let good: u64 = counts.iter().filter(|(line, _)| line.contains(" 2")).map(|(_, count)| count).sum();
        let all: u64 = counts.values().sum();
        assert!(all >= 300 && good * 5 >= all, "{good} of {all} requests were served: {counts:#?}");
        assert!(!counts.keys().any(|line| line.contains(" 5")), "{counts:#?}");
        instance.sound().await.unwrap();
    }
}
