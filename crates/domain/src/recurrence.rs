//! When something is due again and again, by Swedish time.

use chrono::{DateTime, Datelike, Days, NaiveDate};
use chrono_tz::Europe::Stockholm;
use eventlog::clock::Micros;

use crate::Date;

/// How often a report is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(index_only)]
pub enum Every {
    /// Every day.
    #[n(1)]
    Day,
    /// Once a week.
    #[n(2)]
    Week,
    /// Once a month.
    #[n(3)]
    Month,
}

/// When a report is ordered, by Swedish time. An hour that the clocks leave out counts as the next; of one that comes
/// twice the first counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, minicbor::Encode, minicbor::Decode)]
#[cbor(map)]
pub struct Recurrence {
    /// How often.
    #[n(0)]
    pub every: Every,
    /// The day of the week, from 1 for Monday, or of the month, where a month's last day stands for those that it does
    /// not have; 1 where it is every day.
    #[n(1)]
    pub day: u8,
    /// The minute of the day.
    #[n(2)]
    pub minute: u16,
}

impl Recurrence {
    /// A recurrence; `None` where there is no such day, or the minute is past the day's last.
    pub fn new(every: Every, day: u8, minute: u16) -> Option<Self> {
        let last = match every {
            Every::Day => 1,
            Every::Week => 7,
            Every::Month => 31,
        };
        ((1..=last).contains(&day) && minute < 24 * 60).then_some(Self { every, day, minute })
    }

    /// The last time that it was due, at `now` or before.
    pub fn last(&self, now: Micros) -> Option<Micros> {
        let today = local(now)?;
        let mut before = (0..=62).filter_map(|days| self.on(today.checked_sub_days(Days::new(days))?));
        before.find(|due| *due <= now)
    }

    /// The first time after `now` that it is due.
    pub fn next(&self, now: Micros) -> Option<Micros> {
        let today = local(now)?;
        let mut after = (0..=62).filter_map(|days| self.on(today.checked_add_days(Days::new(days))?));
        after.find(|due| *due > now)
    }

    /// When it is due on a day, if it is.
    fn on(&self, date: NaiveDate) -> Option<Micros> {
        let is_due = match self.every {
            Every::Day => true,
            Every::Week => date.weekday().number_from_monday() == u32::from(self.day),
            Every::Month => {
                date.day() == u32::from(self.day)
                    || (date.day() < u32::from(self.day) && date.succ_opt()?.month() != date.month())
            }
        };
        if !is_due {
            return None;
        }
        Some(Date::from_naive(date).at(self.minute))
    }
}

/// The day in Sweden.
fn local(at: Micros) -> Option<NaiveDate> {
    Some(DateTime::from_timestamp_micros(at.0)?.with_timezone(&Stockholm).date_naive())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{instant, monthly};

    #[test]
    fn six_in_the_morning_is_six_in_the_morning_in_summer_and_winter() {
        let first = monthly(1, 6, 0);
        for (now, next) in [
            ("2026-03-15T00:00:00Z", "2026-04-01T04:00:00Z"),
            ("2026-10-15T00:00:00Z", "2026-11-01T05:00:00Z"),
            ("2026-11-01T05:00:00Z", "2026-12-01T05:00:00Z"),
        ] {
            assert_eq!(first.next(instant(now)), Some(instant(next)), "{now}");
            assert_eq!(first.last(instant(next)), Some(instant(next)));
        }
        assert_eq!(first.last(instant("2026-11-01T04:59:59Z")), Some(instant("2026-10-01T04:00:00Z")));
    }

    #[test]
    fn an_hour_that_the_clocks_leave_out_or_repeat_is_due_once() {
        let daily = Recurrence::new(Every::Day, 1, 150).unwrap();
        // 02:30 is left out on 2026-03-29, and comes twice on 2026-10-25.
        assert_eq!(daily.next(instant("2026-03-28T12:00:00Z")), Some(instant("2026-03-29T01:30:00Z")));
        assert_eq!(daily.next(instant("2026-03-29T01:30:00Z")), Some(instant("2026-03-30T00:30:00Z")));
        assert_eq!(daily.next(instant("2026-10-24T12:00:00Z")), Some(instant("2026-10-25T00:30:00Z")));
        assert_eq!(daily.next(instant("2026-10-25T00:30:00Z")), Some(instant("2026-10-26T01:30:00Z")));
    }

    #[test]
    fn a_month_without_the_day_has_its_last_day_and_a_week_its_weekday() {
        let last = monthly(31, 0, 0);
        assert_eq!(last.next(instant("2027-02-01T00:00:00Z")), Some(instant("2027-02-27T23:00:00Z")));
        let monday = Recurrence::new(Every::Week, 1, 0).unwrap();
        assert_eq!(monday.next(instant("2026-11-30T12:00:00Z")), Some(instant("2026-12-06T23:00:00Z")));
        for (every, day, minute) in [(Every::Week, 8, 0), (Every::Month, 0, 0), (Every::Day, 1, 1440)] {
            assert_eq!(Recurrence::new(every, day, minute), None);
        }
    }
}
