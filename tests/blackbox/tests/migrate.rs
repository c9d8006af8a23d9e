//! Statements that come from other stores: their exports, and asked for over xAPI.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use blackbox::other::{Other, Reply};
use blackbox::samples::{VERB, agent, id, ordinary, statement};
use blackbox::{Instance, promises, until};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use testkit::signing::{Algorithm, TestKey};

const VOIDED: &str = "http://adlnet.gov/expapi/verbs/voided";
const SIGNATURE: &str = "http://adlnet.gov/expapi/attachments/signature";
const LLAMA: &str = "Bilagan från förr.\n\t\"Den\" \\ stod där.";

/// Runs an import; says how it ended and what it answered.
fn import(instance: &Instance, arguments: &[&str], key: &str) -> (Option<i32>, Value) {
    let arguments = [&["import", "statements"], arguments, &["--credential", key, "--json"]].concat();
    let output = instance.run(&arguments).unwrap();
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_default();
    assert!(output.status.code() != Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), answer)
}

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

fn counts(answer: &Value) -> [u64; 4] {
    ["read", "stored", "known", "aside"].map(|name| answer[name].as_u64().unwrap())
}

fn written(instance: &Instance, name: &str, text: &str) -> PathBuf {
    let file = instance.beside(name);
    std::fs::write(&file, text).unwrap();
    file
}

/// As another store has it: with its own `stored` and authority, the latter an e-mail address.
fn kept(number: u32, name: &str, day: u32) -> Value {
    let mut kept = statement(&id(number), name, "a");
    kept["timestamp"] = format!("2024-03-{day:02}T07:00:00.000Z").into();
    kept["stored"] = format!("2024-03-{day:02}T08:30:00.123Z").into();
    kept["authority"] =
        json!({ "objectType": "Agent", "name": "Portalen", "mbox": "mailto:portalen@larkby.example" });
    kept["version"] = "1.0.0".into();
    kept
}

fn voiding(number: u32, target: u32, day: u32) -> Value {
    let mut voiding = kept(number, "bo", day);
    voiding["verb"]["id"] = VOIDED.into();
    voiding["object"] = json!({ "objectType": "StatementRef", "id": id(target) });
    voiding
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

    async fn another_larka_is_pulled_with_attachments_and_voided_statements_and_later_what_is_new(instance) {
        let source = Instance::fresh(instance.backend()).await.unwrap();
        let server = source.start().await.unwrap();
        let (key, _) = instance.credential("all").unwrap();
        let user = format!("{}:{}\n", server.credential.0, server.credential.1);
        let user = written(&instance, "user", &user);
        let mut with = statement(&id(1), "anna", "a");
        with["attachments"] = json!([attachment("https://larkby.example/bilaga", "text/plain", LLAMA.as_bytes())]);
        let parts = [
            ("application/json".to_owned(), String::new(), with.to_string()),
            ("text/plain".to_owned(), sha2(LLAMA.as_bytes()), LLAMA.to_owned()),
        ];
        let mut body = String::new();
        for (content_type, hash, content) in &parts {
            let hash = if hash.is_empty() { String::new() } else { format!("\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {hash}") };
            body.push_str(&format!("--b\r\nContent-Type: {content_type}{hash}\r\n\r\n{content}\r\n"));
        }
        body.push_str("--b--\r\n");
        let sent = server.xapi(Method::POST, "statements", "2.0.0").header("Content-Type", "multipart/mixed; boundary=b").body(body);
        assert_eq!(sent.send().await.unwrap().status(), 200);
        let more: Vec<Value> = (2..20).map(|number| statement(&id(number), "bo", "b")).collect();
        server.post(&more.into()).await.unwrap().error_for_status().unwrap();
        let mut voiding = voiding(20, 1, 2);
        voiding.as_object_mut().unwrap().remove("version");
        server.post(&voiding).await.unwrap().error_for_status().unwrap();

        let url = format!("{}/xapi", server.address);
        let arguments = ["--pull", &url, "--user", user.to_str().unwrap(), "--page", "7"];
        let (code, answer) = import(&instance, &arguments, &key);
        assert_eq!((code, counts(&answer)), (Some(0), [20, 20, 0, 0]), "{answer}");
        assert_eq!(answer["counts"]["voided"], json!({ "source": 1, "here": 1 }));
        let target = instance.start().await.unwrap();
        assert_eq!(target.ids(&[]).await.unwrap().len(), 19);
        let given = target.get(&[("voidedStatementId", &id(1)), ("attachments", "true")]).await.unwrap();
        assert!(given.text().await.unwrap().contains(LLAMA));
        let there = server.statement(&id(2)).await.unwrap();
        let told = instance.run_json(&["statement", "provenance", &id(2)]).unwrap();
        assert_eq!(told["original"]["stored"], there["stored"]);
        assert_eq!(told["original"]["authority"], there["authority"]);
        assert_eq!(target.statement(&id(2)).await.unwrap()["timestamp"], there["timestamp"]);

        // Later: only what is new is stored, and everything is counted. One that had come before is voided meanwhile.
        let mut late = statement(&id(31), "bo", "b");
        late["verb"]["id"] = VOIDED.into();
        late["object"] = json!({ "objectType": "StatementRef", "id": id(3) });
        server.post(&json!([statement(&id(30), "cia", "c"), late])).await.unwrap().error_for_status().unwrap();
        let (code, answer) = import(&instance, &arguments, &key);
        assert_eq!((code, &answer["stored"]), (Some(0), &json!(2)), "{answer}");
        assert_eq!(answer["counts"]["statements"], json!({ "source": 22, "here": 22 }));
        assert_eq!(answer["counts"]["voided"], json!({ "source": 2, "here": 2 }));
    }

    async fn the_habits_of_other_stores_are_borne(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let user = written(&instance, "user", "nyckel:hem:lighet");
        // Twelve statements, with three digits or nine; three a page, of which the last comes again on the next.
        let stored = |number: u32| {
            let digits = if number.is_multiple_of(2) { "123" } else { "123456789" };
            format!("2024-05-01T10:00:{number:02}.{digits}Z")
        };
        let kept = move |number: u32| { let mut kept = kept(number, "anna", 1); kept["stored"] = stored(number).into(); kept };
        let mut busy = 0;
        let other = Other::start(move |number, target| {
            let json = |value: Value| Reply::With(200, vec![], value.to_string());
            if target.starts_with("/data/xAPI/about") {
                return json(json!({ "version": ["0.9", "1.0.0", "1.0.3", "0.95"] }));
            }
            if target.contains("attachments=true") {
                return Reply::With(400, vec![], "{}".into());
            }
            if number % 4 == 1 && busy < 3 {
                busy += 1;
                return match busy {
                    1 => Reply::With(429, vec![("Retry-After", "0".into())], String::new()),
                    2 => Reply::With(503, vec![("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT".into())], String::new()),
                    _ => Reply::With(502, vec![], String::new()),
                };
            }
            let from = target.split_once("from=").and_then(|(_, from)| from.parse::<u32>().ok()).unwrap_or(1);
            let mut page: Vec<Value> = (from..=12.min(from + 2)).map(kept).collect();
            page.push(page[0].clone());
            // Its own idea of where it is: behind a proxy it knows neither scheme nor port.
            let more = if from >= 11 { String::new() } else { format!("https://127.0.0.1/data/xAPI/statements?from={}", from + 2) };
            json(json!({ "statements": page, "more": more }))
        })
        .unwrap();
        let url = format!("{}/data/xAPI/", other.address);
        let arguments = ["--pull", &url, "--user", user.to_str().unwrap(), "--page", "3"];
        let (code, answer) = import(&instance, &arguments, &key);
        assert_eq!((code, &answer["stored"], &answer["aside"]), (Some(0), &json!(12), &json!(0)), "{answer}");
        assert_eq!(answer["counts"]["statements"], json!({ "source": 12, "here": 12 }));
        assert_eq!(answer["counts"]["last_stored"]["here"], "2024-05-01T10:00:12.123000Z");
        assert_eq!(answer["attachments"], json!(false));
        let seen = other.seen();
        let basic = format!("basic {}", STANDARD.encode("nyckel:hem:lighet").to_lowercase());
        assert!(seen.iter().all(|(_, headers)| headers.contains(&basic)));
        assert!(seen.iter().skip(1).all(|(_, headers)| headers.contains("x-experience-api-version: 1.0.3")));
        assert_eq!(instance.sound_statements().await.unwrap(), 12);

        // The next time it is asked from a minute before what was reached.
        import(&instance, &arguments, &key);
        let (target, _) = other.seen().into_iter().rfind(|(target, _)| target.contains("since=")).unwrap();
        assert!(target.contains("since=2024-05-01T09%3A59%3A12.123"), "{target}");
        assert!(!instance.said().contains("lighet"));
    }

    async fn what_was_set_aside_is_not_forgotten_by_later_pulls(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let user = written(&instance, "user", "a:b");
        let here = written(&instance, "statements.jsonl", &kept(1, "anna", 2).to_string());
        assert_eq!(import(&instance, &[here.to_str().unwrap()], &key).0, Some(0));
        // Another statement under that id at first, then nothing new, then the one that is here.
        let mut lists = 0;
        let other = Other::start(move |_, target| {
            if target.ends_with("/about") {
                return Reply::With(200, vec![], json!({ "version": ["1.0.3"] }).to_string());
            }
            lists += 1;
            let mut one = kept(1, "anna", 2);
            if lists == 1 {
                one["result"] = json!({ "completion": false });
            }
            let page = if lists == 2 { vec![] } else { vec![one] };
            Reply::With(200, vec![], json!({ "statements": page, "more": "" }).to_string())
        })
        .unwrap();
        let arguments = ["--pull", &other.address, "--user", user.to_str().unwrap()];
        for (read, aside) in [(1, 1), (0, 0)] {
            let (code, answer) = import(&instance, &arguments, &key);
            assert_eq!((code, counts(&answer)), (Some(2), [read, 0, 0, aside]), "{answer}");
            assert_eq!(answer["counts"]["statements"], json!({ "source": 1, "here": 0 }));
            assert_eq!(answer["counts"]["missing"], json!([id(1)]));
        }
        let (code, answer) = import(&instance, &arguments, &key);
        assert_eq!((code, counts(&answer)), (Some(0), [1, 0, 1, 0]), "{answer}");
    }

    async fn a_voided_statement_is_taken_without_attachments_and_only_404_says_that_there_is_none(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let user = written(&instance, "user", "a:b");
        let other = Other::start(|_, target| {
            let body = if target.ends_with("/about") {
                json!({ "version": ["1.0.3"] })
            } else if !target.contains("voidedStatementId=") {
                json!({ "statements": [voiding(2, 1, 3), voiding(4, 3, 4)], "more": "" })
            } else if target.contains(&id(3)) {
                return Reply::With(404, vec![], String::new());
            } else if target.contains("attachments=true") {
                return Reply::With(400, vec![], String::new());
            } else {
                kept(1, "anna", 2)
            };
            Reply::With(200, vec![], body.to_string())
        })
        .unwrap();
        let arguments = ["--pull", &other.address, "--user", user.to_str().unwrap()];
        let (code, answer) = import(&instance, &arguments, &key);
        assert_eq!((code, counts(&answer)), (Some(0), [3, 3, 0, 0]), "{answer}");
        assert_eq!(answer["counts"]["voided"], json!({ "source": 1, "here": 1 }));
    }

    async fn a_pull_that_is_killed_goes_on_from_what_was_reached(instance) {
        let (key, _) = instance.credential("all").unwrap();
        let user = written(&instance, "user", "a:b");
        let other = Other::start(|number, target| {
            if target.ends_with("/about") {
                return Reply::With(200, vec![], json!({ "version": ["1.0.3"] }).to_string());
            }
            let after = target.split_once("after=").and_then(|(_, after)| after.parse::<u32>().ok()).unwrap_or(0);
            // The third page is never given to whoever asks first.
            if after == 4 && number < 5 {
                return Reply::Never;
            }
            let page: Vec<Value> = (after + 1..=after + 2).map(|number| kept(number, "anna", number)).collect();
            let more = if after == 8 { String::new() } else { format!("/statements?after={}", after + 2) };
            Reply::With(200, vec![], json!({ "statements": page, "more": more }).to_string())
        })
        .unwrap();
        let arguments = ["--pull", &other.address, "--user", user.to_str().unwrap()];
        let all = [&["import", "statements"], &arguments[..], &["--credential", &key]].concat();
        let mut child = instance.command(&all).spawn().unwrap();
        until("the third page is asked for", || async { (other.seen().len() >= 4).then_some(()) }).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let (code, answer) = import(&instance, &arguments, &key);
        assert_eq!(code, Some(0), "{answer}");
        assert_eq!(answer["counts"]["statements"], json!({ "source": 10, "here": 10 }));
        let (target, _) = other.seen().into_iter().find(|(target, _)| target.contains("since=")).unwrap();
        assert!(target.contains("since=2024-03-04T08%3A29%3A00.123"), "{target}");
        assert_eq!(instance.sound_statements().await.unwrap(), 10);
        assert_eq!(instance.number("SELECT count(*) FROM event WHERE kind = 'import_run'").await.unwrap(), 2);
    }
}

#[tokio::test]
async fn what_cannot_be_pulled_is_said_in_a_line() {
    let instance = Instance::fresh(blackbox::Backend::Sqlite).await.unwrap();
    let (key, _) = instance.credential("all").unwrap();
    let user = written(&instance, "user", "a:b");
    let said = |url: &str, user: &str| {
        let arguments = ["import", "statements", "--pull", url, "--user", user, "--credential", &key];
        let output = instance.run(&arguments).unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let user = user.to_str().unwrap();
    let refusing = Other::start(|_, _| Reply::With(401, vec![], String::new())).unwrap();
    assert!(said(&refusing.address, user).contains("401"));
    let leading = Other::start(|_, target| {
        let body = match target.ends_with("/about") {
            true => json!({ "version": ["1.0.3"] }),
            false => json!({ "statements": [], "more": "http://elsewhere.example/statements" }),
        };
        Reply::With(200, vec![], body.to_string())
    })
    .unwrap();
    assert!(said(&leading.address, user).contains("another host"));
    assert_eq!(leading.seen().len(), 2, "and is not asked");
    let circling =
        Other::start(|_, _| Reply::With(200, vec![], json!({ "statements": [], "more": "/x" }).to_string()))
            .unwrap();
    assert!(said(&circling.address, user).contains("same page"));
    // The next page is gone, however often the list is asked for anew.
    let gone = Other::start(|_, target| {
        let body = match target {
            "/about" => json!({ "version": ["1.0.3"] }),
            "/gone" => return Reply::With(404, vec![], String::new()),
            _ => json!({ "statements": [kept(1, "anna", 2)], "more": "/gone" }),
        };
        Reply::With(200, vec![], body.to_string())
    })
    .unwrap();
    assert!(said(&gone.address, user).contains("404"));
    assert_eq!(gone.seen().len(), 5, "once from the start, and once from what was reached");
    let hiding = Other::start(|_, target| {
        if target.contains("voidedStatementId=") {
            return Reply::With(403, vec![], String::new());
        }
        let body = json!({ "version": ["1.0.3"], "statements": [voiding(2, 1, 3)] });
        Reply::With(200, vec![], body.to_string())
    })
    .unwrap();
    assert!(said(&hiding.address, user).contains("403"));
    let moved = Other::start(|_, _| {
        Reply::With(302, vec![("Location", "http://elsewhere.example/".into())], String::new())
    })
    .unwrap();
    assert!(said(&moved.address, user).contains("redirects"));
    let wrong = Other::start(|_, _| Reply::With(200, vec![], "<html>".into())).unwrap();
    assert!(said(&wrong.address, user).contains("list of statements"));
    assert!(said("http://a:b@127.0.0.1:1/", user).contains("--user"));
    assert!(said("http://127.0.0.1:1/xapi", user).contains("does not answer"));
    let without = ["import", "statements", "--pull", &moved.address, "--user", user, "--credential", &key];
    let output = instance.run(&[&without[..], &["--overlap", "0"]].concat()).unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("--overlap"));
    let empty = written(&instance, "empty", "no colon");
    assert!(said("http://127.0.0.1:1/xapi", empty.to_str().unwrap()).contains("key:secret"));
}
