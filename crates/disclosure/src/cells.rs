//! How the people of a population are cut: everybody stands in one cell, and all that can be shown is a sum of cells.
//!
//! What is known of a person is a band or none, and of who has none whether anything is known at all (a rate); both ways
//! where there is a cross table. What is true of cells in a tree is true of their sums.

use std::collections::BTreeMap;

use crate::item::{LinkedItem, Part};
use crate::secondary::Node;
use crate::{Axis, Measure};

/// Parts of an item that are cut into cells together.
pub(crate) struct Table<'i, 'a> {
    /// The populations of all parts.
    pub(crate) nodes: &'i [Node],
    /// People who are in the same of them, and how many.
    pub(crate) atoms: BTreeMap<Vec<usize>, i64>,
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
        let mut atoms = BTreeMap::new();
        for atom in item.roll {
            let nodes =
                atom.populations.iter().filter_map(|population| widest.node_of(*population)).collect();
            *atoms.entry(nodes).or_default() += i64::try_from(atom.people).ok()?;
        }
        Some(Self { nodes: &widest.nodes, atoms, parts: parts.collect(), cells })
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
    /// How many quantities there are.
    pub(crate) fn quantities(&self) -> usize {
        self.cells + self.sums.len()
    }

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
