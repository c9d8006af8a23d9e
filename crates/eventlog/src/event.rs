//! What the log keeps: events, slots, streams, and what an append answers.

use crate::clock::Micros;

/// A place in the log: 1 for the first event, without gaps; 0 stands before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position(pub u64);

impl Position {
    /// Where no log ends: as far as a database counts.
    pub const LAST: Self = Self(i64::MAX.unsigned_abs());
}

/// Sixteen opaque bytes: event ids, dedupe keys (for a statement, its id), stream keys, agent ids.
pub type Key = [u8; 16];

/// One sealed part of an event. The log stores `body` as it is and chains only its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Number of the slot inside its event: 0, 1, 2 … without gaps.
    pub number: u16,
    /// Whose key sealed it (an agent id), or `None` where nobody is behind it.
    pub owner: Option<Key>,
    /// The calendar quarter of receipt the key belongs to, as year * 4 + quarter (0 to 3); for a slot
    /// without an owner, its retention class.
    pub period: u16,
    /// The sealed bytes.
    pub body: Vec<u8>,
}

/// An event with what can be read of its slots at little cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithSlots {
    /// The event.
    pub event: Event,
    /// By number: slot 0, and of the next few ([`SLOTS_ALONG`]) those of at most [`BYTES_ALONG`]; without those that
    /// were deleted.
    pub slots: Vec<Slot>,
    /// How many slots the event had when it was appended.
    pub had: u16,
}

/// Of how many slots of an event the small ones come along with it.
pub const SLOTS_ALONG: u16 = 8;
/// What is small: most texts, and no attachment of which a page should not have a hundred.
pub const BYTES_ALONG: usize = 2_048;

/// What an append demands of the stream an event belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Whatever version the stream has.
    Any,
    /// The stream has this many events (0: it does not exist yet).
    Version(u64),
}

/// An event to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Random, unique; bound into the sealing of its slots, which happens before a position is known.
    pub id: Key,
    /// What happened, as a short lower-case name such as `statement` or `unit`.
    pub kind: &'static str,
    /// Version of the kind's `facts` format.
    pub schema: u16,
    /// The credential that sent it, where one did.
    pub credential: Option<Key>,
    /// At most one event in the whole log has this key. A statement's id.
    pub dedupe: Option<Key>,
    /// The stream it belongs to and what is expected of it. A document's address.
    pub stream: Option<(Key, Expected)>,
    /// Clear facts: deterministic CBOR, versioned by kind and schema. Opaque to the log.
    pub facts: Vec<u8>,
    /// Sealed parts, in the order of their numbers.
    pub slots: Vec<Slot>,
}

/// One request to append: all of its events are stored, next to each other, or none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Append {
    /// In the order they get positions. Dedupe keys are distinct within one request.
    pub events: Vec<NewEvent>,
    /// The log's fence as read before sealing. An erasure raises the fence; an append that was sealed
    /// under an older one is refused with [`AppendError::Fenced`] and has to resolve and seal again.
    /// `None` for requests that hold nothing sealed for a person.
    pub fence: Option<u64>,
    /// Whether this request raises the fence itself, as an erasure does.
    pub raise_fence: bool,
}

/// A slot of a request, and the set of chunks that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    /// Index of the event in the request.
    pub event: usize,
    /// Number of the slot in the event.
    pub slot: u16,
    /// The set.
    pub set: Key,
    /// The hashes of its chunks as [`EventLog::stage`](crate::EventLog::stage) gave them, one after the other in the order of their numbers.
    pub hashes: Vec<u8>,
}

/// What an append gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Position and `stored` of each event, in the request's order. `stored` strictly increases with position.
    pub events: Vec<(Position, Micros)>,
}

/// Why nothing of a request was stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Events with these dedupe keys are in the log already: index in the request, and position. The
    /// caller compares outside the lock and comes back without those that are the same.
    #[error("{} of the events are in the log already", .0.len())]
    Exists(Vec<(usize, Position)>),
    /// A stream is not at the version that was expected.
    #[error("the stream of event {index} has version {actual}")]
    WrongVersion {
        /// Index of the event in the request.
        index: usize,
        /// The version the stream has.
        actual: u64,
    },
    /// The fence was raised since: resolve people and seal again. Carries the fence now.
    #[error("sealed under an older fence than {0}")]
    Fenced(u64),
    /// The queue is full. Try again after this many seconds.
    #[error("the queue of appends is full")]
    Full {
        /// A guess at when there is room, in whole seconds, at least 1.
        retry_after: u32,
    },
    /// The wall clock has run over an hour ahead of the monotonic one.
    #[error("the clock cannot be trusted: {0}")]
    Clock(String),
    /// The database cannot be reached, or its disk is full; nothing was stored. Try again later.
    #[error("the log cannot be written: {0}")]
    Unavailable(String),
    /// The request is malformed, or the database or a hook does not take an event of it. It will be
    /// refused again as it stands.
    #[error("the log does not take this request: {0}")]
    Refused(String),
    /// The log has stopped for good (a failed sync, or shutdown). Nothing was acknowledged; where the sync
    /// failed, or the log was closed while its database was away, the message says so, and whether the
    /// request was stored shows at the next start.
    #[error("the log has stopped: {0}")]
    Stopped(String),
}

/// Why what is appended now would not be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unready {
    /// The log has stopped for good, until the next start.
    #[error("the log has stopped: {0}")]
    Stopped(String),
    /// The wall clock has run over an hour ahead of the monotonic one.
    #[error("the clock has jumped: {0}")]
    Clock(String),
    /// There is no room, on the disk of either.
    #[error("{0}")]
    Full(&'static str),
    /// The database cannot be reached, or fails.
    #[error("the log's database does not take what is written: {0}")]
    Database(String),
}

/// An event as read back, without its slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place.
    pub position: Position,
    /// When it was stored.
    pub stored: Micros,
    /// As in [`NewEvent::id`].
    pub id: Key,
    /// As in [`NewEvent::kind`].
    pub kind: String,
    /// As in [`NewEvent::schema`].
    pub schema: u16,
    /// As in [`NewEvent::credential`].
    pub credential: Option<Key>,
    /// As in [`NewEvent::dedupe`].
    pub dedupe: Option<Key>,
    /// The stream and the version this event gave it (1 for the stream's first).
    pub stream: Option<(Key, u64)>,
    /// As in [`NewEvent::facts`].
    pub facts: Vec<u8>,
}

/// The end of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Position of the last event.
    pub position: Position,
    /// Its `stored`.
    pub stored: Micros,
    /// Its hash.
    pub hash: [u8; 32],
    /// How often the fence was raised.
    pub fence: u64,
    /// No event will ever be stored at or before this instant any more.
    pub promised: Micros,
}
