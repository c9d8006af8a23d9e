//! From the lake to what is known of each person.

#[cfg(test)]
mod plain;

use super::super::{Frame, noon};
use super::known::{Known, Levels};
use crate::lake::part::{NO_DAY, Part};
use domain::competence::{self, Evidence, ItemAnswer, Requirements};
use domain::events::{Duty, RuleFacts, SurveyFacts, SurveyItem};
use domain::frameworks::Framework;
use domain::{AgentId, Date, Municipality, PersonId};
use std::collections::{BTreeMap, HashMap};

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
) -> Vec<Known> {
    let competences: BTreeMap<&str, usize> =
        framework.competences.iter().enumerate().map(|(index, c)| (c.code.as_str(), index)).collect();
    let report = Report { frame, framework, instrument, people, competences };
    let mut meanings = Meanings::default();
    let parts: Vec<Resolved<'_>> = frame
        .parts
        .iter()
        .map(|part| Resolved {
            part,
            people: part.agents.iter().map(|agent| people.by_agent.get(agent).copied()).collect(),
            meanings: part
                .activities
                .iter()
                .map(|activity| report.meaning(activity, &mut meanings))
                .collect(),
        })
        .collect();
    let (passed, reached) = report.passed(&parts, &meanings);
    let answers = report.answers(&parts, &meanings);
    let levels = passed.iter().zip(report.self_assessed(&answers)).zip(reached);
    let known = levels.map(|((passed, self_assessed), reached)| Known {
        demonstrated: report.demonstrated(passed, &meanings),
        self_assessed,
        reached,
    });
    known.collect()
}

/// A part of the lake, and what its dictionaries mean here.
struct Resolved<'a> {
    part: &'a Part,
    /// For each agent which of the people they are.
    people: Vec<Option<usize>>,
    /// For each activity its place among the [`Meanings`].
    meanings: Vec<usize>,
}

/// What activities mean to the report, each worked out once.
#[derive(Default)]
struct Meanings<'a> {
    all: Vec<Meaning<'a>>,
    places: HashMap<&'a str, usize>,
    /// How many of them a rule makes evidence.
    showing: usize,
}

/// What one activity means.
struct Meaning<'a> {
    activity: &'a str,
    /// It is a course or a part of one.
    is_course: bool,
    /// Its place among those that a rule makes evidence.
    shows: Option<usize>,
    /// What a pass shows: by competence, with the rule.
    rules: Vec<(usize, &'a RuleFacts)>,
    root: &'a str,
    is_item: bool,
}

/// For each of the people the latest day on which they passed each activity that shows something, or [`NO_DAY`].
type Passed = Vec<Vec<i32>>;

struct Report<'a> {
    frame: &'a Frame<'a>,
    framework: &'a Framework,
    instrument: Option<&'a Instrument<'a>>,
    people: &'a People<'a>,
    competences: BTreeMap<&'a str, usize>,
}

impl<'a> Report<'a> {
    fn meaning(&self, activity: &'a str, meanings: &mut Meanings<'a>) -> usize {
        if let Some(&place) = meanings.places.get(activity) {
            return place;
        }
        let catalogue = &self.frame.municipality.catalogue;
        let rules: Vec<_> = catalogue
            .rules_for(activity)
            .filter(|(framework, _)| *framework == self.framework.id)
            .filter_map(|(_, rule)| Some((*self.competences.get(rule.competence.as_str())?, rule)))
            .collect();
        let shows = (!rules.is_empty()).then_some(meanings.showing);
        meanings.showing += usize::from(shows.is_some());
        meanings.all.push(Meaning {
            activity,
            is_course: catalogue.course_of(activity).is_some(),
            shows,
            rules,
            root: catalogue.root(activity),
            is_item: self.item(activity).is_some(),
        });
        meanings.places.insert(activity, meanings.all.len() - 1);
        meanings.all.len() - 1
    }

    fn item(&self, activity: &str) -> Option<&SurveyItem> {
        self.instrument?.survey.items.iter().find(|item| item.activity == activity)
    }

    /// When each passed what, and who has at least one statement about a course or a part of one.
    fn passed(&self, parts: &[Resolved<'a>], meanings: &Meanings<'a>) -> (Passed, Vec<bool>) {
        let people = self.people.duties.len();
        let mut passed = vec![vec![NO_DAY; meanings.showing]; people];
        let mut reached = vec![false; people];
        for Resolved { part, people, meanings: places } in parts {
            for touched in &part.touched {
                let Some(person) = people[touched.agent as usize] else { continue };
                let meaning = &meanings.all[places[touched.activity as usize]];
                reached[person] |= meaning.is_course;
                if let Some(shows) = meaning.shows {
                    let latest = &mut passed[person][shows];
                    *latest = touched.passed.max(*latest);
                }
            }
        }
        (passed, reached)
    }

    fn demonstrated(&self, passed: &[i32], meanings: &Meanings<'_>) -> Levels {
        let mut evidence: Vec<Vec<Evidence<'_>>> = vec![Vec::new(); self.competences.len()];
        for meaning in &meanings.all {
            let Some(day) = meaning.shows.map(|shows| passed[shows]).filter(|day| *day != NO_DAY) else {
                continue;
            };
            for &(competence, rule) in &meaning.rules {
                // The position is of no consequence for a level.
                evidence[competence].push(rule.evidence(&self.framework.id, meaning.root, noon(day), 0));
            }
        }
        let requirements = Requirements::none();
        let levels = evidence.iter().map(|evidence| {
            competence::demonstrated_levels(evidence, &requirements, self.frame.as_of)
                .map(|levels| levels.low)
        });
        levels.collect()
    }

    /// The answers of each to the instrument's items.
    fn answers(&self, parts: &[Resolved<'a>], meanings: &Meanings<'a>) -> Vec<Vec<ItemAnswer<'a>>> {
        let mut answers = vec![Vec::new(); self.people.duties.len()];
        let Some(Instrument { survey }) = self.instrument else { return answers };
        for Resolved { part, people, meanings: places } in parts {
            // Answers come by registration and activity; what those ask is looked up once.
            let asked = |one: &crate::lake::part::Answer| (one.registration, one.activity);
            for answered in part.answers.chunk_by(|one, next| asked(one) == asked(next)) {
                let meaning = &meanings.all[places[answered[0].activity as usize]];
                let sitting = part.registrations[answered[0].registration as usize];
                let Some(asked) = meaning
                    .is_item
                    .then(|| self.frame.municipality.surveys.asked(meaning.activity, sitting))
                    .flatten()
                    .filter(|asked| {
                        (&asked.survey.id, &asked.survey.version) == (&survey.id, &survey.version)
                    })
                else {
                    continue;
                };
                for answer in answered {
                    let Some(person) = people[answer.agent as usize] else { continue };
                    let claimed = asked.item.feeds.as_ref().zip(part.codes.get(answer.code as usize));
                    answers[person].push(ItemAnswer {
                        sitting,
                        item: meaning.activity,
                        level: claimed.and_then(|(feed, code)| feed.levels.get(&**code).copied()),
                        observed_at: noon(answer.day),
                        position: part.first + u64::from(answer.place),
                    });
                }
            }
        }
        answers
    }

    fn self_assessed(&self, answers: &[Vec<ItemAnswer<'_>>]) -> Vec<Levels> {
        let mut levels = vec![vec![None; self.competences.len()]; self.people.duties.len()];
        let Some(Instrument { survey }) = self.instrument else { return levels };
        let instrument = competence::Instrument::of(survey);
        for (levels, answers) in levels.iter_mut().zip(answers) {
            for ((of, code), state) in competence::self_assessed(&instrument, answers, self.frame.as_of) {
                if let Some(&index) = self.competences.get(code).filter(|_| of == self.framework.id) {
                    levels[index] = state.levels().map(|levels| levels.low);
                }
            }
        }
        levels
    }
}
