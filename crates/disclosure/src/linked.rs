//! Tables about the same people are one table, decided together item by item.
//!
//! * *Tiers are nested*: a cross is shown only where both its margins are, and what it leaves out of them is nobody or
//!   passes the primary rules as if it were printed.
//! * *The tree rules* (`secondary`) run on every part and tier, to a fixed point over all of them.
//! * *Bounds* (`certificate`): what gives a hidden count away is hidden as well: first margins, with every cross taken
//!   as hidden, then crosses.

use std::collections::BTreeSet;

use crate::certificate::{Exposed, exposed, nearest_published, tables};
use crate::item::{FULL, LinkedItem, Part, Reasons, SUMMARY};
use crate::needs::unmade;
use crate::primary::{Mass, Rules, Shape, Tier, margin, shape};
use crate::secondary::{View, settle};
use crate::{Preset, Reason, ResultTable};

/// For each figure of each section why it is hidden, by tier.
pub(crate) fn decide(table: &ResultTable, preset: &Preset) -> Vec<Vec<Reasons>> {
    let mut decided: Vec<Vec<Reasons>> =
        table.sections.iter().map(|section| vec![[None; 2]; section.figures.len()]).collect();
    // What is made of other figures comes after them.
    let (made, plain): (Vec<_>, Vec<_>) = linked_sections(table)
        .into_iter()
        .partition(|group| group.iter().any(|section| !table.sections[*section].needs.is_empty()));
    for sections in plain.into_iter().chain(made) {
        let items = sections.iter().flat_map(|section| &table.sections[*section].items);
        let codes: BTreeSet<&str> = items.map(|item| item.code.as_str()).collect();
        for code in codes {
            let item = LinkedItem::of(table, &sections, code);
            let hidden = settled(&item, preset, unmade(table, &item, &decided, preset));
            for (part, hidden) in item.parts.iter().zip(hidden) {
                for (place, reasons) in part.places.iter().zip(hidden) {
                    decided[part.section][*place] = reasons;
                }
            }
        }
    }
    decided
}

/// Sections that are about the same people, margins before the cross tables that they are of.
fn linked_sections(table: &ResultTable) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = (0..table.sections.len()).map(|section| vec![section]).collect();
    for (cross, section) in table.sections.iter().enumerate() {
        for nested in &section.within {
            let Some(margin) = table.sections.iter().position(|other| other.id == nested.section) else {
                continue;
            };
            let group = |section: usize| groups.iter().position(|group| group.contains(&section));
            if let (Some(one), Some(other)) = (group(cross), group(margin))
                && one != other
            {
                let more = groups.remove(one.max(other));
                groups[one.min(other)].extend(more);
            }
        }
    }
    for group in &mut groups {
        group.sort_by_key(|section| (!table.sections[*section].within.is_empty(), *section));
    }
    groups
}

/// Hides, beside what is `hidden` for its own reasons, until every rule holds and nothing follows of what is shown.
fn settled(item: &LinkedItem<'_>, preset: &Preset, mut hidden: Vec<Vec<Reasons>>) -> Vec<Vec<Reasons>> {
    follow_rules(item, preset, &mut hidden);
    let tables = tables(item);
    for crosses in [false, true] {
        loop {
            let targets: BTreeSet<Exposed> = exposed(item, &tables, &hidden, crosses)
                .into_iter()
                .filter_map(|exposed| given_away_by(item, &hidden, exposed, crosses))
                .collect();
            if targets.is_empty() {
                break;
            }
            for Exposed { part, node } in targets {
                hidden[part][node][FULL].get_or_insert(Reason::Protected);
            }
            follow_rules(item, preset, &mut hidden);
        }
    }
    hidden
}

/// What to hide for a hidden count that follows: the smallest published part below the nearest published population above,
/// else that one; of the crosses where there are any. Where none is shown above, the same of a margin, its own first.
fn given_away_by(
    item: &LinkedItem<'_>,
    hidden: &[Vec<Reasons>],
    exposed: Exposed,
    crosses: bool,
) -> Option<Exposed> {
    let is_cross = |part: &usize| !item.parts[*part].margins.is_empty();
    let of_crosses = (0..item.parts.len()).filter(|part| crosses && is_cross(part));
    let margins = item.parts[exposed.part].margins.iter().map(|(margin, _)| *margin);
    for other in of_crosses.chain([exposed.part]).chain(margins) {
        let part = &item.parts[other];
        let Some(node) = item.parts[exposed.part].same_in(part, exposed.node) else { continue };
        let full: Vec<Option<Reason>> = hidden[other].iter().map(|reasons| reasons[FULL]).collect();
        if let Some((geometry, published)) = nearest_published(part, &full, node).first().copied() {
            let view = View { nodes: &part.nodes, hidden: &full, geometry };
            let node = view.smallest_part(published).unwrap_or(published);
            return Some(Exposed { part: other, node });
        }
        if full[node].is_none() {
            return Some(Exposed { part: other, node });
        }
    }
    None
}

/// Primary rules, nested tiers and tree rules, to a fixed point over all parts and tiers.
fn follow_rules(item: &LinkedItem<'_>, preset: &Preset, hidden: &mut [Vec<Reasons>]) {
    loop {
        let before = hidden.to_vec();
        for (number, part) in item.parts.iter().enumerate() {
            for (slot, tier) in [(SUMMARY, Tier::Summary), (FULL, Tier::Full)] {
                let rules = Rules { preset, tier, shape: shape(part.of) };
                let mut own: Vec<Option<Reason>> = Vec::with_capacity(part.nodes.len());
                for (node, reasons) in hidden[number].iter().enumerate() {
                    let lower = reasons[slot].or(reasons[SUMMARY]);
                    let failure = || rules.failure(&part.nodes[node].mass);
                    let nested = || nested_failure(item, part, node, slot, &rules, hidden);
                    own.push(lower.or_else(failure).or_else(nested));
                }
                settle(&part.nodes, &mut own, &rules);
                for (reasons, own) in hidden[number].iter_mut().zip(own) {
                    reasons[slot] = own;
                }
            }
        }
        if *hidden == *before {
            return;
        }
    }
}

/// Whether a margin is not shown, or would give away the few that a cross leaves out of it.
fn nested_failure(
    item: &LinkedItem<'_>,
    part: &Part<'_>,
    node: usize,
    slot: usize,
    rules: &Rules<'_>,
    hidden: &[Vec<Reasons>],
) -> Option<Reason> {
    part.margins.iter().find_map(|(larger, axis)| {
        let of = &item.parts[*larger];
        let same = part.same_in(of, node)?;
        if hidden[*larger][same][slot].is_some() {
            return Some(Reason::Protected);
        }
        let mut rest = of.nodes[same].mass.clone();
        let mass = &part.nodes[node].mass;
        let counts = margin(&mass.counts, part.of.categories.len(), *axis);
        rest.minus(&Mass { base: mass.base, answered: mass.answered, counts });
        // The same people could be asked for both, so the base says nothing about the difference.
        rest.base = rest.people();
        let rules = Rules { shape: Shape::Distribution, ..*rules };
        (rest.people() > 0 && rules.failure(&rest).is_some()).then_some(Reason::Protected)
    })
}
