//! What follows of whole numbers from sums: the narrowest interval of each that propagation finds.
//!
//! Every number lies between two ends, and every equation narrows each of its numbers by the ends of the others, until
//! nothing changes. What is narrow already is tried end by end: an end that contradicts itself is none.

/// A number of the system.
pub(crate) type Number = usize;

/// Whole numbers, and sums that they have to add up to.
#[derive(Debug, Default, Clone)]
pub(crate) struct System {
    ends: Vec<Ends>,
    /// Each: the sum of the first numbers is that of the second.
    equations: Vec<(Vec<Number>, Vec<Number>)>,
    /// In which equations a number stands.
    within: Vec<Vec<usize>>,
    /// What has been narrowed, and what it was, in order.
    changed: Vec<(Number, Ends)>,
    /// Which equations wait.
    is_open: Vec<bool>,
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
}

/// Ends that leave no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Contradiction;

/// Numbers this wide are tried end by end.
const NARROW: i64 = 3;

impl System {
    /// A number from 0 to the most that it can be.
    pub(crate) fn number(&mut self, most: i64) -> Number {
        self.ends.push(Ends { low: 0, high: most.max(0) });
        self.within.push(Vec::new());
        self.ends.len() - 1
    }

    /// Says what a number is.
    pub(crate) fn set(&mut self, number: Number, value: i64) {
        self.ends[number] = Ends { low: value, high: value };
    }

    /// Says between which ends a number is.
    pub(crate) fn limit(&mut self, number: Number, ends: Ends) {
        let known = &mut self.ends[number];
        *known = Ends { low: known.low.max(ends.low), high: known.high.min(ends.high) };
    }

    /// Says that two sums are the same.
    pub(crate) fn equal(&mut self, one: Vec<Number>, other: Vec<Number>) {
        for number in one.iter().chain(&other) {
            self.within[*number].push(self.equations.len());
        }
        self.equations.push((one, other));
    }

    /// The ends as they are known now.
    pub(crate) fn ends(&self, number: Number) -> Ends {
        self.ends[number]
    }

    /// Narrows everything by every equation.
    pub(crate) fn propagate(&mut self) -> Result<(), Contradiction> {
        self.narrow((0..self.equations.len()).collect())
    }

    /// Tries the ends of those of some numbers that are narrow, until nothing changes.
    pub(crate) fn try_ends(&mut self, numbers: &[Number]) -> Result<(), Contradiction> {
        loop {
            let mut changed = false;
            for number in numbers {
                for is_low in [true, false] {
                    changed |= self.try_end(*number, is_low)?;
                }
            }
            if !changed {
                return Ok(());
            }
        }
    }

    fn try_end(&mut self, number: Number, is_low: bool) -> Result<bool, Contradiction> {
        let ends = self.ends[number];
        if !(1..=NARROW).contains(&ends.width()) {
            return Ok(false);
        }
        let (end, without) = match is_low {
            true => (ends.low, Ends { low: ends.low + 1, ..ends }),
            false => (ends.high, Ends { high: ends.high - 1, ..ends }),
        };
        let before = self.changed.len();
        self.put(number, Ends { low: end, high: end });
        let may_be = self.narrow(self.within[number].clone()).is_ok();
        for (number, ends) in self.changed.drain(before..).rev() {
            self.ends[number] = ends;
        }
        if may_be {
            return Ok(false);
        }
        self.put(number, without);
        self.narrow(self.within[number].clone())?;
        Ok(true)
    }

    /// Narrows a number, so that it can be taken back.
    fn put(&mut self, number: Number, ends: Ends) {
        self.changed.push((number, self.ends[number]));
        self.ends[number] = ends;
    }

    /// Narrows by some equations, and by those of what they narrowed.
    fn narrow(&mut self, mut open: Vec<usize>) -> Result<(), Contradiction> {
        self.is_open.resize(self.equations.len(), false);
        open.iter().for_each(|equation| self.is_open[*equation] = true);
        let mut narrowed = Vec::new();
        while let Some(equation) = open.pop() {
            self.is_open[equation] = false;
            if self.narrowed_by(equation, &mut narrowed).is_err() {
                open.iter().for_each(|equation| self.is_open[*equation] = false);
                return Err(Contradiction);
            }
            for (number, ends) in narrowed.drain(..) {
                let known = self.ends[number];
                // A number may stand twice in an equation.
                let ends = Ends { low: known.low.max(ends.low), high: known.high.min(ends.high) };
                if ends.low > ends.high {
                    open.iter().for_each(|equation| self.is_open[*equation] = false);
                    return Err(Contradiction);
                }
                self.put(number, ends);
                for next in &self.within[number] {
                    if !std::mem::replace(&mut self.is_open[*next], true) {
                        open.push(*next);
                    }
                }
            }
        }
        Ok(())
    }

    /// What an equation makes narrower.
    fn narrowed_by(&self, equation: usize, narrowed: &mut Vec<(Number, Ends)>) -> Result<(), Contradiction> {
        let (one, other) = &self.equations[equation];
        let sum = |numbers: &[Number]| {
            numbers.iter().fold(Ends { low: 0, high: 0 }, |sum, number| Ends {
                low: sum.low + self.ends[*number].low,
                high: sum.high + self.ends[*number].high,
            })
        };
        let sums = [sum(one), sum(other)];
        for (numbers, own, across) in [(one, sums[0], sums[1]), (other, sums[1], sums[0])] {
            for number in numbers {
                let ends = self.ends[*number];
                // What the others of its side leave of the other side.
                let low = ends.low.max(across.low - (own.high - ends.high));
                let high = ends.high.min(across.high - (own.low - ends.low));
                if low > high {
                    narrowed.clear();
                    return Err(Contradiction);
                }
                if (low, high) != (ends.low, ends.high) {
                    narrowed.push((*number, Ends { low, high }));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sums_leave_is_found() {
        let mut system = System::default();
        let [a, b, c] = [10, 10, 10].map(|most| system.number(most));
        let total = system.number(10);
        system.set(total, 10);
        system.equal(vec![total], vec![a, b, c]);
        system.set(c, 7);
        system.propagate().unwrap();
        assert_eq!([system.ends(a), system.ends(b)], [Ends { low: 0, high: 3 }; 2]);
        system.set(a, 2);
        system.propagate().unwrap();
        assert_eq!(system.ends(b), Ends { low: 1, high: 1 });
        system.set(b, 2);
        assert_eq!(system.propagate(), Err(Contradiction));
    }

    #[test]
    fn an_end_that_contradicts_itself_is_none() {
        // a + b = 3 and a + c = 3 and b + c = 2: a is 2, and no equation alone says so.
        let mut system = System::default();
        let [a, b, c] = [3, 3, 3].map(|most| system.number(most));
        for (one, other, sum) in [(a, b, 3), (a, c, 3), (b, c, 2)] {
            let total = system.number(sum);
            system.set(total, sum);
            system.equal(vec![total], vec![one, other]);
        }
        system.propagate().unwrap();
        assert!(system.ends(a).width() > 0);
        system.try_ends(&[a, b, c]).unwrap();
        assert_eq!([a, b, c].map(|number| system.ends(number).low), [2, 1, 1]);
        assert_eq!([a, b, c].map(|number| system.ends(number).width()), [0; 3]);
    }
}
