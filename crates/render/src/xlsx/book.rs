//! A workbook as it is put together: sheets of one table, written row by row.

use super::names::{self, cut};
use disclosure::Lang;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Table, TableColumn, TableStyle, Url,
    Workbook, Worksheet, XlsxError,
};
use std::borrow::Cow;

/// A cell's text has at most so many UTF-16 units.
const LONGEST: usize = 32_767;
/// The widest column, in characters; what is longer breaks.
const WIDEST: usize = 70;
/// The narrowest.
const NARROWEST: usize = 9;
/// How high a line is, and at most a row, in points.
const LINE: f64 = 15.0;
const HIGHEST: f64 = 409.0;
/// A4, as a workbook calls it.
const A4: u8 = 9;

/// What stands in a cell.
#[derive(Clone)]
pub(super) enum Held<'a> {
    Text(Cow<'a, str>),
    /// In place of a number.
    Sign(&'static str),
    /// With so many decimals.
    Number(f64, u8),
    /// To another sheet.
    Link {
        sheet: &'a str,
        text: &'a str,
    },
}

impl Held<'_> {
    pub(super) fn count(number: u64) -> Self {
        Self::Number(number as f64, 0)
    }
}

impl<'a> From<&'a str> for Held<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Held<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

/// What a column's format is for.
#[derive(Clone, Copy)]
enum Usual {
    Text,
    /// With so many decimals.
    Number(u8),
}

/// A sheet with its one table.
pub(super) struct Sheet<'a> {
    pub(super) name: &'a str,
    /// The table's name.
    pub(super) table: &'a str,
    pub(super) title: &'a str,
    /// What stands between the title and the table, a row each.
    pub(super) lines: Vec<Held<'a>>,
    pub(super) heads: Vec<String>,
    /// How many rows the table has below its heads.
    pub(super) rows: usize,
}

/// A workbook and how its cells look.
pub(super) struct Book {
    pub(super) workbook: Workbook,
    title: Format,
    head: Format,
    text: Format,
    sign: Format,
    /// By decimals.
    numbers: [Format; 3],
}

impl Book {
    pub(super) fn new(title: &str, day: &str, lang: Lang) -> Result<Book, XlsxError> {
        let mut workbook = Workbook::new();
        let properties = DocProperties::new()
            .set_title(title)
            .set_creation_datetime(&ExcelDateTime::parse_from_str(day)?)
            .set_custom_property("Language", lang.tag());
        workbook.set_properties(&properties);
        let top = Format::new().set_align(FormatAlign::Top);
        // A Swedish Excel shows these with no-break spaces and a decimal comma.
        let right = top.clone().set_align(FormatAlign::Right).set_indent(1);
        let numbers = ["#,##0", "#,##0.0", "#,##0.00"].map(|format| right.clone().set_num_format(format));
        Ok(Book {
            workbook,
            title: Format::new().set_bold().set_font_size(14),
            head: Format::new()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Bottom)
                .set_border_bottom(FormatBorder::Medium),
            text: top.set_text_wrap(),
            sign: right,
            numbers,
        })
    }

    /// Writes a sheet from the top, row by row: what was written is no longer held in memory.
    pub(super) fn sheet<'a>(
        &mut self,
        sheet: &Sheet<'_>,
        rows: impl Iterator<Item = Vec<Held<'a>>>,
    ) -> Result<(), XlsxError> {
        let heads = names::heads(sheet.heads.clone());
        let page = self.workbook.add_worksheet_with_low_memory()?;
        page.set_name(sheet.name)?;
        page.set_paper_size(A4).set_landscape().set_print_fit_to_pages(1, 0);
        page.write_string_with_format(0, 0, clean(sheet.title), &self.title)?;
        for (row, line) in (1..).zip(&sheet.lines) {
            match line {
                Held::Text(text) => page.write_string(row, 0, clean(text))?,
                Held::Link { sheet, text } => link(page, row, 0, sheet, text)?,
                Held::Sign(_) | Held::Number(..) => page,
            };
        }
        let head = 1 + sheet.lines.len() as u32;
        let columns: Vec<TableColumn> = heads
            .iter()
            .map(|head| TableColumn::new().set_header(head).set_header_format(&self.head))
            .collect();
        let table = Table::new()
            .set_name(sheet.table)
            .set_alt_text(sheet.title)
            .set_columns(&columns)
            .set_style(TableStyle::None);
        let (last, right) = (head + sheet.rows as u32, heads.len() as u16 - 1);
        page.add_table(head, 0, last, right, &table)?;
        // Not every program makes room for what breaks by itself.
        let mut widths: Vec<usize> =
            heads.iter().map(|head| (longest_word(head) + 3).clamp(NARROWEST, WIDEST)).collect();
        let lines = heads.iter().zip(&widths).map(|(head, width)| head.chars().count() / (width - 2) + 1);
        page.set_row_height(head, LINE * lines.max().unwrap_or(1) as f64)?;
        // What most cells of a column are is said once for the column: the library looks each cell's format up by all that is in it.
        let mut usual: Vec<Option<Usual>> = vec![None; heads.len()];
        for (row, cells) in (head + 1..).zip(rows) {
            let mut lines = 1;
            for (((column, held), width), usual) in (0..).zip(cells).zip(&mut widths).zip(&mut usual) {
                match held {
                    Held::Text(text) => {
                        let length = text.chars().count() + 1;
                        *width = (*width).max(length);
                        if usual.is_none() {
                            page.set_column_format(column, &self.text)?;
                        }
                        match *usual.get_or_insert(Usual::Text) {
                            Usual::Text => page.write_string(row, column, clean(&text))?,
                            _ => page.write_string_with_format(row, column, clean(&text), &self.text)?,
                        };
                        if length > WIDEST {
                            lines = lines.max(length / (WIDEST - 5) + 1);
                        }
                    }
                    Held::Sign(sign) => {
                        page.write_string_with_format(row, column, sign, &self.sign)?;
                    }
                    Held::Number(number, decimals) => {
                        let format = &self.numbers[usize::from(decimals).min(self.numbers.len() - 1)];
                        if usual.is_none() {
                            page.set_column_format(column, format)?;
                        }
                        match *usual.get_or_insert(Usual::Number(decimals)) {
                            Usual::Number(usual) if usual == decimals => {
                                page.write_number(row, column, number)?
                            }
                            _ => page.write_number_with_format(row, column, number, format)?,
                        };
                    }
                    Held::Link { sheet, text } => {
                        *width = (*width).max(text.chars().count() + 1);
                        link(page, row, column, sheet, text)?;
                    }
                }
            }
            if lines > 1 {
                page.set_row_height(row, (LINE * lines as f64).min(HIGHEST))?;
            }
        }
        for (column, width) in (0..).zip(widths) {
            page.set_column_width(column, width.clamp(NARROWEST, WIDEST) as f64)?;
        }
        page.set_freeze_panes(head + 1, 0)?;
        page.set_repeat_rows(head, head)?;
        Ok(())
    }
}

fn link<'w>(
    page: &'w mut Worksheet,
    row: u32,
    column: u16,
    sheet: &str,
    text: &str,
) -> Result<&'w mut Worksheet, XlsxError> {
    page.write_url(row, column, Url::new(format!("internal:'{sheet}'!A1")).set_text(text))
}

/// A text as a cell holds it: its lines end as a workbook has them, and it is not too long.
fn clean(text: &str) -> Cow<'_, str> {
    let text = if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n").into()
    } else {
        Cow::Borrowed(text)
    };
    let kept = cut(&text, LONGEST).len();
    if kept == text.len() { text } else { format!("{}…", cut(&text, LONGEST - 1)).into() }
}

/// How wide a head is that breaks between its words.
fn longest_word(head: &str) -> usize {
    head.split(' ').map(|word| word.chars().count()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_where_a_cell_ends_and_its_lines_end_as_they_do_there() {
        assert_eq!(clean("en\r\ntvå\rtre\nfyra"), "en\ntvå\ntre\nfyra");
        let (fits, long) = ("å".repeat(LONGEST), "🦜".repeat(LONGEST));
        assert_eq!(clean(&fits), fits);
        let kept = clean(&long);
        assert!(kept.encode_utf16().count() <= LONGEST && kept.ends_with("🦜…"));
    }
}
