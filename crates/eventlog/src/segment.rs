//! The log's rows as records of bytes, alike for both databases: what a backup of the log is made of
//! (`docs/formats/backup.md`).

use crate::clock::Micros;
use crate::event::{Event, Key, Position, Slot};
use crate::framed::{Fields, HEAD, framed, put_bytes};
use crate::hash::Hash;
pub use crate::rows::Extra;

const EVENT: u8 = 1;
const SET: u8 = 2;
const CHUNK: u8 = 3;
const DELETION: u8 = 4;

/// A row of the log.
#[derive(Debug, Clone)]
pub enum Record {
    /// An event with the slots that were there.
    Event(Event, Extra),
    /// A slot that names a set of chunks, and the hashes of these.
    Set(Position, u16, Key, Vec<u8>),
    /// A chunk of a set, with its number.
    Chunk(Key, u32, Vec<u8>),
    /// A slot that was deleted, and the event that says so.
    Deletion(Position, u16, Position),
}

/// Bytes that are no records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("byte {at} begins no record: {expected}")]
pub struct NoRecord {
    /// Where the record begins that is none.
    pub at: usize,
    /// What was expected.
    pub expected: &'static str,
}

/// Appends an event with its slots.
pub(crate) fn put_event(out: &mut Vec<u8>, event: &Event, slot_hashes: &[u8], hash: &[u8], slots: &[Slot]) {
    framed(out, EVENT, |out| {
        out.extend_from_slice(&event.position.0.to_be_bytes());
        out.extend_from_slice(&event.stored.0.to_be_bytes());
        out.extend_from_slice(&event.id);
        out.extend_from_slice(hash);
        out.extend_from_slice(&event.schema.to_be_bytes());
        put_key(out, event.credential.as_ref());
        put_key(out, event.dedupe.as_ref());
        put_key(out, event.stream.as_ref().map(|(key, _)| key));
        if let Some((_, version)) = event.stream {
            out.extend_from_slice(&version.to_be_bytes());
        }
        put_bytes(out, event.kind.as_bytes());
        put_bytes(out, &event.facts);
        put_bytes(out, slot_hashes);
        for slot in slots {
            out.extend_from_slice(&slot.number.to_be_bytes());
            put_key(out, slot.owner.as_ref());
            out.extend_from_slice(&slot.period.to_be_bytes());
            put_bytes(out, &slot.body);
        }
    });
}

/// Appends what a slot says of a set of chunks.
pub(crate) fn put_set(out: &mut Vec<u8>, position: Position, slot: u16, set: &Key, hashes: &[u8]) {
    framed(out, SET, |out| {
        out.extend_from_slice(&position.0.to_be_bytes());
        out.extend_from_slice(&slot.to_be_bytes());
        out.extend_from_slice(set);
        put_bytes(out, hashes);
    });
}

/// Appends a chunk.
pub(crate) fn put_chunk(out: &mut Vec<u8>, set: &Key, number: u32, body: &[u8]) {
    framed(out, CHUNK, |out| {
        out.extend_from_slice(set);
        out.extend_from_slice(&number.to_be_bytes());
        put_bytes(out, body);
    });
}

/// Appends that a slot was deleted.
pub(crate) fn put_deletion(out: &mut Vec<u8>, position: Position, slot: u16, event: Position) {
    framed(out, DELETION, |out| {
        out.extend_from_slice(&position.0.to_be_bytes());
        out.extend_from_slice(&slot.to_be_bytes());
        out.extend_from_slice(&event.0.to_be_bytes());
    });
}

/// The records in some bytes, to their end; an error is the last that comes.
pub fn records(bytes: &[u8]) -> impl Iterator<Item = Result<Record, NoRecord>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let left = bytes.get(at..).filter(|left| !left.is_empty())?;
        let begun = at;
        at = bytes.len();
        let refused = |expected| Some(Err(NoRecord { at: begun, expected }));
        let Some((head, rest)) = left.split_at_checked(HEAD) else {
            return refused("its kind and its length");
        };
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let Some(body) = rest.get(..length) else { return refused("as many bytes as its length says") };
        let Some(record) = record(head[0], body) else { return refused("the fields of its kind") };
        at = begun + HEAD + length;
        Some(Ok(record))
    })
}

fn record(kind: u8, body: &[u8]) -> Option<Record> {
    let mut left = Fields::of(body);
    let record = match kind {
        EVENT => {
            let (position, stored) = (Position(left.long()?), left.long()?.cast_signed());
            let (id, hash): (Key, Hash) = (left.array()?, left.array()?);
            let schema = left.short()?;
            let (credential, dedupe) = (key(&mut left)?, key(&mut left)?);
            let stream = match key(&mut left)? {
                Some(key) => Some((key, left.long()?)),
                None => None,
            };
            let kind = String::from_utf8(left.bytes()?.to_vec()).ok()?;
            let (facts, slot_hashes) = (left.bytes()?.to_vec(), left.bytes()?.to_vec());
            let mut slots = Vec::new();
            while !left.is_empty() {
                let (number, owner, period) = (left.short()?, key(&mut left)?, left.short()?);
                slots.push(Slot { number, owner, period, body: left.bytes()?.to_vec() });
            }
            let stored = Micros(stored);
            let event = Event { position, stored, id, kind, schema, credential, dedupe, stream, facts };
            Record::Event(event, Extra { slot_hashes, hash, slots })
        }
        SET => Record::Set(Position(left.long()?), left.short()?, left.array()?, left.bytes()?.to_vec()),
        CHUNK => Record::Chunk(left.array()?, u32::from_be_bytes(left.array()?), left.bytes()?.to_vec()),
        DELETION => Record::Deletion(Position(left.long()?), left.short()?, Position(left.long()?)),
        _ => return None,
    };
    left.is_empty().then_some(record)
}

fn put_key(out: &mut Vec<u8>, key: Option<&Key>) {
    out.push(u8::from(key.is_some()));
    out.extend_from_slice(key.map_or(&[], |key| &key[..]));
}

/// A key, or that there is none.
fn key(left: &mut Fields<'_>) -> Option<Option<Key>> {
    match left.array()? {
        [0] => Some(None),
        [1] => left.array().map(Some),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Vec<u8> {
        let slots = [
            Slot { number: 0, owner: Some([4; 16]), period: 8_104, body: vec![5; 30] },
            Slot { number: 2, owner: None, period: 1, body: Vec::new() },
        ];
        let event = Event {
            position: Position(7),
            stored: Micros(1_700_000_000_000_000),
            id: [1; 16],
            kind: "statement".to_owned(),
            schema: 3,
            credential: Some([2; 16]),
            dedupe: None,
            stream: Some(([3; 16], 9)),
            facts: vec![0xa0],
        };
        let mut out = Vec::new();
        put_event(&mut out, &event, &[6; 96], &[7; 32], &slots);
        put_set(&mut out, Position(7), 2, &[8; 16], &[9; 64]);
        put_chunk(&mut out, &[8; 16], 1, b"chunk");
        put_deletion(&mut out, Position(7), 1, Position(8));
        out
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = some();
        let read: Vec<_> = records(&bytes).map(Result::unwrap).collect();
        assert_eq!(read.len(), 4);
        let Record::Event(event, extra) = &read[0] else { panic!("no event") };
        let mut again = Vec::new();
        put_event(&mut again, event, &extra.slot_hashes, &extra.hash, &extra.slots);
        assert!(bytes.starts_with(&again), "the same bytes");
        assert!(matches!(&read[1], Record::Set(Position(7), 2, _, hashes) if hashes.len() == 64));
        assert!(matches!(&read[2], Record::Chunk(_, 1, body) if body == b"chunk"));
        assert!(matches!(&read[3], Record::Deletion(Position(7), 1, Position(8))));
    }

    #[test]
    fn what_is_cut_off_or_of_another_kind_is_refused_where_it_begins() {
        let bytes = some();
        let last = bytes.len() - 1;
        let ends = |bytes: &[u8]| records(bytes).last().unwrap().unwrap_err();
        assert_eq!(ends(&bytes[..last]).expected, "as many bytes as its length says");
        let mut changed = bytes.clone();
        changed[0] = 9;
        assert_eq!(ends(&changed), NoRecord { at: 0, expected: "the fields of its kind" });
        assert_eq!(records(&changed).count(), 1, "nothing comes after it");
    }
}
