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
}

/// Hides further nodes until the rule holds everywhere.
pub(crate) fn settle(nodes: &[Node], hidden: &mut [bool], rules: &Rules<'_>) {
    loop {
        // Hidden groups first: whether enough is hidden above depends on what of them remains unknown.
        let mut order: Vec<usize> = (0..nodes.len()).collect();
        order.sort_by_key(|node| !hidden[*node]);
        match order.into_iter().find_map(|node| to_hide(nodes, hidden, rules, node)) {
            Some(next) => hidden[next] = true,
            None => return,
        }
    }
}

/// The node that has to be hidden because of `node` and its families, if any. Never one that is hidden already.
fn to_hide(nodes: &[Node], hidden: &[bool], rules: &Rules<'_>, node: usize) -> Option<usize> {
    nodes[node].families.iter().find_map(|(geometry, children)| {
        let view = View { nodes, hidden, geometry: *geometry };
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
