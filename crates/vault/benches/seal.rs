//! Microseconds per operation of the vault on made-up statements of about 1.2 KB, SQLite.
//! `cargo bench -p larka-vault`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and ends where it fails")]

#[path = "../tests/samples/mod.rs"]
mod samples;

use std::hint::black_box;
use std::time::Instant;

use eventlog::Location;
use eventlog::clock::SystemClock;
use vault::{Binding, Envelope, Options, Owner, Period, Span, Vault};
use xapi::Identifier;

const STATEMENTS: usize = 20_000;
const PEOPLE: usize = 2_000;
const QUARTER: Period = Period(2026 * 4);

#[tokio::main]
async fn main() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        location: Location::sqlite(dir.path().join("vault.db")),
        keys: dir.path().join("keys"),
        instance: [1; 16],
        clock: SystemClock::shared(),
        registry: prometheus::Registry::new(),
    };
    let vault = Vault::open(options).await.unwrap();
    let people: Vec<_> = (0..PEOPLE).map(|n| Identifier::Mbox(format!("mailto:p{n}@example.org"))).collect();

    let started = Instant::now();
    let handles = vault.resolve(&people, QUARTER).await.unwrap();
    report("create an agent and its key, 2000 a batch", started, PEOPLE);

    let started = Instant::now();
    for person in people.iter().cycle().take(100_000) {
        black_box(vault.resolve(std::slice::from_ref(person), QUARTER).await.unwrap());
    }
    report("resolve, in memory, one a call", started, 100_000);
    let started = Instant::now();
    for _ in 0..50 {
        black_box(vault.resolve(&people, QUARTER).await.unwrap());
    }
    report("resolve, in memory, 2000 a call", started, 50 * PEOPLE);
    vault.drop_caches();
    let started = Instant::now();
    black_box(vault.resolve(&people, QUARTER).await.unwrap());
    report("resolve, from the database, 2000 a call", started, PEOPLE);

    let mut stream = samples::Samples::new(99);
    let statements: Vec<_> = std::iter::repeat_with(|| stream.statement())
        .filter(|sample| sample.agents.len() == 1 && (1000..1400).contains(&sample.text.len()))
        .take(STATEMENTS)
        .collect();
    let plain_bytes: usize = statements.iter().map(|sample| sample.text.len()).sum();
    let started = Instant::now();
    let sealed: Vec<_> = (0u128..)
        .zip(&statements)
        .zip(handles.iter().cycle())
        .map(|((n, sample), handle)| {
            let binding = Binding { event: n.to_be_bytes(), kind: "statement", slot: 0 };
            vault.seal(&binding, &Owner::Agent(handle), sample.text.as_bytes()).unwrap()
        })
        .collect();
    report("compress and seal 1.2 KB", started, STATEMENTS);
    let sealed_bytes: usize = sealed.iter().map(|slot| slot.body.len()).sum();
    println!("{:>10} bytes of a statement, {} sealed", plain_bytes / STATEMENTS, sealed_bytes / STATEMENTS);

    let started = Instant::now();
    for ((n, sample), handle) in (0u128..).zip(&statements).zip(handles.iter().cycle()) {
        let span = Span { range: sample.agents[0].clone(), agent: handle.agent(), tag: 0 };
        let actor = std::slice::from_ref(handle);
        black_box(
            vault.seal_text("statement", n.to_be_bytes(), &sample.text, &[span], actor, actor).unwrap(),
        );
    }
    report("cut, compress and seal 1.2 KB", started, STATEMENTS);

    let envelopes: Vec<_> = (0u128..)
        .zip(&sealed)
        .map(|(n, slot)| Envelope {
            event: n.to_be_bytes(),
            kind: "statement",
            slots: std::slice::from_ref(slot),
        })
        .collect();
    let started = Instant::now();
    for page in envelopes.chunks(100) {
        black_box(vault.open_all(page).await.unwrap());
    }
    report("open and decompress, 100 a call", started, STATEMENTS);

    let started = Instant::now();
    let ratchet = vault.ratchet().await.unwrap();
    report("ratchet, per agent with one key", started, usize::try_from(ratchet.agents).unwrap());
}

fn report(what: &str, started: Instant, count: usize) {
    println!("{:>10.2} µs  {what}", started.elapsed().as_secs_f64() * 1e6 / count as f64);
}
