//! How the people of a population are cut: everybody stands in one cell, and all that can be shown is a sum of cells.
//!
//! What is known of a person is a band or none, both ways where there is a cross table. Of who has none a rate says whether
//! anything is known at all; that is cut by itself, as nothing is shown of it together with anything else. What is true of
//! cells is true of their sums.

use crate::item::{LinkedItem, Part};
use crate::kinds::Kinds;
use crate::primary::Mass;
use crate::{Axis, Measure};

/// Parts of an item that are cut into cells together.
pub(crate) struct Table<'i, 'a> {
    /// The part that has the populations of all.
    pub(crate) widest: &'i Part<'a>,
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
}

/// Quantities of a population: cells first, then sums of what stands before them.
pub(crate) struct Cells {
    pub(crate) cells: usize,
    /// Each sum, in as many ways as there are.
    pub(crate) sums: Vec<Vec<Vec<usize>>>,
    /// All people.
    pub(crate) all: usize,
    pub(crate) exchanges: Vec<Exchange>,
    /// Ways in which one person may stand otherwise: how many more are in each cell.
    pub(crate) moves: Vec<Vec<(usize, i64)>>,
}

/// Steps that people may stand otherwise by.
pub(crate) struct Exchange {
    pub(crate) steps: Vec<Step>,
    /// Whether the last step is what all others add up to; then no other has anything to do with what they hold together.
    pub(crate) adds_up: bool,
}

/// How many more are in each cell by a step, and what it alone does to quantities.
pub(crate) struct Step {
    pub(crate) cells: Vec<(usize, i64)>,
    pub(crate) held: Vec<(usize, i64)>,
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

/// A table for each part with its rate, and one for a cross with both margins.
pub(crate) fn tables<'i, 'a>(item: &'i LinkedItem<'a>) -> [Vec<Table<'i, 'a>>; 2] {
    let margin = |part: &Part<'_>, wanted: Axis| {
        part.margins.iter().find(|(_, axis)| *axis == wanted).map(|(margin, _)| *margin)
    };
    let is_cross = |part: &Part<'_>| part.margins.iter().any(|(_, axis)| *axis != Axis::Whole);
    let (mut alone, mut crosses) = (Vec::new(), Vec::new());
    for (number, part) in item.parts.iter().enumerate().filter(|(_, part)| !part.given) {
        match (margin(part, Axis::Rows), margin(part, Axis::Columns)) {
            (Some(rows), Some(columns)) => crosses.extend(Table::of(item, rows, Some((columns, number)))),
            _ if !is_cross(part) => alone.extend(Table::of(item, number, None)),
            _ => (),
        }
    }
    [alone, crosses]
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
        let (cells, lines, both) = cut(way(rows), more.map(|(columns, _)| way(columns)));
        let mut members = Vec::new();
        for (part, lines) in [Some(rows), more.map(|(columns, _)| columns)].into_iter().flatten().zip(&lines)
        {
            if let (Some(rate), Some(covered)) = (rate(part), lines.covered) {
                members.push((rate, covered.to_vec(), covered[0]));
            }
            if !item.parts[part].is_rate() {
                members.push((part, lines.bands.clone(), lines.known));
            }
        }
        if let (Some((columns, cross)), Some(both)) = (more, both) {
            let side = way(columns).bands;
            let counts = (0..way(rows).bands * side).map(|place| place / side * (side + 1) + place % side);
            members.push((cross, counts.collect(), both));
        }
        let widest =
            members.iter().map(|(part, ..)| &item.parts[*part]).max_by_key(|part| part.nodes.len())?;
        let of_widest = |part: &Part<'_>| part.populations.iter().all(|one| widest.node_of(*one).is_some());
        if !members.iter().all(|(part, ..)| of_widest(&item.parts[*part])) {
            return None;
        }
        let parts = members.into_iter().map(|(number, counts, answered)| {
            let part = &item.parts[number];
            let at = widest.populations.iter().map(|population| part.node_of(*population)).collect();
            Cut { number, part, at, counts, answered }
        });
        Some(Self { widest, parts: parts.collect(), cells })
    }

    /// The quantities of a node by its figures, hidden or not; where it lacks some, as if nobody were in them.
    pub(crate) fn quantities(&self, node: usize) -> Vec<i64> {
        let figures = self.parts.iter().map(|cut| Some(cut.part.nodes[cut.at[node]?].mass.clone()));
        let size = i64::try_from(self.widest.nodes[node].mass.base).unwrap_or(i64::MAX / 4);
        self.filled(size, &figures.collect::<Vec<_>>())
    }

    /// The same of people of some kinds, where all of that is told.
    pub(crate) fn told(&self, size: i64, kinds: &Kinds, of: &[usize]) -> Option<Vec<i64>> {
        let figures = self.parts.iter().map(|cut| Some(Some(cut.part.together(kinds, of)?)));
        Some(self.filled(size, &figures.collect::<Option<Vec<_>>>()?))
    }

    /// Quantities of so many people from figures, by part.
    fn filled(&self, size: i64, figures: &[Option<Mass>]) -> Vec<i64> {
        let whole = |number: i128| i64::try_from(number).unwrap_or(i64::MAX / 4);
        let mut all = vec![None; self.cells.quantities()];
        all[self.cells.all] = Some(size);
        for (cut, mass) in self.parts.iter().zip(figures) {
            let Some(mass) = mass else { continue };
            all[cut.answered] = Some(whole(mass.answered));
            for (quantity, count) in cut.counts.iter().zip(cut.part.counts(mass)) {
                all[*quantity] = Some(whole(count));
            }
        }
        // What one of a sum must be where all others are known; again until nothing is new.
        let sums = || self.cells.sums.iter().enumerate();
        while sums().any(|(sum, ways)| {
            let sum = self.cells.cells + sum;
            ways.iter().any(|way| complete(&mut all, sum, way))
        }) {}
        all.into_iter().map(|quantity| quantity.unwrap_or(0)).collect()
    }
}

/// Fills in a sum, or the one that it lacks; whether anything was.
fn complete(all: &mut [Option<i64>], sum: usize, parts: &[usize]) -> bool {
    let mut open = [sum].into_iter().chain(parts.iter().copied()).filter(|quantity| all[*quantity].is_none());
    let (Some(one), None) = (open.next(), open.next()) else { return false };
    let known: i64 = parts.iter().filter_map(|part| all[*part]).sum();
    all[one] = Some(if one == sum { known } else { all[sum].unwrap_or(0) - known });
    true
}

/// How many counts a part has.
fn bands(part: &Part<'_>) -> usize {
    match part.of.measure {
        Measure::SelfVsDemonstrated => part.of.categories.len().pow(2),
        _ => part.of.categories.len(),
    }
}

/// Cells row by row, bands and none; of a way with a rate known elsewhere and known nowhere; their sums, and that of a
/// cross.
fn cut(rows: Way, columns: Option<Way>) -> (Cells, Vec<Lines>, Option<usize>) {
    let Some(columns) = columns else {
        let mut cells = Cells::of(rows.bands + 1 + usize::from(rows.covered));
        let none = (rows.bands..cells.cells).collect();
        let none = if rows.covered { cells.sum(vec![none]) } else { rows.bands };
        let lines = cells.lines(rows, (0..rows.bands).chain([none]).collect(), rows.bands);
        cells.all = cells.sum(vec![vec![lines.known, none]]);
        cells.exchange((0..rows.bands).map(|band| vec![(band, 1)]), Some(vec![(rows.bands, -1)]));
        if rows.covered {
            cells.exchange([vec![(rows.bands, 1), (rows.bands + 1, -1)]], None);
        }
        let pairs = (0..cells.cells).flat_map(|one| (one + 1..cells.cells).map(move |next| (one, next)));
        cells.moves = pairs.map(|(one, next)| vec![(one, 1), (next, -1)]).collect();
        return (cells, vec![lines], None);
    };
    let (height, width) = (rows.bands + 1, columns.bands + 1);
    let apart = |way: Way| if way.covered { 2 } else { 0 };
    let grid = height * width;
    let mut cells = Cells::of(grid + apart(rows) + apart(columns));
    let (mut lines, mut every, mut both) = (Vec::new(), Vec::new(), Vec::new());
    for (way, other, is_row) in [(rows, columns, true), (columns, rows, false)] {
        let at = |line: usize, place: usize| if is_row { line * width + place } else { place * width + line };
        let first = if is_row { grid } else { grid + apart(rows) };
        let (mut whole, mut known) = (Vec::new(), Vec::new());
        for line in 0..=way.bands {
            let inside = cells.sum(vec![(0..other.bands).map(|place| at(line, place)).collect()]);
            let mut ways = vec![vec![inside, at(line, other.bands)]];
            if line == way.bands && way.covered {
                ways.push(vec![first, first + 1]);
            }
            whole.push(cells.sum(ways));
            known.push(inside);
        }
        known.truncate(way.bands);
        both.push(known);
        let none = whole[way.bands];
        let own = cells.lines(way, whole, first);
        every.push(vec![own.known, none]);
        lines.push(own);
    }
    cells.all = cells.sum(every);
    let both = cells.sum(both);
    for (way, other, is_row) in [(rows, columns, true), (columns, rows, false)] {
        let at = |line: usize, place: usize| if is_row { line * width + place } else { place * width + line };
        let first = if is_row { grid } else { grid + apart(rows) };
        for line in 0..=way.bands {
            for next in line + 1..=way.bands {
                // Who is known the other way alone is in no cross.
                let places = if next == way.bands { other.bands } else { other.bands + 1 };
                let steps = (0..places).map(|place| vec![(at(line, place), 1), (at(next, place), -1)]);
                // Who is known no longer is known elsewhere, or nowhere.
                let knowns = if next == way.bands && way.covered { 2 } else { 0 };
                for place in 0..=other.bands {
                    let step = [(at(line, place), 1), (at(next, place), -1)];
                    let apart = (0..knowns).map(|known| [&step[..], &[(first + known, -1)]].concat());
                    let plain = (knowns == 0).then(|| step.to_vec());
                    cells.moves.extend(apart.chain(plain));
                }
                let known = (next == way.bands && way.covered).then_some((first, -1));
                cells.exchange(steps, Some(known.into_iter().collect()));
            }
            if line < way.bands {
                let known = way.covered.then_some((first, -1));
                let ends = [(at(line, other.bands), 1), (at(way.bands, other.bands), -1)];
                cells.exchange([ends.into_iter().chain(known).collect()], None);
            }
        }
        if way.covered {
            cells.moves.push(vec![(first, 1), (first + 1, -1)]);
            cells.exchange([vec![(first, 1), (first + 1, -1)]], None);
        }
    }
    // Two people of two rows in each other's column: all margins are as they were.
    let rows_of = (0..height).flat_map(|row| (row + 1..height).map(move |next| [row, next]));
    for [row, next] in rows_of {
        for column in 0..width {
            cells.moves.extend((column + 1..width).map(|other| {
                let at = |row: usize, column: usize| row * width + column;
                vec![(at(row, column), 1), (at(row, other), -1), (at(next, column), -1), (at(next, other), 1)]
            }));
        }
    }
    (cells, lines, Some(both))
}

impl Cells {
    /// So many cells, and no sums.
    fn of(cells: usize) -> Self {
        Self { cells, sums: Vec::new(), all: 0, exchanges: Vec::new(), moves: Vec::new() }
    }

    /// Those of a distribution over two bands.
    #[cfg(test)]
    pub(crate) fn of_two_bands() -> Self {
        cut(Way { bands: 2, covered: false }, None).0
    }

    /// Steps between cells, and what goes with all of them together.
    fn exchange(
        &mut self,
        steps: impl IntoIterator<Item = Vec<(usize, i64)>>,
        together: Option<Vec<(usize, i64)>>,
    ) {
        let cells: Vec<Vec<(usize, i64)>> = steps.into_iter().collect();
        let effects: Vec<Vec<i64>> = cells.iter().map(|step| self.effects(step)).collect();
        let mut steps: Vec<Step> = cells.into_iter().map(|cells| Step { cells, held: Vec::new() }).collect();
        let adds_up = together.is_some();
        if let Some(cells) = together {
            let own = self.effects(&cells);
            let mut held = Vec::new();
            for (quantity, own) in own.into_iter().enumerate() {
                let mut all = effects.iter().map(|effects| effects[quantity]);
                let first = all.next().unwrap_or(0);
                if all.all(|effect| effect == first) {
                    held.extend((first + own != 0).then_some((quantity, first + own)));
                    continue;
                }
                let mut some = effects.iter().zip(&mut steps).filter(|(effects, _)| effects[quantity] != 0);
                if let (Some((effects, step)), None) = (some.next(), some.next()) {
                    step.held.push((quantity, effects[quantity]));
                }
            }
            steps.push(Step { cells, held });
        } else {
            for (step, effects) in steps.iter_mut().zip(effects) {
                step.held.extend(effects.into_iter().enumerate().filter(|(_, effect)| *effect != 0));
            }
        }
        self.exchanges.push(Exchange { steps, adds_up });
    }

    /// What a step does to every quantity.
    pub(crate) fn effects(&self, step: &[(usize, i64)]) -> Vec<i64> {
        let mut effects = vec![0; self.quantities()];
        step.iter().for_each(|(cell, effect)| effects[*cell] += effect);
        for (sum, ways) in self.sums.iter().enumerate() {
            effects[self.cells + sum] = ways[0].iter().map(|part| effects[*part]).sum();
        }
        effects
    }

    /// How many quantities there are.
    pub(crate) fn quantities(&self) -> usize {
        self.cells + self.sums.len()
    }

    /// Another sum, in several ways.
    fn sum(&mut self, ways: Vec<Vec<usize>>) -> usize {
        self.sums.push(ways);
        self.cells + self.sums.len() - 1
    }

    /// Sums over lines, bands and none; who has none and is known elsewhere, and nowhere, from a cell on.
    fn lines(&mut self, way: Way, mut lines: Vec<usize>, first: usize) -> Lines {
        lines.truncate(way.bands);
        let known = self.sum(vec![lines.clone()]);
        let covered = way.covered.then(|| [self.sum(vec![vec![known, first]]), first + 1]);
        Lines { bands: lines, known, covered }
    }
}
