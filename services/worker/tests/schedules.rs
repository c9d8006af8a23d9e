//! Days of release, and reports on a schedule, with a clock that the test sets, on both databases.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[macro_use]
mod world;

use disclosure::Preset;
use domain::events::{RoundFacts, RoundMode};
use domain::recurrence::{Every, Recurrence};
use domain::{Facts as _, Text};
use eventlog::{Append, Location, Position};
use worker::Worker;
use worker::reports::{Question, Request};
use world::World;

/// What was ordered: the day that each is about, and its position.
async fn ordered(worker: &Worker) -> Vec<(String, u64)> {
    let all = worker.orders().all().await.unwrap();
    all.reports().into_iter().map(|one| (one.facts.as_of.to_string(), one.facts.position)).collect()
}

promises! {
    async fn missed_runs_are_made_up_for_once_from_what_was_there_when_the_last_was_due(world) {
        let monthly = Recurrence::new(Every::Month, 1, 6 * 60).unwrap();
        let (log, worker) = world.process("one").await;
        world.says(&log, 1).await;
        worker.orders().schedule("monthly".into(), "report = \"competence\"".into(), monthly, None).await.unwrap();
        worker.catch_up().await.unwrap();
        assert_eq!(worker.orders().order_due().await.unwrap(), 0, "nothing is due before its time");
        world.until("2026-06-30T10:00:00Z");
        world.says(&log, 2).await;
        worker.catch_up().await.unwrap();
        let there = log.head().await.unwrap().position.0;
        // It is down over two runs; what is said between the last of them and its start is not in the report.
        drop(worker);
        log.close().await;
        world.until("2026-08-01T05:00:00Z");
        let (log, worker) = world.process("one again").await;
        world.says(&log, 3).await;
        assert_eq!(worker.orders().order_due().await.unwrap(), 1);
        assert_eq!(ordered(&worker).await, [("2026-06-30".to_owned(), there)]);
        worker.catch_up().await.unwrap();
        assert_eq!(worker.orders().order_due().await.unwrap(), 0, "once");
        // One that is removed is not made again.
        let report = worker.orders().all().await.unwrap().reports()[0].facts.report;
        worker.orders().remove(&report, None).await.unwrap();
        assert_eq!((worker.orders().order_due().await.unwrap(), ordered(&worker).await.len()), (0, 0));
        world.until("2026-09-01T04:00:00Z");
        worker.catch_up().await.unwrap();
        assert_eq!((worker.orders().order_due().await.unwrap(), ordered(&worker).await.len()), (1, 1));
        log.close().await;
    }

    async fn what_the_lake_has_not_come_to_waits_for_it(world) {
        let daily = Recurrence::new(Every::Day, 1, 6 * 60).unwrap();
        let (log, worker) = world.process("one").await;
        world.says(&log, 1).await;
        worker.orders().schedule("daily".into(), "report = \"competence\"".into(), daily, None).await.unwrap();
        worker.catch_up().await.unwrap();
        world.says(&log, 2).await;
        world.until("2026-06-11T04:00:00Z");
        assert_eq!(worker.orders().order_due().await.unwrap(), 0);
        worker.catch_up().await.unwrap();
        assert_eq!(worker.orders().order_due().await.unwrap(), 1);
        log.close().await;
    }

    async fn of_those_who_order_at_the_same_time_one_does(world) {
        let weekly = Recurrence::new(Every::Week, 1, 6 * 60).unwrap();
        let (log, one) = world.process("one").await;
        world.says(&log, 1).await;
        one.orders().schedule("weekly".into(), "report = \"competence\"".into(), weekly, None).await.unwrap();
        one.catch_up().await.unwrap();
        world.until("2026-06-15T04:00:00Z");
        // A second process has one PostgreSQL with the first; of an embedded database there is one process.
        let mut others = vec![one.clone(), one.clone()];
        if matches!(world.log, Location::Postgres { .. }) {
            others.push(world.process("two").await.1);
        }
        let tries = others.into_iter().map(|worker| tokio::spawn(async move { worker.orders().order_due().await.unwrap() }));
        let mut made = 0;
        for one in tries.collect::<Vec<_>>() {
            made += one.await.unwrap();
        }
        assert_eq!((made, ordered(&one).await.len()), (1, 1));
        log.close().await;
    }

    async fn a_release_has_what_was_stored_before_its_day_began_in_sweden(world) {
        let (log, worker) = world.process("one").await;
        // Of 15 June, a Monday: half an hour before midnight in Sweden, and half an hour after it; both are on Sunday in UTC.
        for (number, at) in [(1, "2026-06-10T09:00:00Z"), (2, "2026-06-14T21:30:00Z"), (3, "2026-06-14T22:30:00Z")] {
            world.until(at);
            world.says(&log, number).await;
        }
        world.until("2026-06-14T22:45:00Z");
        worker.catch_up().await.unwrap();
        let request = Request::new(Question::Competence, Preset::default());
        let released = worker.report(request).await.unwrap();
        assert_eq!((released.identity().position, released.identity().as_of.as_str()), (2, "2026-06-14"));
        log.close().await;
    }

    async fn a_round_that_was_registered_after_the_release_is_told_when_it_is_reported(world) {
        let (log, worker) = world.process("one").await;
        world.says(&log, 1).await;
        world.until("2026-06-15T08:00:00Z");
        let opens = "2026-06-16".parse().unwrap();
        let facts = RoundFacts {
            id: "r1".into(),
            survey: "https://larkby.example/enkater/e".into(),
            version: "1".into(),
            title: Text::new("Våren", "Spring"),
            mode: RoundMode::Named,
            registration: [7; 16],
            opens,
            closes: opens,
            unit: "K".into(),
            roles: Vec::new(),
            without_dont_know: false,
            guardians: None,
            hours: None,
            draft: false,
            again: false,
            grace: 0,
            partial: false,
            groups: Vec::new(),
        };
        log.append(Append { events: vec![facts.event([8; 16])], ..Append::default() }).await.unwrap();
        worker.catch_up().await.unwrap();
        let asked = |round: &str| Request::new(Question::Survey { round: Some(round.into()) }, Preset::default());
        let told = worker.report(asked("r1")).await.unwrap_err().to_string();
        assert!(told.contains("round r1 had not been registered when that of 2026-06-14 was released"), "{told}");
        assert!(told.ends_with("the next is released on 2026-06-16"), "{told}");
        let told = worker.report(asked("r2")).await.unwrap_err().to_string();
        assert!(told.starts_with("there is no round r2"), "{told}");
        // What was stored before the first release is of none.
        let told = worker.report(Request { at: Some(Position(1)), as_of: Some("2026-06-09".parse().unwrap()), ..asked("r1") });
        let told = told.await.unwrap_err().to_string();
        assert!(told.contains("the first was released on 2026-06-11"), "{told}");
        log.close().await;
    }
}
