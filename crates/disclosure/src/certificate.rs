//! What follows of all that is shown of an item, of the sizes of all groups, and of counts being whole numbers.
//!
//! What a code says of a hidden figure is shown as well. Groups of which all is shown keep apart what is hidden on either
//! side of them, and each block between them is looked at by itself. What has been seen to be possible stays possible when
//! more is hidden.

use std::collections::BTreeSet;

use crate::Preset;
use crate::bounds::{Ends, Number, System};
use crate::cells::{Cut, Table};
use crate::codes::{code, range};
use crate::grid::Grid;
use crate::item::{Hidden, LinkedItem, SUMMARY};
use crate::kinds::Kinds;
use crate::moves::Moves;
use crate::net::{Net, Seen, Sums};
use crate::people::People;
use crate::round::Round;
use crate::rule::Rule;

/// How many of the people near one are looked at together, and how far other solutions are looked for.
const NEAR: usize = 200;
const TURNS: usize = 60;
/// The same where groups are of several families; of more numbers than these it is not asked.
const NEARER: usize = 40;
const LEFT: usize = 30;

/// A hidden count that is known too narrowly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Exposed {
    pub(crate) part: usize,
    pub(crate) node: usize,
    /// What is shown of which one at least has to be hidden for it, as far as that is known: part, node and tier.
    pub(crate) held_by: BTreeSet<(usize, usize, usize)>,
}

/// The gate's rules, and which is left out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) preset: &'a Preset,
    pub(crate) without: Option<Rule>,
}

/// A table with what has been seen to be possible.
pub(crate) struct Certificate<'t, 'i, 'a> {
    item: &'t LinkedItem<'a>,
    table: &'t Table<'i, 'a>,
    people: &'t People,
    given: Given<'t>,
    /// Of each quantity of each of the people what is possible, and what it is in one solution; empty before one is found.
    seen: Seen,
    /// Between which ends each quantity is by what is shown of each of the people alone, and what of their figures is hidden.
    limits: Vec<Vec<Ends>>,
    limited_by: Vec<Vec<Hidden>>,
    net: Net,
    /// Of each group what its figures say, hidden or not, and of who is told of.
    values: Vec<Option<Vec<i64>>>,
}

/// A hidden count that is not zero, and how many steps apart two values of it have to be.
struct Target {
    exposed: Exposed,
    /// The table's node, and the quantity.
    at: (usize, usize),
    enough: i64,
}

/// People between groups of which all is shown.
struct Block {
    /// Groups and kinds of people, and the first number of each.
    members: Vec<usize>,
    first: Vec<Number>,
    system: System,
}

impl<'t, 'i, 'a> Certificate<'t, 'i, 'a> {
    pub(crate) fn new(
        item: &'t LinkedItem<'a>,
        table: &'t Table<'i, 'a>,
        (people, kinds): (&'t People, &Kinds),
        given: Given<'t>,
    ) -> Self {
        let groups = table.widest.nodes.len();
        let value = |one: usize| match people.kinds[one].as_ref() {
            _ if one < groups => Some(table.quantities(one)),
            Some(of) => table.told(people.sizes[one], kinds, of),
            None => None,
        };
        let values = (0..people.sizes.len()).map(value).collect();
        let many = people.sizes.len();
        let (limits, limited_by) = (vec![Vec::new(); many], vec![Vec::new(); many]);
        let (seen, net) = (vec![Vec::new(); many], Net::default());
        Self { item, table, people, given, seen, limits, limited_by, net, values }
    }

    /// Which figures have a hidden count that follows from what is shown more narrowly than from any one of what it belongs
    /// to, or of which that cannot be told. Each once, in order.
    pub(crate) fn exposed(&mut self, hidden: &[Vec<Hidden>]) -> Vec<Exposed> {
        let round = Round::of(self.item, self.table, self.people.sizes.len(), hidden);
        let mut targets = self.targets(&round);
        let people = self.people;
        let mut found = Vec::new();
        let mut block_of: Vec<Option<usize>> = vec![None; people.sizes.len()];
        let mut blocks: Vec<Vec<usize>> = Vec::new();
        for target in &targets {
            if block_of[target.at.0].is_none() {
                blocks.push(people.block(&round.shown, target.at.0, blocks.len(), &mut block_of));
            }
        }
        let mut of_block: Vec<Vec<Target>> = blocks.iter().map(|_| Vec::new()).collect();
        for target in targets.drain(..) {
            if let Some(block) = block_of[target.at.0] {
                of_block[block].push(target);
            }
        }
        for (members, mut targets) in blocks.into_iter().zip(of_block) {
            self.prove(&round, &members, &mut targets);
            found.extend(targets.into_iter().map(|target| target.exposed));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The hidden counts that are not known to be wide enough. Those of nobody may be known: that there is nobody is about
    /// nobody.
    fn targets(&self, round: &Round<'_, '_>) -> Vec<Target> {
        let mut targets = Vec::new();
        for cut in &self.table.parts {
            for (place, own) in cut.at.iter().enumerate() {
                let Some(node) = own.filter(|own| round.counts[cut.number][*own]) else { continue };
                let width = |quantity: &usize| {
                    let seen = self.seen[place].get(*quantity).and_then(|(seen, _)| *seen);
                    seen.map_or(0, Ends::width)
                };
                if cut.counts.iter().all(|quantity| width(quantity) >= 2) {
                    continue;
                }
                let of = cut.part.counts(&cut.part.nodes[node].mass);
                for (category, quantity) in cut.counts.iter().enumerate() {
                    let width = width(quantity);
                    if width < 2 && of.get(category).is_some_and(|value| *value > 0) {
                        let enough = round.says(cut.number, node, category).clamp(1, 2);
                        if width < enough {
                            let exposed = Exposed { part: cut.number, node, held_by: BTreeSet::new() };
                            targets.push(Target { exposed, at: (place, *quantity), enough });
                        }
                    }
                }
            }
        }
        targets
    }

    /// Looks for solutions that show that targets are wide enough, and keeps those for which there are none: by chains, and
    /// then among those nearby.
    fn prove(&mut self, round: &Round<'_, '_>, members: &[usize], targets: &mut Vec<Target>) {
        // What is shown is true of those on the roll, so it does not contradict itself; if it does, all is exposed.
        if !self.start(round, members) {
            return;
        }
        for one in members {
            self.limit(round, *one);
        }
        let Self { people, table, .. } = *self;
        let sums = Sums { people, cells: &table.cells, limits: &self.limits, values: &self.values };
        let mut unsure = false;
        targets.retain_mut(|target| match self.net.widen(&sums, &mut self.seen, target.at, target.enough) {
            Ok(()) => false,
            Err(narrow) => {
                unsure |= narrow.unsure;
                let shown = |(one, quantity)| round.shown_by(table, one, quantity);
                target.exposed.held_by.extend(narrow.held.into_iter().filter_map(shown));
                true
            }
        });
        if !unsure {
            return;
        }
        let is_grid = !people.atoms.is_empty();
        if is_grid {
            let mut grid = Grid::of(table);
            targets.retain(|target| !grid.widen(&sums, &mut self.seen, target.at, target.enough));
            if targets.len() > LEFT {
                return;
            }
        }
        // Others may have to move, too: those who are in several groups, and in tables that are cut two ways.
        let mut looked_at: BTreeSet<usize> = BTreeSet::new();
        for (one, quantity) in targets.iter().map(|target| target.at).collect::<Vec<_>>() {
            let left = targets.iter().find(|target| target.at == (one, quantity));
            if looked_at.contains(&one) || left.is_none_or(|target| self.follows(round, target)) {
                continue;
            }
            let near = people.near(&round.shown, one, if is_grid { NEARER } else { NEAR });
            match near.len() == members.len() {
                true => looked_at.extend(&near),
                false => _ = looked_at.insert(one),
            }
            self.widen(round, near, targets);
        }
    }

    /// Whether a target follows from the equations that it stands in itself.
    fn follows(&self, round: &Round<'_, '_>, target: &Target) -> bool {
        let (one, quantity) = target.at;
        let own = self.people.equations_of(&[one]);
        let terms = own.iter().flat_map(|equation| &self.people.equations[*equation]);
        let mut members: Vec<usize> = terms.map(|(one, _)| *one).filter(|one| !round.shown[*one]).collect();
        members.sort_unstable();
        members.dedup();
        let mut block = self.system(round, members, own, true);
        let may_hold = block.system.narrow_all();
        may_hold
            && block
                .number(one)
                .is_some_and(|first| block.system.ends(first + quantity).width() < target.enough)
    }

    /// Finds a solution of a block where there is none yet. Groups are as their figures say in one at least, so it is kinds of
    /// people that are looked for.
    fn start(&mut self, round: &Round<'_, '_>, members: &[usize]) -> bool {
        // A solution stays one when more is hidden.
        if members.iter().all(|one| !self.seen[*one].is_empty()) {
            return true;
        }
        let cells = &self.table.cells;
        let equations = self.people.equations_of(members);
        let thought = self.thought(members, &equations);
        let is_whole = |numbers: &Vec<i64>| {
            let sum = |way: &Vec<usize>| way.iter().map(|quantity| numbers[*quantity]).sum::<i64>();
            let mut sums = cells.sums.iter().zip(&numbers[cells.cells..]);
            numbers.iter().all(|number| *number >= 0)
                && sums.all(|(ways, number)| ways.iter().all(|way| sum(way) == *number))
        };
        let value = |one: usize, quantity: usize| match members.binary_search(&one) {
            Ok(place) => thought[place][quantity],
            Err(_) => self.values[one].as_ref().map_or(0, |values| values[quantity]),
        };
        let balances = |equation: &usize, quantity: usize| {
            let terms = &self.people.equations[*equation];
            terms.iter().map(|(one, times)| times * value(*one, quantity)).sum::<i64>() == 0
        };
        let holds = thought.iter().all(is_whole)
            && equations.iter().all(|equation| (0..cells.cells).all(|quantity| balances(equation, quantity)));
        let groups = self.table.widest.nodes.len();
        let mut unknown = Vec::new();
        for (one, thought) in members.iter().zip(&thought) {
            if self.seen[*one].is_empty() {
                if !holds && *one >= groups {
                    unknown.push(*one);
                } else if !is_whole(thought) {
                    return false;
                }
            }
        }
        let mut new = Vec::new();
        for (one, thought) in members.iter().zip(thought) {
            if self.seen[*one].is_empty() && unknown.binary_search(one).is_err() {
                new.push(*one);
                let seen = |value: i64| (Some(Ends { low: value, high: value }), value);
                self.seen[*one] = thought.into_iter().map(seen).collect();
            }
        }
        if unknown.is_empty() {
            if !holds {
                new.iter().for_each(|one| self.seen[*one].clear());
            }
            return holds;
        }
        let own = self.people.equations_of(&unknown);
        let mut block = self.system(round, unknown, own, true);
        let mut solved = block.system.solve();
        if !solved {
            // Hidden groups may be otherwise as well, as long as all that is shown holds.
            new.iter().for_each(|one| self.seen[*one].clear());
            block = self.system(round, members.to_vec(), equations, true);
            solved = block.system.solve();
        }
        if solved {
            self.keep(block);
        }
        solved
    }

    /// Looks for other solutions in which some people stand otherwise, and keeps the targets that are not wide enough.
    fn widen(&mut self, round: &Round<'_, '_>, some: Vec<usize>, targets: &mut Vec<Target>) {
        let equations = self.people.equations_of(&some);
        let mut block = self.system(round, some, equations, true);
        block.system.solve();
        let number =
            |block: &Block, target: &Target| block.number(target.at.0).map(|first| first + target.at.1);
        let has_room = |target: &Target| {
            number(&block, target).is_some_and(|number| block.system.ends(number).width() >= target.enough)
        };
        if !targets.iter().any(has_room) {
            return;
        }
        let mut moves = Moves::of(&mut block.system, TURNS);
        targets.retain(|target| {
            let number = number(&block, target);
            number.is_none_or(|number| moves.width(&mut block.system, number, target.enough) < target.enough)
        });
        self.keep(block);
    }

    /// Keeps what has been seen in a block.
    fn keep(&mut self, mut block: Block) {
        for (one, first) in block.members.iter().zip(&block.first) {
            let numbers = *first..*first + self.table.cells.quantities();
            numbers.clone().for_each(|number| block.system.add_up(number));
            self.seen[*one] = numbers.map(|number| block.system.seen(number)).collect();
        }
    }

    /// The system of some people by some equations, all others standing as they do; with what follows for what is to be
    /// narrowed as well.
    fn system(
        &self,
        round: &Round<'_, '_>,
        members: Vec<usize>,
        equations: Vec<usize>,
        narrows: bool,
    ) -> Block {
        let cells = &self.table.cells;
        let thought = self.thought(&members, &equations);
        let system = System::new(members.len() * cells.quantities(), narrows);
        let mut block = Block { first: Vec::with_capacity(members.len()), members, system };
        for (one, thought) in block.members.iter().zip(thought) {
            let size = self.people.sizes[*one];
            let first = block.system.len();
            block.first.push(first);
            for (quantity, value) in thought.into_iter().enumerate() {
                let low = if quantity == cells.all { size } else { 0 };
                let seen = self.seen[*one].get(quantity).and_then(|(seen, _)| *seen);
                block.system.number(Ends { low, high: size }, value, seen);
            }
            for (sum, ways) in cells.sums.iter().enumerate() {
                for way in ways {
                    let parts = way.iter().map(|quantity| first + quantity);
                    block.system.sum(first + cells.cells + sum, parts);
                }
            }
            for (quantity, ends) in self.known(round, *one) {
                block.system.limit(first + quantity, ends);
            }
        }
        let quantities = if narrows { cells.quantities() } else { cells.cells };
        for equation in equations {
            let terms = &self.people.equations[equation];
            let mut known = vec![0; quantities];
            let mut open: Vec<(Number, i64)> = Vec::with_capacity(terms.len());
            for (one, times) in terms {
                match block.number(*one) {
                    Some(first) => open.push((first, *times)),
                    None => known.iter_mut().enumerate().for_each(|(quantity, known)| {
                        *known += times * self.value(*one, quantity);
                    }),
                }
            }
            for quantity in (0..quantities).filter(|quantity| *quantity != cells.all) {
                let terms = open.iter().map(|(first, times)| (first + quantity, *times)).collect();
                block.system.equal(terms, -known[quantity], quantity >= cells.cells);
            }
        }
        block
    }

    /// How many of some people are in a quantity, by the last solution, or as is shown.
    fn value(&self, one: usize, quantity: usize) -> i64 {
        match self.seen[one].get(quantity) {
            Some((_, value)) => *value,
            None => self.values[one].as_ref().map_or(0, |values| values[quantity]),
        }
    }

    /// How people are thought to be before a solution is found: as they were in the last one, groups as their figures say,
    /// and who is in several or none of their parts as others leave them.
    fn thought(&self, members: &[usize], equations: &[usize]) -> Vec<Vec<i64>> {
        let of = |one: usize| match &self.seen[one] {
            seen if !seen.is_empty() => Some(seen.iter().map(|(_, value)| *value).collect()),
            _ => self.values[one].clone(),
        };
        let mut thought: Vec<Option<Vec<i64>>> = members.iter().map(|one| of(*one)).collect();
        let place = |one: usize| members.binary_search(&one).ok();
        for equation in equations {
            let terms = &self.people.equations[*equation];
            let lacks = |one: usize| place(one).is_some_and(|place| thought[place].is_none());
            let mut open = terms.iter().filter(|(one, _)| lacks(*one));
            let (Some((one, times)), None) = (open.next(), open.next()) else { continue };
            let mut rest = vec![0; self.table.cells.quantities()];
            for (other, factor) in terms.iter().filter(|(other, _)| other != one) {
                let known = place(*other).and_then(|place| thought[place].as_ref());
                rest.iter_mut().enumerate().for_each(|(quantity, rest)| {
                    let known = known.map_or_else(|| self.value(*other, quantity), |known| known[quantity]);
                    *rest -= factor * known / times;
                });
            }
            if let Some(place) = place(*one)
                && rest.iter().all(|rest| *rest >= 0)
            {
                thought[place] = Some(rest);
            }
        }
        let nobody = || vec![0; self.table.cells.quantities()];
        thought.into_iter().map(|thought| thought.unwrap_or_else(nobody)).collect()
    }

    /// What is known of a group from its figures.
    fn known(&self, round: &Round<'_, '_>, node: usize) -> Vec<(usize, Ends)> {
        let ends = |(low, high): (i128, i128)| {
            let whole = |number: i128| i64::try_from(number).unwrap_or(i64::MAX / 4);
            Ends { low: whole(low), high: whole(high) }
        };
        let mut known = Vec::new();
        for cut in &self.table.parts {
            let Some(own) = cut.at.get(node).copied().flatten() else { continue };
            let mass = &cut.part.nodes[own].mass;
            if round.hidden[cut.number][own][SUMMARY] {
                if self.given.without != Some(Rule::Codes) {
                    let code = code(self.given.preset, &cut.part.of.figures[cut.part.places[own]]);
                    known.push((cut.answered, ends(range(self.given.preset, mass.base, code))));
                }
                continue;
            }
            known.push((cut.answered, ends((mass.answered, mass.answered))));
            if !round.counts[cut.number][own] {
                let counts = cut.counts.iter().zip(cut.part.counts(mass));
                known.extend(counts.map(|(quantity, count)| (*quantity, ends((count, count)))));
            }
        }
        known
    }

    /// Between which ends quantities of some people are, where what is shown of them has changed.
    fn limit(&mut self, round: &Round<'_, '_>, one: usize) {
        let hidden = |cut: &Cut<'_, '_>| {
            let own = cut.at.get(one).copied().flatten();
            own.map_or([false; 2], |own| {
                [round.hidden[cut.number][own][SUMMARY], round.counts[cut.number][own]]
            })
        };
        if self.table.parts.iter().map(hidden).eq(self.limited_by[one].iter().copied()) {
            return;
        }
        self.limited_by[one] = self.table.parts.iter().map(hidden).collect();
        let size = self.people.sizes[one];
        let mut limits = vec![Ends { low: 0, high: size }; self.table.cells.quantities()];
        limits[self.table.cells.all].low = size;
        for (quantity, ends) in self.known(round, one) {
            limits[quantity] = limits[quantity].within(ends);
        }
        self.limits[one] = limits;
    }
}

impl Block {
    /// The first number of some of its people.
    fn number(&self, one: usize) -> Option<Number> {
        self.members.binary_search(&one).ok().map(|place| self.first[place])
    }
}
