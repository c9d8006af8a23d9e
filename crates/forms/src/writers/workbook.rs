//! Tables into a workbook.

use std::collections::{BTreeMap, BTreeSet};

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, XlsxError};

use crate::definition::Definition;
use crate::text::Localised;

/// Cells by heading.
pub(super) type Row = BTreeMap<String, String>;

/// A sheet.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// Headings without languages, in their order; what no row fills is left out.
    pub(super) columns: &'static [&'static str],
    pub(super) rows: Vec<Row>,
}

/// A language as sheets call it.
pub(super) fn language_name(tag: &str) -> &str {
    match tag {
        "sv" => "Svenska (sv)",
        "en" => "English (en)",
        other => other,
    }
}

/// Fills in a text in all of a definition's languages.
pub(super) fn texts(row: &mut Row, column: &str, text: &Localised, definition: &Definition) {
    for language in &definition.languages {
        let heading = match definition.languages.len() {
            1 => column.to_owned(),
            _ => format!("{column}::{}", language_name(language)),
        };
        row.insert(heading, text.get(language).to_owned());
    }
}

/// Writes tables. The same ones are the same bytes.
pub(super) fn workbook(tables: &[Table], language: &str) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let day = ExcelDateTime::from_ymd(2000, 1, 1)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&day));
    let bold = Format::new().set_bold();
    let cell = Format::new().set_text_wrap().set_align(FormatAlign::Top).set_num_format("@");
    for table in tables {
        let sheet = book.add_worksheet().set_name(table.name)?;
        sheet.set_freeze_panes(1, 0)?;
        let headings = headings(table, language);
        for (at, heading) in (0_u16..).zip(&headings) {
            let texts = ["label", "hint", "description", "source", "heading", "message"];
            let wide = texts.iter().any(|text| heading.contains(text));
            sheet.set_column_width(at, if wide { 48 } else { 18 })?;
            sheet.write_string_with_format(0, at, *heading, &bold)?;
            for (number, row) in (1_u32..).zip(&table.rows) {
                let text = row.get(*heading).map_or("", String::as_str);
                if !text.is_empty() {
                    sheet.write_string_with_format(number, at, text, &cell)?;
                }
            }
        }
    }
    book.save_to_buffer()
}

/// The headings that are filled, the definition's own language first.
fn headings<'a>(table: &'a Table, language: &str) -> Vec<&'a str> {
    let mut headings = Vec::new();
    for column in table.columns {
        let filled = table.rows.iter().flat_map(|row| row.iter().filter(|(_, text)| !text.is_empty()));
        let of_column = filled
            .map(|(heading, _)| heading.as_str())
            .filter(|heading| heading.split("::").next() == Some(column));
        let mut found: Vec<&str> = of_column.collect();
        found.sort_by_key(|heading| (!heading.contains(&format!("({language})")), *heading));
        found.dedup();
        headings.extend(found);
    }
    // Columns that choices are filtered by.
    let rows = table.rows.iter().flat_map(|row| row.iter().filter(|(_, text)| !text.is_empty()));
    let more: BTreeSet<&str> =
        rows.map(|(heading, _)| heading.as_str()).filter(|heading| !headings.contains(heading)).collect();
    headings.extend(more);
    headings
}
