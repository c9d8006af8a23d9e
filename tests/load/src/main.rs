//! `load`: how fast a real `larka serve` takes statements in, held against bare inserts of the same rows into the
//! same tables in the same run; how fast views are folded; what a statement takes on disk and in memory.
//! Or what becomes of garbled requests (`garbled.rs`).
//!
//! How to repeat it, and what each figure means: docs/benchmarks.md. Nothing here is asserted: a target that is
//! missed is printed as missed.

#![allow(clippy::print_stdout, reason = "a measuring tool for a terminal")]

mod against;
mod asking;
mod bare;
mod client;
mod figures;
mod folding;
mod garbled;
mod holding;
mod inside;
mod place;
mod process;
mod reading;
mod server;
mod size;
mod work;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use serde::Serialize;

use figures::{Figures, Http};
use holding::Crowd;
use place::{Backend, Place};
use server::Server;
use work::Work;

/// Measures ingest, projections, memory and disk on one database or both.
#[derive(Debug, Clone, Parser)]
#[command(name = "load", version)]
struct Flags {
    /// Which database; both where none is named
    #[arg(long, value_enum)]
    database: Vec<Backend>,
    /// Statements of the run with 50 a request; the run with one a request takes half as many
    #[arg(long, default_value_t = 60_000)]
    statements: usize,
    /// No single measurement sends longer than this
    #[arg(long, default_value_t = 20.0)]
    seconds: f64,
    /// How often everything is measured; the best of each figure counts, and the other work on a machine less
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// Made-up people whom the statements are about
    #[arg(long, default_value_t = 1_500)]
    people: u32,
    /// Instead of all that: fill a log to each of these sizes, and measure what lists take
    #[arg(long, value_name = "STATEMENTS", value_delimiter = ',')]
    reading: Vec<u64>,
    /// Instead of all that: send so many garbled requests, of which none may be answered with a 5xx
    #[arg(long, value_name = "REQUESTS", default_value_t = 0)]
    garbled: u64,
    /// Instead of all that: what memory the server holds for clients that only want it to
    #[arg(long)]
    holding: bool,
    /// Instead of all that: post and ask by turns with another binary, and print how fast this one is, of that one's speed
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// A tiny run, to see that everything is measured
    #[arg(long)]
    quick: bool,
    /// Write the figures to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Folder on the disk to measure [default: the system's temporary folder]
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// The binary to measure [default: LARKA_BIN, or `larka` beside this program]
    #[arg(long, value_name = "FILE")]
    larka: Option<PathBuf>,
}

fn main() -> Result<()> {
    let mut flags = Flags::parse();
    if flags.quick {
        (flags.statements, flags.seconds, flags.people) = (600, 5.0, 60);
    }
    if flags.database.is_empty() {
        flags.database = Backend::value_variants().to_vec();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        if !flags.reading.is_empty() {
            return read(&flags).await;
        }
        if flags.garbled > 0 {
            return garble(&flags).await;
        }
        if flags.holding {
            return hold(&flags).await;
        }
        let work = Work::new(&flags);
        if let Some(other) = &flags.against {
            return compare(&flags, &work, other).await;
        }
        let mut all = Vec::new();
        for backend in flags.database.clone() {
            let mut best: Option<Figures> = None;
            for _ in 0..flags.rounds.max(1) {
                let round = measure(backend, &flags, &work).await?;
                best = Some(match best {
                    None => round,
                    Some(before) => before.best(round),
                });
            }
            let figures = best.context("no round")?;
            println!("{figures}");
            all.push(figures.json());
        }
        keep(&flags, &all)
    })
}

/// Writes the figures to the file that was asked for, if one was.
fn keep(flags: &Flags, all: &impl Serialize) -> Result<()> {
    if let Some(file) = &flags.json {
        std::fs::write(file, serde_json::to_vec_pretty(all)?)?;
    }
    Ok(())
}

/// What lists take as the log grows.
async fn read(flags: &Flags) -> Result<()> {
    let mut sizes = flags.reading.clone();
    sizes.sort_unstable();
    let mut all = Vec::new();
    for backend in flags.database.clone() {
        let reading = reading::measure(backend, flags, &sizes).await?;
        println!("{reading}");
        all.push(reading);
    }
    keep(flags, &all)
}

/// What becomes of garbled requests.
async fn garble(flags: &Flags) -> Result<()> {
    let mut all = Vec::new();
    for backend in flags.database.clone() {
        all.push(garbled::measure(backend, flags, flags.garbled).await?);
    }
    keep(flags, &all)?;
    all.iter().try_for_each(garbled::Garbled::report)
}

/// What memory is held for nothing.
async fn hold(flags: &Flags) -> Result<()> {
    let mut all = Vec::new();
    for backend in flags.database.clone() {
        let holding = holding::measure(backend, flags, Crowd::of(flags)).await?;
        println!("{holding}");
        all.push(holding);
    }
    keep(flags, &all)
}

/// How fast this build is beside another.
async fn compare(flags: &Flags, work: &Work, other: &Path) -> Result<()> {
    let mut all = Vec::new();
    for backend in flags.database.clone() {
        let against = against::measure(backend, flags, work, other).await?;
        println!("{against}");
        all.push(against);
    }
    keep(flags, &all)
}

/// One round on one database.
async fn measure(backend: Backend, flags: &Flags, work: &Work) -> Result<Figures> {
    let limit = Duration::from_secs_f64(flags.seconds);

    // 50 a request over 8 connections; its rows are what everything else is measured with.
    let place = Place::fresh(backend, flags).await?;
    let server = Server::start(&place, flags, work, "lrs,admin").await?;
    let warm = server.head().await?;
    let http_50 = send(&server, work.by_fifty(&server), 8, limit).await?;
    let memory = process::memory(server.pid())?;
    server.stop().await?;
    let rows = bare::Stored::read(&place, warm).await?;
    let disk = size::of(&place, work.bytes(rows.statements()), rows.statements()).await?;
    let folding = folding::measure(&place).await?;
    place.drop_now().await?;

    let batch = http_50.batch.round().max(1.0) as usize;
    let bare_50 = bare::measure(backend, flags, &rows, batch, limit).await?;
    let bare_1 = bare::measure(backend, flags, &rows, 1, limit.mul_f64(0.25)).await?;

    // One a request over 64 connections.
    let place = Place::fresh(backend, flags).await?;
    let server = Server::start(&place, flags, work, "lrs,admin").await?;
    let http_1 = send(&server, work.one_by_one(&server), 64, limit).await?;
    server.stop().await?;
    place.drop_now().await?;

    let append_1 = inside::append(backend, flags, &rows, limit).await?;
    let ingest_1 = inside::ingest(backend, flags, work, 1, 64, limit).await?;
    let ingest_50 = inside::ingest(backend, flags, work, 50, 8, limit).await?;

    // The same as at first, while the same process folds views and writes the lake.
    let place = Place::fresh(backend, flags).await?;
    let server = Server::start(&place, flags, work, "lrs,admin,worker").await?;
    let http_50_worker = send(&server, work.by_fifty(&server), 8, limit).await?;
    server.stop().await?;
    place.drop_now().await?;

    Ok(Figures {
        database: backend,
        statement_bytes: work.mean_bytes(),
        bare_50,
        bare_1,
        http_50,
        http_50_worker,
        http_1,
        append_1,
        ingest_50,
        ingest_1,
        folding,
        memory,
        disk,
    })
}

/// Sends requests, and counts what that cost and what arrived.
async fn send(
    server: &Server<'_>,
    requests: Vec<client::Request>,
    connections: usize,
    limit: Duration,
) -> Result<Http> {
    server.place().settle().await?;
    let stored = server.place().statements().await?;
    let before = server.meters().await?;
    let address = server.address();
    // A thread of its own with nothing else on it: the client must be lean, and its share is reported.
    let sending = tokio::task::spawn_blocking(move || client::send(address, requests, connections, limit));
    let sent = sending.await??;
    let after = server.meters().await?;
    Ok(Http {
        statements: sent.statements,
        stored: server.place().statements().await? - stored,
        seconds: sent.seconds,
        writer_busy: (after.commit_seconds - before.commit_seconds) / sent.seconds,
        batch: (after.batch_sum - before.batch_sum) / (after.batch_count - before.batch_count).max(1.0),
        client_cpu: after.client_cpu - before.client_cpu,
        server_cpu: after.server_cpu - before.server_cpu,
        database_cpu: after.database_cpu - before.database_cpu,
        median_ms: sent.median_ms,
        p99_ms: sent.p99_ms,
    })
}
