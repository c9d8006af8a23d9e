//! From the lake to what is known of each person.

use super::super::rows::{Row, Rows};
use super::super::{Frame, ReportError};
use super::known::{Known, Levels};
use domain::competence::{self, Evidence, ItemAnswer, Kind, Requirements, State};
use domain::events::{Duty, SurveyFacts};
use domain::frameworks::Framework;
use domain::{AgentId, Date, Municipality, PersonId, verbs};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The employees of the report: everyone with a duty on its day, by person.
pub(super) struct People<'a> {
    /// The duties of each on the day.
    pub(super) duties: Vec<Vec<&'a Duty>>,
    /// Which of them an agent is.
    by_agent: HashMap<AgentId, usize>,
}

impl<'a> People<'a> {
    pub(super) fn on_duty(municipality: &'a Municipality, on: Date) -> Self {
        let organisation = &municipality.organisation;
        let mut duties: BTreeMap<PersonId, Vec<&Duty>> = BTreeMap::new();
        for (person, duty) in organisation.duties_on(on) {
            duties.entry(person).or_default().push(duty);
        }
        let by_agent = duties
            .keys()
            .enumerate()
            .flat_map(|(index, person)| organisation.agents_of(*person).into_iter().map(move |a| (a, index)))
            .collect();
        Self { duties: duties.into_values().collect(), by_agent }
    }
}

/// The survey that self-assessed levels come from. Instruments are never merged.
pub(super) struct Instrument<'a> {
    pub(super) survey: &'a SurveyFacts,
}

impl<'a> Instrument<'a> {
    /// Of the surveys that feed the framework, the one with the latest round that had opened by the day; of
    /// those without rounds, the one registered last.
    pub(super) fn latest(municipality: &'a Municipality, framework: &Framework, on: Date) -> Option<Self> {
        let surveys = &municipality.surveys;
        let opened = |survey: &SurveyFacts| {
            let rounds = surveys.rounds().filter(|r| r.survey == survey.id && r.version == survey.version);
            rounds.map(|round| round.opens).filter(|opens| *opens <= on).max()
        };
        let registered =
            |survey: &SurveyFacts| surveys.survey(&survey.id, &survey.version).map(|held| held.position);
        surveys
            .surveys()
            .filter(|survey| {
                survey
                    .items
                    .iter()
                    .filter_map(|item| item.feeds.as_ref())
                    .any(|f| f.framework == framework.id)
            })
            .max_by_key(|survey| (opened(survey), registered(survey)))
            .map(|survey| Self { survey })
    }
}

/// The levels of each of `people` on the report's day.
pub(super) fn known(
    frame: &Frame<'_>,
    framework: &Framework,
    instrument: Option<&Instrument<'_>>,
    people: &People<'_>,
) -> Result<Vec<Known>, ReportError> {
    let competences: BTreeMap<&str, usize> =
        framework.competences.iter().enumerate().map(|(index, c)| (c.code.as_str(), index)).collect();
    let items: HashSet<&str> =
        instrument.iter().flat_map(|i| &i.survey.items).map(|item| item.activity.as_str()).collect();
    let rows = Rows::read(frame.snapshot, |verb, activity, _, day| {
        let of_interest = match verb {
            verbs::PASSED | verbs::COMPLETED => true,
            verbs::ANSWERED => items.contains(activity),
            _ => false,
        };
        of_interest && day <= frame.as_of
    })?;
    let statements: Vec<_> = rows.iter()?.collect();
    let demonstrated = demonstrated(&statements, frame, framework, people, &competences);
    let self_assessed = self_assessed(&statements, frame, framework, instrument, people, &competences);
    let known = demonstrated.into_iter().zip(self_assessed).zip(reached(frame, people)?);
    let known =
        known.map(|((demonstrated, self_assessed), reached)| Known { demonstrated, self_assessed, reached });
    Ok(known.collect())
}

/// Who has at least one statement about a course or a part of one.
fn reached(frame: &Frame<'_>, people: &People<'_>) -> Result<Vec<bool>, ReportError> {
    let catalogue = &frame.municipality.catalogue;
    let rows = Rows::read(frame.snapshot, |_, activity, _, day| {
        day <= frame.as_of && catalogue.course_of(activity).is_some()
    })?;
    let mut reached = vec![false; people.duties.len()];
    for row in rows.iter()? {
        if let Some(&person) = people.by_agent.get(&row.actor) {
            reached[person] = true;
        }
    }
    Ok(reached)
}

fn demonstrated(
    statements: &[Row<'_>],
    frame: &Frame<'_>,
    framework: &Framework,
    people: &People<'_>,
    competences: &BTreeMap<&str, usize>,
) -> Vec<Levels> {
    let mut evidence: Vec<BTreeMap<usize, Vec<Evidence<'_>>>> = vec![BTreeMap::new(); people.duties.len()];
    for row in statements {
        let Some(&person) = people.by_agent.get(&row.actor) else { continue };
        for found in frame.municipality.evidence(&row.facts, row.happened, row.position) {
            let Some(&index) = competences.get(found.competence) else { continue };
            if found.framework == framework.id && found.kind == Kind::Demonstrated {
                evidence[person].entry(index).or_default().push(found);
            }
        }
    }
    let requirements = Requirements::none();
    let levels = evidence.into_iter().map(|evidence| {
        let mut levels = vec![None; competences.len()];
        for (index, evidence) in evidence {
            levels[index] = lower(competence::demonstrated(&evidence, &requirements, frame.as_of));
        }
        levels
    });
    levels.collect()
}

fn self_assessed(
    statements: &[Row<'_>],
    frame: &Frame<'_>,
    framework: &Framework,
    instrument: Option<&Instrument<'_>>,
    people: &People<'_>,
    competences: &BTreeMap<&str, usize>,
) -> Vec<Levels> {
    let mut levels = vec![vec![None; competences.len()]; people.duties.len()];
    let Some(Instrument { survey }) = instrument else { return levels };
    let mut answers: Vec<Vec<ItemAnswer<'_>>> = vec![Vec::new(); people.duties.len()];
    for row in statements {
        let Some(&person) = people.by_agent.get(&row.actor) else { continue };
        let Some(asked) = frame.municipality.answered(&row.facts) else { continue };
        if (&asked.survey.id, &asked.survey.version) != (&survey.id, &survey.version) {
            continue;
        }
        let claimed = asked.item.feeds.as_ref().zip(row.facts.code());
        answers[person].push(ItemAnswer {
            sitting: row.facts.registration,
            item: &asked.item.activity,
            level: claimed.and_then(|(feed, code)| feed.levels.get(code).copied()),
            observed_at: row.happened.0,
            position: row.position.0,
        });
    }
    let instrument = competence::Instrument::of(survey);
    for (levels, answers) in levels.iter_mut().zip(answers) {
        for ((of, code), state) in competence::self_assessed(&instrument, &answers, frame.as_of) {
            if let Some(&index) = competences.get(code).filter(|_| of == framework.id) {
                levels[index] = lower(state);
            }
        }
    }
    levels
}

/// The lower end of a level.
fn lower(state: State) -> Option<u8> {
    state.levels().map(|levels| levels.low)
}
