//! How the requests of a credential are taken in, where its rules say so: what is no statement set apart, conflicts passed
//! over, IRIs read leniently, a version of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine as _;
use domain::Facts as _;
use domain::events::StatementRefusedFacts;
use eventlog::Position;
use lrs::{Limits, Replayed, WaitingStatement, Wanted};
use rig::documents::{VERSIONS, at};
use rig::*;
use serde_json::{Value, json};
use vault::{Conflicts, Use};

struct Tool {
    authorization: String,
    key: String,
}

async fn tool(rig: &Rig, rules: Value) -> Tool {
    tool_that_may(rig, "all", rules).await
}

async fn tool_that_may(rig: &Rig, scope: &str, rules: Value) -> Tool {
    let scopes = vec![scope.into()];
    let wanted = Wanted { name: "Provet".into(), scopes, rules: Some(rules), ..Wanted::default() };
    let made = rig.lrs.create_credential(wanted, None).await.unwrap();
    let pair = format!("{}:{}", made.credential.key, *made.secret);
    let authorization = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    Tool { authorization, key: made.credential.key }
}

impl Tool {
    async fn ask(&self, rig: &Rig, method: Method, uri: &str, version: Option<&str>, body: String) -> Answer {
        let request = Request::builder().method(method).uri(uri).header("Authorization", &self.authorization);
        let request = request.header("Content-Type", "application/json").header("User-Agent", "Prov/1.0");
        let request = version.into_iter().fold(request, |r, v| r.header("X-Experience-API-Version", v));
        rig.send(request.body(Body::from(body)).unwrap()).await
    }

    async fn post(&self, rig: &Rig, version: &str, body: &Value) -> Answer {
        self.ask(rig, Method::POST, "/xapi/statements", Some(version), body.to_string()).await
    }

    async fn get(&self, rig: &Rig, uri: &str) -> Answer {
        self.ask(rig, Method::GET, uri, Some("2.0.0"), String::new()).await
    }

    async fn waiting(&self, rig: &Rig) -> Vec<WaitingStatement> {
        rig.lrs.kept_of(&self.key, Position(0)).await.unwrap().0
    }

    async fn used(&self, rig: &Rig) -> Use {
        rig.lrs.write_uses().await.unwrap();
        rig.vault.uses().await.unwrap()[&self.key].clone()
    }
}

/// A statement about an activity whose id is a bare UUID, as a tool for exams writes it.
fn of_an_exam(number: u32, name: &str) -> Value {
    let mut statement = statement(number, name, "a");
    statement["object"]["id"] = "0f6c1c2e-6a31-4a61-9b77-2f0f3c8a9d11".into();
    statement
}

const NOTHING: Replayed = Replayed { stored: 0, known: 0, refused: 0, conflict: 0, unreadable: 0 };

promises! {
    async fn what_is_no_statement_is_kept_with_its_place_and_the_rest_of_its_batch_is_stored(rig) {
        let tool = tool(&rig, json!({ "keep_invalid": true })).await;
        let mut unnamed = of_an_exam(0, "carl");
        unnamed.as_object_mut().unwrap().remove("id");
        let batch = json!([statement(1, "anna", "a"), of_an_exam(2, "bo"), statement(3, "anna", "b"), unnamed]);
        let answer = tool.post(&rig, "2.0.0", &batch).await.expect(200);
        assert_eq!(answer.header("x-larka-kept"), Some("1,3"));
        let ids: Vec<String> = serde_json::from_value(answer.json()).unwrap();
        assert_eq!(ids[..3], [id(1), id(2), id(3)]);
        assert_eq!(rig.ids(&[]).await, [id(3), id(1)], "none of it is a statement");
        rig.get(&[("statementId", &id(2))]).await.expect(404);
        assert_eq!(rig.ids(&[("agent", &agent("bo").to_string()), ("related_agents", "true")]).await, [""; 0]);

        let waiting = tool.waiting(&rig).await;
        let shown: Vec<_> = waiting.iter().map(|one| (one.id.to_string(), one.rule, one.path.as_deref().unwrap())).collect();
        assert_eq!(shown, [(id(2), None, "/object/id"), (ids[3].clone(), None, "/object/id")]);
        assert!(waiting.iter().all(|one| one.expected.as_ref().unwrap().contains("IRI")));
        for event in rig.log.read_kinds(&[StatementRefusedFacts::KIND], Position(0), 10).await.unwrap() {
            assert!(!event.facts.windows(6).any(|window| window == b"larkby" || window == b"0f6c1c"));
        }
        let used = tool.used(&rig).await;
        assert_eq!((used.stored.statements, used.refused, &*used.refusals[0].path), (2, 1, "/object/id"));

        // What comes again is kept once.
        let again = json!([statement(1, "anna", "a"), of_an_exam(2, "bo")]);
        tool.post(&rig, "2.0.0", &again).await.expect(200);
        assert_eq!(tool.waiting(&rig).await.len(), 2);

        // Nothing is mended: it waits on. Then it is, and stored under the ids that were answered.
        assert_eq!(rig.lrs.replay_kept(&tool.key, false, None).await.unwrap(), Replayed { refused: 2, ..NOTHING });
        let mended = json!({ "keep_invalid": true, "lenient_iris": true });
        rig.lrs.set_credential_rules(&tool.key, &mended, None).await.unwrap();
        assert_eq!(rig.lrs.replay_kept(&tool.key, false, None).await.unwrap(), Replayed { stored: 2, ..NOTHING });
        assert_eq!(rig.ids(&[]).await, [ids[3].clone(), id(2), id(3), id(1)]);
        assert!(tool.waiting(&rig).await.is_empty());
        assert_eq!(rig.get(&[("statementId", &id(2))]).await.expect(200).json()["actor"], agent("bo"));
    }

    async fn without_the_setting_one_that_is_no_statement_refuses_its_batch(rig) {
        let tool = tool(&rig, json!({ "keep": true })).await;
        let batch = json!([statement(1, "anna", "a"), of_an_exam(2, "bo")]);
        let refused = tool.post(&rig, "2.0.0", &batch).await.expect(400).json();
        assert_eq!((&refused["statement"], &refused["path"]), (&json!(1), &json!("/object/id")));
        assert_eq!(rig.ids(&[]).await, [""; 0]);
        assert!(tool.waiting(&rig).await.is_empty());
    }

    async fn who_is_erased_takes_along_what_is_kept_of_them(rig) {
        let tool = tool(&rig, json!({ "keep_invalid": true, "lenient_iris": false })).await;
        let mut about_both = of_an_exam(1, "anna");
        about_both["context"] = json!({ "instructor": agent("dora"), "extensions": { "https://e.example/x": { "by": agent("erik") } } });
        let batch = json!([about_both, of_an_exam(2, "bo"), of_an_exam(3, "anna")]);
        tool.post(&rig, "1.0.3", &batch).await.expect(200);
        rig.lrs.erase(&agent("erik").to_string()).await.unwrap();
        rig.lrs.set_credential_rules(&tool.key, &json!({ "lenient_iris": true }), None).await.unwrap();
        let replayed = rig.lrs.replay_kept(&tool.key, false, None).await.unwrap();
        assert_eq!(replayed, Replayed { stored: 2, unreadable: 1, ..NOTHING });
        assert_eq!(rig.ids(&[]).await, [id(3), id(2)]);
        assert_eq!(rig.vault.lookup(&[xapi::parse::agent(&agent("erik").to_string()).unwrap()]).await.unwrap(), [None]);
    }

    async fn what_cannot_be_kept_refuses_its_batch_as_ever(rig) {
        let lenient = tool(&rig, json!({ "keep_invalid": true })).await;
        let mut nobodys = of_an_exam(1, "anna");
        nobodys["actor"] = json!({ "name": "Anna", "mbox": "anna@larkby.example" });
        for other in [json!([]), json!(7), json!({}), nobodys] {
            let batch = json!([statement(2, "anna", "a"), of_an_exam(3, "bo"), other]);
            let refused = lenient.post(&rig, "2.0.0", &batch).await.expect(400).json();
            // What is said is what would have been said.
            assert_eq!((&refused["statement"], &refused["path"]), (&json!(1), &json!("/object/id")));
        }
        lenient.ask(&rig, Method::POST, "/xapi/statements", Some("2.0.0"), "[{]".into()).await.expect(400);
        assert!(lenient.waiting(&rig).await.is_empty());
        assert_eq!(lenient.used(&rig).await.unkept, 4);

        let rules = json!({ "keep_invalid": true, "verbs": { "refuse": [VERB] } });
        let strict = tool(&rig, rules).await;
        strict.post(&rig, "2.0.0", &json!([statement(2, "anna", "a"), of_an_exam(3, "bo")])).await.expect(403);
        assert!(strict.waiting(&rig).await.is_empty(), "what is refused on purpose is not kept unasked");
        assert_eq!(rig.ids(&[]).await, [""; 0]);

        let rig = rig.restarted(Limits { kept: 1, ..Limits::default() }).await;
        lenient.post(&rig, "2.0.0", &json!([of_an_exam(3, "bo"), statement(4, "anna", "a"), of_an_exam(5, "bo")])).await.expect(400);
        assert!(lenient.waiting(&rig).await.is_empty(), "all of it or nothing");
        assert_eq!(rig.ids(&[]).await, [""; 0]);
        lenient.post(&rig, "2.0.0", &json!([of_an_exam(3, "bo"), statement(4, "anna", "a")])).await.expect(200);
        assert_eq!(rig.ids(&[]).await, [id(4)]);
    }

    async fn a_single_one_is_taken_as_a_batch_is_also_where_it_is_put(rig) {
        let tool = tool(&rig, json!({ "keep_invalid": true })).await;
        let answer = tool.post(&rig, "1.0.3", &of_an_exam(1, "anna")).await.expect(200);
        assert_eq!((answer.json(), answer.header("x-larka-kept")), (json!([id(1)]), Some("0")));
        let put = |number: u32| format!("/xapi/statements?statementId={}", id(number));
        let mut unnamed = of_an_exam(0, "bo");
        unnamed.as_object_mut().unwrap().remove("id");
        for (number, sent, status) in [
            (2, of_an_exam(2, "bo"), 204),
            (3, unnamed, 204),
            (4, of_an_exam(5, "bo"), 400),
            (5, json!([of_an_exam(5, "bo")]), 400),
            (6, statement(6, "bo", "a"), 204),
        ] {
            let answer = tool.ask(&rig, Method::PUT, &put(number), Some("2.0.0"), sent.to_string()).await.expect(status);
            assert_eq!(answer.header("x-larka-kept").is_some(), number < 4, "{sent}");
        }
        let kept: Vec<_> = tool.waiting(&rig).await.iter().map(|one| one.id.to_string()).collect();
        assert_eq!(kept, [id(1), id(2), id(3)]);
        assert_eq!(rig.ids(&[]).await, [id(6)]);
    }

    async fn what_is_no_statement_and_has_the_id_of_another_is_a_conflict(rig) {
        let tool = tool(&rig, json!({ "keep_invalid": true })).await;
        rig.post(&statement(1, "anna", "a")).await.expect(200);
        let misspelled = |said: &str| {
            let mut sent = of_an_exam(2, "bo");
            sent["result"] = json!({ "extension": { "https://e.example/x": said } });
            sent
        };
        for version in VERSIONS {
            for (batch, at) in [
                // Of one that is stored.
                (json!([statement(3, "anna", "a"), of_an_exam(1, "bo"), of_an_exam(4, "bo")]), 1),
                // Of one before it: all that is in it counts, also what no statement may have.
                (json!([misspelled("x"), statement(3, "anna", "a"), misspelled("y")]), 2),
            ] {
                let refused = tool.post(&rig, version, &batch).await.expect(409);
                assert_eq!((&refused.json()["statement"], &refused.json()["path"]), (&json!(at), &json!("/id")));
                assert_eq!(refused.header("x-larka-kept"), None);
                assert!(tool.waiting(&rig).await.is_empty(), "all of it or nothing");
                assert_eq!(rig.ids(&[]).await, [id(1)]);
            }
        }

        // What is the same is kept once, and is known however it is written.
        let twins = json!([misspelled("x"), misspelled("x")]);
        for _ in 0..2 {
            let answer = tool.post(&rig, "1.0.3", &twins).await.expect(200);
            assert_eq!((answer.json(), answer.header("x-larka-kept")), (json!([id(2), id(2)]), Some("0,1")));
        }
        let pretty = serde_json::to_string_pretty(&misspelled("x")).unwrap();
        tool.ask(&rig, Method::POST, "/xapi/statements", Some("2.0.0"), pretty).await.expect(200);
        assert_eq!(tool.waiting(&rig).await.len(), 1);
        // Of one that is kept.
        tool.post(&rig, "2.0.0", &json!([statement(3, "anna", "a"), misspelled("y")])).await.expect(409);
        assert_eq!((tool.waiting(&rig).await.len(), rig.ids(&[]).await.len()), (1, 1));
        assert_eq!(tool.used(&rig).await.conflicts, Conflicts { requests: 5, statements: 14 });

        // Passed over where the rules say so.
        let passing = json!({ "keep_invalid": true, "pass_conflicts": true });
        rig.lrs.set_credential_rules(&tool.key, &passing, None).await.unwrap();
        let batch = json!([of_an_exam(1, "bo"), statement(3, "anna", "a"), of_an_exam(4, "bo"), misspelled("y")]);
        let refused = tool.post(&rig, "2.0.0", &batch).await.expect(409);
        assert_eq!((&refused.json()["statement"], refused.header("x-larka-kept")), (&json!(0), Some("2")));
        assert_eq!(rig.ids(&[]).await, [id(3), id(1)]);
        let kept = |waiting: Vec<WaitingStatement>| waiting.iter().map(|one| one.id.to_string()).collect::<Vec<_>>();
        assert_eq!(kept(tool.waiting(&rig).await), [id(2), id(4)]);

        // What was kept is known also when it is stored.
        rig.lrs.set_credential_rules(&tool.key, &json!({ "lenient_iris": true }), None).await.unwrap();
        assert_eq!(rig.lrs.replay_kept(&tool.key, false, None).await.unwrap(), Replayed { stored: 1, refused: 1, ..NOTHING });
        rig.lrs.set_credential_rules(&tool.key, &json!({ "keep_invalid": true }), None).await.unwrap();
        tool.post(&rig, "2.0.0", &of_an_exam(4, "bo")).await.expect(200);
        tool.post(&rig, "2.0.0", &of_an_exam(4, "carl")).await.expect(409);
        assert_eq!(kept(tool.waiting(&rig).await), [id(2)]);

        // Of what nobody can read any more nothing is said, and who was erased does not come back.
        let bo = || xapi::parse::agent(&agent("bo").to_string()).unwrap();
        rig.lrs.erase(&agent("bo").to_string()).await.unwrap();
        tool.post(&rig, "2.0.0", &json!([misspelled("x"), misspelled("x")])).await.expect(200);
        assert_eq!(rig.vault.lookup(&[bo()]).await.unwrap(), [None]);
    }

    async fn what_rules_refuse_and_has_the_id_of_another_is_counted_as_not_kept(rig) {
        let tool = tool(&rig, json!({ "keep": true, "verbs": { "refuse": [VERB] } })).await;
        rig.post(&statement(1, "anna", "a")).await.expect(200);
        tool.post(&rig, "2.0.0", &json!([statement(1, "anna", "b"), statement(2, "anna", "a")])).await.expect(403);
        tool.post(&rig, "2.0.0", &json!([statement(1, "anna", "a"), statement(2, "anna", "b")])).await.expect(403);
        tool.post(&rig, "2.0.0", &json!([statement(1, "anna", "a"), statement(2, "anna", "a")])).await.expect(403);
        assert_eq!((tool.waiting(&rig).await.len(), tool.used(&rig).await.unkept), (1, 2));
    }

    async fn of_a_request_that_is_refused_nothing_is_kept_however_often_it_comes(rig) {
        let tool = tool_that_may(&rig, "statements/write", json!({ "keep_invalid": true })).await;
        rig.post(&statement(1, "anna", "a")).await.expect(200);
        let mut unnamed = of_an_exam(0, "bo");
        unnamed.as_object_mut().unwrap().remove("id");
        let mut voiding = statement(3, "anna", "a");
        voiding["verb"] = json!({ "id": "http://adlnet.gov/expapi/verbs/voided" });
        voiding["object"] = json!({ "objectType": "StatementRef", "id": id(1) });
        for (refused, status) in [(statement(1, "anna", "another"), 409), (voiding, 403)] {
            for _ in 0..3 {
                let batch = json!([unnamed, of_an_exam(2, "bo"), refused]);
                let answer = tool.post(&rig, "2.0.0", &batch).await.expect(status);
                assert_eq!(answer.json()["statement"], 2);
                assert!(tool.waiting(&rig).await.is_empty());
            }
        }
        // What is taken is stored and kept together.
        let answer = tool.post(&rig, "2.0.0", &json!([statement(4, "anna", "a"), unnamed])).await.expect(200);
        let ids = answer.json();
        assert_eq!(rig.ids(&[]).await, [id(4), id(1)]);
        assert_eq!(tool.waiting(&rig).await[0].id.to_string(), ids[1].as_str().unwrap());
        // Nothing but what was stored before, and something to keep.
        tool.post(&rig, "2.0.0", &json!([statement(4, "anna", "a"), of_an_exam(5, "bo")])).await.expect(200);
        assert_eq!(tool.waiting(&rig).await.len(), 2);

        // Where the rules keep what they refuse it is all of the request, in its order.
        let rules = json!({ "keep_invalid": true, "keep": true, "verbs": { "refuse": [VERB] } });
        let strict = super::tool(&rig, rules).await;
        for _ in 0..2 {
            let batch = json!([of_an_exam(11, "bo"), statement(12, "anna", "a"), of_an_exam(13, "bo")]);
            assert_eq!(strict.post(&rig, "2.0.0", &batch).await.expect(403).json()["statement"], 1);
            let shown: Vec<_> = strict.waiting(&rig).await.iter().map(|one| one.id.to_string()).collect();
            assert_eq!(shown, [id(11), id(12), id(13)]);
        }
        rig.log.verify(1..=u64::MAX, &mut |_| {}).await.unwrap();
    }

    async fn an_id_that_stands_twice_in_a_batch_of_2_0_is_set_apart_where_it_comes_again(rig) {
        let tool = tool(&rig, json!({ "keep_invalid": true })).await;
        let batch = json!([statement(1, "anna", "a"), statement(2, "anna", "a"), statement(1, "anna", "b")]);
        let answer = tool.post(&rig, "2.0.0", &batch).await.expect(200);
        assert_eq!((answer.json(), answer.header("x-larka-kept")), (json!([id(1), id(2), id(1)]), Some("2")));
        assert_eq!(rig.ids(&[]).await, [id(2), id(1)]);
        assert_eq!(tool.waiting(&rig).await[0].path.as_deref(), Some("/id"));
    }

    async fn a_conflict_is_passed_over_and_the_rest_of_its_batch_stored_where_the_rules_say_so(rig) {
        let plain = tool(&rig, json!({})).await;
        let passing = tool(&rig, json!({ "pass_conflicts": true })).await;
        rig.post(&statement(1, "anna", "a")).await.expect(200);
        let batch = |first: u32| json!([statement(first, "anna", "a"), statement(1, "anna", "another"), statement(first + 1, "bo", "a")]);
        for (tool, stored) in [(&plain, vec![id(1)]), (&passing, vec![id(11), id(10), id(1)])] {
            for _ in 0..2 {
                let refused = tool.post(&rig, "2.0.0", &batch(10)).await.expect(409).json();
                assert_eq!((&refused["statement"], &refused["path"]), (&json!(1), &json!("/id")));
                let says = refused["error"].as_str().unwrap().contains("are stored");
                assert_eq!(says, stored.len() > 1, "{refused}");
                assert_eq!(rig.ids(&[]).await, stored);
            }
            let used = tool.used(&rig).await;
            assert_eq!(used.conflicts, Conflicts { requests: 2, statements: 6 });
            assert_eq!((used.stored.statements, used.refused), (stored.len() as u64 - 1, 2));
        }
        assert_eq!(rig.get(&[("statementId", &id(1))]).await.json()["object"]["id"], activity("a"), "what is stored stays");

        // Twins of one request that differ: in 1.0.3 the first is stored.
        let twins = json!([statement(20, "anna", "a"), statement(20, "anna", "b"), statement(21, "anna", "a")]);
        let refused = passing.post(&rig, "1.0.3", &twins).await.expect(409).json();
        assert_eq!(refused["statement"], 1);
        assert_eq!(rig.ids(&[]).await[..2], [id(21), id(20)]);
        // A whole batch of what is known in other words.
        let refused = passing.post(&rig, "1.0.3", &json!([statement(1, "anna", "x"), statement(20, "anna", "x")])).await;
        assert_eq!(refused.expect(409).json()["statement"], 0);
        // With something that is none before it.
        let rules = json!({ "pass_conflicts": true, "keep_invalid": true });
        rig.lrs.set_credential_rules(&passing.key, &rules, None).await.unwrap();
        let mixed = json!([of_an_exam(30, "bo"), statement(31, "bo", "a"), of_an_exam(32, "bo"), statement(1, "bo", "b"), statement(33, "bo", "a")]);
        let refused = passing.post(&rig, "2.0.0", &mixed).await.expect(409);
        assert_eq!((&refused.json()["statement"], refused.header("x-larka-kept")), (&json!(3), Some("0,2")));
        assert_eq!(rig.ids(&[]).await[..2], [id(33), id(31)]);
        assert_eq!(passing.waiting(&rig).await.len(), 2);
    }

    async fn iris_are_read_leniently_but_for_people_and_the_names_of_extensions(rig) {
        let tool = tool(&rig, json!({ "lenient_iris": true })).await;
        let odd = ["0f6c1c2e-6a31-4a61-9b77-2f0f3c8a9d11", "http://host-urn:scormdriver:5419", "prov 1 (höst)"];
        for (number, odd) in (1..).zip(odd) {
            let mut sent = statement(number, "anna", "a");
            sent["object"] = json!({ "id": odd, "definition": { "type": odd, "moreInfo": odd, "extensions": { "https://e.example/x": 1 } } });
            sent["verb"]["id"] = odd.into();
            sent["context"] = json!({ "contextActivities": { "parent": [{ "id": odd }] } });
            for version in VERSIONS {
                rig.post_as(version, sent.to_string()).await.expect(400);
                tool.post(&rig, version, &sent).await.expect(200);
            }
            assert_eq!(as_it_came(&rig.get(&[("statementId", &id(number))]).await.expect(200).json()), sent);
            // The tool finds by them; whoever is strict is asked for an IRI as ever.
            for parameters in [[("activity", odd), ("verb", odd)], [("activity", odd), ("related_activities", "true")]] {
                let uri = address(&parameters);
                assert_eq!(tool.get(&rig, &uri).await.expect(200).ids(), [id(number)]);
                rig.get_as("2.0.0", &uri).await.expect(400);
            }
            let known = at("activities", &[("activityId", odd)]);
            assert_eq!(tool.get(&rig, &known).await.expect(200).json()["id"], odd);
            rig.get_as("2.0.0", &known).await.expect(400);
            let state = at("activities/state", &[("activityId", odd), ("agent", &agent("anna").to_string()), ("stateId", "s")]);
            tool.ask(&rig, Method::PUT, &state, Some("1.0.3"), "{}".into()).await.expect(204);
            tool.get(&rig, &state).await.expect(200);
        }
        for wrong in [
            json!({ "object": { "id": "" } }),
            json!({ "object": { "id": " \t" } }),
            json!({ "object": { "id": "a\u{0}b" } }),
            json!({ "object": { "id": 7 } }),
            json!({ "actor": { "account": { "homePage": "moodle", "name": "anna" } } }),
            json!({ "actor": { "openid": "anna" } }),
            json!({ "result": { "extensions": { "x": 1 } } }),
        ] {
            let mut sent = statement(99, "anna", "a");
            for (name, part) in wrong.as_object().unwrap() {
                sent[name] = part.clone();
            }
            tool.post(&rig, "2.0.0", &sent).await.expect(400);
        }
    }

    async fn a_request_that_names_no_version_is_served_by_that_of_its_credential(rig) {
        let tool_of = |rules: Value| tool(&rig, rules);
        let (old, new, none) =
            (tool_of(json!({ "default_version": "1.0.3" })).await, tool_of(json!({ "default_version": "2.0" })).await, tool_of(json!({})).await);
        let state = at("activities/state", &[("activityId", &activity("a")), ("agent", &agent("anna").to_string()), ("stateId", "s")]);
        for (number, (tool, served)) in (1..).zip([(&old, Some("1.0.3")), (&new, Some("2.0.0")), (&none, None)]) {
            let sent = statement(number, "anna", "a").to_string();
            for (method, uri, body, status) in [
                (Method::POST, "/xapi/statements".to_owned(), sent, 200),
                (Method::GET, address(&[("statementId", &id(number))]), String::new(), 200),
                (Method::GET, "/xapi/statements".to_owned(), String::new(), 200),
                (Method::POST, state.clone(), "{}".to_owned(), 204),
                (Method::GET, state.clone(), String::new(), 200),
                (Method::GET, at("activities", &[("activityId", &activity("a"))]), String::new(), 200),
                (Method::GET, at("agents", &[("agent", &agent("anna").to_string())]), String::new(), 200),
                // Refusals name it too.
                (Method::GET, address(&[("no_such", "1")]), String::new(), 400),
            ] {
                let answer = tool.ask(&rig, method, &uri, None, body).await;
                assert_eq!(answer.status.as_u16(), if served.is_some() { status } else { 400 }, "{uri}: {}", answer.text());
                assert_eq!(answer.header("x-experience-api-version"), Some(served.unwrap_or("2.0.0")), "{uri}");
            }
            // What a request names goes before it.
            for version in VERSIONS {
                let answer = tool.ask(&rig, Method::GET, "/xapi/statements", Some(version), String::new()).await.expect(200);
                assert_eq!(answer.header("x-experience-api-version"), Some(version));
            }
        }
        assert_eq!(rig.get(&[("statementId", &id(1))]).await.json()["version"], "1.0.0");
        assert_eq!(rig.get(&[("statementId", &id(2))]).await.json()["version"], "2.0.0");
        let stranger = Tool { authorization: "Basic eDp5".into(), key: String::new() };
        stranger.ask(&rig, Method::GET, "/xapi/statements", None, String::new()).await.expect(400);
        stranger.ask(&rig, Method::GET, "/xapi/statements", Some("1.0.3"), String::new()).await.expect(401);
    }
}
