//! The three resources that keep documents (1.0.3 Communication 2.2, 2.3, 2.6 and 2.7; IEEE 4.1.6.2, 4.1.6.5 and
//! 4.1.6.6).

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use vault::secrets::Credential;
use xapi::documents::{DocumentAction, DocumentQuery, DocumentResource};
use xapi::{Iris, Version};

use super::answer::{headless, json, with_version};
use super::auth::{self, Right, authorized};
use super::body;
use super::conditions::{self, Conditions};
use super::error::Refusal;
use super::parameters;
use super::version::{answering, negotiate};
use crate::Lrs;
use crate::documents::{Keeper, Unconditional, is_json};

/// All methods of `/xapi/activities/state`.
pub(super) async fn state(State(lrs): State<Lrs>, request: Request) -> Response {
    answer(&lrs, request, DocumentResource::State).await
}

/// All methods of `/xapi/activities/profile`.
pub(super) async fn activity_profile(State(lrs): State<Lrs>, request: Request) -> Response {
    answer(&lrs, request, DocumentResource::ActivityProfile).await
}

/// All methods of `/xapi/agents/profile`.
pub(super) async fn agent_profile(State(lrs): State<Lrs>, request: Request) -> Response {
    answer(&lrs, request, DocumentResource::AgentProfile).await
}

async fn answer(lrs: &Lrs, request: Request, resource: DocumentResource) -> Response {
    let (parts, body) = request.into_parts();
    let version = answering(lrs, &parts.headers).await;
    let answer = match parts.method {
        Method::GET | Method::HEAD => read(lrs, &parts, resource).await,
        Method::PUT | Method::POST => write(lrs, &parts, body, resource).await,
        Method::DELETE => delete(lrs, &parts, resource).await,
        _ => Err(Refusal::method("GET, HEAD, PUT, POST, DELETE")),
    };
    with_version(headless(answer.unwrap_or_else(Refusal::into_response), &parts.method), version)
}

/// One document, or the ids of all.
async fn read(lrs: &Lrs, parts: &Parts, resource: DocumentResource) -> Result<Response, Refusal> {
    negotiate(lrs, &parts.headers).await?;
    let right = if resource == DocumentResource::State { Right::ReadState } else { Right::ReadProfile };
    let credential = authorized(lrs, &parts.headers, right).await?;
    let keeper = keeper(lrs, &credential)?;
    let query = query(parts, resource, DocumentAction::Read, auth::iris(lrs, &credential)?)?;
    let conditions = Conditions::read(&parts.headers)?;
    let documents = &lrs.inner.documents;
    if query.id.is_none() {
        let (ids, newest) = documents.ids(&query, keeper).await?;
        let ids = serde_json::json!(ids).to_string();
        let tag = conditions::tag(ids.as_bytes());
        return Ok(conditions.reading(json(StatusCode::OK, ids), &tag, newest));
    }
    let Some(document) = documents.one(&query, keeper).await? else {
        return Err(Refusal::new(StatusCode::NOT_FOUND, "there is no such document"));
    };
    let tag = conditions::tag(&document.content);
    let content_type = HeaderValue::from_str(&document.content_type);
    let mut answer = Response::new(Body::from(document.content));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type.unwrap_or(UNTYPED));
    // Somebody else's bytes: a browser that is led here must not take them for a page of this place.
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    Ok(conditions.reading(answer, &tag, Some(document.stored)))
}

/// Stores one document, or merges it into the one that is there.
async fn write(
    lrs: &Lrs,
    parts: &Parts,
    body: Body,
    resource: DocumentResource,
) -> Result<Response, Refusal> {
    let version = negotiate(lrs, &parts.headers).await?;
    let credential = authorized(lrs, &parts.headers, writing(resource)).await?;
    let keeper = keeper(lrs, &credential)?;
    let _place = body::place(lrs, &parts.headers, credential.id)?;
    let query = query(parts, resource, DocumentAction::Write, auth::iris(lrs, &credential)?)?;
    let conditions = Conditions::read(&parts.headers)?;
    let content_type = content_type(&parts.headers)?;
    let documents = &lrs.inner.documents;
    let tag = if parts.method == Method::POST {
        if !content_type.as_deref().is_some_and(is_json) {
            return Err(Refusal::bad_request(
                "expected Content-Type application/json: only JSON objects are merged, PUT stores anything",
            ));
        }
        let content = body::read(lrs, &parts.headers, body).await?;
        documents.merge(&query, content, &conditions, keeper).await?
    } else {
        let content = body::read(lrs, &parts.headers, body).await?;
        let content_type = content_type.unwrap_or_else(|| String::from_utf8_lossy(UNTYPED.as_bytes()).into());
        let unconditional = match (version, resource) {
            (Version::V1_0_3, DocumentResource::State) => Unconditional::Replaces,
            (Version::V1_0_3, _) => Unconditional::Refused,
            (Version::V2_0_0, _) => Unconditional::Creates,
        };
        documents.put(&query, (content, content_type), unconditional, &conditions, keeper).await?
    };
    let mut answer = StatusCode::NO_CONTENT.into_response();
    conditions::tagged(answer.headers_mut(), tag.as_deref());
    Ok(answer)
}

/// Deletes one document, or all states.
async fn delete(lrs: &Lrs, parts: &Parts, resource: DocumentResource) -> Result<Response, Refusal> {
    negotiate(lrs, &parts.headers).await?;
    let credential = authorized(lrs, &parts.headers, writing(resource)).await?;
    let keeper = keeper(lrs, &credential)?;
    let query = query(parts, resource, DocumentAction::Delete, auth::iris(lrs, &credential)?)?;
    let conditions = Conditions::read(&parts.headers)?;
    let documents = &lrs.inner.documents;
    if query.id.is_some() {
        documents.delete(&query, &conditions, keeper).await?;
    } else if conditions.is_empty() {
        documents.delete_all(&query, keeper).await?;
    } else {
        return Err(Refusal::bad_request(
            "If-Match and If-None-Match speak of one document: expected its id",
        ));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Who asks, by its credential and that one's rules.
fn keeper(lrs: &Lrs, credential: &Credential) -> Result<Keeper, Refusal> {
    let apart = auth::rules(lrs, credential)?.is_some_and(|rules| rules.own_states);
    Ok(Keeper { credential: credential.id, apart })
}

fn query(
    parts: &Parts,
    resource: DocumentResource,
    action: DocumentAction,
    iris: Iris,
) -> Result<DocumentQuery, Refusal> {
    Ok(DocumentQuery::parse(parameters::pairs(parts.uri.query())?, resource, action, iris)?)
}

fn writing(resource: DocumentResource) -> Right {
    if resource == DocumentResource::State { Right::WriteState } else { Right::WriteProfile }
}

/// What is said of content that came without a type (RFC 9110, 8.3).
const UNTYPED: HeaderValue = HeaderValue::from_static("application/octet-stream");

fn content_type(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let refused = |_| Refusal::bad_request("expected a media type in the header Content-Type");
    let value = headers.get(header::CONTENT_TYPE).map(HeaderValue::to_str).transpose().map_err(refused)?;
    Ok(value.filter(|value| !value.is_empty()).map(str::to_owned))
}
