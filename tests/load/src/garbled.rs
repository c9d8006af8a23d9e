//! Garbled requests, as many as one likes: good ones of every kind that tools make, with a few seeded changes to the body
//! or the parameters. No answer may be a 5xx, no request may stay without an answer, and the server has to be there at the
//! end. `docs/fuzzing.md` says where this stands among the other ways.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Result, bail};
use serde::Serialize;
use synthetic::{Plan, World};
use tokio::task::LocalSet;

use crate::client::Connection;
use crate::flags::{Backend, Flags};
use crate::place::Place;
use crate::server::{Raw, Server};
use crate::work::{self, Work};

const CONNECTIONS: usize = 16;
/// Statements that requests are made from.
const STATEMENTS: usize = 2_000;
/// A request that asks for many statements is made so much more rarely than one that brings some.
const QUESTIONS: usize = 8;
/// Of so many requests one stays as it was.
const WHOLE: usize = 8;

/// What is put where it does not belong.
const WORDS: [&str; 38] = [
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "[[[[[[[[",
    "}}",
    "]",
    "{",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "1e999",
    "-0",
    "0.1",
    "99999999999999999999",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "å",
    "\"objectType\":\"SubStatement\",",
    "\"objectType\":\"Group\",",
    "\"id\":\"x\",",
    "\"mbox\":\"mailto:a@b.example\",",
    "\"version\":\"1.0.9\",",
    "\"timestamp\":\"2026-02-29T24:00:60Z\",",
    "\"extensions\":{\"a\":1},",
    "\"attachments\":[],",
    "P1Y2M3DT4H5M6.789S",
    "http://adlnet.gov/expapi/verbs/voided",
    "--larka-load-4d1c9f0a7be2",
    "\r\n\r\n",
    "%",
    "&since=x&",
    "&limit=-1&",
];

/// What came of it.
#[derive(Debug, Serialize)]
pub(crate) struct Garbled {
    database: Backend,
    requests: u64,
    #[serde(flatten)]
    outcome: Outcome,
    /// Statements that were stored nevertheless.
    stored: u64,
    seconds: f64,
}

/// What the answers were.
#[derive(Debug, Default, Serialize)]
struct Outcome {
    /// How often each status was the answer.
    statuses: BTreeMap<u16, u64>,
    /// Requests after which the server closed the connection and had not answered.
    unanswered: u64,
    /// The first requests that were answered with a 5xx or not at all, as they were sent.
    faults: Vec<String>,
}

impl Outcome {
    fn saw(&mut self, number: u64, answer: &Result<u16>, sent: &[u8]) {
        match answer {
            Ok(status) => *self.statuses.entry(*status).or_insert(0) += 1,
            Err(_) => self.unanswered += 1,
        }
        if answer.as_ref().map_or(true, |status| *status >= 500) && self.faults.len() < 5 {
            self.faults.push(format!("{number}: {answer:?}: {}", String::from_utf8_lossy(sent)));
        }
    }
}

impl Garbled {
    /// Prints it, and is an error where something was wrong.
    pub(crate) fn report(&self) -> Result<()> {
        let Outcome { statuses, unanswered, faults } = &self.outcome;
        let of: Vec<String> = statuses.iter().map(|(status, count)| format!("{count} x {status}")).collect();
        println!(
            "{:?}: {} garbled requests in {:.0} s: {}, {} unanswered; {} statements stored",
            self.database,
            self.requests,
            self.seconds,
            of.join(", "),
            unanswered,
            self.stored
        );
        if !faults.is_empty() {
            bail!("these were answered with a 5xx or not at all:\n{}", faults.join("\n---\n"));
        }
        Ok(())
    }
}

/// Sends so many garbled requests to a fresh server.
pub(crate) async fn measure(backend: Backend, flags: &Flags, requests: u64) -> Result<Garbled> {
    let world = World::new(&Plan { people: flags.people, statements: STATEMENTS as u64, ..Plan::default() });
    let statements: Vec<String> = world.statements().collect();
    let work = Work::nothing_of(world);
    let place = Place::fresh(backend, flags).await?;
    let server = Server::start(&place, flags, &work, "lrs,admin").await?;
    let before = place.statements().await?;
    let good = good(&server, &statements);
    let address = server.address();
    let sent = tokio::task::spawn_blocking(move || -> Result<_> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, async {
            let (good, next) = (Rc::new(good), Rc::new(Cell::new(0)));
            let outcome = Rc::new(RefCell::new(Outcome::default()));
            let mut tasks = Vec::new();
            for _ in 0..CONNECTIONS {
                let (good, next, outcome) = (Rc::clone(&good), Rc::clone(&next), Rc::clone(&outcome));
                tasks.push(tokio::task::spawn_local(async move {
                    let mut connection = Connection::open(address).await?;
                    loop {
                        let number = next.replace(next.get() + 1);
                        if number >= requests {
                            return Ok::<_, anyhow::Error>(());
                        }
                        let bytes = garble(&good, number).bytes();
                        let mut answer = connection.exchange(&bytes).await.map(|(status, _)| status);
                        if answer.is_err() {
                            // The answer before may have closed the connection, as some refusals do.
                            connection = Connection::open(address).await?;
                            answer = connection.exchange(&bytes).await.map(|(status, _)| status);
                        }
                        outcome.borrow_mut().saw(number, &answer, &bytes);
                        if answer.is_err() {
                            connection = Connection::open(address).await?;
                        }
                    }
                }));
            }
            for task in tasks {
                task.await??;
            }
            Ok(outcome.take())
        })
    });
    let began = Instant::now();
    let outcome = sent.await??;
    let seconds = began.elapsed().as_secs_f64();
    // What was accepted can be read again, all of it.
    let mut connection = Connection::open(server.address()).await?;
    let (status, _) = connection.exchange(&server.question("statements", &[("limit", "100")])).await?;
    if status != 200 {
        bail!("afterwards the newest statements cannot be read: {status}");
    }
    let stored = place.statements().await? - before;
    server.stop().await?;
    place.drop_now().await?;
    Ok(Garbled { database: backend, requests, outcome, stored, seconds })
}

/// One good request of each kind, for many statements.
fn good(server: &Server<'_>, statements: &[String]) -> Vec<Raw> {
    let mut good = Vec::new();
    for (number, json) in statements.iter().enumerate() {
        good.push(server.raw("POST", "statements", "", work::plain(vec![json.clone()], 1).remove(0)));
        let three = statements.iter().skip(number).take(3).cloned().collect();
        good.push(server.raw("POST", "statements", "", work::plain(three, 3).remove(0)));
        good.push(server.raw("POST", "statements", "", work::with_file(number, json)));
        let id = json.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let one = work::plain(vec![json.clone()], 1).remove(0);
        good.push(server.raw("PUT", "statements", &format!("statementId={id}"), one));
        let who = "agent={\"mbox\":\"mailto:a@larkby.example\"}";
        let what = "activityId=https://larkby.example/kurs/1";
        let document = |text: &str| work::Body { json: text.to_owned(), statements: 0, files: Vec::new() };
        let state = format!("{what}&{who}&stateId=plats");
        for method in ["PUT", "POST"] {
            good.push(server.raw(method, "activities/state", &state, document("{\"a\":[1,{\"b\":\"c\"}]}")));
        }
        for (resource, query) in [
            ("activities/profile", format!("{what}&profileId=p")),
            ("agents/profile", format!("{who}&profileId=p")),
        ] {
            good.push(server.raw("POST", resource, &query, document("{\"a\":1}")));
        }
        if number.is_multiple_of(QUESTIONS) {
            for (method, resource, query) in [
                ("GET", "statements", format!("statementId={id}&format=canonical")),
                (
                    "GET",
                    "statements",
                    format!("{who}&verb=http://adlnet.gov/expapi/verbs/passed&limit=5&related_agents=true"),
                ),
                (
                    "GET",
                    "statements",
                    "activity=https://larkby.example/kurs/1&since=2026-01-01T00:00:00Z&ascending=true&limit=3".to_owned(),
                ),
                ("GET", "activities/state", state.clone()),
                ("DELETE", "activities/state", state.clone()),
                ("GET", "activities/state", format!("{what}&{who}&since=2026-01-01T00:00:00Z")),
                ("GET", "agents", who.to_owned()),
                ("GET", "activities", what.to_owned()),
                ("GET", "about", String::new()),
            ] {
                good.push(server.raw(method, resource, &query, document("")));
            }
        }
    }
    good
}

/// A request with a few changes, the same ones for the same number.
fn garble(good: &[Raw], number: u64) -> Raw {
    let mut chance = Chance(number);
    let mut request = good[chance.below(good.len())].clone();
    if chance.below(WHOLE) == 0 {
        return request;
    }
    for _ in 0..=chance.below(4) {
        let body = !request.body.is_empty() && (request.query.is_empty() || chance.below(4) > 0);
        change(if body { &mut request.body } else { &mut request.query }, &mut chance);
    }
    request
}

fn change(bytes: &mut Vec<u8>, chance: &mut Chance) {
    let at = chance.below(bytes.len() + 1);
    let end = (at + 1 + chance.below(24)).min(bytes.len());
    match chance.below(7) {
        0 => bytes.truncate(at),
        1 if at < bytes.len() => bytes[at] = (chance.next() & 0xff) as u8,
        2 if at < bytes.len() => drop(bytes.drain(at..end)),
        3 => {
            let again = bytes[at..end].to_vec();
            drop(bytes.splice(at..at, again));
        }
        // A value or a name gives way to a word, where one is near.
        4 => {
            let from = bytes[at..].iter().position(|byte| *byte == b':').map_or(at, |colon| at + colon + 1);
            let to =
                bytes[from..].iter().position(|byte| b",}".contains(byte)).map_or(from, |end| from + end);
            drop(bytes.splice(from..to, chance.word().bytes()));
        }
        _ => drop(bytes.splice(at..at, chance.word().bytes())),
    }
}

/// A seeded sequence: SplitMix64. A request is known by its number, and comes again with it.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or(0)
    }

    fn word(&mut self) -> &'static str {
        WORDS[self.below(WORDS.len())]
    }
}
