//! What a drawing is of.

use disclosure::Ratio;

/// A line of a label and of what stands at its right has at most this many characters: what a phone has room for.
pub(super) const WRAP: usize = 54;

/// What stands around a drawing.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// Unique in its document; letters, digits and `-`.
    pub(crate) id: String,
    pub(crate) title: String,
    /// The finding, in one sentence.
    pub(crate) desc: String,
    /// A line of a label and of what stands at its right has at most this many characters.
    pub(crate) wrap: usize,
    /// Of these, so many are kept for what stands at the right, even in rows where it is shorter.
    pub(crate) room: usize,
}

impl Frame {
    /// A drawing as wide as a phone or wider.
    pub(crate) fn new(id: impl Into<String>, title: &str, desc: &str) -> Frame {
        Frame { id: id.into(), title: title.to_owned(), desc: desc.to_owned(), wrap: WRAP, room: 0 }
    }
}

/// One row of a drawing.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) label: String,
    /// How deep in the tree; 0 is set in bold where `tree` is true.
    pub(crate) depth: usize,
    /// Whether the rows are a tree of units.
    pub(crate) tree: bool,
    /// What stands to the right of the marks, for instance n.
    pub(crate) right: String,
    pub(crate) mark: Mark,
}

/// What a row shows.
#[derive(Debug, Clone)]
pub(crate) enum Mark {
    /// Parts side by side out of `total`; `tick` is where the target begins.
    Stack { parts: Vec<Part>, total: u64, tick: Option<u64> },
    /// Parts to the left and right of the middle, one in the middle, others apart at the end.
    /// `line` is where the right side would end by a figure from outside, in millionths of `total`.
    Diverging { left: Vec<Part>, middle: u64, right: Vec<Part>, apart: u64, total: u64, line: Option<u64> },
    /// One bar from zero, with the ends of an interval.
    Bar { part: u64, of: u64, interval: Option<(Ratio, Ratio)> },
    /// Hidden, or without a distribution: a hatched box with the reason.
    Hatched(String),
    /// Does not apply: only its words.
    Words(String),
}

/// A coloured part of a mark.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) count: u64,
    pub(crate) class: &'static str,
}
