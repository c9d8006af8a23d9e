//! Reports by role: a preset switches them on, by command and in ordered reports, in every form, on both databases.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use blackbox::{Instance, grouped, promises, until};
use reqwest::Method;
use serde_json::{Value, json};
use synthetic::{Plan, World};

/// A round of which much is shown.
const ROUND: &str = "digital-sjalvskattning-2026-04";

/// What a command writes.
fn written(instance: &Instance, words: &[&str], preset: &str, form: &str, lang: &str) -> Vec<u8> {
    let more = ["--preset", preset, "--format", form, "--lang", lang, "--output", "-"];
    let output = instance.run(&[&["report"], words, &more].concat()).unwrap();
    assert!(
        output.status.success(),
        "{words:?} {preset} {form}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

fn exact(instance: &Instance, words: &[&str], preset: &str) -> Value {
    serde_json::from_slice(&written(instance, words, preset, "json", "sv")).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

/// What is told of each group, by section, item and the group's code.
fn told(report: &Value, is_wanted: impl Fn(&str) -> bool) -> BTreeMap<[&str; 3], &Value> {
    let groups = list(&report["populations"]).iter();
    let wanted = groups.filter(|group| is_wanted(group["geometry"].as_str().unwrap()));
    let wanted: Vec<&str> = wanted.map(|group| group["code"].as_str().unwrap()).collect();
    let mut told = BTreeMap::new();
    for section in list(&report["sections"]) {
        for figure in list(&section["figures"]) {
            let key =
                [&section["id"], &figure["item"], &figure["population"]].map(|key| key.as_str().unwrap());
            if wanted.contains(&key[2]) {
                told.insert(key, figure);
            }
        }
    }
    told
}

promises! {
    async fn a_preset_shows_roles_beside_the_organisation_of_which_nothing_is_lost(instance) {
        instance.demo(200, 4000, 1).unwrap();
        // Beside the demo's rounds, of many small roles, one of three groups with few.
        let world = World::new(&Plan { people: 200, statements: 4000, seed: 1, year: 2025 });
        let organisation = serde_json::to_value(world.organisation()).unwrap();
        let asked = grouped::rounds(organisation["units"][0]["code"].as_str().unwrap());
        let mut server = instance.start().await.unwrap();
        grouped::answered(&server, &asked, &grouped::statements(&organisation, 1)).await.unwrap();
        server.stop().unwrap();
        let survey = ["survey", "--round", grouped::LATER];
        for words in [&["competence", "--since", "2026-01-15"][..], &survey, &["survey", "--round", ROUND]] {
            let (alone, both) = (exact(&instance, words, "default"), exact(&instance, words, "default-roles"));
            let is_unit = |family: &str| family == "tree";
            assert_eq!(told(&alone, |_| true), told(&alone, is_unit), "no roles without a preset that names them");
            let (own, beside) = (told(&alone, is_unit), told(&both, is_unit));
            assert!(!own.is_empty() && own == beside, "{words:?}");
            let of_whole = told(&both, |family| family == "municipality_role");
            let shown = of_whole.values().filter(|figure| figure["shown"] == "full").count();
            assert!(shown < of_whole.len() && (shown > 0 || words[words.len() - 1] == ROUND), "{words:?}: {shown}");
            assert!(!told(&both, |family| family == "area_role").is_empty(), "{words:?}");
            assert_ne!(alone["identity"]["definition"], both["identity"]["definition"]);
            // Nobody is told of whom the gate has to know.
            assert!(told(&both, |family| family == "kind").is_empty());
        }
        // A target of principals is held against principals alone.
        let both = exact(&instance, &["competence"], "default-roles");
        let own = told(&both, |_| true).into_keys().filter(|key| key[1] == "4.1/Rektor").map(|key| key[2]);
        let own: Vec<&str> = own.collect();
        assert!(!own.is_empty() && own.iter().all(|group| group.ends_with("/Rektor")), "{own:?}");

        for (lang, whole, area) in [("sv", "Kommun och roll", "Område och roll"), ("en", "Municipality and role", "Area and role")] {
            let page = String::from_utf8(written(&instance, &survey, "gavle-roles", "html", lang)).unwrap();
            assert!(page.contains(&format!(">{whole}</h2>")) && page.contains(&format!(">{area}</h2>")), "{lang}");
            let plain = String::from_utf8(written(&instance, &survey, "gavle", "html", lang)).unwrap();
            assert!(!plain.contains(whole) && !plain.contains(area), "{lang}");
            let table = String::from_utf8(written(&instance, &survey, "gavle-roles", "csv", lang)).unwrap();
            assert!(table.contains("/Lärare") && table.lines().any(|line| line.contains("role")), "{lang}");
            assert!(written(&instance, &survey, "gavle-roles", "xlsx", lang).starts_with(b"PK"));
        }
        assert!(written(&instance, &survey, "gavle-roles", "parquet", "sv").starts_with(b"PAR1"));
        let weighted = [&survey[..], &["--weights", "role"]].concat();
        let weighted = String::from_utf8(written(&instance, &weighted, "gavle-roles", "csv", "en")).unwrap();
        assert!(weighted.contains("(weighted_positive)"));
        let refused = instance.run(&["report", "competence", "--preset", "none"]).unwrap();
        assert!(String::from_utf8_lossy(&refused.stderr).contains("gavle-roles or default-roles"));
    }

    async fn an_ordered_report_with_roles_is_what_the_command_writes(instance) {
        instance.demo(200, 4000, 1).unwrap();
        let server = instance.start().await.unwrap();
        server.settled().await.unwrap();
        let definition = "report = \"competence\"\npreset = \"default-roles\"\n";
        let asked = server.api(Method::POST, "ordered-reports").json(&json!({ "name": "roller", "definition": definition }));
        let ordered: Value = asked.send().await.unwrap().json().await.unwrap();
        let id = ordered["id"].as_str().unwrap();
        until("the report is made", async || {
            let listed: Value = server.api(Method::GET, "ordered-reports").send().await.unwrap().json().await.unwrap();
            (listed["reports"][0]["stage"] == "made").then_some(())
        }).await;
        let file = server.api(Method::GET, &format!("ordered-reports/{id}/file?format=json"));
        let made: Value = file.send().await.unwrap().json().await.unwrap();
        let of_roles = told(&made, |family| family == "municipality_role");
        assert!(of_roles.values().any(|figure| figure["shown"] == "full"), "{}", of_roles.len());
        let at = made["identity"]["position"].to_string();
        let as_of = made["identity"]["as_of"].as_str().unwrap();
        let written = exact(&instance, &["competence", "--at", &at, "--as-of", as_of], "default-roles");
        assert_eq!(made["sections"], written["sections"]);
    }
}
