//! A released report as CSV: one table, a row for each place and item of a section, that a spreadsheet opens as it is and
//! a program reads. `docs/reports.md` says what stands where.

use crate::findings::positive;
use crate::number::decimal_mark;
use crate::texts::{self, Word, t, word};
use crate::view::View;
use disclosure::{Lang, Measure, Ratio, Reason, ReleasedSection, Shown};

/// What stands in place of a value that is not shown.
const HIDDEN: &str = "..";
/// What stands in place of a value that there is not, such as the mean of nobody.
const MISSING: &str = ".";
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
    for (section, places) in view.released.sections().iter().zip(&places) {
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
                for (value, place) in values(view, section, shown).into_iter().zip(places) {
                    row[*place] = value.text;
                }
                row.iter().for_each(|value| sheet.value(value));
                sheet.end();
            }
        }
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
    let places = view.released.sections().iter().map(|section| {
        let any = section.figures().first().map(|figure| values(view, section, &figure.shown));
        let place = |value: Value| {
            let column = (value.code, value.name);
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

/// What is to be said of the report itself, by code: with its name, and in words or numbers.
fn about(view: &View<'_>) -> Vec<(&'static str, String, String)> {
    let lang = view.lang;
    let released = view.released;
    let identity = released.identity();
    let row = |code, name: &str, text: &str| (code, name.to_owned(), text.to_owned());
    let mut rows = vec![
        row("title", t(lang, "Rapport", "Report"), view.text(released.title())),
        row("subtitle", t(lang, "Underrubrik", "Subtitle"), view.text(released.subtitle())),
        row("place", t(lang, "Plats", "Place"), view.text(released.place())),
        row("period", t(lang, "Period", "Period"), view.text(released.period())),
        row("as_of", word(Word::AsOf, lang), &identity.as_of),
        row("position", word(Word::Position, lang), &identity.position.to_string()),
        row("horizon", word(Word::Horizon, lang), &identity.horizon.to_string()),
        row("program", word(Word::Program, lang), &identity.program),
        row("definition", word(Word::DefinitionHash, lang), &identity.definition),
        row("rules", word(Word::Rules, lang), view.text(&released.preset().title)),
        row("dated_ahead", word(Word::DatedAhead, lang), &released.dated_ahead().to_string()),
    ];
    let sources = released.sources().iter();
    rows.extend(sources.map(|source| row("source", t(lang, "Källa", "Source"), view.text(source))));
    rows.push(row("sign", HIDDEN, t(lang, "visas inte; kod säger varför", "not shown; code says why")));
    rows.push(row("sign", MISSING, t(lang, "finns inte", "there is none")));
    let preset = released.preset();
    rows.extend(
        [Reason::SmallGroup, Reason::LowRate, Reason::Protected]
            .map(|reason| row("code", reason.code(), &texts::reason(reason, preset.k_summary, preset, lang))),
    );
    rows.retain(|(_, _, text)| !text.is_empty());
    rows
}

/// One value of a figure.
struct Value {
    code: String,
    name: String,
    text: String,
}

/// The values of a figure, the same ones whether shown or hidden, so that hiding moves nothing.
fn values(view: &View<'_>, section: &ReleasedSection, shown: &Shown) -> Vec<Value> {
    let lang = view.lang;
    let percent = |part: u64, of: u64| {
        Ratio::new(part.into(), of.into()).map(|ratio| ratio.round_percent(1).to_plain(decimal_mark(lang)))
    };
    let full = matches!(shown, Shown::Full(_));
    let summary = !matches!(shown, Shown::Hidden(_));
    // Of what may be shown, what is not there is missing.
    let value = |code: &str, name: &str, may: bool, text: Option<String>| Value {
        code: code.into(),
        name: name.into(),
        text: text.unwrap_or_else(|| if may { MISSING } else { HIDDEN }.into()),
    };
    let rate = shown.answered().zip(shown.base()).and_then(|(part, of)| percent(part, of));
    let mut values = Vec::new();
    let counted = |place: usize| shown.counts().and_then(|counts| counts.get(place)).map(u64::to_string);
    let categories = section.categories();
    match section.measure() {
        Measure::Levels { .. } | Measure::Likert => {
            for (place, category) in categories.iter().enumerate() {
                values.push(value(&category.code, view.text(&category.label), full, counted(place)));
            }
        }
        Measure::SelfVsDemonstrated => {
            for place in 0..categories.len() * categories.len() {
                let (own, demonstrated) =
                    (&categories[place / categories.len()], &categories[place % categories.len()]);
                let names = [view.text(&own.label), view.text(&demonstrated.label)].join(" / ");
                let code = format!("{}/{}", own.code, demonstrated.code);
                values.push(value(&code, &names, full, counted(place)));
            }
        }
        Measure::ResponseRate | Measure::Coverage => {}
    }
    if section.measure() == Measure::Likert {
        let positive = positive(section, shown).and_then(|(part, of)| percent(part, of));
        let mean = shown.score().and_then(|score| score.mean());
        let mean = mean.map(|mean| mean.round(2).to_plain(decimal_mark(lang)));
        let name = t(lang, "andel positiva, procent", "share positive, per cent");
        values.push(value("positive", name, summary, positive));
        values.push(value("mean", t(lang, "medelvärde", "mean"), summary, mean));
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
        let text = |place: Option<Ratio>| place.map(|place| end(place).to_plain(decimal_mark(lang)));
        let low = text(interval.map(|interval| interval.low));
        let high = text(interval.map(|interval| interval.high));
        values.push(value("interval_low", t(lang, "95 %-intervall, från", "95% interval, from"), full, low));
        values.push(value("interval_high", t(lang, "95 %-intervall, till", "95% interval, to"), full, high));
    }
    let name = t(lang, "andel av basen, procent", "share of the base, per cent");
    values.push(value("rate", name, summary, rate));
    values
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
