//! Bad input and missing rights: a clear 4xx, never a 5xx, and nothing stored.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine as _;
use futures_util::{StreamExt as _, stream};
use lrs::Limits;
use rig::documents::{JSON, NEW, VERSIONS, ask, at, everywhere};
use rig::*;
use serde_json::json;

fn basic(key: &str, secret: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{key}:{secret}")))
}

promises! {
    async fn malformed_bodies_are_400_and_say_where(rig) {
        let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
        let repeated = r#"{"actor":{"mbox":"mailto:a@e.org"},"verb":{"id":"http://e.org/v"},"verb":{"id":"http://e.org/w"},"object":{"id":"http://e.org/o"}}"#;
        let surrogate = r#"{"actor":{"mbox":"mailto:a@e.org","name":"\ud800"},"verb":{"id":"http://e.org/v"},"object":{"id":"http://e.org/o"}}"#;
        for body in ["", "{", "nonsense", "7", "null", "[null]", "{}", &deep, repeated, "\u{feff}{}"] {
            let answer = rig.post_as("2.0.0", body.to_owned()).await;
            assert_eq!(answer.status, 400, "{body:.60}");
            assert!(answer.json()["error"].is_string());
        }
        // A lone surrogate is JSON, yet no text: either answer is clear.
        let status = rig.post_as("2.0.0", surrogate).await.status.as_u16();
        assert!([200, 400].contains(&status), "{status}");
        rig.post_as("2.0.0", vec![b'{', 0xff, b'}']).await.expect(400);
    }

    async fn a_very_long_iri_is_stored_and_found(rig) {
        let mut sent = statement(1, "anna", "a");
        let long = format!("https://larkby.example/{}", "x".repeat(3_000));
        sent["object"]["id"] = long.clone().into();
        sent["context"] = json!({ "contextActivities": { "parent": [{ "id": format!("{long}/parent") }] } });
        rig.post(&json!([sent, statement(2, "anna", "a")])).await.expect(200);
        assert_eq!(rig.ids(&[("activity", &long)]).await, [id(1)]);
        let parent = format!("{long}/parent");
        assert_eq!(rig.ids(&[("activity", &parent), ("related_activities", "true")]).await, [id(1)]);
    }

    async fn an_error_never_repeats_what_was_sent(rig) {
        let mut sent = statement(1, "anna", "a");
        sent["actor"] = json!({ "mbox": "anna.andersson@larkby.example" });
        let answer = rig.post(&sent).await.expect(400);
        assert!(!answer.text().contains("andersson"), "{}", answer.text());
        let answer = rig.get(&[("agent", "{\"mbox\":\"anna.andersson\"}")]).await.expect(400);
        assert!(!answer.text().contains("andersson"), "{}", answer.text());
    }

    async fn a_version_that_is_not_served_is_400_and_the_answer_names_one_that_is(rig) {
        for (version, named) in [("0.95", "1.0.3"), ("1.1.0", "1.0.3"), ("2.1.0", "2.0.0"), ("3.0.0", "2.0.0"), ("", "2.0.0")] {
            let answer = rig.get_as(version, "/xapi/statements").await.expect(400);
            assert_eq!(answer.header("x-experience-api-version"), Some(named), "{version}");
        }
        let bare = Request::builder().uri("/xapi/statements").header("Authorization", &rig.all);
        rig.send(bare.body(Body::empty()).unwrap()).await.expect(400);
        for (version, served) in [("1.0", "1.0.3"), ("1.0.1", "1.0.3"), ("2.0", "2.0.0"), ("2.0.5", "2.0.0")] {
            let answer = rig.get_as(version, "/xapi/statements").await.expect(200);
            assert_eq!(answer.header("x-experience-api-version"), Some(served));
        }
    }

    async fn about_is_for_everybody_and_lists_both_versions(rig) {
        let answer = rig.send(Request::builder().uri("/xapi/about").body(Body::empty()).unwrap()).await.expect(200);
        assert_eq!(answer.json()["version"], json!(["1.0.3", "2.0.0"]));
        assert_eq!(answer.header("x-experience-api-version"), Some("2.0.0"));
        let head = Request::builder().method(Method::HEAD).uri("/xapi/about");
        let head = rig.send(head.body(Body::empty()).unwrap()).await.expect(200);
        assert!(head.body.is_empty());
        for name in ["content-type", "content-length", "x-experience-api-version"] {
            assert_eq!(head.header(name), Some(answer.header(name).map_or_else(|| answer.body.len().to_string(), str::to_owned)).as_deref(), "{name}");
        }
        let post = Request::builder().method(Method::POST).uri("/xapi/about");
        rig.send(post.body(Body::empty()).unwrap()).await.expect(405);
        rig.get_as("2.0.0", "/xapi/nothing").await.expect(404);
    }

    async fn every_answer_names_the_version_of_its_request(rig) {
        let (all, defines) = (rig.all.clone(), rig.credential(&["define"]).await);
        let seldom = lrs::Wanted { name: "Ett verktyg".into(), scopes: vec!["all".into()], rate: Some(1), ..Default::default() };
        let seldom = rig.lrs.create_credential(seldom, None).await.unwrap();
        let seldom = basic(&seldom.credential.key, &seldom.secret);
        for (number, version) in (1..).zip(VERSIONS) {
            let asks = async |by: &str, method: Method, uri: &str, headers: &[(&str, &str)], body: &str, status: u16| {
                let request = Request::builder().method(method.clone()).uri(uri).header("Authorization", by);
                let request = request.header("X-Experience-API-Version", version);
                let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
                let answer = rig.send(request.body(Body::from(body.to_owned())).unwrap()).await;
                let named = answer.header("x-experience-api-version");
                assert_eq!((answer.status.as_u16(), named), (status, Some(version)), "{method} {uri}: {}", answer.text());
            };
            let sent = statement(number, "anna", "a").to_string();
            let one = address(&[("statementId", &id(number))]);
            let documents = everywhere(version);
            let person = at("agents", &[("agent", &agent("anna").to_string())]);
            let known = at("activities", &[("activityId", &activity("a"))]);
            for uri in documents.iter().chain([&one]) {
                asks(&all, Method::GET, uri, &[], "", 404).await;
                asks(&all, Method::PUT, uri, &[JSON, NEW], &sent, 204).await;
            }
            let resources: Vec<&String> = documents.iter().chain([&one, &person, &known]).collect();
            asks(&seldom, Method::GET, &one, &[], "", 200).await;
            for uri in &resources {
                asks(&all, Method::GET, uri, &[], "", 200).await;
                asks(&all, Method::HEAD, uri, &[], "", 200).await;
                asks(&all, Method::GET, &format!("{uri}&nothing=1"), &[], "", 400).await;
                asks(&all, Method::GET, uri.split('?').next().unwrap(), &[], "", if *uri == &one { 200 } else { 400 }).await;
                asks("Basic eDp5", Method::GET, uri, &[], "", 401).await;
                asks(&defines, Method::GET, uri, &[], "", 403).await;
                asks(&seldom, Method::GET, uri, &[], "", 429).await;
                asks(&all, Method::PATCH, uri, &[], "", 405).await;
            }
            for uri in [&person, &known] {
                asks(&all, Method::POST, uri, &[JSON], "{}", 405).await;
            }
            for uri in documents.iter().chain([&one]) {
                asks("Basic eDp5", Method::PUT, uri, &[JSON], &sent, 401).await;
                asks(&defines, Method::PUT, uri, &[JSON], &sent, 403).await;
                asks(&seldom, Method::PUT, uri, &[JSON], &sent, 429).await;
                asks(&all, Method::POST, uri, &[JSON], "[", 400).await;
            }
            let other = statement(number, "bo", "b").to_string();
            asks(&all, Method::PUT, &one, &[JSON], &other, 409).await;
            asks(&all, Method::DELETE, &one, &[], "", 405).await;
            asks(&all, Method::POST, "/xapi/statements", &[JSON], "nonsense", 400).await;
            asks(&all, Method::POST, "/xapi/statements", &[JSON], &sent, 200).await;
            asks(&all, Method::POST, "/xapi/statements", &[("Content-Type", "text/plain")], &sent, 400).await;
            let [state, profiles @ ..] = &documents;
            asks(&all, Method::PUT, state, &[], "x", if version == "1.0.3" { 204 } else { 409 }).await;
            for uri in profiles {
                asks(&all, Method::PUT, uri, &[], "x", 409).await;
            }
            for uri in documents.iter().chain([&person]) {
                asks(&all, Method::GET, uri, &[("If-Match", "\"x\"")], "", 412).await;
                asks(&all, Method::GET, uri, &[("If-None-Match", "*")], "", 304).await;
            }
            for uri in &documents {
                for method in [Method::PUT, Method::DELETE] {
                    asks(&all, method, uri, &[("If-Match", "\"x\"")], "x", 412).await;
                }
                asks(&all, Method::DELETE, uri, &[], "", 204).await;
            }
            asks("", Method::GET, "/xapi/about", &[], "", 200).await;
            asks("", Method::POST, "/xapi/about", &[], "", 405).await;
            for nothing in ["/xapi", "/xapi/", "/xapi/nothing", "/xapi/statements/"] {
                asks("", Method::GET, nothing, &[], "", 404).await;
            }
            asks(&all, Method::GET, "/api/v1/statements/stream?nothing=1", &[], "", 400).await;
            asks(&defines, Method::GET, "/api/v1/statements/stream", &[], "", 403).await;
            let form = [("Content-Type", "application/x-www-form-urlencoded")];
            asks(&all, Method::POST, "/xapi/statements?method=PUT", &form, "", 400).await;
            rig.clock.advance(Duration::from_secs(1));
        }
    }

    async fn strangers_get_401_with_a_challenge(rig) {
        for authorization in [None, Some("Basic !!!"), Some("Bearer x"), Some("Basic bm86Ym9keQ=="), Some("Basic")] {
            for method in [Method::GET, Method::POST, Method::PUT] {
                let mut request = Request::builder().method(method).uri(format!("/xapi/statements?statementId={}", id(1)));
                request = request.header("X-Experience-API-Version", "2.0.0").header("Content-Type", "application/json");
                if let Some(authorization) = authorization {
                    request = request.header("Authorization", authorization);
                }
                let answer = rig.send(request.body(Body::from("{}")).unwrap()).await.expect(401);
                assert!(answer.header("www-authenticate").unwrap().starts_with("Basic"));
            }
        }
    }

    async fn a_credential_does_what_its_scopes_say_and_no_more(rig) {
        let mut rig = rig;
        rig.post(&statement(1, "anna", "a")).await.expect(200);
        rig.all = rig.credential(&["statements/read"]).await;
        rig.get(&[]).await.expect(200);
        rig.post(&statement(2, "anna", "a")).await.expect(403);
        rig.put_as("2.0.0", &id(2), plain("anna", "a").to_string()).await.expect(403);
        rig.all = rig.credential(&["statements/write"]).await;
        rig.post(&statement(2, "anna", "a")).await.expect(200);
        rig.get(&[]).await.expect(403);
        rig.all = rig.credential(&["all/read"]).await;
        assert_eq!(rig.ids(&[]).await, [id(2), id(1)], "of others too");
        rig.post(&statement(3, "anna", "a")).await.expect(403);
        rig.put_as("2.0.0", &id(3), plain("anna", "a").to_string()).await.expect(403);
        rig.all = rig.credential(&[]).await;
        rig.get(&[]).await.expect(403);
    }

    async fn what_is_no_json_by_its_content_type_is_refused(rig) {
        for (content_type, status) in [
            (None, 400),
            (Some("text/plain"), 400),
            (Some("multipart/mixed; boundary=x"), 400),
            (Some("multipart/form-data; boundary=x"), 400),
            (Some("application/json; charset=utf-8"), 200),
            (Some("Application/JSON"), 200),
        ] {
            let mut request = rig.request(Method::POST, "/xapi/statements", "2.0.0");
            if let Some(content_type) = content_type {
                request = request.header("Content-Type", content_type);
            }
            rig.send(request.body(Body::from(plain("anna", "a").to_string())).unwrap()).await.expect(status);
        }
    }

    async fn unknown_repeated_and_misused_parameters_are_400(rig) {
        for uri in [
            "/xapi/statements?nothing=1",
            "/xapi/statements?StatementId=00000000-0000-4000-8000-000000000001",
            "/xapi/statements?limit=1&limit=2",
            "/xapi/statements?limit=-1",
            "/xapi/statements?statementId=7",
            "/xapi/statements?agent=anna",
            "/xapi/statements?verb=%zz",
            "/xapi/statements?ascending=yes",
            "/xapi/statements?more=abc",
        ] {
            rig.get_as("2.0.0", uri).await.expect(400);
        }
        let both = address(&[("statementId", &id(1)), ("voidedStatementId", &id(1))]);
        rig.get_as("2.0.0", &both).await.expect(400);
        let post = rig.request(Method::POST, "/xapi/statements?statementId=1", "2.0.0");
        let post = post.header("Content-Type", "application/json");
        rig.send(post.body(Body::from("[]")).unwrap()).await.expect(400);
        rig.send(rig.request(Method::DELETE, "/xapi/statements", "2.0.0").body(Body::empty()).unwrap()).await.expect(405);
    }

    async fn attachments_that_would_be_lost_are_refused(rig) {
        let mut sent = statement(1, "anna", "a");
        sent["attachments"] = json!([{ "usageType": "http://e.org/u", "display": { "sv": "Bild" },
            "contentType": "image/png", "length": 4, "sha2": "0".repeat(64) }]);
        rig.post(&sent).await.expect(400);
        sent["attachments"][0]["fileUrl"] = "https://e.org/bild.png".into();
        rig.post(&sent).await.expect(200);
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_and_says_the_limit_however_it_comes() {
    let rig = Rig::sqlite_with(Limits { body_bytes: 1000, ..Limits::default() }).await;
    let large = plain("anna", &"x".repeat(2000)).to_string();
    let named =
        rig.request(Method::POST, "/xapi/statements", "2.0.0").header("Content-Type", "application/json");
    let named = named.header("Content-Length", large.len()).body(Body::from(large.clone())).unwrap();
    let answer = rig.send(named).await.expect(413);
    assert!(answer.text().contains("1000"));
    let chunks: Vec<_> =
        large.as_bytes().chunks(100).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect();
    rig.post_as("2.0.0", Body::from_stream(stream::iter(chunks))).await.expect(413);
    rig.post(&plain("anna", "a")).await.expect(200);
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_408() {
    let limits = Limits { body_seconds: 0, ..Limits::default() };
    for rig in [Rig::sqlite_with(limits).await, Rig::postgres_with(limits).await] {
        let body = stream::iter([Ok::<_, std::io::Error>("{")]).chain(stream::pending());
        rig.post_as("2.0.0", Body::from_stream(body)).await.expect(408);
        assert_eq!(rig.log.head().await.unwrap().position.0, 0);
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_400_and_stores_nothing() {
    let rig = Rig::sqlite().await;
    let broken = [Ok("["), Err(std::io::Error::other("gone"))];
    rig.post_as("2.0.0", Body::from_stream(stream::iter(broken))).await.expect(400);
    assert!(rig.ids(&[]).await.is_empty());
}

#[tokio::test]
async fn what_is_too_large_too_slow_or_too_much_names_the_version_of_its_request_too() {
    for (limits, status) in [
        (Limits { body_bytes: 10, ..Limits::default() }, 413),
        (Limits { body_seconds: 0, ..Limits::default() }, 408),
        (Limits { in_flight: 0, ..Limits::default() }, 429),
    ] {
        let rig = Rig::sqlite_with(limits).await;
        for version in VERSIONS {
            let put = address(&[("statementId", &id(1))]);
            for uri in everywhere("s").iter().chain([&put]) {
                let body = stream::iter([Ok::<_, std::io::Error>("{ \"a\": 12345 }")]);
                let body = if status == 408 {
                    Body::from_stream(body.chain(stream::pending()))
                } else {
                    Body::from_stream(body)
                };
                ask(&rig, version, Method::PUT, uri, &[JSON, NEW], body).await.expect(status);
            }
        }
    }
}

#[tokio::test]
async fn more_requests_than_can_be_taken_are_429_with_when_to_come_back() {
    let rig = Rig::sqlite_with(Limits { in_flight: 0, ..Limits::default() }).await;
    let answer = rig.post(&plain("anna", "a")).await.expect(429);
    assert_eq!(answer.header("retry-after"), Some("1"));
    rig.get(&[]).await.expect(200);
}

#[tokio::test]
async fn one_credential_leaves_places_to_others() {
    let limits = Limits { in_flight: 3, in_flight_each: 2, ..Limits::default() };
    let rig = std::sync::Arc::new(Rig::sqlite_with(limits).await);
    let other = rig.credential(&["all"]).await;
    for _ in 0..2 {
        let rig = rig.clone();
        let silent = Body::from_stream(stream::pending::<Result<String, std::io::Error>>());
        tokio::spawn(async move { rig.post_as("2.0.0", silent).await });
    }
    let taken = || {
        let families = rig.registry.gather();
        let family = families.iter().find(|family| family.name() == "larka_xapi_bodies_in_flight").unwrap();
        family.get_metric()[0].get_gauge().get_value()
    };
    let patience = std::time::Instant::now();
    while taken() < 2.0 {
        assert!(patience.elapsed().as_secs() < 60, "two are not let in");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    rig.post(&plain("anna", "a")).await.expect(429);
    rig.post_by(&other, "2.0.0", &plain("anna", "a")).await.expect(200);
}

#[tokio::test]
async fn a_body_that_is_packed_is_415_and_says_how_it_may_come() {
    let rig = Rig::sqlite().await;
    for uri in
        everywhere("s").iter().map(String::as_str).chain(["/xapi/statements", "/xapi/statements?method=GET"])
    {
        for (coding, status) in [("gzip", 415), ("identity, br", 415)] {
            let request = rig.request(Method::POST, uri, "2.0.0").header("Content-Encoding", coding);
            let answer = rig.send(request.body(Body::from("{}")).unwrap()).await.expect(status);
            assert_eq!(answer.header("accept-encoding"), Some("identity"));
            assert_eq!(answer.header("x-experience-api-version"), Some("2.0.0"));
        }
    }
    let request =
        rig.request(Method::POST, "/xapi/statements", "2.0.0").header("Content-Encoding", "Identity");
    let request = request.header("Content-Type", "application/json");
    rig.send(request.body(Body::from(plain("anna", "a").to_string())).unwrap()).await.expect(200);
}

#[tokio::test]
async fn a_full_queue_is_429_with_when_to_come_back_and_loses_nothing() {
    let rig = std::sync::Arc::new(Rig::sqlite_with_queue(Limits::default(), 1).await);
    rig.post(&statement(1, "anna", "a")).await.expect(200);
    // The one connection that writes is busy, so that the queue fills.
    let busy = rig.log.database().begin().await.unwrap();
    let (answers, mut answered) = tokio::sync::mpsc::unbounded_channel();
    for number in 2..8 {
        let (rig, answers) = (rig.clone(), answers.clone());
        tokio::spawn(async move { answers.send((number, rig.post(&statement(number, "anna", "a")).await)) });
    }
    drop(answers);
    let (_, first) = answered.recv().await.unwrap();
    assert_eq!(first.expect(429).header("retry-after"), Some("1"));
    busy.rollback().await.unwrap();
    let mut stored = vec![id(1)];
    while let Some((number, answer)) = answered.recv().await {
        match answer.status.as_u16() {
            200 => stored.push(id(number)),
            status => assert_eq!(status, 429),
        }
    }
    let mut found = rig.ids(&[]).await;
    found.sort();
    stored.sort();
    assert_eq!(found, stored);
}

#[tokio::test]
async fn a_batch_over_the_limit_is_refused_whole() {
    let rig = Rig::sqlite_with(Limits { batch: 2, ..Limits::default() }).await;
    rig.post(&json!([plain("a", "a"), plain("b", "a"), plain("c", "a")])).await.expect(400);
    rig.post(&json!([plain("a", "a"), plain("b", "a")])).await.expect(200);
    assert_eq!(rig.ids(&[]).await.len(), 2);
}

#[tokio::test]
async fn a_database_that_is_gone_is_503_and_its_answer_still_names_a_version() {
    let rig = Rig::sqlite().await;
    rig.post(&statement(1, "anna", "a")).await.expect(200);
    rig.log.close().await;
    let answer = rig.post(&statement(2, "anna", "a")).await.expect(503);
    assert!(answer.header("retry-after").is_some());
    assert!(answer.header("x-experience-api-consistent-through").is_some());
    rig.get(&[]).await.expect(503);
}

#[tokio::test]
async fn requests_are_counted_by_route_method_and_status_and_by_nothing_personal() {
    let rig = Rig::sqlite().await;
    rig.post(&statement(1, "anna", "a")).await.expect(200);
    rig.post(&statement(1, "anna", "a")).await.expect(200);
    rig.get(&[("agent", &agent("anna").to_string())]).await.expect(200);
    let text = prometheus::TextEncoder::new().encode_to_string(&rig.registry.gather()).unwrap();
    assert!(
        text.contains(r#"larka_http_requests_total{method="POST",route="/xapi/statements",status="200"} 2"#),
        "{text}"
    );
    assert!(text.contains("larka_xapi_statements_stored_total 1"));
    assert!(text.contains("larka_xapi_statements_known_total 1"));
    assert!(!text.contains("anna"));
}
