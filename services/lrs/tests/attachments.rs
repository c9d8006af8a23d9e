//! Attachments: what comes with a statement comes back byte for byte, or is refused.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use axum::body::Body;
use axum::http::Method;
use futures_util::stream;
use lrs::Limits;
use rig::attachments::*;
use rig::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha224, Sha384, Sha512};

/// Every byte there is, line breaks of all kinds, and what looks like boundaries.
fn awkward() -> Vec<u8> {
    let mut content: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
    content.extend_from_slice(format!("\r\n--{BOUNDARY}x\r\n--\n\r\r\n--{}\r\n", &BOUNDARY[..9]).as_bytes());
    content
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

    async fn a_boundary_whose_line_break_was_forgotten_counts_where_the_attachment_is_to_end(rig) {
        let contents: [Vec<u8>; 3] = [(0..=255).collect(), b"--".to_vec(), large(300_000)];
        for (number, version) in (1..).zip(BOTH) {
            let attachments: Vec<_> = contents.iter().map(|content| attachment(content, "text/plain")).collect();
            let sent = with(number, "anna", &attachments);
            let parts: Vec<Part> = contents.iter().map(|content| part(content, "text/plain")).collect();
            let whole = body(&[vec![statements(&sent)], parts].concat());
            let mut forgetful = whole.clone();
            for content in &contents {
                let end = [content, format!("\r\n--{BOUNDARY}").as_bytes()].concat();
                let at = forgetful.windows(end.len()).position(|window| window == end).unwrap() + content.len();
                forgetful.drain(at..at + 2);
            }
            assert_eq!(forgetful.len(), whole.len() - 6);
            // Where it is to end somewhere else it is content, and that has another hash.
            let mut longer = sent.clone();
            longer["attachments"][0]["length"] = 255.into();
            let position = forgetful.windows(8).position(|window| window == b"\r\n\r\n\0\x01\x02\x03").unwrap();
            let mut other = body(&[statements(&longer)]);
            other.truncate(other.len() - format!("\r\n--{BOUNDARY}--\r\n").len());
            let head = body(&[statements(&sent)]).len() - format!("\r\n--{BOUNDARY}--\r\n").len();
            assert!(head < position);
            other.extend_from_slice(&forgetful[head..]);
            send(&rig, version, other).await.expect(400);
            send(&rig, version, forgetful).await.expect(200);
            assert_eq!(given(&rig, number).await, contents);
        }
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
