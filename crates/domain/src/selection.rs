//! Which statements somebody wants who follows the log: another record store, a webhook, an open stream.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::organisation::Organisation;
use crate::statement::{AgentRole, StatementFactsOf};
use crate::{AgentId, Date};

/// The longest list.
const MOST: usize = 1_000;
/// The longest entry of a list, in bytes.
const LONGEST: usize = 2_000;

/// Statements by verb, activity and unit: each list that is not empty has to be met, by one of its entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Selection {
    /// Verbs: the whole id, of the statement's own verb.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verbs: Vec<String>,
    /// Activities: the object's id, or that of a SubStatement's object, begins with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub activities: Vec<String>,
    /// Codes of units: the actor, or a member of the group that acts, has a duty or is enrolled there or below. A code
    /// that the organisation does not have is that of a unit with nobody in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<String>,
}

impl Selection {
    /// Whether every statement is wanted.
    pub fn is_all(&self) -> bool {
        self.verbs.is_empty() && self.activities.is_empty() && self.units.is_empty()
    }

    /// Holds the lists against their limits.
    ///
    /// # Errors
    /// The list that is wrong, and what was expected of it.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        for (name, list) in [("verbs", &self.verbs), ("activities", &self.activities), ("units", &self.units)]
        {
            if list.len() > MOST || list.iter().any(|entry| entry.is_empty() || entry.len() > LONGEST) {
                return Err((name, format!("at most {MOST} entries of 1 to {LONGEST} bytes")));
            }
            if name != "units" && list.iter().any(|entry| !entry.contains(':')) {
                return Err((name, "IRIs".to_owned()));
            }
        }
        Ok(())
    }

    /// Whether the organisation has all of the units.
    pub fn has_units(&self, organisation: &Organisation) -> bool {
        self.units.iter().all(|code| organisation.unit(code).is_some())
    }

    /// Whether a statement is wanted, by who belongs where on a day; whoever is `hidden` belongs nowhere.
    pub fn takes<S: AsRef<str>>(
        &self,
        facts: &StatementFactsOf<S>,
        organisation: &Organisation,
        on: Date,
        hidden: &BTreeSet<AgentId>,
    ) -> bool {
        let units_of = |agent| match hidden.contains(&agent) {
            true => BTreeSet::new(),
            false => organisation.units_of(agent, Some(on)),
        };
        self.is_about(facts) && self.is_by(facts, units_of)
    }

    /// Whether a statement may have been wanted some time: by anywhere that its actor ever belonged.
    pub fn may_have_taken<S: AsRef<str>>(
        &self,
        facts: &StatementFactsOf<S>,
        organisation: &Organisation,
    ) -> bool {
        self.is_about(facts) && self.is_by(facts, |agent| organisation.units_of(agent, None))
    }

    /// Whether verb and activity are wanted.
    fn is_about<S: AsRef<str>>(&self, facts: &StatementFactsOf<S>) -> bool {
        let verb = facts.verb.as_ref();
        let begins = |id: &str| self.activities.iter().any(|prefix| id.starts_with(prefix.as_str()));
        (self.verbs.is_empty() || self.verbs.iter().any(|wanted| wanted == verb))
            && (self.activities.is_empty()
                || facts.activity().or_else(|| facts.sub_activity()).is_some_and(begins))
    }

    /// Whether one of those who act belongs to a unit that is wanted.
    fn is_by<'o, S: AsRef<str>>(
        &self,
        facts: &StatementFactsOf<S>,
        units_of: impl Fn(AgentId) -> BTreeSet<&'o str>,
    ) -> bool {
        if self.units.is_empty() {
            return true;
        }
        who_act(facts).any(|agent| {
            let units = units_of(agent);
            self.units.iter().any(|wanted| units.contains(wanted.as_str()))
        })
    }
}

/// The actor, or the group that acts and its members.
pub fn who_act<S>(facts: &StatementFactsOf<S>) -> impl Iterator<Item = AgentId> {
    let acts = |role: AgentRole| matches!(role, AgentRole::Actor | AgentRole::ActorMember);
    facts.agents.iter().filter(move |(role, _)| acts(*role)).map(|(_, agent)| *agent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{Duty, Enrolment, PersonFacts, UnitFacts};
    use crate::statement::{ObjectFacts, Score, StatementFacts, SubFacts, Version};
    use crate::testing::{date, event};

    const VERB: &str = "http://v.example/done";

    fn organisation() -> Organisation {
        let mut organisation = Organisation::default();
        for (position, (code, parent)) in
            (1..).zip([("K", None), ("S1", Some("K")), ("S1a", Some("S1")), ("S2", Some("K"))])
        {
            let unit = UnitFacts {
                code: code.into(),
                name: code.into(),
                kind: "skola".into(),
                parent: parent.map(str::to_owned),
                school_unit_code: None,
            };
            organisation.apply(&event(position, &unit)).unwrap();
        }
        let worked = Duty {
            unit: "S2".into(),
            role: "Lärare".into(),
            from: date("2024-08-01"),
            to: Some(date("2025-06-30")),
        };
        let works = Duty { unit: "S1a".into(), role: "Lärare".into(), from: date("2025-08-01"), to: None };
        let teacher = PersonFacts {
            person: [1; 16],
            agents: vec![[1; 16], [2; 16]],
            duties: vec![worked, works],
            enrolments: vec![],
        };
        let enrolled =
            Enrolment { unit: "S2".into(), school_year: Some(7), from: date("2025-08-18"), to: None };
        let pupil = PersonFacts {
            person: [3; 16],
            agents: vec![[3; 16]],
            duties: vec![],
            enrolments: vec![enrolled],
        };
        organisation.apply(&event(8, &teacher)).unwrap();
        organisation.apply(&event(9, &pupil)).unwrap();
        organisation
    }

    fn facts(agents: &[(AgentRole, u8)], object: ObjectFacts<String>) -> StatementFacts {
        StatementFacts {
            id: [9; 16],
            agents: agents.iter().map(|(role, agent)| (*role, [*agent; 16])).collect(),
            actor_is_group: false,
            verb: VERB.into(),
            object,
            registration: None,
            timestamp: None,
            success: None,
            completion: None,
            score: Score::default(),
            duration_cs: None,
            response: vec![],
            activities: vec![],
            xapi_version: Version::V2_0_0,
            attachments_from: None,
            origin: None,
            untracked: false,
            voids_own: false,
        }
    }

    fn about(id: &str) -> ObjectFacts<String> {
        ObjectFacts::Activity(id.into())
    }

    fn list(entries: &[&str]) -> Vec<String> {
        entries.iter().map(|entry| (*entry).to_owned()).collect()
    }

    #[test]
    fn verbs_are_compared_whole_and_activities_by_how_they_begin() {
        let organisation = Organisation::default();
        let takes = |selection: &Selection, object| {
            selection.takes(
                &facts(&[(AgentRole::Actor, 1)], object),
                &organisation,
                date("2025-10-01"),
                &[].into(),
            )
        };
        let course = about("https://larkby.example/kurser/1/quiz");
        assert!(takes(&Selection::default(), course.clone()) && Selection::default().is_all());
        for (verbs, activities, wanted) in [
            (vec![VERB], vec![], true),
            (vec!["http://v.example/do"], vec![], false),
            (vec!["http://v.example/do", VERB], vec!["https://larkby.example/kurser/1/"], true),
            (vec![VERB], vec!["https://larkby.example/kurser/2/"], false),
            (vec!["http://v.example/do"], vec!["https://larkby.example/"], false),
        ] {
            let selection = Selection { verbs: list(&verbs), activities: list(&activities), units: vec![] };
            assert_eq!(takes(&selection, course.clone()), wanted, "{selection:?}");
        }
        let here = Selection { activities: list(&["https://larkby.example/"]), ..Selection::default() };
        let sub = SubFacts { verb: "http://v.example/plan".into(), object: course };
        assert!(takes(&here, ObjectFacts::SubStatement(Box::new(sub))));
        assert!(!takes(&here, ObjectFacts::Agent) && !takes(&here, ObjectFacts::StatementRef([1; 16])));
    }

    #[test]
    fn a_unit_is_met_by_whoever_belongs_there_or_below_on_the_day() {
        let organisation = organisation();
        let takes = |units: &[&str], agents: &[(AgentRole, u8)], on: &str| {
            let selection = Selection { units: list(units), ..Selection::default() };
            let facts = facts(agents, about("https://larkby.example/a"));
            (
                selection.takes(&facts, &organisation, date(on), &[].into()),
                selection.may_have_taken(&facts, &organisation),
            )
        };
        let teacher = [(AgentRole::Actor, 2)];
        assert_eq!(takes(&["K"], &teacher, "2025-10-01"), (true, true));
        assert_eq!(takes(&["S1"], &teacher, "2025-10-01"), (true, true), "a unit below it");
        assert_eq!(takes(&["S2"], &teacher, "2025-10-01"), (false, true), "not any more");
        assert_eq!(takes(&["S2"], &teacher, "2025-06-30"), (true, true));
        assert_eq!(takes(&["K"], &teacher, "2025-07-15"), (false, true), "between two duties");
        assert_eq!(takes(&["S1", "S2"], &[(AgentRole::Actor, 3)], "2025-10-01"), (true, true), "a pupil");
        assert_eq!(takes(&["S1"], &[(AgentRole::Actor, 3)], "2025-10-01"), (false, false));
        assert_eq!(
            takes(&["K"], &[(AgentRole::Actor, 7)], "2025-10-01"),
            (false, false),
            "nobody of the roster"
        );
        let group = [(AgentRole::Actor, 7), (AgentRole::ActorMember, 3)];
        assert_eq!(takes(&["S2"], &group, "2025-10-01"), (true, true), "a member of the group");
        assert_eq!(
            takes(&["S2"], &[(AgentRole::Object, 3)], "2025-10-01"),
            (false, false),
            "who is acted on"
        );
    }

    #[test]
    fn lists_are_held_against_their_limits_and_units_against_the_organisation() {
        let organisation = organisation();
        let wrong = |selection: Selection| selection.check().err().map(|(name, _)| name);
        let good = Selection { verbs: list(&[VERB]), activities: list(&["https://a"]), units: list(&["S1"]) };
        assert_eq!(wrong(good), None);
        assert_eq!(wrong(Selection { verbs: list(&["done"]), ..Selection::default() }), Some("verbs"));
        assert_eq!(wrong(Selection { activities: list(&[""]), ..Selection::default() }), Some("activities"));
        for (units, known) in [(&[][..], true), (&["S1"], true), (&["S1", "S9"], false)] {
            let selection = Selection { units: list(units), ..Selection::default() };
            assert_eq!((selection.has_units(&organisation), wrong(selection)), (known, None));
        }
        assert_eq!(
            wrong(Selection { verbs: vec![VERB.into(); 1_001], ..Selection::default() }),
            Some("verbs")
        );
    }
}
