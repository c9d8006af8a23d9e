//! Documents that tools keep: states, activity profiles, agent profiles.
//!
//! A document is a stream of the log; its last event says what is there. A change that depends on what is there is
//! decided outside the log's lock and appended for the version of the stream that was looked at: of racing changes
//! one wins, and the others look again. Changes of one document by this process wait for each other first, so that
//! many at once do not keep colliding.

mod change;
mod places;
mod superseded;

use std::collections::HashSet;
use std::hash::RandomState;
use std::sync::Arc;

use domain::Facts as _;
use domain::documents::{DocumentLabel, DocumentStoredFacts};
use eventlog::clock::{Micros, SharedClock};
use eventlog::{EventLog, Key, Position};
use tokio::sync::Mutex;
use vault::{Envelope, Opened, Vault};
use views::documents as index;
use xapi::documents::DocumentQuery;

use crate::people::People;
use crate::{IngestError, QueryFailed};
use places::Places;

/// Documents whose changes wait for each other share one of so many locks.
const TURNS: usize = 1024;
/// Documents whose ids are read at a time.
const PAGE: usize = 500;

/// Keeps documents. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Documents {
    log: EventLog,
    vault: Vault,
    people: People,
    clock: SharedClock,
    /// Bytes of one document.
    limit: usize,
    turns: Arc<(RandomState, Vec<Mutex<()>>)>,
}

/// A document as it is given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) content: Vec<u8>,
    pub(crate) content_type: String,
    pub(crate) stored: Micros,
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keeper {
    /// The credential.
    pub(crate) credential: Key,
    /// Whether its states are kept apart from those of others.
    pub(crate) apart: bool,
}

/// What a PUT without a condition does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unconditional {
    /// Replaces what is there.
    Replaces,
    /// Stores what is not there, and else is a conflict.
    Creates,
    /// Is refused.
    Refused,
}

/// Why nothing was changed, or nothing can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DocumentError {
    /// `If-Match` or `If-None-Match` does not hold.
    #[error("the document is not as the request's conditions demand")]
    Precondition,
    /// There is a document, and the request says nothing about it.
    #[error(
        "there is a document already: look at it, and send its ETag in the header If-Match to replace it"
    )]
    Conflict,
    /// There is none, and the request has to say so.
    #[error("expected the header If-None-Match or If-Match")]
    Unconditioned,
    /// There is nothing to merge with, or nothing to merge.
    #[error("only JSON objects of the type application/json are merged: {0}")]
    NotMergeable(&'static str),
    /// The document would be larger than what is kept.
    #[error("the document would be larger than the limit of {0} bytes")]
    TooLarge(usize),
    #[error(transparent)]
    Read(#[from] QueryFailed),
    #[error(transparent)]
    Write(#[from] IngestError),
}

/// What is at the end of a document's stream.
struct Current {
    version: u64,
    position: Position,
    document: Option<Document>,
}

impl Documents {
    pub(crate) fn new(log: EventLog, vault: Vault, people: People, clock: SharedClock, limit: usize) -> Self {
        let turns = std::iter::repeat_with(Mutex::default).take(TURNS).collect();
        Self { log, vault, people, clock, limit, turns: Arc::new((RandomState::new(), turns)) }
    }

    /// The document that a query names.
    pub(crate) async fn one(
        &self,
        query: &DocumentQuery,
        keeper: Keeper,
    ) -> Result<Option<Document>, DocumentError> {
        self.vault.at_fence(self.log.fence());
        match self.places(query, keeper).await? {
            Some(places) => Ok(self.current(&places, id(query)).await?.document),
            None => Ok(None),
        }
    }

    /// The ids of all documents that a query speaks of, and when the last of them was stored.
    pub(crate) async fn ids(
        &self,
        query: &DocumentQuery,
        keeper: Keeper,
    ) -> Result<(Vec<String>, Option<Micros>), DocumentError> {
        self.vault.at_fence(self.log.fence());
        let Some(places) = self.places(query, keeper).await? else { return Ok((Vec::new(), None)) };
        let after = match query.since {
            Some(since) => self.log.position_at(Micros(since)).await.map_err(QueryFailed::from)?,
            None => Position(0),
        };
        let mut listed =
            index::list(self.log.database(), &places.own, after).await.map_err(QueryFailed::from)?;
        let before = self.still_before(&places, after).await?;
        listed.extend(before.into_iter().map(|(document, _)| document));
        listed.sort_unstable_by_key(|document| document.position);
        let mut ids = Vec::with_capacity(listed.len());
        // One state id may stand under several registrations.
        let mut seen = HashSet::new();
        let mut newest = None;
        for page in listed.chunks(PAGE) {
            let positions: Vec<Position> = page.iter().map(|document| document.position).collect();
            for (_, label, stored) in self.labels(&positions).await? {
                newest = newest.max(Some(stored));
                if seen.insert(label.id.clone()) {
                    ids.push(label.id);
                }
            }
        }
        Ok((ids, newest))
    }

    /// What is there: the newest of where it is now and where it was before. A document whose owner was erased is not.
    async fn current(&self, places: &Places, id: &str) -> Result<Current, DocumentError> {
        let own = self.at_end(&self.stream(&places.own, id), None).await?;
        let (version, mut newest) = (own.version, own);
        for (place, by) in &places.before {
            let end = self.at_end(&self.stream(place, id), *by).await?;
            if end.position > newest.position {
                newest = end;
            }
        }
        Ok(Current { version, ..newest })
    }

    /// What is at the end of a stream, where `by` is given only if that credential stored it.
    async fn at_end(&self, stream: &Key, by: Option<Key>) -> Result<Current, DocumentError> {
        let nothing = Current { version: 0, position: Position(0), document: None };
        let head = self.log.stream_head(*stream).await.map_err(QueryFailed::from)?;
        let Some((version, position)) = head else { return Ok(nothing) };
        let Some((event, slots)) = self.log.read_at(&[position]).await.map_err(QueryFailed::from)?.pop()
        else {
            return Ok(Current { version, position, document: None });
        };
        if by.is_some() && event.credential != by {
            return Ok(nothing);
        }
        if event.kind != DocumentStoredFacts::KIND {
            return Ok(Current { version, position, document: None });
        }
        let opened = self.vault.open_slots(DocumentStoredFacts::KIND, event.id, &slots).await;
        let mut opened = opened.map_err(QueryFailed::from)?.into_iter();
        let document = match (opened.next(), opened.next()) {
            (Some(Opened::Plain(label)), Some(Opened::Plain(content))) => {
                let content_type = read_label(position, &label)?.content_type;
                Some(Document { content, content_type, stored: event.stored })
            }
            _ => None,
        };
        Ok(Current { version, position, document })
    }

    /// What the documents stored at some positions are called, and when they were stored; without those whose owner
    /// was erased.
    async fn labels(
        &self,
        positions: &[Position],
    ) -> Result<Vec<(Position, DocumentLabel, Micros)>, DocumentError> {
        let found = self.log.read_with_slots(positions).await.map_err(QueryFailed::from)?;
        let sealed: Vec<_> = found
            .iter()
            .filter_map(|found| Some((&found.event, found.slots.first().filter(|slot| slot.number == 0)?)))
            .collect();
        let envelopes: Vec<Envelope<'_>> = sealed
            .iter()
            .map(|(event, slot)| Envelope {
                event: event.id,
                kind: DocumentStoredFacts::KIND,
                slots: std::slice::from_ref(*slot),
            })
            .collect();
        let opened = self.vault.open_all(&envelopes).await.map_err(QueryFailed::from)?;
        let mut labels = Vec::with_capacity(opened.len());
        for ((event, _), opened) in sealed.iter().zip(opened) {
            if let Some(Opened::Plain(label)) = opened.first() {
                labels.push((event.position, read_label(event.position, label)?, event.stored));
            }
        }
        Ok(labels)
    }
}

const JSON: &str = "application/json";

/// Whether a content type is that of JSON, whatever its parameters.
pub(crate) fn is_json(content_type: &str) -> bool {
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(JSON)
}

/// The id of the one document that a query names.
fn id(query: &DocumentQuery) -> &str {
    query.id.as_deref().unwrap_or_default()
}

fn read_label(position: Position, bytes: &[u8]) -> Result<DocumentLabel, QueryFailed> {
    DocumentLabel::decode(bytes)
        .map_err(|error| QueryFailed::Internal(format!("the document at position {}: {error}", position.0)))
}
