//! Who may be told apart in the answers of a round that nobody can link.
//!
//! Everybody asked has one place, the first of those that make them be asked, and is in one stratum: a role in a unit.
//! Roles of a unit with fewer people than the smallest group are taken together, with those of the units below that are
//! left; where that is still too few, with the smallest stratum of the unit, or below it. So a unit is told apart before a
//! role is, and the units above before those below.

use std::collections::{BTreeMap, BTreeSet};

use crate::PersonId;
use crate::events::{RoundFacts, RoundMode, Stratum};
use crate::organisation::Organisation;
use crate::surveys::{asked, group_of};

/// The strata of a round, and which of them everybody is in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roll {
    /// The strata, by unit.
    pub strata: Vec<Stratum>,
    /// Everybody who is asked, with the number of their stratum.
    pub of: BTreeMap<PersonId, u32>,
}

impl Roll {
    /// The people in the smallest stratum, where they are too few to be told of: in all, or in one of the groups of respondents.
    pub fn too_few(&self, smallest: u32) -> Option<u32> {
        let people = self.strata.iter().map(|stratum| stratum.people).min().unwrap_or(0);
        (people < smallest.max(1)).then_some(people)
    }
}

/// The roll of a round on its opening day. No stratum has fewer people than `smallest`, but for a round, or a group of its
/// respondents, with fewer in all.
pub fn strata(round: &RoundFacts, organisation: &Organisation, smallest: u32) -> Roll {
    // Groups of respondents are asked different questions, and never taken together.
    let groups = round.groups.iter().map(|group| Some(group.id.as_str()));
    let groups = groups.chain(round.groups.is_empty().then_some(None));
    let mut all = Roll::default();
    for (place, group) in groups.enumerate() {
        let own = strata_of(round, organisation, smallest, group.map(|id| (place, id)));
        let before = u32::try_from(all.strata.len()).unwrap_or(u32::MAX);
        all.of.extend(own.of.into_iter().map(|(person, number)| (person, before + number)));
        all.strata.extend(own.strata);
    }
    all
}

/// How many people are asked in a round that nobody can link, or in one of its groups of respondents, where they are too few
/// to be told of: such a round does not open.
pub fn too_few(round: &RoundFacts, organisation: &Organisation, smallest: u32) -> Option<u32> {
    let is_boxed = round.mode == RoundMode::Unlinkable;
    is_boxed.then(|| strata(round, organisation, smallest).too_few(smallest)).flatten()
}

/// Those of one group of respondents, by its place and its id, or of everybody.
fn strata_of(
    round: &RoundFacts,
    organisation: &Organisation,
    smallest: u32,
    group: Option<(usize, &str)>,
) -> Roll {
    let mut first: BTreeMap<PersonId, (&str, &str)> = BTreeMap::new();
    let is_of = |role: &str| group.is_none_or(|(place, _)| group_of(round, role) == Some(place));
    for (person, duty) in asked(round, organisation).filter(|(_, duty)| is_of(&duty.role)) {
        let place = (duty.unit.as_str(), duty.role.as_str());
        let held = first.entry(person).or_insert(place);
        *held = place.min(*held);
    }
    let mut places: BTreeMap<&str, BTreeMap<&str, Vec<PersonId>>> = BTreeMap::new();
    for (person, (unit, role)) in first {
        places.entry(unit).or_default().entry(role).or_default().push(person);
    }
    let units = downwards(organisation, &round.unit);
    let mut below: Vec<Vec<Group<'_>>> = units.iter().map(|_| Vec::new()).collect();
    for (place, (unit, above)) in units.iter().enumerate().rev() {
        let found = std::mem::take(&mut below[place]);
        let groups = told_apart(unit, places.remove(unit).unwrap_or_default(), found, smallest as usize);
        below[above.unwrap_or(place)].extend(groups);
    }
    let mut groups = below.into_iter().next().unwrap_or_default();
    groups.sort_by(|one, other| one.key().cmp(&other.key()));
    let of =
        (0..).zip(&groups).flat_map(|(number, group)| group.people.iter().map(move |one| (*one, number)));
    let told = |one: &Group<'_>| Stratum { group: group.map(|(_, id)| id.to_owned()), ..one.stratum() };
    Roll { of: of.collect(), strata: groups.iter().map(told).collect() }
}

/// A unit and all below it, each after the one above it, with the place of that.
fn downwards<'a>(organisation: &'a Organisation, top: &'a str) -> Vec<(&'a str, Option<usize>)> {
    let (mut units, mut seen) = (Vec::new(), BTreeSet::new());
    let mut waiting: Vec<(&str, Option<usize>)> =
        organisation.unit(top).map(|_| (top, None)).into_iter().collect();
    while let Some((unit, above)) = waiting.pop() {
        if seen.insert(unit) {
            waiting.extend(
                organisation.children(Some(unit)).map(|child| (child.code.as_str(), Some(units.len()))),
            );
            units.push((unit, above));
        }
    }
    units
}

/// People who are not told apart.
struct Group<'a> {
    unit: &'a str,
    units: BTreeSet<&'a str>,
    roles: BTreeSet<&'a str>,
    people: Vec<PersonId>,
}

impl<'a> Group<'a> {
    /// With others, in a unit that all of them are in or below.
    fn with(mut self, other: Group<'a>, unit: &'a str) -> Self {
        self.unit = if self.unit == other.unit { self.unit } else { unit };
        self.units.extend(other.units);
        self.roles.extend(other.roles);
        self.people.extend(other.people);
        self
    }

    fn key(&self) -> (&'a str, &BTreeSet<&'a str>, &BTreeSet<&'a str>) {
        (self.unit, &self.units, &self.roles)
    }

    fn stratum(&self) -> Stratum {
        let list = |names: &BTreeSet<&str>| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let is_own = self.units.iter().all(|unit| *unit == self.unit);
        Stratum {
            unit: self.unit.to_owned(),
            roles: list(&self.roles),
            people: u32::try_from(self.people.len()).unwrap_or(u32::MAX),
            units: if is_own { Vec::new() } else { list(&self.units) },
            group: None,
        }
    }
}

/// What is told apart in a unit and below it: of its own people, by role, and what is told apart in the units below, each of
/// which is one that is too small, or several that are not.
fn told_apart<'a>(
    unit: &'a str,
    own: BTreeMap<&'a str, Vec<PersonId>>,
    below: Vec<Group<'a>>,
    smallest: usize,
) -> Vec<Group<'a>> {
    let one = |(role, people)| Group { unit, units: [unit].into(), roles: [role].into(), people };
    let (mut groups, small): (Vec<_>, Vec<_>) =
        own.into_iter().map(one).chain(below).partition(|group| group.people.len() >= smallest);
    let Some(mut left) = small.into_iter().reduce(|one, other| one.with(other, unit)) else { return groups };
    if left.people.len() < smallest {
        let size = |place: &usize| (groups[*place].unit != unit, groups[*place].people.len());
        let nearest = (0..groups.len()).min_by(|one, other| {
            size(one).cmp(&size(other)).then_with(|| groups[*one].key().cmp(&groups[*other].key()))
        });
        if let Some(place) = nearest {
            left = groups.swap_remove(place).with(left, unit);
        }
    }
    groups.push(left);
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{Duty, PersonFacts, UnitFacts};
    use crate::testing::{date, event, round};

    /// Units by code with the one above, and how many people are in which unit and role.
    fn strata_of(units: &[(&str, Option<&str>)], people: &[(&str, &str, u8)], smallest: u32) -> Roll {
        let mut organisation = Organisation::default();
        let mut position = 0;
        let mut next = || {
            position += 1;
            position
        };
        for (code, parent) in units {
            let facts = UnitFacts {
                code: (*code).into(),
                name: (*code).into(),
                kind: "skola".into(),
                parent: parent.map(Into::into),
                school_unit_code: None,
            };
            organisation.apply(&event(next(), &facts)).unwrap();
        }
        for (unit, role, number) in people {
            for _ in 0..*number {
                let at = next();
                let person = [u8::try_from(at).unwrap(); 16];
                let duty =
                    Duty { unit: (*unit).into(), role: (*role).into(), from: date("2020-01-01"), to: None };
                let facts =
                    PersonFacts { person, agents: vec![person], duties: vec![duty], enrolments: Vec::new() };
                organisation.apply(&event(at, &facts)).unwrap();
            }
        }
        let mut round = round("2026-03-01", "2026-03-31");
        round.roles = Vec::new();
        let roll = strata(&round, &organisation, smallest);
        assert_eq!(roll.of.len(), people.iter().map(|(.., number)| usize::from(*number)).sum::<usize>());
        for (number, stratum) in (0..).zip(&roll.strata) {
            let there = roll.of.values().filter(|of| **of == number).count();
            assert_eq!(there, stratum.people as usize, "{stratum:?}");
        }
        roll
    }

    fn told(roll: &Roll) -> Vec<(&str, String, u32, String)> {
        let one = |stratum: &'_ Stratum| (stratum.roles.join("+"), stratum.people, stratum.units.join("+"));
        let told = roll.strata.iter().map(|stratum| (stratum.unit.as_str(), one(stratum)));
        told.map(|(unit, (roles, people, units))| (unit, roles, people, units)).collect()
    }

    const TREE: [(&str, Option<&str>); 5] =
        [("K", None), ("A", Some("K")), ("A1", Some("A")), ("A2", Some("A")), ("B", Some("K"))];

    #[test]
    fn few_of_a_role_are_taken_together_before_a_unit_is_with_the_one_above() {
        let people = [
            ("A1", "Elevassistent", 3),
            ("A1", "Lärare", 12),
            ("A1", "Rektor", 1),
            ("A1", "Kurator", 1),
            ("A2", "Lärare", 9),
            ("A2", "Rektor", 1),
            ("B", "Lärare", 6),
        ];
        let roll = strata_of(&TREE, &people, 5);
        let expected = [
            ("A1", "Elevassistent+Kurator+Rektor", 5, ""),
            ("A1", "Lärare", 12, ""),
            ("A2", "Lärare+Rektor", 10, ""),
            ("B", "Lärare", 6, ""),
        ];
        assert_eq!(
            told(&roll),
            expected.map(|(unit, roles, people, units)| (unit, roles.into(), people, units.into()))
        );
    }

    #[test]
    fn a_unit_with_few_people_goes_with_what_is_left_above_or_with_the_smallest_there() {
        // Two of A2 and four of A itself are enough together; one of B is not, and goes with K's smallest own.
        let people = [
            ("A1", "Lärare", 12),
            ("A2", "Lärare", 2),
            ("A", "Rektor", 4),
            ("B", "Lärare", 1),
            ("K", "Chef", 7),
            ("K", "Strateg", 6),
        ];
        let roll = strata_of(&TREE, &people, 5);
        let expected = [
            ("A", "Lärare+Rektor", 6, "A+A2"),
            ("A1", "Lärare", 12, ""),
            ("K", "Lärare+Strateg", 7, "B+K"),
            ("K", "Chef", 7, ""),
        ];
        assert_eq!(
            told(&roll),
            expected.map(|(unit, roles, people, units)| (unit, roles.into(), people, units.into()))
        );
        // The area's principal, alone, goes with the smallest of its schools.
        let people = [("A1", "Lärare", 12), ("A2", "Lärare", 8), ("A", "Rektor", 1), ("B", "Lärare", 6)];
        let expected = [("A", "Lärare+Rektor", 9, "A+A2"), ("A1", "Lärare", 12, ""), ("B", "Lärare", 6, "")];
        let roll = strata_of(&TREE, &people, 5);
        assert_eq!(
            told(&roll),
            expected.map(|(unit, roles, people, units)| (unit, roles.into(), people, units.into()))
        );
    }

    #[test]
    fn a_round_with_few_in_all_has_one_stratum_and_without_anybody_none() {
        let few = strata_of(&TREE, &[("A1", "Lärare", 1), ("B", "Rektor", 2)], 5);
        assert_eq!(told(&few), [("K", "Lärare+Rektor".into(), 3, "A1+B".into())]);
        let deep = strata_of(&TREE, &[("A1", "Lärare", 2)], 5);
        assert_eq!(told(&deep), [("A1", "Lärare".into(), 2, String::new())]);
        assert_eq!(strata_of(&TREE, &[], 5), Roll::default());
        // Units above each other in a circle end somewhere.
        strata_of(&[("K", Some("A")), ("A", Some("K"))], &[("A", "Lärare", 6)], 5);
    }
}
