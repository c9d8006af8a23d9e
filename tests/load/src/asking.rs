//! The lists that tools ask for, each with `limit=100`, newest first, and how long an answer takes over HTTP on a
//! connection that stays open. Every question is about somebody or something else, drawn evenly over everything that
//! was posted, so that nothing is answered out of what the question before left in memory.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde::Serialize;
use serde_json::Value;

use crate::client::Connection;
use crate::flags::Flags;
use crate::server::Server;

/// Every so many statements one is kept to ask about.
pub(crate) const SAMPLED: usize = 251;
/// Statements of a full page.
const PAGE: usize = 100;
/// Questions of each kind; fewer where it is only to be seen that everything is measured.
const QUESTIONS: usize = 400;
const QUICK: usize = 10;

/// What a statement can be asked for by.
pub(crate) struct Sample {
    id: String,
    agent: String,
    verb: String,
    activity: String,
    registration: Option<String>,
}

impl Sample {
    pub(crate) fn of(json: &str) -> Option<Self> {
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

/// A kind of question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "&'static str")]
pub(crate) enum Question {
    /// A request that reads nothing: the baseline.
    Nothing,
    StatementId,
    Newest,
    Agent,
    /// Of those whose answer is a full page.
    AgentFull,
    Verb,
    AgentVerb,
    ActivityRelated,
    Registration,
    AgentActivity,
}

impl Question {
    pub(crate) const ALL: [Self; 10] = [
        Self::Nothing,
        Self::StatementId,
        Self::Newest,
        Self::Agent,
        Self::AgentFull,
        Self::Verb,
        Self::AgentVerb,
        Self::ActivityRelated,
        Self::Registration,
        Self::AgentActivity,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing (baseline)",
            Self::StatementId => "statementId",
            Self::Newest => "newest",
            Self::Agent => "agent",
            Self::AgentFull => "agent, a full page of 100",
            Self::Verb => "verb",
            Self::AgentVerb => "agent, verb",
            Self::ActivityRelated => "activity, related",
            Self::Registration => "registration",
            Self::AgentActivity => "agent, activity (not indexed)",
        }
    }

    /// The parameters that ask by what `one` has, and in part `other`; none where it has nothing of the kind.
    fn parameters<'s>(self, one: &'s Sample, other: &'s Sample) -> Option<Vec<(&'static str, &'s str)>> {
        let agent = ("agent", one.agent.as_str());
        let verb = ("verb", one.verb.as_str());
        let mut parameters = match self {
            Self::Nothing => return Some(Vec::new()),
            Self::StatementId => return Some(vec![("statementId", one.id.as_str())]),
            Self::Newest => vec![],
            Self::Agent | Self::AgentFull => vec![agent],
            Self::Verb => vec![verb],
            Self::AgentVerb => vec![agent, verb],
            Self::ActivityRelated => {
                vec![("activity", one.activity.as_str()), ("related_activities", "true")]
            }
            Self::Registration => vec![("registration", one.registration.as_deref()?)],
            Self::AgentActivity => vec![agent, ("activity", other.activity.as_str())],
        };
        parameters.push(("limit", "100"));
        Some(parameters)
    }

    /// Whether an answer with so many statements is one of those that are asked about.
    fn counts(self, given: usize) -> bool {
        self != Self::AgentFull || given == PAGE
    }
}

impl From<Question> for &'static str {
    fn from(question: Question) -> Self {
        question.name()
    }
}

/// One question of a kind.
pub(crate) struct Asked<'s> {
    question: Question,
    parameters: Vec<(&'static str, &'s str)>,
}

/// Questions of a kind, over the whole of what was posted, and for each kind at other places.
pub(crate) fn questions<'s>(
    question: Question,
    samples: &'s [Sample],
    flags: &Flags,
) -> impl Iterator<Item = Asked<'s>> + use<'s> {
    let count = if flags.quick { QUICK } else { QUESTIONS };
    let number = question as usize;
    (0..count).filter_map(move |asked| {
        let at = |offset: usize| samples.get((asked * samples.len() / count + offset) % samples.len().max(1));
        let (one, other) = (at(number * 7)?, at(number * 7 + samples.len() / 2)?);
        Some(Asked { question, parameters: question.parameters(one, other)? })
    })
}

/// A connection that questions are asked on.
pub(crate) struct Asker<'a> {
    server: &'a Server<'a>,
    connection: Connection,
}

impl<'a> Asker<'a> {
    pub(crate) async fn of(server: &'a Server<'a>) -> Result<Self> {
        Ok(Self { server, connection: Connection::open(server.address()).await? })
    }

    /// How long the answer took and how many statements it had; none where it is not of those that count.
    pub(crate) async fn ask(&mut self, asked: &Asked<'_>) -> Result<Option<(Duration, usize)>> {
        let question = asked.question;
        let path = if question == Question::Nothing { "about" } else { "statements" };
        let request = self.server.question(path, &asked.parameters);
        let began = Instant::now();
        let (status, body) = self.connection.exchange(&request).await?;
        let took = began.elapsed();
        // A few were voided by later ones.
        if status != 200 && !(status == 404 && question == Question::StatementId) {
            bail!("{}: answered {status}", question.name());
        }
        let answer: Value = serde_json::from_slice(body)?;
        let given = answer["statements"].as_array().map_or(1, Vec::len);
        Ok(question.counts(given).then_some((took, given)))
    }
}

/// What answers took.
#[derive(Default)]
pub(crate) struct Times {
    times: Vec<Duration>,
    given: usize,
}

impl Times {
    pub(crate) fn add(&mut self, answer: Option<(Duration, usize)>) {
        if let Some((took, given)) = answer {
            self.times.push(took);
            self.given += given;
        }
    }

    /// The time within which this share of them came, in milliseconds; none where none came.
    pub(crate) fn within(&self, share: f64) -> Option<f64> {
        let mut times = self.times.clone();
        times.sort_unstable();
        let index = (times.len() as f64 * share) as usize;
        times.get(index.min(times.len().saturating_sub(1))).map(|time| time.as_secs_f64() * 1e3)
    }

    /// As a figure, of a log with so many statements.
    pub(crate) fn answered(&self, question: Question, statements: u64) -> Answered {
        let within = |share| self.within(share).unwrap_or(0.0);
        Answered {
            question,
            statements,
            given: self.given as f64 / self.times.len().max(1) as f64,
            median_ms: within(0.5),
            p99_ms: within(0.99),
            longest_ms: within(1.0),
        }
    }
}

/// One kind of question at one size.
#[derive(Debug, Serialize)]
pub(crate) struct Answered {
    pub(crate) question: Question,
    /// Statements in the log.
    pub(crate) statements: u64,
    /// How many statements the answers had on average.
    pub(crate) given: f64,
    pub(crate) median_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) longest_ms: f64,
}
