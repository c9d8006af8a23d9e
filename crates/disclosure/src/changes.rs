//! Whose change since earlier releases may be seen.

use std::collections::BTreeSet;

use crate::Geometry;

/// One figure, or several that are told together: its cells now, and those that were told from some release on.
pub(crate) struct Unit {
    pub(crate) code: String,
    pub(crate) now: Vec<Vec<i128>>,
    pub(crate) then: Vec<(usize, Vec<Vec<i128>>)>,
    /// Whether what stands beside the cells changed by itself.
    pub(crate) unseen: bool,
}

/// The group that another is a part of, and in which family.
pub(crate) type Change = (Option<usize>, Geometry);

impl Unit {
    fn at(&self, release: usize) -> Option<&Vec<Vec<i128>>> {
        self.then.iter().rev().find(|(since, _)| *since <= release).map(|(_, cells)| cells)
    }
}

/// What has changed from `then` to `now`, cell by cell; what is not there is nobody.
pub(crate) fn difference(now: &[i128], then: &[i128]) -> Vec<i128> {
    let cell = |cells: &[i128], at: usize| cells.get(at).copied().unwrap_or(0);
    (0..now.len().max(then.len())).map(|at| cell(now, at) - cell(then, at)).collect()
}

/// How many people have moved between these cells at least, or come, or gone.
pub(crate) fn moved(change: &[i128]) -> i128 {
    let up: i128 = change.iter().filter(|cell| **cell > 0).sum();
    let down: i128 = change.iter().filter(|cell| **cell < 0).sum();
    up.max(-down)
}

/// Whether a change tells of nobody or of at least k people. Where all of them came into categories, or all of them went,
/// they are a group that is told in full: not fewer than k, nor all but one of one category.
fn may_be_seen(change: &[i128], k: i128) -> bool {
    let people = moved(change);
    if people == 0 {
        return true;
    }
    let counts = change.get(1..).unwrap_or_default();
    let sum: i128 = counts.iter().map(|cell| cell.abs()).sum();
    let one_way = counts.iter().all(|cell| *cell >= 0) || counts.iter().all(|cell| *cell <= 0);
    let largest = counts.iter().map(|cell| cell.abs()).max().unwrap_or(0);
    let unanimous = counts.len() > 1 && largest >= sum - 1;
    people >= k && (!one_way || sum == 0 || sum >= k && !unanimous)
}

fn all_may(change: &[Vec<i128>], k: i128) -> bool {
    change.iter().all(|change| may_be_seen(change, k))
}

fn minus(now: &[Vec<i128>], then: Option<&Vec<Vec<i128>>>) -> Vec<Vec<i128>> {
    let of = |at: usize| then.and_then(|then| then.get(at)).map_or(&[][..], Vec::as_slice);
    now.iter().enumerate().map(|(at, now)| difference(now, of(at))).collect()
}

/// Holds what may not be seen: a unit whose own change since any release tells of a few, and then, as long as the change of
/// one less those of its parts does, the part that changed least (ties by code), or else itself.
pub(crate) fn settle(units: &[Option<Unit>], parents: &[Change], fresh: &mut [bool], k: i128) {
    let releases: BTreeSet<usize> =
        units.iter().flatten().flat_map(|unit| unit.then.iter().map(|(since, _)| *since)).collect();
    for (unit, fresh) in units.iter().zip(fresh.iter_mut()) {
        let Some(unit) = unit else { continue };
        *fresh &= !unit.unseen && unit.then.iter().all(|(_, then)| all_may(&minus(&unit.now, Some(then)), k));
    }
    let mut parts: Vec<Vec<usize>> = vec![Vec::new(); units.len()];
    for (at, (parent, _)) in parents.iter().enumerate() {
        if let Some(parent) = parent {
            parts[*parent].push(at);
        }
    }
    let tree = Tree { units, parents, parts };
    while let Some(held) = tree.told(&releases, fresh, k) {
        fresh[held] = false;
    }
}

struct Tree<'a> {
    units: &'a [Option<Unit>],
    parents: &'a [Change],
    parts: Vec<Vec<usize>>,
}

impl Tree<'_> {
    /// A unit to hold, as some residual's change tells of a few.
    fn told(&self, releases: &BTreeSet<usize>, fresh: &[bool], k: i128) -> Option<usize> {
        for (at, unit) in self.units.iter().enumerate().filter(|(at, _)| fresh[*at]) {
            let Some(unit) = unit else { continue };
            let families: BTreeSet<Geometry> =
                self.parts[at].iter().map(|part| self.parents[*part].1).collect();
            for family in families {
                for release in releases {
                    let Some(then) = unit.at(*release) else { continue };
                    let mut rest = minus(&unit.now, Some(then));
                    let mut seen = Vec::new();
                    self.seen_parts(at, family, *release, fresh, &mut seen);
                    for (_, change) in &seen {
                        rest = minus(&rest, Some(change));
                    }
                    if !all_may(&rest, k) {
                        let people = |change: &[Vec<i128>]| change.iter().map(|one| moved(one)).sum::<i128>();
                        let smallest = seen
                            .iter()
                            .filter(|(part, change)| fresh[*part] && people(change) > 0)
                            .min_by_key(|(part, change)| {
                                (people(change), self.units[*part].as_ref().map(|unit| &unit.code))
                            });
                        return Some(smallest.map_or(at, |(part, _)| *part));
                    }
                }
            }
        }
        None
    }

    /// The topmost units below one whose change since a release is seen, with it.
    fn seen_parts(
        &self,
        at: usize,
        family: Geometry,
        release: usize,
        fresh: &[bool],
        seen: &mut Vec<(usize, Vec<Vec<i128>>)>,
    ) {
        for part in self.parts[at].iter().copied().filter(|part| self.parents[*part].1 == family) {
            let change = self.units[part].as_ref().and_then(|unit| {
                let now = if fresh[part] { Some(&unit.now) } else { unit.then.last().map(|(_, told)| told) };
                now.map(|now| minus(now, unit.at(release)))
            });
            match change.filter(|change| fresh[part] || change.iter().any(|change| moved(change) > 0)) {
                Some(change) => seen.push((part, change)),
                None => self.seen_parts(part, family, release, fresh, seen),
            }
        }
    }
}
