//! What is damaged is found and said, takes nothing else with it, and is not signed, built upon, or reported from.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::numbered::served;
use blackbox::samples::{id, statement};
use blackbox::{Backend, Instance, promises, until};
use serde_json::{Value, json};

/// Changes one bit of the facts of the third statement, as whoever may drop the tables' rules can; gives its position.
async fn break_chain(instance: &Instance) -> i64 {
    let third = "SELECT position FROM event WHERE kind = 'statement' ORDER BY position LIMIT 1 OFFSET 2";
    let position = instance.number(third).await.unwrap();
    let change = match instance.backend() {
        Backend::Sqlite => {
            "DROP TRIGGER event_never_updated; UPDATE event SET facts = \
             CAST(substr(facts, 1, 9) || char(unicode(substr(facts, 10, 1)) + 1) AS BLOB)"
        }
        Backend::Postgres => {
            "ALTER TABLE event DISABLE TRIGGER ALL; UPDATE event SET facts = set_byte(facts, 9, get_byte(facts, 9) # 1)"
        }
    };
    instance.execute(&format!("{change} WHERE position = {position}")).await.unwrap();
    position
}

fn metric(text: &str, name: &str) -> i64 {
    let line = text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
    line.unwrap_or_else(|| panic!("no metric {name}")).rsplit_once(' ').unwrap().1.parse().unwrap()
}

promises! {
    async fn a_list_goes_on_without_a_statement_whose_key_is_damaged(instance) {
        let before = served(&instance).await;
        let damage = match instance.backend() {
            Backend::Sqlite => "UPDATE agent_key SET wrapped = zeroblob(length(wrapped))",
            Backend::Postgres => "UPDATE agent_key SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)",
        };
        let one = "WHERE agent = (SELECT agent FROM agent_key ORDER BY agent LIMIT 1)";
        instance.execute_in_vault(&format!("{damage} {one}")).await.unwrap();

        let server = instance.restart(&before).await.unwrap();
        for limit in ["1", "2", "50"] {
            let mut found = Vec::new();
            let mut page: Value = server.get(&[("limit", limit)]).await.unwrap().json().await.unwrap();
            loop {
                found.extend(page["statements"].as_array().unwrap().iter().map(|one| one["id"].clone()));
                let Some(more) = page["more"].as_str().filter(|more| !more.is_empty()) else { break };
                let next = server.http.get(format!("{}{more}", server.address));
                let next = next.basic_auth(&server.credential.0, Some(&server.credential.1));
                let next = next.header("X-Experience-API-Version", "2.0.0").send().await.unwrap();
                assert_eq!(next.status(), 200, "by {limit}");
                page = next.json().await.unwrap();
            }
            assert_eq!(found.len(), 5, "by {limit}: {found:?}");
            // By its id it is neither given nor said not to be there.
            let missing = (1..7).map(id).find(|one| !found.contains(&json!(one))).unwrap();
            assert_eq!(server.get(&[("statementId", &missing)]).await.unwrap().status(), 500);
        }
        assert_eq!(metric(&server.metrics().await.unwrap(), "larka_xapi_statements_left_out_total"), 3);
        assert!(instance.said().contains("left out of a list"), "{}", instance.said());
    }

    async fn a_broken_chain_is_found_in_the_background_and_its_head_is_not_signed(instance) {
        let before = served(&instance).await;
        assert!(instance.run(&["anchor"]).unwrap().status.success());
        let position = break_chain(&instance).await;
        let refused = instance.run(&["anchor"]).unwrap();
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(&format!("position {position}")), "{said}");

        let signed = instance.beside("anchors.txt");
        let flags = ["--anchors", signed.to_str().unwrap()];
        let server = instance.serve(&flags, before.credential.clone(), before.administrator.clone()).await.unwrap();
        let server = &server;
        until("the walk finds where the chain is broken", || async move {
            let metrics = server.metrics().await.unwrap();
            (metric(&metrics, "larka_chain_failed_position") == position).then_some(())
        })
        .await;
        assert!(!signed.exists(), "a head was signed");
    }

    async fn a_chain_that_is_broken_since_the_vault_was_told_stops_the_start_until_that_is_accepted(instance) {
        let before = served(&instance).await;
        let position = break_chain(&instance).await;
        // As after a crash: nothing was told since.
        instance.execute_in_vault("DELETE FROM vault_seen").await.unwrap();
        assert!(instance.restart(&before).await.is_err(), "it started");
        let said = instance.said();
        let last = said.lines().last().unwrap();
        assert!(last.contains(&format!("position {position}")) && last.contains("--accept-loss"), "{last}");
        instance.run_json(&["migrate", "--accept-loss"]).unwrap();
        // What is whole is given, and more is taken.
        let server = instance.restart(&before).await.unwrap();
        assert!(server.ids(&[]).await.unwrap().len() >= 5);
        let more = statement(&id(7), "person7", "a");
        assert_eq!(server.post(&more).await.unwrap().status(), 200);
    }

    async fn a_lake_whose_manifest_somebody_else_wrote_is_written_anew(instance) {
        let before = served(&instance).await;
        let file = instance.folder().join("lake/manifest.json");
        let own = std::fs::read(&file).unwrap();
        let mut others: Value = serde_json::from_slice(&own).unwrap();
        // What no hash in the manifest covers, with the seal as it was, and without one as an older program leaves it.
        others["municipality"] = json!("9999");
        let mut unsealed = others.clone();
        unsealed.as_object_mut().unwrap().remove("mac");
        for changed in [others, unsealed] {
            std::fs::write(&file, serde_json::to_vec(&changed).unwrap()).unwrap();
            let verified = instance.run(&["verify"]).unwrap();
            let said = String::from_utf8_lossy(&verified.stderr).into_owned();
            assert!(!verified.status.success() && said.contains("manifest"), "{said}");
            let mut server = instance.restart(&before).await.unwrap();
            let (file, own) = (&file, &own);
            until("the lake is as it was", || async move {
                (std::fs::read(file).unwrap() == *own).then_some(())
            })
            .await;
            assert!(instance.said().contains("written anew"), "{}", instance.said());
            assert!(server.stop().unwrap().success());
            assert!(instance.run(&["verify"]).unwrap().status.success());
        }
    }
}
