//! What one reader looks at: a released report, in a language, from one unit down.

use crate::number::dates_in;
use crate::texts::{self, Estimate};
use disclosure::{Geometry, Item, Lang, Released, ReleasedSection, Shown, Text, ValueKind};

/// A page goes down the tree for as long as it has at most this many rows of units; a place's own children are
/// always there. Further down is another page.
const ROWS: usize = 20;

/// A released report from one unit of its tree down. Showing less never shows more.
#[derive(Debug, Clone)]
pub struct View<'a> {
    pub(crate) released: &'a Released,
    pub(crate) lang: Lang,
    /// All populations from the root of the view down, in tree order with their depth: what files hold.
    pub(crate) rows: Vec<(usize, usize)>,
    /// Those of them that a page has rows for.
    pub(crate) near: Vec<(usize, usize)>,
    /// The ids of the sections that are looked at; none: all.
    sections: Option<Vec<String>>,
    /// The address of a unit's page, with [`UNIT`] where its code belongs; none where pages stand alone.
    links: Option<String>,
}

/// What of a report is looked at: by code, ids and kinds; all of it where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// From this unit down.
    pub unit: Option<String>,
    /// Kinds of units that have rows of their own below it.
    pub kinds: Option<Vec<String>>,
    /// Sections.
    pub sections: Option<Vec<String>>,
}

/// A part of a report that it does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPart {
    /// The unit.
    #[error("the setting unit is wrong: expected the code of a unit in the organisation")]
    Unit,
    /// A kind of units.
    #[error("kinds: {0}")]
    Kinds(NotThere),
    /// A section.
    #[error("sections: {0}")]
    Sections(NotThere),
}

/// Something was asked for that the report does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the report has no {wanted}; it has {}", there.join(", "))]
pub struct NotThere {
    /// What was asked for.
    pub wanted: String,
    /// What there is.
    pub there: Vec<String>,
}

/// What stands for a unit's code in the pattern of [`View::linked`].
pub const UNIT: &str = "{unit}";

impl<'a> View<'a> {
    /// The whole report.
    pub fn new(released: &'a Released, lang: Lang) -> View<'a> {
        let mut rows = Vec::new();
        let tops = children(released, None);
        for top in tops {
            walk(released, top, 0, &mut rows);
        }
        View::of_rows(released, lang, rows)
    }

    /// The report from the unit called `code` down; `None` where there is no such unit in the organisation tree.
    pub fn of_unit(released: &'a Released, lang: Lang, code: &str) -> Option<View<'a>> {
        let found = |population: &disclosure::ReleasedPopulation| {
            population.code == code && population.geometry == Geometry::Tree
        };
        let root = released.populations().iter().position(found)?;
        let mut rows = Vec::new();
        walk(released, root, 0, &mut rows);
        Some(View::of_rows(released, lang, rows))
    }

    /// A part of the report.
    ///
    /// # Errors
    /// The report does not have it.
    pub fn of_part(released: &'a Released, lang: Lang, part: &Part) -> Result<View<'a>, NoPart> {
        let mut view = match &part.unit {
            None => View::new(released, lang),
            Some(code) => View::of_unit(released, lang, code).ok_or(NoPart::Unit)?,
        };
        if let Some(kinds) = &part.kinds {
            view = view.of_kinds(kinds).map_err(NoPart::Kinds)?;
        }
        if let Some(sections) = &part.sections {
            view = view.of_sections(sections).map_err(NoPart::Sections)?;
        }
        Ok(view)
    }

    fn of_rows(released: &'a Released, lang: Lang, rows: Vec<(usize, usize)>) -> View<'a> {
        View { released, lang, near: near(&rows), rows, sections: None, links: None }
    }

    /// The same with these sections alone, by their ids, in the report's order.
    ///
    /// # Errors
    /// The report has no such section.
    pub fn of_sections(mut self, ids: &[String]) -> Result<View<'a>, NotThere> {
        let there = self.released.sections().iter().map(|section| section.id().to_owned()).collect();
        all_there(ids, there)?;
        self.sections = Some(ids.to_vec());
        Ok(self)
    }

    /// The same with rows for units of these kinds alone, below the unit that it is about.
    ///
    /// # Errors
    /// No unit that it goes down to is of that kind.
    pub fn of_kinds(self, kinds: &[String]) -> Result<View<'a>, NotThere> {
        let kind = |row: &(usize, usize)| self.released.populations().get(row.0).map(|found| &found.kind);
        let mut there: Vec<String> = self.rows.iter().filter_map(kind).cloned().collect();
        there.sort_unstable();
        there.dedup();
        all_there(kinds, there)?;
        let stays = |row: &(usize, usize)| row.1 == 0 || kind(row).is_some_and(|kind| kinds.contains(kind));
        let rows: Vec<_> = self.rows.iter().copied().filter(stays).collect();
        Ok(View { near: near(&rows), rows, ..self })
    }

    /// The sections that are looked at.
    pub fn sections(&self) -> impl Iterator<Item = &'a ReleasedSection> {
        let wanted = |id: &str| self.sections.as_ref().is_none_or(|ids| ids.iter().any(|known| known == id));
        self.released.sections().iter().filter(move |section| wanted(section.id()))
    }

    /// Whether the answers are in a ballot box.
    pub(crate) fn is_in_the_box(&self) -> bool {
        self.released.sections().iter().any(ReleasedSection::is_in_the_box)
    }

    /// Of whom it is estimated how many they are.
    pub(crate) fn estimate(&self) -> Estimate {
        let of_pupils = |section: &&ReleasedSection| section.values().contains(&ValueKind::AnswersPerPupil);
        match self.released.sections().iter().find(of_pupils) {
            None => Estimate::Nobody,
            Some(rate) if rate.items().len() == 1 => Estimate::All,
            Some(_) => Estimate::Guardians,
        }
    }

    /// The report that is looked at.
    pub fn released(&self) -> &'a Released {
        self.released
    }

    /// The indexes of the populations from the root of the view down, in tree order: those that files hold.
    pub fn populations(&self) -> Vec<usize> {
        self.rows.iter().map(|(place, _)| *place).collect()
    }

    /// The same with the units' names as links: `pattern` is the address of a unit's page with [`UNIT`] where its
    /// code, percent-encoded, belongs.
    pub fn linked(mut self, pattern: impl Into<String>) -> View<'a> {
        self.links = Some(pattern.into());
        self
    }

    /// The address of a unit's own page.
    pub(crate) fn href(&self, population: usize) -> Option<String> {
        let code = &self.released.populations().get(population)?.code;
        Some(self.links.as_ref()?.replace(UNIT, &escape(code)))
    }

    /// The units above the root of the view, from the top.
    pub(crate) fn above(&self) -> Vec<usize> {
        let parent = |population: usize| self.released.populations().get(population)?.parent;
        let mut path: Vec<usize> =
            std::iter::successors(self.root().and_then(parent), |place| parent(*place)).collect();
        path.reverse();
        path
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

    /// The name of the place that the page is about.
    pub(crate) fn place(&self) -> &'a str {
        self.root().map_or("", |root| self.name(root))
    }

    /// Whether anything of a section may be shown for any row of the page.
    pub(crate) fn shows_any(&self, section: &ReleasedSection) -> bool {
        let shown =
            |place: usize, item: usize| section.figure(place, item).is_some_and(|s| s.answered().is_some());
        self.near.iter().any(|(place, _)| (0..section.items().len()).any(|item| shown(*place, item)))
    }

    /// An item's name as a row shows it: with its code where that means something to a reader.
    pub(crate) fn item(&self, item: &Item) -> String {
        let label = &dates_in(self.text(&item.label), self.lang);
        let numbered = item.code.contains('.') && item.code.chars().all(|c| c.is_ascii_digit() || c == '.');
        if numbered && !label.starts_with(&item.code) {
            format!("{} {label}", item.code)
        } else {
            label.to_owned()
        }
    }

    /// The same under the item's heading, without what that says already.
    pub(crate) fn under_heading(&self, item: &Item) -> String {
        let name = self.item(item);
        let heading =
            item.group.as_ref().map(|group| format!("{} – ", dates_in(self.text(&group.label), self.lang)));
        heading.and_then(|heading| name.strip_prefix(&heading).map(str::to_owned)).unwrap_or(name)
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

/// That each of what is wanted is there.
fn all_there(wanted: &[String], there: Vec<String>) -> Result<(), NotThere> {
    match wanted.iter().find(|one| !there.contains(one)) {
        None => Ok(()),
        Some(missing) => Err(NotThere { wanted: missing.clone(), there }),
    }
}

/// The rows of a page: levels of the tree from the top for as long as they fit, the first with more than one unit in
/// any case. An only child says what its parent says and is stepped over.
fn near(rows: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let on = |depth: usize| rows.iter().filter(|row| row.1 == depth).count();
    let deepest = rows.iter().map(|row| row.1).max().unwrap_or(0);
    let first = (1..=deepest).find(|depth| on(*depth) > 1).unwrap_or(deepest);
    let mut last = first;
    while last < deepest && rows.iter().filter(|row| row.1 <= last + 1).count() <= ROWS {
        last += 1;
    }
    rows.iter()
        .filter(|row| row.1 == 0 || (first..=last).contains(&row.1))
        .map(|(place, depth)| (*place, if *depth == 0 { 0 } else { depth + 1 - first }))
        .collect()
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

/// A value in the query part of an address.
fn escape(value: &str) -> String {
    use std::fmt::Write;
    value.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_goes_down_as_far_as_its_rows_are_few() {
        // An only child with three below it, each with two: ten rows, all of which fit.
        let mut rows = vec![(0, 0), (1, 1)];
        for area in 0..3 {
            rows.extend([(2 + 3 * area, 2), (3 + 3 * area, 3), (4 + 3 * area, 3)]);
        }
        let depths = |rows: &[(usize, usize)]| near(rows).iter().map(|row| row.1).collect::<Vec<_>>();
        assert_eq!(depths(&rows), [0, 1, 2, 2, 1, 2, 2, 1, 2, 2]);
        // Twelve more at the bottom do not fit; thirty right below the place are there all the same.
        rows.extend((11..23).map(|place| (place, 3)));
        assert_eq!(depths(&rows), [0, 1, 1, 1]);
        let many: Vec<_> = std::iter::once((0, 0)).chain((1..31).map(|place| (place, 1))).collect();
        assert_eq!(near(&many).len(), 31);
        assert_eq!(near(&[(4, 0)]), [(4, 0)]);
    }
}
