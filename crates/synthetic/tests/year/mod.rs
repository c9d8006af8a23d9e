//! A school year, read back: what the tests look at of each statement.

use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::IgnoredAny;
use synthetic::{Plan, World};

pub(crate) const SMALL: Plan = Plan { people: 200, statements: 4_000, seed: 1, year: 2024 };
pub(crate) const USUAL: Plan = Plan { people: 1_500, statements: 50_000, ..SMALL };

pub(crate) static SMALL_YEAR: LazyLock<Year> = LazyLock::new(|| Year::new(&SMALL));
pub(crate) static USUAL_YEAR: LazyLock<Year> = LazyLock::new(|| Year::new(&USUAL));

/// A municipality, what is read of its statements, and how long they are in all.
pub(crate) struct Year {
    pub(crate) world: World,
    pub(crate) statements: Vec<Read>,
    pub(crate) bytes: usize,
}

impl Year {
    pub(crate) fn new(plan: &Plan) -> Year {
        let world = World::new(plan);
        let mut bytes = 0;
        let read = |text: String| {
            bytes += text.len();
            serde_json::from_str(&text).unwrap()
        };
        let statements = world.statements().map(read).collect();
        Year { world, statements, bytes }
    }
}

#[derive(Deserialize)]
pub(crate) struct Read {
    pub(crate) id: String,
    pub(crate) actor: Agent,
    verb: Verb,
    pub(crate) object: Object,
    #[serde(default)]
    pub(crate) result: Outcome,
    #[serde(default)]
    pub(crate) context: Context,
    pub(crate) timestamp: chrono::DateTime<chrono::FixedOffset>,
}

#[derive(Deserialize)]
pub(crate) struct Agent {
    pub(crate) name: Option<String>,
    account: Option<Account>,
    mbox: Option<String>,
}

#[derive(Deserialize)]
struct Account {
    name: String,
}

#[derive(Deserialize)]
struct Verb {
    id: String,
}

#[derive(Deserialize)]
pub(crate) struct Object {
    pub(crate) id: String,
    #[serde(rename = "objectType")]
    pub(crate) kind: String,
}

#[derive(Deserialize, Default)]
pub(crate) struct Outcome {
    pub(crate) response: Option<String>,
    pub(crate) score: Option<Score>,
}

#[derive(Deserialize)]
pub(crate) struct Score {
    pub(crate) scaled: f64,
}

#[derive(Deserialize, Default)]
pub(crate) struct Context {
    #[serde(default)]
    pub(crate) registration: String,
    pub(crate) instructor: Option<Agent>,
    pub(crate) team: Option<IgnoredAny>,
}

impl Read {
    /// The last part of the verb's id.
    pub(crate) fn verb(&self) -> &str {
        self.verb.id.rsplit('/').next().unwrap()
    }
}

impl Agent {
    /// The account's name or the address.
    pub(crate) fn key(&self) -> &str {
        self.account.as_ref().map(|account| &account.name).or(self.mbox.as_ref()).unwrap()
    }
}
