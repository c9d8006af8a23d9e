//! From one solution to others where people are cut by the organisation and by roles at once.
//!
//! Somebody who stands in one cell instead of another changes the figures of the smallest unit and of the smallest role of which it
//! is shown how many stand in either; what is shown of larger ones follows, as each is made of smaller ones and of a rest.
//! Of two cells at a time people are so the lines between units and roles, and a figure may be otherwise where there is a closed
//! way along such lines, one person more and one less in turn. Who is in several units, or has several roles, stands as they do.

use std::collections::VecDeque;

use crate::bounds::Ends;
use crate::cells::Table;
use crate::net::{Seen, Sums, see};
use crate::secondary::Node;

/// How often one number is made more.
const OFTEN: usize = 60;

/// Lines between units and roles, for each way in which somebody may stand otherwise.
pub(crate) struct Grid<'t> {
    nodes: &'t [Node],
    above: &'t [Vec<(crate::Geometry, usize)>],
    /// What each way does to quantities.
    effects: Vec<Vec<i64>>,
    lines: Vec<Option<Lines>>,
}

/// People, and what they lie between: a unit and a role, or nothing that is shown.
struct Lines {
    of: Vec<(usize, [usize; 2])>,
    at: Vec<Vec<usize>>,
    /// The groups that hold.
    held: Vec<bool>,
}

/// What is no unit or role: it takes up anything.
const FREE: usize = usize::MAX;

impl<'t> Grid<'t> {
    pub(crate) fn of(table: &'t Table<'_, '_>) -> Self {
        let effects: Vec<Vec<i64>> = table.cells.moves.iter().map(|way| table.cells.effects(way)).collect();
        let lines = effects.iter().map(|_| None).collect();
        Self { nodes: &table.widest.nodes, above: &table.widest.above, effects, lines }
    }

    /// Looks for solutions in which values of a quantity of a group are `enough` apart; whether there are such.
    pub(crate) fn widen(
        &mut self,
        sums: &Sums<'_>,
        seen: &mut Seen,
        (one, quantity): (usize, usize),
        enough: i64,
    ) -> bool {
        let width = |seen: &Seen| seen[one][quantity].0.map_or(0, Ends::width);
        for sign in [1, -1] {
            for way in 0..self.effects.len() {
                let effect = self.effects[way][quantity];
                if effect.abs() != 1 || width(seen) >= enough {
                    continue;
                }
                if self.lines[way].is_none() {
                    self.lines[way] = Some(self.lines(sums, way));
                }
                let mut left = OFTEN;
                while left > 0 && width(seen) < enough && self.step(sums, seen, one, way, sign * effect) {
                    left -= 1;
                }
            }
        }
        width(seen) >= enough
    }

    /// Who lies between what, for a way of standing otherwise.
    fn lines(&self, sums: &Sums<'_>, way: usize) -> Lines {
        let effects = &self.effects[way];
        let is_held = |node: usize| {
            let limits = &sums.limits[node];
            let point = |(limits, effect): (&Ends, &i64)| *effect != 0 && limits.low == limits.high;
            limits.is_empty() || limits.iter().zip(effects).any(point)
        };
        let held: Vec<bool> = (0..self.nodes.len()).map(is_held).collect();
        let mut lines = Lines { of: Vec::new(), at: vec![Vec::new(); self.nodes.len()], held };
        for (one, groups) in &sums.people.atoms {
            let between = [false, true].map(|of_role| {
                let own = groups.iter().copied().filter(|node| self.nodes[*node].is_role() == of_role);
                self.smallest(own.filter(|node| lines.held[*node]))
            });
            if let [Some(unit), Some(role)] = between {
                let line = lines.of.len();
                lines.of.push((*one, [unit, role]));
                for end in [unit, role].into_iter().filter(|end| *end != FREE) {
                    lines.at[end].push(line);
                }
            }
        }
        lines
    }

    /// Of groups that are parts of each other the smallest; nothing where they are not.
    fn smallest(&self, groups: impl Iterator<Item = usize>) -> Option<usize> {
        let mut smallest = FREE;
        // A group stands before its parts.
        for group in groups {
            if smallest != FREE && !self.is_part(group, smallest) {
                return None;
            }
            smallest = group;
        }
        Some(smallest)
    }

    fn is_part(&self, group: usize, of: usize) -> bool {
        self.above[group].iter().any(|(_, above)| *above == of || *above > of && self.is_part(*above, of))
    }

    /// Makes one more of a group stand so, or one less; whether that can be.
    fn step(&self, sums: &Sums<'_>, seen: &mut Seen, group: usize, way: usize, by: i64) -> bool {
        let Some(lines) = &self.lines[way] else { return false };
        if lines.held.get(group) == Some(&true) {
            return false;
        }
        let cells = &sums.cells.moves[way];
        let has_room = |seen: &Seen, line: usize, by: i64| {
            let own = &seen[lines.of[line].0];
            let is_there = |(cell, effect): &(usize, i64)| {
                own.get(*cell).is_some_and(|(_, value)| value + effect * by >= 0)
            };
            cells.iter().all(is_there)
        };
        let is_in = |line: usize| {
            let one = lines.of[line].0;
            one == group || sums.people.atoms_of[group].binary_search(&one).is_ok()
        };
        for first in (0..lines.of.len()).filter(|line| is_in(*line)) {
            if !has_room(seen, first, by) {
                continue;
            }
            // Nobody else of the group makes up for it.
            let may = |seen: &Seen, line: usize, own: i64| {
                line != first && !(own == -by && is_in(line)) && has_room(seen, line, own)
            };
            let ends = lines.of[first].1;
            let Some(mut changes) = way_between(lines, ends, by, |line, own| may(seen, line, own)) else {
                continue;
            };
            changes.push((first, by));
            if make(sums, seen, lines, cells, &changes) {
                return true;
            }
        }
        false
    }
}

/// People with one more or one less in turn, so that what the first breaks at either end is mended.
fn way_between(
    lines: &Lines,
    [from, to]: [usize; 2],
    by: i64,
    may: impl Fn(usize, i64) -> bool,
) -> Option<Vec<(usize, i64)>> {
    if from == FREE && to == FREE {
        return Some(Vec::new());
    }
    // From an end that holds; where that comes to what takes up anything, the other has to as well.
    let (from, to) = if from == FREE { (to, from) } else { (from, to) };
    let found = search(lines, from, to, by, &may)?;
    if found.1 == to || to == FREE {
        return Some(found.0);
    }
    let used: Vec<usize> = found.0.iter().map(|(line, _)| *line).collect();
    let other = search(lines, to, FREE, by, &|line, own| !used.contains(&line) && may(line, own))?;
    Some(found.0.into_iter().chain(other.0).collect())
}

/// The shortest way from an end, of which there is one too many, to another or to what takes up anything.
fn search(
    lines: &Lines,
    from: usize,
    to: usize,
    by: i64,
    may: &impl Fn(usize, i64) -> bool,
) -> Option<(Vec<(usize, i64)>, usize)> {
    // By which line, from where; one of an end is reached in one turn only, as lines lead from units to roles.
    let mut before: Vec<Option<(usize, usize, i64)>> = vec![None; lines.at.len()];
    let mut open = VecDeque::from([(from, by)]);
    while let Some((end, too_many)) = open.pop_front() {
        for line in &lines.at[end] {
            let [unit, role] = lines.of[*line].1;
            let next = if unit == end { role } else { unit };
            if next != FREE && (next == from || before[next].is_some()) || !may(*line, -too_many) {
                continue;
            }
            if next == FREE || next == to {
                let mut found = vec![(*line, -too_many)];
                let mut at = end;
                while let Some((line, earlier, own)) = before[at].filter(|_| at != from) {
                    found.push((line, own));
                    at = earlier;
                }
                return Some((found, next));
            }
            before[next] = Some((*line, end, -too_many));
            open.push_back((next, -too_many));
        }
    }
    None
}

/// Makes changes, where all that is known holds then; whether it does.
fn make(
    sums: &Sums<'_>,
    seen: &mut Seen,
    lines: &Lines,
    cells: &[(usize, i64)],
    changes: &[(usize, i64)],
) -> bool {
    let mut touched: Vec<usize> = Vec::new();
    for (line, _) in changes {
        let one = lines.of[*line].0;
        touched.push(one);
        touched.extend(sums.people.groups_of(one));
    }
    touched.sort_unstable();
    touched.dedup();
    touched.retain(|one| !seen[*one].is_empty());
    let change = |seen: &mut Seen, times: i64| {
        for (line, by) in changes {
            let one = lines.of[*line].0;
            for place in std::iter::once(one).chain(sums.people.groups_of(one)) {
                if let Some(own) = seen.get_mut(place).filter(|own| !own.is_empty()) {
                    cells.iter().for_each(|(cell, effect)| own[*cell].1 += effect * by * times);
                }
            }
        }
        touched.iter().for_each(|one| sums.add_up(&mut seen[*one]));
    };
    change(seen, 1);
    let holds = touched.iter().all(|one| sums.holds(seen, *one));
    if holds {
        touched.iter().for_each(|one| see(&mut seen[*one]));
    } else {
        change(seen, -1);
    }
    holds
}
