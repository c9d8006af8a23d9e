//! The layout of a survey's report, and of any other without one of its own: part by part, each for the place first
//! and then by unit.

use super::parts::{base, chart, closed_table, groups, intro, item_picks, key, unit_picks};
use crate::beside;
use crate::charts::Frame;
use crate::findings;
use crate::piece::{Block, Piece, Words};
use crate::rows::mark_rows;
use crate::sentences;
use crate::tables::{cross_table, table};
use crate::texts::{self, Word, t, word};
use crate::view::View;
use disclosure::{Measure, ReleasedSection};

/// The parts in the report's order; those of which nothing may be shown are named in the method section alone.
pub(super) fn blocks(view: &View<'_>) -> Vec<Block> {
    let shown = view.sections().filter(|part| view.shows_any(part));
    shown.map(|part| block(view, part)).collect()
}

/// One part.
pub(super) fn block(view: &View<'_>, part: &ReleasedSection) -> Block {
    Block { id: part.id().to_owned(), title: view.text(part.title()).to_owned(), body: body(view, part) }
}

fn body(view: &View<'_>, part: &ReleasedSection) -> Vec<Piece> {
    let finding =
        findings::of_section(view, part).unwrap_or_else(|| sentences::nothing_here(view.lang).to_owned());
    let mut body = Vec::from(intro(view, part, &finding));
    if part.measure() == Measure::ResponseRate {
        body.extend(beside::uneven(view, part).map(|note| Piece::Words(Words::Note, note)));
    }
    match part.measure() {
        Measure::Likert if beside::is_earlier(part) => {
            body = vec![base(view, part), of_items(view, part, &finding)[1].clone()]
        }
        Measure::Index | Measure::Change => body.extend(in_tables(view, part)),
        Measure::SelfVsDemonstrated => body.extend(crossed(view, part)),
        _ if part.items().len() == 1 => body.extend(of_units(view, part, &finding)),
        _ => {
            body.extend(of_items(view, part, &finding));
            body.extend(by_unit(view, part));
        }
    }
    body
}

/// One chart with a row for each unit, and its table, which leads on to the units' own pages.
fn of_units(view: &View<'_>, part: &ReleasedSection, finding: &str) -> [Piece; 2] {
    let title = view.text(part.title());
    let frame = Frame::new(format!("{}-u", part.id()), title, finding);
    let picks = unit_picks(view, part, 0);
    let drawing = chart(view, part, &frame, &mark_rows(view, part, &picks));
    [
        Piece::Figure(
            title.to_owned(),
            key(view, part).into_iter().chain([Piece::Drawing(drawing)]).collect(),
        ),
        Piece::Table(table(view, part, title, word(Word::Unit, view.lang), &picks)),
    ]
}

/// One chart for the place, with a row for each item under its heading, and its table.
pub(super) fn of_items(view: &View<'_>, part: &ReleasedSection, finding: &str) -> [Piece; 2] {
    let title = view.text(part.title());
    let mut figure = Vec::from_iter(key(view, part));
    for (place, (heading, items)) in groups(view, part).into_iter().enumerate() {
        figure.extend(heading.map(|heading| Piece::Words(Words::Group, heading.to_owned())));
        let about = [Some(title), heading].into_iter().flatten().collect::<Vec<_>>().join(": ");
        let frame = Frame::new(format!("{}-{place}", part.id()), &about, finding);
        let mut picks = item_picks(view, part, &items);
        for pick in picks.iter_mut().filter(|_| heading.is_some()) {
            pick.label = view.under_heading(&part.items()[pick.item]);
        }
        let rows = mark_rows(view, part, &picks);
        figure.push(Piece::Drawing(chart(view, part, &frame, &rows)));
    }
    let all: Vec<usize> = (0..part.items().len()).collect();
    let head = texts::item_head(part.measure(), view.lang);
    [
        Piece::Figure(title.to_owned(), figure),
        closed_table(view, part, title, head, &item_picks(view, part, &all)),
    ]
}

/// What has no drawing: the place's table, and each item by unit, closed until it is asked for.
fn in_tables(view: &View<'_>, part: &ReleasedSection) -> Vec<Piece> {
    let lang = view.lang;
    let all: Vec<usize> = (0..part.items().len()).collect();
    let head = texts::item_head(part.measure(), lang);
    let mut pieces =
        vec![Piece::Table(table(view, part, view.text(part.title()), head, &item_picks(view, part, &all)))];
    if view.near.len() >= 2 {
        let one = |item: usize| {
            let name = view.item(&part.items()[item]);
            let table = table(view, part, &name, word(Word::Unit, lang), &unit_picks(view, part, item));
            (name, vec![Piece::Table(table)])
        };
        pieces.push(Piece::Heading(texts::each_by_unit(part.measure(), lang).to_owned()));
        pieces.push(Piece::Opening(all.into_iter().map(one).collect()));
    }
    pieces
}

/// Each item by unit, closed until it is asked for.
fn by_unit(view: &View<'_>, part: &ReleasedSection) -> Vec<Piece> {
    if view.near.len() < 2 {
        return Vec::new();
    }
    let one = |item: usize| {
        let name = view.item(&part.items()[item]);
        let frame = Frame::new(format!("{}-u{item}", part.id()), &name, &item_finding(view, part, item));
        let picks = unit_picks(view, part, item);
        let drawing = chart(view, part, &frame, &mark_rows(view, part, &picks));
        let table = table(view, part, &name, word(Word::Unit, view.lang), &picks);
        (name.clone(), vec![Piece::Figure(name, vec![Piece::Drawing(drawing)]), Piece::Table(table)])
    };
    vec![
        Piece::Heading(texts::each_by_unit(part.measure(), view.lang).to_owned()),
        Piece::Opening((0..part.items().len()).map(one).collect()),
    ]
}

/// One item's finding for the place: what its drawing by unit begins with.
fn item_finding(view: &View<'_>, part: &ReleasedSection, item: usize) -> String {
    let n = view.of_root(part, item).and_then(|shown| crate::rows::n_text(part.measure(), shown, view.lang));
    match n {
        Some(n) if matches!(part.measure(), Measure::Levels { .. }) => {
            format!("{}: {n} {}.", view.place(), t(view.lang, "har en känd nivå", "have a known level"))
        }
        Some(n) => format!("{}: {n}.", view.place()),
        None => format!("{}: {}.", view.place(), sentences::nothing_short(view.lang)),
    }
}

pub(super) fn crossed(view: &View<'_>, part: &ReleasedSection) -> Vec<Piece> {
    let items: Vec<usize> = (0..part.items().len()).collect();
    let shown = |item: &usize| view.of_root(part, *item).is_some_and(|shown| shown.counts().is_some());
    let (shown, hidden): (Vec<usize>, Vec<usize>) = items.iter().partition(|item| shown(item));
    let mut pieces = Vec::new();
    if !shown.is_empty() {
        pieces.push(Piece::Words(Words::Quiet, word(Word::Cells, view.lang).to_owned()));
        let tables = shown.iter().filter_map(|item| cross_table(view, part, *item));
        pieces.push(Piece::Crosses(tables.collect()));
    }
    pieces.extend(not_shown(view, part, &hidden));
    let head = texts::item_head(part.measure(), view.lang);
    pieces.push(closed_table(view, part, view.text(part.title()), head, &item_picks(view, part, &items)));
    pieces
}

/// The items of which the place shows nothing, by reason.
pub(super) fn not_shown(view: &View<'_>, part: &ReleasedSection, items: &[usize]) -> Vec<Piece> {
    let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
    for item in items {
        let Some(why) = view.of_root(part, *item).and_then(|shown| view.why(shown)) else { continue };
        let name = view.item(&part.items()[*item]);
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) => names.push(name),
            None => reasons.push((why, vec![name])),
        }
    }
    reasons.into_iter().map(|(why, names)| Piece::Withheld(why, names)).collect()
}
