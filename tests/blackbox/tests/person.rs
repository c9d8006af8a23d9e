//! A person is told their own levels, and why.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::{Backend, Instance};
use synthetic::{Plan, World};

const PEOPLE: u32 = 200;
const STATEMENTS: u64 = 4_000;
const SEED: u64 = 3;

#[tokio::test]
async fn a_person_gets_each_level_with_its_rule_and_its_evidence() {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    instance.demo(PEOPLE, STATEMENTS, SEED).unwrap();
    let world = World::new(&Plan { people: PEOPLE, statements: STATEMENTS, seed: SEED, year: 2025 });
    let people = world.organisation().persons;
    let words = ["person", "--as-of", "2026-06-30", "--agent", "-"];
    let told = people.iter().find_map(|person| {
        let agent = serde_json::to_string(&person.agents[0]).unwrap();
        let told = instance.run_json_with(&words, Some(&agent)).ok()?;
        let levels = told["competences"].as_array()?;
        levels.iter().find(|level| level["kind"] == "demonstrated" && level["state"] == "level").cloned()
    });
    let level = told.unwrap();
    assert!(level["rule"]["sv"].as_str().unwrap().contains("tusendelar"));
    assert!(level["level"][0].as_u64() <= level["level"][1].as_u64());
    let evidence = level["evidence"].as_array().unwrap();
    let weight: u64 =
        evidence.iter().filter(|e| e["counts"] == true).map(|e| e["weight"].as_u64().unwrap()).sum();
    assert!(weight >= 1000, "{level}");
    for piece in evidence {
        assert!(piece["activity"].is_string() && piece["observed"].is_string(), "{piece}");
        assert!(piece.get("valid_until").is_some(), "{piece}");
    }
    let nobody = r#"{ "mbox": "mailto:nobody@larkby.example" }"#;
    let refused = instance.run_json_with(&words, Some(nobody)).unwrap_err().to_string();
    assert!(!refused.contains("nobody@"), "{refused}");
}
