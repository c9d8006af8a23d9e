//! What reaches the other side, whatever that does.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use domain::Facts as _;
use domain::events::{ForwardRemovedFacts, ForwardSetFacts};
use eventlog::Position;
use forward::{ForwardError, rests};
use hmac::{Hmac, Mac as _};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::other::{Came, Other};
use crate::promises;
use crate::rig::*;
use crate::world::{Working, to_lrs, to_webhook};

fn ids(numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    numbers.into_iter().map(id).collect()
}

async fn post_each(rig: &Rig, numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        rig.post(&statement(number, "anna", "a")).await.expect(200);
    }
}

async fn post_batch(rig: &Rig, numbers: impl IntoIterator<Item = u32>) {
    let batch: Vec<_> = numbers.into_iter().map(|number| statement(number, "anna", "a")).collect();
    rig.post(&json!(batch)).await.expect(200);
}

promises! {
    async fn statements_reach_another_record_store_as_they_came_in_order_with_their_attachments(rig) {
        let other = Other::start();
        let working = Working::begin(&rig, "one");
        let text = r#"{ "id": "ID", "actor": {"mbox": "mailto:a@larkby.example"}, "verb": {"id": "http://v.example/x"},
            "object": {"id": "https://larkby.example/a", "definition": {"name": {"sv": "En kurs"}}}, "result": {"score": {"raw": 1.50e1}} }"#;
        rig.post_as("2.0.0", text.replace("ID", &id(1))).await.expect(200);
        rig.post_as("1.0.3", text.replace("ID", &id(2))).await.expect(200);
        let content = [0, 255, 13, 10, 45, 45, 7];
        let sha2 = hex::encode(Sha256::digest(content));
        let mut attached = statement(3, "bo", "b");
        attached["attachments"] = json!([{ "usageType": "https://larkby.example/bilaga", "display": { "sv": "Bilaga" },
            "contentType": "application/octet-stream", "length": content.len(), "sha2": sha2 }]);
        let mut body = format!("--X\r\nContent-Type: application/json\r\n\r\n{attached}\r\n--X\r\nContent-Type: application/octet-stream\r\n\
            Content-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {sha2}\r\n\r\n").into_bytes();
        body.extend_from_slice(&content);
        body.extend_from_slice(b"\r\n--X--\r\n");
        let request = rig.request(Method::POST, "/xapi/statements", "2.0.0").header("Content-Type", "multipart/mixed; boundary=X");
        rig.send(request.body(Body::from(body)).unwrap()).await.expect(200);
        post_batch(&rig, 4..=6).await;

        working.forwards.create(to_lrs("county", &other), None).await.unwrap();
        let standing = working.done("county").await;
        assert_eq!(other.taken(), ids(1..=6));
        assert_eq!((standing.forward.counts.sent, standing.forward.failing), (6, None));
        let came = other.came();
        let versions: Vec<&str> = came.iter().map(|came| came.header("x-experience-api-version")).collect();
        assert_eq!(versions, ["2.0.0", "1.0.3", "2.0.0", "2.0.0"], "each by the version that it came by");
        assert!(came.iter().all(|came| came.header("authorization") == "Basic bMOkcmthOmhlbWxpZ3Q="));
        for came in &came[..2] {
            assert!(came.text().contains("\"raw\": 1.50e1}") && came.text().contains("\"definition\": {\"name\": {\"sv\": \"En kurs\"}}"), "{}", came.text());
        }
        assert_eq!(came[1].statements()[0]["version"], "1.0.0");
        // The content is there, byte for byte, under its hash.
        let whole = &came[2].body;
        assert!(whole.windows(content.len()).any(|window| window == content));
        assert!(came[2].text().contains(&format!("X-Experience-API-Hash: {sha2}\r\n")));
        // What comes later follows.
        post_each(&rig, 7..=9).await;
        other.until("what comes later", |other| other.taken() == ids(1..=9)).await;
        working.end().await;
    }

    async fn what_others_said_of_an_activity_is_in_no_statement_that_is_handed_on(rig) {
        let (county, hook) = (Other::start(), Other::start());
        let working = Working::begin(&rig, "one");
        working.forwards.create(to_webhook("hook", &hook), None).await.unwrap();
        let sent = of_one_activity();
        for statement in &sent {
            rig.post(statement).await.expect(200);
        }
        // To one as it comes, and to the other when all of it is known.
        working.done("hook").await;
        working.forwards.create(to_lrs("county", &county), None).await.unwrap();
        working.done("county").await;
        for other in [&hook, &county] {
            let came: Vec<_> = other.came().iter().flat_map(Came::statements).collect();
            assert_eq!(came.iter().map(as_it_came).collect::<Vec<_>>(), sent);
        }
        working.end().await;
    }

    async fn an_objection_to_one_statement_is_split_off_and_the_others_go_on_in_order(rig) {
        let other = Other::start();
        let working = Working::begin(&rig, "one");
        let (bad, known) = (id(5), id(11));
        other.behave(move |ids, number| {
            // In the middle of it, it is busy for a moment: what it had taken is not sent again.
            let status = if [6, 11].contains(&number) {
                503
            } else if ids.contains(&bad) { 400 } else if ids.contains(&known) { 409 } else { 200 };
            (status, None)
        });
        post_batch(&rig, 1..=20).await;
        let keys = [5, 11].map(|number| uuid::Uuid::parse_str(&id(number)).unwrap().into_bytes());
        let positions = rig.log.find(&keys).await.unwrap();
        working.forwards.create(to_lrs("county", &other), None).await.unwrap();
        let standing = working.done("county").await;
        let expected: Vec<String> = ids((1..=20).filter(|number| ![5, 11].contains(number)));
        assert_eq!(other.taken(), expected);
        let counts = standing.forward.counts;
        assert_eq!((counts.sent, counts.conflicts, counts.set_aside), (18, 1, 1));
        // Newest first.
        let aside: Vec<_> = standing.set_aside.iter().map(|one| (Some(Position(one.position)), one.status)).collect();
        assert_eq!(aside, [(positions[1], 409), (positions[0], 400)]);
        working.end().await;
    }

    async fn a_record_store_that_refuses_everything_is_left_alone_and_nothing_more_is_set_aside(rig) {
        let other = Other::start();
        let working = Working::begin(&rig, "one");
        other.behave(|_, _| (400, None));
        post_batch(&rig, 1..=20).await;
        working.forwards.create(to_lrs("county", &other), None).await.unwrap();
        let standing = working.until("county", "it rests", |standing| standing.forward.paused.is_some()).await;
        assert_eq!((standing.forward.paused, standing.forward.counts.set_aside), (Some(rests::REFUSED), 5));
        // Mended, and begun again.
        other.behave(|_, _| (200, None));
        working.forwards.resume("county", Some(0), None).await.unwrap();
        working.done("county").await;
        assert_eq!(other.taken(), ids(1..=20));
        working.end().await;
    }

    async fn statements_whose_content_is_gone_are_set_aside_however_many_there_are(rig) {
        let other = Other::start();
        let working = Working::begin(&rig, "one");
        let content = b"one that is deleted later";
        for number in 1..=8 {
            let sent = attachments::with(number, "anna", &[attachments::attachment(content, "text/plain")]);
            attachments::post(&rig, "2.0.0", &sent, &[attachments::part(content, "text/plain")]).await.expect(200);
        }
        post_batch(&rig, 9..=10).await;
        let events = rig.log.read(Position(0), 100).await.unwrap();
        let mut slots = Vec::new();
        for event in events.iter().filter(|event| event.kind == "statement") {
            let facts = domain::StatementFacts::decode(event.schema, &event.facts).unwrap();
            slots.extend(facts.attachments_from.map(|first| (event.position, first)));
        }
        assert_eq!(slots.len(), 8);
        let deletion = eventlog::NewEvent {
            id: [9; 16],
            kind: "slots_deleted",
            schema: 1,
            credential: None,
            dedupe: None,
            stream: None,
            facts: Vec::new(),
            slots: Vec::new(),
        };
        rig.log.delete_slots(&slots, deletion).await.unwrap();
        let lacking = ids(1..=8);
        other.behave(move |ids, _| (if ids.iter().any(|id| lacking.contains(id)) { 400 } else { 200 }, None));
        working.forwards.create(to_lrs("county", &other), None).await.unwrap();
        let standing = working.done("county").await;
        assert_eq!((standing.forward.paused, standing.forward.counts.set_aside), (None, 8));
        assert_eq!(other.taken(), ids(9..=10));
        working.end().await;
    }

    async fn a_side_that_is_down_slow_or_busy_gets_everything_once_it_is_back(rig) {
        let mut other = Other::start();
        let working = Working::begin(&rig, "one");
        post_batch(&rig, 1..=3).await;
        other.go_away();
        working.forwards.create(to_lrs("county", &other), None).await.unwrap();
        let standing = working.until("county", "the failure shows", |standing| standing.forward.failing.is_some()).await;
        assert!(standing.lag_events >= 3);
        let (_, why) = standing.forward.failing.unwrap();
        assert!(why.contains("cannot be reached") && !why.contains("hemligt"), "{why}");
        other.come_back().await;
        // Busy, faulty, closed, and elsewhere: none of it loses anything.
        other.behave(|_, number| match number {
            0 => (503, Some("0")),
            1 => (500, None),
            2 => (401, None),
            3 => (429, None),
            4 => (302, None),
            _ => (200, None),
        });
        let standing = working.done("county").await;
        assert_eq!(other.taken(), ids(1..=3));
        assert_eq!((standing.forward.failing, standing.forward.counts.sent), (None, 3));
        // It goes away with a request in its hands.
        other.hang(true);
        post_each(&rig, 4..=6).await;
        other.go_away();
        other.hang(false);
        other.come_back().await;
        other.until("the rest", |other| other.taken().ends_with(&ids(4..=6))).await;
        working.end().await;
    }

    async fn a_side_that_asks_to_be_left_alone_is_and_one_that_hangs_holds_up_nobody_else(rig) {
        let (busy, hanging, well) = (Other::start(), Other::start(), Other::start());
        let working = Working::begin(&rig, "one");
        busy.behave(|_, number| if number == 0 { (429, Some("3600")) } else { (200, None) });
        hanging.hang(true);
        for (name, other) in [("busy", &busy), ("hanging", &hanging), ("well", &well)] {
            working.forwards.create(to_lrs(name, other), None).await.unwrap();
        }
        post_each(&rig, 1..=40).await;
        well.until("the one that is well has all", |other| other.taken() == ids(1..=40)).await;
        working.until("busy", "it was asked to wait", |standing| standing.forward.failing.is_some()).await;
        assert_eq!((busy.came().len(), hanging.came().len()), (1, 0));
        let standing = working.standing("hanging").await;
        assert!(standing.lag_events >= 40 && standing.forward.counts.sent == 0);
        // Who resumes it does not have to wait for an hour.
        working.forwards.resume("busy", None, None).await.unwrap();
        busy.until("it is asked again", |other| other.taken() == ids(1..=40)).await;
        hanging.hang(false);
        hanging.until("the other too", |other| other.taken() == ids(1..=40)).await;
        working.end().await;
    }

    async fn a_webhook_gets_signed_deliveries_and_is_left_alone_once_it_says_that_it_is_gone(rig) {
        let other = Other::start();
        let working = Working::begin(&rig, "one");
        let made = working.forwards.create(to_webhook("hook", &other), None).await.unwrap();
        let secret = made.secret.unwrap();
        rig.post_as("1.0.3", statement(1, "anna", "a").to_string()).await.expect(200);
        post_each(&rig, 2..=3).await;
        other.until("all three", |other| other.taken() == ids(1..=3)).await;
        for came in other.came() {
            let seconds = came.header("larka-timestamp");
            assert_eq!(seconds, (START.0 / 1_000_000).to_string());
            let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
            mac.update(format!("{seconds}.{}", came.text()).as_bytes());
            assert_eq!(came.header("larka-signature"), format!("v1={}", hex::encode(mac.finalize().into_bytes())));
            let body: serde_json::Value = serde_json::from_slice(&came.body).unwrap();
            assert_eq!(body["forward"], "hook");
            assert!(body["statements"][0]["position"].is_u64());
        }
        // Not to its liking for a while, and then gone.
        let before = other.came().len();
        other.behave(move |_, number| if number < before + 2 { (400, None) } else { (410, None) });
        post_each(&rig, 4..=4).await;
        let standing = working.until("hook", "it rests", |standing| standing.forward.paused.is_some()).await;
        assert_eq!((standing.forward.paused, standing.forward.counts.set_aside), (Some(rests::GONE), 0));
        other.behave(|_, _| (204, None));
        working.forwards.resume("hook", None, None).await.unwrap();
        other.until("what it had not", |other| other.taken() == ids(1..=4)).await;
        working.end().await;
    }

    async fn a_record_store_is_told_what_it_takes_and_nothing_is_turned_into_1_0(rig) {
        let (old, new) = (Other::start(), Other::start());
        let working = Working::begin(&rig, "one");
        let mut sent = statement(1, "anna", "a");
        sent["timestamp"] = "2026-01-15T09:00:00+01:00".into();
        rig.post_as("1.0.3", sent.to_string()).await.expect(200);
        post_each(&rig, 2..=3).await;
        let only = |version: &str, wanted| forward::Wanted { versions: vec![version.into()], ..wanted };
        working.forwards.create(only("1.0.3", to_lrs("old", &old)), None).await.unwrap();
        working.forwards.create(only("2.0.0", to_lrs("new", &new)), None).await.unwrap();
        let standing = working.done("old").await;
        assert_eq!((old.taken(), standing.forward.counts.passed_over), (ids(1..=1), 2));
        working.done("new").await;
        assert_eq!(new.taken(), ids(1..=3));
        assert!(new.came().iter().all(|came| came.header("x-experience-api-version") == "2.0.0"));
        assert_eq!(old.came()[0].statements()[0]["timestamp"], "2026-01-15T09:00:00+01:00");
        assert_eq!(new.came()[0].statements()[0]["timestamp"], "2026-01-15T08:00:00Z");
        working.end().await;
    }

    async fn a_pause_stops_it_a_restart_does_not_and_what_happens_to_it_is_in_the_log(rig) {
        let other = Other::start();
        let working = Working::begin(&rig, "one");
        post_each(&rig, 1..=2).await;
        let late = forward::Wanted { from: None, ..to_lrs("county", &other) };
        working.forwards.create(late, Some([6; 16])).await.unwrap();
        assert!(matches!(working.forwards.create(to_lrs("county", &other), None).await, Err(ForwardError::Invalid { at: "/name", .. })));
        post_each(&rig, 3..=4).await;
        other.until("from now on", |other| other.taken() == ids(3..=4)).await;
        working.done("county").await;
        let paused = working.forwards.pause("county", None).await.unwrap();
        assert_eq!(paused.forward.paused, Some(rests::PAUSED));
        post_each(&rig, 5..=6).await;
        working.end().await;
        // Another run, by another process so to speak: it still rests, then goes on where it was.
        let working = Working::begin(&rig, "two");
        assert!(working.standing("county").await.lag_events >= 2);
        assert_eq!(other.taken(), ids(3..=4));
        working.forwards.resume("county", None, None).await.unwrap();
        other.until("the rest", |other| other.taken() == ids(3..=6)).await;
        working.forwards.remove("county", None).await.unwrap();
        assert!(matches!(working.forwards.pause("county", None).await, Err(ForwardError::Unknown)));
        assert_eq!(working.forwards.list().await.unwrap(), []);
        working.end().await;

        let events = rig.log.read_kinds(&["forward_set", "forward_removed"], Position(0), 100).await.unwrap();
        let set: Vec<ForwardSetFacts> = events[..3].iter().map(|event| ForwardSetFacts::decode(event.schema, &event.facts).unwrap()).collect();
        assert_eq!(set.iter().map(|facts| (facts.kind, facts.paused, facts.by)).collect::<Vec<_>>(),
            [(1, None, Some([6; 16])), (1, Some(rests::PAUSED), None), (1, None, None)]);
        let removed = ForwardRemovedFacts::decode(events[3].schema, &events[3].facts).unwrap();
        assert_eq!((removed.forward, events.len()), (set[0].forward, 4));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_nodes_one_hands_on_and_another_takes_over_when_it_is_gone() {
    let (rig, node) = Rig::postgres().await.with_another_node().await;
    let other = Other::start();
    let working = Working::begin(&rig, "one");
    working.forwards.create(to_lrs("county", &other), None).await.unwrap();
    post_each(&rig, 1..=3).await;
    other.until("the first", |other| other.taken() == ids(1..=3)).await;
    let beside = Working::begin(&node, "two");
    post_each(&rig, 4..=20).await;
    other.until("each once", |other| other.taken() == ids(1..=20)).await;
    working.done("county").await;
    // Held by somebody who says nothing any more: it is taken over when the lease has ended.
    working.end().await;
    beside.end().await;
    let id = rig.vault.forwards().await.unwrap()[0].id;
    let until = eventlog::clock::Micros(START.0 + 30_000_000);
    rig.vault.lease_forward(id, "gone", until).await.unwrap().unwrap();
    let beside = Working::begin(&node, "two");
    post_each(&rig, 21..=22).await;
    beside.until("county", "it is behind", |standing| standing.lag_events >= 2).await;
    assert_eq!(other.taken().len(), 20);
    node.clock.advance(Duration::from_secs(31));
    other.until("it was taken over", |other| other.taken() == ids(1..=22)).await;
    beside.end().await;
}
