//! A JSON reader (RFC 8259) that keeps byte spans and changes nothing: numbers, key order and escapes stay in
//! the text. It reads into a flat list of nodes that is reused from one value to the next.

mod node;
mod value;

use std::collections::HashSet;

pub(crate) use node::Kind;
use node::{Node, hex4};
pub(crate) use value::{Value, write_string};

/// Where a text stops being JSON, and what was expected there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) at: usize,
    pub(crate) expected: &'static str,
}

/// Nesting deeper than this is refused whatever the caller allows: reading is recursive.
const DEEPEST: usize = 512;

/// Reads values one after another from a text.
pub(crate) struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    depth: usize,
    /// Of what was read before: down to which depth it is read, and objects are not searched for repeated keys.
    again: Option<usize>,
    nodes: Vec<Node>,
}

impl<'t> Reader<'t> {
    /// A reader at the start of `text`. Containers may be nested `depth` deep.
    pub(crate) fn new(text: &'t str, depth: usize) -> Result<Self, Malformed> {
        if u32::try_from(text.len()).is_err() {
            return Err(Malformed { at: 0, expected: "less than 4 GiB of JSON" });
        }
        if text.starts_with('\u{feff}') {
            return Err(Malformed { at: 0, expected: "JSON without a byte order mark" });
        }
        let nodes = Vec::with_capacity(256);
        let (bytes, depth) = (text.as_bytes(), depth.min(DEEPEST));
        let mut reader = Self { text, bytes, at: 0, depth, again: None, nodes };
        reader.skip_space();
        Ok(reader)
    }

    /// A reader of what was read once before. Objects are not searched for repeated keys any more, and containers within
    /// so many others are passed over, as if there were nothing in them.
    pub(crate) fn again(text: &'t str, levels: usize) -> Result<Self, Malformed> {
        let reader = Self::new(text, usize::MAX)?;
        Ok(Self { again: Some(reader.depth.saturating_sub(levels)), ..reader })
    }

    /// The next byte that is not white space.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Where the reader stands.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Takes `byte` and the space after it, if it comes next.
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.at += 1;
            self.skip_space();
        }
        found
    }

    /// Reads one value and the space after it.
    pub(crate) fn value(&mut self) -> Result<Value<'_>, Malformed> {
        self.nodes.clear();
        self.read(self.depth)?;
        Ok(Value { text: self.text, nodes: &self.nodes, at: 0 })
    }

    /// Fails unless nothing is left.
    pub(crate) fn finish(&self) -> Result<(), Malformed> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.malformed("the end of the JSON text")) }
    }

    fn malformed(&self, expected: &'static str) -> Malformed {
        Malformed { at: self.at, expected }
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize, marked: bool) -> usize {
        let index = self.nodes.len();
        self.nodes.push(Node { start: start as u32, end: end as u32, next: index as u32 + 1, kind, marked });
        index
    }

    fn read(&mut self, depth: usize) -> Result<(), Malformed> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => self.string()?,
            Some(b'{') => self.container(Kind::Object, depth)?,
            Some(b'[') => self.container(Kind::Array, depth)?,
            Some(b't') => self.word("true", Kind::True)?,
            Some(b'f') => self.word("false", Kind::False)?,
            Some(b'n') => self.word("null", Kind::Null)?,
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                self.push(Kind::Number, start, self.at, false);
            }
            _ => return Err(self.malformed("a JSON value")),
        }
        self.skip_space();
        Ok(())
    }

    fn container(&mut self, kind: Kind, depth: usize) -> Result<(), Malformed> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(self.malformed("JSON that is not nested as deep"));
        };
        let own = self.push(kind, self.at, self.at, false);
        if self.again.is_some_and(|deepest| depth < deepest) {
            self.pass_over()?;
            self.nodes[own].end = self.at as u32;
            return Ok(());
        }
        let close = if kind == Kind::Object { b'}' } else { b']' };
        self.at += 1;
        self.skip_space();
        let mut keys = 0;
        if self.peek() != Some(close) {
            loop {
                if kind == Kind::Object {
                    if self.peek() != Some(b'"') {
                        return Err(self.malformed("a property's name"));
                    }
                    self.string()?;
                    self.skip_space();
                    if !self.take(b':') {
                        return Err(self.malformed("a colon"));
                    }
                    keys += 1;
                }
                self.read(depth)?;
                if !self.take(b',') {
                    break;
                }
            }
        }
        if self.peek() != Some(close) {
            return Err(self.malformed("a comma or the end of the array or object"));
        }
        self.at += 1;
        self.nodes[own].end = self.at as u32;
        self.nodes[own].next = self.nodes.len() as u32;
        self.nodes[own].marked = self.again.is_none() && keys > 1 && self.has_repeated_key(own, keys);
        Ok(())
    }

    /// Goes to the end of a container that starts here and was found well-formed before.
    fn pass_over(&mut self) -> Result<(), Malformed> {
        let mut open = 0_usize;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.string()?;
                    self.nodes.pop();
                    continue;
                }
                Some(b'{' | b'[') => open += 1,
                Some(b'}' | b']') => open -= 1,
                Some(_) => {}
                None => return Err(self.malformed("the end of the array or object")),
            }
            self.at += 1;
            if open == 0 {
                return Ok(());
            }
        }
    }

    fn has_repeated_key(&self, object: usize, count: usize) -> bool {
        let object = Value { text: self.text, nodes: &self.nodes, at: object as u32 };
        let mut keys = object.entries().map(|(key, _)| key);
        if count <= 16 {
            return object
                .entries()
                .enumerate()
                .any(|(n, (key, _))| object.entries().take(n).any(|(earlier, _)| key.same_string(earlier)));
        }
        let mut seen = HashSet::with_capacity(count);
        !keys.all(|key| seen.insert(key.string()))
    }

    fn word(&mut self, word: &'static str, kind: Kind) -> Result<(), Malformed> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.malformed("a JSON value"));
        }
        let start = self.at;
        self.at += word.len();
        self.push(kind, start, self.at, false);
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err(self.malformed("a digit")) } else { Ok(()) }
    }

    fn number(&mut self) -> Result<(), Malformed> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    /// Reads a string that starts here. Refuses control characters and half surrogate pairs.
    fn string(&mut self) -> Result<(), Malformed> {
        self.at += 1;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += plain_prefix(&self.bytes[self.at..]);
            match self.peek() {
                Some(b'"') => {
                    self.push(Kind::String, start, self.at, escaped);
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(self.malformed("a string without control characters")),
                None => return Err(self.malformed("the end of the string")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Malformed> {
        let rest = &self.bytes[self.at..];
        match rest.get(1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                self.at += match hex4(rest) {
                    Some(0xD800..=0xDBFF) => match hex4(rest.get(6..).unwrap_or_default()) {
                        Some(0xDC00..=0xDFFF) => 12,
                        _ => return Err(self.malformed("both halves of a surrogate pair")),
                    },
                    Some(0xDC00..=0xDFFF) => return Err(self.malformed("both halves of a surrogate pair")),
                    Some(_) => 6,
                    None => return Err(self.malformed("four hexadecimal digits")),
                }
            }
            _ => return Err(self.malformed("an escape sequence of JSON")),
        }
        Ok(())
    }
}

/// How many bytes come before the first quote, backslash or control character. Eight at a time: most of a
/// statement is strings.
fn plain_prefix(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mut at = 0;
    while let Some(chunk) = bytes[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        // The lowest high bit of each mask is exact; above it a borrow may set more.
        let below = |limit: u64, word: u64| word.wrapping_sub(ONES * limit) & !word & HIGH;
        let quote = below(1, word ^ (ONES * u64::from(b'"')));
        let backslash = below(1, word ^ (ONES * u64::from(b'\\')));
        let found = quote | backslash | below(0x20, word);
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let rest = &bytes[at..];
    at + rest.iter().position(|&b| b == b'"' || b == b'\\' || b < 0x20).unwrap_or(rest.len())
}

#[cfg(test)]
#[path = "json/tests.rs"]
mod tests;
