//! The alternate request syntax (1.0.3 Communication 1.3): a POST whose only query parameter `method` names what is
//! meant, and whose form holds the parameters, some headers and the content. 2.0 has it no more.

use std::pin::pin;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::Request;
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::time::{Instant, timeout_at};
use xapi::Version;

use super::answer::{VERSION, with_consistent_through, with_version};
use super::error::Refusal;
use super::version::{answering, negotiate};
use super::{auth, body, parameters};
use crate::{Limits, Lrs};

/// Form parameters that stand for headers, in lower case as header names are.
const HEADERS: [&str; 6] =
    ["authorization", VERSION, "content-type", "content-length", "if-match", "if-none-match"];
/// The form parameter that stands for the body.
const CONTENT: &str = "content";

/// Whether a request is in the alternate syntax.
pub(super) fn is_one(request: &Request) -> bool {
    request.method() == Method::POST && asks_for_a_method(request.uri())
}

/// Turns a request in the alternate syntax into the one that is meant.
pub(super) async fn rewritten(lrs: &Lrs, request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let of_statements = request.uri().path() == "/xapi/statements";
    let refusal = match meant(lrs, request).await {
        Ok(request) => return next.run(request).await,
        Err(refusal) => with_version(refusal.into_response(), answering(lrs, &headers).await),
    };
    if of_statements { with_consistent_through(refusal, lrs.through().await) } else { refusal }
}

fn asks_for_a_method(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(|part| part.split('=').next() == Some("method")))
}

async fn meant(lrs: &Lrs, request: Request) -> Result<Request, Refusal> {
    let (mut parts, body) = request.into_parts();
    let method = match parameters::pairs(parts.uri.query())?.as_slice() {
        [(_, method)] => method_of(method)?,
        _ => {
            let expected =
                "the parameter method and no other in the address: the others belong into the form";
            return Err(Refusal::bad_request(format!("expected {expected}")));
        }
    };
    let form = form(lrs, &parts.headers, body).await?;
    let form = std::str::from_utf8(&form).map_err(|_| Refusal::bad_request("expected a form in UTF-8"))?;
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);

    let mut query = String::new();
    let mut content = None;
    let mut seen = Vec::new();
    for (name, value) in parameters::pairs(Some(form))? {
        if let Some(header) = HEADERS.iter().find(|header| name.eq_ignore_ascii_case(header)) {
            once(&mut seen, header)?;
            // Of the content as it was before it was put into the form; what counts is the content.
            if *header != "content-length" {
                let value = HeaderValue::from_str(&value)
                    .map_err(|_| Refusal::bad_request(format!("{header} is no value of a header")))?;
                parts.headers.insert(HeaderName::from_static(header), value);
            }
        } else if name == CONTENT {
            once(&mut seen, CONTENT)?;
            content = Some(Bytes::from(value));
        } else {
            query.push(if query.is_empty() { '?' } else { '&' });
            parameters::encode(&mut query, &name);
            query.push('=');
            parameters::encode(&mut query, &value);
        }
    }
    if negotiate(lrs, &parts.headers).await? != Version::V1_0_3 {
        let text = "the alternate request syntax belongs to 1.0.3; expected the method itself";
        return Err(Refusal::bad_request(text));
    }
    if content.is_none() && (method == Method::PUT || method == Method::POST) {
        return Err(Refusal::bad_request("expected a form parameter content"));
    }
    if content.is_some() && !parts.headers.contains_key(header::CONTENT_TYPE) {
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    parts.method = method;
    parts.uri = PathAndQuery::try_from(format!("{}{query}", parts.uri.path()))
        .map(Uri::from)
        .map_err(|_| Refusal::bad_request("the form's parameters are too long for an address"))?;
    Ok(Request::from_parts(parts, content.map_or_else(Body::empty, Body::from)))
}

/// The whole form. Of somebody whose credential is not known yet little is read, in a place that is for them alone.
async fn form(lrs: &Lrs, headers: &HeaderMap, body: Body) -> Result<Bytes, Refusal> {
    if headers.contains_key(header::AUTHORIZATION) {
        let credential = auth::known(lrs, headers).await?;
        let _place = body::place(lrs, headers, credential.id)?;
        return body::read(lrs, headers, body).await;
    }
    body::plain(headers)?;
    body::fits(lrs, headers)?;
    let mut stream = body.into_data_stream();
    let mut opening = Opening::default();
    let said = {
        let mut reading = pin!(opening.read_from(&mut stream, &lrs.inner.limits));
        match reading.as_mut().now_or_never() {
            // It came at once.
            Some(read) => read?,
            None => {
                let _place = lrs.inner.forms.try_acquire().map_err(|_| Refusal::too_many(1))?;
                reading.await?
            }
        }
    };
    let Some(said) = said else {
        // It is there whole. Whose it is is asked where it is answered.
        return Ok(opening.read.into());
    };
    let headers = HeaderMap::from_iter([(header::AUTHORIZATION, said)]);
    let credential = auth::known(lrs, &headers).await?;
    let _place = body::place(lrs, &headers, credential.id)?;
    body::rest(lrs, opening.read.into(), stream).await
}

/// The begin of a form, in which its credential is looked for.
#[derive(Default)]
struct Opening {
    read: Vec<u8>,
    /// Where the parameter begins that has not come whole.
    from: usize,
    /// Up to where that was looked through.
    seen: usize,
}

impl Opening {
    /// Reads until `Authorization` has come, and what it says, or to the form's end.
    async fn read_from(
        &mut self,
        stream: &mut BodyDataStream,
        limits: &Limits,
    ) -> Result<Option<HeaderValue>, Refusal> {
        let Limits { form_bytes, form_seconds, .. } = *limits;
        let until = Instant::now() + Duration::from_secs(form_seconds);
        loop {
            let next = timeout_at(until, stream.next()).await;
            let Some(chunk) = next.map_err(|_| Refusal::too_slow(form_seconds))? else { return Ok(None) };
            let chunk = chunk.map_err(|_| Refusal::bad_request("the body ended before it was complete"))?;
            if let Some(said) = self.said(&chunk) {
                return Ok(Some(said));
            }
            if self.read.len() > form_bytes {
                return Err(Refusal::late_authorization(form_bytes));
            }
        }
    }

    /// What the form says for `Authorization`, once that has come whole. Every byte is looked at once.
    fn said(&mut self, chunk: &[u8]) -> Option<HeaderValue> {
        self.read.extend_from_slice(chunk);
        while let Some(length) = self.read[self.seen..].iter().position(|byte| *byte == b'&') {
            let pair = &self.read[self.from..self.seen + length];
            self.seen += length + 1;
            self.from = self.seen;
            let pair = std::str::from_utf8(pair).ok().and_then(|pair| parameters::pairs(Some(pair)).ok());
            if let Some((name, value)) = pair.and_then(|pairs| pairs.into_iter().next())
                && name.eq_ignore_ascii_case(header::AUTHORIZATION.as_str())
            {
                return HeaderValue::from_str(&value).ok();
            }
        }
        self.seen = self.read.len();
        None
    }
}

fn method_of(name: &str) -> Result<Method, Refusal> {
    [Method::GET, Method::HEAD, Method::PUT, Method::POST, Method::DELETE]
        .into_iter()
        .find(|method| method.as_str() == name)
        .ok_or_else(|| Refusal::bad_request("expected method to be GET, HEAD, PUT, POST or DELETE"))
}

fn once(seen: &mut Vec<&'static str>, name: &'static str) -> Result<(), Refusal> {
    if seen.contains(&name) {
        return Err(Refusal::bad_request(format!("expected one form parameter {name}")));
    }
    seen.push(name);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_credential_of_a_form_is_found_as_soon_as_it_is_there_and_in_whatever_pieces() {
        let form = b"statementId=1&%61uthorization=Basic%20eDp5&content=&Authorization=later";
        for size in [1, 7, 30, form.len()] {
            let mut opening = Opening::default();
            let said = form.chunks(size).find_map(|chunk| opening.said(chunk));
            assert_eq!(said, Some(HeaderValue::from_static("Basic eDp5")), "{size}");
            assert!(form.starts_with(&opening.read));
        }
        assert_eq!(Opening::default().said(b"content=Authorization=x&Authorization=eD"), None);
        assert_eq!(Opening::default().said(b"&&=&Authorization=%0A&"), None);
    }
}
