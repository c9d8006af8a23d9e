//! How long a list takes that a tool asks for, over HTTP, and whether that stays so as the log grows.
//!
//! The same server is filled to one size after the other and asked between. Every question is about somebody or
//! something else, drawn evenly over everything that was posted, so that nothing is answered out of what the question
//! before left in memory. The baseline is a request on the same connection that reads nothing.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::Value;
use synthetic::{Plan, World};

use crate::client::Connection;
use crate::place::{Backend, Place};
use crate::process::{self, Memory};
use crate::server::Server;
use crate::work::{self, Work};
use crate::{Flags, client};

/// Statements that are made and sent at a time.
const SHARE: usize = 50_000;
/// Every so many statements one is kept to ask about.
const KEPT: usize = 251;
/// How often memory is looked at on the way to the largest size.
const SAMPLES: u64 = 10;
/// Questions of each kind; fewer where it is only to be seen that everything is measured.
const QUESTIONS: usize = 400;
const QUICK: usize = 10;

/// What a statement can be asked for by.
struct Sample {
    id: String,
    agent: String,
    verb: String,
    activity: String,
    registration: Option<String>,
}

/// One kind of question at one size.
#[derive(Debug, Serialize)]
pub(crate) struct Answered {
    question: &'static str,
    /// Statements in the log.
    statements: u64,
    /// How many statements the answers had on average.
    given: f64,
    median_ms: f64,
    p99_ms: f64,
    longest_ms: f64,
}

/// All of one database.
#[derive(Debug, Serialize)]
pub(crate) struct Reading {
    database: Backend,
    answered: Vec<Answered>,
    /// What the server took with so many statements in the log: while it was filled, and after each size's questions.
    memory: Vec<(u64, Memory)>,
}

/// What is asked. Each with `limit=100`, newest first.
const QUESTIONS_ASKED: [&str; 9] = [
    "nothing (baseline)",
    "statementId",
    "newest",
    "agent",
    "verb",
    "agent, verb",
    "activity, related",
    "registration",
    "agent, activity (not indexed)",
];

/// Fills a server to each of the sizes, which ascend, and asks at each.
pub(crate) async fn measure(backend: Backend, flags: &Flags, sizes: &[u64]) -> Result<Reading> {
    let most = sizes.last().copied().context("no size")?;
    let world = World::new(&Plan { people: flags.people, statements: most, ..Plan::default() });
    let work = Work::nothing_of(world);
    let place = Place::fresh(backend, flags).await?;
    let server = Server::start(&place, flags, &work, "lrs,admin").await?;
    let (mut statements, mut posted, mut samples) = (work.world.statements(), 0, Vec::new());
    let (mut answered, mut memory) = (Vec::new(), Vec::new());
    for size in sizes {
        while posted < *size {
            let count = SHARE.min(usize::try_from(*size - posted)?);
            let share: Vec<String> = statements.by_ref().take(count).collect();
            if share.is_empty() {
                break;
            }
            posted += share.len() as u64;
            samples.extend(share.iter().step_by(KEPT).filter_map(|json| Sample::of(json)));
            let requests = work::plain(share, 50).iter().map(|body| server.request(body)).collect();
            let address = server.address();
            let sent = tokio::task::spawn_blocking(move || {
                client::send(address, requests, 8, Duration::from_secs(3_600))
            });
            sent.await??;
            if posted == *size || posted % (most / SAMPLES).max(1) < SHARE as u64 {
                memory.push((posted, process::memory(server.pid())?));
            }
        }
        place.settle().await?;
        for (number, question) in QUESTIONS_ASKED.into_iter().enumerate() {
            let count = if flags.quick { QUICK } else { QUESTIONS };
            answered.push(ask(&server, question, number, count, &samples, posted).await?);
        }
        memory.push((posted, process::memory(server.pid())?));
    }
    server.stop().await?;
    place.drop_now().await?;
    Ok(Reading { database: backend, answered, memory })
}

async fn ask(
    server: &Server<'_>,
    question: &'static str,
    number: usize,
    count: usize,
    samples: &[Sample],
    statements: u64,
) -> Result<Answered> {
    let mut connection = Connection::open(server.address()).await?;
    let (mut times, mut given) = (Vec::with_capacity(count), 0);
    for asked in 0..count {
        // Over the whole of what was posted, and for each kind of question at other places.
        let at = |offset: usize| &samples[(asked * samples.len() / count + offset) % samples.len()];
        let (one, other) = (at(number * 7), at(number * 7 + samples.len() / 2));
        let mut parameters = match question {
            "nothing (baseline)" => Vec::new(),
            "statementId" => vec![("statementId", one.id.as_str())],
            "newest" => vec![],
            "agent" => vec![("agent", one.agent.as_str())],
            "verb" => vec![("verb", one.verb.as_str())],
            "agent, verb" => vec![("agent", one.agent.as_str()), ("verb", one.verb.as_str())],
            "activity, related" => vec![("activity", one.activity.as_str()), ("related_activities", "true")],
            "registration" => match &one.registration {
                Some(registration) => vec![("registration", registration.as_str())],
                None => continue,
            },
            _ => vec![("agent", one.agent.as_str()), ("activity", other.activity.as_str())],
        };
        let path = if question == "nothing (baseline)" { "about" } else { "statements" };
        if !matches!(question, "nothing (baseline)" | "statementId") {
            parameters.push(("limit", "100"));
        }
        let request = server.question(path, &parameters);
        let began = Instant::now();
        let (status, body) = connection.exchange(&request).await?;
        times.push(began.elapsed());
        // A few were voided by later ones.
        if status != 200 && !(status == 404 && question == "statementId") {
            bail!("{question}: answered {status}");
        }
        let answer: Value = serde_json::from_slice(body)?;
        given += answer["statements"].as_array().map_or(1, Vec::len);
    }
    times.sort_unstable();
    let at = |share: f64| {
        let index = (times.len() as f64 * share) as usize;
        times.get(index.min(times.len().saturating_sub(1))).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    Ok(Answered {
        question,
        statements,
        given: given as f64 / times.len().max(1) as f64,
        median_ms: at(0.5),
        p99_ms: at(0.99),
        longest_ms: at(1.0),
    })
}

impl Sample {
    fn of(json: &str) -> Option<Self> {
        let statement: Value = serde_json::from_str(json).ok()?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        // Of voiding statements the object is another statement.
        statement["object"]["objectType"].as_str().is_none_or(|kind| kind == "Activity").then_some(())?;
        Some(Self {
            id: text(&statement["id"])?,
            agent: statement["actor"].to_string(),
            verb: text(&statement["verb"]["id"])?,
            activity: text(&statement["object"]["id"])?,
            registration: text(&statement["context"]["registration"]),
        })
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:?}: lists of up to 100 over HTTP, one connection", self.database)?;
        writeln!(
            f,
            "{:<30} statements  given  median ms    99 %  longest  of the baseline  of the first size",
            ""
        )?;
        let first = |question: &str| self.answered.iter().find(|one| one.question == question);
        for one in &self.answered {
            let same_size = |other: &&Answered| {
                other.question == QUESTIONS_ASKED[0] && other.statements == one.statements
            };
            let baseline = self.answered.iter().find(same_size).map_or(0.0, |other| other.median_ms);
            let before = first(one.question).map_or(0.0, |other| other.median_ms);
            writeln!(
                f,
                "{:<30} {:>10}  {:>5.1}  {:>9.2}  {:>6.2}  {:>7.2}  {:>15.1}  {:>17.2}",
                one.question,
                one.statements,
                one.given,
                one.median_ms,
                one.p99_ms,
                one.longest_ms,
                one.median_ms / baseline,
                one.median_ms / before,
            )?;
        }
        writeln!(
            f,
            "the server's memory   its own MB  with mapped files  (the last of a size after its questions)"
        )?;
        for (at, memory) in &self.memory {
            writeln!(f, "{at:>21}   {:>10}  {:>17}", memory.own >> 20, memory.resident >> 20)?;
        }
        Ok(())
    }
}
