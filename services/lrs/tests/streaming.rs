//! The stream of statements: what is sent, to whom, from where, and when it ends.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{Method, Request, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use domain::events::{Duty, PersonFacts, UnitFacts};
use domain::{Date, Facts};
use futures_util::StreamExt as _;

use eventlog::Append;
use eventlog::clock::Clock as _;
use lrs::Limits;
use rig::*;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// A stream that is read.
struct Reader {
    body: BodyDataStream,
    text: String,
    /// The last id that was sent.
    id: String,
}

async fn ask(rig: &Rig, authorization: &str, query: &str, last: Option<&str>) -> Response {
    let mut request = Request::builder()
        .method(Method::GET)
        .uri(format!("/api/v1/statements/stream{query}"))
        .header("Authorization", authorization)
        .header("X-Experience-API-Version", "2.0.0");
    if let Some(last) = last {
        request = request.header("Last-Event-ID", last);
    }
    lrs::router(rig.lrs.clone()).oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn open(rig: &Rig, authorization: &str, query: &str, last: Option<&str>) -> Reader {
    let answer = ask(rig, authorization, query, last).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.headers()["x-experience-api-version"], "2.0.0");
    let mut reader =
        Reader { body: answer.into_body().into_data_stream(), text: String::new(), id: String::new() };
    assert_eq!(reader.block().await.unwrap(), None, "the first says where it begins");
    reader
}

async fn append<F: Facts>(rig: &Rig, facts: &F) {
    let head = rig.log.head().await.unwrap().position.0;
    let event = facts.event(u128::from(head).to_be_bytes());
    rig.log.append(Append { events: vec![event], ..Append::default() }).await.unwrap();
}

/// The address of a stream with parameters.
fn query(parameters: &[(&str, &str)]) -> String {
    address(parameters).replace("/xapi/statements", "")
}

impl Reader {
    /// What stands before the next empty line: data, or none where it is only an id or a comment; nothing at the end.
    async fn block(&mut self) -> Option<Option<String>> {
        while !self.text.contains("\n\n") {
            let next = tokio::time::timeout(Duration::from_secs(60), self.body.next());
            self.text.push_str(std::str::from_utf8(&next.await.unwrap()?.unwrap()).unwrap());
        }
        let (block, rest) = self.text.split_once("\n\n").unwrap();
        let mut data = None;
        for line in block.lines() {
            match line.split_once(": ") {
                Some(("id", id)) => self.id = id.to_owned(),
                Some(("data", line)) => data.get_or_insert_with(String::new).push_str(line),
                _ => {}
            }
        }
        self.text = rest.to_owned();
        Some(data)
    }

    async fn statement(&mut self) -> Value {
        loop {
            if let Some(data) = self.block().await.unwrap() {
                return serde_json::from_str(&data).unwrap();
            }
        }
    }

    async fn ids(&mut self, count: usize) -> Vec<String> {
        let mut ids = Vec::new();
        while ids.len() < count {
            ids.push(self.statement().await["id"].as_str().unwrap().to_owned());
        }
        ids
    }
}

fn ids(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers.into_iter().map(id).collect()
}

promises! {
    async fn new_statements_are_sent_as_a_query_gives_them_and_whoever_comes_back_misses_nothing(rig) {
        rig.post(&statement(1, "anna", "a")).await.expect(200);
        let all = rig.all.clone();
        let mut reader = open(&rig, &all, "", None).await;
        let text = statement(2, "anna", "a").to_string().replace(',', ",\r\n\n ");
        rig.post_as("2.0.0", text).await.expect(200);
        let sent = reader.statement().await;
        assert_eq!(sent, rig.get(&[("statementId", &id(2))]).await.json());
        rig.post(&json!([statement(3, "bo", "a"), statement(4, "anna", "b")])).await.expect(200);
        assert_eq!(reader.ids(1).await, ids([3]));
        let last = reader.id.clone();
        drop(reader);
        for number in 5..=300 {
            rig.post(&statement(number, "anna", "a")).await.expect(200);
        }
        let mut reader = open(&rig, &all, "", Some(&last)).await;
        assert_eq!(reader.ids(297).await, ids(4..=300));
        // On another node too.
        let (rig, node) = rig.with_another_node().await;
        let mut reader = open(&node, &all, "", Some(&reader.id)).await;
        if matches!(node.log.database(), eventlog::Database::Postgres(_)) {
            rig.post(&statement(301, "anna", "a")).await.expect(200);
            assert_eq!(reader.ids(1).await, ids([301]));
        }
    }

    async fn filters_and_scopes_decide_what_is_sent(rig) {
        let all = rig.all.clone();
        let mine = rig.credential(&["statements/write", "statements/read/mine"]).await;
        let (about_a, reading) = (query(&[("activity", &activity("a"))]), rig.credential(&["statements/read"]).await);
        let of_anna = query(&[("agent", &agent("anna").to_string()), ("verb", VERB), ("verb", VOIDED)]);
        let mut own = open(&rig, &mine, "", None).await;
        let mut a = open(&rig, &reading, &about_a, None).await;
        // Nobody knows her yet.
        let mut anna = open(&rig, &all, &of_anna, None).await;
        rig.post(&json!([statement(1, "bo", "a"), statement(2, "anna", "b"), statement(3, "anna", "a/2")])).await.expect(200);
        assert_eq!(a.ids(2).await, ids([1, 3]));
        let request = Request::builder().method(Method::POST).uri("/xapi/statements").header("Authorization", &mine);
        let request = request.header("X-Experience-API-Version", "2.0.0").header("Content-Type", "application/json");
        rig.send(request.body(Body::from(statement(4, "carl", "c").to_string())).unwrap()).await.expect(200);
        rig.post(&json!([reference(5, "anna", VOIDED, 1), statement(6, "anna", "a")])).await.expect(200);
        assert_eq!(own.ids(1).await, ids([4]));
        assert_eq!(anna.ids(4).await, ids([2, 3, 5, 6]));
        assert_eq!(a.ids(1).await, ids([6]));
        // What was voided since is not shown any more.
        let mut again = open(&rig, &all, &about_a, Some("0")).await;
        assert_eq!(again.ids(2).await, ids([3, 6]));
    }

    async fn of_a_unit_is_what_whoever_works_there_did(rig) {
        let all = rig.all.clone();
        rig.post(&json!([statement(1, "anna", "a"), statement(2, "bo", "a")])).await.expect(200);
        let today = Date::in_sweden(rig.clock.now());
        for (code, parent) in [("K", None), ("S1", Some("K")), ("S2", Some("K"))] {
            let parent = parent.map(str::to_owned);
            append(&rig, &UnitFacts { code: code.into(), name: code.into(), kind: "skola".into(), parent, school_unit_code: None }).await;
        }
        for (name, unit) in [("anna", "S1"), ("bo", "S2")] {
            let known = rig.vault.lookup(&[xapi::parse::agent(&agent(name).to_string()).unwrap()]).await.unwrap();
            let person = known[0].unwrap().0;
            let duties = vec![Duty { unit: unit.into(), role: "Lärare".into(), from: today, to: None }];
            append(&rig, &PersonFacts { person, agents: vec![person], duties, enrolments: vec![] }).await;
        }
        rig.post(&json!([statement(3, "carl", "a"), statement(4, "bo", "a"), statement(5, "anna", "a")])).await.expect(200);
        for (unit, expected) in [("S1", vec![1, 5]), ("S2", vec![2, 4]), ("K", vec![1, 2, 4, 5])] {
            let mut reader = open(&rig, &all, &query(&[("unit", unit)]), Some("0")).await;
            assert_eq!(reader.ids(expected.len()).await, ids(expected), "{unit}");
        }
    }

    async fn where_somebody_belongs_is_nothing_that_a_tool_finds_out(rig) {
        let all = rig.all.clone();
        rig.post(&json!([statement(1, "anna", "a"), statement(2, "bo", "a")])).await.expect(200);
        for code in ["S1", "S2"] {
            append(&rig, &UnitFacts { code: code.into(), name: code.into(), kind: "skola".into(), parent: None, school_unit_code: None }).await;
        }
        rig.enlist("anna", "S1", true).await;
        rig.enlist("bo", "S1", false).await;
        let mine = rig.credential(&["statements/write", "statements/read/mine"]).await;
        for (number, name) in [(3, "anna"), (4, "bo")] {
            rig.post_by(&mine, "2.0.0", &statement(number, name, "a")).await.expect(200);
        }
        // Whoever sees its own alone is told nothing, whether there is such a unit or not.
        let mut answers = Vec::new();
        for unit in ["S1", "S2", "S9"] {
            let answer = ask(&rig, &mine, &query(&[("unit", unit)]), Some("0")).await;
            assert_eq!(answer.status(), 403, "{unit}");
            answers.push(axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap());
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        // Whoever sees everything is not told where a protected person is, and of no unit whether it is there.
        let mut school = open(&rig, &all, &query(&[("unit", "S1")]), Some("0")).await;
        assert_eq!(school.ids(2).await, ids([2, 4]));
        rig.enlist("anna", "S1", false).await;
        let mut school = open(&rig, &all, &query(&[("unit", "S1")]), Some("0")).await;
        assert_eq!(school.ids(4).await, ids([1, 2, 3, 4]));
        let empty = open(&rig, &all, &query(&[("unit", "S2")]), None).await;
        let unknown = open(&rig, &all, &query(&[("unit", "S9")]), None).await;
        assert_eq!((empty.id, empty.text), (unknown.id, unknown.text));
    }

    async fn what_cannot_be_served_is_refused(rig) {
        let all = rig.all.clone();
        let writes = rig.credential(&["statements/write"]).await;
        assert_eq!(ask(&rig, &writes, "", None).await.status(), 403);
        assert_eq!(ask(&rig, "Basic eDp5", "", None).await.status(), 401);
        for wrong in [query(&[("since", "x")]), query(&[("unit", "")]), query(&[("verb", "x")]), query(&[("agent", "x")])] {
            assert_eq!(ask(&rig, &all, &wrong, None).await.status(), 400, "{wrong}");
        }
        assert_eq!(ask(&rig, &all, "", Some("x")).await.status(), 400);
        let post = Request::builder().method(Method::POST).uri("/api/v1/statements/stream").header("Authorization", &all);
        let post = post.header("X-Experience-API-Version", "2.0.0").body(Body::empty()).unwrap();
        assert_eq!(rig.send(post).await.status, 405);
        let none = Request::builder().uri("/api/v1/statements/stream").header("Authorization", &all).body(Body::empty()).unwrap();
        assert_eq!(rig.send(none).await.status, 400, "without a version");
    }

    async fn what_others_said_of_an_activity_is_in_no_statement_that_is_sent(rig) {
        let (all, sent) = (rig.all.clone(), of_one_activity());
        let reader = open(&rig, &all, "", None).await;
        for statement in &sent {
            rig.post(statement).await.expect(200);
        }
        // As it comes, and from the start by somebody who comes when all of it is known.
        for mut reader in [reader, open(&rig, &all, "", Some("0")).await] {
            for statement in &sent {
                assert_eq!(as_it_came(&reader.statement().await), *statement);
            }
        }
    }

    async fn what_erased_people_said_is_anonymous(rig) {
        let all = rig.all.clone();
        rig.post(&statement(1, "anna", "a")).await.expect(200);
        rig.lrs.erase(&agent("anna").to_string()).await.unwrap();
        let mut reader = open(&rig, &all, "", Some("0")).await;
        let sent = reader.statement().await;
        assert_eq!(sent["actor"]["account"]["homePage"], format!("{BASE}/erased"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_streams_are_open_than_may_be_and_all_end_when_they_are_told() {
    let rig = Rig::sqlite_with(Limits { streams: 2, ..Limits::default() }).await;
    let all = rig.all.clone();
    let first = open(&rig, &all, "", None).await;
    let mut second = open(&rig, &all, "", None).await;
    let refused = ask(&rig, &all, "", None).await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    drop(first);
    let mut third = open(&rig, &all, "", None).await;
    rig.lrs.end_streams();
    assert!(second.block().await.is_none() && third.block().await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_has_nothing_to_say_says_where_it_is_and_ends_with_its_credential() {
    let rig = Rig::sqlite_with(Limits { heartbeat_seconds: 1, ..Limits::default() }).await;
    let made = rig.vault.create_credential("A tool", &["statements/read"]).await.unwrap();
    let pair = format!("{}:{}", made.credential.key, *made.secret);
    let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    let mut reader = open(&rig, &basic, &query(&[("activity", &activity("nobody"))]), None).await;
    let before = reader.id.clone();
    rig.post(&statement(1, "anna", "a")).await.expect(200);
    while reader.id == before {
        assert_eq!(reader.block().await.unwrap(), None);
    }
    rig.vault.revoke_credential(&made.credential.key).await.unwrap();
    while reader.block().await.is_some() {}
}
