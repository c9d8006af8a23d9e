//! `larka-pdf`: a document for paper on standard input, its PDF on standard output. Started for each report and gone
//! with it; whoever starts it ends it when it takes too long.

use std::io::{Read, Write};
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, setrlimit};

/// At most so many bytes of memory: a report of 226 pages takes a quarter of it.
const MEMORY: u64 = 2 << 30;
/// At most so many seconds of a processor, for when nobody is left to end it.
const SECONDS: u64 = 120;
/// At most so many bytes come in.
const LONGEST: u64 = 64 << 20;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "{why}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    if let Some(argument) = std::env::args().nth(1) {
        return Err(format!(
            "larka-pdf {} takes no arguments, and was given {argument:?}: it reads a report as JSON from standard \
             input and writes PDF to standard output; larka starts it",
            env!("CARGO_PKG_VERSION")
        )
        .into());
    }
    let at_most = |limit| Rlimit { current: Some(limit), maximum: Some(limit) };
    setrlimit(Resource::As, at_most(MEMORY))?;
    setrlimit(Resource::Cpu, at_most(SECONDS))?;
    let mut document = Vec::new();
    std::io::stdin().lock().take(LONGEST + 1).read_to_end(&mut document)?;
    if document.len() as u64 > LONGEST {
        return Err(format!("the report is longer than {} MiB", LONGEST >> 20).into());
    }
    let pdf = larka_pdf::pdf(&document)?;
    std::io::stdout().lock().write_all(&pdf)?;
    Ok(())
}
