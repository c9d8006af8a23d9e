//! What other stores give out, and the statements in it (`docs/migration.md`).

use std::borrow::Cow;
use std::io::Read;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::failure::Failure;
use crate::imports::extended;
use crate::imports::tables::{Row, Tables, Writing};
use crate::imports::values::{Bytes, LONGEST, Values};

/// What statements come out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Statements, one a line or in an array
    Statements,
    /// Answers of an LRS: {"statements": […], "more": "…"}
    Xapi,
    /// Learning Locker: the collection `statements` of its database
    LearningLocker,
    /// Yet SQL LRS: the table `xapi_statement`
    SqlLrs,
    /// ADL LRS: `dumpdata lrs.statement`
    AdlLrs,
    /// An LRS that is asked over xAPI.
    #[value(skip)]
    Pull,
}

impl Kind {
    /// Its name, as flags, answers and the log have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Statements => "statements",
            Self::Xapi => "xapi",
            Self::LearningLocker => "learning-locker",
            Self::SqlLrs => "sql-lrs",
            Self::AdlLrs => "adl-lrs",
            Self::Pull => "pull",
        }
    }

    /// The version of statements that do not name theirs.
    pub(super) fn usual_version(self) -> &'static str {
        if self == Self::Statements { "2.0.0" } else { "1.0.3" }
    }
}

/// A statement as it was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// The line it begins on; of what was pulled, which it is, counted from 1.
    pub(super) line: u64,
    /// Its text, or what was expected and what stands there.
    pub(super) text: Result<String, (String, String)>,
    /// When the other store had stored it, in microseconds since 1970, where that stands beside it.
    pub(super) stored: Option<i64>,
    /// Whether it is voided in the other store, where that stands beside it.
    pub(super) voided: Option<bool>,
    /// Content of its attachments that came with it.
    pub(super) contents: Vec<Vec<u8>>,
}

/// Columns by which a table of statements is known.
const COLUMNS: [&str; 3] = ["payload", "statement", "full_statement"];
/// SQL LRS's table, where a file names its tables.
const TABLE: &str = "xapi_statement";

enum Reader {
    Values(Values),
    Tables(Tables),
}

/// The statements of a file.
pub(super) struct Source {
    /// What the file is.
    pub(super) kind: Kind,
    reader: Reader,
    /// Read ahead, to see what the file is.
    ahead: Option<Item>,
}

impl Source {
    /// Opens a file as what it is said to be, or as what its first statement looks like.
    pub(super) fn open(file: Box<dyn Read + Send>, said: Option<Kind>) -> Result<Self, Failure> {
        let mut reader = match Tables::of(Bytes::open(file)?, &COLUMNS, LONGEST)? {
            Ok(tables) => Reader::Tables(tables),
            Err(bytes) => Reader::Values(Values::of(bytes)?),
        };
        let mut ahead = None;
        let kind = match (said, &mut reader) {
            (Some(kind), _) => kind,
            (None, Reader::Tables(tables)) => match COLUMNS.iter().find(|name| tables.has(name)) {
                Some(&"statement") => Kind::LearningLocker,
                Some(&"full_statement") => Kind::AdlLrs,
                _ => Kind::SqlLrs,
            },
            (None, Reader::Values(values)) => {
                let first = values.next()?;
                let looks = first.as_ref().and_then(|(_, value)| looks_like(value.as_ref().ok()?));
                let usual = if values.are_paged() { Kind::Xapi } else { Kind::Statements };
                let kind = looks.unwrap_or(usual);
                ahead = first.and_then(|(line, value)| from_value(kind, line, value));
                kind
            }
        };
        Ok(Self { kind, reader, ahead })
    }

    /// The next statement. What is of another kind than statements is passed over.
    pub(super) fn next(&mut self) -> Result<Option<Item>, Failure> {
        if let Some(item) = self.ahead.take() {
            return Ok(Some(item));
        }
        loop {
            let item = match &mut self.reader {
                Reader::Values(values) => {
                    let Some((line, value)) = values.next()? else { return Ok(None) };
                    from_value(self.kind, line, value)
                }
                Reader::Tables(tables) => match tables.next()? {
                    Some(row) => from_row(self.kind, tables, row),
                    None if tables.writing() == Writing::Comma => return Ok(None),
                    None if self.kind == Kind::SqlLrs && tables.had(TABLE) => return Ok(None),
                    None => return Err(without_table()),
                },
            };
            if item.is_some() {
                return Ok(item);
            }
        }
    }
}

/// A dump is read as SQL LRS's, and its statements stand in one table.
fn without_table() -> Failure {
    Failure::new(format!(
        "the dump has no table of statements: expected SQL LRS's, from a line COPY …{TABLE} (…) FROM stdin; on"
    ))
}

/// What may stand around a statement.
#[derive(Default, Deserialize)]
struct Wrapper<'a> {
    #[serde(borrow, default)]
    actor: Option<&'a RawValue>,
    #[serde(borrow, default)]
    statement: Option<&'a RawValue>,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
    #[serde(borrow, default)]
    full_statement: Option<&'a RawValue>,
    #[serde(borrow, default)]
    model: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    fields: Option<&'a RawValue>,
    #[serde(borrow, default)]
    node: Option<&'a RawValue>,
    #[serde(borrow, default)]
    stored: Option<&'a RawValue>,
    #[serde(borrow, default)]
    voided: Option<&'a RawValue>,
    #[serde(borrow, default)]
    is_voided: Option<&'a RawValue>,
}

fn wrapper(text: &str) -> Option<Wrapper<'_>> {
    serde_json::from_str(text).ok()
}

fn looks_like(text: &str) -> Option<Kind> {
    let around = wrapper(text).filter(|around| around.actor.is_none())?;
    if around.model.is_some() && around.fields.is_some() || around.full_statement.is_some() {
        return Some(Kind::AdlLrs);
    }
    if around.payload.is_some() {
        return Some(Kind::SqlLrs);
    }
    (around.statement.is_some() || around.node.is_some()).then_some(Kind::LearningLocker)
}

/// The statement in a value; none where the value is something else that the export has beside statements.
fn from_value(kind: Kind, line: u64, value: Result<String, &'static str>) -> Option<Item> {
    let text = match value {
        Ok(text) => text,
        Err(expected) => return Some(Item::wrong(line, expected, String::new())),
    };
    if matches!(kind, Kind::Statements | Kind::Xapi | Kind::Pull) {
        return Some(Item { line, text: Ok(text), stored: None, voided: None, contents: Vec::new() });
    }
    let mut around = wrapper(&text).unwrap_or_default();
    if let Some(node) = around.node.filter(|_| kind == Kind::LearningLocker) {
        around = wrapper(node.get()).unwrap_or_default();
    }
    if kind == Kind::AdlLrs {
        // A dump of the whole application has agents, verbs and so on beside statements.
        if around.model.as_deref().is_some_and(|model| !model.eq_ignore_ascii_case("lrs.statement")) {
            return None;
        }
        if let Some(fields) = around.fields {
            around = wrapper(fields.get()).unwrap_or_default();
        }
    }
    let (found, expected) = match kind {
        Kind::LearningLocker => (around.statement, "an object of Learning Locker with a statement"),
        Kind::SqlLrs => (around.payload, "a row of SQL LRS with a payload"),
        _ => (around.full_statement, "an object of ADL LRS with a full_statement"),
    };
    let flag = |value: &RawValue| truth(value.get().trim_matches('"'));
    let statement = found.and_then(|found| unwrapped(kind, found.get()));
    Some(Item {
        line,
        stored: around.stored.and_then(|stored| extended::instant(stored.get())),
        voided: around.voided.or(around.is_voided).and_then(flag),
        text: statement.ok_or_else(|| (expected.to_owned(), text.clone())),
        contents: Vec::new(),
    })
}

/// A statement's own text, from where it stands: an object, or a text that holds one.
fn unwrapped(kind: Kind, found: &str) -> Option<String> {
    let inner = match found.starts_with('"') {
        true => serde_json::from_str::<String>(found).ok()?,
        false => found.to_owned(),
    };
    match kind {
        Kind::LearningLocker => extended::plain(&inner).map(Cow::into_owned),
        _ => Some(inner),
    }
}

fn from_row(kind: Kind, tables: &Tables, row: Row) -> Option<Item> {
    if !tables.table.is_empty() && (kind != Kind::SqlLrs || tables.table != TABLE) {
        return None;
    }
    let mut fields = match row.fields {
        Ok(fields) => fields,
        Err(expected) => return Some(Item::wrong(row.line, expected, String::new())),
    };
    let mut field = |name: &str| {
        let at = tables.columns.iter().position(|column| column == name)?;
        fields.get_mut(at)?.take()
    };
    let column = match kind {
        Kind::LearningLocker => "statement",
        Kind::AdlLrs => "full_statement",
        _ => "payload",
    };
    let Some(text) = field(column) else {
        return Some(Item::wrong(row.line, &format!("a column {column} with a statement"), String::new()));
    };
    let json = |text: &str| serde_json::to_string(text).unwrap_or_default();
    Some(Item {
        line: row.line,
        stored: field("stored")
            .and_then(|stored| extended::timestamp(&stored).or_else(|| extended::instant(&stored))),
        voided: field("is_voided").or_else(|| field("voided")).and_then(|flag| truth(&flag)),
        text: unwrapped(kind, &text).ok_or_else(|| ("a statement as JSON".to_owned(), json(&text))),
        contents: Vec::new(),
    })
}

/// A truth value as databases write it.
fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" => Some(true),
        "false" | "f" | "0" => Some(false),
        _ => None,
    }
}

impl Item {
    fn wrong(line: u64, expected: &str, there: String) -> Self {
        let text = Err((expected.to_owned(), there));
        Self { line, text, stored: None, voided: None, contents: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Option<i64> = Some(1_709_281_800_500_000);

    fn all(text: &str, said: Option<Kind>) -> (Kind, Vec<Item>) {
        let mut source =
            Source::open(Box::new(std::io::Cursor::new(text.as_bytes().to_vec())), said).unwrap();
        let mut items = Vec::new();
        while let Some(item) = source.next().unwrap() {
            items.push(item);
        }
        (source.kind, items)
    }

    /// The one statement of an export that is known for what it is, and told to be that gives the same.
    fn one(text: &str, kind: Kind) -> (String, Option<i64>, Option<bool>) {
        let (found, items) = all(text, None);
        assert_eq!(found, kind);
        assert_eq!(all(text, Some(kind)).1, items);
        let [item] = items.try_into().unwrap();
        (item.text.unwrap(), item.stored, item.voided)
    }

    #[test]
    fn learning_lockers_documents_are_unwrapped() {
        let document = r#"{"_id":{"$oid":"5f"},"hasGeneratedId":true,"organisation":{"$oid":"5e"},"active":true,"voided":true,
            "stored":{"$date":"2024-03-01T08:30:00.500Z"},"hash":"ab","statement":{"actor":{},"context":{"extensions":{"https://larkby&46;example/x":1}}},"metadata":{}}"#
            .replace('\n', " ");
        let expected = r#"{"actor":{},"context":{"extensions":{"https://larkby.example/x":1}}}"#;
        let found = (expected.to_owned(), AT, Some(true));
        assert_eq!(one(&document, Kind::LearningLocker), found);
        assert_eq!(one(&format!("[{document}]"), Kind::LearningLocker), found);
        let edges = format!(r#"{{"edges":[{{"cursor":"x","node":{document}}}],"pageInfo":{{}}}}"#);
        assert_eq!(one(&edges, Kind::LearningLocker), found);
        let quoted = expected.replace("larkby.", "larkby&46;").replace('"', "\"\"");
        let csv = format!("statement,stored,voided\n\"{quoted}\",2024-03-01T08:30:00.500Z,true\n");
        assert_eq!(one(&csv, Kind::LearningLocker), found);
    }

    #[test]
    fn sql_lrss_rows_are_unwrapped_from_values_dumps_and_json() {
        let found = (r#"{"actor":{},"a&46;b":"c\td"}"#.to_owned(), AT, Some(false));
        let csv = "statement_id,is_voided,payload,stored\nx,f,\"{\"\"actor\"\":{},\"\"a&46;b\"\":\"\"c\\td\"\"}\",2024-03-01 08:30:00.5+00\n";
        assert_eq!(one(csv, Kind::SqlLrs), found);
        let dump = "--\n-- PostgreSQL database dump\n--\n\nCOPY public.actor (id, payload) FROM stdin;\n1\t{}\n\\.\n\
            COPY public.xapi_statement (id, is_voided, payload, stored) FROM stdin;\n1\tf\t{\"actor\":{},\"a&46;b\":\"c\\\\td\"}\t2024-03-01 09:30:00.5+01\n\\.\n";
        assert_eq!(one(dump, Kind::SqlLrs), found);
        let json = r#"[{"payload":"{\"actor\":{},\"a&46;b\":\"c\\td\"}","is_voided":0,"stored":"2024-03-01T08:30:00.500000000Z"}]"#;
        assert_eq!(one(json, Kind::SqlLrs), found);
        let rows = r#"{"payload":{"actor":{},"a&46;b":"c\td"},"is_voided":false,"stored":"2024-03-01T08:30:00.5+00:00"}"#;
        assert_eq!(one(rows, Kind::SqlLrs), found);
    }

    #[test]
    fn a_dump_without_the_table_of_statements_is_not_taken_for_an_empty_one() {
        let read = |text: &str, said| {
            let file = std::io::Cursor::new(text.as_bytes().to_vec());
            Source::open(Box::new(file), said).unwrap().next().map_err(|failure| failure.to_string())
        };
        let empty = "--\nCOPY public.xapi_statement (id, payload) FROM stdin;\n\\.\n";
        assert_eq!(read(empty, None), Ok(None));
        let inserts = "SET x = 1;\nINSERT INTO public.xapi_statement VALUES ('1', '{}');\n";
        let other = "--\nCOPY public.attachment (id, payload) FROM stdin;\n1\t{}\n\\.\n";
        for (text, said) in
            [(inserts, None), (other, None), ("-- a note\n", None), (empty, Some(Kind::AdlLrs))]
        {
            let failure = read(text, said).unwrap_err();
            assert!(failure.contains("expected SQL LRS's, from a line COPY …xapi_statement"), "{failure}");
        }
    }

    #[test]
    fn adl_lrss_fixtures_are_unwrapped_and_what_is_no_statement_passed_over() {
        let found = (r#"{"actor":{}}"#.to_owned(), AT, Some(true));
        let fixture = |full: &str| {
            format!(
                r#"[{{"model":"lrs.verb","pk":1,"fields":{{"verb_id":"x"}}}},
                {{"pk":1,"model":"lrs.statement","fields":{{"stored":"2024-03-01T08:30:00.500Z","voided":true,"full_statement":{full}}}}},
                {{"model":"lrs.statementattachment","pk":1,"fields":{{"statement":1}}}}]"#
            )
        };
        assert_eq!(one(&fixture(r#"{"actor":{}}"#), Kind::AdlLrs), found);
        assert_eq!(one(&fixture(r#""{\"actor\":{}}""#), Kind::AdlLrs), found);
    }

    #[test]
    fn answers_and_plain_statements_are_known_and_stay_as_they_are() {
        let text = r#"{"actor": {}, "statement": 1}"#;
        let found = (text.to_owned(), None, None);
        assert_eq!(one(text, Kind::Statements), found);
        assert_eq!(one(&format!(r#"{{"statements":[{text}],"more":""}}"#), Kind::Xapi), found);
        assert_eq!(all("", None), (Kind::Statements, vec![]));
    }

    #[test]
    fn what_is_no_statement_of_the_export_is_said_with_its_line() {
        let (_, items) = all("{\"statement\":{}}\n{\"other\":1}\nnot json\n", None);
        let wrong: Vec<_> =
            items.iter().filter_map(|item| Some((item.line, item.text.as_ref().err()?))).collect();
        assert_eq!(wrong.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3]);
        assert!(wrong.iter().all(|(_, (expected, _))| expected.contains("Learning Locker")));
        assert_eq!(wrong[0].1.1, "{\"other\":1}");
    }
}
