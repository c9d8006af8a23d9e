//! What whole numbers can be that have to add up: intervals by propagation, and a first solution by search.
//!
//! Every number lies between two ends, and every equation narrows each of its numbers by the ends of the others, until
//! nothing changes. For a solution, equations that do not hold are mended one number at a time, back and forth, until all
//! hold or no number is left. What else is possible is `moves`.

use std::collections::VecDeque;

/// A number of the system.
pub(crate) type Number = usize;

/// Whole numbers, and sums that they have to add up to.
#[derive(Debug, Default)]
pub(crate) struct System {
    ends: Vec<Ends>,
    /// By the solution that was found last, or as they are thought to be.
    last: Vec<i64>,
    /// The nearest to that between the ends.
    values: Vec<i64>,
    /// What is known to be possible; none before a solution is found.
    seen: Vec<Option<Ends>>,
    equations: Vec<Equation>,
    /// Whether anything is to be narrowed.
    narrows: bool,
    /// The parts of numbers that are sums, and where those of each begin and end.
    parts: Vec<Number>,
    parts_of: Vec<Option<(usize, usize)>>,
    /// Which numbers are said to be narrower than their parts make them.
    limited: Vec<bool>,
    /// In which equations a number stands, and how many times.
    within: Vec<Vec<(usize, i64)>>,
    /// What has been narrowed, and what it was, in order.
    changed: Vec<(Number, Ends)>,
    /// Equations that wait, and whether each does.
    open: VecDeque<usize>,
    is_open: Vec<bool>,
    /// Equations that may not hold by the values.
    broken: Vec<usize>,
}

/// Numbers, each so many times, that add up to `sum`.
#[derive(Debug)]
struct Equation {
    terms: Vec<(Number, i64)>,
    sum: i64,
    /// How much more they are by the values.
    excess: i64,
    /// Whether it says what a sum is, or follows from others.
    follows: bool,
}

/// The ends of a number, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ends {
    pub(crate) low: i64,
    pub(crate) high: i64,
}

impl Ends {
    /// How many steps lie between them.
    pub(crate) fn width(self) -> i64 {
        self.high - self.low
    }

    /// What lies between these and those.
    pub(crate) fn within(self, other: Ends) -> Ends {
        Ends { low: self.low.max(other.low), high: self.high.min(other.high) }
    }

    /// Whether a value lies between them.
    pub(crate) fn has(self, value: i64) -> bool {
        self.low <= value && value <= self.high
    }

    /// These with all between them and a value.
    pub(crate) fn with(seen: Option<Ends>, value: i64) -> Ends {
        let Ends { low, high } = seen.unwrap_or(Ends { low: value, high: value });
        Ends { low: low.min(value), high: high.max(value) }
    }
}

/// Why there is no solution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// There is none.
    Contradiction,
    /// None was found in so many steps.
    TooLong,
}

/// How many numbers are tried in one search, and how many equations are looked at.
const TRIED: usize = 2000;
const LOOKED_AT: usize = 400_000;

impl System {
    /// None yet of so many numbers, of which some will be narrowed or none.
    pub(crate) fn new(many: usize, narrows: bool) -> Self {
        Self {
            ends: Vec::with_capacity(many),
            last: Vec::with_capacity(many),
            values: Vec::with_capacity(many),
            seen: Vec::with_capacity(many),
            parts_of: Vec::with_capacity(many),
            limited: Vec::with_capacity(many),
            within: Vec::with_capacity(many),
            narrows,
            ..Self::default()
        }
    }

    /// A number between these ends, as it is thought to be, and what is known to be possible.
    pub(crate) fn number(&mut self, ends: Ends, value: i64, seen: Option<Ends>) -> Number {
        self.ends.push(ends);
        self.last.push(value);
        self.values.push(value.clamp(ends.low, ends.high.max(ends.low)));
        self.seen.push(seen);
        self.parts_of.push(None);
        self.limited.push(false);
        self.within.push(Vec::new());
        self.ends.len() - 1
    }

    /// Says between which ends a number is.
    pub(crate) fn limit(&mut self, number: Number, ends: Ends) {
        let ends = ends.within(self.ends[number]);
        self.ends[number] = ends;
        self.values[number] = self.last[number].clamp(ends.low, ends.high.max(ends.low));
        self.limited[number] = true;
    }

    /// Says what a number is the sum of; the first time that is what it is.
    pub(crate) fn sum(&mut self, number: Number, parts: impl Iterator<Item = Number> + Clone) {
        let follows = self.parts_of[number].is_none();
        if follows {
            let first = self.parts.len();
            self.parts.extend(parts.clone());
            self.parts_of[number] = Some((first, self.parts.len()));
        }
        if self.narrows || !follows {
            self.equal([(number, 1)].into_iter().chain(parts.map(|part| (part, -1))).collect(), 0, follows);
        }
    }

    /// Says that numbers, each once and so many times, add up to `sum`; whether that follows from what else is said.
    pub(crate) fn equal(&mut self, terms: Vec<(Number, i64)>, sum: i64, follows: bool) {
        for (number, times) in terms.iter().filter(|_| self.narrows) {
            self.within[*number].push((self.equations.len(), *times));
        }
        self.equations.push(Equation { terms, sum, excess: 0, follows });
    }

    pub(crate) fn ends(&self, number: Number) -> Ends {
        self.ends[number]
    }

    /// How many numbers there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The parts of a number that is a sum.
    pub(crate) fn parts(&self, number: Number) -> Option<&[Number]> {
        self.parts_of[number].map(|(first, end)| &self.parts[first..end])
    }

    /// Whether a number is said to be narrower than its parts make it.
    pub(crate) fn is_limited(&self, number: Number) -> bool {
        self.limited[number]
    }

    /// The equations that do not follow from others.
    pub(crate) fn equations(&self) -> impl Iterator<Item = &[(Number, i64)]> {
        self.equations.iter().filter(|equation| !equation.follows).map(|equation| &equation.terms[..])
    }

    /// What is known to be possible of a number, and what it is in the solution that was found last.
    pub(crate) fn seen(&self, number: Number) -> (Option<Ends>, i64) {
        (self.seen[number], self.last[number])
    }

    /// A number is so much more in another solution.
    pub(crate) fn more(&mut self, number: Number, by: i64) {
        self.last[number] += by;
        self.seen[number] = Some(Ends::with(self.seen[number], self.last[number]));
    }

    /// A sum is what its parts are.
    pub(crate) fn add_up(&mut self, number: Number) {
        if let Some((first, end)) = self.parts_of[number] {
            (first..end).for_each(|part| self.add_up(self.parts[part]));
            let sum: i64 = self.parts[first..end].iter().map(|part| self.last[*part]).sum();
            self.more(number, sum - self.last[number]);
        }
    }

    /// Narrows everything by every equation; whether it may hold.
    pub(crate) fn narrow_all(&mut self) -> bool {
        if self.ends.iter().any(|ends| ends.low > ends.high) {
            return false;
        }
        self.is_open.resize(self.equations.len(), false);
        for place in 0..self.equations.len() {
            let Equation { terms, sum, excess, .. } = &mut self.equations[place];
            *excess = terms.iter().map(|(number, times)| times * self.values[*number]).sum::<i64>() - *sum;
            if *excess != 0 {
                self.broken.push(place);
            }
            self.open(place);
        }
        let narrowed = self.narrow() != Err(Stop::Contradiction);
        self.changed.clear();
        narrowed
    }

    /// Narrows everything, and finds a solution. Whether there is one, as far as can be told.
    pub(crate) fn solve(&mut self) -> bool {
        let found = self.narrow_all() && self.search().is_ok();
        if found {
            self.undo(0, true);
            (0..self.values.len()).for_each(|number| self.see(number));
        }
        found
    }

    /// Mends equations until all hold.
    fn search(&mut self) -> Result<(), Stop> {
        let mut tried: Vec<(usize, Number, Ends)> = Vec::new();
        let mut steps = TRIED;
        while let Some(equation) = self.broken() {
            let (number, first, second) = self.mend(equation).ok_or(Stop::TooLong)?;
            tried.push((self.changed.len(), number, second));
            let mut result = self.put(number, first);
            while let Err(stop) = result {
                let (before, number, second) = match (stop, tried.pop()) {
                    (Stop::Contradiction, Some(tried)) => tried,
                    (stop, _) => return Err(stop),
                };
                steps = steps.checked_sub(1).ok_or(Stop::TooLong)?;
                self.undo(before, false);
                result = self.put(number, second);
            }
            steps = steps.checked_sub(1).ok_or(Stop::TooLong)?;
        }
        Ok(())
    }

    /// An equation that does not hold by the values.
    fn broken(&mut self) -> Option<usize> {
        while let Some(place) = self.broken.last().copied() {
            if self.equations[place].excess != 0 {
                return Some(place);
            }
            self.broken.pop();
        }
        None
    }

    /// The number to change first so that an equation holds, its ends for that, and what else they could be: the one that
    /// breaks the fewest others, then the one with the most room.
    fn mend(&self, place: usize) -> Option<(Number, Ends, Ends)> {
        let Equation { terms, excess, .. } = &self.equations[place];
        let step = |(number, times): &(Number, i64)| {
            let (ends, value) = (self.ends[*number], self.values[*number]);
            let more = (*times > 0) != (*excess > 0);
            let room = if more { ends.high - value } else { value - ends.low };
            let by = (excess.abs() / times.abs()).max(1).min(room);
            let towards = if more { by } else { -by };
            let breaks = |(equation, times): &(usize, i64)| {
                let excess = self.equations[*equation].excess;
                (excess + times * towards).abs() - excess.abs()
            };
            let costs: i64 = if room > 0 { self.within[*number].iter().map(breaks).sum() } else { 0 };
            (room > 0).then_some(((costs, -room), *number, towards))
        };
        let (_, number, towards) = terms.iter().filter_map(step).min()?;
        let (ends, to) = (self.ends[number], self.values[number] + towards);
        Some(match towards > 0 {
            true => (number, Ends { low: to, ..ends }, Ends { high: to - 1, ..ends }),
            false => (number, Ends { high: to, ..ends }, Ends { low: to + 1, ..ends }),
        })
    }

    /// Narrows a number, and what follows of that, so that it can be taken back.
    fn put(&mut self, number: Number, ends: Ends) -> Result<(), Stop> {
        if ends.low > ends.high {
            return Err(Stop::Contradiction);
        }
        self.set(number, ends);
        self.narrow()
    }

    fn set(&mut self, number: Number, ends: Ends) {
        self.changed.push((number, self.ends[number]));
        self.ends[number] = ends;
        self.follow(number);
        for place in 0..self.within[number].len() {
            self.open(self.within[number][place].0);
        }
    }

    fn open(&mut self, equation: usize) {
        if !std::mem::replace(&mut self.is_open[equation], true) {
            self.open.push_back(equation);
        }
    }

    /// The value of a number follows its ends.
    fn follow(&mut self, number: Number) {
        let Ends { low, high } = self.ends[number];
        let value = self.last[number].clamp(low, high);
        let by = value - std::mem::replace(&mut self.values[number], value);
        if by != 0 {
            for (place, times) in &self.within[number] {
                let excess = &mut self.equations[*place].excess;
                *excess += times * by;
                if *excess != 0 {
                    self.broken.push(*place);
                }
            }
        }
    }

    /// Takes everything back from a place on; the values stay where they are a solution.
    fn undo(&mut self, before: usize, found: bool) {
        while self.changed.len() > before {
            let Some((number, ends)) = self.changed.pop() else { return };
            self.ends[number] = ends;
            if found {
                self.last[number] = self.values[number];
                self.see(number);
            } else {
                self.follow(number);
            }
        }
    }

    fn see(&mut self, number: Number) {
        self.last[number] = self.values[number];
        self.seen[number] = Some(Ends::with(self.seen[number], self.values[number]));
    }

    /// Narrows by the equations that wait, and by those of what they narrowed.
    fn narrow(&mut self) -> Result<(), Stop> {
        let mut left = LOOKED_AT;
        while let Some(equation) = self.open.pop_front() {
            self.is_open[equation] = false;
            left -= 1;
            if left == 0 || !self.narrow_by(equation) {
                self.open.drain(..).for_each(|equation| self.is_open[equation] = false);
                return Err(if left == 0 { Stop::TooLong } else { Stop::Contradiction });
            }
        }
        Ok(())
    }

    /// Narrows by one equation; whether it can hold.
    fn narrow_by(&mut self, place: usize) -> bool {
        let of = |times: i64, Ends { low, high }: Ends| match times > 0 {
            true => Ends { low: times * low, high: times * high },
            false => Ends { low: times * high, high: times * low },
        };
        let Equation { terms, sum, .. } = &self.equations[place];
        let mut all = Ends { low: -sum, high: -sum };
        let mut widest = 0;
        for (number, times) in terms {
            let own = of(*times, self.ends[*number]);
            all = Ends { low: all.low + own.low, high: all.high + own.high };
            widest = widest.max(own.width());
        }
        if all.low > 0 || all.high < 0 {
            return false;
        }
        if widest <= all.high.min(-all.low) {
            return true;
        }
        for term in 0..self.equations[place].terms.len() {
            let (number, times) = self.equations[place].terms[term];
            let ends = self.ends[number];
            let own = of(times, ends);
            // What the others leave, so many times.
            let left = Ends { low: own.high - all.high, high: own.low - all.low }.within(own);
            let (up, down) =
                ((left.low + times.abs() - 1).div_euclid(times.abs()), left.high.div_euclid(times.abs()));
            let left = if times > 0 { Ends { low: up, high: down } } else { Ends { low: -down, high: -up } };
            if left.low > left.high {
                return false;
            }
            if left != ends {
                let now = of(times, left);
                all = Ends { low: all.low + now.low - own.low, high: all.high + now.high - own.high };
                self.set(number, left);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moves::Moves;

    fn system(numbers: usize, most: i64, equations: &[(&[Number], i64)]) -> System {
        let mut system = System::new(numbers, true);
        (0..numbers).for_each(|_| _ = system.number(Ends { low: 0, high: most }, 0, None));
        for (numbers, sum) in equations {
            system.equal(numbers.iter().map(|number| (*number, 1)).collect(), *sum, false);
        }
        system
    }

    fn widths(mut system: System) -> Option<Vec<i64>> {
        let holds = system.solve();
        let mut moves = Moves::of(&mut system, 9);
        let numbers = 0..system.len();
        holds.then(|| numbers.map(|number| moves.width(&mut system, number, 9)).collect())
    }

    #[test]
    fn what_sums_leave_is_found() {
        let equations: &[(&[Number], i64)] = &[(&[0, 1, 2], 10)];
        let mut left = system(3, 10, equations);
        left.limit(2, Ends { low: 7, high: 7 });
        assert_eq!(widths(left), Some(vec![3, 3, 0]));
        assert_eq!(widths(system(3, 2, equations)), None);
    }

    #[test]
    fn a_value_that_contradicts_itself_is_none() {
        // a + b = 3 and a + c = 3 and b + c = 2: a is 2, and no equation alone says so.
        let mut system = system(3, 3, &[(&[0, 1], 3), (&[0, 2], 3), (&[1, 2], 2)]);
        assert!(system.solve());
        assert_eq!([0, 1, 2].map(|number| system.seen(number).1), [2, 1, 1]);
        assert_eq!(widths(system), Some(vec![0; 3]));
    }

    #[test]
    fn of_one_person_in_three_places_it_is_whole_people_that_tell() {
        // Halves would do for a + b = b + c = a + c = 1, people do not.
        assert_eq!(widths(system(3, 1, &[(&[0, 1], 1), (&[0, 2], 1), (&[1, 2], 1)])), None);
    }
}
