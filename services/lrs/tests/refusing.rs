//! Bad input and missing rights: a clear 4xx, never a 5xx, and nothing stored.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use axum::body::Body;
use axum::http::{Method, Request};
use futures_util::{StreamExt as _, stream};
use lrs::Limits;
use rig::*;
use serde_json::json;

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
        assert!(answer.header("x-experience-api-version").is_some());
        let post = Request::builder().method(Method::POST).uri("/xapi/about");
        rig.send(post.body(Body::empty()).unwrap()).await.expect(405);
        rig.get_as("2.0.0", "/xapi/nothing").await.expect(404);
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
    let rig = Rig::sqlite_with(Limits { body_seconds: 0, ..Limits::default() }).await;
    let body = stream::iter([Ok::<_, std::io::Error>("{")]).chain(stream::pending());
    rig.post_as("2.0.0", Body::from_stream(body)).await.expect(408);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_400_and_stores_nothing() {
    let rig = Rig::sqlite().await;
    let broken = [Ok("["), Err(std::io::Error::other("gone"))];
    rig.post_as("2.0.0", Body::from_stream(stream::iter(broken))).await.expect(400);
    assert!(rig.ids(&[]).await.is_empty());
}

#[tokio::test]
async fn more_requests_than_can_be_taken_are_429_with_when_to_come_back() {
    let rig = Rig::sqlite_with(Limits { in_flight: 0, ..Limits::default() }).await;
    let answer = rig.post(&plain("anna", "a")).await.expect(429);
    assert_eq!(answer.header("retry-after"), Some("1"));
    rig.get(&[]).await.expect(200);
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
