//! The ledger of releases: between any two of them nothing that may have been shown changes by a few people.
//!
//! A release is of a made-up day: each person stands where they stood in the release before and is known as they were then,
//! item by item, until enough of them have changed to be let through together. Every group that may have been shown, and
//! every remainder of one less the groups below it, then differs from itself in each earlier release by nobody or by as many
//! as [`Preset::k_change`] people. Where a release would differ by fewer from any earlier one, the people of that group stay
//! as they were.
//!
//! A group that was never shown asks for nothing. May have been shown is what passes by itself how many have to have
//! answered ([`Preset::k_summary`]) and the minimum rate: all that the gate shows and some that it hides for the sake of
//! others, so that no decision of the gate has to be made again.
//!
//! Where people are is let through first, then what is known of them, in the order of the items. Of an item there may be
//! several *facets*, figures of which each has to change by nobody or by many: the self-assessed band, the demonstrated one,
//! both beside each other.

mod decide;
mod figure;
mod groups;
mod history;
mod items;

use std::collections::BTreeMap;

use crate::{Population, Preset};
use decide::{Day, decide, showed, there};
use figure::Figure;
use groups::Groups;
use history::Held;
pub use items::{Items, NO_ANSWER, NOTHING, Of, Standing};

/// Groups, a parent before its children, and the groups of each place that was asked for, ascending.
pub type Placed = (Vec<Population>, Vec<Vec<usize>>);

/// How people stood in the releases so far. `P` is who somebody is, `W` where.
#[derive(Debug, Clone)]
pub struct Ledger<P, W> {
    preset: Preset,
    places: BTreeMap<P, usize>,
    held: Vec<Held<W>>,
    releases: u32,
    groups: Groups,
    /// Of how many people there are, and of each facet of each item.
    figures: Vec<Figure>,
}

impl<P: Ord + Clone, W: Eq + Clone> Ledger<P, W> {
    /// One without releases.
    pub fn new(preset: Preset) -> Self {
        let groups = Groups::new(&preset.geometries);
        Self { preset, places: BTreeMap::new(), held: Vec::new(), releases: 0, groups, figures: Vec::new() }
    }

    /// Fewest people by whom a group differs from itself in an earlier release.
    pub fn k(&self) -> u64 {
        self.preset.k_change
    }

    /// How many releases there have been.
    pub fn releases(&self) -> usize {
        self.releases as usize
    }

    /// Who stood where, and what was known of each, in a release, by its number from 0. Ascending.
    pub fn people(&self, release: usize) -> impl Iterator<Item = (&P, Standing<&W>)> {
        let at = u32::try_from(release).unwrap_or(u32::MAX);
        self.places.iter().filter_map(move |(person, number)| {
            let held = &self.held[*number];
            let place = held.places.at(at)?.as_ref()?;
            let values = held.values.iter().map(|value| value.at(at).copied().unwrap_or(0)).collect();
            Some((person, Standing { place, values }))
        })
    }

    /// Adds a release of a day on which people stand so. `place` says which groups there are and who is in which, of places
    /// of that day and of days before.
    pub fn release(
        &mut self,
        items: &impl Items,
        truth: &BTreeMap<P, Standing<W>>,
        place: impl FnOnce(&[&W]) -> Placed,
    ) {
        for (person, standing) in truth {
            if !self.places.contains_key(person) {
                self.places.insert(person.clone(), self.held.len());
                self.held.push(Held::new(standing.values.len()));
            }
        }
        let facets: Vec<(usize, usize)> = (0..items.items())
            .flat_map(|item| (0..items.facets(item)).map(move |facet| (item, facet)))
            .collect();
        self.figures.resize_with(1 + facets.len(), Figure::default);
        let mut of_day: Vec<Option<&Standing<W>>> = vec![None; self.held.len()];
        for (person, standing) in truth {
            of_day[self.places[person]] = Some(standing);
        }
        let lists = self.placed(&of_day, place);
        let day = Day { truth: &of_day, lists: &lists };
        let let_through =
            decide(items, (&self.groups, &self.figures, &self.held), self.preset.k_change, &day);

        // Figures first: they look at how people stood before.
        let changes = let_through.of_people(&self.held);
        self.figures[0].change(&self.groups, &changes, there(&self.held));
        for (figure, of) in self.figures[1..].iter_mut().zip(&facets) {
            let changes = let_through.of_facet(&self.held, items, *of);
            figure.change(&self.groups, &changes, showed(&self.held, items, *of));
        }
        let now = self.releases;
        for (person, list) in &let_through.lists {
            self.held[*person].lists.set(now, *list);
        }
        for person in &let_through.moved {
            self.held[*person].places.set(now, of_day[*person].map(|own| own.place.clone()));
        }
        for (item, values) in let_through.values.iter().enumerate() {
            for (person, value) in values {
                self.held[*person].values[item].set(now, *value);
            }
        }
        self.note(items, &facets);
        self.releases += 1;
    }

    /// For each person the lists of groups of where they stand, and of where they stand on the day.
    fn placed(
        &mut self,
        of_day: &[Option<&Standing<W>>],
        place: impl FnOnce(&[&W]) -> Placed,
    ) -> Vec<[u32; 2]> {
        let mut asked: Vec<&W> = Vec::new();
        let mut at: Vec<[Option<usize>; 2]> = Vec::with_capacity(self.held.len());
        for (held, own) in self.held.iter().zip(of_day) {
            let (before, now) = (held.places.last().and_then(Option::as_ref), own.map(|own| &own.place));
            let first = before.map(|place| {
                asked.push(place);
                asked.len() - 1
            });
            let second = match now {
                Some(place) if before == Some(place) => first,
                Some(place) => {
                    asked.push(place);
                    Some(asked.len() - 1)
                }
                None => None,
            };
            at.push([first, second]);
        }
        let (populations, found) = place(&asked);
        let lists = self.groups.lists(&populations, &found);
        at.into_iter().map(|of| of.map(|one| one.map_or(Groups::NOWHERE, |one| lists[one]))).collect()
    }

    /// Notes what may be shown in this release.
    fn note(&mut self, items: &impl Items, facets: &[(usize, usize)]) {
        let (people, figures) = self.figures.split_at_mut(1);
        let base = people[0].answered.clone();
        let mut any = vec![false; self.groups.len()];
        for (figure, (item, facet)) in figures.iter_mut().zip(facets) {
            let shown = match items.of(*item, *facet) {
                Of::None => vec![false; self.groups.len()],
                of => (0..self.groups.len())
                    .map(|group| {
                        (of == Of::All || self.groups.is_whole(group))
                            && figure.may_be_shown(group, &base, &self.preset)
                    })
                    .collect::<Vec<_>>(),
            };
            any.iter_mut().zip(&shown).for_each(|(any, shown)| *any |= shown);
            figure.note(self.releases, shown);
        }
        people[0].note(self.releases, any);
    }
}
