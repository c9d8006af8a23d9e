//! Documents that tools keep: states, activity profiles, agent profiles.
//!
//! A document is a stream of the log; its last event says what is there. A change that depends on what is there is
//! decided outside the log's lock and appended for the version of the stream that was looked at: of racing changes
//! one wins, and the others look again. Changes of one document by this process wait for each other first, so that
//! many at once do not keep colliding.

mod change;
mod document;
mod places;
mod superseded;

use std::collections::HashSet;

use domain::Facts as _;
use domain::documents::DocumentStoredFacts;
use eventlog::clock::Micros;
use eventlog::{Key, Position};
use vault::Opened;
use xapi::documents::DocumentQuery;

use crate::QueryFailed;
use document::{Document, PAGE, id, read_label};
pub(crate) use document::{DocumentError, Documents, Keeper, Unconditional, is_json};
use places::Places;

/// What is at the end of a document's stream.
struct Current {
    version: u64,
    position: Position,
    document: Option<Document>,
}

impl Documents {
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
        let listed = self.listed(&places, after).await?;
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
}
