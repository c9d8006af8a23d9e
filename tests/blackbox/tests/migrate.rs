//! Statements that come from exports of other stores.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use blackbox::imports::{counts, import, kept, voiding, written};
use blackbox::samples::{VERB, agent, id, ordinary, statement};
use blackbox::{Instance, promises, until};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use testkit::signing::{Algorithm, TestKey};

const SIGNATURE: &str = "http://adlnet.gov/expapi/attachments/signature";
const LLAMA: &str = "Bilagan från förr.\n\t\"Den\" \\ stod där.";

/// Begins an import that many times and kills it when it has gone on; gives how much was read by then.
async fn killed(instance: &Instance, arguments: &[&str], state: &Path, times: usize) -> u64 {
    let read = || {
        let text = std::fs::read(state).unwrap_or_default();
        serde_json::from_slice::<Value>(&text).ok().and_then(|state| state["read"].as_u64()).unwrap_or(0)
    };
    let mut reached = 0;
    for _ in 0..times {
        let mut child = instance.command(arguments).spawn().unwrap();
        reached = until("the import goes on", || async { Some(read()).filter(|read| *read > reached) }).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
    reached
}

/// Five statements, of which one voids the first and stands before it, and one has an extension.
fn five() -> Vec<Value> {
    let mut extended = kept(3, "cia", 4);
    extended["context"] =
        json!({ "extensions": { "https://larkby.example/ext": { "a.b": 9007199254740993_i64 } } });
    vec![voiding(5, 1, 6), kept(1, "anna", 2), kept(2, "bo", 3), extended, kept(4, "anna", 5)]
}

fn is_voided(statement: &Value) -> bool {
    statement["id"] == id(1)
}

/// As `mongoexport` writes it.
fn learning_locker(statement: &Value) -> Value {
    let text = statement.to_string().replace("larkby.example/ext\"", "larkby&46;example/ext\"");
    let statement: Value = serde_json::from_str(&text.replace("\"a.b\"", "\"a&46;b\"")).unwrap();
    json!({
        "_id": { "$oid": "5f3e0d2b8c1a4d0011aa22bb" }, "hasGeneratedId": false, "organisation": { "$oid": "5f3e0d2b8c1a4d0011aa22bc" },
        "lrs_id": { "$oid": "5f3e0d2b8c1a4d0011aa22bd" }, "client": { "$oid": "5f3e0d2b8c1a4d0011aa22be" }, "person": null,
        "active": true, "voided": is_voided(&statement), "timestamp": { "$date": statement["timestamp"] },
        "stored": { "$date": statement["stored"] }, "hash": "0a", "agents": ["mailto:x@larkby.example"], "relatedAgents": [],
        "registrations": [], "verbs": [statement["verb"]["id"]], "activities": [], "relatedActivities": [], "refs": [],
        "metadata": { "https://learninglocker&46;net/x": {} }, "statement": statement,
    })
}

/// As `dumpdata` writes it, with what a whole application has beside statements.
fn adl_lrs(statements: &[Value]) -> Value {
    let mut all =
        vec![json!({ "model": "lrs.verb", "pk": 1, "fields": { "verb_id": VERB, "canonical_data": {} } })];
    all.extend(statements.iter().enumerate().map(|(pk, statement)| {
        json!({ "model": "lrs.statement", "pk": pk, "fields": { "statement_id": statement["id"], "verb": 1,
            "stored": statement["stored"], "timestamp": statement["timestamp"], "authority": 2,
            "voided": is_voided(statement), "version": "1.0.0", "full_statement": statement } })
    }));
    all.push(
        json!({ "model": "lrs.statementattachment", "pk": 1, "fields": { "statement": 1, "payload": "" } }),
    );
    all.into()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// As `COPY … TO STDOUT WITH (FORMAT csv, HEADER)` writes it.
fn sql_lrs(statements: &[Value]) -> String {
    let mut csv = String::from("statement_id,is_voided,payload,stored\n");
    for statement in statements {
        let (flag, stored) =
            (if is_voided(statement) { "t" } else { "f" }, statement["stored"].as_str().unwrap());
        let stored = stored.replace('T', " ").replace('Z', "+00");
        csv.push_str(&format!(
            "{},{flag},{},{stored}\n",
            statement["id"].as_str().unwrap(),
            quoted(&statement.to_string())
        ));
    }
    csv
}

/// As `pg_dump` writes it, with the table of attachments before that of statements.
fn dump(statements: &[Value], attachments: &[&[u8]]) -> String {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t");
    let mut dump = String::from("--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\n\n");
    dump.push_str("COPY public.attachment (id, statement_id, attachment_sha, content_type, content_length, contents) FROM stdin;\n");
    for content in attachments {
        let row = format!(
            "x\ty\t{}\ttext/plain\t{}\t\\\\x{}\n",
            sha2(content),
            content.len(),
            hex::encode(content)
        );
        dump.push_str(&row);
    }
    dump.push_str("\\.\n\nCOPY public.xapi_statement (id, statement_id, registration, verb_iri, is_voided, payload, \"timestamp\", stored) FROM stdin;\n");
    for statement in statements {
        let flag = if is_voided(statement) { "t" } else { "f" };
        dump.push_str(&format!("x\ty\t\\N\tz\t{flag}\t{}\t\\N\t\\N\n", escaped(&statement.to_string())));
    }
    dump.push_str("\\.\n");
    dump
}

fn sha2(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

fn attachment(usage: &str, content_type: &str, content: &[u8]) -> Value {
    json!({ "usageType": usage, "display": { "sv": "Bilaga" }, "contentType": content_type, "length": content.len(),
        "sha2": sha2(content) })
}

fn signature(key: &TestKey, payload: &Value) -> Vec<u8> {
    let header = json!({ "alg": "RS256", "x5c": [STANDARD.encode(key.certificate(3))] });
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let signed =
        format!("{}.{}", encode(header.to_string().as_bytes()), encode(payload.to_string().as_bytes()));
    format!("{signed}.{}", encode(&key.sign(Algorithm::Rs256, signed.as_bytes()))).into_bytes()
}

/// Everything that five statements promise, once they are here.
async fn five_are_here(instance: &Instance, answer: &Value, source: &str) {
    assert_eq!((counts(answer), &answer["source"]), ([5, 5, 0, 0], &json!(source)), "{answer}");
    let both = |value: Value| json!({ "source": value, "here": value });
    let compared = &answer["counts"];
    assert_eq!(compared["statements"], both(5.into()));
    assert_eq!(compared["voided"], both(1.into()));
    assert_eq!(compared["first_stored"], both("2024-03-02T08:30:00.123000Z".into()));
    assert_eq!(compared["last_stored"], both("2024-03-06T08:30:00.123000Z".into()));
    assert_eq!(compared["verbs"][0], json!({ "verb": VERB, "source": 4, "here": 4 }));

    let server = instance.start().await.unwrap();
    let one = server.statement(&id(3)).await.unwrap();
    assert_eq!(
        one["context"]["extensions"]["https://larkby.example/ext"]["a.b"],
        json!(9007199254740993_i64)
    );
    assert_eq!(one["timestamp"], "2024-03-04T07:00:00.000Z");
    assert!(one["stored"].as_str().unwrap() > "2024-03-07", "stored here and now: {one}");
    assert!(one["authority"]["account"]["name"].is_string(), "{one}");
    let gone = server.get(&[("statementId", &id(1))]).await.unwrap();
    assert_eq!(gone.status(), 404);
    assert_eq!(server.get(&[("voidedStatementId", &id(1))]).await.unwrap().status(), 200);

    let path = format!("statements/{}/provenance", id(3));
    let told: Value = server.api(Method::GET, &path).send().await.unwrap().json().await.unwrap();
    assert_eq!(told["stored"], one["stored"]);
    assert_eq!(told["credential"], one["authority"]["account"]["name"]);
    let original = &told["original"];
    assert_eq!((&original["run"], &original["source"]), (&answer["run"], &json!(source)));
    assert_eq!(
        (&original["stored"], &original["ended"]),
        (&json!("2024-03-04T08:30:00.123000Z"), &json!(true))
    );
    assert_eq!(original["authority"]["mbox"], "mailto:portalen@larkby.example");
    assert_eq!(instance.run_json(&["statement", "provenance", &id(3)]).unwrap(), told);
}

promises! {
    async fn an_export_of_learning_locker_is_taken_over(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let lines: Vec<String> = five().iter().map(|one| learning_locker(one).to_string()).collect();
        let file = written(&instance, "statements.json", &lines.join("\n"));
        let (code, answer) = import(&instance, &[file.to_str().unwrap()], &key);
        assert_eq!(code, Some(0), "{answer}");
        five_are_here(&instance, &answer, "learning-locker").await;
    }

    async fn an_export_of_sql_lrs_is_taken_over(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let file = written(&instance, "xapi_statement.csv", &sql_lrs(&five()));
        let (code, answer) = import(&instance, &[file.to_str().unwrap(), "--from", "sql-lrs"], &key);
        assert_eq!(code, Some(0), "{answer}");
        five_are_here(&instance, &answer, "sql-lrs").await;
    }

    async fn an_export_of_adl_lrs_is_taken_over(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let file = written(&instance, "lrs.json", &adl_lrs(&five()).to_string());
        let (code, answer) = import(&instance, &[file.to_str().unwrap()], &key);
        assert_eq!(code, Some(0), "{answer}");
        five_are_here(&instance, &answer, "adl-lrs").await;
    }

    async fn answers_of_an_lrs_are_taken_over(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let all = five();
        let pages = format!(
            "{}\n{}\n",
            json!({ "more": "/xapi/statements?more=x", "statements": all[..2] }),
            json!({ "statements": all[2..], "more": "" })
        );
        let file = written(&instance, "pages.json", &pages);
        let (code, answer) = import(&instance, &[file.to_str().unwrap()], &key);
        assert_eq!(code, Some(0), "{answer}");
        five_are_here(&instance, &answer, "xapi").await;
    }

    async fn attachments_come_along_and_signatures_still_verify(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let mut with = kept(11, "anna", 2);
        with["attachments"] = json!([attachment("https://larkby.example/bilaga", "text/plain", LLAMA.as_bytes())]);
        let mut without = kept(12, "anna", 3);
        without["attachments"] = json!([attachment("https://larkby.example/bilaga", "text/plain", b"lost")]);
        let plain = |number| { let mut plain = statement(&id(number), "anna", "a"); plain["timestamp"] = "2024-03-04T07:00:00.000Z".into(); plain };
        let jws = [signature(&TestKey::one(), &plain(13)), signature(&TestKey::one(), &plain(99))];
        let mut signed = kept(13, "anna", 4);
        signed["attachments"] = json!([attachment(SIGNATURE, "application/octet-stream", &jws[0])]);
        let mut forged = kept(14, "anna", 4);
        forged["attachments"] = json!([attachment(SIGNATURE, "application/octet-stream", &jws[1])]);
        let file = dump(&[with.clone(), without.clone(), signed.clone(), forged], &[LLAMA.as_bytes(), &jws[0], &jws[1]]);
        let file = written(&instance, "lrs.sql", &file);
        let (code, answer) = import(&instance, &[file.to_str().unwrap()], &key);
        assert_eq!((code, counts(&answer)), (Some(2), [4, 3, 0, 1]), "{answer}");
        assert_eq!(answer["without_content"], 1);
        assert_eq!(answer["set_aside"][0]["path"], "/attachments");
        assert_eq!(answer["counts"]["missing"], json!([id(14)]));

        let server = instance.start().await.unwrap();
        for (number, content) in [(11, LLAMA.as_bytes()), (13, &jws[0])] {
            let given = server.get(&[("statementId", &id(number)), ("attachments", "true")]).await.unwrap();
            let body = given.bytes().await.unwrap();
            assert!(body.windows(content.len()).any(|window| window == content), "byte for byte");
        }
        // What has lost its content is there, and says that it had one.
        let lost = server.statement(&id(12)).await.unwrap();
        assert_eq!(lost["attachments"], without["attachments"]);

        // From a folder of files named by their hash, with statements in their own file.
        let folder = instance.beside("attachment_payloads");
        std::fs::create_dir_all(&folder).unwrap();
        let mut again = kept(15, "anna", 2);
        again["attachments"] = with["attachments"].clone();
        std::fs::write(folder.join(sha2(LLAMA.as_bytes())), LLAMA).unwrap();
        let file = written(&instance, "adl.json", &adl_lrs(&[again]).to_string());
        let folder = folder.to_str().unwrap();
        let (code, answer) = import(&instance, &[file.to_str().unwrap(), "--attachments", folder], &key);
        assert_eq!((code, &answer["without_content"]), (Some(0), &json!(0)), "{answer}");
        let given = server.get(&[("statementId", &id(15)), ("attachments", "true")]).await.unwrap();
        assert!(given.text().await.unwrap().contains(LLAMA));
    }

    async fn without_a_timestamp_a_statement_happened_when_the_other_store_had_stored_it(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let mut bare = kept(21, "anna", 9);
        bare.as_object_mut().unwrap().remove("timestamp");
        let file = written(&instance, "statements.jsonl", &bare.to_string());
        assert_eq!(import(&instance, &[file.to_str().unwrap()], &key).0, Some(0));
        let server = instance.start().await.unwrap();
        assert_eq!(server.statement(&id(21)).await.unwrap()["timestamp"], "2024-03-09T08:30:00.123000Z");
    }

    async fn provenance_is_for_administrators_and_forgets_whom_it_has_to(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let file = written(&instance, "statements.jsonl", &kept(31, "anna", 2).to_string());
        assert_eq!(import(&instance, &[file.to_str().unwrap()], &key).0, Some(0));
        let server = instance.start().await.unwrap();
        server.post(&statement(&id(32), "anna", "a")).await.unwrap().error_for_status().unwrap();
        let path = |id: &str| format!("statements/{id}/provenance");
        let status = |path: String| {
            let request = server.api(Method::GET, &path);
            async move { request.send().await.unwrap().status().as_u16() }
        };
        assert_eq!(status(path(&id(33))).await, 404);
        assert_eq!(status(path("31")).await, 400);
        let stranger = server.http.get(format!("{}/api/v1/{}", server.address, path(&id(31)))).send().await.unwrap();
        assert_eq!(stranger.status(), 401);
        let told = |number| {
            let request = server.api(Method::GET, &path(&id(number)));
            async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
        };
        assert!(told(32).await.get("original").is_none(), "it was nowhere before");
        let before = told(31).await;
        for (who, authority) in [("portalen", true), ("anna", false)] {
            instance.run_json_with(&["erase", "--agent", "-"], Some(&agent(who).to_string())).unwrap();
            let now = told(31).await;
            assert!(!now.to_string().contains("portalen@"), "{now}");
            assert_eq!(now["original"]["authority"]["account"].is_object(), authority, "{now}");
            assert_eq!(now["original"]["stored"], before["original"]["stored"], "no fact is lost");
        }
        assert_eq!(instance.sound_statements().await.unwrap(), 2);
    }

    async fn an_import_that_is_killed_goes_on_and_nothing_is_left_out_or_doubled(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let mut all: Vec<Value> = (0..6_000).map(ordinary).collect();
        all[17]["verb"]["id"] = "no iri".into();
        let lines: Vec<String> = all.iter().map(Value::to_string).collect();
        let file = written(&instance, "statements.jsonl", &lines.join("\n"));
        let arguments = ["import", "statements", file.to_str().unwrap(), "--credential", &key, "--json"];
        let state = instance.beside("statements.jsonl.import");
        let reached = killed(&instance, &arguments, &state, 3).await;
        assert!(reached < 6_000, "it was killed in the middle");
        let (code, answer) = import(&instance, &[file.to_str().unwrap()], &key);
        assert_eq!((code, &answer["read"], &answer["aside"]), (Some(2), &json!(6_000), &json!(1)), "{answer}");
        assert_eq!(answer["counts"]["statements"], json!({ "source": 6_000, "here": 5_999 }));
        let aside = std::fs::read_to_string(answer["aside_file"].as_str().unwrap()).unwrap();
        assert_eq!(aside.lines().count(), 1, "once, however often it was killed");
        assert!(!state.exists() && !instance.beside("statements.jsonl.import-tally").exists());
        assert_eq!(instance.sound_statements().await.unwrap(), 5_999);
        let runs = "SELECT count(*) FROM event WHERE kind = 'import_run'";
        assert_eq!(instance.number(runs).await.unwrap(), 2, "one run: it began, and ended");
    }

    async fn a_packed_array_whose_import_is_killed_goes_on_too(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let all: Vec<Value> = (0..6_000).map(ordinary).collect();
        let file = written(&instance, "statements.json", &Value::from(all).to_string());
        assert!(Command::new("gzip").arg(&file).stdin(Stdio::null()).status().unwrap().success());
        let file = instance.beside("statements.json.gz");
        let arguments = ["import", "statements", file.to_str().unwrap(), "--credential", &key, "--json"];
        let state = instance.beside("statements.json.gz.import");
        let reached = killed(&instance, &arguments, &state, 2).await;
        assert!(reached < 6_000, "it was killed in the middle");
        let (code, answer) = import(&instance, &[file.to_str().unwrap()], &key);
        assert_eq!((code, &answer["read"], &answer["aside"]), (Some(0), &json!(6_000), &json!(0)), "{answer}");
        assert_eq!(answer["counts"]["statements"], json!({ "source": 6_000, "here": 6_000 }));
        assert!(!state.exists());
        assert_eq!(instance.sound_statements().await.unwrap(), 6_000);
    }
}
