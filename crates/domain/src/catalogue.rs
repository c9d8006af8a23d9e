//! Courses, their copies, and the rules that make evidence of them, folded from their events.

use std::collections::BTreeMap;

use eventlog::event::Event;

use crate::BadFacts;
use crate::events::{
    CompetenceRulesFacts, CompetenceTargetsFacts, CourseActivity, CourseFacts, RuleFacts, kind,
};
use crate::organisation::Held;

/// The catalogue as the events up to some position describe it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalogue {
    courses: BTreeMap<String, Held<CourseFacts>>,
    /// By activity (courses themselves among them): the courses that hold it, and what it is a copy of there.
    places: BTreeMap<String, BTreeMap<String, Option<String>>>,
    /// By activity and framework.
    rules: BTreeMap<String, BTreeMap<String, Held<CompetenceRulesFacts>>>,
    /// By framework and role.
    targets: BTreeMap<(String, Option<String>), Held<CompetenceTargetsFacts>>,
}

impl Catalogue {
    /// Takes an event in. Returns whether it was of a kind that concerns the catalogue.
    ///
    /// # Errors
    /// [`BadFacts`] where it cannot be read; the state is then as before.
    pub fn apply(&mut self, event: &Event) -> Result<bool, BadFacts> {
        match event.kind.as_str() {
            kind::COURSE => self.apply_course(Held::of(event)?),
            kind::COMPETENCE_RULES => {
                let held = Held::<CompetenceRulesFacts>::of(event)?;
                let by_framework = self.rules.entry(held.facts.activity.clone()).or_default();
                by_framework.insert(held.facts.framework.clone(), held);
            }
            kind::COMPETENCE_TARGETS => {
                let held = Held::<CompetenceTargetsFacts>::of(event)?;
                self.targets.insert((held.facts.framework.clone(), held.facts.role.clone()), held);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn apply_course(&mut self, held: Held<CourseFacts>) {
        let id = held.facts.id.clone();
        if let Some(before) = self.courses.remove(&id) {
            for activity in places(&before.facts).map(|(activity, _)| activity) {
                if let Some(courses) = self.places.get_mut(activity) {
                    courses.remove(&id);
                    if courses.is_empty() {
                        self.places.remove(activity);
                    }
                }
            }
        }
        for (activity, copy_of) in places(&held.facts) {
            self.places.entry(activity.to_owned()).or_default().insert(id.clone(), copy_of.cloned());
        }
        self.courses.insert(id, held);
    }

    /// A course, by IRI.
    pub fn course(&self, id: &str) -> Option<&Held<CourseFacts>> {
        self.courses.get(id)
    }

    /// All courses, by IRI.
    pub fn courses(&self) -> impl Iterator<Item = &CourseFacts> {
        self.courses.values().map(|held| &held.facts)
    }

    /// The course that an activity is, or is a part of; the first by IRI where there are several.
    pub fn course_of(&self, activity: &str) -> Option<&CourseFacts> {
        let course = self.places.get(activity)?.keys().next()?;
        self.courses.get(course).map(|held| &held.facts)
    }

    /// A part of a course, by IRI.
    pub fn activity(&self, id: &str) -> Option<&CourseActivity> {
        self.course_of(id)?.activities.iter().find(|activity| activity.id == id)
    }

    /// An activity and what it is a copy of, step by step up to the root. Where copies go round in a circle,
    /// the circle's first by IRI is taken for the root.
    pub fn chain<'a>(&'a self, activity: &'a str) -> Vec<&'a str> {
        let mut chain = vec![activity];
        let mut current = activity;
        while let Some(origin) = self.copy_of(current) {
            if let Some(start) = chain.iter().position(|link| *link == origin) {
                let first = chain.iter().skip(start).min().copied();
                chain.retain(|link| Some(*link) != first);
                chain.extend(first);
                break;
            }
            chain.push(origin);
            current = origin;
        }
        chain
    }

    /// The root of an activity's chain of copies: what it stands for when things are counted once. An
    /// activity that nobody registered is its own root.
    pub fn root<'a>(&'a self, activity: &'a str) -> &'a str {
        self.chain(activity).last().copied().unwrap_or(activity)
    }

    /// What passing an activity shows: the rules for it and for everything that it is a copy of, each with its
    /// framework.
    pub fn rules_for<'a>(&'a self, activity: &'a str) -> impl Iterator<Item = (&'a str, &'a RuleFacts)> {
        self.chain(activity)
            .into_iter()
            .filter_map(|link| self.rules.get(link))
            .flat_map(BTreeMap::values)
            .flat_map(|held| held.facts.rules.iter().map(|rule| (held.facts.framework.as_str(), rule)))
    }

    /// The rules of a framework that name an activity itself.
    pub fn rules_of(&self, framework: &str, activity: &str) -> Option<&Held<CompetenceRulesFacts>> {
        self.rules.get(activity)?.get(framework)
    }

    /// All rules, by activity and framework.
    pub fn rules(&self) -> impl Iterator<Item = &CompetenceRulesFacts> {
        self.rules.values().flat_map(BTreeMap::values).map(|held| &held.facts)
    }

    /// The targets of a role by a framework; of everybody where no role is named.
    pub fn targets_of(&self, framework: &str, role: Option<&str>) -> Option<&Held<CompetenceTargetsFacts>> {
        self.targets.get(&(framework.to_owned(), role.map(str::to_owned)))
    }

    /// All targets, by framework and role.
    pub fn targets(&self) -> impl Iterator<Item = &CompetenceTargetsFacts> {
        self.targets.values().map(|held| &held.facts)
    }

    /// The level of a competence that people in a role are to have: the role's own, else everybody's.
    pub fn target(&self, framework: &str, role: Option<&str>, competence: &str) -> Option<u8> {
        let of = |role| self.targets_of(framework, role)?.facts.levels.get(competence).copied();
        role.and_then(|role| of(Some(role))).or_else(|| of(None))
    }

    fn copy_of(&self, activity: &str) -> Option<&str> {
        self.places.get(activity)?.values().flatten().next().map(String::as_str)
    }
}

/// The course and its parts, each with what it is a copy of.
fn places(course: &CourseFacts) -> impl Iterator<Item = (&str, Option<&String>)> {
    std::iter::once((course.id.as_str(), course.origin.copy_of.as_ref()))
        .chain(course.activities.iter().map(|activity| (activity.id.as_str(), activity.copy_of.as_ref())))
}
