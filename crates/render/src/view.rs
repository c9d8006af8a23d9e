//! What one reader looks at: a released report, in a language, from one unit down.

use crate::texts;
use disclosure::{Geometry, Item, Lang, Released, ReleasedSection, Shown, Text};

/// A released report from one unit of its tree down. Showing less never shows more.
#[derive(Debug, Clone)]
pub struct View<'a> {
    pub(crate) released: &'a Released,
    pub(crate) lang: Lang,
    /// Populations in tree order with their depth; the first is the root.
    pub(crate) rows: Vec<(usize, usize)>,
}

impl<'a> View<'a> {
    /// The whole report.
    pub fn new(released: &'a Released, lang: Lang) -> View<'a> {
        let mut rows = Vec::new();
        let tops = children(released, None);
        for top in tops {
            walk(released, top, 0, &mut rows);
        }
        View { released, lang, rows }
    }

    /// The report from the unit called `code` down; `None` where there is no such unit in the organisation tree.
    pub fn of_unit(released: &'a Released, lang: Lang, code: &str) -> Option<View<'a>> {
        let found = |population: &disclosure::ReleasedPopulation| {
            population.code == code && population.geometry == Geometry::Tree
        };
        let root = released.populations().iter().position(found)?;
        let mut rows = Vec::new();
        walk(released, root, 0, &mut rows);
        Some(View { released, lang, rows })
    }

    pub(crate) fn text<'t>(&self, text: &'t Text) -> &'t str {
        text.get(self.lang)
    }

    pub(crate) fn root(&self) -> Option<usize> {
        self.rows.first().map(|row| row.0)
    }

    /// The figure of the root.
    pub(crate) fn of_root(&self, section: &'a ReleasedSection, item: usize) -> Option<&'a Shown> {
        section.figure(self.root()?, item)
    }

    pub(crate) fn name(&self, population: usize) -> &'a str {
        self.released.populations().get(population).map_or("", |found| found.label.get(self.lang))
    }

    /// An item's name as a row shows it: with its code where that means something to a reader.
    pub(crate) fn item(&self, item: &Item) -> String {
        let label = self.text(&item.label);
        let numbered = item.code.contains('.') && item.code.chars().all(|c| c.is_ascii_digit() || c == '.');
        if numbered && !label.starts_with(&item.code) {
            format!("{} {label}", item.code)
        } else {
            label.to_owned()
        }
    }

    /// Why nothing, or not everything, of a figure is shown.
    pub(crate) fn why(&self, shown: &Shown) -> Option<String> {
        let preset = self.released.preset();
        match shown {
            Shown::Full(_) => None,
            Shown::Summary(summary) => Some(texts::no_distribution(summary.distribution, preset, self.lang)),
            Shown::Hidden(reason) => Some(texts::reason(*reason, preset.k_summary, preset, self.lang)),
        }
    }
}

/// The populations below `parent`, by order, then name and code.
fn children(released: &Released, parent: Option<usize>) -> Vec<usize> {
    let all = released.populations();
    let mut found: Vec<usize> = (0..all.len()).filter(|place| all[*place].parent == parent).collect();
    found.sort_by_key(|place| {
        let population = &all[*place];
        (population.geometry, population.order, &population.code)
    });
    found
}

fn walk(released: &Released, population: usize, depth: usize, rows: &mut Vec<(usize, usize)>) {
    rows.push((population, depth));
    for child in children(released, Some(population)) {
        walk(released, child, depth + 1, rows);
    }
}
