//! Where a worker works, with a clock that the test sets, on both databases.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::statement::{AgentRole, ObjectFacts, Score, StatementFacts, Version};
use domain::{Facts as _, verbs};
use eventlog::clock::{Clock as _, ManualClock, Micros};
use eventlog::projection::Views;
use eventlog::{Append, EventLog, Location, NewEvent, Options};
use testkit::postgres::TestDatabase;
use views::municipality::Current;
use worker::Worker;

pub(crate) fn instant(text: &str) -> Micros {
    Micros::from_datetime(chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc())
}

/// Where an instance's databases and its lake are.
pub(crate) struct World {
    pub(crate) log: Location,
    views: Location,
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    _database: Option<TestDatabase>,
}

impl World {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| Location::sqlite(folder.path().join(name));
        Self::new(at("log.db"), at("views.db"), folder, None)
    }

    pub(crate) async fn postgres() -> Self {
        let database = testkit::postgres::database().await.unwrap();
        let at = |schema: &str| Location::postgres(database.url(), schema);
        Self::new(at("log"), at("views"), tempfile::tempdir().unwrap(), Some(database))
    }

    fn new(
        log: Location,
        views: Location,
        folder: tempfile::TempDir,
        database: Option<TestDatabase>,
    ) -> Self {
        let clock = ManualClock::at(instant("2026-06-10T08:00:00Z"));
        Self { log, views, folder, clock, _database: database }
    }

    /// A process that works on them.
    pub(crate) async fn process(&self, owner: &str) -> (EventLog, Worker) {
        let mut options = Options::new(self.log.clone(), self.clock.clone());
        options.hooks = vec![views::statements::hook()];
        let log = EventLog::open(options).await.unwrap();
        let worker = Worker::open(worker::Options {
            log: log.clone(),
            views: Views::open(&self.views).await.unwrap(),
            on_unfoldable: HashMap::new(),
            lake: Path::new(&self.folder.path().join("lake")).into(),
            municipality: Current::open(log.clone()).await.unwrap(),
            clock: self.clock.clone(),
            registry: prometheus::Registry::new(),
            owner: owner.to_owned(),
        });
        (log, worker.await.unwrap())
    }

    /// Time goes by until then.
    pub(crate) fn until(&self, text: &str) {
        let by = instant(text).0 - self.clock.now().0;
        self.clock.advance(Duration::from_micros(u64::try_from(by).unwrap()));
    }

    /// A statement at the clock's time.
    pub(crate) async fn says(&self, log: &EventLog, number: u8) {
        let activity = "https://larkby.example/kurser/a";
        self.states(log, number.into(), |facts| facts.object = ObjectFacts::Activity(activity.into())).await;
    }

    /// A statement at the clock's time, as it is made.
    pub(crate) async fn states(&self, log: &EventLog, number: u32, make: impl FnOnce(&mut StatementFacts)) {
        let mut facts = StatementFacts {
            id: key(number),
            agents: vec![(AgentRole::Actor, [9; 16])],
            actor_is_group: false,
            verb: verbs::COMPLETED.into(),
            object: ObjectFacts::Agent,
            registration: None,
            timestamp: None,
            success: None,
            completion: None,
            score: Score::default(),
            duration_cs: None,
            response: Vec::new(),
            activities: Vec::new(),
            xapi_version: Version::V2_0_0,
            attachments_from: None,
            origin: None,
            untracked: false,
            voids_own: false,
        };
        make(&mut facts);
        self.adds(log, vec![NewEvent { dedupe: Some(facts.id), ..facts.event(key(number)) }]).await;
    }

    /// Events at the clock's time.
    pub(crate) async fn adds(&self, log: &EventLog, events: Vec<NewEvent>) {
        log.append(Append { events, ..Append::default() }).await.unwrap();
    }
}

/// The key of a number.
pub(crate) fn key(number: u32) -> [u8; 16] {
    let mut key = [0; 16];
    key[12..].copy_from_slice(&number.to_be_bytes());
    key
}

/// A test of each promise on each database.
macro_rules! promises {
    ($(async fn $name:ident($world:ident) $body:block)*) => {$(
        mod $name {
            use super::*;
            async fn promise($world: World) $body
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() { promise(World::sqlite().await).await; }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() { promise(World::postgres().await).await; }
        }
    )*};
}
