//! The rows of a batch on their way into the tables.

use crate::clock::Micros;
use crate::decide::Placed;
use crate::event::{Append, Event, Naming, NewEvent, Position, Slot};
use crate::hash::{self, Envelope, Hash};

/// Slots are addressed in one number: position * 65536 + slot.
pub(crate) const SLOTS_PER_EVENT: i64 = 65_536;

/// A request with all that can be computed before the lock.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) append: Append,
    /// For each event its leaf and the hashes of its slots.
    pub(crate) sealed: Vec<(Hash, Vec<u8>)>,
    /// Slots to delete in the same transaction.
    pub(crate) deletions: Vec<(Position, u16)>,
    /// Sets of chunks that slots of its events name.
    pub(crate) named: Vec<Naming>,
    /// About how many bytes it writes.
    pub(crate) bytes: usize,
}

impl Work {
    /// Checks the form of a request and hashes it.
    pub(crate) fn prepare(
        append: Append,
        deletions: Vec<(Position, u16)>,
        named: Vec<Naming>,
    ) -> Result<Self, &'static str> {
        let mut keys: Vec<_> = append.events.iter().filter_map(|event| event.dedupe).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err("two events of one request have the same dedupe key");
        }
        let mut bytes = 0;
        for event in &append.events {
            if event.kind.is_empty() || event.kind.len() > 64 {
                return Err("the name of a kind has 1 to 64 bytes");
            }
            if event.slots.iter().enumerate().any(|(index, slot)| usize::from(slot.number) != index) {
                return Err("slots are numbered from 0 without gaps");
            }
            bytes += 200 + event.facts.len();
            bytes += event.slots.iter().map(|slot| slot.body.len() + 80).sum::<usize>();
        }
        let mut hashes: Vec<Vec<u8>> = append.events.iter().map(|event| hash::slots(&event.slots)).collect();
        for one in &named {
            let slot = append.events.get(one.event).and_then(|event| event.slots.get(usize::from(one.slot)));
            let slot = slot.ok_or("a set of chunks is named by a slot of the request")?;
            if one.hashes.is_empty() || !one.hashes.len().is_multiple_of(32) {
                return Err("a set of chunks has the hashes of its chunks");
            }
            let at = usize::from(one.slot) * 32;
            hashes[one.event][at..at + 32].copy_from_slice(&hash::slot_with_chunks(
                slot,
                &one.set,
                &one.hashes,
            ));
        }
        let leaf = |(event, slot_hashes): (&NewEvent, Vec<u8>)| {
            (hash::leaf(&Envelope::from(event), &slot_hashes), slot_hashes)
        };
        let sealed = append.events.iter().zip(hashes).map(leaf).collect();
        Ok(Self { append, sealed, deletions, named, bytes })
    }
}

/// Rows of `event`, with the rows of `sealed` that belong to each. Two lists of the same length.
#[derive(Debug, Default)]
pub struct Rows {
    /// The clear halves.
    pub events: Vec<Event>,
    /// What else each row has.
    pub extras: Vec<Extra>,
}

/// What a row of `event` has beside the [`Event`] itself.
#[derive(Debug, Clone)]
pub struct Extra {
    /// The hashes of the slots, one after the other.
    pub slot_hashes: Vec<u8>,
    /// The event's hash in the chain.
    pub hash: Hash,
    /// The sealed slots.
    pub slots: Vec<Slot>,
}

impl Rows {
    /// Moves the events that were decided to be stored out of their requests, and chains them.
    pub(crate) fn take(placed: &[Placed], work: &mut [&mut Work], mut previous: Hash) -> (Self, Hash) {
        let mut rows =
            Self { events: Vec::with_capacity(placed.len()), extras: Vec::with_capacity(placed.len()) };
        for place in placed {
            let source = &mut *work[place.request];
            let (leaf, slot_hashes) = &mut source.sealed[place.event];
            previous =
                hash::chain(&previous, place.position, place.stored, place.stream_version.unwrap_or(0), leaf);
            let slot_hashes = std::mem::take(slot_hashes);
            let new = &mut source.append.events[place.event];
            rows.push(new, place.position, place.stored, place.stream_version, slot_hashes, previous);
        }
        (rows, previous)
    }

    /// Moves the events back, so that they can be tried again.
    pub(crate) fn give_back(self, placed: &[Placed], work: &mut [&mut Work]) {
        for ((place, event), extra) in placed.iter().zip(self.events).zip(self.extras) {
            let source = &mut *work[place.request];
            source.sealed[place.event].1 = extra.slot_hashes;
            source.append.events[place.event].facts = event.facts;
            source.append.events[place.event].slots = extra.slots;
        }
    }

    fn push(
        &mut self,
        new: &mut NewEvent,
        position: Position,
        stored: Micros,
        stream_version: Option<u64>,
        slot_hashes: Vec<u8>,
        hash: Hash,
    ) {
        self.events.push(Event {
            position,
            stored,
            id: new.id,
            kind: new.kind.to_owned(),
            schema: new.schema,
            credential: new.credential,
            dedupe: new.dedupe,
            stream: new.stream.zip(stream_version).map(|((key, _), version)| (key, version)),
            facts: std::mem::take(&mut new.facts),
        });
        self.extras.push(Extra { slot_hashes, hash, slots: std::mem::take(&mut new.slots) });
    }
}

/// A row of the log with what chains it.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) event: Event,
    pub(crate) slot_hashes: Vec<u8>,
    pub(crate) hash: Vec<u8>,
}

/// A `u64` that the log keeps, as SQL's only integer. Positions and versions never come near the limit.
pub(crate) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// An SQL integer that is never negative.
pub(crate) fn uint(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
