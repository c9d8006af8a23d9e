//! How many megabytes a second are parsed and validated on one core, and how many allocations a statement costs,
//! on the valid half of the corpus: `cargo bench -p larka-xapi`. Beside it what another reader needs to build a
//! tree of the same text, without validating anything.
#![allow(clippy::print_stdout, clippy::expect_used, reason = "a program that prints what it measured")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use xapi::{Limits, Version, equal, parse};

fn main() {
    let version = Version::V2_0_0;
    let corpus = include_str!("../tests/corpus/valid.jsonl");
    let all: Vec<String> = corpus.lines().map(statement).collect();
    let usual: Vec<String> = all.iter().filter(|text| text.len() > 600).cloned().collect();
    for (name, texts) in [("usual statements", &usual), ("the whole corpus", &all)] {
        let one_by_one: usize = texts.iter().map(String::len).sum();
        println!("{name}: {} of {} bytes on average", texts.len(), one_by_one / texts.len());
        measure("  one at a time", one_by_one, texts.len(), || {
            for text in texts {
                black_box(
                    parse::statement(black_box(text.as_bytes()), version, &Limits::default()).expect("valid"),
                );
            }
        });
        let batch = without_ids(texts);
        measure("  50 a request", batch.len(), 50, || {
            black_box(
                parse::statements(black_box(batch.as_bytes()), version, &Limits::default()).expect("valid"),
            );
        });
        measure("  serde_json, the same to a tree", batch.len(), 50, || {
            black_box(
                serde_json::from_slice::<serde_json::Value>(black_box(batch.as_bytes())).expect("valid"),
            );
        });
        let spaced: Vec<String> = texts.iter().map(|text| text.replacen('{', "{ ", 1)).collect();
        measure("  comparing two", one_by_one, texts.len(), || {
            for (a, b) in texts.iter().zip(&spaced) {
                assert!(equal::same_text(black_box(a), black_box(b), version));
            }
        });
    }
}

fn statement(line: &'static str) -> String {
    let fields: std::collections::HashMap<String, &RawValue> = serde_json::from_str(line).expect("JSON");
    fields["statement"].get().to_owned()
}

/// Fifty statements in an array, none with an id, so that none comes twice.
fn without_ids(texts: &[String]) -> String {
    let without = |text: &String| match text.strip_prefix("{\"id\":") {
        Some(rest) => format!("{{{}", &rest[39..]),
        None => text.replace("\"id\":\"6f1c2f9a-3b57-4a55-9a0e-0c2f8f4f7d10\",\"stored\"", "\"stored\""),
    };
    let fifty: Vec<String> = texts.iter().map(without).cycle().take(50).collect();
    format!("[{}]", fifty.join(","))
}

/// The best of several rounds: what the code can do when nothing disturbs it.
fn measure(name: &str, bytes: usize, statements: usize, mut work: impl FnMut()) {
    let allocated = allocation_counter::measure(&mut work).count_total;
    let mut best = Duration::MAX;
    for _ in 0..20 {
        let turns = 50;
        let start = Instant::now();
        for _ in 0..turns {
            work();
        }
        best = best.min(start.elapsed() / turns);
    }
    let seconds = best.as_secs_f64();
    println!(
        "{name:<34} {:>7.0} MB/s {:>9.0} ns {:>7.1} allocations a statement",
        bytes as f64 / 1e6 / seconds,
        seconds * 1e9 / statements as f64,
        allocated as f64 / statements as f64
    );
}
