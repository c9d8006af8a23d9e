//! Progress: agent × activity.
//!
//! One row per agent and activity that it acted on: how often attempted, completed and passed, the best scaled
//! score, and the first and last time. Folded from clear facts, a page at a time: the page is folded in memory and
//! written with few statements. Everything in a row can be joined from two parts (sums, smallest, largest), so
//! nothing has to be read before it is written. Where a statement is voided later, the pair is folded again from
//! the log, found by the statement index.

mod rows;

use std::collections::{BTreeMap, BTreeSet};

use domain::{StatementFactsRef, verbs};
use eventlog::EventLog;
use eventlog::database::Tx;
use eventlog::event::{Event, Key, Position};
use eventlog::fold::{FoldError, Projection};
use eventlog::projection::Views;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::statements::{self, STATEMENT};
use crate::{ViewError, voids};

pub use rows::NAME;

/// What an agent has done with an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Statements of the agent about the activity.
    pub statements: u64,
    /// Statements that say the activity was begun, or went on, or ended: launched, initialized, attempted,
    /// progressed, and whatever counts as completed, passed or failed.
    pub attempted: u64,
    /// Statements with the verb completed, or with `result.completion`.
    pub completed: u64,
    /// Statements with the verb passed, or with `result.success`.
    pub passed: u64,
    /// The best `result.score.scaled`, in millionths.
    pub best_scaled: Option<i64>,
    /// When the first of it happened, in microseconds since 1970.
    pub first: i64,
    /// When the last of it happened.
    pub last: i64,
}

/// A row: who, with what, and what of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgressRow {
    /// The agent's pseudonym.
    pub agent: Key,
    /// The activity's id, an IRI.
    pub activity: String,
    /// What has been done.
    pub progress: Progress,
}

/// The rows of some agents (the members of a unit, say), by agent and activity; `activities` leaves out others
/// where it is given.
///
/// # Errors
/// The database fails, or the view is being built.
pub async fn of_agents(
    views: &Views,
    agents: &[Key],
    activities: Option<&[String]>,
) -> Result<Vec<ProgressRow>, ViewError> {
    rows::of_agents(views, agents, activities).await
}

/// The projection `progress`.
pub struct ProgressProjection {
    log: EventLog,
}

impl ProgressProjection {
    /// A projection of this log; the log has the statement index as a hook.
    pub fn new(log: EventLog) -> Self {
        Self { log }
    }

    async fn fold(&self, mut tx: Tx<'_>, events: &[Event]) -> Result<(), FoldError> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(()) };
        let log = self.log.database();
        let voids = voids::of_page(log, first.position, last.position).await?;

        // A pair of which something was voided is folded anew as a whole; the page must not count in it twice.
        let mut again: BTreeSet<Pair> = BTreeSet::new();
        if !voids.before.is_empty() {
            for (event, _) in self.read(&voids.before).await? {
                again.extend(step(&event)?.map(|(pair, _)| pair));
            }
        }
        let mut page: Folded = BTreeMap::new();
        for event in events.iter().filter(|event| event.kind == STATEMENT && !voids.contain(event.position)) {
            if let Some((pair, one)) = step(event)?
                && !again.contains(&pair)
            {
                join(&mut page, pair, one);
            }
        }
        rows::delete(tx.reborrow(), &again).await?;
        for pair in &again {
            self.fold_again(pair, last.position, &mut page).await?;
        }
        rows::write(tx, &page).await?;
        Ok(())
    }

    /// The row of one pair from the log, up to a position.
    async fn fold_again(&self, pair: &Pair, through: Position, into: &mut Folded) -> Result<(), FoldError> {
        let log = self.log.database();
        let positions = statements::own_positions(log, &pair.0, &pair.1, through).await?;
        for chunk in positions.chunks(1000) {
            let voided = voids::among(log, chunk, through).await?;
            for (event, _) in self.read(chunk).await? {
                if !voided.contains(&event.position)
                    && let Some((found, one)) = step(&event)?
                    && found == *pair
                {
                    join(into, found, one);
                }
            }
        }
        Ok(())
    }

    async fn read(&self, at: &[Position]) -> Result<Vec<(Event, Vec<eventlog::event::Slot>)>, FoldError> {
        self.log
            .read_at(at)
            .await
            .map_err(|error| FoldError::Database(sqlx::Error::Io(std::io::Error::other(error))))
    }
}

impl Projection for ProgressProjection {
    fn name(&self) -> &'static str {
        rows::NAME
    }

    fn version(&self) -> u32 {
        rows::VERSION
    }

    fn kinds(&self) -> Option<&'static [&'static str]> {
        Some(&[STATEMENT])
    }

    fn prepare<'a>(&'a self, tx: Tx<'a>) -> BoxFuture<'a, Result<(), FoldError>> {
        async { Ok(rows::create(tx).await?) }.boxed()
    }

    fn apply<'a>(&'a self, tx: Tx<'a>, events: &'a [Event]) -> BoxFuture<'a, Result<(), FoldError>> {
        self.fold(tx, events).boxed()
    }
}

/// Agent and activity.
type Pair = (Key, String);
/// By pair, and so in an order that depends on nothing else.
type Folded = BTreeMap<Pair, Progress>;

/// What one statement adds: none where nobody identified acted, or on no activity.
fn step(event: &Event) -> Result<Option<(Pair, Progress)>, FoldError> {
    let facts = StatementFactsRef::decode(event.schema, &event.facts)
        .map_err(|error| FoldError::event(event.position, error))?;
    let (Some(agent), Some(activity)) = (facts.actor(), facts.activity()) else { return Ok(None) };
    let completed = facts.verb == verbs::COMPLETED || facts.completion == Some(true);
    let passed = facts.success != Some(false) && (facts.verb == verbs::PASSED || facts.success == Some(true));
    let begun = [verbs::LAUNCHED, verbs::INITIALIZED, verbs::ATTEMPTED, verbs::PROGRESSED, verbs::FAILED];
    let attempted = completed || passed || facts.success.is_some() || begun.contains(&facts.verb);
    let at = facts.happened(event.stored);
    let one = Progress {
        statements: 1,
        attempted: attempted.into(),
        completed: completed.into(),
        passed: passed.into(),
        best_scaled: facts.score.scaled,
        first: at,
        last: at,
    };
    Ok(Some(((agent, activity.to_owned()), one)))
}

fn join(rows: &mut Folded, pair: Pair, one: Progress) {
    let Some(row) = rows.get_mut(&pair) else {
        rows.insert(pair, one);
        return;
    };
    row.statements += one.statements;
    row.attempted += one.attempted;
    row.completed += one.completed;
    row.passed += one.passed;
    row.best_scaled = row.best_scaled.max(one.best_scaled);
    row.first = row.first.min(one.first);
    row.last = row.last.max(one.last);
}
