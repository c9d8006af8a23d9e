//! Units, persons and groups, folded from their events.

use std::collections::{BTreeMap, BTreeSet};

use eventlog::clock::Micros;
use eventlog::event::{Event, Position};

use crate::events::{AgentErasedFacts, AgentsLinkedFacts, Duty, GroupFacts, PersonFacts, UnitFacts, kind};
use crate::{AgentId, BadFacts, Date, Facts, PersonId};

/// The kind of unit that is a principal's area.
pub const AREA_KIND: &str = "rektorsomrade";

/// The role by which a round of a survey asks those who are enrolled at a unit.
pub const PUPIL_ROLE: &str = "Elev";

/// Facts that hold, and the event that said so (whose slots belong to them).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held<F> {
    /// What holds.
    pub facts: F,
    /// The event's position.
    pub position: Position,
    /// When it was stored.
    pub stored: Micros,
}

impl<F: Facts> Held<F> {
    /// What an event says.
    pub(crate) fn of(event: &Event) -> Result<Self, BadFacts> {
        Ok(Self {
            facts: F::decode(event.schema, &event.facts)?,
            position: event.position,
            stored: event.stored,
        })
    }
}

/// The organisation as the events up to some position describe it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Organisation {
    units: BTreeMap<String, Held<UnitFacts>>,
    persons: BTreeMap<PersonId, Held<PersonFacts>>,
    /// Enrolments as duties in the role of a pupil, of those who have any.
    pupils: BTreeMap<PersonId, Vec<Duty>>,
    by_agent: BTreeMap<AgentId, PersonId>,
    groups: BTreeMap<String, Held<GroupFacts>>,
    erased: BTreeSet<AgentId>,
    /// Agents that are one with others: each with all of them, itself too, ascending.
    linked: BTreeMap<AgentId, Vec<AgentId>>,
}

impl Organisation {
    /// Takes an event in. Returns whether it was of a kind that concerns the organisation.
    ///
    /// # Errors
    /// [`BadFacts`] where it cannot be read; the state is then as before.
    pub fn apply(&mut self, event: &Event) -> Result<bool, BadFacts> {
        match event.kind.as_str() {
            kind::UNIT => {
                let held = Held::<UnitFacts>::of(event)?;
                self.units.insert(held.facts.code.clone(), held);
            }
            kind::PERSON => self.apply_person(Held::of(event)?),
            kind::GROUP => {
                let held = Held::<GroupFacts>::of(event)?;
                self.groups.insert(held.facts.id.clone(), held);
            }
            kind::AGENT_ERASED => {
                self.erased.extend(AgentErasedFacts::decode(event.schema, &event.facts)?.agents);
            }
            kind::AGENTS_LINKED => {
                self.link(AgentsLinkedFacts::decode(event.schema, &event.facts)?.agents);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn link(&mut self, agents: Vec<AgentId>) {
        let all: BTreeSet<AgentId> = agents.into_iter().flat_map(|agent| self.all_of(agent)).collect();
        let all: Vec<AgentId> = all.into_iter().collect();
        self.linked.extend(all.iter().map(|agent| (*agent, all.clone())));
    }

    fn apply_person(&mut self, held: Held<PersonFacts>) {
        let person = held.facts.person;
        if let Some(before) = self.persons.get(&person) {
            for agent in &before.facts.agents {
                if self.by_agent.get(agent) == Some(&person) {
                    self.by_agent.remove(agent);
                }
            }
        }
        self.by_agent.extend(held.facts.agents.iter().map(|agent| (*agent, person)));
        let as_pupil = held.facts.enrolments.iter().map(|enrolment| Duty {
            unit: enrolment.unit.clone(),
            role: PUPIL_ROLE.to_owned(),
            from: enrolment.from,
            to: enrolment.to,
        });
        let as_pupil: Vec<_> = as_pupil.collect();
        if as_pupil.is_empty() {
            self.pupils.remove(&person);
        } else {
            self.pupils.insert(person, as_pupil);
        }
        self.persons.insert(person, held);
    }

    /// A unit, by code.
    pub fn unit(&self, code: &str) -> Option<&Held<UnitFacts>> {
        self.units.get(code)
    }

    /// All units, by code.
    pub fn units(&self) -> impl Iterator<Item = &UnitFacts> {
        self.units.values().map(|held| &held.facts)
    }

    /// The units directly below one, by code; `None`: those that nothing known stands above.
    pub fn children<'a>(&'a self, code: Option<&'a str>) -> impl Iterator<Item = &'a UnitFacts> {
        self.units().filter(move |unit| self.parent(unit) == code)
    }

    /// The units above one, nearest first. Ends before it would come round again.
    pub fn ancestors(&self, code: &str) -> Vec<&str> {
        let mut above: Vec<&str> = Vec::new();
        let mut unit = self.unit(code).map(|held| &held.facts);
        while let Some(parent) = unit.and_then(|unit| self.parent(unit)) {
            if parent == code || above.contains(&parent) {
                break;
            }
            above.push(parent);
            unit = self.unit(parent).map(|held| &held.facts);
        }
        above
    }

    /// A unit and all units below it, by code. Empty where the unit is unknown.
    pub fn descendants(&self, code: &str) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut waiting: Vec<_> =
            self.units.get_key_value(code).map(|(code, _)| code.as_str()).into_iter().collect();
        while let Some(unit) = waiting.pop() {
            if found.insert(unit) {
                waiting.extend(self.children(Some(unit)).map(|child| child.code.as_str()));
            }
        }
        found
    }

    /// The principal's area that a unit is or lies in.
    pub fn area_of<'a>(&'a self, code: &'a str) -> Option<&'a str> {
        std::iter::once(code)
            .chain(self.ancestors(code))
            .find(|code| self.unit(code).is_some_and(|held| held.facts.kind == AREA_KIND))
    }

    /// A person, by id.
    pub fn person(&self, person: PersonId) -> Option<&Held<PersonFacts>> {
        self.persons.get(&person)
    }

    /// All persons of the roster, by id.
    pub fn persons(&self) -> impl Iterator<Item = &PersonFacts> {
        self.persons.values().map(|held| &held.facts)
    }

    /// Whom an agent belongs to. An agent outside the roster is a person of its own.
    pub fn person_of(&self, agent: AgentId) -> PersonId {
        let one = || self.all_of(agent).first().copied().unwrap_or(agent);
        self.listed_person_of(agent).unwrap_or_else(one)
    }

    /// An agent and all those that are one with it, ascending.
    pub fn all_of(&self, agent: AgentId) -> Vec<AgentId> {
        self.linked.get(&agent).cloned().unwrap_or_else(|| vec![agent])
    }

    /// Whom an agent belongs to in the roster.
    pub fn listed_person_of(&self, agent: AgentId) -> Option<PersonId> {
        let linked = || self.linked.get(&agent)?.iter().find_map(|agent| self.by_agent.get(agent));
        self.by_agent.get(&agent).or_else(linked).copied()
    }

    /// All agents of a person; a person outside the roster is one agent, and those that are one with it.
    pub fn agents_of(&self, person: PersonId) -> Vec<AgentId> {
        let listed = self.person(person).map_or_else(|| vec![person], |held| held.facts.agents.clone());
        if self.linked.is_empty() {
            return listed;
        }
        let all: BTreeSet<AgentId> = listed.into_iter().flat_map(|agent| self.all_of(agent)).collect();
        all.into_iter().collect()
    }

    /// A group, by id.
    pub fn group(&self, id: &str) -> Option<&Held<GroupFacts>> {
        self.groups.get(id)
    }

    /// All groups, by id.
    pub fn groups(&self) -> impl Iterator<Item = &GroupFacts> {
        self.groups.values().map(|held| &held.facts)
    }

    /// The members of a group on a day.
    pub fn group_members(&self, id: &str, on: Date) -> BTreeSet<PersonId> {
        let members = self.group(id).map_or(&[][..], |held| &held.facts.members);
        members.iter().filter(|m| on.within(m.from, m.to)).map(|m| self.person_of(m.agent)).collect()
    }

    /// Whether an agent's keys were destroyed.
    pub fn is_erased(&self, agent: AgentId) -> bool {
        self.erased.contains(&agent)
    }

    /// All agents whose keys were destroyed, ascending.
    pub fn erased(&self) -> impl Iterator<Item = AgentId> {
        self.erased.iter().copied()
    }

    /// The duties that are held on a day, by person.
    pub fn duties_on(&self, on: Date) -> impl Iterator<Item = (PersonId, &Duty)> {
        self.persons().flat_map(move |person| {
            person
                .duties
                .iter()
                .filter(move |duty| on.within(duty.from, duty.to))
                .map(move |duty| (person.person, duty))
        })
    }

    /// The enrolments that hold on a day, by person, as duties in the role [`PUPIL_ROLE`].
    pub fn pupils_on(&self, on: Date) -> impl Iterator<Item = (PersonId, &Duty)> {
        self.pupils.iter().flat_map(move |(person, duties)| {
            duties.iter().filter(move |duty| on.within(duty.from, duty.to)).map(move |duty| (*person, duty))
        })
    }

    /// The roles that are held on a day.
    pub fn roles_on(&self, on: Date) -> BTreeSet<&str> {
        self.duties_on(on).map(|(_, duty)| duty.role.as_str()).collect()
    }

    /// The people with a duty on a day: in `unit` or below it (`None`: anywhere), in one of `roles` (none: any).
    /// Somebody with several such duties is there once.
    pub fn on_duty(&self, unit: Option<&str>, roles: &[String], on: Date) -> BTreeSet<PersonId> {
        let units = unit.map(|unit| self.descendants(unit));
        self.duties_on(on)
            .filter(|(_, duty)| units.as_ref().is_none_or(|units| units.contains(duty.unit.as_str())))
            .filter(|(_, duty)| roles.is_empty() || roles.contains(&duty.role))
            .map(|(person, _)| person)
            .collect()
    }

    /// The units where the person of an agent has a duty or is enrolled, and all units above those: on a day, or
    /// for none at any time that the roster tells of.
    pub fn units_of(&self, agent: AgentId, on: Option<Date>) -> BTreeSet<&str> {
        let Some(person) = self.listed_person_of(agent) else { return BTreeSet::new() };
        let duties = self.person(person).map_or(&[][..], |held| &held.facts.duties);
        let enrolments = self.pupils.get(&person).map_or(&[][..], Vec::as_slice);
        let mut units = BTreeSet::new();
        for duty in duties.iter().chain(enrolments) {
            if on.is_none_or(|on| on.within(duty.from, duty.to)) && units.insert(duty.unit.as_str()) {
                units.extend(self.ancestors(&duty.unit));
            }
        }
        units
    }

    /// The base of every unit on a day: the people with a duty at it or at a unit below it. Somebody with
    /// duties at two units counts at both, and once where both are summed up.
    pub fn duty_base(&self, on: Date) -> BTreeMap<&str, BTreeSet<PersonId>> {
        let mut base: BTreeMap<&str, BTreeSet<PersonId>> =
            self.units.keys().map(|code| (code.as_str(), BTreeSet::new())).collect();
        let above: BTreeMap<&str, Vec<&str>> =
            self.units.keys().map(|code| (code.as_str(), self.ancestors(code))).collect();
        for (person, duty) in self.duties_on(on) {
            base.entry(&duty.unit).or_default().insert(person);
            for unit in above.get(duty.unit.as_str()).into_iter().flatten() {
                base.entry(unit).or_default().insert(person);
            }
        }
        base
    }

    /// The parent of a unit, if it is known and not the unit itself.
    fn parent<'a>(&'a self, unit: &'a UnitFacts) -> Option<&'a str> {
        unit.parent.as_deref().filter(|parent| *parent != unit.code && self.units.contains_key(*parent))
    }
}
