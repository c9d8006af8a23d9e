//! Prints the made-up municipality: `--what statements|organisation|courses|surveys|rounds`, a line each
//! for statements, else one JSON document.
#![allow(clippy::print_stdout)]

use std::io::{BufWriter, Write};

use clap::Parser;
use synthetic::{Plan, World};

#[derive(Parser)]
struct Arguments {
    #[arg(long, default_value_t = 1_500)]
    people: u32,
    #[arg(long, default_value_t = 50_000)]
    statements: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, default_value_t = 2024)]
    year: i32,
    #[arg(long, default_value = "statements")]
    what: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Arguments { people, statements, seed, year, what } = Arguments::parse();
    let world = World::new(&Plan { people, statements, seed, year });
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    match what.as_str() {
        "statements" => {
            for statement in world.statements() {
                writeln!(out, "{statement}")?;
            }
        }
        "organisation" => serde_json::to_writer(&mut out, &world.organisation())?,
        "courses" => serde_json::to_writer(&mut out, &world.courses())?,
        "surveys" => serde_json::to_writer(&mut out, &world.surveys())?,
        "rounds" => serde_json::to_writer(&mut out, &world.rounds())?,
        other => {
            return Err(format!(
                "--what {other}: expected statements, organisation, courses, surveys, rounds"
            )
            .into());
        }
    }
    Ok(out.flush()?)
}
