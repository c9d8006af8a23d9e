//! Differences: of two groups of people who are not linked, and of the same people before and after. Always the first minus
//! the second, from unrounded values; non-response is not corrected for, as the two have no population in common.

use super::intervals::{interval_of, wilson_ends};
use super::sample::{Sample, held, real};
use disclosure::{Interval, Ratio, Share};

/// A difference of two shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// In parts of one.
    pub difference: Ratio,
    /// Its 95 % interval.
    pub interval: Interval,
}

/// The difference of two shares with Newcombe's interval (his method 10: from Wilson's of each, without correction).
/// `None` where one is of nobody.
pub fn newcombe(one: Share, other: Share) -> Option<Difference> {
    let difference = minus(one.ratio()?, other.ratio()?)?;
    let (p, q, d) = (real(one.ratio()?), real(other.ratio()?), real(difference));
    let ([low_p, high_p], [low_q, high_q]) = (wilson_ends(one, None), wilson_ends(other, None));
    let low = d - (p - low_p).hypot(high_q - q);
    let high = d + (high_p - p).hypot(q - low_q);
    Some(Difference { difference, interval: Interval { low: held(low)?, high: held(high)? } })
}

/// Cohen's h, the size of a difference of two shares: 2 asin √p - 2 asin √q. `None` where one is of nobody.
pub fn cohens_h(one: Share, other: Share) -> Option<Ratio> {
    let angle = |share: Share| Some(2.0 * real(share.ratio()?).sqrt().asin());
    held(angle(one)? - angle(other)?)
}

/// A difference of the means of two groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeanDifference {
    /// Exact.
    pub difference: Ratio,
    /// Its 95 % interval by Welch.
    pub interval: Interval,
    /// Welch's t.
    pub t: Ratio,
    /// Its degrees of freedom, by Welch and Satterthwaite.
    pub freedom: Ratio,
    /// Hedges' g: the difference in pooled deviations, made smaller by 1 - 3 / (4 (n₁ + n₂ - 2) - 1).
    pub hedges_g: Ratio,
    /// Cliff's delta, exact: how much more often one of the first is above one of the second than below.
    pub cliffs_delta: Ratio,
}

/// The exact difference of two means, Welch's interval of it and Hedges' g, from mean, deviation and number of each.
/// `None` where one has fewer than two, or nobody differs from anybody.
pub fn welch_of(one: (Ratio, Ratio, u64), other: (Ratio, Ratio, u64)) -> Option<(Ratio, Interval, Ratio)> {
    if one.2 < 2 || other.2 < 2 {
        return None;
    }
    let difference = minus(one.0, other.0)?;
    let square = |deviation: Ratio| real(deviation) * real(deviation);
    let by = welch_by(real(difference), (one.2 as f64, square(one.1)), (other.2 as f64, square(other.1)));
    Some((difference, interval_of(real(difference), by.error, by.freedom)?, held(by.g)?))
}

/// What Welch and Hedges make of a difference and of number and variance of each.
struct By {
    error: f64,
    freedom: f64,
    g: f64,
}

fn welch_by(difference: f64, (n, v): (f64, f64), (m, w): (f64, f64)) -> By {
    let (from_one, from_other) = (v / n, w / m);
    let error = (from_one + from_other).sqrt();
    let freedom = (from_one + from_other) * (from_one + from_other)
        / (from_one * from_one / (n - 1.0) + from_other * from_other / (m - 1.0));
    let pooled = (((n - 1.0) * v + (m - 1.0) * w) / (n + m - 2.0)).sqrt();
    let smaller = 1.0 - 3.0 / (4.0 * (n + m - 2.0) - 1.0);
    By { error, freedom, g: difference / pooled * smaller }
}

/// Compares the means of two groups. `None` where one has fewer than two, or all of both gave the same score.
pub fn welch(one: &Sample, other: &Sample) -> Option<MeanDifference> {
    let difference = minus(one.mean()?, other.mean()?)?;
    let of = |sample: &Sample| Some((sample.n() as f64, real(sample.variance()?)));
    let by = welch_by(real(difference), of(one)?, of(other)?);
    Some(MeanDifference {
        difference,
        interval: interval_of(real(difference), by.error, by.freedom)?,
        t: held(real(difference) / by.error)?,
        freedom: held(by.freedom)?,
        hedges_g: held(by.g)?,
        cliffs_delta: cliffs_delta(one, other)?,
    })
}

fn cliffs_delta(one: &Sample, other: &Sample) -> Option<Ratio> {
    let mut net = 0i128;
    for (a, count) in one.counted() {
        for (b, times) in other.counted() {
            net += i128::from(count) * i128::from(times) * (a.cmp(&b) as i128);
        }
    }
    Ratio::new(net, i128::from(one.n()) * i128::from(other.n()))
}

/// What became of the same people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairedChange {
    /// The mean difference, after minus before; exact.
    pub difference: Ratio,
    /// Its 95 % interval by t; none where all have changed alike.
    pub interval: Option<Interval>,
    /// The difference in mean deviations of before and after; none where nobody differs from anybody.
    pub d_av: Option<Ratio>,
    /// How many went up, stayed and went down.
    pub moves: [u64; 3],
}

/// Compares scores before and after, given as pairs with how often each was. `None` for fewer than two people.
pub fn paired_change(pairs: &[((Ratio, Ratio), u64)]) -> Option<PairedChange> {
    let sample = |of: fn(Ratio, Ratio) -> Option<Ratio>| {
        let scores: Option<Vec<_>> =
            pairs.iter().map(|((before, after), count)| Some((Some(of(*before, *after)?), *count))).collect();
        Sample::of(scores?)
    };
    let differences = sample(|before, after| minus(after, before))?;
    let deviation = differences.spread()?;
    let difference = differences.mean()?;
    let n = differences.n() as f64;
    let deviations = [sample(|before, _| Some(before))?, sample(|_, after| Some(after))?];
    let average = (deviations[0].spread()? + deviations[1].spread()?) / 2.0;
    let mut moves = [0; 3];
    for (change, count) in differences.counted() {
        moves[match change.cmp(&Ratio::ZERO) {
            std::cmp::Ordering::Greater => 0,
            std::cmp::Ordering::Equal => 1,
            std::cmp::Ordering::Less => 2,
        }] += count;
    }
    Some(PairedChange {
        difference,
        interval: interval_of(real(difference), deviation / n.sqrt(), n - 1.0),
        d_av: held(real(difference) / average),
        moves,
    })
}

/// The exact difference; `None` where it does not fit.
fn minus(one: Ratio, other: Ratio) -> Option<Ratio> {
    one.plus(other.times(Ratio::whole(-1))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole<const N: usize>(scores: [i64; N]) -> Sample {
        Sample::of_each(scores.map(Ratio::whole)).unwrap()
    }

    fn millionths(value: Ratio) -> i128 {
        value.round(6).scaled
    }

    fn ends(interval: Interval) -> [i128; 2] {
        [interval.low, interval.high].map(millionths)
    }

    #[test]
    fn two_means_are_compared_by_welch_hedges_and_cliff() {
        let found = welch(&whole([4, 5, 3, 4, 5, 4]), &whole([3, 3, 4, 2, 3])).unwrap();
        assert_eq!(millionths(found.t), 2_645_751);
        assert_eq!(millionths(found.freedom), 8_825_648);
        assert_eq!(millionths(found.hedges_g), 1_455_548);
        let seen = |sample: &Sample| (sample.mean().unwrap(), sample.deviation().unwrap(), sample.n());
        let (difference, interval, g) =
            welch_of(seen(&whole([4, 5, 3, 4, 5, 4])), seen(&whole([3, 3, 4, 2, 3]))).unwrap();
        assert_eq!((difference, ends(interval)), (found.difference, ends(found.interval)));
        assert_eq!(millionths(g), millionths(found.hedges_g));
        assert_eq!(found.cliffs_delta, Ratio::new(22, 30).unwrap());
        assert_eq!(found.difference, Ratio::new(7, 6).unwrap());
        // 7/6 ± 2.268988 · 0.440959
        assert_eq!(ends(found.interval), [166_137, 2_167_196]);
        assert_eq!(welch(&whole([4, 4]), &whole([3, 3])), None);
        assert_eq!(welch(&whole([4]), &whole([3, 2])), None);
    }

    #[test]
    fn two_shares_are_compared_by_newcombe_and_cohen() {
        let (one, other) = (Share { part: 32, of: 40 }, Share { part: 20, of: 40 });
        let found = newcombe(one, other).unwrap();
        assert_eq!(found.difference, Ratio::new(3, 10).unwrap());
        assert_eq!(ends(found.interval), [90_995, 475_870]);
        assert_eq!(millionths(cohens_h(one, other).unwrap()), 643_501);
        assert_eq!(newcombe(one, Share { part: 0, of: 0 }), None);
    }

    #[test]
    fn the_same_people_are_compared_by_their_own_change() {
        let pairs: Vec<_> = [(2, 3), (3, 3), (3, 4), (4, 5), (2, 3), (3, 3)]
            .map(|(before, after)| ((Ratio::whole(before), Ratio::whole(after)), 1))
            .into();
        let found = paired_change(&pairs).unwrap();
        assert_eq!(found.difference, Ratio::new(2, 3).unwrap());
        assert_eq!(ends(found.interval.unwrap()), [124_740, 1_208_593]);
        assert_eq!(millionths(found.d_av.unwrap()), 838_874);
        assert_eq!(found.moves, [4, 2, 0]);
        let alike = paired_change(&[((Ratio::whole(2), Ratio::whole(3)), 4)]).unwrap();
        assert_eq!((alike.interval, alike.d_av, alike.moves), (None, None, [4, 0, 0]));
        assert_eq!(paired_change(&pairs[..1]), None);
    }
}
