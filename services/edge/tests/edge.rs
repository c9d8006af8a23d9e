//! Connections as clients see them: real sockets before a small router.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::routing::{get, post};
use edge::{Edge, Limits};
use prometheus::Registry;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Bounds that a test reaches soon.
fn tight() -> Limits {
    let soon = Duration::from_millis(300);
    Limits { head: soon, idle: soon, reader: soon, drain: soon, ..Limits::default() }
}

struct World {
    address: SocketAddr,
    registry: Registry,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl World {
    async fn open(limits: Limits) -> Self {
        let trickle = || async {
            Body::from_stream(futures_util::stream::unfold(0, |count| async move {
                tokio::time::sleep(Duration::from_millis(100)).await;
                (count < 12).then_some((Ok::<_, Infallible>(Bytes::from_static(b"x")), count + 1))
            }))
        };
        let flood = || async {
            let piece = Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 1 << 16]));
            Body::from_stream(futures_util::stream::iter(std::iter::repeat_n(piece, 1 << 12)))
        };
        let router = Router::new()
            .route("/hello", get(|| async { "hello" }))
            .route("/refuse", post(|| async { (StatusCode::PAYLOAD_TOO_LARGE, "too large") }))
            .route("/length", post(|body: Bytes| async move { body.len().to_string() }))
            .route("/slow", get(|| async { tokio::time::sleep(Duration::from_secs(1)).await }))
            .route("/trickle", get(trickle))
            .route("/flood", get(flood))
            .layer(axum::extract::DefaultBodyLimit::disable());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let registry = Registry::new();
        let (stop, stopping) = watch::channel(false);
        let edge = Edge::new(limits, true, &registry).unwrap();
        let server = tokio::spawn(edge.serve(listener, router, stopping));
        Self { address, registry, stop, server }
    }

    /// What a client does, on a thread of its own.
    async fn client<T: Send + 'static>(&self, act: impl FnOnce(TcpStream) -> T + Send + 'static) -> T {
        let address = self.address;
        let act = move || {
            let stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            stream.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
            act(stream)
        };
        tokio::task::spawn_blocking(act).await.unwrap()
    }

    fn counted(&self, reason: &str) -> u64 {
        let families = self.registry.gather();
        let closed = families.iter().find(|family| family.name() == "larka_connections_closed_total");
        let found = closed.and_then(|family| {
            family.get_metric().iter().find(|metric| metric.get_label()[0].value() == reason)
        });
        found.map_or(0, |metric| metric.get_counter().get_value() as u64)
    }

    async fn until_closed(&self, reason: &str, times: u64) {
        let patience = Instant::now();
        while self.counted(reason) < times {
            assert!(patience.elapsed() < Duration::from_secs(60), "waited in vain: {reason}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn head(method: &str, path: &str, length: usize, more: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{more}\r\n")
}

/// The status, headers and body of the next answer of a connection.
fn answer(stream: &mut BufReader<TcpStream>) -> (u16, String, String) {
    let (mut first, mut headers) = (String::new(), String::new());
    stream.read_line(&mut first).unwrap();
    let status = first.split(' ').nth(1).unwrap_or_else(|| panic!("no answer: {first:?}")).parse().unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        headers.push_str(&line.to_lowercase());
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (status, headers, String::from_utf8(body).unwrap())
}

/// Writes a body from a client that reads nothing until it has sent everything.
fn send(stream: &mut TcpStream, mut length: usize) -> std::io::Result<()> {
    let piece = vec![b'x'; 1 << 16];
    while length > 0 {
        let now = length.min(piece.len());
        stream.write_all(&piece[..now])?;
        length -= now;
    }
    Ok(())
}

/// Whether nothing more comes, within the time that a read may take.
fn ends(mut stream: &TcpStream) -> bool {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).map_or_else(|e| e.kind() == std::io::ErrorKind::ConnectionReset, |_| true)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_first_sends_everything_reads_why_it_was_refused() {
    let world = World::open(Limits::default()).await;
    for (path, status, length) in [
        ("/refuse", 413, 17 << 20),
        ("/refuse", 413, 100 << 20),
        ("/nowhere", 404, 100 << 20),
        ("/hello", 405, 17 << 20),
    ] {
        let asked = move |mut stream: TcpStream| {
            stream.write_all(head("POST", path, length, "").as_bytes()).unwrap();
            send(&mut stream, length).unwrap();
            answer(&mut BufReader::new(stream))
        };
        let (given, headers, _) = world.client(asked).await;
        assert_eq!(given, status, "{path}");
        assert!(headers.contains("connection: close"), "{headers}");
    }
    world.until_closed("drained", 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_was_read_or_is_there_whole_ends_no_connection() {
    let world = World::open(Limits::default()).await;
    let asked = |mut stream: TcpStream| {
        let mut read = BufReader::new(stream.try_clone().unwrap());
        for (path, length, status) in [("/length", 300_000, 200), ("/refuse", 300, 413), ("/length", 5, 200)]
        {
            let mut request = head("POST", path, length, "").into_bytes();
            request.resize(request.len() + length, b'x');
            stream.write_all(&request).unwrap();
            let (given, headers, body) = answer(&mut read);
            assert_eq!(given, status);
            assert!(!headers.contains("connection: close"), "{path}: {headers}");
            if status == 200 {
                assert_eq!(body, length.to_string());
            }
        }
    };
    world.client(asked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_before_sending_is_answered_without_being_asked_for_the_body_and_may_send_it_all_the_same() {
    let world = World::open(Limits::default()).await;
    let asked = |mut stream: TcpStream| {
        let more = "Expect: 100-continue\r\n";
        stream.write_all(head("POST", "/refuse", 17 << 20, more).as_bytes()).unwrap();
        let mut read = BufReader::new(stream.try_clone().unwrap());
        assert_eq!(answer(&mut read).0, 413);
        send(&mut stream, 17 << 20).unwrap();
        assert!(ends(&stream));
        drop((read, stream));
    };
    world.client(asked).await;
    // Who reads the body asks for it.
    let read = |mut stream: TcpStream| {
        let more = "Expect: 100-continue\r\n";
        stream.write_all(head("POST", "/length", 4, more).as_bytes()).unwrap();
        let mut read = BufReader::new(stream.try_clone().unwrap());
        assert_eq!(answer(&mut read).0, 100);
        stream.write_all(b"1234").unwrap();
        assert_eq!(answer(&mut read).2, "4");
    };
    world.client(read).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_reads_is_read_away_within_bounds_of_bytes_and_of_time() {
    let world = World::open(Limits { drain_bytes: 1 << 20, ..Limits::default() }).await;
    let too_much = |mut stream: TcpStream| {
        stream.write_all(head("POST", "/refuse", 1 << 30, "").as_bytes()).unwrap();
        assert!(send(&mut stream, 1 << 30).is_err(), "all of it was taken");
    };
    world.client(too_much).await;
    world.until_closed("undrained", 1).await;

    let world = World::open(tight()).await;
    let senders: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut stream = TcpStream::connect(world.address).unwrap();
            stream.write_all(head("POST", "/refuse", 1 << 30, "").as_bytes()).unwrap();
            stream
        })
        .collect();
    // Each goes on, a byte now and then, for as long as it is let.
    let slow = tokio::task::spawn_blocking(move || {
        let mut left = senders;
        let patience = Instant::now();
        while !left.is_empty() {
            assert!(patience.elapsed() < Duration::from_secs(60), "{} are still read", left.len());
            left.retain_mut(|stream| stream.write_all(b"x").is_ok());
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    slow.await.unwrap();
    world.until_closed("undrained", 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_says_nothing_half_a_head_or_no_more_is_closed() {
    let world = World::open(tight()).await;
    assert!(world.client(|stream| ends(&stream)).await);
    world.until_closed("idle", 1).await;
    let half = |mut stream: TcpStream| {
        stream.write_all(b"GET /hello HTTP/1.1\r\nHos").unwrap();
        // More of it gives no more time.
        while stream.write_all(b"t").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
        ends(&stream)
    };
    assert!(world.client(half).await);
    world.until_closed("head", 1).await;
    let rests = |mut stream: TcpStream| {
        stream.write_all(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        assert_eq!(answer(&mut BufReader::new(stream.try_clone().unwrap())).2, "hello");
        ends(&stream)
    };
    assert!(world.client(rests).await);
    world.until_closed("idle", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_takes_nothing_is_let_go_and_one_whose_answer_comes_slowly_is_not() {
    let world = World::open(tight()).await;
    let address = world.address;
    let mut deaf = TcpStream::connect(address).unwrap();
    deaf.write_all(b"GET /flood HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    world.until_closed("reader", 1).await;
    drop(deaf);
    let slow = |mut stream: TcpStream| {
        stream.write_all(b"GET /trickle HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    };
    assert!(world.client(slow).await.ends_with("0\r\n\r\n"), "it came to its end");
    // A large answer that is taken lives, too.
    let all = |mut stream: TcpStream| {
        stream.write_all(b"GET /flood HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        std::io::copy(&mut stream, &mut std::io::sink()).unwrap()
    };
    assert!(world.client(all).await > 1 << 28);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_makes_room_for_who_asks() {
    let world = World::open(Limits { connections: 4, ..Limits::default() }).await;
    let idle: Vec<_> = (0..12).map(|_| TcpStream::connect(world.address).unwrap()).collect();
    let ask = |mut stream: TcpStream| {
        stream.write_all(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        answer(&mut BufReader::new(stream)).2
    };
    assert_eq!(world.client(ask).await, "hello");
    world.until_closed("room", 9).await;
    drop(idle);
    // Who is worked on makes none; the others wait.
    let slow = || {
        world.client(|mut stream| {
            stream.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            answer(&mut BufReader::new(stream)).0
        })
    };
    let all = tokio::join!(slow(), slow(), slow(), slow(), slow(), slow());
    assert_eq!(all, (200, 200, 200, 200, 200, 200));
}

/// Of each kind more than there are places for, and each for longer than a test waits.
#[tokio::test(flavor = "multi_thread")]
async fn who_takes_nothing_or_sends_half_of_what_is_asked_for_makes_room() {
    let long = Duration::from_secs(3_600);
    let limits =
        Limits { connections: 4, head: long, idle: long, reader: long, drain: long, ..Limits::default() };
    let world = World::open(limits).await;
    let half = format!("{}x", head("POST", "/length", 1_000, ""));
    let pipelined = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100_000);
    let ask = |mut stream: TcpStream| {
        stream.write_all(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        answer(&mut BufReader::new(stream)).2
    };
    let mut made = 0;
    for (said, some) in [("GET /flood HTTP/1.1\r\nHost: x\r\n\r\n", 12), (&half, 12), (&pipelined, 6)] {
        let mut silent = Vec::new();
        for _ in 0..some {
            let mut stream = TcpStream::connect(world.address).unwrap();
            stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
            // As much of it as is taken from one who takes nothing.
            let _ = stream.write_all(said.as_bytes());
            silent.push(stream);
        }
        assert_eq!(world.client(ask).await, "hello");
        made += some - 3;
        world.until_closed("room", made).await;
    }
    // One who does go on keeps the place before all of those.
    let mut slow = TcpStream::connect(world.address).unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    slow.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let others: Vec<_> = (0..8).map(|_| TcpStream::connect(world.address).unwrap()).collect();
    assert_eq!(answer(&mut BufReader::new(slow)).0, 200);
    drop(others);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_too_large_is_refused_and_the_refusal_can_be_read() {
    let world = World::open(Limits { head_bytes: 10_000, ..Limits::default() }).await;
    let asked = |mut stream: TcpStream| {
        let long = format!("GET /hello HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n", "x".repeat(5 << 20));
        stream.write_all(long.as_bytes()).unwrap();
        answer(&mut BufReader::new(stream)).0
    };
    assert_eq!(world.client(asked).await, 431);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_kept_nowhere_and_is_what_it_says_and_tells_of_tls() {
    let world = World::open(Limits::default()).await;
    let asked = |mut stream: TcpStream| {
        stream.write_all(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        answer(&mut BufReader::new(stream)).1
    };
    let headers = world.client(asked).await;
    for expected in
        ["cache-control: no-store", "x-content-type-options: nosniff", "strict-transport-security: max-age="]
    {
        assert!(headers.contains(expected), "{expected}: {headers}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_end_what_was_taken_is_answered_and_who_rests_is_not_waited_for() {
    let world = World::open(Limits::default()).await;
    let resting = TcpStream::connect(world.address).unwrap();
    let mut asking = TcpStream::connect(world.address).unwrap();
    asking.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    world.stop.send(true).unwrap();
    world.server.await.unwrap();
    assert_eq!(answer(&mut BufReader::new(asking)).0, 200);
    assert!(ends(&resting));
    let _ = resting.shutdown(Shutdown::Both);
    assert!(TcpStream::connect(world.address).is_err());
}
