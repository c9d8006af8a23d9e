//! Workbooks. How far a sheet reaches is looked at before it is held: all between its first cell and its last is.

use std::io::Cursor;

use calamine::{DataRef, Sheets};

/// Most cells between a sheet's first and last.
const MOST_CELLS: usize = 8 << 20;

/// A workbook in memory.
pub(crate) type Book<'a> = Sheets<Cursor<&'a [u8]>>;

/// Opens a workbook in `.xlsx` or `.ods`; none where it is none.
pub(crate) fn open(bytes: &[u8]) -> Option<Book<'_>> {
    let book = calamine::open_workbook_auto_from_rs(Cursor::new(bytes)).ok()?;
    matches!(book, Sheets::Xlsx(_) | Sheets::Ods(_)).then_some(book)
}

/// Whether a sheet reaches over more rows than these, or over too many cells: a single one far below does.
pub(crate) fn reaches_too_far(book: &mut Book<'_>, name: &str, most_rows: usize) -> bool {
    let Sheets::Xlsx(book) = book else { return false };
    let Ok(mut cells) = book.worksheet_cells_reader(name) else { return false };
    let (mut rows, mut columns) = (0_usize, 0_usize);
    // What is broken is told of by who reads it.
    while let Ok(Some(cell)) = cells.next_cell_with_formula() {
        if cell.value == DataRef::Empty && cell.formula.is_none() {
            continue;
        }
        rows = rows.max(cell.pos.0 as usize + 1);
        columns = columns.max(cell.pos.1 as usize + 1);
        if rows > most_rows || rows.saturating_mul(columns) > MOST_CELLS {
            return true;
        }
    }
    false
}
