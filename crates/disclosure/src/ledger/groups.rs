//! Groups by number, whatever day they are of, and the lists of those that people are in.

use std::collections::BTreeMap;

use crate::{Geometry, Population};

/// All groups that there have been.
#[derive(Debug, Clone)]
pub(super) struct Groups {
    /// The families that are published, which a group is divided by.
    families: Vec<Geometry>,
    numbers: BTreeMap<String, u32>,
    /// For each group whether it is part of no other.
    whole: Vec<bool>,
    lists: Vec<Vec<Entry>>,
    known: BTreeMap<Vec<Entry>, u32>,
}

/// A group that somebody is in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    group: u32,
    family: usize,
    /// Where those of the same list are that are parts of it.
    below: Vec<usize>,
}

impl Groups {
    /// The list without groups.
    pub(super) const NOWHERE: u32 = 0;

    pub(super) fn new(families: &[Geometry]) -> Self {
        Self {
            families: families.to_vec(),
            numbers: BTreeMap::new(),
            whole: Vec::new(),
            lists: vec![Vec::new()],
            known: BTreeMap::from([(Vec::new(), Self::NOWHERE)]),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.whole.len()
    }

    pub(super) fn is_whole(&self, group: usize) -> bool {
        self.whole[group]
    }

    /// How many parts there are: each group, and what it is less the groups of each family below it.
    pub(super) fn parts(&self) -> usize {
        self.len() * (1 + self.families.len())
    }

    /// The lists of these, each by places among the populations.
    pub(super) fn lists(&mut self, populations: &[Population], of: &[Vec<usize>]) -> Vec<u32> {
        let mut own: Vec<Option<(u32, usize)>> = Vec::with_capacity(populations.len());
        for population in populations {
            let family = self.families.iter().position(|family| *family == population.geometry);
            let next = self.numbers.len() as u32;
            own.push(family.map(|family| {
                let group = *self.numbers.entry(population.code.clone()).or_insert(next);
                self.whole.resize(self.numbers.len(), false);
                self.whole[group as usize] = population.parent.is_none();
                (group, family)
            }));
        }
        let is_below = |part: usize, whole: usize| {
            let above = |group: &usize| populations[*group].parent;
            std::iter::successors(above(&part), above).any(|group| group == whole)
        };
        let mut listed = BTreeMap::new();
        let mut lists = Vec::with_capacity(of.len());
        for places in of {
            let list = *listed.entry(places).or_insert_with(|| {
                let mut groups: Vec<usize> =
                    places.iter().copied().filter(|place| own[*place].is_some()).collect();
                groups.sort_by_key(|place| own[*place]);
                let below =
                    |whole: usize| (0..groups.len()).filter(|part| is_below(groups[*part], whole)).collect();
                let entry = |place: &usize| {
                    let (group, family) = own[*place]?;
                    Some(Entry { group, family, below: below(*place) })
                };
                let entries: Vec<Entry> = groups.iter().filter_map(entry).collect();
                let next = self.lists.len() as u32;
                let number = *self.known.entry(entries.clone()).or_insert(next);
                if number == next {
                    self.lists.push(entries);
                }
                number
            });
            lists.push(list);
        }
        lists
    }

    /// The groups of a list.
    pub(super) fn of(&self, list: u32) -> impl Iterator<Item = usize> {
        self.lists[list as usize].iter().map(|entry| entry.group as usize)
    }

    /// The parts that somebody with a list is in, of groups that are shown and what remains of them; ascending.
    pub(super) fn parts_of(&self, list: u32, shown: &[bool], parts: &mut Vec<usize>) {
        parts.clear();
        let entries = &self.lists[list as usize];
        let is_shown = |entry: &Entry| shown.get(entry.group as usize) == Some(&true);
        for entry in entries.iter().filter(|entry| is_shown(entry)) {
            let first = entry.group as usize * (1 + self.families.len());
            parts.push(first);
            for family in 0..self.families.len() {
                let mut below = entry.below.iter().map(|place| &entries[*place]);
                if !below.any(|part| part.family == family && is_shown(part)) {
                    parts.push(first + 1 + family);
                }
            }
        }
    }
}
