//! Progress, competence and the municipality's state.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::competence::{Kind, Levels, State, TypeSet};
use domain::events::{
    Code, CompetenceRulesFacts, CourseFacts, Feed, Origin, RuleFacts, Scale, SurveyFacts, SurveyItem,
};
use domain::statement::{ContextRole, Score};
use domain::{Date, StatementFacts, Text, verbs};
use eventlog::database::Database;
use eventlog::{Key, Position};
use rig::*;
use views::competence::{CompetenceLevel, CompetenceProjection};
use views::municipality::Current;
use views::progress::{Progress, ProgressProjection, ProgressRow};

macro_rules! promises {
    ($(async fn $name:ident($rig:ident) $body:block)*) => {$(
        mod $name {
            use super::*;
            async fn promise($rig: Rig) $body
            #[tokio::test]
            async fn on_sqlite() { promise(Rig::sqlite().await).await; }
            #[tokio::test]
            async fn on_postgres() { promise(Rig::postgres().await).await; }
        }
    )*};
}

fn scored(number: usize, who: usize, verb: &str, about: usize, scaled: i64, at: i64) -> StatementFacts {
    let mut facts = facts(number, who, verb, about);
    facts.score.scaled = Some(scaled);
    facts.timestamp = Some(at);
    facts
}

const SOURCES: &str = "SELECT count(*) FROM competence_source";

/// A log in which statements are voided before, after and along with the page that they stand on.
fn eventful() -> Vec<StatementFacts> {
    vec![
        scored(1, 1, verbs::INITIALIZED, 1, 0, 100),
        scored(2, 1, verbs::COMPLETED, 1, 300_000, 300),
        voiding(20, 4),
        scored(3, 1, verbs::PASSED, 1, 900_000, 200),
        scored(4, 1, verbs::PASSED, 1, 950_000, 50),
        scored(5, 2, verbs::FAILED, 1, 100_000, 500),
        voiding(21, 3),
        scored(6, 1, verbs::PASSED, 1, 700_000, 400),
        scored(7, 2, verbs::PASSED, 2, 800_000, 600),
        voiding(22, 7),
        voiding(23, 6),
        scored(8, 1, verbs::PASSED, 1, 650_000, 450),
    ]
}

async fn progress(rig: &Rig) -> Vec<ProgressRow> {
    views::progress::of_agents(&rig.views, &[key(2, 1), key(2, 2)], None).await.unwrap()
}

promises! {
    async fn progress_is_folded_and_voided_statements_are_taken_back_however_the_log_is_cut(rig) {
        let runner = rig.runner(vec![Arc::new(ProgressProjection::new(rig.log.clone()))]);
        for (at, facts) in eventful().iter().enumerate() {
            rig.append(vec![event(facts)]).await;
            if at % 3 == 1 {
                runner.catch_up().await.unwrap();
            }
        }
        runner.catch_up().await.unwrap();
        let rows = progress(&rig).await;
        let row = |agent: usize, about: usize| {
            let mut found = rows.iter().filter(|row| row.agent == key(2, agent) && row.activity == activity(about));
            found.next().map(|row| row.progress)
        };
        // Left are 1, 2 and 8 of the first, 5 of the second.
        let first = Progress {
            statements: 3,
            begun: Some(100),
            completed: Some(300),
            passed: Some(450),
            failed: None,
            best_share: Some(650_000),
            first: 100,
            last: 450,
        };
        assert_eq!(row(1, 1), Some(first));
        let second = Progress {
            statements: 1,
            begun: Some(500),
            failed: Some(500),
            completed: None,
            passed: None,
            best_share: Some(100_000),
            first: 500,
            last: 500,
        };
        assert_eq!(row(2, 1), Some(second));
        assert_eq!(row(2, 2), None);
        assert_eq!(rows.len(), 2);
        let only = [activity(2)];
        assert!(views::progress::of_agents(&rig.views, &[key(2, 1)], Some(&only)).await.unwrap().is_empty());
        // All at once gives the same.
        runner.rebuild("progress").await.unwrap();
        assert_eq!(progress(&rig).await, rows);
    }

    async fn many_statements_of_one_page_are_folded_into_one_row_each(rig) {
        let runner = rig.runner(vec![Arc::new(ProgressProjection::new(rig.log.clone()))]);
        for batch in 0..3 {
            let facts: Vec<_> = (0..700).map(|n| scored(batch * 700 + n, n % 7, verbs::ATTEMPTED, n % 50, n as i64, n as i64)).collect();
            rig.append(facts.iter().map(event).collect()).await;
        }
        runner.catch_up().await.unwrap();
        let agents: Vec<Key> = (0..7).map(|who| key(2, who)).collect();
        let rows = views::progress::of_agents(&rig.views, &agents, None).await.unwrap();
        assert_eq!(rows.len(), 350);
        assert!(rows.iter().all(|row| row.progress.statements == 6));
        assert_eq!(rows.iter().filter_map(|row| row.progress.best_share).max(), Some(699));
    }

    async fn what_is_said_twice_of_a_root_activity_is_one_piece_and_no_chapter_speaks_for_its_course(rig) {
        let runner = rig.runner(vec![
            Arc::new(ProgressProjection::new(rig.log.clone())),
            Arc::new(CompetenceProjection::new(rig.log.clone())),
        ]);
        let at = |mut facts: StatementFacts, at: i64| {
            facts.timestamp = Some(at);
            event(&facts)
        };
        let in_session = |mut facts: StatementFacts, session: usize| {
            facts.registration = Some(key(3, session));
            facts
        };
        // Course 1 has the chapter 2, and the copy 11.
        let mut chapter = facts(3, 1, verbs::PROGRESSED, 2);
        chapter.activities = vec![(ContextRole::Parent, activity(1)), (ContextRole::Grouping, activity(1))];
        let mut answer = facts(4, 1, verbs::ANSWERED, 2);
        answer.score = Score { scaled: Some(0), ..Score::default() };
        rig.append(vec![
            at(chapter, 10),
            at(answer, 20),
            // Twice within milliseconds, under two ids.
            at(facts(1, 1, verbs::COMPLETED, 1), 1_000),
            at(facts(2, 1, verbs::COMPLETED, 1), 3_000),
            at(in_session(facts(5, 1, verbs::PASSED, 1), 1), 5_000),
            at(in_session(facts(6, 1, verbs::PASSED, 1), 2), 9_000),
            // The same person under another identifier, in the copy.
            at(facts(7, 2, verbs::PASSED, 11), 8_000),
        ])
        .await;
        let rule = RuleFacts { competence: "1.1".into(), low: 3, high: 3, weight: 500, types: TypeSet::EMPTY, valid_months: None };
        let course = CourseFacts {
            id: activity(1),
            title: Text::new("Kurs", "Course"),
            origin: Origin::default(),
            mandatory_for: Vec::new(),
            activities: Vec::new(),
        };
        let copy = CourseFacts { id: activity(11), origin: Origin { copy_of: Some(activity(1)), unit: None }, ..course.clone() };
        let rules = CompetenceRulesFacts { framework: "digcomp-3.0".into(), activity: activity(1), rules: vec![rule] };
        rig.append(vec![other(1, &course), other(2, &copy), other(3, &rules)]).await;
        runner.catch_up().await.unwrap();
        let now = Current::open(rig.log.clone()).await.unwrap().snapshot();
        let agents = [key(2, 1), key(2, 2)];

        let found = views::progress::of_person(&rig.views, &now.municipality, &agents).await.unwrap();
        let both = Progress {
            statements: 5,
            begun: Some(1_000),
            completed: Some(1_000),
            passed: Some(5_000),
            failed: None,
            best_share: None,
            first: 1_000,
            last: 9_000,
        };
        let part = Progress {
            statements: 2,
            begun: Some(10),
            completed: None,
            passed: None,
            failed: None,
            best_share: Some(0),
            first: 10,
            last: 20,
        };
        assert_eq!(found, BTreeMap::from([(activity(1), both), (activity(2), part)]));

        // Three passes of one root are one piece, and half of what a level takes.
        let levels = views::competence::of_person(&rig.views, &now.municipality, &agents, now.position, "2026-02-01".parse().unwrap()).await.unwrap();
        assert_eq!(levels.len(), 1);
        assert_eq!(levels[0].state, State::Unknown);
        let counts: Vec<_> = levels[0].evidence.iter().map(|row| (row.position, row.counts)).collect();
        assert_eq!(counts, [(Position(5), false), (Position(6), true), (Position(7), false)]);
    }

    async fn what_is_dated_ahead_counts_when_it_was_stored_and_points_give_the_share(rig) {
        let runner = rig.runner(vec![
            Arc::new(ProgressProjection::new(rig.log.clone())),
            Arc::new(CompetenceProjection::new(rig.log.clone())),
        ]);
        let year = 366 * 86_400_000_000;
        let mut ahead = facts(1, 1, verbs::PASSED, 1);
        ahead.timestamp = Some(START.0 + year);
        // Moodle: 5 of 0 to 20 points is -0.5 between -1 and 1.
        ahead.score = Score { scaled: Some(-500_000), raw: Some(5_000_000), min: Some(0), max: Some(20_000_000) };
        let mut pointless = facts(2, 1, verbs::COMPLETED, 2);
        pointless.score = Score { scaled: Some(0), raw: Some(0), min: Some(0), max: Some(0) };
        rig.append(vec![event(&ahead), event(&pointless)]).await;
        let rule = RuleFacts { competence: "1.1".into(), low: 3, high: 3, weight: 1000, types: TypeSet::EMPTY, valid_months: Some(1) };
        rig.append(vec![other(1, &CompetenceRulesFacts { framework: "digcomp-3.0".into(), activity: activity(1), rules: vec![rule] })]).await;
        runner.catch_up().await.unwrap();
        let stored = rig.log.read(Position(0), 1).await.unwrap()[0].stored.0;

        let rows = views::progress::of_agents(&rig.views, &[key(2, 1)], None).await.unwrap();
        assert_eq!((rows[0].progress.passed, rows[0].progress.best_share), (Some(stored), Some(250_000)));
        assert_eq!(rows[1].progress.best_share, None);
        let now = Current::open(rig.log.clone()).await.unwrap().snapshot();
        let state = async |day: &str| {
            let levels = views::competence::of_person(&rig.views, &now.municipality, &[key(2, 1)], now.position, day.parse().unwrap()).await.unwrap();
            (levels[0].state, levels[0].evidence[0].observed_at)
        };
        assert_eq!(state("2026-01-20").await, (State::Level(Levels::one(3)), stored));
        assert_eq!(state("2027-01-20").await, (State::Expired, stored));
    }

    async fn nobody_is_counted_in_no_view(rig) {
        let runner = rig.runner(vec![
            Arc::new(ProgressProjection::new(rig.log.clone())),
            Arc::new(CompetenceProjection::new(rig.log.clone())),
        ]);
        let nobody = |number: usize| StatementFacts { untracked: true, ..facts(number, number, verbs::PASSED, 1) };
        rig.append((1..=20).map(|number| event(&nobody(number))).collect()).await;
        rig.append(vec![event(&facts(21, 21, verbs::PASSED, 1)), event(&voiding(22, 3))]).await;
        for _ in 0..2 {
            runner.catch_up().await.unwrap();
            let agents: Vec<Key> = (1..=21).map(|who| key(2, who)).collect();
            let rows = views::progress::of_agents(&rig.views, &agents, None).await.unwrap();
            assert_eq!(rows.iter().map(|row| row.agent).collect::<Vec<_>>(), [key(2, 21)]);
            let place = rig.views.read("competence", 1..=2, |place| async move {
                match place {
                    Database::Sqlite(db) => sqlx::query_scalar::<_, i64>(SOURCES).fetch_one(&db.readers).await,
                    Database::Postgres(pool) => sqlx::query_scalar::<_, i64>(SOURCES).fetch_one(&pool).await,
                }
            });
            assert_eq!(place.await.unwrap(), 1);
            runner.rebuild("progress").await.unwrap();
            runner.rebuild("competence").await.unwrap();
        }
    }

    async fn a_rule_that_comes_after_the_statement_counts_and_every_level_has_its_evidence(rig) {
        let runner = rig.runner(vec![Arc::new(CompetenceProjection::new(rig.log.clone()))]);
        let day = |date: &str| date.parse::<Date>().unwrap();
        rig.append(vec![
            event(&facts(1, 1, verbs::PASSED, 1)),
            event(&facts(2, 1, verbs::FAILED, 2)),
            event(&facts(3, 1, verbs::PASSED, 3)),
            event(&voiding(4, 3)),
        ])
        .await;
        runner.catch_up().await.unwrap();
        let current = Current::open(rig.log.clone()).await.unwrap();
        let rule = |low, high| RuleFacts { competence: "1.1".into(), low, high, weight: 1000, types: TypeSet::EMPTY, valid_months: Some(12) };
        // Activity 1 is a copy of 10, which the rule names; 2 was failed, 3 was voided.
        let copy = CourseFacts {
            id: activity(1),
            title: Text::new("Kopia", "Copy"),
            origin: Origin { copy_of: Some(activity(10)), unit: None },
            mandatory_for: Vec::new(),
            activities: Vec::new(),
        };
        let central = CourseFacts { id: activity(10), origin: Origin::default(), ..copy.clone() };
        let rules = |about, low| CompetenceRulesFacts { framework: "digcomp-3.0".into(), activity: activity(about), rules: vec![rule(low, low)] };
        rig.append(vec![other(1, &central), other(2, &copy), other(3, &rules(10, 3)), other(4, &rules(2, 5)), other(5, &rules(3, 6))]).await;

        let before = current.snapshot();
        let now = current.refresh().await.unwrap();
        let levels = async |municipality: &domain::Municipality, on: &str| -> Vec<CompetenceLevel> {
            let through = rig.log.head().await.unwrap().position;
            views::competence::of_person(&rig.views, municipality, &[key(2, 1)], through, day(on)).await.unwrap()
        };
        assert!(levels(&before.municipality, "2026-02-01").await.is_empty());
        let found = levels(&now.municipality, "2026-02-01").await;
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].kind, found[0].competence.as_str()), (Kind::Demonstrated, "1.1"));
        assert_eq!(found[0].state, State::Level(Levels::one(3)));
        let evidence = &found[0].evidence;
        assert_eq!(evidence.len(), 1);
        assert_eq!((evidence[0].position, evidence[0].counts), (Position(1), true));
        assert_eq!((evidence[0].activity.clone(), evidence[0].root.clone()), (activity(1), activity(10)));
        // Validity is a step.
        let later = levels(&now.municipality, "2027-02-01").await;
        assert_eq!((later[0].state, later[0].evidence[0].counts), (State::Expired, false));

        assert_eq!(current.at(Position(4)).await.unwrap().municipality.catalogue.rules().count(), 0);
        assert_eq!(current.at(Position(7)).await.unwrap().municipality.catalogue.rules().count(), 1);
        assert_eq!(current.at(Position(9)).await.unwrap().municipality.catalogue.rules().count(), 3);
    }

    async fn self_assessment_is_the_latest_complete_answer_of_an_instrument(rig) {
        let runner = rig.runner(vec![Arc::new(CompetenceProjection::new(rig.log.clone()))]);
        let code = |code: &str| Code { code: code.into(), label: Text::new(code, code), score: None, positive: false, dont_know: false };
        let item = |about: usize, competence: &str| SurveyItem {
            name: about.to_string(),
            activity: activity(about),
            text: Text::new("Fråga", "Question"),
            scale: "s".into(),
            reverse: false,
            required: true,
 several: false,
            ranked: false,
            groups: Vec::new(),
            feeds: Some(Feed { framework: "digcomp-3.0".into(), competence: competence.into(), levels: BTreeMap::from([("low".into(), 2), ("high".into(), 6)]) }),
        };
        let survey = SurveyFacts {
            id: "https://larkby.example/enkater/1".into(),
            version: "1".into(),
            title: Text::new("Enkät", "Survey"),
            definition_sha256: [0; 32],
            indexes: Vec::new(),
            instrument: None,
            question_set: None,
            groups: Vec::new(),
            scales: vec![Scale { id: "s".into(), codes: vec![code("low"), code("high")] }],
            items: vec![item(1, "1.1"), item(2, "1.2")],
        };
        let answer = |number: usize, about: usize, sitting: usize, code: &str| {
            let mut facts = facts(number, 1, verbs::ANSWERED, about);
            facts.response = vec![code.into()];
            facts.registration = Some(key(3, sitting));
            facts
        };
        rig.append(vec![other(1, &survey)]).await;
        rig.append(vec![event(&answer(1, 1, 1, "low")), event(&answer(2, 2, 1, "low"))]).await;
        rig.append(vec![event(&answer(3, 1, 2, "high")), event(&answer(4, 2, 2, "high")), event(&voiding(5, 4))]).await;
        runner.catch_up().await.unwrap();
        let current = Current::open(rig.log.clone()).await.unwrap().snapshot();
        let found = views::competence::of_person(&rig.views, &current.municipality, &[key(2, 1)], current.position, "2026-02-01".parse().unwrap())
            .await
            .unwrap();
        let states: Vec<_> = found.iter().map(|level| (level.competence.as_str(), level.kind, level.state)).collect();
        // The later sitting is complete by one of two; the voided answer is gone from it.
        assert_eq!(states, [("1.1", Kind::SelfAssessed, State::Level(Levels::one(6))), ("1.2", Kind::SelfAssessed, State::Unknown)]);
        assert_eq!(found[0].instrument, Some(("https://larkby.example/enkater/1".into(), "1".into())));
        assert_eq!(found[0].evidence.iter().map(|row| row.position).collect::<Vec<_>>(), [Position(2), Position(4)]);
    }
}
