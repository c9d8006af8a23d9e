//! The last part of a report: how it was computed, what is not shown, and what it was made from.

use crate::number::{count, date};
use crate::texts::{self, Word, word};
use crate::view::View;
use disclosure::{Reason, ReleasedSection, Shown, Text};
use maud::{Markup, html};

pub(crate) fn method(view: &View<'_>) -> Markup {
    let lang = view.lang;
    let released = view.released;
    let identity = released.identity();
    let mut measures = Vec::new();
    for part in released.sections() {
        if !measures.contains(&part.measure()) {
            measures.push(part.measure());
        }
    }
    let hidden: Vec<String> = released.sections().iter().filter_map(|part| hidden(view, part)).collect();
    html! {
        section id="metod" class="method" aria-labelledby="metod-h" {
            h2 id="metod-h" { (word(Word::How, lang)) }
            @for measure in measures { p { (texts::method(measure, lang)) } }
            @for (note, of) in notes(view) {
                @let (text, text_lang) = note.get_with_lang(lang);
                p lang=[(text_lang != lang).then_some(text_lang.tag())] {
                    @if let [one] = of.as_slice() { (one) ": " }
                    (text)
                }
            }
            p { (texts::dated_ahead(released.dated_ahead(), lang)) }
            p { (word(Word::SortedBy, lang)) }
            @for source in released.sources() {
                @let (text, text_lang) = source.get_with_lang(lang);
                p lang=[(text_lang != lang).then_some(text_lang.tag())] { (text) }
            }
            h3 { (word(Word::WhatIsHidden, lang)) }
            p { (texts::rules(released.preset(), lang)) }
            @if !hidden.is_empty() { ul { @for sentence in &hidden { li { (sentence) } } } }
            h3 { (texts::t(lang, "Vad rapporten bygger på", "What the report is made from")) }
            dl class="identity" {
                dt { (word(Word::AsOf, lang)) } dd { (date(&identity.as_of, lang)) }
                dt { (word(Word::Rules, lang)) } dd { (view.text(&released.preset().title)) }
                dt { (word(Word::Position, lang)) } dd { (count(identity.position)) }
                dt { (word(Word::Horizon, lang)) } dd { (count(identity.horizon)) }
                dt { (word(Word::Program, lang)) } dd { (identity.program) }
                dt { (word(Word::DefinitionHash, lang)) } dd class="hash" { (identity.definition) }
            }
            p class="quiet" { (word(Word::ConsistentNote, lang)) }
        }
    }
}

/// The sections' notes, each once, with the titles of the sections that have it.
fn notes<'a>(view: &View<'a>) -> Vec<(&'a Text, Vec<&'a str>)> {
    let mut notes: Vec<(&Text, Vec<&str>)> = Vec::new();
    for part in view.released.sections() {
        for note in part.notes() {
            let title = part.title().get(view.lang);
            match notes.iter_mut().find(|(known, _)| *known == note) {
                Some((_, of)) => of.push(title),
                None => notes.push((note, vec![title])),
            }
        }
    }
    notes
}

fn hidden(view: &View<'_>, part: &ReleasedSection) -> Option<String> {
    let mut by = [(Reason::SmallGroup, 0), (Reason::LowRate, 0), (Reason::Protected, 0)];
    let mut all = 0;
    for (place, _) in &view.near {
        for shown in (0..part.items().len()).filter_map(|item| part.figure(*place, item)) {
            all += 1;
            if let Shown::Hidden(reason) = shown
                && let Some((_, number)) = by.iter_mut().find(|(known, _)| known == reason)
            {
                *number += 1;
            }
        }
    }
    texts::hidden_sentence(view.text(part.title()), all, &by, view.lang)
}
