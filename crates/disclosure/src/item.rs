//! One item in all sections that are about the same people: rates, distributions, cross tables, or a section alone.

use std::collections::BTreeMap;

use crate::kinds::Kinds;
use crate::primary::Mass;
use crate::secondary::Node;
use crate::{Axis, Geometry, Measure, Nested, ResultTable, Section};

/// Whether something is hidden in the summary tier and in the full tier.
pub(crate) type Hidden = [bool; 2];
/// Where the tiers stand in [`Hidden`].
pub(crate) const SUMMARY: usize = 0;
pub(crate) const FULL: usize = 1;

/// An item's figures.
pub(crate) struct LinkedItem<'a> {
    /// The roll of those whom it is about.
    pub(crate) roll: usize,
    /// Each after those that are larger.
    pub(crate) parts: Vec<Part<'a>>,
}

/// An item's figures in one section.
pub(crate) struct Part<'a> {
    /// Where the section stands in the table, and the item in that.
    pub(crate) section: usize,
    pub(crate) item: usize,
    pub(crate) of: &'a Section,
    /// Whether it has been decided on, as it is about other items as well.
    pub(crate) given: bool,
    /// Where each node's figure stands in the section.
    pub(crate) places: Vec<usize>,
    /// The populations that have a figure, as a tree.
    pub(crate) nodes: Vec<Node>,
    /// The same in the table's list.
    pub(crate) populations: Vec<usize>,
    /// For each node the nodes above it, in each family.
    pub(crate) above: Vec<Vec<(Geometry, usize)>>,
    /// Which parts are larger than this one.
    pub(crate) margins: Vec<(usize, Axis)>,
}

impl<'a> LinkedItem<'a> {
    /// The item with this code in these sections, larger ones first. Of those before `given` it has been decided.
    /// `left_out` figures are none.
    pub(crate) fn of(
        table: &'a ResultTable,
        sections: &[usize],
        given: usize,
        code: &str,
        left_out: &[Vec<bool>],
    ) -> Self {
        let mut parts: Vec<Part<'a>> = Vec::new();
        // Whom it is about says the first section that has it by its code.
        let about = sections.iter().find_map(|section| {
            let of = &table.sections[*section];
            of.items.iter().position(|item| item.code == code).map(|item| of.roll(item))
        });
        for (number, section) in sections.iter().enumerate() {
            let of = &table.sections[*section];
            let same = of.items.iter().position(|item| item.code == code);
            let of_rate = || of.item_of_roll(about.filter(|_| is_rate(of))?);
            let Some(item) = same.or_else(of_rate) else { continue };
            let margin = |nested: &Nested| {
                let part = parts.iter().position(|part| part.of.id == nested.section)?;
                Some((part, nested.axis))
            };
            let margins = of.within.iter().filter_map(margin).collect();
            let is_own = |place: &usize| of.figures[*place].item == item && !left_out[*section][*place];
            let mut places: Vec<usize> = (0..of.figures.len()).filter(is_own).collect();
            // The outcome must not depend on the order in which figures were found.
            places.sort_by_key(|place| of.figures[*place].population);
            let populations: Vec<usize> = places.iter().map(|place| of.figures[*place].population).collect();
            let nodes = tree(table, of, &places);
            let mut above = vec![Vec::new(); nodes.len()];
            for (node, one) in nodes.iter().enumerate() {
                for (geometry, children) in &one.families {
                    children.iter().for_each(|child: &usize| above[*child].push((*geometry, node)));
                }
            }
            let given = number < given;
            parts.push(Part {
                section: *section,
                item,
                of,
                given,
                places,
                nodes,
                populations,
                above,
                margins,
            });
        }
        Self { roll: about.unwrap_or(0), parts }
    }
}

impl Part<'_> {
    /// The node of the same population in another part.
    pub(crate) fn same_in(&self, other: &Part<'_>, node: usize) -> Option<usize> {
        other.node_of(self.populations[node])
    }

    /// The node of a population.
    pub(crate) fn node_of(&self, population: usize) -> Option<usize> {
        self.populations.binary_search(&population).ok()
    }

    pub(crate) fn is_rate(&self) -> bool {
        is_rate(self.of)
    }

    /// The figures of people of some kinds.
    pub(crate) fn together(&self, kinds: &Kinds, of: &[usize]) -> Option<Mass> {
        kinds.together(self.section, self.item, of)
    }

    /// The tier in which its counts are shown.
    pub(crate) fn tier(&self) -> usize {
        if self.is_rate() { SUMMARY } else { FULL }
    }

    /// The counts of some of its people: of a rate who has answered, and who has not.
    pub(crate) fn counts(&self, mass: &Mass) -> Vec<i128> {
        if self.is_rate() { vec![mass.answered, mass.base - mass.answered] } else { mass.counts.clone() }
    }
}

/// Whether a section says how many, and counts no categories.
pub(crate) fn is_rate(section: &Section) -> bool {
    matches!(section.measure, Measure::ResponseRate | Measure::Coverage | Measure::Index | Measure::Change)
}

/// The populations that have a figure of one item; those in between that have none are stepped over.
fn tree(table: &ResultTable, section: &Section, places: &[usize]) -> Vec<Node> {
    let node_of: BTreeMap<usize, usize> =
        places.iter().enumerate().map(|(node, place)| (section.figures[*place].population, node)).collect();
    let mut nodes: Vec<Node> = places
        .iter()
        .map(|place| {
            let population = &table.populations[section.figures[*place].population];
            Node {
                code: population.code.clone(),
                mass: Mass::of(&section.figures[*place]),
                families: Vec::new(),
                geometry: population.geometry,
            }
        })
        .collect();
    for (population, node) in &node_of {
        let own = &table.populations[*population];
        let also_in = own.also_in.map(|other| (table.populations[other].geometry, other));
        for (family, first) in own.parent.map(|parent| (own.geometry, parent)).into_iter().chain(also_in) {
            let mut above = Some(first);
            while let Some(candidate) = above {
                if let Some(parent) = node_of.get(&candidate) {
                    let families = &mut nodes[*parent].families;
                    match families.iter_mut().find(|(of, _)| *of == family) {
                        Some((_, children)) => children.push(*node),
                        None => families.push((family, vec![*node])),
                    }
                    break;
                }
                above = table.populations[candidate].parent;
            }
        }
    }
    nodes
}
