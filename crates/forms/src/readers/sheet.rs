//! Workbooks as tables of texts, with the place of each cell.

use calamine::{Data, Reader};

use crate::book;
use crate::refusal::Refusals;

/// Largest workbook, in bytes, and most rows of a sheet.
const MAX_BYTES: usize = 4 << 20;
const MAX_ROWS: usize = 20_000;

/// Whether a cell says yes.
pub(super) fn yes(cell: &str) -> bool {
    matches!(cell.to_lowercase().as_str(), "yes" | "true" | "1" | "ja" | "true()")
}

/// A sheet with a header.
pub(super) struct Sheet {
    pub(super) name: String,
    /// Headings, in lower case where they are not a language.
    pub(super) columns: Vec<String>,
    /// Rows that have anything in them, each with its number as a sheet shows it.
    pub(super) rows: Vec<(usize, Vec<String>)>,
}

impl Sheet {
    /// The place of a cell, as people say it: sheet, row, column.
    pub(super) fn place(&self, row: usize, column: &str) -> String {
        format!("{}, {row}, {column}", self.name)
    }

    /// What stands in a row under a heading.
    pub(super) fn get<'a>(&self, row: &'a [String], column: &str) -> &'a str {
        let at = self.columns.iter().position(|name| name == column);
        at.and_then(|at| row.get(at)).map_or("", String::as_str)
    }

    /// Whatever stands in a row, by heading.
    pub(super) fn cells<'a>(&'a self, row: &'a [String]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let columns = self.columns.iter().map(String::as_str);
        columns.zip(row.iter().map(String::as_str)).filter(|(_, cell)| !cell.is_empty())
    }
}

/// Reads the sheets of an `.xlsx` or `.ods` workbook that are asked for, whatever the case of their names. The first has
/// to be there.
pub(super) fn sheets(bytes: &[u8], wanted: &[&str], refusals: &mut Refusals) -> Vec<Sheet> {
    if bytes.len() > MAX_BYTES {
        refusals.add("", format!("större än {MAX_BYTES} byte"), format!("larger than {MAX_BYTES} bytes"));
        return Vec::new();
    }
    let Some(mut book) = book::open(bytes) else {
        refusals.add("", "är ingen arbetsbok i .xlsx eller .ods", "is no workbook in .xlsx or .ods");
        return Vec::new();
    };
    let mut read = Vec::new();
    let names = book.sheet_names();
    if let Some(first) =
        wanted.first().filter(|first| names.iter().all(|name| name.to_lowercase() != **first))
    {
        let there = names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
        refusals.add(
            first,
            format!("bladet {first} saknas; boken har {there}"),
            format!("the sheet {first} is missing; the workbook has {there}"),
        );
    }
    for name in names {
        if !wanted.contains(&name.to_lowercase().as_str()) {
            continue;
        }
        if book::reaches_too_far(&mut book, &name, MAX_ROWS) {
            too_far(&name, refusals);
            continue;
        }
        match book.worksheet_range(&name) {
            Ok(range) => read.extend(sheet(&name, &range, refusals)),
            Err(_) => {
                refusals.add(&name, "bladet kan inte läsas", "the sheet cannot be read");
            }
        }
    }
    read
}

fn too_far(name: &str, refusals: &mut Refusals) {
    refusals.add(
        name,
        format!("når längre än {MAX_ROWS} rader, eller över för många celler; står något långt nere eller långt till höger?"),
        format!("reaches further than {MAX_ROWS} rows, or over too many cells; does something stand far below or to the right?"),
    );
}

fn sheet(name: &str, range: &calamine::Range<Data>, refusals: &mut Refusals) -> Option<Sheet> {
    if range.height() > MAX_ROWS {
        too_far(name, refusals);
        return None;
    }
    let first = range.start().map_or(0, |(row, _)| row as usize) + 1;
    let mut rows = range.rows().enumerate();
    let (_, header) = rows.next()?;
    let mut sheet = Sheet { name: name.to_lowercase(), columns: Vec::new(), rows: Vec::new() };
    for cell in header {
        let heading = text(cell).unwrap_or_default();
        // A heading is of any case; the language after it is not.
        let heading = match heading.split_once("::") {
            Some((base, language)) => format!("{}::{}", base.trim().to_lowercase(), language.trim()),
            None => heading.to_lowercase(),
        };
        if !heading.is_empty() && sheet.columns.contains(&heading) {
            refusals.add(
                &sheet.place(first, &heading),
                "rubriken står två gånger",
                "the heading is there twice",
            );
        }
        sheet.columns.push(heading);
    }
    for (at, cells) in rows {
        let mut row = Vec::with_capacity(cells.len());
        for (cell, column) in cells.iter().zip(&sheet.columns) {
            row.push(text(cell).unwrap_or_else(|| {
                refusals.add(
                    &sheet.place(first + at, column),
                    "cellen är ett datum eller ett fel; skriv den som text",
                    "the cell is a date or an error; write it as text",
                );
                String::new()
            }));
        }
        let named =
            sheet.columns.iter().zip(&row).any(|(column, cell)| !column.is_empty() && !cell.is_empty());
        if named {
            sheet.rows.push((first + at, row));
        }
    }
    Some(sheet)
}

/// A cell as text, as pyxform reads it: blanks cut and made one, quotes straight, whole numbers without a point.
fn text(cell: &Data) -> Option<String> {
    Some(match cell {
        Data::Empty => String::new(),
        Data::Bool(true) => "TRUE".to_owned(),
        Data::Bool(false) => "FALSE".to_owned(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) => crate::values::number_text(*number),
        // In `.ods` errors are texts.
        Data::String(text) if text.starts_with('#') && text.ends_with(['!', '?']) => return None,
        Data::String(text) => plain(text),
        _ => return None,
    })
}

/// A text as it is read in a cell.
pub(crate) fn plain(text: &str) -> String {
    let straight = text.replace(['\u{2018}', '\u{2019}'], "'").replace(['\u{201c}', '\u{201d}'], "\"");
    straight.lines().map(one_blank).collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn one_blank(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}
