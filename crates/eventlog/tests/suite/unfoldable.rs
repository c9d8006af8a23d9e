//! Events that cannot be folded, in whichever way: named exactly, and stopped at or set aside.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use eventlog::projection::{OnUnfoldable, ProjectionState, Runner, RunnerError, Unfoldable, Views};
use eventlog::{EventLog, NewEvent, Position, Projection};

use crate::on_both;
use crate::projections::{Tally, WAYS, once, runner, status_of};
use crate::world::*;

on_both![
    however_an_event_fails_it_is_named_and_all_before_it_is_kept,
    events_are_set_aside_where_that_is_the_choice_and_tried_again_by_a_rebuild,
    what_may_pass_is_not_taken_for_an_event,
    what_was_set_aside_by_a_program_is_passed_over_after_a_restart,
];

/// Appends these facts at these positions, among others up to `last`.
async fn fill_with(log: &EventLog, last: u64, facts: &[(u64, &[u8])]) {
    let at = |position| facts.iter().find(|(at, _)| *at == position);
    let event = |position| at(position).map_or_else(event, |(_, facts)| with_facts(facts));
    log.append(request((1..=last).map(event).collect::<Vec<NewEvent>>())).await.unwrap();
}

async fn setting_aside(world: &World, log: &EventLog, tally: &Arc<Tally>) -> (Runner, Views) {
    let views = world.open_views().await;
    let choices = HashMap::from([(tally.name.to_owned(), OnUnfoldable::SetAside)]);
    let projections = vec![Arc::clone(tally) as Arc<dyn Projection>];
    let (clock, owner) = (world.clock.clone(), "one".to_owned());
    (Runner::with_choices(log.clone(), views.clone(), projections, choices, clock, owner), views)
}

async fn however_an_event_fails_it_is_named_and_all_before_it_is_kept(world: World) {
    let log = world.open().await;
    let names = ["bad", "huge", "overflow", "panic"];
    let facts: Vec<(u64, &[u8])> = [637, 638, 1_000, 1_001].into_iter().zip(WAYS).collect();
    fill_with(&log, 1_100, &facts).await;
    for ((position, way), name) in facts.into_iter().zip(names) {
        // Each fails at its own way alone.
        let tally = Tally::named(name);
        let only = Arc::new(Only { way, tally: tally.clone() });
        let views = world.open_views().await;
        let (clock, owner) = (world.clock.clone(), "one".to_owned());
        let runner = Runner::new(log.clone(), views.clone(), vec![only], clock, owner);
        let outcome = runner.catch_up().await;
        let Err(RunnerError::Stopped { event, .. }) = &outcome else { panic!("{name}: {outcome:?}") };
        assert_eq!((event.position, event.kind.as_str()), (Position(position), "statement"), "{name}");
        assert!(!event.reason.is_empty() && !event.reason.contains("somebody"), "{}", event.reason);
        assert!(!event.reason.contains("say so"), "what a panic says may hold anything: {}", event.reason);
        assert_eq!(tally.rows(&views).await, once(1..=i64::try_from(position).unwrap() - 1), "{name}");
        let status = status_of(&runner, name).await;
        assert_eq!(status.state, ProjectionState::Stopped(event.clone()));
        assert_eq!((status.position, status.set_aside), (Position(position - 1), 0));
        // The program is mended, and goes on from there.
        tally.mend();
        runner.catch_up().await.unwrap();
        assert_eq!(tally.rows(&views).await, once(1..=1_100));
    }
}

async fn events_are_set_aside_where_that_is_the_choice_and_tried_again_by_a_rebuild(world: World) {
    let log = world.open().await;
    let facts: Vec<(u64, &[u8])> = [1, 400, 401, 1_000].into_iter().zip(WAYS).collect();
    fill_with(&log, 1_050, &facts).await;
    let tally = Tally::named("tally");
    let (runner, views) = setting_aside(&world, &log, &tally).await;
    runner.catch_up().await.unwrap();
    let others = (1..=1_050).filter(|at| ![1, 400, 401, 1_000].contains(at));
    assert_eq!(tally.rows(&views).await, once(others));
    let status = status_of(&runner, "tally").await;
    assert_eq!((status.position, status.lag_events, status.set_aside), (Position(1_050), 0, 4));
    assert_eq!(status.state, ProjectionState::Waiting);
    let named: Vec<u64> = status.set_aside_latest.iter().map(|event| event.position.0).collect();
    assert_eq!(named, [1_000, 401, 400, 1]);
    let first = status.set_aside_latest.last().unwrap();
    assert_eq!(
        (first.kind.as_str(), first.error.as_str(), first.at),
        ("statement", "bad facts", world.clock_now())
    );
    // Not mended, a rebuild sets the same aside; mended, there is nothing to.
    runner.rebuild("tally").await.unwrap();
    assert_eq!(status_of(&runner, "tally").await.set_aside, 4);
    tally.mend();
    runner.rebuild("tally").await.unwrap();
    let status = status_of(&runner, "tally").await;
    assert_eq!((status.set_aside, status.generation), (0, 3));
    assert_eq!(tally.rows(&views).await, once(1..=1_050));
}

async fn what_may_pass_is_not_taken_for_an_event(world: World) {
    let log = world.open().await;
    fill_with(&log, 1_200, &[]).await;
    let tally = Tally::named("tally");
    let (runner, views) = setting_aside(&world, &log, &tally).await;
    tally.away.store(1, Ordering::SeqCst);
    let outcome = runner.catch_up().await;
    assert!(matches!(outcome, Err(RunnerError::Database(_))), "{outcome:?}");
    let status = status_of(&runner, "tally").await;
    assert_eq!((status.position, status.set_aside, status.state), (Position(0), 0, ProjectionState::Waiting));
    runner.catch_up().await.unwrap();
    assert_eq!(tally.rows(&views).await, once(1..=1_200));

    // A table that somebody took away is no fault of the event that comes next.
    let drop = |place: eventlog::Database| async move {
        match place {
            eventlog::Database::Sqlite(db) => {
                sqlx::raw_sql("ALTER TABLE tally RENAME TO away").execute(&db.writer).await.map(drop)
            }
            eventlog::Database::Postgres(pool) => {
                sqlx::raw_sql("ALTER TABLE tally RENAME TO away").execute(&pool).await.map(drop)
            }
        }
    };
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let running = tokio::spawn({
        let runner = runner.clone();
        async move { runner.run(stopped).await }
    });
    crate::projections::until(async || {
        matches!(status_of(&runner, "tally").await.state, ProjectionState::Running { .. })
    })
    .await;
    views.read("tally", 1..=1, drop).await.unwrap();
    fill(&log, vec![event()]).await;
    // The lease is taken again after a pause, which makes the table anew; nothing was set aside.
    crate::projections::until(async || status_of(&runner, "tally").await.position == Position(1_201)).await;
    assert_eq!(status_of(&runner, "tally").await.set_aside, 0);
    stop.send(true).unwrap();
    running.await.unwrap();
}

async fn what_was_set_aside_by_a_program_is_passed_over_after_a_restart(world: World) {
    let log = world.open().await;
    fill_with(&log, 10, &[(5, b"bad")]).await;
    let tally = Tally::named("tally");
    let (stopping, _) = runner(&world, &log, vec![tally.clone()], "one").await;
    assert!(matches!(stopping.catch_up().await, Err(RunnerError::Stopped { .. })));
    // The operator changes the choice and starts again.
    let (runner, views) = setting_aside(&world, &log, &tally).await;
    runner.catch_up().await.unwrap();
    let status = status_of(&runner, "tally").await;
    assert_eq!((status.position, status.set_aside, status.generation), (Position(10), 1, 1));
    assert_eq!(tally.rows(&views).await, once((1..=10).filter(|at| *at != 5)));
    // And back again: what was set aside stays so until a rebuild, which stops there.
    let outcome = stopping.rebuild("tally").await;
    let bad =
        Unfoldable { position: Position(5), kind: "statement".to_owned(), reason: "bad facts".to_owned() };
    assert!(matches!(&outcome, Err(RunnerError::Stopped { event, .. }) if *event == bad), "{outcome:?}");
    let status = status_of(&stopping, "tally").await;
    assert_eq!((status.position, status.generation), (Position(10), 1), "the rows of before go on answering");
    let rebuild = status.rebuild.unwrap();
    assert_eq!((rebuild.position, rebuild.state), (Position(4), ProjectionState::Stopped(bad)));
}

/// A tally that fails in one way alone.
struct Only {
    way: &'static [u8],
    tally: Arc<Tally>,
}

impl Projection for Only {
    fn name(&self) -> &'static str {
        self.tally.name
    }

    fn prepare<'a>(
        &'a self,
        tx: eventlog::Tx<'a>,
    ) -> futures_util::future::BoxFuture<'a, Result<(), eventlog::FoldError>> {
        self.tally.prepare(tx)
    }

    fn apply<'a>(
        &'a self,
        mut tx: eventlog::Tx<'a>,
        events: &'a [eventlog::Event],
    ) -> futures_util::future::BoxFuture<'a, Result<(), eventlog::FoldError>> {
        Box::pin(async move {
            let mut own = events.to_vec();
            for event in own.iter_mut().filter(|event| event.facts != self.way) {
                event.facts = b"facts".to_vec();
            }
            self.tally.apply(tx.reborrow(), &own).await
        })
    }
}
