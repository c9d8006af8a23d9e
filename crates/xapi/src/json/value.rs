//! What was read, and how it is looked at.

use std::borrow::Cow;
use std::ops::Range;

use super::node::{Kind, Node, hex4};

/// A value that was read, or a key.
#[derive(Clone, Copy)]
pub(crate) struct Value<'t> {
    pub(super) text: &'t str,
    pub(super) nodes: &'t [Node],
    pub(super) at: u32,
}

impl<'t> Value<'t> {
    fn node(self) -> &'t Node {
        &self.nodes[self.at as usize]
    }

    fn sibling(self, at: u32) -> Self {
        Self { at, ..self }
    }

    pub(crate) fn kind(self) -> Kind {
        self.node().kind
    }

    /// The index of this value in the order of the text.
    pub(crate) fn index(self) -> u32 {
        self.at
    }

    /// Whether the value with this index is this one or lies below it.
    pub(crate) fn contains(self, index: u32) -> bool {
        (self.at..self.node().next).contains(&index)
    }

    /// The bytes of the value in the text that was read, quotes included.
    pub(crate) fn range(self) -> Range<usize> {
        let node = self.node();
        let quote = usize::from(node.kind == Kind::String);
        node.start as usize - quote..node.end as usize + quote
    }

    /// The value as it stands in the text.
    pub(crate) fn raw(self) -> &'t str {
        &self.text[self.range()]
    }

    /// Whether this is an object that has a key twice.
    pub(crate) fn repeats_a_key(self) -> bool {
        self.node().kind == Kind::Object && self.node().marked
    }

    /// The keys and values of an object; nothing of anything else.
    pub(crate) fn entries(self) -> impl Iterator<Item = (Self, Self)> {
        let node = self.node();
        let end = if node.kind == Kind::Object { node.next } else { self.at + 1 };
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let entry = (self.sibling(at), self.sibling(at + 1));
                at = entry.1.node().next;
                entry
            })
        })
    }

    /// The elements of an array; nothing of anything else.
    pub(crate) fn items(self) -> impl Iterator<Item = Self> {
        let node = self.node();
        let end = if node.kind == Kind::Array { node.next } else { self.at + 1 };
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            (at < end).then(|| {
                let item = self.sibling(at);
                at = item.node().next;
                item
            })
        })
    }

    /// The value of the property `name` of an object.
    pub(crate) fn get(self, name: &str) -> Option<Self> {
        self.entries().find(|(key, _)| key.is(name)).map(|(_, value)| value)
    }

    /// Whether this is the string `expected`.
    pub(crate) fn is(self, expected: &str) -> bool {
        let node = self.node();
        node.kind == Kind::String
            && if node.marked { self.string() == expected } else { self.content() == expected }
    }

    /// A string's characters, decoded; the text of anything else.
    pub(crate) fn string(self) -> Cow<'t, str> {
        let content = self.content();
        if self.node().kind == Kind::String && self.node().marked {
            Cow::Owned(decode(content))
        } else {
            Cow::Borrowed(content)
        }
    }

    fn content(self) -> &'t str {
        let node = self.node();
        &self.text[node.start as usize..node.end as usize]
    }

    pub(super) fn same_string(self, other: Self) -> bool {
        if self.node().marked || other.node().marked {
            self.string() == other.string()
        } else {
            self.content() == other.content()
        }
    }
}

/// Replaces the escapes of a string that was read.
fn decode(content: &str) -> String {
    let mut decoded = String::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = rest.find('\\') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let (character, length) = match rest.as_bytes().get(1) {
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(b'n') => ('\n', 2),
            Some(b'r') => ('\r', 2),
            Some(b't') => ('\t', 2),
            Some(b'u') => {
                let first = hex4(rest.as_bytes()).unwrap_or_default();
                let second = rest.as_bytes().get(6..).and_then(hex4);
                match char::decode_utf16([first].into_iter().chain(second)).next() {
                    Some(Ok(character)) => (character, 6 * character.len_utf16()),
                    _ => (char::REPLACEMENT_CHARACTER, 6),
                }
            }
            other => (other.map_or('\\', |&b| b as char), 2),
        };
        decoded.push(character);
        rest = rest.get(length..).unwrap_or_default();
    }
    decoded.push_str(rest);
    decoded
}

/// Appends `string` to `out` as a JSON string.
pub(crate) fn write_string(out: &mut String, string: &str) {
    out.push('"');
    for character in string.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{0}'..='\u{1f}' => out.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => out.push(character),
        }
    }
    out.push('"');
}
