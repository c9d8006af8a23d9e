//! How long a list takes that a tool asks for, over HTTP, and whether that stays so as the log grows.
//!
//! The same server is filled to one size after the other and asked between. Every question is about somebody or
//! something else, drawn evenly over everything that was posted, so that nothing is answered out of what the question
//! before left in memory. The baseline is a request on the same connection that reads nothing.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;
use synthetic::{Plan, World};

use crate::asking::{Answered, Asker, Question, SAMPLED, Sample, Times, questions};
use crate::client;
use crate::flags::{Backend, Flags};
use crate::place::Place;
use crate::process::{self, Memory};
use crate::server::Server;
use crate::work::{self, Work};

/// Statements that are made and sent at a time.
const SHARE: usize = 50_000;
/// How often memory is looked at on the way to the largest size.
const SAMPLES: u64 = 10;

/// All of one database.
#[derive(Debug, Serialize)]
pub(crate) struct Reading {
    database: Backend,
    answered: Vec<Answered>,
    /// What the server took with so many statements in the log: while it was filled, and after each size's questions.
    memory: Vec<(u64, Memory)>,
}

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
            samples.extend(share.iter().step_by(SAMPLED).filter_map(|json| Sample::of(json)));
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
        let mut asker = Asker::of(&server).await?;
        for question in Question::ALL {
            let mut times = Times::default();
            for asked in questions(question, &samples, flags) {
                times.add(asker.ask(&asked).await?);
            }
            answered.push(times.answered(question, posted));
        }
        memory.push((posted, process::memory(server.pid())?));
    }
    server.stop().await?;
    place.drop_now().await?;
    Ok(Reading { database: backend, answered, memory })
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:?}: lists of up to 100 over HTTP, one connection", self.database)?;
        writeln!(
            f,
            "{:<30} statements  given  median ms    99 %  longest  of the baseline  of the first size",
            ""
        )?;
        let first = |question: Question| self.answered.iter().find(|one| one.question == question);
        for one in &self.answered {
            let same_size =
                |other: &&Answered| other.question == Question::Nothing && other.statements == one.statements;
            let baseline = self.answered.iter().find(same_size).map_or(0.0, |other| other.median_ms);
            let before = first(one.question).map_or(0.0, |other| other.median_ms);
            writeln!(
                f,
                "{:<30} {:>10}  {:>5.1}  {:>9.2}  {:>6.2}  {:>7.2}  {:>15.1}  {:>17.2}",
                one.question.name(),
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
