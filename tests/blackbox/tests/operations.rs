//! What an operator sees and does: health, metrics, logs, starting, stopping, credentials, verifying.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::{Output, Stdio};

use blackbox::load::{Load, Outcome};
use blackbox::samples::{activity, agent, id, ordinary, statement};
use blackbox::{Backend, Instance, Server, promises, until};
use reqwest::Method;
use serde_json::{Value, json};

async fn status(server: &Server, path: &str) -> (u16, String) {
    let answer = server.http.get(format!("{}{path}", server.address)).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The value of a metric, by its name and labels as they are written.
fn metric(text: &str, name: &str) -> f64 {
    let line = text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
    let line = line.unwrap_or_else(|| panic!("no metric {name} in {text}"));
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

/// What a command says that fails: on standard error, in one line.
fn failed(output: &Output) -> String {
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(said.trim_end().lines().count(), 1, "one line: {said}");
    assert!(said.starts_with("larka: "), "{said}");
    said
}

async fn may(server: &Server, credential: &(String, String)) -> u16 {
    let request = server.http.get(format!("{}/xapi/statements", server.address));
    let request =
        request.basic_auth(&credential.0, Some(&credential.1)).header("X-Experience-API-Version", "2.0.0");
    request.send().await.unwrap().status().as_u16()
}

promises! {
    async fn health_and_every_promised_metric_are_there_after_load(instance) {
        let anchors = instance.beside("anchors.txt");
        let server = instance.start_with(&["--anchors", anchors.to_str().unwrap()]).await.unwrap();
        assert_eq!(status(&server, "/healthz").await, (200, "ok\n".to_owned()));
        let load = Load::begin(&server, 8, 10);
        load.goes_on(20).await;
        let Outcome { acknowledged, refused, unanswered } = load.end().await;
        assert!(refused.is_empty() && unanswered.is_empty());
        server.settled().await.unwrap();
        let stored = acknowledged.len() as f64;
        // What the statements say of their activities is in the log too, where it was new.
        let others = "SELECT count(*) FROM event WHERE kind <> 'statement'";
        let events = stored + instance.number(others).await.unwrap() as f64;
        let batches = stored / 10.0;
        let (ready, body) = status(&server, "/readyz").await;
        assert_eq!(ready, 200);
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((&body["ready"], &body["position"]), (&json!(true), &json!(events as u64)));

        let text = server.metrics().await.unwrap();
        let labels = r#"method="POST",route="/xapi/statements""#;
        assert_eq!(metric(&text, &format!("larka_http_requests_total{{{labels},status=\"200\"}}")), batches);
        assert_eq!(metric(&text, &format!("larka_http_request_seconds_count{{{labels}}}")), batches);
        assert!(text.contains(&format!("larka_http_request_seconds_bucket{{{labels},le=")));
        assert_eq!(metric(&text, "larka_xapi_statements_stored_total"), stored);
        // The credential was made by a process of its own.
        assert_eq!(metric(&text, "larka_log_batch_events_sum"), events - 1.0);
        assert!(metric(&text, "larka_log_batch_events_count") <= batches);
        assert!(metric(&text, "larka_log_commit_seconds_count") > 0.0);
        assert_eq!(metric(&text, "larka_log_queue_events"), 0.0);
        assert_eq!(metric(&text, "larka_log_head_position"), events);
        for projection in ["progress", "competence"] {
            assert_eq!(metric(&text, &format!("larka_projection_lag_events{{projection=\"{projection}\"}}")), 0.0);
            assert_eq!(metric(&text, &format!("larka_projection_lag_seconds{{projection=\"{projection}\"}}")), 0.0);
        }
        assert_eq!(metric(&text, "larka_lake_position"), events);
        assert_eq!(metric(&text, "larka_lake_lag_events"), 0.0);
        let database = if instance.backend() == Backend::Postgres { "postgresql" } else { "sqlite" };
        let build = format!("larka_build_info{{database=\"{database}\",version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
        assert_eq!(metric(&text, &build), 1.0);
        // Of this very process, in whole seconds of processor time.
        assert!(metric(&text, "process_cpu_seconds_total") >= 0.0 && metric(&text, "process_open_fds") > 10.0);
        assert!(metric(&text, "process_resident_memory_bytes") > 1e7 && metric(&text, "process_start_time_seconds") > 1.7e9);
        // Whatever the alerts ask for is there, once there was something to count.
        let same = ordinary(1);
        server.post(&same).await.unwrap();
        let mut other = same.clone();
        other["result"]["completion"] = json!(false);
        assert_eq!(server.post(&other).await.unwrap().status(), 409);
        let nobody = json!({ "name": "county", "kind": "webhook", "to": "http://127.0.0.1:9/" });
        assert_eq!(server.api(Method::POST, "forwards").json(&nobody).send().await.unwrap().status(), 201);
        let text = until("the forward is measured", || async {
            let text = server.metrics().await.unwrap();
            // The last of its metrics: a scrape can fall between two of them.
            text.contains("larka_forward_statements_total").then_some(text)
        })
        .await;
        let alerts = include_str!("../../../deploy/prometheus/alerts.yml");
        let names = alerts.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let names: Vec<&str> = names.filter(|word| word.starts_with("larka_")).collect();
        assert!(names.len() > 6, "{names:?}");
        for name in names {
            assert!(text.lines().any(|line| line.starts_with(name)), "no metric {name} in {text}");
        }
        // Nobody can fill the memory with names of their own.
        for number in 0..3 {
            status(&server, &format!("/xapi/made-up-{number}")).await;
        }
        assert!(!server.metrics().await.unwrap().contains("made-up"));
    }

    async fn a_server_asked_to_stop_answers_what_it_took_and_ends_well(instance) {
        let mut server = instance.start().await.unwrap();
        let load = Load::begin(&server, 8, 10);
        load.goes_on(25).await;
        assert!(server.stop().unwrap().success());
        let Outcome { mut acknowledged, refused, .. } = load.end().await;
        assert!(refused.is_empty(), "{refused:?}");
        let server = instance.restart(&server).await.unwrap();
        let mut stored = server.ids(&[]).await.unwrap();
        stored.sort();
        acknowledged.sort();
        assert_eq!(stored, acknowledged, "what was stored was answered, and the other way round");
        drop(server);
        instance.sound().await.unwrap();
    }

    async fn each_line_of_a_json_log_is_an_object_with_time_level_and_message(instance) {
        let mut server = instance.start_with(&["--log-format", "json"]).await.unwrap();
        server.post(&ordinary(1)).await.unwrap();
        assert!(server.stop().unwrap().success());
        let said = instance.said();
        assert!(!said.is_empty());
        for line in said.lines() {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            for part in ["timestamp", "level", "target"] {
                assert!(line[part].is_string(), "{line}");
            }
            assert!(line["fields"]["message"].is_string(), "{line}");
        }
    }

    async fn credentials_are_made_listed_and_revoked_with_a_server_and_without(instance) {
        let mut server = instance.start().await.unwrap();
        for running in [true, false] {
            if !running {
                assert!(server.stop().unwrap().success());
            }
            let made = instance.run_json(&["credential", "create", "lms", "--scopes", "statements/read"]).unwrap();
            let credential =
                (made["key"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned());
            let administrator = instance.administrator().unwrap();
            let listed = || instance.run_json(&["credential", "list"]).unwrap();
            let find = |listed: &Value| {
                let all = listed["credentials"].as_array().unwrap();
                all.iter().find(|one| one["key"] == made["key"]).unwrap().clone()
            };
            let mut expected = made.clone();
            expected.as_object_mut().unwrap().remove("secret");
            assert_eq!(find(&listed()), expected);
            assert_eq!((&made["name"], &made["scopes"], &made["revoked"]), (&json!("lms"), &json!(["statements/read"]), &json!(false)));
            assert!(!listed().to_string().contains(&credential.1), "a secret is shown once");
            if !running {
                server = instance.restart(&server).await.unwrap();
            }
            assert_eq!(may(&server, &credential).await, 200);
            let entered = server.http.get(format!("{}/api/v1/status", server.address));
            let entered = entered.basic_auth(&administrator.0, Some(&administrator.1)).send().await.unwrap();
            assert_eq!(entered.status(), 200);
            if !running {
                assert!(server.stop().unwrap().success());
            }
            instance.run_json(&["credential", "revoke", &credential.0]).unwrap();
            assert_eq!(find(&listed())["revoked"], true);
            if !running {
                server = instance.restart(&server).await.unwrap();
            }
            assert_eq!(may(&server, &credential).await, 401);
            assert!(failed(&instance.run(&["credential", "revoke", "nosuchkey"]).unwrap()).contains("no credential"));
            let misspelt = instance.run(&["credential", "create", "x", "--scopes", "statement/read"]).unwrap();
            assert!(failed(&misspelt).contains("statements/read"));
            // A log-in is one person's.
            failed(&instance.run(&["user", "create", &administrator.0]).unwrap());
        }
    }

    async fn verify_names_the_first_event_that_was_changed(instance) {
        let mut server = instance.start().await.unwrap();
        for number in 0..10 {
            server.post(&Value::Array((number * 3..number * 3 + 3).map(ordinary).collect())).await.unwrap();
        }
        let running = instance.run_json(&["verify"]).unwrap();
        let events = instance.number("SELECT count(*) FROM event").await.unwrap();
        assert_eq!((&running["verified"], &running["events"]), (&json!(true), &json!(events)));
        assert!(server.stop().unwrap().success());
        instance.sound().await.unwrap();
        // Whoever may change the tables' rules can change the rows; the chain shows it.
        let (allow, facts, sealed) = match instance.backend() {
            Backend::Sqlite => (
                "DROP TRIGGER event_never_updated; DROP TRIGGER sealed_never_updated;",
                "UPDATE event SET facts = CAST(substr(facts, 1, 9) || char(unicode(substr(facts, 10, 1)) + 1) AS BLOB)",
                "UPDATE sealed SET body = zeroblob(length(body)) WHERE place / 65536",
            ),
            Backend::Postgres => (
                "ALTER TABLE event DISABLE TRIGGER ALL; ALTER TABLE sealed DISABLE TRIGGER ALL;",
                "UPDATE event SET facts = set_byte(facts, 9, get_byte(facts, 9) # 1)",
                "UPDATE sealed SET body = set_byte(body, 20, get_byte(body, 20) # 1) WHERE position",
            ),
        };
        let mut places = Vec::new();
        for offset in [16, 19, 22] {
            let sql = format!("SELECT position FROM event WHERE kind = 'statement' ORDER BY position LIMIT 1 OFFSET {offset}");
            places.push(instance.number(&sql).await.unwrap());
        }
        let [first, second, third] = places[..] else { panic!("three statements") };
        instance.execute(&format!("{allow} {sealed} = {third}")).await.unwrap();
        let said = failed(&instance.run(&["verify"]).unwrap());
        assert!(said.contains(&third.to_string()), "{said}");
        instance.execute(&format!("{facts} WHERE position IN ({first}, {second})")).await.unwrap();
        let said = failed(&instance.run(&["verify"]).unwrap());
        assert!(said.contains(&first.to_string()) && !said.contains(&second.to_string()), "{said}");
    }

    async fn a_log_that_lost_its_end_is_whole_by_itself_and_caught_by_a_signed_head(instance) {
        let file = instance.beside("anchors.txt");
        let flags = ["--anchors", file.to_str().unwrap(), "--anchor-every", "1"];
        let mut server = instance.start_with(&flags).await.unwrap();
        let signed = &file;
        for number in 0..4 {
            server.post(&ordinary(number)).await.unwrap();
            let head = instance.number("SELECT max(position) FROM event").await.unwrap();
            until("the head is signed while the server runs", || async move {
                let lines = std::fs::read_to_string(signed).unwrap_or_default();
                lines.lines().any(|line| line.contains(&format!(" {head} "))).then_some(())
            })
            .await;
        }
        // The last one is signed at the latest when the server stops.
        server.post(&ordinary(4)).await.unwrap();
        let metrics = server.metrics().await.unwrap();
        assert!(metrics.contains("larka_anchor_position"), "{metrics}");
        assert!(server.stop().unwrap().success());
        let lines = std::fs::read_to_string(&file).unwrap();
        let head = instance.number("SELECT max(position) FROM event").await.unwrap();
        assert!(lines.lines().last().unwrap().contains(&format!(" {head} ")), "{lines}");
        let held = ["verify", "--anchors", file.to_str().unwrap()];
        assert_eq!(instance.run_json(&held).unwrap()["anchors"], lines.lines().count());
        let now = instance.run_json(&["anchor"]).unwrap();
        assert_eq!(now["anchor"], lines.lines().last().unwrap(), "the same head gives the same line");
        let key = now["key"].as_str().unwrap();
        instance.run_json(&[&held[..], &["--anchor-key", key]].concat()).unwrap();
        let other = "3b".repeat(32);
        let said = failed(&instance.run(&[&held[..], &["--anchor-key", &other]].concat()).unwrap());
        assert!(said.contains("line 1 of the anchors"), "{said}");

        let (allow, slots) = match instance.backend() {
            Backend::Sqlite => (
                "DROP TRIGGER event_never_deleted; DROP TRIGGER sealed_deleted_by_an_event; DROP TRIGGER head_moves_on;",
                "place / 65536",
            ),
            Backend::Postgres => (
                "ALTER TABLE event DISABLE TRIGGER ALL; ALTER TABLE sealed DISABLE TRIGGER ALL; \
                 ALTER TABLE log_head DISABLE TRIGGER ALL;",
                "position",
            ),
        };
        let left = head - 1;
        let cut = format!(
            "{allow} DELETE FROM sealed WHERE {slots} = {head}; DELETE FROM event WHERE position = {head}; \
             UPDATE log_head SET position = {left}, stored = (SELECT stored FROM event WHERE position = {left}), \
             hash = (SELECT hash FROM event WHERE position = {left});"
        );
        instance.execute(&cut).await.unwrap();
        // The vault and what follows the log have seen it come further; where that is accepted as lost, the chain is whole.
        let said = failed(&instance.run(&["verify"]).unwrap());
        assert!(said.contains(&format!("the log ends at position {left}")), "{said}");
        instance.run_json(&["migrate", "--accept-loss"]).unwrap();
        assert_eq!(instance.run_json(&["verify"]).unwrap()["events"], left);
        let said = failed(&instance.run(&held).unwrap());
        assert!(said.contains(&format!("position {head}")), "{said}");
    }

    async fn a_request_without_a_version_is_served_or_refused_as_the_setting_says(instance) {
        // The version of a statement that is posted without one, and what becomes of a state that is put twice.
        for (setting, served, named, version, states) in [
            ("none", false, "2.0.0", None, [400, 400]),
            ("none:1.0.3", false, "1.0.3", None, [400, 400]),
            ("1.0.3", true, "1.0.3", Some("1.0.0"), [204, 204]),
            ("2.0.0", true, "2.0.0", Some("2.0.0"), [204, 409]),
        ] {
            let mut server = instance.start_with(&["--default-xapi-version", setting]).await.unwrap();
            let bare = async |method, path: &str, parameters: &[(&str, &str)], body: &str| {
                let request = server.http.request(method, format!("{}/xapi/{path}", server.address)).query(parameters);
                let request = request.basic_auth(&server.credential.0, Some(&server.credential.1));
                let request = request.header("Content-Type", "application/json").body(body.to_owned());
                let answer = request.send().await.unwrap();
                assert_eq!(answer.headers()["x-experience-api-version"], named, "{setting} {path}");
                answer.status().as_u16()
            };
            let status = if served { 200 } else { 400 };
            let (agent, activity) = (agent("anna").to_string(), activity("a"));
            let (by, about) = (("agent", agent.as_str()), ("activityId", activity.as_str()));
            for (path, parameters) in
                [("statements", &[][..]), ("agents", &[by]), ("activities", &[about]), ("activities/state", &[by, about])]
            {
                assert_eq!(bare(Method::GET, path, parameters, "").await, status, "{setting} {path}");
            }
            assert_eq!(bare(Method::GET, "about", &[], "").await, 200);
            let sent = ordinary(1);
            assert_eq!(bare(Method::POST, "statements", &[], &sent.to_string()).await, status, "{setting}");
            let stored = server.get(&[("statementId", sent["id"].as_str().unwrap())]).await.unwrap();
            // Who names a version gets it, whatever the setting.
            assert_eq!(stored.headers()["x-experience-api-version"], "2.0.0");
            let stored: Value = stored.json().await.unwrap();
            assert_eq!(stored["version"].as_str(), version, "{setting}");
            for expected in states {
                let state = [by, about, ("stateId", setting)];
                assert_eq!(bare(Method::PUT, "activities/state", &state, "{}").await, expected, "{setting}");
            }
            assert!(server.stop().unwrap().success());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_one_folder_are_refused_with_a_clear_line() {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let server = instance.start().await.unwrap();
    let said = failed(&instance.run(&["serve", "--listen", "127.0.0.1:0"]).unwrap());
    assert!(said.contains("another larka works on"), "{said}");
    assert_eq!(server.post(&ordinary(1)).await.unwrap().status(), 200);
    let address = server.address.strip_prefix("http://").unwrap();
    let elsewhere = Instance::fresh(Backend::Sqlite).await.unwrap();
    let said = failed(&elsewhere.run(&["serve", "--listen", address]).unwrap());
    assert!(said.contains("cannot listen") && said.contains("--listen"), "{said}");
    assert!(!elsewhere.folder().join("log.db").exists(), "nothing was made for a start that cannot be");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_setting_stops_the_start_and_is_named() {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let file = instance.beside("larka.toml");
    std::fs::write(&file, "lissten = \"127.0.0.1:0\"\n").unwrap();
    let file = file.to_str().unwrap();
    let wrong = [
        (vec!["--listen", "here"], "listen"),
        (vec!["--listen", "127.0.0.1:0", "--queue", "0"], "queue"),
        (vec!["--body-limit", "3"], "body-limit"),
        (vec!["--anchor-every", "0"], "anchor-every"),
        (vec!["--keep-superseded-days", "0"], "keep-superseded-days"),
        (vec!["--xapi-origins", "tool.example"], "xapi-origins"),
        (vec!["--roles", "lrs,cook"], "roles"),
        (vec!["--log-format", "xml"], "log-format"),
        (vec!["--default-xapi-version", "0.9"], "default-xapi-version"),
        (vec!["--base-url", "larkby.example"], "base-url"),
        (vec!["--database-url", "mysql://u:hemligt@h/d"], "database-url"),
        (vec!["--vault-url", "hemligt"], "vault-url"),
        (vec!["--config", file], "lissten"),
        (vec!["--config", "/nowhere/larka.toml"], "/nowhere/larka.toml"),
    ];
    for (flags, named) in wrong {
        let said = failed(&instance.run(&[&["serve"], &flags[..]].concat()).unwrap());
        assert!(said.contains(named), "{flags:?}: {said}");
        assert!(!said.contains("hemligt"), "{said}");
    }
    let mut by_variable = instance.command(&["serve"]);
    let output = by_variable.env("LARKA_QUEUE", "0").stdout(Stdio::null()).output().unwrap();
    assert!(failed(&output).contains("queue"));
    // A database that is not there, with a password in its address.
    let away =
        ["serve", "--listen", "127.0.0.1:0", "--database-url", "postgres://u:hemligt@127.0.0.1:1/larka"];
    let said = String::from_utf8(instance.run(&away).unwrap().stderr).unwrap();
    assert!(said.contains("larka: ") && !said.contains("hemligt"), "{said}");
    assert!(!instance.folder().join("log.db").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_fills_a_folder_once_and_never_one_that_is_in_use() {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let demo = ["demo", "--people", "50", "--statements", "300", "--exit", "--listen", "127.0.0.1:0"];
    let output = instance.run(&demo).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    for word in ["Open", "Log-in", "Password", "Key", "Secret", "http://127.0.0.1:"] {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert!(failed(&instance.run(&demo).unwrap()).contains("is filled already"));
    // What it printed opens what it filled.
    let after = |name: &str| {
        let line = said.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    };
    let people = ((after("Key"), after("Secret")), (after("Log-in"), after("Password")));
    let server = instance.serve(&[], people.0, people.1).await.unwrap();
    let stored = instance.number("SELECT count(*) FROM event WHERE kind = 'statement'").await.unwrap();
    // Beside the year's: what guardians answer today, seven statements each.
    let today = server.list(&[]).await.unwrap();
    let today = today.iter().filter(|one| one["timestamp"].as_str().unwrap() > "2026-08").count();
    assert!(today > 0 && today % 7 == 0, "{today}");
    assert_eq!(stored, 300 + i64::try_from(today).unwrap());
    assert_eq!(server.get(&[]).await.unwrap().status(), 200);
    let report = server.api(Method::GET, "reports/competence").send().await.unwrap();
    assert_eq!(report.status(), 200);
    drop(server);

    let used = Instance::fresh(Backend::Sqlite).await.unwrap();
    used.credential("all").unwrap();
    assert!(failed(&used.run(&demo).unwrap()).contains("not empty"));
}

/// Of PostgreSQL alone: files have no roles.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_whose_role_owns_nothing_does_all_and_can_rewrite_nothing() {
    let (instance, owner) = Instance::with_roles().await.unwrap();
    let said = failed(&instance.run(&["migrate"]).unwrap());
    assert!(said.contains("permission denied"), "{said}");
    let migrated = instance.run_json(&["migrate", "--owner-url", &owner]).unwrap();
    assert_eq!(migrated["append_only_by"], "triggers and rights");

    let server = instance.start().await.unwrap();
    let sent = ordinary(1);
    assert_eq!(server.post(&sent).await.unwrap().status(), 200);
    server.settled().await.unwrap();
    instance.run_json_with(&["erase", "--agent", "-"], Some(&sent["actor"].to_string())).unwrap();
    assert_eq!(instance.run_json(&["rebuild"]).unwrap()["rebuilt"], true);
    assert_eq!(instance.run_json(&["verify"]).unwrap()["verified"], true);
    for (attack, answer) in [
        ("ALTER TABLE log.event DISABLE TRIGGER ALL", "must be owner"),
        ("DROP TABLE log.event", "must be owner"),
        ("UPDATE log.event SET facts = facts", "permission denied"),
        ("DELETE FROM log.sealed", "only together with an event"),
    ] {
        let said = instance.number(attack).await.unwrap_err().to_string();
        assert!(said.contains(answer), "{attack}: {said}");
    }
    assert!(!instance.said().contains("owns the log's tables"), "{}", instance.said());
    // An operator whose service could rewrite the log is told so.
    let careless = Instance::fresh(Backend::Postgres).await.unwrap();
    let _server = careless.start().await.unwrap();
    assert!(careless.said().contains("owns the log's tables"), "{}", careless.said());
}

/// The key files of one folder, in another of its own.
fn copy_keys(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copy = to.join(path.file_name().unwrap());
        let _ = std::fs::remove_file(&copy);
        std::fs::copy(path, copy).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_with_an_older_copy_of_the_keys_says_so_and_goes_on_when_it_has_the_new_ones() {
    let instance = Instance::fresh(Backend::Postgres).await.unwrap();
    let first = instance.start().await.unwrap();
    assert_eq!(first.post(&json!([ordinary(1), ordinary(2)])).await.unwrap().status(), 200);
    let (keys, copy) = (instance.folder().join("keys"), instance.beside("copy"));
    copy_keys(&keys, &copy);
    let other = instance.second_node().unwrap().with_keys(copy.clone());
    let second = other.restart(&first).await.unwrap();
    assert_eq!(status(&second, "/readyz").await.0, 200);
    assert_eq!(second.post(&ordinary(3)).await.unwrap().status(), 200);

    let whom = ordinary(2)["actor"].to_string();
    instance.run_json_with(&["erase", "--agent", "-"], Some(&whom)).unwrap();
    let said = until("the copy is found to be old", || async {
        Some(status(&second, "/readyz").await).filter(|(code, _)| *code == 503)
    })
    .await;
    assert!(said.1.contains("older copy"), "{said:?}");
    let new = statement(&id(70), "helt-ny", "lektion");
    let refused = second.post(&new).await.unwrap();
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(status(&first, "/readyz").await.0, 200);

    copy_keys(&keys, &copy);
    assert_eq!(status(&second, "/readyz").await.0, 200);
    assert_eq!(second.post(&new).await.unwrap().status(), 200);
}
