//! Projections: each event once, one worker each, a stop that holds nobody else up, rebuilds.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use eventlog::projection::{
    ProjectionState, ProjectionStatus, ReadError, Runner, RunnerError, Unfoldable, Views,
};
use eventlog::{Database, Event, EventLog, FoldError, Position, Projection, Tx};
use futures_util::future::BoxFuture;
use sqlx::AssertSqlSafe;
use tokio::sync::{Semaphore, watch};

use crate::on_both;
use crate::world::*;

on_both![
    each_event_counts_once_and_the_checkpoint_moves_with_the_rows,
    a_projection_that_stops_says_where_and_holds_nobody_up,
    one_worker_runs_one_projection_and_another_takes_over,
    two_workers_that_both_believe_to_hold_the_lease_count_each_event_once,
    kinds_that_are_not_wanted_are_passed_over_and_still_count_as_seen,
    a_rebuild_gives_the_same_rows,
    a_running_worker_follows_appends_and_stops_when_told,
    lag_is_told_in_events_and_seconds,
];

/// Counts events, one row each with how often it was seen. While it is strict it fails at facts that say how.
pub(crate) struct Tally {
    pub(crate) name: &'static str,
    pub(crate) version: u32,
    pub(crate) kinds: Option<&'static [&'static str]>,
    pub(crate) strict: AtomicBool,
    /// How often its database is away.
    pub(crate) away: AtomicUsize,
    /// Every page waits here.
    pub(crate) gate: Semaphore,
}

/// The ways in which an event can fail to be folded, as its facts say them.
pub(crate) const WAYS: [&[u8]; 4] = [b"bad", b"huge", b"overflow", b"panic"];

impl Tally {
    pub(crate) fn named(name: &'static str) -> Arc<Self> {
        Arc::new(Self::of_version(name, 1))
    }

    /// Lets no page through until [`Tally::open`].
    pub(crate) fn gated(name: &'static str, version: u32) -> Arc<Self> {
        Arc::new(Self { gate: Semaphore::new(0), ..Self::of_version(name, version) })
    }

    pub(crate) fn of_version(name: &'static str, version: u32) -> Self {
        let (strict, away, gate) = (AtomicBool::new(true), AtomicUsize::new(0), Semaphore::new(1));
        Self { name, version, kinds: None, strict, away, gate }
    }

    pub(crate) fn open(&self) {
        self.gate.add_permits(1);
    }

    pub(crate) fn mend(&self) {
        self.strict.store(false, Ordering::SeqCst);
    }

    pub(crate) async fn rows(&self, views: &Views) -> Vec<(i64, i64)> {
        self.rows_of(views, 1..=u32::MAX).await.unwrap()
    }

    pub(crate) async fn rows_of(
        &self,
        views: &Views,
        versions: RangeInclusive<u32>,
    ) -> Result<Vec<(i64, i64)>, ReadError> {
        let read = |place: Database| async move {
            let text = AssertSqlSafe(format!("SELECT position, seen FROM {} ORDER BY position", self.name));
            match place {
                Database::Sqlite(db) => sqlx::query_as(text).fetch_all(&db.readers).await,
                Database::Postgres(pool) => sqlx::query_as(text).fetch_all(&pool).await,
            }
        };
        views.read(self.name, versions, read).await
    }

    async fn fold(&self, mut tx: Tx<'_>, events: &[Event]) -> Result<(), FoldError> {
        let _permit = self.gate.acquire().await.unwrap();
        if self.away.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |times| times.checked_sub(1)).is_ok() {
            return Err(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()).into());
        }
        for event in events {
            if self.strict.load(Ordering::SeqCst) {
                match event.facts.as_slice() {
                    b"bad" => return Err(FoldError::event(event.position, "bad facts")),
                    b"panic" => panic!("the facts say so"),
                    b"overflow" => {
                        let sqlite = "SELECT abs(-9223372036854775808)";
                        tx.run(sqlite, "SELECT 'somebody'::int").await?;
                    }
                    _ => {}
                }
            }
            let seen = if self.strict.load(Ordering::SeqCst) && event.facts == b"huge" { 1_000 } else { 1 };
            let sql = format!(
                "INSERT INTO {0} VALUES ({1}, {seen}) ON CONFLICT (position) DO UPDATE SET seen = {0}.seen + 1",
                self.name, event.position.0
            );
            run(tx.reborrow(), sql).await?;
        }
        Ok(())
    }
}

async fn run(tx: Tx<'_>, sql: String) -> Result<(), FoldError> {
    match tx {
        Tx::Sqlite(connection) => sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)?,
        Tx::Postgres(connection) => sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)?,
    }
    Ok(())
}

impl Projection for Tally {
    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn kinds(&self) -> Option<&'static [&'static str]> {
        self.kinds
    }

    fn prepare<'a>(&'a self, tx: Tx<'a>) -> BoxFuture<'a, Result<(), FoldError>> {
        let table = "(position bigint PRIMARY KEY, seen bigint NOT NULL CHECK (seen < 1000))";
        Box::pin(run(tx, format!("CREATE TABLE IF NOT EXISTS {} {table}", self.name)))
    }

    fn apply<'a>(&'a self, tx: Tx<'a>, events: &'a [Event]) -> BoxFuture<'a, Result<(), FoldError>> {
        Box::pin(self.fold(tx, events))
    }
}

pub(crate) async fn runner(
    world: &World,
    log: &EventLog,
    projections: Vec<Arc<Tally>>,
    owner: &str,
) -> (Runner, Views) {
    let views = world.open_views().await;
    let projections = projections.into_iter().map(|tally| tally as Arc<dyn Projection>).collect();
    (Runner::new(log.clone(), views.clone(), projections, world.clock.clone(), owner.to_owned()), views)
}

pub(crate) fn once(positions: impl Iterator<Item = i64>) -> Vec<(i64, i64)> {
    positions.map(|position| (position, 1)).collect()
}

pub(crate) async fn status_of(runner: &Runner, name: &str) -> ProjectionStatus {
    runner.status().await.unwrap().into_iter().find(|status| status.name == name).unwrap()
}

async fn each_event_counts_once_and_the_checkpoint_moves_with_the_rows(world: World) {
    let log = world.open().await;
    log.append(request((0..2_500).map(|_| event()).collect())).await.unwrap();
    let tally = Tally::named("tally");
    let (runner, views) = runner(&world, &log, vec![tally.clone()], "one").await;
    runner.catch_up().await.unwrap();
    runner.catch_up().await.unwrap();
    assert_eq!(tally.rows(&views).await, once(1..=2_500));
    let status = status_of(&runner, "tally").await;
    assert_eq!(
        (status.position, status.lag_events, status.state),
        (Position(2_500), 0, ProjectionState::Waiting)
    );
}

async fn a_projection_that_stops_says_where_and_holds_nobody_up(world: World) {
    let log = world.open().await;
    fill(&log, vec![event(), event(), with_facts(b"bad"), event()]).await;
    let (strict, lenient) = (Tally::named("strict"), Tally::named("lenient"));
    lenient.mend();
    let (runner, views) = runner(&world, &log, vec![strict.clone(), lenient.clone()], "one").await;
    let outcome = runner.catch_up().await;
    let bad =
        Unfoldable { position: Position(3), kind: "statement".to_owned(), reason: "bad facts".to_owned() };
    assert!(
        matches!(&outcome, Err(RunnerError::Stopped { name: "strict", event, .. }) if *event == bad),
        "{outcome:?}"
    );
    assert_eq!(strict.rows(&views).await, once(1..=2), "what came before the event is folded");
    assert_eq!(lenient.rows(&views).await, once(1..=4));
    let status = status_of(&runner, "strict").await;
    assert_eq!(status.state, ProjectionState::Stopped(bad));
    assert_eq!((status.position, status.lag_events), (Position(2), 2));
    // The program was changed: it goes on from where it stopped.
    strict.mend();
    runner.catch_up().await.unwrap();
    assert_eq!(strict.rows(&views).await, once(1..=4));
    assert_eq!(status_of(&runner, "strict").await.state, ProjectionState::Waiting);
}

async fn one_worker_runs_one_projection_and_another_takes_over(world: World) {
    let log = world.open().await;
    fill(&log, vec![event()]).await;
    let tally = Tally::named("tally");
    let (first, views) = runner(&world, &log, vec![tally.clone()], "first").await;
    let (second, _) = runner(&world, &log, vec![tally.clone()], "second").await;
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn({
        let first = first.clone();
        async move { first.run(stopped).await }
    });
    until(async || status_of(&first, "tally").await.lag_events == 0).await;
    let held = ProjectionState::Running { owner: "first".to_owned() };
    assert_eq!(status_of(&second, "tally").await.state, held);
    // What the first keeps up is up for the second, too, and folded once.
    fill(&log, vec![event()]).await;
    second.catch_up().await.unwrap();
    assert_eq!(status_of(&second, "tally").await.state, held);
    assert_eq!(tally.rows(&views).await, once(1..=2));
    stop.send(true).unwrap();
    running.await.unwrap();
    fill(&log, vec![event()]).await;
    second.catch_up().await.unwrap();
    assert_eq!(tally.rows(&views).await, once(1..=3));
}

async fn two_workers_that_both_believe_to_hold_the_lease_count_each_event_once(world: World) {
    let log = world.open().await;
    log.append(request((0..3_000).map(|_| event()).collect())).await.unwrap();
    let tally = Tally::named("tally");
    // The same name twice is what must never be: only the checkpoint's own condition stands in between.
    let (first, views) = runner(&world, &log, vec![tally.clone()], "same").await;
    let (second, _) = runner(&world, &log, vec![tally.clone()], "same").await;
    let (one, two) = tokio::join!(first.catch_up(), second.catch_up());
    assert!(one.is_ok() || two.is_ok());
    first.catch_up().await.unwrap();
    assert_eq!(tally.rows(&views).await, once(1..=3_000));
}

async fn kinds_that_are_not_wanted_are_passed_over_and_still_count_as_seen(world: World) {
    let log = world.open().await;
    let kinds = ["statement", "unit", "statement", "person", "statement"];
    fill(&log, kinds.iter().map(|kind| of_kind(kind)).collect()).await;
    let some: &[&str] = &["unit", "person"];
    let tally = Arc::new(Tally { kinds: Some(some), ..Tally::of_version("tally", 1) });
    let (runner, views) = runner(&world, &log, vec![tally.clone()], "one").await;
    runner.catch_up().await.unwrap();
    assert_eq!(tally.rows(&views).await, [(2, 1), (4, 1)]);
    assert_eq!(status_of(&runner, "tally").await.lag_events, 0);
    fill(&log, vec![of_kind("unit")]).await;
    runner.catch_up().await.unwrap();
    assert_eq!(tally.rows(&views).await, [(2, 1), (4, 1), (6, 1)]);
}

async fn a_rebuild_gives_the_same_rows(world: World) {
    let log = world.open().await;
    log.append(request((0..1_500).map(|_| event()).collect())).await.unwrap();
    let tally = Tally::named("tally");
    let (runner, views) = runner(&world, &log, vec![tally.clone()], "one").await;
    runner.catch_up().await.unwrap();
    let rows = tally.rows(&views).await;
    runner.rebuild("tally").await.unwrap();
    assert_eq!(tally.rows(&views).await, rows);
    let unknown = runner.rebuild("other").await;
    assert!(matches!(&unknown, Err(RunnerError::Unknown(names)) if names == "tally"), "{unknown:?}");
}

async fn a_running_worker_follows_appends_and_stops_when_told(world: World) {
    let log = world.open().await;
    let tally = Tally::named("tally");
    let (runner, views) = runner(&world, &log, vec![tally.clone()], "one").await;
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn({
        let runner = runner.clone();
        async move { runner.run(stopped).await }
    });
    for _ in 0..20 {
        fill(&log, vec![event()]).await;
    }
    until(async || status_of(&runner, "tally").await.position == Position(20)).await;
    fill(&log, vec![with_facts(b"bad"), event()]).await;
    until(async || matches!(status_of(&runner, "tally").await.state, ProjectionState::Stopped(_))).await;
    tally.mend();
    runner.rebuild("tally").await.unwrap();
    fill(&log, vec![event()]).await;
    until(async || status_of(&runner, "tally").await.position == Position(23)).await;
    stop.send(true).unwrap();
    running.await.unwrap();
    assert_eq!(tally.rows(&views).await, once(1..=23));
    assert_eq!(status_of(&runner, "tally").await.state, ProjectionState::Waiting, "the lease was given back");
}

async fn lag_is_told_in_events_and_seconds(world: World) {
    let log = world.open().await;
    let (runner, _views) = runner(&world, &log, vec![Tally::named("tally")], "one").await;
    fill(&log, vec![event()]).await;
    runner.catch_up().await.unwrap();
    fill(&log, vec![event(), event()]).await;
    world.clock.advance(Duration::from_secs(90));
    let status = status_of(&runner, "tally").await;
    assert_eq!(status.lag_events, 2);
    assert!((status.lag_seconds - 90.0).abs() < 0.01, "{}", status.lag_seconds);
}

/// Asks again until it is so. The harness's own limit ends a test that waits for ever.
pub(crate) async fn until(mut so: impl AsyncFnMut() -> bool) {
    while !so().await {
        tokio::task::yield_now().await;
    }
}
