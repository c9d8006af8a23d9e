//! The bytes of the format are fixed: what this version hashes and stores, every later one must read.
//!
//! `LARKA_WRITE_FIXTURES=1` writes the files of version 2 anew; that is only right for a new format version. Those of
//! version 1 stay as they were written.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use eventlog::clock::{ManualClock, Micros};
use eventlog::hash::{self, Envelope};
use eventlog::{Append, EventLog, Expected, Location, Naming, NewEvent, Options, Position, Slot};
use sha2::{Digest, Sha256};

const STORED: Micros = Micros(1_790_000_000_000_000);

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn bare(number: u8) -> NewEvent {
    NewEvent {
        id: [number; 16],
        kind: "statement",
        schema: 1,
        credential: None,
        dedupe: None,
        stream: None,
        facts: Vec::new(),
        slots: Vec::new(),
    }
}

/// The events of the fixtures: everything that an event can have, and can lack.
fn events() -> Vec<NewEvent> {
    let slot = |number: u16, owner: Option<u8>, body: &[u8]| Slot {
        number,
        owner: owner.map(|byte| [byte; 16]),
        period: 8_104 + number,
        body: body.to_vec(),
    };
    vec![
        bare(1),
        NewEvent {
            credential: Some([0xc1; 16]),
            dedupe: Some([0xd1; 16]),
            facts: (0..=255).collect(),
            slots: vec![slot(0, Some(0xa1), b"the rest"), slot(1, Some(0xa2), &[0; 100]), slot(2, None, b"")],
            ..bare(2)
        },
        NewEvent { kind: "document", schema: 65_535, stream: Some(([0x5e; 16], Expected::Any)), ..bare(3) },
        NewEvent { kind: "document", stream: Some(([0x5e; 16], Expected::Version(1))), ..bare(4) },
        NewEvent { kind: "å", facts: b"\xa0".to_vec(), slots: vec![slot(0, None, b"course")], ..bare(5) },
    ]
}

async fn append_all(log: &EventLog) {
    for event in events() {
        log.append(Append { events: vec![event], fence: None, raise_fence: false }).await.unwrap();
    }
    let deletion = NewEvent { kind: "slots_deleted", ..bare(6) };
    log.delete_slots(&[(Position(2), 1)], deletion).await.unwrap();
}

/// The hashes of the chain, in hexadecimal, one line each.
fn chain() -> String {
    let mut previous = hash::GENESIS;
    let mut lines = String::new();
    let deletion = NewEvent { kind: "slots_deleted", ..bare(6) };
    for (index, event) in (0_u32..).zip(events().iter().chain([&deletion])) {
        let slot_hashes = hash::slots(&event.slots);
        let leaf = hash::leaf(&Envelope::from(event), &slot_hashes);
        let version = [0, 0, 1, 2, 0, 0][index as usize];
        let position = Position(u64::from(index) + 1);
        let stored = Micros(STORED.0 + i64::from(index));
        previous = hash::chain(&previous, position, stored, version, &leaf);
        lines.push_str(&format!("{} {}\n", hex::encode(leaf), hex::encode(previous)));
    }
    lines
}

#[test]
fn the_hashes_are_the_ones_that_were_committed() {
    assert_eq!(chain(), std::fs::read_to_string(file("chain-1.txt")).unwrap());
}

#[test]
fn the_hashes_are_what_the_format_page_says() {
    // Put together by hand from docs/formats/log.md, without the crate's own helpers.
    let event = &events()[1];
    let mut slot_hashes = Vec::new();
    for slot in &event.slots {
        let mut bytes = b"\x0clarka/slot/1".to_vec();
        bytes.extend(slot.number.to_be_bytes());
        match slot.owner {
            None => bytes.push(0),
            Some(owner) => {
                bytes.push(1);
                bytes.extend(owner);
            }
        }
        bytes.extend(slot.period.to_be_bytes());
        bytes.extend((slot.body.len() as u64).to_be_bytes());
        bytes.extend(&slot.body);
        slot_hashes.extend(Sha256::digest(&bytes));
    }
    let sealed = [b"\x0elarka/sealed/1".as_slice(), &96_u64.to_be_bytes(), &slot_hashes].concat();
    let leaf = [
        b"\x0clarka/leaf/1".as_slice(),
        &[2; 16],
        &9_u64.to_be_bytes(),
        b"statement",
        &[0, 1],
        &[1],
        &[0xc1; 16],
        &[1],
        &[0xd1; 16],
        &[0],
        &256_u64.to_be_bytes(),
        &event.facts,
        &Sha256::digest(sealed),
    ]
    .concat();
    let leaf = Sha256::digest(leaf);
    let first = std::fs::read_to_string(file("chain-1.txt")).unwrap();
    let previous = first.lines().next().unwrap().split(' ').nth(1).unwrap().to_owned();
    let chained = [
        b"\x0dlarka/event/1".as_slice(),
        &hex::decode(previous).unwrap(),
        &2_u64.to_be_bytes(),
        &(STORED.0 + 1).to_be_bytes(),
        &0_u64.to_be_bytes(),
        &leaf,
    ]
    .concat();
    let line = format!("{} {}", hex::encode(leaf), hex::encode(Sha256::digest(chained)));
    assert_eq!(first.lines().nth(1).unwrap(), line);
}

#[tokio::test]
async fn both_databases_store_the_committed_hashes() {
    let folder = tempfile::tempdir().unwrap();
    let database = testkit::postgres::database().await.unwrap();
    let last = chain().lines().last().unwrap().split(' ').nth(1).unwrap().to_owned();
    for location in
        [Location::sqlite(folder.path().join("log.db")), Location::postgres(database.url(), "log")]
    {
        let log = EventLog::open(Options::new(location, ManualClock::at(STORED))).await.unwrap();
        append_all(&log).await;
        assert_eq!(hex::encode(log.head().await.unwrap().hash), last);
        log.close().await;
    }
}

#[tokio::test]
async fn a_file_of_version_1_opens_verifies_and_goes_on_with_what_is_new() {
    let fixture = file("log-1.db");
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("log.db");
    std::fs::copy(&fixture, &copy).unwrap();
    let log = EventLog::open(Options::new(Location::sqlite(&copy), ManualClock::at(STORED))).await.unwrap();
    let verified = log.verify(1..=u64::MAX, &mut |_| {}).await.unwrap();
    assert_eq!((verified.events, verified.slots, verified.deleted_slots), (6, 3, 1));
    let last = chain().lines().last().unwrap().split(' ').nth(1).unwrap().to_owned();
    assert_eq!(hex::encode(verified.hash), last);
    let read = log.read_at(&[Position(2), Position(4)]).await.unwrap();
    assert_eq!(read[0].0.facts, events()[1].facts);
    assert_eq!(read[0].1, [events()[1].slots[0].clone(), events()[1].slots[2].clone()]);
    assert_eq!(read[1].0.stream, Some(([0x5e; 16], 2)));
    append_chunks(&log, 7).await;
    assert_eq!(log.verify(1..=u64::MAX, &mut |_| {}).await.unwrap().chunks, 2);
}

const SET: [u8; 16] = [0x5e; 16];
const CHUNKS: [&[u8]; 2] = [b"the first chunk", b"the last"];

/// An event of which the second slot names a set of two chunks.
fn large(number: u8) -> NewEvent {
    let slot =
        |number: u16, body: &[u8]| Slot { number, owner: Some([0xa1; 16]), period: 8_104, body: body.into() };
    NewEvent { slots: vec![slot(0, b"the rest"), slot(1, b"the key")], ..bare(number) }
}

async fn append_chunks(log: &EventLog, number: u8) {
    let mut hashes = Vec::new();
    for (number, body) in (0..).zip(CHUNKS) {
        hashes.extend(log.stage(SET, number, body).await.unwrap());
    }
    let append = Append { events: vec![large(number)], fence: None, raise_fence: false };
    log.append_naming(append, vec![Naming { event: 0, slot: 1, set: SET, hashes }]).await.unwrap();
}

#[tokio::test]
async fn a_file_of_version_2_has_the_hashes_of_the_format_page_on_both_databases() {
    let fixture = file("log-2.db");
    if std::env::var_os("LARKA_WRITE_FIXTURES").is_some() {
        let _ = std::fs::remove_file(&fixture);
        let log =
            EventLog::open(Options::new(Location::sqlite(&fixture), ManualClock::at(STORED))).await.unwrap();
        append_chunks(&log, 1).await;
        log.close().await;
    }
    // Put together by hand from docs/formats/log.md, without the crate's own helpers.
    let sha = |parts: &[&[u8]]| -> [u8; 32] { Sha256::digest(parts.concat()).into() };
    let length = |bytes: &[u8]| (bytes.len() as u64).to_be_bytes();
    let chunks: Vec<u8> = (0_u32..)
        .zip(CHUNKS)
        .flat_map(|(number, body)| {
            sha(&[b"\x0dlarka/chunk/1", &SET, &number.to_be_bytes(), &length(body), body])
        })
        .collect();
    let owned = |tag: &[u8], number: u8, body: &[u8]| {
        [tag, &[0, number, 1], &[0xa1; 16], &8_104_u16.to_be_bytes(), &length(body), body].concat()
    };
    let slots = [
        sha(&[&owned(b"\x0clarka/slot/1", 0, b"the rest")]),
        sha(&[&owned(b"\x0clarka/slot/2", 1, b"the key"), &SET, &length(&chunks), &chunks]),
    ]
    .concat();
    let sealed = sha(&[b"\x0elarka/sealed/1", &length(&slots), &slots]);
    let leaf = sha(&[
        b"\x0clarka/leaf/1",
        &[1; 16],
        &9_u64.to_be_bytes(),
        b"statement",
        &[0, 1, 0, 0, 0],
        &0_u64.to_be_bytes(),
        &sealed,
    ]);
    let chained =
        sha(&[b"\x0dlarka/event/1", &[0; 32], &1_u64.to_be_bytes(), &STORED.0.to_be_bytes(), &[0; 8], &leaf]);

    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("log.db");
    std::fs::copy(&fixture, &copy).unwrap();
    let log = EventLog::open(Options::new(Location::sqlite(&copy), ManualClock::at(STORED))).await.unwrap();
    let verified = log.verify(1..=u64::MAX, &mut |_| {}).await.unwrap();
    assert_eq!((verified.slots, verified.chunks, verified.hash), (2, 2, chained));
    assert_eq!(log.read_chunk(SET, 1).await.unwrap().unwrap(), CHUNKS[1]);
    let database = testkit::postgres::database().await.unwrap();
    let location = Location::postgres(database.url(), "log");
    let log = EventLog::open(Options::new(location, ManualClock::at(STORED))).await.unwrap();
    append_chunks(&log, 1).await;
    assert_eq!(log.head().await.unwrap().hash, chained);
}
