//! From one solution to others where every number stands in few equations.
//!
//! What makes a number more breaks two sums at most where groups are a tree and people are cut one way. Each is mended by
//! another number, which breaks one more, until the two meet or nothing is broken: such a chain is found breadth first, and
//! where there is none the number can be no more. Tables that are cut two ways are looked at two rows or two columns at a
//! time, and people who are in several groups stand as they do. Every chain is a solution.

use crate::bounds::Ends;
use crate::cells::{Cells, Exchange, Step};
use crate::people::People;

/// Of each quantity of each of the people what is possible, and what it is in one solution; of some people empty.
pub(crate) type Seen = Vec<Vec<(Option<Ends>, i64)>>;

/// How many sums one chain is looked for in.
const REACH: usize = 20_000;

/// Chains over all of the people.
#[derive(Debug, Default)]
pub(crate) struct Net {
    /// Sums that were reached from either end, each from one before.
    sides: [Vec<Reached>; 2],
    /// By side, sum and what it lacks: in which search it was reached last, and where it stands.
    when: [Vec<(u32, usize)>; 2],
    search: u32,
}

/// What a solution has to do with: sums of people, how they are cut, and what is shown of them.
pub(crate) struct Sums<'t> {
    pub(crate) people: &'t People,
    pub(crate) cells: &'t Cells,
    pub(crate) limits: &'t [Vec<Ends>],
    /// What groups are of which all is shown.
    pub(crate) values: &'t [Option<Vec<i64>>],
}

/// Why a number is no wider.
#[derive(Debug, Default)]
pub(crate) struct Narrow {
    /// Quantities of people of which one at least would have to be otherwise than is known.
    pub(crate) held: Vec<(usize, usize)>,
    /// Whether chains of another kind may be left.
    pub(crate) unsure: bool,
}

/// A sum, and what it has too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Broken {
    sum: Option<usize>,
    by: i64,
}

#[derive(Debug, Clone, Copy)]
struct Reached {
    broken: Broken,
    before: usize,
    change: Change,
}

/// A step of some people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Change {
    one: usize,
    step: usize,
    by: i64,
}

impl Net {
    /// Looks for solutions in which values of a quantity are `enough` apart; why there are none.
    pub(crate) fn widen(
        &mut self,
        sums: &Sums<'_>,
        seen: &mut Seen,
        (one, quantity): (usize, usize),
        enough: i64,
    ) -> Result<(), Narrow> {
        let width = |seen: &Seen| seen[one][quantity].0.map_or(0, Ends::width);
        let exchanges = &sums.cells.exchanges;
        let mut narrow = Narrow { held: Vec::new(), unsure: exchanges.len() > 1 };
        for sign in [1, -1] {
            for exchange in exchanges {
                for (step, of) in exchange.steps.iter().enumerate() {
                    let Some((_, effect)) = of.held.iter().find(|(held, _)| *held == quantity) else {
                        continue;
                    };
                    let change = Change { one, step, by: sign * effect };
                    while width(seen) < enough && self.chain(sums, exchange, seen, change, &mut narrow) {}
                }
            }
        }
        if width(seen) < enough { Err(narrow) } else { Ok(()) }
    }

    /// Finds a chain that starts with a change, and makes it. Whether there is one.
    fn chain(
        &mut self,
        sums: &Sums<'_>,
        exchange: &Exchange,
        seen: &mut Seen,
        first: Change,
        narrow: &mut Narrow,
    ) -> bool {
        if !sums.has_room(exchange, seen, first) {
            return false;
        }
        let Some(ends) = sums.ends(exchange, first) else {
            narrow.unsure = true;
            return false;
        };
        let Some(mut changes) = self.search(sums, exchange, seen, first, ends, narrow) else { return false };
        changes.push(first);
        sums.go(exchange, seen, &changes, 1);
        let holds = changes.iter().all(|change| sums.holds(seen, change.one));
        if holds {
            changes.iter().for_each(|change| see(&mut seen[change.one]));
        } else {
            narrow.unsure = true;
            sums.go(exchange, seen, &changes, -1);
        }
        holds
    }

    /// Mends one sum after the other from either end until the two meet, or both come to people who are in no more sums.
    fn search(
        &mut self,
        sums: &Sums<'_>,
        exchange: &Exchange,
        seen: &Seen,
        first: Change,
        ends: [Broken; 2],
        narrow: &mut Narrow,
    ) -> Option<Vec<Change>> {
        self.search += 1;
        let mut ended: [Option<Vec<Change>>; 2] = [None, None];
        for (side, end) in ends.iter().enumerate() {
            self.when[side].resize(2 * sums.many(exchange), (0, 0));
            self.sides[side].clear();
            match end.place() {
                None => ended[side] = Some(Vec::new()),
                Some(place) => {
                    self.when[side][place] = (self.search, 0);
                    self.sides[side].push(Reached { broken: *end, before: usize::MAX, change: first });
                }
            }
        }
        let mut narrows: [Narrow; 2] = Default::default();
        let mut next = [0, 0];
        loop {
            if let [Some(one), Some(other)] = &ended {
                return Some(one.iter().chain(other).copied().collect());
            }
            for side in [0, 1] {
                let Some(Reached { broken, .. }) = self.sides[side].get(next[side]).copied() else {
                    if ended[side].is_some() {
                        continue;
                    }
                    // What would have to be otherwise on this side.
                    narrow.held.append(&mut narrows[side].held);
                    narrow.unsure |= narrows[side].unsure;
                    return None;
                };
                let Broken { sum: Some(sum), by } = broken else { return None };
                let mut met = None;
                sums.each(exchange, sum, by, |change| {
                    if (change.one, change.step) == (first.one, first.step) {
                        return false;
                    }
                    if let Some(quantity) = sums.held(exchange, seen, change) {
                        narrows[side].held.extend(quantity.map(|quantity| (change.one, quantity)));
                        return false;
                    }
                    let Some(ends) = sums.ends(exchange, change) else {
                        narrows[side].unsure = true;
                        return false;
                    };
                    let to = if ends[0].sum == Some(sum) { ends[1] } else { ends[0] };
                    let Some(place) = to.place() else {
                        if ended[side].is_none() {
                            ended[side] = Some(self.back(side, next[side], change));
                        }
                        return ended[1 - side].is_some();
                    };
                    // What one side has too much of the other has too little of.
                    let (when, other) = self.when[1 - side][place ^ 1];
                    if when == self.search {
                        met = Some((change, other));
                        return true;
                    }
                    if self.when[side][place].0 != self.search {
                        self.when[side][place] = (self.search, self.sides[side].len());
                        self.sides[side].push(Reached { broken: to, before: next[side], change });
                    }
                    false
                });
                if let Some((change, other)) = met {
                    let mut chain = self.back(side, next[side], change);
                    chain.extend(self.to(1 - side, other));
                    return Some(chain);
                }
                next[side] += 1;
                if ended.iter().all(Option::is_some) {
                    break;
                }
            }
            if self.sides.iter().map(Vec::len).sum::<usize>() > REACH {
                narrow.unsure = true;
                return None;
            }
        }
    }

    /// The chain of a side up to a change.
    fn back(&self, side: usize, place: usize, change: Change) -> Vec<Change> {
        let mut chain = self.to(side, place);
        chain.push(change);
        chain
    }

    /// The chain of a side to a sum.
    fn to(&self, side: usize, mut place: usize) -> Vec<Change> {
        let mut chain = Vec::new();
        while let Some(Reached { before, change, .. }) = self.sides[side].get(place).copied()
            && before != usize::MAX
        {
            chain.push(change);
            place = before;
        }
        chain
    }
}

impl Broken {
    /// Where it is kept; what it lacks is beside what it has too much of.
    fn place(self) -> Option<usize> {
        self.sum.map(|sum| 2 * sum + usize::from(self.by > 0))
    }
}

impl Sums<'_> {
    /// How many sums there are: equations of people in each step, and of the steps of those who are no sum of others.
    fn many(&self, exchange: &Exchange) -> usize {
        self.people.equations.len() * exchange.steps.len() + self.people.sizes.len()
    }

    /// The sums that a change breaks, if they are two at most.
    fn ends(&self, exchange: &Exchange, change: Change) -> Option<[Broken; 2]> {
        let Change { one, step, by } = change;
        let mut ends = [Broken { sum: None, by: 0 }; 2];
        let own = self.people.within[one].iter().map(|(equation, times)| Broken {
            sum: Some(equation * exchange.steps.len() + step),
            by: times * by,
        });
        let row = (exchange.adds_up && !self.people.is_sum[one]).then(|| Broken {
            sum: Some(self.people.equations.len() * exchange.steps.len() + one),
            by: if step + 1 == exchange.steps.len() { -by } else { by },
        });
        for (place, end) in own.chain(row).enumerate() {
            *ends.get_mut(place)? = end;
        }
        ends.iter().all(|end| end.sum.is_none() || end.by.abs() == 1).then_some(ends)
    }

    /// All changes of one step that mend a sum, until one is taken.
    fn each(&self, exchange: &Exchange, sum: usize, by: i64, mut take: impl FnMut(Change) -> bool) {
        let steps = exchange.steps.len();
        match sum.checked_sub(self.people.equations.len() * steps) {
            Some(one) => {
                let sign = |step| if step + 1 == steps { by } else { -by };
                _ = (0..steps).any(|step| take(Change { one, step, by: sign(step) }));
            }
            None => {
                let terms = self.people.equations[sum / steps].iter();
                let change =
                    |(one, times): &(usize, i64)| Change { one: *one, step: sum % steps, by: -by * times };
                _ = terms.filter(|(_, times)| times.abs() == 1).map(change).any(take);
            }
        }
    }

    fn has_room(&self, exchange: &Exchange, seen: &Seen, change: Change) -> bool {
        let Step { held, .. } = &exchange.steps[change.step];
        let (seen, limits) = (&seen[change.one], &self.limits[change.one]);
        held.iter().all(|(quantity, effect)| {
            let Some((_, value)) = seen.get(*quantity) else { return false };
            limits[*quantity].has(value + effect * change.by)
        })
    }

    /// Nothing where there is room for a change; else what has none, where it would have by size alone.
    fn held(&self, exchange: &Exchange, seen: &Seen, change: Change) -> Option<Option<usize>> {
        if self.has_room(exchange, seen, change) {
            return None;
        }
        let (seen, limits) = (&seen[change.one], &self.limits[change.one]);
        let mut held = None;
        for (quantity, effect) in &exchange.steps[change.step].held {
            let value = match seen.get(*quantity) {
                Some((_, value)) => *value,
                None => self.values[change.one].as_ref().map_or(0, |values| values[*quantity]),
            };
            let value = value + effect * change.by;
            if !(0..=self.people.sizes[change.one]).contains(&value) {
                return Some(None);
            }
            if seen.is_empty() || !limits[*quantity].has(value) {
                held = held.or(Some(*quantity));
            }
        }
        Some(held)
    }

    /// Makes changes, or so many times.
    fn go(&self, exchange: &Exchange, seen: &mut Seen, changes: &[Change], times: i64) {
        for Change { one, step, by } in changes {
            for (cell, effect) in &exchange.steps[*step].cells {
                seen[*one][*cell].1 += effect * by * times;
            }
        }
        changes.iter().for_each(|change| self.add_up(&mut seen[change.one]));
    }

    /// Sums of cells are what these are.
    pub(crate) fn add_up(&self, own: &mut [(Option<Ends>, i64)]) {
        for (sum, ways) in self.cells.sums.iter().enumerate() {
            own[self.cells.cells + sum].1 = ways[0].iter().map(|part| own[*part].1).sum();
        }
    }

    /// Whether all that is known of some people holds.
    pub(crate) fn holds(&self, seen: &Seen, one: usize) -> bool {
        let value = |quantity: usize| seen[one][quantity].1;
        let is_sum =
            |sum: usize, way: &Vec<usize>| way.iter().map(|part| value(*part)).sum::<i64>() == value(sum);
        let mut sums = self.cells.sums.iter().enumerate();
        sums.all(|(sum, ways)| ways.iter().all(|way| is_sum(self.cells.cells + sum, way)))
            && self.limits[one].iter().enumerate().all(|(quantity, limits)| limits.has(value(quantity)))
    }
}

/// What is so is possible.
pub(crate) fn see(seen: &mut [(Option<Ends>, i64)]) {
    for (seen, value) in seen {
        *seen = Some(Ends::with(*seen, *value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A whole of a part with two schools and of a school beside it: 0 = 1 + 2, 1 = 3 + 4.
    fn people(cells: &Cells, schools: [[i64; 3]; 3]) -> (People, Seen) {
        let [beside, one, other] = schools;
        let add = |one: [i64; 3], other: [i64; 3]| [0, 1, 2].map(|cell| one[cell] + other[cell]);
        let part = add(one, other);
        let all = [add(part, beside), part, beside, one, other];
        let equations = vec![vec![(0, 1), (1, -1), (2, -1)], vec![(1, 1), (3, -1), (4, -1)]];
        let within = vec![vec![(0, 1)], vec![(0, -1), (1, 1)], vec![(0, -1)], vec![(1, -1)], vec![(1, -1)]];
        let is_sum = vec![true, true, false, false, false];
        let sizes = all.iter().map(|cells| cells.iter().sum()).collect();
        let quantities = |own: [i64; 3]| {
            let mut all = own.to_vec();
            for ways in &cells.sums {
                all.push(ways[0].iter().map(|part| all[*part]).sum());
            }
            all.into_iter().map(|value| (Some(Ends { low: value, high: value }), value)).collect()
        };
        (People { sizes, equations, within, is_sum, ..People::default() }, all.map(quantities).to_vec())
    }

    /// All ways in which so many people may stand in two bands or none.
    fn ways(size: i64) -> impl Iterator<Item = [i64; 3]> {
        (0..=size).flat_map(move |one| (0..=size - one).map(move |other| [one, other, size - one - other]))
    }

    #[test]
    fn who_is_in_no_sum_may_stand_in_any_band() {
        let cells = Cells::of_two_bands();
        let (_, mut seen) = people(&cells, [[0; 3], [0; 3], [2, 1, 1]]);
        seen.truncate(1);
        let people =
            People { sizes: vec![4], within: vec![Vec::new()], is_sum: vec![false], ..People::default() };
        let mut limits = vec![vec![Ends { low: 0, high: 4 }; cells.quantities()]];
        limits[0][cells.all].low = 4;
        let sums = Sums { people: &people, cells: &cells, limits: &limits, values: &[] };
        assert!(Net::default().widen(&sums, &mut seen, (0, 0), 4).is_ok());
        assert_eq!(seen[0][0].0, Some(Ends { low: 0, high: 4 }));
    }

    proptest! {
        #[test]
        fn in_a_tree_all_that_is_possible_is_found_and_nothing_else(
            schools in [[0..4_i64, 0..4_i64, 0..2_i64], [0..3_i64, 0..3_i64, 0..2_i64], [0..3_i64, 0..3_i64, 0..2_i64]],
            n_is_shown in [any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()],
        ) {
            let cells = Cells::of_two_bands();
            let (people, mut seen) = people(&cells, schools);
            let known = cells.sums.iter().position(|ways| ways[0] == [0, 1]).unwrap() + cells.cells;
            let limits = |one: usize| {
                let mut limits = vec![Ends { low: 0, high: people.sizes[one] }; cells.quantities()];
                let is_shown = |quantity: usize| one == 0 || quantity == known && n_is_shown[one - 1];
                for quantity in (0..cells.quantities()).filter(|quantity| is_shown(*quantity) || *quantity == cells.all) {
                    limits[quantity] = Ends { low: seen[one][quantity].1, high: seen[one][quantity].1 };
                }
                limits
            };
            let limits: Vec<Vec<Ends>> = (0..5).map(limits).collect();
            let holds = |one: usize, own: [i64; 3]| {
                (0..3).all(|cell| limits[one][cell].has(own[cell])) && limits[one][known].has(own[0] + own[1])
            };
            let mut possible: Option<Ends> = None;
            for beside in ways(people.sizes[2]).filter(|own| holds(2, *own)) {
                for one in ways(people.sizes[3]).filter(|own| holds(3, *own)) {
                    for other in ways(people.sizes[4]).filter(|own| holds(4, *own)) {
                        let part = [0, 1, 2].map(|cell| one[cell] + other[cell]);
                        if holds(1, part) && holds(0, [0, 1, 2].map(|cell| part[cell] + beside[cell])) {
                            possible = Some(Ends::with(possible, one[0]));
                        }
                    }
                }
            }
            let sums = Sums { people: &people, cells: &cells, limits: &limits, values: &[] };
            let found = Net::default().widen(&sums, &mut seen, (3, 0), i64::MAX);
            prop_assert_eq!(seen[3][0].0, possible);
            prop_assert!(found.is_err_and(|narrow| !narrow.unsure));
            for (one, own) in seen.iter().enumerate() {
                prop_assert!(holds(one, [own[0].1, own[1].1, own[2].1]));
            }
            for equation in &people.equations {
                let sum = |cell: usize| equation.iter().map(|(one, times)| times * seen[*one][cell].1).sum::<i64>();
                prop_assert_eq!([0, 1, 2].map(sum), [0; 3]);
            }
        }
    }
}
