//! Events with their small slots as one value. A value is copied twice on its way between the thread that reads a
//! database and the one that asked, and a row has a dozen: of a page of a hundred events that is most of the work.
//!
//! Of each event numbers with a comma after each, up to a semicolon, and then what they are about; for each slot the
//! same; a full stop. Of what may be missing the number is its length.

use sqlx::AssertSqlSafe;

use crate::clock::Micros;
use crate::event::{BYTES_ALONG, Event, Key, Position, SLOTS_ALONG, Slot, WithSlots};
use crate::rows::{Link, SLOTS_PER_EVENT, uint};

/// Bytes of a key.
const KEY: i64 = 16;

/// An event up to its facts, and a slot of it.
const EVENT: &str = "printf('%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,;', position, stored, length(kind), schema, length(credential), \
     length(dedupe), length(stream), stream_version, length(slot_hashes) / 32, length(facts)) \
     || id || kind || coalesce(credential, '') || coalesce(dedupe, '') || coalesce(stream, '') || facts";
const SLOT: &str = "printf('%d,%d,%d,%d,;', place % 65536, length(owner), period, length(body)) || coalesce(owner, '') || body";

/// The events at as many positions as there are parameters.
pub(super) fn query(parameters: usize) -> AssertSqlSafe<String> {
    let marks = vec!["(?)"; parameters].join(",");
    AssertSqlSafe(format!(
        "WITH wanted (at) AS (VALUES {marks}) SELECT CAST(group_concat({EVENT} || \
         coalesce((SELECT group_concat({SLOT}, '') \
         FROM sealed WHERE place >= at * {SLOTS_PER_EVENT} AND place < at * {SLOTS_PER_EVENT} + {SLOTS_ALONG} \
         AND (place = at * {SLOTS_PER_EVENT} OR length(body) <= {BYTES_ALONG})), '') || '.', '') AS BLOB) \
         FROM wanted CROSS JOIN event ON position = at"
    ))
}

/// The events after one position and up to another, with what chains them and all slots.
pub(super) fn range() -> AssertSqlSafe<String> {
    AssertSqlSafe(format!(
        "SELECT CAST(group_concat({EVENT} || slot_hashes || hash || \
         coalesce((SELECT group_concat({SLOT}, '') FROM sealed \
         WHERE place >= position * {SLOTS_PER_EVENT} AND place < (position + 1) * {SLOTS_PER_EVENT}), '') || '.', '') \
         AS BLOB) FROM event NOT INDEXED WHERE position > ? AND position <= ?"
    ))
}

/// What [`query`] gives; an error where it is of another form.
pub(super) fn events(value: Option<&[u8]>) -> Result<Vec<WithSlots>, sqlx::Error> {
    let mut left = value.unwrap_or_default();
    let mut events = Vec::new();
    while !left.is_empty() {
        events.push(event(&mut left).ok_or_else(|| sqlx::Error::Decode("expected packed events".into()))?);
    }
    Ok(events)
}

/// What [`range`] gives; an error where it is of another form.
pub(super) fn links(value: Option<&[u8]>) -> Result<Vec<(Link, Vec<Slot>)>, sqlx::Error> {
    let mut left = value.unwrap_or_default();
    let mut links = Vec::new();
    while !left.is_empty() {
        links.push(link(&mut left).ok_or_else(|| sqlx::Error::Decode("expected packed events".into()))?);
    }
    Ok(links)
}

fn event(left: &mut &[u8]) -> Option<WithSlots> {
    let (event, had) = head(left)?;
    Some(WithSlots { event, slots: slots(left)?, had: short(had) })
}

fn link(left: &mut &[u8]) -> Option<(Link, Vec<Slot>)> {
    let (event, had) = head(left)?;
    let slot_hashes = bytes(left, had.checked_mul(32)?)?.to_vec();
    let hash = bytes(left, 32)?.to_vec();
    Some((Link { event, slot_hashes, hash }, slots(left)?))
}

/// An event, and how many slots it had.
fn head(left: &mut &[u8]) -> Option<(Event, i64)> {
    let [position, stored, kind, schema, credential, dedupe, stream, version, had, facts] = numbers(left)?;
    let id = bytes(left, KEY)?.try_into().ok()?;
    let kind = String::from_utf8(bytes(left, kind)?.to_vec()).ok()?;
    let (credential, dedupe, stream) = (key(left, credential)?, key(left, dedupe)?, key(left, stream)?);
    let facts = bytes(left, facts)?.to_vec();
    let event = Event {
        position: Position(uint(position)),
        stored: Micros(stored),
        id,
        kind,
        schema: short(schema),
        credential,
        dedupe,
        stream: stream.map(|stream| (stream, uint(version))),
        facts,
    };
    Some((event, had))
}

/// The slots of an event, up to its full stop.
fn slots(left: &mut &[u8]) -> Option<Vec<Slot>> {
    let mut slots = Vec::new();
    while let Some((first, rest)) = left.split_first() {
        if *first == b'.' {
            *left = rest;
            slots.sort_unstable_by_key(|slot: &Slot| slot.number);
            return Some(slots);
        }
        let [number, owner, period, body] = numbers(left)?;
        let owner = key(left, owner)?;
        slots.push(Slot {
            number: short(number),
            owner,
            period: short(period),
            body: bytes(left, body)?.to_vec(),
        });
    }
    None
}

/// As many numbers as are wanted, and what ends them.
fn numbers<const N: usize>(left: &mut &[u8]) -> Option<[i64; N]> {
    let mut numbers = [0_i64; N];
    for number in &mut numbers {
        let minus = left.first() == Some(&b'-');
        let digits = &left[usize::from(minus)..];
        let length = digits.iter().position(|byte| !byte.is_ascii_digit()).filter(|length| *length > 0)?;
        let (digits, rest) = digits.split_at(length);
        let value = digits
            .iter()
            .try_fold(0_i64, |value, digit| value.checked_mul(10)?.checked_add(i64::from(digit - b'0')))?;
        *number = if minus { -value } else { value };
        *left = rest.strip_prefix(b",")?;
    }
    *left = left.strip_prefix(b";")?;
    Some(numbers)
}

fn bytes<'a>(left: &mut &'a [u8], length: i64) -> Option<&'a [u8]> {
    let (bytes, rest) = left.split_at_checked(usize::try_from(length).ok()?)?;
    *left = rest;
    Some(bytes)
}

/// A key of this length, or that there is none.
fn key(left: &mut &[u8], length: i64) -> Option<Option<Key>> {
    match length {
        0 => Some(None),
        length => Some(Some(bytes(left, length)?.try_into().ok()?)),
    }
}

fn short(number: i64) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}
