//! Many clients at once on the same activities, agents and documents: nobody is failed, nothing is lost.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use blackbox::{Backend, Server, promises, samples};
use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

const CLIENTS: usize = 32;
const ROUNDS: usize = 4;
/// Everybody is about these, in another order each time, which is what deadlocks are made of.
const SHARED: usize = 5;

/// Sends, and holds that whatever was wrong was not the server.
async fn send(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    assert!(status < 500, "{status}: {text}");
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// A batch about every shared activity and person, of which one statement voids another client's.
fn batch(client: usize, round: usize) -> Vec<Value> {
    let number = u32::try_from(client * ROUNDS + round).unwrap() * 10;
    let mut batch: Vec<Value> = (0..SHARED)
        .map(|step| {
            let which = (client + round + step * (1 + client % 2 * 3)) % SHARED;
            let id = samples::id(number + u32::try_from(step).unwrap());
            let mut one = samples::statement(&id, &format!("p{which}"), &format!("a{which}"));
            let name = json!({ format!("sv-x-{client}-{round}"): "Kurs" });
            one["object"]["definition"] = json!({ "name": name });
            let other = samples::agent(&format!("p{}", (which + 1) % SHARED));
            one["context"] = json!({ "instructor": other, "contextActivities": {
                "parent": [{ "id": samples::activity(&format!("a{}", (which + 2) % SHARED)) }] } });
            one
        })
        .collect();
    let target = samples::id((number + 10) % u32::try_from(CLIENTS * ROUNDS * 10).unwrap());
    let mut voiding = samples::statement(&samples::id(number + 9), "p0", "a0");
    voiding["verb"] = json!({ "id": "http://adlnet.gov/expapi/verbs/voided" });
    voiding["object"] = json!({ "objectType": "StatementRef", "id": target });
    batch.push(voiding);
    batch
}

/// One client's round: a batch, the same again, a document merged, and what it wrote read back.
async fn round(server: &Server, client: usize, round: usize) {
    let batch = batch(client, round);
    let ids: Vec<&str> = batch.iter().map(|one| one["id"].as_str().unwrap()).collect();
    let post = || server.xapi(Method::POST, "statements", "2.0.0").json(&batch);
    let (first, again) = tokio::join!(send(post()), send(post()));
    assert_eq!((first, again), ((200, json!(ids)), (200, json!(ids))));

    let agent = samples::agent("p0").to_string();
    for (resource, name) in [("activities/profile", "activityId"), ("agents/profile", "agent")] {
        let value = if name == "agent" { agent.clone() } else { samples::activity("a0") };
        let request = server.xapi(Method::POST, resource, "2.0.0");
        let request = request.query(&[(name, value.as_str()), ("profileId", "shared")]);
        let (status, _) = send(request.json(&json!({ format!("{client}-{round}"): round }))).await;
        assert_eq!(status, 204);
    }
    let list = |filter: &[(&str, &str)]| send(server.xapi(Method::GET, "statements", "2.0.0").query(filter));
    let activity = samples::activity(&format!("a{}", client % SHARED));
    let (by_agent, by_activity) = tokio::join!(
        list(&[("agent", agent.as_str()), ("related_agents", "true")]),
        list(&[("activity", activity.as_str()), ("related_activities", "true"), ("ascending", "true")]),
    );
    assert_eq!((by_agent.0, by_activity.0), (200, 200));
}

/// What an answer promises: that of what was stored after one instant and up to another it has all.
struct Promise {
    after: String,
    through: String,
    has: BTreeSet<String>,
}

/// The newest statements again and again, and what each answer promised.
async fn promises(server: &Server, answers: usize, pause: Duration) -> Vec<Promise> {
    let text = |statement: &Value, name: &str| statement[name].as_str().unwrap().to_owned();
    let mut promises = Vec::new();
    for _ in 0..answers {
        tokio::time::sleep(pause).await;
        let answer = server.get(&[("limit", "40")]).await.unwrap().error_for_status().unwrap();
        let through = answer.headers()["x-experience-api-consistent-through"].to_str().unwrap().to_owned();
        let page: Value = answer.json().await.unwrap();
        let statements = page["statements"].as_array().unwrap();
        // What is older is on the pages that follow.
        let last = statements.last().filter(|_| page["more"] != "");
        let after = last.map(|last| text(last, "stored")).unwrap_or_default();
        let has = statements.iter().map(|statement| text(statement, "id")).collect();
        promises.push(Promise { after, through, has });
    }
    promises
}

promises! {
    async fn no_answer_promises_more_than_it_has_while_clients_write_at_another_node(instance) {
        let server = instance.start().await.unwrap();
        let node = (instance.backend() == Backend::Postgres).then(|| instance.second_node().unwrap());
        let second = match &node {
            Some(node) => Some(node.restart(&server).await.unwrap()),
            None => None,
        };
        let writing = AtomicBool::new(true);
        let writers = join_all((0..4).map(|_| async {
            while writing.load(Ordering::Relaxed) {
                assert_eq!(server.post(&samples::ordinary(1)).await.unwrap().status(), 200);
            }
        }));
        let readers = async {
            let there = async {
                match &second {
                    // Each time what was promised before is too old.
                    Some(second) => promises(second, 12, Duration::from_millis(210)).await,
                    None => Vec::new(),
                }
            };
            let (here, there) = tokio::join!(promises(&server, 40, Duration::ZERO), there);
            writing.store(false, Ordering::Relaxed);
            [here, there]
        };
        let (promises, _) = tokio::join!(readers, writers);
        let all = server.list(&[("ascending", "true")]).await.unwrap();
        for promises in promises {
            let mut meant = 0;
            for statement in &all {
                let (id, stored) = (statement["id"].as_str().unwrap(), statement["stored"].as_str().unwrap());
                let means = |promise: &&Promise| promise.after.as_str() < stored && stored <= promise.through.as_str();
                for promise in promises.iter().filter(means) {
                    assert!(promise.has.contains(id), "{stored}: promised through {}", promise.through);
                    meant += 1;
                }
            }
            assert!(meant >= promises.len(), "{meant}");
        }
    }

    async fn clients_on_the_same_activities_agents_and_documents_see_no_fault_and_lose_nothing(instance) {
        let server = instance.start().await.unwrap();
        let node = (instance.backend() == Backend::Postgres).then(|| instance.second_node().unwrap());
        let second = match &node {
            Some(node) => Some(node.restart(&server).await.unwrap()),
            None => None,
        };
        let servers: Vec<&Server> = [Some(&server), second.as_ref()].into_iter().flatten().collect();
        join_all((0..CLIENTS).map(|client| {
            let server = servers[client % servers.len()];
            async move {
                for number in 0..ROUNDS {
                    round(server, client, number).await;
                }
            }
        }))
        .await;

        // Every statement that nobody voided is there, once, and so is every voiding one.
        let voided: BTreeSet<u32> = (0..CLIENTS * ROUNDS).map(|number| u32::try_from(number).unwrap() * 10).collect();
        let expected: BTreeSet<String> = (0..u32::try_from(CLIENTS * ROUNDS * 10).unwrap())
            .filter(|number| (number % 10 < SHARED as u32 || number % 10 == 9) && !voided.contains(number))
            .map(samples::id)
            .collect();
        for server in &servers {
            let ids = server.ids(&[]).await.unwrap();
            assert_eq!(ids.len(), expected.len());
            assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), expected);
        }
        // Each client's name for an activity is in its definition, and each client's key in the documents.
        for which in 0..SHARED {
            let request = server.xapi(Method::GET, "activities", "2.0.0");
            let (_, defined) = send(request.query(&[("activityId", samples::activity(&format!("a{which}")))])).await;
            assert_eq!(defined["definition"]["name"].as_object().unwrap().len(), CLIENTS * ROUNDS);
        }
        let agent = samples::agent("p0").to_string();
        for (resource, name, value) in [
            ("activities/profile", "activityId", samples::activity("a0")),
            ("agents/profile", "agent", agent),
        ] {
            let request = server.xapi(Method::GET, resource, "2.0.0");
            let (_, merged) = send(request.query(&[(name, value.as_str()), ("profileId", "shared")])).await;
            assert_eq!(merged.as_object().unwrap().len(), CLIENTS * ROUNDS);
        }
        drop(servers);
        assert_eq!(instance.run_json(&["verify"]).unwrap()["verified"], true);
    }
}
