//! Surveys and rounds by command: thin clients of the HTTP API.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::PathBuf;
use std::process::Command;

use blackbox::{Instance, Server, promises};
use reqwest::Method;
use serde_json::{Value, json};

/// What a command says on standard output, on standard error, and its exit code.
fn run(server: &Server, user: &str, words: &[&str]) -> (String, String, i32) {
    let mut command = Command::new(blackbox::binary());
    command.args(words).args(["--server", &server.address, "--user", user]);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().unwrap())
}

fn written(instance: &Instance, name: &str, text: &str) -> PathBuf {
    let path = instance.beside(name);
    std::fs::write(&path, text).unwrap();
    path
}

promises! {
    async fn a_survey_is_registered_asked_opened_and_closed_by_commands_alone(instance) {
        let server = instance.start().await.unwrap();
        let organisation = json!({
            "units": [{ "code": "L", "name": "Lärkby", "kind": "huvudman" }, { "code": "L1", "name": "Björkskolan", "kind": "skola", "parent": "L" }],
            "persons": [{
                "agents": [{ "mbox": "mailto:lo@larkby.example" }], "name": { "given": "Lo", "family": "Ek" },
                "duties": [{ "unit": "L1", "role": "Lärare", "from": "2020-08-01" }],
            }],
        });
        assert_eq!(server.api(Method::POST, "organisation").json(&organisation).send().await.unwrap().status(), 200);
        let (name, password) = &server.administrator;
        let user = written(&instance, "user", &format!("{name}:{password}\n"));
        let user = user.to_str().unwrap();
        let text = "{ \"title\": \"Trivsel\",  \"elements\": [{ \"type\": \"rating\", \"name\": \"trivs\" }] }";
        let definition = written(&instance, "trivsel.json", text);
        let definition = definition.to_str().unwrap();
        let id = "https://larkby.example/enkater/trivsel";
        let json = |words: &[&str]| {
            let (out, error, code) = run(&server, user, &[words, &["--json"]].concat());
            assert_eq!(code, 0, "{words:?}: {error}");
            serde_json::from_str::<Value>(&out).unwrap()
        };
        assert_eq!(json(&["survey", "register", definition, "--id", id])["changed"], 1);
        assert_eq!(json(&["survey", "list"])["surveys"][0]["id"], id);
        assert!(run(&server, user, &["survey", "list"]).0.contains("title: Trivsel"));
        assert_eq!(run(&server, user, &["survey", "show", id, "1"]).0, text, "byte by byte");
        // What is not taken is said as `check` says it.
        let broken = written(&instance, "fel.json", "{ \"elements\": [{ \"type\": \"slider\", \"name\": \"x\" }] }");
        let (out, _, code) = run(&server, user, &["survey", "register", broken.to_str().unwrap(), "--id", id, "--json"]);
        assert!(code == 2 && out.contains("/elements/0"), "{out}");

        let round = json!({
            "id": "ht", "survey": id, "version": "1", "title": { "sv": "Hösten" }, "mode": "named", "draft": true,
            "opens": "2030-09-01", "closes": "2099-09-30", "audience": { "unit": "L", "roles": [] },
        });
        let file = written(&instance, "omgang.json", &round.to_string());
        let file = file.to_str().unwrap();
        assert_eq!(json(&["round", "make", file])["changed"], 1);
        assert_eq!(json(&["round", "make", file])["unchanged"], 1);
        let (_, error, code) = run(&server, user, &["round", "invite", "ht"]);
        assert!(code == 1 && error.contains("there is no such round"), "{error}");
        assert_eq!(json(&["round", "list"])["rounds"][0]["stage"], "draft");
        assert_eq!(json(&["round", "open", "ht"])["stage"], "open");
        assert_eq!(json(&["round", "show", "ht"])["stage"], "open");
        let invited = json(&["round", "invite", "ht"]);
        assert_eq!((&invited["people"][0]["name"], &invited["codes"][1]["unit"]), (&json!("Lo Ek"), &json!("L1")), "{invited}");
        let (csv, ..) = run(&server, user, &["round", "invite", "ht", "--csv"]);
        assert!(csv.contains("lo@larkby.example") && csv.lines().count() == 2, "{csv}");
        assert!(!run(&server, user, &["round", "invite", "ht"]).0.contains("<svg"));
        assert_eq!(json(&["round", "close", "ht"])["stage"], "closed");

        // One clear line, and another exit code than 0.
        let wrong = written(&instance, "wrong", "nobody:at all");
        for (user, words, expected) in [
            (wrong.to_str().unwrap(), &["round", "list"][..], "log in with an administrator's name and password"),
            (user, &["round", "open", "none"][..], "there is no such round"),
            (user, &["round", "open", "ht"][..], "a round that has not closed"),
            (user, &["survey", "show", id, "9"][..], "there is no such survey"),
        ] {
            let (out, error, code) = run(&server, user, words);
            assert!(code == 1 && out.is_empty() && error.contains(expected) && error.lines().count() == 1, "{words:?}: {error}");
        }
    }
}
