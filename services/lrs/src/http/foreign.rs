//! What a page of another site may read, and what it may do with what a browser remembers.

use std::task::{Context, Poll};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;
use futures_util::future::Either;
use tower::{Layer, Service};
use tower_http::cors::{Cors, CorsLayer};

use super::answer::VERSION;
use crate::Lrs;

/// What a page may send anywhere without the browser asking first (Fetch, 2.2.2).
const UNASKED: [&str; 3] = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];

/// What pages of other sites are told. Requests that name no origin are no page's, and are neither asked nor told anything.
#[derive(Clone)]
pub(super) struct ForPages(pub(super) CorsLayer);

impl<S> Layer<S> for ForPages {
    type Service = PagesOrNot<S>;

    fn layer(&self, inner: S) -> PagesOrNot<S> {
        PagesOrNot(self.0.layer(inner))
    }
}

#[derive(Clone)]
pub(super) struct PagesOrNot<S>(Cors<S>);

impl<S: Service<Request, Response = Response>> Service<Request> for PagesOrNot<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = Either<S::Future, <Cors<S> as Service<Request>>::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.get_mut().poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if request.headers().contains_key(header::ORIGIN) {
            Either::Right(self.0.call(request))
        } else {
            Either::Left(self.0.get_mut().call(request))
        }
    }
}

/// Takes no notice of an `Authorization` that a browser may have added by itself to what a page of another site posts.
///
/// A tool's script that sets the header is asked for by a preflight, which the browser makes without what it
/// remembers, and for what it remembers only from origins that the setting names. Both show: what was asked for before
/// carries a version, or a type that is not a form's. A form of the alternate syntax says itself who posts it.
pub(super) fn forget_remembered(lrs: &Lrs, request: &mut Request) {
    if request.method() == Method::POST
        && is_foreign(request.headers())
        && !is_named(&lrs.inner.origins, request.headers())
        && is_unasked(request.headers())
    {
        request.headers_mut().remove(header::AUTHORIZATION);
    }
}

/// Whether another site's page asks: browsers say so, and what stands before this service says it for those that do
/// not.
fn is_foreign(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    matches!(site, Some(b"cross-site" | b"same-site"))
}

/// Whether the setting names the page's origin.
fn is_named(origins: &[HeaderValue], headers: &HeaderMap) -> bool {
    headers.get(header::ORIGIN).is_some_and(|origin| origin != "*" && origins.contains(origin))
}

fn is_unasked(headers: &HeaderMap) -> bool {
    if headers.contains_key(VERSION) {
        return false;
    }
    let Some(kind) = headers.get(header::CONTENT_TYPE) else { return true };
    let essence = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    UNASKED.iter().any(|kind| essence.eq_ignore_ascii_case(kind))
}
