//! Erasures, credentials, frameworks and definitions.

use eventlog::event::Key;
use minicbor::{Decode, Encode};

use super::kind;
use crate::AgentId;
use crate::cbor::facts;

/// The keys of these agents were destroyed: nothing sealed for them can be read again.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AgentErasedFacts {
    /// The agents, ascending.
    #[cbor(n(0), with = "crate::cbor::keys")]
    pub agents: Vec<AgentId>,
}
facts!(AgentErasedFacts, kind::AGENT_ERASED);

/// A tool got a key and a secret. The secret, and any hash of it, never enters the log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CredentialCreatedFacts {
    /// The credential's id, which its events carry.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub credential: Key,
    /// The tool's name.
    #[n(1)]
    pub name: String,
    /// What it may do, ascending.
    #[n(2)]
    pub scopes: Vec<String>,
}
facts!(CredentialCreatedFacts, kind::CREDENTIAL_CREATED);

/// A competence framework was brought in. Its content stands in slot 0 under a retention class.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct FrameworkFacts {
    /// The framework's id, version included, such as `digcomp-3.0`.
    #[n(0)]
    pub id: String,
    /// SHA-256 of its content.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub sha256: [u8; 32],
}
facts!(FrameworkFacts, kind::FRAMEWORK);

/// An activity's canonical definition changed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ActivityDefinedFacts {
    /// The activity's IRI.
    #[n(0)]
    pub activity: String,
    /// The whole definition after merging, as JSON.
    #[n(1)]
    pub definition: String,
}
facts!(ActivityDefinedFacts, kind::ACTIVITY_DEFINED);
