//! Who was asked, and what each of them answered.

#[cfg(test)]
mod plain;

use super::super::populations::Place;
use super::super::{Frame, ReportError};
use super::ballots::{Emptied, places_of};
use crate::lake::part::{BETWEEN, minutes_of};
use crate::statistics::{Sample, is_usable};
use disclosure::Ratio;
use domain::events::{
    Ballot, Code, GuardianLink, RoundFacts, RoundMode, Scale, SurveyFacts, SurveyGroup, SurveyItem,
};
use domain::organisation::Organisation;
use domain::surveys::{asked, audience, group_of, guardians_at, pupils};
use domain::{AgentId, Municipality, PersonId};
use eventlog::event::Event;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

/// The people who were asked.
pub(super) struct Audience<'a> {
    /// Who they are, ascending; of guardians, and where nobody can be linked, nobody knows.
    pub(super) people: Vec<PersonId>,
    /// Where each belonged on the opening day, which is why they were asked.
    pub(super) places: Vec<Vec<Place<'a>>>,
    /// The group of respondents that each is in, by its place among the round's.
    pub(super) groups: Vec<usize>,
    /// How many of them there were beforehand: of guardians' answers there may be more than pupils.
    pub(super) expected: Vec<bool>,
    by_agent: HashMap<AgentId, usize>,
}

impl<'a> Audience<'a> {
    /// Nobody.
    pub(super) fn nobody() -> Self {
        let (people, places, groups, expected) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { people, places, groups, expected, by_agent: HashMap::new() }
    }

    pub(super) fn of(round: &'a RoundFacts, organisation: &'a Organisation) -> Self {
        let people: Vec<PersonId> = audience(round, organisation).into_iter().collect();
        let index: HashMap<PersonId, usize> = people.iter().copied().zip(0..).collect();
        let mut places = vec![Vec::new(); people.len()];
        let mut groups = vec![0; people.len()];
        for (person, duty) in asked(round, organisation) {
            if let Some(&person) = index.get(&person) {
                groups[person] = group_of(round, &duty.role).unwrap_or(0);
                places[person].push(Place::from(duty));
            }
        }
        let agents = people.iter().zip(0..).flat_map(|(person, index)| {
            organisation.agents_of(*person).into_iter().map(move |agent| (agent, index))
        });
        Self { by_agent: agents.collect(), expected: vec![true; people.len()], places, groups, people }
    }

    /// With others behind them, of whom nobody knows who they are.
    fn and(mut self, others: Self) -> Self {
        self.places.extend(others.places);
        self.groups.extend(others.groups);
        self.expected.extend(others.expected);
        self
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
        let (audience, mut answers) = match facts.mode {
            RoundMode::Guardians => (Audience::nobody(), Vec::new()),
            RoundMode::Unlinkable => {
                let of = Emptied::of(surveys, facts, ballots)?;
                let answers = of_strata(&of, facts, survey);
                emptied = Some(of);
                answers
            }
            RoundMode::Named | RoundMode::Pseudonymous => {
                let audience = Audience::of(facts, organisation);
                let answers = usable(frame, facts, survey, &audience);
                (audience, answers)
            }
        };
        let links = pupils(facts, organisation).into_iter().map(|(link, pupils)| {
            let answers = guardians(frame, facts, survey, link).into_iter();
            (link, pupils, answers.map(|(_, answer)| answer).collect())
        });
        let (guardians, theirs) = of_links(facts, links.collect());
        answers.extend(theirs);
        let of = |item: &SurveyItem| {
            let scale = survey.scales.iter().find(|scale| scale.id == item.scale);
            let score = |scale: &Scale, code: &Code| {
                let (numerator, denominator) = scale.score(&code.code, item.reverse)?;
                Ratio::new(numerator.into(), denominator.into())
            };
            scale.map_or_else(Vec::new, |scale| scale.codes.iter().map(|code| score(scale, code)).collect())
        };
        let scores = survey.items.iter().map(of).collect();
        Ok(Self { facts, survey, audience: audience.and(guardians), answers, emptied, scores })
    }

    /// The same with other people and what each of them answered, and with other guardians' answers by their links.
    pub(super) fn stand(
        self,
        (audience, mut answers): (Audience<'a>, Vec<Option<Answer>>),
        links: Vec<(&'a GuardianLink, u64, Vec<Answer>)>,
    ) -> Self {
        let (guardians, theirs) = of_links(self.facts, links);
        answers.extend(theirs);
        Self { audience: audience.and(guardians), answers, ..self }
    }

    /// The id of a group of respondents, by its place.
    pub(super) fn group(&self, place: usize) -> Option<&'a str> {
        group_at(self.facts, place)
    }

    /// What the survey says of that group.
    pub(super) fn group_of(&self, place: usize) -> Option<&'a SurveyGroup> {
        let id = self.group(place)?;
        self.survey.groups.iter().find(|group| group.id == id)
    }

    /// Whether who of a group gave an answer is known, so that somebody can be followed from one round to another.
    pub(super) fn is_linked(&self, group: usize) -> bool {
        !self.is_estimated(group) && self.emptied.is_none()
    }

    /// Whether a group of respondents is guardians, of whom nobody knows how many there are.
    pub(super) fn is_estimated(&self, group: usize) -> bool {
        guardians_at(self.facts) == Some(group)
    }

    /// How many there are of a group in all, where that is known: what intervals are corrected by.
    pub(super) fn whole(&self, group: usize, base: u64) -> Option<u64> {
        (!self.is_estimated(group)).then_some(base)
    }

    /// The code that a person chose in an item, by its place in the scale.
    pub(super) fn code(&self, person: usize, item: usize) -> Option<usize> {
        match self.chosen(person, item)? {
            Chosen::One(code) => Some(*code),
            Chosen::Several(_) => None,
        }
    }

    /// The codes that a person chose in an item of several, in their order.
    pub(super) fn several(&self, person: usize, item: usize) -> Option<&[usize]> {
        match self.chosen(person, item)? {
            Chosen::One(_) => None,
            Chosen::Several(codes) => Some(codes),
        }
    }

    fn chosen(&self, person: usize, item: usize) -> Option<&Chosen> {
        self.answers.get(person)?.as_ref()?[item].as_ref()
    }

    /// What a person scored on an item.
    pub(super) fn score(&self, person: usize, item: usize) -> Option<Ratio> {
        *self.scores[item].get(self.code(person, item)?)?
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

/// One person's answer: for each item what was chosen. `None`: skipped.
pub(super) type Answer = Vec<Option<Chosen>>;

/// What was chosen in an item, by the places of codes in its scale.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Chosen {
    One(usize),
    /// In their order, each once.
    Several(Vec<usize>),
}

impl Chosen {
    /// Of an item, as these codes say; codes that its scale does not have are none. Who chose one of many has not answered another
    /// question than who chose two.
    fn of<'c>(
        item: &SurveyItem,
        scale: Option<&Scale>,
        codes: impl Iterator<Item = &'c str>,
    ) -> Option<Self> {
        let scale = scale?;
        let place = |code: &str| scale.codes.iter().position(|known| known.code == code);
        if item.several {
            let mut places: Vec<usize> = Vec::new();
            for place in codes.filter_map(place) {
                if !places.contains(&place) {
                    places.push(place);
                }
            }
            return (!places.is_empty()).then_some(Self::Several(places));
        }
        let mut codes = codes;
        let (Some(code), None) = (codes.next(), codes.next()) else { return None };
        place(code).map(Self::One)
    }
}

/// An answer to an item.
#[derive(Clone)]
struct Given {
    /// As for levels: the day, and within it the position.
    when: (i32, u64),
    chosen: Chosen,
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
    let own = standing.into_iter().zip(&audience.groups);
    own.map(|(given, group)| answer((survey, group_at(round, *group)), &given)).collect()
}

/// The usable answers that came by a link of guardians, each agent's one.
pub(super) fn guardians(
    frame: &Frame<'_>,
    round: &RoundFacts,
    survey: &SurveyFacts,
    link: &GuardianLink,
) -> Vec<(AgentId, Answer)> {
    let mut standing: BTreeMap<AgentId, HashMap<usize, Given>> = BTreeMap::new();
    collect(frame, (round, link.registration), survey, |agent, item, given| {
        keep(round, standing.entry(agent).or_default(), item, given);
    });
    let asked = (survey, group_at(round, guardians_at(round).unwrap_or(0)));
    standing.into_iter().filter_map(|(agent, given)| Some((agent, answer(asked, &given)?))).collect()
}

/// Guardians' answers by their links, each with its number of pupils; beside them as many who did not answer as there are pupils
/// more than answers.
fn of_links<'a>(
    round: &RoundFacts,
    links: Vec<(&'a GuardianLink, u64, Vec<Answer>)>,
) -> (Audience<'a>, Vec<Option<Answer>>) {
    let (mut audience, mut answers) = (Audience::nobody(), Vec::new());
    for (link, pupils, usable) in links {
        let all = pupils.max(usable.len() as u64);
        let nobody = (all - usable.len() as u64) as usize;
        answers.extend(usable.into_iter().map(Some).chain(std::iter::repeat_n(None, nobody)));
        audience.expected.extend((0..all).map(|place| place < pupils));
        audience.places.extend((0..all).map(|_| vec![Place { unit: &link.unit, role: "" }]));
    }
    audience.groups = vec![guardians_at(round).unwrap_or(0); audience.places.len()];
    (audience, answers)
}

/// Answers that nobody can link, each with a place in its stratum: which of its people gave which is not known, and all
/// figures are of whole strata. Where there are more answers than people, some have voted twice, and all of them count.
fn of_strata<'a>(
    emptied: &Emptied<'a>,
    round: &RoundFacts,
    survey: &SurveyFacts,
) -> (Audience<'a>, Vec<Option<Answer>>) {
    let mut given: Vec<Vec<Answer>> = emptied.strata.iter().map(|_| Vec::new()).collect();
    for ballot in &emptied.answers {
        let stratum = ballot.stratum as usize;
        if let Some((given, of)) = given.get_mut(stratum).zip(emptied.strata.get(stratum)) {
            given.extend(usable_answer((survey, of.group.as_deref()), chosen(survey, ballot)));
        }
    }
    let (mut places, mut answers, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    for (stratum, given) in emptied.strata.iter().zip(given) {
        let all = given.len().max(stratum.people as usize);
        let nobody = all - given.len();
        answers.extend(given.into_iter().map(Some).chain(std::iter::repeat_n(None, nobody)));
        places.extend(std::iter::repeat_n(places_of(stratum), all));
        let group = round.groups.iter().position(|group| Some(&group.id) == stratum.group.as_ref());
        groups.extend(std::iter::repeat_n(group.unwrap_or(0), all));
    }
    let expected = vec![true; places.len()];
    (Audience { people: Vec::new(), places, groups, expected, by_agent: HashMap::new() }, answers)
}

/// What was chosen on a ballot.
fn chosen(survey: &SurveyFacts, ballot: &Ballot) -> Answer {
    let mut answer = vec![None; survey.items.len()];
    for answered in &ballot.codes {
        let item = usize::from(answered.item);
        let Some(asked) = survey.items.get(item) else { continue };
        let scale = survey.scales.iter().find(|scale| scale.id == asked.scale);
        answer[item] = Chosen::of(asked, scale, answered.codes.iter().map(String::as_str));
    }
    answer
}

/// Of several answers to an item the first one stands, or the latest, where the round says so.
fn keep(round: &RoundFacts, standing: &mut HashMap<usize, Given>, item: usize, given: Given) {
    match standing.entry(item) {
        Entry::Occupied(mut held) => {
            let before = held.get().when;
            let stands = if round.again { given.when > before } else { given.when < before };
            if stands {
                held.insert(given);
            }
        }
        Entry::Vacant(free) => {
            free.insert(given);
        }
    }
}

/// Hands on every answer that came under a registration within the round.
fn collect(
    frame: &Frame<'_>,
    (round, registration): (&RoundFacts, [u8; 16]),
    survey: &SurveyFacts,
    mut take: impl FnMut(AgentId, usize, Given),
) {
    let items = survey.items.iter().zip(0..);
    let items: HashMap<&str, usize> = items.map(|(item, index)| (item.activity.as_str(), index)).collect();
    let scales: Vec<_> =
        survey.items.iter().map(|item| survey.scales.iter().find(|s| s.id == item.scale)).collect();
    let minutes = minutes_of(round, &frame.municipality.surveys);
    for part in &frame.parts {
        for answer in part.answers_of(registration).iter().filter(|one| minutes.contains(&one.minute)) {
            let item = items.get(&*part.activities[answer.activity as usize]);
            let code = part.codes.get(answer.code as usize);
            let (Some(&item), Some(code)) = (item, code) else { continue };
            let Some(chosen) = Chosen::of(&survey.items[item], scales[item], code.split(BETWEEN)) else {
                continue;
            };
            let given = Given { when: (answer.day, part.first + u64::from(answer.place)), chosen };
            take(part.agents[answer.agent as usize], item, given);
        }
    }
}

/// A survey, and the group of respondents that it is asked.
type AskedOf<'a> = (&'a SurveyFacts, Option<&'a str>);

/// The id of the group at a place of a round.
fn group_at(round: &RoundFacts, place: usize) -> Option<&str> {
    round.groups.get(place).map(|group| group.id.as_str())
}

/// The answer that these are, where it is usable.
fn answer(asked: AskedOf<'_>, given: &HashMap<usize, Given>) -> Option<Answer> {
    let chosen = |item| given.get(&item).map(|given| given.chosen.clone());
    usable_answer(asked, (0..asked.0.items.len()).map(chosen).collect())
}

/// An answer without what its group is not asked, where it is usable.
fn usable_answer((survey, group): AskedOf<'_>, mut answer: Answer) -> Option<Answer> {
    for (item, chosen) in survey.items.iter().zip(&mut answer) {
        chosen.take_if(|_| !item.is_asked_of(group));
    }
    is_answer_usable((survey, group), &answer).then_some(answer)
}

/// Required items decide; where none is required, all do, as for self-assessment.
fn is_answer_usable((survey, group): AskedOf<'_>, answer: &Answer) -> bool {
    let items = || survey.items.iter().zip(answer).filter(|(item, _)| item.is_asked_of(group));
    let any_required = items().any(|(item, _)| item.required);
    let counted = || items().filter(|(item, _)| item.required || !any_required);
    let answered = counted().filter(|(_, code)| code.is_some()).count();
    answered > 0 && is_usable(answered as u64, counted().count() as u64)
}
