//! `load`: how fast a real `larka serve` takes statements in, held against bare inserts of the same rows into the
//! same tables in the same run; how fast views are folded; what a statement takes on disk and in memory.
//! Or what becomes of garbled requests (`garbled.rs`).
//!
//! How to repeat it, and what each figure means: docs/benchmarks.md. Nothing here is asserted: a target that is
//! missed is printed as missed.

#![allow(clippy::print_stdout, reason = "a measuring tool for a terminal")]

mod against;
mod answers;
mod asking;
mod bare;
mod client;
mod figures;
mod flags;
mod folding;
mod garbled;
mod holding;
mod inside;
mod place;
mod process;
mod reading;
mod sending;
mod server;
mod size;
mod work;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use serde::Serialize;

use figures::Figures;
use flags::{Backend, Flags};
use holding::Crowd;
use place::Place;
use sending::send;
use server::Server;
use work::Work;

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
        if flags.answers > 0 {
            return hand_in(&flags, &work).await;
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

/// How fast answers are taken, beside statements.
async fn hand_in(flags: &Flags, work: &Work) -> Result<()> {
    let mut all = Vec::new();
    for backend in flags.database.clone() {
        let mut best = answers::measure(backend, flags, work).await?;
        for _ in 1..flags.rounds {
            best = best.best(answers::measure(backend, flags, work).await?);
        }
        println!("{best}");
        all.push(best.json());
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
    let http_50 = send(&server, server.requests(work.timed(50)), 8, limit).await?;
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
    let http_1 = send(&server, server.requests(work.timed(1)), 64, limit).await?;
    server.stop().await?;
    place.drop_now().await?;

    let append_1 = inside::append(backend, flags, &rows, limit).await?;
    let ingest_1 = inside::ingest(backend, flags, work, 1, 64, limit).await?;
    let ingest_50 = inside::ingest(backend, flags, work, 50, 8, limit).await?;

    // The same as at first, while the same process folds views and writes the lake.
    let place = Place::fresh(backend, flags).await?;
    let server = Server::start(&place, flags, work, "lrs,admin,worker").await?;
    let http_50_worker = send(&server, server.requests(work.timed(50)), 8, limit).await?;
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
