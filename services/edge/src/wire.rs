//! The two directions of a connection. A client that does not take its answer is not waited for longer than there is
//! time.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use crate::limits::TAKEN;
use crate::pulse::Pulse;

/// A socket that says what happens on it.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    pulse: Arc<Pulse>,
    patience: Duration,
    /// Runs since the client first did not take everything.
    waits: Option<Pin<Box<Sleep>>>,
    /// Bytes that it took since.
    taken: usize,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, pulse: Arc<Pulse>, patience: Duration) -> Self {
        Self { stream, pulse, patience, waits: None, taken: 0 }
    }

    /// The socket alone.
    pub(crate) fn into_stream(self) -> TcpStream {
        self.stream
    }

    fn wrote(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &polled {
            Poll::Pending => {
                self.pulse.took(false);
                let waits = self.waits.get_or_insert_with(|| {
                    self.taken = 0;
                    Box::pin(sleep(self.patience))
                });
                if waits.as_mut().poll(cx).is_ready() {
                    self.pulse.stall();
                    return Poll::Ready(Err(ErrorKind::TimedOut.into()));
                }
            }
            Poll::Ready(Ok(bytes)) => {
                self.pulse.took(true);
                self.taken = self.taken.saturating_add(*bytes);
                if self.taken >= TAKEN {
                    self.waits = None;
                }
            }
            Poll::Ready(Err(_)) => {}
        }
        polled
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.pulse.heard();
        }
        polled
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.wrote(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Asked when everything there was is written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.waits = None;
        self.pulse.took(true);
        self.pulse.written();
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
