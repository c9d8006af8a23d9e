//! Progress, competence and the municipality's state.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::competence::{Kind, Levels, State, TypeSet};
use domain::events::{
    Code, CompetenceRulesFacts, CourseFacts, Feed, Origin, RuleFacts, Scale, SurveyFacts, SurveyItem,
};
use domain::{Date, StatementFacts, Text, verbs};
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
        let first = Progress { statements: 3, attempted: 3, completed: 1, passed: 1, best_scaled: Some(650_000), first: 100, last: 450 };
        assert_eq!(row(1, 1), Some(first));
        let second = Progress { statements: 1, attempted: 1, completed: 0, passed: 0, best_scaled: Some(100_000), first: 500, last: 500 };
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
        assert_eq!(rows.iter().filter_map(|row| row.progress.best_scaled).max(), Some(699));
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
            feeds: Some(Feed { framework: "digcomp-3.0".into(), competence: competence.into(), levels: BTreeMap::from([("low".into(), 2), ("high".into(), 6)]) }),
        };
        let survey = SurveyFacts {
            id: "https://larkby.example/enkater/1".into(),
            version: "1".into(),
            title: Text::new("Enkät", "Survey"),
            definition_sha256: [0; 32],
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
