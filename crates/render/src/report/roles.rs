//! Roles of the whole and of each area: the same figures as of units, as tables that are closed until they are asked for.

use crate::piece::{Block, Piece, Words};
use crate::rows::Pick;
use crate::sentences;
use crate::tables::table;
use crate::texts::{self, Word, word};
use crate::view::{ROLES, View};
use disclosure::{Geometry, ReleasedSection};

/// A part for each family of roles that the report has.
pub(super) fn blocks(view: &View<'_>) -> Vec<Block> {
    ROLES.into_iter().filter_map(|family| block(view, family)).collect()
}

fn block(view: &View<'_>, family: Geometry) -> Option<Block> {
    let places = view.roles(family);
    if places.is_empty() {
        return None;
    }
    let mut body = Vec::new();
    for part in view.sections() {
        let items: Vec<_> =
            (0..part.items().len()).filter_map(|item| one(view, part, &places, item)).collect();
        if !items.is_empty() {
            body.push(Piece::Heading(view.text(part.title()).to_owned()));
            body.push(Piece::Opening(items));
        }
    }
    if body.is_empty() {
        body.push(Piece::Words(Words::Note, sentences::nothing_here(view.lang).to_owned()));
    }
    let id = match family {
        Geometry::AreaRole => "by-area-and-role",
        _ => "by-role",
    };
    Some(Block { id: id.to_owned(), title: texts::by_role(family, view.lang).to_owned(), body })
}

/// An item, where it is shown of any role: a row for each role that it is told of.
fn one(
    view: &View<'_>,
    part: &ReleasedSection,
    places: &[usize],
    item: usize,
) -> Option<(String, Vec<Piece>)> {
    let pick = |place: &usize| {
        let shown = part.figure(*place, item)?;
        Some(Pick {
            label: view.name(*place).to_owned(),
            href: None,
            depth: 0,
            tree: false,
            target: part.items()[item].target,
            place: Some(*place),
            shown: Some(shown),
            item,
        })
    };
    let picks: Vec<Pick<'_>> = places.iter().filter_map(pick).collect();
    let name = view.item(&part.items()[item]);
    let any = picks.iter().any(|pick| pick.shown.is_some_and(|shown| shown.answered().is_some()));
    let table = || table(view, part, &name, word(Word::Role, view.lang), &picks);
    any.then(|| (name.clone(), vec![Piece::Table(table())]))
}
