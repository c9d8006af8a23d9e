//! Documents that tools keep: states, activity profiles, agent profiles.
//!
//! A document is a stream of the log; its last event says what is there. A change that depends on what is there is
//! decided outside the log's lock and appended for the version of the stream that was looked at: of racing changes
//! one wins, and the others look again. Changes of one document by this process wait for each other first, so that
//! many at once do not keep colliding.

mod change;
mod superseded;

use std::collections::{HashMap, HashSet};
use std::hash::RandomState;
use std::sync::Arc;

use domain::Facts as _;
use domain::documents::{DocumentLabel, DocumentPlace, DocumentResource as Kept, DocumentStoredFacts};
use eventlog::clock::{Micros, SharedClock};
use eventlog::{EventLog, Key, Position};
use tokio::sync::Mutex;
use vault::{AgentId, Envelope, Opened, Vault};
use views::documents as index;
use xapi::documents::{DocumentQuery, DocumentResource};

use crate::{IngestError, QueryFailed};

/// Documents whose changes wait for each other share one of so many locks.
const TURNS: usize = 1024;
/// Documents whose ids are read at a time.
const PAGE: usize = 500;

/// Keeps documents. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Documents {
    log: EventLog,
    vault: Vault,
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
    document: Option<Document>,
}

impl Documents {
    pub(crate) fn new(log: EventLog, vault: Vault, clock: SharedClock, limit: usize) -> Self {
        let turns = std::iter::repeat_with(Mutex::default).take(TURNS).collect();
        Self { log, vault, clock, limit, turns: Arc::new((RandomState::new(), turns)) }
    }

    /// The document that a query names.
    pub(crate) async fn one(
        &self,
        query: &DocumentQuery,
        keeper: Keeper,
    ) -> Result<Option<Document>, DocumentError> {
        self.vault.at_fence(self.log.fence());
        match self.place(query, keeper).await? {
            Some(place) => Ok(self.current(&place, id(query)).await?.document),
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
        let Some(place) = self.place(query, keeper).await? else { return Ok((Vec::new(), None)) };
        let after = match query.since {
            Some(since) => self.log.position_at(Micros(since)).await.map_err(QueryFailed::from)?,
            None => Position(0),
        };
        let mut listed = index::list(self.log.database(), &place, after).await.map_err(QueryFailed::from)?;
        let inherited = self.inherited(&place, after).await?;
        listed.extend(inherited.into_iter().map(|(document, _)| document));
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

    /// Where the documents of a query belong; none where the agent is not known. Never makes an agent.
    async fn place(
        &self,
        query: &DocumentQuery,
        keeper: Keeper,
    ) -> Result<Option<DocumentPlace>, DocumentError> {
        let Some(identifier) = &query.agent else { return Ok(Some(self.place_of(query, None, keeper))) };
        let found = self.vault.lookup(std::slice::from_ref(identifier)).await.map_err(QueryFailed::from)?;
        Ok(found.first().copied().flatten().map(|agent| self.place_of(query, Some(agent), keeper)))
    }

    fn place_of(&self, query: &DocumentQuery, agent: Option<AgentId>, keeper: Keeper) -> DocumentPlace {
        let apart = keeper.apart && query.resource == DocumentResource::State;
        DocumentPlace {
            resource: match query.resource {
                DocumentResource::State => Kept::State,
                DocumentResource::ActivityProfile => Kept::ActivityProfile,
                DocumentResource::AgentProfile => Kept::AgentProfile,
            },
            activity: query.activity.clone(),
            agent: agent.map(|agent| agent.0),
            registration: query.registration.map(uuid::Uuid::into_bytes),
            credential: apart.then_some(keeper.credential),
        }
    }

    /// The stream of a document: nobody without the key can tell which it is, or try ids out.
    fn stream(&self, place: &DocumentPlace, id: &str) -> Key {
        let mut bytes = vec![place.resource.code()];
        let parts = [
            place.activity.as_deref().unwrap_or_default().as_bytes(),
            place.agent.as_ref().map(<[u8; 16]>::as_slice).unwrap_or_default(),
            place.registration.as_ref().map(<[u8; 16]>::as_slice).unwrap_or_default(),
            id.as_bytes(),
        ];
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        // Streams that are shared keep the keys that they always had.
        bytes.extend(place.credential.iter().flatten());
        self.vault.keyed_hash("document", &bytes)
    }

    /// What is there. A document whose owner was erased is not. Where a tool's own were shared before, what it was the
    /// last to store there is its own until it stores or deletes it anew.
    async fn current(&self, place: &DocumentPlace, id: &str) -> Result<Current, DocumentError> {
        let own = self.at_end(&self.stream(place, id), None).await?;
        if place.credential.is_none() || own.version > 0 {
            return Ok(own);
        }
        let shared = self.at_end(&self.stream(&shared(place), id), place.credential).await?;
        Ok(Current { version: 0, document: shared.document })
    }

    /// What is at the end of a stream, where `by` is given only if that credential stored it.
    async fn at_end(&self, stream: &Key, by: Option<Key>) -> Result<Current, DocumentError> {
        let head = self.log.stream_head(*stream).await.map_err(QueryFailed::from)?;
        let Some((version, position)) = head else { return Ok(Current { version: 0, document: None }) };
        let mut found = self.log.read_at(&[position]).await.map_err(QueryFailed::from)?;
        let stored = found.pop().filter(|(event, _)| {
            event.kind == DocumentStoredFacts::KIND && (by.is_none() || event.credential == by)
        });
        let Some((event, slots)) = stored else { return Ok(Current { version, document: None }) };
        let opened = self.vault.open_slots(DocumentStoredFacts::KIND, event.id, &slots).await;
        let mut opened = opened.map_err(QueryFailed::from)?.into_iter();
        let document = match (opened.next(), opened.next()) {
            (Some(Opened::Plain(label)), Some(Opened::Plain(content))) => {
                let content_type = read_label(position, &label)?.content_type;
                Some(Document { content, content_type, stored: event.stored })
            }
            _ => None,
        };
        Ok(Current { version, document })
    }

    /// Shared documents of a place that are a tool's own as [`current`](Self::current) says, and the streams that will be
    /// theirs; none of a place that is shared.
    async fn inherited(
        &self,
        place: &DocumentPlace,
        after: Position,
    ) -> Result<Vec<(index::Listed, Key)>, DocumentError> {
        if place.credential.is_none() {
            return Ok(Vec::new());
        }
        let listed = index::list(self.log.database(), &shared(place), after).await;
        let listed = listed.map_err(QueryFailed::from)?;
        let positions: Vec<Position> = listed.iter().map(|document| document.position).collect();
        let events = self.log.read_events_at(&positions).await.map_err(QueryFailed::from)?;
        let own: HashSet<Position> = events
            .into_iter()
            .filter(|event| event.credential == place.credential)
            .map(|event| event.position)
            .collect();
        let positions: Vec<Position> =
            positions.into_iter().filter(|position| own.contains(position)).collect();
        let mut streams: HashMap<Position, Key> = HashMap::new();
        for page in positions.chunks(PAGE) {
            for (position, label, _) in self.labels(page).await? {
                let document = listed.iter().find(|document| document.position == position);
                let registration = document.and_then(|document| document.registration);
                let registration = registration.map(uuid::Uuid::into_bytes);
                let place = DocumentPlace { registration, ..place.clone() };
                streams.insert(position, self.stream(&place, &label.id));
            }
        }
        let inherited: Vec<(index::Listed, Key)> = listed
            .into_iter()
            .filter_map(|document| Some((document, *streams.get(&document.position)?)))
            .collect();
        let streams: Vec<Key> = inherited.iter().map(|(_, stream)| *stream).collect();
        let begun = self.log.latest(&streams).await.map_err(QueryFailed::from)?;
        Ok(inherited
            .into_iter()
            .zip(begun)
            .filter(|(_, begun)| begun.is_none())
            .map(|(one, _)| one)
            .collect())
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

/// The place that a tool shares with others in place of its own.
fn shared(place: &DocumentPlace) -> DocumentPlace {
    DocumentPlace { credential: None, ..place.clone() }
}

/// The id of the one document that a query names.
fn id(query: &DocumentQuery) -> &str {
    query.id.as_deref().unwrap_or_default()
}

fn read_label(position: Position, bytes: &[u8]) -> Result<DocumentLabel, QueryFailed> {
    DocumentLabel::decode(bytes)
        .map_err(|error| QueryFailed::Internal(format!("the document at position {}: {error}", position.0)))
}
