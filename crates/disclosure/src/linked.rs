//! Tables about the same people are one table, decided together item by item.
//!
//! * *Tiers are nested*: a distribution is shown only where the rate that it belongs to is, a cross only where both its
//!   margins are, and what it leaves out of them is nobody or passes the primary rules as if it were printed. Rates are
//!   about several items, and are decided first.
//! * *The tree rules* (`secondary`) run on every part and tier, to a fixed point over all of them.
//! * *Bounds* (`certificate`): what gives a hidden count away is hidden as well: first margins, with every cross taken
//!   as hidden, then crosses.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::cells::tables;
use crate::certificate::{Certificate, Exposed, Given};
use crate::item::{FULL, Hidden, LinkedItem, Part, SUMMARY, is_rate};
use crate::kinds::Kinds;
use crate::needs::unmade;
use crate::people::Rolls;
use crate::primary::{Mass, Rules, Shape, Tier, margin, shape};
use crate::round::nearest_published;
use crate::rule::Rule;
use crate::secondary::{Node, View, settle};
use crate::{Atom, Axis, Measure, ResultTable, Section};

/// For each figure of each section whether it is hidden, by tier; beside what is hidden before.
pub(crate) fn decide(
    table: &ResultTable,
    kinds: &Kinds,
    given: Given<'_>,
    before: Vec<Vec<Hidden>>,
    repair: &mut dyn Repair,
) -> Vec<Vec<Hidden>> {
    let mut decided = before;
    let mut rolls = Rolls::new(&table.rolls, kinds);
    // What is made of other figures comes after them.
    let (made, plain): (Vec<_>, Vec<_>) = linked_sections(table)
        .into_iter()
        .partition(|(_, group)| group.iter().any(|section| !table.sections[*section].needs.is_empty()));
    for (rates, sections) in plain.into_iter().chain(made) {
        let items = sections.iter().flat_map(|section| &table.sections[*section].items);
        let codes: BTreeSet<&str> = items.map(|item| item.code.as_str()).collect();
        let all: Vec<usize> = rates.iter().chain(&sections).copied().collect();
        for codes in of_one_question(table, &sections, &codes) {
            loop {
                for code in &codes {
                    decide_item(table, (&all, rates.len()), code, given, &mut decided, &mut rolls, repair);
                }
                if given.without == Some(Rule::Choices)
                    || !hide_together(table, &sections, &codes, &mut decided)
                        && !repair.left_out_together(table, &sections, &codes)
                {
                    break;
                }
            }
        }
    }
    decided
}

/// Decides one item in sections that are linked, of which so many rates are decided; again where figures had to be left out.
fn decide_item(
    table: &ResultTable,
    (sections, rates): (&[usize], usize),
    code: &str,
    given: Given<'_>,
    decided: &mut [Vec<Hidden>],
    rolls: &mut Rolls<'_>,
    repair: &mut dyn Repair,
) {
    loop {
        let item = LinkedItem::of(table, sections, rates, code, repair.left_out());
        let mut before = unmade(table, &item, decided, given.preset);
        for (part, hidden) in item.parts.iter().zip(&mut before) {
            for (place, hidden) in part.places.iter().zip(hidden) {
                let [summary, full] = decided[part.section][*place];
                *hidden = [hidden[SUMMARY] || summary, hidden[FULL] || full];
            }
        }
        let Some(hidden) = settled(&item, given, before, rolls, repair) else { continue };
        for (part, hidden) in item.parts.iter().zip(hidden) {
            for (place, hidden) in part.places.iter().zip(hidden) {
                decided[part.section][*place] = hidden;
            }
        }
        for section in sections {
            let left_out = decided[*section].iter_mut().zip(&repair.left_out()[*section]);
            left_out.filter(|(_, left_out)| **left_out).for_each(|(hidden, _)| *hidden = [true; 2]);
        }
        return;
    }
}

/// What is done where something follows of what is shown.
pub(crate) trait Repair {
    /// What has to be hidden for exposed counts, by part, node and tier. None: something was left out instead.
    fn remedies(
        &mut self,
        item: &LinkedItem<'_>,
        hidden: &[Vec<Hidden>],
        exposed: Vec<Exposed>,
        crosses: bool,
    ) -> Option<BTreeSet<(usize, usize, usize)>>;

    /// What has to be hidden before that is asked.
    fn more(
        &mut self,
        _item: &LinkedItem<'_>,
        _hidden: &[Vec<Hidden>],
        _roll: &[Atom],
        _given: Given<'_>,
    ) -> BTreeSet<(usize, usize, usize)> {
        BTreeSet::new()
    }

    /// Figures that are none, by section.
    fn left_out(&self) -> &[Vec<bool>];

    /// Leaves figures of one choice of a question out of the others as well; whether any were.
    fn left_out_together(&mut self, _table: &ResultTable, _sections: &[usize], _codes: &[&str]) -> bool {
        false
    }
}

/// What is hidden where groups are of one family.
pub(crate) struct OfOne {
    left_out: Vec<Vec<bool>>,
}

impl OfOne {
    pub(crate) fn new(table: &ResultTable) -> Self {
        let none = |section: &Section| vec![false; section.figures.len()];
        Self { left_out: table.sections.iter().map(none).collect() }
    }
}

impl Repair for OfOne {
    fn remedies(
        &mut self,
        item: &LinkedItem<'_>,
        hidden: &[Vec<Hidden>],
        exposed: Vec<Exposed>,
        crosses: bool,
    ) -> Option<BTreeSet<(usize, usize, usize)>> {
        Some(exposed.into_iter().filter_map(|exposed| remedy(item, hidden, exposed, crosses)).collect())
    }

    fn left_out(&self) -> &[Vec<bool>] {
        &self.left_out
    }
}

/// Items that are decided together: the choices of one question that the same people were asked; any other by itself.
fn of_one_question<'a>(
    table: &'a ResultTable,
    sections: &[usize],
    codes: &BTreeSet<&'a str>,
) -> Vec<Vec<&'a str>> {
    let question = |code: &str| {
        let choices = sections.iter().map(|section| &table.sections[*section]);
        let of = |section: &&Section| matches!(section.measure, Measure::Choices | Measure::PairedChoices);
        choices.filter(of).find_map(|section| {
            let item = section.items.iter().position(|item| item.code == code)?;
            Some((section.id.as_str(), section.items[item].group.as_ref()?.code.as_str(), section.roll(item)))
        })
    };
    let mut questions: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    let mut alone = Vec::new();
    for code in codes {
        match question(code) {
            Some(question) => questions.entry(question).or_default().push(code),
            None => alone.push(vec![*code]),
        }
    }
    alone.extend(questions.into_values());
    alone
}

/// Hides what is hidden of one choice of a question of the others as well, group by group: what all have chosen together may be
/// known, so that one of them would follow from the rest. Whether anything was.
fn hide_together(
    table: &ResultTable,
    sections: &[usize],
    codes: &[&str],
    decided: &mut [Vec<Hidden>],
) -> bool {
    let mut any = false;
    for section in sections.iter().filter(|_| codes.len() > 1) {
        let of = &table.sections[*section];
        let is_one = |item: usize| codes.contains(&of.items[item].code.as_str());
        let mut hidden: BTreeMap<usize, Hidden> = BTreeMap::new();
        let figures = || of.figures.iter().enumerate().filter(|(_, figure)| is_one(figure.item));
        for (place, figure) in figures() {
            let [summary, full] = decided[*section][place];
            let all = hidden.entry(figure.population).or_default();
            *all = [all[SUMMARY] || summary, all[FULL] || full];
        }
        for (place, figure) in figures() {
            let all = hidden[&figure.population];
            any |= decided[*section][place] != all;
            decided[*section][place] = all;
        }
    }
    any
}

/// Sections that are about the same people, each after those that are larger, and the rates that they belong to; rates
/// by themselves before all others.
fn linked_sections(table: &ResultTable) -> Vec<(Vec<usize>, Vec<usize>)> {
    let mut groups: Vec<Vec<usize>> = (0..table.sections.len()).map(|section| vec![section]).collect();
    let larger = |section: usize| {
        let place = |id: &str| table.sections.iter().position(|other| other.id == id);
        table.sections[section].within.iter().filter_map(move |nested| place(&nested.section))
    };
    let rate = |section: &usize| is_rate(&table.sections[*section]);
    for section in 0..table.sections.len() {
        for margin in larger(section).filter(|margin| !rate(margin)) {
            let group = |section: usize| groups.iter().position(|group| group.contains(&section));
            if let (Some(one), Some(other)) = (group(section), group(margin))
                && one != other
            {
                let more = groups.remove(one.max(other));
                groups[one.min(other)].extend(more);
            }
        }
    }
    groups.sort_by_key(|group| !group.iter().all(rate));
    let with_rates = |mut group: Vec<usize>| {
        group.sort_by_key(|section| (larger(*section).filter(|margin| !rate(margin)).count(), *section));
        let rates: BTreeSet<usize> = group.iter().flat_map(|section| larger(*section)).filter(rate).collect();
        (rates.into_iter().collect(), group)
    };
    groups.into_iter().map(with_rates).collect()
}

/// Hides, beside what is `hidden` for its own reasons, until every rule holds and nothing follows of what is shown: of each
/// part alone, with every cross taken as hidden, and then of crosses with their margins. None where figures were left out.
fn settled(
    item: &LinkedItem<'_>,
    given: Given<'_>,
    mut hidden: Vec<Vec<Hidden>>,
    rolls: &mut Rolls<'_>,
    repair: &mut dyn Repair,
) -> Option<Vec<Vec<Hidden>>> {
    let mut settled = None;
    follow_rules(item, given, &mut hidden, &mut settled);
    let [alone, crosses] = tables(item).map(|tables| {
        let people = tables.iter().map(|table| rolls.people(table.widest, item.roll));
        people.collect::<Vec<_>>().into_iter().zip(tables).collect::<Vec<_>>()
    });
    let mut stages = [(Rule::Margins, &alone), (Rule::Crosses, &crosses)].map(|(rule, tables)| {
        let tables = tables.iter().filter(|_| given.without != Some(rule));
        let kinds = rolls.kinds();
        tables
            .map(|(people, table)| Certificate::new(item, table, (people, kinds), given))
            .collect::<Vec<_>>()
    });
    loop {
        let mut remedies = repair.more(item, &hidden, rolls.roll(item.roll), given);
        for (certificates, crosses) in stages.iter_mut().zip([false, true]) {
            if !remedies.is_empty() {
                break;
            }
            let exposed = certificates.iter_mut().flat_map(|certificate| certificate.exposed(&hidden));
            remedies = repair.remedies(item, &hidden, exposed.collect(), crosses)?;
        }
        if remedies.is_empty() {
            return Some(hidden);
        }
        for (part, node, tier) in remedies {
            hidden[part][node][tier] = true;
        }
        follow_rules(item, given, &mut hidden, &mut settled);
    }
}

/// What to hide for a hidden count that follows: of that of which something has to be hidden a cross rather than a
/// margin, a distribution rather than all, and the smallest. Where it is not known what holds the count: the
/// smallest published part below the nearest published population above, or that one; of the crosses where there are any;
/// where none is shown above, the same of a margin, its own first; where no distribution is shown above, of all of it.
fn remedy(
    item: &LinkedItem<'_>,
    hidden: &[Vec<Hidden>],
    exposed: Exposed,
    crosses: bool,
) -> Option<(usize, usize, usize)> {
    let Exposed { part: number, node, held_by } = exposed;
    let smallest = |(part, node, tier): &(usize, usize, usize)| {
        let Node { mass, code, .. } = &item.parts[*part].nodes[*node];
        (*tier == SUMMARY, Reverse(item.parts[*part].margins.len()), mass.answered, code, *part)
    };
    let held_by = held_by.into_iter().filter(|(part, ..)| !item.parts[*part].given);
    if let Some(shown) = held_by.min_by(|one, next| smallest(one).cmp(&smallest(next))) {
        return Some(shown);
    }
    let own = &item.parts[number];
    let is_cross = |part: &usize| item.parts[*part].margins.iter().any(|(_, axis)| *axis != Axis::Whole);
    let of_crosses = (0..item.parts.len()).filter(|part| crosses && is_cross(part));
    let margins = own.margins.iter().map(|(margin, _)| *margin);
    let finer = (0..item.parts.len())
        .filter(|part| own.given && item.parts[*part].margins.iter().any(|(margin, _)| *margin == number));
    let others: Vec<usize> = of_crosses.chain([number]).chain(margins).chain(finer).collect();
    for tier in [FULL, SUMMARY] {
        for other in others.iter().copied() {
            let part = &item.parts[other];
            // Of a rate it is n that tells, with or without a distribution.
            if part.given || tier == FULL && (part.is_rate() || own.given) {
                continue;
            }
            let Some(node) = own.same_in(part, node) else { continue };
            let hidden: Vec<bool> = hidden[other].iter().map(|hidden| hidden[tier]).collect();
            if own.given && !hidden[node] {
                return Some((other, node, tier));
            }
            if let Some((geometry, published)) = nearest_published(part, &hidden, node).first().copied() {
                let view = View { nodes: &part.nodes, hidden: &hidden, geometry };
                return Some((other, view.smallest_part(published).unwrap_or(published), tier));
            }
            if !hidden[node] {
                return Some((other, node, tier));
            }
        }
    }
    None
}

/// Primary rules, nested tiers and tree rules, to a fixed point over all parts and tiers. `settled`: what was hidden when
/// the tree rules held, by part, once they have.
fn follow_rules(
    item: &LinkedItem<'_>,
    given: Given<'_>,
    hidden: &mut [Vec<Hidden>],
    settled: &mut Option<Vec<Vec<Hidden>>>,
) {
    loop {
        let before = hidden.to_vec();
        for (number, part) in item.parts.iter().enumerate().filter(|(_, part)| !part.given) {
            for (slot, tier) in [(SUMMARY, Tier::Summary), (FULL, Tier::Full)] {
                let rules =
                    Rules { preset: given.preset, without: given.without, tier, shape: shape(part.of) };
                let fails = |(node, lower): (usize, &Hidden)| {
                    lower[slot]
                        || lower[SUMMARY]
                        || settled.is_none() && rules.fails(&part.nodes[node].mass)
                        || nested_fails(item, part, node, slot, &rules, hidden)
                };
                let mut own: Vec<bool> = hidden[number].iter().enumerate().map(fails).collect();
                let held: Option<Vec<bool>> =
                    settled.as_ref().map(|held| held[number].iter().map(|held| held[slot]).collect());
                settle(&part.nodes, &mut own, held.as_deref(), &rules);
                for (hidden, own) in hidden[number].iter_mut().zip(own) {
                    hidden[slot] = own;
                }
            }
        }
        *settled = Some(hidden.to_vec());
        if *hidden == *before {
            return;
        }
    }
}

/// Whether a larger figure is not shown, or a margin would give away the few that a cross leaves out of it.
fn nested_fails(
    item: &LinkedItem<'_>,
    part: &Part<'_>,
    node: usize,
    slot: usize,
    rules: &Rules<'_>,
    hidden: &[Vec<Hidden>],
) -> bool {
    part.margins.iter().any(|(larger, axis)| {
        let of = &item.parts[*larger];
        // Of a role a rate may have been left out.
        let Some(same) = part.same_in(of, node) else { return of.given && part.nodes[node].is_role() };
        // A rate has no distribution. That anything is known of somebody is no tier of what is known of one item.
        let tier = if of.is_rate() { SUMMARY } else { slot };
        let is_below = of.of.measure != Measure::Coverage;
        if rules.on(Rule::Nested) && is_below && hidden[*larger][same][tier] {
            return true;
        }
        if of.is_rate() || !rules.on(Rule::LeftOut) {
            return false;
        }
        let mut rest = of.nodes[same].mass.clone();
        let mass = &part.nodes[node].mass;
        let counts = margin(&mass.counts, rest.counts.len(), *axis);
        rest.minus(&Mass { base: mass.base, answered: mass.answered, counts });
        // The same people could be asked for both, so the base says nothing about the difference.
        rest.base = rest.people();
        let rules = Rules { shape: Shape::Distribution, ..*rules };
        rest.people() > 0 && rules.fails(&rest)
    })
}
