//! The same questions the time before: what was answered then, how the answers differ, and what became of those who
//! answered both times.

use super::super::{ReportError, text};
use super::answers::Round;
use super::respondents::{Asked, Respondents};
use super::sections;
use crate::statistics::{PositiveBase, Sample, cohens_h, newcombe, paired_change, welch};
use disclosure::{
    Category, Figure, Item, Measure, Need, Ratio, Role, Section, Share, Text, Value, ValueKind,
};
use domain::PersonId;
use domain::events::{Code, RoundFacts, SurveyFacts, SurveyItem};
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

/// The rolls of those who were asked then, and of those who were asked in the same groups both times: each as many as there are
/// groups of respondents.
const THEN: usize = 1;
const BOTH: usize = 2;

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
struct Pair {
    now: Asked,
    then: Asked,
}

impl Both<'_> {
    /// The answers of the time before, the changes since, and the change of the same people. Nothing where no question
    /// can be compared.
    pub(super) fn sections(&self, answers: &[Section]) -> Result<Vec<Section>, ReportError> {
        let pairs = self.comparable();
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        let mut asked: Vec<Asked> = pairs.iter().map(|pair| pair.then).collect();
        asked.sort_unstable();
        let mut earlier = sections::items(self.then, self.groups_then, &asked, self.base)?;
        let title = text(&self.then.facts.title);
        for section in &mut earlier {
            section.id = format!("{EARLIER}{}", section.id);
            // How many answered then is not in the report.
            section.within.clear();
            section.rolls.iter_mut().for_each(|roll| *roll += THEN * self.groups_then.len());
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
            pairs.iter().map(|pair| self.labelled(pair)).collect(),
        );
        section.rolls = pairs.iter().map(|pair| pair.now.group).collect();
        section.values = vec![
            ValueKind::ShareChange,
            ValueKind::CohensH,
            ValueKind::MeanChange,
            ValueKind::HedgesG,
            ValueKind::CliffsDelta,
        ];
        section.needs = needs(self, pairs, answers, earlier, false);
        for (number, pair) in pairs.iter().enumerate() {
            let group = pair.now.group;
            for (population, members) in self.groups_now.members(group) {
                let now = found(answers, self.now, (self.groups_now, pair.now), population);
                let then = found(earlier, self.then, (self.groups_then, pair.then), population);
                let (Some(now), Some(then)) = (now, then) else { continue };
                let mut figure = Figure::of(population, number, now.base, now.answered);
                if let (Some(one), Some(other)) = (now.positive, then.positive) {
                    figure.values.extend(of_shares(one, other));
                }
                let members_then = &self.groups_then.populations[group].members[population];
                let scores_now = self.now.sample(members, pair.now.item)?;
                let scores_then = self.then.sample(members_then, pair.then.item)?;
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
        let pairs = pairs.iter().filter(|pair| known && self.now.is_scored(pair.now.item));
        let pairs: Vec<Pair> = pairs.copied().collect();
        let mut section = Section::new(
            "paired-change",
            Text::new("De som svarade båda gångerna", "Those who answered both times"),
            Measure::PairedChange,
            pairs.iter().map(|pair| self.labelled(pair)).collect(),
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
        section.rolls = pairs.iter().map(|pair| BOTH * self.stayed.len() + pair.now.group).collect();
        let person_then = places(self.then);
        for (number, pair) in pairs.iter().enumerate() {
            for (population, members) in self.stayed.members(pair.now.group) {
                let scores = members.iter().filter_map(|now| {
                    let then = *person_then.get(&self.now.audience.people[*now])?;
                    Some(((self.then.score(then, pair.then.item)?, self.now.score(*now, pair.now.item)?), 1))
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

    /// The questions that both surveys have by name, with the same scale and polarity, for groups that both rounds had.
    fn comparable(&self) -> Vec<Pair> {
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
            let then = then.iter().find(same).filter(|_| was_asked && !item.several)?;
            Some(Pair { now, then: *then })
        };
        self.groups_now.asked(self.now.survey).into_iter().filter_map(pair).collect()
    }

    fn labelled(&self, pair: &Pair) -> Item {
        Item { group: None, ..sections::labelled(self.now, self.groups_now, pair.now) }
    }
}

/// The groups of a round with who was asked in them the time before as well.
pub(super) fn stayed<'a>(
    (now, groups_now): (&Round<'a>, &Respondents<'a>),
    (then, groups_then): (&Round<'a>, &Respondents<'a>),
) -> Respondents<'a> {
    let person_then = places(then);
    let then = |person| person_then.get(now.audience.people.get(person)?).copied();
    let groups = groups_now.populations.iter().zip(&groups_then.populations);
    let both = groups.map(|(one, other)| {
        let [both, _] = one.shared(other, then);
        both
    });
    groups_now.with(both.collect())
}

/// Where each person stands in a round's audience.
fn places(round: &Round<'_>) -> BTreeMap<PersonId, usize> {
    round.audience.people.iter().copied().zip(0..).collect()
}

/// The codes of an item's scale.
fn codes<'s>(survey: &'s SurveyFacts, item: &SurveyItem) -> Option<&'s [Code]> {
    survey.scales.iter().find(|scale| scale.id == item.scale).map(|scale| scale.codes.as_slice())
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
        let now = sections::standing(answers, both.now, both.groups_now, pair.now);
        let then = sections::standing(earlier, both.then, both.groups_then, pair.then);
        let need = move |(section, code)| Need { item, section, code, among };
        now.into_iter().chain(then).map(need)
    };
    pairs.iter().enumerate().flat_map(of).collect()
}

/// A group's figure of a question.
fn found<'a>(
    sections: &'a [Section],
    round: &Round<'_>,
    (respondents, asked): (&Respondents<'_>, Asked),
    population: usize,
) -> Option<&'a Figure> {
    let code = respondents.code(&round.survey.items.get(asked.item)?.name, asked.group);
    sections.iter().find_map(|section| {
        let place = section.items.iter().position(|item| item.code == code)?;
        // Item by item, and each by population.
        let key = |figure: &Figure| (figure.item, figure.population);
        let found = section.figures.binary_search_by_key(&(place, population), key);
        found.ok().and_then(|at| section.figures.get(at))
    })
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
