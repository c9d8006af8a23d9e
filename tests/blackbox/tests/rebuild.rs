//! Views and lake are made from the log, and from nothing else: thrown away and made again they give the same bytes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use blackbox::{Backend, Instance, Server, promises};
use domain::Date;
use eventlog::clock::SystemClock;
use serde_json::{Value, json};
use synthetic::{Plan, World};

/// The round that the demo closes: its report is defined by the minute at which that was done, too.
const CLOSED_BY_HAND: &str = "Arbetsdagen, utan namn";
/// The year that the demo makes up too.
const YEAR: i32 = 2025;

fn plan(people: u32, statements: u64) -> Plan {
    Plan { people, statements, seed: 7, year: YEAR }
}

/// Fills an instance as the demo does, and serves it.
async fn fill(instance: &Instance, plan: &Plan) -> Server {
    instance.demo(plan.people, plan.statements, plan.seed).unwrap();
    instance.start().await.unwrap()
}

/// What each report is asked for with.
fn questions(plan: &Plan) -> Vec<Vec<String>> {
    let (world, today) = (World::new(plan), Date::in_sweden(SystemClock::shared().now()));
    let rounds = world.rounds().rounds.into_iter();
    let today =
        [World::staff, World::guardians, World::guardians_again].map(|asked| asked(&world, today).round);
    let rounds = rounds.chain(today);
    let mut all = vec![vec!["competence".to_owned()]];
    all.extend(rounds.map(|round| vec!["survey".to_owned(), "--round".to_owned(), round.id]));
    assert!(all.len() > 5, "there are rounds to report on");
    all
}

/// Every report in these forms, by what was asked.
fn reports(
    instance: &Instance,
    plan: &Plan,
    forms: &[(&str, &str)],
    more: &[&str],
) -> BTreeMap<String, Vec<u8>> {
    let file = instance.beside("report");
    let mut all = BTreeMap::new();
    for question in questions(plan) {
        for (format, lang) in forms {
            let mut words = vec!["report"];
            words.extend(question.iter().map(String::as_str));
            words.extend(["--format", format, "--lang", lang, "--output", file.to_str().unwrap()]);
            words.extend(more);
            let output = instance.run(&words).unwrap();
            assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
            all.insert(words.join(" "), std::fs::read(&file).unwrap());
            std::fs::remove_file(&file).unwrap();
        }
    }
    all
}

const EVERY_FORM: [(&str, &str); 9] = [
    ("html", "sv"),
    ("html", "en"),
    ("xlsx", "sv"),
    ("xlsx", "en"),
    ("csv", "sv"),
    ("csv", "en"),
    ("parquet", "sv"),
    ("json", "sv"),
    ("json", "en"),
];

/// The reports' figures alone, as JSON without what says how far the log had come.
fn figures(reports: &BTreeMap<String, Vec<u8>>) -> Vec<Value> {
    let without = |text: &Vec<u8>| {
        let mut report: Value = serde_json::from_slice(text).unwrap();
        let identity = report["identity"].as_object_mut().unwrap();
        identity.remove("position");
        identity.remove("horizon");
        assert!(report["sections"].as_array().is_some_and(|sections| !sections.is_empty()));
        report
    };
    reports.values().map(without).collect()
}

/// What several queries find, each statement as it is given.
async fn answers(server: &Server) -> Vec<Vec<Value>> {
    let some = server.get(&[("limit", "40")]).await.unwrap().json::<Value>().await.unwrap();
    let mut queries: Vec<Vec<(&str, String)>> = vec![vec![]];
    for statement in some["statements"].as_array().unwrap().iter().step_by(8) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let actor = ("agent", statement["actor"].to_string());
        let activity = ("activity", text(&statement["object"]["id"]));
        queries.push(vec![actor.clone()]);
        queries.push(vec![actor.clone(), ("verb", text(&statement["verb"]["id"]))]);
        queries.push(vec![actor, ("related_agents", "true".into()), ("ascending", "true".into())]);
        queries.push(vec![activity.clone()]);
        queries.push(vec![activity, ("related_activities", "true".into())]);
        if let Some(registration) = statement["context"]["registration"].as_str() {
            queries.push(vec![("registration", registration.to_owned())]);
        }
    }
    let mut all = Vec::new();
    for query in queries {
        let pairs: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        all.push(server.list(&pairs).await.unwrap());
    }
    assert!(all.iter().all(|found| !found.is_empty()));
    all
}

/// Throws away everything that can be made again.
async fn throw_away(instance: &Instance) {
    let index = "DELETE FROM statement_term; DELETE FROM statement_reference; DELETE FROM statement_voided;";
    instance.execute(index).await.unwrap();
    std::fs::remove_dir_all(instance.folder().join("lake")).unwrap();
    match instance.backend() {
        Backend::Sqlite => {
            let entries = std::fs::read_dir(instance.folder()).unwrap().map(|entry| entry.unwrap());
            let views: Vec<_> =
                entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("views.")).collect();
            assert!(views.len() >= 3, "the registry, and a place for each projection");
            views.iter().for_each(|entry| std::fs::remove_file(entry.path()).unwrap());
        }
        Backend::Postgres => {
            let all = "DO $$ DECLARE name text; BEGIN FOR name IN SELECT nspname FROM pg_namespace \
                WHERE nspname LIKE 'views%' LOOP EXECUTE format('DROP SCHEMA %I CASCADE', name); END LOOP; END $$";
            instance.execute(all).await.unwrap();
        }
    }
}

promises! {
    async fn reports_and_answers_are_the_same_bytes_after_everything_was_made_again(instance) {
        let plan = plan(200, 4000);
        let mut server = fill(&instance, &plan).await;
        server.settled().await.unwrap();
        let before = reports(&instance, &plan, &EVERY_FORM, &[]);
        let found = answers(&server).await;
        assert!(server.stop().unwrap().success());

        throw_away(&instance).await;
        let rebuilt = instance.run_json(&["rebuild"]).unwrap();
        let position = rebuilt["position"].as_i64().unwrap();
        assert_eq!(position, instance.sound().await.unwrap());
        let mut server = instance.restart(&server).await.unwrap();
        for (asked, after) in &reports(&instance, &plan, &EVERY_FORM, &[]) {
            assert!(before[asked] == *after, "{asked} differs");
        }
        assert!(found == answers(&server).await, "queries answer differently");

        // Somebody is erased: the figures stay, at the position of before and at the end of the log.
        let json = [("json", "sv")];
        let at = position.to_string();
        let figures_before = figures(&reports(&instance, &plan, &json, &["--at", &at]));
        let somebody = found[0].iter().find(|one| one["verb"]["id"].as_str().unwrap().ends_with("answered")).unwrap();
        let somebody = json!({ "account": somebody["actor"]["account"] }).to_string();
        assert!(!server.ids(&[("agent", &somebody)]).await.unwrap().is_empty());
        instance.run_json_with(&["erase", "--agent", "-"], Some(&somebody)).unwrap();
        assert_eq!(server.ids(&[("agent", &somebody)]).await.unwrap(), [""; 0]);
        assert!(figures(&reports(&instance, &plan, &json, &["--at", &at])) == figures_before);
        let erased = reports(&instance, &plan, &json, &[]);
        assert!(figures(&erased) == figures_before);
        let found = answers(&server).await;
        assert!(server.stop().unwrap().success());

        throw_away(&instance).await;
        instance.run_json(&["rebuild"]).unwrap();
        assert!(figures(&reports(&instance, &plan, &json, &["--at", &at])) == figures_before);
        for (asked, after) in &reports(&instance, &plan, &json, &[]) {
            assert!(erased[asked] == *after, "{asked} differs");
        }
        let server = instance.restart(&server).await.unwrap();
        assert!(found == answers(&server).await, "queries answer differently");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_seed_gives_the_same_figures_on_either_database() {
    let plan = plan(80, 900);
    let mut all = Vec::new();
    for backend in blackbox::BACKENDS {
        let instance = Instance::fresh(backend).await.unwrap();
        let server = fill(&instance, &plan).await;
        let mut found = figures(&reports(&instance, &plan, &[("json", "sv")], &[]));
        let by_hand = found.iter_mut().filter(|report| report["title"]["sv"] == CLOSED_BY_HAND);
        let identities = by_hand.map(|report| report["identity"].as_object_mut().unwrap());
        assert_eq!(identities.filter_map(|identity| identity.remove("definition")).count(), 1);
        all.push(found);
        drop(server);
    }
    assert!(all[0] == all[1]);
}
