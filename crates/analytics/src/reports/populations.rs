//! The groups of people a report is about, in its fixed geometries, and who belongs to each.

use super::letters::swedish;
use disclosure::ledger::Placed;
use disclosure::{Atom, Geometry, Population, Text};
use domain::events::{Duty, UnitFacts};
use std::collections::{BTreeMap, BTreeSet};

/// The kind of unit that is an area in "area by role".
const AREA: &str = "rektorsomrade";

/// What a population of people with one role is called in [`Population::kind`].
const ROLE: &str = "role";

/// Where somebody belongs, and in which role; in none where that is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    pub(crate) unit: &'a str,
    pub(crate) role: &'a str,
}

impl<'a> From<&'a Duty> for Place<'a> {
    fn from(duty: &'a Duty) -> Self {
        Self { unit: &duty.unit, role: &duty.role }
    }
}

/// The populations of a report, a parent before its children, and the people in each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Populations {
    pub(crate) list: Vec<Population>,
    /// For each population the people, as indexes into what [`Populations::build`] was given, ascending.
    pub(crate) members: Vec<Vec<usize>>,
    /// For each population the role that all of its people have, where it is of one.
    pub(crate) roles: Vec<Option<String>>,
    /// For each population whether people are not told apart of whom some belong to it and some do not.
    pub(crate) merged: Vec<bool>,
}

impl Populations {
    /// Builds the organisation tree below `top` (all of it: `None`), area by role and municipality by role,
    /// from the duties that count of each person. Units where nobody has a duty are left out. A person with
    /// several duties is once in every group that one of them leads to.
    pub(crate) fn build<'a, P: Copy + Into<Place<'a>>>(
        units: &[&UnitFacts],
        top: Option<&str>,
        people: &[Vec<P>],
    ) -> Self {
        let tree = Tree::new(units);
        let mut inside: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        let mut by_role: BTreeMap<(&str, &str), BTreeSet<usize>> = BTreeMap::new();
        for (person, duties) in people.iter().enumerate() {
            for place in duties {
                let Place { unit, role } = (*place).into();
                for unit in tree.upwards(unit) {
                    inside.entry(unit).or_default().insert(person);
                    if !role.is_empty() {
                        by_role.entry((unit, role)).or_default().insert(person);
                    }
                }
            }
        }
        let mut built = Self { list: Vec::new(), members: Vec::new(), roles: Vec::new(), merged: Vec::new() };
        let nobody = BTreeSet::new();
        // Depth first, so that the report reads like the organisation.
        let mut waiting: Vec<(&str, Option<usize>, u32)> = match top {
            Some(top) => vec![(top, None, 0)],
            None => {
                tree.children_backwards(None).into_iter().map(|(order, code)| (code, None, order)).collect()
            }
        };
        while let Some((code, parent, order)) = waiting.pop() {
            let Some(unit) = tree.units.get(code) else { continue };
            let people = inside.get(code).unwrap_or(&nobody);
            if people.is_empty() && parent.is_some() {
                continue;
            }
            let index = built.add(
                Population {
                    code: code.to_owned(),
                    label: Text::sv(&unit.name),
                    geometry: Geometry::Tree,
                    parent,
                    also_in: None,
                    kind: unit.kind.clone(),
                    order,
                    base: 0,
                },
                people,
                None,
            );
            let below = tree.children_backwards(Some(code));
            waiting.extend(below.into_iter().map(|(order, child)| (child, Some(index), order)));
            let geometry = if parent.is_none() {
                Geometry::MunicipalityRole
            } else if unit.kind == AREA {
                Geometry::AreaRole
            } else {
                continue;
            };
            let roles = by_role.range((code, "")..).take_while(|((unit, _), _)| *unit == code);
            for (order, ((_, role), people)) in (0..).zip(roles) {
                built.add(
                    Population {
                        code: format!("{code}/{role}"),
                        label: Text::sv(format!("{role}, {}", unit.name)),
                        geometry,
                        parent: Some(index),
                        also_in: None,
                        kind: ROLE.to_owned(),
                        order,
                        base: 0,
                    },
                    people,
                    Some((*role).to_owned()),
                );
            }
        }
        built
    }

    /// The same of people of whom some are not told apart: for each such lot the places that they have among them. All of a
    /// lot are in every group that one of its places leads to, and a group that does not have all of its places is merged.
    pub(crate) fn with_lots(
        mut self,
        units: &[&UnitFacts],
        top: Option<&str>,
        lots: &[Vec<Place<'_>>],
    ) -> Self {
        let places: Vec<(usize, Vec<Place<'_>>)> = (0..)
            .zip(lots)
            .flat_map(|(lot, places)| places.iter().map(move |place| (lot, vec![*place])))
            .collect();
        let (of, places): (Vec<usize>, Vec<_>) = places.into_iter().unzip();
        let apart = Self::build(units, top, &places);
        let mut whole: BTreeMap<(Geometry, &str), bool> = BTreeMap::new();
        for (population, members) in apart.list.iter().zip(&apart.members) {
            let mut inside: BTreeMap<usize, usize> = BTreeMap::new();
            members.iter().for_each(|place| *inside.entry(of[*place]).or_default() += 1);
            let is_whole = inside.iter().all(|(lot, places)| *places == lots[*lot].len());
            whole.insert((population.geometry, &population.code), is_whole);
        }
        let is_whole = |group: &Population| whole.get(&(group.geometry, group.code.as_str())).copied();
        self.merged = self.list.iter().map(|group| is_whole(group) == Some(false)).collect();
        self
    }

    /// The same groups with some of their people.
    pub(crate) fn part(&self, is_in: impl Fn(usize) -> bool) -> Self {
        let own = |members: &Vec<usize>| members.iter().copied().filter(|person| is_in(*person)).collect();
        Self { members: self.members.iter().map(own).collect(), ..self.clone() }
    }

    /// The groups of `now` with the people whom these groups had. Groups that are here alone are left out.
    pub(crate) fn as_groups_of(&self, now: &Self) -> Self {
        let key = |population: &Population| (population.geometry, population.code.clone());
        let members: BTreeMap<_, _> = self.list.iter().map(key).zip(&self.members).collect();
        let of = |population: &Population| {
            members.get(&key(population)).map_or_else(Vec::new, |members| (*members).clone())
        };
        let merged: BTreeMap<_, _> = self.list.iter().map(key).zip(&self.merged).collect();
        let is_merged = |population: &Population| merged.get(&key(population)).is_some_and(|merged| **merged);
        Self {
            list: now.list.clone(),
            members: now.list.iter().map(of).collect(),
            roles: now.roles.clone(),
            merged: now.list.iter().map(is_merged).collect(),
        }
    }

    /// These groups with whom of their people the same groups at another time have too, and with the others: `who` says who
    /// somebody is then.
    pub(crate) fn shared(&self, other: &Self, who: impl Fn(usize) -> Option<usize>) -> [Self; 2] {
        let is_in =
            |group: &[usize], person| who(person).is_some_and(|one| group.binary_search(&one).is_ok());
        let groups = self.members.iter().zip(&other.members);
        let parted = groups.map(|(own, group)| own.iter().copied().partition(|person| is_in(group, *person)));
        let (both, own): (Vec<Vec<usize>>, Vec<Vec<usize>>) = parted.unzip();
        [both, own].map(|members| Self {
            list: self.list.clone(),
            members,
            roles: self.roles.clone(),
            merged: self.merged.clone(),
        })
    }

    /// How many people belong to the same groups.
    pub(crate) fn roll(&self) -> Vec<Atom> {
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (group, members) in self.members.iter().enumerate() {
            members.iter().for_each(|person| groups.entry(*person).or_default().push(group));
        }
        let mut atoms: BTreeMap<Vec<usize>, u64> = BTreeMap::new();
        groups.into_values().for_each(|groups| *atoms.entry(groups).or_default() += 1);
        atoms.into_iter().map(|(populations, people)| Atom { populations, people }).collect()
    }

    fn add(&mut self, mut population: Population, people: &BTreeSet<usize>, role: Option<String>) -> usize {
        population.base = people.len() as u64;
        self.list.push(population);
        self.members.push(people.iter().copied().collect());
        self.roles.push(role);
        self.merged.push(false);
        self.list.len() - 1
    }
}

/// The groups that each lot of places leads to.
pub(super) fn placed<'a>(
    units: &[&UnitFacts],
    top: Option<&str>,
    places: impl Iterator<Item = &'a [(String, String)]>,
) -> Placed {
    let of = |place: &'a [(String, String)]| {
        place.iter().map(|(unit, role)| Place { unit, role }).collect::<Vec<_>>()
    };
    let places: Vec<Vec<Place<'a>>> = places.map(of).collect();
    let built = Populations::build(units, top, &places);
    let mut groups = vec![Vec::new(); places.len()];
    for (group, members) in built.members.iter().enumerate() {
        members.iter().for_each(|place| groups[*place].push(group));
    }
    (built.list, groups)
}

/// The units by code and by parent.
struct Tree<'a> {
    units: BTreeMap<&'a str, &'a UnitFacts>,
    children: BTreeMap<Option<&'a str>, Vec<&'a str>>,
}

impl<'a> Tree<'a> {
    fn new(units: &[&'a UnitFacts]) -> Self {
        let units: BTreeMap<&str, &UnitFacts> =
            units.iter().map(|unit| (unit.code.as_str(), *unit)).collect();
        let mut children: BTreeMap<Option<&str>, Vec<&str>> = BTreeMap::new();
        for unit in units.values() {
            // A unit whose parent is not known stands at the top rather than nowhere.
            let parent = unit.parent.as_deref().filter(|parent| units.contains_key(parent));
            children.entry(parent).or_default().push(&unit.code);
        }
        for siblings in children.values_mut() {
            siblings.sort_by_cached_key(|code| (units.get(code).map(|u| swedish(&u.name)), *code));
        }
        Self { units, children }
    }

    /// The units directly below, each with its place in the order of their names, last first.
    fn children_backwards(&self, parent: Option<&str>) -> Vec<(u32, &'a str)> {
        let children = self.children.get(&parent).map_or(&[][..], Vec::as_slice);
        let mut children: Vec<(u32, &str)> = (0..).zip(children.iter().copied()).collect();
        children.reverse();
        children
    }

    /// A unit and all above it; a cycle ends where it closes.
    fn upwards(&self, code: &str) -> Vec<&'a str> {
        let mut path: Vec<&'a str> = Vec::new();
        let mut next = self.units.get(code);
        while let Some(unit) = next.filter(|unit| !path.contains(&unit.code.as_str())) {
            path.push(&unit.code);
            next = unit.parent.as_deref().and_then(|parent| self.units.get(parent));
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Date;

    fn unit(code: &str, name: &str, kind: &str, parent: Option<&str>) -> UnitFacts {
        UnitFacts {
            code: code.into(),
            name: name.into(),
            kind: kind.into(),
            parent: parent.map(Into::into),
            school_unit_code: None,
        }
    }

    fn duty(unit: &str, role: &str) -> Duty {
        Duty { unit: unit.into(), role: role.into(), from: Date::from_days(0), to: None }
    }

    #[test]
    fn a_person_with_two_duties_counts_once_in_each_group() {
        let units = [
            unit("k", "Kommunen", "huvudman", None),
            unit("b", "Östra", AREA, Some("k")),
            unit("a", "Ärlan", AREA, Some("k")),
            unit("a1", "Bäcken", "skola", Some("a")),
            unit("a2", "Åsen", "skola", Some("a")),
            unit("a3", "Tomma", "skola", Some("a")),
        ];
        let duties = [duty("a1", "Lärare"), duty("a2", "Lärare"), duty("b", "Rektor")];
        let people = [vec![&duties[0], &duties[1]], vec![&duties[1]], vec![&duties[2], &duties[0]]];
        let built = Populations::build(&units.iter().collect::<Vec<_>>(), None, &people);
        let found: Vec<_> = built
            .list
            .iter()
            .zip(&built.members)
            .map(|(p, m)| (p.code.as_str(), p.parent, m.clone()))
            .collect();
        assert_eq!(
            found,
            [
                ("k", None, vec![0, 1, 2]),
                ("k/Lärare", Some(0), vec![0, 1, 2]),
                ("k/Rektor", Some(0), vec![2]),
                ("a", Some(0), vec![0, 1, 2]),
                ("a/Lärare", Some(3), vec![0, 1, 2]),
                ("a1", Some(3), vec![0, 2]),
                ("a2", Some(3), vec![0, 1]),
                ("b", Some(0), vec![2]),
                ("b/Rektor", Some(7), vec![2]),
            ]
        );
        assert!(built.list.iter().zip(&built.members).all(|(p, m)| p.base == m.len() as u64));
        // Each of the three is alone with their places.
        let roll = built.roll();
        assert_eq!(roll.iter().map(|atom| atom.people).collect::<Vec<_>>(), [1, 1, 1]);
        assert_eq!(roll[1].populations, [0, 1, 3, 4, 5, 6]);
    }

    #[test]
    fn a_part_of_the_tree_stands_alone_and_a_cycle_ends() {
        let units = [
            unit("k", "Kommunen", "huvudman", None),
            unit("a", "Ärlan", AREA, Some("k")),
            unit("x", "X", "skola", Some("y")),
            unit("y", "Y", "skola", Some("x")),
        ];
        let duties = [duty("a", "Rektor"), duty("x", "Rektor"), duty("nowhere", "Rektor")];
        let people: Vec<_> = duties.iter().map(|duty| vec![duty]).collect();
        let built = Populations::build(&units.iter().collect::<Vec<_>>(), Some("a"), &people);
        assert_eq!(built.list.iter().map(|p| p.code.as_str()).collect::<Vec<_>>(), ["a", "a/Rektor"]);
    }
}
