//! A log with the statement index, and a database of views, on either database.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a rig for tests; each binary uses a part of it"
)]

use std::sync::Arc;

use domain::StatementFacts;
use domain::statement::{AgentRole, ObjectFacts, Score, Version};
use eventlog::clock::{ManualClock, Micros};
use eventlog::projection::{Runner, Views};
use eventlog::{Append, EventLog, Key, Location, NewEvent, Options, Position, Projection};
use testkit::postgres::TestDatabase;

pub(crate) const START: Micros = Micros(1_768_464_000_000_000);

pub(crate) struct Rig {
    pub(crate) log: EventLog,
    pub(crate) views: Views,
    pub(crate) clock: Arc<ManualClock>,
    location: Location,
    _folder: tempfile::TempDir,
    _database: Option<TestDatabase>,
}

impl Rig {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = Location::sqlite(folder.path().join("log.db"));
        let views = Location::sqlite(folder.path().join("views.db"));
        Self::open(log, views, folder, None).await
    }

    pub(crate) async fn postgres() -> Self {
        let database = testkit::postgres::database().await.unwrap();
        let log = Location::postgres(database.url(), "log");
        let views = Location::postgres(database.url(), "views");
        Self::open(log, views, tempfile::tempdir().unwrap(), Some(database)).await
    }

    async fn open(
        log: Location,
        views: Location,
        folder: tempfile::TempDir,
        database: Option<TestDatabase>,
    ) -> Self {
        let clock = ManualClock::at(START);
        let location = log.clone();
        let mut options = Options::new(log, clock.clone());
        options.hooks = vec![views::statements::hook()];
        let log = EventLog::open(options).await.unwrap();
        let views = Views::open(&views).await.unwrap();
        Self { log, views, clock, location, _folder: folder, _database: database }
    }

    /// The same log opened again, with this much work along references at a time.
    pub(crate) async fn reopened(mut self, bound: usize) -> Self {
        self.log.close().await;
        let mut options = Options::new(self.location.clone(), self.clock.clone());
        options.hooks = vec![views::statements::hook_with_bound(bound)];
        self.log = EventLog::open(options).await.unwrap();
        self
    }

    /// Waits until the log promises that all that is in it now can be found.
    pub(crate) async fn settled(&self) {
        let head = self.log.head().await.unwrap().stored;
        let settled = async {
            while self.log.consistent_through().await.unwrap() < head {
                self.clock.advance(std::time::Duration::from_secs(1));
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(300), settled)
            .await
            .expect("what is put off is done");
    }

    pub(crate) async fn append(&self, events: Vec<NewEvent>) -> Vec<Position> {
        let appended = self.log.append(Append { events, fence: None, raise_fence: false }).await.unwrap();
        appended.events.into_iter().map(|(position, _)| position).collect()
    }

    pub(crate) fn runner(&self, projections: Vec<Arc<dyn Projection>>) -> Runner {
        Runner::new(self.log.clone(), self.views.clone(), projections, self.clock.clone(), "test".into())
    }
}

/// Sixteen bytes of one's own choosing.
pub(crate) fn key(kind: u8, number: usize) -> Key {
    let mut key = [kind; 16];
    key[8..].copy_from_slice(&(number as u64).to_be_bytes());
    key
}

pub(crate) fn activity(number: usize) -> String {
    format!("https://larkby.example/kurser/{number}")
}

/// Statement `number`: agent `who` did `verb` with an activity.
pub(crate) fn facts(number: usize, who: usize, verb: &str, about: usize) -> StatementFacts {
    StatementFacts {
        id: key(1, number),
        agents: vec![(AgentRole::Actor, key(2, who))],
        actor_is_group: false,
        verb: verb.into(),
        object: ObjectFacts::Activity(activity(about)),
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
    }
}

/// Statement `number`, which voids statement `target`.
pub(crate) fn voiding(number: usize, target: usize) -> StatementFacts {
    let mut facts = facts(number, 99, domain::verbs::VOIDED, 0);
    facts.object = ObjectFacts::StatementRef(key(1, target));
    facts
}

pub(crate) fn event(facts: &StatementFacts) -> NewEvent {
    NewEvent { dedupe: Some(facts.id), ..domain::Facts::event(facts, facts.id) }
}

/// An event about the municipality.
pub(crate) fn other<F: domain::Facts>(number: usize, facts: &F) -> NewEvent {
    facts.event(key(9, number))
}
