//! The agents resource (1.0.3 Communication 2.4, IEEE 4.1.6.3).

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use xapi::person;

use super::answer::{headless, json, with_version};
use super::auth::{Right, authorized};
use super::conditions::{self, Conditions};
use super::error::Refusal;
use super::parameters;
use super::version::{answering, negotiate};
use crate::Lrs;

/// `GET /xapi/agents`: a Person. Whoever asks by one identifier is never told another one: the vault keeps none, and
/// an address must not follow from its hash.
pub(super) async fn agents(State(lrs): State<Lrs>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let version = answering(&lrs, &parts.headers).await;
    let answer = match parts.method {
        Method::GET | Method::HEAD => person(&lrs, &parts).await,
        _ => Err(Refusal::method("GET, HEAD")),
    };
    with_version(headless(answer.unwrap_or_else(Refusal::into_response), &parts.method), version)
}

async fn person(lrs: &Lrs, parts: &Parts) -> Result<Response, Refusal> {
    negotiate(lrs, &parts.headers).await?;
    authorized(lrs, &parts.headers, Right::Describe).await?;
    let agent = person::parameters(parameters::pairs(parts.uri.query())?)?;
    let conditions = Conditions::read(&parts.headers)?;
    let person = person::person(&agent);
    let tag = conditions::tag(person.as_bytes());
    Ok(conditions.reading(json(StatusCode::OK, person), &tag, None))
}
