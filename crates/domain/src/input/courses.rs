//! `POST /api/v1/courses`: courses with their parts, competence rules, and the levels that are aimed at.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Change, Changes, Invalid, Problems, is_iri};
use crate::competence::{FULL_SUPPORT, OutcomeType, TypeSet};
use crate::events::{
    ActivityKind, CompetenceRulesFacts, CompetenceTargetsFacts, CourseActivity, CourseFacts, Origin,
    RuleFacts,
};
use crate::{Municipality, Text, frameworks};

/// The body. A course is stated whole, and so are all rules of a framework for an activity; what is not in the
/// body stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CoursesInput {
    /// Courses.
    pub courses: Vec<CourseInput>,
    /// Rules.
    pub rules: Vec<RuleInput>,
    /// Levels that are aimed at. The targets of a role are stated whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetInput>,
}

/// The levels that people in a role are to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetInput {
    /// The framework's id.
    pub framework: String,
    /// The role; none: everybody, but for competences that their role has a target of its own for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// By the competence's code the level to have reached: the lowest of a band that is not the first. None: the targets are
    /// taken back.
    pub levels: BTreeMap<String, u8>,
}

/// A course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CourseInput {
    /// Its activity IRI.
    pub id: String,
    /// Its title.
    pub title: Text,
    /// Where it comes from.
    pub origin: OriginInput,
    /// Roles for which it is mandatory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mandatory_for: Vec<String>,
    /// Its parts, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub activities: Vec<ActivityInput>,
}

/// Where a course comes from: `{ "central": true }` or `{ "copy_of": IRI, "unit": code }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged, expecting = "{ \"central\": true } or { \"copy_of\": IRI, \"unit\": code }")]
pub enum OriginInput {
    /// Made centrally.
    Central(CentralOrigin),
    /// A unit's copy of another.
    Copy(CopyOrigin),
}

/// `{ "central": true }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CentralOrigin {
    /// Always true.
    pub central: bool,
}

/// `{ "copy_of": IRI, "unit": code }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CopyOrigin {
    /// The course that it is a copy of.
    pub copy_of: String,
    /// The unit that owns the copy.
    pub unit: String,
}

/// A part of a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivityInput {
    /// Its activity IRI.
    pub id: String,
    /// Its title.
    pub title: Text,
    /// What it is.
    pub kind: ActivityKind,
    /// The part that it is a copy of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_of: Option<String>,
}

/// What passing an activity shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleInput {
    /// The framework's id.
    pub framework: String,
    /// The activity's IRI; its copies follow.
    pub activity: String,
    /// The competence's code.
    pub competence: String,
    /// Lowest and highest level.
    pub level: [u8; 2],
    /// How much it counts, in thousandths.
    pub weight: u32,
    /// Which types of outcome it shows.
    #[serde(default, skip_serializing_if = "TypeSet::is_empty")]
    #[schema(value_type = Vec<OutcomeType>)]
    pub types: TypeSet,
    /// How many months it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_months: Option<u32>,
}

impl OriginInput {
    /// Made centrally.
    pub fn central() -> Self {
        Self::Central(CentralOrigin { central: true })
    }

    /// A unit's copy of a course.
    pub fn copy(copy_of: impl Into<String>, unit: impl Into<String>) -> Self {
        Self::Copy(CopyOrigin { copy_of: copy_of.into(), unit: unit.into() })
    }

    fn copy_of(&self) -> Option<&CopyOrigin> {
        match self {
            Self::Central(_) => None,
            Self::Copy(copy) => Some(copy),
        }
    }
}

impl CoursesInput {
    /// Checks the body by itself.
    ///
    /// # Errors
    /// [`Invalid`] with every place that is wrong.
    pub fn validate(&self) -> Result<(), Invalid> {
        let mut problems = Problems::default();
        let mut ids = BTreeSet::new();
        for (i, course) in self.courses.iter().enumerate() {
            let at = |rest: String| format!("/courses/{i}/{rest}");
            problems.check(is_iri(&course.id), || at("id".into()), "an IRI");
            problems.check(ids.insert(&course.id), || at("id".into()), UNIQUE);
            problems.check(!course.title.sv.trim().is_empty(), || at("title/sv".into()), "a title");
            match &course.origin {
                OriginInput::Central(origin) => {
                    problems.check(origin.central, || at("origin/central".into()), "true");
                }
                OriginInput::Copy(origin) => {
                    problems.check(is_iri(&origin.copy_of), || at("origin/copy_of".into()), "an IRI");
                }
            }
            for (j, activity) in course.activities.iter().enumerate() {
                problems.check(is_iri(&activity.id), || at(format!("activities/{j}/id")), "an IRI");
                problems.check(ids.insert(&activity.id), || at(format!("activities/{j}/id")), UNIQUE);
                let title = !activity.title.sv.trim().is_empty();
                problems.check(title, || at(format!("activities/{j}/title/sv")), "a title");
                let copy = activity.copy_of.as_deref().is_none_or(is_iri);
                problems.check(copy, || at(format!("activities/{j}/copy_of")), "an IRI");
            }
        }
        for (i, rule) in self.rules.iter().enumerate() {
            let at = |field: &str| format!("/rules/{i}/{field}");
            let framework = frameworks::framework(&rule.framework);
            problems.check(framework.is_some(), || at("framework"), "the id of a framework");
            let Some(framework) = framework else { continue };
            problems.check(is_iri(&rule.activity), || at("activity"), "an IRI");
            let competence = framework.competence(&rule.competence).is_some();
            problems.check(competence, || at("competence"), "the code of a competence of the framework");
            let [low, high] = rule.level;
            let levels = 1 <= low && low <= high && high <= framework.top();
            problems.check(levels, || at("level"), "two levels of the framework, the lower first");
            let weight = 1 <= rule.weight && u64::from(rule.weight) <= FULL_SUPPORT;
            problems.check(weight, || at("weight"), "thousandths, from 1 to 1000");
            let months = rule.valid_months.is_none_or(|months| (1..=1200).contains(&months));
            problems.check(months, || at("valid_months"), "months, from 1 to 1200");
        }
        let mut of = BTreeSet::new();
        for (i, target) in self.targets.iter().enumerate() {
            let at = |field: &str| format!("/targets/{i}/{field}");
            let once = of.insert((&target.framework, &target.role));
            problems.check(once, || at("role"), "a role that the framework's targets in the body have once");
            let role = target.role.as_ref().is_none_or(|role| !role.trim().is_empty());
            problems.check(role, || at("role"), "a role, or nothing for everybody");
            let framework = frameworks::framework(&target.framework);
            problems.check(framework.is_some(), || at("framework"), "the id of a framework");
            let Some(framework) = framework else { continue };
            let known = target.levels.keys().all(|code| framework.competence(code).is_some());
            problems.check(known, || at("levels"), "codes of competences of the framework");
            let first = |level: &u8| framework.bands.iter().skip(1).any(|band| band.low == *level);
            let levels = target.levels.values().all(first);
            problems.check(levels, || at("levels"), "levels that a band begins with, above the first band");
        }
        problems.result()
    }

    /// The events of what is new or different, in the order: courses, rules, targets. The body has passed
    /// [`validate`](Self::validate).
    ///
    /// # Errors
    /// [`Invalid`] where it does not go with what is known: units that do not exist, copies in a circle.
    pub fn changes(&self, known: &Municipality) -> Result<Changes, Invalid> {
        self.check_origins(known)?;
        let mut changes = Changes::default();
        for course in &self.courses {
            let facts = course_facts(course);
            let same = known.catalogue.course(&course.id).is_some_and(|held| held.facts == facts);
            changes.add(same, || Change::clear(&facts));
        }
        let mut rules: BTreeMap<(&str, &str), BTreeSet<RuleFacts>> = BTreeMap::new();
        for rule in &self.rules {
            let [low, high] = rule.level;
            rules.entry((&rule.activity, &rule.framework)).or_default().insert(RuleFacts {
                competence: rule.competence.clone(),
                low,
                high,
                weight: rule.weight,
                types: rule.types,
                valid_months: rule.valid_months,
            });
        }
        for ((activity, framework), rules) in rules {
            let facts = CompetenceRulesFacts {
                framework: framework.to_owned(),
                activity: activity.to_owned(),
                rules: rules.into_iter().collect(),
            };
            let same = known.catalogue.rules_of(framework, activity).is_some_and(|held| held.facts == facts);
            changes.add(same, || Change::clear(&facts));
        }
        for target in &self.targets {
            let facts = CompetenceTargetsFacts {
                framework: target.framework.clone(),
                role: target.role.clone(),
                levels: target.levels.clone(),
            };
            let held = known.catalogue.targets_of(&target.framework, target.role.as_deref());
            changes.add(held.is_some_and(|held| held.facts == facts), || Change::clear(&facts));
        }
        Ok(changes)
    }

    fn check_origins(&self, known: &Municipality) -> Result<(), Invalid> {
        let mut problems = Problems::default();
        let posted: BTreeMap<&str, &str> =
            self.courses.iter().flat_map(copies).map(|(_, id, of)| (id, of)).collect();
        for (i, course) in self.courses.iter().enumerate() {
            if let Some(origin) = course.origin.copy_of() {
                let exists = known.organisation.unit(&origin.unit).is_some();
                problems.check(exists, || format!("/courses/{i}/origin/unit"), "the code of a unit");
            }
            for (place, id, first) in copies(course) {
                let mut passed = BTreeSet::from([id]);
                let mut current = first;
                while passed.insert(current) {
                    let before = || known.catalogue.chain(current).get(1).copied();
                    match posted.get(current).copied().or_else(before) {
                        Some(origin) => current = origin,
                        None => break,
                    }
                }
                let circle = current == id;
                problems.check(
                    !circle,
                    || format!("/courses/{i}/{place}"),
                    "something that is not a copy of this",
                );
            }
        }
        problems.result()
    }
}

const UNIQUE: &str = "an IRI that no other course or part of the body has";

/// What of a course is a copy: the place in the body, the IRI, and the IRI of what it is a copy of.
fn copies(course: &CourseInput) -> impl Iterator<Item = (String, &str, &str)> {
    let itself = course
        .origin
        .copy_of()
        .map(|origin| ("origin/copy_of".to_owned(), course.id.as_str(), origin.copy_of.as_str()));
    let parts = course.activities.iter().enumerate().filter_map(|(j, activity)| {
        Some((format!("activities/{j}/copy_of"), activity.id.as_str(), activity.copy_of.as_deref()?))
    });
    itself.into_iter().chain(parts)
}

fn course_facts(course: &CourseInput) -> CourseFacts {
    let origin = course.origin.copy_of();
    let mandatory: BTreeSet<_> = course.mandatory_for.iter().cloned().collect();
    CourseFacts {
        id: course.id.clone(),
        title: course.title.clone(),
        origin: Origin { copy_of: origin.map(|o| o.copy_of.clone()), unit: origin.map(|o| o.unit.clone()) },
        mandatory_for: mandatory.into_iter().collect(),
        activities: course
            .activities
            .iter()
            .map(|activity| CourseActivity {
                id: activity.id.clone(),
                title: activity.title.clone(),
                kind: activity.kind,
                copy_of: activity.copy_of.clone(),
            })
            .collect(),
    }
}
