//! What follows of all that is shown of an item, of the sizes of all groups, and of counts being whole numbers.
//!
//! What a code says of a hidden figure is shown as well. Groups of which all is shown keep apart what is hidden on either
//! side of them, and each block between them is looked at by itself. What has been seen to be possible stays possible when
//! more is hidden.

use crate::bounds::{Ends, Number, System};
use crate::cells::{Cut, Table};
use crate::codes::{code, range};
use crate::item::{Hidden, LinkedItem, Part, SUMMARY};
use crate::moves::Moves;
use crate::people::People;
use crate::primary::{Mass, slot};
use crate::rule::Rule;
use crate::secondary::View;
use crate::{Geometry, Preset};

/// Blocks of no more people than this are looked at as a whole.
const SMALL: usize = 12;

/// How far other solutions are looked for; among a few people of a block less far.
const TURNS: usize = 60;
const FEW_TURNS: usize = 6;

/// A hidden count that is known too narrowly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Exposed {
    pub(crate) part: usize,
    pub(crate) node: usize,
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
    seen: Vec<Vec<(Option<Ends>, i64)>>,
    /// Of each group what its figures say, hidden or not.
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

/// What a certificate is given of a round: which groups are shown, and what parts hide.
struct Round<'h> {
    hidden: &'h [Vec<Hidden>],
    /// For each part whether its counts are hidden.
    counts: Vec<Vec<bool>>,
    /// For each of the people whether all of their figures are shown.
    shown: Vec<bool>,
}

impl<'t, 'i, 'a> Certificate<'t, 'i, 'a> {
    pub(crate) fn new(
        item: &'t LinkedItem<'a>,
        table: &'t Table<'i, 'a>,
        people: &'t People,
        given: Given<'t>,
    ) -> Self {
        let groups = table.widest.nodes.len();
        let values =
            (0..people.sizes.len()).map(|one| (one < groups).then(|| table.quantities(one))).collect();
        Self { item, table, people, given, seen: vec![Vec::new(); people.sizes.len()], values }
    }

    /// Which figures have a hidden count that follows from what is shown more narrowly than from any one of what it belongs
    /// to, or of which that cannot be told. Each once, in order.
    pub(crate) fn exposed(&mut self, hidden: &[Vec<Hidden>]) -> Vec<Exposed> {
        let round = self.round(hidden);
        let targets = self.targets(&round);
        let people = self.people;
        let mut found = Vec::new();
        let mut block_of: Vec<Option<usize>> = vec![None; people.sizes.len()];
        let mut blocks: Vec<Vec<usize>> = Vec::new();
        for target in &targets {
            if block_of[target.at.0].is_none() {
                blocks.push(people.block(&round.shown, target.at.0, blocks.len(), &mut block_of));
            }
        }
        let mut of_block: Vec<Vec<&Target>> = blocks.iter().map(|_| Vec::new()).collect();
        for target in &targets {
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

    fn round<'h>(&self, hidden: &'h [Vec<Hidden>]) -> Round<'h> {
        let of_part = |(part, hidden): (&Part<'_>, &Vec<Hidden>)| {
            hidden.iter().map(|hidden| hidden[part.tier()]).collect()
        };
        let counts: Vec<Vec<bool>> = self.item.parts.iter().zip(hidden).map(of_part).collect();
        let is_shown = |one: usize| {
            one < self.table.widest.nodes.len()
                && self.table.parts.iter().all(|cut| cut.at[one].is_some_and(|own| !counts[cut.number][own]))
        };
        let shown = (0..self.people.sizes.len()).map(is_shown).collect();
        Round { hidden, counts, shown }
    }

    /// The hidden counts that are not known to be wide enough. Those of nobody may be known: that there is nobody is about
    /// nobody.
    fn targets(&self, round: &Round<'_>) -> Vec<Target> {
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
                        let enough = self.says(round, cut.number, node, category).clamp(1, 2);
                        if width < enough {
                            let exposed = Exposed { part: cut.number, node };
                            targets.push(Target { exposed, at: (place, *quantity), enough });
                        }
                    }
                }
            }
        }
        targets
    }

    /// Looks for solutions that show that targets are wide enough, and keeps those for which there are none: among a few of
    /// the people, and then among all.
    fn prove(&mut self, round: &Round<'_>, members: &[usize], targets: &mut Vec<&Target>) {
        // What is shown is true of those on the roll, so it does not contradict itself; if it does, all is exposed.
        if !self.start(round, members) {
            return;
        }
        if members.len() > SMALL {
            let mut wanted: Vec<usize> = targets.iter().map(|target| target.at.0).collect();
            wanted.sort_unstable();
            for [some, own] in self.people.neighbours(self.table.widest, &round.shown, members, &wanted) {
                self.widen(round, some, &own, targets, false);
            }
            if targets.iter().all(|target| self.follows(round, target)) {
                return;
            }
        }
        self.widen(round, members.to_vec(), members, targets, true);
    }

    /// Whether a target follows from the equations that it stands in itself.
    fn follows(&self, round: &Round<'_>, target: &Target) -> bool {
        let (one, quantity) = target.at;
        let own = &self.people.within[one];
        let terms = own.iter().flat_map(|equation| &self.people.equations[*equation]);
        let mut members: Vec<usize> = terms.map(|(one, _)| *one).filter(|one| !round.shown[*one]).collect();
        members.sort_unstable();
        members.dedup();
        let mut block = self.system(round, members, own.clone(), true);
        let may_hold = block.system.narrow_all();
        may_hold
            && block
                .number(one)
                .is_some_and(|first| block.system.ends(first + quantity).width() < target.enough)
    }

    /// Finds a solution of a block where there is none yet. Groups are as their figures say in one at least, so it is kinds of
    /// people that are looked for.
    fn start(&mut self, round: &Round<'_>, members: &[usize]) -> bool {
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
    fn widen(
        &mut self,
        round: &Round<'_>,
        some: Vec<usize>,
        own: &[usize],
        targets: &mut Vec<&Target>,
        whole: bool,
    ) {
        let wanted = |target: &Target| own.binary_search(&target.at.0).is_ok();
        if !targets.iter().any(|target| wanted(target)) {
            return;
        }
        let equations = self.people.equations_of(&some);
        let mut block = self.system(round, some, equations, whole);
        if whole {
            block.system.solve();
        }
        let number = |block: &Block, target: &Target| {
            block.number(target.at.0).filter(|_| wanted(target)).map(|first| first + target.at.1)
        };
        let has_room = |target: &&Target| {
            number(&block, target).is_some_and(|number| block.system.ends(number).width() >= target.enough)
        };
        if !targets.iter().any(has_room) {
            return;
        }
        let mut moves = Moves::of(&mut block.system, if whole { TURNS } else { FEW_TURNS });
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
    fn system(&self, round: &Round<'_>, members: Vec<usize>, equations: Vec<usize>, narrows: bool) -> Block {
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
            for cut in self.table.parts.iter().filter(|_| *one < self.table.widest.nodes.len()) {
                self.show(round, cut, *one, first, &mut block.system);
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
        let groups = self.table.widest.nodes.len();
        let of = |one: usize| match &self.seen[one] {
            seen if !seen.is_empty() => Some(seen.iter().map(|(_, value)| *value).collect()),
            _ if one < groups => self.values[one].clone(),
            _ => None,
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

    /// What is known of a group from its figure in one part.
    fn show(&self, round: &Round<'_>, cut: &Cut<'_, '_>, node: usize, first: Number, system: &mut System) {
        let Some(own) = cut.at[node] else { return };
        let mass = &cut.part.nodes[own].mass;
        let ends = |(low, high): (i128, i128)| {
            let whole = |number: i128| i64::try_from(number).unwrap_or(i64::MAX / 4);
            Ends { low: whole(low), high: whole(high) }
        };
        if round.hidden[cut.number][own][SUMMARY] {
            if self.given.without != Some(Rule::Codes) {
                let code = code(self.given.preset, &cut.part.of.figures[cut.part.places[own]]);
                system.limit(first + cut.answered, ends(range(self.given.preset, mass.base, code)));
            }
            return;
        }
        system.limit(first + cut.answered, ends((mass.answered, mass.answered)));
        if !round.counts[cut.number][own] {
            for (quantity, count) in cut.counts.iter().zip(cut.part.counts(mass)) {
                system.limit(first + quantity, ends((count, count)));
            }
        }
    }

    /// The least width that a hidden count has by any one of: its own people without those of its published parts, its own n
    /// and margins, the nearest published population above, and what that leaves of it; and what the margins of that leave.
    fn says(&self, round: &Round<'_>, number: usize, node: usize, category: usize) -> i64 {
        let part = &self.item.parts[number];
        let (own, mut least) = (&part.nodes[node], i128::MAX);
        let mut say = |count: i128| least = least.min(count.abs());
        for (geometry, _) in &own.families {
            say(self.view(round, number, *geometry).rest(node).base);
        }
        say(own.mass.base);
        if !part.is_rate() && !round.hidden[number][node][SUMMARY] {
            say(own.mass.answered);
        }
        self.above(round, number, node, |mass, rest| {
            say(part.counts(mass)[category]);
            say(part.counts(rest)[category]);
        });
        for (margin, axis) in &part.margins {
            let of = &self.item.parts[*margin];
            let count = |mass: &Mass| {
                let counts = of.counts(mass);
                // Of a rate: who has answered.
                let place =
                    if of.is_rate() { 0 } else { slot(category, own.mass.counts.len(), counts.len(), *axis) };
                counts[place]
            };
            let Some(same) = part.same_in(of, node) else { continue };
            if !round.counts[*margin][same] {
                say(count(&of.nodes[same].mass));
            } else {
                self.above(round, *margin, same, |_, rest| say(count(rest)));
            }
        }
        i64::try_from(least).unwrap_or(i64::MAX)
    }

    fn view<'v>(&'v self, round: &'v Round<'_>, part: usize, geometry: Geometry) -> View<'v> {
        View { nodes: &self.item.parts[part].nodes, hidden: &round.counts[part], geometry }
    }

    /// The nearest published population above in each family, and what is left of it without what is published below.
    fn above(&self, round: &Round<'_>, part: usize, node: usize, mut says: impl FnMut(&Mass, &Mass)) {
        let of = &self.item.parts[part];
        for (geometry, published) in nearest_published(of, &round.counts[part], node) {
            says(&of.nodes[published].mass, &self.view(round, part, geometry).rest(published));
        }
    }
}

impl Block {
    /// The first number of some of its people.
    fn number(&self, one: usize) -> Option<Number> {
        self.members.binary_search(&one).ok().map(|place| self.first[place])
    }
}

/// The nearest published node above in each family.
pub(crate) fn nearest_published(part: &Part<'_>, hidden: &[bool], node: usize) -> Vec<(Geometry, usize)> {
    let mut found = Vec::new();
    for (geometry, first) in &part.above[node] {
        let mut next = Some(*first);
        while let Some(one) = next {
            if !hidden[one] {
                found.push((*geometry, one));
                break;
            }
            let up = &part.above[one];
            next = up.iter().find(|(family, _)| family == geometry).or(up.first()).map(|(_, above)| *above);
        }
    }
    found
}
