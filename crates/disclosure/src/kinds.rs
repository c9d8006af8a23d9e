//! How people stand who belong to the same groups, where that is told: it is never shown, and spares the looking for it.

use std::collections::BTreeMap;

use crate::primary::Mass;
use crate::{Geometry, ResultTable};

/// The figures of those who belong to the same groups.
#[derive(Debug, Default)]
pub(crate) struct Kinds {
    /// For each roll and each of its atoms the population that it is.
    of: Vec<Vec<Option<usize>>>,
    /// By section: of an item and a population.
    figures: Vec<BTreeMap<(usize, usize), Mass>>,
}

impl Kinds {
    /// Those of a table that still has them.
    pub(crate) fn of(table: &ResultTable) -> Self {
        let is_kind = |place: &usize| table.populations[*place].geometry == Geometry::Kind;
        if !(0..table.populations.len()).any(|place| is_kind(&place)) {
            return Self::default();
        }
        let of = table
            .rolls
            .iter()
            .map(|roll| roll.iter().map(|atom| atom.populations.iter().copied().find(is_kind)).collect());
        let figures = table.sections.iter().map(|section| {
            let own = section.figures.iter().filter(|figure| is_kind(&figure.population));
            own.map(|figure| ((figure.item, figure.population), Mass::of(figure))).collect()
        });
        Self { of: of.collect(), figures: figures.collect() }
    }

    /// What each atom of a roll is; nothing where nothing is told.
    pub(crate) fn of_roll(&self, roll: usize) -> &[Option<usize>] {
        self.of.get(roll).map_or(&[], Vec::as_slice)
    }

    /// Those of some of them together, of a section's item.
    pub(crate) fn together(&self, section: usize, item: usize, kinds: &[usize]) -> Option<Mass> {
        let figures = self.figures.get(section)?;
        let mut of = kinds.iter().map(|kind| figures.get(&(item, *kind)));
        let mut all = of.next()??.clone();
        for other in of {
            all.add(other?);
        }
        Some(all)
    }
}
