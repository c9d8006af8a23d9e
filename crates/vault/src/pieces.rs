//! Cutting a text by the people in it, and putting it together again. Encoding: docs/formats/vault.md.
//!
//! Every byte of the text belongs to one piece: the innermost span around it says whose it is, and what no
//! span covers belongs to the rest. The rest also carries the outline, the list of all spans, so that the text
//! comes back byte for byte, and a span whose owner was erased can be replaced as a whole.

use std::ops::Range;

use crate::{AgentId, VaultError};

/// A range of a text that is about one agent: in a statement, a whole agent or group object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Bytes of the text. Spans lie apart or one within the other; they never cross.
    pub range: Range<usize>,
    /// Whose data it is.
    pub agent: AgentId,
    /// Kept with the span and handed back when it has to be replaced; the caller's, for instance whether a group
    /// stood there.
    pub tag: u8,
}

/// A text, cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pieces {
    /// Outline and all bytes that stay; slot 0, under the key of the actor.
    pub rest: Vec<u8>,
    /// One piece per other owner, in the order of their first span; slots 1 and on.
    pub others: Vec<(AgentId, Vec<u8>)>,
}

/// Cuts the spans of everybody but the agents in `keep` out of a text. `keep` is the actor; where the actor is an
/// anonymous group, all its members (and the rest is sealed under the keys of [`Several`](crate::Owner::Several)).
///
/// # Errors
/// Where spans cross, end past the text or inside a character, or are more than 65,535 owners'.
pub fn split(text: &str, spans: &[Span], keep: &[AgentId]) -> Result<Pieces, VaultError> {
    let mut spans: Vec<&Span> = spans.iter().filter(|span| !span.range.is_empty()).collect();
    spans.sort_by_key(|span| (span.range.start, usize::MAX - span.range.end));
    let mut owners: Vec<AgentId> = Vec::new();
    let mut outline: Vec<Entry> = Vec::new();
    let mut around: Vec<(usize, usize)> = Vec::new(); // end and slot of the spans that are open
    for span in spans {
        if text.get(span.range.clone()).is_none() {
            return Err(VaultError::Invalid("a span lies inside the text, between characters"));
        }
        while around.last().is_some_and(|(end, _)| *end <= span.range.start) {
            around.pop();
        }
        if around.last().is_some_and(|(end, _)| *end < span.range.end) {
            return Err(VaultError::Invalid("spans do not cross"));
        }
        let slot = match keep.contains(&span.agent) {
            true => 0,
            false => match owners.iter().position(|owner| *owner == span.agent) {
                Some(index) => index + 1,
                None => {
                    owners.push(span.agent);
                    owners.len()
                }
            },
        };
        // A span inside one of the same owner needs no cut of its own.
        if around.last().map_or(0, |(_, slot)| *slot) != slot {
            outline.push(Entry { start: span.range.start, end: span.range.end, slot, tag: span.tag });
            around.push((span.range.end, slot));
        }
    }
    if owners.len() > usize::from(u16::MAX) {
        return Err(VaultError::Invalid("a text has at most 65535 owners"));
    }

    let mut pieces = vec![Vec::new(); owners.len() + 1];
    write_outline(&outline, &mut pieces[0]);
    pieces[0].reserve(text.len());
    walk(&outline, text.len(), &mut |range, slot| {
        pieces[slot].extend_from_slice(&text.as_bytes()[range]);
    });
    let mut pieces = pieces.into_iter();
    let rest = pieces.next().unwrap_or_default();
    Ok(Pieces { rest, others: owners.into_iter().zip(pieces).collect() })
}

/// Puts a text together again. `others[n]` is the piece of slot `n + 1`, or `None` where its owner was erased; each
/// outermost span of such an owner becomes what `replace(n, tag)` returns.
///
/// # Errors
/// [`VaultError::Damaged`] where the pieces are not those of one [`split`].
pub fn join(
    rest: &[u8],
    others: &[Option<&[u8]>],
    mut replace: impl FnMut(usize, u8) -> String,
) -> Result<String, VaultError> {
    let damaged = || VaultError::damaged("a text cut in pieces", "expected pieces that belong together");
    let (outline, rest) = read_outline(rest).ok_or_else(damaged)?;
    let mut own_length = vec![0usize; others.len() + 1];
    if outline.iter().any(|entry| entry.slot > others.len()) {
        return Err(damaged());
    }
    // Everything outside the last span's end belongs to the rest; its length is what is left of the rest.
    let covered = outline.iter().map(|entry| entry.end).max().unwrap_or(0);
    walk(&outline, covered, &mut |range, slot| own_length[slot] += range.len());
    let tail = rest.len().checked_sub(own_length[0]).ok_or_else(damaged)?;
    own_length[0] = rest.len();
    let whole =
        |slot: usize| slot == 0 || others[slot - 1].is_none_or(|piece| piece.len() == own_length[slot]);
    if !(0..own_length.len()).all(whole) {
        return Err(damaged());
    }

    let mut out = Vec::with_capacity(covered + tail);
    let mut taken = vec![0usize; others.len() + 1];
    // The end of the erased span that is being skipped, children and all.
    let mut skipped = 0;
    let mut next = 0;
    walk(&outline, covered + tail, &mut |range, slot| {
        while let Some(entry) = outline.get(next).filter(|entry| entry.start <= range.start) {
            next += 1;
            if entry.start >= skipped && entry.slot > 0 && others[entry.slot - 1].is_none() {
                out.extend_from_slice(replace(entry.slot - 1, entry.tag).as_bytes());
                skipped = entry.end;
            }
        }
        let bytes = taken[slot]..taken[slot] + range.len();
        taken[slot] = bytes.end;
        if range.start >= skipped {
            let piece = if slot == 0 { Some(rest) } else { others[slot - 1] };
            out.extend_from_slice(piece.and_then(|piece| piece.get(bytes)).unwrap_or_default());
        }
    });
    String::from_utf8(out).map_err(|_| damaged())
}

/// One span of the outline. Ascending by start; of two that start together the longer first.
struct Entry {
    start: usize,
    end: usize,
    slot: usize,
    tag: u8,
}

/// Calls `visit` with every stretch of the text, in order, and the slot that it belongs to.
fn walk(outline: &[Entry], length: usize, visit: &mut impl FnMut(Range<usize>, usize)) {
    let mut around: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    let mut reach = |to: usize, around: &mut Vec<(usize, usize)>| {
        while at < to {
            let (end, slot) = around.last().copied().unwrap_or((usize::MAX, 0));
            let stop = end.min(to);
            if at < stop {
                visit(at..stop, slot);
                at = stop;
            }
            if end <= at {
                around.pop();
            }
        }
    };
    for entry in outline {
        reach(entry.start, &mut around);
        while around.last().is_some_and(|(end, _)| *end <= entry.start) {
            around.pop();
        }
        around.push((entry.end, entry.slot));
    }
    reach(length, &mut around);
}

/// Count, then for each span: start less the start before it, length, slot, tag; all but the tag as LEB128.
fn write_outline(outline: &[Entry], out: &mut Vec<u8>) {
    write_number(outline.len(), out);
    let mut before = 0;
    for entry in outline {
        write_number(entry.start - before, out);
        write_number(entry.end - entry.start, out);
        write_number(entry.slot, out);
        out.push(entry.tag);
        before = entry.start;
    }
}

fn read_outline(mut bytes: &[u8]) -> Option<(Vec<Entry>, &[u8])> {
    let count = read_number(&mut bytes)?;
    let mut outline: Vec<Entry> = Vec::with_capacity(count.min(bytes.len()));
    let mut around: Vec<usize> = Vec::new();
    let mut before = 0usize;
    for _ in 0..count {
        let start = before.checked_add(read_number(&mut bytes)?)?;
        let end = start.checked_add(read_number(&mut bytes)?)?;
        let slot = read_number(&mut bytes)?;
        let (tag, left) = bytes.split_first()?;
        bytes = left;
        while around.last().is_some_and(|end| *end <= start) {
            around.pop();
        }
        if around.last().is_some_and(|around| *around < end) || end > crate::compress::MAX_PLAIN {
            return None;
        }
        around.push(end);
        outline.push(Entry { start, end, slot, tag: *tag });
        before = start;
    }
    Some((outline, bytes))
}

fn write_number(mut number: usize, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(u8::try_from(number & 0x7f).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or(0));
}

fn read_number(bytes: &mut &[u8]) -> Option<usize> {
    let mut number = 0usize;
    for shift in (0..35).step_by(7) {
        let (byte, left) = bytes.split_first()?;
        *bytes = left;
        number |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
