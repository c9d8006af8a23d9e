//! Who was asked and what each answered, as they are released: day by day while a round is open and two weeks after, then week by
//! week. An answer is let through or held back as a whole; how many have answered, each question and each choice are facets. Each
//! group of respondents is by itself.
//!
//! What nobody can link comes out of one event and does not change; it is not here.

use super::super::populations::{Place, placed};
use super::super::{Frame, ReportError};
use super::answers::{Answer, Audience, Chosen, Round, guardians};
use crate::lake::Snapshot;
use disclosure::Preset;
use disclosure::ledger::{Items, NO_ANSWER, NOTHING, Of, Placed, Standing};
use domain::events::{RoundFacts, RoundMode, SurveyFacts, UnitFacts};
use domain::surveys::{guardians_at, pupils};
use domain::{AgentId, Date, Municipality, PersonId};
use eventlog::event::Key;
use std::collections::{BTreeMap, HashMap};

/// Who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    Person(PersonId),
    /// By the registration of their link, and an agent.
    Guardian(Key, AgentId),
}

/// The group of respondents that somebody is in, and their units and roles.
type Where = (Option<String>, Vec<(String, String)>);

/// The releases so far of rounds, each with the number of the release that a report is of, from 0.
#[derive(Debug, Default)]
pub struct Held<'a>(BTreeMap<String, (&'a Ledger, usize)>);

impl<'a> Held<'a> {
    /// With a round of this id.
    pub fn with(mut self, round: &str, ledger: &'a Ledger, release: usize) -> Self {
        self.0.insert(round.to_owned(), (ledger, release));
        self
    }

    /// Fewest people by whom a group of a round differs from itself in an earlier release, where there are releases.
    pub(super) fn k(&self, round: &str) -> Option<u64> {
        self.0.get(round).map(|(ledger, _)| ledger.preset.k_change)
    }

    /// A round as it is released.
    pub(super) fn stand(&self, round: Round<'a>, municipality: &'a Municipality) -> Round<'a> {
        match self.0.get(&round.facts.id) {
            Some((ledger, release)) if round.emptied.is_none() => ledger.stand(round, *release, municipality),
            _ => round,
        }
    }
}

/// How a round stood in the releases so far.
#[derive(Debug, Clone)]
pub struct Ledger {
    round: String,
    preset: Preset,
    releases: usize,
    /// By questions: where those of the survey change, what was released before is of another series.
    eras: Vec<Era>,
}

#[derive(Debug, Clone)]
struct Era {
    /// The number of its first release.
    first: usize,
    given: Given,
    held: disclosure::ledger::Ledger<Who, Where>,
}

impl Ledger {
    /// One without releases.
    pub fn new(round: &str, preset: &Preset) -> Self {
        Self { round: round.to_owned(), preset: preset.clone(), releases: 0, eras: Vec::new() }
    }

    /// How many releases there have been.
    pub fn releases(&self) -> usize {
        self.releases
    }

    /// Adds the release at the snapshot's position, about a day. Before a round opens there is nothing to release.
    ///
    /// # Errors
    /// As for the report.
    pub fn release(
        &mut self,
        snapshot: &Snapshot,
        municipality: &Municipality,
        about: Date,
    ) -> Result<(), ReportError> {
        self.releases += 1;
        let surveys = &municipality.surveys;
        let Some(round) = surveys.round(&self.round).map(|held| &held.facts) else { return Ok(()) };
        let Some(survey) = surveys.survey_of(round) else { return Ok(()) };
        if round.mode == RoundMode::Unlinkable || about < round.opens {
            return Ok(());
        }
        let frame = Frame::new(snapshot, municipality, Some(about))?;
        let facets = facets(survey);
        if self.eras.last().is_none_or(|era| era.given.facets != facets) {
            let held = disclosure::ledger::Ledger::new(self.preset.clone());
            let given = Given { facets, ..Given::default() };
            self.eras.push(Era { first: self.releases - 1, given, held });
        }
        if let Some(Era { given, held, .. }) = self.eras.last_mut() {
            given.is_out = domain::rounds::is_let_out(round, surveys, about);
            let truth = truth(&frame, round, survey, given)?;
            let units: Vec<_> = municipality.organisation.units().collect();
            held.release(&*given, &truth, |places| in_groups(round, &units, places));
        }
        Ok(())
    }

    /// A round of the same position as it was released.
    fn stand<'a>(&'a self, round: Round<'a>, release: usize, municipality: &'a Municipality) -> Round<'a> {
        // Before it opens there is nobody to hold back, nor where its questions have changed since it was released last.
        let era = self.eras.iter().rev().find(|era| era.first <= release);
        let Some(era) = era.filter(|era| era.given.facets == facets(round.survey)) else { return round };
        let answer = |value: u64| era.given.answers.get((value as usize).checked_sub(1)?).cloned();
        let people = era.held.people(release - era.first);
        let (mut audience, mut answers) = (Audience::nobody(), Vec::new());
        let mut guardians: BTreeMap<Key, Vec<Answer>> = BTreeMap::new();
        for (who, Standing { place: (group, places), values }) in people {
            let answer = answer(values[0]);
            let person = match who {
                Who::Person(person) => *person,
                Who::Guardian(link, _) => {
                    guardians.entry(*link).or_default().extend(answer);
                    continue;
                }
            };
            let own = round.facts.groups.iter().position(|one| Some(&one.id) == group.as_ref());
            audience.people.push(person);
            audience.places.push(places.iter().map(|(unit, role)| Place { unit, role }).collect());
            audience.groups.push(own.unwrap_or(0));
            audience.expected.push(true);
            answers.push(answer);
        }
        let links = pupils(round.facts, &municipality.organisation).into_iter();
        let links = links
            .map(|(link, pupils)| (link, pupils, guardians.remove(&link.registration).unwrap_or_default()));
        let links = links.collect();
        round.stand((audience, answers), links)
    }
}

/// How everybody stands on the day.
fn truth(
    frame: &Frame<'_>,
    round: &RoundFacts,
    survey: &SurveyFacts,
    given: &mut Given,
) -> Result<BTreeMap<Who, Standing<Where>>, ReportError> {
    let mut truth = BTreeMap::new();
    let group_at = |place: usize| round.groups.get(place).map(|group| group.id.clone());
    for (link, _) in pupils(round, &frame.municipality.organisation) {
        for (agent, answer) in guardians(frame, round, survey, link) {
            let group = guardians_at(round).and_then(group_at);
            let place = (group, vec![(link.unit.clone(), String::new())]);
            let values = vec![given.value(answer)];
            truth.insert(Who::Guardian(link.registration, agent), Standing { place, values });
        }
    }
    // Behind the people of the audience are guardians again, of whom it has no ids.
    let Round { audience, answers, .. } = Round::read(frame, round, survey, &[])?;
    for (place, (person, answer)) in audience.people.iter().zip(answers).enumerate() {
        let places = audience.places[place].iter();
        let mut places: Vec<(String, String)> =
            places.map(|place| (place.unit.to_owned(), place.role.to_owned())).collect();
        places.sort_unstable();
        places.dedup();
        let place = (group_at(audience.groups[place]), places);
        let values = vec![answer.map_or(0, |answer| given.value(answer))];
        truth.insert(Who::Person(*person), Standing { place, values });
    }
    Ok(truth)
}

/// The populations of each group of respondents by themselves, and in which of them places are.
fn in_groups(round: &RoundFacts, units: &[&UnitFacts], places: &[&Where]) -> Placed {
    let top = Some(round.unit.as_str());
    let (list, found) = placed(units, top, places.iter().map(|(_, places)| places.as_slice()));
    let groups: Vec<Option<&str>> = match round.groups.len() {
        0 => vec![None],
        _ => round.groups.iter().map(|group| Some(group.id.as_str())).collect(),
    };
    let mut populations = Vec::with_capacity(list.len() * groups.len());
    for (number, group) in groups.iter().enumerate() {
        populations.extend(list.iter().cloned().map(|mut population| {
            population.code = format!("{}\u{0}{}", population.code, group.unwrap_or_default());
            population.parent = population.parent.map(|parent| parent + number * list.len());
            population
        }));
    }
    let of = |((group, _), found): (&&Where, Vec<usize>)| {
        let number = groups.iter().position(|one| *one == group.as_deref());
        number.map_or_else(Vec::new, |number| found.iter().map(|one| one + number * list.len()).collect())
    };
    let found = places.iter().zip(found).map(of).collect();
    (populations, found)
}

/// One thing that is shown of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Facet {
    /// That there is one.
    Rate,
    /// The code that was chosen in a question.
    One(usize),
    /// Whether a choice of a question was chosen, or in which place.
    Choice { item: usize, code: usize, ranked: bool },
}

fn facets(survey: &SurveyFacts) -> Vec<Facet> {
    let mut facets = vec![Facet::Rate];
    for (number, item) in survey.items.iter().enumerate() {
        let codes =
            survey.scales.iter().find(|scale| scale.id == item.scale).map_or(0, |scale| scale.codes.len());
        match item.several {
            true => facets.extend((0..codes).map(|code| Facet::Choice {
                item: number,
                code,
                ranked: item.ranked,
            })),
            false => facets.push(Facet::One(number)),
        }
    }
    facets
}

/// The different answers that have been given; one by its place from 1 is the only value of a person.
#[derive(Debug, Clone, Default)]
struct Given {
    facets: Vec<Facet>,
    answers: Vec<Answer>,
    places: HashMap<Answer, u64>,
    /// Whether questions are shown, and not only how many have answered.
    is_out: bool,
}

impl Given {
    fn value(&mut self, answer: Answer) -> u64 {
        let next = self.answers.len() as u64 + 1;
        *self.places.entry(answer).or_insert_with_key(|answer| {
            self.answers.push(answer.clone());
            next
        })
    }
}

impl Items for Given {
    fn items(&self) -> usize {
        1
    }

    fn facets(&self, _: usize) -> usize {
        self.facets.len()
    }

    fn shows(&self, _: usize, facet: usize, value: u64) -> u64 {
        let Some(answer) = (value as usize).checked_sub(1).and_then(|place| self.answers.get(place)) else {
            return NOTHING;
        };
        match self.facets[facet] {
            Facet::Rate => NO_ANSWER + 1,
            Facet::One(item) => match answer[item] {
                Some(Chosen::One(code)) => NO_ANSWER + 1 + code as u64,
                _ => NO_ANSWER,
            },
            Facet::Choice { item, code, ranked } => match &answer[item] {
                Some(Chosen::Several(codes)) => {
                    let place = codes.iter().position(|chosen| *chosen == code);
                    NO_ANSWER + 1 + place.map_or(0, |place| if ranked { place as u64 + 1 } else { 1 })
                }
                _ => NO_ANSWER,
            },
        }
    }

    fn of(&self, _: usize, facet: usize) -> Of {
        if self.is_out || self.facets[facet] == Facet::Rate { Of::All } else { Of::None }
    }

    fn may(&self, _: &[u64], _: usize, _: u64) -> bool {
        true
    }
}
