//! Who comes in by page and by API: not a page of another site in somebody's name, not whoever guesses, and what is
//! done is written down.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::{Instance, Server, promises, until};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

const UNIT: &str = r#"{"units": [{"code": "L", "name": "Lärkby kommun", "kind": "huvudman"}]}"#;

/// A browser that follows no redirects.
fn browser() -> Client {
    Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

fn form(server: &Server, user: &str, password: &str) -> RequestBuilder {
    form_of(&browser(), server, user, password)
}

fn form_of(client: &Client, server: &Server, user: &str, password: &str) -> RequestBuilder {
    let form = client.post(format!("{}/login", server.address));
    let form = form.header("Content-Type", "application/x-www-form-urlencoded").header("Accept", "text/html");
    form.body(format!("user={user}&password={password}"))
}

/// The administrator's log-in, from somewhere.
async fn log_in(server: &Server, said: &[(&str, &str)]) -> Response {
    let form = form(server, &server.administrator.0, &server.administrator.1);
    said.iter().fold(form, |form, (name, value)| form.header(*name, *value)).send().await.unwrap()
}

async fn counted(server: &Server, outcome: &str, way: &str) -> u64 {
    let line = format!("larka_log_ins_total{{outcome=\"{outcome}\",way=\"{way}\"}} ");
    let metrics = server.metrics().await.unwrap();
    metrics.lines().find_map(|found| found.strip_prefix(&line)).map_or(0, |count| count.parse().unwrap())
}

promises! {
    async fn a_page_of_another_site_commands_nothing_whatever_a_browser_remembers(instance) {
        let server = instance.start().await.unwrap();
        let events = instance.number("SELECT count(*) FROM event").await.unwrap();
        for said in [
            ("Origin", "https://elsewhere.example"),
            ("Origin", "null"),
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
        ] {
            for (method, path) in [
                (Method::POST, "organisation"),
                (Method::POST, "forwards"),
                (Method::PUT, "credentials/x/rules"),
                (Method::POST, "credentials/x/rotate"),
                (Method::DELETE, "credentials/x"),
            ] {
                let answer = server.api(method.clone(), path).header(said.0, said.1).body(UNIT).send().await.unwrap();
                assert_eq!(answer.status(), 403, "{said:?} {method} {path}");
                assert_eq!(answer.headers()["content-type"], "application/problem+json");
            }
        }
        // What a page may send without being asked first is no body of ours, whoever sends it.
        let (user, password) = &server.administrator;
        for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("multipart/form-data; boundary=x")] {
            let mut post = server.http.post(format!("{}/api/v1/organisation", server.address)).basic_auth(user, Some(password));
            if let Some(kind) = kind {
                post = post.header("Content-Type", kind);
            }
            assert_eq!(post.body(UNIT).send().await.unwrap().status(), 415, "{kind:?}");
        }
        assert_eq!(instance.number("SELECT count(*) FROM event").await.unwrap(), events);
        // A page of ours, and a program.
        let own = server.api(Method::POST, "organisation").header("Origin", &server.address);
        let own = own.header("Content-Type", "application/json; charset=utf-8");
        assert_eq!(own.body(UNIT).send().await.unwrap().status(), 200);
        // Reading changes nothing, and no page of another site can read the answer.
        let read = server.api(Method::GET, "status").header("Origin", "https://elsewhere.example").send().await.unwrap();
        assert!(!read.headers().contains_key("access-control-allow-origin"));
    }

    async fn a_browser_gets_the_log_in_and_a_program_is_told_how_to_say_who_it_is(instance) {
        let server = instance.start().await.unwrap();
        let ask = |path: &str, said: &[(&str, &str)]| {
            let ask = browser().get(format!("{}{path}", server.address)).header("X-Experience-API-Version", "2.0.0");
            said.iter().fold(ask, |ask, (name, value)| ask.header(*name, *value)).send()
        };
        for path in ["/api/v1/status", "/xapi/statements", "/api/v1/statements/stream"] {
            let program = ask(path, &[]).await.unwrap();
            assert_eq!(program.status(), 401, "{path}");
            assert!(program.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic "), "{path}");
            for said in [("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "cross-site"), ("Origin", "https://tool.example")] {
                let page = ask(path, &[said, ("Authorization", "Basic eDp5")]).await.unwrap();
                assert_eq!(page.status(), 401, "{path} {said:?}");
                assert!(!page.headers().contains_key("www-authenticate"), "{path} {said:?}");
            }
        }
        let file = "/api/v1/reports/competence?lang=en&format=csv";
        let opened = ask(file, &[("Accept", "text/html,*/*")]).await.unwrap();
        assert_eq!(opened.status(), 303);
        let entrance = opened.headers()["location"].to_str().unwrap();
        assert_eq!(entrance, "/login?lang=en&next=%2Fapi%2Fv1%2Freports%2Fcompetence%3Flang%3Den%26format%3Dcsv");
    }

    async fn a_log_in_comes_from_the_configured_address_whatever_host_a_proxy_passes_on(instance) {
        let server = instance.start_with(&["--base-url", "https://larka.example/"]).await.unwrap();
        let entered = log_in(&server, &[("Origin", "https://larka.example")]).await;
        assert_eq!(entered.status(), 303);
        let cookie = entered.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.starts_with("__Host-larka_session=") && cookie.contains("; Path=/;"), "{cookie}");
        assert!(cookie.ends_with("; Secure") && cookie.contains("HttpOnly") && !cookie.contains("Domain"), "{cookie}");
        let pair = cookie.split(';').next().unwrap();
        let page = |cookie: String| browser().get(format!("{}/system", server.address)).header("Cookie", cookie).send();
        assert_eq!(page(pair.to_owned()).await.unwrap().status(), 200);
        // Under the name that any host of the site could set it is none.
        assert_eq!(page(pair.trim_start_matches("__Host-").to_owned()).await.unwrap().status(), 303);
        for (lang, words) in [("sv", "Formuläret kom från en annan webbplats"), ("en", "The form came from another site")] {
            for origin in ["https://elsewhere.example", "http://larka.example", "null", server.address.as_str()] {
                let (user, password) = &server.administrator;
                let foreign = browser().post(format!("{}/login?lang={lang}", server.address)).header("Origin", origin);
                let foreign = foreign.form(&[("user", user), ("password", password)]).send().await.unwrap();
                assert_eq!(foreign.status(), 403, "{origin}");
                assert!(!foreign.headers().contains_key("set-cookie"));
                assert!(foreign.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
                assert!(foreign.text().await.unwrap().contains(words), "{lang}");
            }
        }
    }

    async fn whoever_guesses_waits_longer_each_time_and_names_are_written_nowhere(instance) {
        let server = instance.start().await.unwrap();
        let (user, right) = (server.administrator.0.as_str(), server.administrator.1.clone());
        let mut last = StatusCode::OK;
        for n in 0..7 {
            last = form(&server, user, "a wrong guess of somebody").send().await.unwrap().status();
            assert_eq!(last, if n < 6 { 401 } else { 429 }, "{n}");
        }
        assert_eq!(last, 429);
        // The right one has to wait as well, by either way.
        let answer = form(&server, user, &right).send().await.unwrap();
        if answer.status() == 429 {
            let wait: u32 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((1..=2).contains(&wait), "{wait}");
            let page = answer.text().await.unwrap();
            assert!(page.contains("Vänta") && page.contains("name=\"password\""), "{page}");
        }
        until("the delay is over", || async {
            let answer = server.api(Method::GET, "status").send().await.unwrap();
            (answer.status() == 200).then_some(())
        })
        .await;
        // A name that nobody has is counted and delayed alike.
        for n in 0..7 {
            let answer = form(&server, "nobody-of-that-name", "a wrong guess of somebody").send().await.unwrap();
            assert_eq!(answer.status(), if n < 6 { 401 } else { 429 }, "{n}");
        }
        assert!(counted(&server, "wrong", "page").await >= 12);
        assert!(counted(&server, "too_often", "page").await >= 2);
        assert!(counted(&server, "let_in", "api").await >= 1);
        let metrics = server.metrics().await.unwrap();
        assert!(metrics.contains("larka_http_refusals_total{route=\"/login\",status=\"401\"}"), "{metrics}");
        let said = instance.said();
        assert!(said.contains("log-in refused") && said.contains("wrong=5") && said.contains("logged in"), "{said}");
        for hidden in [user, "nobody-of-that-name", "a wrong guess", &right] {
            assert!(!said.contains(hidden), "{hidden} in {said}");
            assert!(!metrics.contains(hidden), "{hidden} in {metrics}");
        }
    }

    async fn who_comes_through_a_trusted_proxy_is_bounded_by_the_own_address(instance) {
        let server = instance.start_with(&["--trusted-proxies", "127.0.0.1"]).await.unwrap();
        let guess = |from: &'static str, n: usize| {
            let form = form(&server, &format!("nobody{n}"), "a wrong guess of somebody");
            async move { form.header("X-Forwarded-For", from).send().await.unwrap().status() }
        };
        for n in 0..21 {
            assert_eq!(guess("198.51.100.7, 203.0.113.9", n).await, 401);
        }
        assert_eq!(guess("203.0.113.9", 21).await, 429);
        assert_eq!(guess("203.0.113.10", 22).await, 401);
        // Of whoever is no trusted proxy the header is anybody's word.
        drop(server);
        let server = instance.start_with(&["--trusted-proxies", "192.0.2.1"]).await.unwrap();
        for n in 0..21 {
            let form = form(&server, &format!("nobody{n}"), "a wrong guess of somebody");
            let answer = form.header("X-Forwarded-For", format!("203.0.113.{n}")).send().await.unwrap();
            assert_eq!(answer.status(), 401);
        }
        let form = form(&server, "nobody", "a wrong guess of somebody").header("X-Forwarded-For", "203.0.113.99");
        assert_eq!(form.send().await.unwrap().status(), 429);
    }

    async fn who_logged_in_by_a_browser_before_is_not_locked_out_by_strangers_also_after_a_start(instance) {
        let mut server = instance.start().await.unwrap();
        let user = server.administrator.0.clone();
        let entered = log_in(&server, &[]).await;
        let cookies = entered.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
        let known = cookies.filter(|cookie| cookie.starts_with("larka_browser=")).collect::<Vec<_>>();
        assert!(known[0].contains("HttpOnly") && known[0].contains("Max-Age=34560000"), "{known:?}");
        let known = known[0].split(';').next().unwrap().to_owned();
        let guess = |user: String, address: String, cookie: String| {
            let form = browser().post(format!("{address}/login")).header("Cookie", cookie);
            form.form(&[("user", user.as_str()), ("password", "a wrong guess of somebody")]).send()
        };
        for _ in 0..2 {
            // All come from one address, as behind a proxy that no setting names; other names hold up nobody.
            for n in 0..25 {
                let answer = guess(format!("nobody{n}"), server.address.clone(), String::new()).await.unwrap();
                assert_eq!(answer.status(), 401, "{n}");
            }
            for _ in 0..6 {
                guess(user.clone(), server.address.clone(), String::new()).await.unwrap();
            }
            until("strangers are locked out for a while", || async {
                let answer = guess(user.clone(), server.address.clone(), String::new()).await.unwrap();
                let wait = answer.headers().get("retry-after")?.to_str().unwrap().parse::<u32>().unwrap();
                (wait > 6).then_some(())
            })
            .await;
            let made_up = known[..known.len() - 4].to_owned();
            assert_eq!(guess(user.clone(), server.address.clone(), made_up).await.unwrap().status(), 429);
            // Also the right password would be refused without it.
            assert_eq!(log_in(&server, &[]).await.status(), 429);
            assert_eq!(log_in(&server, &[("Cookie", &known)]).await.status(), 303);
            assert!(server.stop().unwrap().success());
            server = instance.restart(&server).await.unwrap();
        }
    }

    async fn any_number_of_requests_at_once_with_the_right_password_are_let_in(instance) {
        let server = instance.start().await.unwrap();
        assert_eq!(server.api(Method::GET, "status").send().await.unwrap().status(), 200);
        let asks = (0..100).map(|_| tokio::spawn(server.api(Method::GET, "status").send()));
        for ask in asks.collect::<Vec<_>>() {
            assert_eq!(ask.await.unwrap().unwrap().status(), 200);
        }
    }

    async fn the_account_stands_in_every_event_that_an_administrator_causes(instance) {
        let server = instance.start().await.unwrap();
        let text = |sv: &str| json!({ "sv": sv });
        for (way, body) in [
            ("organisation", json!({
                "units": [{ "code": "L", "name": "Lärkby kommun", "kind": "huvudman" }],
                "persons": [{ "agents": [{ "account": { "homePage": "https://larkby.example", "name": "lo" } }],
                              "name": { "given": "Lo", "family": "Ek" } }],
                "groups": [{ "id": "g1", "unit": "L", "kind": "Klass", "name": "4B" }],
            })),
            ("courses", json!({
                "courses": [{ "id": "https://larkby.example/kurser/a", "title": text("Lösenord"), "origin": { "central": true } }],
                "rules": [{ "framework": "digcomp-3.0", "activity": "https://larkby.example/kurser/a",
                            "competence": "1.1", "level": [3, 4], "weight": 1000 }],
            })),
            ("surveys", json!({ "surveys": [{ "id": "https://larkby.example/enkater/e", "version": "1", "title": text("Enkät"),
                "definition": { "elements": [{ "type": "radiogroup", "name": "q1", "title": "Trivs du?", "choices": ["1"] }] } }] })),
            ("rounds", json!({ "rounds": [{ "id": "r1", "survey": "https://larkby.example/enkater/e", "version": "1",
                "title": text("Hösten"), "mode": "named", "registration": "00000000-0000-4000-8000-000000000001",
                "opens": "2025-09-01", "closes": "2025-09-30", "audience": { "unit": "L" } }] })),
        ] {
            let answer = server.api(Method::POST, way).json(&body).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{way}: {}", answer.text().await.unwrap());
        }
        let made = server.api(Method::POST, "credentials").json(&json!({ "name": "a tool", "scopes": ["all"] }));
        let made: Value = made.send().await.unwrap().json().await.unwrap();
        let key = made["key"].as_str().unwrap();
        assert_eq!(server.api(Method::DELETE, &format!("credentials/{key}")).send().await.unwrap().status(), 200);

        // Key 23 in the kinds of the municipality, 5 in the others: the account's sixteen bytes.
        let kinds = "('unit', 'person', 'group', 'course', 'competence_rules', 'survey', 'round')";
        let marked = match instance.backend() {
            blackbox::Backend::Sqlite => "instr(facts, x'1750') = length(facts) - 17",
            blackbox::Backend::Postgres => "position('\\x1750'::bytea in facts) = length(facts) - 17",
        };
        let all = instance.number(&format!("SELECT count(*) FROM event WHERE kind IN {kinds}")).await.unwrap();
        let named = instance.number(&format!("SELECT count(*) FROM event WHERE kind IN {kinds} AND {marked}")).await.unwrap();
        assert_eq!((all, named), (7, 7));
        let same = match instance.backend() {
            blackbox::Backend::Sqlite => "SELECT count(DISTINCT substr(facts, -16)) FROM event WHERE kind IN ",
            blackbox::Backend::Postgres => "SELECT count(DISTINCT substring(facts from length(facts) - 15)) FROM event WHERE kind IN ",
        };
        assert_eq!(instance.number(&format!("{same}{kinds}")).await.unwrap(), 1, "all by one account");
        // And what says so is still read: by the views, and after a start.
        server.settled().await.unwrap();
        let mut server = server;
        assert!(server.stop().unwrap().success());
        let server = instance.restart(&server).await.unwrap();
        let again = server.api(Method::POST, "organisation").body(UNIT).send().await.unwrap();
        assert_eq!(again.json::<Value>().await.unwrap()["changed"], 0);
    }

    async fn forms_that_are_none_are_refused_with_a_page_in_the_readers_language(instance) {
        let server = instance.start().await.unwrap();
        for (lang, words) in [("sv", "Formuläret gick inte att läsa"), ("en", "The form could not be read")] {
            let post = |kind: &str, body: String| {
                let post = browser().post(format!("{}/login?lang={lang}", server.address));
                post.header("Content-Type", kind).header("Accept", "text/html").body(body).send()
            };
            let urlencoded = "application/x-www-form-urlencoded";
            for (kind, body, status) in [
                ("application/json", "{}".to_owned(), 415),
                (urlencoded, format!("user=a&password={}", "x".repeat(20_000)), 413),
            ] {
                let answer = post(kind, body).await.unwrap();
                assert_eq!(answer.status(), status, "{kind}");
                assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
                assert!(answer.text().await.unwrap().contains(words));
            }
            let answer = post(urlencoded, "user=a".to_owned()).await.unwrap();
            assert_eq!(answer.status(), 400);
            assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        }
        // Nor does where to go on to bring in a line of its own.
        for next in ["%2F%0D%0ASet-Cookie:%20a=b", "%2Fa%00b", "%2F%7F", "%2F%C2%85"] {
            let (user, password) = &server.administrator;
            let entered = browser().post(format!("{}/login?next={next}", server.address));
            let entered = entered.form(&[("user", user), ("password", password)]).send().await.unwrap();
            assert_eq!((entered.status().as_u16(), &entered.headers()["location"]), (303, &"/".parse().unwrap()), "{next}");
        }
    }
}

/// A hundred at once, each of another name and address, hold the memory of two.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_log_ins_at_once_hold_two_passwords_memory_and_give_it_back() {
    let instance = Instance::fresh(blackbox::Backend::Sqlite).await.unwrap();
    let server = instance.start_with(&["--trusted-proxies", "127.0.0.1"]).await.unwrap();
    let memory = |what: &str| {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap().to_owned();
        line.trim_start_matches(':').trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
    };
    assert_eq!(form(&server, "nobody", "a wrong guess of somebody").send().await.unwrap().status(), 401);
    let (resting, peak) = (memory("VmRSS"), memory("VmHWM"));
    let mut answers = Vec::new();
    for round in 0..5 {
        let guesses = (0..100).map(|n| {
            let form =
                form_of(&server.http, &server, &format!("nobody{round}-{n}"), "a wrong guess of somebody");
            tokio::spawn(form.header("X-Forwarded-For", format!("10.{round}.0.{n}")).send())
        });
        for guess in guesses.collect::<Vec<_>>() {
            answers.push(guess.await.unwrap().unwrap().status().as_u16());
        }
    }
    assert!(answers.iter().all(|status| [401, 429].contains(status)), "{answers:?}");
    assert!(answers.contains(&401), "{answers:?}");
    let grown = memory("VmHWM") - peak.max(resting);
    assert!(grown < 60, "{grown} MiB more than {peak} were held for a hundred log-ins");
    until("the memory is given back", || async { (memory("VmRSS") < resting + 16).then_some(()) }).await;
}
