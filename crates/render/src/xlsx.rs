//! A released report as a workbook that people and screen readers find their way in: contents, method, then one sheet
//! with one table for each section (the UK Analysis Function's guidance on accessible spreadsheets).

mod book;
mod names;

use crate::findings;
use crate::method::method;
use crate::number::{date, dates_in};
use crate::outside;
use crate::piece::Piece;
use crate::report;
use crate::texts::{self, Word, t, word};
use crate::values::{Cell, HIDDEN, MISSING, signs, values};
use crate::view::View;
use book::{Book, Held, Sheet};
use disclosure::{Lang, Outside, Reason, ReleasedSection};
use rust_xlsxwriter::XlsxError;

/// Why there is no workbook: a table beyond what a sheet holds, or no room for the files it is put together from.
#[derive(Debug, thiserror::Error)]
#[error("the report cannot be written as a workbook: {0}")]
pub struct WorkbookError(#[from] XlsxError);

/// The report as XLSX. Numbers are numbers, rounded as in CSV: counts exact, shares in per cent with one decimal, means
/// with two. No cell of a table is empty: what is hidden is `..`, what there is not is `.`, and the reason's code stands
/// in a column of its own. The day of the report stands as the day on which the workbook was made, so that the same
/// report gives the same bytes.
///
/// # Errors
/// A section has more rows than a sheet holds, or the system's folder for temporary files cannot be written to.
pub fn xlsx(view: &View<'_>) -> Result<Vec<u8>, WorkbookError> {
    let lang = view.lang;
    let sections: Vec<&ReleasedSection> =
        view.sections().filter(|section| figures(view, section).next().is_some()).collect();
    let contents = t(lang, "Innehåll", "Contents");
    let others = outside::all(view);
    let titles: Vec<String> = [contents, word(Word::How, lang)]
        .into_iter()
        .chain(sections.iter().map(|section| view.text(section.title())))
        .chain((!others.is_empty()).then(|| outside::title(lang)))
        .map(str::to_owned)
        .collect();
    let names = names::sheets(&titles);
    let back = Held::Link { sheet: &names[0], text: t(lang, "Till innehållet", "To the contents") };
    let method = method_rows(view);
    let rows: Vec<usize> = std::iter::once(method.len())
        .chain(sections.iter().map(|section| figures(view, section).count()))
        .chain((!others.is_empty()).then_some(others.len()))
        .collect();

    let (title, _, place) = report::title(view);
    let title = format!("{title}{place}");
    let mut book = Book::new(&title, &view.released.identity().as_of, lang)?;
    let (period, as_of) = (view.text(view.released.period()), &view.released.identity().as_of);
    let lines = [
        view.text(view.released.subtitle()).to_owned(),
        dates_in(period, lang),
        findings::of_report(view),
        if period.contains(as_of) {
            String::new()
        } else {
            format!("{} {}.", word(Word::AsOf, lang), date(as_of, lang))
        },
        t(
            lang,
            "Ett blad beskriver hur siffrorna är framtagna, sedan har varje del av rapporten ett blad med en tabell.",
            "One sheet says how the figures were made; then each part of the report has a sheet with one table.",
        )
        .to_owned(),
    ];
    book.sheet(
        &Sheet {
            name: &names[0],
            table: "contents",
            title: &title,
            lines: lines.into_iter().filter(|line| !line.is_empty()).map(Held::from).collect(),
            heads: [("Blad", "Sheet"), ("Rubrik", "Title"), ("Rader", "Rows")]
                .map(|(sv, en)| t(lang, sv, en).to_owned())
                .to_vec(),
            rows: rows.len(),
        },
        (1..names.len()).map(|at| {
            let link = Held::Link { sheet: &names[at], text: &names[at] };
            vec![link, Held::from(titles[at].as_str()), Held::count(rows[at - 1] as u64)]
        }),
    )?;
    book.sheet(
        &Sheet {
            name: &names[1],
            table: "method",
            title: &titles[1],
            lines: vec![back.clone()],
            heads: vec![t(lang, "Vad", "What").to_owned(), t(lang, "Förklaring", "Explanation").to_owned()],
            rows: method.len(),
        },
        method.into_iter().map(|(what, text)| vec![Held::from(what), Held::from(text)]),
    )?;
    for (section, (name, rows)) in sections.iter().zip(names.iter().skip(2).zip(rows.iter().skip(1))) {
        let title = view.text(section.title());
        let base = view.root().and_then(|root| view.released.populations().get(root)?.base);
        let about = texts::base_and_date(
            section.measure(),
            (base, view.estimate()),
            &view.released.identity().as_of,
            lang,
        );
        book.sheet(
            &Sheet {
                name,
                table: &format!("section_{}", section.id().replace('-', "_")),
                title: &format!("{title}: {}", view.place()),
                lines: vec![Held::from(format!("{about} {}", legend(lang))), back.clone()],
                heads: heads(view, section),
                rows: *rows,
            },
            figures(view, section).map(|figure| row(view, section, figure)),
        )?;
    }
    if let (false, Some(name)) = (others.is_empty(), names.last()) {
        let item = word(Word::Item, lang);
        let heads = [
            format!("{item}, {}", t(lang, "kod", "code")),
            item.to_owned(),
            t(lang, "Enhet, kod", "Unit, code").to_owned(),
            t(lang, "Vems", "Whose").to_owned(),
            t(lang, "Vad", "What").to_owned(),
            t(lang, "Värde", "Value").to_owned(),
            t(lang, "Källa", "Source").to_owned(),
        ];
        let row = |(section, item, figure): &(&ReleasedSection, usize, &Outside)| {
            let about = &section.items()[*item];
            let number = outside::rounded(figure);
            vec![
                Held::from(about.code.clone()),
                Held::from(view.text(&about.label).to_owned()),
                Held::from(figure.unit.clone().unwrap_or_else(|| MISSING.to_owned())),
                Held::from(outside::whose(view, figure)),
                Held::from(outside::kind(figure, lang).to_owned()),
                Held::Number(number.scaled as f64 / 10f64.powi(number.decimals.into()), number.decimals),
                Held::from(outside::source(view, figure)),
            ]
        };
        book.sheet(
            &Sheet {
                name,
                table: outside::OUTSIDE,
                title: outside::title(lang),
                lines: vec![back.clone()],
                heads: heads.to_vec(),
                rows: others.len(),
            },
            others.iter().map(row),
        )?;
    }
    Ok(book.workbook.save_to_buffer()?)
}

/// The places and items of a section that have a figure, in the order of its rows: item by item, down the tree.
fn figures<'a>(view: &'a View<'_>, section: &'a ReleasedSection) -> impl Iterator<Item = (usize, usize)> {
    let of = move |item: usize| view.rows.iter().map(move |(place, _)| (item, *place));
    (0..section.items().len()).flat_map(of).filter(|(item, place)| section.figure(*place, *item).is_some())
}

fn heads(view: &View<'_>, section: &ReleasedSection) -> Vec<String> {
    let lang = view.lang;
    let item = texts::item_head(section.measure(), lang);
    let mut heads = vec![
        format!("{item}, {}", t(lang, "kod", "code")),
        item.to_owned(),
        format!("{}, {}", word(Word::Unit, lang), t(lang, "kod", "code")),
        word(Word::Unit, lang).to_owned(),
        t(lang, "Enhetstyp", "Kind of unit").to_owned(),
        texts::n_head(section.measure(), lang).to_owned(),
        t(lang, "Bas, antal", "Base, number").to_owned(),
        t(lang, "Varför något inte visas, kod", "Why something is not shown, code").to_owned(),
    ];
    if let Some(any) = section.figures().first() {
        let named = values(view, section, (any.population, any.item), &any.shown).into_iter();
        heads.extend(named.map(|value| format!("{} ({})", texts::capital(&value.name), value.code)));
    }
    heads
}

fn row<'a>(view: &View<'a>, section: &'a ReleasedSection, (item, place): (usize, usize)) -> Vec<Held<'a>> {
    let about = &section.items()[item];
    let unit = &view.released.populations()[place];
    let Some(shown) = section.figure(place, item) else { return Vec::new() };
    let number = |number: Option<u64>| number.map_or(Held::Sign(HIDDEN), Held::count);
    let mut row = vec![
        Held::from(about.code.as_str()),
        Held::from(view.text(&about.label)),
        Held::from(unit.code.as_str()),
        Held::from(unit.label.get(view.lang)),
        Held::from(unit.kind.as_str()),
        number(shown.answered()),
        number(shown.base()),
        Held::from(shown.reason().map_or(MISSING, Reason::code)),
    ];
    row.extend(values(view, section, (place, item), shown).into_iter().map(|value| match value.cell {
        Cell::Count(count) => Held::count(count),
        Cell::Decimal(number) => {
            Held::Number(number.scaled as f64 / 10f64.powi(number.decimals.into()), number.decimals)
        }
        Cell::Hidden => Held::Sign(HIDDEN),
        Cell::Missing => Held::Sign(MISSING),
    }));
    row
}

/// What the signs in cells mean, on the sheet that has them.
fn legend(lang: Lang) -> &'static str {
    t(
        lang,
        ".. betyder att värdet inte visas; kolumnen med koden säger varför. En ensam punkt betyder att det inte finns.",
        ".. means that the value is not shown; the column with the code says why. A single dot means that there is none.",
    )
}

/// What the method of a page says, with the signs and codes in words, as a table of two columns.
fn method_rows(view: &View<'_>) -> Vec<(String, String)> {
    let method = method(view, &view.rows);
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut about = method.title;
    for piece in method.body {
        match piece {
            Piece::Heading(heading) => about = heading,
            Piece::Words(_, text) | Piece::Said(text, _) => rows.push((about.clone(), text)),
            Piece::List(texts) => rows.extend(texts.into_iter().map(|text| (about.clone(), text))),
            Piece::Terms(terms) => {
                rows.extend(terms.into_iter().map(|(term, text, _)| (term.to_owned(), text)));
            }
            // A method has words alone.
            _ => {}
        }
    }
    rows.extend(signs(view).into_iter().map(|(sign, text)| (sign.to_owned(), text)));
    rows
}
