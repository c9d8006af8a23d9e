//! Who was asked, and what each of them answered.

#[cfg(test)]
mod plain;

use super::super::Frame;
use crate::statistics::is_usable;
use domain::events::{Duty, RoundFacts, SurveyFacts};
use domain::organisation::Organisation;
use domain::surveys::{asked, audience};
use domain::{AgentId, Date, PersonId};
use std::collections::HashMap;

/// The people who were asked.
pub(super) struct Audience<'a> {
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
        Self { by_agent: agents.collect(), duties }
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
pub(super) fn usable(
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
