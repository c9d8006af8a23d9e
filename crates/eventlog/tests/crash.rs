//! Killed in the middle, again and again: nothing acknowledged is missing, nothing is there twice.
//!
//! The test starts itself as a child (told by a variable), which appends as fast as it can and prints
//! each key once it is acknowledged. The parent kills it after some acknowledgements, starts the next on
//! the same data, and in the end compares.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use eventlog::clock::SystemClock;
use eventlog::{Append, AppendError, EventLog, Key, Location, NewEvent, Options, Position, Slot};

const CHILD: &str = "LARKA_CRASH_CHILD";
const ROUNDS: u64 = 8;
/// Acknowledgements before each kill: different in each round, so that it falls on different moments.
const BEFORE_KILL: [usize; 4] = [1, 37, 150, 400];

fn key(round: u64, task: u64, number: u64) -> Key {
    let mut key = [0; 16];
    key[..2].copy_from_slice(&u16::try_from(round).unwrap().to_be_bytes());
    key[2..4].copy_from_slice(&u16::try_from(task).unwrap().to_be_bytes());
    key[8..].copy_from_slice(&number.to_be_bytes());
    key
}

fn event(key: Key) -> NewEvent {
    let slots = vec![Slot { number: 0, owner: Some([1; 16]), period: 8_104, body: vec![7; 600] }];
    NewEvent {
        id: key,
        kind: "statement",
        schema: 1,
        credential: None,
        dedupe: Some(key),
        stream: None,
        facts: vec![1; 200],
        slots,
    }
}

fn location(text: &str) -> Location {
    if text.starts_with("postgres") { Location::postgres(text, "log") } else { Location::sqlite(text) }
}

async fn open(place: &str) -> EventLog {
    EventLog::open(Options::new(location(place), SystemClock::shared())).await.unwrap()
}

/// The child: not a promise of its own, and nothing to do where it was not started as a child.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Ok(order) = std::env::var(CHILD) else { return };
    let (round, place) = order.split_once(' ').unwrap();
    let round: u64 = round.parse().unwrap();
    let log = Arc::new(open(place).await);
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                for number in 0.. {
                    let keys = [key(round, task, number * 2), key(round, task, number * 2 + 1)];
                    let events = keys.map(event).to_vec();
                    let request = Append { events, fence: None, raise_fence: false };
                    let appended = log.append(request).await.unwrap();
                    let mut lines = String::new();
                    for (key, (position, _)) in keys.iter().zip(appended.events) {
                        lines.push_str(&format!("ack {} {}\n", hex::encode(key), position.0));
                    }
                    // One write per acknowledgement: a line is whole, or it is not there.
                    if std::io::stdout().lock().write_all(lines.as_bytes()).is_err() {
                        return;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// Runs a child until it has acknowledged so many, kills it, and gives all it acknowledged.
fn run_and_kill(place: &str, round: u64, acknowledgements: usize) -> Vec<(Key, u64)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(CHILD, format!("{round} {place}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut acknowledged = Vec::new();
    let mut killed = false;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        // The harness prints its own words before the first line.
        if let [.., "ack", key, position] = words[..]
            && let Ok(Ok(key)) = hex::decode(key).map(Key::try_from)
            && let Ok(position) = position.parse()
        {
            acknowledged.push((key, position));
        }
        if acknowledged.len() >= acknowledgements && !killed {
            // SIGKILL; what the pipe still holds was acknowledged too, and is read on.
            child.kill().unwrap();
            killed = true;
        }
    }
    assert!(killed, "the child ended by itself after {} acknowledgements", acknowledged.len());
    child.wait().unwrap();
    acknowledged
}

async fn killed_again_and_again(place: String) {
    let mut acknowledged: BTreeMap<Key, u64> = BTreeMap::new();
    for round in 0..ROUNDS {
        let count = BEFORE_KILL[usize::try_from(round).unwrap() % BEFORE_KILL.len()];
        let place = place.clone();
        let got = tokio::task::spawn_blocking(move || run_and_kill(&place, round, count)).await.unwrap();
        assert!(got.len() >= count);
        acknowledged.extend(got);
    }
    let log = open(&place).await;
    // A client that got no answer comes again with the same key: it is told where, or it is stored now.
    for (key, position) in acknowledged.iter().take(50) {
        let again = Append { events: vec![event(*key)], fence: None, raise_fence: false };
        assert_eq!(log.append(again).await, Err(AppendError::Exists(vec![(0, Position(*position))])));
    }
    let (mut after, mut seen) = (Position(0), BTreeMap::new());
    loop {
        let page = log.read(after, 1_000).await.unwrap();
        if page.is_empty() {
            break;
        }
        for event in page {
            assert_eq!(event.position.0, after.0 + 1, "no gap");
            after = event.position;
            assert_eq!(seen.insert(event.dedupe.unwrap(), after.0), None, "nothing twice");
        }
    }
    for (key, position) in &acknowledged {
        assert_eq!(seen.get(key), Some(position), "acknowledged is there, where it was said to be");
    }
    // Both events of a request, or none.
    for key in seen.keys() {
        let mut twin = *key;
        twin[15] ^= 1;
        assert!(seen.contains_key(&twin), "a request is stored whole");
    }
    let verified = log.verify(1..=u64::MAX, &mut |_| {}).await.unwrap();
    assert_eq!(verified.events, after.0);
    assert_eq!(verified.slots, after.0);
}

#[tokio::test]
async fn killed_in_the_middle_again_and_again_sqlite_keeps_what_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    killed_again_and_again(folder.path().join("log.db").to_string_lossy().into_owned()).await;
}

#[tokio::test]
async fn killed_in_the_middle_again_and_again_postgres_keeps_what_was_acknowledged() {
    let database = testkit::postgres::database().await.unwrap();
    killed_again_and_again(database.url()).await;
}
