//! How the people of a population are cut: everybody stands in one cell, and all that can be shown is a sum of cells.
//!
//! What is known of a person is a band or none, and of who has none whether anything is known at all (a rate); both ways
//! where there is a cross table. What is true of cells in a tree is true of their sums.

use crate::item::{LinkedItem, Part};
use crate::primary::margin;
use crate::secondary::Node;
use crate::{Axis, Measure};

/// Parts of an item that are cut into cells together.
pub(crate) struct Table<'i, 'a> {
    /// The populations of all parts.
    pub(crate) nodes: &'i [Node],
    pub(crate) parts: Vec<Cut<'i, 'a>>,
    pub(crate) cells: Cells,
}

/// A part of a table.
pub(crate) struct Cut<'i, 'a> {
    pub(crate) number: usize,
    pub(crate) part: &'i Part<'a>,
    /// For each of the table's nodes the part's own.
    pub(crate) at: Vec<Option<usize>>,
    /// The quantities of its counts, and of who has answered.
    pub(crate) counts: Vec<usize>,
    pub(crate) answered: usize,
    /// Whether it is the cross of the table's other parts.
    pub(crate) is_cross: bool,
}

/// Quantities of a population: cells first, then sums of what stands before them.
pub(crate) struct Cells {
    pub(crate) cells: usize,
    /// Each sum, in as many ways as there are.
    pub(crate) sums: Vec<Vec<Vec<usize>>>,
    /// All people.
    pub(crate) all: usize,
}

/// One way in which something is known: its bands, and whether a rate says of how many anything is.
#[derive(Clone, Copy)]
struct Way {
    bands: usize,
    covered: bool,
}

/// Sums over one way.
struct Lines {
    bands: Vec<usize>,
    known: usize,
    /// With who is known elsewhere, and who nowhere.
    covered: Option<[usize; 2]>,
}

/// An item's tables: a cross with its margins and their rates, and every other part with its rate.
pub(crate) fn tables<'i, 'a>(item: &'i LinkedItem<'a>) -> Vec<Table<'i, 'a>> {
    let mut tables = Vec::new();
    let mut together = vec![false; item.parts.len()];
    for (cross, part) in item.parts.iter().enumerate() {
        let margin = |axis| part.margins.iter().find(|(_, of)| *of == axis).map(|(margin, _)| *margin);
        if let (Some(rows), Some(columns)) = (margin(Axis::Rows), margin(Axis::Columns))
            && !together[rows]
            && !together[columns]
            && let Some(table) = Table::of(item, rows, Some((columns, cross)))
        {
            [rows, columns, cross].into_iter().for_each(|part| together[part] = true);
            tables.push(table);
        }
    }
    let alone = |(number, part): &(usize, &Part<'_>)| !part.given && !together[*number];
    tables.extend(
        item.parts.iter().enumerate().filter(alone).filter_map(|(part, _)| Table::of(item, part, None)),
    );
    tables
}

impl<'i, 'a> Table<'i, 'a> {
    /// None where the parts are not of the same populations.
    fn of(item: &'i LinkedItem<'a>, rows: usize, more: Option<(usize, usize)>) -> Option<Self> {
        let rate = |part: usize| {
            let is_rate = |(margin, _): &&(usize, Axis)| item.parts[*margin].is_rate();
            let own = item.parts[part].is_rate().then_some(part);
            own.or(item.parts[part].margins.iter().find(is_rate).map(|(margin, _)| *margin))
        };
        let way = |part: usize| Way {
            bands: if item.parts[part].is_rate() { 0 } else { bands(&item.parts[part]) },
            covered: rate(part).is_some(),
        };
        let (cells, lines) = cut(way(rows), more.map(|(columns, _)| way(columns)));
        let mut members = Vec::new();
        for (part, lines) in [Some(rows), more.map(|(columns, _)| columns)].into_iter().flatten().zip(&lines)
        {
            if let (Some(rate), Some(covered)) = (rate(part), lines.covered) {
                members.push((rate, covered.to_vec(), covered[0], false));
            }
            if !item.parts[part].is_rate() {
                members.push((part, lines.bands.clone(), lines.known, false));
            }
        }
        if let Some((columns, cross)) = more {
            let side = way(columns).bands;
            let width = side + 1 + usize::from(way(columns).covered);
            let counts = (0..way(rows).bands * side).map(|place| place / side * width + place % side);
            // The sum of the whole cross is the last.
            members.push((cross, counts.collect(), cells.cells + cells.sums.len() - 1, true));
        }
        let widest =
            members.iter().map(|(part, ..)| &item.parts[*part]).max_by_key(|part| part.nodes.len())?;
        let of_widest = |part: &Part<'_>| part.populations.iter().all(|one| widest.node_of(*one).is_some());
        if !members.iter().all(|(part, ..)| of_widest(&item.parts[*part])) {
            return None;
        }
        let parts = members.into_iter().map(|(number, counts, answered, is_cross)| {
            let part = &item.parts[number];
            let at = widest.populations.iter().map(|population| part.node_of(*population)).collect();
            Cut { number, part, at, counts, answered, is_cross }
        });
        Some(Self { nodes: &widest.nodes, parts: parts.collect(), cells })
    }

    /// The sizes of a population: as the figures say, or as many as they count.
    pub(crate) fn size(&self, node: usize) -> i64 {
        let counted = self.cuts(node).into_iter().flatten().map(|cut| cut.iter().sum());
        counted.max().unwrap_or(0)
    }

    /// The fewest people of a parent who are in none of its children, and who are in two.
    pub(crate) fn apart(&self, parent: usize, children: &[usize]) -> (i64, i64) {
        let below: Vec<Vec<Option<Vec<i64>>>> = children.iter().map(|child| self.cuts(*child)).collect();
        let mut outside = 0;
        for (cut, all) in self.cuts(parent).into_iter().enumerate() {
            let Some(mut rest) = all else { continue };
            let Some(below) = below.iter().map(|cuts| cuts[cut].as_ref()).collect::<Option<Vec<_>>>() else {
                continue;
            };
            for counts in below {
                rest.iter_mut().zip(counts).for_each(|(rest, count)| *rest -= count);
            }
            outside = outside.max(rest.into_iter().map(|rest| rest.max(0)).sum::<i64>());
        }
        let difference = self.size(parent) - children.iter().map(|child| self.size(*child)).sum::<i64>();
        let outside = outside.max(difference);
        (outside, outside - difference)
    }

    /// A population by each part: its counts and who is in none, of a cross with those who are in one margin alone.
    fn cuts(&self, node: usize) -> Vec<Option<Vec<i64>>> {
        let cut = |cut: &Cut<'_, '_>| {
            let mass = &cut.part.nodes[cut.at[node]?].mass;
            let mut counts = cut.part.counts(mass);
            let mut within = mass.answered;
            if cut.is_cross {
                for (larger, axis) in &cut.part.margins {
                    let of = self.parts.iter().find(|other| other.number == *larger)?;
                    let mass = &of.part.nodes[of.at[node]?].mass;
                    let inside = margin(&counts[..cut.counts.len()], mass.counts.len(), *axis);
                    let only: Vec<i128> =
                        mass.counts.iter().zip(inside).map(|(all, both)| all - both).collect();
                    within += only.iter().sum::<i128>();
                    counts.extend(only);
                }
            }
            if !cut.part.is_rate() {
                counts.push((mass.base - within).max(0));
            }
            counts.into_iter().map(|count| i64::try_from(count).ok()).collect()
        };
        self.parts.iter().map(cut).collect()
    }
}

/// How many counts a part has.
fn bands(part: &Part<'_>) -> usize {
    match part.of.measure {
        Measure::SelfVsDemonstrated => part.of.categories.len().pow(2),
        _ => part.of.categories.len(),
    }
}

/// Cells row by row: bands, known elsewhere, known nowhere; and their sums. The sum of a cross is the last.
fn cut(rows: Way, columns: Option<Way>) -> (Cells, Vec<Lines>) {
    let (height, width) = (rows.values(), columns.map_or(1, Way::values));
    let mut cells = Cells { cells: height * width, sums: Vec::new(), all: 0 };
    let mut lines = Vec::new();
    let mut every = Vec::new();
    let mut both = Vec::new();
    match columns {
        None => lines.push(cells.lines(rows, (0..height).collect(), &mut every)),
        Some(columns) => {
            for (way, other, is_row) in [(rows, columns, true), (columns, rows, false)] {
                let at = |line: usize, place: usize| {
                    if is_row { line * width + place } else { place * width + line }
                };
                let (mut whole, mut known) = (Vec::new(), Vec::new());
                for line in 0..way.values() {
                    let inside = cells.sum(vec![(0..other.bands).map(|place| at(line, place)).collect()]);
                    let rest = (other.bands..other.values()).map(|place| at(line, place));
                    whole.push(cells.sum(vec![[inside].into_iter().chain(rest).collect()]));
                    known.push(inside);
                }
                known.truncate(way.bands);
                both.push(known);
                lines.push(cells.lines(way, whole, &mut every));
            }
        }
    }
    cells.all = cells.sum(every);
    if !both.is_empty() {
        cells.sum(both);
    }
    (cells, lines)
}

impl Way {
    /// In how many ways somebody may be known.
    fn values(self) -> usize {
        self.bands + 1 + usize::from(self.covered)
    }
}

impl Cells {
    /// Another sum, in several ways.
    fn sum(&mut self, ways: Vec<Vec<usize>>) -> usize {
        self.sums.push(ways);
        self.cells + self.sums.len() - 1
    }

    /// Sums over lines; and how they make up all people.
    fn lines(&mut self, way: Way, lines: Vec<usize>, every: &mut Vec<Vec<usize>>) -> Lines {
        let known = self.sum(vec![lines[..way.bands].to_vec()]);
        let covered =
            way.covered.then(|| [self.sum(vec![vec![known, lines[way.bands]]]), lines[way.bands + 1]]);
        every.push(covered.map_or_else(|| vec![known, lines[way.bands]], Vec::from));
        Lines { bands: lines[..way.bands].to_vec(), known, covered }
    }
}
