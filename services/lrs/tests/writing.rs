//! Posting and putting: ids, sameness, conflicts.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use axum::body::Body;
use axum::http::Method;
use rig::*;
use serde_json::{Value, json};

promises! {
    async fn the_ids_of_a_batch_come_back_in_order_known_ones_included(rig) {
        let first = rig.post(&statement(1, "anna", "a")).await.expect(200);
        assert_eq!(first.json(), json!([id(1)]));
        let answer = rig.post(&json!([statement(2, "anna", "b"), statement(1, "anna", "a"), plain("bo", "a")])).await;
        let ids = answer.expect(200).json();
        assert_eq!([&ids[0], &ids[1]], [&json!(id(2)), &json!(id(1))]);
        let given = ids[2].as_str().unwrap().to_owned();
        assert_eq!(rig.ids(&[]).await, [given, id(2), id(1)]);
    }

    async fn an_empty_batch_stores_nothing_and_is_no_fault(rig) {
        assert_eq!(rig.post(&json!([])).await.expect(200).json(), json!([]));
        assert!(rig.ids(&[]).await.is_empty());
    }

    async fn the_same_statement_again_is_200_and_204_also_where_the_server_set_its_timestamp(rig) {
        for version in ["1.0.3", "2.0.0"] {
            let number = if version == "1.0.3" { 1 } else { 2 };
            let sent = statement(number, "anna", "a");
            rig.post_as(version, sent.to_string()).await.expect(200);
            rig.post_as(version, sent.to_string()).await.expect(200);
            rig.put_as(version, &id(number), sent.to_string()).await.expect(204);
            // As it is given back: with timestamp, stored, authority and version.
            let given = rig.get_as(version, &address(&[("statementId", &id(number))])).await.expect(200);
            assert!(given.json()["timestamp"].is_string());
            rig.post_as(version, given.text()).await.expect(200);
            rig.put_as(version, &id(number), given.text()).await.expect(204);
        }
        assert_eq!(rig.ids(&[]).await, [id(2), id(1)]);
    }

    async fn a_different_statement_under_a_known_id_is_409_and_changes_nothing(rig) {
        for version in ["1.0.3", "2.0.0"] {
            let number = if version == "1.0.3" { 1 } else { 2 };
            rig.post_as(version, statement(number, "anna", "a").to_string()).await.expect(200);
            let other = statement(number, "anna", "b").to_string();
            let refused = rig.post_as(version, other.clone()).await.expect(409);
            assert!(!refused.text().contains("anna"));
            rig.put_as(version, &id(number), other).await.expect(409);
            let kept = rig.get(&[("statementId", &id(number))]).await.expect(200).json();
            assert_eq!(kept["object"]["id"], activity("a"));
        }
    }

    async fn a_conflict_anywhere_in_a_batch_stores_nothing_of_it(rig) {
        rig.post(&statement(1, "anna", "a")).await.expect(200);
        let batch = json!([statement(2, "anna", "a"), statement(1, "anna", "b"), statement(3, "anna", "a")]);
        rig.post(&batch).await.expect(409);
        assert_eq!(rig.ids(&[]).await, [id(1)]);
    }

    async fn one_bad_statement_in_a_batch_stores_nothing_of_it_and_is_named(rig) {
        let mut bad = statement(2, "anna", "a");
        bad["verb"]["id"] = "no iri".into();
        let refused = rig.post(&json!([statement(1, "anna", "a"), bad])).await.expect(400).json();
        assert_eq!(refused["statement"], 1);
        assert_eq!(refused["path"], "/verb/id");
        assert!(refused["expected"].is_string());
        assert!(rig.ids(&[]).await.is_empty());
    }

    async fn the_same_id_twice_in_a_batch_is_400_in_2_0_and_judged_by_sameness_in_1_0_3(rig) {
        let twins = json!([statement(1, "anna", "a"), statement(1, "anna", "a")]);
        rig.post_as("2.0.0", twins.to_string()).await.expect(400);
        assert!(rig.ids(&[]).await.is_empty());
        let answer = rig.post_as("1.0.3", twins.to_string()).await.expect(200);
        assert_eq!(answer.json(), json!([id(1), id(1)]));
        assert_eq!(rig.ids(&[]).await, [id(1)]);
        let different = json!([statement(2, "anna", "a"), statement(2, "anna", "b")]);
        rig.post_as("1.0.3", different.to_string()).await.expect(409);
        assert_eq!(rig.ids(&[]).await, [id(1)]);
    }

    async fn equality_is_the_specifications_across_order_arrays_durations_and_time_zones(rig) {
        let team = |members: [&str; 2]| json!({
            "id": id(1),
            "actor": { "objectType": "Group", "member": members.map(agent) },
            "verb": { "id": VERB },
            "object": { "id": activity("a"), "definition": { "name": { "sv": "Ett" } } },
            "timestamp": "2026-01-10T10:00:00Z",
            "result": { "duration": "PT1.001S" },
            "context": { "contextActivities": { "parent": { "id": activity("kurs") } } },
        });
        let sent = team(["anna", "bo"]);
        for version in ["1.0.3", "2.0.0"] {
            rig.post_as(version, sent.to_string()).await.expect(200);
            let mut again = team(["bo", "anna"]);
            again["context"]["contextActivities"]["parent"] = json!([{ "id": activity("kurs") }]);
            again["timestamp"] = "2026-01-10T11:00:00+01:00".into();
            again["result"]["duration"] = "PT1.00S".into();
            again["object"]["definition"]["name"]["sv"] = "Två".into();
            rig.post_as(version, again.to_string()).await.expect(200);
        }
        // 2.0 leaves timestamps out, 1.0.3 does not.
        let mut later = sent.clone();
        later["timestamp"] = "2026-01-10T10:00:01Z".into();
        rig.post_as("2.0.0", later.to_string()).await.expect(200);
        rig.post_as("1.0.3", later.to_string()).await.expect(409);
    }

    async fn put_takes_the_id_from_the_address_and_refuses_another(rig) {
        rig.put_as("2.0.0", &id(1), plain("anna", "a").to_string()).await.expect(204);
        assert_eq!(rig.get(&[("statementId", &id(1))]).await.expect(200).json()["id"], id(1));
        rig.put_as("2.0.0", &id(2), statement(3, "anna", "a").to_string()).await.expect(400);
        rig.put_as("2.0.0", &id(2), json!([plain("anna", "a")]).to_string()).await.expect(400);
        let unnamed = rig.request(Method::PUT, "/xapi/statements", "2.0.0");
        let unnamed = unnamed.header("Content-Type", "application/json");
        rig.send(unnamed.body(Body::from(plain("anna", "a").to_string())).unwrap()).await.expect(400);
        assert_eq!(rig.ids(&[]).await, [id(1)]);
    }

    async fn an_upper_case_uuid_is_the_same_id(rig) {
        let number = 0xabc;
        let mut upper = statement(number, "anna", "a");
        upper["id"] = id(number).to_uppercase().into();
        rig.post(&upper).await.expect(200);
        rig.put_as("2.0.0", &id(number), statement(number, "anna", "a").to_string()).await.expect(204);
        rig.get(&[("statementId", &id(number).to_uppercase())]).await.expect(200);
        assert_eq!(rig.log.head().await.unwrap().position.0, 1);
    }

    async fn the_text_comes_back_as_it_was_sent_but_for_what_the_standard_changes(rig) {
        let sent = r#"{"verb":{"id":"http://e.org/v"},"object":{"id":"http://e.org/å","definition":{"extensions":{"http://e.org/x":{"z":1.50,"a":12345678901234567890123,"n":"\u0000\u00e5"}}}},"actor":{"mbox":"mailto:anna@larkby.example","name":"Anna"},"id":"00000000-0000-4000-8000-000000000001","timestamp":"2026-01-10T10:00:00.1234567+01:00"}"#;
        rig.post_as("1.0.3", sent).await.expect(200);
        let given = rig.get_as("1.0.3", &address(&[("statementId", &id(1))])).await.expect(200).text();
        assert!(given.starts_with(&sent[..sent.len() - 1]), "{given}");
        let given = rig.get(&[("statementId", &id(1))]).await.expect(200).json();
        assert_eq!(given["timestamp"], "2026-01-10T09:00:00.1234567Z");
        assert_eq!(given["version"], "1.0.0");
        assert_eq!(given["authority"]["account"]["homePage"], BASE);
    }

    async fn a_sender_cannot_set_stored_or_authority(rig) {
        let mut sent = statement(1, "anna", "a");
        sent["stored"] = "2001-01-01T00:00:00Z".into();
        sent["authority"] = agent("someone else");
        rig.post(&sent).await.expect(200);
        let given = rig.get(&[("statementId", &id(1))]).await.expect(200).json();
        assert!(given["stored"].as_str().unwrap().starts_with("2026-01-15T08:00:00"));
        assert_eq!(given["timestamp"], given["stored"]);
        assert_eq!(given["authority"]["account"]["homePage"], BASE);
        // Nor is it found by what it claimed.
        let claimed = agent("someone else").to_string();
        assert_eq!(rig.ids(&[("agent", &claimed), ("related_agents", "true")]).await, [""; 0]);
    }

    async fn racing_posts_of_one_statement_store_it_once_and_all_succeed(rig) {
        let rig = std::sync::Arc::new(rig);
        let tasks: Vec<_> = (0..16)
            .map(|number| {
                let rig = rig.clone();
                tokio::spawn(async move {
                    let shared = statement(1, "anna", "a");
                    let own = statement(100 + number, &format!("person {}", number % 3), "a");
                    rig.post(&json!([shared, own])).await.status.as_u16()
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), 200);
        }
        assert_eq!(rig.log.head().await.unwrap().position.0, 17);
        assert_eq!(rig.ids(&[("agent", &agent("anna").to_string())]).await, [id(1)]);
    }

    async fn many_batches_on_the_same_agents_and_activities_at_once_lose_nothing(rig) {
        let rig = std::sync::Arc::new(rig);
        let tasks: Vec<_> = (0..8u32)
            .map(|task| {
                let rig = rig.clone();
                tokio::spawn(async move {
                    for round in 0..5u32 {
                        let one = |n: u32| statement(task * 1000 + round * 100 + n, &format!("p{}", n % 4), "shared");
                        let batch: Vec<Value> = (0..20).map(one).collect();
                        rig.post(&batch.into()).await.expect(200);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(rig.log.head().await.unwrap().position.0, 800);
        let found = rig.all_ids(&[("activity", &activity("shared")), ("agent", &agent("p1").to_string())]).await;
        assert_eq!(found.len(), 200);
    }
}
