//! The first sheet of a workbook. What looks like a number has become one there, what begins with `=` is a formula without
//! value, and nothing says whether an empty cell was shown.

use calamine::{Data, Reader as _};
use serde_json::Value as Json;

use super::row::{Cell, broken};
use crate::book;
use crate::refusal::Refusal;
use crate::values::number_text;

/// Largest workbook, in bytes, and most rows: it is read whole.
pub(super) const MAX_BYTES: usize = 16 << 20;
const MAX_ROWS: usize = 200_000;

/// A sheet: headings, and rows with their numbers.
pub(super) type Sheet = (Vec<String>, Vec<(u64, Vec<Cell>)>);

/// Reads a workbook.
pub(super) fn read(bytes: &[u8]) -> Result<Sheet, Refusal> {
    let none = || broken(1, "är ingen arbetsbok i .xlsx eller .ods", "is no workbook in .xlsx or .ods");
    let mut book = book::open(bytes).ok_or_else(none)?;
    let name = book.sheet_names().first().cloned().ok_or_else(none)?;
    let far = || {
        let (sv, en) = (
            format!(
                "bladet når längre än {MAX_ROWS} rader, eller över för många celler; står något långt nere eller långt till höger?"
            ),
            format!(
                "the sheet reaches further than {MAX_ROWS} rows, or over too many cells; does something stand far below or to the right?"
            ),
        );
        broken(1, sv, en)
    };
    if book::reaches_too_far(&mut book, &name, MAX_ROWS) {
        return Err(far());
    }
    let range = book.worksheet_range(&name).map_err(|_| none())?;
    let formulas = book.worksheet_formula(&name).map_err(|_| none())?;
    if range.height() > MAX_ROWS {
        return Err(far());
    }
    let (top, left) = range.start().unwrap_or_default();
    let mut rows = range.rows().enumerate();
    let Some((_, headings)) = rows.next() else { return Err(none()) };
    let headings = headings.iter().map(|cell| text(cell).unwrap_or_default()).collect();
    let read = rows.map(|(at, cells)| {
        let row = top + u32::try_from(at).unwrap_or(u32::MAX);
        let cells = cells.iter().zip(left..).map(|(cell, column)| {
            let formula = formulas.get_value((row, column)).is_some_and(|formula| !formula.is_empty());
            match (text(cell), formula) {
                (_, true) | (None, _) => Cell::Lost,
                (Some(text), _) if text.is_empty() => Cell::Unknown,
                (Some(text), _) => Cell::Answered(Json::String(text)),
            }
        });
        (u64::from(row) + 1, cells.collect())
    });
    let full = |cells: &[Cell]| cells.iter().any(|cell| *cell != Cell::Unknown);
    Ok((headings, read.filter(|(_, cells): &(u64, Vec<Cell>)| full(cells)).collect()))
}

fn text(cell: &Data) -> Option<String> {
    Some(match cell {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) => text.clone(),
        Data::Float(number) => number_text(*number),
        Data::Int(number) => number.to_string(),
        Data::Bool(value) => value.to_string(),
        _ => return None,
    })
}
