//! The figures of the demo's reports, worked out anew by a program that shares nothing with ours but what was posted
//! (`tests/figures.py`: pandas, scipy, statsmodels).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;

use blackbox::boxed::{Boxed, add, today};
use blackbox::{Backend, Instance, grouped, python};
use synthetic::{Plan, World};

/// As many people as it takes for schools of which something is shown and something is not.
const PEOPLE: u32 = 500;
const STATEMENTS: u64 = 18_000;
const SEED: u64 = 3;

#[tokio::test]
async fn another_program_finds_the_figures_of_the_demos_reports() {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    instance.demo(PEOPLE, STATEMENTS, SEED).unwrap();
    let data = instance.folder();

    let plan = Plan { people: PEOPLE, statements: STATEMENTS, seed: SEED, year: 2025 };
    let world = World::new(&plan);
    let write = |name: &str, text: String| fs::write(data.join(name), text).unwrap();
    write("organisation.json", serde_json::to_string(&world.organisation()).unwrap());
    write("courses.json", serde_json::to_string(&world.courses()).unwrap());
    let organisation = serde_json::to_value(world.organisation()).unwrap();
    let mut surveys = serde_json::to_value(world.surveys()).unwrap();
    surveys["surveys"].as_array_mut().unwrap().push(grouped::surveys()["surveys"][0].clone());
    write("surveys.json", surveys.to_string());
    let mut rounds = serde_json::to_value(world.rounds()).unwrap();
    let today = today(&instance, &world).await.unwrap();
    rounds["rounds"].as_array_mut().unwrap().extend(today);
    // One with groups of respondents, by statements and from a ballot box.
    let asked = grouped::rounds(organisation["units"][0]["code"].as_str().unwrap());
    let said = grouped::statements(&organisation, SEED);
    let mut server = instance.start().await.unwrap();
    grouped::answered(&server, &asked, &said).await.unwrap();
    server.stop().unwrap();
    rounds["rounds"].as_array_mut().unwrap().extend(asked["rounds"].as_array().unwrap().iter().cloned());
    let boxed = Boxed {
        like: grouped::ROUND.into(),
        id: "grupper-i-valurnan".into(),
        days: ["2026-04-07".into(), "2026-04-20".into()],
        registration: [98; 16],
    };
    let round = add(&instance, &boxed, &rounds, SEED).await.unwrap();
    rounds["rounds"].as_array_mut().unwrap().push(round);
    write("rounds.json", rounds.to_string());
    let said = said.iter().map(|statement| statement.to_string());
    write("statements.jsonl", world.statements().chain(said).map(|statement| statement + "\n").collect());

    let since = data.join("reports/competence-since.json");
    let words = ["report", "competence", "--format", "json", "--since", "2026-01-15", "--output"];
    instance.run(&[&words[..], &[since.to_str().unwrap()]].concat()).unwrap();

    for round in rounds["rounds"].as_array().unwrap() {
        let id = round["id"].as_str().unwrap();
        let weighted = data.join(format!("reports/weighted-{}.json", id.replace('/', "-")));
        let words = ["report", "survey", "--round", id, "--weights", "unit", "--format", "json", "--output"];
        instance.run(&[&words[..], &[weighted.to_str().unwrap()]].concat()).unwrap();
    }

    let told = python::says(python::script("figures.py").arg(&data)).unwrap();
    // Nothing is right because nothing was looked at.
    for kind in [
        "counts",
        "interval of a share",
        "interval of a mean",
        "alpha",
        "weighted_positive",
        "weighted_mean",
        "design_effect",
        "share_change",
        "hedges_g",
        "d_av",
        "coverage",
        "bands",
        "levels",
        "crosses",
        "types",
        "at_target",
        "bounds of a share at the target",
        "figures of strata",
        "choices",
        "interval of a choice",
        "mean place",
        "weighted share of a choice",
        "weighted mean place",
        "change of a choice",
        "change of a mean place",
        "choices of the same people",
        "change of a choice of the same people",
        "change of places of the same people",
        "group stod",
        "group larare",
        "people since",
        "bands of the same people",
    ] {
        assert!(told.lines().any(|line| line.ends_with(&format!(" of {kind}"))), "no {kind}: {told}");
    }
}
