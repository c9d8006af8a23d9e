//! `POST /api/v1/organisation`: units, persons with duties and enrolments, groups.

use std::collections::{BTreeMap, BTreeSet};

use eventlog::event::Position;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use xapi::Identifier;

use super::{AgentInput, Change, Changes, Invalid, Problems};
use crate::events::{
    Duty, Enrolment, GroupFacts, GroupPersonal, Membership, PersonFacts, PersonPersonal, UnitFacts,
};
use crate::organisation::Organisation;
use crate::{AgentId, Date, PersonId};

/// The body. Each thing in it is stated whole: a person with all of their duties, past ones too. What is not in
/// it stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OrganisationInput {
    /// Units; a parent may come before or after its children.
    pub units: Vec<UnitInput>,
    /// Persons.
    pub persons: Vec<PersonInput>,
    /// Groups.
    pub groups: Vec<GroupInput>,
}

/// A unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitInput {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its kind: `huvudman`, `rektorsomrade`, `forskola`, `skola`, `gymnasieskola`, `forvaltning` or another word.
    pub kind: String,
    /// The code of the unit above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Skolverket's eight digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school_unit_code: Option<String>,
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonInput {
    /// Everything by which tools know them, at least one.
    pub agents: Vec<AgentInput>,
    /// Their name.
    pub name: NameInput,
    /// A protected identity: the name is shown nowhere.
    #[serde(default, skip_serializing_if = "is_false")]
    pub protected: bool,
    /// Their duties.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duties: Vec<DutyInput>,
    /// Their enrolments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enrolments: Vec<EnrolmentInput>,
}

/// A person's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NameInput {
    /// First name.
    pub given: String,
    /// Last name.
    pub family: String,
}

/// A duty at a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DutyInput {
    /// The unit's code.
    pub unit: String,
    /// `Rektor`, `Lärare`, `Förskollärare`, `Barnskötare` or another word.
    pub role: String,
    /// The first day.
    pub from: Date,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
}

/// An enrolment at a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolmentInput {
    /// The unit's code.
    pub unit: String,
    /// The school year (årskurs).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub school_year: Option<u8>,
    /// The first day.
    pub from: Date,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupInput {
    /// Its id.
    pub id: String,
    /// The unit's code.
    pub unit: String,
    /// `Klass`, `Undervisning` or another word.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its members.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberInput>,
}

/// A membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberInput {
    /// Who.
    pub agent: AgentInput,
    /// The first day.
    pub from: Date,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
}

impl OrganisationInput {
    /// Checks the body by itself.
    ///
    /// # Errors
    /// [`Invalid`] with every place that is wrong.
    pub fn validate(&self) -> Result<(), Invalid> {
        let mut problems = Problems::default();
        let mut codes = BTreeSet::new();
        for (i, unit) in self.units.iter().enumerate() {
            let at = |field: &str| format!("/units/{i}/{field}");
            problems.check(is_word(&unit.code), || at("code"), "a code of 1 to 100 characters");
            problems.check(
                codes.insert(&unit.code),
                || at("code"),
                "a code that no other unit of the body has",
            );
            problems.check(is_word(&unit.name), || at("name"), "a name of 1 to 100 characters");
            problems.check(is_word(&unit.kind), || at("kind"), "a kind of 1 to 100 characters");
            let digits = |code: &String| code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit());
            let valid = unit.school_unit_code.as_ref().is_none_or(digits);
            problems.check(valid, || at("school_unit_code"), "eight digits");
        }
        let mut seen = BTreeSet::new();
        for (i, person) in self.persons.iter().enumerate() {
            let at = |rest: String| format!("/persons/{i}/{rest}");
            problems.check(!person.agents.is_empty(), || at("agents".into()), "at least one agent");
            for (j, agent) in person.agents.iter().enumerate() {
                let identifier = agent.identifier();
                problems.check(identifier.is_some(), || at(format!("agents/{j}")), ONE_IDENTIFIER);
                let new = identifier.is_none_or(|identifier| seen.insert(identifier));
                problems.check(
                    new,
                    || at(format!("agents/{j}")),
                    "an agent that stands nowhere else in the body",
                );
            }
            problems.check(!person.name.given.trim().is_empty(), || at("name/given".into()), "a name");
            problems.check(!person.name.family.trim().is_empty(), || at("name/family".into()), "a name");
            for (j, duty) in person.duties.iter().enumerate() {
                problems.check(is_word(&duty.role), || at(format!("duties/{j}/role")), "a role");
                let ordered = duty.to.is_none_or(|to| duty.from <= to);
                problems.check(ordered, || at(format!("duties/{j}/to")), "a day not before `from`");
            }
            for (j, enrolment) in person.enrolments.iter().enumerate() {
                let ordered = enrolment.to.is_none_or(|to| enrolment.from <= to);
                problems.check(ordered, || at(format!("enrolments/{j}/to")), "a day not before `from`");
            }
        }
        let mut ids = BTreeSet::new();
        for (i, group) in self.groups.iter().enumerate() {
            let at = |rest: String| format!("/groups/{i}/{rest}");
            problems.check(is_word(&group.id), || at("id".into()), "an id of 1 to 100 characters");
            problems.check(
                ids.insert(&group.id),
                || at("id".into()),
                "an id that no other group of the body has",
            );
            problems.check(is_word(&group.kind), || at("kind".into()), "a kind of 1 to 100 characters");
            problems.check(!group.name.trim().is_empty(), || at("name".into()), "a name");
            for (j, member) in group.members.iter().enumerate() {
                let known = member.agent.identifier().is_some();
                problems.check(known, || at(format!("members/{j}/agent")), ONE_IDENTIFIER);
                let ordered = member.to.is_none_or(|to| member.from <= to);
                problems.check(ordered, || at(format!("members/{j}/to")), "a day not before `from`");
            }
        }
        problems.result()
    }

    /// Everybody who is named, once each, ascending: what has to be resolved to agent ids before
    /// [`changes`](Self::changes).
    pub fn identifiers(&self) -> Vec<Identifier> {
        let persons = self.persons.iter().flat_map(|person| &person.agents);
        let members = self.groups.iter().flat_map(|group| &group.members).map(|member| &member.agent);
        let all: BTreeSet<_> = persons.chain(members).filter_map(AgentInput::identifier).collect();
        all.into_iter().collect()
    }

    /// The events whose slot 0 has to be opened for [`changes`](Self::changes) to see whether a name is still
    /// the same: those that hold for the persons and groups of the body.
    pub fn slots_to_compare(
        &self,
        known: &Organisation,
        agent_of: impl Fn(&Identifier) -> Option<AgentId>,
    ) -> Vec<Position> {
        let persons = self.persons.iter().filter_map(|person| {
            let agents = agents(person, &agent_of);
            agents.iter().find_map(|agent| known.listed_person_of(*agent)).and_then(|id| known.person(id))
        });
        let groups = self.groups.iter().filter_map(|group| known.group(&group.id));
        let all: BTreeSet<_> =
            persons.map(|held| held.position).chain(groups.map(|held| held.position)).collect();
        all.into_iter().collect()
    }

    /// The events of what is new or different, in the order: units, persons, groups. `opened` holds slot 0 of
    /// the events that [`slots_to_compare`](Self::slots_to_compare) named, in the clear; where one is missing
    /// the thing is stated anew. The body has passed [`validate`](Self::validate).
    ///
    /// # Errors
    /// [`Invalid`] where it does not go with what is known: units that do not exist or stand in a circle,
    /// agents without an id, agents that the roster has as different persons.
    pub fn changes(
        &self,
        known: &Organisation,
        agent_of: impl Fn(&Identifier) -> Option<AgentId>,
        opened: &BTreeMap<Position, Vec<u8>>,
    ) -> Result<Changes, Invalid> {
        self.check_units(known)?;
        let mut problems = Problems::default();
        let mut changes = Changes::default();
        for unit in &self.units {
            let facts = UnitFacts {
                code: unit.code.clone(),
                name: unit.name.clone(),
                kind: unit.kind.clone(),
                parent: unit.parent.clone(),
                school_unit_code: unit.school_unit_code.clone(),
            };
            let same = known.unit(&unit.code).is_some_and(|held| held.facts == facts);
            changes.add(same, || Change::clear(&facts));
        }
        let mut taken: BTreeSet<AgentId> = BTreeSet::new();
        for (i, person) in self.persons.iter().enumerate() {
            let mut given = agents(person, &agent_of);
            let resolved = given.len() == person.agents.len();
            // Two spellings of one mailbox.
            let mut seen = BTreeSet::new();
            given.retain(|agent| seen.insert(*agent));
            problems.check(resolved, || format!("/persons/{i}/agents"), "agents that have an id");
            let ids: BTreeSet<PersonId> = given.iter().filter_map(|a| known.listed_person_of(*a)).collect();
            let one = ids.len() <= 1 && given.iter().all(|agent| taken.insert(*agent));
            problems.check(one, || format!("/persons/{i}/agents"), "agents of one person");
            let Some(id) = ids.first().or(given.first()).copied() else { continue };
            let held = known.person(id);
            let before = held.map_or(&[][..], |held| &held.facts.agents);
            let agents: BTreeSet<AgentId> = given.iter().chain(before).copied().collect();
            let facts = person_facts(id, agents, person);
            let personal = PersonPersonal {
                given: person.name.given.clone(),
                family: person.name.family.clone(),
                protected: person.protected,
                identifiers: person.agents.iter().filter_map(AgentInput::identifier).collect(),
            }
            .encode();
            let same = held.is_some_and(|held| {
                held.facts == facts && opened.get(&held.position).is_some_and(|slot| *slot == personal)
            });
            changes.add(same, || Change::of_agents(&facts, given, personal));
        }
        for (i, group) in self.groups.iter().enumerate() {
            let mut members: Vec<_> = group
                .members
                .iter()
                .filter_map(|member| {
                    let agent = member.agent.identifier().and_then(|identifier| agent_of(&identifier))?;
                    Some(Membership { agent, from: member.from, to: member.to })
                })
                .collect();
            let resolved = members.len() == group.members.len();
            problems.check(resolved, || format!("/groups/{i}/members"), "agents that have an id");
            members.sort_unstable();
            members.dedup();
            let facts = GroupFacts {
                id: group.id.clone(),
                unit: group.unit.clone(),
                kind: group.kind.clone(),
                members,
            };
            let personal = GroupPersonal { name: group.name.clone() }.encode();
            let same = known.group(&group.id).is_some_and(|held| {
                held.facts == facts && opened.get(&held.position).is_some_and(|slot| *slot == personal)
            });
            changes.add(same, || Change::of_class(&facts, personal));
        }
        problems.result()?;
        Ok(changes)
    }

    fn check_units(&self, known: &Organisation) -> Result<(), Invalid> {
        let mut problems = Problems::default();
        let posted: BTreeMap<&str, &UnitInput> =
            self.units.iter().map(|unit| (unit.code.as_str(), unit)).collect();
        let exists = |code: &str| posted.contains_key(code) || known.unit(code).is_some();
        let parent = |code: &str| -> Option<String> {
            match posted.get(code) {
                Some(unit) => unit.parent.clone(),
                None => known.unit(code).and_then(|held| held.facts.parent.clone()),
            }
        };
        for (i, unit) in self.units.iter().enumerate() {
            let Some(first) = unit.parent.clone() else { continue };
            let at = || format!("/units/{i}/parent");
            problems.check(exists(&first), at, EXISTING_UNIT);
            let mut passed = BTreeSet::from([unit.code.clone()]);
            let mut above = Some(first);
            while let Some(code) = above {
                above = parent(&code);
                if !passed.insert(code) {
                    problems.check(false, at, "a unit that does not itself stand below this one");
                    break;
                }
            }
        }
        for (i, person) in self.persons.iter().enumerate() {
            for (j, duty) in person.duties.iter().enumerate() {
                problems.check(exists(&duty.unit), || format!("/persons/{i}/duties/{j}/unit"), EXISTING_UNIT);
            }
            for (j, enrolment) in person.enrolments.iter().enumerate() {
                let at = || format!("/persons/{i}/enrolments/{j}/unit");
                problems.check(exists(&enrolment.unit), at, EXISTING_UNIT);
            }
        }
        for (i, group) in self.groups.iter().enumerate() {
            problems.check(exists(&group.unit), || format!("/groups/{i}/unit"), EXISTING_UNIT);
        }
        problems.result()
    }
}

const ONE_IDENTIFIER: &str = "an agent with exactly one valid mbox, mbox_sha1sum, openid or account";
const EXISTING_UNIT: &str = "the code of a unit in the body or posted before";

fn person_facts(person: PersonId, agents: BTreeSet<AgentId>, input: &PersonInput) -> PersonFacts {
    let duties: BTreeSet<_> = input
        .duties
        .iter()
        .map(|d| Duty { unit: d.unit.clone(), role: d.role.clone(), from: d.from, to: d.to })
        .collect();
    let enrolments: BTreeSet<_> = input
        .enrolments
        .iter()
        .map(|e| Enrolment { unit: e.unit.clone(), school_year: e.school_year, from: e.from, to: e.to })
        .collect();
    PersonFacts {
        person,
        agents: agents.into_iter().collect(),
        duties: duties.into_iter().collect(),
        enrolments: enrolments.into_iter().collect(),
    }
}

/// The ids of a person's agents, in the body's order.
fn agents(person: &PersonInput, agent_of: impl Fn(&Identifier) -> Option<AgentId>) -> Vec<AgentId> {
    person.agents.iter().filter_map(|agent| agent_of(&agent.identifier()?)).collect()
}

fn is_word(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= 100
}

fn is_false(value: &bool) -> bool {
    !value
}
