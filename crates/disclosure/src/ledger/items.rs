//! What is known of people, and what of it is shown.

/// What is known of people: items, each with a value a person, and the facets of values. All but [`Items::of`] is the same in
/// every release.
pub trait Items {
    /// How many items there are, each after what it is part of.
    fn items(&self) -> usize;
    /// How many facets an item has.
    fn facets(&self, item: usize) -> usize;
    /// What a facet shows of a value: [`NOTHING`], [`NO_ANSWER`] or anything above.
    fn shows(&self, item: usize, facet: usize, value: u64) -> u64;
    /// Of which groups a facet is shown in this release.
    fn of(&self, item: usize, facet: usize) -> Of;
    /// Whether somebody of whom all items are known as `held` may be known by a new value of one.
    fn may(&self, held: &[u64], item: usize, value: u64) -> bool;
}

/// A facet shows nothing of a value; the value of an item of which nothing is known shows nothing.
pub const NOTHING: u64 = 0;
/// A facet shows that there is no answer, where there are others.
pub const NO_ANSWER: u64 = 1;

/// Of which groups something is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// Of all.
    All,
    /// Of those that are part of no other.
    Whole,
    /// Of none, as yet.
    None,
}

/// Where somebody is, and what is known of them, item by item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing<W> {
    /// Where.
    pub place: W,
    /// The value of each item; 0 where nothing is known.
    pub values: Vec<u64>,
}
