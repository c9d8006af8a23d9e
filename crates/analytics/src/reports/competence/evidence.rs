//! From the lake to what is known of each person.

#[cfg(test)]
mod plain;

use super::super::{Frame, noon};
use super::known::{Known, Levels};
use crate::lake::part::{NO_DAY, Part, minutes_of};
use domain::competence::{self, Evidence, ItemAnswer, OutcomeType, Requirements, TypeSet};
use domain::events::{Duty, RoundMode, RuleFacts, SurveyFacts, SurveyItem};
use domain::frameworks::Framework;
use domain::instruments::{self, PercentBand, Scoring};
use domain::{AgentId, Date, Municipality, PersonId};
use std::collections::{BTreeMap, HashMap};

/// The employees of the report: everyone with a duty on its day, by person.
pub(super) struct People<'a> {
    /// Who they are.
    pub(super) ids: Vec<PersonId>,
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
        let (ids, duties) = duties.into_iter().unzip();
        Self { ids, duties, by_agent }
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
            // What nobody can link says nothing of anybody's level.
            let rounds = rounds.filter(|round| round.mode != RoundMode::Unlinkable);
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

    /// The bands that it gives areas, where it is scored so.
    pub(super) fn area_bands(&self) -> Option<&'static [PercentBand]> {
        match &instruments::instrument(self.survey.instrument.as_deref()?)?.scoring {
            Scoring::AreasInPercent(bands) => Some(bands),
            Scoring::Levels(_) => None,
        }
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
    let known = levels.map(|((passed, (self_assessed, areas)), reached)| {
        let (demonstrated, types) = report.demonstrated(passed, &meanings);
        Known { demonstrated, self_assessed, types, areas, reached }
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

    fn demonstrated(&self, passed: &[i32], meanings: &Meanings<'_>) -> (Levels, Vec<TypeSet>) {
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
        let level = |evidence: &[Evidence<'_>]| {
            competence::demonstrated_levels(evidence, &Requirements::none(), self.frame.as_of)
        };
        let types = |evidence: &Vec<Evidence<'_>>| {
            let shown = |kind: &OutcomeType| {
                let of: TypeSet = [*kind].into_iter().collect();
                let alone: Vec<_> = evidence.iter().filter(|e| e.types.contains(of)).copied().collect();
                level(&alone).is_some()
            };
            OutcomeType::ALL.into_iter().filter(shown).collect()
        };
        (evidence.iter().map(|evidence| level(evidence)).collect(), evidence.iter().map(types).collect())
    }

    /// The answers of each to the instrument's items.
    fn answers(&self, parts: &[Resolved<'a>], meanings: &Meanings<'a>) -> Vec<Vec<ItemAnswer<'a>>> {
        let mut answers = vec![Vec::new(); self.people.duties.len()];
        let Some(instrument @ Instrument { survey }) = self.instrument else { return answers };
        let scored = instrument.area_bands().is_some();
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
                let minutes = asked.round.map(|round| minutes_of(round, &self.frame.municipality.surveys));
                let counts = |one: &&crate::lake::part::Answer| {
                    minutes.as_ref().is_none_or(|minutes| minutes.contains(&one.minute))
                };
                for answer in answered.iter().filter(counts) {
                    let Some(person) = people[answer.agent as usize] else { continue };
                    let code = part.codes.get(answer.code as usize);
                    let claimed = asked.item.feeds.as_ref().zip(code);
                    let scale = asked.scale.filter(|_| scored).zip(code);
                    answers[person].push(ItemAnswer {
                        sitting,
                        item: meaning.activity,
                        level: claimed.and_then(|(feed, code)| feed.levels.get(&**code).copied()),
                        points: scale.and_then(|(scale, code)| scale.points(code, asked.item.reverse)),
                        observed_at: noon(answer.day),
                        position: part.first + u64::from(answer.place),
                    });
                }
            }
        }
        answers
    }

    /// Of each the levels of competences, and the bands of areas where the instrument gives those.
    fn self_assessed(&self, answers: &[Vec<ItemAnswer<'_>>]) -> Vec<(Levels, Vec<Option<usize>>)> {
        let unknown = (vec![None; self.competences.len()], Vec::new());
        let mut levels = vec![unknown; self.people.duties.len()];
        let Some(from @ Instrument { survey }) = self.instrument else { return levels };
        let instrument = competence::Instrument::of(survey);
        for ((levels, areas), answers) in levels.iter_mut().zip(answers) {
            if let Some(bands) = from.area_bands() {
                *areas = competence::areas(&instrument, bands, self.framework, answers, self.frame.as_of);
            }
            for ((of, code), state) in competence::self_assessed(&instrument, answers, self.frame.as_of) {
                if let Some(&index) = self.competences.get(code).filter(|_| of == self.framework.id) {
                    levels[index] = state.levels();
                }
            }
        }
        levels
    }
}
