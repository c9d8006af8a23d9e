//! The same questions the time before: what was answered then, how the answers differ, and what became of those who
//! answered both times.

use super::super::populations::Populations;
use super::super::{ReportError, text};
use super::answers::Round;
use super::sections;
use crate::statistics::{PositiveBase, Sample, cohens_h, newcombe, paired_change, welch};
use disclosure::{
    Category, Figure, Item, Measure, Need, Ratio, Role, Section, Share, Text, Value, ValueKind,
};
use domain::PersonId;
use domain::events::{RoundFacts, SurveyFacts, SurveyItem};
use domain::surveys::Surveys;
use std::collections::BTreeMap;

/// What the ids begin with of sections that have the answers of the round before.
pub const EARLIER: &str = "earlier-";

/// The round before: the last of the same survey that had closed for the same unit and roles before this one opened, and of
/// which there are answers.
pub(super) fn round_before<'a>(surveys: &'a Surveys, round: &RoundFacts) -> Option<&'a RoundFacts> {
    surveys
        .rounds()
        .filter(|other| {
            other.survey == round.survey
                && (&other.unit, &other.roles) == (&round.unit, &round.roles)
                && other.guardians.is_some() == round.guardians.is_some()
                && other.closes < round.opens
                && surveys.is_counted(other)
        })
        .max_by_key(|other| (other.closes, &other.id))
}

/// The roll of those who were asked then, and of those who were asked in the same groups both times.
const THEN: usize = 1;
const BOTH: usize = 2;

/// What is compared: this round and the one before, with the groups of each.
pub(super) struct Both<'a> {
    pub(super) now: &'a Round<'a>,
    pub(super) then: &'a Round<'a>,
    pub(super) groups_now: &'a Populations,
    pub(super) groups_then: &'a Populations,
    /// The groups with who was asked in them both times.
    pub(super) stayed: &'a Populations,
    pub(super) base: PositiveBase,
}

/// A question that was put in the same words of a scale both times: where it stands now, and then.
#[derive(Clone, Copy)]
struct Pair {
    now: usize,
    then: usize,
}

impl Both<'_> {
    /// The answers of the time before, the changes since, and the change of the same people. Nothing where no question
    /// can be compared.
    pub(super) fn sections(&self, answers: &[Section]) -> Result<Vec<Section>, ReportError> {
        let pairs = comparable(self.now.survey, self.then.survey);
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        let wanted = |item: usize| pairs.iter().any(|pair| pair.then == item);
        let mut earlier = sections::items(self.then, self.groups_then, self.base, wanted)?;
        let title = text(&self.then.facts.title);
        for section in &mut earlier {
            section.id = format!("{EARLIER}{}", section.id);
            // How many answered then is not in the report.
            section.within.clear();
            section.rolls = vec![THEN; section.items.len()];
            section.title = Text::new(
                format!("{}: {}", title.sv, section.title.sv),
                format!("{}: {}", title.get(disclosure::Lang::En), section.title.get(disclosure::Lang::En)),
            );
        }
        let mut changes = self.changes(&pairs, answers, &earlier)?;
        let mut paired = self.paired(&pairs, answers, &earlier)?;
        for section in [&mut changes, &mut paired] {
            section.notes.push(Text::new(
                format!(
                    "Jämfört med ”{}” ({} – {}), frågor med samma skala.",
                    title.sv, self.then.facts.opens, self.then.facts.closes
                ),
                format!(
                    "Compared with “{}” ({} – {}), questions with the same scale.",
                    title.get(disclosure::Lang::En),
                    self.then.facts.opens,
                    self.then.facts.closes
                ),
            ));
        }
        let paired = (!paired.items.is_empty()).then_some(paired);
        Ok([changes].into_iter().chain(paired).chain(earlier).collect())
    }

    fn changes(
        &self,
        pairs: &[Pair],
        answers: &[Section],
        earlier: &[Section],
    ) -> Result<Section, ReportError> {
        let mut section = Section::new(
            "change",
            Text::new("Ändring sedan förra gången", "Change since last time"),
            Measure::Change,
            pairs.iter().map(|pair| labelled(self.now, pair.now)).collect(),
        );
        section.values = vec![
            ValueKind::ShareChange,
            ValueKind::CohensH,
            ValueKind::MeanChange,
            ValueKind::HedgesG,
            ValueKind::CliffsDelta,
        ];
        section.needs = needs(self, pairs, answers, earlier, false);
        for population in 0..self.groups_now.list.len() {
            for (number, pair) in pairs.iter().enumerate() {
                let now = found(answers, self.now, pair.now, population);
                let then = found(earlier, self.then, pair.then, population);
                let (Some(now), Some(then)) = (now, then) else { continue };
                let mut figure = Figure::of(population, number, now.base, now.answered);
                if let (Some(one), Some(other)) = (now.positive, then.positive) {
                    figure.values.extend(of_shares(one, other));
                }
                let scores_now = self.now.sample(&self.groups_now.members[population], pair.now)?;
                let scores_then = self.then.sample(&self.groups_then.members[population], pair.then)?;
                figure.values.extend(of_means(&scores_now, &scores_then));
                section.figures.push(figure);
            }
        }
        Ok(section)
    }

    /// Of those who answered a question with a score both times, in the same group.
    fn paired(
        &self,
        pairs: &[Pair],
        answers: &[Section],
        earlier: &[Section],
    ) -> Result<Section, ReportError> {
        // Who answered both times is not known of guardians, nor where nobody can be linked.
        let known = self.now.is_linked() && self.then.is_linked();
        let pairs = pairs.iter().filter(|pair| known && self.now.is_scored(pair.now));
        let pairs: Vec<Pair> = pairs.copied().collect();
        let mut section = Section::new(
            "paired-change",
            Text::new("De som svarade båda gångerna", "Those who answered both times"),
            Measure::PairedChange,
            pairs.iter().map(|pair| labelled(self.now, pair.now)).collect(),
        );
        let category = |code: &str, sv: &str, en: &str, role| Category {
            code: code.into(),
            label: Text::new(sv, en),
            role,
        };
        section.categories = vec![
            category("down", "Lägre", "Lower", Role::Negative),
            category("same", "Samma", "The same", Role::Neutral),
            category("up", "Högre", "Higher", Role::Positive),
        ];
        section.values = vec![ValueKind::MeanChange, ValueKind::DAv];
        section.needs = needs(self, &pairs, answers, earlier, true);
        if pairs.is_empty() {
            return Ok(section);
        }
        section.rolls = vec![BOTH; section.items.len()];
        let person_then = places(self.then);
        for (population, members) in self.stayed.members.iter().enumerate() {
            for (number, pair) in pairs.iter().enumerate() {
                let scores = members.iter().filter_map(|now| {
                    let then = *person_then.get(&self.now.audience.people[*now])?;
                    Some(((self.then.score(then, pair.then)?, self.now.score(*now, pair.now)?), 1))
                });
                let scores: Vec<((Ratio, Ratio), u64)> = scores.collect();
                let mut figure = Figure::of(population, number, members.len() as u64, scores.len() as u64);
                figure.counts = vec![0; 3];
                for ((before, after), count) in &scores {
                    figure.counts[(1 + after.cmp(before) as isize) as usize] += count;
                }
                if let Some(change) = paired_change(&scores) {
                    let mean = Value {
                        kind: ValueKind::MeanChange,
                        number: change.difference,
                        interval: change.interval,
                    };
                    figure.values.push(mean);
                    let d_av =
                        change.d_av.map(|number| Value { kind: ValueKind::DAv, number, interval: None });
                    figure.values.extend(d_av);
                }
                section.figures.push(figure);
            }
        }
        Ok(section)
    }
}

/// The groups of a round with who was asked in them the time before as well.
pub(super) fn stayed(
    (now, groups_now): (&Round<'_>, &Populations),
    (then, groups_then): (&Round<'_>, &Populations),
) -> Populations {
    let person_then = places(then);
    let [both, _] =
        groups_now.shared(groups_then, |person| person_then.get(now.audience.people.get(person)?).copied());
    both
}

/// Where each person stands in a round's audience.
fn places(round: &Round<'_>) -> BTreeMap<PersonId, usize> {
    round.audience.people.iter().copied().zip(0..).collect()
}

/// The questions that both surveys have by name, with the same scale and polarity.
fn comparable(now: &SurveyFacts, then: &SurveyFacts) -> Vec<Pair> {
    let scale = |survey: &SurveyFacts, item: &SurveyItem| {
        survey.scales.iter().find(|scale| scale.id == item.scale).map(|scale| scale.codes.clone())
    };
    let pair = |(place, item): (usize, &SurveyItem)| {
        let same = |other: &SurveyItem| {
            other.name == item.name && other.reverse == item.reverse && scale(then, other) == scale(now, item)
        };
        Some(Pair { now: place, then: then.items.iter().position(same)? })
    };
    now.items.iter().enumerate().filter(|(_, item)| !item.several).filter_map(pair).collect()
}

/// What a question's comparison follows from.
fn needs(
    both: &Both<'_>,
    pairs: &[Pair],
    answers: &[Section],
    earlier: &[Section],
    among: bool,
) -> Vec<Need> {
    let of = |(item, pair): (usize, &Pair)| {
        [(answers, both.now, pair.now), (earlier, both.then, pair.then)].into_iter().filter_map(
            move |(sections, round, place)| {
                let (section, code) = sections::standing(sections, round, place)?;
                Some(Need { item, section, code, among })
            },
        )
    };
    pairs.iter().enumerate().flat_map(of).collect()
}

/// A group's figure of a question.
fn found<'a>(
    sections: &'a [Section],
    round: &Round<'_>,
    item: usize,
    population: usize,
) -> Option<&'a Figure> {
    let name = &round.survey.items.get(item)?.name;
    sections.iter().find_map(|section| {
        let place = section.items.iter().position(|item| item.code == *name)?;
        section.figures.get(population * section.items.len() + place)
    })
}

fn labelled(round: &Round<'_>, item: usize) -> Item {
    sections::labelled(&round.survey.items[item])
}

fn of_shares(now: Share, then: Share) -> Vec<Value> {
    let change = newcombe(now, then).map(|change| Value {
        kind: ValueKind::ShareChange,
        number: change.difference,
        interval: Some(change.interval),
    });
    let size = cohens_h(now, then).map(|number| Value { kind: ValueKind::CohensH, number, interval: None });
    change.into_iter().chain(size).collect()
}

fn of_means(now: &Sample, then: &Sample) -> Vec<Value> {
    let Some(change) = welch(now, then) else { return Vec::new() };
    let value = |kind, number, interval| Value { kind, number, interval };
    vec![
        value(ValueKind::MeanChange, change.difference, Some(change.interval)),
        value(ValueKind::HedgesG, change.hedges_g, None),
        value(ValueKind::CliffsDelta, change.cliffs_delta, None),
    ]
}
