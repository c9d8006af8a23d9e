//! Indexes of several items, and how well their items go together. A person's scores are after polarity; an item that
//! was not answered, or answered "don't know", has none.

use super::sample::Sample;
use disclosure::{Ratio, Score};

/// The index as the mean of persons: each person's mean over the items that they scored, persons with none left out.
/// `None` where a sum does not fit.
pub fn mean_of_persons(persons: &[Vec<Option<Ratio>>]) -> Option<Sample> {
    let means: Option<Vec<Option<Ratio>>> = persons
        .iter()
        .map(|scores| Some(Sample::of(scores.iter().map(|score| (*score, 1)))?.mean()))
        .collect();
    Sample::of(means?.into_iter().map(|mean| (mean, 1)))
}

/// The index as the mean of items: of each item's mean over the persons who scored it. `None` where an item has none.
pub fn mean_of_items(items: &[Score]) -> Option<Ratio> {
    mean_of_parts(&items.iter().map(Score::mean).collect::<Option<Vec<_>>>()?)
}

/// The mean of parts that weigh alike, such as the three of HME. `None` where there are none.
pub fn mean_of_parts(parts: &[Ratio]) -> Option<Ratio> {
    Sample::of_each(parts.iter().copied())?.mean()
}

/// A mean on a scale from `low` to `high` as one from 0 to 100; of 1 to 5 that is (mean - 1) · 25.
pub fn rescaled(mean: Ratio, low: Ratio, high: Ratio) -> Option<Ratio> {
    let minus = low.times(Ratio::whole(-1))?;
    let width = high.plus(minus)?;
    mean.plus(minus)?.times(Ratio::whole(100))?.times(Ratio::new(width.den(), width.num())?)
}

/// HME, the index of sustainable commitment: the mean of its three parts, each a mean from 1 to 5 as one from 0 to 100.
pub fn hme(parts: [Ratio; 3]) -> Option<Ratio> {
    let rescaled: Option<Vec<_>> =
        parts.into_iter().map(|mean| rescaled(mean, Ratio::whole(1), Ratio::whole(5))).collect();
    mean_of_parts(&rescaled?)
}

/// Cronbach's alpha and how many it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alpha {
    /// Exact; may be negative.
    pub alpha: Ratio,
    /// How many scored every item.
    pub complete: u64,
}

impl Alpha {
    /// From so many complete answers it is shown.
    pub const SHOWN_FROM: u64 = 30;

    /// Whether there are enough complete answers to show it.
    pub fn is_shown(&self) -> bool {
        self.complete >= Self::SHOWN_FROM
    }
}

/// Cronbach's alpha over those who scored every item: k/(k - 1) · (1 - Σ variances of items / variance of sums), with
/// n - 1 below. `None` under two items, under two complete answers, and where all have the same sum.
pub fn cronbachs_alpha(persons: &[Vec<Option<Ratio>>]) -> Option<Alpha> {
    let complete: Vec<Vec<Ratio>> =
        persons.iter().filter_map(|scores| scores.iter().copied().collect()).collect();
    let items = complete.first()?.len();
    if items < 2 {
        return None;
    }
    let sums: Option<Vec<Ratio>> = complete
        .iter()
        .map(|scores| scores.iter().try_fold(Ratio::ZERO, |sum, score| sum.plus(*score)))
        .collect();
    let whole = Sample::of_each(sums?)?.variance().filter(|variance| *variance != Ratio::ZERO)?;
    let mut parts = Ratio::ZERO;
    for item in 0..items {
        parts = parts.plus(Sample::of_each(complete.iter().map(|scores| scores[item]))?.variance()?)?;
    }
    let share = parts.times(Ratio::new(whole.den(), whole.num())?)?;
    let rest = Ratio::whole(1).plus(share.times(Ratio::whole(-1))?)?;
    let alpha = rest.times(Ratio::new(items as i128, items as i128 - 1)?)?;
    Some(Alpha { alpha, complete: complete.len() as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(numerator: i128, denominator: i128) -> Ratio {
        Ratio::new(numerator, denominator).unwrap()
    }

    fn persons(scores: &[&[Option<i64>]]) -> Vec<Vec<Option<Ratio>>> {
        scores.iter().map(|scores| scores.iter().map(|score| score.map(Ratio::whole)).collect()).collect()
    }

    #[test]
    fn an_index_is_of_persons_or_of_items() {
        let persons = persons(&[&[Some(10), Some(0)], &[Some(10), None]]);
        assert_eq!(mean_of_persons(&persons).unwrap().mean(), Some(ratio(15, 2)));
        let item = |item: usize| Sample::of(persons.iter().map(|scores| (scores[item], 1))).unwrap().score();
        assert_eq!(mean_of_items(&[item(0), item(1)]), Some(Ratio::whole(5)));
        let nobody = Sample::of([]).unwrap().score();
        assert_eq!(mean_of_items(&[item(0), nobody]), None);
        assert_eq!(mean_of_items(&[]), None);
    }

    #[test]
    fn hme_is_the_mean_of_its_three_parts() {
        // 75, 91.667 and 66.667 of 100 are means of 4, 14/3 and 11/3.
        let hme = hme([Ratio::whole(4), ratio(14, 3), ratio(11, 3)]).unwrap();
        assert_eq!(hme, ratio(700, 9));
        assert_eq!(hme.round(3).to_text('.'), "77.778");
        assert_eq!(rescaled(Ratio::whole(2), Ratio::whole(3), Ratio::whole(3)), None);
    }

    #[test]
    fn alpha_is_of_complete_answers_and_may_be_negative() {
        // The third answer is not complete.
        let answers = persons(&[
            &[Some(1), Some(2)],
            &[Some(4), Some(4)],
            &[Some(5), None],
            &[Some(3), Some(3)],
            &[Some(5), Some(5)],
        ]);
        let found = cronbachs_alpha(&answers).unwrap();
        // Variances 35/12 and 5/3, of the sums 107/12: 2 · (1 - 55/107).
        assert_eq!((found.alpha, found.complete), (ratio(104, 107), 4));
        assert!(!found.is_shown());
        let against = persons(&[&[Some(1), Some(4)], &[Some(2), Some(2)], &[Some(4), Some(3)]]);
        assert!(cronbachs_alpha(&against).unwrap().alpha < Ratio::ZERO);
    }

    #[test]
    fn alpha_is_not_defined_under_two_items_or_where_all_have_the_same_sum() {
        assert_eq!(cronbachs_alpha(&persons(&[&[Some(1)], &[Some(2)]])), None);
        assert_eq!(cronbachs_alpha(&persons(&[&[Some(1), Some(2)], &[Some(2), Some(1)]])), None);
        assert_eq!(cronbachs_alpha(&persons(&[&[Some(1), Some(2)]])), None);
        assert_eq!(cronbachs_alpha(&[]), None);
    }
}
