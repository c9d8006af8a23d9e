//! How a person stood in each release.

/// What changes from some releases on, ascending.
#[derive(Debug, Clone)]
pub(super) struct Steps<T>(Vec<(u32, T)>);

impl<T> Steps<T> {
    /// As it is now.
    pub(super) fn last(&self) -> Option<&T> {
        self.0.last().map(|(_, value)| value)
    }

    /// As it was in a release.
    pub(super) fn at(&self, release: u32) -> Option<&T> {
        self.since(release).1
    }

    /// From which release on it was as it was in one, and how.
    fn since(&self, release: u32) -> (u32, Option<&T>) {
        let step = self.0.iter().rev().find(|(from, _)| *from <= release);
        step.map_or((0, None), |(from, value)| (*from, Some(value)))
    }

    /// Changes it from a release on that is not before the last.
    pub(super) fn set(&mut self, release: u32, value: T) {
        self.0.push((release, value));
    }
}

/// A person.
#[derive(Debug, Clone)]
pub(super) struct Held<W> {
    /// Where they are; nowhere before the first step and where it is none.
    pub(super) places: Steps<Option<W>>,
    /// The groups that this leads to.
    pub(super) lists: Steps<u32>,
    pub(super) values: Vec<Steps<u64>>,
}

impl<W> Held<W> {
    pub(super) fn new(items: usize) -> Self {
        let values = std::iter::repeat_with(|| Steps(Vec::new())).take(items).collect();
        Self { places: Steps(Vec::new()), lists: Steps(Vec::new()), values }
    }

    /// The groups they are in.
    pub(super) fn list(&self) -> u32 {
        self.lists.last().copied().unwrap_or(0)
    }

    /// The groups they were in in a release, and since which.
    pub(super) fn list_at(&self, release: u32) -> (u32, u32) {
        let (since, list) = self.lists.since(release);
        (since, list.copied().unwrap_or(0))
    }

    pub(super) fn value(&self, item: usize) -> u64 {
        self.values[item].last().copied().unwrap_or(0)
    }

    /// An item's value in a release, and since which.
    pub(super) fn value_at(&self, item: usize, release: u32) -> (u32, u64) {
        let (since, value) = self.values[item].since(release);
        (since, value.copied().unwrap_or(0))
    }
}
