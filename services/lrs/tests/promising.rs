//! What an answer promises: that all that was stored up to an instant was there to be found.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use eventlog::Position;
use futures_util::future::join_all;
use rig::*;

const HEADER: &str = "x-experience-api-consistent-through";

/// What the answer to a list promises: that of what was stored after one instant and up to another it has all.
#[derive(Debug)]
struct Promise {
    after: String,
    through: String,
    has: HashSet<String>,
}

async fn promised(rig: &Rig, parameters: &[(&str, &str)]) -> Promise {
    // What was promised before is too old by now.
    rig.clock.advance(Duration::from_millis(201));
    let answer = rig.get(parameters).await.expect(200);
    let asked =
        |name| parameters.iter().find(|(asked, _)| *asked == name).map(|(_, value)| (*value).to_owned());
    let mut after = asked("since").unwrap_or_default();
    let mut through = answer.header(HEADER).unwrap().to_owned();
    let page = answer.json();
    // The rest is on the pages that follow.
    if page["more"] != "" {
        let last =
            page["statements"].as_array().unwrap().last().unwrap()["stored"].as_str().unwrap().to_owned();
        match asked("ascending") {
            Some(_) => through = through.min(last),
            None => after = last,
        }
    }
    Promise { after, through, has: answer.ids().into_iter().collect() }
}

promises! {
    async fn no_answer_promises_more_than_it_has_while_others_write_at_two_nodes(rig) {
        const ANSWERS: usize = 45;
        let (one, other) = rig.with_another_node().await;
        // Its clock is ahead, as that of any node may be.
        other.clock.advance(Duration::from_secs(60));
        let (nodes, writing) = ([Arc::new(one), Arc::new(other)], Arc::new(AtomicBool::new(true)));
        let writers = [0, 0, 0, 1].map(|node| {
            let (rig, writing) = (nodes[node].clone(), writing.clone());
            tokio::spawn(async move {
                while writing.load(Ordering::Relaxed) {
                    rig.post(&plain("anna", "a")).await.expect(200);
                }
            })
        });
        let readers = nodes.clone().map(|rig| {
            tokio::spawn(async move {
                let anna = agent("anna").to_string();
                let (mut promises, mut last) = (Vec::<Promise>::new(), "2026-01-15T08:00:00Z".to_owned());
                for number in 0..ANSWERS {
                    let since = [("ascending", "true"), ("since", last.as_str()), ("limit", "50")];
                    let asked = match number % 3 {
                        0 => &[("limit", "20")][..],
                        1 => &[("agent", anna.as_str()), ("limit", "20")],
                        _ => &since,
                    };
                    let promise = promised(&rig, asked).await;
                    last.clone_from(&promise.through);
                    promises.push(promise);
                }
                promises
            })
        });
        let promises: Vec<Promise> = join_all(readers).await.into_iter().flat_map(Result::unwrap).collect();
        writing.store(false, Ordering::Relaxed);
        for writer in writers {
            writer.await.unwrap();
        }
        let mut meant = 0;
        for event in nodes[0].log.read(Position(0), 1_000_000).await.unwrap() {
            let Some(id) = event.dedupe else { continue };
            let (id, stored) = (uuid::Uuid::from_bytes(id).to_string(), xapi::time::format_timestamp(event.stored.0));
            for promise in promises.iter().filter(|promise| promise.after < stored && stored <= promise.through) {
                assert!(promise.has.contains(&id), "{stored}: {promise:?}");
                meant += 1;
            }
        }
        assert!(meant >= 2 * ANSWERS, "{meant}");
    }

    async fn consistent_through_is_on_every_answer_and_advances_while_nothing_is_in_flight(rig) {
        let stored = |answer: &Answer| answer.json()["stored"].as_str().unwrap().to_owned();
        let posted = rig.post(&statement(1, "anna", "a")).await.expect(200);
        let given = rig.get(&[("statementId", &id(1))]).await.expect(200);
        assert!(posted.header(HEADER).unwrap() >= stored(&given).as_str());
        let refused = rig.post_as("2.0.0", "nonsense").await.expect(400);
        assert!(refused.header(HEADER).is_some());
        assert!(rig.get_as("9.9", "/xapi/statements").await.expect(400).header(HEADER).is_some());
        for (method, uri, body, status) in [
            (Method::HEAD, address(&[]), "", 200),
            (Method::GET, address(&[("statementId", &id(99))]), "", 404),
            (Method::PUT, address(&[("statementId", &id(1))]), &*statement(1, "bo", "b").to_string(), 409),
            (Method::PUT, address(&[("statementId", &id(9))]), &*statement(9, "bo", "b").to_string(), 204),
            (Method::DELETE, address(&[]), "", 405),
            // The alternate syntax, whose form is none.
            (Method::POST, address(&[("method", "GET"), ("limit", "1")]), "", 400),
            (Method::POST, address(&[("method", "NONE")]), "", 400),
        ] {
            let request = rig.request(method.clone(), &uri, "1.0.3").header("Content-Type", "application/json");
            let answer = rig.send(request.body(Body::from(body.to_owned())).unwrap()).await.expect(status);
            assert!(answer.header(HEADER).is_some(), "{method} {uri}");
        }
        let unknown = Request::get("/xapi/statements").header("X-Experience-API-Version", "2.0.0");
        assert!(rig.send(unknown.body(Body::empty()).unwrap()).await.expect(401).header(HEADER).is_some());
        let before = rig.get(&[]).await.expect(200).header(HEADER).unwrap().to_owned();
        rig.clock.advance(Duration::from_secs(60));
        let after = rig.get(&[]).await.expect(200).header(HEADER).unwrap().to_owned();
        assert!(after > before, "{before} {after}");
        // What comes now comes after what was promised.
        rig.post(&statement(2, "anna", "a")).await.expect(200);
        let given = rig.get(&[("statementId", &id(2))]).await.expect(200);
        assert!(stored(&given) > after);
    }
}
