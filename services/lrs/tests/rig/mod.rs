//! An LRS to test against, on either database, behind its router.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a rig for tests; each binary uses a part of it"
)]

pub(crate) mod attachments;
pub(crate) mod documents;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use base64::Engine as _;
use domain::events::{Duty, PersonFacts, PersonPersonal};
use domain::{Date, Facts as _};
use eventlog::clock::{Clock as _, ManualClock, Micros};
use eventlog::{Append, EventLog, Location, Options};
use lrs::{Limits, Lrs, LrsOptions};
use serde_json::{Value, json};
use testkit::postgres::TestDatabase;
use tower::ServiceExt as _;
use vault::{Binding, Owner, Period, Vault};
use views::municipality::Current;

/// 2026-01-15T08:00:00Z.
pub(crate) const START: Micros = Micros(1_768_464_000_000_000);
pub(crate) const BASE: &str = "https://larka.example";

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
    pub(crate) lrs: Lrs,
    pub(crate) log: EventLog,
    pub(crate) vault: Vault,
    pub(crate) municipality: Current,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) registry: prometheus::Registry,
    /// `Authorization` of a credential that may do everything.
    pub(crate) all: String,
    router: Router,
    place: Place,
}

/// Where the databases are; gone when dropped.
struct Place {
    log: Location,
    vault: Location,
    keys: std::path::PathBuf,
    _folder: tempfile::TempDir,
    _database: Option<TestDatabase>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// The ids of the statements in a list, in order.
    #[track_caller]
    pub(crate) fn ids(&self) -> Vec<String> {
        let json = self.json();
        let statements = json["statements"].as_array().expect("a list of statements");
        statements.iter().map(|statement| statement["id"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Events that may wait, where a test does not say otherwise.
const QUEUE: usize = 20_000;

impl Rig {
    pub(crate) async fn sqlite() -> Self {
        Self::sqlite_with(Limits::default()).await
    }

    pub(crate) async fn sqlite_with(limits: Limits) -> Self {
        Self::sqlite_with_queue(limits, QUEUE).await
    }

    /// With pages from these origins let in.
    pub(crate) async fn sqlite_for(origins: &[&str]) -> Self {
        let rig = Self::sqlite().await;
        let origins = origins.iter().map(|origin| origin.parse().unwrap()).collect();
        Self::of(rig.place, Limits::default(), QUEUE, origins).await
    }

    pub(crate) async fn sqlite_with_queue(limits: Limits, queue: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place {
            log: Location::sqlite(folder.path().join("log.db")),
            vault: Location::sqlite(folder.path().join("vault.db")),
            keys: folder.path().join("keys"),
            _folder: folder,
            _database: None,
        };
        Self::open(place, limits, queue).await
    }

    pub(crate) async fn postgres() -> Self {
        Self::postgres_with(Limits::default()).await
    }

    pub(crate) async fn postgres_with(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut database = testkit::postgres::database().await.unwrap();
        let vault = database.sibling("_vault").await.unwrap();
        let place = Place {
            log: Location::postgres(database.url(), "log"),
            vault: Location::postgres(vault, "vault"),
            keys: folder.path().join("keys"),
            _folder: folder,
            _database: Some(database),
        };
        Self::open(place, limits, QUEUE).await
    }

    async fn open(place: Place, limits: Limits, queue: usize) -> Self {
        Self::of(place, limits, queue, Vec::new()).await
    }

    async fn of(place: Place, limits: Limits, queue: usize, origins: Vec<axum::http::HeaderValue>) -> Self {
        let clock = ManualClock::at(START);
        let registry = prometheus::Registry::new();
        let mut options = Options::new(place.log.clone(), clock.clone());
        options.hooks = lrs::hooks();
        options.registry = registry.clone();
        options.queue_events = queue;
        let log = EventLog::open(options).await.unwrap();
        let vault = Vault::open(vault::Options {
            location: place.vault.clone(),
            keys: place.keys.clone(),
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
            base_url: BASE.into(),
            unversioned: lrs::Unversioned::Refused(xapi::Version::V2_0_0),
            origins,
            limits,
            registry: registry.clone(),
        })
        .unwrap();
        let all = authorization(&vault, &["all"]).await;
        Self { router: lrs::router(lrs.clone()), lrs, log, vault, municipality, clock, registry, all, place }
    }

    /// The same databases, opened again by another process, so to speak.
    pub(crate) async fn restarted(self, limits: Limits) -> Self {
        self.log.close().await;
        let all = self.all.clone();
        let mut again = Self::open(self.place, limits, QUEUE).await;
        again.clock.advance(Duration::from_secs(3600));
        again.all = all;
        again
    }

    /// This one, and another process on the same databases. SQLite has one writer: there it is the same once more.
    pub(crate) async fn with_another_node(self) -> (Self, Self) {
        let place = Place {
            log: self.place.log.clone(),
            vault: self.place.vault.clone(),
            keys: self.place.keys.clone(),
            _folder: tempfile::tempdir().unwrap(),
            _database: None,
        };
        let mut other = Self::open(place, Limits::default(), QUEUE).await;
        other.all.clone_from(&self.all);
        (self, other)
    }

    /// `Authorization` of a new credential with these scopes.
    pub(crate) async fn credential(&self, scopes: &[&str]) -> String {
        authorization(&self.vault, scopes).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// A request with credentials and a version, to build on.
    pub(crate) fn request(&self, method: Method, uri: &str, version: &str) -> axum::http::request::Builder {
        let request = Request::builder().method(method).uri(uri);
        request.header("Authorization", &self.all).header("X-Experience-API-Version", version)
    }

    pub(crate) async fn post_as(&self, version: &str, body: impl Into<Body>) -> Answer {
        let request = self.request(Method::POST, "/xapi/statements", version);
        self.send(request.header("Content-Type", "application/json").body(body.into()).unwrap()).await
    }

    pub(crate) async fn post(&self, statements: &Value) -> Answer {
        self.post_as("2.0.0", statements.to_string()).await
    }

    /// By another credential than the one that may do everything.
    pub(crate) async fn post_by(&self, authorization: &str, version: &str, statements: &Value) -> Answer {
        let request = Request::builder().method(Method::POST).uri("/xapi/statements");
        let request =
            request.header("Authorization", authorization).header("X-Experience-API-Version", version);
        let body = Body::from(statements.to_string());
        self.send(request.header("Content-Type", "application/json").body(body).unwrap()).await
    }

    /// Notes in the roster that somebody works at a unit from today on.
    pub(crate) async fn enlist(&self, name: &str, unit: &str, protected: bool) {
        let identifier = xapi::parse::agent(&agent(name).to_string()).unwrap();
        let today = self.clock.now();
        let handles = self.vault.resolve(std::slice::from_ref(&identifier), Period::of(today)).await.unwrap();
        let person = handles[0].agent().0;
        let from = Date::in_sweden(today);
        let duties = vec![Duty { unit: unit.into(), role: "Lärare".into(), from, to: None }];
        let facts = PersonFacts { person, agents: vec![person], duties, enrolments: vec![] };
        let head = self.log.head().await.unwrap().position.0;
        let mut event = facts.event(u128::from(head).to_be_bytes());
        let (given, family) = (name.to_owned(), "Larkby".to_owned());
        let personal = PersonPersonal { given, family, protected, identifiers: vec![identifier] };
        let binding = Binding { event: event.id, kind: PersonFacts::KIND, slot: 0 };
        event.slots = vec![self.vault.seal(&binding, &Owner::Several(&handles), &personal.encode()).unwrap()];
        self.log.append(Append { events: vec![event], ..Append::default() }).await.unwrap();
    }

    pub(crate) async fn put_as(&self, version: &str, id: &str, body: impl Into<Body>) -> Answer {
        let request = self.request(Method::PUT, &format!("/xapi/statements?statementId={id}"), version);
        self.send(request.header("Content-Type", "application/json").body(body.into()).unwrap()).await
    }

    pub(crate) async fn get_as(&self, version: &str, uri: &str) -> Answer {
        self.send(self.request(Method::GET, uri, version).body(Body::empty()).unwrap()).await
    }

    /// A list or a statement by the parameters given, under 2.0.
    pub(crate) async fn get(&self, parameters: &[(&str, &str)]) -> Answer {
        self.get_as("2.0.0", &address(parameters)).await
    }

    /// The ids that a list by these parameters has.
    pub(crate) async fn ids(&self, parameters: &[(&str, &str)]) -> Vec<String> {
        self.get(parameters).await.expect(200).ids()
    }

    /// All ids of a list, page by page, newest first or as asked.
    pub(crate) async fn all_ids(&self, parameters: &[(&str, &str)]) -> Vec<String> {
        let mut page = self.get(parameters).await.expect(200);
        let mut ids = page.ids();
        while let Some(more) = page.json()["more"].as_str().filter(|more| !more.is_empty()) {
            page = self.get_as("2.0.0", more).await.expect(200);
            ids.extend(page.ids());
        }
        ids
    }
}

async fn authorization(vault: &Vault, scopes: &[&str]) -> String {
    let made = vault.create_credential("A tool", scopes).await.unwrap();
    let pair = format!("{}:{}", made.credential.key, *made.secret);
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

/// `/xapi/statements?…`, encoded.
pub(crate) fn address(parameters: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    format!("/xapi/statements?{}", pairs.join("&"))
}

pub(crate) const VERB: &str = "http://adlnet.gov/expapi/verbs/completed";
pub(crate) const VOIDED: &str = "http://adlnet.gov/expapi/verbs/voided";

/// A UUID of one's own choosing.
pub(crate) fn id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

pub(crate) fn agent(name: &str) -> Value {
    json!({ "account": { "homePage": "https://larkby.example", "name": name } })
}

/// A statement without an id: `name` completed the activity `about`.
pub(crate) fn plain(name: &str, about: &str) -> Value {
    json!({
        "actor": agent(name),
        "verb": { "id": VERB },
        "object": { "id": format!("https://larkby.example/kurser/{about}") },
    })
}

/// The same with an id.
pub(crate) fn statement(number: u32, name: &str, about: &str) -> Value {
    let mut statement = plain(name, about);
    statement["id"] = id(number).into();
    statement
}

/// `name` says something about the statement `target`.
pub(crate) fn reference(number: u32, name: &str, verb: &str, target: u32) -> Value {
    json!({
        "id": id(number),
        "actor": agent(name),
        "verb": { "id": verb },
        "object": { "objectType": "StatementRef", "id": id(target) },
    })
}

pub(crate) fn activity(about: &str) -> String {
    format!("https://larkby.example/kurser/{about}")
}

/// Statements that say something of one activity, or nothing, each in its own words: numbered from 1.
pub(crate) fn of_one_activity() -> Vec<Value> {
    let here = activity("a");
    let named =
        |language: &str, name: &str| json!({ "id": here, "definition": { "name": { language: name } } });
    let objects = [
        named("sv", "Källkritik"),
        json!({ "id": here }),
        named("en", "Source criticism"),
        json!({ "id": here, "definition": { "type": "https://larkby.example/typer/kurs" } }),
        json!({ "objectType": "SubStatement", "actor": agent("bo"), "verb": { "id": VERB }, "object": { "id": here } }),
    ];
    let mut all: Vec<Value> = (1..)
        .zip(["anna", "bo", "carl", "dora", "erik"])
        .map(|(number, name)| statement(number, name, "b"))
        .collect();
    for (statement, object) in all.iter_mut().zip(objects) {
        statement["object"] = object;
    }
    all[1]["context"] =
        json!({ "contextActivities": { "parent": [{ "id": here }], "other": [{ "id": activity("c") }] } });
    all[2]["context"] = json!({ "contextActivities": { "grouping": [{ "id": activity("c"), "definition": { "name": { "sv": "Annat" } } }] } });
    all
}

/// A statement without what is added to it on its way in and out.
pub(crate) fn as_it_came(given: &Value) -> Value {
    let mut statement = given.clone();
    for added in ["authority", "stored", "timestamp", "version"] {
        statement.as_object_mut().unwrap().remove(added).unwrap();
    }
    statement
}
