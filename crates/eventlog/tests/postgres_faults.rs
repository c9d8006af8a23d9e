//! PostgreSQL going away at the worst moments, and several nodes at once.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eventlog::clock::SystemClock;
use eventlog::{Append, AppendError, EventLog, Key, Location, NewEvent, Options, Position};
use futures_util::future::join_all;
use sqlx::Connection;
use testkit::postgres::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

fn key(writer: u64, number: u64) -> Key {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&writer.to_be_bytes());
    key[8..].copy_from_slice(&number.to_be_bytes());
    key
}

fn request(key: Key) -> Append {
    let event = NewEvent {
        id: key,
        kind: "statement",
        schema: 1,
        credential: None,
        dedupe: Some(key),
        stream: None,
        facts: vec![1; 100],
        slots: Vec::new(),
    };
    Append { events: vec![event], fence: None, raise_fence: false }
}

async fn open(url: &str) -> EventLog {
    EventLog::open(Options::new(Location::postgres(url, "log"), SystemClock::shared())).await.unwrap()
}

/// Reads the whole log: no gaps, no key twice, the chain whole. Gives where each key is.
async fn checked(log: &EventLog) -> BTreeMap<Key, u64> {
    let (mut after, mut seen) = (Position(0), BTreeMap::new());
    loop {
        let page = log.read(after, 1_000).await.unwrap();
        if page.is_empty() {
            break;
        }
        for event in page {
            assert_eq!(event.position.0, after.0 + 1);
            after = event.position;
            assert_eq!(seen.insert(event.dedupe.unwrap(), after.0), None, "a key twice");
        }
    }
    log.verify(1..=u64::MAX, &mut |_| {}).await.unwrap();
    seen
}

/// What the relay does when it sees a COMMIT.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cut {
    Nothing,
    /// The server gets the COMMIT, its answer is thrown away, and the client's connection is cut.
    Answer,
    /// The COMMIT itself is thrown away, and both connections are cut.
    Commit,
}

/// A relay between a node and the server that cuts connections where it is told to, once.
struct Relay {
    url: String,
    cut: watch::Sender<Cut>,
    cuts: Arc<AtomicUsize>,
}

async fn relay(url: &str) -> Relay {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap().port();
    let (start, rest) = url.split_once("127.0.0.1:").unwrap();
    let (port, rest) = rest.split_once('/').unwrap();
    let server = format!("127.0.0.1:{port}");
    let (cut, _) = watch::channel(Cut::Nothing);
    let cuts = Arc::new(AtomicUsize::new(0));
    let relay = Relay { url: format!("{start}127.0.0.1:{own}/{rest}"), cut: cut.clone(), cuts: cuts.clone() };
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = TcpStream::connect(&server).await else { continue };
            tokio::spawn(pass(client, server, cut.clone(), cuts.clone()));
        }
    });
    relay
}

async fn pass(client: TcpStream, server: TcpStream, cut: watch::Sender<Cut>, cuts: Arc<AtomicUsize>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from_client.read(&mut buffer).await {
        let sent = &buffer[..read];
        if sent.windows(6).any(|word| word == b"COMMIT") {
            match cut.send_replace(Cut::Nothing) {
                Cut::Nothing => {}
                Cut::Answer => {
                    back.abort();
                    cuts.fetch_add(1, Ordering::SeqCst);
                    to_server.write_all(sent).await.unwrap();
                    return;
                }
                Cut::Commit => {
                    back.abort();
                    cuts.fetch_add(1, Ordering::SeqCst);
                    return;
                }
            }
        }
        if to_server.write_all(sent).await.is_err() {
            break;
        }
    }
    back.abort();
}

async fn a_cut_commit(cut: Cut) {
    let database = testkit::postgres::database().await.unwrap();
    let relay = relay(&database.url()).await;
    let log = open(&relay.url).await;
    log.append(request(key(0, 0))).await.unwrap();
    for round in 1..=10 {
        relay.cut.send_replace(cut);
        let appended = join_all((0..5).map(|n| log.append(request(key(round, n))))).await;
        for one in appended {
            one.expect("stored once, and answered");
        }
    }
    assert_eq!(relay.cuts.load(Ordering::SeqCst), 10, "each round lost a commit");
    assert_eq!(checked(&log).await.len(), 51);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_was_lost_is_looked_up_and_not_repeated() {
    a_cut_commit(Cut::Answer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_never_arrived_is_found_missing_and_written_again() {
    a_cut_commit(Cut::Commit).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_nodes_append_at_once_without_a_lost_doubled_or_reordered_event() {
    let database = testkit::postgres::database().await.unwrap();
    let mut nodes = Vec::new();
    for _ in 0..4 {
        nodes.push(open(&database.url()).await);
    }
    // Each node's own keys, and some that all nodes try at once.
    let work = nodes.iter().cloned().zip(1..).map(|(log, node)| {
        tokio::spawn(async move {
            let own = (0..150).map(|n| log.append(request(key(node, n))));
            let shared = (0..50).map(|n| log.append(request(key(99, n))));
            let (own, shared) = (join_all(own), join_all(shared));
            let (own, shared) = tokio::join!(own, shared);
            (own, shared)
        })
    });
    let mut expected = BTreeMap::new();
    let mut shared_stored = 0;
    for (node, outcome) in (1..).zip(join_all(work).await) {
        let (own, shared) = outcome.unwrap();
        for (n, appended) in (0..).zip(own) {
            expected.insert(key(node, n), appended.unwrap().events[0].0.0);
        }
        for (n, outcome) in (0..).zip(shared) {
            match outcome {
                Ok(appended) => {
                    shared_stored += 1;
                    expected.insert(key(99, n), appended.events[0].0.0);
                }
                Err(error) => assert!(matches!(error, AppendError::Exists(_)), "{error}"),
            }
        }
    }
    assert_eq!(shared_stored, 50);
    assert_eq!(checked(&nodes[0]).await, expected);
    let last = Position(650);
    for node in &nodes {
        node.subscribe().wait_for(|position| *position == last).await.unwrap();
    }
}

/// Eight clients that append one event at a time until they are told to stop, and note what was
/// acknowledged. That the database is away is an answer they accept; any other error is not.
struct Load {
    stop: watch::Sender<bool>,
    clients: Vec<tokio::task::JoinHandle<Vec<(Key, u64)>>>,
}

impl Load {
    fn on(log: &EventLog) -> Self {
        let (stop, stopped) = watch::channel(false);
        let client = |number| client(log.clone(), stopped.clone(), number);
        Self { clients: (0..8).map(|number| tokio::spawn(client(number))).collect(), stop }
    }

    async fn acknowledged(self) -> BTreeMap<Key, u64> {
        self.stop.send(true).unwrap();
        let mut all = BTreeMap::new();
        for client in self.clients {
            all.extend(client.await.unwrap());
        }
        all
    }
}

async fn client(log: EventLog, stopped: watch::Receiver<bool>, client: u64) -> Vec<(Key, u64)> {
    let mut acknowledged = Vec::new();
    for number in 0.. {
        if *stopped.borrow() {
            break;
        }
        match log.append(request(key(client, number))).await {
            Ok(appended) => acknowledged.push((key(client, number), appended.events[0].0.0)),
            Err(AppendError::Unavailable(_)) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
    acknowledged
}

async fn further(log: &EventLog, events: u64) {
    let mut heads = log.subscribe();
    let seen = heads.borrow_and_update().0;
    heads.wait_for(|position| position.0 >= seen + events).await.unwrap();
}

async fn all_is_there(log: &EventLog, acknowledged: BTreeMap<Key, u64>) {
    let seen = checked(log).await;
    for (key, position) in acknowledged {
        assert_eq!(seen.get(&key), Some(&position));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backends_killed_under_load_lose_nothing_and_double_nothing() {
    let database = testkit::postgres::database().await.unwrap();
    let log = open(&database.url()).await;
    let load = Load::on(&log);
    let mut admin = sqlx::PgConnection::connect(database.server_url()).await.unwrap();
    for _ in 0..20 {
        further(&log, 20).await;
        sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1")
            .bind(database.name())
            .execute(&mut admin)
            .await
            .unwrap();
    }
    let acknowledged = load.acknowledged().await;
    all_is_there(&open(&database.url()).await, acknowledged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_broke_fails_whoever_has_it_and_nobody_after() {
    let database = testkit::postgres::database().await.unwrap();
    let log = open(&database.url()).await;
    log.append(request(key(1, 1))).await.unwrap();
    let mut admin = sqlx::PgConnection::connect(database.server_url()).await.unwrap();
    let read = || async { log.read_with_slots(&[Position(1)]).await };
    let failing =
        || async { join_all((0..12).map(|_| read())).await.iter().filter(|read| read.is_err()).count() };
    for _ in 0..10 {
        assert_eq!(failing().await, 0);
        sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1")
            .bind(database.name())
            .execute(&mut admin)
            .await
            .unwrap();
        // Those that were kept, which the pool would have asked first, and those of the pool that were just asked.
        let mut failed = 0;
        loop {
            match failing().await {
                0 => break,
                more => failed += more,
            }
            assert!(failed <= 16, "no more than there may be connections: {failed}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_crashes_and_comes_back_has_all_that_was_acknowledged() {
    let server = Arc::new(tokio::task::spawn_blocking(Server::start).await.unwrap().unwrap());
    let database = testkit::postgres::database_on(&server.url()).await.unwrap();
    let log = open(&database.url()).await;
    let load = Load::on(&log);
    for _ in 0..3 {
        further(&log, 100).await;
        let crashing = Arc::clone(&server);
        tokio::task::spawn_blocking(move || {
            crashing.stop_immediate().unwrap();
            crashing.start_again().unwrap();
        })
        .await
        .unwrap();
        // The writer finds its way back by itself.
        further(&log, 1).await;
    }
    let acknowledged = load.acknowledged().await;
    all_is_there(&log, acknowledged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_server_is_away_that_is_the_answer() {
    let server = Arc::new(tokio::task::spawn_blocking(Server::start).await.unwrap().unwrap());
    let database = testkit::postgres::database_on(&server.url()).await.unwrap();
    let log = open(&database.url()).await;
    log.append(request(key(1, 1))).await.unwrap();
    let stopping = Arc::clone(&server);
    tokio::task::spawn_blocking(move || stopping.stop_immediate().unwrap()).await.unwrap();
    for _ in 0..3 {
        let outcome = log.append(request(key(1, 2))).await;
        assert!(matches!(outcome, Err(AppendError::Unavailable(_))), "{outcome:?}");
    }
    let starting = Arc::clone(&server);
    tokio::task::spawn_blocking(move || starting.start_again().unwrap()).await.unwrap();
    assert_eq!(log.append(request(key(1, 2))).await.unwrap().events[0].0, Position(2));
    assert_eq!(checked(&log).await.len(), 2);
}
