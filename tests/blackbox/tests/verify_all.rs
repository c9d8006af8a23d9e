//! `larka verify --all`: what is kept is held against everything else, and each thing that does not hold is named alone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;

use blackbox::numbered::{erase, served};
use blackbox::{Backend, Instance, promises};
use serde_json::{Value, json};

/// What is found, and the exit code.
fn verify(instance: &Instance) -> (Vec<Value>, i32) {
    let output = instance.run(&["verify", "--all", "--json"]).unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let answer: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no answer: {said}"));
    let findings = answer["findings"].as_array().unwrap().clone();
    assert_eq!(answer["well"], json!(findings.iter().all(|one| one["well"] == true)));
    (findings, output.status.code().unwrap())
}

fn well(instance: &Instance) -> Vec<Value> {
    let (findings, code) = verify(instance);
    assert!(findings.iter().all(|one| one["well"] == true) && code == 0, "{findings:?}");
    findings
}

fn of<'a>(findings: &'a [Value], check: &str) -> &'a Value {
    findings.iter().find(|one| one["check"] == check).unwrap_or_else(|| panic!("no {check}: {findings:?}"))
}

/// That these are all that is wrong, and what is found of the first.
fn only(instance: &Instance, checks: &[&str]) -> Value {
    let (findings, code) = verify(instance);
    let wrong: Vec<&Value> = findings.iter().filter(|one| one["well"] != true).collect();
    let named: Vec<&Value> = wrong.iter().map(|one| &one["check"]).collect();
    assert!(named == checks && code == 2, "expected {checks:?}: {wrong:?}");
    assert!(wrong.iter().all(|one| !one["do"].as_str().unwrap().is_empty()));
    wrong[0].clone()
}

/// A key of one of those who have any, as the vault's rows are named, and which it is in SQL.
async fn row(instance: &Instance) -> (String, &'static str) {
    let hex = match instance.backend() {
        Backend::Sqlite => "lower(hex(agent))",
        Backend::Postgres => "encode(agent, 'hex')",
    };
    let name = format!("SELECT 'agent_key ' || {hex} || '/' || period FROM agent_key ORDER BY agent LIMIT 1");
    let one = "WHERE agent = (SELECT agent FROM agent_key ORDER BY agent LIMIT 1)";
    (instance.text_in_vault(&name).await.unwrap(), one)
}

promises! {
    async fn what_is_whole_is_said_to_be_and_whoever_was_erased_is_not_missed(instance) {
        served(&instance).await;
        let findings = well(&instance);
        for check in ["chain", "append_only", "together", "keys", "erasures", "slots", "lake"] {
            of(&findings, check);
        }
        assert_eq!(of(&findings, "keys")["about"]["people"], 6);
        assert!(of(&findings, "slots")["about"]["opened"].as_u64().unwrap() >= 6, "{findings:?}");
        erase(&instance, 2);
        let findings = well(&instance);
        assert_eq!(of(&findings, "erasures")["about"]["erased"], 1);
        assert!(of(&findings, "erasures")["found"].as_str().unwrap().contains("1 people who were erased"));
        // The same where a server runs.
        let server = instance.start().await.unwrap();
        well(&instance);
        drop(server);
    }

    async fn a_key_that_was_deleted_by_hand_is_told_apart_from_an_erasure(instance) {
        served(&instance).await;
        erase(&instance, 2);
        let (name, one) = row(&instance).await;
        instance.execute_in_vault(&format!("DELETE FROM agent_key {one}")).await.unwrap();
        let found = only(&instance, &["erasures"]);
        assert_eq!(found["about"]["rows"], json!([name]), "{found}");
        assert!(found["found"].as_str().unwrap().contains("neither the log nor the journal"), "{found}");
    }

    async fn somebody_who_was_deleted_by_hand_is_missed_by_the_log(instance) {
        served(&instance).await;
        let (name, _) = row(&instance).await;
        let one = "WHERE agent = (SELECT agent FROM agent ORDER BY agent LIMIT 1)";
        for table in ["agent_key", "agent"] {
            instance.execute_in_vault(&format!("DELETE FROM {table} {one}")).await.unwrap();
        }
        let found = only(&instance, &["together", "erasures"]);
        assert!(found["found"].as_str().unwrap().contains("1 people of whom the log tells are not in the vault"), "{found}");
        let (findings, _) = verify(&instance);
        assert_eq!(of(&findings, "erasures")["about"]["rows"], json!([name]));
    }

    async fn a_wrapped_key_that_is_damaged_is_named_by_its_row(instance) {
        served(&instance).await;
        let (name, one) = row(&instance).await;
        let damage = match instance.backend() {
            Backend::Sqlite => "UPDATE agent_key SET wrapped = zeroblob(length(wrapped))",
            Backend::Postgres => "UPDATE agent_key SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)",
        };
        instance.execute_in_vault(&format!("{damage} {one}")).await.unwrap();
        let found = only(&instance, &["keys"]);
        assert_eq!(found["about"]["rows"], json!([name]), "{found}");
    }

    async fn what_is_changed_in_the_lake_is_named_by_its_file(instance) {
        served(&instance).await;
        let folder = instance.folder().join("lake/statements");
        let file = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
        let own = fs::read(&file).unwrap();
        let mut bytes = own.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&file, &bytes).unwrap();
        let found = only(&instance, &["lake"]);
        let name = format!("statements/{}", file.file_name().unwrap().to_str().unwrap());
        assert_eq!(found["about"]["files"], json!([name]), "{found}");
        assert!(found["do"].as_str().unwrap().contains("larka rebuild --projection lake"), "{found}");
        instance.run_json(&["rebuild", "--projection", "lake"]).unwrap();
        well(&instance);
        assert!(fs::read(&file).unwrap() == own);
        let manifest = instance.folder().join("lake/manifest.json");
        let mut others: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
        others["municipality"] = json!("9999");
        fs::write(&manifest, serde_json::to_vec(&others).unwrap()).unwrap();
        only(&instance, &["lake"]);
    }

    async fn a_broken_chain_and_a_trigger_that_is_gone_are_named_and_all_else_is_looked_at(instance) {
        served(&instance).await;
        let sealed = "SELECT position FROM event WHERE kind = 'statement' ORDER BY position LIMIT 1";
        let position = instance.number(sealed).await.unwrap();
        let (change, trigger) = match instance.backend() {
            Backend::Sqlite => (
                format!(
                    "DROP TRIGGER sealed_never_updated; UPDATE sealed SET body = CAST(substr(body, 1, 40) || CASE substr(body, 41, 1) WHEN x'00' THEN x'01' ELSE x'00' END || substr(body, 42) AS BLOB) \
                     WHERE place = {position} * 65536"
                ),
                "sealed_never_updated",
            ),
            Backend::Postgres => (
                format!(
                    "ALTER TABLE sealed DISABLE TRIGGER sealed_never_updated; \
                     UPDATE sealed SET body = set_byte(body, 40, get_byte(body, 40) # 1) WHERE position = {position} AND slot = 0"
                ),
                "sealed_never_updated",
            ),
        };
        instance.execute(&change).await.unwrap();
        let chain = only(&instance, &["chain", "append_only", "slots"]);
        assert_eq!(chain["about"]["position"], position);
        let (findings, _) = verify(&instance);
        assert_eq!(of(&findings, "append_only")["about"]["triggers"], json!([trigger]));
        assert!(of(&findings, "slots")["found"].as_str().unwrap().contains(&format!("slot 0 at position {position} ")));
    }
}
