//! The indicators of the reports: exact rationals and integers; nothing here is rounded for the eye.

use disclosure::{Interval, Ratio, Score, Share};

/// Whether a survey response is usable: at least half of the required items that were shown are answered.
pub fn is_usable(answered: u64, shown: u64) -> bool {
    2 * answered >= shown
}

/// Item non-response: who was shown the item and skipped it, out of who was shown it. "Don't know" is an
/// answer. `None` where nobody was shown it.
pub fn item_non_response(sent: u64, not_shown: u64, skipped: u64) -> Option<Share> {
    let of = sent.checked_sub(not_shown).filter(|&shown| shown > 0)?;
    Some(Share { part: skipped, of })
}

/// Whether "don't know" belongs to the base of the share positive. Printed with the figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositiveBase {
    /// All who answered the item, "don't know" among them.
    WithDontKnow,
    /// Those who took a stand.
    WithoutDontKnow,
}

/// Share positive: of `answered`, among whom `dont_know` took no stand.
pub fn share_positive(positive: u64, answered: u64, dont_know: u64, base: PositiveBase) -> Share {
    match base {
        PositiveBase::WithDontKnow => Share { part: positive, of: answered },
        PositiveBase::WithoutDontKnow => Share { part: positive, of: answered.saturating_sub(dont_know) },
    }
}

/// Adds up scores, each with how often it was given; answers without a score ("don't know") are left out.
/// `None` where a sum does not fit into 127 bits.
pub fn scores(counted: impl IntoIterator<Item = (Option<Ratio>, u64)>) -> Option<Score> {
    let mut total = Score { sum: Ratio::ZERO, n: 0 };
    for (score, count) in counted {
        if let Some(score) = score {
            total.sum = total.sum.plus(score.times(Ratio::new(count.into(), 1)?)?)?;
            total.n += count;
        }
    }
    Some(total)
}

/// The 0.975 quantile of the normal distribution and its square, in units of 10^-12.
const Z: i128 = 1_959_963_984_540;
const Z_SQUARED: i128 = 3_841_458_820_694;
const UNIT: i128 = 1_000_000_000_000;
const MILLION: i128 = 1_000_000;

/// Wilson's 95 % interval of the share `k` / `n`. With `population` N, n is replaced by
/// n' = n (N - 1) / (N - n), which takes non-response to be random; at n = N nothing is uncertain and
/// there is no interval. `None` also where n is 0, k > n, n > N or a number is beyond some millions. The bounds
/// are millionths, rounded half up.
///
/// In integers, as floating point would leave the last digit to the machine: with M = N - 1 and B = N - n
/// (both 1 without a population) the bounds are
/// (2 k M + z² B ± z √(4 k (n - k) M B / n + z² B²)) / (2 (n M + z² B)).
pub fn wilson(k: u64, n: u64, population: Option<u64>) -> Option<Interval> {
    if n == 0 || k > n || population.is_some_and(|size| n >= size) {
        return None;
    }
    let (m, b) = population.map_or((1, 1), |size| (i128::from(size) - 1, i128::from(size - n)));
    let (k, n) = (i128::from(k), i128::from(n));
    let spread = (4 * k * (n - k)).checked_mul(m)?.checked_mul(b)?.checked_mul(UNIT)? / n;
    let square = spread.checked_add(Z_SQUARED.checked_mul(b.checked_mul(b)?)?)?;
    // As many further binary digits of the root as fit: among few people its last digit would show.
    let digits = (square.leading_zeros() - 1) / 2;
    let root = (square << (2 * digits)).checked_isqrt()?;
    let centre = (2 * k * m).checked_mul(UNIT)?.checked_add(Z_SQUARED * b)?.checked_mul(MILLION)?;
    let divisor = 2 * n.checked_mul(m)?.checked_mul(UNIT)?.checked_add(Z_SQUARED * b)?;
    let half = Z.checked_mul(root)? >> digits;
    let bound = |x: i128| Ratio::new((2 * x + divisor).div_euclid(2 * divisor).clamp(0, MILLION), MILLION);
    Some(Interval { low: bound(centre - half)?, high: bound(centre + half)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ratio(numerator: i128, denominator: i128) -> Ratio {
        Ratio::new(numerator, denominator).unwrap()
    }

    fn millionths(bound: Ratio) -> i128 {
        bound.round(6).scaled
    }

    #[test]
    fn at_least_half_of_the_required_items_make_a_response_usable() {
        assert!(is_usable(10, 20) && is_usable(11, 21) && is_usable(0, 0));
        assert!(!is_usable(9, 20) && !is_usable(10, 21));
    }

    #[test]
    fn item_non_response_is_out_of_those_who_were_shown_the_item() {
        assert_eq!(item_non_response(50, 2, 3), Some(Share { part: 3, of: 48 }));
        assert_eq!(item_non_response(2, 2, 0), None);
    }

    #[test]
    fn share_positive_names_its_base() {
        let share = |base| share_positive(14 + 18, 14 + 18 + 6 + 2 + 5, 5, base).ratio();
        assert_eq!(share(PositiveBase::WithDontKnow), Some(ratio(32, 45))); // 71,1 %
        assert_eq!(share(PositiveBase::WithoutDontKnow), Some(ratio(4, 5))); // 80,0 %
    }

    #[test]
    fn an_index_is_exact() {
        let tenths = [Some(ratio(10, 1)), Some(ratio(20, 3)), Some(ratio(10, 3)), Some(ratio(0, 1)), None];
        let index = scores(tenths.into_iter().zip([35, 46, 13, 6, 9])).unwrap();
        assert_eq!((index.n, index.mean()), (100, Some(ratio(7, 1))));
        let hundredths = [100, 66, 33, 0].map(|score| Some(ratio(score, 1)));
        let index = scores(hundredths.into_iter().zip([35, 46, 13, 6])).unwrap();
        assert_eq!(index.mean(), Some(ratio(6965, 100)));
        assert_eq!(scores([(None, 5)]).unwrap().mean(), None);
    }

    #[test]
    fn wilson_agrees_with_the_worked_example_with_and_without_correction() {
        let bounds = |population| {
            let interval = wilson(32, 40, population).unwrap();
            (millionths(interval.low), millionths(interval.high))
        };
        assert_eq!(bounds(Some(60)), (718_890, 862_193));
        assert_eq!(bounds(None), (652_427, 895_000));
        assert_eq!(wilson(40, 40, Some(40)), None);
        assert_eq!(wilson(0, 0, Some(40)), None);
    }

    #[test]
    fn wilson_is_right_to_the_last_digit_among_few_people() {
        // 125 334.47 and 874 665.53 millionths: a root cut at six decimals gives 125 335.
        let interval = wilson(1, 2, Some(4)).unwrap();
        assert_eq!((millionths(interval.low), millionths(interval.high)), (125_334, 874_666));
    }

    proptest! {
        #[test]
        fn wilson_follows_the_formula(size in 2u64..100_000, n in 1u64..100_000, k in 0u64..100_000) {
            let n = n % (size - 1) + 1;
            let k = k % (n + 1);
            prop_assume!(n < size);
            let interval = wilson(k, n, Some(size)).unwrap();
            let (lower, upper) = (millionths(interval.low), millionths(interval.high));
            let z = 1.959_963_984_540_054_f64;
            let n1 = n as f64 * (size as f64 - 1.0) / (size - n) as f64;
            let p = k as f64 / n as f64;
            let half = z * (p * (1.0 - p) / n1 + z * z / (4.0 * n1 * n1)).sqrt();
            let centre = p + z * z / (2.0 * n1);
            let bounds = [centre - half, centre + half].map(|x| x / (1.0 + z * z / n1) * 1e6);
            prop_assert!((bounds[0] - lower as f64).abs() < 0.501);
            prop_assert!((bounds[1] - upper as f64).abs() < 0.501);
            prop_assert!(lower as u64 * n <= k * 1_000_000 + n);
            prop_assert!(upper as u64 * n + n >= k * 1_000_000);
        }
    }
}
