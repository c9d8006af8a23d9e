//! A desk to test against, on either database, with a municipality of two schools.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a rig for tests; each binary uses a part of it"
)]

use std::path::PathBuf;
use std::sync::Arc;

use ballot::{Home, Urns};
use desk::{Answers, Desk, HandedIn, Outcome, Store, StoreError, Stored};
use domain::events::{
    Code, Duty, GuardianLink, Guardians, PersonFacts, PersonPersonal, RoundFacts, RoundMode, Scale,
    SurveyFacts, SurveyItem, UnitFacts,
};
use domain::{Facts, PersonId, Text};
use eventlog::clock::{Clock as _, ManualClock, Micros};
use eventlog::{Append, EventLog, Location, NewEvent, Options};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use lrs::{Lrs, LrsOptions, Sender};
use serde_json::{Value, json};
use testkit::postgres::TestDatabase;
use uuid::Uuid;
use vault::{Binding, Owner, Period, Vault};
use views::municipality::Current;
use xapi::{Identifier, Version};

/// 2026-03-02T08:00:00Z, a Monday: the first day of every round.
pub(crate) const START: Micros = Micros(1_772_438_400_000_000);
pub(crate) const DAY: i64 = 86_400_000_000;
pub(crate) const SURVEY: &str = "https://larkby.example/enkater/trivsel";
/// The smallest group.
pub(crate) const SMALLEST: u32 = 5;

/// Makes a test of each promise, on each database.
#[macro_export]
macro_rules! promises {
    ($(async fn $name:ident($rig:ident) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn promise($rig: $crate::rig::Rig) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                promise($crate::rig::Rig::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                promise($crate::rig::Rig::postgres().await).await;
            }
        }
    )*};
}

pub(crate) struct Rig {
    pub(crate) desk: Desk,
    pub(crate) lrs: Lrs,
    pub(crate) log: EventLog,
    pub(crate) vault: Vault,
    pub(crate) municipality: Current,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) place: Place,
    number: std::sync::atomic::AtomicU32,
}

/// Where everything is; gone when dropped.
pub(crate) struct Place {
    log: Location,
    vault: Location,
    pub(crate) home: Home,
    pub(crate) folder: PathBuf,
    pub(crate) postgres: Option<String>,
    _folder: tempfile::TempDir,
    _database: Option<TestDatabase>,
}

/// Statements through a record store, as the program does it.
pub(crate) struct ByLrs(pub(crate) Lrs);

impl Store for ByLrs {
    fn post(
        &self,
        statements: Vec<String>,
        authority: Option<[u8; 16]>,
    ) -> BoxFuture<'_, Result<Stored, StoreError>> {
        let parsed = parsed(&statements);
        let credential = Some(authority.unwrap_or([3; 16]));
        let sender = Sender { credential, may_void: true, ..Sender::default() };
        async move {
            match self.0.ingest().post(parsed, sender, Version::V2_0_0).await {
                Ok(posted) if posted.stored == 0 => Ok(Stored::Before),
                Ok(_) => Ok(Stored::New),
                Err(lrs::IngestError::Conflict { .. }) => Err(StoreError::Conflict),
                Err(error) => Err(StoreError::Failed(error.to_string())),
            }
        }
        .boxed()
    }

    fn known<'a>(&'a self, ids: &'a [Uuid]) -> BoxFuture<'a, Result<Vec<Option<Micros>>, StoreError>> {
        async move {
            let standing = self.0.query().standing(ids).await.unwrap();
            Ok(standing.iter().map(|one| Some(one.as_ref()?.at)).collect())
        }
        .boxed()
    }

    fn stand(&self, statements: Vec<String>) -> BoxFuture<'_, Result<Vec<Option<bool>>, StoreError>> {
        async move { Ok(self.0.ingest().stand(&parsed(&statements), Version::V2_0_0).await.unwrap()) }.boxed()
    }

    fn answered<'a>(
        &'a self,
        agents: &'a [[u8; 16]],
        registration: Uuid,
    ) -> BoxFuture<'a, Result<Vec<desk::Said>, StoreError>> {
        async move { Ok(self.0.query().answered(agents, registration).await.unwrap()) }.boxed()
    }
}

fn parsed(statements: &[String]) -> Vec<xapi::Statement> {
    let limits = xapi::Limits::default();
    let parse = |text: &String| xapi::parse::statement(text.as_bytes(), Version::V2_0_0, &limits).unwrap();
    statements.iter().map(parse).collect()
}

impl Rig {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| Location::sqlite(folder.path().join(name));
        let place = Place {
            log: file("log.db"),
            vault: file("vault.db"),
            home: Home::Files(folder.path().join("ballots")),
            folder: folder.path().to_owned(),
            postgres: None,
            _folder: folder,
            _database: None,
        };
        Self::fresh(place).await
    }

    pub(crate) async fn postgres() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut database = testkit::postgres::database().await.unwrap();
        let vault = database.sibling("_vault").await.unwrap();
        let place = Place {
            log: Location::postgres(database.url(), "log"),
            vault: Location::postgres(vault, "vault"),
            home: Home::Postgres { url: database.url(), schema: "ballots".into(), connections: 16 },
            folder: folder.path().to_owned(),
            postgres: Some(database.url()),
            _folder: folder,
            _database: Some(database),
        };
        Self::fresh(place).await
    }

    async fn fresh(place: Place) -> Self {
        let rig = Self::open(place, ManualClock::at(START)).await;
        for (code, parent) in [("K", None), ("A", Some("K")), ("B", Some("K"))] {
            let facts = UnitFacts {
                code: code.into(),
                name: format!("Enhet {code}"),
                kind: "skola".into(),
                parent: parent.map(str::to_owned),
                school_unit_code: None,
            };
            rig.add(facts.event(rig.number())).await;
        }
        for number in 0..8 {
            rig.enlist(&format!("a{number}"), "A", "Lärare").await;
            rig.enlist(&format!("b{number}"), "B", if number == 0 { "Rektor" } else { "Lärare" }).await;
        }
        rig.survey().await;
        rig
    }

    pub(crate) async fn open(place: Place, clock: Arc<ManualClock>) -> Self {
        let registry = prometheus::Registry::new();
        let mut options = Options::new(place.log.clone(), clock.clone());
        options.hooks = lrs::hooks();
        options.registry = registry.clone();
        let log = EventLog::open(options).await.unwrap();
        let vault = Vault::open(vault::Options {
            location: place.vault.clone(),
            keys: place.folder.join("keys"),
            instance: [7; 16],
            clock: clock.clone(),
            registry: registry.clone(),
        })
        .await
        .unwrap();
        let municipality = Current::open(log.clone()).await.unwrap();
        let lrs = Lrs::new(LrsOptions {
            log: log.clone(),
            vault: vault.clone(),
            municipality: municipality.clone(),
            untracked: lrs::Untracked::default(),
            clock: clock.clone(),
            base_url: "https://larka.example".into(),
            unversioned: lrs::Unversioned::Refused(Version::V2_0_0),
            origins: Vec::new(),
            limits: lrs::Limits::default(),
            registry,
        })
        .unwrap();
        let desk = Desk::new(desk::Options {
            log: log.clone(),
            vault: vault.clone(),
            municipality: municipality.clone(),
            urns: Urns::open(&place.home, place.folder.join("ballot-keys")).await.unwrap(),
            store: Arc::new(ByLrs(lrs.clone())),
            clock: clock.clone(),
            base_url: "https://larka.example".into(),
            links: "https://larka.example".into(),
            smallest: SMALLEST,
            folder: place.folder.clone(),
        });
        let number = std::sync::atomic::AtomicU32::new(0);
        Self { desk, lrs, log, vault, municipality, clock, place, number }
    }

    /// The same databases, opened again: what was in memory is gone, as after a kill.
    pub(crate) async fn killed(self) -> Self {
        let Self { log, place, clock, number, .. } = self;
        log.close().await;
        Self { number, ..Self::open(place, clock).await }
    }

    /// Sixteen bytes that come once.
    pub(crate) fn number(&self) -> [u8; 16] {
        let number = self.number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        (u128::from(number) + (0x17 << 96)).to_be_bytes()
    }

    pub(crate) async fn add(&self, event: NewEvent) {
        self.log.append(Append { events: vec![event], ..Append::default() }).await.unwrap();
        self.municipality.refresh().await.unwrap();
    }

    pub(crate) async fn enlist(&self, name: &str, unit: &str, role: &str) {
        let identifiers = vec![account(name), Identifier::Mbox(format!("mailto:{name}@larkby.example"))];
        let handles = self.vault.resolve(&identifiers, Period::of(START)).await.unwrap();
        let mut agents: Vec<_> = handles.iter().map(|handle| handle.agent().0).collect();
        let person = agents[0];
        agents.sort_unstable();
        let from = "2020-01-01".parse().unwrap();
        let duties = vec![Duty { unit: unit.into(), role: role.into(), from, to: None }];
        let mut event = PersonFacts { person, agents, duties, enrolments: vec![] }.event(self.number());
        let personal = PersonPersonal {
            given: name.to_uppercase(),
            family: "Larkby".into(),
            protected: name == "b7",
            identifiers,
        };
        let binding = Binding { event: event.id, kind: PersonFacts::KIND, slot: 0 };
        event.slots = vec![self.vault.seal(&binding, &Owner::Several(&handles), &personal.encode()).unwrap()];
        self.add(event).await;
    }

    async fn survey(&self) {
        let definition = json!({
            "title": "Trivsel",
            "pages": [{ "name": "p", "elements": [
                { "type": "radiogroup", "name": "trivs", "isRequired": true, "choices": ["1", "2", "3", "4"] },
                { "type": "checkbox", "name": "av", "choices": ["chef", "kollega", "it"] },
                { "type": "comment", "name": "fritt", "maxLength": 400 },
            ] }],
        });
        let codes = ["1", "2", "3", "4"].map(|code| Code {
            code: code.into(),
            label: Text::default(),
            score: Some((code.parse().unwrap(), 1)),
            positive: code > "2",
            dont_know: false,
        });
        let item = SurveyItem {
            name: "trivs".into(),
            activity: format!("{SURVEY}/trivs"),
            text: Text::default(),
            scale: "s".into(),
            reverse: false,
            several: false,
            ranked: false,
            groups: Vec::new(),
            required: true,
            feeds: None,
        };
        let facts = SurveyFacts {
            id: SURVEY.into(),
            version: "1".into(),
            title: Text::default(),
            definition_sha256: [0; 32],
            scales: vec![Scale { id: "s".into(), codes: codes.to_vec() }],
            items: vec![item],
            indexes: vec![],
            instrument: None,
            question_set: None,
            groups: Vec::new(),
        };
        let mut event = facts.event(self.number());
        let binding = Binding { event: event.id, kind: event.kind, slot: 0 };
        let class = self.vault.class(1);
        let sealed = self.vault.seal(&binding, &Owner::Class(&class), definition.to_string().as_bytes());
        event.slots = vec![sealed.unwrap()];
        self.add(event).await;
    }

    /// Records a round that opens and closes by whole days, today and the day after, and opens it.
    pub(crate) async fn round(&self, mode: RoundMode, change: impl FnOnce(&mut RoundFacts)) -> RoundFacts {
        let round = self.with_round(mode, change).await;
        assert_eq!(self.desk.turn().await, Default::default());
        round
    }

    pub(crate) async fn with_round(
        &self,
        mode: RoundMode,
        change: impl FnOnce(&mut RoundFacts),
    ) -> RoundFacts {
        let link =
            |unit: &str, registration| GuardianLink { unit: unit.into(), registration, pupils: Some(20) };
        let links = || Guardians { source: None, links: vec![link("A", [8; 16]), link("B", [9; 16])] };
        let mut round = RoundFacts {
            id: format!("{mode:?}").to_lowercase(),
            survey: SURVEY.into(),
            version: "1".into(),
            title: Text { sv: "Trivsel".into(), en: None },
            mode,
            registration: [5; 16],
            opens: "2026-03-02".parse().unwrap(),
            closes: "2026-03-03".parse().unwrap(),
            unit: "K".into(),
            roles: Vec::new(),
            without_dont_know: false,
            guardians: (mode == RoundMode::Guardians).then(links),
            hours: None,
            draft: false,
            again: false,
            grace: 0,
            partial: false,
            groups: Vec::new(),
        };
        change(&mut round);
        self.add(round.event(self.number())).await;
        round
    }

    /// The code of the round, and the personal codes by account: each as it is typed.
    pub(crate) async fn codes(&self, round: &RoundFacts) -> (String, Vec<String>) {
        let doors = self.desk.ways_in(&round.id).unwrap().doors;
        let all = self.desk.invitations(&round.id).await.unwrap();
        let typed = |code: &str| code.replace('-', "");
        // The last one is a protected identity, of whom there is no address.
        let of = |one: &desk::Invitation| (one.address.is_empty(), one.address.clone(), typed(&one.code));
        let mut people: Vec<_> = all.iter().map(of).collect();
        people.sort_unstable();
        (typed(&doors[0].code), people.into_iter().map(|(.., code)| code).collect())
    }

    pub(crate) async fn hand_in(&self, code: &str, token: &str, form: u8, kept: Value) -> Outcome {
        let answers = answers(form, kept);
        let handed = HandedIn { token: Some(token.to_owned()), answers };
        self.desk.take(code, handed).await.unwrap()
    }

    /// Moves the clocks to so long after the start.
    pub(crate) fn at(&self, micros: i64) {
        let on = u64::try_from(START.0 + micros - self.clock.now().0).unwrap();
        self.clock.advance(std::time::Duration::from_micros(on));
    }

    pub(crate) fn person(&self, name: &str) -> impl Future<Output = PersonId> {
        let vault = self.vault.clone();
        let asked = [account(name)];
        async move { vault.lookup(&asked).await.unwrap()[0].unwrap().0 }
    }

    /// Every statement that counts and voids none, as JSON, oldest first.
    pub(crate) async fn statements(&self) -> Vec<Value> {
        self.statements_of(None).await
    }

    /// Of somebody, as tools ask for them.
    pub(crate) async fn statements_of(&self, agent: Option<Identifier>) -> Vec<Value> {
        let query = xapi::StatementQuery { ascending: true, agent, ..Default::default() };
        let languages = xapi::output::Languages::default();
        let asking =
            lrs::Asking { credential: [0; 16], own: false, version: Version::V2_0_0, languages: &languages };
        let found = self.lrs.query().list(&query, &asking).await.unwrap().statements;
        let read = found.iter().map(|text| serde_json::from_str::<Value>(text).unwrap());
        read.filter(|statement| statement["verb"]["id"] != domain::verbs::VOIDED).collect()
    }
}

/// Files by their paths, or rows of tables as they print themselves.
pub(crate) type Boxes = Vec<(String, Vec<u8>)>;

impl Place {
    /// The boxes and their keys.
    pub(crate) async fn copy_of_boxes(&self) -> Boxes {
        let mut boxes = files(&self.folder.join("ballots"));
        boxes.extend(files(&self.folder.join("ballot-keys")));
        if let Some(url) = &self.postgres {
            for table in TABLES {
                let copied = psql(url, &format!("COPY ballots.{table} TO STDOUT"), b"").await;
                if !copied.is_empty() {
                    boxes.push((table.to_owned(), copied));
                }
            }
        }
        boxes
    }

    pub(crate) async fn put_back(&self, boxes: Boxes) {
        for (name, bytes) in boxes {
            match &self.postgres {
                Some(url) if TABLES.contains(&name.as_str()) => {
                    psql(url, &format!("COPY ballots.{name} FROM STDIN"), &bytes).await;
                }
                _ => {
                    let path = PathBuf::from(name);
                    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                    std::fs::write(path, bytes).unwrap();
                }
            }
        }
    }

    /// All that lies in the data folder, but for keys, and in PostgreSQL.
    pub(crate) async fn bytes(&self) -> Vec<u8> {
        let mut all = Vec::new();
        for (path, bytes) in files(&self.folder) {
            if !path.contains("/keys/") && !path.contains("/ballot-keys/") {
                all.extend(bytes);
            }
        }
        if let Some(url) = &self.postgres {
            let vault = url.replacen("?", "_vault?", usize::from(url.contains('?')));
            let vault = if vault == *url { format!("{url}_vault") } else { vault };
            for url in [url, &vault] {
                let dump = tokio::process::Command::new("pg_dump").arg(url).output().await.unwrap();
                assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
                all.extend(dump.stdout);
            }
        }
        all
    }
}

const TABLES: [&str; 3] = ["urn", "ballot", "voter"];

async fn psql(url: &str, command: &str, input: &[u8]) -> Vec<u8> {
    use tokio::io::AsyncWriteExt as _;
    let mut psql = tokio::process::Command::new("psql");
    psql.args(["-v", "ON_ERROR_STOP=1", "-q", "-c", command, url]);
    let piped = || std::process::Stdio::piped();
    let mut child = psql.stdin(piped()).stdout(piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).await.unwrap();
    let done = child.wait_with_output().await.unwrap();
    assert!(done.status.success());
    done.stdout
}

fn files(folder: &std::path::Path) -> Boxes {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push((path.to_str().unwrap().to_owned(), std::fs::read(&path).unwrap())),
        }
    }
    found
}

pub(crate) fn account(name: &str) -> Identifier {
    Identifier::Account { home_page: "https://login.larkby.example".into(), name: name.into() }
}

pub(crate) fn answers(form: u8, kept: Value) -> Answers {
    let complete = kept.get("trivs").is_some();
    let Value::Object(kept) = kept else { panic!("answers are an object") };
    Answers { submission: [form; 16], kept, complete, at: None }
}
