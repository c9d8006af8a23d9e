//! Timestamps and durations (1.0.3 Data 4.5 and 4.6).

use chrono::{DateTime, Datelike, NaiveDate, Timelike};

use crate::Timestamp;

/// An instant as a text gives it.
struct Instant<'t> {
    /// Since 1970-01-01T00:00:00Z.
    seconds: i64,
    /// The digits after the decimal sign.
    fraction: &'t str,
    zoned: bool,
}

/// Reads a timestamp: ISO 8601 date and time in the extended (`2026-03-01T09:30:00.5+01:00`) or basic form
/// (`20260301T093000Z`), to the minute at least; RFC 3339 is a part of it. A text without a zone is read as
/// UTC; an unknown zone (`-00:00`, `-0000`, `-00`) is refused, and None is the answer to whatever has another
/// form or names a day that does not exist.
pub fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let instant = instant(text)?;
    let mut digits = instant.fraction.bytes().map(|b| i64::from(b - b'0'));
    let micros = (0..6).fold(0, |n, _| n * 10 + digits.next().unwrap_or(0));
    Some(Timestamp { micros: instant.seconds * 1_000_000 + micros, zoned: instant.zoned })
}

/// Reads a timestamp as clients write them in a query: as [`parse_timestamp`] does, and with a space for the `T`, a
/// space before the zone, `UTC` for `Z`, or a space for the `+` of a zone, which is what an address without percent
/// encoding makes of it. As there, a text without a zone is read as UTC.
pub fn parse_parameter(text: &str) -> Option<Timestamp> {
    parse_timestamp(text).or_else(|| {
        let mut words = text.split_ascii_whitespace();
        let mut at = words.next()?.to_owned();
        if !at.contains(['T', 't']) {
            at.push('T');
            at.push_str(words.next()?);
        }
        match words.next() {
            None => {}
            Some("UTC" | "utc") => at.push('Z'),
            Some(zone) => {
                at.push_str(if zone.starts_with(|c: char| c.is_ascii_digit()) { "+" } else { "" });
                at.push_str(zone);
            }
        }
        if words.next().is_some() { None } else { parse_timestamp(&at) }
    })
}

/// The same text with the zone that it is read in, where it has none. None for a text that has one, and for what is no
/// timestamp.
pub fn with_zone(text: &str) -> Option<String> {
    // Nearly all are written so.
    if text.ends_with(['Z', 'z']) {
        return None;
    }
    instant(text).filter(|instant| !instant.zoned).map(|_| format!("{text}Z"))
}

/// The same instant in UTC, with the decimals that it came with. None for what is no timestamp, where UTC leaves the
/// years 0 to 9999, and where it is written so already.
pub fn to_utc(text: &str) -> Option<String> {
    if is_in_utc(text.as_bytes()) {
        return None;
    }
    let instant = instant(text)?;
    let mut utc = date_and_time(instant.seconds)?;
    if !instant.fraction.is_empty() {
        utc.push('.');
        utc.push_str(instant.fraction);
    }
    utc.push('Z');
    Some(utc)
}

/// Whether a timestamp is written as [`to_utc`] writes it, as nearly all are.
fn is_in_utc(text: &[u8]) -> bool {
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    separators.iter().all(|(at, byte)| text.get(*at) == Some(byte))
        && matches!((text.get(19), text.len()), (Some(b'Z'), 20) | (Some(b'.'), 22..))
        && text.ends_with(b"Z")
        // What stands for the first second of the next day or minute is written as that.
        && &text[11..13] != b"24"
        && &text[17..19] != b"60"
}

/// Writes an instant, in microseconds since 1970, as the standard wants it: `2026-03-01T08:30:00.500000Z`.
/// Instants outside the years 0 to 9999 become the epoch.
pub fn format_timestamp(micros: i64) -> String {
    match date_and_time(micros.div_euclid(1_000_000)) {
        Some(mut text) => {
            text.push('.');
            push_digits(&mut text, micros.rem_euclid(1_000_000).unsigned_abs(), 6);
            text.push('Z');
            text
        }
        None => "1970-01-01T00:00:00.000000Z".to_owned(),
    }
}

fn date_and_time(seconds: i64) -> Option<String> {
    let at = DateTime::from_timestamp(seconds, 0)?;
    let year = u64::try_from(at.year()).ok().filter(|year| *year <= 9_999)?;
    // Every statement has two of them on its way out, and every answer one: a pattern would be read each time.
    let mut text = String::with_capacity(27);
    push_digits(&mut text, year, 4);
    for (before, part) in
        [('-', at.month()), ('-', at.day()), ('T', at.hour()), (':', at.minute()), (':', at.second())]
    {
        text.push(before);
        push_digits(&mut text, u64::from(part), 2);
    }
    Some(text)
}

/// Appends a number with leading zeros. It has at most so many digits.
fn push_digits(text: &mut String, number: u64, digits: u32) {
    for place in (0..digits).rev() {
        let digit = number / 10_u64.pow(place) % 10;
        text.push(char::from(b'0' + u8::try_from(digit).unwrap_or(0)));
    }
}

/// A text that is read from its start.
struct Cursor<'t>(&'t [u8]);

impl<'t> Cursor<'t> {
    /// The next `n` bytes as a number, if they are digits.
    fn number(&mut self, n: usize) -> Option<u32> {
        let digits = self.0.get(..n)?;
        let value =
            digits.iter().try_fold(0, |v, b| b.is_ascii_digit().then(|| v * 10 + u32::from(b - b'0')))?;
        self.0 = &self.0[n..];
        Some(value)
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.0.first() == Some(&byte);
        if found {
            self.0 = &self.0[1..];
        }
        found
    }

    fn digits(&mut self) -> &'t str {
        let end = self.0.iter().position(|b| !b.is_ascii_digit()).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at(end);
        self.0 = rest;
        std::str::from_utf8(digits).unwrap_or_default()
    }
}

fn instant(text: &str) -> Option<Instant<'_>> {
    let mut at = Cursor(text.as_bytes());
    let year = at.number(4)?;
    let extended = at.take(b'-');
    let month = at.number(2)?;
    if at.take(b'-') != extended {
        return None;
    }
    let day = at.number(2)?;
    if !at.take(b'T') && !at.take(b't') {
        return None;
    }
    let hour = at.number(2)?;
    if at.take(b':') != extended {
        return None;
    }
    let minute = at.number(2)?;
    let has_seconds = if extended { at.take(b':') } else { at.0.first().is_some_and(u8::is_ascii_digit) };
    let second = if has_seconds { at.number(2)? } else { 0 };
    let mut fraction = "";
    if has_seconds && (at.take(b'.') || at.take(b',')) {
        fraction = at.digits();
        if fraction.is_empty() {
            return None;
        }
    }
    let offset = zone(&mut at)?;
    // Midnight may be written as 24:00, and a leap second counts as the one after it.
    let end_of_day = hour == 24 && minute == 0 && second == 0 && fraction.bytes().all(|b| b == b'0');
    if !at.0.is_empty() || (hour > 23 && !end_of_day) || minute > 59 || second > 60 {
        return None;
    }
    let days = NaiveDate::from_ymd_opt(year as i32, month, day)?.to_epoch_days();
    let seconds = i64::from(days) * 86_400 + i64::from(hour * 3600 + minute * 60 + second);
    Some(Instant { seconds: seconds - offset.unwrap_or(0), fraction, zoned: offset.is_some() })
}

/// The seconds that a zone is ahead of UTC; Some(None) where the text ends without one.
#[allow(clippy::option_option, reason = "the outer is whether the text is well-formed")]
fn zone(at: &mut Cursor<'_>) -> Option<Option<i64>> {
    if at.0.is_empty() {
        return Some(None);
    }
    if at.take(b'Z') || at.take(b'z') {
        return Some(Some(0));
    }
    let ahead = at.take(b'+');
    if !ahead && !at.take(b'-') {
        return None;
    }
    let hours = at.number(2)?;
    let minutes = if at.take(b':') || !at.0.is_empty() { at.number(2)? } else { 0 };
    let seconds = i64::from(hours * 3600 + minutes * 60);
    if hours > 23 || minutes > 59 || (!ahead && seconds == 0) {
        return None;
    }
    Some(Some(if ahead { seconds } else { -seconds }))
}

/// What a duration comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    /// Its years and months, in millionths of a month; none where it has neither.
    pub months: Option<i64>,
    /// All else, in hundredths of a second, finer digits cut off.
    pub centiseconds: i64,
}

/// Reads a duration: ISO 8601:2004, 4.4.3.2, `P3Y1M29DT4H35M59.14S` or `P4W`. The last component alone may
/// have decimals. None is the answer to any other form.
pub fn parse_duration(text: &str) -> Option<Length> {
    const SECOND: i128 = 100;
    const DAY: i128 = 86_400 * SECOND;
    /// Designators in their order, whether they stand after the `T`, and their unit: hundredths of a second,
    /// or millionths of a month.
    const UNITS: [(u8, bool, bool, i128); 6] = [
        (b'Y', false, true, 12_000_000),
        (b'M', false, true, 1_000_000),
        (b'D', false, false, DAY),
        (b'H', true, false, 3600 * SECOND),
        (b'M', true, false, 60 * SECOND),
        (b'S', true, false, SECOND),
    ];
    let mut at = Cursor(text.as_bytes());
    if !at.take(b'P') {
        return None;
    }
    let (mut months, mut centiseconds) = (None, 0i128);
    let (mut after_t, mut next_unit, mut ended) = (false, 0, false);
    let mut needs_component = true;
    while !at.0.is_empty() {
        if ended {
            return None;
        }
        if !after_t && at.take(b'T') {
            (after_t, needs_component) = (true, true);
            continue;
        }
        let (whole, fraction) = amount(&mut at)?;
        ended = fraction.is_some();
        let of = |unit: i128| scaled(whole, fraction.unwrap_or_default(), unit);
        if next_unit == 0 && !after_t && at.take(b'W') {
            (centiseconds, ended, needs_component) = (of(7 * DAY), true, false);
            continue;
        }
        let designator = *at.0.first()?;
        let found = UNITS[next_unit..].iter().position(|&(d, t, _, _)| d == designator && t == after_t)?;
        let (_, _, in_months, unit) = UNITS[next_unit + found];
        next_unit += found + 1;
        at.0 = &at.0[1..];
        if in_months {
            months = Some(months.unwrap_or(0i128).saturating_add(of(unit)));
        } else {
            centiseconds = centiseconds.saturating_add(of(unit));
        }
        needs_component = false;
    }
    let held = |n: i128| i64::try_from(n).unwrap_or(i64::MAX);
    (!needs_component).then(|| Length { months: months.map(held), centiseconds: held(centiseconds) })
}

fn amount<'t>(at: &mut Cursor<'t>) -> Option<(&'t str, Option<&'t str>)> {
    let whole = at.digits();
    let mut fraction = None;
    if at.take(b'.') || at.take(b',') {
        fraction = Some(at.digits()).filter(|digits| !digits.is_empty());
        fraction?;
    }
    (!whole.is_empty()).then_some((whole, fraction))
}

/// `whole.fraction` times `unit`, cut to whole numbers and held at what 60 bits or so can carry.
fn scaled(whole: &str, fraction: &str, unit: i128) -> i128 {
    let digits = |d: &str| d.bytes().fold(0i128, |n, b| (n * 10 + i128::from(b - b'0')).min(1 << 64));
    let fraction = &fraction[..fraction.len().min(18)];
    digits(whole) * unit + digits(fraction) * unit / 10i128.pow(fraction.len() as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn micros(text: &str) -> Option<i64> {
        parse_timestamp(text).map(|t| t.micros)
    }

    #[test]
    fn one_instant_has_many_spellings() {
        let instant = micros("2026-03-01T08:30:00.500Z");
        assert_eq!(instant, Some(1_772_353_800_500_000));
        for same in [
            "2026-03-01T09:30:00.5+01:00",
            "2026-03-01T09:30:00,50+0100",
            "2026-03-01T09:30:00.5000009+01",
            "20260301T083000.5Z",
            "2026-03-01t08:30:00.5z",
            "2026-03-01T00:00:00.5-08:30",
            "2026-03-01T08:30:00.5+00:00",
        ] {
            assert_eq!(micros(same), instant, "{same}");
        }
        assert_eq!(
            parse_timestamp("2026-03-01T08:30"),
            Some(Timestamp { micros: 1_772_353_800_000_000, zoned: false })
        );
        assert_eq!(micros("2026-02-28T24:00:00Z"), micros("2026-03-01T00:00:00Z"));
        assert_eq!(micros("2016-12-31T23:59:60Z"), micros("2017-01-01T00:00:00Z"));
        assert_eq!(micros("1969-12-31T23:59:59.999999Z"), Some(-1));
    }

    #[test]
    fn unknown_zones_and_days_that_do_not_exist_are_refused() {
        for bad in [
            "",
            "should fail",
            "01/011/2015",
            "2026-03-01",
            "2026-03-01 08:30:00Z",
            "2026-3-1T08:30:00Z",
            "2008-09-15T15:53:00.601-00",
            "2008-09-15T15:53:00.601-0000",
            "2008-09-15T15:53:00.601-00:00",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-03-01T25:00:00Z",
            "2026-03-01T24:00:01Z",
            "2026-03-01T08:60:00Z",
            "2026-03-01T08:30:61Z",
            "2026-03-01T08:30:00.Z",
            "2026-03-01T08:30:00Zx",
            "2026-03-01T08:30:00+24:00",
            "2026-03-01T08:30:00+1:00",
            "2026-0301T08:30:00Z",
            "2026-03-01T08:30:00+",
            "٢026-03-01T08:30:00Z",
        ] {
            assert_eq!(parse_timestamp(bad), None, "{bad}");
            assert_eq!(to_utc(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_clients_write_in_a_query_is_read_where_it_means_one_instant() {
        let instant = micros("2026-03-01T08:30:00Z");
        for same in [
            "2026-03-01 08:30:00",
            "2026-03-01 08:30",
            "2026-03-01 08:30:00.000000",
            "2026-03-01 08:30:00Z",
            "2026-03-01 08:30:00 UTC",
            "2026-03-01T08:30:00 Z",
            "2026-03-01T09:30:00+01:00",
            "2026-03-01T09:30:00 01:00",
            "2026-03-01 09:30:00 01:00",
            "2026-03-01 09:30:00+01",
            "2026-03-01 09:30:00 +0100",
            "2026-03-01 09:30:00  0100",
            "2026-03-01 06:30:00 -0200",
            "2026-03-01 06:30:00-02:00",
            "20260301 083000",
            " 2026-03-01T08:30:00Z ",
        ] {
            assert_eq!(parse_parameter(same).map(|at| at.micros), instant, "{same}");
        }
        for bad in [
            "",
            " ",
            "2026-03-01",
            "08:30:00",
            "1772353800",
            "yesterday",
            "01/03/2026 08:30",
            "2026-03-01 25:30:00",
            "2026-03-01 08:30:00 CET",
            "2026-03-01 08:30:00 01:00 x",
            "2026-03-01T08:30:00Z 01:00",
            "2026-03-01T08:30:00+01:00 01:00",
            "2026-03-01 08:30:00 -00:00",
            "2026-03-01T08:30:00 UTC UTC",
        ] {
            assert_eq!(parse_parameter(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_zone_is_added_where_there_is_none() {
        for (text, zoned) in [
            ("2026-03-01T08:30:00", Some("2026-03-01T08:30:00Z")),
            ("2026-03-01T08:30:00.1234567", Some("2026-03-01T08:30:00.1234567Z")),
            ("20260301T0830", Some("20260301T0830Z")),
            ("2026-03-01T08:30:00Z", None),
            ("2026-03-01T08:30:00+01:00", None),
            ("soon", None),
        ] {
            assert_eq!(with_zone(text).as_deref(), zoned, "{text}");
        }
    }

    #[test]
    fn utc_keeps_the_precision_that_came() {
        assert_eq!(to_utc("2026-03-01T09:30:00.50+01:00").as_deref(), Some("2026-03-01T08:30:00.50Z"));
        assert_eq!(to_utc("2026-03-01T00:30:00+01:00").as_deref(), Some("2026-02-28T23:30:00Z"));
        assert_eq!(to_utc("0000-01-01T00:00:00+01:00"), None);
    }

    #[test]
    fn durations_count_hundredths_and_keep_years_and_months_apart() {
        let length = |text| parse_duration(text).map(|l| (l.months, l.centiseconds));
        for (text, expected) in [
            ("PT4H35M59.14S", (None, 1_655_914)),
            ("PT16559.14S", (None, 1_655_914)),
            ("PT16559.149S", (None, 1_655_914)),
            ("P3Y1M29DT4H35M59.14S", (Some(37_000_000), 250_560_000 + 1_655_914)),
            ("P3Y", (Some(36_000_000), 0)),
            ("P4W", (None, 4 * 7 * 8_640_000)),
            ("PT0.5H", (None, 180_000)),
            ("PT0,5H", (None, 180_000)),
            ("P1DT0S", (None, 8_640_000)),
            ("PT99999999999999999999S", (None, i64::MAX)),
        ] {
            assert_eq!(length(text), Some(expected), "{text}");
        }
        for bad in [
            "",
            "P",
            "PT",
            "P1",
            "PA1H0M0S",
            "P4W1D",
            "P1DT",
            "PT1M1H",
            "P1M1Y",
            "PT1.5M3S",
            "-P1D",
            "P-1D",
            "1D",
            "P1H",
            "PT1D",
            "P0003-06-04T12:30:05",
            "pt1s",
            "PT1S ",
            "PT.5S",
            "PT5.S",
            "P1D1W",
            "12345",
            "PT1SS",
        ] {
            assert_eq!(length(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_not_written_in_utc_is_and_nothing_else() {
        for (text, utc) in [
            ("2026-03-01T09:30:00.50+01:00", Some("2026-03-01T08:30:00.50Z")),
            ("2026-03-01T08:30:00", Some("2026-03-01T08:30:00Z")),
            ("2026-03-01T08:30:00.5", Some("2026-03-01T08:30:00.5Z")),
            ("2026-03-01t08:30:00z", Some("2026-03-01T08:30:00Z")),
            ("20260301T083000Z", Some("2026-03-01T08:30:00Z")),
            ("2026-03-01T08:30Z", Some("2026-03-01T08:30:00Z")),
            ("2026-02-28T24:00:00Z", Some("2026-03-01T00:00:00Z")),
            ("2016-12-31T23:59:60Z", Some("2017-01-01T00:00:00Z")),
            ("2026-03-01T08:30:00Z", None),
            ("2026-03-01T08:30:00.123Z", None),
        ] {
            assert_eq!(to_utc(text).as_deref(), utc, "{text}");
        }
    }

    proptest! {
        #[test]
        fn written_timestamps_read_back(at in -62_135_596_800_000_000i64..253_402_300_799_999_999) {
            prop_assert_eq!(micros(&format_timestamp(at)), Some(at));
            prop_assert_eq!(to_utc(&format_timestamp(at)), None, "it is written so already");
        }

        #[test]
        fn reading_never_panics(text in ".{0,40}", near in "[-+0-9TZ:.,PYMDHSW]{0,30}") {
            for text in [text, near] {
                let _ = (parse_timestamp(&text), to_utc(&text), parse_duration(&text));
                let _ = (parse_parameter(&text), with_zone(&text));
            }
        }
    }
}
