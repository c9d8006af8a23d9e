//! Statements with attachments, sent and read.

use axum::body::Body;
use axum::http::{HeaderMap, Method};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use testkit::signing::{Algorithm, TestKey};

use super::{Answer, Rig, id, statement};

pub(crate) const BOTH: [&str; 2] = ["1.0.3", "2.0.0"];
const SIGNATURE: &str = "http://adlnet.gov/expapi/attachments/signature";
pub(crate) const BOUNDARY: &str = "abcABC0123'()+_,-./:=?";

pub(crate) fn sha2(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

pub(crate) fn attachment(content: &[u8], content_type: &str) -> Value {
    json!({ "usageType": "https://larkby.example/bilaga", "display": { "sv": "Bilaga" }, "contentType": content_type,
        "length": content.len(), "sha2": sha2(content) })
}

/// A statement with these attachments.
pub(crate) fn with(number: u32, name: &str, attachments: &[Value]) -> Value {
    let mut sent = statement(number, name, "a");
    sent["attachments"] = attachments.into();
    sent
}

/// The headers and content of a part.
pub(crate) type Part = (Vec<(&'static str, String)>, Vec<u8>);

pub(crate) fn part(content: &[u8], content_type: &str) -> Part {
    let headers = vec![
        ("Content-Type", content_type.to_owned()),
        ("Content-Transfer-Encoding", "binary".into()),
        ("X-Experience-API-Hash", sha2(content)),
    ];
    (headers, content.to_vec())
}

pub(crate) fn statements(statements: &Value) -> Part {
    (vec![("Content-Type", "application/json".into())], statements.to_string().into_bytes())
}

pub(crate) fn body(parts: &[Part]) -> Vec<u8> {
    let mut body = Vec::new();
    for (headers, content) in parts {
        body.extend_from_slice(format!("--{BOUNDARY}\r\n").as_bytes());
        for (name, value) in headers {
            body.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        body.extend_from_slice(b"\r\n");
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

pub(crate) async fn send(rig: &Rig, version: &str, body: impl Into<Body>) -> Answer {
    let request = rig.request(Method::POST, "/xapi/statements", version);
    let content_type = format!("multipart/mixed; boundary=\"{BOUNDARY}\"");
    rig.send(request.header("Content-Type", content_type).body(body.into()).unwrap()).await
}

pub(crate) async fn post(rig: &Rig, version: &str, sent: &Value, parts: &[Part]) -> Answer {
    let all: Vec<Part> = std::iter::once(statements(sent)).chain(parts.iter().cloned()).collect();
    send(rig, version, body(&all)).await
}

/// The parts of an answer: each one's headers in lower case, and its content.
#[track_caller]
pub(crate) fn parts(answer: &Answer) -> Vec<(HeaderMap, Vec<u8>)> {
    let content_type = answer.header("content-type").unwrap();
    let boundary = content_type.strip_prefix("multipart/mixed; boundary=").unwrap();
    let delimiter = format!("\r\n--{boundary}");
    let all = [b"\r\n", answer.body.as_slice()].concat();
    let cut = |bytes: &[u8], by: &[u8]| bytes.windows(by.len()).position(|window| window == by);
    let mut rest = all.as_slice();
    let mut found = Vec::new();
    while let Some(at) = cut(rest, delimiter.as_bytes()) {
        if !found.is_empty() || at > 0 {
            let (headers, content) = rest[..at].split_at(cut(&rest[..at], b"\r\n\r\n").unwrap());
            let mut map = HeaderMap::new();
            for line in std::str::from_utf8(headers).unwrap().split("\r\n").filter(|line| !line.is_empty()) {
                let (name, value) = line.split_once(": ").unwrap();
                map.insert(axum::http::HeaderName::try_from(name).unwrap(), value.try_into().unwrap());
            }
            found.push((map, content[4..].to_vec()));
        }
        rest = &rest[at + delimiter.len()..];
    }
    assert_eq!(rest, b"--\r\n");
    found
}

pub(crate) fn compact(header: &Value, payload: &str, key: &TestKey, algorithm: Algorithm) -> Vec<u8> {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let signed = format!("{}.{}", encode(header.to_string().as_bytes()), encode(payload.as_bytes()));
    format!("{signed}.{}", encode(&key.sign(algorithm, signed.as_bytes()))).into_bytes()
}

/// A statement with a signature attached, and the part.
pub(crate) fn signed(statement: &Value, jws: &[u8]) -> (Value, Part) {
    let mut sent = statement.clone();
    sent["attachments"] = json!([attachment(jws, "application/octet-stream")]);
    sent["attachments"][0]["usageType"] = SIGNATURE.into();
    (sent, part(jws, "application/octet-stream"))
}

/// Bytes that do not repeat, with what looks like boundaries among them.
pub(crate) fn large(length: usize) -> Vec<u8> {
    let mut content = Vec::with_capacity(length + 100);
    let mut state: u64 = 7;
    while content.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        content.extend_from_slice(&state.to_be_bytes());
        if state.is_multiple_of(512) {
            content.extend_from_slice(format!("\r\n--{BOUNDARY}x\r\n--{}\r\n", &BOUNDARY[..9]).as_bytes());
        }
    }
    content.truncate(length);
    content
}

/// The content of a statement's attachments as it is given back.
pub(crate) async fn given(rig: &Rig, number: u32) -> Vec<Vec<u8>> {
    let answer = rig.get(&[("statementId", &id(number)), ("attachments", "true")]).await.expect(200);
    parts(&answer).into_iter().skip(1).map(|(_, content)| content).collect()
}
