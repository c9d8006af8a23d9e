//! Competence: agent × framework × competence × kind.
//!
//! What is stored is where evidence comes from: each passed activity and each coded answer of an agent, with its
//! position and time. Which competence it is evidence of, and which level follows, is data that changes (rules,
//! copies of courses, surveys) and a question of the day one asks about; both are worked out on reading, by
//! domain's pure rules, from a [`domain::Municipality`] at any position. So a rule that arrives after the statements it
//! is about counts at once, nothing has to be folded again, and every level comes with the evidence behind it.

mod levels;
mod rows;
mod source;

use domain::{StatementFactsRef, verbs};
use eventlog::EventLog;
use eventlog::database::Tx;
use eventlog::event::Event;
use eventlog::fold::{FoldError, Projection};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::statements::STATEMENT;
use crate::voids;

pub use rows::NAME;

use source::{Said, Source};

pub use levels::{CompetenceLevel, EvidenceRow, of_person};

/// The projection `competence`.
pub struct CompetenceProjection {
    log: EventLog,
}

impl CompetenceProjection {
    /// A projection of this log; the log has the statement index as a hook.
    pub fn new(log: EventLog) -> Self {
        Self { log }
    }

    async fn fold(&self, mut tx: Tx<'_>, events: &[Event]) -> Result<(), FoldError> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(()) };
        let voids = voids::of_page(self.log.database(), first.position, last.position).await?;
        let mut page = Vec::new();
        for event in events.iter().filter(|event| event.kind == STATEMENT && !voids.contain(event.position)) {
            page.extend(source(event)?);
        }
        rows::write(tx.reborrow(), &page).await?;
        rows::delete(tx, &voids.before).await?;
        Ok(())
    }
}

impl Projection for CompetenceProjection {
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

fn source(event: &Event) -> Result<Option<Source>, FoldError> {
    let facts = StatementFactsRef::decode(event.schema, &event.facts)
        .map_err(|error| FoldError::event(event.position, error))?;
    let said = if facts.is_pass() {
        Said::Passed
    } else if facts.verb == verbs::ANSWERED && !facts.response.is_empty() {
        Said::Answered(facts.response.iter().map(|code| (*code).to_owned()).collect())
    } else {
        return Ok(None);
    };
    let (Some(agent), Some(activity)) = (facts.counted_actor(), facts.activity()) else { return Ok(None) };
    Ok(Some(Source {
        agent,
        position: event.position,
        activity: activity.to_owned(),
        said,
        registration: facts.registration,
        observed_at: facts.counted_at(event.stored).0,
    }))
}
