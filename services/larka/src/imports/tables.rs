//! Rows of tables: comma-separated values (RFC 4180) with a first line of names, or what `pg_dump` writes (`COPY`).

use crate::failure::Failure;
use crate::imports::values::Bytes;

/// The fields of a row, some of them empty; or what was expected of it.
type Fields = Result<Vec<Option<String>>, &'static str>;

/// A row of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The line it begins on.
    pub(super) line: u64,
    /// Where its bytes begin in the file, and how many there are.
    pub(super) place: (u64, usize),
    /// Its fields, in the order of the columns, or what was expected.
    pub(super) fields: Fields,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    /// Fields with commas between them, quoted where need be.
    Comma,
    /// The same with semicolons.
    Semicolon,
    /// PostgreSQL's text format: tabs, and backslashes before what would be taken for something else.
    Copy,
}

/// The rows of some tables in a file.
pub(super) struct Tables {
    bytes: Bytes,
    writing: Writing,
    /// The table that is read, without its schema; empty where the file has no names of tables.
    pub(super) table: String,
    /// Its columns, as they are named.
    pub(super) columns: Vec<String>,
    /// The tables that have begun so far, where the file names them.
    begun: Vec<String>,
    /// Bytes of the longest row that is taken.
    longest: usize,
}

impl Tables {
    /// For a file that begins as tables do: with the names of columns, one of them among `known`, or like a dump.
    pub(super) fn of(
        mut bytes: Bytes,
        known: &[&str],
        longest: usize,
    ) -> Result<Result<Self, Bytes>, Failure> {
        bytes.peek()?;
        let ahead = bytes.ahead()?;
        let dump =
            [&b"--"[..], b"COPY ", b"SET ", b"\\restrict"].iter().any(|start| ahead.starts_with(start));
        let first = ahead.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let names = std::str::from_utf8(first).ok().and_then(|line| parse(line.trim_end(), Writing::Comma));
        let names: Vec<String> = names.unwrap_or_default().into_iter().flatten().collect();
        let named = names.iter().any(|name| known.contains(&name.as_str()));
        if !dump && !named {
            return Ok(Err(bytes));
        }
        let mut tables = Self {
            bytes,
            writing: Writing::Copy,
            table: String::new(),
            columns: Vec::new(),
            begun: Vec::new(),
            longest,
        };
        if named {
            tables.bytes.whole_line(longest)?;
            (tables.writing, tables.columns) = (Writing::Comma, names);
        }
        Ok(Ok(tables))
    }

    /// Whether the file is packed, so that no place in it can be gone back to.
    pub(super) fn are_packed(&self) -> bool {
        self.bytes.packed
    }

    /// Whether the columns have this one.
    pub(super) fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }

    /// Whether a table of this name has begun so far.
    pub(super) fn had(&self, table: &str) -> bool {
        self.begun.iter().any(|name| name == table)
    }

    /// How the rows are written.
    pub(super) fn writing(&self) -> Writing {
        self.writing
    }

    pub(super) fn next(&mut self) -> Result<Option<Row>, Failure> {
        match self.writing {
            Writing::Comma | Writing::Semicolon => self.next_of_values(),
            Writing::Copy => self.next_of_a_dump(),
        }
    }

    fn next_of_values(&mut self) -> Result<Option<Row>, Failure> {
        if self.bytes.peek()?.is_none() {
            return Ok(None);
        }
        let (line, start) = (self.bytes.line, self.bytes.at);
        let (mut row, mut open) = (Vec::new(), false);
        // A line break inside quotes belongs to the field.
        loop {
            let Some(more) = self.bytes.whole_line(self.longest)? else {
                return Ok(Some(self.row(line, start, Err(TOO_LONG))));
            };
            let ended = more.is_empty();
            open ^= more.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
            row.extend(more);
            if !open {
                break;
            }
            if ended || row.len() > self.longest {
                return Err(self.bytes.broken("a quotation mark at the end of a field"));
            }
        }
        Ok(Some(self.row(line, start, Ok(row))))
    }

    fn next_of_a_dump(&mut self) -> Result<Option<Row>, Failure> {
        loop {
            if self.bytes.ahead()?.is_empty() {
                return match self.columns.is_empty() {
                    true => Ok(None),
                    false => Err(self.bytes.broken("\\. at the end of a table")),
                };
            }
            let (line, start) = (self.bytes.line, self.bytes.at);
            let read = self.bytes.whole_line(self.longest)?;
            match read {
                Some(bytes) if self.columns.is_empty() => {
                    let text = String::from_utf8_lossy(&bytes);
                    if let Some((table, columns)) = copied(text.trim_end()) {
                        self.begun.push(table.clone());
                        (self.table, self.columns) = (table, columns);
                    }
                }
                // Other statements of a dump may be as long as they like.
                None if self.columns.is_empty() => {}
                Some(bytes) if bytes.trim_ascii_end() == b"\\." => self.columns.clear(),
                read => return Ok(Some(self.row(line, start, read.ok_or(TOO_LONG)))),
            }
        }
    }

    fn row(&self, line: u64, start: u64, bytes: Result<Vec<u8>, &'static str>) -> Row {
        let length = usize::try_from(self.bytes.at - start).unwrap_or(usize::MAX);
        let fields = bytes.and_then(|bytes| {
            let text = std::str::from_utf8(&bytes).map_err(|_| "UTF-8")?;
            let fields = parse(text.trim_end_matches(['\r', '\n']), self.writing).ok_or("fields of a row")?;
            if fields.len() == self.columns.len() { Ok(fields) } else { Err("as many fields as columns") }
        });
        Row { line, place: (start, length), fields }
    }
}

const TOO_LONG: &str = "a row of at most 16 MiB";

/// What `COPY public.name (one, "two") FROM stdin;` names.
fn copied(line: &str) -> Option<(String, Vec<String>)> {
    let (table, rest) = line.strip_prefix("COPY ")?.split_once(" (")?;
    let columns = rest.strip_suffix(") FROM stdin;")?;
    let bare = |name: &str| name.trim().trim_matches('"').to_owned();
    let table = table.rsplit('.').next().map(bare)?;
    Some((table, columns.split(',').map(bare).collect()))
}

/// The fields of one row. None for what cannot be one.
pub(super) fn parse(text: &str, writing: Writing) -> Option<Vec<Option<String>>> {
    let values = |between| {
        let fields = forms::files::separated(text, between)?;
        Some(fields.into_iter().map(|(field, _)| Some(field)).collect())
    };
    match writing {
        Writing::Comma => values(','),
        Writing::Semicolon => values(';'),
        Writing::Copy => text.split('\t').map(copy_field).collect(),
    }
}

/// A field of PostgreSQL's text format.
fn copy_field(text: &str) -> Option<Option<String>> {
    if text == "\\N" {
        return Some(None);
    }
    let mut field = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        field.push(match character {
            '\\' => match characters.next()? {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'v' => '\u{b}',
                other => other,
            },
            other => other,
        });
    }
    Some(Some(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(String, u64, Fields)> {
        let bytes = Bytes::open(Box::new(std::io::Cursor::new(text.as_bytes().to_vec()))).unwrap();
        let mut tables = Tables::of(bytes, &["payload"], 1_000).unwrap().ok().unwrap();
        let mut rows = Vec::new();
        while let Some(row) = tables.next().unwrap() {
            let (start, length) = (usize::try_from(row.place.0).unwrap(), row.place.1);
            if let Ok(fields) = &row.fields {
                let again = text[start..start + length].trim_end_matches(['\r', '\n']);
                assert_eq!(
                    parse(again, tables.writing()).as_ref(),
                    Some(fields),
                    "a row is found at its place"
                );
            }
            rows.push((tables.table.clone(), row.line, row.fields));
        }
        rows
    }

    fn fields(texts: &[&str]) -> Fields {
        Ok(texts.iter().map(|text| Some((*text).to_owned())).collect())
    }

    #[test]
    fn quoted_fields_hold_commas_quotes_and_lines() {
        let found = rows("payload,is_voided\r\n\"{\"\"a\"\":\n[1,2]}\",f\r\n{},t\nx\n");
        assert_eq!(
            found,
            [
                (String::new(), 2, fields(&["{\"a\":\n[1,2]}", "f"])),
                (String::new(), 4, fields(&["{}", "t"])),
                (String::new(), 5, Err("as many fields as columns")),
            ]
        );
    }

    #[test]
    fn a_dump_gives_the_rows_of_each_table_by_name() {
        let dump = "--\n-- PostgreSQL database dump\n--\nSET x = 1;\n\
            COPY public.attachment (id, contents) FROM stdin;\n1\t\\\\x00ff\n\\.\n\n\
            COPY public.\"xapi_statement\" (id, payload, \"timestamp\") FROM stdin;\n\
            2\t{\"a\":\"b\\\\\\\\c\\\\n\\td\"}\t\\N\n\\.\nSELECT 1;\n";
        let statement = Ok(vec![Some("2".to_owned()), Some("{\"a\":\"b\\\\c\\n\td\"}".to_owned()), None]);
        assert_eq!(
            rows(dump),
            [
                ("attachment".to_owned(), 6, fields(&["1", "\\x00ff"])),
                ("xapi_statement".to_owned(), 10, statement),
            ]
        );
    }

    #[test]
    fn a_dump_that_ends_inside_a_table_is_broken() {
        let dump = "COPY public.xapi_statement (id, payload) FROM stdin;\n1\t{}\n";
        let bytes = Bytes::open(Box::new(std::io::Cursor::new(dump.as_bytes().to_vec()))).unwrap();
        let mut tables = Tables::of(bytes, &["payload"], 1_000).unwrap().ok().unwrap();
        assert!(tables.next().unwrap().is_some());
        let error = tables.next().unwrap_err().to_string();
        assert!(error.contains("line 3: expected \\. at the end of a table"), "{error}");
    }

    #[test]
    fn what_has_no_known_column_is_no_table() {
        for text in ["a,b\n1,2\n", "{\"payload\":1}\n", "", "payloads\n"] {
            let bytes = Bytes::open(Box::new(std::io::Cursor::new(text.as_bytes().to_vec()))).unwrap();
            assert!(Tables::of(bytes, &["payload"], 1_000).unwrap().is_err(), "{text}");
        }
    }
}
