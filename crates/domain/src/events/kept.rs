//! Statements that were refused and kept, and what became of them.

use eventlog::event::Key;
use minicbor::{Decode, Encode};

use super::kind;
use crate::cbor::facts;

/// A statement was refused, by the ingest rules of its credential or because it is none by the standard, and is kept
/// until it is replayed or discarded. It is no statement of the store: no query finds it. Its text is sealed in the slots
/// as a statement's is; of what is none whole in slot 0, for everybody in it together.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct StatementRefusedFacts {
    /// The statement's id; where it came without one, the id it will have when it is stored.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub id: Key,
    /// Whether it came without an id.
    #[cbor(n(1), default, skip_if = "is_false")]
    pub unnamed: bool,
    /// The rule that it broke; none where another statement of its request broke one, or where it is none.
    #[n(2)]
    pub rule: Option<RuleKind>,
    /// A random id that all statements of one request share.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub request: Key,
    /// The version of the standard it came by: 1 for 1.0.3, 2 for 2.0.0.
    #[n(4)]
    pub xapi_version: u8,
    /// The number of the first slot that holds the content of an attachment.
    #[n(5)]
    pub attachments_from: Option<u16>,
    /// How long its text and the content of its attachments are together, in bytes.
    #[n(6)]
    pub bytes: u64,
    /// Where in it something was wrong: a JSON pointer of names that the standard defines. None where another statement
    /// of its request was refused, and in events from before this was noted.
    #[n(7)]
    pub path: Option<String>,
    /// What was expected there.
    #[n(8)]
    pub expected: Option<String>,
}
facts!(StatementRefusedFacts, kind::STATEMENT_REFUSED);

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum RuleKind {
    /// Verbs.
    #[n(1)]
    Verb,
    /// Activities.
    #[n(2)]
    Activity,
    /// Profiles.
    #[n(3)]
    Profile,
}

/// Kept statements are waiting no longer: they keep to the rules as they are now, or nobody can read them any more.
/// Their slots were deleted with this event.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct KeptReplayedFacts {
    /// The credential that had sent them.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub credential: Key,
    /// Each: position of the event that kept it, what became of it, and when it was received, in microseconds since
    /// 1970. Ascending.
    #[n(1)]
    pub settled: Vec<(u64, Settled, i64)>,
    /// The account that asked for it; none for a command on the server.
    #[cbor(n(5), with = "crate::cbor::maybe_key", has_nil)]
    pub by: Option<Key>,
}
facts!(KeptReplayedFacts, kind::KEPT_REPLAYED);

/// What became of a kept statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Settled {
    /// It was stored.
    #[n(1)]
    Stored,
    /// The same statement was stored already.
    #[n(2)]
    Known,
    /// Somebody in it was erased, or its text was deleted: it cannot be stored as it came.
    #[n(3)]
    Unreadable,
}

/// Kept statements were thrown away, and their slots deleted with this event.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct KeptDiscardedFacts {
    /// The credential that had sent them.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub credential: Key,
    /// The positions of the events that kept them, ascending.
    #[n(1)]
    pub positions: Vec<u64>,
    /// The account that asked for it; none for a command on the server.
    #[cbor(n(5), with = "crate::cbor::maybe_key", has_nil)]
    pub by: Option<Key>,
}
facts!(KeptDiscardedFacts, kind::KEPT_DISCARDED);

fn is_false(value: &bool) -> bool {
    !value
}
