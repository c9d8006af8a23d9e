//! Rows of fields: comma-separated values with the difference between nothing and an empty text, and LimeSurvey's VV.

use serde_json::Value as Json;

use super::lines::{LONGEST, Lines, text, too_long, unknown};
use super::row::{Cell, broken};
use crate::refusal::Refusal;

/// How many lines may stand before VV's heading of codes.
const BEFORE_VV: usize = 10;

/// How fields are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    /// Quoted where need be, with this between them.
    Separated(u8),
    /// VV: tabs between, and what would be taken for something else in braces.
    Vv,
}

/// A table's rows.
pub(super) struct Table {
    lines: Lines,
    pub(super) writing: Writing,
    /// Headings as they stand.
    pub(super) headings: Vec<String>,
    /// What an empty field without quotes says: LimeSurvey quotes all that was there, other programs do not.
    bare: Cell,
}

/// A field, and whether it stood in quotes.
type Field = (String, bool);

impl Table {
    /// Reads the headings.
    pub(super) fn open(lines: Lines) -> Result<Table, Refusal> {
        let mut table = Table { lines, writing: Writing::Vv, headings: Vec::new(), bare: Cell::NotShown };
        for further in 0..BEFORE_VV {
            let Some(line) = table.lines.peek(further)? else { break };
            if line.starts_with(b"id\t") {
                for _ in 0..further {
                    table.lines.next()?;
                }
                let row = table.lines.line;
                let line = text(row, table.lines.next()?.unwrap_or_default())?;
                table.headings = line.trim_end_matches(['\r', '\n']).split('\t').map(str::to_owned).collect();
                // A table with tabs whose headings stand in the first line.
                if further == 0 {
                    table.writing = Writing::Separated(b'\t');
                    table.bare = Cell::Unknown;
                }
                return Ok(table);
            }
        }
        let between = separator(table.lines.peek(0)?.unwrap_or_default()).ok_or_else(unknown)?;
        table.writing = Writing::Separated(between);
        let Some((_, headings)) = table.fields(between)? else { return Err(unknown()) };
        if !headings.iter().all(|(_, quoted)| *quoted) {
            table.bare = Cell::Unknown;
        }
        table.headings = headings.into_iter().map(|(heading, _)| heading).collect();
        Ok(table)
    }

    /// The next row: its line and its cells. Blank lines are none.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Vec<Cell>)>, Refusal> {
        let read = match self.writing {
            Writing::Vv => self.of_vv()?,
            Writing::Separated(between) => {
                let bare = self.bare.clone();
                let masked = between != b';' && bare == Cell::NotShown;
                let cell = |(field, quoted): Field| match (field.is_empty(), quoted) {
                    (true, true) => Cell::Skipped,
                    (true, false) => bare.clone(),
                    (false, _) => Cell::Answered(Json::String(if masked { unmasked(field) } else { field })),
                };
                self.fields(between)?.map(|(row, fields)| (row, fields.into_iter().map(cell).collect()))
            }
        };
        let Some((row, cells)) = read else { return Ok(None) };
        let cells: Vec<Cell> = cells;
        let (found, wanted) = (cells.len(), self.headings.len());
        if found != wanted {
            return Err(broken(
                row,
                format!(
                    "raden har {found} fält och rubriken {wanted}: filen är avbruten, ändrad eller har fel skiljetecken"
                ),
                format!(
                    "the row has {found} fields and the heading {wanted}: the file is cut off, changed, or has another separator"
                ),
            ));
        }
        Ok(Some((row, cells)))
    }

    /// Fields of a row that may go over several lines.
    fn fields(&mut self, between: u8) -> Result<Option<(u64, Vec<Field>)>, Refusal> {
        loop {
            let row = self.lines.line;
            let (mut bytes, mut open) = (Vec::new(), false);
            loop {
                let Some(line) = self.lines.next()? else {
                    if open {
                        return Err(broken(
                            row,
                            "filen slutar inne i ett fält: den är avbruten, eller ett citattecken fattas",
                            "the file ends inside a field: it is cut off, or a quotation mark is missing",
                        ));
                    }
                    return Ok(None);
                };
                open ^= line.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
                bytes.extend(line);
                if !open {
                    break;
                }
                if bytes.len() > LONGEST {
                    return Err(too_long(row));
                }
            }
            let text = text(row, bytes)?;
            let text = text.strip_suffix('\n').unwrap_or(&text);
            let text = text.strip_suffix('\r').unwrap_or(text);
            if text.trim().is_empty() {
                continue;
            }
            let fields = separated(text, between as char).ok_or_else(|| {
                broken(
                    row,
                    "ett citattecken står mitt i ett fält: filen är ändrad eller har fel skiljetecken",
                    "a quotation mark stands in the middle of a field: the file is changed, or has another separator",
                )
            })?;
            return Ok(Some((row, fields)));
        }
    }

    fn of_vv(&mut self) -> Result<Option<(u64, Vec<Cell>)>, Refusal> {
        loop {
            let row = self.lines.line;
            let Some(line) = self.lines.next()? else { return Ok(None) };
            let line = text(row, line)?;
            let line = line.trim_end_matches(['\r', '\n']);
            if !line.trim().is_empty() {
                return Ok(Some((row, line.split('\t').map(vv_cell).collect())));
            }
        }
    }
}

/// What stands after the first heading.
fn separator(line: &[u8]) -> Option<u8> {
    let known = |byte: &u8| matches!(byte, b',' | b';' | b'\t');
    match line.strip_prefix(b"\"") {
        Some(quoted) => {
            let end = quoted.iter().position(|byte| *byte == b'"')?;
            quoted.get(end + 1).copied().filter(|byte| known(byte))
        }
        None => line.iter().copied().find(|byte| known(byte)),
    }
}

/// The fields of a row of separated values, each with whether it stands in quotes. None for what cannot be a row.
pub fn separated(text: &str, between: char) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let mut field = String::new();
        let quoted = rest.strip_prefix('"');
        if let Some(inner) = quoted {
            rest = inner;
            loop {
                let (before, after) = rest.split_once('"')?;
                field.push_str(before);
                match after.strip_prefix('"') {
                    Some(after) => {
                        field.push('"');
                        rest = after;
                    }
                    None => {
                        rest = after;
                        break;
                    }
                }
            }
        } else {
            let end = rest.find(between).unwrap_or(rest.len());
            field.push_str(&rest[..end]);
            rest = &rest[end..];
        }
        fields.push((field, quoted.is_some()));
        match rest.strip_prefix(between) {
            Some(after) => rest = after,
            None if rest.is_empty() => return Some(fields),
            None => return None,
        }
    }
}

/// Without the apostrophe that the web form puts before what a spreadsheet would take for a formula.
fn unmasked(field: String) -> String {
    match field.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@'])) {
        Some(rest) => rest.to_owned(),
        None => field,
    }
}

/// A cell of VV: quotes off, then braces.
fn vv_cell(field: &str) -> Cell {
    match field {
        "" => Cell::Skipped,
        "{question_not_shown}" => Cell::NotShown,
        _ => {
            let quoted = field.len() > 1 && field.starts_with('"') && field.ends_with('"');
            let plain = if quoted { halved(&field[1..field.len() - 1]) } else { field.to_owned() };
            Cell::Answered(Json::String(unbraced(&plain)))
        }
    }
}

/// Doubled quotes once. A quote behind a backslash stands single.
fn halved(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut before = ' ';
    while let Some(character) = characters.next() {
        out.push(character);
        if character == '"' && before != '\\' && characters.peek() == Some(&'"') {
            characters.next();
        }
        before = character;
    }
    out
}

/// What stands in braces, in one pass: what comes of one is no other.
fn unbraced(text: &str) -> String {
    const NAMES: [(&str, char); 5] =
        [("{tab}", '\t'), ("{newline}", '\n'), ("{cr}", '\r'), ("{lbrace}", '{'), ("{quote}", '"')];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let known = NAMES.iter().find(|(name, _)| rest.starts_with(name));
        let (length, character) = known.map_or((1, '{'), |(name, character)| (name.len(), *character));
        out.push(character);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}
