//! A report as a document for paper: the same parts as its page, set by `larka-pdf`. Format: `docs/formats/paper.md`.

use crate::assets::{colour, drawing_css};
use crate::findings;
use crate::method::method;
use crate::number::{count, date, dates_in, percent};
use crate::piece::{Block, Piece};
use crate::report::{blocks, title};
use crate::tables::{Cell, Cross, Line, Table};
use crate::texts::{Word, as_table, capital, t, word};
use crate::view::View;
use disclosure::Lang;
use serde_json::{Value, json};

/// Drawings as wide as the text, and those side by side, in pixels: type in both is then of one size.
const WHOLE: u32 = 816;
const HALF: u32 = 388;

/// The report as JSON text. Everything in it is in the language of the view and ready to print; the same report and
/// language give the same bytes.
pub fn paper(view: &View<'_>) -> String {
    let lang = view.lang;
    let released = view.released;
    let identity = released.identity();
    let (title, title_lang, place) = title(view);
    let (subtitle, subtitle_lang) = released.subtitle().get_with_lang(lang);
    let above: Vec<&str> = view.above().into_iter().chain(view.root()).map(|unit| view.name(unit)).collect();
    let setter = Setter { style: drawing_css(), width: WHOLE };
    let document = json!({
        "format": "larka-paper/1",
        "lang": lang.tag(),
        "title": said(title, title_lang, lang),
        "title_place": place,
        "subtitle": said(subtitle, subtitle_lang, lang),
        "place": above.join(" › "),
        "period": dates_in(view.text(released.period()), lang),
        "lead": findings::of_report(view),
        "as_of": format!("{} {}", word(Word::AsOf, lang), date(&identity.as_of, lang)),
        "date": identity.as_of,
        "program": identity.program,
        "words": {
            "contents": word(Word::Contents, lang),
            "page": t(lang, "Sida", "Page"),
            "of": t(lang, "av", "of"),
            "signs": t(lang, "Tecken som saknas i typsnittet", "Characters that the typeface does not have"),
            "signs_note": t(
                lang,
                "I stället för dem står deras kod inom hakparentes. Namnen är Unicodes, på engelska.",
                "Their code stands in their place, in square brackets. The names are Unicode's.",
            ),
        },
        "parts": blocks(view).iter().map(|block| setter.part(block)).collect::<Vec<_>>(),
        "method": setter.part(&method(view, &view.near)),
    });
    let mut out = document.to_string();
    out.push('\n');
    out
}

/// A text, and its language where that is not the document's.
fn said(text: &str, lang: Lang, reader: Lang) -> Value {
    json!({ "text": text, "lang": (lang != reader).then(|| lang.tag()) })
}

/// Sets pieces within a column.
struct Setter {
    style: String,
    /// Of the column's drawings, in pixels.
    width: u32,
}

impl Setter {
    fn part(&self, block: &Block) -> Value {
        json!({ "title": block.title, "pieces": self.pieces(&block.body) })
    }

    fn pieces(&self, pieces: &[Piece]) -> Vec<Value> {
        pieces.iter().map(|piece| self.piece(piece)).collect()
    }

    fn half(&self) -> Setter {
        Setter { style: self.style.clone(), width: HALF }
    }

    fn titled(&self, parts: &[(String, Vec<Piece>)]) -> Vec<Value> {
        parts.iter().map(|(title, pieces)| json!({ "title": title, "pieces": self.pieces(pieces) })).collect()
    }

    fn piece(&self, piece: &Piece) -> Value {
        match piece {
            Piece::Words(role, text) => json!({ "is": role.class(), "text": text, "lang": null }),
            Piece::Said(text, lang) => json!({ "is": "plain", "text": text, "lang": lang.map(Lang::tag) }),
            Piece::Heading(text) => json!({ "is": "heading", "text": text }),
            Piece::Figure(_, pieces) => json!({ "is": "figure", "pieces": self.pieces(pieces) }),
            Piece::Key(entries, note) => json!({
                "is": "key",
                "entries": entries.iter().map(|(class, label)| json!({
                    "sign": class, "colour": colour(class), "label": label,
                })).collect::<Vec<_>>(),
                "note": note,
            }),
            Piece::Drawing(drawing) => json!({
                "is": "drawing",
                "pictures": drawing.0.iter().map(|picture| json!({
                    "alt": picture.alt(), "svg": picture.alone(self.width, &self.style),
                })).collect::<Vec<_>>(),
            }),
            Piece::Pair(columns) => json!({
                "is": "pair",
                "columns": columns.iter().map(|pieces| self.half().pieces(pieces)).collect::<Vec<_>>(),
            }),
            Piece::Multiples(parts) => json!({ "is": "multiples", "parts": self.titled(parts) }),
            Piece::Table(table) => set_table(table, table.captioned.then(|| table.caption.clone())),
            Piece::Closed(table) => set_table(table, Some(as_table(&table.caption, table.lang))),
            Piece::Opening(parts) => json!({ "is": "opening", "parts": self.titled(parts) }),
            Piece::Crosses(tables) => json!({
                "is": "crosses", "tables": tables.iter().map(cross).collect::<Vec<_>>(),
            }),
            Piece::Withheld(why, names) => json!({ "is": "withheld", "text": capital(why), "names": names }),
            Piece::List(entries) => json!({ "is": "list", "entries": entries }),
            Piece::Terms(terms) => json!({
                "is": "terms",
                "entries": terms.iter().map(|(term, text, code)| json!({
                    "term": term, "text": text, "code": code,
                })).collect::<Vec<_>>(),
            }),
        }
    }
}

fn set_table(table: &Table, caption: Option<String>) -> Value {
    let row = |line: &Line| {
        json!({
            "label": line.label,
            "depth": line.depth,
            "cells": line.cells.iter().map(|cell| self::cell(cell, table.lang)).collect::<Vec<_>>(),
        })
    };
    json!({
        "is": "table",
        "summary": table.caption,
        "caption": caption,
        "heads": table.heads,
        "rows": table.lines.iter().map(row).collect::<Vec<_>>(),
        "note": table.note(),
    })
}

fn cell(cell: &Cell, lang: Lang) -> Value {
    match cell {
        Cell::Counted(number, of) => json!({ "text": count(*number), "share": percent(*number, *of, lang) }),
        Cell::Text(text) => json!({ "text": text }),
        Cell::Blank(why, span) => json!({ "why": why, "span": span }),
    }
}

fn cross(table: &Cross) -> Value {
    let row = |(band, cells): (&String, &Vec<(u64, u64)>)| {
        json!({
            "label": band,
            "cells": cells.iter().map(|(number, shade)| json!({ "text": count(*number), "shade": shade })).collect::<Vec<_>>(),
        })
    };
    json!({
        "caption": table.caption,
        "heads": std::iter::once(table.corner).chain(table.bands.iter().map(String::as_str)).collect::<Vec<_>>(),
        "rows": table.bands.iter().zip(&table.rows).map(row).collect::<Vec<_>>(),
    })
}
