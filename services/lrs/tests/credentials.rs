//! Credentials: what each may see and do, for how long and how often, and what the log says of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine as _;
use domain::Facts as _;
use domain::events::{
    CredentialCreatedFacts, CredentialRevokedFacts, CredentialRotatedFacts, CredentialRulesFacts,
};
use eventlog::Position;
use lrs::{CredentialError, Wanted};
use rig::*;
use serde_json::{Value, json};
use vault::NewCredential;

fn basic(made: &NewCredential) -> String {
    let pair = format!("{}:{}", made.credential.key, *made.secret);
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

fn wanted(scopes: &[&str]) -> Wanted {
    Wanted {
        name: "Lärplattformen".into(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        ..Wanted::default()
    }
}

/// A request with a credential of one's own.
async fn ask(rig: &Rig, authorization: &str, method: Method, uri: &str, body: Option<&Value>) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header("Authorization", authorization)
        .header("X-Experience-API-Version", "2.0.0")
        .header("Content-Type", "application/json");
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    rig.send(request.body(body).unwrap()).await
}

async fn get(rig: &Rig, authorization: &str, parameters: &[(&str, &str)]) -> Answer {
    ask(rig, authorization, Method::GET, &address(parameters), None).await
}

async fn post(rig: &Rig, authorization: &str, statements: &Value) {
    ask(rig, authorization, Method::POST, "/xapi/statements", Some(statements)).await.expect(200);
}

/// All ids that a credential's list has, page by page, and how many statements each page had.
async fn pages(rig: &Rig, authorization: &str, parameters: &[(&str, &str)]) -> (Vec<String>, Vec<usize>) {
    let mut page = get(rig, authorization, parameters).await.expect(200);
    let (mut ids, mut sizes) = (page.ids(), vec![page.ids().len()]);
    while let Some(more) = page.json()["more"].as_str().filter(|more| !more.is_empty()).map(str::to_owned) {
        page = ask(rig, authorization, Method::GET, &more, None).await.expect(200);
        sizes.push(page.ids().len());
        ids.extend(page.ids());
    }
    (ids, sizes)
}

const MINE: &[&str] = &["statements/write", "statements/read/mine"];

promises! {
    async fn a_credential_for_its_own_statements_sees_no_others_in_any_way(rig) {
        let mine = rig.credential(MINE).await;
        rig.post(&json!([statement(1, "anna", "a"), statement(2, "bo", "b")])).await.expect(200);
        post(&rig, &mine, &json!([statement(3, "anna", "a"), statement(4, "bo", "c")])).await;
        assert_eq!(get(&rig, &mine, &[]).await.expect(200).ids(), [id(4), id(3)]);
        assert_eq!(get(&rig, &mine, &[("activity", &activity("a"))]).await.ids(), [id(3)]);
        assert_eq!(get(&rig, &mine, &[("activity", &activity("b"))]).await.ids(), Vec::<String>::new());
        let bo = agent("bo").to_string();
        assert_eq!(get(&rig, &mine, &[("agent", &bo)]).await.ids(), [id(4)]);
        assert_eq!(get(&rig, &mine, &[("agent", &bo), ("related_agents", "true"), ("ascending", "true")]).await.ids(), [id(4)]);
        get(&rig, &mine, &[("statementId", &id(3))]).await.expect(200);
        for others in [1, 2] {
            get(&rig, &mine, &[("statementId", &id(others))]).await.expect(404);
        }
        // Whoever may read everything sees the same log in full.
        assert_eq!(rig.ids(&[]).await, [id(4), id(3), id(2), id(1)]);
        let both = rig.credential(&["statements/read/mine", "statements/read"]).await;
        assert_eq!(get(&rig, &both, &[]).await.ids().len(), 4);
    }

    async fn a_chain_does_not_lead_to_the_statements_of_others(rig) {
        let mine = rig.credential(MINE).await;
        // Mine about another's, another's about mine, and mine about mine.
        rig.post(&statement(1, "anna", "secret")).await.expect(200);
        post(&rig, &mine, &json!([reference(2, "bo", VERB, 1), statement(3, "bo", "own")])).await;
        rig.post(&reference(4, "anna", VERB, 3)).await.expect(200);
        post(&rig, &mine, &reference(5, "bo", VERB, 3)).await;
        assert_eq!(rig.ids(&[("activity", &activity("secret"))]).await, [id(2), id(1)]);
        // What another's statement is about is nothing to find one's own by.
        assert_eq!(get(&rig, &mine, &[("activity", &activity("secret"))]).await.ids(), Vec::<String>::new());
        assert_eq!(get(&rig, &mine, &[("agent", &agent("anna").to_string())]).await.ids(), Vec::<String>::new());
        assert_eq!(get(&rig, &mine, &[("activity", &activity("own"))]).await.ids(), [id(5), id(3)]);
        assert_eq!(get(&rig, &mine, &[]).await.ids(), [id(5), id(3), id(2)]);
    }

    async fn voided_statements_of_others_stay_hidden_too(rig) {
        let mine = rig.credential(MINE).await;
        rig.post(&statement(1, "anna", "a")).await.expect(200);
        post(&rig, &mine, &statement(2, "bo", "b")).await;
        rig.post(&json!([reference(3, "anna", VOIDED, 1), reference(4, "anna", VOIDED, 2)])).await.expect(200);
        get(&rig, &mine, &[("voidedStatementId", &id(1))]).await.expect(404);
        get(&rig, &mine, &[("voidedStatementId", &id(2))]).await.expect(200);
        assert_eq!(get(&rig, &mine, &[]).await.ids(), Vec::<String>::new());
    }

    async fn pages_of_own_statements_are_full_and_end(rig) {
        let mine = rig.credential(MINE).await;
        for round in 0..4 {
            let own: Vec<_> = (0..25).map(|n| statement(round * 100 + n, "anna", "a")).collect();
            let others: Vec<_> = (25..75).map(|n| statement(round * 100 + n, "anna", "a")).collect();
            post(&rig, &mine, &json!(own)).await;
            rig.post(&json!(others)).await.expect(200);
        }
        for parameters in [&[("limit", "30")][..], &[("limit", "30"), ("ascending", "true")], &[("limit", "30"), ("activity", &activity("a"))]] {
            let (ids, sizes) = pages(&rig, &mine, parameters).await;
            assert_eq!((ids.len(), &sizes[..4]), (100, &[30, 30, 30, 10][..]), "{parameters:?}");
        }
        // A page's address is good for the credential that asked alone.
        let more = get(&rig, &mine, &[("limit", "30")]).await.json()["more"].as_str().unwrap().to_owned();
        ask(&rig, &rig.all, Method::GET, &more, None).await.expect(400);
    }

    async fn an_expired_credential_is_401(rig) {
        let day = rig.lrs.create_credential(Wanted { expires: Some("2026-01-15".into()), ..wanted(&["all"]) }, None).await.unwrap();
        get(&rig, &basic(&day), &[]).await.expect(200);
        // 08:00 it is; the day's last second is 16 hours off.
        rig.clock.advance(Duration::from_secs(16 * 3600 - 1));
        get(&rig, &basic(&day), &[]).await.expect(200);
        rig.clock.advance(Duration::from_secs(1));
        get(&rig, &basic(&day), &[]).await.expect(401);
    }

    async fn a_credential_that_asks_too_often_is_429_and_others_are_not(rig) {
        let slow = rig.lrs.create_credential(Wanted { rate: Some(2), burst: Some(3), ..wanted(&["all"]) }, None).await.unwrap();
        let other = rig.lrs.create_credential(Wanted { rate: Some(2), ..wanted(&["all"]) }, None).await.unwrap();
        for _ in 0..3 {
            get(&rig, &basic(&slow), &[]).await.expect(200);
        }
        for method in [Method::GET, Method::POST] {
            let answer = ask(&rig, &basic(&slow), method, "/xapi/statements", Some(&plain("anna", "a"))).await.expect(429);
            assert_eq!(answer.header("retry-after"), Some("1"));
        }
        assert_eq!(rig.ids(&[]).await, Vec::<String>::new());
        get(&rig, &basic(&other), &[]).await.expect(200);
        // Whoever does not know the secret uses nothing up.
        rig.clock.advance(Duration::from_millis(500));
        let wrong = basic(&NewCredential { secret: "x".to_owned().into(), credential: slow.credential.clone() });
        get(&rig, &wrong, &[]).await.expect(401);
        get(&rig, &basic(&slow), &[]).await.expect(200);
        get(&rig, &basic(&slow), &[]).await.expect(429);
    }

    async fn what_happens_to_a_credential_is_in_the_log_without_name_key_or_secret(rig) {
        let by = Some([9; 16]);
        let made = rig.lrs.create_credential(Wanted { rate: Some(5), ..wanted(&["state", "define"]) }, by).await.unwrap();
        let key = made.credential.key.clone();
        let rotated = rig.lrs.rotate_credential(&key, Duration::from_secs(60), None).await.unwrap();
        get(&rig, &basic(&made), &[]).await.expect(403);
        get(&rig, &basic(&rotated), &[]).await.expect(403);
        rig.lrs.revoke_credential(&key, by).await.unwrap();
        get(&rig, &basic(&rotated), &[]).await.expect(401);

        let events = rig.log.read(Position(0), 10).await.unwrap();
        let credential = made.credential.id;
        let created = CredentialCreatedFacts::decode(events[0].schema, &events[0].facts).unwrap();
        let scopes = vec!["define".to_owned(), "state".to_owned()];
        assert_eq!(created, CredentialCreatedFacts { credential, scopes, expires: None, rate: Some((5, 5)), by, rules: None });
        let rotation = CredentialRotatedFacts::decode(events[1].schema, &events[1].facts).unwrap();
        assert_eq!(rotation, CredentialRotatedFacts { credential, grace_seconds: Some(60), by: None });
        let revoked = CredentialRevokedFacts::decode(events[2].schema, &events[2].facts).unwrap();
        assert_eq!(revoked, CredentialRevokedFacts { credential, by });
        assert_eq!(events.len(), 3);
        for event in &events {
            for secret in ["Lärplattformen".as_bytes(), key.as_bytes(), made.secret.as_bytes(), rotated.secret.as_bytes()] {
                assert!(!event.facts.windows(secret.len()).any(|window| window == secret));
            }
        }
    }

    async fn what_makes_no_credential_is_refused_and_leaves_nothing(rig) {
        let none = |name: &str| name.to_owned();
        let cases = [
            ("/name", Wanted { name: none(" "), ..wanted(&["all"]) }),
            ("/name", Wanted { name: none("a\nb"), ..wanted(&["all"]) }),
            ("/scopes", wanted(&[])),
            ("/scopes", wanted(&["everything"])),
            ("/expires", Wanted { expires: Some(none("soon")), ..wanted(&["all"]) }),
            ("/expires", Wanted { expires: Some(none("2026-01-14")), ..wanted(&["all"]) }),
            ("/rate", Wanted { rate: Some(0), ..wanted(&["all"]) }),
            ("/rate", Wanted { burst: Some(5), ..wanted(&["all"]) }),
            ("/burst", Wanted { rate: Some(5), burst: Some(0), ..wanted(&["all"]) }),
        ];
        for (place, wanted) in cases {
            let refused = rig.lrs.create_credential(wanted, None).await.unwrap_err();
            assert!(matches!(refused, CredentialError::Invalid { at, .. } if at == place), "{place}: {refused}");
        }
        let hour = Duration::from_secs(3600);
        assert_eq!(rig.lrs.rotate_credential("nobody", hour, None).await.unwrap_err(), CredentialError::Unknown);
        assert_eq!(rig.lrs.revoke_credential("nobody", None).await.unwrap_err(), CredentialError::Unknown);
        assert_eq!(rig.log.head().await.unwrap().position, Position(0));
        assert_eq!(rig.vault.credentials().await.unwrap().len(), 1);
    }

    async fn statements_that_break_a_credentials_rules_are_403_with_their_place_and_counted(rig) {
        let rules = json!({
            "verbs": { "refuse": [VOIDED] },
            "activities": { "allow": [activity("a")] },
            "profiles": { "refuse": ["https://p.example/test"] },
        });
        let made = rig.lrs.create_credential(Wanted { rules: Some(rules), ..wanted(&["all"]) }, None).await.unwrap();
        let (tool, key) = (basic(&made), made.credential.key.as_str());
        let mut profiled = statement(4, "anna", "a");
        profiled["context"] = json!({ "contextActivities": { "category": [{ "id": "https://p.example/test" }] } });
        for (bad, rule, path) in [
            (reference(4, "anna", VOIDED, 1), "verb", "/verb/id"),
            (statement(4, "anna", "b"), "activity", "/object/id"),
            (profiled, "profile", "/context/contextActivities/category"),
        ] {
            let batch = json!([statement(1, "anna", "a/1"), bad]);
            let answer = ask(&rig, &tool, Method::POST, "/xapi/statements", Some(&batch)).await.expect(403);
            assert_eq!((&answer.json()["statement"], &answer.json()["path"]), (&json!(1), &json!(path)));
            assert!(answer.json()["expected"].is_string() && !answer.text().contains("larkby"), "{}", answer.text());
            let put = address(&[("statementId", &id(4))]);
            ask(&rig, &tool, Method::PUT, &put, Some(&bad)).await.expect(403);
            let families = rig.registry.gather();
            let counted = families.iter().find(|family| family.name() == "larka_xapi_requests_refused_total").unwrap();
            let counter = counted.get_metric().iter().find(|metric| metric.get_label().iter().any(|label| label.value() == rule));
            assert_eq!(counter.unwrap().get_counter().get_value(), 2.0);
        }
        assert_eq!(rig.ids(&[]).await, Vec::<String>::new(), "nothing of a refused batch is stored");
        post(&rig, &tool, &json!([statement(1, "anna", "a/1"), statement(2, "anna", "a")])).await;
        // The rules bind this credential alone, and no longer than they stand.
        rig.post(&statement(3, "anna", "b")).await.expect(200);
        rig.lrs.set_credential_rules(key, &json!({}), Some([9; 16])).await.unwrap();
        post(&rig, &tool, &statement(4, "anna", "b")).await;
        rig.lrs.set_credential_rules(key, &json!({ "verbs": { "refuse": [VERB] } }), None).await.unwrap();
        ask(&rig, &tool, Method::POST, "/xapi/statements", Some(&statement(5, "anna", "a"))).await.expect(403);

        let kinds = [CredentialCreatedFacts::KIND, CredentialRulesFacts::KIND];
        let events = rig.log.read_kinds(&kinds, Position(0), 10).await.unwrap();
        assert!(CredentialCreatedFacts::decode(1, &events[0].facts).unwrap().rules.unwrap().contains(VOIDED));
        let told: Vec<_> = events[1..].iter().map(|event| CredentialRulesFacts::decode(1, &event.facts).unwrap()).collect();
        assert_eq!((told[0].by, told[0].rules.as_deref()), (Some([9; 16]), None));
        assert_eq!((told[1].by, told[1].credential), (None, made.credential.id));
        assert!(told[1].rules.as_ref().unwrap().contains(VERB));
        let wrong = rig.lrs.set_credential_rules(key, &json!({ "verbs": ["x"] }), None).await.unwrap_err();
        assert!(matches!(wrong, CredentialError::Invalid { at: "/rules", .. }));
        assert_eq!(rig.lrs.set_credential_rules("nobody", &json!({}), None).await.unwrap_err(), CredentialError::Unknown);
    }

    async fn it_is_seen_what_a_credential_was_used_for_and_nothing_of_what_it_sent(rig) {
        let rules = json!({ "activities": { "allow": [activity("a")] } });
        let made = rig.lrs.create_credential(Wanted { rules: Some(rules), ..wanted(&["all"]) }, None).await.unwrap();
        let (tool, key) = (basic(&made), &made.credential.key);
        rig.lrs.write_uses().await.unwrap();
        assert_eq!(rig.vault.uses().await.unwrap().get(key), None);
        post(&rig, &tool, &json!([statement(1, "anna", "a"), statement(2, "anna", "a")])).await;
        post(&rig, &tool, &json!([statement(2, "anna", "a"), statement(3, "anna", "a")])).await;
        rig.clock.advance(Duration::from_secs(60));
        let send = async |body: Value, status| {
            ask(&rig, &tool, Method::POST, "/xapi/statements", Some(&body)).await.expect(status);
            rig.clock.advance(Duration::from_secs(60));
        };
        send(statement(4, "anna", "b"), 403).await;
        let mut invalid = statement(4, "anna", "a");
        invalid["context"] = json!({ "extensions": { "anna andersson": 1 } });
        send(invalid, 400).await;
        send(statement(1, "bo", "a"), 409).await;
        // Without the secret nothing is counted.
        let wrong = basic(&NewCredential { secret: "x".to_owned().into(), credential: made.credential.clone() });
        ask(&rig, &wrong, Method::POST, "/xapi/statements", Some(&json!({}))).await.expect(401);

        rig.lrs.write_uses().await.unwrap();
        let used = rig.vault.uses().await.unwrap().remove(key).unwrap();
        assert_eq!((used.seen.0 - START.0, used.stored.statements, used.refused), (180_000_000, 3, 3));
        let paths: Vec<_> = used.refusals.iter().map(|refusal| refusal.path.as_str()).collect();
        assert_eq!(paths, ["/id", "/context/extensions", "/object/id"]);
        assert!(used.refusals.iter().all(|refusal| !refusal.reason.is_empty()));
        let text = format!("{used:?}");
        assert!(!text.contains("anna") && !text.contains("larkby"), "{text}");
    }
}
