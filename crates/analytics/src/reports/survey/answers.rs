//! Who was asked, and what each of them answered.

#[cfg(test)]
mod plain;

use super::super::populations::Place;
use super::super::{Frame, ReportError};
use super::ballots::Emptied;
use crate::statistics::{Sample, is_usable};
use disclosure::Ratio;
use domain::events::{Ballot, Code, RoundFacts, RoundMode, Scale, SurveyFacts, SurveyItem};
use domain::organisation::Organisation;
use domain::surveys::{asked, audience, pupils};
use domain::{AgentId, Date, Municipality, PersonId};
use eventlog::event::Event;
use std::collections::{BTreeMap, HashMap};

/// The people who were asked.
pub(super) struct Audience<'a> {
    /// Who they are, ascending; of guardians, and where nobody can be linked, nobody knows.
    pub(super) people: Vec<PersonId>,
    /// Where each belonged on the opening day, which is why they were asked.
    pub(super) places: Vec<Vec<Place<'a>>>,
    /// How many of them there were beforehand: of guardians' answers there may be more than pupils.
    pub(super) expected: Vec<bool>,
    by_agent: HashMap<AgentId, usize>,
}

impl<'a> Audience<'a> {
    pub(super) fn of(round: &'a RoundFacts, organisation: &'a Organisation) -> Self {
        let people: Vec<PersonId> = audience(round, organisation).into_iter().collect();
        let index: HashMap<PersonId, usize> = people.iter().copied().zip(0..).collect();
        let mut places = vec![Vec::new(); people.len()];
        for (person, duty) in asked(round, organisation) {
            if let Some(&person) = index.get(&person) {
                places[person].push(Place::from(duty));
            }
        }
        let agents = people.iter().zip(0..).flat_map(|(person, index)| {
            organisation.agents_of(*person).into_iter().map(move |agent| (agent, index))
        });
        Self { by_agent: agents.collect(), expected: vec![true; people.len()], places, people }
    }
}

/// A round with what everybody answered.
pub(super) struct Round<'a> {
    pub(super) facts: &'a RoundFacts,
    pub(super) survey: &'a SurveyFacts,
    pub(super) audience: Audience<'a>,
    /// The usable answers of each person in the audience.
    pub(super) answers: Vec<Option<Answer>>,
    /// What came out of its ballot box, of one that nobody can link; its answers stand above.
    pub(super) emptied: Option<Emptied<'a>>,
    /// For each item the score of each code of its scale, after polarity.
    scores: Vec<Vec<Option<Ratio>>>,
}

impl<'a> Round<'a> {
    /// `ballots` are the events that the answers are among, where nobody can link them.
    pub(super) fn read(
        frame: &Frame<'a>,
        facts: &'a RoundFacts,
        survey: &'a SurveyFacts,
        ballots: &[Event],
    ) -> Result<Self, ReportError> {
        let Municipality { organisation, surveys, .. } = frame.municipality;
        let mut emptied = None;
        let (audience, answers) = match (&facts.guardians, facts.mode) {
            (Some(_), _) => of_guardians(frame, facts, survey, organisation),
            (None, RoundMode::Unlinkable) => {
                let of = Emptied::of(surveys, facts, ballots)?;
                let answers = of_strata(&of, survey);
                emptied = Some(of);
                answers
            }
            (None, _) => {
                let audience = Audience::of(facts, organisation);
                let answers = usable(frame, facts, survey, &audience);
                (audience, answers)
            }
        };
        let of = |item: &SurveyItem| {
            let scale = survey.scales.iter().find(|scale| scale.id == item.scale);
            let score = |scale: &Scale, code: &Code| {
                let (numerator, denominator) = scale.score(&code.code, item.reverse)?;
                Ratio::new(numerator.into(), denominator.into())
            };
            scale.map_or_else(Vec::new, |scale| scale.codes.iter().map(|code| score(scale, code)).collect())
        };
        let scores = survey.items.iter().map(of).collect();
        Ok(Self { facts, survey, audience, answers, emptied, scores })
    }

    /// Whether who gave an answer is known, so that somebody can be followed from one round to another.
    pub(super) fn is_linked(&self) -> bool {
        !self.is_estimated() && self.emptied.is_none()
    }

    /// Whether those who answered are guardians, of whom nobody knows how many there are.
    pub(super) fn is_estimated(&self) -> bool {
        self.facts.guardians.is_some()
    }

    /// How many there are in all, where that is known: what intervals are corrected by.
    pub(super) fn whole(&self, base: u64) -> Option<u64> {
        (!self.is_estimated()).then_some(base)
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
    let mut standing: Vec<HashMap<usize, Given>> = vec![HashMap::new(); audience.places.len()];
    collect(frame, (round, round.registration), survey, |agent, item, given| {
        if let Some(person) = audience.by_agent.get(&agent) {
            keep(round, &mut standing[*person], item, given);
        }
    });
    standing.into_iter().map(|given| answer(survey, &given)).collect()
}

/// Guardians' answers, each agent one; beside them as many who did not answer as there are pupils more than answers.
fn of_guardians<'a>(
    frame: &Frame<'a>,
    round: &'a RoundFacts,
    survey: &SurveyFacts,
    organisation: &Organisation,
) -> (Audience<'a>, Vec<Option<Answer>>) {
    let (mut places, mut expected, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    for (link, pupils) in pupils(round, organisation) {
        let mut standing: BTreeMap<AgentId, HashMap<usize, Given>> = BTreeMap::new();
        collect(frame, (round, link.registration), survey, |agent, item, given| {
            keep(round, standing.entry(agent).or_default(), item, given);
        });
        let usable: Vec<Answer> = standing.values().filter_map(|given| answer(survey, given)).collect();
        let all = pupils.max(usable.len() as u64);
        let nobody = (all - usable.len() as u64) as usize;
        answers.extend(usable.into_iter().map(Some).chain(std::iter::repeat_n(None, nobody)));
        expected.extend((0..all).map(|place| place < pupils));
        places.extend((0..all).map(|_| vec![Place { unit: &link.unit, role: "" }]));
    }
    (Audience { people: Vec::new(), places, expected, by_agent: HashMap::new() }, answers)
}

/// Answers that nobody can link, each with a place in its stratum: which of its people gave which is not known, and all
/// figures are of whole strata. Where there are more answers than people, some have voted twice, and all of them count.
fn of_strata<'a>(emptied: &Emptied<'a>, survey: &SurveyFacts) -> (Audience<'a>, Vec<Option<Answer>>) {
    let mut given: Vec<Vec<Answer>> = emptied.strata.iter().map(|_| Vec::new()).collect();
    for ballot in &emptied.answers {
        if let Some(given) = given.get_mut(ballot.stratum as usize) {
            given.extend(Some(chosen(survey, ballot)).filter(|answer| is_answer_usable(survey, answer)));
        }
    }
    let (mut places, mut answers) = (Vec::new(), Vec::new());
    for ((stratum, own), given) in emptied.strata.iter().zip(emptied.places()).zip(given) {
        let all = given.len().max(stratum.people as usize);
        let nobody = all - given.len();
        answers.extend(given.into_iter().map(Some).chain(std::iter::repeat_n(None, nobody)));
        places.extend(std::iter::repeat_n(own, all));
    }
    let expected = vec![true; places.len()];
    (Audience { people: Vec::new(), places, expected, by_agent: HashMap::new() }, answers)
}

/// What was chosen on a ballot. Of several codes none is the answer, and one that the scale does not have is none.
fn chosen(survey: &SurveyFacts, ballot: &Ballot) -> Answer {
    let mut answer = vec![None; survey.items.len()];
    for answered in &ballot.codes {
        let item = usize::from(answered.item);
        let asked = survey.items.get(item).filter(|asked| !asked.several);
        let (Some(asked), [code]) = (asked, answered.codes.as_slice()) else { continue };
        let scale = survey.scales.iter().find(|scale| scale.id == asked.scale);
        answer[item] = scale.and_then(|scale| scale.codes.iter().position(|known| known.code == *code));
    }
    answer
}

/// Of several answers to an item the first one stands, or the latest, where the round says so.
fn keep(round: &RoundFacts, standing: &mut HashMap<usize, Given>, item: usize, given: Given) {
    let held = standing.entry(item).or_insert(given);
    let stands = if round.again { given.when > held.when } else { given.when < held.when };
    if stands {
        *held = given;
    }
}

/// Hands on every answer that came under a registration within the round.
fn collect(
    frame: &Frame<'_>,
    (round, registration): (&RoundFacts, [u8; 16]),
    survey: &SurveyFacts,
    mut take: impl FnMut(AgentId, usize, Given),
) {
    // Who chose one of many has not answered another question than who chose two.
    let items = survey.items.iter().zip(0..).filter(|(item, _)| !item.several);
    let items: HashMap<&str, usize> = items.map(|(item, index)| (item.activity.as_str(), index)).collect();
    let scales: Vec<_> =
        survey.items.iter().map(|item| survey.scales.iter().find(|s| s.id == item.scale)).collect();
    let last_day = domain::rounds::last_day(round);
    for part in &frame.parts {
        for answer in part.answers_of(registration) {
            let item = items.get(&*part.activities[answer.activity as usize]);
            let code = part.codes.get(answer.code as usize);
            let (Some(&item), Some(code)) = (item, code) else { continue };
            let Some(code) = scales[item].and_then(|s| s.codes.iter().position(|c| *c.code == **code)) else {
                continue;
            };
            if !Date::from_days(answer.day).within(round.opens, Some(last_day)) {
                continue;
            }
            let given = Given { when: (answer.day, part.first + u64::from(answer.place)), code };
            take(part.agents[answer.agent as usize], item, given);
        }
    }
}

/// The answer that these are, where it is usable.
fn answer(survey: &SurveyFacts, given: &HashMap<usize, Given>) -> Option<Answer> {
    let answer: Answer =
        (0..survey.items.len()).map(|item| given.get(&item).map(|given| given.code)).collect();
    is_answer_usable(survey, &answer).then_some(answer)
}

/// Required items decide; where none is required, all do, as for self-assessment.
fn is_answer_usable(survey: &SurveyFacts, answer: &Answer) -> bool {
    let items = || survey.items.iter().zip(answer).filter(|(item, _)| !item.several);
    let any_required = items().any(|(item, _)| item.required);
    let counted = || items().filter(|(item, _)| item.required || !any_required);
    let answered = counted().filter(|(_, code)| code.is_some()).count();
    answered > 0 && is_usable(answered as u64, counted().count() as u64)
}
