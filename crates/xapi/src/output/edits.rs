//! Changes to a JSON text that leave the rest of it as it is.

use std::ops::Range;

use crate::json::{Kind, Reader, Value};

/// Replacements of byte ranges; an empty range is an insertion.
#[derive(Default)]
pub(super) struct Edits(Vec<(Range<usize>, String)>);

/// `text` with the edits that `make` finds for it.
pub(super) fn edited(text: &str, make: impl FnOnce(Value<'_>, &mut Edits)) -> String {
    edited_down_to(usize::MAX, text, make)
}

/// The same where edits are found in containers that lie at most in so many others.
pub(super) fn edited_down_to(levels: usize, text: &str, make: impl FnOnce(Value<'_>, &mut Edits)) -> String {
    let Ok(mut reader) = Reader::again(text, levels) else { return text.to_owned() };
    let Ok(value) = reader.value() else { return text.to_owned() };
    let mut edits = Edits::default();
    if value.kind() == Kind::Object {
        make(value, &mut edits);
    }
    edits.apply(text)
}

impl Edits {
    pub(super) fn replace(&mut self, value: Value<'_>, json: &str) {
        self.0.push((value.range(), json.to_owned()));
    }

    pub(super) fn insert(&mut self, at: usize, json: &str) {
        self.0.push((at..at, json.to_owned()));
    }

    /// Adds a property at the end of an object. `name` needs no escapes.
    pub(super) fn append(&mut self, object: Value<'_>, name: &str, json: &str) {
        let end = object.range().end - 1;
        let is_first =
            object.entries().next().is_none() && !self.0.iter().any(|(range, _)| *range == (end..end));
        let comma = if is_first { "" } else { "," };
        self.insert(end, &format!("{comma}\"{name}\":{json}"));
    }

    /// Makes the edits. They do not overlap; insertions at one place keep their order.
    fn apply(mut self, text: &str) -> String {
        self.0.sort_by_key(|(range, _)| range.start);
        let added: usize = self.0.iter().map(|(_, json)| json.len()).sum();
        let mut out = String::with_capacity(text.len() + added);
        let mut at = 0;
        for (range, json) in &self.0 {
            out.push_str(text.get(at..range.start).unwrap_or_default());
            out.push_str(json);
            at = range.end;
        }
        out.push_str(&text[at..]);
        out
    }
}
