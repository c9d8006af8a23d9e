//! What is known of whoever asks, before a service answers: from which address, and whether a browser asks for a page of
//! another site. What is refused is written down, without what was sent.
//!
//! Services read both where they are put here: the address in `ConnectInfo`, and another site's page in
//! `Sec-Fetch-Site`, which browsers send themselves where they may (over TLS, and to this machine).

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::Router;
use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use axum::routing::Route;
use axum::routing::future::RouteFuture;
use prometheus::{IntCounterVec, Opts, Registry};
use tower::{Service, layer::layer_fn};

use crate::settings::{Address, Network};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

struct Visitors {
    /// What browsers call this instance; none: what they say in `Host`.
    origin: Option<String>,
    proxies: Vec<Network>,
    /// `larka_http_refusals_total`, by route and status.
    refusals: IntCounterVec,
    lines: Lines,
}

/// Lines about refusals that were written and left out in this second.
#[derive(Default)]
struct Lines(Mutex<(u64, u64, u64)>);

/// Lines about refusals in a second; whoever is refused must not be able to fill the disk.
const LINES: u64 = 20;

impl Lines {
    /// Whether another line may be written, and how many were not since the last one.
    fn next(&self) -> Option<u64> {
        self.at(STARTED.elapsed().as_secs())
    }

    fn at(&self, now: u64) -> Option<u64> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (second, written, unwritten) = &mut *lines;
        if *second != now {
            (*second, *written) = (now, 0);
        }
        if *written == LINES {
            *unwritten += 1;
            return None;
        }
        *written += 1;
        Some(std::mem::take(unwritten))
    }
}

static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The routes, for visitors of whom that is known.
///
/// # Errors
/// The metrics are registered already.
pub(crate) fn known(
    router: Router,
    address: &Address,
    registry: &Registry,
) -> Result<Router, prometheus::Error> {
    let refusals = IntCounterVec::new(
        Opts::new(
            "larka_http_refusals_total",
            "Requests refused for who asked, or how often: 401, 403, 429.",
        ),
        &["route", "status"],
    )?;
    registry.register(Box::new(refusals.clone()))?;
    let (origin, proxies) = (address.origin.clone(), address.proxies.clone());
    let visitors = Visitors { origin, proxies, refusals, lines: Lines::default() };
    let visitors = Arc::new(visitors);
    Ok(router.layer(layer_fn(move |inner: Route| Visited { inner, visitors: Arc::clone(&visitors) })))
}

/// A route, and what is known of whoever asks for it. Every request passes here: nothing is boxed or cloned for it that
/// need not be.
#[derive(Clone)]
struct Visited {
    inner: Route,
    visitors: Arc<Visitors>,
}

impl Service<Request> for Visited {
    type Response = Response;
    type Error = Infallible;
    type Future = Visit;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.inner, cx)
    }

    fn call(&mut self, mut request: Request) -> Visit {
        let visitors = Arc::clone(&self.visitors);
        if let Some(address) = visitors.forwarded(&request) {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, 0)));
        }
        if visitors.is_foreign(request.headers()) {
            request.headers_mut().insert(FETCH_SITE, HeaderValue::from_static("cross-site"));
        }
        let browser = is_browser(request.headers());
        let route = request.extensions().get::<MatchedPath>().cloned();
        let method = request.method().clone();
        Visit { answering: self.inner.call(request), visitors, browser, route, method }
    }
}

/// A request that is being answered, and what of it is told if it is refused.
struct Visit {
    answering: RouteFuture<Infallible>,
    visitors: Arc<Visitors>,
    browser: bool,
    route: Option<MatchedPath>,
    method: Method,
}

impl Future for Visit {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Ok(mut answer) = ready!(Pin::new(&mut self.answering).poll(cx));
        if matches!(
            answer.status(),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
        ) {
            self.refused(&mut answer);
        }
        Poll::Ready(Ok(answer))
    }
}

impl Visit {
    fn refused(&self, answer: &mut Response) {
        let (status, method) = (answer.status(), &self.method);
        let route = self.route.as_ref().map_or("other", MatchedPath::as_str);
        self.visitors.refusals.with_label_values(&[route, status.as_str()]).inc();
        if let Some(unwritten) = self.visitors.lines.next() {
            tracing::info!(route, %method, status = status.as_u16(), unwritten, "refused");
        }
        if self.browser {
            // What a browser asks for and remembers by itself, any page can use that it shows later.
            answer.headers_mut().remove(header::WWW_AUTHENTICATE);
        }
    }
}

impl Visitors {
    /// Whom a proxy that is trusted asks for: the last address in `X-Forwarded-For` that is no such proxy.
    fn forwarded(&self, request: &Request) -> Option<IpAddr> {
        let ConnectInfo(from) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
        let trusted = |address: IpAddr| self.proxies.iter().any(|proxy| proxy.holds(address));
        if !trusted(from.ip()) {
            return None;
        }
        let mut last = None;
        for value in request.headers().get_all(FORWARDED_FOR).iter().rev() {
            for one in value.to_str().ok()?.rsplit(',') {
                let address = address(one)?;
                last = Some(address);
                if !trusted(address) {
                    return last;
                }
            }
        }
        last
    }

    /// Whether a page of another site asks. Browsers say so; older ones, and those that ask over plain HTTP, only say
    /// of which site the page is.
    fn is_foreign(&self, headers: &HeaderMap) -> bool {
        match headers.get(FETCH_SITE).map(HeaderValue::as_bytes) {
            Some(b"same-origin") => false,
            Some(b"cross-site" | b"same-site") => true,
            _ => headers.get(header::ORIGIN).is_some_and(|origin| !self.is_own(origin, headers)),
        }
    }

    fn is_own(&self, origin: &HeaderValue, headers: &HeaderMap) -> bool {
        let Ok(origin) = origin.to_str() else { return false };
        match &self.origin {
            Some(own) => origin.eq_ignore_ascii_case(own),
            None => {
                let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
                origin.split_once("://").is_some_and(|(_, from)| Some(from) == host)
            }
        }
    }
}

/// An address as proxies write it: alone, with a port, or in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let alone = text.parse().ok();
    alone.or_else(|| text.parse().map(|socket: SocketAddr| socket.ip()).ok())
}

/// Whether it is a browser that asks: only they say so much.
fn is_browser(headers: &HeaderMap) -> bool {
    let accepts = |value: &HeaderValue| value.to_str().is_ok_and(|value| value.contains("text/html"));
    headers.contains_key(FETCH_SITE)
        || headers.contains_key("sec-fetch-mode")
        || headers.contains_key(header::ORIGIN)
        || headers.get(header::ACCEPT).is_some_and(accepts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitors(origin: Option<&str>, proxies: &[&str]) -> Visitors {
        Visitors {
            origin: origin.map(str::to_owned),
            proxies: proxies.iter().map(|one| one.parse().unwrap()).collect(),
            refusals: IntCounterVec::new(Opts::new("refusals", "refusals"), &["route", "status"]).unwrap(),
            lines: Lines::default(),
        }
    }

    #[test]
    fn a_page_is_foreign_where_the_browser_says_so_or_its_site_is_another_than_the_configured_one() {
        let foreign = |own: Option<&str>, said: &[(&str, &str)]| {
            let headers = said.iter().map(|(name, value)| {
                (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap())
            });
            visitors(own, &[]).is_foreign(&headers.collect())
        };
        let own = Some("https://larka.example");
        for said in [
            &[][..],
            &[("origin", "https://larka.example"), ("host", "10.0.0.2:8080")],
            &[("origin", "https://larka.example"), ("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
        ] {
            assert!(!foreign(own, said), "{said:?}");
        }
        for said in [
            &[("origin", "https://elsewhere.example"), ("host", "elsewhere.example")][..],
            &[("origin", "http://larka.example")],
            &[("origin", "null")],
            &[("origin", "https://larka.example"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://elsewhere.example"), ("sec-fetch-site", "none")],
        ] {
            assert!(foreign(own, said), "{said:?}");
        }
        assert!(!foreign(None, &[("origin", "http://127.0.0.1:9000"), ("host", "127.0.0.1:9000")]));
        assert!(foreign(None, &[("origin", "http://127.0.0.1:9001"), ("host", "127.0.0.1:9000")]));
    }

    #[test]
    fn whoever_comes_through_a_trusted_proxy_is_known_by_what_it_says_and_nobody_else_is_believed() {
        let from = |peer: &str, said: &[&str]| {
            let mut request = Request::new(axum::body::Body::empty());
            request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 5)));
            for value in said {
                request.headers_mut().append(FORWARDED_FOR, HeaderValue::from_str(value).unwrap());
            }
            let found = visitors(None, &["10.0.0.0/8"]).forwarded(&request);
            found.map(|address| address.to_string()).unwrap_or_default()
        };
        assert_eq!(from("192.0.2.9", &["203.0.113.5"]), "");
        assert_eq!(from("10.0.0.2", &["198.51.100.1, 203.0.113.5"]), "203.0.113.5");
        assert_eq!(from("10.0.0.2", &["198.51.100.1", "203.0.113.5:4000, 10.0.0.3"]), "203.0.113.5");
        assert_eq!(from("10.0.0.2", &["[2001:db8::1]:443"]), "2001:db8::1");
        assert_eq!(from("10.0.0.2", &["10.0.0.9"]), "10.0.0.9");
        assert_eq!(from("10.0.0.2", &[]), "");
        assert_eq!(from("10.0.0.2", &["203.0.113.5, unknown"]), "");
    }

    #[test]
    fn refusals_fill_no_disk_and_are_counted_where_they_are_not_written() {
        let lines = Lines::default();
        assert_eq!((0..30).filter(|_| lines.at(1).is_some()).count(), 20);
        assert_eq!((lines.at(2), lines.at(2)), (Some(10), Some(0)));
    }
}
