//! A released report as CSV: one table, a row for each place and item of a section, that a spreadsheet opens as it is and
//! a program reads. `docs/reports.md` says what stands where.

use crate::number::decimal_mark;
use crate::outside;
use crate::texts::t;
use crate::values::{Cell, HIDDEN, MISSING, Value, about, values};
use crate::view::View;
use disclosure::{Lang, Reason};

/// The section of the rows that are about the report itself.
const ABOUT: &str = "about";

/// The report as CSV in UTF-8 with a byte order mark and CRLF, `;` between columns and a decimal comma in Swedish,
/// `,` and a decimal point in English. Every line has as many cells as the first.
///
/// A column for each category or figure that any section has, empty in the rows of others; the last rows say what the
/// report was made from. Of what is hidden every value is `..`, n and base are empty, and the reason's code stands in a
/// column of its own. Shares are in per cent with one decimal, means have two; counts are exact. A text that a spreadsheet
/// would run, or that begins with `'`, has a `'` before it, and is whole again without that one character.
pub fn csv(view: &View<'_>) -> Vec<u8> {
    let lang = view.lang;
    let (columns, places) = columns(view);
    let mut sheet =
        Sheet { separator: if lang == Lang::Sv { ';' } else { ',' }, text: String::from('\u{feff}') };
    let head = match lang {
        Lang::Sv => [
            "avsnitt_kod",
            "avsnitt",
            "fråga_kod",
            "fråga",
            "enhet_kod",
            "enhet",
            "enhetstyp",
            "n",
            "bas",
            "kod",
            "text",
        ],
        Lang::En => [
            "section_code",
            "section",
            "item_code",
            "item",
            "unit_code",
            "unit",
            "unit_kind",
            "n",
            "base",
            "code",
            "text",
        ],
    };
    head.iter().for_each(|name| sheet.text(name));
    columns.iter().for_each(|(code, name)| sheet.text(&format!("{name} ({code})")));
    sheet.end();
    for (section, places) in view.sections().zip(&places) {
        for (item, about) in section.items().iter().enumerate() {
            for (place, _) in &view.rows {
                let Some(unit) = view.released.populations().get(*place) else { continue };
                let Some(shown) = section.figure(*place, item) else { continue };
                let number = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
                for text in [
                    section.id(),
                    view.text(section.title()),
                    &about.code,
                    view.text(&about.label),
                    &unit.code,
                    view.text(&unit.label),
                    &unit.kind,
                ] {
                    sheet.text(text);
                }
                sheet.value(&number(shown.answered()));
                sheet.value(&number(shown.base()));
                sheet.value(shown.reason().map_or("", Reason::code));
                sheet.value("");
                let mut row = vec![String::new(); columns.len()];
                for (value, column) in values(view, section, (*place, item), shown).into_iter().zip(places) {
                    row[*column] = plain(&value.cell, lang);
                }
                row.iter().for_each(|value| sheet.value(value));
                sheet.end();
            }
        }
    }
    for (section, item, figure) in outside::all(view) {
        let about = &section.items()[item];
        let unit = figure.unit.as_deref().unwrap_or_default();
        let label = view.text(&about.label);
        for text in [outside::OUTSIDE, outside::title(lang), &about.code, label, unit, "", "", "", "", ""] {
            sheet.text(text);
        }
        sheet.text(&format!("{}; {}", outside::whose(view, figure), outside::source(view, figure)));
        for (code, _) in &columns {
            let number = Cell::Decimal(outside::rounded(figure));
            sheet.value(&if code == figure.kind.code() { plain(&number, lang) } else { String::new() });
        }
        sheet.end();
    }
    for (code, name, text) in about(view) {
        for text in [ABOUT, t(lang, "Om rapporten", "About the report"), code, &name, "", "", "", "", "", ""]
        {
            sheet.text(text);
        }
        sheet.text(&text);
        columns.iter().for_each(|_| sheet.value(""));
        sheet.end();
    }
    sheet.text.into_bytes()
}

/// Code and name of every column of values, in the order in which the sections have them; and for each section which of
/// them its values stand in.
fn columns(view: &View<'_>) -> (Vec<(String, String)>, Vec<Vec<usize>>) {
    let mut columns: Vec<(String, String)> = Vec::new();
    let places = view.sections().map(|section| {
        let any = section
            .figures()
            .first()
            .map(|figure| values(view, section, (figure.population, figure.item), &figure.shown));
        let place = |value: Value<'_>| {
            let column = (value.code.into_owned(), value.name.into_owned());
            columns.iter().position(|known| *known == column).unwrap_or_else(|| {
                columns.push(column);
                columns.len() - 1
            })
        };
        any.unwrap_or_default().into_iter().map(place).collect()
    });
    let places = places.collect();
    (columns, places)
}

/// A value as a text that is read as a number.
fn plain(cell: &Cell, lang: Lang) -> String {
    match cell {
        Cell::Count(number) => number.to_string(),
        Cell::Decimal(number) => number.to_plain(decimal_mark(lang)),
        Cell::Hidden => HIDDEN.to_owned(),
        Cell::Missing => MISSING.to_owned(),
    }
}

struct Sheet {
    separator: char,
    text: String,
}

impl Sheet {
    /// What cannot be mistaken: a number, negative or not, a code of this program's or a sign.
    fn value(&mut self, value: &str) {
        self.text.push_str(value);
        self.text.push(self.separator);
    }

    /// A text that somebody wrote.
    fn text(&mut self, text: &str) {
        let text = inert(text);
        // Either separator is taken care of: which one a spreadsheet goes by is a setting of its own.
        let quoted = text.contains(['"', ';', ',', '\t', '\n', '\r'])
            || text.starts_with(char::is_whitespace)
            || text.ends_with(char::is_whitespace);
        if quoted {
            self.value(&format!("\"{}\"", text.replace('"', "\"\"")));
        } else {
            self.value(&text);
        }
    }

    fn end(&mut self) {
        self.text.pop();
        self.text.push_str("\r\n");
    }
}

/// A text that no spreadsheet runs: with a `'` before what begins like a formula. What begins with `'` gets another, so
/// that whoever takes one away has the text as it was.
fn inert(text: &str) -> String {
    const RUN: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠', '\''];
    if text.starts_with(RUN) { format!("'{text}") } else { text.to_owned() }
}
