//! Surveys and rounds, folded from their events.

use std::collections::{BTreeMap, BTreeSet};

use eventlog::event::{Event, Key, Position};

use crate::events::{
    Duty, GuardianLink, OutsideFacts, RoundBallotsFacts, RoundFacts, RoundMode, RoundOpenedFacts, Scale,
    SurveyFacts, SurveyItem, kind,
};
use crate::organisation::{Held, Organisation, PUPIL_ROLE};
use crate::{BadFacts, Date, PersonId};

/// The surveys as the events up to some position describe them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Surveys {
    surveys: BTreeMap<(String, String), Held<SurveyFacts>>,
    rounds: BTreeMap<String, Held<RoundFacts>>,
    opened: BTreeMap<String, Held<RoundOpenedFacts>>,
    emptied: BTreeMap<String, Emptied>,
    by_registration: BTreeMap<Key, String>,
    by_item: BTreeMap<String, BTreeSet<(String, String)>>,
    outside: BTreeMap<String, OutsideFacts>,
}

/// That a round's ballot box was emptied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Emptied {
    /// The position of the event with the answers.
    pub position: Position,
    /// The day on which they came out.
    pub on: Date,
    /// How many answers there were.
    pub answers: u32,
    /// How many were marked as having voted.
    pub voted: u32,
}

/// What an answer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The survey, in the version that was asked.
    pub survey: &'a SurveyFacts,
    /// The item.
    pub item: &'a SurveyItem,
    /// The item's scale.
    pub scale: Option<&'a Scale>,
    /// The round, if the answer's registration names one of this survey.
    pub round: Option<&'a RoundFacts>,
}

impl Surveys {
    /// Takes an event in. Returns whether it was of a kind that concerns surveys.
    ///
    /// # Errors
    /// [`BadFacts`] where it cannot be read; the state is then as before.
    pub fn apply(&mut self, event: &Event) -> Result<bool, BadFacts> {
        match event.kind.as_str() {
            kind::SURVEY => self.apply_survey(Held::of(event)?),
            kind::ROUND => {
                let held = Held::<RoundFacts>::of(event)?;
                let id = held.facts.id.clone();
                if let Some(before) = self.rounds.get(&id) {
                    registrations(&before.facts).for_each(|key| {
                        self.by_registration.remove(&key);
                    });
                }
                self.by_registration.extend(registrations(&held.facts).map(|key| (key, id.clone())));
                self.rounds.insert(id, held);
            }
            kind::ROUND_OPENED => {
                let held = Held::<RoundOpenedFacts>::of(event)?;
                // The first one holds: who is told apart is never decided anew.
                self.opened.entry(held.facts.round.clone()).or_insert(held);
            }
            kind::ROUND_BALLOTS => {
                let RoundBallotsFacts { round, voted, answers } = Held::of(event)?.facts;
                let answers = u32::try_from(answers.len()).unwrap_or(u32::MAX);
                let on = Date::in_sweden(event.stored);
                let emptied = Emptied { position: event.position, on, answers, voted };
                self.emptied.entry(round).or_insert(emptied);
            }
            kind::OUTSIDE_FIGURES => {
                let facts = Held::<OutsideFacts>::of(event)?.facts;
                match facts.figures.is_empty() {
                    true => self.outside.remove(&facts.id),
                    false => self.outside.insert(facts.id.clone(), facts),
                };
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn apply_survey(&mut self, held: Held<SurveyFacts>) {
        let key = (held.facts.id.clone(), held.facts.version.clone());
        for item in self.surveys.get(&key).into_iter().flat_map(|before| &before.facts.items) {
            if let Some(surveys) = self.by_item.get_mut(&item.activity) {
                surveys.remove(&key);
                if surveys.is_empty() {
                    self.by_item.remove(&item.activity);
                }
            }
        }
        for item in &held.facts.items {
            self.by_item.entry(item.activity.clone()).or_default().insert(key.clone());
        }
        self.surveys.insert(key, held);
    }

    /// A survey, by IRI and version.
    pub fn survey(&self, id: &str, version: &str) -> Option<&Held<SurveyFacts>> {
        self.surveys.get(&(id.to_owned(), version.to_owned()))
    }

    /// All versions of all surveys, by IRI and version.
    pub fn surveys(&self) -> impl Iterator<Item = &SurveyFacts> {
        self.surveys.values().map(|held| &held.facts)
    }

    /// A round, by id.
    pub fn round(&self, id: &str) -> Option<&Held<RoundFacts>> {
        self.rounds.get(id)
    }

    /// All rounds, by id.
    pub fn rounds(&self) -> impl Iterator<Item = &RoundFacts> {
        self.rounds.values().map(|held| &held.facts)
    }

    /// That a round was opened, of one that nobody can link.
    pub fn opened(&self, round: &str) -> Option<&RoundOpenedFacts> {
        self.opened.get(round).map(|held| &held.facts)
    }

    /// That a round's ballot box was emptied, of one that nobody can link.
    pub fn emptied(&self, round: &str) -> Option<Emptied> {
        self.emptied.get(round).copied()
    }

    /// Whether a round's answers are in the log: of one that nobody can link they are once its ballot box was emptied.
    pub fn is_counted(&self, round: &RoundFacts) -> bool {
        round.mode != RoundMode::Unlinkable || self.emptied.contains_key(&round.id)
    }

    /// The round that a registration belongs to.
    pub fn round_of(&self, registration: Key) -> Option<&RoundFacts> {
        self.by_registration.get(&registration).and_then(|id| self.rounds.get(id)).map(|held| &held.facts)
    }

    /// A set of other people's figures, by id.
    pub fn outside(&self, id: &str) -> Option<&OutsideFacts> {
        self.outside.get(id)
    }

    /// All sets of other people's figures, by id.
    pub fn all_outside(&self) -> impl Iterator<Item = &OutsideFacts> {
        self.outside.values()
    }

    /// The survey that a round asks.
    pub fn survey_of(&self, round: &RoundFacts) -> Option<&SurveyFacts> {
        self.survey(&round.survey, &round.version).map(|held| &held.facts)
    }

    /// What an answer to an activity under a registration answers: an item of the registration's round, else
    /// the same item in the survey that was registered last. `None` where no survey has such an item, and where it
    /// is one [for the ballot box](Self::is_for_the_box).
    pub fn asked(&self, activity: &str, registration: Option<Key>) -> Option<Asked<'_>> {
        let surveys = self.by_item.get(activity)?;
        if registration.is_some_and(|registration| self.is_for_the_box(activity, registration)) {
            return None;
        }
        let round = registration.and_then(|registration| self.round_of(registration)).filter(|round| {
            surveys.iter().any(|(id, version)| *id == round.survey && *version == round.version)
        });
        let survey = match round {
            Some(round) => self.survey_of(round)?,
            None => {
                let latest =
                    surveys.iter().filter_map(|key| self.surveys.get(key)).max_by_key(|s| s.position)?;
                &latest.facts
            }
        };
        let item = survey.items.iter().find(|item| item.activity == activity)?;
        Some(Asked { survey, item, scale: survey.scales.iter().find(|scale| scale.id == item.scale), round })
    }

    /// Whether an answer to an activity under a registration would be one in a round that nobody can link. Such answers
    /// come by its ballot box alone: what says who gave them is none.
    pub fn is_for_the_box(&self, activity: &str, registration: Key) -> bool {
        let Some(round) = self.round_of(registration).filter(|_| self.is_of_the_box(registration)) else {
            return false;
        };
        self.by_item
            .get(activity)
            .is_some_and(|surveys| surveys.iter().any(|(survey, _)| *survey == round.survey))
    }

    /// Whether a registration is of a round that nobody can link, and not of a link by which guardians answer beside its people.
    pub fn is_of_the_box(&self, registration: Key) -> bool {
        let of_box =
            |round: &RoundFacts| round.mode == RoundMode::Unlinkable && round.registration == registration;
        self.round_of(registration).is_some_and(of_box)
    }

    /// Whether an activity is an item of a registered survey.
    pub fn is_item(&self, activity: &str) -> bool {
        self.by_item.contains_key(activity)
    }

    /// Whether a registered survey defines `code` as an answer to this item.
    pub fn is_code(&self, activity: &str, code: &str) -> bool {
        self.by_item.get(activity).into_iter().flatten().filter_map(|key| self.surveys.get(key)).any(|held| {
            let survey = &held.facts;
            survey.items.iter().filter(|item| item.activity == activity).any(|item| {
                survey.scales.iter().any(|scale| scale.id == item.scale && scale.code(code).is_some())
            })
        })
    }
}

/// All registrations whose answers are of a round.
fn registrations(round: &RoundFacts) -> impl Iterator<Item = Key> {
    let links = round.guardians.iter().flat_map(|guardians| &guardians.links);
    std::iter::once(round.registration).chain(links.map(|link| link.registration))
}

/// The place, among a round's groups of respondents, of the one that guardians are: beside others that without roles. Where they
/// alone are asked it is the first, whether or not the survey has groups.
pub fn guardians_at(round: &RoundFacts) -> Option<usize> {
    round.guardians.as_ref()?;
    Some(round.groups.iter().position(|group| group.roles.is_empty()).unwrap_or(0))
}

/// The links of a round that guardians answer, each with how many pupils it is for.
pub fn pupils<'a>(round: &'a RoundFacts, organisation: &Organisation) -> Vec<(&'a GuardianLink, u64)> {
    let links = round.guardians.iter().flat_map(|guardians| &guardians.links);
    let number = |link: &GuardianLink| {
        let units = organisation.descendants(&link.unit);
        let enrolled = organisation.pupils_on(round.opens);
        let there = enrolled.filter(|(_, duty)| units.contains(duty.unit.as_str())).map(|(person, _)| person);
        there.collect::<BTreeSet<PersonId>>().len() as u64
    };
    links.map(|link| (link, link.pupils.unwrap_or_else(|| number(link)))).collect()
}

/// Who is asked in a round: the people with a duty in its unit or below it, in its roles, on the day it opens.
/// Who leaves later stays in, who joins later stays out. Pupils are asked where the role [`PUPIL_ROLE`] is named.
pub fn audience(round: &RoundFacts, organisation: &Organisation) -> BTreeSet<PersonId> {
    asked(round, organisation).map(|(person, _)| person).collect()
}

/// The duties on the opening day that make people be asked in a round, by person; a pupil's enrolment is one in
/// the role [`PUPIL_ROLE`]. Somebody with several is there several times; where the round has groups of respondents, with those of
/// the first group that one of them is of.
pub fn asked<'a>(
    round: &'a RoundFacts,
    organisation: &'a Organisation,
) -> impl Iterator<Item = (PersonId, &'a Duty)> {
    let held = move || {
        let units = organisation.descendants(&round.unit);
        let pupils = round.roles.iter().any(|role| role == PUPIL_ROLE);
        let enrolled = organisation.pupils_on(round.opens).filter(move |_| pupils);
        organisation.duties_on(round.opens).chain(enrolled).filter(move |(_, duty)| {
            units.contains(duty.unit.as_str()) && (round.roles.is_empty() || round.roles.contains(&duty.role))
        })
    };
    let mut groups: BTreeMap<PersonId, usize> = BTreeMap::new();
    for (person, duty) in held().filter(|_| !round.groups.is_empty()) {
        if let Some(group) = group_of(round, &duty.role) {
            groups.entry(person).and_modify(|first| *first = group.min(*first)).or_insert(group);
        }
    }
    let is_asked = move |person: &PersonId, duty: &Duty| {
        round.groups.is_empty() || groups.get(person).copied() == group_of(round, &duty.role)
    };
    held().filter(move |(person, duty)| is_asked(person, duty))
}

/// The place, among a round's groups of respondents, of the one that a role is of.
pub fn group_of(round: &RoundFacts, role: &str) -> Option<usize> {
    round.groups.iter().position(|group| group.roles.iter().any(|one| one == role))
}
