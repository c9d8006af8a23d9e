//! Groups of several families: the organisation first, by itself, and roles beside it as far as nothing follows from both.
//!
//! What of the organisation is shown is decided as if there were no roles. Then these are looked at with it in one certificate,
//! and wherever something follows it is a role that is hidden, never a part of the organisation. Of a group of whose roles
//! none can be shown, and of one of which something would follow all the same, none are told of at all.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::certificate::{Exposed, Given};
use crate::few::followed;
use crate::item::{FULL, Hidden, LinkedItem, Part, SUMMARY};
use crate::kinds::Kinds;
use crate::linked::{self, OfOne, Repair};
use crate::rule::Rule;
use crate::{Atom, Geometry, ResultTable, Section};

/// A figure by part and node, and a tier.
type Place = (usize, usize, usize);

/// For each figure of each section whether it is hidden, by tier. Figures that are none are taken out.
pub(crate) fn decide(table: &mut ResultTable, kinds: &Kinds, given: Given<'_>) -> Vec<Vec<Hidden>> {
    let nothing = |table: &ResultTable| -> Vec<Vec<Hidden>> {
        table.sections.iter().map(|section| vec![[false; 2]; section.figures.len()]).collect()
    };
    if table.populations.iter().all(|population| population.geometry == Geometry::Tree) {
        return linked::decide(table, kinds, given, nothing(table), &mut OfOne::new(table));
    }
    let mut decided = nothing(table);
    let by_itself = |family: Geometry, decided: &mut Vec<Vec<Hidden>>| {
        let (part, places) = table.clone().only(|population| population.geometry == family);
        let own = linked::decide(&part, &Kinds::default(), given, nothing(&part), &mut OfOne::new(&part));
        for ((decided, places), own) in decided.iter_mut().zip(places).zip(own) {
            places.into_iter().zip(own).for_each(|(place, hidden)| decided[place] = hidden);
        }
    };
    by_itself(Geometry::Tree, &mut decided);
    if given.without == Some(Rule::Geometries) {
        by_itself(Geometry::AreaRole, &mut decided);
        by_itself(Geometry::MunicipalityRole, &mut decided);
        return decided;
    }
    let mut roles = Roles { left_out: OfOne::new(table).left_out().to_vec() };
    let mut decided = linked::decide(table, kinds, given, decided, &mut roles);
    let sections = table.sections.iter_mut().zip(&mut decided);
    for ((section, decided), left_out) in sections.zip(&roles.left_out) {
        let (mut one, mut other) = (left_out.iter(), left_out.iter());
        section.figures.retain(|_| one.next() != Some(&true));
        decided.retain(|_| other.next() != Some(&true));
    }
    decided
}

/// What is hidden where groups are of several families.
struct Roles {
    left_out: Vec<Vec<bool>>,
}

impl Repair for Roles {
    fn remedies(
        &mut self,
        item: &LinkedItem<'_>,
        hidden: &[Vec<Hidden>],
        exposed: Vec<Exposed>,
        _crosses: bool,
    ) -> Option<BTreeSet<Place>> {
        let mut remedies = BTreeSet::new();
        let mut left_out = false;
        for exposed in &exposed {
            let held_by = exposed.held_by.iter().copied();
            let role = held_by.filter(|(part, node, _)| is_open_role(&item.parts[*part], *node));
            let role = smallest(item, role).or_else(|| near(item, hidden, exposed));
            match role.or_else(|| anywhere(item, hidden, exposed)) {
                Some(role) => _ = remedies.insert(role),
                None => left_out |= self.leave_out(item, exposed),
            }
        }
        (!left_out).then_some(remedies)
    }

    fn more(
        &mut self,
        item: &LinkedItem<'_>,
        hidden: &[Vec<Hidden>],
        roll: &[Atom],
        given: Given<'_>,
    ) -> BTreeSet<Place> {
        let tiers = [(SUMMARY, given.preset.k_summary), (FULL, given.preset.k_full)];
        let parts = item.parts.iter().enumerate().filter(|(_, part)| !part.given);
        let parts = parts.filter(|_| given.without != Some(Rule::Few));
        parts
            .flat_map(|part| tiers.map(|tier| (part, tier)))
            .filter_map(|((number, part), (tier, k))| {
                let shown: Vec<usize> =
                    (0..part.nodes.len()).filter(|node| !hidden[number][*node][tier]).collect();
                let node = of_few(part, &shown, roll, i64::try_from(k).unwrap_or(i64::MAX))?;
                Some((number, node, tier))
            })
            .collect()
    }

    fn left_out(&self) -> &[Vec<bool>] {
        &self.left_out
    }

    fn left_out_together(&mut self, table: &ResultTable, sections: &[usize], codes: &[&str]) -> bool {
        let mut any = false;
        for section in sections.iter().filter(|_| codes.len() > 1) {
            let of: &Section = &table.sections[*section];
            let own = || {
                let figures = of.figures.iter().enumerate();
                figures.filter(|(_, figure)| codes.contains(&of.items[figure.item].code.as_str()))
            };
            let left_out = &mut self.left_out[*section];
            let groups: BTreeSet<usize> =
                own().filter(|(place, _)| left_out[*place]).map(|(_, figure)| figure.population).collect();
            for (place, _) in own().filter(|(_, figure)| groups.contains(&figure.population)) {
                any |= !std::mem::replace(&mut left_out[place], true);
            }
        }
        any
    }
}

impl Roles {
    /// Leaves out the roles beside an exposed one, in all that there is of the item; whether any were there. A part of the
    /// organisation needs nothing: without roles nothing of it follows.
    fn leave_out(&mut self, item: &LinkedItem<'_>, exposed: &Exposed) -> bool {
        let own = &item.parts[exposed.part];
        let mut any = false;
        if !own.nodes[exposed.node].is_role() {
            return false;
        }
        let above = |part: &Part<'_>, node: usize| {
            part.above[node].first().map(|(family, above)| (*family, part.populations[*above]))
        };
        let family = above(own, exposed.node);
        for part in &item.parts {
            for (node, place) in part.places.iter().enumerate() {
                if part.nodes[node].is_role() && above(part, node) == family {
                    any |= !std::mem::replace(&mut self.left_out[part.section][*place], true);
                }
            }
        }
        any
    }
}

/// Of a part, a shown role that few people who are no listed group follow by: the smallest beside them.
fn of_few(part: &Part<'_>, shown: &[usize], roll: &[Atom], k: i64) -> Option<usize> {
    if !shown.iter().any(|node| part.nodes[*node].is_role()) {
        return None;
    }
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); part.nodes.len()];
    for (atom, of) in roll.iter().enumerate() {
        of.populations.iter().filter_map(|one| part.node_of(*one)).for_each(|node| groups[node].push(atom));
    }
    let people: Vec<i64> = roll.iter().map(|atom| i64::try_from(atom.people).unwrap_or(i64::MAX)).collect();
    let atoms = |is_wanted: &dyn Fn(usize) -> bool| -> Vec<Vec<usize>> {
        shown.iter().filter(|node| is_wanted(**node)).map(|node| groups[*node].clone()).collect()
    };
    let found = followed(&people, &atoms(&|_| true), &atoms(&|node| !part.nodes[node].is_role()), k);
    let found = found.first()?;
    let is_beside = |node: &usize| {
        let mut above = part.above[*node].iter();
        above.any(|(_, above)| found.iter().any(|atom| groups[*above].binary_search(atom).is_ok()))
    };
    let roles = || shown.iter().copied().filter(|node| part.nodes[*node].is_role());
    let least = |node: &usize| (part.nodes[*node].mass.answered, &part.nodes[*node].code);
    roles().filter(is_beside).min_by_key(least).or_else(|| roles().min_by_key(least))
}

fn is_open_role(part: &Part<'_>, node: usize) -> bool {
    !part.given && part.nodes[node].is_role()
}

/// Of figures a cross rather than a margin, a distribution rather than all, and the smallest; ties by code.
fn smallest(item: &LinkedItem<'_>, among: impl Iterator<Item = Place>) -> Option<Place> {
    among.min_by_key(|(part, node, tier)| {
        let of = &item.parts[*part];
        let node = &of.nodes[*node];
        (*tier == SUMMARY, Reverse(of.margins.len()), node.mass.answered, &node.code, *part)
    })
}

/// Shown figures of roles, own parts first: in the tier that may tell.
fn shown<'a>(
    item: &'a LinkedItem<'_>,
    hidden: &'a [Vec<Hidden>],
    exposed: &'a Exposed,
) -> impl Iterator<Item = Place> + 'a {
    let of_rate = item.parts[exposed.part].is_rate();
    item.parts
        .iter()
        .enumerate()
        .flat_map(move |(number, part)| {
            // Of a rate it is n that tells, with or without a distribution.
            let tiers = if of_rate || part.is_rate() { SUMMARY..=SUMMARY } else { SUMMARY..=FULL };
            let nodes = (0..part.nodes.len()).filter(|node| is_open_role(part, *node));
            nodes.flat_map(move |node| tiers.clone().map(move |tier| (number, node, tier)))
        })
        .filter(|(part, node, tier)| !hidden[*part][*node][*tier])
}

/// The smallest role that is shown below what the exposed group is part of, but for the whole.
fn near(item: &LinkedItem<'_>, hidden: &[Vec<Hidden>], exposed: &Exposed) -> Option<Place> {
    let own = &item.parts[exposed.part];
    let mut around = BTreeSet::from([exposed.node]);
    let mut open = vec![exposed.node];
    while let Some(next) = open.pop() {
        open.extend(own.above[next].iter().map(|(_, above)| *above).filter(|above| around.insert(*above)));
    }
    let is_whole = |node: usize| own.above[node].is_empty();
    let of_whole = own.above[exposed.node].iter().all(|(_, above)| is_whole(*above));
    let around: BTreeSet<usize> = around.into_iter().filter(|node| of_whole || !is_whole(*node)).collect();
    let is_near = |(part, node, _): &Place| {
        let part = &item.parts[*part];
        let mut above = part.above[*node].iter().filter_map(|(_, above)| part.same_in(own, *above));
        above.any(|above| around.contains(&above))
    };
    smallest(item, shown(item, hidden, exposed).filter(is_near))
}

/// The smallest role that is shown, for what is no role.
fn anywhere(item: &LinkedItem<'_>, hidden: &[Vec<Hidden>], exposed: &Exposed) -> Option<Place> {
    let is_role = item.parts[exposed.part].nodes[exposed.node].is_role();
    smallest(item, shown(item, hidden, exposed).filter(|_| !is_role))
}
