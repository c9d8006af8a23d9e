//! Documents: what tools keep beside statements (1.0.3 Communication 2.2, IEEE 4.1.6.2).
//!
//! The log's stream of a document is a keyed hash of where it belongs and its id; the last event of the stream
//! says what is there. In the clear stands where a document belongs; its id and its content are sealed.

use eventlog::event::Key;
use minicbor::{Decode, Encode};

use crate::cbor::{facts, from_bytes, to_bytes};
use crate::events::kind;
use crate::{AgentId, BadFacts};

/// Which of the standard's resources a document belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum DocumentResource {
    /// The state of an agent with an activity, perhaps within a registration.
    #[n(1)]
    State,
    /// The profile of an activity.
    #[n(2)]
    ActivityProfile,
    /// The profile of an agent.
    #[n(3)]
    AgentProfile,
}

impl DocumentResource {
    /// The number that stands for it wherever it is hashed.
    pub fn code(self) -> u8 {
        match self {
            Self::State => 1,
            Self::ActivityProfile => 2,
            Self::AgentProfile => 3,
        }
    }
}

/// Where a document belongs. Several documents, with ids of their own, share a place.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(map)]
pub struct DocumentPlace {
    /// The resource.
    #[n(0)]
    pub resource: DocumentResource,
    /// The activity's IRI; none for an agent's profile.
    #[n(1)]
    pub activity: Option<String>,
    /// The agent; none for an activity's profile.
    #[cbor(n(2), with = "crate::cbor::maybe_key", has_nil)]
    pub agent: Option<AgentId>,
    /// The registration, where a state has one.
    #[cbor(n(3), with = "crate::cbor::maybe_key", has_nil)]
    pub registration: Option<Key>,
    /// The credential whose own a state is, where its states are kept apart from those of others.
    #[cbor(n(4), with = "crate::cbor::maybe_key", has_nil)]
    pub credential: Option<Key>,
}

/// A document was stored: slot 0 holds [`DocumentLabel`], slot 1 the content as it came.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct DocumentStoredFacts(#[n(0)] pub DocumentPlace);
facts!(DocumentStoredFacts, kind::DOCUMENT_STORED);

/// A document was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct DocumentDeletedFacts(#[n(0)] pub DocumentPlace);
facts!(DocumentDeletedFacts, kind::DOCUMENT_DELETED);

/// What was superseded in documents was kept long enough: its slots were deleted with this event.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DocumentsDroppedFacts {
    /// The position up to which events were looked at for what they supersede.
    #[n(0)]
    pub through: u64,
    /// The positions of the events that had stored it, ascending.
    #[n(1)]
    pub positions: Vec<u64>,
}
facts!(DocumentsDroppedFacts, kind::DOCUMENTS_DROPPED);

/// What of a document is sealed beside its content: slot 0. Ids and types are the sender's own words.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DocumentLabel {
    /// Its id: `stateId` or `profileId`.
    #[n(0)]
    pub id: String,
    /// Its `Content-Type`, as it came.
    #[n(1)]
    pub content_type: String,
}

impl DocumentLabel {
    /// The bytes to seal.
    pub fn encode(&self) -> Vec<u8> {
        to_bytes(self)
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// [`BadFacts`] where the bytes are something else.
    pub fn decode(bytes: &[u8]) -> Result<Self, BadFacts> {
        from_bytes(kind::DOCUMENT_STORED, bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        DocumentDeletedFacts, DocumentLabel, DocumentPlace, DocumentResource, DocumentStoredFacts,
        DocumentsDroppedFacts,
    };
    use crate::Facts as _;
    use crate::testing::matches_fixture;

    fn state() -> DocumentPlace {
        DocumentPlace {
            resource: DocumentResource::State,
            activity: Some("https://larkby.example/kurser/gdpr".into()),
            agent: Some([1; 16]),
            registration: Some([5; 16]),
            credential: None,
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_fixtures() {
        let stored = DocumentStoredFacts(state());
        matches_fixture("document_stored-1", &stored.encode());
        assert_eq!(DocumentStoredFacts::decode(1, &stored.encode()).unwrap(), stored);
        assert!(DocumentStoredFacts::decode(2, &stored.encode()).is_err());

        let profile = DocumentPlace {
            resource: DocumentResource::ActivityProfile,
            agent: None,
            registration: None,
            ..state()
        };
        let deleted = DocumentDeletedFacts(profile);
        matches_fixture("document_deleted-1", &deleted.encode());
        assert_eq!(deleted.encode()[0], 0xa2, "absent values take no bytes");
        assert_eq!(DocumentDeletedFacts::decode(1, &deleted.encode()).unwrap(), deleted);

        let own = DocumentStoredFacts(DocumentPlace { credential: Some([8; 16]), ..state() });
        matches_fixture("document_stored-own-1", &own.encode());
        assert_eq!(DocumentStoredFacts::decode(1, &own.encode()).unwrap(), own);

        let label = DocumentLabel { id: "bookmark".into(), content_type: "text/plain; charset=utf-8".into() };
        matches_fixture("document-slot-1", &label.encode());
        assert_eq!(DocumentLabel::decode(&label.encode()).unwrap(), label);

        let dropped = DocumentsDroppedFacts { through: 400, positions: vec![17, 300] };
        matches_fixture("documents_dropped-1", &dropped.encode());
        assert_eq!(DocumentsDroppedFacts::decode(1, &dropped.encode()).unwrap(), dropped);
    }
}
