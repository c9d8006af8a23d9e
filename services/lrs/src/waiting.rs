//! What is kept of refused statements, as lists show it: which, where they are wrong, and how.

use domain::Facts as _;
use domain::events::StatementRefusedFacts;
use eventlog::Position;
use eventlog::clock::Micros;
use uuid::Uuid;
use views::kept as index;

use crate::already::unreadable;
use crate::credentials::CredentialError;
use crate::failure::{self, IngestError};
use crate::{Lrs, rules};

/// Statements in one answer.
const PAGE: u32 = 200;

/// A refused statement that is kept. Says nothing of what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingStatement {
    /// Where in the log it lies; further ones come after it.
    pub position: Position,
    /// Its id, or the one that it will be stored under.
    pub id: Uuid,
    /// When it came.
    pub received: Micros,
    /// The kind of rule that it broke: `verb`, `activity` or `profile`. None where it is no statement by the standard, or
    /// where another of its request was refused.
    pub rule: Option<&'static str>,
    /// Where in it something was wrong, as a JSON pointer.
    pub path: Option<String>,
    /// What was expected there.
    pub expected: Option<String>,
    /// How long its text and the content of its attachments are together.
    pub bytes: u64,
}

impl Lrs {
    /// Some of the statements of a credential, revoked or not, that are kept: the first after a position, in their order;
    /// and the position after which there may be more.
    ///
    /// # Errors
    /// [`CredentialError::Unknown`], [`CredentialError::Stopped`].
    pub async fn kept_of(
        &self,
        key: &str,
        after: Position,
    ) -> Result<(Vec<WaitingStatement>, Option<Position>), CredentialError> {
        let credential = self.inner.vault.credential(key).await?.ok_or(CredentialError::Unknown)?;
        let log = &self.inner.log;
        let positions = index::page(log.database(), &credential.id, after, PAGE).await.map_err(unreadable)?;
        let more = positions.get(PAGE as usize - 1).copied();
        let events = log.read_events_at(&positions).await.map_err(failure::unreadable)?;
        let shown = events.into_iter().map(|event| {
            let facts = StatementRefusedFacts::decode(event.schema, &event.facts)
                .map_err(|error| IngestError::Internal(error.to_string()))?;
            Ok::<_, IngestError>(WaitingStatement {
                position: event.position,
                id: Uuid::from_bytes(facts.id),
                received: event.stored,
                rule: facts.rule.map(rules::name),
                path: facts.path,
                expected: facts.expected,
                bytes: facts.bytes,
            })
        });
        Ok((shown.collect::<Result<_, _>>()?, more))
    }
}
