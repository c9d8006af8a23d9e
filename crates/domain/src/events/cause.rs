//! Who caused an event: one key in the facts of every kind of the municipality, beside what the event says.
//!
//! It is no part of the facts' types, because it says nothing of the thing that the event names: whether a unit is as it
//! was does not depend on who said so.

use eventlog::event::Key;
use minicbor::{Decoder, Encoder};

/// The key; the kinds' own are below it.
const BY: u8 = 23;

/// The facts of an event with the account that caused it; as they are where none did, but a command on the server.
///
/// `facts` is what [`Facts::encode`](crate::Facts::encode) wrote of one of [`kind::MUNICIPALITY`](super::kind).
pub fn caused_by(facts: Vec<u8>, by: Option<Key>) -> Vec<u8> {
    let Some(by) = by else { return facts };
    let mut decoder = Decoder::new(&facts);
    let Ok(Some(length)) = decoder.map() else { return facts };
    let mut bytes = Vec::with_capacity(facts.len() + 20);
    let mut encoder = Encoder::new(&mut bytes);
    let begun = encoder.map(length + 1).is_ok();
    debug_assert!(begun, "writing to memory does not fail");
    bytes.extend_from_slice(&facts[decoder.position()..]);
    let written = Encoder::new(&mut bytes).u8(BY).and_then(|encoder| encoder.bytes(&by)).is_ok();
    debug_assert!(written, "writing to memory does not fail");
    bytes
}

/// The account that caused an event with these facts, if one did and it was written down.
pub fn cause_of(facts: &[u8]) -> Option<Key> {
    let mut decoder = Decoder::new(facts);
    for _ in 0..decoder.map().ok()?? {
        if decoder.u64().ok()? == u64::from(BY) {
            return decoder.bytes().ok()?.try_into().ok();
        }
        decoder.skip().ok()?;
    }
    None
}
