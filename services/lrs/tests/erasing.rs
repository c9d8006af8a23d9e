//! Forgetting a person.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use rig::*;
use serde_json::json;
use vault::ErasureStep;

promises! {
    async fn after_an_erasure_an_anonymous_account_stands_in_the_persons_place(rig) {
        let mut sent = statement(1, "anna", "a");
        sent["actor"]["name"] = "Anna Andersson".into();
        sent["result"] = json!({ "score": { "scaled": 0.85 }, "success": true, "response": "i said so" });
        let mut other = statement(2, "bo", "a");
        other["context"] = json!({ "instructor": sent["actor"], "platform": "Lärkby" });
        rig.post(&json!([sent, other])).await.expect(200);
        let receipt = rig.lrs.erase(&agent("anna").to_string()).await.unwrap();
        let account = json!({ "homePage": format!("{BASE}/erased"), "name": receipt.agent.to_string() });

        let own = rig.get(&[("statementId", &id(1))]).await.expect(200);
        assert_eq!(own.json()["actor"]["account"], account);
        assert_eq!(own.json()["object"]["id"], activity("a"));
        assert_eq!(own.json()["result"]["score"]["scaled"], 0.85);
        assert!(!own.text().contains("i said so") && !own.text().contains("nders"), "{}", own.text());

        let others = rig.get(&[("statementId", &id(2))]).await.expect(200);
        assert_eq!(others.json()["context"]["instructor"]["account"], account);
        assert_eq!(others.json()["context"]["platform"], "Lärkby");
        assert_eq!(others.json()["actor"], agent("bo"));
        assert!(!others.text().contains("nders"));

        let anna = agent("anna").to_string();
        assert_eq!(rig.ids(&[("agent", &anna), ("related_agents", "true")]).await, [""; 0]);
        let pseudonym = json!({ "account": account }).to_string();
        assert_eq!(rig.ids(&[("agent", &pseudonym)]).await, [id(1)]);
        // What is given is a statement that can be posted.
        let mut given = own.json();
        given["id"] = id(9).into();
        rig.post(&given).await.expect(200);
        // Twice is once; when the keys have a new generation nothing leads from the person to it any more.
        let again = rig.lrs.erase(&anna).await.unwrap();
        assert_eq!((again.position, again.agents, again.keys), (receipt.position, receipt.agents, 0));
        rig.vault.ratchet().await.unwrap();
        assert_eq!(rig.lrs.erase(&anna).await, Err(lrs::EraseError::Unknown));
    }

    async fn an_erasure_that_was_cut_short_is_finished_and_its_receipt_can_be_asked_for(rig) {
        for (number, name, step) in [(1, "anna", ErasureStep::Journalled), (2, "bo", ErasureStep::Deleted)] {
            rig.post(&json!([statement(number, name, "a")])).await.expect(200);
            let asked = agent(name).to_string();
            let agents = rig.lrs.agents_of(&asked).await.unwrap();
            rig.vault.erase_stopping_after(&agents, Some(step)).await.unwrap();
            // Whoever opens the instance finds it.
            assert_eq!(rig.lrs.finish_erasures().await.unwrap(), 1, "{step:?}");
            assert_eq!(rig.vault.is_alive(&agents).await.unwrap(), [false]);
            let head = rig.log.head().await.unwrap().position;
            let receipt = rig.lrs.erase(&asked).await.unwrap();
            assert_eq!((receipt.position, receipt.agents), (head, agents), "{step:?}");
            assert_eq!(rig.lrs.finish_erasures().await.unwrap(), 0);
            assert_eq!(rig.log.head().await.unwrap().position, head, "it is said once");
            let given = rig.get(&[("statementId", &id(number))]).await.expect(200);
            assert_eq!(given.json()["actor"]["account"]["homePage"], format!("{BASE}/erased"));
        }
    }

    async fn a_statement_that_comes_again_does_not_bring_an_erased_person_back(rig) {
        let mut group = statement(2, "bo", "a");
        group["context"] = json!({ "team": { "objectType": "Group", "member": [agent("anna"), agent("carl")] } });
        let batch = json!([statement(1, "anna", "a"), group]);
        rig.post(&batch).await.expect(200);
        rig.lrs.erase(&agent("anna").to_string()).await.unwrap();
        let head = rig.log.head().await.unwrap().position;
        rig.post(&batch).await.expect(200);
        rig.put_as("2.0.0", &id(1), statement(1, "anna", "a").to_string()).await.expect(204);
        // What cannot be compared any more is taken for the same, also where it says something else.
        let mut other = statement(1, "anna", "another");
        other["result"] = json!({ "completion": true });
        rig.post(&other).await.expect(200);
        assert_eq!(rig.log.head().await.unwrap().position, head);
        let anna = agent("anna").to_string();
        assert_eq!(rig.ids(&[("agent", &anna)]).await, [""; 0]);
        assert_eq!(rig.vault.lookup(&[xapi::parse::agent(&anna).unwrap()]).await.unwrap(), [None]);
    }

    async fn the_same_identifier_after_an_erasure_is_somebody_new(rig) {
        rig.post(&statement(1, "anna", "a")).await.expect(200);
        rig.lrs.erase(&agent("anna").to_string()).await.unwrap();
        rig.post(&statement(2, "anna", "a")).await.expect(200);
        assert_eq!(rig.ids(&[("agent", &agent("anna").to_string())]).await, [id(2)]);
        assert_eq!(rig.get(&[("statementId", &id(2))]).await.expect(200).json()["actor"], agent("anna"));
    }

    async fn erasing_one_member_of_an_anonymous_group_hides_what_the_group_said(rig) {
        let mut sent = statement(1, "x", "a");
        sent["actor"] = json!({ "objectType": "Group", "name": "De två", "member": [agent("anna"), agent("bo")] });
        rig.post(&sent).await.expect(200);
        assert_eq!(rig.get(&[("statementId", &id(1))]).await.expect(200).json()["actor"], sent["actor"]);
        rig.lrs.erase(&agent("bo").to_string()).await.unwrap();
        let given = rig.get(&[("statementId", &id(1))]).await.expect(200);
        assert!(!given.text().contains("anna") && !given.text().contains("De två"), "{}", given.text());
    }

    async fn people_are_posted_and_erased_at_the_same_time_without_a_fault(rig) {
        let rig = std::sync::Arc::new(rig);
        let writers: Vec<_> = (0..4u32)
            .map(|task| {
                let rig = rig.clone();
                tokio::spawn(async move {
                    for number in 0..20 {
                        rig.post(&statement(task * 100 + number, "anna", "a")).await.expect(200);
                    }
                })
            })
            .collect();
        for _ in 0..10 {
            match rig.lrs.erase(&agent("anna").to_string()).await {
                Ok(_) | Err(lrs::EraseError::Unknown) => {}
                Err(error) => panic!("{error}"),
            }
            tokio::task::yield_now().await;
        }
        for writer in writers {
            writer.await.unwrap();
        }
        assert_eq!(rig.all_ids(&[]).await.len(), 80);
    }
}
