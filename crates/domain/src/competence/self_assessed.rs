//! Self-assessment: one instrument at a time.

use std::collections::BTreeMap;

use eventlog::clock::Micros;
use eventlog::event::Key;

use super::{Levels, State};
use crate::Date;
use crate::events::SurveyFacts;
use crate::frameworks::Framework;
use crate::instruments::PercentBand;

/// A version of a survey as an instrument of self-assessment. Versions and surveys are never merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrument<'a> {
    /// Items by activity.
    items: BTreeMap<&'a str, Counted<'a>>,
}

/// Whether an item counts for completeness, and the framework and competence it feeds.
type Counted<'a> = (bool, Option<(&'a str, &'a str)>);

impl<'a> Instrument<'a> {
    /// The instrument that a survey is. Its required items count for completeness; where none is required, all.
    pub fn of(survey: &'a SurveyFacts) -> Self {
        let any_required = survey.items.iter().any(|item| item.required);
        let items = survey.items.iter().map(|item| {
            let feeds = item.feeds.as_ref().map(|feed| (feed.framework.as_str(), feed.competence.as_str()));
            (item.activity.as_str(), (item.required || !any_required, feeds))
        });
        Self { items: items.collect() }
    }

    fn is_complete(&self, answered: &BTreeMap<&str, ItemAnswer<'_>>) -> bool {
        let counted = || self.items.iter().filter(|(_, (counts, _))| *counts);
        let answers = counted().filter(|(item, _)| answered.contains_key(*item)).count();
        answers > 0 && 2 * answers >= counted().count()
    }
}

/// One person's answer to one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemAnswer<'a> {
    /// What belongs together: the registration of the round.
    pub sitting: Option<Key>,
    /// The item's activity.
    pub item: &'a str,
    /// The level that the answer claims; none for "don't know", which is an answer.
    pub level: Option<u8>,
    /// The part of the points that it gives ([`Scale::points`](crate::events::Scale::points)), where areas are scored.
    pub points: Option<(u128, u128)>,
    /// When, in microseconds.
    pub observed_at: i64,
    /// The position of its event.
    pub position: u64,
}

/// The self-assessed level on a day of every competence that the instrument asks about (framework and code),
/// from one person's answers to it, in any order.
///
/// A sitting is complete when at least half of the items that count are answered ("don't know" is an answer);
/// an item answered again counts with its last answer. The latest complete sitting holds. A competence of which
/// under half the items claim a level is unknown; otherwise the level is the mean of those, rounded half up.
pub fn self_assessed<'a>(
    instrument: &Instrument<'a>,
    answers: &[ItemAnswer<'_>],
    on: Date,
) -> BTreeMap<(&'a str, &'a str), State> {
    let latest = latest(instrument, answers, on);
    let mut claims: BTreeMap<(&str, &str), Claims> = BTreeMap::new();
    for (item, (_, feeds)) in &instrument.items {
        if let Some(competence) = feeds {
            let claims = claims.entry(*competence).or_default();
            claims.items += 1;
            if let Some(level) = latest.get(item).and_then(|answer| answer.level) {
                claims.count += 1;
                claims.sum += u32::from(level);
            }
        }
    }
    claims.into_iter().map(|(competence, claims)| (competence, claims.state())).collect()
}

/// For each area of a framework the place of the band that one person's answers to an instrument give, on a day, by the
/// mean of the area's items in per cent of the points. Unknown, with under half of the items scored: none.
pub fn areas(
    instrument: &Instrument<'_>,
    bands: &[PercentBand],
    framework: &Framework,
    answers: &[ItemAnswer<'_>],
    on: Date,
) -> Vec<Option<usize>> {
    let latest = latest(instrument, answers, on);
    let area_of = |(of, competence): (&str, &str)| {
        Some(framework.competence(competence).filter(|_| of == framework.id)?.area.as_str())
    };
    let band = |area: &str| {
        let items = instrument.items.iter().filter(|(_, (_, feeds))| feeds.and_then(area_of) == Some(area));
        let items: Vec<_> =
            items.map(|(item, _)| latest.get(item).and_then(|answer| answer.points)).collect();
        let scored = items.iter().flatten().count();
        if scored == 0 || 2 * scored < items.len() {
            return None;
        }
        let (sum, one) = items.into_iter().flatten().try_fold((0, 1), plus)?;
        let reaches = |band: &PercentBand| {
            Some(sum.checked_mul(100)? >= u128::from(band.from) * u128::try_from(scored).ok()? * one)
        };
        bands.iter().rposition(|band| reaches(band) == Some(true))
    };
    framework.areas.iter().map(|area| band(&area.code)).collect()
}

/// The sum of two fractions in its lowest terms.
fn plus((a, b): (u128, u128), (c, d): (u128, u128)) -> Option<(u128, u128)> {
    let (sum, one) = (a.checked_mul(d)?.checked_add(c.checked_mul(b)?)?, b.checked_mul(d)?);
    let (mut x, mut y) = (sum, one);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    Some((sum / x, one / x))
}

/// The answers of the latest complete sitting, by item.
fn latest<'b>(
    instrument: &Instrument<'_>,
    answers: &[ItemAnswer<'b>],
    on: Date,
) -> BTreeMap<&'b str, ItemAnswer<'b>> {
    let mut sittings: BTreeMap<Option<Key>, BTreeMap<&'b str, ItemAnswer<'b>>> = BTreeMap::new();
    for answer in answers {
        if instrument.items.contains_key(answer.item) && Date::in_sweden(Micros(answer.observed_at)) <= on {
            let held = sittings.entry(answer.sitting).or_default().entry(answer.item).or_insert(*answer);
            if when(answer) > when(held) {
                *held = *answer;
            }
        }
    }
    sittings
        .into_values()
        .filter(|answered| instrument.is_complete(answered))
        .max_by_key(|answered| answered.values().map(when).max())
        .unwrap_or_default()
}

fn when(answer: &ItemAnswer<'_>) -> (i64, u64) {
    (answer.observed_at, answer.position)
}

#[derive(Default)]
struct Claims {
    items: u32,
    count: u32,
    sum: u32,
}

impl Claims {
    fn state(&self) -> State {
        if self.count == 0 || 2 * self.count < self.items {
            return State::Unknown;
        }
        let level = (2 * self.sum + self.count) / (2 * self.count);
        u8::try_from(level).map_or(State::Unknown, |level| State::Level(Levels::one(level)))
    }
}
