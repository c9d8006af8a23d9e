//! The secondary rule: what follows by subtraction is held to the primary rules as if it were printed.
//!
//! For each published parent: the people it covers minus those of its published parts (the *residual*) must pass
//! the primary rules; hidden children are at least two and hold at least 2k together. Where that fails, the smallest
//! published child is hidden too, ties by code, until nothing changes.
//!
//! Only who is no group at all leaves no residual: one person who has not answered is a rate of 0 %. Where nothing is left
//! to hide below a parent (one school and its principal), the parent is hidden.
//!
//! Two things beyond the plain rule follow from the tree. A hidden group whose parts are all published would be
//! their sum, so one of its parts is hidden as well. And below a hidden group, its published parts are subtracted
//! from the nearest published group above it.
//!
//! People of the parent who belong to no child form a group that is never printed; it counts as a hidden child where
//! it has at least k people. Where people belong to two children the parts exceed the total, and the excess is
//! treated like any other residual.

use std::collections::BTreeSet;

use crate::Geometry;
use crate::primary::{Mass, Rules};
use crate::rule::Rule;

/// A population of one item's tree.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) code: String,
    pub(crate) mass: Mass,
    /// The children by family; each family is a partition.
    pub(crate) families: Vec<(Geometry, Vec<usize>)>,
    /// Its own family.
    pub(crate) geometry: Geometry,
}

impl Node {
    /// Whether it is a group of one role, which is hidden rather than a part of the organisation.
    pub(crate) fn is_role(&self) -> bool {
        self.geometry != Geometry::Tree
    }
}

/// Hides further nodes until the rule holds everywhere. `settled`: what was hidden when it did, if it has before.
pub(crate) fn settle(nodes: &[Node], hidden: &mut [bool], settled: Option<&[bool]>, rules: &Rules<'_>) {
    let mut above = vec![Vec::new(); nodes.len()];
    for (node, one) in nodes.iter().enumerate() {
        one.families.iter().flat_map(|(_, children)| children).for_each(|child| above[*child].push(node));
    }
    // Where it may not hold; hidden groups first: whether enough is hidden above depends on what of them remains unknown.
    let mut open = BTreeSet::new();
    for node in 0..nodes.len() {
        match settled {
            None => _ = open.insert((!hidden[node], node)),
            Some(settled) if settled[node] != hidden[node] => reopen(&mut open, hidden, &above, node),
            Some(_) => (),
        }
    }
    while let Some((is_shown, node)) = open.first().copied() {
        match to_hide(nodes, hidden, rules, node) {
            None => _ = open.remove(&(is_shown, node)),
            Some(next) => {
                hidden[next] = true;
                open.remove(&(true, next));
                reopen(&mut open, hidden, &above, next);
            }
        }
    }
}

/// A node that has been hidden is looked at again, and what sees it: those above it up to the nearest that is published.
fn reopen(open: &mut BTreeSet<(bool, usize)>, hidden: &[bool], above: &[Vec<usize>], node: usize) {
    open.insert((!hidden[node], node));
    if hidden[node] {
        above[node].iter().for_each(|above_it| reopen(open, hidden, above, *above_it));
    }
}

/// The node that has to be hidden because of `node` and its families, if any. Never one that is hidden already.
fn to_hide(nodes: &[Node], hidden: &[bool], rules: &Rules<'_>, node: usize) -> Option<usize> {
    nodes[node].families.iter().find_map(|(geometry, children)| {
        let view = View { nodes, hidden, geometry: *geometry };
        if *geometry != Geometry::Tree {
            return view.role_to_hide(node, children, rules);
        }
        if hidden[node] {
            return if view.rest(node).is_nobody() { view.smallest_part(node) } else { None };
        }
        if view.holds(node, children, rules) {
            return None;
        }
        view.smallest(children.iter().copied().filter(|child| !hidden[*child]))
            .or_else(|| view.smallest_part(node))
            // Nothing is left to hide below: what is outside would be all that keeps the two apart.
            .or(rules.on(Rule::LastPart).then_some(node))
    })
}

/// One family's tree with its hidden nodes.
pub(crate) struct View<'a> {
    pub(crate) nodes: &'a [Node],
    pub(crate) hidden: &'a [bool],
    pub(crate) geometry: Geometry,
}

impl View<'_> {
    /// Whether what is published below the published `parent` gives nothing away.
    fn holds(&self, parent: usize, children: &[usize], rules: &Rules<'_>) -> bool {
        let residual = self.rest(parent);
        let (mut groups, mut held) = (0, 0);
        for child in children.iter().filter(|child| self.hidden[**child]) {
            let rest = self.rest(*child);
            groups += u32::from(!rest.is_nobody());
            held += rest.people();
        }
        let passes = |residual: &Mass| !rules.on(Rule::Residual) || !rules.fails(residual);
        if groups == 0 {
            let nobody = if rules.on(Rule::NoAnswer) { residual.is_nobody() } else { residual.people() == 0 };
            return nobody || passes(&residual);
        }
        let outside = self.outside(parent, children);
        if outside.answered >= rules.k() && outside.counts.iter().all(|count| *count >= 0) {
            groups += 1;
            held += outside.people();
        }
        let enough = groups >= 2 && held >= 2 * rules.k() || !rules.on(Rule::TwoHidden);
        enough && passes(&residual)
    }

    /// The role that has to be hidden because of a group that roles are parts of. Where none is shown nothing can be taken from
    /// the group, whatever it is, and it is never hidden for them.
    fn role_to_hide(&self, node: usize, children: &[usize], rules: &Rules<'_>) -> Option<usize> {
        let shown = || self.smallest_part(node);
        match self.hidden[node] {
            // What is shown of its roles is taken from what is above it.
            true if !self.nodes[node].is_role() => shown(),
            true => shown().filter(|_| self.rest(node).is_nobody()),
            false => shown().filter(|_| !self.holds(node, children, rules)),
        }
    }

    /// What remains of `node` when all that is published below it is subtracted.
    pub(crate) fn rest(&self, node: usize) -> Mass {
        let mut rest = self.nodes[node].mass.clone();
        for part in self.published_parts(node) {
            rest.minus(&self.nodes[part].mass);
        }
        rest
    }

    /// The people of `parent` who belong to none of its children.
    fn outside(&self, parent: usize, children: &[usize]) -> Mass {
        let mut outside = self.nodes[parent].mass.clone();
        for child in children {
            outside.minus(&self.nodes[*child].mass);
        }
        outside
    }

    /// The topmost published nodes below `node`.
    fn published_parts(&self, node: usize) -> Vec<usize> {
        let mut parts = Vec::new();
        let mut open = vec![node];
        while let Some(next) = open.pop() {
            for child in self.children(next) {
                if self.hidden[*child] { open.push(*child) } else { parts.push(*child) }
            }
        }
        parts
    }

    fn children(&self, node: usize) -> &[usize] {
        let family = self.nodes[node].families.iter().find(|(geometry, _)| *geometry == self.geometry);
        family.map_or(&[], |(_, children)| children)
    }

    /// The smallest of the topmost published nodes below `node`; ties by code.
    pub(crate) fn smallest_part(&self, node: usize) -> Option<usize> {
        self.smallest(self.published_parts(node).into_iter())
    }

    fn smallest(&self, among: impl Iterator<Item = usize>) -> Option<usize> {
        among.min_by_key(|node| (self.nodes[*node].mass.answered, &self.nodes[*node].code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Preset;
    use crate::primary::{Shape, Tier};
    use proptest::prelude::*;

    /// Groups by their counts in two categories, and those who have not answered, each below one before it.
    fn tree(groups: &[(usize, [u8; 3])]) -> Vec<Node> {
        let mass = |[one, other, none]: [u8; 3]| {
            let counts: Vec<i128> = vec![one.into(), other.into()];
            let answered = counts.iter().sum();
            Mass { base: answered + i128::from(none), answered, counts }
        };
        let node = |(place, (_, counts)): (usize, &(usize, [u8; 3]))| Node {
            code: format!("{place:03}"),
            mass: mass(*counts),
            families: Vec::new(),
            geometry: Geometry::Tree,
        };
        let mut nodes: Vec<Node> = groups.iter().enumerate().map(node).collect();
        for (child, (above, own)) in groups.iter().enumerate().skip(1) {
            let mut next = Some(above % child);
            match nodes[above % child].families.first_mut() {
                Some((_, children)) => children.push(child),
                None => nodes[above % child].families.push((Geometry::Tree, vec![child])),
            }
            while let Some(parent) = next {
                let Mass { base, answered, counts } = mass(*own);
                nodes[parent].mass.minus(&Mass {
                    base: -base,
                    answered: -answered,
                    counts: counts.iter().map(|count| -count).collect(),
                });
                next = (parent > 0).then(|| groups[parent].0 % parent);
            }
        }
        nodes
    }

    /// What has to be hidden next, looked for from the start each time.
    fn one_by_one(nodes: &[Node], hidden: &mut [bool], rules: &Rules<'_>) {
        let next = |hidden: &[bool]| {
            let mut order: Vec<usize> = (0..nodes.len()).collect();
            order.sort_by_key(|node| !hidden[*node]);
            order.into_iter().find_map(|node| to_hide(nodes, hidden, rules, node))
        };
        while let Some(node) = next(hidden) {
            hidden[node] = true;
        }
    }

    proptest! {
        #[test]
        fn what_is_looked_at_again_is_all_that_what_was_hidden_has_changed(
            groups in prop::collection::vec((0..40_usize, [0..9_u8, 0..9_u8, 0..3_u8]), 1..40),
            few in 0..9_i128,
            more in 0..40_usize,
        ) {
            let (nodes, preset) = (tree(&groups), Preset::default());
            let rules = Rules { preset: &preset, without: None, tier: Tier::Summary, shape: Shape::Distribution };
            let mut hidden: Vec<bool> = nodes.iter().map(|node| node.mass.answered < few).collect();
            let mut expected = hidden.clone();
            one_by_one(&nodes, &mut expected, &rules);
            settle(&nodes, &mut hidden, None, &rules);
            prop_assert_eq!(&hidden, &expected);
            let settled = hidden.clone();
            let more = more % nodes.len();
            (hidden[more], expected[more]) = (true, true);
            one_by_one(&nodes, &mut expected, &rules);
            settle(&nodes, &mut hidden, Some(&settled), &rules);
            prop_assert_eq!(hidden, expected);
        }
    }
}
