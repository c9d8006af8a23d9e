//! What follows of all that is shown of an item, of the sizes of all groups, and of counts being whole numbers.
//!
//! Everybody of a population stands in one cell: both bands known, one of them, or none. All that can be shown is a sum
//! of cells, and what is true of cells in a tree is true of their sums. People of a parent who are in none of its
//! children, and people who are in two, are populations too, of a size that is known.

use crate::bounds::{Ends, Number, System};
use crate::item::{FULL, LinkedItem, Part, Reasons};
use crate::primary::{Mass, margin};
use crate::secondary::View;
use crate::{Axis, Measure, Reason, Role};

/// A hidden count that is known too narrowly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Exposed {
    pub(crate) part: usize,
    pub(crate) node: usize,
}

/// Which figures have a hidden count that follows from what is shown more narrowly than from any one of what it belongs
/// to. Without `crosses` every cross is taken as hidden, and margins alone are looked at. In order, each once.
pub(crate) fn exposed(
    item: &LinkedItem<'_>,
    tables: &[Table],
    hidden: &[Vec<Reasons>],
    crosses: bool,
) -> Vec<Exposed> {
    let mut found = Vec::new();
    for table in tables {
        let looked_at =
            |part: &usize| crosses || item.parts[*part].margins.is_empty() || table.parts.len() == 1;
        let some_hidden = table
            .parts
            .iter()
            .filter(|part| looked_at(part))
            .any(|part| hidden[*part].iter().any(|reasons| reasons[FULL].is_some()));
        if some_hidden {
            found.extend(Certificate::of(item, table, hidden, looked_at).exposed(looked_at));
        }
    }
    found
}

/// Parts of an item that are cut into cells together, and what is true of each population.
pub(crate) struct Table {
    parts: Vec<usize>,
    cells: Cells,
    /// Every quantity of every node.
    truth: Vec<Vec<i64>>,
}

/// How the people of a population are cut: quantities are cells first, then sums of what stands before them.
struct Cells {
    cells: usize,
    /// Each sum, in as many ways as there are.
    sums: Vec<Vec<Vec<usize>>>,
    /// For each part its counts and their sum.
    parts: Vec<(Vec<usize>, usize)>,
    /// For each part the sum of its positive answers, if that may be shown.
    positive: Vec<Option<usize>>,
    /// All people.
    all: usize,
}

/// An item's tables: a cross with both its margins where they are of the same populations, and every other part by itself.
pub(crate) fn tables(item: &LinkedItem<'_>) -> Vec<Table> {
    let mut tables = Vec::new();
    let mut together = vec![false; item.parts.len()];
    for (cross, part) in item.parts.iter().enumerate() {
        let margin = |axis| part.margins.iter().find(|(_, of)| *of == axis).map(|(margin, _)| *margin);
        if let (Some(rows), Some(columns)) = (margin(Axis::Rows), margin(Axis::Columns)) {
            let parts = vec![rows, columns, cross];
            if parts.iter().all(|other| !together[*other])
                && let Some(table) = Table::of(item, parts, crossed(part.of.categories.len()))
            {
                table.parts.iter().for_each(|part| together[*part] = true);
                tables.push(table);
            }
        }
    }
    for (part, _) in together.iter().enumerate().filter(|(_, together)| !**together) {
        tables.extend(Table::of(item, vec![part], alone(&item.parts[part])));
    }
    tables
}

impl Table {
    /// None where the figures of the parts are not those of the same populations, cut like this.
    fn of(item: &LinkedItem<'_>, parts: Vec<usize>, cells: Cells) -> Option<Self> {
        let first = &item.parts[parts[0]];
        if parts.iter().any(|part| item.parts[*part].populations != first.populations) {
            return None;
        }
        let of_node = |node| {
            let values = values(item, &parts, &cells, node)?;
            values[..cells.cells].iter().all(|value| *value >= 0).then_some(values)
        };
        let truth = (0..first.nodes.len()).map(of_node).collect::<Option<_>>()?;
        Some(Self { parts, cells, truth })
    }
}

/// Counts of a section alone, and those who are in none.
fn alone(part: &Part<'_>) -> Cells {
    let counts: Vec<usize> = (0..part.nodes.first().map_or(0, |node| node.mass.counts.len())).collect();
    let none = counts.len();
    // A section without counts has those who answered.
    let (counts, cells) = if counts.is_empty() { (vec![0], 2) } else { (counts, none + 1) };
    let answered = cells;
    let mut sums = vec![vec![counts.clone()], vec![vec![answered, cells - 1]]];
    let positive: Vec<usize> = part
        .of
        .categories
        .iter()
        .enumerate()
        .filter(|(_, category)| category.role == Role::Positive)
        .map(|(category, _)| category)
        .collect();
    let is_shown = part.of.measure == Measure::Likert && !positive.is_empty();
    let positive = is_shown.then(|| {
        sums.push(vec![positive]);
        cells + 2
    });
    Cells { cells, sums, parts: vec![(counts, answered)], positive: vec![positive], all: cells + 1 }
}

/// A cross of so many bands either way and its margins. Cells: the cross row by row, rows alone, columns alone, none.
fn crossed(side: usize) -> Cells {
    let cross = |row: usize, column: usize| row * side + column;
    let (only_row, only_column, none) = (side * side, side * side + side, side * side + 2 * side);
    let cells = none + 1;
    let mut sums: Vec<Vec<Vec<usize>>> = Vec::new();
    let mut sum = |ways: Vec<Vec<usize>>| {
        sums.push(ways);
        cells + sums.len() - 1
    };
    let in_row: Vec<usize> =
        (0..side).map(|row| sum(vec![(0..side).map(|column| cross(row, column)).collect()])).collect();
    let in_column: Vec<usize> =
        (0..side).map(|column| sum(vec![(0..side).map(|row| cross(row, column)).collect()])).collect();
    let rows: Vec<usize> = (0..side).map(|row| sum(vec![vec![in_row[row], only_row + row]])).collect();
    let columns: Vec<usize> =
        (0..side).map(|column| sum(vec![vec![in_column[column], only_column + column]])).collect();
    let both = sum(vec![in_row, in_column]);
    let (of_rows, of_columns) = (sum(vec![rows.clone()]), sum(vec![columns.clone()]));
    let without =
        |known: usize, only: usize| [vec![known], (only..only + side).collect(), vec![none]].concat();
    let all = sum(vec![without(of_rows, only_column), without(of_columns, only_row)]);
    let parts = vec![(rows, of_rows), (columns, of_columns), ((0..side * side).collect(), both)];
    Cells { cells, sums, parts, positive: vec![None; 3], all }
}

/// The true quantities of a population; none where its figures contradict each other.
fn values(item: &LinkedItem<'_>, parts: &[usize], cells: &Cells, node: usize) -> Option<Vec<i64>> {
    let mass = |part: usize| &item.parts[part].nodes[node].mass;
    let whole = |number: i128| i64::try_from(number).ok();
    let mut values: Vec<i64> = Vec::with_capacity(cells.cells + cells.sums.len());
    let base = mass(parts[0]).base;
    match parts {
        [rows, columns, cross] => {
            let counts = &mass(*cross).counts;
            let side = mass(*rows).counts.len();
            let only = |margins: &Mass, axis| {
                let within = margin(counts, side, axis);
                margins.counts.iter().zip(within).map(|(all, within)| all - within).collect::<Vec<i128>>()
            };
            let (row, column) = (only(mass(*rows), Axis::Rows), only(mass(*columns), Axis::Columns));
            let none = base - mass(*rows).answered - column.iter().sum::<i128>();
            for number in counts.iter().chain(&row).chain(&column).chain([&none]) {
                values.push(whole(*number)?);
            }
        }
        _ => {
            let mass = mass(parts[0]);
            let counts = if mass.counts.is_empty() { vec![mass.answered] } else { mass.counts.clone() };
            for number in counts.iter().chain([&(base - mass.answered)]) {
                values.push(whole(*number)?);
            }
        }
    }
    for ways in &cells.sums {
        values.push(ways[0].iter().map(|quantity| values[*quantity]).sum());
    }
    Some(values)
}

/// An item's system, and what it is about.
struct Certificate<'a, 'i> {
    item: &'i LinkedItem<'a>,
    table: &'i Table,
    hidden: &'i [Vec<Reasons>],
    system: System,
    /// The number of each quantity of each population.
    numbers: Vec<Vec<Number>>,
}

impl<'a, 'i> Certificate<'a, 'i> {
    fn of(
        item: &'i LinkedItem<'a>,
        table: &'i Table,
        hidden: &'i [Vec<Reasons>],
        looked_at: impl Fn(&usize) -> bool,
    ) -> Self {
        let Table { parts, cells, truth } = table;
        let numbers = Vec::with_capacity(truth.len());
        let mut this = Self { item, table, hidden, system: System::default(), numbers };
        for values in truth {
            let numbers = this.population(values[cells.all]);
            this.numbers.push(numbers);
        }
        for (at, part) in parts.iter().enumerate().filter(|(_, part)| looked_at(part)) {
            let (counts, answered) = &cells.parts[at];
            for (node, values) in truth.iter().enumerate() {
                let mut know =
                    |quantity: usize| this.system.set(this.numbers[node][quantity], values[quantity]);
                let [summary, full] = hidden[*part][node];
                if full.is_none() {
                    counts.iter().for_each(|count| know(*count));
                }
                if summary.is_none() {
                    know(*answered);
                    cells.positive[at].into_iter().for_each(know);
                }
            }
        }
        for (parent, node) in item.parts[parts[0]].nodes.iter().enumerate() {
            for (_, children) in &node.families {
                this.family(parent, children);
            }
        }
        this
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
        let Table { cells, truth, .. } = self.table;
        let (mut outside, mut twice) = (0, 0);
        for (cell, all) in truth[parent].iter().enumerate().take(cells.cells) {
            let rest = all - children.iter().map(|child| truth[*child][cell]).sum::<i64>();
            outside += rest.max(0);
            twice += (-rest).max(0);
        }
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

    fn exposed(mut self, looked_at: impl Fn(&usize) -> bool) -> Vec<Exposed> {
        // Counts of nobody may be known: that there is nobody is about nobody.
        let mut counts: Vec<(Exposed, Number, i64)> = Vec::new();
        for (part, (quantities, _)) in self.table.parts.iter().zip(&self.table.cells.parts) {
            if !looked_at(part) {
                continue;
            }
            for (node, numbers) in self.numbers.iter().enumerate() {
                if self.hidden[*part][node][FULL].is_none() {
                    continue;
                }
                let of = &self.item.parts[*part].nodes[node].mass.counts;
                for (category, quantity) in quantities.iter().enumerate() {
                    if of.get(category).is_some_and(|value| *value > 0) {
                        let says = self.says(*part, node, category);
                        counts.push((Exposed { part: *part, node }, numbers[*quantity], says));
                    }
                }
            }
        }
        let numbers: Vec<Number> = counts.iter().map(|(_, number, _)| *number).collect();
        let narrowed = self.system.propagate().and_then(|()| self.system.try_ends(&numbers));
        debug_assert!(narrowed.is_ok(), "the truth contradicts nothing");
        let too_narrow = |ends: Ends, says: i64| ends.width() == 0 || ends.width() < 2 && ends.width() < says;
        let mut exposed: Vec<Exposed> = counts
            .into_iter()
            .filter(|(_, number, says)| too_narrow(self.system.ends(*number), *says))
            .map(|(exposed, ..)| exposed)
            .collect();
        exposed.sort_unstable();
        exposed.dedup();
        exposed
    }

    /// The least width that a hidden count has by any one of: its own base, its own margins, the nearest published
    /// population above, and what that leaves of it; and what the margins of that leave.
    fn says(&self, number: usize, node: usize, category: usize) -> i64 {
        let part = &self.item.parts[number];
        let mut least = part.nodes[node].mass.base;
        let mut say = |count: i128| least = least.min(count);
        self.above(number, node, |mass, rest| {
            say(mass.counts[category]);
            say(rest.counts[category]);
        });
        for (margin, axis) in &part.margins {
            let side = part.of.categories.len();
            let place = match axis {
                Axis::Rows => category / side,
                Axis::Columns => category % side,
            };
            let of = &self.item.parts[*margin];
            let Some(same) = part.same_in(of, node) else { continue };
            if self.hidden[*margin][same][FULL].is_none() {
                say(of.nodes[same].mass.counts[place]);
            } else {
                self.above(*margin, same, |_, rest| say(rest.counts[place]));
            }
        }
        i64::try_from(least).unwrap_or(i64::MAX)
    }

    /// The nearest published population above in each family, and what is left of it without what is published below.
    fn above(&self, part: usize, node: usize, mut says: impl FnMut(&Mass, &Mass)) {
        let hidden: Vec<Option<Reason>> = self.hidden[part].iter().map(|reasons| reasons[FULL]).collect();
        let of = &self.item.parts[part];
        for (geometry, published) in nearest_published(of, &hidden, node) {
            let view = View { nodes: &of.nodes, hidden: &hidden, geometry };
            says(&of.nodes[published].mass, &view.rest(published));
        }
    }
}

/// The nearest published node above in each family.
pub(crate) fn nearest_published(
    part: &Part<'_>,
    hidden: &[Option<Reason>],
    node: usize,
) -> Vec<(crate::Geometry, usize)> {
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
