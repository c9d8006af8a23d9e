//! Between a connection and the router: the address that is meant goes in, and with the answer what it says to
//! everybody, and that the connection ends where the client still sends what nobody reads.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, HeaderValue, Request, Response, header};
use axum::routing::future::RouteFuture;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tower::Service as _;

use crate::addresses;
use crate::pulse::Pulse;

/// What answers the requests of one connection.
pub(crate) struct Answers {
    pub(crate) router: Router,
    pub(crate) from: SocketAddr,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) https: bool,
}

impl hyper::service::Service<Request<Incoming>> for Answers {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        self.pulse.begin();
        let (mut parts, body) = request.into_parts();
        if let Some(meant) = addresses::meant(&parts.uri) {
            parts.uri = meant;
        }
        parts.extensions.insert(ConnectInfo(self.from));
        let (body, lent) = if body.is_end_stream() {
            (Body::empty(), None)
        } else {
            let asked_first = parts.headers.contains_key(header::EXPECT);
            let pulse = Arc::clone(&self.pulse);
            let lent = Lent(Arc::new(Mutex::new(Loan { body, asked_first, pulse })));
            (Body::new(lent.clone()), Some(lent))
        };
        let future = self.router.clone().call(Request::from_parts(parts, body));
        Answering { future, lent, pulse: Arc::clone(&self.pulse), https: self.https }
    }
}

/// A request's body, of which something is kept here while a handler has it.
#[derive(Clone)]
struct Lent(Arc<Mutex<Loan>>);

struct Loan {
    body: Incoming,
    /// The client sends it only when asked, and nobody has asked yet.
    asked_first: bool,
    pulse: Arc<Pulse>,
}

impl Lent {
    fn loan(&self) -> MutexGuard<'_, Loan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is nothing left of it to come. What is here already is read; none is asked for.
    fn is_over(&self) -> bool {
        let mut loan = self.loan();
        let mut now = Context::from_waker(Waker::noop());
        loop {
            if loan.body.is_end_stream() {
                return true;
            }
            if loan.asked_first {
                return false;
            }
            match Pin::new(&mut loan.body).poll_frame(&mut now) {
                Poll::Ready(None) => return true,
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(_))) | Poll::Pending => return false,
            }
        }
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let mut loan = self.loan();
        loan.asked_first = false;
        let polled = Pin::new(&mut loan.body).poll_frame(cx);
        loan.pulse.sent(polled.is_ready());
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.loan().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.loan().body.size_hint()
    }
}

/// The answer that is being made.
pub(crate) struct Answering {
    future: RouteFuture<Infallible>,
    lent: Option<Lent>,
    pulse: Arc<Pulse>,
    https: bool,
}

impl Future for Answering {
    type Output = Result<Response<Answer>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Ok(answer) = ready!(Pin::new(&mut self.future).poll(cx));
        let (mut parts, body) = answer.into_parts();
        for (name, value) in said_to_everybody(&parts.headers, self.https) {
            parts.headers.insert(name, value);
        }
        if self.lent.take().is_some_and(|lent| !lent.is_over()) {
            parts.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            self.pulse.leave_unread();
        }
        Poll::Ready(Ok(Response::from_parts(parts, Answer { body, pulse: Arc::clone(&self.pulse) })))
    }
}

/// What an answer says that says nothing else: it is kept nowhere, as it may be about somebody; it is of the type that
/// it names; and where everybody comes over TLS, that they go on to.
fn said_to_everybody(
    headers: &HeaderMap,
    https: bool,
) -> impl Iterator<Item = (header::HeaderName, HeaderValue)> + use<> {
    let kept = !headers.contains_key(header::CACHE_CONTROL);
    [
        kept.then_some((header::CACHE_CONTROL, "no-store")),
        Some((header::X_CONTENT_TYPE_OPTIONS, "nosniff")),
        https.then_some((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000")),
    ]
    .into_iter()
    .flatten()
    .map(|(name, value)| (name, HeaderValue::from_static(value)))
}

/// The body of an answer, which says when it has been given whole.
pub(crate) struct Answer {
    body: Body,
    pulse: Arc<Pulse>,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.pulse.answered();
    }
}
