//! What memory the server holds for clients that only want it to: connections that rest, forms of which one byte comes,
//! log-ins all at once, bodies of 64 MiB. Its own memory (`RssAnon`) before, at most while they are there, and after,
//! beside what its limits let them have.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;
use synthetic::{Plan, World};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::flags::{Backend, Flags};
use crate::place::Place;
use crate::process;
use crate::server::Server;
use crate::work::Work;

const MIB: u64 = 1 << 20;
/// How often the server's memory is looked at.
const EVERY: Duration = Duration::from_millis(2);
/// How long a client of which nothing more comes waits for an answer.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long the server has to let go of what is closed.
const LETTING_GO: Duration = Duration::from_secs(20);
/// What is sent at a time of a large body.
const PIECE: usize = 64 << 10;

/// What the server's limits let it have.
mod limits {
    use super::MIB;

    /// A connection: the head of a request (`--header-limit`), at most.
    pub(super) const HEAD: u64 = 64 << 10;
    /// A form of the alternate syntax that does not say yet whose it is, and how many of them there are.
    pub(super) const FORM: (u64, u64) = (64 << 10, 32);
    /// The memory of one password's hash (Argon2id), and how many are made at a time.
    pub(super) const HASH: (u64, u64) = (19 * MIB, 2);
    /// The form of a log-in.
    pub(super) const LOGIN: u64 = 16 << 10;
    /// Bodies of the administration, all together.
    pub(super) const ADMIN: u64 = 128 * MIB;
    /// A body of xAPI, without attachments (`--body-limit`).
    pub(super) const XAPI: u64 = 16 * MIB;
    /// What of a request with attachments is not in the log yet, and on the way there.
    pub(super) const UPLOAD: u64 = 3 * MIB;
    /// What threads and their allocator take however little they do.
    pub(super) const WORK: u64 = 16 * MIB;
}

/// How many of each there are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowd {
    idle: usize,
    forms: usize,
    log_ins: usize,
    bodies: usize,
    body: usize,
}

impl Crowd {
    /// 2,000 connections, 1,000 forms, 100 log-ins, 6 bodies of 64 MiB; where it is only to be seen that everything is
    /// measured, 20, 10, 4, and 2 of 2 MiB.
    pub(crate) fn of(flags: &Flags) -> Self {
        if flags.quick {
            Self { idle: 20, forms: 10, log_ins: 4, bodies: 2, body: 2 << 20 }
        } else {
            Self { idle: 2_000, forms: 1_000, log_ins: 100, bodies: 6, body: 64 << 20 }
        }
    }
}

/// What one client does, and does not do.
struct Client {
    /// What it sends at once.
    head: Vec<u8>,
    /// How many spaces come after it.
    spaces: usize,
    /// Whether those come in chunks, so that nobody knows how many.
    chunked: bool,
}

/// What a crowd of clients made the server hold.
#[derive(Debug, Serialize)]
pub(crate) struct Held {
    name: String,
    clients: usize,
    /// How often each status was the answer.
    answers: BTreeMap<u16, usize>,
    /// The server's own memory in bytes.
    before: u64,
    most: u64,
    after: u64,
    /// What the limits let it grow by.
    limit: u64,
}

/// All of one database.
#[derive(Debug, Serialize)]
pub(crate) struct Holding {
    database: Backend,
    held: Vec<Held>,
}

/// Sends each crowd to a server of its own.
pub(crate) async fn measure(backend: Backend, flags: &Flags, crowd: Crowd) -> Result<Holding> {
    use limits::{ADMIN, FORM, HASH, HEAD, LOGIN, UPLOAD, WORK, XAPI};
    let work = Work::nothing_of(World::new(&Plan { people: flags.people, statements: 0, ..Plan::default() }));
    let Crowd { idle, forms, log_ins, bodies, body } = crowd;
    let heads = |clients: usize| clients as u64 * HEAD + WORK;
    let mut held = Vec::new();
    let mut add = async |name: &str, clients: usize, limit: u64, client: &dyn Fn(&Server<'_>) -> Client| {
        let place = Place::fresh(backend, flags).await?;
        let server = Server::start(&place, flags, &work, "lrs,admin").await?;
        held.push(hold(&server, name, clients, limit, client(&server)).await?);
        server.stop().await?;
        place.drop_now().await
    };
    let rest = |head: Vec<u8>| Client { head, spaces: 0, chunked: false };

    add("connections that rest", idle, heads(idle), &|_| rest(Vec::new())).await?;
    add("forms of one byte", forms, heads(forms) + FORM.0 * FORM.1, &|_| {
        rest(head("POST", "/xapi/statements?method=GET", None, URLENCODED, Some(1_000), b"a"))
    })
    .await?;
    add("log-ins at once", log_ins, heads(log_ins) + HASH.0 * HASH.1, &|_| {
        let form = b"user=load&password=none&next=";
        rest(head("POST", "/login", None, URLENCODED, Some(form.len()), form))
    })
    .await?;
    let each = |of: u64| heads(bodies) + bodies as u64 * of;
    for chunked in [false, true] {
        let how = if chunked { ", in chunks" } else { "" };
        let length = |begin: &[u8]| (!chunked).then_some(begin.len() + body);
        let large = |head| Client { head, spaces: body, chunked };
        add(&format!("bodies to /login{how}"), bodies, each(LOGIN), &|_| {
            large(head(
                "POST",
                "/login",
                None,
                URLENCODED,
                length(b"user=load&password="),
                b"user=load&password=",
            ))
        })
        .await?;
        add(&format!("bodies to the administration's API{how}"), bodies, heads(bodies) + ADMIN, &|server| {
            let who = Some(server.administrator());
            large(head("POST", "/api/v1/courses", who, JSON, length(b"["), b"["))
        })
        .await?;
        add(&format!("bodies to xAPI{how}"), bodies, each(XAPI), &|server| {
            large(head("POST", "/xapi/statements", Some(server.tool()), JSON, length(b"["), b"["))
        })
        .await?;
    }
    let begin = attached();
    add("attachments to xAPI", bodies, each(UPLOAD), &|server| {
        let length = Some(begin.len() + body);
        let head = head("POST", "/xapi/statements", Some(server.tool()), MIXED, length, begin.as_bytes());
        Client { head, spaces: body, chunked: false }
    })
    .await?;
    Ok(Holding { database: backend, held })
}

const URLENCODED: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const MIXED: &str = "multipart/mixed; boundary=load";

/// A request's head and the begin of its body; without a length that comes in chunks.
fn head(
    method: &str,
    target: &str,
    credential: Option<&str>,
    kind: &str,
    length: Option<usize>,
    begin: &[u8],
) -> Vec<u8> {
    let mut head = format!(
        "{method} {target} HTTP/1.1\r\nHost: load\r\nX-Experience-API-Version: 1.0.3\r\nContent-Type: {kind}\r\n"
    );
    if let Some(credential) = credential {
        head.push_str(&format!("Authorization: Basic {credential}\r\n"));
    }
    match length {
        Some(length) => head.push_str(&format!("Content-Length: {length}\r\n\r\n")),
        None => head.push_str(&format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", begin.len())),
    }
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(begin);
    if length.is_none() {
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// A statement with an attachment, up to where its content begins, which never ends.
fn attached() -> String {
    let hash = "0".repeat(64);
    format!(
        "--load\r\nContent-Type: {JSON}\r\n\r\n{{\"actor\":{{\"mbox\":\"mailto:load@larkby.example\"}},\
         \"verb\":{{\"id\":\"https://larkby.example/lamnade-in\"}},\"object\":{{\"id\":\"https://larkby.example/kurs/1\"}},\
         \"attachments\":[{{\"usageType\":\"https://larkby.example/inlamning\",\"display\":{{\"sv\":\"Inlämning\"}},\
         \"contentType\":\"text/plain\",\"length\":67108864,\"sha2\":\"{hash}\"}}]}}\r\n--load\r\n\
         Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {hash}\r\n\r\n"
    )
}

/// Lets so many clients come, and looks at the server's memory until they and what was held for them are gone.
async fn hold(server: &Server<'_>, name: &str, clients: usize, limit: u64, client: Client) -> Result<Held> {
    let pid = server.pid();
    let before = process::memory(pid)?.own;
    let most = Arc::new(AtomicU64::new(before));
    let over = Arc::new(AtomicBool::new(false));
    let looking = {
        let (most, over) = (Arc::clone(&most), Arc::clone(&over));
        tokio::task::spawn_blocking(move || -> Result<()> {
            while !over.load(Ordering::Relaxed) {
                most.fetch_max(process::memory(pid)?.own, Ordering::Relaxed);
                std::thread::sleep(EVERY);
            }
            Ok(())
        })
    };
    let client = Arc::new(client);
    let mut coming = JoinSet::new();
    for _ in 0..clients {
        coming.spawn(come(server.address(), Arc::clone(&client)));
    }
    let mut answers = BTreeMap::new();
    // Those that are not answered stay until everybody is there.
    let mut staying = Vec::with_capacity(clients);
    while let Some(came) = coming.join_next().await {
        let (stream, answer) = came??;
        staying.push(stream);
        if let Some(status) = answer {
            *answers.entry(status).or_insert(0) += 1;
        }
    }
    drop(staying);
    let gone = async {
        while process::connections(server.address().port())? > 0 {
            sleep(EVERY).await;
        }
        anyhow::Ok(())
    };
    // A server that lets go of nothing is measured as it is.
    let _ = timeout(LETTING_GO, gone).await;
    over.store(true, Ordering::Relaxed);
    looking.await??;
    let (most, after) = (most.load(Ordering::Relaxed), process::memory(pid)?.own);
    Ok(Held { name: name.to_owned(), clients, answers, before, most, after, limit })
}

/// One client: sends what it has, as far as the server takes it, and waits for an answer for a while.
async fn come(address: SocketAddr, client: Arc<Client>) -> Result<(TcpStream, Option<u16>)> {
    let opened = TcpStream::connect(address).await;
    let mut stream = opened.context("a connection cannot be opened; does `ulimit -n` leave room?")?;
    let (mut reader, mut writer) = stream.split();
    let sending = async {
        writer.write_all(&client.head).await?;
        let mut piece = vec![b' '; PIECE];
        if client.chunked {
            piece = [format!("{PIECE:x}\r\n").as_bytes(), &piece, b"\r\n"].concat();
        }
        for _ in 0..client.spaces / PIECE {
            writer.write_all(&piece).await?;
        }
        if client.chunked {
            writer.write_all(b"0\r\n\r\n").await?;
        }
        std::io::Result::Ok(())
    };
    let mut answer = [0; 12];
    let reading = async {
        // Whoever has something to send or asked for something is answered or cut off, however long that takes.
        let is_whole = client.spaces > 0 || client.head.ends_with(b"next=");
        let read = reader.read_exact(&mut answer);
        if is_whole { read.await.is_ok() } else { matches!(timeout(PATIENCE, read).await, Ok(Ok(_))) }
    };
    // A server that has answered may close while it is still sent to.
    let (_, read) = tokio::join!(sending, reading);
    let status = std::str::from_utf8(&answer[9..]).ok().and_then(|status| status.parse().ok());
    Ok((stream, status.filter(|_| read)))
}

impl Held {
    fn grew(&self) -> u64 {
        self.most.saturating_sub(self.before)
    }

    fn of_limit(&self) -> f64 {
        self.grew() as f64 / self.limit.max(1) as f64
    }
}

impl fmt::Display for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:?}: the server's own memory, in MB", self.database)?;
        writeln!(
            f,
            "{:<46} clients  before    most   after    grew   limit  of the limit        answers",
            ""
        )?;
        for one in &self.held {
            let mb = |bytes: u64| bytes as f64 / MIB as f64;
            let word = if one.grew() <= one.limit { "PASS" } else { "MISS" };
            let answers: Vec<String> =
                one.answers.iter().map(|(status, count)| format!("{count} x {status}")).collect();
            writeln!(
                f,
                "{:<46} {:>7} {:>7.1} {:>7.1} {:>7.1} {:>7.1} {:>7.1} {:>13.2}  {word}  {}",
                one.name,
                one.clients,
                mb(one.before),
                mb(one.most),
                mb(one.after),
                mb(one.grew()),
                mb(one.limit),
                one.of_limit(),
                answers.join(", ")
            )?;
        }
        Ok(())
    }
}
