//! The alternate request syntax (1.0.3 Communication 1.3): a POST whose only query parameter `method` names what is
//! meant, and whose form holds the parameters, some headers and the content. 2.0 has it no more.

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::uri::{PathAndQuery, Uri};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use xapi::Version;

use super::body::{self, Place};
use super::error::Refusal;
use super::{VERSION, answering, negotiate, parameters, with_consistent_through, with_version};
use crate::Lrs;

/// Form parameters that stand for headers, in lower case as header names are.
const HEADERS: [&str; 6] =
    ["authorization", VERSION, "content-type", "content-length", "if-match", "if-none-match"];
/// The form parameter that stands for the body.
const CONTENT: &str = "content";

/// Turns a request in the alternate syntax into the one that is meant; leaves any other alone.
pub(super) async fn rewritten(State(lrs): State<Lrs>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !asks_for_a_method(request.uri()) {
        return next.run(request).await;
    }
    let headers = request.headers().clone();
    let of_statements = request.uri().path() == "/xapi/statements";
    let refusal = match meant(&lrs, request).await {
        Ok(request) => return next.run(request).await,
        Err(refusal) => with_version(refusal.into_response(), answering(&lrs, &headers).await),
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
    let form = {
        let _place = Place::take(lrs)?;
        body::read(lrs, &parts.headers, body).await?
    };
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
