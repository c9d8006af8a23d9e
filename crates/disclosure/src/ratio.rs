//! Exact fractions, and the one place where they are rounded.

use std::cmp::Ordering;

/// An exact fraction in lowest terms with a positive denominator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ratio {
    num: i128,
    den: i128,
}

impl Ratio {
    /// Zero.
    pub const ZERO: Ratio = Ratio { num: 0, den: 1 };

    /// `num / den` in lowest terms; `None` where `den` is zero or the sign cannot be turned (`i128::MIN`).
    pub fn new(num: i128, den: i128) -> Option<Ratio> {
        if den == 0 || num == i128::MIN || den == i128::MIN {
            return None;
        }
        let divisor = gcd(num.unsigned_abs(), den.unsigned_abs()) as i128 * den.signum();
        Some(Ratio { num: num / divisor, den: den / divisor })
    }

    /// A whole number.
    pub fn whole(num: i64) -> Ratio {
        Ratio { num: num.into(), den: 1 }
    }

    /// The numerator in lowest terms; carries the sign.
    pub fn num(self) -> i128 {
        self.num
    }

    /// The denominator in lowest terms; always positive.
    pub fn den(self) -> i128 {
        self.den
    }

    /// The exact sum; `None` where it does not fit.
    pub fn plus(self, other: Ratio) -> Option<Ratio> {
        let num = self.num.checked_mul(other.den)?.checked_add(other.num.checked_mul(self.den)?)?;
        Ratio::new(num, self.den.checked_mul(other.den)?)
    }

    /// The exact product; `None` where it does not fit.
    pub fn times(self, other: Ratio) -> Option<Ratio> {
        Ratio::new(self.num.checked_mul(other.num)?, self.den.checked_mul(other.den)?)
    }

    /// The value rounded half up to `decimals` digits: the nearest such number, and of two equally near the upper
    /// (1/8 with two decimals is 0.13, −1/8 is −0.12). A fraction beyond what fits saturates.
    pub fn round(self, decimals: u8) -> Rounded {
        let unit = 10i128.saturating_pow(decimals.into());
        let twice = self.num.saturating_mul(unit).saturating_mul(2).saturating_add(self.den);
        Rounded { scaled: twice.div_euclid(self.den.saturating_mul(2)), decimals }
    }

    /// The value as a percentage, rounded half up to `decimals` digits (1/8 is 13).
    pub fn round_percent(self, decimals: u8) -> Rounded {
        Ratio { num: self.num.saturating_mul(100), den: self.den }.round(decimals)
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Ratio) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    /// Exact, by continued fractions, so that no product can overflow.
    fn cmp(&self, other: &Ratio) -> Ordering {
        let (mut a, mut b) = (*self, *other);
        let mut flipped = false;
        loop {
            let (whole_a, whole_b) = (a.num.div_euclid(a.den), b.num.div_euclid(b.den));
            let (rest_a, rest_b) = (a.num.rem_euclid(a.den), b.num.rem_euclid(b.den));
            let found = match whole_a.cmp(&whole_b) {
                Ordering::Equal if rest_a == 0 || rest_b == 0 => rest_a.min(1).cmp(&rest_b.min(1)),
                Ordering::Equal => {
                    (a, b) = (Ratio { num: a.den, den: rest_a }, Ratio { num: b.den, den: rest_b });
                    flipped = !flipped;
                    continue;
                }
                other => other,
            };
            return if flipped { found.reverse() } else { found };
        }
    }
}

/// A rounded decimal number: `scaled` counts units of `10^-decimals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rounded {
    /// The number times `10^decimals`.
    pub scaled: i128,
    /// How many digits stand after the decimal mark.
    pub decimals: u8,
}

impl Rounded {
    /// The number for readers, with `mark` before the decimals and without thousands separators; the minus is U+2212.
    pub fn to_text(self, mark: char) -> String {
        self.written("\u{2212}", mark)
    }

    /// The number for programs and spreadsheets: the same with the minus that they take for one.
    pub fn to_plain(self, mark: char) -> String {
        self.written("-", mark)
    }

    fn written(self, minus: &str, mark: char) -> String {
        let digits =
            format!("{:0>width$}", self.scaled.unsigned_abs(), width = usize::from(self.decimals) + 1);
        let (whole, fraction) = digits.split_at(digits.len() - usize::from(self.decimals));
        let sign = if self.scaled < 0 { minus } else { "" };
        if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}{mark}{fraction}") }
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ratio(num: i128, den: i128) -> Ratio {
        Ratio::new(num, den).unwrap()
    }

    #[test]
    fn an_eighth_is_13_percent_and_0_13() {
        assert_eq!(ratio(1, 8).round_percent(0).to_text(','), "13");
        assert_eq!(ratio(1, 8).round(2).to_text(','), "0,13");
        assert_eq!(ratio(-1, 8).round(2).to_text(','), "\u{2212}0,12");
        assert_eq!(ratio(-1, 8).round(2).to_plain('.'), "-0.12");
    }

    #[test]
    fn rounding_starts_from_the_exact_value() {
        // Each of these goes wrong when the value passes through a binary float or is rounded twice.
        assert_eq!(ratio(1005, 1000).round(2).to_text(','), "1,01");
        assert_eq!(ratio(2675, 1000).round(2).to_text(','), "2,68");
        assert_eq!(ratio(40, 60).round_percent(1).to_text(','), "66,7");
        assert_eq!(ratio(4449, 10000).round(1).to_text(','), "0,4");
        assert_eq!(ratio(43, 11).round(2).to_text(','), "3,91");
    }

    #[test]
    fn the_worked_examples_of_indexes_and_shares_are_exact() {
        let scores = [(35, ratio(10, 1)), (46, ratio(20, 3)), (13, ratio(10, 3)), (6, Ratio::ZERO)];
        let sum = scores.iter().fold(Ratio::ZERO, |sum, (percent, score)| {
            sum.plus(score.times(ratio(*percent, 100)).unwrap()).unwrap()
        });
        assert_eq!(sum, ratio(7, 1));
        assert_eq!(ratio(32, 45).round_percent(1).to_text(','), "71,1");
        assert_eq!(ratio(32, 40).round_percent(1).to_text(','), "80,0");
    }

    proptest! {
        #[test]
        fn a_rounded_value_is_never_more_than_half_a_step_away(num in -1_000_000i128..1_000_000, den in 1i128..5_000, decimals in 0u8..4) {
            let unit = 10i128.pow(decimals.into());
            let off = 2 * (num * unit - ratio(num, den).round(decimals).scaled * den);
            prop_assert!(-den <= off && off < den);
        }

        #[test]
        fn order_agrees_with_cross_multiplication(a in -9_999i128..9_999, b in 1i128..999, c in -9_999i128..9_999, d in 1i128..999) {
            prop_assert_eq!(ratio(a, b).cmp(&ratio(c, d)), (a * d).cmp(&(c * b)));
        }
    }
}
