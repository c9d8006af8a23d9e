//! Rebuilds beside the rows that answer: queries see whole rows throughout, and never fewer than before.

use std::sync::Arc;
use std::time::Duration;

use eventlog::projection::{ProjectionState, ReadError, Runner, RunnerError, Views};
use eventlog::{Location, Position};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::on_both;
use crate::projections::{Tally, once, runner, status_of, until};
use crate::world::*;

on_both![
    queries_are_answered_whole_throughout_a_rebuild_on_another_node,
    a_rebuild_that_was_cut_off_leaves_the_rows_unharmed_and_is_finished_by_whoever_runs,
    rows_of_another_version_answer_until_the_new_ones_have_seen_all,
    a_program_leaves_the_rows_of_a_newer_one_alone_unless_told,
    the_places_of_earlier_generations_are_dropped,
    rows_that_were_lost_are_built_anew,
];

fn begin(runner: &Runner) -> (watch::Sender<bool>, JoinHandle<()>) {
    let (stop, stopped) = watch::channel(false);
    let runner = runner.clone();
    (stop, tokio::spawn(async move { runner.run(stopped).await }))
}

async fn end((stop, running): (watch::Sender<bool>, JoinHandle<()>)) {
    stop.send(true).unwrap();
    running.await.unwrap();
}

/// Asks the rows: all there are up to a position, each once, and no fewer than `before`.
async fn whole(tally: &Tally, views: &Views, before: usize) -> usize {
    let rows = tally.rows(views).await;
    assert_eq!(rows, once(1..=i64::try_from(rows.len()).unwrap()));
    assert!(rows.len() >= before, "{} rows after {before}", rows.len());
    rows.len()
}

async fn queries_are_answered_whole_throughout_a_rebuild_on_another_node(world: World) {
    let log = world.open().await;
    log.append(request((0..1_500).map(|_| event()).collect())).await.unwrap();
    let (tally, slow) = (Tally::named("tally"), Tally::gated("tally", 1));
    let (first, views) = runner(&world, &log, vec![tally.clone()], "first").await;
    let (second, _) = runner(&world, &log, vec![slow.clone()], "second").await;
    let running = begin(&first);
    until(async || status_of(&first, "tally").await.position == Position(1_500)).await;
    let rebuilding = tokio::spawn(async move { second.rebuild("tally").await });
    until(async || status_of(&first, "tally").await.rebuild.is_some()).await;
    let mut seen = whole(&tally, &views, 1_500).await;
    // Nothing of it is folded yet, and what is appended meanwhile is answered.
    for _ in 0..20 {
        fill(&log, vec![event()]).await;
    }
    until(async || status_of(&first, "tally").await.position == Position(1_520)).await;
    let status = status_of(&first, "tally").await;
    let rebuild = status.rebuild.unwrap();
    assert_eq!((status.generation, rebuild.generation.number, rebuild.lag_events), (1, 2, 1_520));
    until(async || {
        let rebuild = status_of(&first, "tally").await.rebuild.unwrap();
        matches!(rebuild.state, ProjectionState::Running { owner } if owner == "second")
    })
    .await;
    let outcome = first.rebuild("tally").await;
    assert!(matches!(&outcome, Err(RunnerError::Leased { owner, .. }) if owner == "second"), "{outcome:?}");
    slow.open();
    while !rebuilding.is_finished() {
        fill(&log, vec![event()]).await;
        seen = whole(&tally, &views, seen).await;
    }
    rebuilding.await.unwrap().unwrap();
    // The first goes on with the new rows.
    let last = fill(&log, vec![event()]).await;
    until(async || status_of(&first, "tally").await.position == Position(last)).await;
    assert_eq!(u64::try_from(whole(&tally, &views, seen).await).unwrap(), last);
    let status = status_of(&first, "tally").await;
    assert_eq!((status.generation, status.rebuild), (2, None));
    end(running).await;
}

async fn a_rebuild_that_was_cut_off_leaves_the_rows_unharmed_and_is_finished_by_whoever_runs(world: World) {
    let log = world.open().await;
    log.append(request((0..1_200).map(|_| event()).collect())).await.unwrap();
    let (tally, slow) = (Tally::named("tally"), Tally::gated("tally", 1));
    let (first, views) = runner(&world, &log, vec![tally.clone()], "first").await;
    first.catch_up().await.unwrap();
    let (second, _) = runner(&world, &log, vec![slow.clone()], "second").await;
    let rebuilding = tokio::spawn(async move { second.rebuild("tally").await });
    until(async || {
        let rebuild = status_of(&first, "tally").await.rebuild;
        rebuild.is_some_and(|rebuild| matches!(rebuild.state, ProjectionState::Running { .. }))
    })
    .await;
    rebuilding.abort();
    assert!(rebuilding.await.unwrap_err().is_cancelled());
    whole(&tally, &views, 1_200).await;
    // The lease of who was cut off ends.
    world.clock.advance(Duration::from_secs(31));
    let running = begin(&first);
    until(async || status_of(&first, "tally").await.generation == 2).await;
    let status = status_of(&first, "tally").await;
    assert_eq!((status.rebuild, status.position), (None, Position(1_200)));
    whole(&tally, &views, 1_200).await;
    end(running).await;
}

async fn rows_of_another_version_answer_until_the_new_ones_have_seen_all(world: World) {
    let log = world.open().await;
    fill(&log, vec![event(), event()]).await;
    let old = Tally::named("tally");
    let (first, views) = runner(&world, &log, vec![old.clone()], "one").await;
    first.catch_up().await.unwrap();
    let newer = Tally::gated("tally", 2);
    let (second, _) = runner(&world, &log, vec![newer.clone()], "two").await;
    let running = begin(&second);
    until(async || status_of(&second, "tally").await.rebuild.is_some()).await;
    fill(&log, vec![event()]).await;
    // A query that reads the old rows gets them as they were; one that cannot is told so.
    assert_eq!(newer.rows_of(&views, 1..=2).await.unwrap(), once(1..=2));
    assert!(matches!(newer.rows_of(&views, 2..=2).await, Err(ReadError::Building("tally"))));
    let status = status_of(&second, "tally").await;
    assert_eq!((status.version, status.position, status.lag_events), (1, Position(2), 1));
    newer.open();
    until(async || status_of(&second, "tally").await.version == 2).await;
    assert_eq!(newer.rows_of(&views, 2..=2).await.unwrap(), once(1..=3));
    fill(&log, vec![event()]).await;
    until(async || status_of(&second, "tally").await.position == Position(4)).await;
    end(running).await;
}

async fn a_program_leaves_the_rows_of_a_newer_one_alone_unless_told(world: World) {
    let log = world.open().await;
    fill(&log, vec![event(), event()]).await;
    let newer = Arc::new(Tally::of_version("tally", 2));
    let (second, views) = runner(&world, &log, vec![newer.clone()], "two").await;
    second.catch_up().await.unwrap();
    fill(&log, vec![event()]).await;
    let older = Tally::named("tally");
    let (first, _) = runner(&world, &log, vec![older.clone()], "one").await;
    let outcome = first.catch_up().await;
    assert!(matches!(outcome, Err(RunnerError::Newer { found: 2, own: 1, .. })), "{outcome:?}");
    assert_eq!(newer.rows(&views).await, once(1..=2));
    // The program was taken back for good.
    first.rebuild("tally").await.unwrap();
    assert_eq!(older.rows_of(&views, 1..=1).await.unwrap(), once(1..=3));
    second.catch_up().await.unwrap();
    assert_eq!(newer.rows_of(&views, 2..=2).await.unwrap(), once(1..=3));
}

async fn the_places_of_earlier_generations_are_dropped(world: World) {
    let log = world.open().await;
    fill(&log, vec![event()]).await;
    let (runner, _views) = runner(&world, &log, vec![Tally::named("tally")], "one").await;
    runner.catch_up().await.unwrap();
    assert_eq!(places(&world).await, [1]);
    runner.rebuild("tally").await.unwrap();
    runner.rebuild("tally").await.unwrap();
    assert_eq!(places(&world).await, [3]);
}

async fn rows_that_were_lost_are_built_anew(world: World) {
    let log = world.open().await;
    fill(&log, vec![event(), event()]).await;
    let tally = Tally::named("tally");
    let (first, views) = runner(&world, &log, vec![tally.clone()], "one").await;
    first.catch_up().await.unwrap();
    views.close().await;
    // The registry alone: the rows that lie there are not taken for those of the new generation.
    match &world.views {
        Location::Sqlite { file } => std::fs::remove_file(file).unwrap(),
        Location::Postgres { .. } => {
            world.attack("", "DROP SCHEMA views CASCADE").await.unwrap();
        }
    }
    let (second, views) = runner(&world, &log, vec![tally.clone()], "two").await;
    second.catch_up().await.unwrap();
    assert_eq!(tally.rows(&views).await, once(1..=2));
    views.close().await;
    // The rows alone.
    match &world.views {
        Location::Sqlite { file } => std::fs::remove_file(file.with_file_name("views.tally.1.db")).unwrap(),
        Location::Postgres { .. } => {
            world.attack("", "DROP SCHEMA views_tally_1 CASCADE").await.unwrap();
        }
    }
    let (third, views) = runner(&world, &log, vec![tally.clone()], "three").await;
    third.rebuild("tally").await.unwrap();
    assert_eq!(tally.rows(&views).await, once(1..=2));
}

/// The numbers of the generations that have a place.
async fn places(world: &World) -> Vec<u64> {
    let mut found: Vec<u64> = match &world.views {
        Location::Sqlite { file } => std::fs::read_dir(file.parent().unwrap())
            .unwrap()
            .filter_map(|entry| {
                let name = entry.unwrap().file_name().into_string().unwrap();
                name.strip_prefix("views.tally.")?.strip_suffix(".db")?.parse().ok()
            })
            .collect(),
        Location::Postgres { url, .. } => {
            let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(url).await.unwrap();
            let names: Vec<String> = sqlx::query_scalar(
                "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'views_tally_%'",
            )
            .fetch_all(&mut connection)
            .await
            .unwrap();
            names.iter().map(|name| name.strip_prefix("views_tally_").unwrap().parse().unwrap()).collect()
        }
    };
    found.sort_unstable();
    found
}
