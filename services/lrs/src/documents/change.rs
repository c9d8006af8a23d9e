//! Changing documents: what a request comes to, given what is there, and the append that holds it to that.

use std::hash::BuildHasher as _;

use bytes::Bytes;
use domain::Facts;
use domain::documents::{DocumentDeletedFacts, DocumentLabel, DocumentStoredFacts};
use eventlog::event::Expected;
use eventlog::{Append, AppendError, Key, NewEvent, Position, Slot};
use tokio::sync::Mutex;
use vault::{AgentHandle, AgentId, Binding, ClassHandle, Owner, Period, VaultError};
use views::documents as index;
use xapi::Identifier;
use xapi::documents::{DocumentQuery, NotAnObject, merge};

use super::Current;
use super::document::{Document, DocumentError, Documents, JSON, Keeper, Unconditional, id, is_json};
use super::places::{Places, registered};
use crate::failure::{self, IngestError};
use crate::http::conditions::{self, Conditions};
use crate::{QueryFailed, prepare};

/// How often a change is begun again because the log or the keys changed under it.
const ATTEMPTS: usize = 64;
/// Contents above this size are sealed where they hold up nobody else.
const SEALED_ASIDE: usize = 128 << 10;
/// The retention class of activity profiles: nobody is behind them.
const ACTIVITY_PROFILES: u16 = 2;

/// What is to become of a document.
enum Change {
    Put { content: Bytes, content_type: String, unconditional: Unconditional },
    Merge { content: Bytes },
    Delete,
}

/// What a change comes to.
enum Outcome {
    Store { content: Bytes, content_type: String },
    Delete,
    Nothing,
}

/// With whose key a document is sealed.
#[derive(Clone)]
enum Sealer {
    Agent(AgentHandle),
    Class(ClassHandle),
}

impl Documents {
    /// Stores a document under the id that a query names; says its tag.
    pub(crate) async fn put(
        &self,
        query: &DocumentQuery,
        (content, content_type): (Bytes, String),
        unconditional: Unconditional,
        conditions: &Conditions,
        keeper: Keeper,
    ) -> Result<Option<String>, DocumentError> {
        let change = Change::Put { content, content_type, unconditional };
        self.change(query, &change, conditions, keeper).await
    }

    /// Merges a JSON object into the document that a query names; stores it where there is none. Says the tag of what
    /// that comes to.
    pub(crate) async fn merge(
        &self,
        query: &DocumentQuery,
        content: Bytes,
        conditions: &Conditions,
        keeper: Keeper,
    ) -> Result<Option<String>, DocumentError> {
        self.change(query, &Change::Merge { content }, conditions, keeper).await
    }

    /// Deletes the document that a query names, if there is one.
    pub(crate) async fn delete(
        &self,
        query: &DocumentQuery,
        conditions: &Conditions,
        keeper: Keeper,
    ) -> Result<(), DocumentError> {
        self.change(query, &Change::Delete, conditions, keeper).await.map(drop)
    }

    /// Deletes all documents that a query speaks of.
    pub(crate) async fn delete_all(
        &self,
        query: &DocumentQuery,
        keeper: Keeper,
    ) -> Result<(), DocumentError> {
        self.vault.at_fence(self.log.fence());
        let Some(places) = self.places(query, keeper).await? else { return Ok(()) };
        let mut listed = Vec::new();
        for place in &places.superseded {
            let there = index::list(self.log.database(), place, Position(0)).await;
            listed.extend(there.map_err(QueryFailed::from)?.into_iter().map(|document| (place, document)));
        }
        // What counts comes last: it is told by its position.
        listed.extend(
            self.listed(&places, Position(0)).await?.into_iter().map(|document| (&places.own, document)),
        );
        let mut events = Vec::with_capacity(listed.len());
        for (place, document) in listed {
            let facts = DocumentDeletedFacts(registered(place, document.registration));
            // What is stored meanwhile goes as well: the two requests come at once, and this one counts as the later.
            let stream = (document.stream, Expected::Any);
            events.push(event(&facts, random()?, stream, keeper.credential, Vec::new()));
        }
        let appended = self.log.append(Append { events, fence: None, raise_fence: false }).await;
        appended.map(drop).map_err(|error| failure::refused(error).into())
    }

    /// The tag of what is there after the change, unless it was deleted.
    async fn change(
        &self,
        query: &DocumentQuery,
        change: &Change,
        conditions: &Conditions,
        keeper: Keeper,
    ) -> Result<Option<String>, DocumentError> {
        let blind = conditions.is_empty()
            && matches!(change, Change::Put { unconditional: Unconditional::Replaces, .. });
        // What is there makes no difference to some changes: they need not wait for anybody.
        let _turn = match blind {
            true => None,
            false => Some(self.turn(query).lock().await),
        };
        for _ in 0..ATTEMPTS {
            // The fence first: a key that dies from here on makes the log refuse.
            let fence = self.log.fence();
            self.vault.at_fence(fence);
            let known = self.places(query, keeper).await?;
            let current = match &known {
                Some(places) if !blind => self.current(places, id(query)).await?,
                _ => Current { version: 0, position: Position(0), document: None },
            };
            let outcome = self.decide(change, conditions, current.document.as_ref())?;
            let mut events = match (&outcome, &known) {
                (Outcome::Store { .. } | Outcome::Delete, Some(places)) => {
                    self.superseding(places, id(query), keeper).await?
                }
                _ => Vec::new(),
            };
            let (place, sealer) = match (&outcome, known) {
                (Outcome::Nothing, _) | (Outcome::Delete, None) => return Ok(None),
                (Outcome::Delete, Some(places)) => (places.own, None),
                // Nobody is made before the conditions are known to hold.
                (Outcome::Store { .. }, known) => {
                    // Erased in between, and perhaps made anew.
                    let Some(sealer) = self.sealer(query, known.as_ref()).await? else { continue };
                    (self.place_of(query, sealer.agent(), keeper), Some(sealer))
                }
            };
            let expected = if blind { Expected::Any } else { Expected::Version(current.version) };
            let stream = (self.stream(&place, id(query)), expected);
            let mut tag = None;
            let event = match (outcome, sealer) {
                (Outcome::Store { content, content_type }, Some(sealer)) => {
                    let label = DocumentLabel { id: id(query).to_owned(), content_type };
                    let event_id = random()?;
                    let (slots, own) = self.seal(sealer, event_id, &label, content).await?;
                    tag = Some(own);
                    event(&DocumentStoredFacts(place), event_id, stream, keeper.credential, slots)
                }
                _ => event(&DocumentDeletedFacts(place), random()?, stream, keeper.credential, Vec::new()),
            };
            // What counts comes last: it is told by its position.
            events.push(event);
            let append = Append { events, fence: Some(fence), raise_fence: false };
            match self.log.append(append).await {
                Ok(_) => return Ok(tag),
                Err(AppendError::WrongVersion { .. } | AppendError::Fenced(_)) => {}
                Err(error) => return Err(failure::refused(error).into()),
            }
        }
        Err(IngestError::Unavailable("a document kept changing under a request".into()).into())
    }

    /// What deletes a document where it lies with other agents that are one with its owner.
    async fn superseding(
        &self,
        places: &Places,
        id: &str,
        keeper: Keeper,
    ) -> Result<Vec<NewEvent>, DocumentError> {
        let mut events = Vec::new();
        for place in &places.superseded {
            let ends = self.log.latest(&[self.stream(place, id)]).await.map_err(QueryFailed::from)?;
            let stored = ends.into_iter().flatten().filter(|end| end.kind == DocumentStoredFacts::KIND);
            for (stream, version) in stored.filter_map(|end| end.stream) {
                let stream = (stream, Expected::Version(version));
                let facts = DocumentDeletedFacts(place.clone());
                events.push(event(&facts, random()?, stream, keeper.credential, Vec::new()));
            }
        }
        Ok(events)
    }

    /// What a change comes to, given what is there.
    fn decide(
        &self,
        change: &Change,
        conditions: &Conditions,
        there: Option<&Document>,
    ) -> Result<Outcome, DocumentError> {
        if !conditions.is_empty() {
            let tag = there.map(|document| conditions::tag(&document.content));
            if !conditions.hold(tag.as_deref()) {
                return Err(DocumentError::Precondition);
            }
        }
        match change {
            Change::Put { content, content_type, unconditional } => {
                match (conditions.is_empty(), unconditional, there) {
                    (true, Unconditional::Creates | Unconditional::Refused, Some(_)) => {
                        return Err(DocumentError::Conflict);
                    }
                    (true, Unconditional::Refused, None) => return Err(DocumentError::Unconditioned),
                    _ => {}
                }
                Ok(Outcome::Store { content: content.clone(), content_type: content_type.clone() })
            }
            Change::Merge { content } => {
                if there.is_some_and(|document| !is_json(&document.content_type)) {
                    return Err(DocumentError::NotMergeable("the stored document has another type"));
                }
                let merged = merge(there.map(|document| document.content.as_slice()), content);
                let merged = merged.map_err(|error| {
                    DocumentError::NotMergeable(match error {
                        NotAnObject::Stored => "the stored document is none",
                        NotAnObject::Posted => "the document in the request is none",
                    })
                })?;
                if merged.len() > self.limit {
                    return Err(DocumentError::TooLarge(self.limit));
                }
                Ok(Outcome::Store { content: merged.into(), content_type: JSON.to_owned() })
            }
            Change::Delete if there.is_none() => Ok(Outcome::Nothing),
            Change::Delete => Ok(Outcome::Delete),
        }
    }

    /// The lock that changes of a document wait for.
    fn turn(&self, query: &DocumentQuery) -> &Mutex<()> {
        let (hasher, turns) = &*self.turns;
        let DocumentQuery { resource, activity, agent, registration, id, .. } = query;
        let folded = agent.as_ref().and_then(Identifier::folded);
        let agent = folded.as_ref().or(agent.as_ref());
        let hash = hasher.hash_one((resource, activity, agent, registration, id));
        &turns[usize::try_from(hash % turns.len() as u64).unwrap_or_default()]
    }

    /// The key that a query's document is sealed with: of the agent with whom it belongs, who is made where nobody is
    /// known; none where that one was erased.
    async fn sealer(
        &self,
        query: &DocumentQuery,
        known: Option<&Places>,
    ) -> Result<Option<Sealer>, DocumentError> {
        let Some(identifier) = &query.agent else {
            return Ok(Some(Sealer::Class(self.vault.class(ACTIVITY_PROFILES))));
        };
        let period = Period::of(self.clock.now());
        let handle = match known.and_then(|known| known.own.agent) {
            Some(agent) => self
                .vault
                .handles(&[AgentId(agent)], period)
                .await
                .map(|all| all.into_iter().flatten().next()),
            None => {
                self.vault.resolve(std::slice::from_ref(identifier), period).await.map(|mut all| all.pop())
            }
        };
        Ok(handle.map_err(failure::vault_failed)?.map(Sealer::Agent))
    }

    /// The slots of a document, and the tag of its content.
    async fn seal(
        &self,
        sealer: Sealer,
        event: Key,
        label: &DocumentLabel,
        content: Bytes,
    ) -> Result<(Vec<Slot>, String), DocumentError> {
        let (vault, label) = (self.vault.clone(), label.encode());
        let large = content.len() > SEALED_ASIDE;
        let seal = move || -> Result<(Vec<Slot>, String), VaultError> {
            let owner = match &sealer {
                Sealer::Agent(handle) => Owner::Agent(handle),
                Sealer::Class(class) => Owner::Class(class),
            };
            let binding = |slot| Binding { event, kind: DocumentStoredFacts::KIND, slot };
            let slots =
                vec![vault.seal(&binding(0), &owner, &label)?, vault.seal(&binding(1), &owner, &content)?];
            Ok((slots, conditions::tag(&content)))
        };
        let sealed = match large {
            true => tokio::task::spawn_blocking(seal)
                .await
                .map_err(|error| IngestError::Internal(error.to_string()))?,
            false => seal(),
        };
        sealed.map_err(|error| failure::vault_failed(error).into())
    }
}

impl Sealer {
    fn agent(&self) -> Option<AgentId> {
        match self {
            Self::Agent(handle) => Some(handle.agent()),
            Self::Class(_) => None,
        }
    }
}

fn random() -> Result<Key, DocumentError> {
    prepare::random().map_err(|error| failure::vault_failed(error).into())
}

fn event<F: Facts>(
    facts: &F,
    id: Key,
    stream: (Key, Expected),
    credential: Key,
    slots: Vec<Slot>,
) -> NewEvent {
    NewEvent { credential: Some(credential), stream: Some(stream), slots, ..facts.event(id) }
}
