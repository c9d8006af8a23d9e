//! Where documents are, and where they were before: what is stored anew is at home in one place, and what is found in
//! another counts until then.

use std::collections::{HashMap, HashSet};

use domain::documents::{DocumentPlace, DocumentResource as Kept};
use eventlog::{Key, Position};
use uuid::Uuid;
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
    /// Those of them that a change where they belong supersedes: with agents that are linked. Others are still looked for
    /// by themselves.
    pub(super) superseded: Vec<DocumentPlace>,
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
        let first = agents.first().copied().flatten();
        let one =
            |agent: &Option<AgentId>| first.zip(*agent).is_some_and(|(own, it)| self.people.are_one(own, it));
        let linked: Vec<bool> = agents.iter().skip(1).map(one).collect();
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
        let superseded = others.iter().zip(linked).filter(|(_, linked)| *linked);
        let superseded = superseded.map(|((place, _), _)| place.clone()).collect();
        Ok(Some(Places { superseded, before: others.into_iter().chain(shared).collect(), own }))
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
            registration: query.registration.map(Uuid::into_bytes),
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

    /// What is there, stored after a position, in the order in which it was stored: of each document the newest of all
    /// places, unless it was deleted in another since. Each as it is listed where it belongs.
    pub(super) async fn listed(
        &self,
        places: &Places,
        after: Position,
    ) -> Result<Vec<index::Listed>, DocumentError> {
        let own = index::list(self.log.database(), &places.own, after).await.map_err(QueryFailed::from)?;
        if places.before.is_empty() {
            return Ok(own);
        }
        let all =
            || std::iter::once((&places.own, None)).chain(places.before.iter().map(|(at, by)| (at, *by)));
        let mut newest: HashMap<Key, (index::Listed, String)> = HashMap::new();
        for (place, by) in all() {
            for (document, id) in self.listed_at(place, by, after).await? {
                let stream = self.stream(&registered(&places.own, document.registration), &id);
                let document = index::Listed { stream, ..document };
                let known = newest.entry(stream).or_insert_with(|| (document, id));
                known.0.position = known.0.position.max(document.position);
            }
        }
        let mut found: Vec<(index::Listed, String)> = newest.into_values().collect();
        for (place, by) in all() {
            let streams: Vec<Key> = found
                .iter()
                .map(|(document, id)| self.stream(&registered(place, document.registration), id))
                .collect();
            let ends = self.log.latest(&streams).await.map_err(QueryFailed::from)?;
            let mut ends = ends.into_iter();
            found.retain(|(document, _)| {
                let end = ends.next().flatten().filter(|end| by.is_none() || end.credential == by);
                end.is_none_or(|end| end.position <= document.position)
            });
        }
        let mut listed: Vec<index::Listed> = found.into_iter().map(|(document, _)| document).collect();
        listed.sort_unstable_by_key(|document| document.position);
        Ok(listed)
    }

    /// What is listed at a place, each with its id; where `by` is given only what that credential stored.
    async fn listed_at(
        &self,
        place: &DocumentPlace,
        by: Option<Key>,
        after: Position,
    ) -> Result<Vec<(index::Listed, String)>, DocumentError> {
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
                found.extend(documents.get(&position).map(|document| (*document, label.id)));
            }
        }
        Ok(found)
    }
}

/// A place with the registration of one of its documents.
pub(super) fn registered(place: &DocumentPlace, registration: Option<Uuid>) -> DocumentPlace {
    DocumentPlace { registration: registration.map(Uuid::into_bytes), ..place.clone() }
}
