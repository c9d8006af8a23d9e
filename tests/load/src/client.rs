//! A client that does nothing but write prepared bytes and read answers: HTTP/1.1 on connections that stay open.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

/// A whole request, how many statements are in it, and what its answer has to say.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) bytes: Vec<u8>,
    pub(crate) statements: u64,
    pub(crate) wanted: &'static str,
}

/// What was acknowledged, and how long that took.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) statements: u64,
    pub(crate) seconds: f64,
    pub(crate) median_ms: f64,
    pub(crate) p99_ms: f64,
}

/// Sends requests in their order over several connections, each of which waits for its answer before it takes the
/// next. Blocks until all are answered, or those under way once the time is up.
pub(crate) fn send(
    address: SocketAddr,
    requests: Vec<Request>,
    connections: usize,
    limit: Duration,
) -> Result<Sent> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let mut open = Vec::new();
        for _ in 0..connections {
            open.push(Connection::open(address).await?);
        }
        let requests = Rc::new(requests);
        let (next, statements) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let times = Rc::new(RefCell::new(Vec::with_capacity(requests.len())));
        let began = Instant::now();
        let mut tasks = Vec::new();
        for mut connection in open {
            let (requests, next, statements) =
                (Rc::clone(&requests), Rc::clone(&next), Rc::clone(&statements));
            let times = Rc::clone(&times);
            tasks.push(tokio::task::spawn_local(async move {
                let mut at = Instant::now();
                while at - began < limit {
                    let Some(request) = requests.get(next.replace(next.get() + 1)) else { break };
                    let (status, body) = connection.exchange(&request.bytes).await?;
                    if status != 200 || memchr::memmem::find(body, request.wanted.as_bytes()).is_none() {
                        bail!("answered {status}: {}", String::from_utf8_lossy(body));
                    }
                    statements.set(statements.get() + request.statements);
                    let now = Instant::now();
                    times.borrow_mut().push(now - at);
                    at = now;
                }
                Ok(())
            }));
        }
        for task in tasks {
            task.await??;
        }
        let seconds = began.elapsed().as_secs_f64();
        let mut times = times.take();
        times.sort_unstable();
        let at = |share: f64| {
            let index = (times.len() as f64 * share) as usize;
            times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1e3)
        };
        Ok(Sent { statements: statements.get(), seconds, median_ms: at(0.5), p99_ms: at(0.99) })
    })
}

/// An open connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 16 << 10] })
    }

    /// Writes a request and reads the answer: its status and body.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<(u16, &[u8])> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let (status, body, end) = loop {
            if filled == self.buffer.len() {
                self.buffer.resize(filled * 2, 0);
            }
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                bail!("the server closed the connection");
            }
            filled += read;
            if let Some((status, body, length)) = head(&self.buffer[..filled])? {
                break (status, body, body + length);
            }
        };
        if self.buffer.len() < end {
            self.buffer.resize(end, 0);
        }
        if filled < end {
            self.stream.read_exact(&mut self.buffer[filled..end]).await?;
        }
        Ok((status, &self.buffer[body..end]))
    }
}

/// Status, where the body begins and how long it is; `None` while the head is not complete.
fn head(bytes: &[u8]) -> Result<Option<(u16, usize, usize)>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&bytes[..end])?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status")?.parse()?;
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(Ok(0), |(_, value)| value.trim().parse())?;
    Ok(Some((status, end + 4, length)))
}
