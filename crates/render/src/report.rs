//! A released report as HTML: for each part the finding, the chart, the table, and at the end how it was made.

use crate::charts::{self, Frame, Row};
use crate::findings;
use crate::method::method;
use crate::number::date;
use crate::page::{PageFrame, Stylesheet, page};
use crate::rows::{Pick, mark_rows, n_text};
use crate::tables::{cross_tables, table};
use crate::texts::{self, Word, t, word};
use crate::view::View;
use disclosure::{Measure, ReleasedSection, Role};
use maud::{Markup, html};

/// A report as a page that stands alone or refers to the style sheet of a site.
pub fn document(view: &View<'_>, stylesheet: Stylesheet) -> String {
    let released = view.released;
    let place = view.text(released.place()).to_owned();
    let body = fragment(view);
    let mut frame = PageFrame::new(view.lang, view.text(released.title()), stylesheet, body);
    frame.heading = false;
    frame.place = Some(place);
    page(&frame)
}

/// A report to embed in a page that has a frame of its own. It begins with its `h1`.
pub fn fragment(view: &View<'_>) -> Markup {
    let released = view.released;
    let place = view.root().map(|root| view.name(root)).filter(|name| *name != view.text(released.place()));
    html! {
        article class="report" {
            div class="cover" {
                p class="period" {
                    (view.text(released.place()))
                    @if let Some(place) = place { ", " (place) }
                    " · " (view.text(released.period()))
                }
                (heading(view))
                p class="lead" { (findings::of_report(view)) }
                p class="asof" {
                    (word(Word::AsOf, view.lang)) " " (date(&released.identity().as_of, view.lang)) ". "
                    (t(view.lang, "Rapport: ", "Report: ")) (texts::report_kind(released.kind(), view.lang)) "."
                }
                @if released.sections().len() > 1 { (contents(view)) }
            }
            @for part in released.sections() { (section(view, part)) }
            (method(view))
        }
    }
}

fn heading(view: &View<'_>) -> Markup {
    let (title, lang) = view.released.title().get_with_lang(view.lang);
    html! { h1 lang=[(lang != view.lang).then_some(lang.tag())] { (title) } }
}

fn contents(view: &View<'_>) -> Markup {
    html! {
        nav class="contents" aria-label=(word(Word::Contents, view.lang)) {
            ul {
                @for part in view.released.sections() {
                    li { a href=(format!("#{}", part.id())) { (view.text(part.title())) } }
                }
                li { a href="#metod" { (word(Word::How, view.lang)) } }
            }
        }
    }
}

fn section(view: &View<'_>, part: &ReleasedSection) -> Markup {
    let finding = findings::of_section(view, part).unwrap_or_else(|| texts::nothing(view.lang).to_owned());
    let base = view.root().and_then(|root| view.released.populations().get(root)?.base);
    html! {
        section id=(part.id()) aria-labelledby=(format!("{}-h", part.id())) {
            h2 id=(format!("{}-h", part.id())) { (view.text(part.title())) }
            p class="finding" { (finding) }
            p class="base" { (texts::base_and_date(part.measure(), base, &view.released.identity().as_of, view.lang)) }
            @match part.measure() {
                Measure::SelfVsDemonstrated => { (crossed(view, part)) }
                _ if part.items().len() == 1 => { (of_units(view, part, 0, &finding)) }
                _ => { (of_items(view, part, &finding)) }
            }
        }
    }
}

/// One chart per group of items for the root, their table, and each item by unit.
fn of_items(view: &View<'_>, part: &ReleasedSection, finding: &str) -> Markup {
    let items: Vec<usize> = (0..part.items().len()).collect();
    let group = |item: &usize| part.items()[*item].group.as_ref();
    html! {
        figure {
            (key(view, part))
            @for (place, items) in items.chunk_by(|a, b| group(a) == group(b)).enumerate() {
                @let heading = group(&items[0]).map(|group| view.text(&group.label));
                @if let Some(heading) = heading { p class="group" { (heading) } }
                @let frame = Frame {
                    id: format!("{}-{place}", part.id()),
                    title: [Some(view.text(part.title())), heading].into_iter().flatten().collect::<Vec<_>>().join(": "),
                    desc: finding.to_owned(),
                };
                (chart(view, part, &frame, &mark_rows(view, part, &item_picks(view, part, items))))
            }
        }
        (table(view, part, view.text(part.title()), texts::item_head(part.measure(), view.lang), &item_picks(view, part, &items)))
        @if view.rows.len() > 1 {
            div class="by-unit" {
                @for item in items { (by_unit(view, part, item)) }
            }
        }
    }
}

fn by_unit(view: &View<'_>, part: &ReleasedSection, item: usize) -> Markup {
    let name = view.item(&part.items()[item]);
    let desc = match view.of_root(part, item).and_then(|shown| n_text(part.measure(), shown, view.lang)) {
        Some(n) => format!("{name}. {}: {n}.", view.root().map_or("", |root| view.name(root))),
        None => name.clone(),
    };
    html! {
        details {
            summary { (name) " " span class="quiet" { (word(Word::PerUnit, view.lang)) } }
            (of_units(view, part, item, &desc))
        }
    }
}

/// One chart with a row for each unit, and its table.
fn of_units(view: &View<'_>, part: &ReleasedSection, item: usize, finding: &str) -> Markup {
    let about = &part.items()[item];
    let title = if part.items().len() == 1 { view.text(part.title()).to_owned() } else { view.item(about) };
    let frame =
        Frame { id: format!("{}-u{item}", part.id()), title: title.clone(), desc: finding.to_owned() };
    let picks: Vec<Pick<'_>> = view
        .rows
        .iter()
        .map(|(place, depth)| Pick {
            label: view.name(*place).to_owned(),
            depth: *depth,
            tree: true,
            target: about.target,
            shown: part.figure(*place, item),
        })
        .collect();
    html! {
        figure {
            (key(view, part))
            (chart(view, part, &frame, &mark_rows(view, part, &picks)))
        }
        (table(view, part, &title, word(Word::Unit, view.lang), &picks))
    }
}

fn crossed(view: &View<'_>, part: &ReleasedSection) -> Markup {
    let items: Vec<usize> = (0..part.items().len()).collect();
    html! {
        p class="quiet" { (word(Word::Cells, view.lang)) }
        (cross_tables(view, part))
        (table(view, part, view.text(part.title()), texts::item_head(part.measure(), view.lang), &item_picks(view, part, &items)))
    }
}

fn item_picks<'a>(view: &View<'a>, part: &'a ReleasedSection, items: &[usize]) -> Vec<Pick<'a>> {
    items
        .iter()
        .map(|item| Pick {
            label: view.item(&part.items()[*item]),
            depth: 0,
            tree: false,
            target: part.items()[*item].target,
            shown: view.of_root(part, *item),
        })
        .collect()
}

fn chart(view: &View<'_>, part: &ReleasedSection, frame: &Frame, rows: &[Row]) -> Markup {
    match part.measure() {
        Measure::Levels { .. } => charts::stack(frame, rows),
        Measure::Likert => charts::diverging(frame, rows),
        _ => charts::bars(frame, rows, view.released.preset().minimum_rate.map(|rate| rate.percent)),
    }
}

/// The names of the colours, in the order in which they stand on the marks.
fn key(view: &View<'_>, part: &ReleasedSection) -> Markup {
    let lang = view.lang;
    let mut entries: Vec<(String, &str)> = Vec::new();
    match part.measure() {
        Measure::Levels { .. } => {
            for (place, category) in part.categories().iter().enumerate() {
                entries.push((
                    crate::rows::level_class(place, part.categories().len()).into(),
                    view.text(&category.label),
                ));
            }
            entries.push(("unknown".into(), word(Word::Unknown, lang)));
            if part.items().iter().any(|item| item.target.is_some()) {
                entries.push(("tick".into(), word(Word::TargetTick, lang)));
            }
        }
        Measure::Likert => {
            let classes = crate::rows::answer_classes(part.categories());
            for role in [Role::Negative, Role::Neutral, Role::Positive, Role::DontKnow] {
                for (category, class) in
                    part.categories().iter().zip(&classes).filter(|(c, _)| c.role == role)
                {
                    entries.push(((*class).into(), view.text(&category.label)));
                }
            }
        }
        _ => {
            if let Some(minimum) = view.released.preset().minimum_rate {
                let limit = crate::number::percent_sign(&minimum.percent.to_string(), lang);
                return html! { p class="key-note" { (t(lang, "Tunn linje: gränsen för redovisning, ", "Thin line: the limit for reporting, ")) (limit) "." } };
            }
            return html! {};
        }
    }
    html! {
        ul class="key" {
            @for (class, label) in entries {
                li { span class=(format!("swatch {class}")) aria-hidden="true" {} (label) }
            }
        }
        p class="key-note" {
            (word(Word::RatesOf, lang))
            @if matches!(part.measure(), Measure::Levels { .. }) {
                (t(lang, " Till höger: antal med känd nivå.", " At the right: number with a known level."))
            }
        }
    }
}
