//! Attachments and signatures: what comes with a statement comes back byte for byte, or is refused.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use axum::body::Body;
use axum::http::{HeaderMap, Method};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures_util::{StreamExt as _, stream};
use lrs::Limits;
use rig::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha224, Sha256, Sha384, Sha512};
use testkit::signing::{Algorithm, TestKey};

const BOTH: [&str; 2] = ["1.0.3", "2.0.0"];
const SIGNATURE: &str = "http://adlnet.gov/expapi/attachments/signature";
const BOUNDARY: &str = "abcABC0123'()+_,-./:=?";

fn sha2(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

fn attachment(content: &[u8], content_type: &str) -> Value {
    json!({ "usageType": "https://larkby.example/bilaga", "display": { "sv": "Bilaga" }, "contentType": content_type,
        "length": content.len(), "sha2": sha2(content) })
}

/// A statement with these attachments.
fn with(number: u32, name: &str, attachments: &[Value]) -> Value {
    let mut sent = statement(number, name, "a");
    sent["attachments"] = attachments.into();
    sent
}

/// The headers and content of a part.
type Part = (Vec<(&'static str, String)>, Vec<u8>);

fn part(content: &[u8], content_type: &str) -> Part {
    let headers = vec![
        ("Content-Type", content_type.to_owned()),
        ("Content-Transfer-Encoding", "binary".into()),
        ("X-Experience-API-Hash", sha2(content)),
    ];
    (headers, content.to_vec())
}

fn statements(statements: &Value) -> Part {
    (vec![("Content-Type", "application/json".into())], statements.to_string().into_bytes())
}

fn body(parts: &[Part]) -> Vec<u8> {
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

async fn send(rig: &Rig, version: &str, body: impl Into<Body>) -> Answer {
    let request = rig.request(Method::POST, "/xapi/statements", version);
    let content_type = format!("multipart/mixed; boundary=\"{BOUNDARY}\"");
    rig.send(request.header("Content-Type", content_type).body(body.into()).unwrap()).await
}

async fn post(rig: &Rig, version: &str, sent: &Value, parts: &[Part]) -> Answer {
    let all: Vec<Part> = std::iter::once(statements(sent)).chain(parts.iter().cloned()).collect();
    send(rig, version, body(&all)).await
}

/// The parts of an answer: each one's headers in lower case, and its content.
#[track_caller]
fn parts(answer: &Answer) -> Vec<(HeaderMap, Vec<u8>)> {
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

/// Every byte there is, line breaks of all kinds, and what looks like boundaries.
fn awkward() -> Vec<u8> {
    let mut content: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
    content.extend_from_slice(format!("\r\n--{BOUNDARY}x\r\n--\n\r\r\n--{}\r\n", &BOUNDARY[..9]).as_bytes());
    content
}

fn compact(header: &Value, payload: &str, key: &TestKey, algorithm: Algorithm) -> Vec<u8> {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let signed = format!("{}.{}", encode(header.to_string().as_bytes()), encode(payload.as_bytes()));
    format!("{signed}.{}", encode(&key.sign(algorithm, signed.as_bytes()))).into_bytes()
}

/// A statement with a signature attached, and the part.
fn signed(statement: &Value, jws: &[u8]) -> (Value, Part) {
    let mut sent = statement.clone();
    sent["attachments"] = json!([attachment(jws, "application/octet-stream")]);
    sent["attachments"][0]["usageType"] = SIGNATURE.into();
    (sent, part(jws, "application/octet-stream"))
}

promises! {
    async fn content_comes_back_byte_for_byte_with_its_type_and_hash(rig) {
        for (number, version) in (1..).zip(BOTH) {
            let (picture, text) = (awkward(), b"here is a simple attachment".to_vec());
            let sent = with(number, "anna", &[attachment(&picture, "image/png"), attachment(&text, "text/plain; charset=ascii")]);
            // In another order than the statement's, and in pieces of any size.
            let whole = body(&[statements(&sent), part(&text, "text/plain"), part(&picture, "image/png")]);
            let pieces: Vec<_> = whole.chunks(7).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
            let answer = send(&rig, version, Body::from_stream(stream::iter(pieces))).await.expect(200);
            assert_eq!(answer.json(), json!([id(number)]));

            let one = address(&[("statementId", &id(number)), ("attachments", "true")]);
            let given = rig.get_as(version, &one).await.expect(200);
            assert!(given.header("x-experience-api-consistent-through").is_some());
            let parts = parts(&given);
            assert_eq!(parts.len(), 3);
            assert_eq!(parts[0].0["content-type"], "application/json");
            let back: Value = serde_json::from_slice(&parts[0].1).unwrap();
            assert_eq!((&back["id"], &back["attachments"]), (&sent["id"], &sent["attachments"]));
            for (index, content) in [picture, text].iter().enumerate() {
                let (headers, bytes) = &parts[index + 1];
                assert_eq!(bytes, content);
                assert_eq!(headers["content-transfer-encoding"], "binary");
                assert_eq!(headers["x-experience-api-hash"], sha2(content).as_str());
                assert_eq!(headers["content-type"], sent["attachments"][index]["contentType"].as_str().unwrap());
            }
            // Without being asked for it does not come.
            for parameters in [vec![("statementId", id(number))], vec![("statementId", id(number)), ("attachments", "false".into())]] {
                let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let plain = rig.get_as(version, &address(&parameters)).await.expect(200);
                assert_eq!(plain.header("content-type"), Some("application/json"));
                assert_eq!(plain.json()["attachments"], sent["attachments"]);
            }
            let head = rig.send(rig.request(Method::HEAD, &one, version).body(Body::empty()).unwrap()).await.expect(200);
            assert!(head.body.is_empty());
            assert!(head.header("content-type").unwrap().starts_with("multipart/mixed; boundary="));
            assert_eq!(head.header("content-length").unwrap(), given.body.len().to_string());
        }
    }

    async fn a_put_takes_attachments_too(rig) {
        for (number, version) in (1..).zip(BOTH) {
            let sent = with(number, "anna", &[attachment(b"x", "text/plain")]);
            let request = rig.request(Method::PUT, &address(&[("statementId", &id(number))]), version);
            let request = request.header("Content-Type", format!("multipart/mixed; boundary=\"{BOUNDARY}\""));
            let whole = body(&[statements(&sent), part(b"x", "text/plain")]);
            rig.send(request.body(Body::from(whole)).unwrap()).await.expect(204);
            let given = rig.get(&[("statementId", &id(number)), ("attachments", "true")]).await.expect(200);
            assert_eq!(parts(&given)[1].1, b"x");
        }
    }

    async fn lists_and_their_next_pages_give_each_content_once(rig) {
        let (shared, own) = (b"the same for all".to_vec(), b"only here".to_vec());
        let shared_by = |number, name| with(number, name, &[attachment(&shared, "text/plain")]);
        let mut last = shared_by(3, "carl");
        last["attachments"].as_array_mut().unwrap().push(attachment(&own, "text/html"));
        let batch = json!([shared_by(1, "anna"), shared_by(2, "bo"), last, statement(4, "anna", "a")]);
        post(&rig, "2.0.0", &batch, &[part(&own, "text/html"), part(&shared, "text/plain")]).await.expect(200);

        let all = parts(&rig.get(&[("attachments", "true")]).await.expect(200));
        let bodies: Vec<_> = all[1..].iter().map(|(_, content)| content.as_slice()).collect();
        assert_eq!(bodies, [shared.as_slice(), own.as_slice()]);
        let list: Value = serde_json::from_slice(&all[0].1).unwrap();
        assert_eq!(list["statements"].as_array().unwrap().len(), 4);
        assert_eq!(list["more"], "");

        // The wish is kept from page to page, and a page without attachments has one part.
        let mut uri = address(&[("attachments", "true"), ("limit", "1")]);
        let mut counts = Vec::new();
        while !uri.is_empty() {
            let page = parts(&rig.get_as("2.0.0", &uri).await.expect(200));
            counts.push(page.len() - 1);
            let list: Value = serde_json::from_slice(&page[0].1).unwrap();
            uri = list["more"].as_str().unwrap().to_owned();
        }
        assert_eq!(counts, [0, 2, 1, 1]);
        let empty = rig.get(&[("attachments", "true"), ("verb", "https://larkby.example/none")]).await.expect(200);
        assert_eq!(parts(&empty).len(), 1);
        assert_eq!(rig.ids(&[]).await.len(), 4);
    }

    async fn multipart_needs_no_attachments_and_a_file_url_no_part(rig) {
        for (number, version) in (1..).step_by(10).zip(BOTH) {
            let id_at = |offset| id(number + offset);
            post(&rig, version, &statement(number, "anna", "a"), &[]).await.expect(200);
            post(&rig, version, &json!([]), &[]).await.expect(200);
            let mut far = with(number + 1, "anna", &[attachment(b"far away", "text/plain")]);
            far["attachments"][0]["fileUrl"] = "https://larkby.example/fil.txt".into();
            post(&rig, version, &far, &[]).await.expect(200);
            far["id"] = id_at(2).into();
            rig.post_as(version, far.to_string()).await.expect(200);
            // Both a URL and a part: the content is kept.
            far["id"] = id_at(3).into();
            post(&rig, version, &far, &[part(b"far away", "text/plain")]).await.expect(200);
            for (offset, count) in [(0, 1), (1, 1), (2, 1), (3, 2)] {
                let given = rig.get(&[("statementId", &id_at(offset)), ("attachments", "true")]).await.expect(200);
                assert_eq!(parts(&given).len(), count);
            }
        }
    }

    async fn attachments_of_a_sub_statement_and_other_hashes_are_taken(rig) {
        let content = b"inside".to_vec();
        let mut sent = statement(1, "anna", "a");
        let mut sub = plain("bo", "b");
        sub["objectType"] = "SubStatement".into();
        let hashes = [
            hex::encode(Sha224::digest(&content)),
            sha2(&content),
            hex::encode(Sha384::digest(&content)),
            hex::encode_upper(Sha512::digest(&content)),
        ];
        sub["attachments"] = vec![attachment(&content, "text/plain"); 4].into();
        for (index, hash) in hashes.iter().enumerate() {
            sub["attachments"][index]["sha2"] = hash.as_str().into();
        }
        sent["object"] = sub;
        let sent_parts = hashes.clone().map(|hash| {
            let mut part = part(&content, "text/plain");
            part.0[2].1 = hash.to_lowercase();
            part
        });
        post(&rig, "2.0.0", &sent, &sent_parts).await.expect(200);
        let given = parts(&rig.get(&[("statementId", &id(1)), ("attachments", "true")]).await.expect(200));
        let found: Vec<_> = given[1..].iter().map(|(headers, _)| headers["x-experience-api-hash"].to_str().unwrap()).collect();
        assert_eq!(found, hashes);
        assert!(given[1..].iter().all(|(_, bytes)| *bytes == content));
    }

    async fn parts_that_are_not_as_the_standard_says_are_400_and_store_nothing(rig) {
        let content = b"here is a simple attachment".to_vec();
        let good = part(&content, "text/plain");
        let sent = with(1, "anna", &[attachment(&content, "text/plain")]);
        let without = |name: &str| {
            let headers: Vec<_> = good.0.iter().filter(|(own, _)| *own != name).cloned().collect();
            (headers, content.clone())
        };
        let changed = |name: &'static str, value: &str| {
            let (mut headers, content) = without(name);
            headers.push((name, value.to_owned()));
            (headers, content)
        };
        let other = part(b"something else", "text/plain");
        let falsified = (good.0.clone(), b"here is a simple Attachment".to_vec());
        let refused: Vec<Vec<Part>> = vec![
            vec![],
            vec![other.clone()],
            vec![good.clone(), other],
            vec![falsified],
            vec![without("X-Experience-API-Hash")],
            vec![changed("X-Experience-API-Hash", "")],
            vec![changed("X-Experience-API-Hash", "abc")],
            vec![changed("X-Experience-API-Hash", &"0".repeat(64))],
            vec![without("Content-Transfer-Encoding")],
            vec![changed("Content-Transfer-Encoding", "base64")],
            vec![changed("Content-Type", "image/png")],
            vec![changed("Content-Length", "26")],
            vec![changed("Content-Length", "x")],
            vec![statements(&statement(2, "anna", "a")), good.clone()],
        ];
        for version in BOTH {
            for (number, parts) in refused.iter().enumerate() {
                let answer = post(&rig, version, &sent, parts).await;
                assert_eq!(answer.status, 400, "{version} {number}: {}", answer.text());
                assert!(answer.json()["error"].is_string());
                assert!(!answer.text().contains("simple"), "{}", answer.text());
            }
            // The first part.
            let (_, json) = statements(&sent);
            for headers in [vec![], vec![("Content-Type", "text/plain".to_owned())]] {
                send(&rig, version, body(&[(headers, json.clone()), good.clone()])).await.expect(400);
            }
            send(&rig, version, body(&[(statements(&sent).0, b"no JSON".to_vec()), good.clone()])).await.expect(400);
            send(&rig, version, body(std::slice::from_ref(&good))).await.expect(400);
            // The body as a whole.
            let whole = body(&[statements(&sent), good.clone()]);
            for end in [0, 1, 20, whole.len() / 2, whole.len() - 5, whole.len() - 4] {
                send(&rig, version, whole[..end].to_vec()).await.expect(400);
            }
            let text = String::from_utf8(whole.clone()).unwrap();
            send(&rig, version, text.replacen(&format!("--{BOUNDARY}\r\n"), "", 1)).await.expect(400);
            send(&rig, version, text.replacen(&format!("\r\n--{BOUNDARY}\r\n"), "\r\n", 1)).await.expect(400);
            send(&rig, version, text.replace("\r\n", "\n")).await.expect(400);
            for content_type in ["multipart/mixed", "multipart/mixed;", "multipart/mixed; boundary=other", "multipart/form-data; boundary=x"] {
                let request = rig.request(Method::POST, "/xapi/statements", version).header("Content-Type", content_type);
                rig.send(request.body(Body::from(whole.clone())).unwrap()).await.expect(400);
            }
            // As JSON the content would be lost.
            rig.post_as(version, sent.to_string()).await.expect(400);
        }
        assert!(rig.ids(&[]).await.is_empty());
        post(&rig, "2.0.0", &sent, &[changed("Content-Length", "27")]).await.expect(200);
    }

    async fn a_statement_that_comes_again_is_known_whatever_it_has_attached(rig) {
        let sent = with(1, "anna", &[attachment(b"first", "text/plain")]);
        post(&rig, "2.0.0", &sent, &[part(b"first", "text/plain")]).await.expect(200);
        let head = rig.log.head().await.unwrap().position;
        post(&rig, "2.0.0", &sent, &[part(b"first", "text/plain")]).await.expect(200);
        let other = with(1, "anna", &[attachment(b"second", "text/plain")]);
        post(&rig, "2.0.0", &other, &[part(b"second", "text/plain")]).await.expect(200);
        // What is ignored is checked all the same.
        post(&rig, "2.0.0", &other, &[]).await.expect(400);
        rig.post(&statement(1, "anna", "a")).await.expect(200);
        assert_eq!(rig.log.head().await.unwrap().position, head);
        let given = parts(&rig.get(&[("statementId", &id(1)), ("attachments", "true")]).await.expect(200));
        assert_eq!(given[1].1, b"first");
        let conflict = with(1, "bo", &[attachment(b"first", "text/plain")]);
        post(&rig, "2.0.0", &conflict, &[part(b"first", "text/plain")]).await.expect(409);
    }

    async fn erasing_anybody_in_a_statement_takes_its_attachments_along(rig) {
        let content = b"Anna och Bo i en bild".to_vec();
        let mut both = with(1, "anna", &[attachment(&content, "image/png")]);
        both["context"] = json!({ "instructor": agent("bo") });
        let alone = with(2, "anna", &[attachment(&content, "image/png")]);
        let pupil = with(3, "bo", &[attachment(b"Bo", "image/png")]);
        let batch = json!([both, alone, pupil]);
        post(&rig, "2.0.0", &batch, &[part(&content, "image/png"), part(b"Bo", "image/png")]).await.expect(200);
        rig.lrs.erase(&agent("bo").to_string()).await.unwrap();

        let given = rig.get(&[("statementId", &id(1)), ("attachments", "true")]).await.expect(200);
        let found = parts(&given);
        assert_eq!(found.len(), 1, "the one who is left has no picture of both");
        let back: Value = serde_json::from_slice(&found[0].1).unwrap();
        assert_eq!(back["actor"], agent("anna"));
        assert_eq!(back["attachments"], both["attachments"]);
        let given = rig.get(&[("statementId", &id(2)), ("attachments", "true")]).await.expect(200);
        assert_eq!(parts(&given)[1].1, content, "what is Anna's alone stays");
        let given = rig.get(&[("statementId", &id(3)), ("attachments", "true")]).await.expect(200);
        assert_eq!(parts(&given).len(), 1);
        assert_eq!(parts(&rig.get(&[("attachments", "true")]).await.expect(200)).len(), 2);
        // Nothing of it lies in the log in the clear.
        let positions: Vec<_> = (1..=3).map(eventlog::Position).collect();
        for (_, slots) in rig.log.read_at(&positions).await.unwrap() {
            assert!(slots.iter().all(|slot| !slot.body.windows(4).any(|window| window == b"Anna")));
        }
    }

    async fn a_statement_with_several_people_and_attachments_comes_back_whole(rig) {
        let mut sent = with(1, "anna", &[attachment(b"one", "text/plain"), attachment(b"two", "text/plain")]);
        sent["actor"] = json!({ "objectType": "Group", "name": "Klass 5b", "member": [agent("anna"), agent("bo"), agent("carl")] });
        sent["context"] = json!({ "instructor": agent("dora"), "team": { "objectType": "Group", "name": "Laget", "member": [agent("eva")] } });
        post(&rig, "2.0.0", &sent, &[part(b"one", "text/plain"), part(b"two", "text/plain")]).await.expect(200);
        let found = parts(&rig.get(&[("statementId", &id(1)), ("attachments", "true")]).await.expect(200));
        let back: Value = serde_json::from_slice(&found[0].1).unwrap();
        assert_eq!((&back["actor"], &back["context"]["team"]), (&sent["actor"], &sent["context"]["team"]));
        assert_eq!([&found[1].1, &found[2].1], [b"one", b"two"]);
    }

    async fn signed_statements_are_verified_by_every_algorithm(rig) {
        let key = TestKey::one();
        let mut number = 0;
        for version in BOTH {
            for algorithm in Algorithm::ALL {
                for certificate in [None, Some(key.certificate(3))] {
                    number += 1;
                    let mut header = json!({ "alg": algorithm.name() });
                    if let Some(certificate) = certificate {
                        header["x5c"] = json!([STANDARD.encode(certificate)]);
                    }
                    let sent = statement(number, "anna", "a");
                    let jws = compact(&header, &sent.to_string(), &key, algorithm);
                    let (sent, signature) = signed(&sent, &jws);
                    post(&rig, version, &sent, &[signature]).await.expect(200);
                    let given = rig.get(&[("statementId", &id(number)), ("attachments", "true")]).await.expect(200);
                    assert_eq!(parts(&given)[1].1, jws);
                }
            }
        }
    }

    async fn malformed_signatures_are_400_and_say_why(rig) {
        let (key, other) = (TestKey::one(), TestKey::two());
        let sent = statement(1, "anna", "a");
        let text = sent.to_string();
        let by = |header: Value, payload: &str| compact(&header, payload, &key, Algorithm::Rs256);
        let plain = json!({ "alg": "RS256" });
        let refused = [
            by(json!({ "alg": "HS256" }), &text),
            by(json!({ "alg": "none" }), &text),
            by(plain.clone(), &text.replacen('"', "'", 1)),
            by(plain.clone(), &statement(1, "bo", "a").to_string()),
            by(plain.clone(), &statement(2, "anna", "a").to_string()),
            by(json!({ "alg": "RS256", "x5c": [STANDARD.encode(other.certificate(3))] }), &text),
            by(json!({ "alg": "RS512", "x5c": [STANDARD.encode(key.certificate(3))] }), &text),
            by(json!({ "alg": "RS256", "x5c": ["x"] }), &text),
            b"no signature".to_vec(),
        ];
        for version in BOTH {
            for (number, jws) in refused.iter().enumerate() {
                let (sent, signature) = signed(&sent, jws);
                let answer = post(&rig, version, &sent, &[signature]).await;
                assert_eq!(answer.status, 400, "{version} {number}");
                assert_eq!(answer.json()["path"], "/attachments");
                assert!(!answer.text().contains("anna"));
            }
            // Another type, and no signature at all.
            let (mut typed, signature) = signed(&sent, &by(plain.clone(), &text));
            typed["attachments"][0]["contentType"] = "text/plain".into();
            post(&rig, version, &typed, &[signature]).await.expect(400);
            let (mut absent, _) = signed(&sent, &by(plain.clone(), &text));
            absent["attachments"][0]["fileUrl"] = "https://larkby.example/underskrift".into();
            post(&rig, version, &absent, &[]).await.expect(400);
            rig.post_as(version, absent.to_string()).await.expect(400);
        }
        assert!(rig.ids(&[]).await.is_empty());
    }

    async fn large_content_comes_back_byte_for_byte_as_it_is_read(rig) {
        let content = large(3_500_000);
        let exact = large(3 * 262_144);
        for (number, version) in (1..).zip(BOTH) {
            let sent = with(number, "anna", &[attachment(&content, "video/mp4"), attachment(&exact, "image/png"), attachment(b"small", "text/plain")]);
            let whole = body(&[statements(&sent), part(b"small", "text/plain"), part(&content, "video/mp4"), part(&exact, "image/png")]);
            let pieces: Vec<_> = whole.chunks(100_003).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
            send(&rig, version, Body::from_stream(stream::iter(pieces))).await.expect(200);

            let one = address(&[("statementId", &id(number)), ("attachments", "true")]);
            let answer = rig.get_as(version, &one).await.expect(200);
            assert_eq!(answer.header("content-length").unwrap(), answer.body.len().to_string());
            let found = parts(&answer);
            assert_eq!(found.len(), 4);
            for (index, content) in [content.as_slice(), &exact, b"small"].iter().enumerate() {
                let (headers, bytes) = &found[index + 1];
                assert!(bytes == content, "attachment {index}");
                assert_eq!(headers["x-experience-api-hash"], sha2(content).as_str());
                assert_eq!(headers["content-type"], sent["attachments"][index]["contentType"].as_str().unwrap());
            }
            let head = rig.send(rig.request(Method::HEAD, &one, version).body(Body::empty()).unwrap()).await.expect(200);
            assert!(head.body.is_empty());
            assert_eq!(head.header("content-length").unwrap(), answer.body.len().to_string());
        }
        assert_eq!(rows(&rig, "chunk_staged").await, 0);
        let verified = rig.log.verify(1..=u64::MAX, &mut |_| {}).await.unwrap();
        assert_eq!(verified.chunks, 2 * (14 + 3));
        // Nothing of it lies in the chunks in the clear.
        let named = rows(&rig, "chunk_set").await;
        assert_eq!(named, 4);
        let look_alike = hex::encode(&BOUNDARY[..9]);
        let column = match rig.log.database() {
            eventlog::Database::Sqlite(_) => format!("chunk WHERE instr(hex(body), upper('{look_alike}')) > 0"),
            eventlog::Database::Postgres(_) => format!("chunk WHERE position('\\x{look_alike}'::bytea IN body) > 0"),
        };
        assert_eq!(rows(&rig, &column).await, 0);
    }

    async fn erasing_anybody_kills_large_content_and_what_another_has_of_it_stays(rig) {
        let content = large(600_000);
        let mut both = with(1, "anna", &[attachment(&content, "image/png")]);
        both["context"] = json!({ "instructor": agent("bo") });
        let alone = with(2, "anna", &[attachment(&content, "image/png")]);
        post(&rig, "2.0.0", &json!([both, alone]), &[part(&content, "image/png")]).await.expect(200);
        assert_eq!(rows(&rig, "chunk").await, 3, "once for both");
        assert!(given(&rig, 1).await == [content.clone()]);
        rig.lrs.erase(&agent("bo").to_string()).await.unwrap();
        assert!(given(&rig, 1).await.is_empty());
        assert!(given(&rig, 2).await == [content]);
        rig.lrs.erase(&agent("anna").to_string()).await.unwrap();
        assert!(given(&rig, 2).await.is_empty());
        rig.log.verify(1..=u64::MAX, &mut |_| {}).await.unwrap();
    }

    async fn nothing_stays_of_large_content_that_is_refused_or_whose_statement_is_known(rig) {
        let content = large(600_000);
        let sent = with(1, "anna", &[attachment(&content, "image/png")]);
        let good = part(&content, "image/png");
        let mut falsified = good.clone();
        falsified.1[599_999] ^= 1;
        let mut length = good.clone();
        length.0.push(("Content-Length", "600001".into()));
        let other = part(b"something else", "text/plain");
        for (number, parts) in [vec![falsified], vec![length], vec![good.clone(), other]].iter().enumerate() {
            post(&rig, "2.0.0", &sent, parts).await.expect(400);
            assert_eq!((rows(&rig, "chunk").await, rows(&rig, "chunk_staged").await), (0, 0), "{number}");
        }
        // Refused before anything is taken: no part belongs to it, or its statements are wrong.
        let pending = |parts: &[Part]| {
            let start = body(parts);
            let start = start[..start.len() - BOUNDARY.len() - 8].to_vec();
            Body::from_stream(stream::iter([Ok::<_, std::io::Error>(start)]).chain(stream::pending()))
        };
        let unmatched = statements(&statement(1, "anna", "a"));
        send(&rig, "2.0.0", pending(&[unmatched, good.clone()])).await.expect(400);
        let mut wrong = sent.clone();
        wrong["verb"] = json!("x");
        send(&rig, "2.0.0", pending(&[statements(&wrong), good.clone()])).await.expect(400);

        post(&rig, "2.0.0", &sent, std::slice::from_ref(&good)).await.expect(200);
        post(&rig, "2.0.0", &sent, std::slice::from_ref(&good)).await.expect(200);
        let conflict = with(1, "bo", &[attachment(&content, "image/png")]);
        post(&rig, "2.0.0", &conflict, std::slice::from_ref(&good)).await.expect(409);
        // The same content in two parts.
        let twice = with(2, "anna", &[attachment(&content, "image/png")]);
        post(&rig, "2.0.0", &twice, &[good.clone(), good]).await.expect(200);
        assert_eq!((rows(&rig, "chunk").await, rows(&rig, "chunk_staged").await), (6, 0));
        assert!(given(&rig, 1).await == [content.clone()]);
        assert!(given(&rig, 2).await == [content]);
    }

    async fn what_a_client_that_hangs_up_has_sent_is_swept(rig) {
        let content = large(900_000);
        let sent = with(1, "anna", &[attachment(&content, "image/png")]);
        let whole = body(&[statements(&sent), part(&content, "image/png")]);
        let half = whole[..600_000].to_vec();
        // The connection breaks, and that is seen: 400 to nobody.
        let broken = [Ok(half.clone()), Err(std::io::Error::other("gone"))];
        send(&rig, "2.0.0", Body::from_stream(stream::iter(broken))).await.expect(400);
        assert_eq!((rows(&rig, "chunk").await, rows(&rig, "chunk_staged").await), (0, 0));
        // The request is given up where it stands, as when a connection or a process ends.
        let body = Body::from_stream(stream::iter([Ok::<_, std::io::Error>(half)]).chain(stream::pending()));
        tokio::select! {
            answer = send(&rig, "2.0.0", body) => panic!("{answer:?}"),
            () = async { while rows(&rig, "chunk").await < 2 { tokio::task::yield_now().await } } => {}
        }
        assert_eq!(rows(&rig, "chunk_staged").await, 1);
        let rig = rig.restarted(Limits::default()).await;
        // What is younger than is asked for stays.
        rig.log.sweep(std::time::Duration::from_secs(5000)).await.unwrap();
        assert_eq!(rows(&rig, "chunk_staged").await, 1);
        rig.clock.advance(std::time::Duration::from_secs(101));
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let sweeping = tokio::spawn(rig.lrs.clone().sweep_uploads(stopping));
        while (rows(&rig, "chunk").await, rows(&rig, "chunk_staged").await) != (0, 0) {
            tokio::task::yield_now().await;
        }
        stop.send_replace(true);
        sweeping.await.unwrap();
        send(&rig, "2.0.0", whole).await.expect(200);
        assert!(given(&rig, 1).await == [content]);
    }

    async fn what_one_node_took_in_another_gives_back(rig) {
        let content = large(700_000);
        let (one, other) = rig.with_another_node().await;
        let sent = with(1, "anna", &[attachment(&content, "image/png")]);
        post(&one, "2.0.0", &sent, &[part(&content, "image/png")]).await.expect(200);
        assert!(given(&other, 1).await == [content.clone()]);
        // Both at once, each sweeping too.
        let batch = |number| with(number, "anna", &[attachment(&content, "image/png")]);
        let (batches, parts) = ([batch(2), batch(3)], [part(&content, "image/png")]);
        let (first, second, swept, also) = tokio::join!(
            post(&one, "2.0.0", &batches[0], &parts),
            post(&other, "2.0.0", &batches[1], &parts),
            one.log.sweep(std::time::Duration::from_secs(3600)),
            other.log.sweep(std::time::Duration::from_secs(3600)),
        );
        first.expect(200);
        second.expect(200);
        assert_eq!((swept.unwrap(), also.unwrap()), (0, 0));
        assert!(given(&one, 3).await == [content.clone()]);
        assert!(given(&other, 2).await == [content]);
    }

    async fn a_signature_is_verified_whole_and_has_a_bound(rig) {
        let key = TestKey::one();
        let mut sent = statement(1, "anna", "a");
        sent["object"]["definition"] = json!({ "description": { "sv": "x".repeat(200_000) } });
        let jws = compact(&json!({ "alg": "RS256" }), &sent.to_string(), &key, Algorithm::Rs256);
        let (signed_one, signature) = signed(&sent, &jws);
        post(&rig, "2.0.0", &signed_one, &[signature]).await.expect(200);
        assert_eq!(given(&rig, 1).await, [jws]);
        let (too_large, signature) = signed(&statement(2, "anna", "a"), &vec![b'a'; (1 << 20) + 1]);
        let answer = post(&rig, "2.0.0", &too_large, &[signature]).await.expect(400);
        assert!(answer.text().contains("1048576"), "{}", answer.text());
        assert_eq!(rows(&rig, "chunk_staged").await, 0);
    }
}

#[tokio::test]
async fn a_page_ends_early_where_its_attachments_are_many_bytes() {
    let rig = Rig::sqlite_with(Limits { body_bytes: 10_000, ..Limits::default() }).await;
    let content = |number: u32| vec![u8::try_from(number).unwrap(); 8_000];
    for number in 1..=5 {
        let sent = with(number, "anna", &[attachment(&content(number), "image/png")]);
        post(&rig, "2.0.0", &sent, &[part(&content(number), "image/png")]).await.expect(200);
    }
    for ascending in ["false", "true"] {
        let mut uri = address(&[("attachments", "true"), ("ascending", ascending)]);
        let (mut ids, mut pages) = (Vec::new(), 0);
        while !uri.is_empty() {
            let page = parts(&rig.get_as("2.0.0", &uri).await.expect(200));
            let list: Value = serde_json::from_slice(&page[0].1).unwrap();
            let own = list["statements"].as_array().unwrap();
            assert_eq!(own.len(), page.len() - 1);
            assert!((1..=2).contains(&own.len()));
            ids.extend(own.iter().map(|one| one["id"].as_str().unwrap().to_owned()));
            uri = list["more"].as_str().unwrap().to_owned();
            pages += 1;
        }
        let mut expected: Vec<_> = (1..=5).map(id).collect();
        if ascending == "false" {
            expected.reverse();
        }
        assert_eq!((ids, pages), (expected, 3));
    }
}

#[tokio::test]
async fn one_content_for_many_statements_is_stored_once_where_it_would_be_much_and_the_sum_of_contents_is_bounded()
 {
    let limits = Limits { body_bytes: 20_000, attachment_bytes: 10_000, ..Limits::default() };
    let rig = Rig::sqlite_with(limits).await;
    let content = vec![7; 5_000];
    let shared = |number| with(number, "anna", &[attachment(&content, "image/png")]);
    let batch: Vec<Value> = (1..=9).map(shared).collect();
    post(&rig, "2.0.0", &batch[..4].into(), &[part(&content, "image/png")]).await.expect(200);
    assert_eq!(rows(&rig, "chunk").await, 0, "four times 5,000 bytes");
    post(&rig, "2.0.0", &batch[4..].into(), &[part(&content, "image/png")]).await.expect(200);
    assert_eq!(rows(&rig, "chunk").await, 1);
    for number in 1..=9 {
        assert!(given(&rig, number).await == std::slice::from_ref(&content));
    }
    let (large, other) = (vec![7; 10_001], vec![8; 5_001]);
    let sent = with(10, "anna", &[attachment(&large, "image/png")]);
    let answer = post(&rig, "2.0.0", &sent, &[part(&large, "image/png")]).await.expect(413);
    assert!(answer.text().contains("10000"), "{}", answer.text());
    let sent = with(10, "anna", &[attachment(&content, "image/png"), attachment(&other, "image/png")]);
    post(&rig, "2.0.0", &sent, &[part(&content, "image/png"), part(&other, "image/png")]).await.expect(413);
    // The statements' part, and a body that says beforehand that it is too large.
    let mut wordy = statement(11, "anna", "a");
    wordy["verb"]["display"] = json!({ "sv": "x".repeat(20_000) });
    post(&rig, "2.0.0", &wordy, &[]).await.expect(413);
    let request = rig.request(Method::POST, "/xapi/statements", "2.0.0").header("Content-Length", 30_001);
    let request = request.header("Content-Type", format!("multipart/mixed; boundary=\"{BOUNDARY}\""));
    rig.send(request.body(Body::empty()).unwrap()).await.expect(413);
    assert_eq!(rig.ids(&[]).await.len(), 9);
    assert_eq!(rows(&rig, "chunk").await, 1);
}

#[tokio::test]
async fn very_many_statements_with_one_very_large_content_are_refused_at_once() {
    let rig = Rig::sqlite_with(Limits { body_bytes: 20_000, ..Limits::default() }).await;
    let content = large(17 * 262_144);
    let attached = [attachment(&content, "image/png")];
    let batch: Vec<Value> = (1..=40).map(|number| with(number, "a", &attached)).collect();
    let answer = post(&rig, "2.0.0", &batch.clone().into(), &[part(&content, "image/png")]).await.expect(400);
    assert!(answer.text().contains("fewer statements"), "{}", answer.text());
    assert_eq!(rows(&rig, "chunk").await, 0);
    post(&rig, "2.0.0", &batch[..30].into(), &[part(&content, "image/png")]).await.expect(200);
    assert_eq!(rows(&rig, "chunk").await, 17);
}

#[tokio::test]
async fn an_upload_that_moves_may_take_its_time_and_one_that_stalls_is_408() {
    let rig = Rig::sqlite_with(Limits { body_seconds: 1, upload_seconds: 60, ..Limits::default() }).await;
    let content = large(400_000);
    let sent = with(1, "anna", &[attachment(&content, "image/png")]);
    let whole = body(&[statements(&sent), part(&content, "image/png")]);
    // Nine pieces with 0.2 seconds between them: longer than any other body may take, and never silent for long.
    let pieces: Vec<Vec<u8>> = whole.chunks(whole.len() / 8).map(<[u8]>::to_vec).collect();
    let clock = tokio::time::interval(std::time::Duration::from_millis(200));
    let slow = stream::unfold((clock, pieces.clone().into_iter()), |(mut clock, mut pieces)| async {
        clock.tick().await;
        let piece = pieces.next()?;
        Some((Ok::<_, std::io::Error>(piece), (clock, pieces)))
    });
    send(&rig, "2.0.0", Body::from_stream(slow)).await.expect(200);
    assert_eq!(given(&rig, 1).await, [content]);

    let first = pieces[..5].concat();
    let stalling = |sent: Vec<u8>| {
        let sent = stream::iter([Ok::<_, std::io::Error>(sent)]);
        Body::from_stream(sent.chain(stream::pending()))
    };
    let stalled = stalling(first.clone());
    let answer = send(&rig, "2.0.0", stalled).await.expect(408);
    assert!(answer.text().contains("1 seconds"), "{}", answer.text());
    // Before the statements are there everything has the time of any body.
    let stalled = stalling(whole[..100].to_vec());
    send(&rig, "2.0.0", stalled).await.expect(408);
    assert_eq!((rows(&rig, "chunk").await, rows(&rig, "chunk_staged").await), (2, 0), "those of the first");

    let rig = Rig::sqlite_with(Limits { body_seconds: 9, upload_seconds: 0, ..Limits::default() }).await;
    let stalled = stalling(first);
    send(&rig, "2.0.0", stalled).await.expect(408);
}

/// Bytes that do not repeat, with what looks like boundaries among them.
fn large(length: usize) -> Vec<u8> {
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
async fn given(rig: &Rig, number: u32) -> Vec<Vec<u8>> {
    let answer = rig.get(&[("statementId", &id(number)), ("attachments", "true")]).await.expect(200);
    parts(&answer).into_iter().skip(1).map(|(_, content)| content).collect()
}

/// How many rows a table of the log has.
async fn rows(rig: &Rig, table: &str) -> i64 {
    let text = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    match rig.log.database() {
        eventlog::Database::Sqlite(db) => sqlx::query_scalar(text).fetch_one(&db.readers).await.unwrap(),
        eventlog::Database::Postgres(pool) => sqlx::query_scalar(text).fetch_one(pool).await.unwrap(),
    }
}
