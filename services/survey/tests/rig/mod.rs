//! A desk in memory, and the pages before it.

#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)]

pub mod browser;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use chrono::{NaiveDate, NaiveDateTime};
use forms::{Definition, Localised, register};
use futures_util::future::BoxFuture;
use survey::{
    Admitted, Asked, Desk, DeskFailure, Entry, HandedIn, Limits, Mode, Options, Outcome, Rules, Stage, router,
};

/// The survey with every type of question.
pub const EVERYTHING: &str = include_str!("everything.json");
/// One with parts that may be shut, and with a page and panels that ask for an answer.
pub const SHUT: &str = include_str!("shut.json");

pub fn at(hour: u32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 11, 30).unwrap().and_hms_opt(hour, 0, 0).unwrap()
}

/// Keeps everything in memory.
#[derive(Default)]
pub struct InMemory {
    pub rounds: Mutex<HashMap<String, Asked>>,
    pub taken: Mutex<Vec<HandedIn>>,
    pub tokens: Mutex<BTreeMap<String, bool>>,
    pub fails: AtomicBool,
}

impl InMemory {
    /// The answers that were taken.
    pub fn answers(&self) -> Vec<HandedIn> {
        self.taken.lock().unwrap().clone()
    }

    pub fn change(&self, code: &str, change: impl FnOnce(&mut Asked)) {
        change(self.rounds.lock().unwrap().get_mut(code).unwrap());
    }
}

impl Desk for InMemory {
    fn find<'a>(&'a self, code: &'a str) -> BoxFuture<'a, Result<Option<Asked>, DeskFailure>> {
        Box::pin(async move { Ok(self.rounds.lock().unwrap().get(code).cloned()) })
    }

    fn admit<'a>(&'a self, _: &'a Asked, token: &'a str) -> BoxFuture<'a, Result<Admitted, DeskFailure>> {
        Box::pin(async move {
            Ok(match self.tokens.lock().unwrap().get(token) {
                None => Admitted::Unknown,
                Some(true) => Admitted::Answered(None),
                Some(false) => Admitted::Welcome(None),
            })
        })
    }

    fn take<'a>(&'a self, asked: &'a Asked, handed: HandedIn) -> BoxFuture<'a, Result<Outcome, DeskFailure>> {
        Box::pin(async move {
            if self.fails.load(Ordering::SeqCst) {
                return Err(DeskFailure("it is made to fail".to_owned()));
            }
            let mut taken = self.taken.lock().unwrap();
            if taken.iter().any(|before| before.submission == handed.submission) {
                return Ok(Outcome::TakenBefore);
            }
            let mut outcome = Outcome::Taken;
            if let Some(token) = &handed.token {
                match self.tokens.lock().unwrap().get_mut(token) {
                    None => return Ok(Outcome::NotOnRoll),
                    Some(true) if !asked.rules.again => return Ok(Outcome::AnsweredAlready),
                    Some(answered) => {
                        outcome = if *answered { Outcome::Replaced } else { Outcome::Taken };
                        *answered = true;
                    }
                }
            }
            taken.push(handed);
            Ok(outcome)
        })
    }
}

pub fn definition(json: &str) -> Arc<Definition> {
    Arc::new(register(json.as_bytes(), None).unwrap())
}

/// A round that is open to whoever has its code.
pub fn open(code: &str, definition: Arc<Definition>) -> Asked {
    let mut title = Localised::plain("Elevenkät våren 2026");
    title.by_language.insert("en".to_owned(), "Pupils' survey, spring 2026".to_owned());
    Asked {
        round: format!("round-{code}"),
        code: code.to_owned(),
        title,
        definition,
        mode: Mode::Unlinkable,
        entry: Entry::Open,
        unit: Some(Localised::plain("Björkskolan")),
        stage: Stage::Open { closes: at(17) },
        rules: Rules::default(),
        smallest: 5,
        group: None,
    }
}

/// Rounds of every kind, ALLT, PERSON, DELVIS, STANGD and SNART; and of [`SHUT`] LAST.
pub fn desk(json: &str) -> Arc<InMemory> {
    let definition = definition(json);
    let desk = InMemory::default();
    let of = |code: &str, change: fn(&mut Asked)| {
        let mut asked = open(code, Arc::clone(&definition));
        change(&mut asked);
        desk.rounds.lock().unwrap().insert(code.to_owned(), asked);
    };
    of("ALLT", |_| {});
    of("PERSON", |asked| {
        (asked.entry, asked.mode) = (Entry::Personal, Mode::Pseudonymous);
        asked.rules = Rules { again: false, grace: 30, partial: false };
    });
    of("DELVIS", |asked| asked.rules.partial = true);
    of("STANGD", |asked| asked.stage = Stage::Closed { late: false });
    of("SNART", |asked| asked.stage = Stage::Scheduled { opens: at(18) });
    desk.rounds.lock().unwrap().insert("LAST".to_owned(), open("LAST", self::definition(SHUT)));
    for token in ["ANNA1", "BO2", "CILLA3"] {
        desk.tokens.lock().unwrap().insert(token.to_owned(), false);
    }
    Arc::new(desk)
}

/// The pages before a desk.
pub fn pages(desk: &Arc<InMemory>) -> Router {
    bounded(desk, Limits::default())
}

/// The same, which take as much as that.
pub fn bounded(desk: &Arc<InMemory>, limits: Limits) -> Router {
    router(Options {
        limits,
        desk: Arc::clone(desk) as Arc<dyn Desk>,
        key: [7; 32],
        now: Arc::new(|| at(10)),
        visitor: Arc::new(Some),
    })
}
