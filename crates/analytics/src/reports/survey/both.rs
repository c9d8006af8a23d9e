//! What is compared with the round before: which questions, of whom, and what a comparison follows from.

use super::answers::Round;
use super::respondents::{Asked, Respondents};
use super::sections;
use crate::statistics::{PositiveBase, Sample, cohens_h, newcombe, welch};
use disclosure::{Figure, Need, Section, Share, Value, ValueKind};
use domain::PersonId;
use domain::events::{Code, SurveyFacts, SurveyItem};
use std::collections::BTreeMap;

/// The rolls of those who were asked then, and of those who were asked in the same groups both times: each as many as there are
/// groups of respondents.
pub(super) const THEN: usize = 1;
pub(super) const BOTH: usize = 2;

/// What is compared: this round and the one before, with the groups of each.
pub(super) struct Both<'a> {
    pub(super) now: &'a Round<'a>,
    pub(super) then: &'a Round<'a>,
    pub(super) groups_now: &'a Respondents<'a>,
    /// In the groups of now.
    pub(super) groups_then: &'a Respondents<'a>,
    /// The groups with who was asked in them both times.
    pub(super) stayed: &'a Respondents<'a>,
    pub(super) base: PositiveBase,
}

/// A question that was put in the same words of a scale both times: where it stands now, and then.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    pub(super) now: Asked,
    pub(super) then: Asked,
}

impl Both<'_> {
    /// The questions that both surveys have by name, with the same scale and polarity, for groups that both rounds had.
    pub(super) fn comparable(&self) -> Vec<Pair> {
        let then = self.groups_then.asked(self.then.survey);
        let pair = |now: Asked| {
            let item = &self.now.survey.items[now.item];
            let same = |then: &&Asked| {
                let other = &self.then.survey.items[then.item];
                then.group == now.group
                    && (&other.name, other.reverse) == (&item.name, item.reverse)
                    && codes(self.then.survey, other) == codes(self.now.survey, item)
            };
            let was_asked = self.groups_then.members(now.group).next().is_some();
            let then = then.iter().find(same).filter(|_| was_asked)?;
            Some(Pair { now, then: *then })
        };
        self.groups_now.asked(self.now.survey).into_iter().filter_map(pair).collect()
    }

    /// Whether who answered is known both times: not of guardians, nor where nobody can be linked.
    pub(super) fn is_linked(&self, pair: &Pair) -> bool {
        self.now.is_linked(pair.now.group) && self.then.is_linked(pair.now.group)
    }
}

/// Where each person stands in a round's audience.
pub(super) fn places(round: &Round<'_>) -> BTreeMap<PersonId, usize> {
    round.audience.people.iter().copied().zip(0..).collect()
}

/// The codes of an item's scale.
fn codes<'s>(survey: &'s SurveyFacts, item: &SurveyItem) -> Option<&'s [Code]> {
    survey.scales.iter().find(|scale| scale.id == item.scale).map(|scale| scale.codes.as_slice())
}

/// What a comparison of an item follows from: its figures now and then, by the codes under which they stand.
pub(super) fn needs(
    item: usize,
    (answers, now): (&[Section], &str),
    (earlier, then): (&[Section], &str),
    among: bool,
) -> impl Iterator<Item = Need> {
    let of = move |found: Option<(String, String)>| {
        found.map(|(section, code)| Need { item, section, code, among })
    };
    of(sections::with(answers, now)).into_iter().chain(of(sections::with(earlier, then)))
}

/// A group's figure of an item.
pub(super) fn found<'a>(sections: &'a [Section], code: &str, population: usize) -> Option<&'a Figure> {
    sections.iter().find_map(|section| {
        let place = section.items.iter().position(|item| item.code == code)?;
        // Item by item, and each by population.
        let key = |figure: &Figure| (figure.item, figure.population);
        let found = section.figures.binary_search_by_key(&(place, population), key);
        found.ok().and_then(|at| section.figures.get(at))
    })
}

/// The change of a share.
pub(super) fn of_shares(now: Share, then: Share) -> Vec<Value> {
    let change = newcombe(now, then).map(|change| Value {
        kind: ValueKind::ShareChange,
        number: change.difference,
        interval: Some(change.interval),
    });
    let size = cohens_h(now, then).map(|number| Value { kind: ValueKind::CohensH, number, interval: None });
    change.into_iter().chain(size).collect()
}

/// The change of a mean.
pub(super) fn of_means(now: &Sample, then: &Sample) -> Vec<Value> {
    let Some(change) = welch(now, then) else { return Vec::new() };
    let value = |kind, number, interval| Value { kind, number, interval };
    vec![
        value(ValueKind::MeanChange, change.difference, Some(change.interval)),
        value(ValueKind::HedgesG, change.hedges_g, None),
        value(ValueKind::CliffsDelta, change.cliffs_delta, None),
    ]
}
