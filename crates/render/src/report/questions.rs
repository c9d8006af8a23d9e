//! The layout of a survey's report, and of any other without one of its own: part by part, each for the place first
//! and then by unit.

use super::parts::{Block, chart, closed_table, groups, intro, item_picks, key, unit_picks};
use crate::charts::Frame;
use crate::findings;
use crate::rows::mark_rows;
use crate::sentences;
use crate::tables::{cross_tables, table};
use crate::texts::{self, Word, word};
use crate::view::View;
use disclosure::{Measure, ReleasedSection};
use maud::{Markup, html};

/// The parts in the report's order; those of which nothing may be shown are named in the method section alone.
pub(super) fn blocks(view: &View<'_>) -> Vec<Block> {
    let shown = view.released.sections().iter().filter(|part| view.shows_any(part));
    shown
        .map(|part| Block {
            id: part.id().to_owned(),
            title: view.text(part.title()).to_owned(),
            body: body(view, part),
        })
        .collect()
}

fn body(view: &View<'_>, part: &ReleasedSection) -> Markup {
    let finding =
        findings::of_section(view, part).unwrap_or_else(|| sentences::nothing_here(view.lang).to_owned());
    html! {
        (intro(view, part, &finding))
        @match part.measure() {
            Measure::SelfVsDemonstrated => { (crossed(view, part)) }
            _ if part.items().len() == 1 => { (of_units(view, part, &finding)) }
            _ => { (of_items(view, part, &finding)) (by_unit(view, part)) }
        }
    }
}

/// One chart with a row for each unit, and its table, which leads on to the units' own pages.
fn of_units(view: &View<'_>, part: &ReleasedSection, finding: &str) -> Markup {
    let title = view.text(part.title()).to_owned();
    let frame = Frame::new(format!("{}-u", part.id()), &title, finding);
    let picks = unit_picks(view, part, 0);
    html! {
        figure {
            (key(view, part))
            (chart(view, part, &frame, &mark_rows(view, part, &picks)))
        }
        (table(view, part, &title, word(Word::Unit, view.lang), &picks))
    }
}

/// One chart for the place, with a row for each item under its heading, and its table.
fn of_items(view: &View<'_>, part: &ReleasedSection, finding: &str) -> Markup {
    let title = view.text(part.title());
    let all: Vec<usize> = (0..part.items().len()).collect();
    html! {
        figure {
            (key(view, part))
            @for (place, (heading, items)) in groups(view, part).into_iter().enumerate() {
                @if let Some(heading) = heading { p class="group" { (heading) } }
                @let about = [Some(title), heading].into_iter().flatten().collect::<Vec<_>>().join(": ");
                @let frame = Frame::new(format!("{}-{place}", part.id()), &about, finding);
                (chart(view, part, &frame, &mark_rows(view, part, &item_picks(view, part, &items))))
            }
        }
        (closed_table(view, part, title, texts::item_head(part.measure(), view.lang), &item_picks(view, part, &all)))
    }
}

/// Each item by unit, closed until it is asked for.
fn by_unit(view: &View<'_>, part: &ReleasedSection) -> Markup {
    if view.near.len() < 2 {
        return html! {};
    }
    html! {
        h3 { (texts::each_by_unit(part.measure(), view.lang)) }
        div class="by-unit" {
            @for item in 0..part.items().len() {
                @let name = view.item(&part.items()[item]);
                @let frame = Frame::new(format!("{}-u{item}", part.id()), &name, &item_finding(view, part, item));
                @let picks = unit_picks(view, part, item);
                details {
                    summary { (name) }
                    figure { (chart(view, part, &frame, &mark_rows(view, part, &picks))) }
                    (table(view, part, &name, word(Word::Unit, view.lang), &picks))
                }
            }
        }
    }
}

/// One item's finding for the place: what its drawing by unit begins with.
fn item_finding(view: &View<'_>, part: &ReleasedSection, item: usize) -> String {
    let n = view.of_root(part, item).and_then(|shown| crate::rows::n_text(part.measure(), shown, view.lang));
    match n {
        Some(n) => format!("{}: {n}.", view.place()),
        None => format!("{}: {}.", view.place(), sentences::nothing_short(view.lang)),
    }
}

pub(super) fn crossed(view: &View<'_>, part: &ReleasedSection) -> Markup {
    let items: Vec<usize> = (0..part.items().len()).collect();
    let shown = |item: &usize| view.of_root(part, *item).is_some_and(|shown| shown.counts().is_some());
    let (shown, hidden): (Vec<usize>, Vec<usize>) = items.iter().partition(|item| shown(item));
    html! {
        @if !shown.is_empty() {
            p class="quiet" { (word(Word::Cells, view.lang)) }
            (cross_tables(view, part, &shown))
        }
        @if !hidden.is_empty() { (not_shown(view, part, &hidden)) }
        (closed_table(view, part, view.text(part.title()), texts::item_head(part.measure(), view.lang), &item_picks(view, part, &items)))
    }
}

/// The items of which the place shows nothing, by reason.
pub(super) fn not_shown(view: &View<'_>, part: &ReleasedSection, items: &[usize]) -> Markup {
    let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
    for item in items {
        let Some(why) = view.of_root(part, *item).and_then(|shown| view.why(shown)) else { continue };
        let name = view.item(&part.items()[*item]);
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) => names.push(name),
            None => reasons.push((why, vec![name])),
        }
    }
    html! {
        @for (why, names) in reasons {
            div class="withheld" {
                p { strong { (texts::capital(&why)) } }
                ul { @for name in names { li { (name) } } }
            }
        }
    }
}
