//! From bytes to valid statements.

use std::collections::HashSet;

use crate::json::{Malformed, Reader};
use crate::{Identifier, Statement, Version, validate};

/// Why a request's statements were refused. Never repeats a value, nor a name that the sender chose.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("statement {statement}, at \"{path}\": expected {expected}")]
pub struct Invalid {
    /// Which statement of the batch, counted from 0.
    pub statement: usize,
    /// A JSON pointer (RFC 6901) into that statement, of names that the standard defines; where the fault lies
    /// under a name of the sender's own, the pointer of the object that holds it.
    pub path: String,
    /// What was expected there.
    pub expected: String,
}

/// How much of a request is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole text.
    pub bytes: usize,
    /// Statements in one request.
    pub statements: usize,
    /// How deep arrays and objects of one statement may be nested; at most 512.
    pub depth: usize,
}

impl Default for Limits {
    /// 16 MiB, 10,000 statements, 128 levels.
    fn default() -> Self {
        Self { bytes: 16 << 20, statements: 10_000, depth: 128 }
    }
}

/// Reads the body of a POST: one statement, or an array of statements (which may be empty). The first fault
/// refuses all.
pub fn statements(body: &[u8], version: Version, limits: &Limits) -> Result<Vec<Statement>, Invalid> {
    let mut reader = open(body, limits)?;
    let mut statements = Vec::new();
    if !reader.take(b'[') {
        statements.push(next(&mut reader, 0, version)?);
    } else if !reader.take(b']') {
        loop {
            let n = statements.len();
            if n == limits.statements {
                return Err(whole(n, format!("at most {} statements in a request", limits.statements)));
            }
            statements.push(next(&mut reader, n, version)?);
            if reader.take(b']') {
                break;
            }
            if !reader.take(b',') {
                let expected = "a comma or the end of the array of statements";
                return Err(malformed(n + 1, Malformed { at: reader.at(), expected }));
            }
        }
    }
    reader.finish().map_err(|e| malformed(statements.len().saturating_sub(1), e))?;
    if version == Version::V2_0_0 {
        refuse_repeated_ids(&statements)?;
    }
    Ok(statements)
}

/// Reads one statement, as in the body of a PUT.
pub fn statement(body: &[u8], version: Version, limits: &Limits) -> Result<Statement, Invalid> {
    let mut reader = open(body, limits)?;
    let statement = next(&mut reader, 0, version)?;
    reader.finish().map_err(|e| malformed(0, e))?;
    Ok(statement)
}

/// Reads the `agent` parameter of a request: an agent or an identified group.
pub fn agent(json: &str) -> Result<Identifier, Invalid> {
    let mut reader = open(json.as_bytes(), &Limits::default())?;
    let value = reader.value().map_err(|e| malformed(0, e))?;
    let identifier = validate::identified(value).map_err(|fault| {
        let (path, expected) = fault.locate(value);
        Invalid { statement: 0, path, expected }
    })?;
    reader.finish().map_err(|e| malformed(0, e))?;
    Ok(identifier)
}

/// An agent that stands by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoneAgent {
    /// Who it is.
    pub identifier: Identifier,
    /// `name`
    pub name: Option<String>,
}

/// Reads the `agent` parameter of a resource for agents, which has no place for a group.
pub fn lone_agent(json: &str) -> Result<LoneAgent, Invalid> {
    let mut reader = open(json.as_bytes(), &Limits::default())?;
    let value = reader.value().map_err(|e| malformed(0, e))?;
    let identifier = validate::lone_agent(value).map_err(|fault| {
        let (path, expected) = fault.locate(value);
        Invalid { statement: 0, path, expected }
    })?;
    let name = value.get("name").map(|name| name.string().into_owned());
    reader.finish().map_err(|e| malformed(0, e))?;
    Ok(LoneAgent { identifier, name })
}

fn open<'t>(body: &'t [u8], limits: &Limits) -> Result<Reader<'t>, Invalid> {
    if body.len() > limits.bytes {
        return Err(whole(0, format!("at most {} bytes", limits.bytes)));
    }
    let text = std::str::from_utf8(body)
        .map_err(|e| malformed(0, Malformed { at: e.valid_up_to(), expected: "UTF-8" }))?;
    Reader::new(text, limits.depth).map_err(|e| malformed(0, e))
}

fn next(reader: &mut Reader<'_>, n: usize, version: Version) -> Result<Statement, Invalid> {
    let value = reader.value().map_err(|e| malformed(n, e))?;
    validate::statement(value, version).map_err(|fault| {
        let (path, expected) = fault.locate(value);
        Invalid { statement: n, path, expected }
    })
}

/// IEEE 4.1.6.1: a batch in which two statements have one id is refused.
fn refuse_repeated_ids(statements: &[Statement]) -> Result<(), Invalid> {
    let mut seen = HashSet::with_capacity(statements.len());
    match statements.iter().position(|s| s.id.is_some_and(|id| !seen.insert(id))) {
        None => Ok(()),
        Some(statement) => {
            let expected = "an id that no other statement of the request has".to_owned();
            Err(Invalid { statement, path: "/id".to_owned(), expected })
        }
    }
}

fn whole(statement: usize, expected: String) -> Invalid {
    Invalid { statement, path: String::new(), expected }
}

fn malformed(statement: usize, Malformed { at, expected }: Malformed) -> Invalid {
    whole(statement, format!("{expected} (JSON, at byte {at} of the text)"))
}
