//! What the made-up municipality promises to those who use it.
#![allow(clippy::unwrap_used)]

mod year;

use std::collections::{BTreeMap, BTreeSet};

use domain::input::RoundsInput;
use sha2::{Digest, Sha256};
use synthetic::{Plan, World};
use year::{SMALL, SMALL_YEAR, USUAL_YEAR, Year};

fn hash_statements(world: &World) -> String {
    let mut hash = Sha256::new();
    for statement in world.statements() {
        hash.update(statement);
        hash.update("\n");
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The four bodies, and the hash of the statements.
fn everything(plan: &Plan) -> [String; 5] {
    let world = World::new(plan);
    [
        serde_json::to_string(&world.organisation()).unwrap(),
        serde_json::to_string(&world.courses()).unwrap(),
        serde_json::to_string(&world.surveys()).unwrap(),
        serde_json::to_string(&world.rounds()).unwrap(),
        hash_statements(&world),
    ]
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
    let plan = |seed, people, statements| Plan { people, statements, seed, year: 2024 };
    let tiny = (0..20).map(|seed| plan(seed, 10, 400));
    let odd = [plan(1, 10, 0), plan(1, 0, 7), plan(1, 25, 3_000), plan(1, 40, 60), SMALL];
    for plan in tiny.chain(odd) {
        let statements = Year::new(&plan).statements;
        assert_eq!(statements.len() as u64, plan.statements, "{plan:?}");
        let ids: BTreeSet<&str> = statements.iter().map(|read| read.id.as_str()).collect();
        assert_eq!(ids.len(), statements.len());
        assert!(statements.windows(2).all(|pair| pair[0].timestamp <= pair[1].timestamp));
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let first = everything(&SMALL);
    assert_eq!(first, everything(&SMALL));
    let other = everything(&Plan { seed: 2, ..SMALL });
    for (at, what) in ["organisation", "courses", "surveys", "rounds", "statements"].into_iter().enumerate() {
        // What is asked does not depend on chance.
        assert_eq!(first[at] == other[at], what == "surveys", "{what}");
    }
}

/// Bytes are a promise across platforms and versions too; whoever changes the content renews the hash.
#[test]
fn the_statements_are_those_that_were_written_down() {
    assert_eq!(hash_statements(&World::new(&SMALL)), include_str!("small.sha256").trim());
}

#[test]
fn the_four_ways_in_accept_what_they_are_given() {
    for people in [10, 200, 1_500] {
        let world = World::new(&Plan { people, ..SMALL });
        world.organisation().validate().unwrap();
        world.courses().validate().unwrap();
        world.surveys().register().unwrap();
        let today = "2026-11-30".parse().unwrap();
        let asked =
            [World::staff, World::guardians, World::guardians_again].map(|asked| asked(&world, today).round);
        let rounds = world.rounds().rounds.into_iter().chain(asked).collect();
        RoundsInput { rounds }.validate().unwrap();
    }
}

#[test]
fn what_is_filled_in_on_the_pages_is_the_same_for_a_seed_on_every_day_and_every_question_is_answered() {
    let world = World::new(&SMALL);
    for asked in [World::staff, World::guardians, World::guardians_again] {
        let sheets = asked(&world, "2026-11-30".parse().unwrap()).sheets;
        assert_eq!(sheets, asked(&World::new(&SMALL), "2027-01-15".parse().unwrap()).sheets);
        assert!(!sheets.is_empty());
        assert!(sheets.iter().all(|sheet| sheet.answers.len() == sheets[0].answers.len()));
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
            run = match byte.is_ascii_digit() {
                true => run + 1,
                false if hyphen => run,
                false => 0,
            };
            assert!(run < 10, "{:?}", text.get(at.saturating_sub(30)..=at));
        }
    }
}

#[test]
fn every_competence_has_demonstrated_and_self_assessed_evidence() {
    for Year { world, statements, .. } in [&*SMALL_YEAR, &*USUAL_YEAR] {
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
        let surveys = world.surveys().register().unwrap();
        let feeds: BTreeMap<&str, &str> = surveys
            .surveys
            .iter()
            .flat_map(|survey| &survey.facts.items)
            .filter_map(|item| Some((item.activity.as_str(), item.feeds.as_ref()?.competence.as_str())))
            .collect();
        let (mut shown, mut felt) = (BTreeSet::new(), BTreeMap::<&str, u32>::new());
        for statement in statements {
            let mut object = statement.object.id.as_str();
            while let Some(origin) = copies.get(object) {
                object = origin;
            }
            match statement.verb() {
                "passed" => shown.extend(rules.get(object).into_iter().flatten().copied()),
                "answered" => {
                    if let Some(competence) = feeds.get(object) {
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
fn answers_by_unit(Year { world, statements, .. }: &Year, survey: &str) -> BTreeMap<String, (usize, usize)> {
    let organisation = world.organisation();
    let mut units = BTreeMap::new();
    let mut by_unit: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for person in organisation.persons.iter().filter(|person| !person.duties.is_empty()) {
        let unit = person.duties[0].unit.clone();
        by_unit.entry(unit.clone()).or_default().1 += 1;
        for agent in &person.agents {
            let key = agent.account.as_ref().map(|account| &account.name).or(agent.mbox.as_ref());
            units.insert(key.unwrap().clone(), unit.clone());
        }
    }
    let rounds = world.rounds().rounds;
    let round = rounds.iter().find(|round| round.survey.ends_with(survey)).unwrap();
    let mut answered = BTreeSet::new();
    for statement in
        statements.iter().filter(|read| Some(&read.context.registration) == round.registration.as_ref())
    {
        if answered.insert(statement.actor.key()) {
            by_unit.get_mut(&units[statement.actor.key()]).unwrap().0 += 1;
        }
    }
    by_unit
}

#[test]
fn most_units_can_be_reported_and_a_few_fall_below_the_thresholds() {
    for survey in ["digital-sjalvskattning", "digitala-arbetsdagen"] {
        let units = answers_by_unit(&USUAL_YEAR, survey);
        let large: Vec<_> = units.values().filter(|(_, asked)| *asked >= 8).collect();
        let below = large.iter().filter(|(n, asked)| *n < 10 || n * 100 <= asked * 35).count();
        assert!(below >= 3, "{below} of {}", large.len());
        assert!(below * 2 <= large.len(), "{below} of {}", large.len());
    }
}

#[test]
fn self_assessment_rises_from_autumn_to_spring_and_goes_with_quiz_results() {
    let Year { world, statements, .. } = &*USUAL_YEAR;
    let surveys = world.surveys().register().unwrap();
    let levels = &surveys.surveys[0].facts.items[0].feeds.as_ref().unwrap().levels;
    let rounds = world.rounds().rounds;
    let registrations: Vec<&str> = rounds
        .iter()
        .filter(|round| round.survey.ends_with("digital-sjalvskattning"))
        .filter_map(|round| round.registration.as_deref())
        .collect();
    let mut sums = [(0_u64, 0_u64); 2];
    let mut felt: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let mut scored: BTreeMap<&str, (f64, u64)> = BTreeMap::new();
    for statement in statements {
        let actor = statement.actor.key();
        if let Some(score) = &statement.result.score {
            let entry = scored.entry(actor).or_default();
            *entry = (entry.0 + score.scaled, entry.1 + 1);
        }
        let round = registrations.iter().position(|known| *known == statement.context.registration);
        let level = statement.result.response.as_ref().and_then(|code| levels.get(code));
        if let (Some(round), Some(level)) = (round, level) {
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
    let Year { world, statements, bytes } = &*USUAL_YEAR;
    let organisation = world.organisation();
    let employees: Vec<_> = organisation.persons.iter().filter(|person| !person.duties.is_empty()).collect();
    assert_eq!((employees.len(), organisation.persons.len()), (900, 1_500));
    assert!(organisation.persons.iter().any(|person| person.protected));
    assert!((20..150).contains(&employees.iter().filter(|person| person.duties.len() > 1).count()));
    let leaves = employees.iter().filter(|person| person.duties.iter().all(|duty| duty.to.is_some()));
    assert!(leaves.count() > 20);
    assert!(organisation.groups.len() > 20);

    let times: BTreeMap<&str, _> = statements.iter().map(|read| (read.id.as_str(), read.timestamp)).collect();
    let mut seen = BTreeMap::<&str, u32>::new();
    for statement in statements {
        *seen.entry(statement.verb()).or_default() += 1;
        *seen.entry("instructor").or_default() += u32::from(statement.context.instructor.is_some());
        *seen.entry("team").or_default() += u32::from(statement.context.team.is_some());
        if statement.object.kind == "StatementRef" {
            let target = times[statement.object.id.as_str()];
            assert!(target < statement.timestamp, "a reference before what it refers to");
        }
    }
    let verbs = ["initialized", "experienced", "progressed", "attempted", "completed", "passed", "failed"];
    for what in
        verbs.into_iter().chain(["terminated", "answered", "voided", "commented", "instructor", "team"])
    {
        assert!(seen.get(what).is_some_and(|count| *count >= 20), "{what}: {seen:?}");
    }
    let mean = bytes / statements.len();
    assert!((1_000..1_500).contains(&mean), "{mean} bytes a statement");
}

#[test]
fn protected_people_are_named_in_no_statement_and_others_are() {
    let Year { world, statements, .. } = &*USUAL_YEAR;
    let organisation = world.organisation();
    let protected: BTreeSet<&str> = organisation
        .persons
        .iter()
        .filter(|person| person.protected)
        .filter_map(|person| person.agents[0].account.as_ref())
        .map(|account| account.name.as_str())
        .collect();
    let (mut met, mut named) = (0, 0);
    for statement in statements {
        for agent in [Some(&statement.actor), statement.context.instructor.as_ref()].into_iter().flatten() {
            let is_protected = protected.contains(agent.key());
            assert_eq!(agent.name.is_none(), is_protected);
            met += u32::from(is_protected);
            named += u32::from(!is_protected);
        }
    }
    assert!(met > 0 && named > 0);
}
