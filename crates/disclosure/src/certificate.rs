//! What follows of all that is shown of an item, of the sizes of all groups, and of counts being whole numbers.
//!
//! People of a parent who are in none of its children, and people who are in two, are populations too, of a size that is
//! known. What a code says of a hidden figure is shown as well.

use crate::bounds::{Contradiction, Ends, Number, System};
use crate::cells::{Cut, Table};
use crate::codes::range;
use crate::item::{LinkedItem, Part, Reasons, SUMMARY};
use crate::primary::{Mass, slot};
use crate::rule::Rule;
use crate::secondary::View;
use crate::{Geometry, Preset, Reason};

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
    hidden: &[Vec<Reasons>],
    given: Given<'_>,
    crosses: bool,
) -> Vec<Exposed> {
    let mut found = Vec::new();
    for table in tables {
        let looked_at = |cut: &&Cut<'_, '_>| crosses || !cut.is_cross;
        let is_hidden =
            |cut: &Cut<'_, '_>| hidden[cut.number].iter().any(|reasons| reasons[cut.part.tier()].is_some());
        if table.parts.iter().filter(looked_at).any(is_hidden) {
            let of = |given| Certificate::of(item, table, hidden, given, crosses);
            // Where the codes and the rest cannot all be true, the codes are left out; if it is not they, all is exposed.
            let without = Given { without: given.without.or(Some(Rule::Codes)), ..given };
            let exposed = of(given).exposed().or_else(|Contradiction| of(without).exposed());
            found.extend(exposed.unwrap_or_else(|Contradiction| of(without).all()));
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
    hidden: &'t [Vec<Reasons>],
    crosses: bool,
    system: System,
    /// The number of each quantity of each population.
    numbers: Vec<Vec<Number>>,
    /// For each part why its counts are hidden.
    reasons: Vec<Vec<Option<Reason>>>,
}

impl<'t, 'i, 'a> Certificate<'t, 'i, 'a> {
    fn of(
        item: &'t LinkedItem<'a>,
        table: &'t Table<'i, 'a>,
        hidden: &'t [Vec<Reasons>],
        given: Given<'_>,
        crosses: bool,
    ) -> Self {
        let of_part = |(part, hidden): (&Part<'_>, &Vec<Reasons>)| {
            hidden.iter().map(|reasons| reasons[part.tier()]).collect()
        };
        let reasons = item.parts.iter().zip(hidden).map(of_part).collect();
        let (system, numbers) = (System::default(), Vec::with_capacity(table.nodes.len()));
        let mut this = Self { item, table, hidden, crosses, system, numbers, reasons };
        for node in 0..table.nodes.len() {
            let numbers = this.population(table.size(node));
            this.numbers.push(numbers);
        }
        for cut in table.parts.iter().filter(|cut| crosses || !cut.is_cross) {
            for node in 0..table.nodes.len() {
                this.shown(cut, node, given);
            }
        }
        for (parent, node) in table.nodes.iter().enumerate() {
            for (_, children) in &node.families {
                this.family(parent, children);
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
        if let Some(reason) = summary {
            // Without the rules that they name codes say something else.
            if !matches!(given.without, Some(Rule::Codes | Rule::SmallGroup | Rule::LowRate)) {
                let (low, high) = range(given.preset, mass.base, reason);
                let ends = Ends { low: whole(low), high: whole(high) };
                self.system.limit(numbers[cut.answered], ends);
            }
            return;
        }
        self.system.set(numbers[cut.answered], whole(mass.answered));
        if cut.part.is_rate() || full.is_none() {
            for (quantity, count) in cut.counts.iter().zip(cut.part.counts(mass)) {
                self.system.set(numbers[*quantity], whole(count));
            }
        }
    }

    /// The numbers of a population of a known size.
    fn population(&mut self, size: i64) -> Vec<Number> {
        let cells = &self.table.cells;
        let numbers: Vec<Number> =
            (0..cells.cells + cells.sums.len()).map(|_| self.system.number(size)).collect();
        for (sum, ways) in cells.sums.iter().enumerate() {
            for way in ways {
                let parts = way.iter().map(|quantity| numbers[*quantity]).collect();
                self.system.equal(vec![numbers[cells.cells + sum]], parts);
            }
        }
        self.system.set(numbers[cells.all], size);
        numbers
    }

    /// A parent and those who are in two of its children are its children and those who are in none.
    fn family(&mut self, parent: usize, children: &[usize]) {
        let (outside, twice) = self.table.apart(parent, children);
        let outside = (outside > 0).then(|| self.population(outside));
        let twice = (twice > 0).then(|| self.population(twice));
        for quantity in 0..self.numbers[parent].len() {
            let of = |numbers: &Option<Vec<Number>>| numbers.as_ref().map(|numbers| numbers[quantity]);
            let one = [self.numbers[parent][quantity]].into_iter().chain(of(&twice)).collect();
            let below = children.iter().map(|child| self.numbers[*child][quantity]);
            let other = below.chain(of(&outside)).collect();
            self.system.equal(one, other);
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
    fn all(self) -> Vec<Exposed> {
        self.counts().into_iter().map(|(exposed, ..)| exposed).collect()
    }

    /// The hidden counts, with the least width that each has by any one figure.
    fn counts(&self) -> Vec<(Exposed, Number, i64)> {
        // Counts of nobody may be known: that there is nobody is about nobody.
        let mut counts = Vec::new();
        for cut in self.table.parts.iter().filter(|cut| self.crosses || !cut.is_cross) {
            for (numbers, own) in self.numbers.iter().zip(&cut.at) {
                let Some(node) = own.filter(|own| self.reasons[cut.number][*own].is_some()) else { continue };
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
        say(self.view(number, Geometry::Tree).rest(node).base);
        if !part.is_rate() && self.hidden[number][node][SUMMARY].is_none() {
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
            if self.reasons[*margin][same].is_none() {
                say(count(&of.nodes[same].mass));
            } else {
                self.above(*margin, same, |_, rest| say(count(rest)));
            }
        }
        i64::try_from(least).unwrap_or(i64::MAX)
    }

    fn view(&self, part: usize, geometry: Geometry) -> View<'_> {
        View { nodes: &self.item.parts[part].nodes, hidden: &self.reasons[part], geometry }
    }

    /// The nearest published population above in each family, and what is left of it without what is published below.
    fn above(&self, part: usize, node: usize, mut says: impl FnMut(&Mass, &Mass)) {
        let of = &self.item.parts[part];
        for (geometry, published) in nearest_published(of, &self.reasons[part], node) {
            says(&of.nodes[published].mass, &self.view(part, geometry).rest(published));
        }
    }
}

/// The nearest published node above in each family.
pub(crate) fn nearest_published(
    part: &Part<'_>,
    hidden: &[Option<Reason>],
    node: usize,
) -> Vec<(Geometry, usize)> {
    let mut found = Vec::new();
    for (geometry, first) in &part.above[node] {
        let mut next = Some(*first);
        while let Some(one) = next {
            if hidden[one].is_none() {
                found.push((*geometry, one));
                break;
            }
            let up = &part.above[one];
            next = up.iter().find(|(family, _)| family == geometry).or(up.first()).map(|(_, above)| *above);
        }
    }
    found
}
