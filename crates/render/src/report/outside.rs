//! The part of a report that has other people's figures beside its own.

use crate::number::{decimal_mark, mean, percent_sign};
use crate::outside;
use crate::piece::{Block, Piece, Words};
use crate::tables::{Cell, Line, Table};
use crate::texts::{Word, t, word};
use crate::view::View;
use disclosure::{Lang, Outside, OutsideKind, ReleasedSection, Shown};

/// The part of a report that has them; none where there are none.
pub(super) fn block(view: &View<'_>) -> Option<Block> {
    let lang = view.lang;
    let all = outside::all(view);
    let heads = [
        word(Word::Item, lang),
        t(lang, "Vems", "Whose"),
        t(lang, "Vad", "What"),
        t(lang, "Utifrån", "From outside"),
        t(lang, "Vår egen", "Our own"),
        t(lang, "Källa", "Source"),
    ];
    let line = |(section, item, figure): &(&ReleasedSection, usize, &Outside)| {
        let place = match &figure.unit {
            None => view.root(),
            Some(unit) => view.released.populations().iter().position(|place| place.code == *unit),
        };
        let unit = figure.unit.as_ref().and(place).map(|place| format!("{}, ", view.name(place)));
        let own = place.and_then(|place| own(section.figure(place, *item)?, figure.kind, lang));
        Line {
            label: view.item(&section.items()[*item]),
            href: None,
            depth: None,
            cells: vec![
                Cell::Text(format!("{}{}", unit.unwrap_or_default(), outside::whose(view, figure))),
                Cell::Text(outside::kind(figure, lang).to_owned()),
                Cell::Text(said(figure, lang)),
                Cell::Text(own.unwrap_or_else(|| "\u{2013}".to_owned())),
                Cell::Text(outside::source(view, figure)),
            ],
        }
    };
    let lines: Vec<Line> = all.iter().map(line).collect();
    let table = Table {
        lang,
        caption: outside::title(lang).to_owned(),
        captioned: false,
        of_one: false,
        heads: heads.map(str::to_owned).to_vec(),
        lines,
    };
    let note = t(
        lang,
        "Siffrorna är andras och ingår inte i någon av våra. Andra kan ha frågat andra, vid en annan tid och på ett annat sätt. Linjer i \
         diagrammen visar var andelen positiva svar hade slutat, om den vore som utifrån.",
        "The figures are other people's and part of none of ours. Others may have asked others, at another time and in another \
         way. Lines in the drawings show where the share of positive answers would end if it were as outside.",
    );
    (!all.is_empty()).then(|| Block {
        id: outside::OUTSIDE.to_owned(),
        title: outside::title(lang).to_owned(),
        body: vec![Piece::Words(Words::Note, note.to_owned()), Piece::Table(table)],
    })
}

fn said(figure: &Outside, lang: Lang) -> String {
    let number = outside::rounded(figure).to_text(decimal_mark(lang));
    match figure.kind {
        OutsideKind::Positive => percent_sign(&number, lang),
        OutsideKind::Mean => number,
    }
}

fn own(shown: &Shown, kind: OutsideKind, lang: Lang) -> Option<String> {
    match kind {
        OutsideKind::Positive => {
            let share = shown.positive()?.ratio()?.round_percent(0).to_text(decimal_mark(lang));
            Some(percent_sign(&share, lang))
        }
        OutsideKind::Mean => {
            let score = shown.score()?;
            Some(mean(score.mean()?, score.n, lang))
        }
    }
}
