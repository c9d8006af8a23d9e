//! When each survey was open, and for whom.

use crate::calendar::{Calendar, Day};
use crate::content::surveys::SURVEYS;
use crate::content::{Text, t};
use crate::dice::uuid_of;

/// A survey's round.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub(crate) id: String,
    /// Which of the surveys.
    pub(crate) survey: usize,
    pub(crate) title: Text,
    pub(crate) registration: u128,
    pub(crate) opens: Day,
    pub(crate) closes: Day,
    pub(crate) for_pupils: bool,
    /// How many of those answer who would answer a first round.
    pub(crate) appeal: f64,
}

/// What a registration is of: a round or an attempt at a course.
pub(crate) const REGISTRATION: u64 = 0x7265_6769;

/// The registration of the `number`-th round or attempt.
pub(crate) fn registration(seed: u64, number: u32) -> u128 {
    uuid_of(&[seed, REGISTRATION, u64::from(number)])
}

/// The year's rounds.
pub(crate) fn rounds(seed: u64, calendar: &Calendar) -> Vec<Round> {
    // survey, title, opens, closes, for pupils, appeal
    let plan = [
        (0, t("Självskattning hösten", "Self-assessment, autumn"), (9, 16), (10, 11), false, 1.0),
        (1, t("Arbetsdagen i november", "The working day in November"), (11, 11), (11, 29), false, 0.95),
        (2, t("Elevenkät i februari", "Pupils' survey in February"), (2, 3), (2, 21), true, 0.75),
        (0, t("Självskattning våren", "Self-assessment, spring"), (4, 22), (5, 16), false, 0.92),
    ];
    plan.into_iter()
        .enumerate()
        .map(|(number, (survey, title, opens, closes, for_pupils, appeal))| {
            let opens = calendar.day_of(opens.0, opens.1);
            let date = calendar.date(opens).format("%Y-%m").to_string();
            Round {
                id: format!("{}-{date}", SURVEYS[survey].slug),
                survey,
                title,
                registration: registration(seed, number as u32),
                opens,
                closes: calendar.day_of(closes.0, closes.1),
                for_pupils,
                appeal,
            }
        })
        .collect()
}
