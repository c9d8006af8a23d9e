//! Erasures, credentials, imports, forwards, frameworks and definitions.

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

/// These agents are one: of one mailbox in several spellings. What is known of any of them is known of all.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct AgentsLinkedFacts {
    /// The agents, ascending.
    #[cbor(n(0), with = "crate::cbor::keys")]
    pub agents: Vec<AgentId>,
}
facts!(AgentsLinkedFacts, kind::AGENTS_LINKED);

/// A tool got a key and a secret. The secret, any hash of it, and the tool's name never enter the log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CredentialCreatedFacts {
    /// The credential's id, which its events carry.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub credential: Key,
    /// What it may do, ascending.
    #[n(2)]
    pub scopes: Vec<String>,
    /// From when on it is refused, in microseconds since 1970.
    #[n(3)]
    pub expires: Option<i64>,
    /// Requests a second, and at once after a rest.
    #[n(4)]
    pub rate: Option<(u32, u32)>,
    /// The account that made it; none for a command on the server.
    #[cbor(n(5), with = "crate::cbor::maybe_key", has_nil)]
    pub by: Option<Key>,
    /// What its statements have to keep to, as JSON.
    #[n(6)]
    pub rules: Option<String>,
}
facts!(CredentialCreatedFacts, kind::CREDENTIAL_CREATED);

/// A credential got a new secret.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CredentialRotatedFacts {
    /// The credential.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub credential: Key,
    /// For how many seconds the old secret stayed good; none: not at all.
    #[n(1)]
    pub grace_seconds: Option<u64>,
    /// The account that did it; none for a command on the server.
    #[cbor(n(5), with = "crate::cbor::maybe_key", has_nil)]
    pub by: Option<Key>,
}
facts!(CredentialRotatedFacts, kind::CREDENTIAL_ROTATED);

/// A credential was revoked, for good.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CredentialRevokedFacts {
    /// The credential.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub credential: Key,
    /// The account that did it; none for a command on the server.
    #[cbor(n(5), with = "crate::cbor::maybe_key", has_nil)]
    pub by: Option<Key>,
}
facts!(CredentialRevokedFacts, kind::CREDENTIAL_REVOKED);

/// What a credential's statements have to keep to was changed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CredentialRulesFacts {
    /// The credential.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub credential: Key,
    /// The account that did it; none for a command on the server.
    #[cbor(n(5), with = "crate::cbor::maybe_key", has_nil)]
    pub by: Option<Key>,
    /// The rules from now on, as JSON; none: there are none any more.
    #[n(6)]
    pub rules: Option<String>,
}
facts!(CredentialRulesFacts, kind::CREDENTIAL_RULES);

/// Statements were taken over from another store: once when a run begins, without counts, and once when it has ended.
/// Its stream is the run.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ImportRunFacts {
    /// The run, which its statements name.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub run: Key,
    /// What the statements came out of: `statements`, `xapi`, `learning-locker`, `sql-lrs`, `adl-lrs`, or `pull`.
    #[n(1)]
    pub source: String,
    /// The credential that vouches for them.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub credential: Key,
    /// What became of them; none as long as the run has not ended.
    #[n(3)]
    pub counts: Option<ImportCounts>,
}
facts!(ImportRunFacts, kind::IMPORT_RUN);

/// What became of what a run of an import read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ImportCounts {
    /// How many statements were read.
    #[n(0)]
    pub read: u64,
    /// How many of them were stored.
    #[n(1)]
    pub stored: u64,
    /// How many were known already.
    #[n(2)]
    pub known: u64,
    /// How many did not fit and were set aside.
    #[n(3)]
    pub aside: u64,
    /// How many of those stored or known lack the content of an attachment that has no `fileUrl` either.
    #[n(4)]
    pub without_content: u64,
}

/// Statements are handed on to another place from now on, or differently, or not for the time being. Where to, its
/// name and the secret shared with it never enter the log.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ForwardSetFacts {
    /// The forward's id.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub forward: Key,
    /// What it is: 1 another learning record store, 2 a webhook.
    #[n(1)]
    pub kind: u8,
    /// Verbs that are handed on; none: any.
    #[cbor(n(2), default, skip_if = "Vec::is_empty")]
    pub verbs: Vec<String>,
    /// How the activities begin that are handed on; none: any.
    #[cbor(n(3), default, skip_if = "Vec::is_empty")]
    pub activities: Vec<String>,
    /// Codes of the units whose people's statements are handed on; none: everybody's.
    #[cbor(n(4), default, skip_if = "Vec::is_empty")]
    pub units: Vec<String>,
    /// The account that did it; none for a command on the server, or the server itself.
    #[cbor(n(5), with = "crate::cbor::maybe_key", has_nil)]
    pub by: Option<Key>,
    /// Why it rests: 1 somebody paused it, 2 the other side said that it is gone, 3 the other side refused every
    /// statement; none where it does not.
    #[n(6)]
    pub paused: Option<u8>,
    /// The position after which it begins, or goes on.
    #[n(7)]
    pub after: u64,
}
facts!(ForwardSetFacts, kind::FORWARD_SET);

/// Statements are handed on to that place no more.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ForwardRemovedFacts {
    /// The forward.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub forward: Key,
    /// The account that did it; none for a command on the server.
    #[cbor(n(5), with = "crate::cbor::maybe_key", has_nil)]
    pub by: Option<Key>,
}
facts!(ForwardRemovedFacts, kind::FORWARD_REMOVED);

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
