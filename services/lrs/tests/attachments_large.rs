//! Large attachments: taken in and given back in chunks, swept where nobody needs them, and bounded.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use axum::body::Body;
use axum::http::Method;
use futures_util::{StreamExt as _, stream};
use lrs::Limits;
use rig::attachments::*;
use rig::*;
use serde_json::{Value, json};
use testkit::signing::{Algorithm, TestKey};

promises! {
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

/// How many rows a table of the log has.
async fn rows(rig: &Rig, table: &str) -> i64 {
    let text = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    match rig.log.database() {
        eventlog::Database::Sqlite(db) => sqlx::query_scalar(text).fetch_one(&db.readers).await.unwrap(),
        eventlog::Database::Postgres(pool) => sqlx::query_scalar(text).fetch_one(pool).await.unwrap(),
    }
}
