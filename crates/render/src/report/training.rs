//! What needs training most: competences by how many have not reached the target; never people, never units.

use super::parts::base;
use crate::findings::{bands, below_target};
use crate::number::{count, percent_sign, range, whole_percent};
use crate::piece::{Block, Piece, Words};
use crate::tables::{Cell, Line, Table};
use crate::texts::{self, Word, t, word};
use crate::view::View;
use disclosure::{LevelKind, ReleasedSection};

/// A table for each kind of level; `None` where nothing of the place is shown.
pub(super) fn block(view: &View<'_>, parts: &[(LevelKind, &ReleasedSection)]) -> Option<Block> {
    let tables = parts.iter().filter_map(|(kind, part)| Some(Piece::Table(table(view, *kind, part)?)));
    let tables: Vec<Piece> = tables.collect();
    let (_, first) = parts.first().filter(|_| !tables.is_empty())?;
    let how = t(
        view.lang,
        "De kompetenser står först där minst andel av dem med känd nivå har nått målet. Av alla är det som minst om ingen av \
         dem utan känd nivå har gjort det, som mest om alla har det.",
        "First come the competences where the smallest share of those with a known level has reached the target. Of all it is \
         least if none of those without a known level has, most if all of them have.",
    );
    let mut body = vec![base(view, first), Piece::Words(Words::Plain, how.to_owned())];
    body.extend(tables);
    Some(Block {
        id: "training".into(),
        title: t(view.lang, "Störst utbildningsbehov", "What needs training most").to_owned(),
        body,
    })
}

fn table(view: &View<'_>, kind: LevelKind, part: &ReleasedSection) -> Option<Table> {
    let lang = view.lang;
    // Which item, how many are at the target, how many are known, of how many.
    let known = (0..part.items().len()).filter_map(|item| {
        let shown = view.of_root(part, item)?;
        let at: u64 = shown.counts()?.iter().skip(below_target(part, item)).sum();
        Some((item, at, shown.answered().filter(|known| *known > 0)?, shown.base()?))
    });
    let mut known: Vec<(usize, u64, u64, u64)> = known.collect();
    known.sort_by(|(_, a, of_a, _), (_, b, of_b, _)| {
        (u128::from(*a) * u128::from(*of_b)).cmp(&(u128::from(*b) * u128::from(*of_a)))
    });
    let line = |(item, at, known, base): &(usize, u64, u64, u64)| Line {
        label: view.item(&part.items()[*item]),
        href: None,
        depth: None,
        cells: vec![
            Cell::Text(bands(view, part, below_target(part, *item))),
            Cell::Counted(*at, *known),
            Cell::Text(bounds(*at, *known, *base).map_or_else(
                || "\u{2013}".to_owned(),
                |[least, most]| percent_sign(&range(&least.to_string(), &most.to_string(), lang), lang),
            )),
            Cell::Text(count(*known)),
            Cell::Text(count(*base)),
        ],
    };
    let heads = [
        texts::item_head(part.measure(), lang),
        t(lang, "Under målet är", "Below the target is"),
        t(lang, "Når målet, av dem med känd nivå", "Reach the target, of those known"),
        t(lang, "Når målet, av alla", "Reach the target, of all"),
        texts::n_head(part.measure(), lang),
        word(Word::Base, lang),
    ];
    (!known.is_empty()).then(|| {
        let table = Table {
            lang,
            caption: texts::kind(kind, lang).to_owned(),
            captioned: false,
            of_one: false,
            heads: heads.map(str::to_owned).into(),
            lines: known.iter().map(line).collect(),
        };
        table.captioned()
    })
}

/// The share of all at the target in whole per cent: at least, where nobody unknown is there, and at most.
fn bounds(at: u64, known: u64, base: u64) -> Option<[i128; 2]> {
    Some([whole_percent(at, base)?, whole_percent(at + base.checked_sub(known)?, base)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_at_the_target_has_bounds_of_all() {
        // Of 40 known 25, at target 15: 60 % of those known, between 37.5 and 75 % of all.
        assert_eq!(whole_percent(15, 25), Some(60));
        assert_eq!(bounds(15, 25, 40), Some([38, 75]));
        assert_eq!(bounds(0, 0, 0), None);
        assert_eq!(bounds(3, 5, 4), None);
    }
}
