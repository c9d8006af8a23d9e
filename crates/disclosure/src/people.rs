//! Who belongs where, as equations over people: groups, and kinds of people that are no group by themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::Atom;
use crate::item::Part;
use crate::kinds::Kinds;

/// Groups and kinds of people, and which of them are the same people together.
#[derive(Debug, Default)]
pub(crate) struct People {
    /// How many people each has: the nodes of a part, and after them those who are in several parts of a group, in none of
    /// them, or in a group without parts that is not theirs alone.
    pub(crate) sizes: Vec<i64>,
    /// Each: so many times each of these are nobody.
    pub(crate) equations: Vec<Vec<(usize, i64)>>,
    /// In which equations each stands, and how many times.
    pub(crate) within: Vec<Vec<(usize, i64)>>,
    /// As what they are told, where they are.
    pub(crate) kinds: Vec<Option<Vec<usize>>>,
    /// Those who belong to the same groups, and to which, where groups are of several families.
    pub(crate) atoms: Vec<(usize, Vec<usize>)>,
    /// Of each group those.
    pub(crate) atoms_of: Vec<Vec<usize>>,
    /// Whether others add up to each.
    pub(crate) is_sum: Vec<bool>,
}

/// The people of rolls by the groups that they are looked at in: many items have the same.
pub(crate) struct Rolls<'a> {
    rolls: &'a [Vec<Atom>],
    kinds: &'a Kinds,
    people: BTreeMap<(usize, Vec<usize>), Rc<People>>,
}

impl<'a> Rolls<'a> {
    pub(crate) fn new(rolls: &'a [Vec<Atom>], kinds: &'a Kinds) -> Self {
        Self { rolls, kinds, people: BTreeMap::new() }
    }

    /// How those stand who are told of.
    pub(crate) fn kinds(&self) -> &'a Kinds {
        self.kinds
    }

    /// The people of a roll: how many belong to the same groups.
    pub(crate) fn roll(&self, roll: usize) -> &'a [Atom] {
        &self.rolls[roll]
    }

    /// Those of a roll in the nodes of a part.
    pub(crate) fn people(&mut self, part: &Part<'_>, roll: usize) -> Rc<People> {
        let people = || Rc::new(People::of(part, &self.rolls[roll], self.kinds.of_roll(roll)));
        self.people.entry((roll, part.populations.clone())).or_insert_with(people).clone()
    }
}

impl People {
    /// Of the nodes of a part, by its roll: a group and those who are in several of its parts are its parts and those who are
    /// in none; one without parts is all who are in it.
    fn of(part: &Part<'_>, roll: &[Atom], told: &[Option<usize>]) -> Self {
        let mut atoms: BTreeMap<Vec<usize>, (i64, Option<Vec<usize>>)> = BTreeMap::new();
        for (place, atom) in roll.iter().enumerate() {
            let nodes = atom.populations.iter().filter_map(|population| part.node_of(*population)).collect();
            let (people, kinds) = atoms.entry(nodes).or_insert_with(|| (0, Some(Vec::new())));
            *people += i64::try_from(atom.people).unwrap_or(i64::MAX / 4);
            match (kinds.as_mut(), told.get(place).copied().flatten()) {
                (Some(kinds), Some(kind)) => kinds.push(kind),
                _ => *kinds = None,
            }
        }
        // A group has an equation for each family; without any, one.
        let mut first = Vec::with_capacity(part.nodes.len());
        let mut equations = Vec::new();
        for (place, node) in part.nodes.iter().enumerate() {
            first.push(equations.len());
            equations.extend(vec![vec![(place, 1)]; node.families.len().max(1)]);
            for (family, (_, children)) in node.families.iter().enumerate() {
                equations[first[place] + family].extend(children.iter().map(|child| (*child, -1)));
            }
        }
        let mut sizes = vec![0; part.nodes.len()];
        let mut others: Vec<Vec<(usize, i64)>> = Vec::with_capacity(atoms.len());
        let mut alone = vec![0; part.nodes.len()];
        for (nodes, (people, _)) in &atoms {
            let mut times: BTreeMap<usize, i64> = BTreeMap::new();
            for node in nodes {
                sizes[*node] += people;
                alone[*node] += 1;
                (0..part.nodes[*node].families.len().max(1))
                    .for_each(|family| *times.entry(first[*node] + family).or_default() -= 1);
                for (geometry, parent) in &part.above[*node] {
                    let families = &part.nodes[*parent].families;
                    if let Some(family) = families.iter().position(|(family, _)| family == geometry) {
                        *times.entry(first[*parent] + family).or_default() += 1;
                    }
                }
            }
            others.push(times.into_iter().collect());
        }
        let mut kinds = vec![None; sizes.len()];
        let of_several = part.nodes.iter().any(|node| node.is_role());
        let (mut own, mut atoms_of) = (Vec::new(), vec![Vec::new(); sizes.len()]);
        for ((nodes, (people, told)), terms) in atoms.into_iter().zip(others) {
            // Who is alone in a group without parts is that group.
            let is_own = |node: &&usize| part.nodes[**node].families.is_empty() && alone[**node] == 1;
            let place = nodes.iter().find(is_own).copied().unwrap_or(sizes.len());
            let terms: Vec<_> = terms.into_iter().filter(|(_, times)| *times != 0).collect();
            if place == sizes.len() {
                if terms.is_empty() {
                    continue;
                }
                sizes.push(people);
                kinds.push(told);
            }
            if of_several {
                nodes.iter().for_each(|node| atoms_of[*node].push(place));
                own.push((place, nodes.clone()));
            }
            for (equation, times) in terms {
                let terms: &mut Vec<(usize, i64)> = &mut equations[equation];
                match terms.iter_mut().find(|(one, _)| *one == place) {
                    Some((_, all)) => *all += times,
                    None => terms.push((place, times)),
                }
            }
        }
        let mut within = vec![Vec::new(); sizes.len()];
        for terms in &mut equations {
            terms.retain(|(_, times)| *times != 0);
        }
        equations.retain(|terms| !terms.is_empty());
        for (place, terms) in equations.iter().enumerate() {
            terms.iter().for_each(|(one, times)| within[*one].push((place, *times)));
        }
        let mut is_sum = vec![false; sizes.len()];
        equations.iter().filter_map(|terms| terms.first()).for_each(|(one, _)| is_sum[*one] = true);
        atoms_of.iter_mut().for_each(|atoms: &mut Vec<usize>| atoms.sort_unstable());
        own.sort_unstable();
        Self { sizes, equations, within, kinds, atoms: own, atoms_of, is_sum }
    }

    /// The groups that those belong to who belong to the same ones.
    pub(crate) fn groups_of(&self, atom: usize) -> impl Iterator<Item = usize> {
        let place = self.atoms.binary_search_by_key(&atom, |(one, _)| *one);
        let groups = place.map_or(&[][..], |place| &self.atoms[place].1[..]);
        groups.iter().copied().filter(move |group| *group != atom)
    }

    /// The equations of some people.
    pub(crate) fn equations_of(&self, members: &[usize]) -> Vec<usize> {
        let mut equations: Vec<usize> =
            members.iter().flat_map(|one| self.within[*one].iter().map(|(equation, _)| *equation)).collect();
        equations.sort_unstable();
        equations.dedup();
        equations
    }

    /// All who hang together with some people through people of whom not all is shown, of which `blocks` are told.
    pub(crate) fn block(
        &self,
        shown: &[bool],
        start: usize,
        number: usize,
        blocks: &mut [Option<usize>],
    ) -> Vec<usize> {
        let mut members = vec![start];
        blocks[start] = Some(number);
        let mut next = 0;
        while let Some(one) = members.get(next).copied() {
            next += 1;
            for (other, _) in self.within[one].iter().flat_map(|(equation, _)| &self.equations[*equation]) {
                if !shown[*other] && blocks[*other].is_none() {
                    blocks[*other] = Some(number);
                    members.push(*other);
                }
            }
        }
        members.sort_unstable();
        members
    }

    /// So many of the people of whom not all is shown, the nearest first.
    pub(crate) fn near(&self, shown: &[bool], start: usize, many: usize) -> Vec<usize> {
        let mut members = vec![start];
        let mut known = BTreeSet::from([start]);
        let mut next = 0;
        while let Some(one) = members.get(next).copied() {
            next += 1;
            for (other, _) in self.within[one].iter().flat_map(|(equation, _)| &self.equations[*equation]) {
                if members.len() < many && !shown[*other] && known.insert(*other) {
                    members.push(*other);
                }
            }
        }
        members.sort_unstable();
        members
    }
}
