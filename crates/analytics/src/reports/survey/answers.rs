//! Who was asked, and what each of them answered.

#[cfg(test)]
mod plain;

use super::super::{Frame, ReportError};
use crate::statistics::{Sample, is_usable};
use disclosure::Ratio;
use domain::events::{Code, Duty, RoundFacts, Scale, SurveyFacts, SurveyItem};
use domain::organisation::Organisation;
use domain::surveys::{asked, audience};
use domain::{AgentId, Date, PersonId};
use std::collections::HashMap;

/// The people who were asked.
pub(super) struct Audience<'a> {
    /// Who they are, ascending.
    pub(super) people: Vec<PersonId>,
    /// The duties of each on the opening day that made them be asked.
    pub(super) duties: Vec<Vec<&'a Duty>>,
    by_agent: HashMap<AgentId, usize>,
}

impl<'a> Audience<'a> {
    pub(super) fn of(round: &'a RoundFacts, organisation: &'a Organisation) -> Self {
        let people: Vec<PersonId> = audience(round, organisation).into_iter().collect();
        let index: HashMap<PersonId, usize> = people.iter().copied().zip(0..).collect();
        let mut duties = vec![Vec::new(); people.len()];
        for (person, duty) in asked(round, organisation) {
            if let Some(&person) = index.get(&person) {
                duties[person].push(duty);
            }
        }
        let agents = people.iter().zip(0..).flat_map(|(person, index)| {
            organisation.agents_of(*person).into_iter().map(move |agent| (agent, index))
        });
        Self { by_agent: agents.collect(), duties, people }
    }
}

/// A round with what everybody answered.
pub(super) struct Round<'a> {
    pub(super) facts: &'a RoundFacts,
    pub(super) survey: &'a SurveyFacts,
    pub(super) audience: Audience<'a>,
    /// The usable answers of each person in the audience.
    pub(super) answers: Vec<Option<Answer>>,
    /// For each item the score of each code of its scale, after polarity.
    scores: Vec<Vec<Option<Ratio>>>,
}

impl<'a> Round<'a> {
    pub(super) fn read(frame: &Frame<'a>, facts: &'a RoundFacts, survey: &'a SurveyFacts) -> Self {
        let audience = Audience::of(facts, &frame.municipality.organisation);
        let answers = usable(frame, facts, survey, &audience);
        let of = |item: &SurveyItem| {
            let scale = survey.scales.iter().find(|scale| scale.id == item.scale);
            let score = |scale: &Scale, code: &Code| {
                let (numerator, denominator) = scale.score(&code.code, item.reverse)?;
                Ratio::new(numerator.into(), denominator.into())
            };
            scale.map_or_else(Vec::new, |scale| scale.codes.iter().map(|code| score(scale, code)).collect())
        };
        Self { facts, survey, audience, answers, scores: survey.items.iter().map(of).collect() }
    }

    /// What a person scored on an item.
    pub(super) fn score(&self, person: usize, item: usize) -> Option<Ratio> {
        let code = self.answers.get(person)?.as_ref()?[item]?;
        *self.scores[item].get(code)?
    }

    /// The scores that people gave an item.
    pub(super) fn sample(&self, people: &[usize], item: usize) -> Result<Sample, ReportError> {
        let scores = people.iter().map(|&person| (self.score(person, item), 1));
        Sample::of(scores).ok_or_else(|| ReportError::Scores { item: self.survey.items[item].name.clone() })
    }

    /// Whether an item has scores.
    pub(super) fn is_scored(&self, item: usize) -> bool {
        self.scores[item].iter().any(Option::is_some)
    }
}

/// One person's answer: for each item the index of the code in its scale. `None`: skipped.
pub(super) type Answer = Vec<Option<usize>>;

/// An answer to an item.
#[derive(Clone, Copy)]
struct Given {
    /// As for levels: the day, and within it the position.
    when: (i32, u64),
    code: usize,
}

/// The usable answers of each person in the audience; `None` where there is none.
fn usable(
    frame: &Frame<'_>,
    round: &RoundFacts,
    survey: &SurveyFacts,
    audience: &Audience<'_>,
) -> Vec<Option<Answer>> {
    let items: HashMap<&str, usize> =
        survey.items.iter().zip(0..).map(|(item, index)| (item.activity.as_str(), index)).collect();
    let scales: Vec<_> =
        survey.items.iter().map(|item| survey.scales.iter().find(|s| s.id == item.scale)).collect();
    let mut latest: Vec<HashMap<usize, Given>> = vec![HashMap::new(); audience.duties.len()];
    for part in &frame.parts {
        for answer in part.answers_of(round.registration) {
            let person = audience.by_agent.get(&part.agents[answer.agent as usize]);
            let item = items.get(&*part.activities[answer.activity as usize]);
            let code = part.codes.get(answer.code as usize);
            let (Some(&person), Some(&item), Some(code)) = (person, item, code) else { continue };
            let Some(code) = scales[item].and_then(|s| s.codes.iter().position(|c| *c.code == **code)) else {
                continue;
            };
            if !Date::from_days(answer.day).within(round.opens, Some(round.closes)) {
                continue;
            }
            let given = Given { when: (answer.day, part.first + u64::from(answer.place)), code };
            let held = latest[person].entry(item).or_insert(given);
            if given.when > held.when {
                *held = given;
            }
        }
    }
    let answers = latest.into_iter().map(|given| {
        let answer: Answer =
            (0..survey.items.len()).map(|item| given.get(&item).map(|given| given.code)).collect();
        is_answer_usable(survey, &answer).then_some(answer)
    });
    answers.collect()
}

/// Required items decide; where none is required, all do, as for self-assessment.
fn is_answer_usable(survey: &SurveyFacts, answer: &Answer) -> bool {
    let any_required = survey.items.iter().any(|item| item.required);
    let counted = || survey.items.iter().zip(answer).filter(|(item, _)| item.required || !any_required);
    let answered = counted().filter(|(_, code)| code.is_some()).count();
    answered > 0 && is_usable(answered as u64, counted().count() as u64)
}
