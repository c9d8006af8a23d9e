//! Handing on and the live stream, against the real binary.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use blackbox::load::Load;
use blackbox::samples::{activity, id, ordinary, statement};
use blackbox::{Backend, Instance, Server, promises, until};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

async fn api(server: &Server, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
    let request = server.api(method, path);
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

/// Where a record store takes statements.
fn endpoint(server: &Server) -> String {
    format!("{}/xapi", server.address)
}

async fn forward(server: &Server, name: &str) -> Value {
    let (_, listed) = api(server, Method::GET, "forwards", None).await;
    listed["forwards"].as_array().unwrap().iter().find(|one| one["name"] == name).cloned().unwrap()
}

/// Waits until a forward has come to the end of the log.
async fn done(server: &Server, name: &str) -> Value {
    until("everything is handed on", || async {
        let forward = forward(server, name).await;
        (forward["lag_events"] == 0).then_some(forward)
    })
    .await
}

/// An open stream, read event by event.
struct Stream {
    answer: Response,
    text: String,
    id: String,
}

impl Stream {
    async fn open(server: &Server, query: &str, last: Option<&str>) -> Self {
        let mut request = server
            .http
            .get(format!("{}/api/v1/statements/stream{query}", server.address))
            .basic_auth(&server.credential.0, Some(&server.credential.1))
            .header("X-Experience-API-Version", "2.0.0");
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        Self { answer, text: String::new(), id: String::new() }
    }

    /// The next statement's id; none where the stream has ended.
    async fn next(&mut self) -> Option<String> {
        loop {
            while !self.text.contains("\n\n") {
                let chunk = self.answer.chunk().await.ok().flatten()?;
                self.text.push_str(std::str::from_utf8(&chunk).unwrap());
            }
            let (block, rest) = self.text.split_once("\n\n").unwrap();
            let line = |name: &str| {
                block.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned())
            };
            self.id = line("id:").unwrap_or_default();
            let data = line("data:");
            self.text = rest.to_owned();
            if let Some(data) = data {
                let statement: Value = serde_json::from_str(&data).unwrap();
                return Some(statement["id"].as_str().unwrap().to_owned());
            }
        }
    }
}

promises! {
    async fn another_larka_has_everything_however_often_the_first_is_killed(instance) {
        let there = Instance::fresh(Backend::Sqlite).await.unwrap();
        let target = there.start().await.unwrap();
        let mut server = instance.start().await.unwrap();
        let (user, password) = target.credential.clone();
        let file = instance.beside("password");
        std::fs::write(&file, format!("{password}\n")).unwrap();
        let to = endpoint(&target);
        let made = instance.run_json(&["forward", "create", "county", "--to", &to, "--kind", "lrs", "--user", &user,
            "--password", file.to_str().unwrap(), "--from", "0"]).unwrap();
        assert_eq!((&made["to"], &made["versions"]), (&json!(to), &json!(["1.0.3", "2.0.0"])));
        let mut acknowledged = BTreeSet::new();
        for _ in 0..2 {
            let load = Load::begin(&server, 4, 5);
            load.goes_on(15).await;
            server.kill().unwrap();
            acknowledged.extend(load.end().await.acknowledged);
            server = instance.restart(&server).await.unwrap();
        }
        let by_old = server.xapi(Method::POST, "statements", "1.0.3").json(&statement(&id(1), "anna", "a"));
        assert_eq!(by_old.send().await.unwrap().status(), 200);
        let standing = done(&server, "county").await;
        assert_eq!((&standing["conflicts"], &standing["refused"]), (&json!(0), &json!(0)), "{standing}");
        let here: BTreeSet<String> = server.ids(&[]).await.unwrap().into_iter().collect();
        let there: BTreeSet<String> = target.ids(&[]).await.unwrap().into_iter().collect();
        assert_eq!(here, there);
        assert!(acknowledged.is_subset(&there));
        assert_eq!(target.statement(&id(1)).await.unwrap()["version"], "1.0.0");
        // What is handed on is no view: made again from the log, it would go out again.
        server.settled().await.unwrap();
        instance.run_json(&["rebuild"]).unwrap();
        assert_eq!(done(&server, "county").await["sent"], standing["sent"]);
        let metrics = server.metrics().await.unwrap();
        assert!(metrics.contains("larka_forward_statements_total{forward=\"county\",outcome=\"sent\"}"));
        until("the gauges follow", || async {
            server.metrics().await.unwrap().contains("larka_forward_lag_events{forward=\"county\"} 0").then_some(())
        }).await;
        assert!(server.stop().unwrap().success());
    }

    async fn a_forward_lives_through_the_api_as_through_the_command_and_its_secrets_are_nowhere(instance) {
        let server = instance.start().await.unwrap();
        let hook = json!({ "name": "hook", "kind": "webhook", "to": "http://127.0.0.1:9/in?token=hemligt-token",
            "verbs": ["http://adlnet.gov/expapi/verbs/completed"], "from": 0 });
        let (status, made) = api(&server, Method::POST, "forwards", Some(hook.clone())).await;
        assert_eq!(status, 201, "{made}");
        let secret = made["secret"].as_str().unwrap().to_owned();
        assert_eq!(made["to"], "http://127.0.0.1:9/in?…");
        let lrs = json!({ "name": "county", "kind": "lrs", "to": "http://127.0.0.1:9/xapi", "user": "u", "password": "hemligt-losenord" });
        let (status, made) = api(&server, Method::POST, "forwards", Some(lrs.clone())).await;
        assert_eq!((status.as_u16(), &made["secret"]), (201, &Value::Null), "{made}");

        // Nobody listens there: posts are answered all the same, and the failure shows.
        for number in 0..20 {
            assert_eq!(server.post(&ordinary(number)).await.unwrap().status(), 200);
        }
        let failing = until("the failure shows", || async {
            let forward = forward(&server, "hook").await;
            forward["failing"]["error"].is_string().then_some(forward)
        }).await;
        assert!(failing["lag_events"].as_u64().unwrap() >= 20 && failing["sent"] == 0, "{failing}");

        for (changed, place) in [
            (json!({ "name": "Län" }), "/name"), (json!({ "name": "hook" }), "/name"), (json!({ "kind": "ftp" }), "/kind"),
            (json!({ "to": "https://u:p@there.example/x" }), "/to"), (json!({ "verbs": ["x"] }), "/verbs"),
            (json!({ "units": ["S9"] }), "/units"), (json!({ "user": "u" }), "/user"), (json!({ "more": 1 }), ""),
        ] {
            let mut asked = hook.clone();
            asked["name"] = json!("other");
            asked.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
            let (status, problem) = api(&server, Method::POST, "forwards", Some(asked)).await;
            assert_eq!((status.as_u16(), &problem["at"]), (400, &json!(place)), "{changed}: {problem}");
        }
        let tool = server.http.get(format!("{}/api/v1/forwards", server.address)).basic_auth(&server.credential.0, Some(&server.credential.1));
        assert_eq!(tool.send().await.unwrap().status(), 401);
        assert_eq!(api(&server, Method::POST, "forwards/nobody/pause", None).await.0, 404);

        assert_eq!(instance.run_json(&["forward", "pause", "hook"]).unwrap()["paused"], true);
        let (status, resumed) = api(&server, Method::POST, "forwards/hook/resume", Some(json!({ "from": 3 }))).await;
        assert_eq!((status.as_u16(), &resumed["paused"], &resumed["position"]), (200, &json!(false), &json!(3)));
        let names = |listed: &Value| listed["forwards"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect::<Vec<_>>();
        assert_eq!(names(&instance.run_json(&["forward", "list"]).unwrap()), ["county", "hook"]);
        let (_, listed) = api(&server, Method::GET, "forwards", None).await;
        assert_eq!(names(&listed), ["county", "hook"]);
        for hidden in [secret.as_str(), "hemligt-token", "hemligt-losenord"] {
            assert!(!listed.to_string().contains(hidden) && !instance.said().contains(hidden), "{hidden}");
            for (place, bytes) in instance.written().unwrap() {
                assert!(!bytes.windows(hidden.len()).any(|window| window == hidden.as_bytes()), "{hidden} in {place}");
            }
        }
        assert_eq!(api(&server, Method::DELETE, "forwards/hook", None).await.0, 200);
        instance.run_json(&["forward", "remove", "county"]).unwrap();
        assert!(names(&instance.run_json(&["forward", "list"]).unwrap()).is_empty());
        let events = "SELECT count(*) FROM event WHERE kind IN ('forward_set', 'forward_removed')";
        assert_eq!(instance.number(events).await.unwrap(), 6);
    }

    async fn a_stream_is_live_and_goes_on_after_a_restart_without_a_gap_or_a_double(instance) {
        let mut server = instance.start().await.unwrap();
        let query = format!("?activity={}", activity("a"));
        let mut stream = Stream::open(&server, &query, None).await;
        for number in 1..=3 {
            server.post(&statement(&id(number), "anna", if number == 2 { "b" } else { "a" })).await.unwrap();
        }
        assert_eq!((stream.next().await, stream.next().await), (Some(id(1)), Some(id(3))));
        let last = stream.id.clone();
        // A stream that nobody closes does not keep the server from stopping.
        server.post(&statement(&id(4), "anna", "a")).await.unwrap();
        assert!(server.stop().unwrap().success());
        while stream.next().await.is_some() {}
        let server = instance.restart(&server).await.unwrap();
        server.post(&statement(&id(5), "anna", "a")).await.unwrap();
        let mut stream = Stream::open(&server, &query, Some(&last)).await;
        assert_eq!((stream.next().await, stream.next().await), (Some(id(4)), Some(id(5))));
        if instance.backend() == Backend::Postgres {
            let node = instance.second_node().unwrap();
            let other = node.serve(&[], server.credential.clone(), server.administrator.clone()).await.unwrap();
            let mut elsewhere = Stream::open(&other, &query, Some(&stream.id)).await;
            server.post(&statement(&id(6), "anna", "a")).await.unwrap();
            assert_eq!((elsewhere.next().await, stream.next().await), (Some(id(6)), Some(id(6))));
        }
    }
}
