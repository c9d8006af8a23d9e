//! From bytes to valid statements.

use std::collections::HashSet;

use uuid::Uuid;

use crate::json::{Malformed, Reader, Value};
use crate::{Identifier, Iris, Statement, Version, lexical, validate};

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

/// How much of a request is read, and how strictly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole text.
    pub bytes: usize,
    /// Statements in one request.
    pub statements: usize,
    /// How deep arrays and objects of one statement may be nested; at most 512.
    pub depth: usize,
    /// How IRIs are held to their form.
    pub iris: Iris,
}

impl Default for Limits {
    /// 16 MiB, 10,000 statements, 128 levels, strict.
    fn default() -> Self {
        Self { bytes: 16 << 20, statements: 10_000, depth: 128, iris: Iris::Strict }
    }
}

/// A part of a request that is no statement, though it is JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoStatement {
    /// Its own bytes.
    pub text: String,
    /// Its `id`, where it has one that a statement may have.
    pub id: Option<Uuid>,
    /// Everybody who is identified in it, wherever they stand, each once.
    pub people: Vec<Identifier>,
    /// Why it is none.
    pub why: Invalid,
}

/// Reads the body of a POST: one statement, or an array of statements (which may be empty). The first fault
/// refuses all.
pub fn statements(body: &[u8], version: Version, limits: &Limits) -> Result<Vec<Statement>, Invalid> {
    let mut statements = Vec::new();
    walk(body, limits, |value, n| {
        statements.push(statement_of(value, n, version, limits)?);
        Ok(())
    })?;
    match repeated(&statements, version) {
        None => Ok(statements),
        Some(again) => Err(again),
    }
}

/// Reads the body of a POST as [`statements`] does, and tells what is a statement from what is none. A fault of the whole
/// (no JSON, too much of it) refuses all.
pub fn each(
    body: &[u8],
    version: Version,
    limits: &Limits,
) -> Result<Vec<Result<Statement, NoStatement>>, Invalid> {
    let mut each: Vec<Result<Statement, NoStatement>> = Vec::new();
    let mut seen = HashSet::new();
    walk(body, limits, |value, n| {
        let read = statement_of(value, n, version, limits);
        let read = read.and_then(|statement| match statement.id {
            Some(id) if version == Version::V2_0_0 && !seen.insert(id) => Err(again(n)),
            _ => Ok(statement),
        });
        each.push(read.map_err(|why| NoStatement {
            text: value.raw().to_owned(),
            id: value.get("id").and_then(|id| lexical::uuid(&id.string())),
            people: validate::anybody(value),
            why,
        }));
        Ok(())
    })?;
    Ok(each)
}

/// Goes through the values of a body: the one, or those of the array.
fn walk(
    body: &[u8],
    limits: &Limits,
    mut take: impl FnMut(Value<'_>, usize) -> Result<(), Invalid>,
) -> Result<(), Invalid> {
    let mut reader = open(body, limits)?;
    let mut n = 0;
    let mut next = |reader: &mut Reader<'_>, n: usize| take(reader.value().map_err(|e| malformed(n, e))?, n);
    if !reader.take(b'[') {
        next(&mut reader, 0)?;
        n = 1;
    } else if !reader.take(b']') {
        loop {
            if n == limits.statements {
                return Err(whole(n, format!("at most {} statements in a request", limits.statements)));
            }
            next(&mut reader, n)?;
            n += 1;
            if reader.take(b']') {
                break;
            }
            if !reader.take(b',') {
                let expected = "a comma or the end of the array of statements";
                return Err(malformed(n, Malformed { at: reader.at(), expected }));
            }
        }
    }
    reader.finish().map_err(|e| malformed(n.saturating_sub(1), e))
}

/// Reads one statement, as in the body of a PUT.
pub fn statement(body: &[u8], version: Version, limits: &Limits) -> Result<Statement, Invalid> {
    let mut reader = open(body, limits)?;
    let value = reader.value().map_err(|e| malformed(0, e))?;
    let statement = statement_of(value, 0, version, limits)?;
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

fn statement_of(value: Value<'_>, n: usize, version: Version, limits: &Limits) -> Result<Statement, Invalid> {
    validate::statement(value, version, limits.iris).map_err(|fault| {
        let (path, expected) = fault.locate(value);
        Invalid { statement: n, path, expected }
    })
}

/// The first statement with the id of one before it. IEEE 4.1.6.1: a batch with one is refused.
fn repeated(statements: &[Statement], version: Version) -> Option<Invalid> {
    if version != Version::V2_0_0 {
        return None;
    }
    let mut seen = HashSet::with_capacity(statements.len());
    statements.iter().position(|s| s.id.is_some_and(|id| !seen.insert(id))).map(again)
}

fn again(statement: usize) -> Invalid {
    let expected = "an id that no other statement of the request has".to_owned();
    Invalid { statement, path: "/id".to_owned(), expected }
}

fn whole(statement: usize, expected: String) -> Invalid {
    Invalid { statement, path: String::new(), expected }
}

fn malformed(statement: usize, Malformed { at, expected }: Malformed) -> Invalid {
    whole(statement, format!("{expected} (JSON, at byte {at} of the text)"))
}
