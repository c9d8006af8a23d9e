//! What a text is read into.

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    Number,
    True,
    False,
    Null,
}

/// One value, or one key of an object. An object's children are key, value, key, value …
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    /// Of strings without their quotes, of everything else from the first to after the last byte.
    pub(super) start: u32,
    pub(super) end: u32,
    /// The index after this node and all below it.
    pub(super) next: u32,
    pub(super) kind: Kind,
    /// Of a string: it has escapes. Of an object: it has a key twice.
    pub(super) marked: bool,
}

/// The code unit of a `\uXXXX` at the start of `bytes`.
pub(super) fn hex4(bytes: &[u8]) -> Option<u16> {
    let [b'\\', b'u', digits @ ..] = bytes.first_chunk::<6>()? else { return None };
    digits.iter().try_fold(0, |unit, &b| Some(unit << 4 | (b as char).to_digit(16)? as u16))
}
