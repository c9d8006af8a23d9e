//! By how many people a figure differs from itself in each earlier release, part by part.

use super::groups::Groups;
use super::items::{NO_ANSWER, NOTHING};
use crate::Preset;
use crate::primary::{fewest, is_few};

/// One figure of every group: how many there are, or a facet.
#[derive(Debug, Clone, Default)]
pub(super) struct Figure {
    /// The releases that something of it may have been shown in, ascending; of several that are alike the first.
    pub(super) times: Vec<Time>,
    /// Of how many of each group something is shown.
    pub(super) answered: Vec<i64>,
}

/// A release, as it is seen beside the one that is made now.
#[derive(Debug, Clone)]
pub(super) struct Time {
    pub(super) release: u32,
    /// For each group whether it may have been shown.
    pub(super) shown: Vec<bool>,
    /// Whether that is the same as of the time before.
    alike: bool,
    /// For each part how many people stand otherwise now.
    differ: Vec<i64>,
}

/// How somebody stood in a release: the groups they were in, what was shown of them, and since which release both were so.
#[derive(Debug, Clone, Copy)]
pub(super) struct Then {
    pub(super) since: u32,
    pub(super) list: u32,
    pub(super) shows: u64,
}

/// For each time and part by how many more people it differs after changes, and how many of those touch it.
#[derive(Debug)]
pub(super) struct Sums(Vec<Vec<(i64, u32)>>);

/// What of a person changes: the groups that they are in, and what is shown of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    pub(super) person: usize,
    pub(super) lists: [u32; 2],
    pub(super) shows: [u64; 2],
}

impl Change {
    /// The parts in which they stand otherwise afterwards.
    pub(super) fn parts(&self, groups: &Groups, shown: &[bool]) -> Vec<usize> {
        let [before, after] = self.lists.map(|list| {
            let mut parts = Vec::new();
            groups.parts_of(list, shown, &mut parts);
            parts
        });
        differing((&before, self.shows[0]), (&after, self.shows[1]))
    }
}

/// The parts in which somebody stands otherwise: with a list and what is shown of them, and with others.
fn differing(one: (&[usize], u64), other: (&[usize], u64)) -> Vec<usize> {
    let is_in = |parts: &[usize], part: &usize| parts.binary_search(part).is_ok();
    let same = one.1 == other.1;
    let own = one.0.iter().filter(|part| !same || !is_in(other.0, part));
    let more = other.0.iter().filter(|part| !is_in(one.0, part));
    own.chain(more).copied().collect()
}

impl Figure {
    /// What changes come to. `then` says how somebody stood in a release.
    pub(super) fn sums<'c>(
        &self,
        groups: &Groups,
        changes: impl IntoIterator<Item = &'c Change>,
        then: impl Fn(usize, u32) -> Then,
    ) -> Sums {
        let mut sums = Sums(vec![vec![(0, 0); groups.parts()]; self.times.len()]);
        changes.into_iter().for_each(|change| self.add(&mut sums, groups, change, &then));
        sums
    }

    /// With one more.
    pub(super) fn add(
        &self,
        sums: &mut Sums,
        groups: &Groups,
        change: &Change,
        then: impl Fn(usize, u32) -> Then,
    ) {
        self.each(groups, change, then, |time, part, more| {
            let (sum, touched) = &mut sums.0[time][part];
            (*sum, *touched) = (*sum + more, *touched + 1);
        });
    }

    /// Without one of them.
    pub(super) fn subtract(
        &self,
        sums: &mut Sums,
        groups: &Groups,
        change: &Change,
        then: impl Fn(usize, u32) -> Then,
    ) {
        self.each(groups, change, then, |time, part, more| {
            let (sum, touched) = &mut sums.0[time][part];
            (*sum, *touched) = (*sum - more, *touched - 1);
        });
    }

    /// The newest release of which a few of some part would differ, and all such parts; `from` is where to begin, counted from
    /// the newest.
    pub(super) fn few(&self, sums: &Sums, (from, k): (usize, u64)) -> Option<(usize, Vec<usize>)> {
        let k = k as i64;
        for (place, (time, sums)) in self.times.iter().zip(&sums.0).rev().enumerate().skip(from) {
            let differ = |part: usize| time.differ.get(part).copied().unwrap_or(0);
            let is_few = |(part, (more, touched)): (usize, &(i64, u32))| {
                (*touched > 0 && (1..k).contains(&(differ(part) + more))).then_some(part)
            };
            let few: Vec<usize> = sums.iter().enumerate().filter_map(is_few).collect();
            if !few.is_empty() {
                return Some((place, few));
            }
        }
        None
    }

    /// The time that stands so far from the newest.
    pub(super) fn time(&self, place: usize) -> &Time {
        &self.times[self.times.len() - 1 - place]
    }

    /// Takes changes in.
    pub(super) fn change(&mut self, groups: &Groups, changes: &[Change], then: impl Fn(usize, u32) -> Then) {
        let sums = self.sums(groups, changes, then);
        for (time, sums) in self.times.iter_mut().zip(sums.0) {
            time.differ.resize(groups.parts(), 0);
            time.differ.iter_mut().zip(sums).for_each(|(differ, (more, _))| *differ += more);
        }
        self.answered.resize(groups.len(), 0);
        for change in changes {
            for (list, (shows, more)) in change.lists.into_iter().zip(change.shows.into_iter().zip([-1, 1])) {
                if shows > NO_ANSWER {
                    groups.of(list).for_each(|group| self.answered[group] += more);
                }
            }
        }
    }

    /// Whether a group of so many passes by itself how many have to have answered.
    pub(super) fn may_be_shown(&self, group: usize, base: &[i64], preset: &Preset) -> bool {
        let (answered, base) = (i128::from(self.answered[group]), i128::from(base[group]));
        !is_few(preset.k_summary.into(), answered, base) && answered >= fewest(preset, base)
    }

    /// Notes of which groups it may be shown in a release.
    pub(super) fn note(&mut self, release: u32, shown: Vec<bool>) {
        let is_alike = |time: &Time| {
            let known = time.shown.iter().chain(std::iter::repeat(&false));
            known.zip(&shown).all(|(one, other)| one == other)
        };
        let alike = self.times.last().is_some_and(is_alike);
        let same = |time: &Time| alike && time.differ.iter().all(|differ| *differ == 0);
        if shown.iter().any(|shown| *shown) && !self.times.last().is_some_and(same) {
            self.times.push(Time { release, shown, alike, differ: Vec::new() });
        }
    }

    /// Hands on for each time and part by how many more people it differs after a change.
    fn each(
        &self,
        groups: &Groups,
        change: &Change,
        then: impl Fn(usize, u32) -> Then,
        mut take: impl FnMut(usize, usize, i64),
    ) {
        let (mut known, mut parts): (Option<Then>, Vec<(usize, i64)>) = (None, Vec::new());
        let mut alike = false;
        for (place, time) in self.times.iter().enumerate().rev() {
            let stood = known.filter(|known| known.since <= time.release);
            // As of the time after, where they stood the same and the same was shown.
            if stood.is_none() || !alike {
                let stood = stood.unwrap_or_else(|| then(change.person, time.release));
                known = Some(stood);
                parts.clear();
                time.parts(groups, change, stood, &mut parts);
            }
            alike = time.alike;
            parts.iter().for_each(|(part, more)| take(place, *part, *more));
        }
    }
}

impl Time {
    /// By how many more people each part differs after a change of somebody who stood so.
    fn parts(&self, groups: &Groups, change: &Change, stood: Then, take: &mut Vec<(usize, i64)>) {
        let Then { list, .. } = stood;
        // Of somebody who was nowhere nothing was shown.
        let shows = if list == Groups::NOWHERE { NOTHING } else { stood.shows };
        let mut parts = Vec::new();
        if change.lists == [list; 2] {
            let [before, after] = change.shows.map(|own| i64::from(own != shows));
            if before != after {
                groups.parts_of(list, &self.shown, &mut parts);
                take.extend(parts.iter().map(|part| (*part, after - before)));
            }
            return;
        }
        let mut then = Vec::new();
        groups.parts_of(list, &self.shown, &mut then);
        for ((own, shown), more) in change.lists.into_iter().zip(change.shows).zip([-1, 1]) {
            groups.parts_of(own, &self.shown, &mut parts);
            take.extend(differing((&then, shows), (&parts, shown)).into_iter().map(|part| (part, more)));
        }
    }
}
