//! A school year: which days people study on, at which hours, and what instant that is.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use crate::dice::Dice;

/// A day of the school year; 0 is 1 August.
pub(crate) type Day = u16;

/// Days from 1 August on that statements fall on: to the middle of July.
pub(crate) const LAST_DAY: Day = 349;

/// The first day anybody is at work again.
pub(crate) const FIRST_DAY: Day = 6;

/// When a person tends to study.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rhythm {
    Worktime,
    Evenings,
    Pupil,
}

/// The weight of every day of the year, summed up for drawing.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    first: NaiveDate,
    cumulative: Vec<f64>,
    summer_time_ends: Day,
    summer_time_begins: Day,
}

impl Calendar {
    /// The school year that begins in August of `year`; years outside of what a date can hold become 2024.
    pub(crate) fn new(year: i32) -> Calendar {
        let first = NaiveDate::from_ymd_opt(year.clamp(1970, 9000), 8, 1).unwrap_or_default();
        let mut sum = 0.0;
        let mut cumulative = vec![0.0];
        for day in 0..=LAST_DAY {
            sum += if day < FIRST_DAY { 0.0 } else { weight(first + Days::new(u64::from(day))) };
            cumulative.push(sum);
        }
        let mut calendar = Calendar { first, cumulative, summer_time_ends: 0, summer_time_begins: 0 };
        calendar.summer_time_ends = calendar.last_sunday(10);
        calendar.summer_time_begins = calendar.last_sunday(3);
        calendar
    }

    /// The date of a day of the school year.
    pub(crate) fn date(&self, day: Day) -> NaiveDate {
        self.first + Days::new(u64::from(day))
    }

    /// The day of the school year that a date is, by month and day of the month.
    pub(crate) fn day_of(&self, month: u32, day: u32) -> Day {
        let year = self.first.year() + i32::from(month < 8);
        let date = NaiveDate::from_ymd_opt(year, month, day).unwrap_or(self.first);
        (date - self.first).num_days().clamp(0, i64::from(LAST_DAY)) as Day
    }

    /// A day in `from..=to` by the days' weights; None where nobody studies between them.
    pub(crate) fn draw(&self, dice: &mut Dice, from: Day, to: Day) -> Option<Day> {
        let (from, to) = (usize::from(from), usize::from(to.min(LAST_DAY)) + 1);
        if from >= to {
            return None;
        }
        let (low, high) = (self.cumulative[from], self.cumulative[to]);
        if high <= low {
            return None;
        }
        let aim = low + dice.unit() * (high - low);
        let index = self.cumulative[from..=to].partition_point(|sum| *sum <= aim);
        Some((from + index.saturating_sub(1)).min(to - 1) as Day)
    }

    /// Milliseconds since 1970 (UTC) of a second of a day, Swedish time.
    pub(crate) fn instant(&self, day: Day, second: u32) -> i64 {
        let midnight = self.date(day).and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
        (midnight + i64::from(second) - 3600 * self.offset_hours(day)) * 1000
    }

    /// Hours that Swedish time is ahead of UTC on a day.
    pub(crate) fn offset_hours(&self, day: Day) -> i64 {
        if day < self.summer_time_ends || day >= self.summer_time_begins { 2 } else { 1 }
    }

    fn last_sunday(&self, month: u32) -> Day {
        let mut day = self.day_of(month, 31);
        while self.date(day).weekday() != Weekday::Sun {
            day -= 1;
        }
        day
    }
}

/// A second of the day that a person of this rhythm starts something at, Swedish time.
pub(crate) fn second(dice: &mut Dice, rhythm: Rhythm) -> u32 {
    let blocks: &[(f64, u64, u64)] = match rhythm {
        Rhythm::Worktime => {
            &[(0.06, 23_400, 28_800), (0.40, 28_800, 41_400), (0.46, 45_000, 59_400), (0.08, 59_400, 66_600)]
        }
        Rhythm::Evenings => &[(0.25, 28_800, 57_600), (0.75, 67_500, 81_000)],
        Rhythm::Pupil => &[(0.52, 29_700, 41_400), (0.33, 44_100, 53_100), (0.15, 57_600, 72_000)],
    };
    let (_, from, to) = blocks[dice.weighted(blocks.iter().map(|block| block.0))];
    dice.between(from, to) as u32
}

/// How much is studied on a date, an ordinary Tuesday being 1: weeks, breaks and study days.
fn weight(date: NaiveDate) -> f64 {
    let week = match date.weekday() {
        Weekday::Mon => 0.95,
        Weekday::Tue | Weekday::Wed => 1.0,
        Weekday::Thu => 1.05,
        Weekday::Fri => 0.6,
        Weekday::Sat => 0.05,
        Weekday::Sun => 0.12,
    };
    let season = match (date.month(), date.day()) {
        (8, 1..=7) => 0.05,
        (8, 8..=18) => 1.8,
        (10, 30) | (1, 8..=9) => 2.5,
        (12, 20..=31) | (1, 1..=6) => 0.04,
        (6, 7..=16) => 0.5,
        (6, 17..=30) | (7, _) => 0.05,
        _ => match date.iso_week().week() {
            44 => 0.25,
            9 => 0.35,
            15 => 0.3,
            _ => 1.0,
        },
    };
    week * season
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Concern;

    #[test]
    fn swedish_time_becomes_utc_on_both_sides_of_the_change() {
        let calendar = Calendar::new(2024);
        let summer = calendar.day_of(8, 20);
        let winter = calendar.day_of(12, 3);
        // date -u -d '2024-08-20 06:00:00' +%s; date -u -d '2024-12-03 07:00:00' +%s
        assert_eq!(calendar.instant(summer, 8 * 3600), 1_724_133_600_000);
        assert_eq!(calendar.instant(winter, 8 * 3600), 1_733_209_200_000);
        assert_eq!(calendar.date(calendar.summer_time_ends).to_string(), "2024-10-27");
        assert_eq!(calendar.date(calendar.summer_time_begins).to_string(), "2025-03-30");
    }

    #[test]
    fn breaks_and_weekends_are_quiet() {
        let calendar = Calendar::new(2024);
        let mut dice = Dice::of(1, Concern::Study, 1);
        let mut christmas = 0;
        let mut weekend = 0;
        for _ in 0..10_000 {
            let day = calendar.draw(&mut dice, 0, LAST_DAY).unwrap();
            let date = calendar.date(day);
            christmas += u32::from(date.month() == 12 && date.day() >= 20);
            weekend += u32::from(matches!(date.weekday(), Weekday::Sat | Weekday::Sun));
        }
        assert!(christmas < 60, "{christmas}");
        assert!((100..900).contains(&weekend), "{weekend}");
    }

    #[test]
    fn a_window_in_which_nobody_studies_gives_no_day() {
        let calendar = Calendar::new(2024);
        let mut dice = Dice::of(1, Concern::Study, 1);
        assert_eq!(calendar.draw(&mut dice, 0, 3), None);
        assert_eq!(calendar.draw(&mut dice, 9, 8), None);
        assert_eq!(calendar.draw(&mut dice, 20, 20), Some(20));
    }
}
