//! The statements, prepared before any clock starts.

use sha2::{Digest as _, Sha256};
use synthetic::{Plan, World};

use crate::flags::Flags;

/// One statement in so many has a file attached.
const ATTACHED: usize = 50;
/// How long such a file is, in bytes: a short text that somebody handed in.
const FILE: usize = 2_000;

/// What is sent.
pub(crate) struct Work {
    pub(crate) world: World,
    statements: Vec<Made>,
    /// How many of them are sent before the clock starts, so that most people and pages are known.
    warm: usize,
}

/// A statement's JSON, and the file attached to it.
struct Made {
    json: String,
    file: Option<String>,
}

/// What one request carries.
pub(crate) struct Body {
    pub(crate) json: String,
    pub(crate) statements: u64,
    /// Files attached to the statements, each once.
    pub(crate) files: Vec<String>,
}

impl Work {
    pub(crate) fn new(flags: &Flags) -> Self {
        let warm = (flags.statements / 10).clamp(50, 4_000);
        let count = warm + flags.statements;
        let world = World::new(&Plan { people: flags.people, statements: count as u64, ..Plan::default() });
        let statements =
            world.statements().enumerate().map(|(number, json)| Made::of(number, json)).collect();
        Self { world, statements, warm }
    }

    /// A municipality without statements: whoever measures with more than fit in memory makes them as they go.
    pub(crate) fn nothing_of(world: World) -> Self {
        Self { world, statements: Vec::new(), warm: 0 }
    }

    /// Every statement, in the order in which they are sent.
    pub(crate) fn statements(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().map(|made| made.json.as_str())
    }

    /// Bodies of 50 statements to send before the clock starts.
    pub(crate) fn warm(&self) -> impl Iterator<Item = Body> {
        bodies(&self.statements[..self.warm], 50)
    }

    /// Bodies to measure with: so many statements each. One a request: half as many statements.
    pub(crate) fn timed(&self, size: usize) -> impl Iterator<Item = Body> {
        let all = &self.statements[self.warm..];
        bodies(if size == 1 { &all[..all.len() / 2] } else { all }, size)
    }

    /// The mean length of a statement's JSON in bytes.
    pub(crate) fn mean_bytes(&self) -> f64 {
        self.bytes(self.statements.len()) as f64 / self.statements.len().max(1) as f64
    }

    /// How long the JSON of so many statements is, and what is attached to them, from the first.
    pub(crate) fn bytes(&self, count: usize) -> u64 {
        let one = |made: &Made| made.json.len() + made.file.as_ref().map_or(0, String::len);
        self.statements.iter().take(count).map(|made| one(made) as u64).sum()
    }
}

impl Made {
    /// A statement, every so often with a file.
    fn of(number: usize, mut json: String) -> Self {
        if !number.is_multiple_of(ATTACHED) || json.contains("\"attachments\"") || !json.ends_with('}') {
            return Self { json, file: None };
        }
        // Text that no other file has, and that compresses about as a person's does.
        let mut file = String::with_capacity(FILE + 64);
        while file.len() < FILE {
            file.push_str(&hex::encode(Sha256::digest(format!("{number} {}", file.len()))));
            file.push_str(" det var en gång en lärka som lärde sig sjunga ");
        }
        json.pop();
        json.push_str(&format!(
            ",\"attachments\":[{{\"usageType\":\"https://larkby.example/inlamning\",\
             \"display\":{{\"sv\":\"Inlämning\"}},\"contentType\":\"text/plain\",\"length\":{},\"sha2\":\"{}\"}}]}}",
            file.len(),
            hash(&file)
        ));
        Self { json, file: Some(file) }
    }
}

/// The SHA-256 of a file in hexadecimal digits.
pub(crate) fn hash(file: &str) -> String {
    hex::encode(Sha256::digest(file))
}

/// A body of one statement with a file attached.
pub(crate) fn with_file(number: usize, json: &str) -> Body {
    let Made { json, file } = Made::of(number * ATTACHED, json.to_owned());
    Body { json, statements: 1, files: file.into_iter().collect() }
}

/// Bodies of so many statements each, of statements without files.
pub(crate) fn plain(statements: Vec<String>, size: usize) -> Vec<Body> {
    let made: Vec<Made> = statements.into_iter().map(|json| Made { json, file: None }).collect();
    bodies(&made, size).collect()
}

fn bodies(statements: &[Made], size: usize) -> impl Iterator<Item = Body> {
    statements.chunks(size).map(move |chunk| {
        let all: Vec<&str> = chunk.iter().map(|made| made.json.as_str()).collect();
        let json = match all.as_slice() {
            [one] if size == 1 => (*one).to_owned(),
            all => format!("[{}]", all.join(",")),
        };
        let files = chunk.iter().filter_map(|made| made.file.clone()).collect();
        Body { json, statements: chunk.len() as u64, files }
    })
}
