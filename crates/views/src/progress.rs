//! Progress: agent × activity.
//!
//! One row per agent and activity that it acted on: when it was first begun, completed, passed and failed, the best
//! share of the points, and the first and last time. What is said twice is there once. Folded from clear facts, a page
//! at a time: the page is folded in memory and written with few statements. Everything in a row can be joined from two
//! parts (sums, smallest, largest), so nothing has to be read before it is written. Where a statement is voided later,
//! the pair is folded again from the log, found by the statement index.
//!
//! What counts, and when, is [`domain::statement`]'s to say. A row is of its activity alone: chapters are no course, and
//! which activities are copies of one is data that changes, worked out on reading ([`of_person`]).

mod done;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use domain::statement::share;
use domain::{Municipality, StatementFactsRef};
use eventlog::EventLog;
use eventlog::database::Tx;
use eventlog::event::{Event, Key, Position};
use eventlog::fold::{FoldError, Projection};
use eventlog::projection::Views;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::statements::{self, STATEMENT};
use crate::{ViewError, voids};

use done::{Folded, Pair};

pub use done::{Progress, ProgressRow};
pub use rows::NAME;

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

/// What a person has done, by what counts once: the root of an activity's chain of copies, in the catalogue of
/// `municipality`. All of the person's agents are one.
///
/// # Errors
/// The database fails, or the view is being built.
pub async fn of_person(
    views: &Views,
    municipality: &Municipality,
    agents: &[Key],
) -> Result<BTreeMap<String, Progress>, ViewError> {
    let mut roots: BTreeMap<String, Progress> = BTreeMap::new();
    for row in rows::of_agents(views, agents, None).await? {
        let root = municipality.catalogue.root(&row.activity).to_owned();
        roots.entry(root).and_modify(|known| known.join(&row.progress)).or_insert(row.progress);
    }
    Ok(roots)
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

/// What one statement adds: none where nobody that counts acted, or on no activity.
fn step(event: &Event) -> Result<Option<(Pair, Progress)>, FoldError> {
    let facts = StatementFactsRef::decode(event.schema, &event.facts)
        .map_err(|error| FoldError::event(event.position, error))?;
    let (Some(agent), Some(activity)) = (facts.counted_actor(), facts.activity()) else { return Ok(None) };
    let at = facts.counted_at(event.stored).0;
    let one = Progress {
        statements: 1,
        begun: facts.is_begun().then_some(at),
        completed: facts.is_completion().then_some(at),
        passed: facts.is_success().then_some(at),
        failed: facts.is_failure().then_some(at),
        best_share: share(&facts.score),
        first: at,
        last: at,
    };
    Ok(Some(((agent, activity.to_owned()), one)))
}

fn join(rows: &mut Folded, pair: Pair, one: Progress) {
    rows.entry(pair).and_modify(|known| known.join(&one)).or_insert(one);
}
