//! Documents over the wire: many clients on one, restarts, rebuilds, and bytes that are no text.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::{Backend, Server, promises, samples};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

/// The three resources, each with what names one document.
fn documents(id: &str) -> [(&'static str, Vec<(&'static str, String)>); 3] {
    let activity = ("activityId", samples::activity("a"));
    let agent = ("agent", samples::agent("anna").to_string());
    let id = id.to_owned();
    [
        ("activities/state", vec![activity.clone(), agent.clone(), ("stateId", id.clone())]),
        ("activities/profile", vec![activity, ("profileId", id.clone())]),
        ("agents/profile", vec![agent, ("profileId", id)]),
    ]
}

/// Sends JSON under 2.0.
async fn send(
    server: &Server,
    method: Method,
    (resource, parameters): &(&'static str, Vec<(&'static str, String)>),
    headers: &[(&str, &str)],
    body: impl Into<reqwest::Body>,
) -> reqwest::Response {
    let request = server.xapi(method, resource, "2.0.0").query(parameters);
    let request = request.header("Content-Type", "application/json");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(body).send().await.unwrap()
}

/// Several clients, on two nodes where the database takes two, each setting keys of its own.
async fn hammer(servers: &[&Server], document: &(&'static str, Vec<(&'static str, String)>)) {
    const CLIENTS: usize = 32;
    const ROUNDS: usize = 4;
    let clients = (0..CLIENTS).map(|client| async move {
        for round in 0..ROUNDS {
            let server = servers[client % servers.len()];
            let body = json!({ format!("{client}-{round}"): { "by": client } }).to_string();
            let answer = send(server, Method::POST, document, &[], body).await;
            assert_eq!(answer.status(), 204, "{}", answer.text().await.unwrap());
        }
    });
    join_all(clients).await;
    let merged: Value = send(servers[0], Method::GET, document, &[], "").await.json().await.unwrap();
    assert_eq!(merged.as_object().unwrap().len(), CLIENTS * ROUNDS);
}

promises! {
    async fn clients_that_hammer_one_document_lose_no_key_and_one_of_those_that_create_it_wins(instance) {
        let server = instance.start().await.unwrap();
        let node = match instance.backend() {
            Backend::Sqlite => None,
            Backend::Postgres => Some(instance.second_node().unwrap()),
        };
        let second = match &node {
            Some(node) => Some(node.restart(&server).await.unwrap()),
            None => None,
        };
        let servers: Vec<&Server> = [Some(&server), second.as_ref()].into_iter().flatten().collect();
        for document in &documents("hammered") {
            hammer(&servers, document).await;
        }
        for document in &documents("created") {
            let creators = (0..32).map(|client| {
                let server = servers[client % servers.len()];
                send(server, Method::PUT, document, &[("If-None-Match", "*")], format!("{{\"by\":{client}}}"))
            });
            let mut statuses: Vec<u16> =
                join_all(creators).await.iter().map(|answer| answer.status().as_u16()).collect();
            statuses.sort_unstable();
            assert_eq!(statuses[0], 204);
            assert!(statuses[1..].iter().all(|status| *status == 412), "{statuses:?}");
        }
    }

    async fn documents_are_the_same_bytes_after_a_restart_and_a_rebuild(instance) {
        let mut server = instance.start().await.unwrap();
        let bytes: Vec<u8> = (0..=255).cycle().take(200_000).collect();
        for (resource, parameters) in documents("bytes å/?&") {
            let put = server.xapi(Method::PUT, resource, "2.0.0").query(&parameters);
            let put = put.header("Content-Type", "image/png; x=\"a b\"").body(bytes.clone());
            assert_eq!(put.send().await.unwrap().status(), 204);
        }
        for document in &documents("gone") {
            assert_eq!(send(&server, Method::POST, document, &[], "{}").await.status(), 204);
            assert_eq!(send(&server, Method::DELETE, document, &[], "").await.status(), 204);
        }
        server.stop().unwrap();
        instance.run_json(&["rebuild"]).unwrap();
        instance.run_json(&["verify"]).unwrap();
        let server = instance.restart(&server).await.unwrap();
        for (resource, mut parameters) in documents("bytes å/?&") {
            for method in [Method::GET, Method::HEAD] {
                let answer = server.xapi(method.clone(), resource, "1.0.3").query(&parameters).send().await.unwrap();
                assert_eq!(answer.status(), 200);
                assert_eq!(answer.headers()["content-type"], "image/png; x=\"a b\"");
                assert_eq!(answer.headers()["content-length"], "200000");
                assert_eq!(answer.headers()["etag"].len(), 42);
                let body = answer.bytes().await.unwrap();
                assert!(if method == Method::HEAD { body.is_empty() } else { body[..] == bytes[..] });
            }
            parameters.pop();
            let list = server.xapi(Method::GET, resource, "2.0.0").query(&parameters).send().await.unwrap();
            assert_eq!(list.json::<Value>().await.unwrap(), json!(["bytes å/?&"]));
        }
    }
}
