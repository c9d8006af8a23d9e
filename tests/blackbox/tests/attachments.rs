//! A large attachment passes through the server as a stream: in, to the database, out again, on to another record store,
//! and the server's memory stays flat.

#![allow(clippy::print_stderr, reason = "a test that measures says what it measured")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::cell::Cell;
use std::time::Instant;

use blackbox::{Backend, Instance, Server, promises, until};
use futures_util::stream;
use http_body::Frame;
use http_body_util::StreamBody;
use reqwest::{Body, Method};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Bytes of the attachment that memory must not grow with.
const LARGE: usize = 100 << 20;
/// How far the server's resident memory may grow while it passes through, in KiB: twice what was measured.
const GROWTH: u64 = 48 << 10;
/// Bytes of a piece of it.
const PIECE: usize = 1 << 20;
const BOUNDARY: &str = "the-boundary";
const ID: &str = "00000000-0000-4000-8000-000000000001";

/// Bytes of the attachment from a place on; they do not repeat.
fn piece(at: usize, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 8);
    let mut state = at as u64;
    while bytes.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&state.to_be_bytes());
    }
    bytes.truncate(length);
    bytes
}

fn pieces(length: usize) -> impl Iterator<Item = Vec<u8>> {
    (0..length / PIECE).map(|number| piece(number * PIECE, PIECE))
}

fn sha2(length: usize) -> String {
    let mut hash = Sha256::new();
    pieces(length).for_each(|piece| hash.update(piece));
    hex(hash)
}

fn hex(hash: Sha256) -> String {
    let digits: Vec<String> = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

fn statement(length: usize, sha2: &str) -> Value {
    json!({
        "id": ID,
        "actor": { "account": { "homePage": "https://larkby.example", "name": "anna" } },
        "verb": { "id": "http://adlnet.gov/expapi/verbs/completed" },
        "object": { "id": "https://larkby.example/kurser/film" },
        "attachments": [{
            "usageType": "https://larkby.example/film", "display": { "sv": "Film" },
            "contentType": "video/mp4", "length": length, "sha2": sha2,
        }],
    })
}

/// A line of /proc/PID/status, in KiB.
fn memory(server: &Server, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let found = status.lines().find_map(|own| own.strip_prefix(line)).unwrap();
    found.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
}

async fn post(server: &Server, length: usize, sha2: &str) -> reqwest::Response {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Type: application/json\r\n\r\n{}\r\n--{BOUNDARY}\r\nContent-Type: video/mp4\r\n\
         Content-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {sha2}\r\n\r\n",
        statement(length, sha2)
    );
    let tail = format!("\r\n--{BOUNDARY}--\r\n");
    let all =
        std::iter::once(head.into_bytes()).chain(pieces(length)).chain(std::iter::once(tail.into_bytes()));
    let frames = all.map(|piece| Ok::<_, std::io::Error>(Frame::data(bytes::Bytes::from(piece))));
    server
        .xapi(Method::POST, "statements", "2.0.0")
        .header("Content-Type", format!("multipart/mixed; boundary={BOUNDARY}"))
        .body(Body::wrap(StreamBody::new(stream::iter(frames))))
        .send()
        .await
        .unwrap()
}

/// Reads a statement with its attachment and gives the SHA-256 of the content and its length, without holding it.
async fn read(server: &Server) -> (String, usize) {
    let mut answer = server.get(&[("statementId", ID), ("attachments", "true")]).await.unwrap();
    assert_eq!(answer.status(), 200);
    let length: usize = answer.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let (mut read, mut head, mut hash) = (0, Vec::new(), Sha256::new());
    let (mut left, mut tail) = (None::<usize>, 0);
    while let Some(bytes) = answer.chunk().await.unwrap() {
        read += bytes.len();
        let mut bytes = bytes.as_ref();
        if left.is_none() {
            head.extend_from_slice(bytes);
            let text = String::from_utf8_lossy(&head).into_owned();
            let Some(at) = text
                .find("X-Experience-API-Hash")
                .and_then(|at| text[at..].find("\r\n\r\n").map(|end| at + end + 4))
            else {
                continue;
            };
            // What stands before is ASCII.
            bytes = &bytes[bytes.len() - (head.len() - at)..];
            left = Some(LARGE);
        }
        let content = left.unwrap().min(bytes.len());
        hash.update(&bytes[..content]);
        left = left.map(|left| left - content);
        tail += bytes.len() - content;
    }
    assert_eq!((read, left), (length, Some(0)));
    assert!(tail > 0 && tail < 100);
    (hex(hash), length)
}

promises! {
    async fn a_hundred_megabytes_pass_through_and_memory_stays_flat(instance) {
        let server = instance.start().await.unwrap();
        let sha2 = sha2(LARGE);
        // What a server needs once it has done anything at all.
        server.post(&json!([])).await.unwrap();
        server.get(&[("attachments", "true")]).await.unwrap();
        let (peak, rested) = (memory(&server, "VmHWM"), memory(&server, "VmRSS"));
        let began = Instant::now();
        let answer = post(&server, LARGE, &sha2).await;
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        let (posted, began) = (began.elapsed(), Instant::now());
        let (found, length) = read(&server).await;
        assert_eq!(found, sha2);
        assert!(length > LARGE);
        let (database, after) = (instance.backend(), memory(&server, "VmHWM"));
        eprintln!("{database:?}: posted in {posted:?}, read in {:?}, KiB: {rested}, then {after}", began.elapsed());
        let grown = after.saturating_sub(peak.min(rested));
        assert!(grown < GROWTH, "{grown} KiB for {} KiB", LARGE >> 10);
        // HEAD says how much there is and reads none of it.
        let request = server.xapi(Method::HEAD, "statements", "2.0.0");
        let head = request.query(&[("statementId", ID), ("attachments", "true")]).send().await.unwrap();
        let length: usize = head.headers()["content-length"].to_str().unwrap().parse().unwrap();
        assert!(length > LARGE);
        // The chain covers it.
        assert_eq!(instance.sound_statements().await.unwrap(), 1);
        assert_eq!(instance.number("SELECT count(*) FROM chunk_staged").await.unwrap(), 0);

        // Handed on it is a stream as well.
        let there = Instance::fresh(Backend::Sqlite).await.unwrap();
        let target = there.start().await.unwrap();
        let (user, password) = &target.credential;
        let forward = json!({ "name": "county", "kind": "lrs", "to": format!("{}/xapi", target.address), "user": user,
            "password": password, "from": 0 });
        // Without the pages of SQLite's file, which the system maps and takes back as it likes.
        let own = memory(&server, "RssAnon");
        let made = server.api(Method::POST, "forwards").json(&forward).send().await.unwrap();
        assert_eq!(made.status(), 201);
        let most = Cell::new(own);
        until("it is handed on", || async {
            most.set(most.get().max(memory(&server, "RssAnon")));
            let found = target.get(&[("statementId", ID)]).await.unwrap();
            (found.status() == 200).then_some(())
        }).await;
        assert_eq!(read(&target).await.0, sha2);
        let grown = most.get() - own;
        eprintln!("{database:?}: handed on with {grown} KiB");
        assert!(grown < GROWTH, "{grown} KiB for {} KiB handed on", LARGE >> 10);
    }

    async fn verify_names_a_damaged_chunk(instance) {
        let mut server = instance.start().await.unwrap();
        // Twenty chunks.
        let answer = post(&server, 5 << 20, &sha2(5 << 20)).await;
        assert_eq!(answer.status(), 200);
        server.stop().unwrap();
        let (disarmed, damaged) = match instance.backend() {
            blackbox::Backend::Sqlite => (
                "DROP TRIGGER chunk_never_updated",
                "UPDATE chunk SET body = zeroblob(length(body)) WHERE number = 17",
            ),
            blackbox::Backend::Postgres => (
                "ALTER TABLE chunk DISABLE TRIGGER chunk_never_updated",
                "UPDATE chunk SET body = '\\x00' WHERE number = 17",
            ),
        };
        assert!(instance.execute(damaged).await.is_err(), "the database refuses it by itself");
        instance.run_json(&["verify"]).unwrap();
        instance.execute(disarmed).await.unwrap();
        instance.execute(damaged).await.unwrap();
        let refused = instance.run(&["verify"]).unwrap();
        assert!(!refused.status.success());
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.contains("chunk 17"), "{said}");
    }
}
