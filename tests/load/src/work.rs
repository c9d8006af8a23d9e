//! The statements, prepared before any clock starts.

use synthetic::{Plan, World};

use crate::Flags;
use crate::client::Request;
use crate::server::Server;

/// What is sent.
pub(crate) struct Work {
    pub(crate) world: World,
    statements: Vec<String>,
    /// How many of them are sent before the clock starts, so that most people and pages are known.
    warm: usize,
}

impl Work {
    pub(crate) fn new(flags: &Flags) -> Self {
        let warm = (flags.statements / 10).clamp(50, 4_000);
        let count = warm + flags.statements;
        let world = World::new(&Plan { people: flags.people, statements: count as u64, ..Plan::default() });
        let statements = world.statements().collect();
        Self { world, statements, warm }
    }

    /// Bodies of 50 statements to send before the clock starts.
    pub(crate) fn warm(&self) -> impl Iterator<Item = (String, u64)> {
        bodies(&self.statements[..self.warm], 50)
    }

    /// Bodies to measure with: so many statements each. One a request: half as many statements.
    pub(crate) fn timed(&self, size: usize) -> impl Iterator<Item = (String, u64)> {
        let all = &self.statements[self.warm..];
        bodies(if size == 1 { &all[..all.len() / 2] } else { all }, size)
    }

    pub(crate) fn by_fifty(&self, server: &Server<'_>) -> Vec<Request> {
        self.timed(50).map(|(body, count)| server.request(&body, count)).collect()
    }

    pub(crate) fn one_by_one(&self, server: &Server<'_>) -> Vec<Request> {
        self.timed(1).map(|(body, count)| server.request(&body, count)).collect()
    }

    /// The mean length of a statement's JSON in bytes.
    pub(crate) fn mean_bytes(&self) -> f64 {
        self.json_bytes(self.statements.len()) as f64 / self.statements.len().max(1) as f64
    }

    /// How long the JSON of so many statements is, from the first.
    pub(crate) fn json_bytes(&self, count: usize) -> u64 {
        self.statements.iter().take(count).map(|statement| statement.len() as u64).sum()
    }
}

fn bodies(statements: &[String], size: usize) -> impl Iterator<Item = (String, u64)> {
    statements.chunks(size).map(move |chunk| match (size, chunk) {
        (1, [one]) => (one.clone(), 1),
        _ => (format!("[{}]", chunk.join(",")), chunk.len() as u64),
    })
}
