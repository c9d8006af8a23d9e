//! Asking the resources that keep documents.

use axum::body::Body;
use axum::http::Method;
use serde_json::Value;

use super::{Answer, Rig, activity, address, agent};

pub(crate) const VERSIONS: [&str; 2] = ["1.0.3", "2.0.0"];
pub(crate) const JSON: (&str, &str) = ("Content-Type", "application/json");
pub(crate) const NEW: (&str, &str) = ("If-None-Match", "*");

/// An address below `/xapi/`.
pub(crate) fn at(resource: &str, parameters: &[(&str, &str)]) -> String {
    let query = address(parameters);
    format!("/xapi/{resource}{}", query.strip_prefix("/xapi/statements").unwrap())
}

pub(crate) fn state_of(name: &str, about: &str, id: &str) -> String {
    let agent = agent(name).to_string();
    at("activities/state", &[("activityId", &activity(about)), ("agent", &agent), ("stateId", id)])
}

/// The same document in each of the three resources.
pub(crate) fn everywhere(id: &str) -> [String; 3] {
    [
        state_of("anna", "a", id),
        at("activities/profile", &[("activityId", &activity("a")), ("profileId", id)]),
        at("agents/profile", &[("agent", &agent("anna").to_string()), ("profileId", id)]),
    ]
}

/// Sends a request under a version, with headers and a body.
pub(crate) async fn ask(
    rig: &Rig,
    version: &str,
    method: Method,
    uri: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let request = rig.request(method, uri, version);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let answer = rig.send(request.body(body.into()).unwrap()).await;
    assert_eq!(answer.header("x-experience-api-version"), Some(version), "{uri}");
    answer
}

pub(crate) async fn put(
    rig: &Rig,
    version: &str,
    uri: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    ask(rig, version, Method::PUT, uri, headers, body).await
}

pub(crate) async fn post(rig: &Rig, uri: &str, body: &Value) -> Answer {
    ask(rig, "2.0.0", Method::POST, uri, &[JSON], body.to_string()).await
}

pub(crate) async fn get(rig: &Rig, uri: &str) -> Answer {
    ask(rig, "2.0.0", Method::GET, uri, &[], "").await
}

pub(crate) async fn delete(rig: &Rig, uri: &str) -> Answer {
    ask(rig, "2.0.0", Method::DELETE, uri, &[], "").await
}

/// The ids of a list, sorted.
pub(crate) async fn ids(rig: &Rig, uri: &str) -> Vec<String> {
    let mut ids: Vec<String> = serde_json::from_value(get(rig, uri).await.expect(200).json()).unwrap();
    ids.sort();
    ids
}

pub(crate) fn sha1_of_abc() -> &'static str {
    // FIPS 180, the example "abc".
    "\"a9993e364706816aba3e25717850c26c9cd0d89d\""
}
