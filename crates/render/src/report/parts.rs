//! What the layouts of reports share: drawings with their keys, tables that open, rows of units and of items.

use crate::charts::{self, Drawing, Frame, Row};
use crate::number::percent_sign;
use crate::outside;
use crate::piece::{Piece, Words};
use crate::rows::{Pick, answer_classes, level_class};
use crate::tables::table;
use crate::texts::{self, Word, t, word};
use crate::view::View;
use disclosure::{Measure, OutsideKind, ReleasedSection, Role};

/// The finding of a section, of whom it is and when.
pub(super) fn intro(view: &View<'_>, part: &ReleasedSection, finding: &str) -> [Piece; 2] {
    [Piece::Words(Words::Finding, finding.to_owned()), base(view, part)]
}

/// Of whom a section is, and when.
pub(super) fn base(view: &View<'_>, part: &ReleasedSection) -> Piece {
    let base = view.root().and_then(|root| view.released.populations().get(root)?.base);
    let as_of = &view.released.identity().as_of;
    Piece::Words(Words::Base, texts::base_and_date(part.measure(), (base, view.estimate()), as_of, view.lang))
}

/// The root's figures of some items, one row for each item.
pub(super) fn item_picks<'a>(view: &View<'a>, part: &'a ReleasedSection, items: &[usize]) -> Vec<Pick<'a>> {
    items
        .iter()
        .map(|item| Pick {
            label: view.item(&part.items()[*item]),
            href: None,
            depth: 0,
            tree: false,
            target: part.items()[*item].target,
            place: view.root(),
            shown: view.of_root(part, *item),
            item: *item,
        })
        .collect()
}

/// The figures of one item, one row for each unit of the page.
pub(super) fn unit_picks<'a>(view: &View<'a>, part: &'a ReleasedSection, item: usize) -> Vec<Pick<'a>> {
    view.near
        .iter()
        .map(|(place, depth)| Pick {
            label: view.name(*place).to_owned(),
            href: if *depth == 0 { None } else { view.href(*place) },
            depth: *depth,
            tree: true,
            target: part.items()[item].target,
            place: Some(*place),
            shown: part.figure(*place, item),
            item,
        })
        .collect()
}

/// The drawing of rows in the form that the section's measure has.
pub(super) fn chart(view: &View<'_>, part: &ReleasedSection, frame: &Frame, rows: &[Row]) -> Drawing {
    match part.measure() {
        Measure::Levels { .. } => charts::stack(frame, rows),
        Measure::Likert | Measure::PairedChange | Measure::PairedChoices => charts::diverging(frame, rows),
        Measure::Choices => charts::bars(frame, rows, None),
        _ => charts::bars(frame, rows, view.released.preset().minimum_rate.map(|rate| rate.percent)),
    }
}

/// A table that is closed until it is asked for.
pub(super) fn closed_table(
    view: &View<'_>,
    part: &ReleasedSection,
    caption: &str,
    first: &str,
    picks: &[Pick<'_>],
) -> Piece {
    Piece::Closed(table(view, part, caption, first, picks))
}

/// Items side by side that stand under one heading: the heading and their indexes.
pub(super) fn groups<'a>(view: &View<'a>, part: &'a ReleasedSection) -> Vec<(Option<&'a str>, Vec<usize>)> {
    let items: Vec<usize> = (0..part.items().len()).collect();
    let group = |item: &usize| part.items()[*item].group.as_ref();
    items
        .chunk_by(|a, b| group(a) == group(b))
        .map(|items| (group(&items[0]).map(|group| group.label.get(view.lang)), items.to_vec()))
        .collect()
}

/// The names of the colours, in the order in which they stand on the marks, and how the drawings are read.
pub(super) fn key(view: &View<'_>, part: &ReleasedSection) -> Option<Piece> {
    let lang = view.lang;
    let mut entries: Vec<(String, String)> = Vec::new();
    match part.measure() {
        Measure::Levels { .. } => {
            for (place, category) in part.categories().iter().enumerate() {
                let class = level_class(place, part.categories().len());
                entries.push((class.into(), view.text(&category.label).into()));
            }
            entries.push(("unknown".into(), word(Word::Unknown, lang).into()));
            if part.items().iter().any(|item| item.target.is_some()) {
                entries.push(("tick".into(), word(Word::TargetTick, lang).into()));
            }
        }
        Measure::Likert | Measure::PairedChange | Measure::PairedChoices => {
            let classes = answer_classes(part.categories());
            for role in [Role::Negative, Role::Neutral, Role::Positive, Role::DontKnow] {
                for (category, class) in
                    part.categories().iter().zip(&classes).filter(|(c, _)| c.role == role)
                {
                    entries.push(((*class).into(), view.text(&category.label).into()));
                }
            }
        }
        Measure::Choices => return None,
        _ => {
            let limit = percent_sign(&view.released.preset().minimum_rate?.percent.to_string(), lang);
            let line =
                t(lang, "Tunn linje: gränsen för redovisning, ", "Thin line: the limit for reporting, ");
            return Some(Piece::Words(Words::KeyNote, format!("{line}{limit}.")));
        }
    }
    let first = view.released.outside().iter().find(|outside| outside.section == part.id());
    if let Some(outside) = first.filter(|outside| outside.kind == OutsideKind::Positive) {
        let line =
            t(lang, "andel positiva utifrån, till exempel", "share positive from outside, for instance");
        entries.push(("reference".into(), format!("{line} {}", outside::whose(view, outside))));
    }
    let mut note = word(Word::RatesOf, lang).to_owned();
    if matches!(part.measure(), Measure::Levels { .. }) {
        note.push_str(t(
            lang,
            " Till höger: hur många som har en känd nivå.",
            " At the right: how many have a known level.",
        ));
    }
    Some(Piece::Key(entries, note))
}
