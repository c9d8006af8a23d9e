//! How fast a log is copied out for a backup, beside a copy of its file, and made again from that.
//!
//! `cargo run --release -p larka-eventlog --example backup_speed -- FOLDER 1000000 [postgres://…]`
//!
//! Events are of the size of statements, without the statement index, which is no part of a backup.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a measuring tool for a terminal"
)]

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use eventlog::clock::SystemClock;
use eventlog::segment::records;
use eventlog::{Append, Copies, EventLog, Location, LogError, NewEvent, Options, Position, Restoring, Slot};
use sha2::{Digest as _, Sha256};

/// Bytes of a file.
const FILE: usize = 16 << 20;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().expect("a folder"));
    let count: u64 = arguments.next().expect("how many events").parse().expect("a number");
    fs::create_dir_all(&folder).unwrap();
    let at = match arguments.next() {
        Some(url) => Location::postgres(url, "log"),
        None => Location::sqlite(folder.join("log.db")),
    };
    let log = EventLog::open(Options::new(at.clone(), SystemClock::shared())).await.unwrap();
    fill(&log, count).await;
    log.close().await;

    let mut copy = None;
    if let Location::Sqlite { file } = &at {
        let (bytes, seconds) = (file.metadata().unwrap().len(), copied(file, &folder.join("copy.db")));
        println!("cp:      {seconds:>7.2} s, {:>6.0} MB/s of {} MB", mb(bytes) / seconds, mb(bytes) as u64);
        copy = Some(seconds);
    }
    let log = EventLog::open(Options::new(at.clone(), SystemClock::shared())).await.unwrap();
    let began = Instant::now();
    let mut out = Files { folder: folder.join("out"), ..Files::default() };
    fs::create_dir_all(&out.folder).unwrap();
    log.copy_after(Position(0), &mut out).await.unwrap();
    out.write().await;
    let seconds = began.elapsed().as_secs_f64();
    let bytes = out.paths.iter().map(|path| path.metadata().unwrap().len()).sum::<u64>();
    println!("backup:  {seconds:>7.2} s, {:>6.0} MB/s of {} MB", mb(bytes) / seconds, mb(bytes) as u64);
    if let Some(copy) = copy {
        println!("         {:>7.2} of the speed of cp for the whole file", copy / seconds);
    }
    let began = Instant::now();
    log.verify(1..=count, &mut |_| {}).await.unwrap();
    println!(
        "verify:  {:>7.2} s, {:>7.0} events a second",
        began.elapsed().as_secs_f64(),
        rate(count, began)
    );
    log.close().await;

    let began = Instant::now();
    let mut restoring = Restoring::begin(at.aside(&folder.join("out")), Position(count)).await.unwrap();
    for path in &out.paths {
        for record in records(&fs::read(path).unwrap()) {
            restoring.take(record.unwrap()).await.unwrap();
        }
    }
    println!(
        "insert:  {:>7.2} s, {:>7.0} events a second",
        began.elapsed().as_secs_f64(),
        rate(count, began)
    );
    restoring.finish(0).await.unwrap();
    println!(
        "restore: {:>7.2} s, {:>7.0} events a second, with indexes and verified",
        began.elapsed().as_secs_f64(),
        rate(count, began)
    );
    at.aside(&folder.join("out")).remove().await.unwrap();
}

async fn fill(log: &EventLog, count: u64) {
    let mut done = log.head().await.unwrap().position.0;
    while done < count {
        let events: Vec<NewEvent> = (done..count.min(done + 2_000)).map(event).collect();
        done += events.len() as u64;
        log.append(Append { events, fence: None, raise_fence: false }).await.unwrap();
    }
}

/// Of the size of a statement: 190 bytes of facts, and a text of 350.
fn event(number: u64) -> NewEvent {
    let random = |salt: u64, bytes: usize| -> Vec<u8> {
        let block =
            |at: u64| Sha256::digest([number.to_be_bytes(), salt.to_be_bytes(), at.to_be_bytes()].concat());
        (0..).flat_map(block).take(bytes).collect()
    };
    let key = |salt| random(salt, 16).try_into().unwrap();
    NewEvent {
        id: key(1),
        kind: "statement",
        schema: 3,
        credential: Some([7; 16]),
        dedupe: Some(key(2)),
        stream: None,
        facts: random(3, 190),
        slots: vec![Slot { number: 0, owner: Some(key(4)), period: 8_104, body: random(5, 350) }],
    }
}

/// Seconds that a copy takes until it is on disk.
fn copied(from: &Path, to: &Path) -> f64 {
    let began = Instant::now();
    fs::copy(from, to).unwrap();
    File::open(to).unwrap().sync_all().unwrap();
    let seconds = began.elapsed().as_secs_f64();
    fs::remove_file(to).unwrap();
    seconds
}

/// Files as a backup writes them: hashed and synced while the next is filled.
#[derive(Default)]
struct Files {
    folder: PathBuf,
    bytes: Vec<u8>,
    paths: Vec<PathBuf>,
    writing: Option<tokio::task::JoinHandle<()>>,
}

impl Files {
    async fn write(&mut self) {
        self.start().await;
        if let Some(writing) = self.writing.take() {
            writing.await.unwrap();
        }
    }

    async fn start(&mut self) {
        if let Some(writing) = self.writing.take() {
            writing.await.unwrap();
        }
        let (path, bytes) = (self.folder.join(self.paths.len().to_string()), std::mem::take(&mut self.bytes));
        self.paths.push(path.clone());
        self.writing = Some(tokio::task::spawn_blocking(move || {
            std::hint::black_box(Sha256::digest(&bytes));
            let mut file = File::create(path).unwrap();
            file.write_all(&bytes).unwrap();
            file.sync_all().unwrap();
        }));
    }
}

impl Copies for Files {
    type Error = LogError;

    async fn take(&mut self, records: Vec<u8>, _: Position) -> Result<(), LogError> {
        self.bytes.extend(records);
        if self.bytes.len() >= FILE {
            self.start().await;
        }
        Ok(())
    }
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn rate(count: u64, began: Instant) -> f64 {
    count as f64 / began.elapsed().as_secs_f64()
}
