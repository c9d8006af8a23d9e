//! A released report as CSV, one line for each value: what spreadsheets open as it is.

use crate::findings::positive;
use crate::number::decimal_mark;
use crate::texts::t;
use crate::view::View;
use disclosure::{Lang, Measure, Ratio, ReleasedSection, Shown};

/// The report as CSV in UTF-8 with a byte order mark and CRLF, `;` between columns and a decimal comma in Swedish,
/// `,` and a decimal point in English.
///
/// A hidden value is `..`, its n and base are empty, and the reason's code stands in a column of its own. Shares are
/// in per cent with one decimal, means have two; counts are exact.
pub fn csv(view: &View<'_>) -> Vec<u8> {
    let lang = view.lang;
    let mut sheet =
        Sheet { separator: if lang == Lang::Sv { ';' } else { ',' }, text: String::from('\u{feff}') };
    sheet.line(&match lang {
        Lang::Sv => [
            "plats",
            "period",
            "avsnitt",
            "fråga_kod",
            "fråga",
            "enhet_kod",
            "enhet",
            "enhetstyp",
            "uppgift",
            "uppgift_namn",
            "värde",
            "n",
            "bas",
            "kod",
            "datum",
            "position",
        ],
        Lang::En => [
            "place",
            "period",
            "section",
            "item_code",
            "item",
            "unit_code",
            "unit",
            "unit_kind",
            "value_code",
            "value_name",
            "value",
            "n",
            "base",
            "code",
            "date",
            "position",
        ],
    });
    for section in view.released.sections() {
        for (item, about) in section.items().iter().enumerate() {
            for (place, _) in &view.rows {
                let Some(unit) = view.released.populations().get(*place) else { continue };
                let Some(shown) = section.figure(*place, item) else { continue };
                let number =
                    |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
                for value in values(view, section, shown) {
                    sheet.line(&[
                        view.text(view.released.place()),
                        view.text(view.released.period()),
                        view.text(section.title()),
                        &about.code,
                        view.text(&about.label),
                        &unit.code,
                        view.text(&unit.label),
                        &unit.kind,
                        &value.code,
                        &value.name,
                        value.text.as_deref().unwrap_or(".."),
                        &number(shown.answered()),
                        &number(shown.base()),
                        if value.text.is_some() {
                            ""
                        } else {
                            shown.reason().map_or("", |reason| reason.code())
                        },
                        &view.released.identity().as_of,
                        &view.released.identity().position.to_string(),
                    ]);
                }
            }
        }
    }
    sheet.text.into_bytes()
}

/// One value of a figure; no text where it is hidden.
struct Value {
    code: String,
    name: String,
    text: Option<String>,
}

/// The values of a figure, the same ones whether shown or hidden, so that hiding moves nothing.
fn values(view: &View<'_>, section: &ReleasedSection, shown: &Shown) -> Vec<Value> {
    let lang = view.lang;
    let percent = |part: u64, of: u64| {
        Ratio::new(part.into(), of.into()).map(|ratio| ratio.round_percent(1).to_text(decimal_mark(lang)))
    };
    let value = |code: &str, name: &str, text| Value { code: code.into(), name: name.into(), text };
    let rate = shown.answered().zip(shown.base()).and_then(|(part, of)| percent(part, of));
    let mut values = Vec::new();
    let counted = |place: usize| shown.counts().and_then(|counts| counts.get(place)).map(u64::to_string);
    let categories = section.categories();
    match section.measure() {
        Measure::Levels { .. } | Measure::Likert => {
            for (place, category) in categories.iter().enumerate() {
                values.push(value(&category.code, view.text(&category.label), counted(place)));
            }
        }
        Measure::SelfVsDemonstrated => {
            for place in 0..categories.len() * categories.len() {
                let (own, demonstrated) =
                    (&categories[place / categories.len()], &categories[place % categories.len()]);
                let names = [view.text(&own.label), view.text(&demonstrated.label)].join(" / ");
                values.push(value(&format!("{}/{}", own.code, demonstrated.code), &names, counted(place)));
            }
        }
        Measure::ResponseRate | Measure::Coverage => {}
    }
    if section.measure() == Measure::Likert {
        let positive = positive(section, shown).and_then(|(part, of)| percent(part, of));
        let mean = shown.score().and_then(|score| score.mean());
        let mean = mean.map(|mean| mean.round(2).to_text(decimal_mark(lang)));
        values.push(value(
            "positive",
            t(lang, "andel positiva, procent", "share positive, per cent"),
            positive,
        ));
        values.push(value("mean", t(lang, "medelvärde", "mean"), mean));
    }
    if section
        .figures()
        .iter()
        .any(|figure| matches!(&figure.shown, Shown::Full(full) if full.interval.is_some()))
    {
        let interval = match shown {
            Shown::Full(full) => full.interval,
            _ => None,
        };
        let of_mean = shown.positive().is_none() && shown.score().is_some();
        let end = |end: Ratio| if of_mean { end.round(2) } else { end.round_percent(1) };
        let text = |place: Option<Ratio>| place.map(|place| end(place).to_text(decimal_mark(lang)));
        let low = text(interval.map(|interval| interval.low));
        let high = text(interval.map(|interval| interval.high));
        values.push(value("interval_low", t(lang, "95 %-intervall, från", "95% interval, from"), low));
        values.push(value("interval_high", t(lang, "95 %-intervall, till", "95% interval, to"), high));
    }
    values.push(value("rate", t(lang, "andel av basen, procent", "share of the base, per cent"), rate));
    values
}

struct Sheet {
    separator: char,
    text: String,
}

impl Sheet {
    fn line(&mut self, cells: &[&str]) {
        for (place, cell) in cells.iter().enumerate() {
            if place > 0 {
                self.text.push(self.separator);
            }
            self.cell(cell);
        }
        self.text.push_str("\r\n");
    }

    fn cell(&mut self, cell: &str) {
        // A name that begins like a formula would be run by a spreadsheet.
        let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let quoted = formula || cell.contains([self.separator, '"', '\n', '\r']);
        if !quoted {
            self.text.push_str(cell);
            return;
        }
        self.text.push('"');
        if formula {
            self.text.push('\'');
        }
        self.text.push_str(&cell.replace('"', "\"\""));
        self.text.push('"');
    }
}
