//! A released report as a page: for each part the finding, the chart, the table, and at the end how it was made.

mod competence;
mod outside;
mod parts;
mod questions;
mod training;

use crate::components::empty_state;
use crate::findings;
use crate::method::method;
use crate::number::{date, dates_in};
use crate::page::{PageFrame, Stylesheet, page};
use crate::piece::Block;
use crate::sentences;
use crate::texts::{self, Word, word};
use crate::view::View;
use disclosure::{Lang, Measure, ReportKind};
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
    let lang = view.lang;
    let released = view.released;
    let blocks = blocks(view);
    let method = method(view, &view.near);
    html! {
        article class="report" {
            div class="cover" {
                p class="period" {
                    @for above in view.above() {
                        @if let Some(href) = view.href(above) { a href=(href) { (view.name(above)) } } @else { (view.name(above)) }
                        " › "
                    }
                    (view.place()) " · "
                    (dates_in(view.text(released.period()), lang))
                }
                (heading(view))
                @let (subtitle, subtitle_lang) = released.subtitle().get_with_lang(lang);
                @if !subtitle.is_empty() {
                    p class="subtitle" lang=[(subtitle_lang != lang).then_some(subtitle_lang.tag())] { (subtitle) }
                }
                p class="lead" { (findings::of_report(view)) }
                @if !view.text(released.period()).contains(&released.identity().as_of) {
                    p class="asof" { (word(Word::AsOf, lang)) " " (date(&released.identity().as_of, lang)) "." }
                }
                @if blocks.len() > 1 { (contents(view, blocks.iter().chain([&method]))) }
            }
            @if blocks.is_empty() {
                @let to_do = if view.is_in_the_box() { sentences::in_the_box_to_do(lang) } else { sentences::nothing_to_do(lang) };
                (empty_state(sentences::nothing_heading(lang), to_do, None))
            }
            @for block in &blocks { (section(block, None)) }
            (section(&method, Some("method")))
        }
    }
}

/// The parts of a report in their order, without its method.
pub(crate) fn blocks(view: &View<'_>) -> Vec<Block> {
    match view.released.kind() {
        // Changes are read part by part, whatever of.
        ReportKind::Competence if view.sections().any(|part| part.measure() != Measure::Change) => {
            competence::blocks(view)
        }
        _ => questions::blocks(view).into_iter().chain(outside::block(view)).collect(),
    }
}

fn section(block: &Block, class: Option<&str>) -> Markup {
    let heading = format!("{}-h", block.id);
    html! {
        section id=(block.id) class=[class] aria-labelledby=(heading) {
            h2 id=(heading) { (block.title) }
            @for piece in &block.body { (piece) }
        }
    }
}

/// A report's point in a sentence or two.
pub fn finding(view: &View<'_>) -> String {
    findings::of_report(view)
}

/// What an overview shows of a competence report: its areas for the place, in one chart with its table.
pub fn glimpse(view: &View<'_>) -> Markup {
    competence::glimpse(view)
}

/// What the report is, in its language, and of which place.
pub(crate) fn title<'a>(view: &View<'a>) -> (&'a str, Lang, String) {
    let (title, lang) = view.released.title().get_with_lang(view.lang);
    let place =
        match (view.released.kind(), view.root().and_then(|root| view.released.populations().get(root))) {
            (ReportKind::Competence, Some(root)) => {
                format!(" {}", texts::in_place(view.place(), &root.kind, view.lang))
            }
            (_, Some(root)) if root.parent.is_some() => format!(": {}", view.place()),
            _ => String::new(),
        };
    (title, lang, place)
}

fn heading(view: &View<'_>) -> Markup {
    let (title, lang, place) = title(view);
    html! {
        h1 {
            @if lang == view.lang { (title) } @else { span lang=(lang.tag()) { (title) } }
            (place)
        }
    }
}

fn contents<'a>(view: &View<'_>, blocks: impl Iterator<Item = &'a Block>) -> Markup {
    html! {
        nav class="contents" aria-label=(word(Word::Contents, view.lang)) {
            ul { @for block in blocks { li { a href=(format!("#{}", block.id)) { (block.title) } } } }
        }
    }
}
