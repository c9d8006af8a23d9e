//! What ingest rules refuse: kept where they say so, replayed once they are mended, and no statement until then.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine as _;
use domain::Facts as _;
use domain::events::{KeptReplayedFacts, RuleKind, Settled, StatementRefusedFacts};
use eventlog::clock::Clock as _;
use eventlog::{Event, Position};
use lrs::{CredentialError, Limits, Replayed, Wanted};
use rig::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use vault::{NewCredential, Stored};
use views::kept::Waiting;

/// A tool whose statements may be about the course `a` alone.
struct Tool {
    authorization: String,
    key: String,
    id: [u8; 16],
}

async fn tool(rig: &Rig, rules: Value) -> Tool {
    let wanted = Wanted {
        name: "Lärplattformen".into(),
        scopes: vec!["all".into()],
        rules: Some(rules),
        ..Wanted::default()
    };
    let NewCredential { secret, credential } = rig.lrs.create_credential(wanted, None).await.unwrap();
    let pair = format!("{}:{}", credential.key, *secret);
    let authorization = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    Tool { authorization, key: credential.key, id: credential.id }
}

fn only_a() -> Value {
    json!({ "activities": { "allow": [activity("a")] }, "keep": true })
}

fn a_and_b() -> Value {
    json!({ "activities": { "allow": [activity("a"), activity("b")] }, "keep": true })
}

async fn post_with(rig: &Rig, tool: &Tool, content_type: &str, body: impl Into<Body>) -> Answer {
    let request = Request::builder().method(Method::POST).uri("/xapi/statements");
    let request =
        request.header("Authorization", &tool.authorization).header("X-Experience-API-Version", "2.0.0");
    let request =
        request.header("User-Agent", "Moodle/4.5 (anna@larkby.example)").header("Content-Type", content_type);
    rig.send(request.body(body.into()).unwrap()).await
}

async fn post(rig: &Rig, tool: &Tool, sent: &Value) -> Answer {
    post_with(rig, tool, "application/json", sent.to_string()).await
}

async fn waiting(rig: &Rig, tool: &Tool) -> u64 {
    rig.lrs.kept().await.unwrap().get(&tool.id).copied().unwrap_or_default().statements
}

async fn mend(rig: &Rig, tool: &Tool, rules: Value) {
    rig.lrs.set_credential_rules(&tool.key, &rules, None).await.unwrap();
}

async fn replay(rig: &Rig, tool: &Tool) -> Replayed {
    rig.lrs.replay_kept(&tool.key, false, Some([9; 16])).await.unwrap()
}

async fn events(rig: &Rig, kind: &str) -> Vec<Event> {
    rig.log.read_kinds(&[kind], Position(0), 1_000).await.unwrap()
}

/// Slots that lie under the events of a kind.
async fn slots(rig: &Rig, kind: &str) -> usize {
    let positions: Vec<_> = events(rig, kind).await.iter().map(|event| event.position).collect();
    rig.log.read_at(&positions).await.unwrap().iter().map(|(_, slots)| slots.len()).sum()
}

const NOTHING: Replayed = Replayed { stored: 0, known: 0, refused: 0, conflict: 0, unreadable: 0 };

promises! {
    async fn what_rules_refuse_is_no_statement_until_they_are_mended_and_it_is_replayed(rig) {
        let tool = tool(&rig, only_a()).await;
        let mut timed = statement(3, "bo", "b");
        timed["timestamp"] = "2025-12-01T10:00:00Z".into();
        let batch = json!([statement(1, "anna", "a"), statement(2, "anna", "b"), timed, statement(4, "anna", "c")]);
        let answer = post(&rig, &tool, &batch).await.expect(403);
        assert_eq!((&answer.json()["statement"], &answer.json()["path"]), (&json!(1), &json!("/object/id")));
        assert!(answer.json()["expected"].is_string());
        // Nobody sees it, not even who may see all, and its ids are free.
        assert_eq!(rig.ids(&[]).await, [""; 0]);
        assert_eq!(rig.ids(&[("agent", &agent("anna").to_string()), ("related_agents", "true")]).await, [""; 0]);
        for number in 1..=4 {
            rig.get(&[("statementId", &id(number))]).await.expect(404);
            rig.get(&[("voidedStatementId", &id(number))]).await.expect(404);
        }
        rig.post(&reference(9, "carl", VOIDED, 2)).await.expect(200);
        let ids = [2_u32, 9].map(|number| id(number).parse::<uuid::Uuid>().unwrap().into_bytes());
        let found = rig.log.find(&ids).await.unwrap();
        assert!(found[0].is_none() && found[1].is_some());
        // What is in the clear says which rule, and nothing of verb, activity or person.
        let kept = events(&rig, StatementRefusedFacts::KIND).await;
        let facts: Vec<_> = kept.iter().map(|event| StatementRefusedFacts::decode(event.schema, &event.facts).unwrap()).collect();
        assert_eq!(facts.iter().map(|facts| facts.rule).collect::<Vec<_>>(), [None, Some(RuleKind::Activity), Some(RuleKind::Activity), Some(RuleKind::Activity)]);
        assert!(facts.iter().all(|one| one.request == facts[0].request && !one.unnamed && one.xapi_version == 2));
        assert!(kept.iter().all(|event| event.credential == Some(tool.id) && event.dedupe.is_none()));
        for event in &kept {
            assert!(!event.facts.windows(6).any(|window| window == b"larkby"));
        }

        // Nothing is mended: all but the first are still refused, and nothing is lost.
        let trial = rig.lrs.replay_kept(&tool.key, true, None).await.unwrap();
        assert_eq!(trial, Replayed { stored: 1, refused: 3, ..NOTHING });
        assert_eq!(waiting(&rig, &tool).await, 4);
        rig.clock.advance(std::time::Duration::from_secs(86_400));
        mend(&rig, &tool, a_and_b()).await;
        let trial = rig.lrs.replay_kept(&tool.key, true, None).await.unwrap();
        assert_eq!(trial, Replayed { stored: 3, refused: 1, ..NOTHING });
        assert_eq!(rig.ids(&[]).await, [id(9)], "a trial stores nothing");
        assert_eq!(replay(&rig, &tool).await, trial);
        assert_eq!(waiting(&rig, &tool).await, 1);
        // In order, under the same ids and authority; the one that was voided meanwhile stays voided.
        assert_eq!(rig.ids(&[("ascending", "true")]).await, [id(9), id(1), id(3)]);
        let given = rig.get(&[("voidedStatementId", &id(2))]).await.expect(200).json();
        assert_eq!(given["actor"], agent("anna"));
        let account = &given["authority"]["account"];
        assert_eq!(account["name"], hex::encode(tool.id));
        let received = xapi::time::parse_timestamp(given["timestamp"].as_str().unwrap()).unwrap();
        assert_eq!(received.micros, kept[1].stored.0, "it happened when it came, not when it was replayed");
        assert_eq!(rig.get(&[("statementId", &id(3))]).await.json()["timestamp"], "2025-12-01T10:00:00Z");

        let told = events(&rig, KeptReplayedFacts::KIND).await;
        let told = KeptReplayedFacts::decode(told[0].schema, &told[0].facts).unwrap();
        let settled: Vec<_> = kept[..3].iter().map(|event| (event.position.0, Settled::Stored, event.stored.0)).collect();
        assert_eq!(told, KeptReplayedFacts { credential: tool.id, by: Some([9; 16]), settled });
        assert_eq!(slots(&rig, StatementRefusedFacts::KIND).await, 1, "one statement of one person is kept");
        // Again there is nothing to do; and the log is whole.
        assert_eq!(replay(&rig, &tool).await, Replayed { refused: 1, ..NOTHING });
        assert_eq!(events(&rig, KeptReplayedFacts::KIND).await.len(), 1);
        rig.log.verify(1..=u64::MAX, &mut |_| {}).await.unwrap();
        rig.lrs.write_uses().await.unwrap();
        assert_eq!(rig.vault.uses().await.unwrap()[&tool.key].stored.statements, 3);
    }

    async fn nothing_is_kept_unasked(rig) {
        let tool = tool(&rig, json!({ "activities": { "allow": [activity("a")] } })).await;
        let head = rig.log.head().await.unwrap().position;
        post(&rig, &tool, &statement(1, "anna", "b")).await.expect(403);
        assert_eq!((rig.log.head().await.unwrap().position, waiting(&rig, &tool).await), (head, 0));
        assert_eq!(rig.vault.lookup(&[xapi::parse::agent(&agent("anna").to_string()).unwrap()]).await.unwrap(), [None]);
        mend(&rig, &tool, json!({})).await;
        assert_eq!(replay(&rig, &tool).await, NOTHING);
        assert_eq!(rig.lrs.replay_kept("nobody", false, None).await.unwrap_err(), CredentialError::Unknown);
        assert_eq!(rig.lrs.discard_kept("nobody", None).await.unwrap_err(), CredentialError::Unknown);
    }

    async fn an_id_that_comes_twice_is_kept_once_and_one_that_is_stored_not_at_all(rig) {
        let tool = tool(&rig, only_a()).await;
        let (rig, other) = rig.with_another_node().await;
        for number in 1..=4 {
            let sent = json!([statement(number, "anna", "b"), statement(100, "anna", "c")]);
            let (one, two) = tokio::join!(post(&rig, &tool, &sent), post(&other, &tool, &sent));
            assert_eq!((one.expect(403).status.as_u16(), two.expect(403).status.as_u16()), (403, 403));
        }
        assert_eq!(waiting(&rig, &tool).await, 5);
        post(&rig, &tool, &statement(7, "anna", "a")).await.expect(200);
        post(&rig, &tool, &json!([statement(7, "anna", "a"), statement(1, "anna", "b")])).await.expect(403);
        assert_eq!(waiting(&rig, &tool).await, 5);
        // Another credential's are its own; what has no id gets one, and is another each time.
        post(&rig, &tool, &plain("anna", "b")).await.expect(403);
        post(&rig, &tool, &plain("anna", "b")).await.expect(403);
        assert_eq!(waiting(&rig, &tool).await, 7);
        assert_eq!(rig.lrs.discard_kept(&tool.key, None).await.unwrap(), 7);
        assert_eq!((waiting(&rig, &tool).await, slots(&rig, StatementRefusedFacts::KIND).await), (0, 0));
        assert_eq!(rig.lrs.discard_kept(&tool.key, None).await.unwrap(), 0);
        // What was thrown away may come again.
        post(&rig, &tool, &json!([statement(1, "anna", "b"), plain("anna", "b")])).await.expect(403);
        assert_eq!(waiting(&rig, &tool).await, 2);
        mend(&rig, &tool, json!({})).await;
        assert_eq!(replay(&rig, &tool).await, Replayed { stored: 2, ..NOTHING });
        assert_eq!(rig.ids(&[]).await.len(), 3);
        rig.log.verify(1..=u64::MAX, &mut |_| {}).await.unwrap();
    }

    async fn a_replay_that_was_killed_goes_on_and_what_differs_waits(rig) {
        let tool = tool(&rig, only_a()).await;
        let sent: Vec<Value> = (1..=5).map(|number| statement(number, "anna", "b")).collect();
        post(&rig, &tool, &json!(sent)).await.expect(403);
        mend(&rig, &tool, a_and_b()).await;
        // As after a kill between storing and settling: some are stored, and all still wait.
        post(&rig, &tool, &json!(sent[..2])).await.expect(200);
        rig.put_as("1.0.3", &id(4), statement(4, "bo", "b").to_string()).await.expect(204);
        let expected = Replayed { stored: 2, known: 2, conflict: 1, ..NOTHING };
        assert_eq!(rig.lrs.replay_kept(&tool.key, true, None).await.unwrap(), expected);
        assert_eq!(replay(&rig, &tool).await, expected);
        assert_eq!((rig.ids(&[]).await.len(), waiting(&rig, &tool).await), (5, 1));
        let rig = rig.restarted(Limits::default()).await;
        assert_eq!(replay(&rig, &tool).await, Replayed { conflict: 1, ..NOTHING });
        // A key that was revoked stores nothing more; what is kept of it can be thrown away.
        rig.lrs.revoke_credential(&tool.key, None).await.unwrap();
        assert_eq!(rig.lrs.replay_kept(&tool.key, false, None).await.unwrap_err(), CredentialError::Unknown);
        assert_eq!(rig.lrs.discard_kept(&tool.key, None).await.unwrap(), 1);
    }

    async fn whoever_is_erased_takes_their_kept_statements_along(rig) {
        let tool = tool(&rig, only_a()).await;
        let mut both = statement(3, "bo", "b");
        both["context"] = json!({ "instructor": agent("anna") });
        let sent = json!([statement(1, "anna", "b"), statement(2, "bo", "b"), both]);
        post(&rig, &tool, &sent).await.expect(403);
        let anna = agent("anna").to_string();
        rig.lrs.erase(&anna).await.unwrap();
        // What comes again does not bring her back, before the replay or after it.
        post(&rig, &tool, &sent).await.expect(403);
        assert_eq!(waiting(&rig, &tool).await, 3);
        mend(&rig, &tool, a_and_b()).await;
        assert_eq!(replay(&rig, &tool).await, Replayed { stored: 1, unreadable: 2, ..NOTHING });
        assert_eq!((rig.ids(&[]).await, waiting(&rig, &tool).await), (vec![id(2)], 0));
        assert_eq!(slots(&rig, StatementRefusedFacts::KIND).await, 0);
        mend(&rig, &tool, only_a()).await;
        post(&rig, &tool, &sent).await.expect(403);
        assert_eq!(waiting(&rig, &tool).await, 0);
        assert_eq!(rig.vault.lookup(&[xapi::parse::agent(&anna).unwrap()]).await.unwrap(), [None]);
        // The tables made again from the log say the same, what is known of her ids included.
        post(&rig, &tool, &statement(5, "bo", "c")).await.expect(403);
        let before = rig.lrs.kept().await.unwrap();
        rig.log.rebuild_hooks().await.unwrap();
        assert_eq!(rig.lrs.kept().await.unwrap(), before);
        let Waiting { statements, bytes } = before[&tool.id];
        assert_eq!((statements, bytes), (1, statement(5, "bo", "c").to_string().len() as u64));
        post(&rig, &tool, &sent).await.expect(403);
        assert_eq!(rig.lrs.kept().await.unwrap(), before);
    }

    async fn what_there_is_no_room_for_is_counted(rig) {
        let tool = tool(&rig, only_a()).await;
        let long = |number| statement(number, &"anna".repeat(500), "b");
        let rig = rig.restarted(Limits { kept: 3, kept_bytes: 3_000, ..Limits::default() }).await;
        post(&rig, &tool, &json!([statement(1, "anna", "b"), long(2), long(3), statement(4, "anna", "b"), statement(5, "anna", "b")])).await.expect(403);
        post(&rig, &tool, &statement(6, "anna", "b")).await.expect(403);
        // The first, one of the long ones, and the third that fits.
        assert_eq!(waiting(&rig, &tool).await, 3);
        rig.lrs.write_uses().await.unwrap();
        assert_eq!(rig.vault.uses().await.unwrap()[&tool.key].unkept, 3);
        mend(&rig, &tool, a_and_b()).await;
        replay(&rig, &tool).await;
        assert_eq!(rig.ids(&[("ascending", "true")]).await, [id(1), id(2), id(4)]);
    }

    async fn attachments_are_kept_with_their_statement_as_far_as_they_are_small(rig) {
        let tool = tool(&rig, only_a()).await;
        let (small, large) = (b"--x\r\n\0\xff ".repeat(10), vec![7; (1 << 20) + 1]);
        // Too large for a slot of its own, so that it comes in chunks.
        let middle: Vec<u8> = (0..300_000_u32).map(|number| (number % 251) as u8).collect();
        let with = |number: u32, content: &[u8]| {
            let mut sent = statement(number, "anna", "b");
            sent["attachments"] = json!([{ "usageType": "https://larkby.example/bilaga", "display": { "sv": "Bilaga" },
                "contentType": "text/plain", "length": content.len(), "sha2": hex::encode(Sha256::digest(content)) }]);
            sent
        };
        for (sent, content) in [(json!([with(1, &small), statement(2, "bo", "b")]), &small), (with(3, &large), &large), (with(4, &middle), &middle)] {
            let mut body = format!("--xyz\r\nContent-Type: application/json\r\n\r\n{sent}\r\n--xyz\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {}\r\n\r\n", hex::encode(Sha256::digest(content))).into_bytes();
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n--xyz--\r\n");
            post_with(&rig, &tool, "multipart/mixed; boundary=xyz", body).await.expect(403);
        }
        assert_eq!(waiting(&rig, &tool).await, 3);
        mend(&rig, &tool, a_and_b()).await;
        assert_eq!(replay(&rig, &tool).await, Replayed { stored: 3, ..NOTHING });
        for (number, content) in [(1, &small), (4, &middle)] {
            let given = rig.get(&[("statementId", &id(number)), ("attachments", "true")]).await.expect(200);
            assert!(given.body.windows(content.len()).any(|window| window == content.as_slice()));
        }
        rig.lrs.write_uses().await.unwrap();
        assert_eq!(rig.vault.uses().await.unwrap()[&tool.key].unkept, 1);
    }

    async fn however_many_have_attachments_a_replay_stores_them_all(rig) {
        let tool = tool(&rig, only_a()).await;
        let count = 70;
        for number in 1..=count {
            let content = format!("inlämning {number}");
            let hash = hex::encode(Sha256::digest(&content));
            let mut sent = statement(number, "anna", "b");
            sent["attachments"] = json!([{ "usageType": "https://larkby.example/bilaga", "display": { "sv": "Bilaga" },
                "contentType": "text/plain", "length": content.len(), "sha2": hash }]);
            let body = format!("--xyz\r\nContent-Type: application/json\r\n\r\n{sent}\r\n--xyz\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {hash}\r\n\r\n{content}\r\n--xyz--\r\n");
            post_with(&rig, &tool, "multipart/mixed; boundary=xyz", body).await.expect(403);
        }
        mend(&rig, &tool, a_and_b()).await;
        assert_eq!(replay(&rig, &tool).await, Replayed { stored: u64::from(count), ..NOTHING });
        assert_eq!(waiting(&rig, &tool).await, 0);
    }

    async fn of_each_kind_of_refusal_reason_place_and_tool_are_known_and_nothing_that_was_sent(rig) {
        let tool = tool(&rig, json!({ "verbs": { "refuse": ["http://larkby.example/anna"] } })).await;
        let rig = rig.restarted(Limits { body_bytes: 2_000, ..Limits::default() }).await;
        post(&rig, &tool, &statement(1, "anna", "a")).await.expect(200);
        let mut ruled = statement(2, "anna", "a");
        ruled["verb"]["id"] = "http://larkby.example/anna".into();
        let mut invalid = statement(2, "anna", "a");
        invalid["result"] = json!({ "score": { "scaled": "anna" } });
        let missing = "--anna\r\nContent-Type: text/anna\r\n\r\nanna\r\n--anna--\r\n";
        let surplus = format!("--anna\r\nContent-Type: application/json\r\n\r\n{}\r\n--anna\r\nContent-Type: text/anna\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {}\r\n\r\nanna\r\n--anna--\r\n", statement(2, "anna", "a"), hex::encode(Sha256::digest("anna")));
        let json = "application/json";
        let cases: [(&str, String, u16, &str); 8] = [
            (json, ruled.to_string(), 403, "/verb/id"),
            (json, invalid.to_string(), 400, "/result/score/scaled"),
            (json, "{\"anna\"".into(), 400, ""),
            (json, statement(1, "bo", "a").to_string(), 409, "/id"),
            (json, json!([statement(3, "anna", "a"), statement(3, "anna", "a")]).to_string(), 400, "/id"),
            (json, statement(2, &"anna".repeat(1_000), "a").to_string(), 413, ""),
            ("multipart/mixed; boundary=anna", missing.into(), 400, ""),
            ("multipart/mixed; boundary=anna", surplus, 400, ""),
        ];
        for (content_type, body, status, _) in &cases {
            rig.clock.advance(std::time::Duration::from_secs(1));
            post_with(&rig, &tool, content_type, body.clone()).await.expect(*status);
        }
        rig.clock.advance(std::time::Duration::from_secs(1));
        post_with(&rig, &tool, "text/anna", "anna").await.expect(400);
        rig.lrs.write_uses().await.unwrap();
        let used = rig.vault.uses().await.unwrap().remove(&tool.key).unwrap();
        let paths: Vec<_> = used.refusals.iter().skip(1).rev().map(|note| note.path.as_str()).collect();
        assert_eq!(paths, cases.each_ref().map(|(.., path)| *path));
        assert_eq!((used.refused, used.tools["Moodle/4.5"].refused), (9, 9));
        assert!(used.refusals.iter().all(|note| !note.reason.is_empty() && note.tool == "Moodle/4.5"));
        let text = format!("{used:?}");
        assert!(!text.contains("anna") && !text.contains("larkby"), "{text}");
        let hour = rig.clock.now().0 / 3_600_000_000;
        let stored = Stored { statements: 1, hours: [(hour, 1)].into(), days: [(hour / 24, 1)].into() };
        assert_eq!((&used.tools["Moodle/4.5"].stored, &used.stored), (&stored, &stored));
    }
}
