//! What documents are, who asks for them and why they are not given, and what they are called.

use std::hash::RandomState;
use std::sync::Arc;

use domain::Facts as _;
use domain::documents::{DocumentLabel, DocumentStoredFacts};
use eventlog::clock::{Micros, SharedClock};
use eventlog::{EventLog, Key, Position};
use tokio::sync::Mutex;
use vault::{Envelope, Opened, Vault};
use xapi::documents::DocumentQuery;

use crate::people::People;
use crate::{IngestError, QueryFailed};

/// Documents whose changes wait for each other share one of so many locks.
const TURNS: usize = 1024;
/// Documents whose ids are read at a time.
pub(super) const PAGE: usize = 500;

/// Keeps documents. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Documents {
    pub(super) log: EventLog,
    pub(super) vault: Vault,
    pub(super) people: People,
    pub(super) clock: SharedClock,
    /// Bytes of one document.
    pub(super) limit: usize,
    pub(super) turns: Arc<(RandomState, Vec<Mutex<()>>)>,
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

impl Documents {
    pub(crate) fn new(log: EventLog, vault: Vault, people: People, clock: SharedClock, limit: usize) -> Self {
        let turns = std::iter::repeat_with(Mutex::default).take(TURNS).collect();
        Self { log, vault, people, clock, limit, turns: Arc::new((RandomState::new(), turns)) }
    }

    /// What the documents stored at some positions are called, and when they were stored; without those whose owner
    /// was erased.
    pub(super) async fn labels(
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

pub(super) const JSON: &str = "application/json";

/// Whether a content type is that of JSON, whatever its parameters.
pub(crate) fn is_json(content_type: &str) -> bool {
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(JSON)
}

/// The id of the one document that a query names.
pub(super) fn id(query: &DocumentQuery) -> &str {
    query.id.as_deref().unwrap_or_default()
}

pub(super) fn read_label(position: Position, bytes: &[u8]) -> Result<DocumentLabel, QueryFailed> {
    DocumentLabel::decode(bytes)
        .map_err(|error| QueryFailed::Internal(format!("the document at position {}: {error}", position.0)))
}
