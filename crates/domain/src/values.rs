//! Small values that several modules share: texts in two languages, and dates.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Duration, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike};
use chrono_tz::Europe::Stockholm;
use eventlog::clock::Micros;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// A text for readers, in Swedish and, where there is one, in English.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, ToSchema, Encode, Decode,
)]
#[serde(deny_unknown_fields)]
#[cbor(map)]
pub struct Text {
    /// Swedish.
    #[n(0)]
    pub sv: String,
    /// English.
    #[n(1)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
}

impl Text {
    /// A text in both languages.
    pub fn new(sv: impl Into<String>, en: impl Into<String>) -> Self {
        Self { sv: sv.into(), en: Some(en.into()) }
    }

    /// The English text, or the Swedish one where there is none.
    pub fn english(&self) -> &str {
        self.en.as_deref().unwrap_or(&self.sv)
    }
}

/// What clocks in Sweden show at an instant.
pub fn swedish(at: Micros) -> NaiveDateTime {
    at.to_datetime().with_timezone(&Stockholm).naive_local()
}

/// A calendar day, as days since 1970-01-01; written `YYYY-MM-DD`. Years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, ToSchema)]
#[cbor(transparent)]
#[schema(value_type = String, format = Date)]
pub struct Date(#[n(0)] i32);

/// What the clocks on the wall show in Sweden at an instant, as minutes after midnight.
pub(crate) fn minute_in_sweden(at: Micros) -> u16 {
    let shown = Stockholm.from_utc_datetime(&at.to_datetime().naive_utc());
    (shown.hour() * 60 + shown.minute()) as u16
}

/// A text that is not a day written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a date as YYYY-MM-DD")]
pub struct BadDate;

const UNIX_EPOCH_FROM_CE: i32 = 719_163;
/// Minutes from midnight to midnight, as clocks count them.
pub const MINUTES_PER_DAY: u16 = 1_440;
const MICROS_PER_DAY: i64 = 86_400_000_000;
const MICROS_PER_HOUR: i64 = 3_600_000_000;

impl Date {
    /// The day with this number since 1970-01-01.
    pub fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i32 {
        self.0
    }

    /// The day of a calendar date.
    pub fn from_naive(date: NaiveDate) -> Self {
        Self(date.num_days_from_ce() - UNIX_EPOCH_FROM_CE)
    }

    /// The calendar date; days outside chrono's range become its epoch.
    pub fn to_naive(self) -> NaiveDate {
        self.0
            .checked_add(UNIX_EPOCH_FROM_CE)
            .and_then(NaiveDate::from_num_days_from_ce_opt)
            .unwrap_or_default()
    }

    /// The day in Sweden at an instant. Central European time: one hour ahead of UTC, two from the last Sunday
    /// of March to the last Sunday of October, changing at 01:00 UTC (directive 2000/84/EC).
    pub fn in_sweden(at: Micros) -> Self {
        let utc = Self::in_utc(at);
        let date = utc.to_naive();
        let summer = match date.month() {
            4..=9 => true,
            month @ (3 | 10) => {
                let change = Self::last_sunday(date.year(), month);
                let changed = at.0
                    >= i64::from(change.0).saturating_mul(MICROS_PER_DAY).saturating_add(MICROS_PER_HOUR);
                changed == (month == 3)
            }
            _ => false,
        };
        Self::in_utc(Micros(at.0.saturating_add(if summer { 2 } else { 1 } * MICROS_PER_HOUR)))
    }

    /// When the day begins in Sweden: the first instant that [`Date::in_sweden`] counts to it.
    pub fn begins(self) -> Micros {
        // Clocks change at 01:00 UTC, never between the two midnights: the evening before, at 22:00 UTC, has the day's time.
        let summer = Micros(i64::from(self.0) * MICROS_PER_DAY - 2 * MICROS_PER_HOUR);
        match Self::in_sweden(summer) == self {
            true => summer,
            false => Micros(summer.0 + MICROS_PER_HOUR),
        }
    }

    /// When clocks in Sweden show this many minutes after the day's midnight; what they skip is an hour later, and what they
    /// show twice is the first time. At most the midnight after the day.
    pub fn at(self, minute: u16) -> Micros {
        let minute = minute.min(MINUTES_PER_DAY);
        let shown = self.to_naive().and_time(NaiveTime::MIN) + Duration::minutes(i64::from(minute));
        let found = match Stockholm.from_local_datetime(&shown) {
            LocalResult::Single(found) | LocalResult::Ambiguous(found, _) => Some(found),
            LocalResult::None => Stockholm.from_local_datetime(&(shown + Duration::hours(1))).earliest(),
        };
        found.map_or_else(|| self.begins(), |found| Micros(found.timestamp_micros()))
    }

    /// The day in UTC at an instant.
    fn in_utc(at: Micros) -> Self {
        Self(i32::try_from(at.0.div_euclid(MICROS_PER_DAY)).unwrap_or_default())
    }

    /// The day this many months later: the same day of the month, or the month's last where it has no such.
    pub fn plus_months(self, months: u32) -> Self {
        self.to_naive().checked_add_months(chrono::Months::new(months)).map_or(self, Self::from_naive)
    }

    /// Whether the day lies in `from..=to`, where a missing end never comes.
    pub fn within(self, from: Self, to: Option<Self>) -> bool {
        from <= self && to.is_none_or(|to| self <= to)
    }

    /// The last Sunday of a month of 31 days.
    fn last_sunday(year: i32, month: u32) -> Self {
        NaiveDate::from_ymd_opt(year, month, 31).map_or(Self(0), |last| {
            let back = last.weekday().num_days_from_sunday();
            Self(Self::from_naive(last).0 - i32::try_from(back).unwrap_or_default())
        })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_naive().format("%Y-%m-%d"))
    }
}

impl FromStr for Date {
    type Err = BadDate;

    fn from_str(text: &str) -> Result<Self, BadDate> {
        let shaped = text.len() == 10
            && text
                .bytes()
                .enumerate()
                .all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
        if !shaped || text.starts_with("0000") {
            return Err(BadDate);
        }
        NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Self::from_naive).map_err(|_| BadDate)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn at(text: &str) -> Micros {
        Micros::from_datetime(chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc())
    }

    #[test]
    fn only_whole_dates_are_dates() {
        assert_eq!(date("1970-01-01").days(), 0);
        assert_eq!(date("2025-11-24").to_string(), "2025-11-24");
        for text in ["2025-02-29", "2025-1-1", "20250101", "2025-01-01T00:00", "", "+025-01-01", "0000-01-01"]
        {
            assert_eq!(text.parse::<Date>(), Err(BadDate), "{text}");
        }
    }

    #[test]
    fn a_day_in_sweden_begins_at_its_own_midnight_winter_and_summer() {
        for (instant, day) in [
            ("2026-01-14T22:59:59Z", "2026-01-14"),
            ("2026-01-14T23:00:00Z", "2026-01-15"),
            ("2026-06-14T21:59:59Z", "2026-06-14"),
            ("2026-06-14T22:00:00Z", "2026-06-15"),
            // The clocks change on 29 March and 25 October 2026.
            ("2026-03-28T22:30:00Z", "2026-03-28"),
            ("2026-03-29T22:30:00Z", "2026-03-30"),
            ("2026-10-24T22:30:00Z", "2026-10-25"),
            ("2026-10-25T22:30:00Z", "2026-10-25"),
        ] {
            assert_eq!(Date::in_sweden(at(instant)), date(day), "{instant}");
        }
        for number in date("2026-01-01").days()..=date("2027-01-01").days() {
            let day = Date::from_days(number);
            let begins = day.begins();
            assert_eq!(Date::in_sweden(begins), day);
            assert_eq!(Date::in_sweden(Micros(begins.0 - 1)).days(), number - 1, "{day}");
        }
    }

    #[test]
    fn months_end_on_the_last_day_there_is() {
        assert_eq!(date("2025-08-31").plus_months(6), date("2026-02-28"));
        assert_eq!(date("2024-02-29").plus_months(24), date("2026-02-28"));
    }

    #[test]
    fn a_missing_end_never_comes() {
        assert!(date("2026-01-01").within(date("2026-01-01"), None));
        assert!(date("2026-01-01").within(date("2025-01-01"), Some(date("2026-01-01"))));
        assert!(!date("2026-01-02").within(date("2025-01-01"), Some(date("2026-01-01"))));
    }
}
