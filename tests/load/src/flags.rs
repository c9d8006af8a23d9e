//! What is asked on the command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use serde::Serialize;

/// The database that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    /// As people know it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// Measures ingest, projections, memory and disk on one database or both.
#[derive(Debug, Clone, Parser)]
#[command(name = "load", version)]
pub(crate) struct Flags {
    /// Which database; both where none is named
    #[arg(long, value_enum)]
    pub(crate) database: Vec<Backend>,
    /// Statements of the run with 50 a request; the run with one a request takes half as many
    #[arg(long, default_value_t = 60_000)]
    pub(crate) statements: usize,
    /// No single measurement sends longer than this
    #[arg(long, default_value_t = 20.0)]
    pub(crate) seconds: f64,
    /// How often everything is measured; the best of each figure counts, and the other work on a machine less
    #[arg(long, default_value_t = 1)]
    pub(crate) rounds: usize,
    /// Made-up people whom the statements are about
    #[arg(long, default_value_t = 1_500)]
    pub(crate) people: u32,
    /// Instead of all that: fill a log to each of these sizes, and measure what lists take
    #[arg(long, value_name = "STATEMENTS", value_delimiter = ',')]
    pub(crate) reading: Vec<u64>,
    /// Instead of all that: send so many garbled requests, of which none may be answered with a 5xx
    #[arg(long, value_name = "REQUESTS", default_value_t = 0)]
    pub(crate) garbled: u64,
    /// Instead of all that: what memory the server holds for clients that only want it to
    #[arg(long)]
    pub(crate) holding: bool,
    /// Instead of all that: answers to 30 questions that so many people hand in through the answer pages, named and
    /// unlinkable, beside single statements
    #[arg(long, value_name = "PEOPLE", default_value_t = 0)]
    pub(crate) answers: usize,
    /// Instead of all that: post and ask by turns with another binary, and print how fast this one is, of that one's speed
    #[arg(long, value_name = "FILE")]
    pub(crate) against: Option<PathBuf>,
    /// A tiny run, to see that everything is measured
    #[arg(long)]
    pub(crate) quick: bool,
    /// Write the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Folder on the disk to measure [default: the system's temporary folder]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
    /// The binary to measure [default: LARKA_BIN, or `larka` beside this program]
    #[arg(long, value_name = "FILE")]
    pub(crate) larka: Option<PathBuf>,
}
