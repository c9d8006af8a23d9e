//! What every request meets before it is understood, and every answer on its way out: addresses, refusals that reach a
//! client that still sends, places, connections, headers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use blackbox::samples::{agent, id, statement};
use blackbox::{Backend, Instance, Server, promises, until};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

fn basic((name, word): &(String, String)) -> String {
    let coded = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{word}"));
    format!("Authorization: Basic {coded}\r\n")
}

fn head(method: &str, path: &str, length: usize, more: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: larka\r\nContent-Length: {length}\r\n{more}\r\n")
}

/// A client that sends everything before it reads anything; what it then reads.
async fn send(server: &Server, head: String, length: usize) -> (u16, String) {
    let mut stream = connect(server);
    let exchange = move || {
        stream.write_all(head.as_bytes()).unwrap();
        let piece = vec![b' '; 1 << 16];
        let mut left = length;
        while left > 0 {
            let now = left.min(piece.len());
            stream.write_all(&piece[..now]).unwrap();
            left -= now;
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.get(9..12).and_then(|status| status.parse().ok());
        (status.unwrap_or_else(|| panic!("no answer: {answer:?}")), answer)
    };
    tokio::task::spawn_blocking(exchange).await.unwrap()
}

/// The status of the next answer of a connection, and its headers.
fn answered(stream: &TcpStream) -> (u16, String) {
    let (mut reader, mut first, mut headers) = (BufReader::new(stream), String::new(), String::new());
    reader.read_line(&mut first).unwrap();
    while !headers.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut headers).unwrap() > 0, "no answer: {first:?} {headers:?}");
        if headers == "\r\n" {
            break;
        }
    }
    (first.split(' ').nth(1).unwrap().parse().unwrap(), headers.to_lowercase())
}

/// The sum of a metric over all its labels that hold this text.
async fn metric(server: &Server, name: &str, label: &str) -> f64 {
    let text = server.metrics().await.unwrap();
    let lines = text.lines().filter(|line| line.starts_with(name) && line.contains(label));
    lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
}

/// Resident memory of the server's process, in MiB.
fn memory(server: &Server) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() >> 10
}

promises! {
    async fn the_resource_that_is_meant_answers_however_its_address_is_written(instance) {
        let server = instance.start().await.unwrap();
        let ask = |method, path: &str| {
            let request = server.http.request(method, format!("{}{path}", server.address));
            request
                .basic_auth(&server.credential.0, Some(&server.credential.1))
                .header("X-Experience-API-Version", "1.0.3")
        };
        let of = [("agent", agent("anna").to_string()), ("activityId", "https://a.example/1".to_owned()), ("stateId", "s".to_owned())];
        for (number, written) in ["/xAPI/statements", "/xapi/statements/", "//xapi//statements"].into_iter().enumerate() {
            let number = u32::try_from(number).unwrap();
            let one = statement(&id(number), "anna", "a");
            assert_eq!(ask(Method::POST, written).json(&one).send().await.unwrap().status(), 200, "{written}");
            let found: Value = ask(Method::GET, written).query(&[("limit", "1")]).send().await.unwrap().json().await.unwrap();
            assert_eq!(found["statements"][0]["id"], json!(id(number)));
            if number > 0 {
                assert!(found["more"].as_str().unwrap().starts_with("/xapi/statements?more="), "{found}");
            }
        }
        for written in ["/xapi//activities/state", "/XAPI/activities//state/", "//xapi/activities/state"] {
            let content = json!({ "at": written });
            assert_eq!(ask(Method::PUT, written).query(&of).json(&content).send().await.unwrap().status(), 204);
            let canonical = ask(Method::GET, "/xapi/activities/state").query(&of).send().await.unwrap();
            assert_eq!(canonical.json::<Value>().await.unwrap(), content, "{written}");
        }
        let form = format!("limit=1&X-Experience-API-Version=1.0.3&Authorization={}", "Basic%20eDp5");
        let alternate = server.http.post(format!("{}/xAPI//statements/?method=GET", server.address));
        let alternate = alternate.header("Content-Type", "application/x-www-form-urlencoded").body(form);
        assert_eq!(alternate.send().await.unwrap().status(), 401);
        let preflight = server.http.request(Method::OPTIONS, format!("{}/xAPI/statements/", server.address));
        let preflight = preflight.header("Origin", "https://tool.example").header("Access-Control-Request-Method", "POST");
        let preflight = preflight.send().await.unwrap();
        assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
        for (written, status) in [("/xAPI/about/", 200), ("/xapi/", 404), ("/xAPI//nothing/", 404)] {
            let answer = ask(Method::GET, written).send().await.unwrap();
            assert_eq!(answer.status(), status, "{written}");
            assert_eq!(answer.headers()["x-experience-api-version"], "1.0.3");
        }
        // Other addresses are what they are: what stands before the program may go by how they are written.
        for other in ["//metrics", "/login/", "//api/v1/status"] {
            assert_eq!(ask(Method::GET, other).send().await.unwrap().status(), 404, "{other}");
        }
        let text = server.metrics().await.unwrap();
        let routes = text.lines().filter_map(|line| line.split_once("route=\"")?.1.split('"').next());
        for route in routes {
            assert!(["/xapi", "/xapi/statements", "/xapi/activities/state", "/xapi/about", "/xapi/{*rest}"].contains(&route), "{route}");
        }
        assert!(metric(&server, "larka_http_requests_total", "/xapi/statements").await >= 6.0);
    }

    async fn whatever_is_refused_before_its_body_is_read_says_so_to_a_client_that_still_sends(instance) {
        let server = instance.start().await.unwrap();
        let narrow = instance.credential("define").unwrap();
        let slow = instance.run_json(&["credential", "create", "slow", "--scopes", "all", "--rate", "1", "--burst", "1"]).unwrap();
        let slow = (slow["key"].as_str().unwrap().to_owned(), slow["secret"].as_str().unwrap().to_owned());
        let (all, admin) = (basic(&server.credential), basic(&server.administrator));
        let version = "X-Experience-API-Version: 2.0.0\r\n";
        let json = "Content-Type: application/json\r\n";
        let state = format!(
            "/xapi/activities/state?activityId=https://a.example/1&agent={}&stateId=s",
            "%7B%22mbox%22%3A%22mailto%3Aa%40b.example%22%7D",
        );
        let statements = "/xapi/statements";
        let with = |parts: &[&str]| parts.concat();
        for length in [17 << 20, 100 << 20] {
            for (method, path, headers, status) in [
                ("POST", statements, with(&[&all, version, json]), 413),
                ("PUT", &state, with(&[&all, version, json]), 413),
                ("POST", statements, with(&[version, json]), 401),
                ("POST", statements, with(&[&basic(&narrow), version, json]), 403),
                ("POST", "/xapi/nothing", with(&[&all, version, json]), 404),
                ("POST", "/xapi/about", with(&[&all, version, json]), 405),
                ("POST", statements, with(&[&all, json]), 400),
                ("POST", statements, with(&[&all, version, "Content-Type: text/plain\r\n"]), 400),
                ("POST", statements, with(&[&all, version, json, "Content-Encoding: gzip\r\n"]), 415),
                ("POST", "/xapi/statements?method=PUT", FORM.to_owned(), 413),
                ("POST", "/api/v1/organisation", json.to_owned(), 401),
                ("POST", "/api/v1/nothing", with(&[&admin, json]), 404),
                ("DELETE", "/api/v1/organisation", with(&[&admin, json]), 405),
                ("POST", "/api/v1/courses", with(&[&admin, json, "Content-Encoding: gzip\r\n"]), 415),
                ("POST", "/login", FORM.to_owned(), 413),
            ] {
                let (given, answer) = send(&server, head(method, path, length, &headers), length).await;
                assert_eq!(given, status, "{method} {path} {length}: {answer:.300}");
                assert!(answer.to_lowercase().contains("connection: close"), "{answer:.300}");
            }
        }
        let (given, _) = send(&server, head("POST", "/api/v1/organisation", 100 << 20, &with(&[&admin, json])), 100 << 20).await;
        assert_eq!(given, 413);
        // 429, once what the credential may ask for is used up.
        let mut statuses = Vec::new();
        while !statuses.contains(&429) {
            assert!(statuses.len() < 20, "{statuses:?}");
            statuses.push(send(&server, head("POST", statements, 17 << 20, &with(&[&basic(&slow), version, json])), 17 << 20).await.0);
        }
        assert_eq!(server.ids(&[]).await.unwrap().len(), 0);
    }

    async fn everything_that_may_be_personal_is_kept_nowhere_and_is_of_the_type_that_it_names(instance) {
        let server = instance.start_with(&["--base-url", "https://larka.example"]).await.unwrap();
        server.post(&statement(&id(1), "anna", "a")).await.unwrap();
        let of = [("agent", agent("anna").to_string()), ("activityId", "https://a.example/1".to_owned()), ("stateId", "s".to_owned())];
        let put = server.xapi(Method::PUT, "activities/state", "2.0.0").query(&of).header("If-None-Match", "*");
        assert_eq!(put.body("abc").send().await.unwrap().status(), 204);
        let page = |path: &str| server.http.get(format!("{}{path}", server.address));
        for (request, status) in [
            (server.xapi(Method::GET, "statements", "2.0.0"), 200),
            (server.xapi(Method::GET, "statements?statementId=x", "2.0.0"), 400),
            (server.xapi(Method::GET, "activities/state", "2.0.0").query(&of), 200),
            (server.xapi(Method::GET, "activities/state", "2.0.0").query(&of).header("If-None-Match", "*"), 304),
            (server.xapi(Method::GET, "agents", "2.0.0").query(&of[..1]), 200),
            (server.api(Method::GET, "status"), 200),
            (server.api(Method::GET, "credentials"), 200),
            (server.api(Method::GET, "nothing"), 404),
            (page("/login"), 200),
            (page("/nothing").header("Accept", "text/html"), 404),
        ] {
            let answer = request.send().await.unwrap();
            let headers = answer.headers();
            let of = format!("{} {headers:?}", answer.url());
            assert_eq!(answer.status(), status, "{of}");
            assert_eq!(headers["cache-control"], "no-store", "{of}");
            assert_eq!(headers["x-content-type-options"], "nosniff", "{of}");
            assert!(headers["strict-transport-security"].to_str().unwrap().starts_with("max-age="), "{of}");
        }
        let login = page("/login").send().await.unwrap().text().await.unwrap();
        let asset = login.split("/assets/").nth(1).unwrap().split('"').next().unwrap();
        let answer = page(&format!("/assets/{asset}")).send().await.unwrap();
        assert_eq!(answer.headers()["cache-control"], "public, max-age=31536000, immutable");
    }

    async fn no_cookie_is_a_credential_of_xapi(instance) {
        let server = instance.start_with(&["--xapi-origins", "https://tool.example"]).await.unwrap();
        let no_redirects = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let (user, password) = &server.administrator;
        let login = no_redirects.post(format!("{}/login", server.address)).form(&[("user", user), ("password", password)]);
        let login = login.send().await.unwrap();
        assert_eq!(login.status(), 303);
        let cookie = login.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let page = server.http.get(format!("{}/system", server.address)).header("Cookie", &cookie);
        let page = page.send().await.unwrap();
        assert!(page.status() == 200 && page.url().path() == "/system", "the cookie is good: {}", page.url());
        for path in ["/xapi/statements", "/xapi/activities?activityId=https://a.example/1", "/api/v1/statements/stream"] {
            for method in [Method::GET, Method::POST] {
                let request = server.http.request(method.clone(), format!("{}{path}", server.address));
                let request = request.header("Cookie", &cookie).header("X-Experience-API-Version", "2.0.0");
                let answer = request.header("Origin", "https://tool.example").send().await.unwrap();
                assert!([StatusCode::UNAUTHORIZED, StatusCode::METHOD_NOT_ALLOWED].contains(&answer.status()), "{method} {path}");
                assert!(method != Method::GET || answer.status() == 401, "{path}");
                assert_eq!(answer.headers()["access-control-allow-origin"], "https://tool.example");
                assert_eq!(answer.headers()["access-control-allow-credentials"], "true");
            }
        }
    }

    async fn of_strangers_with_half_a_form_nobody_notices_anything(instance) {
        let server = instance.start().await.unwrap();
        let before = memory(&server);
        let mut strangers = Vec::new();
        for path in ["/xapi/statements?method=GET", "/login"] {
            for _ in 0..300 {
                let mut stream = connect(&server);
                stream.write_all(format!("{}a", head("POST", path, 1_000, FORM)).as_bytes()).unwrap();
                strangers.push(stream);
            }
        }
        let taken = || async {
            let (forms, bodies) = (metric(&server, "larka_connections_open", "").await, metric(&server, "larka_xapi_bodies_in_flight", "").await);
            assert!(bodies < 2.0, "strangers have places of others: {bodies}");
            (forms > 10.0).then_some(())
        };
        until("some are read from", taken).await;
        for number in 0..20 {
            assert_eq!(server.post(&statement(&id(number), "anna", "a")).await.unwrap().status(), 200);
        }
        // Who says everything at once needs no place of those.
        let (user, password) = &server.administrator;
        let login = server.http.post(format!("{}/login", server.address)).form(&[("user", user), ("password", password)]);
        assert_eq!(login.send().await.unwrap().status(), 200);
        assert!(memory(&server) < before + 100, "{} MiB, {before} before", memory(&server));
        // Each is told, too late or too many, and then let go.
        let told = tokio::task::spawn_blocking(move || {
            for stream in &strangers {
                let (status, _) = answered(stream);
                assert!(status == 408 || status == 429, "{status}");
            }
        });
        told.await.unwrap();
        until("all are gone", || async { (metric(&server, "larka_connections_open", "").await < 10.0).then_some(()) }).await;
    }
}

/// Of each kind of stranger more than there are places for connections, and of forms fewer than there are for those.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_who_wait_for_nothing_to_happen_make_room() {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let server = instance.start_with(&["--max-connections", "8", "--reader-seconds", "600"]).await.unwrap();
    let half = |path: &str| format!("{}a", head("POST", path, 1_000, FORM));
    let unread = "GET /login HTTP/1.1\r\nHost: larka\r\n\r\n".repeat(20_000);
    for (said, some) in [(half("/login"), 30), (half("/xapi/statements?method=GET"), 30), (unread, 12)] {
        let mut strangers = Vec::new();
        for _ in 0..some {
            let mut stream = connect(&server);
            stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
            let _ = stream.write_all(said.as_bytes());
            strangers.push(stream);
        }
        let before = metric(&server, "larka_connections_closed_total", "room").await;
        assert_eq!(server.post(&statement(&id(1), "anna", "a")).await.unwrap().status(), 200);
        assert!(before >= f64::from(some) - 8.0, "{before} of {some} made room");
        drop(strangers);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_forms_that_do_not_come_there_are_few_on_their_way() {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let server = instance.start().await.unwrap();
    let strangers: Vec<_> = (0..100)
        .map(|_| {
            let mut stream = connect(&server);
            stream.write_all(format!("{}a", head("POST", "/login", 1_000, FORM)).as_bytes()).unwrap();
            stream
        })
        .collect();
    let told = tokio::task::spawn_blocking(move || {
        strangers.iter().map(|stream| answered(stream).0).collect::<Vec<_>>()
    });
    let told = told.await.unwrap();
    let count = |status| told.iter().filter(|told| **told == status).count();
    assert_eq!((count(408), count(429)), (64, 36), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_make_room_and_are_closed_in_time() {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let instance = instance.wrapped(&["prlimit", "--nofile=300"]);
    let server = instance.start_with(&["--header-seconds", "2", "--idle-seconds", "2"]).await.unwrap();
    assert!(instance.said().contains("few files may be open"), "{}", instance.said());
    let idle: Vec<_> = (0..600).map(|_| connect(&server)).collect();
    let half: Vec<_> = (0..600)
        .map(|_| {
            let mut stream = connect(&server);
            // Some of those before may have been closed by now, and this one soon.
            let _ = stream.write_all(b"GET /xapi/about HTTP/1.1\r\nHo");
            stream
        })
        .collect();
    assert_eq!(server.post(&statement(&id(1), "anna", "a")).await.unwrap().status(), 200);
    assert!(metric(&server, "larka_connections_open", "").await <= 172.0);
    assert!(metric(&server, "larka_connections_closed_total", "room").await > 500.0);
    let gone = || async { (metric(&server, "larka_connections_open", "").await < 5.0).then_some(()) };
    until("all are closed", gone).await;
    drop((idle, half));
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_senders_of_what_nobody_reads_are_let_go() {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let server = instance.start_with(&["--drain-seconds", "2", "--drain-limit", "2000000"]).await.unwrap();
    let before = memory(&server);
    let mut senders: Vec<_> = (0..500)
        .map(|_| {
            let mut stream = connect(&server);
            stream.write_all(head("POST", "/xapi/statements", 1 << 30, "").as_bytes()).unwrap();
            stream
        })
        .collect();
    let sending = tokio::task::spawn_blocking(move || {
        while !senders.is_empty() {
            senders.retain_mut(|stream| stream.write_all(&[b' '; 100]).is_ok());
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    assert_eq!(server.post(&statement(&id(1), "anna", "a")).await.unwrap().status(), 200);
    sending.await.unwrap();
    until("all are gone", || async {
        (metric(&server, "larka_connections_open", "").await < 5.0).then_some(())
    })
    .await;
    assert!(metric(&server, "larka_connections_closed_total", "undrained").await >= 500.0);
    assert!(memory(&server) < before + 60, "{} MiB, {before} before", memory(&server));
}

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_of_the_administration_take_no_more_memory_than_there_is_for_them() {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let server = instance.start().await.unwrap();
    let before = memory(&server);
    let json = "Content-Type: application/json\r\n";
    let (length, admin) = (64 << 20, basic(&server.administrator));
    let post = || {
        send(
            &server,
            head("POST", "/api/v1/organisation", length, &format!("{admin}{json}Connection: close\r\n")),
            length,
        )
    };
    let (a, b, c, d, e, f) = tokio::join!(post(), post(), post(), post(), post(), post());
    let statuses = [a.0, b.0, c.0, d.0, e.0, f.0];
    assert!(statuses.iter().all(|status| [400, 429].contains(status)), "{statuses:?}");
    assert!(memory(&server) < before + 200, "{} MiB, {before} before", memory(&server));
    // Nobody's body is read before who it is is known.
    let (status, _) = send(&server, head("POST", "/api/v1/organisation", length, json), length).await;
    assert_eq!(status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_may_be_listened_for_elsewhere_and_then_only_there() {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let mut serving =
        instance.command(&["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"]);
    let mut child =
        serving.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut address = || lines.next().unwrap().unwrap().split_once("http://").unwrap().1.to_owned();
    let (services, metrics) = (address(), address());
    let metrics = metrics.strip_suffix("/metrics").unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for (path, here, there) in [
        ("/metrics", 404, 200),
        ("/readyz", 404, 200),
        ("/healthz", 200, 200),
        ("/xapi/about", 200, 404),
        ("/login", 200, 404),
    ] {
        let status = async |at: &str| http.get(format!("http://{at}{path}")).send().await.unwrap().status();
        assert_eq!(
            (status(&services).await.as_u16(), status(metrics).await.as_u16()),
            (here, there),
            "{path}"
        );
    }
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_serves_cookies_beyond_this_machine_without_tls_is_warned() {
    for (base_url, warned) in [("http://larka.example", true), ("https://larka.example", false)] {
        let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
        let server = instance.start_with(&["--base-url", base_url]).await.unwrap();
        // The line after it.
        let said = until("it listens", async || {
            let said = instance.said();
            said.contains("listening").then_some(said)
        })
        .await;
        assert_eq!(said.contains("goes over plain HTTP"), warned, "{said}");
        drop(server);
    }
}

/// `tests/clients/refused.py`: the standard client of Python, which reads nothing before it has sent everything.
#[tokio::test(flavor = "multi_thread")]
async fn pythons_own_client_reads_why_it_was_refused() {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let server = instance.start().await.unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients/refused.py");
    let mut python = Command::new("python3");
    python.arg(script).env("LARKA_ADDRESS", &server.address);
    python.env("LARKA_KEY", &server.credential.0).env("LARKA_SECRET", &server.credential.1);
    let output = tokio::task::spawn_blocking(move || python.output().unwrap()).await.unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
}
