//! JSON numbers by value, exactly: no floating point, however many digits.

use std::cmp::Ordering;

/// A number, taken apart: its value is ±0.d₁d₂d₃… × 10^point, without leading or trailing zeros.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimal<'t> {
    negative: bool,
    whole: &'t [u8],
    fraction: &'t [u8],
    point: i64,
}

impl<'t> Decimal<'t> {
    /// Takes a number apart that has the form of a JSON number.
    pub(crate) fn new(text: &'t str) -> Self {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut point = whole.len() as i64 + saturating_exponent(exponent);
        let mut whole = without_leading_zeros(whole.as_bytes());
        let mut fraction = fraction.as_bytes();
        point -= (mantissa.find('.').unwrap_or(mantissa.len()) - whole.len()) as i64;
        if whole.is_empty() {
            let significant = without_leading_zeros(fraction);
            point -= (fraction.len() - significant.len()) as i64;
            fraction = significant;
        }
        fraction = without_trailing_zeros(fraction);
        if fraction.is_empty() {
            whole = without_trailing_zeros(whole);
        }
        if whole.is_empty() && fraction.is_empty() {
            return Self { negative: false, whole, fraction, point: 0 };
        }
        Self { negative, whole, fraction, point }
    }

    fn digits(&self) -> impl Iterator<Item = u8> + 't {
        self.whole.iter().chain(self.fraction).map(|b| b - b'0')
    }

    fn is_zero(&self) -> bool {
        self.whole.is_empty() && self.fraction.is_empty()
    }

    /// The number in units of 10^−`decimals`, halves rounded away from zero, held at the ends of `i64`.
    pub(crate) fn to_fixed(self, decimals: i64) -> i64 {
        let places = if self.is_zero() { 0 } else { self.point.saturating_add(decimals) };
        let magnitude = if places < 0 {
            0
        } else if places > 20 {
            i128::MAX
        } else {
            let mut digits = self.digits();
            let whole = (0..places).fold(0i128, |n, _| n * 10 + i128::from(digits.next().unwrap_or(0)));
            whole + i128::from(digits.next().unwrap_or(0) >= 5)
        };
        let value = if self.negative { -magnitude } else { magnitude };
        value.clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }

    /// The number, if it is whole, not negative, and fits.
    pub(crate) fn to_u64(self) -> Option<u64> {
        let digits = self.whole.len() + self.fraction.len();
        if self.negative || self.point < digits as i64 && !self.is_zero() || self.point > 20 {
            return None;
        }
        let mut digits = self.digits();
        (0..self.point)
            .try_fold(0u64, |n, _| n.checked_mul(10)?.checked_add(digits.next().unwrap_or(0).into()))
    }

    /// Writes the value in the one form that all spellings of it share.
    pub(crate) fn write_canonical(&self, out: &mut String) {
        if self.negative {
            out.push('-');
        }
        out.extend(self.digits().map(|d| (b'0' + d) as char));
        out.push('e');
        out.push_str(&self.point.to_string());
    }
}

impl Ord for Decimal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |d: &Self| if d.is_zero() { 0 } else { 1 - 2 * i8::from(d.negative) };
        sign(self).cmp(&sign(other)).then_with(|| {
            let magnitude = self.point.cmp(&other.point).then_with(|| self.digits().cmp(other.digits()));
            if self.negative { magnitude.reverse() } else { magnitude }
        })
    }
}

impl PartialOrd for Decimal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal<'_> {}

/// The exponent, held within bounds that no real number's digits can make up for.
fn saturating_exponent(text: &str) -> i64 {
    const BOUND: i64 = 1 << 40;
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let magnitude = digits.bytes().fold(0i64, |n, b| (n * 10 + i64::from(b - b'0')).min(BOUND));
    if negative { -magnitude } else { magnitude }
}

fn without_leading_zeros(digits: &[u8]) -> &[u8] {
    &digits[digits.iter().position(|&b| b != b'0').unwrap_or(digits.len())..]
}

fn without_trailing_zeros(digits: &[u8]) -> &[u8] {
    &digits[..digits.iter().rposition(|&b| b != b'0').map_or(0, |last| last + 1)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_value_are_equal() {
        for (a, b) in [
            ("1.0", "1"),
            ("1e0", "1"),
            ("100", "1E2"),
            ("0.001", "1e-3"),
            ("-0", "0"),
            ("0e999999999999999999999", "0"),
            ("12.50", "1.25e+1"),
            ("00.5", "0.5"),
        ] {
            assert_eq!(Decimal::new(a), Decimal::new(b), "{a} {b}");
        }
        assert_ne!(Decimal::new("9007199254740993"), Decimal::new("9007199254740992"));
    }

    #[test]
    fn scores_become_millionths_rounded_half_away_from_zero_and_held_at_the_ends() {
        for (text, expected) in [
            ("0.85", 850_000),
            ("-1", -1_000_000),
            ("0.0000005", 1),
            ("-0.0000005", -1),
            ("0.00000049", 0),
            ("0.9999995", 1_000_000),
            ("1e-400", 0),
            ("1e400", i64::MAX),
            ("-1e400", i64::MIN),
            ("9223372036854.775807", i64::MAX),
            ("9223372036854.775808", i64::MAX),
            ("0", 0),
        ] {
            assert_eq!(Decimal::new(text).to_fixed(6), expected, "{text}");
        }
    }

    #[test]
    fn lengths_are_whole_and_not_negative() {
        for (text, expected) in [
            ("0", Some(0)),
            ("27", Some(27)),
            ("27.0", Some(27)),
            ("2.7e1", Some(27)),
            ("270", Some(270)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("0.5", None),
            ("-1", None),
            ("1e30", None),
        ] {
            assert_eq!(Decimal::new(text).to_u64(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn order_is_that_of_the_numbers(a in -1_000_000i64..1_000_000, b in -1_000_000i64..1_000_000, e in 0u32..5) {
            let (x, y) = (format!("{a}e-{e}"), format!("{:.6}", b as f64 / f64::from(10u32.pow(e))));
            prop_assert_eq!(Decimal::new(&x).cmp(&Decimal::new(&y)), a.cmp(&b));
        }
    }
}
