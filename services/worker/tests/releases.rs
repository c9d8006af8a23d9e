//! Releases of a log, day by day and week by week: no two of them tell of a few people, whoever folds them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[macro_use]
mod world;

use disclosure::{Preset, Released, Shown};
use domain::competence::TypeSet;
use domain::events::{
    AgentErasedFacts, Code, CompetenceRulesFacts, CourseFacts, Duty, GuardianLink, Guardians, Origin,
    PersonFacts, RoundFacts, RoundGroup, RoundMode, RuleFacts, Scale, SurveyFacts, SurveyGroup, SurveyItem,
    UnitFacts,
};
use domain::statement::ObjectFacts;
use domain::{Facts as _, Text, verbs};
use eventlog::EventLog;
use worker::Worker;
use worker::reports::{Question, Request};
use world::{World, key};

const COURSES: [&str; 2] = ["https://larkby.example/kurser/a", "https://larkby.example/kurser/b"];
const SURVEY: &str = "https://larkby.example/enkater/e";
const QUESTION: &str = "https://larkby.example/enkater/e/1/hur";
/// What answers come with: those of the people who are asked, and guardians'.
const ROUND: [u8; 16] = [7; 16];
const GUARDIANS: [u8; 16] = [6; 16];

/// A school of teachers and one of assistants.
async fn town(world: &World, log: &EventLog) {
    let unit = |code: &str, kind: &str, parent: Option<&str>| {
        let (name, parent) = (code.to_owned(), parent.map(Into::into));
        UnitFacts { code: code.into(), name, kind: kind.into(), parent, school_unit_code: None }
    };
    let course = |id: &str| CourseFacts {
        id: id.into(),
        title: Text::new("Kurs", "Course"),
        origin: Origin::default(),
        mandatory_for: Vec::new(),
        activities: Vec::new(),
    };
    let rules = |id: &str, level: u8| {
        let rule = RuleFacts {
            competence: "1.1".into(),
            low: level,
            high: level,
            weight: 1_000,
            types: TypeSet::EMPTY,
            valid_months: None,
        };
        CompetenceRulesFacts { framework: "digcomp-3.0".into(), activity: id.into(), rules: vec![rule] }
    };
    let mut events = vec![
        unit("K", "huvudman", None).event(key(1_000_001)),
        unit("A", "skola", Some("K")).event(key(1_000_002)),
        unit("B", "skola", Some("K")).event(key(1_000_003)),
        course(COURSES[0]).event(key(1_000_004)),
        course(COURSES[1]).event(key(1_000_005)),
        rules(COURSES[0], 1).event(key(1_000_006)),
        rules(COURSES[1], 5).event(key(1_000_007)),
    ];
    events.extend((0..80).map(|number| person(number).event(key(1_001_000 + number))));
    world.adds(log, events).await;
}

/// Of every four people three teach at A, and one assists at B.
fn person(number: u32) -> PersonFacts {
    let (unit, role) = if number % 4 == 3 { ("B", "Assistent") } else { ("A", "Lärare") };
    let from = "2020-08-01".parse().unwrap();
    let duties = vec![Duty { unit: unit.into(), role: role.into(), from, to: None }];
    PersonFacts { person: key(number), agents: vec![key(number)], duties, enrolments: Vec::new() }
}

fn teachers() -> impl Iterator<Item = u32> {
    (0..80).filter(|number| number % 4 != 3)
}

fn assistants() -> impl Iterator<Item = u32> {
    (0..80).filter(|number| number % 4 == 3)
}

async fn pass(world: &World, log: &EventLog, people: impl Iterator<Item = u32>) {
    for person in people {
        let make = |facts: &mut domain::statement::StatementFacts| {
            facts.agents[0].1 = key(person);
            facts.verb = verbs::PASSED.into();
            facts.object = ObjectFacts::Activity(COURSES[person as usize / 4 % 2].into());
            facts.success = Some(true);
        };
        world.states(log, 2_000_000 + person, make).await;
    }
}

async fn answer(world: &World, log: &EventLog, people: impl Iterator<Item = u32>, code: &str) {
    answer_by(world, log, (people, ROUND), code).await;
}

async fn answer_by(
    world: &World,
    log: &EventLog,
    (people, registration): (impl Iterator<Item = u32>, [u8; 16]),
    code: &str,
) {
    for person in people {
        let make = |facts: &mut domain::statement::StatementFacts| {
            facts.agents[0].1 = key(person);
            facts.verb = verbs::ANSWERED.into();
            facts.object = ObjectFacts::Activity(QUESTION.into());
            facts.registration = Some(registration);
            facts.response = vec![code.into()];
        };
        world.states(log, 3_000_000 + person, make).await;
    }
}

/// A round from 16 to 18 June of these groups of respondents, each with its roles; who has none are the guardians of 60 pupils.
async fn round(world: &World, log: &EventLog, groups: &[(&str, &[&str])]) {
    let code = |code: &str, positive| Code {
        code: code.into(),
        label: Text::new(code, code),
        score: None,
        positive,
        dont_know: false,
    };
    let titled = |id: &str| SurveyGroup { id: id.into(), title: Text::new(id, id) };
    let survey = SurveyFacts {
        id: SURVEY.into(),
        version: "1".into(),
        title: Text::new("Enkät", "Survey"),
        definition_sha256: [8; 32],
        scales: vec![Scale { id: "s".into(), codes: vec![code("nej", false), code("ja", true)] }],
        items: vec![SurveyItem {
            name: "hur".into(),
            activity: QUESTION.into(),
            text: Text::new("Hur?", "How?"),
            scale: "s".into(),
            reverse: false,
            required: true,
            feeds: None,
            several: false,
            ranked: false,
            groups: Vec::new(),
        }],
        indexes: Vec::new(),
        instrument: None,
        question_set: None,
        groups: groups.iter().map(|(id, _)| titled(id)).collect(),
    };
    let named = |roles: &[&str]| roles.iter().map(|role| (*role).to_owned()).collect::<Vec<_>>();
    let links = vec![GuardianLink { unit: "A".into(), registration: GUARDIANS, pupils: Some(60) }];
    let guardians = Guardians { source: Some(Text::new("Register", "Register")), links };
    let facts = RoundFacts {
        id: "r1".into(),
        survey: SURVEY.into(),
        version: "1".into(),
        title: Text::new("Våren", "Spring"),
        mode: RoundMode::Named,
        registration: ROUND,
        opens: "2026-06-16".parse().unwrap(),
        closes: "2026-06-18".parse().unwrap(),
        unit: "K".into(),
        roles: groups.iter().flat_map(|(_, roles)| named(roles)).collect(),
        without_dont_know: false,
        guardians: groups.iter().any(|(_, roles)| roles.is_empty()).then_some(guardians),
        hours: None,
        draft: false,
        again: false,
        grace: 0,
        partial: false,
        groups: groups
            .iter()
            .map(|(id, roles)| RoundGroup { id: (*id).into(), roles: named(roles) })
            .collect(),
    };
    world.adds(log, vec![survey.event(key(1_100_001)), facts.event(key(1_100_002))]).await;
}

fn preset() -> Preset {
    Preset { name: "held".into(), k_summary: 5, k_full: 5, k_change: 5, ..Preset::default() }
}

/// The same rules, whose releases are not held to each other.
fn of_the_day() -> Preset {
    Preset { name: "of the day".into(), k_change: 0, ..preset() }
}

async fn report(worker: &Worker, question: Question, as_of: Option<&str>) -> Released {
    report_by(worker, question, as_of, preset()).await
}

async fn report_by(worker: &Worker, question: Question, as_of: Option<&str>, preset: Preset) -> Released {
    worker.catch_up().await.unwrap();
    let as_of = as_of.map(|day| day.parse().unwrap());
    let asked = Request { as_of, ..Request::new(question, preset) };
    Released::clone(&*worker.report(asked).await.unwrap())
}

fn survey() -> Question {
    Question::Survey { round: Some("r1".into()) }
}

/// How many answered of how many, of each group that is shown: by item and group.
fn answered(released: &Released, section: &str) -> Vec<(String, String, u64, u64)> {
    let section = released.sections().iter().find(|one| one.id() == section).unwrap();
    let shown = section.figures().iter().filter_map(|figure| {
        let (answered, base) = match &figure.shown {
            Shown::Full(full) => (full.answered, full.base),
            Shown::Summary(summary) => (summary.answered, summary.base),
            Shown::Hidden(_) => return None,
        };
        let (item, group) =
            (&section.items()[figure.item].code, &released.populations()[figure.population].code);
        Some((item.clone(), group.clone(), answered, base))
    });
    shown.collect()
}

/// Of one group.
fn of(released: &Released, section: &str, item: &str, group: &str) -> Option<(u64, u64)> {
    let mut all = answered(released, section).into_iter();
    all.find(|(one, of, ..)| (one.as_str(), of.as_str()) == (item, group)).map(|(.., n, base)| (n, base))
}

promises! {
    async fn levels_of_a_few_wait_until_five_of_each_group_are_let_through(world) {
        let (log, worker) = world.process("one").await;
        town(&world, &log).await;
        pass(&world, &log, teachers().take(30)).await;
        pass(&world, &log, assistants().take(10)).await;
        let told = async |monday: &str| {
            world.until(&format!("{monday}T05:00:00Z"));
            let told = report(&worker, Question::Competence, None).await;
            ["K", "A", "B"].map(|group| of(&told, "demonstrated-competences", "1.1", group))
        };
        assert_eq!(told("2026-06-15").await, [Some((40, 80)), Some((30, 60)), Some((10, 20))]);
        // Four at A and one at B would be five of the whole, and tell of the one.
        pass(&world, &log, teachers().skip(30).take(4)).await;
        pass(&world, &log, assistants().skip(10).take(1)).await;
        assert_eq!(told("2026-06-22").await, [Some((40, 80)), Some((30, 60)), Some((10, 20))]);
        // Only where the rules say so, and then it is said.
        let says = |told: &Released| {
            let mut notes = told.sections().iter().flat_map(|section| section.notes().iter());
            notes.any(|note| note.sv.contains("tills minst 5 har ändrats"))
        };
        assert!(says(&report(&worker, Question::Competence, None).await));
        let of_the_day = report_by(&worker, Question::Competence, None, of_the_day()).await;
        assert!(!says(&of_the_day));
        let shown = ["K", "A", "B"].map(|group| of(&of_the_day, "demonstrated-competences", "1.1", group));
        assert_eq!(shown, [Some((45, 80)), Some((34, 60)), Some((11, 20))]);
        // The one at B waits still.
        pass(&world, &log, teachers().skip(34).take(2)).await;
        assert_eq!(told("2026-06-29").await, [Some((46, 80)), Some((36, 60)), Some((10, 20))]);
        log.close().await;
    }

    async fn an_open_round_tells_how_many_have_answered_by_fives_and_late_answers_too(world) {
        let (log, worker) = world.process("one").await;
        town(&world, &log).await;
        round(&world, &log, &[]).await;
        let told = async |day: &str| {
            world.until(&format!("{day}T05:00:00Z"));
            of(&report(&worker, survey(), None).await, "response-rate", "all", "K")
        };
        world.until("2026-06-16T08:00:00Z");
        answer(&world, &log, teachers().take(20), "ja").await;
        answer(&world, &log, teachers().skip(20).take(10), "nej").await;
        assert_eq!(told("2026-06-17").await, Some((30, 80)));
        answer(&world, &log, teachers().skip(30).take(1), "ja").await;
        assert_eq!(told("2026-06-18").await, Some((30, 80)));
        answer(&world, &log, teachers().skip(31).take(4), "nej").await;
        assert_eq!(told("2026-06-19").await, Some((35, 80)));
        // Four were given before it closed, and came late; then one more.
        let late = async |people: Vec<u32>| {
            for person in people {
                let make = |facts: &mut domain::statement::StatementFacts| {
                    facts.agents[0].1 = key(person);
                    facts.verb = verbs::ANSWERED.into();
                    facts.object = ObjectFacts::Activity(QUESTION.into());
                    facts.registration = Some([7; 16]);
                    facts.response = vec!["ja".into()];
                    facts.timestamp = Some(world::instant("2026-06-18T12:00:00Z").0);
                };
                world.states(&log, 3_000_000 + person, make).await;
            }
        };
        late(teachers().skip(35).take(4).collect()).await;
        assert_eq!(told("2026-06-20").await, Some((35, 80)));
        late(teachers().skip(39).take(1).collect()).await;
        assert_eq!(told("2026-06-21").await, Some((40, 80)));
        // A day before is as it was, and by another process that has not asked before.
        let then = report(&worker, survey(), Some("2026-06-19")).await;
        assert_eq!(of(&then, "response-rate", "all", "K"), Some((35, 80)));
        let section = then.sections().iter().find(|one| one.id() != "response-rate").unwrap().id().to_owned();
        assert_eq!(of(&then, &section, "hur", "K"), Some((35, 80)));
        drop(worker);
        log.close().await;
        let (log, again) = world.process("two").await;
        assert_eq!(report(&again, survey(), Some("2026-06-19")).await, then);
        log.close().await;
    }

    async fn each_group_of_respondents_is_held_by_itself(world) {
        let (log, worker) = world.process("one").await;
        town(&world, &log).await;
        round(&world, &log, &[("l", &["Lärare"]), ("a", &["Assistent"])]).await;
        world.until("2026-06-16T08:00:00Z");
        answer(&world, &log, teachers().take(20), "ja").await;
        answer(&world, &log, assistants().take(10), "nej").await;
        world.until("2026-06-17T05:00:00Z");
        let told = report(&worker, survey(), None).await;
        let rates = |told: &Released| ["l", "a"].map(|group| of(told, "response-rate", group, "K"));
        assert_eq!(rates(&told), [Some((20, 60)), Some((10, 20))]);
        answer(&world, &log, teachers().skip(20).take(6), "ja").await;
        answer(&world, &log, assistants().skip(10).take(3), "nej").await;
        world.until("2026-06-18T05:00:00Z");
        assert_eq!(rates(&report(&worker, survey(), None).await), [Some((26, 60)), Some((10, 20))]);
        log.close().await;
    }

    async fn guardians_beside_others_are_held_by_themselves(world) {
        let (log, worker) = world.process("one").await;
        town(&world, &log).await;
        round(&world, &log, &[("l", &["Lärare"]), ("v", &[])]).await;
        let guardians = async |people: std::ops::Range<u32>, code: &str| {
            answer_by(&world, &log, (people, GUARDIANS), code).await;
        };
        let told = async |day: &str| {
            world.until(&format!("{day}T05:00:00Z"));
            let told = report(&worker, survey(), None).await;
            ["l", "v"].map(|group| of(&told, "response-rate", group, "K"))
        };
        world.until("2026-06-16T08:00:00Z");
        answer(&world, &log, teachers().take(20), "ja").await;
        guardians(500..520, "nej").await;
        assert_eq!(told("2026-06-17").await, [Some((20, 60)), Some((20, 60))]);
        answer(&world, &log, teachers().skip(20).take(6), "nej").await;
        guardians(520..523, "ja").await;
        assert_eq!(told("2026-06-18").await, [Some((26, 60)), Some((20, 60))]);
        answer(&world, &log, teachers().skip(26).take(2), "ja").await;
        guardians(523..525, "ja").await;
        assert_eq!(told("2026-06-19").await, [Some((26, 60)), Some((25, 60))]);
        // What they answered as well, not who answered when alone.
        world.until("2026-06-20T05:00:00Z");
        let told = report(&worker, survey(), None).await;
        let figures = told.sections().iter().flat_map(|section| section.figures());
        let counts = figures.filter_map(|figure| match &figure.shown {
            Shown::Full(full) => Some((full.answered, full.counts.clone())),
            _ => None,
        });
        let counts: Vec<_> = counts.collect();
        assert!(counts.iter().any(|of| *of == (26, vec![6, 20])), "{counts:?}");
        assert!(counts.iter().any(|of| *of == (25, vec![20, 5])), "{counts:?}");
        log.close().await;
    }

    async fn who_quits_leaves_with_others_and_an_erasure_changes_nothing(world) {
        let (log, worker) = world.process("one").await;
        town(&world, &log).await;
        pass(&world, &log, teachers().take(30)).await;
        let told = async |monday: &str| {
            world.until(&format!("{monday}T05:00:00Z"));
            let told = report(&worker, Question::Competence, None).await;
            (of(&told, "demonstrated-competences", "1.1", "K"), told.identity().horizon > 0)
        };
        let quit = async |people: std::ops::Range<usize>, until: &str| {
            let left = teachers().skip(people.start).take(people.len()).map(|number| {
                let mut facts = person(number);
                facts.duties[0].to = Some(until.parse().unwrap());
                facts.event(key(5_000_000 + number))
            });
            world.adds(&log, left.collect()).await;
        };
        assert_eq!(told("2026-06-15").await, (Some((30, 80)), false));
        quit(0..2, "2026-06-16").await;
        let agents = vec![key(teachers().next().unwrap())];
        world.adds(&log, vec![AgentErasedFacts { agents }.event(key(4_000_001))]).await;
        assert_eq!(told("2026-06-22").await, (Some((30, 80)), true));
        quit(2..5, "2026-06-23").await;
        assert_eq!(told("2026-06-29").await, (Some((25, 75)), true));
        // What was released before stays.
        let then = report(&worker, Question::Competence, Some("2026-06-21")).await;
        assert_eq!(of(&then, "demonstrated-competences", "1.1", "K"), Some((30, 80)));
        log.close().await;
    }
}
