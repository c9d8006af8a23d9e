//! Views are built anew beside those that answer, and an event that one cannot fold is named, stopped at or set aside.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::process::Stdio;

use blackbox::load::Load;
use blackbox::{Backend, Instance, Server, promises, samples, until};
use reqwest::Method;
use serde_json::{Value, json};
use synthetic::{Plan, World};

/// A municipality, and statements about it.
async fn fill(server: &Server) {
    let world = World::new(&Plan { people: 60, statements: 1_500, seed: 11, year: 2025 });
    let json = |value: Result<Value, serde_json::Error>| value.unwrap();
    for (resource, body) in [
        ("organisation", json(serde_json::to_value(world.organisation()))),
        ("courses", json(serde_json::to_value(world.courses()))),
        ("surveys", json(serde_json::to_value(world.surveys()))),
        ("rounds", json(serde_json::to_value(world.rounds()))),
    ] {
        let answer = server.api(Method::POST, resource).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{resource}: {}", answer.text().await.unwrap());
    }
    let statements: Vec<String> = world.statements().collect();
    for batch in statements.chunks(100) {
        let answer = server.post_body(format!("[{}]", batch.join(","))).await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    }
}

async fn status(server: &Server) -> Value {
    server.api(Method::GET, "status").send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
}

async fn follower(server: &Server, name: &str) -> Value {
    let status = status(server).await;
    status["followers"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone()
}

/// A report's bytes, at a position or as far as the lake has come.
async fn report(server: &Server, kind: &str, at: Option<u64>) -> String {
    let at = at.map_or_else(String::new, |at| format!("&at={at}"));
    let path = format!("reports/{kind}?format=json&lang=sv{at}");
    let answer = server.api(Method::GET, &path).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap()
}

fn position(report: &str) -> u64 {
    serde_json::from_str::<Value>(report).unwrap()["identity"]["position"].as_u64().unwrap()
}

/// How many statements the rows of `progress` count that answer queries: of one committed state.
async fn counted(instance: &Instance) -> i64 {
    let current = "SELECT number FROM generation WHERE projection = 'progress' AND standing = 'current'";
    loop {
        let number = instance.number_in("views", current).await.unwrap();
        let sum = "SELECT CAST(coalesce(sum(statements), 0) AS bigint) FROM progress";
        match instance.number_in(&format!("views.progress.{number}"), sum).await {
            Ok(sum) => return sum,
            // Dropped meanwhile: another answers.
            Err(error) => {
                assert_ne!(instance.number_in("views", current).await.unwrap(), number, "{error}");
            }
        }
    }
}

promises! {
    async fn every_answer_during_a_rebuild_is_whole_while_statements_come_in(instance) {
        let server = instance.start().await.unwrap();
        fill(&server).await;
        server.settled().await.unwrap();
        let first = status(&server).await["position"].as_u64().unwrap();
        let before = [report(&server, "competence", Some(first)).await, report(&server, "survey", Some(first)).await];
        let load = Load::begin(&server, 2, 20);
        load.goes_on(2).await;

        // On PostgreSQL from another node too.
        let other = (instance.backend() == Backend::Postgres).then(|| instance.second_node().unwrap());
        let by = other.as_ref().unwrap_or(&instance);
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        let mut sum = counted(&instance).await;
        let mut lake = first;
        for (node, words) in [(by, vec!["rebuild", "--projection", "progress"]), (&instance, vec!["rebuild"])] {
            let mut rebuild = node.command(&words).arg("--json").stdout(Stdio::piped()).spawn().unwrap();
            while rebuild.try_wait().unwrap().is_none() {
                for (one, kind) in ["competence", "survey"].into_iter().enumerate() {
                    assert!(report(&server, kind, Some(first)).await == before[one], "{kind} differs");
                    let now = position(&report(&server, kind, None).await);
                    assert!(now >= lake, "a report at {now} after one at {lake}");
                    lake = now;
                }
                for one in status(&server).await["followers"].as_array().unwrap() {
                    let (name, at) = (one["name"].as_str().unwrap(), one["position"].as_u64().unwrap());
                    let before = seen.entry(name.to_owned()).or_insert(first);
                    assert!(at >= *before && one["stopped"].is_null(), "{name} went from {before} to {one}");
                    *before = at;
                }
                let now = counted(&instance).await;
                assert!(now >= sum, "{now} statements counted after {sum}");
                sum = now;
            }
            let output = rebuild.wait_with_output().unwrap();
            assert!(output.status.success());
            let said: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(said["rebuilt"], true);
        }
        let outcome = load.end().await;
        assert!(outcome.refused.is_empty() && outcome.unanswered.is_empty(), "{:?}", outcome.refused);
        server.settled().await.unwrap();
        assert!(!outcome.acknowledged.is_empty());
        let progress = follower(&server, "progress").await;
        assert_eq!((&progress["generation"], &progress["rebuild"]), (&json!(3), &Value::Null));
        assert_eq!(follower(&server, "competence").await["generation"], 2);

        // The figures are those of a rebuild in quiet.
        let last = status(&server).await["position"].as_u64().unwrap();
        let (sum, after) = (counted(&instance).await, report(&server, "competence", None).await);
        assert_eq!(position(&after), last);
        instance.run_json(&["rebuild"]).unwrap();
        assert_eq!(counted(&instance).await, sum);
        assert!(report(&server, "competence", None).await == after);
        assert!(report(&server, "competence", Some(first)).await == before[0]);
    }

    async fn an_event_that_a_view_refuses_stops_it_or_is_set_aside_and_shows_with_its_error(instance) {
        let mut server = instance.start().await.unwrap();
        let refused = samples::activity("vagrad");
        // As a view's own constraints would.
        let trigger = match instance.backend() {
            Backend::Sqlite => format!(
                "CREATE TRIGGER refuse BEFORE INSERT ON progress_activity WHEN NEW.iri = '{refused}' \
                 BEGIN SELECT RAISE(ABORT, 'not this one'); END"
            ),
            Backend::Postgres => format!(
                "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN IF NEW.iri = '{refused}' THEN \
                 RAISE 'not %', NEW.iri; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER refuse \
                 BEFORE INSERT ON progress_activity FOR EACH ROW EXECUTE FUNCTION refuse()"
            ),
        };
        until("the rows have a place", || async { follower(&server, "progress").await["generation"].as_u64().filter(|one| *one > 0) }).await;
        until("and tables", || async { instance.execute_in("views.progress.1", &trigger).await.ok() }).await;
        let mut batch: Vec<Value> = (0..41).map(samples::ordinary).collect();
        let id = samples::id(7);
        batch[23] = samples::statement(&id, "anna", "vagrad");
        assert_eq!(server.post(&Value::Array(batch)).await.unwrap().status(), 200);
        let at = format!("SELECT position FROM event WHERE dedupe = {}", match instance.backend() {
            Backend::Sqlite => format!("x'{}'", id.replace('-', "")),
            Backend::Postgres => format!("decode('{}', 'hex')", id.replace('-', "")),
        });
        let at = instance.number(&at).await.unwrap();

        let stopped = until("the view stops", || async {
            Some(follower(&server, "progress").await).filter(|one| !one["stopped"].is_null())
        })
        .await;
        assert_eq!((&stopped["stopped"]["position"], &stopped["stopped"]["kind"]), (&json!(at), &json!("statement")));
        let error = stopped["stopped"]["error"].as_str().unwrap();
        assert!(error.contains("refuses") && !error.contains("larkby"), "{error}");
        assert_eq!(stopped["position"], at - 1, "all before it counts");
        // Statements are taken as ever; that it stopped is a metric.
        assert_eq!(server.http.get(format!("{}/readyz", server.address)).send().await.unwrap().status(), 200);
        let failed = |name: &str, how: u8| format!("larka_projection_failed{{projection=\"{name}\"}} {how}\n");
        let metrics = until("it is told", || async {
            Some(server.metrics().await.unwrap()).filter(|metrics| metrics.contains(&failed("progress", 1)))
        })
        .await;
        assert!(metrics.contains(&failed("competence", 0)) && metrics.contains(&failed("lake", 0)), "{metrics}");
        until("nothing else is held up", || async {
            (follower(&server, "competence").await["lag_events"] == 0 && follower(&server, "lake").await["lag_events"] == 0).then_some(())
        })
        .await;
        assert!(page(&server, "sv").await.contains("Stannat vid händelse"));
        assert!(server.stop().unwrap().success());

        let (credential, administrator) = (server.credential.clone(), server.administrator.clone());
        let server = instance.serve(&["--on-unfoldable", "progress=set-aside"], credential, administrator).await.unwrap();
        server.settled().await.unwrap();
        let progress = follower(&server, "progress").await;
        assert_eq!((&progress["set_aside"], &progress["set_aside_latest"][0]["position"]), (&json!(1), &json!(at)));
        assert_eq!(progress["set_aside_latest"][0]["kind"], "statement");
        let metrics = server.metrics().await.unwrap();
        assert!(metrics.contains("larka_projection_set_aside{projection=\"progress\"} 1"), "{metrics}");
        let (sv, en) = (page(&server, "sv").await, page(&server, "en").await);
        assert!(sv.contains("en händelse har lagts åt sidan") && sv.contains("Händelser lagda åt sidan"), "{sv}");
        assert!(en.contains("one event was set aside") && en.contains("Events set aside: "), "{en}");
        assert!(instance.said().contains("an event was set aside"));
        assert_eq!(counted(&instance).await, 40);

        // What refused it is gone from a new generation.
        instance.run_json(&["rebuild", "--projection", "progress"]).unwrap();
        let progress = follower(&server, "progress").await;
        assert_eq!((&progress["set_aside"], &progress["generation"]), (&json!(0), &json!(2)));
        assert_eq!(counted(&instance).await, 41);
        let unknown = instance.run(&["rebuild", "--projection", "statements"]).unwrap();
        assert!(String::from_utf8_lossy(&unknown.stderr).contains("progress, competence, lake"));
    }
}

/// The page that says how the system stands.
async fn page(server: &Server, lang: &str) -> String {
    let browser =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let (user, password) = &server.administrator;
    let entered = browser
        .post(format!("{}/login", server.address))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("Sec-Fetch-Site", "same-origin")
        .body(format!("user={user}&password={password}"))
        .send()
        .await
        .unwrap();
    let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = browser.get(format!("{}/system?lang={lang}", server.address)).header("Cookie", cookie);
    page.send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
}
