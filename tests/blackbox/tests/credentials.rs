//! Credentials of tools, by command and by API, against the real binary.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::samples::{activity, id, ordinary, statement};
use blackbox::{Backend, Instance, Server, promises, until};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// What a credential gets that asks for statements.
async fn may(server: &Server, key: &Value, secret: &Value) -> StatusCode {
    let request = server.http.get(format!("{}/xapi/statements", server.address));
    let request = request.basic_auth(key.as_str().unwrap(), secret.as_str());
    request.header("X-Experience-API-Version", "2.0.0").send().await.unwrap().status()
}

async fn api(server: &Server, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
    let request = server.api(method, path);
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

promises! {
    async fn a_credential_lives_through_the_api_as_it_does_through_the_command(instance) {
        let server = instance.start().await.unwrap();
        let asked = json!({ "name": "H5P", "scopes": ["statements/write", "statements/read/mine"], "expires": "2099-12-31", "rate": 100 });
        let (status, made) = api(&server, Method::POST, "credentials", Some(asked)).await;
        assert_eq!(status, 201, "{made}");
        assert_eq!((&made["expires"], &made["rate"], &made["burst"]), (&json!("2100-01-01T00:00:00.000000Z"), &json!(100), &json!(100)));
        let (key, first) = (&made["key"], &made["secret"]);
        assert_eq!(may(&server, key, first).await, 200);

        // A new secret; the old one is good for as long as was asked for, and no longer once rotated again.
        let path = format!("credentials/{}", key.as_str().unwrap());
        let rotated = instance.run_json(&["credential", "rotate", key.as_str().unwrap(), "--grace", "1h"]).unwrap();
        assert_eq!(&rotated["key"], key);
        let second = &rotated["secret"];
        assert!(may(&server, key, first).await == 200 && may(&server, key, second).await == 200);
        let (status, rotated) = api(&server, Method::POST, &format!("{path}/rotate"), None).await;
        assert_eq!(status, 200, "{rotated}");
        let third = &rotated["secret"];
        assert!(may(&server, key, first).await == 401 && may(&server, key, second).await == 401);
        assert_eq!(may(&server, key, third).await, 200);

        let (_, listed) = api(&server, Method::GET, "credentials", None).await;
        assert_eq!(listed, instance.run_json(&["credential", "list"]).unwrap());
        let find = |listed: &Value| listed["credentials"].as_array().unwrap().iter().find(|one| &one["key"] == key).cloned().unwrap();
        assert_eq!((&find(&listed)["name"], &find(&listed)["revoked"]), (&json!("H5P"), &json!(false)));
        for secret in [first, second, third] {
            assert!(!listed.to_string().contains(secret.as_str().unwrap()));
        }

        let (status, _) = api(&server, Method::DELETE, &path, None).await;
        assert_eq!(status, 200);
        assert_eq!(may(&server, key, third).await, 401);
        assert_eq!(find(&api(&server, Method::GET, "credentials", None).await.1)["revoked"], true);

        let kinds = ["credential_created", "credential_rotated", "credential_revoked"].map(|kind| {
            format!("SELECT count(*) FROM event WHERE kind = '{kind}'")
        });
        // The one the server was started with is the other that was made.
        for (kind, count) in kinds.iter().zip([2, 2, 1]) {
            assert_eq!(instance.number(kind).await.unwrap(), count, "{kind}");
        }
        // No secret is written down anywhere.
        for (place, bytes) in instance.written().unwrap() {
            for secret in [first, second, third] {
                let secret = secret.as_str().unwrap().as_bytes();
                assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{place}");
            }
        }
    }

    async fn the_api_of_credentials_says_what_is_wrong_as_a_problem(instance) {
        let server = instance.start().await.unwrap();
        let name = "H5P";
        for (body, place) in [
            (json!({ "scopes": ["all"] }), ""),
            (json!({ "name": name, "scopes": ["everything"] }), "/scopes"),
            (json!({ "name": name, "scopes": ["all"], "expires": "2001-01-01" }), "/expires"),
            (json!({ "name": name, "scopes": ["all"], "rate": 0 }), "/rate"),
            (json!({ "name": name, "scopes": ["all"], "rates": 1 }), ""),
            (json!([name, ["all"]]), ""),
        ] {
            let (status, problem) = api(&server, Method::POST, "credentials", Some(body.clone())).await;
            assert_eq!((status.as_u16(), &problem["status"], &problem["at"]), (400, &json!(400), &json!(place)), "{body}: {problem}");
        }
        for (method, path) in [(Method::DELETE, "credentials/nobody"), (Method::POST, "credentials/nobody/rotate")] {
            let (status, problem) = api(&server, method, path, None).await;
            assert_eq!((status.as_u16(), &problem["title"]), (404, &json!("Not Found")));
        }
        // A tool's key opens nothing here, and neither does nothing at all.
        for tool in [true, false] {
            let mut request = server.http.get(format!("{}/api/v1/credentials", server.address));
            if tool {
                request = request.basic_auth(&server.credential.0, Some(&server.credential.1));
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 401);
            assert_eq!(answer.headers()["content-type"], "application/problem+json");
        }
    }

    async fn ingest_rules_are_given_by_file_and_by_api_and_hold_at_once(instance) {
        let mut server = instance.start().await.unwrap();
        let file = instance.beside("rules.json");
        std::fs::write(&file, json!({ "activities": { "allow": ["https://elsewhere.example/"] } }).to_string()).unwrap();
        let file = file.to_str().unwrap();
        let made = instance.run_json(&["credential", "create", "ruled", "--scopes", "all", "--rules", file]).unwrap();
        let key = made["key"].as_str().unwrap();
        assert_eq!(made["rules"], json!({ "activities": { "allow": ["https://elsewhere.example/"] } }));
        let all = std::mem::replace(&mut server.credential, (key.to_owned(), made["secret"].as_str().unwrap().to_owned()));
        let refused = server.post(&ordinary(1)).await.unwrap();
        assert_eq!(refused.status(), 403);
        let said: Value = refused.json().await.unwrap();
        assert_eq!((&said["statement"], &said["path"]), (&json!(0), &json!("/object/id")));
        assert!(server.metrics().await.unwrap().contains("larka_xapi_requests_refused_total{"));

        let path = format!("credentials/{key}/rules");
        let (status, problem) = api(&server, Method::PUT, &path, Some(json!({ "verb": {} }))).await;
        assert_eq!((status.as_u16(), &problem["at"]), (400, &json!("/rules")));
        let (status, row) = api(&server, Method::PUT, &path, Some(json!({}))).await;
        assert_eq!((status.as_u16(), &row["rules"]), (200, &Value::Null));
        assert_eq!(server.post(&ordinary(1)).await.unwrap().status(), 200);
        instance.run_json(&["credential", "rules", key, file]).unwrap();
        assert_eq!(server.post(&ordinary(2)).await.unwrap().status(), 403);
        let find = |listed: &Value| listed["credentials"].as_array().unwrap().iter().find(|one| one["key"] == key).cloned().unwrap();
        let listed = find(&instance.run_json(&["credential", "list"]).unwrap());
        assert_eq!((&listed["stored"], &listed["refused"]), (&json!(1), &json!(2)));
        assert_eq!(listed["refusals"][0]["path"], "/object/id");
        assert!(listed["seen"].is_string() && listed["refusals"][0]["reason"].is_string());
        assert_eq!(find(&api(&server, Method::GET, "credentials", None).await.1), listed);
        server.credential = all;
        assert_eq!(server.ids(&[]).await.unwrap().len(), 1);
        // It outlives the server.
        assert!(server.stop().unwrap().success());
        assert_eq!(find(&instance.run_json(&["credential", "list"]).unwrap()), listed);
    }

    async fn what_a_wrong_rule_refused_is_replayed_once_it_is_mended_though_the_server_was_killed(instance) {
        let mut server = instance.start().await.unwrap();
        let rules = |name: &str, allow: Value| {
            let file = instance.beside(name);
            std::fs::write(&file, json!({ "activities": { "allow": allow }, "keep": true }).to_string()).unwrap();
            file.to_str().unwrap().to_owned()
        };
        let (wrong, mended) = (rules("wrong.json", json!([activity("a")])), rules("mended.json", json!([activity("a"), activity("b")])));
        let made = instance.run_json(&["credential", "create", "ruled", "--scopes", "all", "--rules", &wrong]).unwrap();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        let key = text("key");
        assert_eq!(made["rules"]["keep"], true);
        let all = std::mem::replace(&mut server.credential, (key.clone(), text("secret")));
        let sent: Vec<Value> = (1..=6).map(|number| statement(&id(number), "anna", if number < 6 { "b" } else { "c" })).collect();
        for _ in 0..2 {
            assert_eq!(server.post(&json!(sent)).await.unwrap().status(), 403);
        }
        // A 403 means that it is on disk.
        server.kill().unwrap();
        server.credential = all;
        let server = instance.restart(&server).await.unwrap();
        let listed = |listed: &Value| listed["credentials"].as_array().unwrap().iter().find(|one| one["key"] == key.as_str()).cloned().unwrap();
        let row = listed(&instance.run_json(&["credential", "list"]).unwrap());
        assert_eq!((&row["kept"]["statements"], &row["unkept"]), (&json!(6), &Value::Null));
        assert_eq!(server.ids(&[]).await.unwrap(), [""; 0]);

        let nothing = json!({ "stored": 0, "known": 0, "refused": 6, "conflict": 0, "unreadable": 0, "dry_run": false });
        assert_eq!(instance.run_json(&["credential", "replay", &key]).unwrap(), nothing);
        instance.run_json(&["credential", "rules", &key, &mended]).unwrap();
        let trial = instance.run_json(&["credential", "replay", &key, "--dry-run"]).unwrap();
        assert_eq!((&trial["stored"], &trial["refused"], &trial["dry_run"]), (&json!(5), &json!(1), &json!(true)));
        assert_eq!(server.ids(&[]).await.unwrap(), [""; 0]);
        let path = format!("credentials/{key}");
        let (status, replayed) = api(&server, Method::POST, &format!("{path}/replay"), None).await;
        assert_eq!((status.as_u16(), &replayed["stored"], &replayed["refused"]), (200, &json!(5), &json!(1)));
        let ascending = server.ids(&[("ascending", "true")]).await.unwrap();
        assert_eq!(ascending, (1..=5).map(id).collect::<Vec<_>>());
        let (status, problem) = api(&server, Method::POST, &format!("{path}/replay"), Some(json!({ "trial": true }))).await;
        assert_eq!((status.as_u16(), &problem["status"]), (400, &json!(400)));
        let (status, _) = api(&server, Method::POST, "credentials/nobody/replay", None).await;
        assert_eq!(status, 404);

        // Made again from the log, what waits is the same.
        let before = listed(&instance.run_json(&["credential", "list"]).unwrap())["kept"].clone();
        assert_eq!(before["statements"], 1);
        server.settled().await.unwrap();
        instance.run_json(&["rebuild"]).unwrap();
        assert_eq!(listed(&instance.run_json(&["credential", "list"]).unwrap())["kept"], before);
        let (status, discarded) = api(&server, Method::DELETE, &format!("{path}/kept"), None).await;
        assert_eq!((status.as_u16(), &discarded["discarded"]), (200, &json!(1)));
        assert_eq!(listed(&api(&server, Method::GET, "credentials", None).await.1)["kept"], Value::Null);
        assert_eq!(instance.run_json(&["credential", "discard", &key]).unwrap(), json!({ "discarded": 0 }));
        instance.run_json(&["verify"]).unwrap();
        assert_eq!(instance.number("SELECT count(*) FROM event WHERE kind = 'statement_refused'").await.unwrap(), 6);
    }

    async fn a_source_is_seen_with_its_tools_and_its_pace(instance) {
        let server = instance.start().await.unwrap();
        for (tool, number) in [("Moodle/4.5 (anna@larkby.example)", 1), ("H5P/1.2", 2), ("H5P/1.2", 3)] {
            let request = server.xapi(Method::POST, "statements", "2.0.0").header("User-Agent", tool);
            assert_eq!(request.json(&ordinary(number)).send().await.unwrap().status(), 200);
        }
        let (_, listed) = api(&server, Method::GET, "credentials", None).await;
        let row = &listed["credentials"][0];
        assert_eq!((&row["stored"], &row["pace"]), (&json!(3), &json!("3/30d")));
        let tools: Vec<_> = row["tools"].as_array().unwrap().iter().map(|one| (&one["tool"], &one["stored"], &one["pace"])).collect();
        let expected = [("H5P/1.2", 2, "2/30d"), ("Moodle/4.5", 1, "1/30d")];
        let expected = expected.map(|(tool, stored, pace)| (json!(tool), json!(stored), json!(pace)));
        assert_eq!(tools, expected.each_ref().map(|(tool, stored, pace)| (tool, stored, pace)));
        for parts in ["hours", "days"] {
            let stored: u64 = row[parts].as_array().unwrap().iter().map(|part| part["stored"].as_u64().unwrap()).sum();
            assert_eq!(stored, 3, "{parts}");
        }
        assert!(!listed.to_string().contains("anna"));
        // For people it is the pace alone.
        let output = instance.run(&["credential", "list"]).unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(printed.contains("pace: 3/30d") && printed.contains("tool: H5P/1.2") && !printed.contains("hours"), "{printed}");
    }

    async fn a_tool_that_asks_too_often_waits_and_nothing_of_it_is_lost(instance) {
        let mut server = instance.start().await.unwrap();
        let made = instance.run_json(&["credential", "create", "busy", "--scopes", "all", "--rate", "1", "--burst", "2"]).unwrap();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        let all = std::mem::replace(&mut server.credential, (text("key"), text("secret")));
        let mut refused = 0;
        for number in 0..6 {
            until("a place under the limit", || async {
                let answer = server.post(&ordinary(number)).await.unwrap();
                (answer.status() == 200).then_some(())
            }).await;
            let answer = server.get(&[]).await.unwrap();
            if answer.status() == 429 {
                assert_eq!(answer.headers()["retry-after"], "1");
                refused += 1;
            }
        }
        assert!(refused > 0);
        server.credential = all;
        assert_eq!(server.ids(&[]).await.unwrap().len(), 6);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_counts_on_every_node_within_seconds() {
    let instance = Instance::fresh(Backend::Postgres).await.unwrap();
    let server = instance.start().await.unwrap();
    let node = instance.second_node().unwrap();
    let other = node.serve(&[], server.credential.clone(), server.administrator.clone()).await.unwrap();
    let (key, secret) = (json!(server.credential.0), json!(server.credential.1));
    assert!(may(&server, &key, &secret).await == 200 && may(&other, &key, &secret).await == 200);
    instance.run_json(&["credential", "revoke", &server.credential.0]).unwrap();
    assert_eq!(may(&server, &key, &secret).await, 401);
    until("the other node hears of it", || async { (may(&other, &key, &secret).await == 401).then_some(()) })
        .await;
}
