//! 95 % intervals of one share and one mean. With a population N they are corrected for its being finite, which takes
//! non-response to be random; where all have answered nothing is uncertain and there is no interval.

use super::sample::{Sample, held, real};
use disclosure::{Interval, Share};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// The 0.975 quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// From so many degrees of freedom the series is exact to twelve decimals; beyond some ten thousand the library's inverse is
/// right to a few only.
const SERIES_FROM: f64 = 2000.0;

/// Wilson's 95 % interval of a share. With `population` N, n is replaced by n' = n (N - 1) / (N - n). `None` where it is
/// of nobody, or of all of N.
pub fn wilson(share: Share, population: Option<u64>) -> Option<Interval> {
    let Share { part, of: n } = share;
    if n == 0 || part > n || population.is_some_and(|size| n >= size) {
        return None;
    }
    let [low, high] = wilson_ends(share, population);
    Some(Interval { low: held(low)?, high: held(high)? })
}

/// Its two ends, which [`super::newcombe`] takes unrounded; of nobody they are no numbers.
pub(super) fn wilson_ends(Share { part, of }: Share, population: Option<u64>) -> [f64; 2] {
    let (k, n) = (part as f64, of as f64);
    let effective = population.map_or(n, |size| n * (size as f64 - 1.0) / (size as f64 - n));
    let (p, z2) = (k / n, Z * Z);
    let half = Z * (p * (1.0 - p) / effective + z2 / (4.0 * effective * effective)).sqrt();
    let centre = p + z2 / (2.0 * effective);
    [centre - half, centre + half].map(|end| (end / (1.0 + z2 / effective)).clamp(0.0, 1.0))
}

/// The 95 % interval of a mean: t with s/√n · √(1 - n/N). `None` where fewer than two were scored, all alike, or all
/// of N.
pub fn mean_interval(sample: &Sample, population: Option<u64>) -> Option<Interval> {
    let n = sample.n() as f64;
    let rest = population.map_or(1.0, |size| 1.0 - n / size as f64);
    let error = sample.spread()? / n.sqrt() * rest.max(0.0).sqrt();
    interval_of(real(sample.mean()?), error, n - 1.0)
}

/// A number with its standard error and degrees of freedom as an interval; `None` where there is no error.
pub(super) fn interval_of(value: f64, error: f64, freedom: f64) -> Option<Interval> {
    let half = t_quantile(freedom)? * error;
    (half > 0.0).then(|| Some(Interval { low: held(value - half)?, high: held(value + half)? }))?
}

/// The 0.975 quantile of Student's t, to nine digits at least; degrees of freedom need not be whole.
pub(super) fn t_quantile(freedom: f64) -> Option<f64> {
    if freedom >= SERIES_FROM {
        // Cornish and Fisher's expansion (Abramowitz and Stegun 26.7.5).
        let (z, v) = (Z, freedom);
        let terms = [
            (z.powi(3) + z) / 4.0,
            (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0,
            (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0,
        ];
        return Some(z + terms[0] / v + terms[1] / (v * v) + terms[2] / (v * v * v));
    }
    Some(StudentsT::new(0.0, 1.0, freedom).ok()?.inverse_cdf(0.975))
}

#[cfg(test)]
mod tests {
    use super::*;
    use disclosure::Ratio;
    use proptest::prelude::*;

    fn millionths(interval: Interval) -> [i128; 2] {
        [interval.low, interval.high].map(|end| end.round(6).scaled)
    }

    fn share(part: u64, of: u64) -> Share {
        Share { part, of }
    }

    #[test]
    fn wilson_agrees_with_the_worked_example_with_and_without_correction() {
        let bounds = |population| millionths(wilson(share(32, 40), population).unwrap());
        assert_eq!(bounds(Some(60)), [718_890, 862_193]);
        assert_eq!(bounds(None), [652_427, 895_000]);
        assert_eq!(wilson(share(40, 40), Some(40)), None);
        assert_eq!(wilson(share(0, 0), Some(40)), None);
    }

    #[test]
    fn wilson_is_right_to_the_last_digit_among_few_people() {
        // 125 334.47 and 874 665.53 millionths.
        assert_eq!(millionths(wilson(share(1, 2), Some(4)).unwrap()), [125_334, 874_666]);
        assert_eq!(wilson(share(0, 7), Some(9)).unwrap().low, Ratio::ZERO);
        assert_eq!(wilson(share(7, 7), Some(9)).unwrap().high, Ratio::whole(1));
    }

    #[test]
    fn a_mean_has_an_interval_by_t_with_correction() {
        let sample = Sample::of_each([5, 4, 4, 3, 5, 2, 4, 4].map(Ratio::whole)).unwrap();
        assert_eq!(millionths(mean_interval(&sample, Some(20)).unwrap()), [3_233_229, 4_516_771]);
        assert_eq!(mean_interval(&sample, Some(8)), None);
        let alike = Sample::of_each([Ratio::whole(4); 9]).unwrap();
        assert_eq!(mean_interval(&alike, Some(20)), None);
        assert_eq!(mean_interval(&Sample::of_each([Ratio::whole(4)]).unwrap(), None), None);
    }

    #[test]
    fn quantiles_of_t_are_those_of_scipy() {
        // scipy.stats.t.ppf(0.975, df), scipy 1.16.3
        for (freedom, expected) in T_OF_SCIPY {
            let found = t_quantile(freedom).unwrap();
            assert!((found - expected).abs() < 1e-10 * expected, "{freedom}: {found}, not {expected}");
        }
        assert_eq!(t_quantile(0.0), None);
        assert_eq!(t_quantile(f64::NAN), None);
    }

    const T_OF_SCIPY: [(f64, f64); 14] = [
        (1.0, 12.706204736432095),
        (1.37, 6.885073156641704),
        (2.0, 4.302652729696142),
        (3.0, 3.182446305284263),
        (4.2, 2.7250727225923765),
        (8.825648, 2.268987754168849),
        (10.0, 2.2281388519649385),
        (29.0, 2.045229642132703),
        (123.4, 1.9793749462916286),
        (999.0, 1.9623414611334487),
        (1999.5, 1.961151123060678),
        (2000.0, 1.9611508260994375),
        (20000.0, 1.9600826051581348),
        (1000000.0, 1.9599663568141066),
    ];

    proptest! {
        #[test]
        fn wilson_lies_about_its_share(size in 2u64..100_000, n in 1u64..100_000, k in 0u64..100_000) {
            let n = n % (size - 1) + 1;
            let k = k % (n + 1);
            prop_assume!(n < size);
            let interval = wilson(share(k, n), Some(size)).unwrap();
            let p = share(k, n).ratio().unwrap();
            prop_assert!(interval.low <= p && p <= interval.high);
            prop_assert!(interval.low < interval.high);
        }
    }
}
