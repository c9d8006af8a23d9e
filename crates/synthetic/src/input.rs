//! The municipality as the four ways in take it.

use std::collections::BTreeMap;

use domain::Date;
use domain::competence::{OutcomeType, TypeSet};
use domain::events::{ActivityKind, RoundMode};
use domain::input::{
    AccountInput, ActivityInput, AgentInput, AudienceInput, CourseInput, CoursesInput, DutyInput,
    EnrolmentInput, GroupInput, MemberInput, NameInput, OrganisationInput, OriginInput, PersonInput,
    RoundInput, RoundsInput, RuleInput, SurveyInput, SurveysInput, TargetInput, UnitInput,
};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::activities::{item_iri, survey_iri};
use crate::catalogue::{Offer, central, mandatory_roles};
use crate::content::surveys::{SURVEYS, Survey};
use crate::content::{Kind, Text};
use crate::people::{Enrolment, Person, ROLES};
use crate::statement::HOME;
use crate::world::World;

/// The framework that rules and self-assessments speak of.
const FRAMEWORK: &str = "digcomp-3.0";

/// Which types of outcome a quiz about a competence shows here.
fn types(competence: &str) -> TypeSet {
    let also = match competence.as_bytes().first() {
        Some(b'3' | b'5') => Some(OutcomeType::Skill),
        Some(b'4') => Some(OutcomeType::Attitude),
        _ => None,
    };
    [OutcomeType::Knowledge].into_iter().chain(also).collect()
}

/// What the administration aims at: the second band for everybody in what is in the courses, the third for principals in
/// safety.
fn targets() -> Vec<TargetInput> {
    let of = |role: Option<&str>, levels: &[(&str, u8)]| TargetInput {
        framework: FRAMEWORK.to_owned(),
        role: role.map(str::to_owned),
        levels: levels.iter().map(|(code, level)| ((*code).to_owned(), *level)).collect(),
    };
    vec![
        of(
            None,
            &[("1.1", 3), ("1.2", 3), ("2.2", 3), ("2.4", 3), ("3.3", 3), ("4.1", 3), ("4.2", 3), ("5.2", 3)],
        ),
        of(Some("Rektor"), &[("4.1", 5), ("4.2", 5)]),
    ]
}

/// How many pupils a class has at most.
const CLASS: usize = 26;

impl World {
    /// Units, persons and classes: the body of `POST /api/v1/organisation`.
    pub fn organisation(&self) -> OrganisationInput {
        let units = self
            .units
            .iter()
            .map(|unit| UnitInput {
                code: unit.code.clone(),
                name: unit.name.clone(),
                kind: unit.kind.name().to_owned(),
                parent: unit.parent.map(|parent| self.units[parent].code.clone()),
                school_unit_code: unit.school_unit_code.clone(),
            })
            .collect();
        let persons = self.people.iter().map(|person| self.person(person)).collect();
        OrganisationInput { units, persons, groups: self.classes() }
    }

    /// Courses with their parts, copies too, and what passing their quizzes shows: the body of
    /// `POST /api/v1/courses`.
    pub fn courses(&self) -> CoursesInput {
        let courses = self.catalogue.offers.iter().map(|offer| self.course(offer)).collect();
        let originals = self.catalogue.offers.iter().filter(|offer| offer.copied.is_none());
        let rules = originals
            .flat_map(|offer| &offer.parts)
            .flat_map(|part| {
                part.part.shows.iter().map(|shows| RuleInput {
                    framework: FRAMEWORK.to_owned(),
                    activity: part.iri.clone(),
                    competence: shows.competence.to_owned(),
                    level: [shows.low, shows.high],
                    weight: shows.weight,
                    types: types(shows.competence),
                    valid_months: (shows.months > 0).then_some(shows.months),
                })
            })
            .collect();
        CoursesInput { courses, rules, targets: targets() }
    }

    /// The surveys with their SurveyJS definitions: the body of `POST /api/v1/surveys`.
    pub fn surveys(&self) -> SurveysInput {
        SurveysInput { surveys: SURVEYS.iter().map(|survey| survey_input(survey)).collect() }
    }

    /// The rounds of the year: the body of `POST /api/v1/rounds`. The audience of the pupils' round is the
    /// role `Elev`, which stands for enrolments: no duty has it.
    pub fn rounds(&self) -> RoundsInput {
        let rounds = self
            .rounds
            .iter()
            .map(|round| RoundInput {
                id: round.id.clone(),
                survey: survey_iri(SURVEYS[round.survey]),
                version: "1".to_owned(),
                title: both(&round.title),
                mode: RoundMode::Pseudonymous,
                registration: Some(uuid::Uuid::from_u128(round.registration).to_string()),
                opens: Date::from_naive(self.calendar.date(round.opens)),
                closes: Date::from_naive(self.calendar.date(round.closes)),
                audience: AudienceInput {
                    unit: self.units[0].code.clone(),
                    roles: if round.for_pupils { vec!["Elev".to_owned()] } else { staff() },
                },
                without_dont_know: false,
                guardians: None,
                hours: None,
                draft: false,
                // Some think better of an answer.
                again: true,
                grace: 0,
                partial: false,
                groups: Vec::new(),
            })
            .collect();
        RoundsInput { rounds }
    }

    fn person(&self, person: &Person) -> PersonInput {
        let duties = person
            .duties
            .iter()
            .map(|duty| DutyInput {
                unit: self.units[duty.unit].code.clone(),
                role: ROLES[duty.role].name.to_owned(),
                from: Date::from_naive(duty.from),
                to: duty.to.map(Date::from_naive),
            })
            .collect();
        let enrolments = person
            .enrolments
            .iter()
            .map(|enrolment| EnrolmentInput {
                unit: self.units[enrolment.unit].code.clone(),
                school_year: Some(enrolment.school_year),
                from: Date::from_naive(enrolment.from),
                to: enrolment.to.map(Date::from_naive),
            })
            .collect();
        let mbox = person.mbox.clone().map(|mbox| AgentInput { mbox: Some(mbox), ..AgentInput::default() });
        PersonInput {
            agents: [account(person)].into_iter().chain(mbox).collect(),
            name: NameInput { given: person.given.to_owned(), family: person.family.to_owned() },
            protected: person.protected,
            duties,
            enrolments,
        }
    }

    /// Classes of up to 26, by school and school year, in the order in which the pupils came.
    fn classes(&self) -> Vec<GroupInput> {
        let mut years: BTreeMap<(usize, u8), Vec<(&Person, &Enrolment)>> = BTreeMap::new();
        for person in &self.people {
            for enrolment in &person.enrolments {
                let members = years.entry((enrolment.unit, enrolment.school_year)).or_default();
                members.push((person, enrolment));
            }
        }
        let mut classes = Vec::new();
        for ((unit, year), members) in years {
            let parts = members.len().div_ceil(CLASS);
            for (part, members) in members.chunks(members.len().div_ceil(parts)).enumerate() {
                let code = &self.units[unit].code;
                let letter = char::from(b'A' + (part % 26) as u8);
                let name = if part < 26 {
                    format!("{year}{letter}")
                } else {
                    format!("{year}{letter}{}", part / 26)
                };
                classes.push(GroupInput {
                    id: format!("klass-{code}-{name}-{}", self.plan.year).to_lowercase(),
                    unit: code.clone(),
                    kind: "Klass".to_owned(),
                    name,
                    members: members
                        .iter()
                        .map(|(person, enrolment)| MemberInput {
                            agent: account(person),
                            from: Date::from_naive(enrolment.from),
                            to: enrolment.to.map(Date::from_naive),
                        })
                        .collect(),
                });
            }
        }
        classes
    }

    fn course(&self, offer: &Offer) -> CourseInput {
        let origin = match offer.copied {
            None => OriginInput::central(),
            Some((from, unit)) => {
                OriginInput::copy(self.catalogue.offers[from].iri.clone(), self.units[unit].code.clone())
            }
        };
        let activities = offer
            .parts
            .iter()
            .map(|part| ActivityInput {
                id: part.iri.clone(),
                title: domain::Text::new(part.title.0.as_str(), part.title.1.as_str()),
                kind: match part.part.kind {
                    Kind::Video => ActivityKind::Video,
                    Kind::Text => ActivityKind::Text,
                    Kind::Quiz => ActivityKind::Quiz,
                },
                copy_of: part.copy_of.clone(),
            })
            .collect();
        CourseInput {
            id: offer.iri.clone(),
            title: domain::Text::new(offer.title.0.as_str(), offer.title.1.as_str()),
            origin,
            mandatory_for: mandatory_roles(central(offer.course).audience)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            activities,
        }
    }
}

/// The roles of all who are employed.
pub(crate) fn staff() -> Vec<String> {
    ROLES.iter().map(|role| role.name.to_owned()).collect()
}

fn account(person: &Person) -> AgentInput {
    let account = AccountInput { home_page: HOME.to_owned(), name: person.account.clone() };
    AgentInput { account: Some(account), ..AgentInput::default() }
}

pub(crate) fn both(text: &Text) -> domain::Text {
    domain::Text::new(text.sv, text.en)
}

fn survey_input(survey: &Survey) -> SurveyInput {
    let activities = survey.items.iter().map(|item| (item.name.to_owned(), item_iri(survey, item))).collect();
    SurveyInput {
        id: survey_iri(survey),
        version: "1".to_owned(),
        title: Some(both(&survey.title)),
        definition: definition(survey).unwrap_or_default(),
        scoring: None,
        activities,
    }
}

/// What figures of the survey are made with.
fn scoring(survey: &Survey) -> Value {
    let codes: Vec<Value> = survey
        .scale
        .codes
        .iter()
        .map(|code| match code.score {
            Some((numerator, denominator)) => {
                json!({ "code": code.code, "score": [numerator, denominator], "positive": code.positive })
            }
            None => json!({ "code": code.code, "dont_know": true }),
        })
        .collect();
    let items: Map<String, Value> = survey
        .items
        .iter()
        .map(|item| (item.name.to_owned(), json!({ "scale": survey.scale.id, "reverse": item.reverse })))
        .collect();
    json!({ "scales": [{ "id": survey.scale.id, "codes": codes }], "items": items, "indexes": indexes(survey) })
}

/// An index for each page of a survey about how things are, and the mean of them.
fn indexes(survey: &Survey) -> Vec<Value> {
    if survey.pages.len() < 2 {
        return Vec::new();
    }
    let mut items = survey.items.iter().map(|item| item.name);
    let (mut indexes, mut parts) = (Vec::new(), Vec::new());
    for (number, (title, count)) in (1..).zip(survey.pages) {
        let id = format!("del-{number}");
        let of_page: Vec<_> = items.by_ref().take(*count).collect();
        indexes.push(json!({ "id": id, "title": both(title), "items": of_page }));
        parts.push(id);
    }
    let whole = domain::Text::new("Helheten", "As a whole");
    indexes.push(json!({ "id": "helhet", "title": whole, "parts": parts }));
    indexes
}

/// The survey in SurveyJS's JSON with its scoring: as it is, or Swedish by default and English beside it.
fn definition(survey: &Survey) -> serde_json::Result<Box<RawValue>> {
    if let Some(ready) = survey.ready {
        return RawValue::from_string(ready.to_owned());
    }
    let local = |text: &Text| json!({ "default": text.sv, "en": text.en });
    let choices: Vec<Value> = survey
        .scale
        .codes
        .iter()
        .map(|code| json!({ "value": code.code, "text": local(&code.label) }))
        .collect();
    let mut items = survey.items.iter();
    let pages: Vec<Value> = survey
        .pages
        .iter()
        .enumerate()
        .map(|(number, (title, count))| {
            let elements: Vec<Value> = items
                .by_ref()
                .take(*count)
                .map(|item| {
                    json!({
                        "type": "radiogroup",
                        "name": item.name,
                        "title": local(&item.text),
                        "isRequired": true,
                        "choices": choices,
                    })
                })
                .collect();
            json!({ "name": format!("sida-{}", number + 1), "title": local(title), "elements": elements })
        })
        .collect();
    serde_json::value::to_raw_value(&json!({
        "title": local(&survey.title),
        "description": local(&survey.intro),
        "locale": "sv",
        "pages": pages,
        "larka": scoring(survey),
    }))
}
