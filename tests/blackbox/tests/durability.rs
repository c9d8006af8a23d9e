//! Acknowledged means on disk, whatever dies: the server, or the database under it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::HashSet;

use blackbox::load::{Load, Outcome};
use blackbox::samples::ordinary;
use blackbox::{Instance, Server, promises, until};
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

const CONNECTIONS: usize = 8;
const BATCH: usize = 5;

/// Every statement that was acknowledged is found by its id, and none stands in the list twice.
async fn nothing_is_lost_or_doubled(server: &Server, acknowledged: &[String]) {
    let listed = server.ids(&[]).await.unwrap();
    let distinct: HashSet<&str> = listed.iter().map(String::as_str).collect();
    assert_eq!(distinct.len(), listed.len(), "a statement is there twice");
    let missing: Vec<_> = acknowledged.iter().filter(|id| !distinct.contains(id.as_str())).collect();
    assert!(missing.is_empty(), "acknowledged and not in the list: {missing:?}");
    let found = stream::iter(acknowledged)
        .map(|id| async move { server.statement(id).await.unwrap()["id"].as_str() == Some(id) })
        .buffer_unordered(CONNECTIONS);
    assert!(found.all(|found| async move { found }).await);
}

/// Sends again whatever had no answer: it is taken, and nothing is stored twice.
async fn send_again(server: &Server, unanswered: &[Vec<Value>]) -> Vec<String> {
    let mut ids = Vec::new();
    for batch in unanswered {
        // Once for the answer that was lost, once more because it changes nothing.
        for _ in 0..2 {
            let answer = server.post(&Value::Array(batch.clone())).await.unwrap();
            assert_eq!(answer.status(), 200);
            let given: Vec<String> = answer.json().await.unwrap();
            let sent: Vec<_> = batch.iter().map(|statement| statement["id"].as_str().unwrap()).collect();
            assert_eq!(given, sent);
        }
        ids.extend(batch.iter().map(|statement| statement["id"].as_str().unwrap().to_owned()));
    }
    ids
}

promises! {
    async fn what_was_acknowledged_survives_sigkill_again_and_again(instance) {
        let mut server = instance.start().await.unwrap();
        let mut acknowledged = Vec::new();
        for round in 0..6 {
            let load = Load::begin(&server, CONNECTIONS, BATCH);
            load.goes_on(20 + 7 * round).await;
            server.kill().unwrap();
            let Outcome { acknowledged: told, unanswered, refused } = load.end().await;
            assert!(refused.is_empty(), "{refused:?}");
            assert!(!unanswered.is_empty(), "the server was killed between two requests");
            acknowledged.extend(told);
            server = instance.restart(&server).await.unwrap();
            acknowledged.extend(send_again(&server, &unanswered).await);
        }
        nothing_is_lost_or_doubled(&server, &acknowledged).await;
        let all = server.ids(&[]).await.unwrap().len();
        assert_eq!(all, acknowledged.len(), "only what was sent is there");
        assert!(server.stop().unwrap().success());
        assert_eq!(instance.sound_statements().await.unwrap(), all as i64);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_and_comes_back_loses_nothing_that_was_acknowledged() {
    let database = tokio::task::spawn_blocking(testkit::postgres::Server::start).await.unwrap().unwrap();
    let instance = Instance::on(&database).await.unwrap();
    let mut server = instance.start().await.unwrap();
    let load = Load::begin(&server, CONNECTIONS, BATCH);
    let status = |path: &'static str| {
        let request = server.http.get(format!("{}{path}", server.address));
        async move { request.send().await.unwrap().status().as_u16() }
    };
    for _ in 0..3 {
        load.goes_on(15).await;
        tokio::task::block_in_place(|| database.stop_immediate()).unwrap();
        // Who had sent a commit waits for what became of it; who comes now is told at once.
        let refused = server.post(&ordinary(1)).await.unwrap();
        assert_eq!(refused.status(), 503);
        assert!(refused.headers().contains_key("retry-after"));
        assert_eq!(status("/healthz").await, 200, "the process lives");
        assert_eq!(status("/readyz").await, 503);
        let answer = server.get(&[]).await.unwrap();
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
        tokio::task::block_in_place(|| database.start_again()).unwrap();
        until("it is ready again", || async { (status("/readyz").await == 200).then_some(()) }).await;
    }
    load.goes_on(15).await;
    let Outcome { mut acknowledged, unanswered, refused } = load.end().await;
    assert!(unanswered.is_empty(), "every request is answered");
    for refused in &refused {
        assert_eq!((refused.status, refused.retry_after.is_some()), (503, true), "{}", refused.body);
        let body: Value = serde_json::from_str(&refused.body).unwrap();
        assert!(body["error"].is_string(), "{body}");
        assert!(!refused.body.contains("postgres"), "what is behind is nobody's business: {body}");
    }
    // What was refused was not stored; a sample of it is sent again.
    let listed: HashSet<String> = server.ids(&[]).await.unwrap().into_iter().collect();
    for refused in &refused {
        assert!(refused.batch.iter().all(|statement| !listed.contains(statement["id"].as_str().unwrap())));
    }
    let again: Vec<_> = refused.into_iter().map(|refused| refused.batch).take(5).collect();
    acknowledged.extend(send_again(&server, &again).await);
    nothing_is_lost_or_doubled(&server, &acknowledged).await;
    server.settled().await.unwrap();
    assert!(server.stop().unwrap().success());
    assert_eq!(instance.sound_statements().await.unwrap(), acknowledged.len() as i64);
}
