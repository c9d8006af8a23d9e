//! The last part of a report: how it was computed, what is not shown, and what it was made from.

use crate::number::{count, date, dates_in};
use crate::outside;
use crate::piece::{Block, Piece, Words};
use crate::texts::{self, Estimate, Word, t, word};
use crate::view::View;
use crate::wording;
use std::collections::BTreeSet;

use disclosure::{Measure, Reason, ReleasedSection, Shown, Text};

/// The method; what is not shown is counted of the figures of `rows`.
pub(crate) fn method(view: &View<'_>, rows: &[(usize, usize)]) -> Block {
    let lang = view.lang;
    let released = view.released;
    let plain = |text: &str| Piece::Words(Words::Plain, text.to_owned());
    let mut measures = Vec::new();
    for part in view.sections() {
        // How a rate of guardians is estimated stands in its note.
        let noted = part.measure() == Measure::ResponseRate && view.estimate() == Estimate::All;
        if !noted && !measures.contains(&part.measure()) {
            measures.push(part.measure());
        }
    }
    let mut body: Vec<Piece> =
        measures.into_iter().map(|measure| plain(wording::method(measure, lang))).collect();
    for (note, of) in notes(view) {
        let whose = if let [one] = of.as_slice() { format!("{one}: ") } else { String::new() };
        body.push(said(view, whose, note));
    }
    body.push(Piece::Words(Words::Plain, texts::dated_ahead(released.dated_ahead(), lang)));
    body.push(plain(word(Word::SortedBy, lang)));
    body.extend(released.sources().iter().map(|source| said(view, String::new(), source)));
    let outside: BTreeSet<String> =
        outside::all(view).into_iter().map(|(_, _, figure)| outside::source(view, figure)).collect();
    let outside = outside.into_iter().map(|source| format!("{}: {source}.", outside::title(lang)));
    body.extend(outside.map(|source| Piece::Words(Words::Plain, source)));
    body.push(Piece::Heading(word(Word::WhatIsHidden, lang).to_owned()));
    body.push(Piece::Words(Words::Plain, texts::rules(released.preset(), lang)));
    let hidden: Vec<String> = view.sections().filter_map(|part| hidden(view, part, rows)).collect();
    if !hidden.is_empty() {
        body.push(Piece::List(hidden));
    }
    body.push(Piece::Heading(t(lang, "Vad rapporten bygger på", "What the report is made from").to_owned()));
    body.push(identity(view));
    body.push(Piece::Words(Words::Quiet, word(Word::ConsistentNote, lang).to_owned()));
    Block { id: "metod".into(), title: word(Word::How, lang).to_owned(), body }
}

/// A paragraph of the data's own, in the language that it has.
fn said(view: &View<'_>, before: String, text: &Text) -> Piece {
    let (text, lang) = text.get_with_lang(view.lang);
    Piece::Said(before + &dates_in(text, lang), (lang != view.lang).then_some(lang))
}

fn identity(view: &View<'_>) -> Piece {
    let (identity, preset) = (view.released.identity(), view.released.preset());
    let term = |name: Word, text: String| (word(name, view.lang), text, name == Word::DefinitionHash);
    Piece::Terms(vec![
        term(Word::AsOf, date(&identity.as_of, view.lang)),
        term(Word::Rules, view.text(&preset.title).to_owned()),
        term(Word::Position, count(identity.position)),
        term(Word::Horizon, count(identity.horizon)),
        term(Word::Program, identity.program.clone()),
        term(Word::DefinitionHash, identity.definition.clone()),
    ])
}

/// The sections' notes, each once, with the titles of the sections that have it.
fn notes<'a>(view: &View<'a>) -> Vec<(&'a Text, Vec<&'a str>)> {
    let mut notes: Vec<(&Text, Vec<&str>)> = Vec::new();
    for part in view.sections() {
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

fn hidden(view: &View<'_>, part: &ReleasedSection, rows: &[(usize, usize)]) -> Option<String> {
    let reasons = [Reason::SmallGroup, Reason::LowRate, Reason::Protected, Reason::Merged];
    let mut by = reasons.map(|reason| (reason, 0));
    let mut all = 0;
    for (place, _) in rows {
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
