//! Where documents are, and where they were before: what is stored anew is at home in one place, and what is found in
//! another counts until then.

use std::collections::{HashMap, HashSet};

use domain::documents::{DocumentPlace, DocumentResource as Kept};
use eventlog::{Key, Position};
use vault::AgentId;
use views::documents as index;
use xapi::documents::{DocumentQuery, DocumentResource};

use super::document::{DocumentError, Documents, Keeper, PAGE};
use crate::QueryFailed;

/// The places of some documents.
pub(super) struct Places {
    /// Where they belong.
    pub(super) own: DocumentPlace,
    /// Where they may have been before, where a credential is given only what that was the last to store there: with
    /// other agents that are one with theirs, and, for a tool whose states are kept apart, among those that are shared.
    pub(super) before: Vec<(DocumentPlace, Option<Key>)>,
}

impl Documents {
    /// Where the documents of a query are; none where the agent is not known. Never makes an agent.
    pub(super) async fn places(
        &self,
        query: &DocumentQuery,
        keeper: Keeper,
    ) -> Result<Option<Places>, DocumentError> {
        let agents = match &query.agent {
            None => vec![None],
            Some(identifier) => {
                let agents = self.people.behind(identifier).await.map_err(QueryFailed::from)?;
                agents.into_iter().map(Some).collect()
            }
        };
        let mut places = agents.into_iter().map(|agent| self.place_of(query, agent, keeper));
        let Some(own) = places.next() else { return Ok(None) };
        let others = places.map(|place| (place, None)).collect::<Vec<_>>();
        let all = std::iter::once(&own).chain(others.iter().map(|(place, _)| place));
        let shared: Vec<_> = all
            .filter_map(|place| {
                let by = place.credential?;
                Some((DocumentPlace { credential: None, ..place.clone() }, Some(by)))
            })
            .collect();
        Ok(Some(Places { before: others.into_iter().chain(shared).collect(), own }))
    }

    pub(super) fn place_of(
        &self,
        query: &DocumentQuery,
        agent: Option<AgentId>,
        keeper: Keeper,
    ) -> DocumentPlace {
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
    pub(super) fn stream(&self, place: &DocumentPlace, id: &str) -> Key {
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

    /// What was stored before, after a position, and counts still: nothing newer is where it belongs. Each with the stream
    /// that it would have there.
    pub(super) async fn still_before(
        &self,
        places: &Places,
        after: Position,
    ) -> Result<Vec<(index::Listed, Key)>, DocumentError> {
        let mut newest: HashMap<Key, index::Listed> = HashMap::new();
        for (place, by) in &places.before {
            for (document, stream) in self.listed_before(&places.own, place, *by, after).await? {
                let known = newest.entry(stream).or_insert(document);
                if document.position > known.position {
                    *known = document;
                }
            }
        }
        let (streams, found): (Vec<Key>, Vec<index::Listed>) = newest.into_iter().unzip();
        if streams.is_empty() {
            return Ok(Vec::new());
        }
        let ends = self.log.latest(&streams).await.map_err(QueryFailed::from)?;
        let still =
            found.into_iter().zip(streams).zip(ends).filter(|((document, _), end)| {
                end.as_ref().is_none_or(|end| end.position < document.position)
            });
        Ok(still.map(|(one, _)| one).collect())
    }

    /// What is listed at another place, each with the stream that it would have at its own.
    async fn listed_before(
        &self,
        own: &DocumentPlace,
        place: &DocumentPlace,
        by: Option<Key>,
        after: Position,
    ) -> Result<Vec<(index::Listed, Key)>, DocumentError> {
        let listed = index::list(self.log.database(), place, after).await.map_err(QueryFailed::from)?;
        let mut positions: Vec<Position> = listed.iter().map(|document| document.position).collect();
        if by.is_some() {
            let events = self.log.read_events_at(&positions).await.map_err(QueryFailed::from)?;
            let events = events.into_iter().filter(|event| event.credential == by);
            let its: HashSet<Position> = events.map(|event| event.position).collect();
            positions.retain(|position| its.contains(position));
        }
        let documents: HashMap<Position, index::Listed> =
            listed.into_iter().map(|document| (document.position, document)).collect();
        let mut found = Vec::with_capacity(positions.len());
        for page in positions.chunks(PAGE) {
            for (position, label, _) in self.labels(page).await? {
                let Some(document) = documents.get(&position) else { continue };
                let registration = document.registration.map(uuid::Uuid::into_bytes);
                let there = DocumentPlace { registration, ..own.clone() };
                found.push((*document, self.stream(&there, &label.id)));
            }
        }
        Ok(found)
    }
}
