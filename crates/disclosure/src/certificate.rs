//! What follows of all that is shown of an item, of the sizes of all groups, and of counts being whole numbers.
//!
//! People of a parent who are in none of its children, and people who are in several, are populations too, of a size that is
//! known from the roll. What a code says of a hidden figure is shown as well.

use crate::bounds::{Contradiction, Ends, Number, System};
use crate::cells::{Cut, Table};
use crate::codes::{code, range};
use crate::item::{Hidden, LinkedItem, Part, SUMMARY};
use crate::primary::{Mass, slot};
use crate::rule::Rule;
use crate::secondary::View;
use crate::{Geometry, Preset};

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

/// Which figures have a hidden count that follows from what is shown more narrowly than from any one of what it belongs
/// to. Without `crosses` every cross is taken as hidden. In order, each once.
pub(crate) fn exposed(
    item: &LinkedItem<'_>,
    tables: &[Table<'_, '_>],
    hidden: &[Vec<Hidden>],
    given: Given<'_>,
    crosses: bool,
) -> Vec<Exposed> {
    let mut found = Vec::new();
    for table in tables {
        let looked_at = |cut: &&Cut<'_, '_>| crosses || !cut.is_cross;
        let is_hidden = |cut: &Cut<'_, '_>| hidden[cut.number].iter().any(|hidden| hidden[cut.part.tier()]);
        if table.parts.iter().filter(looked_at).any(is_hidden) {
            let certificate = Certificate::of(item, table, hidden, given, crosses);
            let all = certificate.hidden_figures();
            // What is shown is true of those on the roll, so it does not contradict itself; if it does, all is exposed.
            found.extend(certificate.exposed().unwrap_or(all));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// An item's system, and what it is about.
struct Certificate<'t, 'i, 'a> {
    item: &'t LinkedItem<'a>,
    table: &'t Table<'i, 'a>,
    hidden: &'t [Vec<Hidden>],
    crosses: bool,
    system: System,
    /// The number of each quantity of each population.
    numbers: Vec<Vec<Number>>,
    /// For each part whether its counts are hidden.
    counts_hidden: Vec<Vec<bool>>,
}

impl<'t, 'i, 'a> Certificate<'t, 'i, 'a> {
    fn of(
        item: &'t LinkedItem<'a>,
        table: &'t Table<'i, 'a>,
        hidden: &'t [Vec<Hidden>],
        given: Given<'_>,
        crosses: bool,
    ) -> Self {
        let of_part = |(part, hidden): (&Part<'_>, &Vec<Hidden>)| {
            hidden.iter().map(|hidden| hidden[part.tier()]).collect()
        };
        let counts_hidden = item.parts.iter().zip(hidden).map(of_part).collect();
        let (system, numbers) = (System::default(), Vec::with_capacity(table.nodes.len()));
        let mut this = Self { item, table, hidden, crosses, system, numbers, counts_hidden };
        this.people();
        for cut in table.parts.iter().filter(|cut| crosses || !cut.is_cross) {
            for node in 0..table.nodes.len() {
                this.shown(cut, node, given);
            }
        }
        this
    }

    /// What is known of a population from its figure in one part.
    fn shown(&mut self, cut: &Cut<'_, '_>, node: usize, given: Given<'_>) {
        let Some(own) = cut.at[node] else { return };
        let numbers = &self.numbers[node];
        let mass = &cut.part.nodes[own].mass;
        let whole = |number: i128| i64::try_from(number).unwrap_or(i64::MAX);
        let [summary, full] = self.hidden[cut.number][own];
        if summary {
            if given.without != Some(Rule::Codes) {
                let code = code(given.preset, &cut.part.of.figures[cut.part.places[own]]);
                let (low, high) = range(given.preset, mass.base, code);
                let ends = Ends { low: whole(low), high: whole(high) };
                self.system.limit(numbers[cut.answered], ends);
            }
            return;
        }
        self.system.set(numbers[cut.answered], whole(mass.answered));
        if cut.part.is_rate() || !full {
            for (quantity, count) in cut.counts.iter().zip(cut.part.counts(mass)) {
                self.system.set(numbers[*quantity], whole(count));
            }
        }
    }

    /// The numbers of a population of a known size.
    fn population(&mut self, size: i64) -> Vec<Number> {
        let cells = &self.table.cells;
        let numbers: Vec<Number> = (0..cells.quantities()).map(|_| self.system.number(size)).collect();
        for (sum, ways) in cells.sums.iter().enumerate() {
            for way in ways {
                let parts = way.iter().map(|quantity| numbers[*quantity]).collect();
                self.system.equal(vec![numbers[cells.cells + sum]], parts);
            }
        }
        self.system.set(numbers[cells.all], size);
        numbers
    }

    /// A group and those who are in several of its parts are its parts and those who are in none; one without parts is all
    /// who are in it.
    fn people(&mut self) {
        let table = self.table;
        let mut sizes = vec![0; table.nodes.len()];
        let mut within = vec![Vec::new(); table.nodes.len()];
        for (atom, (nodes, people)) in table.atoms.iter().enumerate() {
            for node in nodes {
                sizes[*node] += people;
                within[*node].push(atom);
            }
        }
        for size in sizes {
            let numbers = self.population(size);
            self.numbers.push(numbers);
        }
        let atoms: Vec<(&Vec<usize>, &i64)> = table.atoms.iter().collect();
        let mut numbers: Vec<Option<Vec<Number>>> = vec![None; atoms.len()];
        // Who is alone in a group without parts is that group.
        let is_leaf = |node: usize| table.nodes[node].families.is_empty();
        for node in (0..table.nodes.len()).filter(|node| is_leaf(*node)) {
            if let [atom] = within[node][..] {
                numbers[atom].get_or_insert_with(|| self.numbers[node].clone());
            }
        }
        for (node, of) in table.nodes.iter().enumerate() {
            let mut families: Vec<&[usize]> = of.families.iter().map(|(_, children)| &children[..]).collect();
            if families.is_empty() {
                families.push(&[]);
            }
            for children in families {
                let mut one = vec![self.numbers[node].clone()];
                let mut other: Vec<_> = children.iter().map(|child| self.numbers[*child].clone()).collect();
                for atom in &within[node] {
                    let (nodes, people) = atoms[*atom];
                    let times = children.iter().filter(|child| nodes.binary_search(child).is_ok()).count();
                    if times != 1 {
                        let own = numbers[*atom].get_or_insert_with(|| self.population(*people)).clone();
                        let side = if times == 0 { &mut other } else { &mut one };
                        side.extend(std::iter::repeat_n(own, times.abs_diff(1)));
                    }
                }
                if one != other {
                    self.same(&one, &other);
                }
            }
        }
    }

    /// These populations together are the same people as those.
    fn same(&mut self, one: &[Vec<Number>], other: &[Vec<Number>]) {
        for quantity in 0..self.table.cells.quantities() {
            let side = |populations: &[Vec<Number>]| populations.iter().map(|of| of[quantity]).collect();
            self.system.equal(side(one), side(other));
        }
    }

    /// Those that are known too narrowly.
    fn exposed(mut self) -> Result<Vec<Exposed>, Contradiction> {
        let counts = self.counts();
        let numbers: Vec<Number> = counts.iter().map(|(_, number, _)| *number).collect();
        self.system.propagate().and_then(|()| self.system.try_ends(&numbers))?;
        let too_narrow = |ends: Ends, says: i64| ends.width() == 0 || ends.width() < 2 && ends.width() < says;
        let exposed =
            counts.into_iter().filter(|(_, number, says)| too_narrow(self.system.ends(*number), *says));
        Ok(exposed.map(|(exposed, ..)| exposed).collect())
    }

    /// Every figure with a hidden count.
    fn hidden_figures(&self) -> Vec<Exposed> {
        self.counts().into_iter().map(|(exposed, ..)| exposed).collect()
    }

    /// The hidden counts, with the least width that each has by any one figure.
    fn counts(&self) -> Vec<(Exposed, Number, i64)> {
        // Counts of nobody may be known: that there is nobody is about nobody.
        let mut counts = Vec::new();
        for cut in self.table.parts.iter().filter(|cut| self.crosses || !cut.is_cross) {
            for (numbers, own) in self.numbers.iter().zip(&cut.at) {
                let Some(node) = own.filter(|own| self.counts_hidden[cut.number][*own]) else { continue };
                let of = cut.part.counts(&cut.part.nodes[node].mass);
                for (category, quantity) in cut.counts.iter().enumerate() {
                    if of.get(category).is_some_and(|value| *value > 0) {
                        let says = self.says(cut.number, node, category);
                        counts.push((Exposed { part: cut.number, node }, numbers[*quantity], says));
                    }
                }
            }
        }
        counts
    }

    /// The least width that a hidden count has by any one of: its own people without those of its published parts, its own n
    /// and margins, the nearest published population above, and what that leaves of it; and what the margins of that leave.
    fn says(&self, number: usize, node: usize, category: usize) -> i64 {
        let part = &self.item.parts[number];
        let (own, mut least) = (&part.nodes[node], i128::MAX);
        let mut say = |count: i128| least = least.min(count.abs());
        for (geometry, _) in &own.families {
            say(self.view(number, *geometry).rest(node).base);
        }
        say(own.mass.base);
        if !part.is_rate() && !self.hidden[number][node][SUMMARY] {
            say(own.mass.answered);
        }
        self.above(number, node, |mass, rest| {
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
            if !self.counts_hidden[*margin][same] {
                say(count(&of.nodes[same].mass));
            } else {
                self.above(*margin, same, |_, rest| say(count(rest)));
            }
        }
        i64::try_from(least).unwrap_or(i64::MAX)
    }

    fn view(&self, part: usize, geometry: Geometry) -> View<'_> {
        View { nodes: &self.item.parts[part].nodes, hidden: &self.counts_hidden[part], geometry }
    }

    /// The nearest published population above in each family, and what is left of it without what is published below.
    fn above(&self, part: usize, node: usize, mut says: impl FnMut(&Mass, &Mass)) {
        let of = &self.item.parts[part];
        for (geometry, published) in nearest_published(of, &self.counts_hidden[part], node) {
            says(&of.nodes[published].mass, &self.view(part, geometry).rest(published));
        }
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
