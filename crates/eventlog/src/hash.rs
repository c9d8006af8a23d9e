//! The hashes that chain the log: `docs/formats/log.md` says which bytes, fixtures hold it to that.
//!
//! Every input starts with a tag (one byte of length, then ASCII) that says what is hashed; whatever
//! varies in length has its length before it; integers are big-endian.

use ring::digest::{Context, SHA256};

use crate::clock::Micros;
use crate::event::{Key, NewEvent, Position, Slot};

/// A SHA-256.
pub type Hash = [u8; 32];

/// What stands before the first event.
pub const GENESIS: Hash = [0; 32];

/// The clear half of an event, without what is only known under the lock.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// As in [`NewEvent::id`].
    pub id: &'a Key,
    /// As in [`NewEvent::kind`].
    pub kind: &'a str,
    /// As in [`NewEvent::schema`].
    pub schema: u16,
    /// As in [`NewEvent::credential`].
    pub credential: Option<&'a Key>,
    /// As in [`NewEvent::dedupe`].
    pub dedupe: Option<&'a Key>,
    /// The stream, without its version.
    pub stream: Option<&'a Key>,
    /// As in [`NewEvent::facts`].
    pub facts: &'a [u8],
}

impl<'a> From<&'a NewEvent> for Envelope<'a> {
    fn from(event: &'a NewEvent) -> Self {
        Self {
            id: &event.id,
            kind: event.kind,
            schema: event.schema,
            credential: event.credential.as_ref(),
            dedupe: event.dedupe.as_ref(),
            stream: event.stream.as_ref().map(|(key, _)| key),
            facts: &event.facts,
        }
    }
}

/// The hash of one sealed slot, its owner and period included.
pub fn slot(slot: &Slot) -> Hash {
    let mut hash = tagged(b"larka/slot/1");
    hash.update(&slot.number.to_be_bytes());
    option(&mut hash, slot.owner.as_ref());
    hash.update(&slot.period.to_be_bytes());
    bytes(&mut hash, &slot.body);
    finish(hash)
}

/// The hash of a slot that names a set of chunks: covers the hashes of the chunks too, one after the other.
pub fn slot_with_chunks(slot: &Slot, set: &Key, chunk_hashes: &[u8]) -> Hash {
    let mut hash = tagged(b"larka/slot/2");
    hash.update(&slot.number.to_be_bytes());
    option(&mut hash, slot.owner.as_ref());
    hash.update(&slot.period.to_be_bytes());
    bytes(&mut hash, &slot.body);
    hash.update(set);
    bytes(&mut hash, chunk_hashes);
    finish(hash)
}

/// The hash of one sealed chunk in its place.
pub fn chunk(set: &Key, number: u32, body: &[u8]) -> Hash {
    let mut hash = tagged(b"larka/chunk/1");
    hash.update(set);
    hash.update(&number.to_be_bytes());
    bytes(&mut hash, body);
    finish(hash)
}

/// The hashes of an event's slots, one after the other in the order of their numbers.
pub fn slots(slots: &[Slot]) -> Vec<u8> {
    let mut all = Vec::with_capacity(slots.len() * 32);
    for one in slots {
        all.extend_from_slice(&slot(one));
    }
    all
}

/// What an event contributes to the chain: its envelope and the list of its slots' hashes.
pub fn leaf(envelope: &Envelope<'_>, slot_hashes: &[u8]) -> Hash {
    let mut sealed = tagged(b"larka/sealed/1");
    bytes(&mut sealed, slot_hashes);
    let sealed = finish(sealed);

    let mut hash = tagged(b"larka/leaf/1");
    hash.update(envelope.id);
    bytes(&mut hash, envelope.kind.as_bytes());
    hash.update(&envelope.schema.to_be_bytes());
    option(&mut hash, envelope.credential);
    option(&mut hash, envelope.dedupe);
    option(&mut hash, envelope.stream);
    bytes(&mut hash, envelope.facts);
    hash.update(&sealed);
    finish(hash)
}

/// The hash of an event in its place. `stream_version` is 0 for an event without a stream.
pub fn chain(previous: &Hash, position: Position, stored: Micros, stream_version: u64, leaf: &Hash) -> Hash {
    let mut hash = tagged(b"larka/event/1");
    hash.update(previous);
    hash.update(&position.0.to_be_bytes());
    hash.update(&stored.0.to_be_bytes());
    hash.update(&stream_version.to_be_bytes());
    hash.update(leaf);
    finish(hash)
}

fn tagged(tag: &[u8]) -> Context {
    let mut hash = Context::new(&SHA256);
    hash.update(&[tag.len().to_be_bytes()[7]]);
    hash.update(tag);
    hash
}

fn bytes(hash: &mut Context, bytes: &[u8]) {
    hash.update(&(bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

fn option(hash: &mut Context, key: Option<&Key>) {
    match key {
        None => hash.update(&[0]),
        Some(key) => {
            hash.update(&[1]);
            hash.update(key);
        }
    }
}

fn finish(hash: Context) -> Hash {
    let mut bytes = GENESIS;
    bytes.copy_from_slice(hash.finish().as_ref());
    bytes
}
