//! Who is let through.

use std::collections::{BTreeMap, BTreeSet};

use super::figure::{Change, Figure, Then};
use super::groups::Groups;
use super::history::Held;
use super::items::{Items, NOTHING, Standing};

/// What a figure of people shows of whoever is there.
pub(super) const THERE: u64 = 2;

/// How people stand on the day of a release.
pub(super) struct Day<'a, W> {
    /// For each person who has ever been there.
    pub(super) truth: &'a [Option<&'a Standing<W>>],
    /// The groups of where each stands, and of where they stand on the day.
    pub(super) lists: &'a [[u32; 2]],
}

/// What is let through.
#[derive(Debug, Default)]
pub(super) struct LetThrough {
    /// Who is elsewhere now.
    pub(super) moved: Vec<usize>,
    /// The groups of whoever is in others, also where it is the groups that have moved.
    pub(super) lists: BTreeMap<usize, u32>,
    /// By item who is known by another value.
    pub(super) values: Vec<BTreeMap<usize, u64>>,
}

impl LetThrough {
    /// What changes in how many there are.
    pub(super) fn of_people<W>(&self, held: &[Held<W>]) -> Vec<Change> {
        let change = |(person, list): (&usize, &u32)| Change {
            person: *person,
            lists: [held[*person].list(), *list],
            shows: [THERE; 2],
        };
        self.lists.iter().map(change).collect()
    }

    /// What changes in a facet.
    pub(super) fn of_facet<W>(
        &self,
        held: &[Held<W>],
        items: &impl Items,
        (item, facet): (usize, usize),
    ) -> Vec<Change> {
        of_facet((&self.lists, &self.values[item]), held, items, (item, facet))
    }
}

fn of_facet<W>(
    (lists, values): (&BTreeMap<usize, u32>, &BTreeMap<usize, u64>),
    held: &[Held<W>],
    items: &impl Items,
    of: (usize, usize),
) -> Vec<Change> {
    let people: BTreeSet<usize> = lists.keys().chain(values.keys()).copied().collect();
    people
        .into_iter()
        .filter_map(|person| of_person((lists, values), &held[person], items, of, person))
        .collect()
}

/// What of somebody changes in a facet.
fn of_person<W>(
    (lists, values): (&BTreeMap<usize, u32>, &BTreeMap<usize, u64>),
    held: &Held<W>,
    items: &impl Items,
    (item, facet): (usize, usize),
    person: usize,
) -> Option<Change> {
    let (list, value) = (held.list(), held.value(item));
    let to = lists.get(&person).copied().unwrap_or(list);
    let known = values.get(&person).copied().unwrap_or(value);
    let shows = [(list, value), (to, known)].map(|(list, value)| match list {
        Groups::NOWHERE => NOTHING,
        _ => items.shows(item, facet, value),
    });
    (list != to || shows[0] != shows[1]).then_some(Change { person, lists: [list, to], shows })
}

/// Where somebody was in a release.
pub(super) fn there<W>(held: &[Held<W>]) -> impl Fn(usize, u32) -> Then {
    move |person, release| {
        let (since, list) = held[person].list_at(release);
        Then { since, list, shows: THERE }
    }
}

/// What a facet showed of somebody in a release.
pub(super) fn showed<W>(
    held: &[Held<W>],
    items: &impl Items,
    (item, facet): (usize, usize),
) -> impl Fn(usize, u32) -> Then {
    move |person, release| {
        let (place, list) = held[person].list_at(release);
        let (known, value) = held[person].value_at(item, release);
        Then { since: place.max(known), list, shows: items.shows(item, facet, value) }
    }
}

/// Decides who is let through, so that of no part that may have been shown a few would differ.
pub(super) fn decide<W: Eq>(
    items: &impl Items,
    (groups, figures, held): (&Groups, &[Figure], &[Held<W>]),
    k: u64,
    day: &Day<'_, W>,
) -> LetThrough {
    let deciding = Deciding { items, groups, figures, held, k, day };
    let mut stays = BTreeSet::new();
    loop {
        match deciding.without(&stays) {
            Ok(let_through) => return let_through,
            // What is known of a few would follow from where they are now, whatever is held back of it.
            Err(more) => stays.extend(more),
        }
    }
}

struct Deciding<'a, I, W> {
    items: &'a I,
    groups: &'a Groups,
    figures: &'a [Figure],
    held: &'a [Held<W>],
    k: u64,
    day: &'a Day<'a, W>,
}

impl<I: Items, W: Eq> Deciding<'_, I, W> {
    /// What is let through where these people stay where they are, or who has to stay as well.
    fn without(&self, stay: &BTreeSet<usize>) -> Result<LetThrough, BTreeSet<usize>> {
        let place = |person: usize| self.held[person].places.last().and_then(Option::as_ref);
        let mut moved: BTreeSet<usize> = (0..self.held.len())
            .filter(|person| {
                place(*person) != self.day.truth[*person].map(|own| &own.place) && !stay.contains(person)
            })
            .collect();
        let (figure, then) = (&self.figures[0], there(self.held));
        let mut sums = figure.sums(self.groups, &self.moves(&moved), &then);
        let mut from = 0;
        while let Some((time, few)) = figure.few(&sums, (from, self.k)) {
            let shown = &figure.time(time).shown;
            let touch = |change: &Change| meet(&change.parts(self.groups, shown), &few);
            let all = moved.iter().filter_map(|person| self.moves_to(*person, true));
            let held_back: Vec<Change> = all.filter(touch).collect();
            // Where nobody can be held back it is the groups that have changed: that is looked at no more.
            from = if held_back.is_empty() { time + 1 } else { 0 };
            for change in &held_back {
                moved.remove(&change.person);
                figure.subtract(&mut sums, self.groups, change, &then);
                let stays = self.moves_to(change.person, false);
                stays.iter().for_each(|change| figure.add(&mut sums, self.groups, change, &then));
            }
        }
        let moves = self.moves(&moved);
        let lists: BTreeMap<usize, u32> =
            moves.iter().map(|change| (change.person, change.lists[1])).collect();
        let mut let_through = LetThrough { moved: moved.into_iter().collect(), lists, values: Vec::new() };
        let mut current: Vec<Vec<u64>> = self
            .held
            .iter()
            .map(|held| (0..self.items.items()).map(|item| held.value(item)).collect())
            .collect();
        let mut first = 1;
        for item in 0..self.items.items() {
            let values = self.item((item, first), &let_through, &current)?;
            values.iter().for_each(|(person, value)| current[*person][item] = *value);
            let_through.values.push(values);
            first += self.items.facets(item);
        }
        Ok(let_through)
    }

    /// Who is in other groups where these people are elsewhere.
    fn moves(&self, moved: &BTreeSet<usize>) -> Vec<Change> {
        (0..self.held.len()).filter_map(|person| self.moves_to(person, moved.contains(&person))).collect()
    }

    /// In which other groups somebody is, where they are elsewhere and where they are not.
    fn moves_to(&self, person: usize, is_moved: bool) -> Option<Change> {
        let [stays, goes] = self.day.lists[person];
        let lists = [self.held[person].list(), if is_moved { goes } else { stays }];
        (lists[0] != lists[1]).then_some(Change { person, lists, shows: [THERE; 2] })
    }

    /// Who is known by another value of an item, whose facets are figures from `first` on.
    fn item(
        &self,
        (item, first): (usize, usize),
        let_through: &LetThrough,
        current: &[Vec<u64>],
    ) -> Result<BTreeMap<usize, u64>, BTreeSet<usize>> {
        let lists = &let_through.lists;
        let mut values: BTreeMap<usize, u64> = BTreeMap::new();
        for (person, known) in current.iter().enumerate() {
            let Some(own) = self.day.truth[person] else { continue };
            let list = lists.get(&person).copied().unwrap_or_else(|| self.held[person].list());
            let value = own.values[item];
            if list != Groups::NOWHERE && value != known[item] && self.items.may(known, item, value) {
                values.insert(person, value);
            }
        }
        loop {
            let before = values.len();
            for facet in 0..self.items.facets(item) {
                self.facet((item, facet, first + facet), lists, &mut values)?;
            }
            if values.len() == before {
                return Ok(values);
            }
        }
    }

    /// Holds back whoever would make a few in one facet.
    fn facet(
        &self,
        (item, facet, figure): (usize, usize, usize),
        lists: &BTreeMap<usize, u32>,
        values: &mut BTreeMap<usize, u64>,
    ) -> Result<(), BTreeSet<usize>> {
        let (figure, of) = (&self.figures[figure], (item, facet));
        let then = showed(self.held, self.items, of);
        let changes = of_facet((lists, values), self.held, self.items, of);
        let mut sums = figure.sums(self.groups, &changes, &then);
        let mut changes: BTreeMap<usize, Change> =
            changes.into_iter().map(|change| (change.person, change)).collect();
        let mut from = 0;
        while let Some((time, few)) = figure.few(&sums, (from, self.k)) {
            let shown = &figure.time(time).shown;
            let touch = |change: &&Change| {
                let mut parts = Vec::new();
                self.groups.parts_of(change.lists[1], shown, &mut parts);
                values.contains_key(&change.person)
                    && change.shows[1] != self.items.shows(item, facet, self.held[change.person].value(item))
                    && meet(&parts, &few)
            };
            let held_back: Vec<Change> = changes.values().filter(touch).copied().collect();
            if held_back.is_empty() {
                let moved = changes.values().filter(|change| let_go(change, self.day));
                let moved = moved.filter(|change| meet(&change.parts(self.groups, shown), &few));
                let moved: BTreeSet<usize> = moved.map(|change| change.person).collect();
                if !moved.is_empty() {
                    return Err(moved);
                }
            }
            from = if held_back.is_empty() { time + 1 } else { 0 };
            for change in &held_back {
                let person = change.person;
                values.remove(&person);
                changes.remove(&person);
                figure.subtract(&mut sums, self.groups, change, &then);
                let stays = of_person((lists, values), &self.held[person], self.items, of, person);
                if let Some(change) = stays {
                    figure.add(&mut sums, self.groups, &change, &then);
                    changes.insert(person, change);
                }
            }
        }
        Ok(())
    }
}

/// Whether somebody has been let go elsewhere, and not their groups.
fn let_go<W>(change: &Change, day: &Day<'_, W>) -> bool {
    let [stays, goes] = day.lists[change.person];
    stays != goes && change.lists[1] == goes
}

/// Whether two ascending or unordered lists have something in common; the second is ascending.
fn meet(parts: &[usize], few: &[usize]) -> bool {
    parts.iter().any(|part| few.binary_search(part).is_ok())
}
