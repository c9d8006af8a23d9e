//! What is shown while it is decided what to hide, and what any one published figure says of a hidden count.

use crate::Geometry;
use crate::cells::{Cut, Table};
use crate::item::{Hidden, LinkedItem, Part, SUMMARY};
use crate::primary::{Mass, slot};
use crate::secondary::View;

/// What parts of an item hide, and which groups are shown.
pub(crate) struct Round<'r, 'a> {
    item: &'r LinkedItem<'a>,
    pub(crate) hidden: &'r [Vec<Hidden>],
    /// For each part whether its counts are hidden.
    pub(crate) counts: Vec<Vec<bool>>,
    /// For each of the people of a table whether all of their figures are shown; kinds of people have none.
    pub(crate) shown: Vec<bool>,
}

impl<'r, 'a> Round<'r, 'a> {
    pub(crate) fn of(
        item: &'r LinkedItem<'a>,
        table: &Table<'_, 'a>,
        people: usize,
        hidden: &'r [Vec<Hidden>],
    ) -> Self {
        let of_part = |(part, hidden): (&Part<'_>, &Vec<Hidden>)| {
            hidden.iter().map(|hidden| hidden[part.tier()]).collect()
        };
        let counts: Vec<Vec<bool>> = item.parts.iter().zip(hidden).map(of_part).collect();
        let is_shown = |one: usize| {
            one < table.widest.nodes.len()
                && table.parts.iter().all(|cut| cut.at[one].is_some_and(|own| !counts[cut.number][own]))
        };
        let shown = (0..people).map(is_shown).collect();
        Self { item, hidden, counts, shown }
    }

    /// The least width that a hidden count has by any one of: its own people without those of its published parts, its own n
    /// and margins, the nearest published population above, and what that leaves of it; and what the margins of that leave.
    pub(crate) fn says(&self, number: usize, node: usize, category: usize) -> i64 {
        let part = &self.item.parts[number];
        let (own, mut least) = (&part.nodes[node], i128::MAX);
        let mut say = |count: i128| least = least.min(count.abs());
        for (geometry, _) in &own.families {
            say(self.view(number, *geometry).rest(node).base);
        }
        say(own.mass.base);
        if !part.is_rate() && !self.hidden[number][node][SUMMARY] {
            say(own.mass.answered);
        }
        self.above(number, node, |mass, rest| {
            say(part.counts(mass)[category]);
            say(part.counts(rest)[category]);
        });
        for (margin, axis) in &part.margins {
            let of = &self.item.parts[*margin];
            let count = |mass: &Mass| {
                let counts = of.counts(mass);
                // Of a rate: who has answered.
                let place =
                    if of.is_rate() { 0 } else { slot(category, own.mass.counts.len(), counts.len(), *axis) };
                counts[place]
            };
            let Some(same) = part.same_in(of, node) else { continue };
            if !self.counts[*margin][same] {
                say(count(&of.nodes[same].mass));
            } else {
                self.above(*margin, same, |_, rest| say(count(rest)));
            }
        }
        i64::try_from(least).unwrap_or(i64::MAX)
    }

    fn view(&self, part: usize, geometry: Geometry) -> View<'_> {
        View { nodes: &self.item.parts[part].nodes, hidden: &self.counts[part], geometry }
    }

    /// The nearest published population above in each family, and what is left of it without what is published below.
    fn above(&self, part: usize, node: usize, mut says: impl FnMut(&Mass, &Mass)) {
        let of = &self.item.parts[part];
        for (geometry, published) in nearest_published(of, &self.counts[part], node) {
            says(&of.nodes[published].mass, &self.view(part, geometry).rest(published));
        }
    }

    /// The figure that shows a quantity of some people: part, node and tier.
    pub(crate) fn shown_by(
        &self,
        table: &Table<'_, '_>,
        one: usize,
        quantity: usize,
    ) -> Option<(usize, usize, usize)> {
        let shows = |cut: &&Cut<'_, '_>| cut.answered == quantity || cut.counts.contains(&quantity);
        let cut = table.parts.iter().find(shows)?;
        let node = cut.at.get(one).copied().flatten()?;
        let tier = if cut.answered == quantity { SUMMARY } else { cut.part.tier() };
        (!self.hidden[cut.number][node][tier]).then_some((cut.number, node, tier))
    }
}

/// The nearest published node above in each family.
pub(crate) fn nearest_published(part: &Part<'_>, hidden: &[bool], node: usize) -> Vec<(Geometry, usize)> {
    let mut found = Vec::new();
    for (geometry, first) in &part.above[node] {
        let mut next = Some(*first);
        while let Some(one) = next {
            if !hidden[one] {
                found.push((*geometry, one));
                break;
            }
            let up = &part.above[one];
            next = up.iter().find(|(family, _)| family == geometry).or(up.first()).map(|(_, above)| *above);
        }
    }
    found
}
