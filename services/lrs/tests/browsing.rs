//! Tools that run in a browser: the alternate request syntax of 1.0.3, and requests from elsewhere.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use axum::body::Body;
use axum::http::{Method, Request};
use futures_util::{StreamExt as _, stream};
use lrs::Limits;
use rig::*;

/// A form, encoded.
fn form(parameters: &[(&str, &str)]) -> String {
    address(parameters).split_once('?').unwrap().1.to_owned()
}

/// A POST of a form with nothing in the header that old browsers could not send.
async fn alternate(rig: &Rig, uri: &str, parameters: &[(&str, &str)]) -> Answer {
    let request = Request::builder().method(Method::POST).uri(uri);
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    rig.send(request.body(Body::from(form(parameters))).unwrap()).await
}

promises! {
    async fn the_alternate_syntax_of_1_0_3_does_what_the_method_in_it_would(rig) {
        let sent = statement(1, "åsa & bo+", "a").to_string();
        let said = [("Authorization", rig.all.as_str()), ("X-Experience-API-Version", "1.0.3")];
        let with = |more: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
            let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
            said.iter().map(|(name, value)| (*name, (*value).to_owned())).chain(more).collect()
        };
        let send = async |method: &str, more: &[(&'static str, &str)]| {
            let owned = with(more);
            let pairs: Vec<(&str, &str)> = owned.iter().map(|(name, value)| (*name, value.as_str())).collect();
            alternate(&rig, &format!("/xapi/statements?method={method}"), &pairs).await
        };
        send("PUT", &[
            ("statementId", &id(1)),
            ("content", &sent),
            ("Content-Type", "application/json"),
            ("Content-Length", "7"),
        ])
        .await
        .expect(204);
        let one = send("GET", &[("statementId", &id(1))]).await.expect(200);
        assert_eq!(one.json()["actor"], agent("åsa & bo+"));
        assert_eq!(one.header("x-experience-api-version"), Some("1.0.3"));
        let list = send("GET", &[("agent", &agent("åsa & bo+").to_string()), ("limit", "1")]).await;
        assert_eq!(list.expect(200).ids(), [id(1)]);
        assert!(send("HEAD", &[("statementId", &id(1))]).await.expect(200).body.is_empty());
        let ids = send("POST", &[("content", &statement(2, "bo", "a").to_string())]).await.expect(200).json();
        assert_eq!(ids, serde_json::json!([id(2)]));
    }

    async fn what_is_not_the_alternate_syntax_of_1_0_3_is_refused(rig) {
        let content = statement(1, "anna", "a").to_string();
        let (all, id) = (rig.all.clone(), id(1));
        let as_version = |version: &'static str| {
            vec![("Authorization", all.as_str()), ("X-Experience-API-Version", version),
                 ("statementId", id.as_str()), ("content", content.as_str())]
        };
        let put = "/xapi/statements?method=PUT";
        alternate(&rig, put, &as_version("2.0.0")).await.expect(400);
        alternate(&rig, put, &as_version("0.8")).await.expect(400);
        alternate(&rig, &format!("{put}&statementId={id}"), &as_version("1.0.3")).await.expect(400);
        alternate(&rig, "/xapi/statements?method=PATCH", &as_version("1.0.3")).await.expect(400);
        alternate(&rig, put, &as_version("1.0.3")[..3]).await.expect(400);
        let mut twice = as_version("1.0.3");
        twice.push(("content", "{}"));
        alternate(&rig, put, &twice).await.expect(400);
        // Without a log-in in form or header nobody gets in.
        alternate(&rig, put, &as_version("1.0.3")[1..]).await.expect(401);
        // JSON where a form belongs.
        let raw = rig.request(Method::POST, put, "1.0.3").body(Body::from(content.clone())).unwrap();
        rig.send(raw).await.expect(400);
        // Another method than POST does not mean another.
        let other = rig.request(Method::PUT, "/xapi/statements?method=POST", "1.0.3");
        rig.send(other.body(Body::from(content.clone())).unwrap()).await.expect(400);
        assert_eq!(rig.log.head().await.unwrap().position.0, 0);
        // Where 2.0 is asked for, method is a parameter like any other that there is none of.
        let request = rig.request(Method::POST, "/xapi/statements?method=GET", "2.0.0");
        rig.send(request.body(Body::empty()).unwrap()).await.expect(400);
    }
}

promises! {
    async fn a_page_of_another_site_posts_nothing_with_what_a_browser_remembers(rig) {
        let all = rig.all.clone();
        let post = async |uri: &str, said: &[(&str, &str)], body: String| {
            let request = Request::builder().method(Method::POST).uri(uri).header("Sec-Fetch-Site", "cross-site");
            let request = said.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            rig.send(request.body(Body::from(body)).unwrap()).await
        };
        let remembered = ("Authorization", all.as_str());
        let content = statement(1, "anna", "a").to_string();
        let urlencoded = ("Content-Type", "application/x-www-form-urlencoded");
        let put = "/xapi/statements?method=PUT";
        let id = id(1);
        let parameters = [("X-Experience-API-Version", "1.0.3"), ("statementId", id.as_str()), ("content", content.as_str())];
        // The alternate syntax, with the browser's word for who it is.
        post(put, &[remembered, urlencoded], form(&parameters)).await.expect(401);
        post(put, &[remembered, ("Content-Type", "text/plain")], form(&parameters)).await.expect(401);
        // Any other form, and what says nothing of what it is.
        let state = address(&[("activityId", "https://larkby.example/a"), ("agent", &agent("anna").to_string()), ("stateId", "s")]);
        let state = state.replace("statements", "activities/state");
        for said in [&[remembered, ("Content-Type", "text/plain")][..], &[remembered]] {
            let answer = post(&state, said, "{}".to_owned()).await;
            assert!([400, 401].contains(&answer.status.as_u16()), "{}", answer.status);
        }
        assert_eq!(rig.log.head().await.unwrap().position.0, 0);
        // A tool says who it is: in the form, or in headers for which the browser asks first.
        let own = [&[remembered][..], &parameters].concat();
        post(put, &[urlencoded], form(&own)).await.expect(204);
        let header = [remembered, ("X-Experience-API-Version", "2.0.0"), ("Content-Type", "application/json")];
        post("/xapi/statements", &header, statement(2, "bo", "a").to_string()).await.expect(200);
    }
}

#[tokio::test]
async fn a_page_of_an_origin_that_the_setting_names_may_use_what_a_browser_remembers() {
    let rig = Rig::sqlite_for(&["https://tool.example"]).await;
    let content = statement(1, "anna", "a").to_string();
    let (id, put) = (id(1), "/xapi/statements?method=PUT");
    let body = form(&[("X-Experience-API-Version", "1.0.3"), ("statementId", &id), ("content", &content)]);
    for (origin, status) in [("https://elsewhere.example", 401), ("https://tool.example", 204)] {
        let request = Request::builder().method(Method::POST).uri(put).header("Sec-Fetch-Site", "cross-site");
        let request = request.header("Origin", origin).header("Authorization", &rig.all);
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        rig.send(request.body(Body::from(body.clone())).unwrap()).await.expect(status);
    }
}

#[tokio::test]
async fn a_page_from_an_origin_that_is_let_in_may_ask_and_another_may_not() {
    let rig = Rig::sqlite_for(&["https://tool.example"]).await;
    let preflight = async |origin: &str| {
        let request = Request::builder()
            .method(Method::OPTIONS)
            .uri("/xapi/statements")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "PUT")
            .header("Access-Control-Request-Headers", "authorization,x-experience-api-version,if-match");
        rig.send(request.body(Body::empty()).unwrap()).await
    };
    let answer = preflight("https://tool.example").await.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://tool.example"));
    assert!(answer.header("access-control-allow-methods").unwrap().contains("PUT"));
    let headers = answer.header("access-control-allow-headers").unwrap().to_lowercase();
    for name in ["authorization", "content-type", "x-experience-api-version", "if-match", "if-none-match"] {
        assert!(headers.contains(name), "{headers}");
    }
    assert_eq!(preflight("https://elsewhere.example").await.header("access-control-allow-origin"), None);

    let ask = async |origin: &str, authorization: &str| {
        let request = Request::builder().uri("/xapi/statements").header("Origin", origin);
        let request =
            request.header("Authorization", authorization).header("X-Experience-API-Version", "2.0.0");
        rig.send(request.body(Body::empty()).unwrap()).await
    };
    let answer = ask("https://tool.example", &rig.all).await.expect(200);
    let exposed = answer.header("access-control-expose-headers").unwrap().to_lowercase();
    for name in ["etag", "last-modified", "x-experience-api-consistent-through"] {
        assert!(exposed.contains(name), "{exposed}");
    }
    // A refusal, too, can be read by the page that asked.
    let refused = ask("https://tool.example", "Basic eDp5").await.expect(401);
    assert_eq!(refused.header("access-control-allow-origin"), Some("https://tool.example"));
    assert_eq!(ask("https://elsewhere.example", &rig.all).await.header("access-control-allow-origin"), None);
}

/// Fetch, CORS protocol and credentials: where a page has the browser send what it keeps for us, the answer has to name
/// the page's origin, and say that it may.
#[tokio::test]
async fn a_page_of_a_named_origin_may_send_credentials_and_one_of_just_anywhere_may_not() {
    for (origins, named) in [(["https://tool.example"], true), (["*"], false)] {
        let rig = Rig::sqlite_for(&origins).await;
        for method in [Method::OPTIONS, Method::GET] {
            let request = Request::builder()
                .method(method)
                .uri("/xapi/statements")
                .header("Origin", "https://tool.example")
                .header("Access-Control-Request-Method", "GET")
                .header("Authorization", &rig.all)
                .header("X-Experience-API-Version", "2.0.0");
            let answer = rig.send(request.body(Body::empty()).unwrap()).await.expect(200);
            let credentials = answer.header("access-control-allow-credentials");
            assert_eq!(credentials, named.then_some("true"));
            let expected = if named { "https://tool.example" } else { "*" };
            assert_eq!(answer.header("access-control-allow-origin"), Some(expected));
            assert!(answer.header("vary").unwrap().to_lowercase().contains("origin"));
        }
    }
}

/// A form that comes in these pieces, and perhaps not to its end.
async fn in_pieces(rig: &Rig, pieces: &[&str], ends: bool) -> Answer {
    let pieces: Vec<_> = pieces.iter().map(|piece| Ok::<_, std::io::Error>((*piece).to_owned())).collect();
    let pieces = stream::iter(pieces);
    let body =
        if ends { Body::from_stream(pieces) } else { Body::from_stream(pieces.chain(stream::pending())) };
    let request = Request::builder().method(Method::POST).uri("/xapi/statements?method=GET");
    let request = request.header("Content-Type", "application/x-www-form-urlencoded");
    rig.send(request.body(body).unwrap()).await
}

#[tokio::test]
async fn of_a_form_little_is_read_before_it_says_whose_it_is() {
    let limits = Limits { form_bytes: 50, form_seconds: 0, in_flight: 0, ..Limits::default() };
    let rig = Rig::sqlite_with(limits).await;
    let long = format!("content={}&", "x".repeat(100));
    let own = form(&[("Authorization", &rig.all), ("X-Experience-API-Version", "1.0.3"), ("limit", "1")]);
    // Nobody in particular takes no place that others have, here none at all.
    in_pieces(&rig, &["X-Experience-API-Version=1.0.3"], true).await.expect(401);
    in_pieces(&rig, &["a=b"], false).await.expect(408);
    in_pieces(&rig, &[&long, &own], true).await.expect(401);
    let wrong = form(&[("Authorization", "Basic eDp5"), ("a", "b")]);
    in_pieces(&rig, &[&wrong], false).await.expect(401);
    // Somebody whom we know does.
    in_pieces(&rig, &[&own], true).await.expect(429);

    let rig = Rig::sqlite_with(Limits { form_bytes: 50, forms: 0, ..Limits::default() }).await;
    let own = form(&[("Authorization", &rig.all), ("X-Experience-API-Version", "1.0.3"), ("limit", "1")]);
    in_pieces(&rig, &["a=b"], false).await.expect(429);
    // What came at once needs no place for what has yet to come; nor does what stands in a header.
    in_pieces(&rig, &[&own, &format!("&{long}")], true).await.expect(200);
    let request = Request::builder()
        .method(Method::POST)
        .uri("/xapi/statements?method=GET")
        .header("Authorization", &rig.all)
        .header("Content-Type", "application/x-www-form-urlencoded");
    let body = Body::from(format!("{long}X-Experience-API-Version=1.0.3"));
    rig.send(request.body(body).unwrap()).await.expect(200);
}
