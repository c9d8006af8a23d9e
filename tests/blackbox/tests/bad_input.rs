//! Whatever is sent, and whatever runs full: a clear answer, nothing half stored, nothing acknowledged lost.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::Command;

use blackbox::load::{Load, Outcome, Refused};
use blackbox::samples::{agent, id, ordinary, statement};
use blackbox::{Backend, Instance, Server, promises, until};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A word that no program writes by itself. It stands in names, addresses and texts, and must not come back.
const MARKER: &str = "kvasthammar";

/// Sends bytes as they are and reads until the server closes.
async fn raw(server: &Server, request: &str) -> String {
    let mut stream = TcpStream::connect(server.address.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// The head of a raw POST of statements, without the line that says how long it is.
fn head(server: &Server) -> String {
    let request = server.xapi(Method::POST, "statements", "2.0.0").build().unwrap();
    let authorization = request.headers()["authorization"].to_str().unwrap();
    format!(
        "POST /xapi/statements HTTP/1.1\r\nHost: larka\r\nAuthorization: {authorization}\r\n\
         X-Experience-API-Version: 2.0.0\r\nContent-Type: application/json\r\n"
    )
}

async fn refused(server: &Server, body: impl Into<reqwest::Body>, what: &str) -> Value {
    let answer = server.post_body(body).await.unwrap();
    assert_eq!(answer.status(), 400, "{what}");
    let error: Value = answer.json().await.unwrap();
    assert!(error["error"].is_string(), "{what}: {error}");
    error
}

promises! {
    async fn control_characters_in_names_are_refused_with_their_place_and_nothing_is_stored(instance) {
        let server = instance.start().await.unwrap();
        let events = instance.number("SELECT count(*) FROM event").await.unwrap();
        let text = |sv: &str| json!({ "sv": sv });
        for control in ["\n", "\0", "\u{1b}[2J", "\u{7f}", "\u{85}"] {
            let bad = format!("Al{control}fa");
            let course = |id: &str, title: &str| json!({ "id": id, "title": text(title), "origin": { "central": true } });
            for (way, body, at) in [
                ("organisation", json!({ "units": [{ "code": "L", "name": bad, "kind": "skola" }] }), "/units/0/name"),
                ("organisation", json!({ "units": [{ "code": bad, "name": "L", "kind": "skola" }] }), "/units/0/code"),
                ("courses", json!({ "courses": [course("https://larkby.example/a", &bad)] }), "/courses/0/title/sv"),
                ("credentials", json!({ "name": bad, "scopes": ["all"] }), "/name"),
                ("forwards", json!({ "name": bad, "kind": "webhook", "to": "https://larkby.example" }), "/name"),
            ] {
                let answer = server.api(Method::POST, way).json(&body).send().await.unwrap();
                assert_eq!(answer.status(), 400, "{way} {control:?}");
                assert_eq!(answer.json::<Value>().await.unwrap()["at"], at, "{way} {control:?}");
            }
            if control != "\0" {
                for command in [["credential", "create", &bad], ["user", "create", &bad]] {
                    let output = instance.run(&command).unwrap();
                    assert!(!output.status.success(), "{command:?}");
                    assert!(!String::from_utf8_lossy(&output.stderr).contains("Al"), "{command:?}");
                }
            }
        }
        assert_eq!(instance.number("SELECT count(*) FROM event").await.unwrap(), events);
    }

    async fn what_is_no_statement_is_refused_with_its_place_and_nothing_of_it_is_stored(instance) {
        let server = instance.start().await.unwrap();
        let bom = "\u{feff}[]";
        for body in ["", "{", "[", "nonsense", "7", "null", "[null]", "{}", "[{}]", "{\"a\":1,}", "[1,2", bom] {
            refused(&server, body, body).await;
        }
        refused(&server, vec![b'"', 0xff, b'"'], "no UTF-8").await;
        refused(&server, "[".repeat(200_000), "deep and open").await;
        refused(&server, format!("{}{}", "[".repeat(50_000), "]".repeat(50_000)), "deep").await;

        let mut bad = statement(&id(2), "bo", "a");
        bad["actor"]["mbox"] = "bo at larkby".into();
        let batch = json!([statement(&id(1), "anna", "a"), bad, statement(&id(3), "cia", "a")]);
        let error = refused(&server, batch.to_string(), "one of three").await;
        assert_eq!((&error["statement"], &error["path"]), (&json!(1), &json!("/actor/mbox")), "{error}");
        assert!(error["expected"].as_str().unwrap().contains("mailto"), "{error}");

        let twice = json!([statement(&id(1), "anna", "a"), statement(&id(1), "anna", "a")]);
        refused(&server, twice.to_string(), "an id twice in a batch of 2.0").await;
        assert_eq!(server.ids(&[]).await.unwrap(), [""; 0]);
        server.post(&statement(&id(1), "anna", "a")).await.unwrap().error_for_status().unwrap();
        let conflict = server.post(&json!([statement(&id(4), "anna", "a"), statement(&id(1), "anna", "b")])).await.unwrap();
        assert_eq!(conflict.status(), 409);
        assert_eq!(server.ids(&[]).await.unwrap(), [id(1)]);
    }

    async fn what_is_odd_but_lawful_or_only_just_not_is_never_a_fault_of_the_server(instance) {
        let server = instance.start().await.unwrap();
        let upper = "ABCDEF00-0000-4000-8000-00000000000A";
        let long = format!("https://larkby.example/{}", "x".repeat(3_000));
        let with = |number: u32, change: &dyn Fn(&mut Value)| {
            let mut statement = statement(&id(number), "anna", "a");
            change(&mut statement);
            statement
        };
        let mut nested = json!({});
        for _ in 0..60 {
            nested = json!({ "in": nested });
        }
        let accepted = [
            with(1, &|s| s["id"] = upper.into()),
            with(2, &|s| s["object"]["id"] = long.clone().into()),
            with(3, &|s| s["actor"]["name"] = "\u{0}\u{1}\u{7f}\u{202e}𝕏".into()),
            with(4, &|s| s["timestamp"] = "0001-01-01T00:00:00Z".into()),
            with(5, &|s| s["timestamp"] = "9999-12-31T23:59:59.999999999Z".into()),
            with(6, &|s| s["result"] = json!({ "score": { "raw": 1e300, "max": 1.7e308 }, "duration": "P9999Y" })),
            with(7, &|s| s["result"] = json!({ "response": "ä".repeat(200_000) })),
            with(8, &|s| s["result"] = json!({ "extensions": { "http://e.org/x": nested } })),
            with(9, &|s| s["result"] = json!({ "score": { "raw": 0.1e-300, "min": -1e300 } })),
        ];
        for statement in &accepted {
            let answer = server.post(statement).await.unwrap();
            assert_eq!(answer.status(), 200, "{:.300}: {}", statement, answer.text().await.unwrap());
        }
        let given = server.statement(&upper.to_lowercase()).await.unwrap();
        assert!(given["id"].as_str().unwrap().eq_ignore_ascii_case(upper));
        server.statement(upper).await.unwrap();
        assert_eq!(server.ids(&[("activity", &long)]).await.unwrap(), [id(2)]);

        // Whichever of the two it is: no fault, and no harm to what is stored.
        let mut many = Vec::new();
        for number in 0..10_001 {
            many.push(json!({ "id": id(100_000 + number) }));
        }
        for body in [
            r#"{"actor":{"mbox":"mailto:a@e.org","name":"\ud800"},"verb":{"id":"http://e.org/v"},"object":{"id":"http://e.org/o"}}"#.to_owned(),
            r#"{"actor":{"mbox":"mailto:a@e.org"},"verb":{"id":"http://e.org/v"},"object":{"id":"http://e.org/o"},"result":{"score":{"raw":1e999}}}"#.to_owned(),
            r#"{"actor":{"mbox":"mailto:a@e.org"},"verb":{"id":"http://e.org/\u0000"},"object":{"id":"http://e.org/\u0000o"}}"#.to_owned(),
            r#"{"actor":{"account":{"homePage":"http://e.org/\u0000","name":"\u0000"}},"verb":{"id":"http://e.org/v"},"object":{"id":"http://e.org/o"}}"#.to_owned(),
            r#"{"actor":{"mbox":"mailto:a@e.org"},"verb":{"id":"http://e.org/v"},"verb":{"id":"http://e.org/w"},"object":{"id":"http://e.org/o"}}"#.to_owned(),
            json!({ "actor": { "objectType": "Group", "member": vec![agent("anna"); 3_000] },
                "verb": { "id": "http://e.org/v" }, "object": { "id": "http://e.org/o" } }).to_string(),
            format!(r#"{{"actor":{{"mbox":"mailto:a@e.org"}},"verb":{{"id":"http://e.org/v"}},"object":{{"id":"http://e.org/o"}},"result":{{"score":{{"raw":{}}}}}}}"#, "9".repeat(100_000)),
            Value::Array(many).to_string(),
        ] {
            let answer = server.post_body(body.clone()).await.unwrap();
            let status = answer.status().as_u16();
            assert!(matches!(status, 200 | 400 | 413), "{status}: {body:.200}: {}", answer.text().await.unwrap());
        }
        for query in [
            "agent=%00", "agent=%7B%7D", "agent=%7B%22mbox%22%3A%22mailto%3Aa%40e.org%00%22%7D", "verb=%00", "limit=-1", "limit=99999999999999999999",
            "since=0001-01-01T00:00:00Z", "until=9999-12-31T23:59:59Z", "since=yesterday", "registration=7",
            "statementId=7", "more=AAAA", "more=", "%ff=1", "a=%", "verb=a&verb=b", "ascending=perhaps",
            "statementId=00000000-0000-4000-8000-000000000001&voidedStatementId=00000000-0000-4000-8000-000000000001",
        ] {
            let answer = server.xapi(Method::GET, &format!("statements?{query}"), "2.0.0").send().await.unwrap();
            let status = answer.status().as_u16();
            assert!(matches!(status, 200 | 400), "{status}: {query}");
        }
        // Numbers past what most programs can hold are given back as they came, so this is not parsed.
        let listed = server.get(&[("ascending", "true")]).await.unwrap();
        assert_eq!(listed.status(), 200);
        assert!(listed.text().await.unwrap().contains(&id(9)));
        // Nor does any of it stop what follows the log.
        server.settled().await.unwrap();
        let ready = server.http.get(format!("{}/readyz", server.address)).send().await.unwrap();
        assert_eq!(ready.status(), 200, "{}", ready.text().await.unwrap());
    }

    async fn who_may_not_is_told_so_and_a_version_that_is_not_served_is_refused(instance) {
        let server = instance.start().await.unwrap();
        let body = statement(&id(1), "anna", "a").to_string();
        let ask = |version: Option<&str>, user: Option<(&str, &str)>, method: Method| {
            let mut request = server.http.request(method.clone(), format!("{}/xapi/statements", server.address));
            if let Some(version) = version {
                request = request.header("X-Experience-API-Version", version);
            }
            if let Some((key, secret)) = user {
                request = request.basic_auth(key, Some(secret));
            }
            if method == Method::POST {
                request = request.header("Content-Type", "application/json").body(body.clone());
            }
            async move { request.send().await.unwrap() }
        };
        let (key, secret) = (server.credential.0.as_str(), server.credential.1.as_str());
        for method in [Method::GET, Method::POST] {
            for version in [None, Some(""), Some("0.95"), Some("1.1.0"), Some("2.1.0"), Some("two")] {
                let answer = ask(version, Some((key, secret)), method.clone()).await;
                assert_eq!(answer.status(), 400, "{version:?}");
                assert!(answer.headers().contains_key("x-experience-api-version"));
                assert!(answer.json::<Value>().await.unwrap()["error"].as_str().unwrap().contains("2.0.x"));
            }
            for user in [None, Some(("", "")), Some((key, "wrong")), Some((key, "")), Some(("nobody", secret))] {
                let answer = ask(Some("2.0.0"), user, method.clone()).await;
                assert_eq!(answer.status(), 401, "{user:?}");
                assert!(answer.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic"));
            }
            for header in ["Basic", "Basic ***", "Bearer abc", "Basic Zm9v"] {
                let request = server.http.request(method.clone(), format!("{}/xapi/statements", server.address));
                let request = request.header("Authorization", header).header("X-Experience-API-Version", "2.0.0");
                assert_eq!(request.send().await.unwrap().status(), 401, "{header}");
            }
        }
        let (reader, reads) = instance.credential("statements/read").unwrap();
        let (writer, writes) = instance.credential("statements/write").unwrap();
        for (user, get, post) in [((&reader, &reads), 200, 403), ((&writer, &writes), 403, 200)] {
            let user = Some((user.0.as_str(), user.1.as_str()));
            assert_eq!(ask(Some("2.0.0"), user, Method::POST).await.status(), post);
            assert_eq!(ask(Some("2.0.0"), user, Method::GET).await.status(), get);
        }
    }

    async fn a_body_over_the_limit_is_413_whether_it_says_its_length_or_not(instance) {
        let server = instance.start_with(&["--body-limit", "20000"]).await.unwrap();
        let mut large = statement(&id(1), "anna", "a");
        large["result"] = json!({ "response": "x".repeat(20_000) });
        let body = large.to_string();
        let answer = server.post_body(body.clone()).await.unwrap();
        assert_eq!(answer.status(), 413);
        assert!(answer.text().await.unwrap().contains("20000"));
        let chunked =
            format!("{}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", head(&server), body.len());
        let answer = raw(&server, &chunked).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer:.200}");
        assert_eq!(server.post(&statement(&id(1), "anna", "a")).await.unwrap().status(), 200);
        assert_eq!(server.ids(&[]).await.unwrap(), [id(1)]);
    }

    async fn a_full_queue_is_429_with_when_to_come_back_and_loses_nothing(instance) {
        let mut server = instance.start_with(&["--queue", "1"]).await.unwrap();
        let load = Load::begin(&server, 16, 40);
        until("the queue is full", || async { (load.refused() >= 3).then_some(()) }).await;
        let Outcome { mut acknowledged, unanswered, refused } = load.end().await;
        assert!(unanswered.is_empty());
        for Refused { batch, status, retry_after, body } in refused {
            assert_eq!(status, 429, "{body}");
            assert!(retry_after.unwrap().parse::<u32>().unwrap() > 0);
            // A tool that comes back is served.
            let answer = server.post(&Value::Array(batch.clone())).await.unwrap();
            assert_eq!(answer.status(), 200);
            acknowledged.extend(batch.iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        }
        let mut listed = server.ids(&[]).await.unwrap();
        listed.sort();
        acknowledged.sort();
        assert_eq!(listed, acknowledged);
        assert!(server.stop().unwrap().success());
        instance.sound().await.unwrap();
    }

    async fn errors_logs_and_metrics_never_repeat_what_was_sent(instance) {
        let mut words = vec!["env", "RUST_LOG=info,lrs=debug,eventlog=debug,vault=debug,views=debug,admin=debug,worker=debug,larka=debug"];
        if instance.backend() == Backend::Postgres {
            // Each format on one of the two databases is enough.
            words.push("LARKA_LOG_FORMAT=json");
        }
        let instance = instance.wrapped(&words);
        let mut server = instance.start().await.unwrap();
        let mut good = statement(&id(1), MARKER, "a");
        good["actor"]["name"] = MARKER.into();
        good["result"] = json!({ "response": MARKER });
        good["context"] = json!({ "instructor": { "mbox": format!("mailto:{MARKER}2@larkby.example") } });
        let changed = |pointer: &str, value: Value| {
            let mut bad = good.clone();
            *bad.pointer_mut(pointer).unwrap() = value;
            bad.to_string()
        };
        let bodies = [
            good.to_string()[..200].to_owned(),
            changed("/actor/mbox", MARKER.into()),
            changed("/actor/name", json!([MARKER])),
            changed("/id", MARKER.into()),
            changed("/verb/id", MARKER.into()),
            changed("/object/id", MARKER.into()),
            changed("/object", json!({ MARKER: MARKER })),
            changed("/result", json!({ "duration": MARKER, MARKER: 1 })),
            changed("/context", json!({ "registration": MARKER })),
            changed("/context", json!({ "language": MARKER })),
            json!({ MARKER: MARKER }).to_string(),
            format!("{{\"{MARKER}\": {MARKER}}}"),
            MARKER.to_owned(),
        ];
        for body in bodies {
            let answer = server.post_body(body.clone()).await.unwrap();
            assert_eq!(answer.status(), 400, "{body}");
            let text = answer.text().await.unwrap();
            assert!(!text.contains(MARKER), "{text}");
        }
        assert_eq!(server.post(&good).await.unwrap().status(), 200);
        // The same id for something else.
        let conflict = server.post_body(changed("/result", json!({ "response": "other" }))).await.unwrap();
        assert_eq!(conflict.status(), 409);
        assert!(!conflict.text().await.unwrap().contains(MARKER));
        let agent = json!({ "mbox": format!("mailto:{MARKER}@larkby.example") }).to_string();
        assert_eq!(server.ids(&[("agent", &agent)]).await.unwrap(), [id(1)]);
        for query in [("agent", format!("{{\"mbox\":\"{MARKER}\"}}")), ("verb", MARKER.to_owned()), ("more", MARKER.to_owned()), (MARKER, MARKER.to_owned())] {
            let text = server.get(&[(query.0, &query.1)]).await.unwrap().text().await.unwrap();
            assert!(!text.contains(MARKER), "{query:?}: {text}");
        }
        // Addresses, credentials, and the administration's ways in.
        for path in [format!("/xapi/{MARKER}"), format!("/{MARKER}?{MARKER}={MARKER}")] {
            let answer = server.http.get(format!("{}{path}", server.address)).header("Cookie", format!("larka_session={MARKER}"));
            assert!(!answer.send().await.unwrap().text().await.unwrap().contains(MARKER));
        }
        let wrong = server.http.get(format!("{}/api/v1/status", server.address)).basic_auth(MARKER, Some(MARKER));
        assert!(!wrong.send().await.unwrap().text().await.unwrap().contains(MARKER));
        for resource in ["organisation", "courses", "surveys", "rounds"] {
            let person = json!({ "persons": [{ "agents": [{ "mbox": MARKER }], "name": { "given": MARKER, "family": MARKER }, MARKER: 1 }] });
            for body in [person.to_string(), json!({ MARKER: [] }).to_string(), MARKER.to_owned()] {
                let answer = server.api(Method::POST, resource).body(body).send().await.unwrap();
                assert_eq!(answer.status(), 400);
                let text = answer.text().await.unwrap();
                assert!(!text.contains(MARKER), "{resource}: {text}");
            }
        }
        let known = json!({ "persons": [{ "agents": [{ "mbox": format!("mailto:{MARKER}@larkby.example") }], "name": { "given": MARKER, "family": MARKER } }] });
        let taken = server.api(Method::POST, "organisation").json(&known).send().await.unwrap();
        assert_eq!(taken.status(), 200, "{}", taken.text().await.unwrap());
        assert!(!server.metrics().await.unwrap().contains(MARKER));
        server.settled().await.unwrap();
        let erased = instance.run_json_with(&["erase", "--agent", "-"], Some(&agent)).unwrap();
        assert!(!erased.to_string().contains(MARKER));
        let again = instance.run_json_with(&["erase", "--agent", "-"], Some(&agent)).unwrap_err().to_string();
        assert!(!again.contains(MARKER), "{again}");
        assert!(!server.metrics().await.unwrap().contains(MARKER));
        assert!(server.stop().unwrap().success());
        let said = instance.said();
        assert!(said.contains("listening"), "it logs at all: {said}");
        assert!(!said.contains(MARKER), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_does_not_arrive_is_408_and_holds_nobody_up() {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let server = instance.start().await.unwrap();
    let slow = format!("{}Content-Length: 100\r\n\r\n[", head(&server));
    let others = async {
        for number in 0..20 {
            server.post(&ordinary(number)).await.unwrap().error_for_status().unwrap();
        }
    };
    let (answer, ()) = tokio::join!(raw(&server, &slow), others);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer:.200}");
    assert!(answer.contains("seconds"), "{answer}");
}

/// Fills the disk under load, then frees it: clear refusals, then service, and nothing acknowledged is lost.
async fn a_full_disk(
    instance: &Instance,
    server: &mut Server,
    says: &str,
    fill: impl FnOnce(),
    free: impl FnOnce(),
) {
    let ready = async || {
        let answer = server.http.get(format!("{}/readyz", server.address)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(ready().await.0, 200);
    let load = Load::begin(server, 4, 20);
    load.goes_on(20).await;
    fill();
    until("writes are refused", || async { (load.refused() >= 8).then_some(()) }).await;
    let said = ready().await;
    assert!(said.0 == 503 && said.1.contains(says), "{said:?}");
    // Reading goes on.
    assert_eq!(server.get(&[("limit", "1")]).await.unwrap().status(), 200);
    free();
    load.goes_on(20).await;
    assert_eq!(ready().await.0, 200);
    let Outcome { acknowledged, unanswered, refused } = load.end().await;
    assert!(unanswered.is_empty());
    let mut listed = server.ids(&[]).await.unwrap();
    for Refused { batch, status, retry_after, body } in refused {
        assert_eq!(status, 503, "{body}");
        assert!(retry_after.is_some());
        assert!(batch.iter().all(|one| listed.iter().all(|id| one["id"] != **id)), "refused, yet stored");
    }
    let mut told = acknowledged;
    told.sort();
    listed.sort();
    assert_eq!(listed, told);
    server.settled().await.unwrap();
    // Beside the statements the log has what they said of their activities.
    let ready = server.http.get(format!("{}/readyz", server.address)).send().await.unwrap();
    let ready: Value = serde_json::from_str(&ready.text().await.unwrap()).unwrap();
    assert!(ready["position"].as_u64().unwrap() > listed.len() as u64);
    assert_eq!(instance.run_json(&["verify"]).unwrap()["events"], ready["position"]);
    assert!(server.stop().unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_may_not_grow_refuse_clearly_and_go_on_when_they_may() {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let instance = instance.wrapped(&["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"]);
    let mut server = instance.start().await.unwrap();
    let pid = server.pid().to_string();
    let limit = |size: String| {
        let size = format!("--fsize={size}:unlimited");
        assert!(Command::new("prlimit").args(["--pid", &pid, &size]).status().unwrap().success());
    };
    let largest = || {
        let files = std::fs::read_dir(instance.folder()).unwrap();
        files.map(|file| file.unwrap().metadata().unwrap().len()).max().unwrap()
    };
    a_full_disk(
        &instance,
        &mut server,
        "does not take",
        || limit(largest().to_string()),
        || limit("unlimited".into()),
    )
    .await;
    instance.sound().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_clearly_and_goes_on_when_there_is_room() {
    // A small disk that only the server sees: its own mounts, gone with it.
    let script = "mkdir -p \"$0\" && mount -t tmpfs -o size=64m larka \"$0\" && exec \"$@\"";
    let probe = tempfile::tempdir().unwrap();
    let ways: [&[&str]; 2] = [&["unshare", "--mount"], &["unshare", "--map-root-user", "--mount"]];
    let works = |way: &&[&str]| {
        let mut probing = Command::new(way[0]);
        probing.args(&way[1..]).args(["sh", "-c", script]).arg(probe.path()).arg("true");
        probing.output().is_ok_and(|output| output.status.success())
    };
    let Some(way) = ways.into_iter().find(works) else {
        eprintln!("this machine lets nobody mount: only the other test of a full disk holds here");
        return;
    };
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let folder = instance.folder();
    let folder = folder.to_str().unwrap();
    let mut instance = instance.wrapped(&[way, &["sh", "-c", script, folder]].concat());
    let nobody = || (String::new(), String::new());
    let mut server = instance.serve(&[], nobody(), nobody()).await.unwrap();
    instance.seen_at(format!("/proc/{}/root{folder}", server.pid()).into());
    server.credential = instance.credential("all").unwrap();
    server.administrator = instance.administrator().unwrap();
    let ballast = instance.folder().join("ballast");
    let fill = || {
        use std::io::Write as _;
        let mut file = std::fs::File::create(&ballast).unwrap();
        let block = vec![0; 1 << 16];
        let full = std::iter::repeat_with(|| file.write_all(&block)).find_map(Result::err).unwrap();
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    };
    a_full_disk(&instance, &mut server, "the disk is full", fill, || std::fs::remove_file(&ballast).unwrap())
        .await;
}
