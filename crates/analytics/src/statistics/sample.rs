//! Scores as they were given: how many, their mean and their variance, exact.

use disclosure::{Ratio, Score};
use std::collections::BTreeMap;

/// The scores of a group, each with how often it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    counted: BTreeMap<Ratio, u64>,
    n: u64,
    sum: Ratio,
}

impl Sample {
    /// Of scores with how often each was given; answers without a score ("don't know") are left out. `None` where their
    /// sum does not fit into 127 bits.
    pub fn of(counted: impl IntoIterator<Item = (Option<Ratio>, u64)>) -> Option<Self> {
        let mut sample = Self { counted: BTreeMap::new(), n: 0, sum: Ratio::ZERO };
        for (score, count) in counted {
            if let Some(score) = score.filter(|_| count > 0) {
                sample.sum = sample.sum.plus(score.times(Ratio::new(count.into(), 1)?)?)?;
                *sample.counted.entry(score).or_default() += count;
                sample.n += count;
            }
        }
        Some(sample)
    }

    /// Of single scores.
    pub fn of_each(scores: impl IntoIterator<Item = Ratio>) -> Option<Self> {
        Self::of(scores.into_iter().map(|score| (Some(score), 1)))
    }

    /// How many were scored.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Their sum, with how many they are.
    pub fn score(&self) -> Score {
        Score { sum: self.sum, n: self.n }
    }

    /// The mean; `None` where nobody was scored.
    pub fn mean(&self) -> Option<Ratio> {
        self.score().mean()
    }

    /// The variance with n - 1 below; `None` where fewer than two were scored, or it does not fit.
    pub fn variance(&self) -> Option<Ratio> {
        if self.n < 2 {
            return None;
        }
        // n (n - 1) s² = n Σx² - (Σx)²
        let n = Ratio::new(self.n.into(), 1)?;
        let mut squares = Ratio::ZERO;
        for (score, count) in &self.counted {
            squares = squares.plus(score.times(*score)?.times(Ratio::new((*count).into(), 1)?)?)?;
        }
        let minus = self.sum.times(self.sum)?.times(Ratio::whole(-1))?;
        let below = i128::from(self.n) * i128::from(self.n - 1);
        n.times(squares)?.plus(minus)?.times(Ratio::new(1, below)?)
    }

    /// The standard deviation, to twelve decimals; `None` as for the variance.
    pub fn deviation(&self) -> Option<Ratio> {
        held(self.spread()?)
    }

    /// The standard deviation, as it is worked out with.
    pub(super) fn spread(&self) -> Option<f64> {
        self.variance().map(|variance| real(variance).sqrt())
    }

    /// The scores, rising, with how often each was given.
    pub(super) fn counted(&self) -> impl Iterator<Item = (Ratio, u64)> {
        self.counted.iter().map(|(score, count)| (*score, *count))
    }
}

/// The nearest floating-point number.
pub(super) fn real(ratio: Ratio) -> f64 {
    ratio.num() as f64 / ratio.den() as f64
}

/// A number worked out in floating point, to twelve decimals; `None` where it is no number or beyond a million.
pub(super) fn held(number: f64) -> Option<Ratio> {
    const UNIT: i128 = 1_000_000_000_000;
    (number.abs() <= 1e6).then(|| Ratio::new((number * UNIT as f64).round() as i128, UNIT))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(numerator: i128, denominator: i128) -> Ratio {
        Ratio::new(numerator, denominator).unwrap()
    }

    #[test]
    fn an_index_is_exact() {
        let tenths = [Some(ratio(10, 1)), Some(ratio(20, 3)), Some(ratio(10, 3)), Some(ratio(0, 1)), None];
        let index = Sample::of(tenths.into_iter().zip([35, 46, 13, 6, 9])).unwrap();
        assert_eq!((index.n(), index.mean()), (100, Some(ratio(7, 1))));
        let hundredths = [100, 66, 33, 0].map(|score| Some(ratio(score, 1)));
        let index = Sample::of(hundredths.into_iter().zip([35, 46, 13, 6])).unwrap();
        assert_eq!(index.mean(), Some(ratio(6965, 100)));
        assert_eq!(Sample::of([(None, 5)]).unwrap().mean(), None);
    }

    #[test]
    fn a_variance_is_exact_and_of_at_least_two() {
        let sample = Sample::of_each([5, 4, 4, 3, 5, 2, 4, 4].map(Ratio::whole)).unwrap();
        assert_eq!((sample.mean(), sample.variance()), (Some(ratio(31, 8)), Some(ratio(55, 56))));
        assert_eq!(Sample::of_each([ratio(1, 3)]).unwrap().variance(), None);
        assert_eq!(Sample::of_each([ratio(1, 3); 2]).unwrap().variance(), Some(Ratio::ZERO));
    }

    #[test]
    fn a_number_is_held_to_twelve_decimals() {
        assert_eq!(held(0.125), Some(ratio(1, 8)));
        assert_eq!(held(-1.0 / 3.0), Some(ratio(-333_333_333_333, 1_000_000_000_000)));
        assert_eq!((held(f64::NAN), held(f64::INFINITY)), (None, None));
    }
}
