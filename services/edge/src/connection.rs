//! One connection, from its first byte to its end.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::answers::Answers;
use crate::limits::Limits;
use crate::metrics::Reason;
use crate::pulse::Pulse;
use crate::wire::Wire;

/// How long a client that sends what nobody reads may send nothing.
const SILENCE: std::time::Duration = std::time::Duration::from_secs(5);
/// What is read of that at a time.
const PIECE: usize = 16 << 10;

/// Answers what comes on a connection, until either side has had enough.
pub(crate) async fn speak(
    (limits, https): (Limits, bool),
    stream: TcpStream,
    from: SocketAddr,
    router: Router,
    pulse: Arc<Pulse>,
    mut stopping: watch::Receiver<bool>,
) -> Reason {
    let answers = Answers { router, from, pulse: Arc::clone(&pulse), https };
    let wire = TokioIo::new(Wire::new(stream, Arc::clone(&pulse), limits.reader));
    let mut speaking =
        http1::Builder::new().max_header_size(limits.head_bytes).serve_connection(wire, answers);
    let ending = stopping.clone();
    let mut stopped = pin!(stopping.wait_for(|stop| *stop));
    let mut told = false;
    let mut alarm = pin!(sleep_until(pulse.due().unwrap_or_else(Instant::now)));

    let ended = poll_fn(|cx| {
        if !told && stopped.as_mut().poll(cx).is_ready() {
            told = true;
            Pin::new(&mut speaking).graceful_shutdown();
        }
        if let Poll::Ready(ended) = speaking.poll_without_shutdown(cx) {
            return Poll::Ready(Some(ended));
        }
        // The alarm may be early, which is why it asks when it rings, and is never late.
        if let Some(due) = pulse.due()
            && due < alarm.deadline()
        {
            alarm.as_mut().reset(due);
        }
        while alarm.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            match pulse.due() {
                Some(due) if due <= now => return Poll::Ready(None),
                Some(due) => alarm.as_mut().reset(due),
                None => alarm.as_mut().reset(now + limits.head),
            }
        }
        Poll::Pending
    })
    .await;

    match ended {
        None if pulse.is_heard() => Reason::Head,
        None => Reason::Idle,
        Some(Err(_)) if pulse.is_stalled() => Reason::Reader,
        Some(ended) => {
            let stream = speaking.into_parts().io.into_inner().into_stream();
            if pulse.is_unread() || ended.is_err_and(|error| error.is_parse()) {
                drain(stream, &pulse, limits, ending).await
            } else {
                close(stream).await;
                Reason::Ended
            }
        }
    }
}

async fn close(mut stream: TcpStream) {
    let _ = stream.shutdown().await;
}

/// Ends what is said, and reads what is still sent until the client has read the answer and ends, too: a socket that is
/// closed with something unread in it takes the answer back.
async fn drain(
    mut stream: TcpStream,
    pulse: &Pulse,
    limits: Limits,
    mut ending: watch::Receiver<bool>,
) -> Reason {
    pulse.wait(limits.drain);
    let until = Instant::now() + limits.drain;
    if stream.shutdown().await.is_err() {
        return Reason::Ended;
    }
    let mut piece = vec![0; PIECE];
    let mut left = limits.drain_bytes;
    loop {
        let next = timeout_at(until.min(Instant::now() + SILENCE), stream.read(&mut piece));
        let next = tokio::select! {
            next = next => next,
            _ = ending.wait_for(|stop| *stop) => return Reason::Undrained,
        };
        match next {
            Ok(Ok(0) | Err(_)) => return Reason::Drained,
            Ok(Ok(bytes)) if (bytes as u64) < left => left -= bytes as u64,
            Ok(Ok(_)) | Err(_) => return Reason::Undrained,
        }
    }
}
