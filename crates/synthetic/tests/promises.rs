//! What the made-up municipality promises to those who use it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};
use synthetic::{Plan, World};

const SMALL: Plan = Plan { people: 200, statements: 4_000, seed: 1, year: 2024 };

fn parsed(world: &World) -> Vec<Value> {
    world.statements().map(|text| serde_json::from_str(&text).unwrap()).collect()
}

fn hash(plan: &Plan) -> String {
    let world = World::new(plan);
    let mut hash = Sha256::new();
    for body in [
        serde_json::to_vec(&world.organisation()),
        serde_json::to_vec(&world.courses()),
        serde_json::to_vec(&world.surveys()),
        serde_json::to_vec(&world.rounds()),
    ] {
        hash.update(body.unwrap());
    }
    for statement in world.statements() {
        hash.update(statement);
        hash.update("\n");
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn verb(statement: &Value) -> &str {
    statement["verb"]["id"].as_str().unwrap().rsplit('/').next().unwrap()
}

fn instant(statement: &Value) -> i64 {
    chrono::DateTime::parse_from_rfc3339(statement["timestamp"].as_str().unwrap()).unwrap().timestamp_millis()
}

#[test]
fn every_statement_is_valid_in_both_versions() {
    let limits = xapi::parse::Limits::default();
    for statement in World::new(&SMALL).statements() {
        for version in [xapi::Version::V1_0_3, xapi::Version::V2_0_0] {
            let read = xapi::parse::statement(statement.as_bytes(), version, &limits);
            let read = read.unwrap_or_else(|invalid| panic!("{invalid}: {statement}"));
            assert!(read.id.is_some() && read.timestamp.is_some() && read.version.is_none());
            assert_eq!(read.text, statement);
        }
    }
}

#[test]
fn ids_are_unique_times_ascend_and_the_count_is_exact() {
    for (people, statements) in [(200, 4_000), (10, 0), (10, 7), (25, 3_000), (40, 60)] {
        let plan = Plan { people, statements, ..SMALL };
        let statements = parsed(&World::new(&plan));
        assert_eq!(statements.len() as u64, plan.statements);
        let ids: BTreeSet<&str> = statements.iter().map(|s| s["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), statements.len());
        assert!(statements.windows(2).all(|pair| instant(&pair[0]) <= instant(&pair[1])));
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    assert_eq!(hash(&SMALL), hash(&SMALL));
    assert_ne!(hash(&SMALL), hash(&Plan { seed: 2, ..SMALL }));
}

/// Bytes are a promise across platforms and versions too; whoever changes the content renews the hash.
#[test]
fn the_bytes_are_those_that_were_written_down() {
    assert_eq!(hash(&SMALL), include_str!("small.sha256").trim());
}

#[test]
fn the_four_ways_in_accept_what_they_are_given() {
    for people in [10, 200, 1_500] {
        let world = World::new(&Plan { people, ..SMALL });
        world.organisation().validate().unwrap();
        world.courses().validate().unwrap();
        world.surveys().validate().unwrap();
        world.rounds().validate().unwrap();
    }
}

#[test]
fn no_text_contains_anything_like_a_personal_number() {
    let world = World::new(&SMALL);
    let mut texts: Vec<String> = world.statements().collect();
    texts.push(serde_json::to_string(&world.organisation()).unwrap());
    for text in texts {
        let mut run = 0;
        for (at, byte) in text.bytes().enumerate() {
            // Digits, with at most one hyphen among them where a personal number has its own.
            let hyphen = byte == b'-' && matches!(run, 6 | 8);
            run = if byte.is_ascii_digit() {
                run + 1
            } else if hyphen {
                run
            } else {
                0
            };
            assert!(run < 10, "{}", &text[at.saturating_sub(30)..=at]);
        }
    }
}

#[test]
fn every_competence_has_demonstrated_and_self_assessed_evidence() {
    for plan in [SMALL, Plan { people: 1_500, statements: 50_000, ..SMALL }] {
        let world = World::new(&plan);
        let courses = world.courses();
        let mut rules: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for rule in &courses.rules {
            rules.entry(&rule.activity).or_default().push(&rule.competence);
        }
        let mut copies: BTreeMap<&str, &str> = BTreeMap::new();
        for part in courses.courses.iter().flat_map(|course| &course.activities) {
            if let Some(origin) = &part.copy_of {
                copies.insert(&part.id, origin);
            }
        }
        let surveys = world.surveys();
        let feeds: BTreeMap<&str, &str> = surveys
            .surveys
            .iter()
            .flat_map(|survey| &survey.items)
            .filter_map(|item| Some((item.activity.as_str(), item.feeds.as_ref()?.competence.as_str())))
            .collect();
        let (mut shown, mut felt) = (BTreeSet::new(), BTreeMap::<&str, u32>::new());
        for statement in parsed(&world) {
            let mut object = statement["object"]["id"].as_str().unwrap_or_default().to_owned();
            while let Some(origin) = copies.get(object.as_str()) {
                object = (*origin).to_owned();
            }
            match verb(&statement) {
                "passed" => shown.extend(rules.get(object.as_str()).into_iter().flatten().copied()),
                "answered" => {
                    if let Some(competence) = feeds.get(object.as_str()) {
                        *felt.entry(competence).or_default() += 1;
                    }
                }
                _ => {}
            }
        }
        assert_eq!(shown.len(), 21, "{shown:?}");
        assert_eq!(felt.len(), 21);
        assert!(felt.values().all(|count| *count >= 40), "{felt:?}");
    }
}

/// Who answered a round, by unit of the first duty, and how many were there to be asked.
fn answers_by_unit(world: &World, survey: &str) -> BTreeMap<String, (usize, usize)> {
    let organisation = world.organisation();
    let mut units = BTreeMap::new();
    let mut by_unit: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for person in organisation.persons.iter().filter(|person| !person.duties.is_empty()) {
        let unit = person.duties[0].unit.clone();
        by_unit.entry(unit.clone()).or_default().1 += 1;
        for agent in &person.agents {
            let name = agent.account.as_ref().map(|account| &account.name).or(agent.mbox.as_ref());
            units.insert(name.unwrap().clone(), unit.clone());
        }
    }
    let rounds = world.rounds().rounds;
    let round = rounds.iter().find(|round| round.survey.ends_with(survey)).unwrap();
    let mut answered = BTreeSet::new();
    for statement in parsed(world) {
        if statement["context"]["registration"] == round.registration.as_str() {
            let actor = &statement["actor"];
            let name = actor["account"]["name"].as_str().or(actor["mbox"].as_str()).unwrap().to_owned();
            if answered.insert(name.clone()) {
                by_unit.get_mut(&units[&name]).unwrap().0 += 1;
            }
        }
    }
    by_unit
}

#[test]
fn most_units_can_be_reported_and_a_few_fall_below_the_thresholds() {
    let world = World::new(&Plan { people: 1_500, statements: 50_000, ..SMALL });
    for survey in ["digital-sjalvskattning", "digitala-arbetsdagen"] {
        let units = answers_by_unit(&world, survey);
        let large: Vec<_> = units.values().filter(|(_, asked)| *asked >= 8).collect();
        let below = large.iter().filter(|(n, asked)| *n < 10 || n * 100 <= asked * 35).count();
        assert!(below >= 3, "{below} of {}", large.len());
        assert!(below * 2 <= large.len(), "{below} of {}", large.len());
    }
}

#[test]
fn self_assessment_rises_from_autumn_to_spring_and_goes_with_quiz_results() {
    let world = World::new(&Plan { people: 1_500, statements: 50_000, ..SMALL });
    let surveys = world.surveys();
    let levels = &surveys.surveys[0].items[0].feeds.as_ref().unwrap().levels;
    let rounds = world.rounds().rounds;
    let registrations: Vec<&str> = rounds
        .iter()
        .filter(|round| round.survey.ends_with("digital-sjalvskattning"))
        .map(|round| round.registration.as_str())
        .collect();
    let mut sums = [(0_u64, 0_u64); 2];
    let mut felt: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut scored: BTreeMap<String, (f64, u64)> = BTreeMap::new();
    for statement in parsed(&world) {
        let actor = statement["actor"]["account"]["name"].as_str().unwrap_or_default().to_owned();
        if let Some(scaled) = statement["result"]["score"]["scaled"].as_f64() {
            let entry = scored.entry(actor.clone()).or_default();
            *entry = (entry.0 + scaled, entry.1 + 1);
        }
        let registration = statement["context"]["registration"].as_str().unwrap_or_default();
        let Some(round) = registrations.iter().position(|known| *known == registration) else { continue };
        if let Some(level) = levels.get(statement["result"]["response"].as_str().unwrap()) {
            sums[round] = (sums[round].0 + u64::from(*level), sums[round].1 + 1);
            let entry = felt.entry(actor).or_default();
            *entry = (entry.0 + u64::from(*level), entry.1 + 1);
        }
    }
    let mean = |(sum, count): (u64, u64)| sum as f64 / count as f64;
    assert!(mean(sums[1]) > mean(sums[0]) + 0.1, "{sums:?}");
    let pairs: Vec<(f64, f64)> = felt
        .iter()
        .filter_map(|(actor, felt)| {
            let (sum, count) = scored.get(actor).filter(|(_, count)| *count >= 3)?;
            Some((mean(*felt), sum / *count as f64))
        })
        .collect();
    let correlation = correlation(&pairs);
    assert!((0.2..0.9).contains(&correlation), "{correlation} of {}", pairs.len());
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let (mx, my) = (pairs.iter().map(|p| p.0).sum::<f64>() / n, pairs.iter().map(|p| p.1).sum::<f64>() / n);
    let sum = |f: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(f).sum::<f64>();
    let covariance = sum(&|p| (p.0 - mx) * (p.1 - my));
    covariance / (sum(&|p| (p.0 - mx).powi(2)) * sum(&|p| (p.1 - my).powi(2))).sqrt()
}

#[test]
fn there_is_something_of_everything_that_reports_and_queries_must_bear() {
    let world = World::new(&Plan { people: 1_500, statements: 50_000, ..SMALL });
    let organisation = world.organisation();
    let employees = organisation.persons.iter().filter(|person| !person.duties.is_empty()).count();
    assert_eq!((employees, organisation.persons.len()), (900, 1_500));
    assert!(organisation.persons.iter().any(|person| person.protected));
    let two_units = |person: &&domain::input::PersonInput| person.duties.len() > 1;
    assert!((20..150).contains(&organisation.persons.iter().filter(two_units).count()));
    let leaves = |person: &&domain::input::PersonInput| person.duties.iter().all(|duty| duty.to.is_some());
    assert!(organisation.persons.iter().filter(|p| !p.duties.is_empty()).filter(leaves).count() > 20);
    assert!(organisation.groups.len() > 20);

    let statements = parsed(&world);
    let times: BTreeMap<&str, i64> =
        statements.iter().map(|s| (s["id"].as_str().unwrap(), instant(s))).collect();
    let mut seen = BTreeMap::<&str, u32>::new();
    let mut bytes = 0;
    for statement in &statements {
        *seen.entry(verb(statement)).or_default() += 1;
        for what in ["instructor", "team"] {
            if statement["context"][what].is_object() {
                *seen.entry(if what == "team" { "team" } else { "instructor" }).or_default() += 1;
            }
        }
        if statement["object"]["objectType"] == "StatementRef" {
            let target = times[statement["object"]["id"].as_str().unwrap()];
            assert!(target < instant(statement), "a reference before what it refers to");
        }
        bytes += statement.to_string().len();
    }
    for what in [
        "initialized",
        "experienced",
        "progressed",
        "attempted",
        "completed",
        "passed",
        "failed",
        "terminated",
        "answered",
        "voided",
        "commented",
        "instructor",
        "team",
    ] {
        assert!(seen.get(what).is_some_and(|count| *count >= 20), "{what}: {seen:?}");
    }
    let mean = bytes / statements.len();
    assert!((1_000..1_500).contains(&mean), "{mean} bytes a statement");
    let named: BTreeSet<&str> = statements.iter().filter_map(|s| s["actor"]["name"].as_str()).collect();
    assert!(named.len() > 500);
}

#[test]
fn protected_people_are_named_in_no_statement() {
    let world = World::new(&Plan { people: 400, statements: 8_000, ..SMALL });
    let organisation = world.organisation();
    let protected: BTreeSet<&str> = organisation
        .persons
        .iter()
        .filter(|person| person.protected)
        .filter_map(|person| person.agents[0].account.as_ref())
        .map(|account| account.name.as_str())
        .collect();
    assert!(!protected.is_empty());
    let mut met = 0;
    for statement in parsed(&world) {
        for agent in [&statement["actor"], &statement["context"]["instructor"]] {
            if agent["account"]["name"].as_str().is_some_and(|name| protected.contains(name)) {
                met += 1;
                assert!(agent.get("name").is_none());
            }
        }
    }
    assert!(met > 0);
}
