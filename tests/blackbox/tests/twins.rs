//! One mailbox, however its domain is spelled, against the real binary.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::samples::{VERB, activity, id};
use blackbox::{Instance, Server, promises};
use reqwest::Method;
use serde_json::{Value, json};

const UPPER: &str = "mailto:Anna@SKOLA.Example";
const LOWER: &str = "mailto:Anna@skola.example";
/// SHA-1 of the one and of the other.
const HASHES: [&str; 2] =
    ["e0f07e462f15bef41f30ef94b3e5c39b82f5107f", "0a9fc6de8d84473bc119ce603680ebf16bfed00f"];

fn said(number: u32, actor: &Value) -> Value {
    json!({ "id": id(number), "actor": actor, "verb": { "id": VERB }, "object": { "id": activity("a") } })
}

fn mbox(address: &str) -> Value {
    json!({ "mbox": address })
}

/// The hash of an address, as it is spelled.
fn hash(address: &str) -> Value {
    json!({ "mbox_sha1sum": HASHES[usize::from(address == LOWER)] })
}

async fn found(server: &Server, agent: &Value) -> Vec<String> {
    server.ids(&[("agent", &agent.to_string())]).await.unwrap()
}

/// The status of a request for a state, and what it is answered with.
async fn state(
    server: &Server,
    method: Method,
    agent: &Value,
    id: Option<&str>,
    body: Option<Value>,
) -> (u16, Value) {
    let request = server.xapi(method, "activities/state", "1.0.3");
    let mut query = vec![("activityId", activity("a")), ("agent", agent.to_string())];
    query.extend(id.map(|id| ("stateId", id.to_owned())));
    let request = request.query(&query);
    let request = match &body {
        Some(body) => request.json(body),
        None => request,
    };
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

fn erase(instance: &Instance, agent: &Value) -> Value {
    instance.run_json_with(&["erase", "--agent", "-"], Some(&agent.to_string())).unwrap()
}

promises! {
    async fn a_mailbox_is_one_agent_however_its_domain_is_spelled(instance) {
        let server = instance.start().await.unwrap();
        let (upper, lower) = (mbox(UPPER), mbox(LOWER));
        server.post(&json!([said(1, &upper), said(2, &lower), said(3, &mbox("mailto:anna@skola.example"))])).await.unwrap();
        for agent in [&upper, &lower, &mbox("mailto:Anna@Skola.EXAMPLE"), &hash(LOWER)] {
            assert_eq!(found(&server, agent).await, [id(2), id(1)], "{agent}");
        }
        assert_eq!(found(&server, &mbox("mailto:anna@SKOLA.example")).await, [id(3)], "the local part has its case");
        assert_eq!(server.statement(&id(1)).await.unwrap()["actor"], upper, "as it came");
        assert_eq!(server.post(&said(1, &lower)).await.unwrap().status(), 200, "the same statement");
        // Documents.
        assert_eq!(state(&server, Method::PUT, &upper, Some("page"), Some(json!(1))).await.0, 204);
        assert_eq!(state(&server, Method::GET, &lower, Some("page"), None).await, (200, json!(1)));
        assert_eq!(state(&server, Method::PUT, &lower, Some("page"), Some(json!(2))).await.0, 204);
        assert_eq!(state(&server, Method::GET, &upper, Some("page"), None).await, (200, json!(2)));
        assert_eq!(state(&server, Method::GET, &upper, None, None).await.1, json!(["page"]));
        // The roster: one person, also where it names both.
        let organisation = |agents: Value| json!({
            "units": [{ "code": "S1", "name": "S1", "kind": "skola" }],
            "persons": [{ "agents": agents, "name": { "given": "Anna", "family": "A" },
                "duties": [{ "unit": "S1", "role": "Lärare", "from": "2026-01-01" }] }],
        });
        for agents in [json!([upper]), json!([lower]), json!([upper, lower])] {
            let taken = server.api(Method::POST, "organisation").json(&organisation(agents)).send().await.unwrap();
            assert_eq!(taken.status(), 200, "{}", taken.text().await.unwrap());
        }
        let persons = "SELECT count(DISTINCT facts) FROM event WHERE kind = 'person'";
        assert_eq!(instance.number(persons).await.unwrap(), 1);
        // And whoever is erased by one is by the other.
        erase(&instance, &lower);
        assert_eq!((found(&server, &upper).await, found(&server, &lower).await), (vec![], vec![]));
        assert_eq!(state(&server, Method::GET, &upper, Some("page"), None).await.0, 404);
    }

    async fn what_was_taken_in_under_several_spellings_is_brought_together(instance) {
        let server = instance.start().await.unwrap();
        let (upper, lower) = (mbox(UPPER), mbox(LOWER));
        // By its hash alone the mailbox has an agent of that spelling, as every address once had.
        assert_eq!(state(&server, Method::PUT, &hash(UPPER), Some("page"), Some(json!("upper"))).await.0, 204);
        assert_eq!(state(&server, Method::PUT, &hash(UPPER), Some("notes"), Some(json!(1))).await.0, 204);
        server.post(&said(1, &upper)).await.unwrap();
        server.post(&json!([said(2, &lower), said(3, &mbox("mailto:bo@skola.example"))])).await.unwrap();
        assert_eq!(state(&server, Method::PUT, &lower, Some("page"), Some(json!("lower"))).await.0, 204);
        assert_eq!(state(&server, Method::PUT, &lower, Some("seen"), Some(json!(2))).await.0, 204);
        assert_eq!(found(&server, &lower).await, [id(2)], "they are two");
        assert_eq!(found(&server, &upper).await, [id(2), id(1)], "but for whoever spells it so");
        let events = "SELECT count(*) FROM event WHERE kind <> 'agents_linked'";
        let before = instance.number(events).await.unwrap();

        let trial = instance.run_json(&["twins", "--dry-run"]).unwrap();
        assert_eq!((&trial["spellings"], &trial["linked"]), (&json!(1), &json!(false)), "{trial}");
        assert_eq!(found(&server, &lower).await, [id(2)]);
        assert_eq!(instance.run_json(&["twins"]).unwrap()["spellings"], 1);
        assert_eq!(instance.run_json(&["twins"]).unwrap()["spellings"], 0, "once");
        assert_eq!(instance.number(events).await.unwrap(), before, "no event is touched");

        for agent in [&upper, &lower, &hash(UPPER), &hash(LOWER)] {
            assert_eq!(found(&server, agent).await, [id(2), id(1)], "{agent}");
            assert_eq!(state(&server, Method::GET, agent, Some("page"), None).await, (200, json!("lower")), "the newest");
            assert_eq!(state(&server, Method::GET, agent, Some("notes"), None).await, (200, json!(1)), "nothing is lost");
        }
        let (_, mut ids) = state(&server, Method::GET, &lower, None, None).await;
        ids.as_array_mut().unwrap().sort_by_key(Value::to_string);
        assert_eq!(ids, json!(["notes", "page", "seen"]));
        assert_eq!(server.statement(&id(1)).await.unwrap()["actor"], upper);
        assert_eq!(found(&server, &mbox("mailto:bo@skola.example")).await, [id(3)]);
        // What is changed or deleted now is so by every spelling.
        assert_eq!(state(&server, Method::POST, &lower, Some("page"), Some(json!({ "a": 1 }))).await.0, 400, "it is no object");
        assert_eq!(state(&server, Method::PUT, &upper, Some("notes"), Some(json!(3))).await.0, 204);
        assert_eq!(state(&server, Method::GET, &hash(UPPER), Some("notes"), None).await.1, json!(3));
        assert_eq!(state(&server, Method::DELETE, &lower, Some("page"), None).await.0, 204);
        for agent in [&upper, &lower, &hash(UPPER)] {
            assert_eq!(state(&server, Method::GET, agent, Some("page"), None).await.0, 404);
        }
        // The roster has one person of them.
        let organisation = |agents: Value| json!({
            "units": [{ "code": "S1", "name": "S1", "kind": "skola" }],
            "persons": [{ "agents": agents, "name": { "given": "Anna", "family": "A" },
                "duties": [{ "unit": "S1", "role": "Lärare", "from": "2026-01-01" }] }],
        });
        for agents in [json!([hash(UPPER)]), json!([lower])] {
            let taken = server.api(Method::POST, "organisation").json(&organisation(agents)).send().await.unwrap();
            assert_eq!(taken.status(), 200, "{}", taken.text().await.unwrap());
        }
        // After a restart, and folded anew, it is the same.
        assert!(instance.run(&["rebuild"]).unwrap().status.success());
        let mut server = server;
        assert!(server.stop().unwrap().success());
        let server = instance.restart(&server).await.unwrap();
        assert_eq!(found(&server, &lower).await, [id(2), id(1)]);
        // Erasing takes all of it.
        let receipt = erase(&instance, &lower);
        assert_eq!(receipt["agents"].as_array().unwrap().len(), 2, "{receipt}");
        for agent in [&upper, &lower, &hash(UPPER), &hash(LOWER)] {
            assert_eq!(found(&server, agent).await, [""; 0]);
            assert_eq!(state(&server, Method::GET, agent, Some("notes"), None).await.0, 404);
        }
        for number in [1, 2] {
            let statement = server.statement(&id(number)).await.unwrap();
            assert!(statement["actor"]["account"]["homePage"].as_str().unwrap().ends_with("/erased"), "{statement}");
        }
    }
}
