//! Who is erased is gone from every answer, while what others said stays.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::samples::{VERB, agent, id, statement};
use blackbox::{Backend, Instance, Server, promises, until};
use reqwest::Method;
use serde_json::{Value, json};

/// Stands in the address, the name and whatever the person wrote; nothing else holds it.
const MARKER: &str = "kvasthammar";

fn person() -> Value {
    json!({ "mbox": format!("mailto:{MARKER}@larkby.example"), "name": format!("Kim {MARKER}") })
}

fn identifier() -> String {
    json!({ "mbox": format!("mailto:{MARKER}@larkby.example") }).to_string()
}

/// The person as actor, instructor, member of a team and of a group, object, and in an anonymous group.
fn statements() -> Vec<Value> {
    let mut own = statement(&id(1), "x", "a");
    own["actor"] = person();
    own["result"] =
        json!({ "success": true, "score": { "scaled": 0.85 }, "response": format!("I, {MARKER}, say so") });
    own["context"] = json!({ "extensions": { "http://e.org/note": MARKER } });
    let mut instructed = statement(&id(2), "bo", "a");
    instructed["context"] = json!({ "instructor": person(), "platform": "Lärkby" });
    let mut team = statement(&id(3), "bo", "b");
    team["context"] =
        json!({ "team": { "objectType": "Group", "name": "Laget", "member": [person(), agent("cia")] } });
    let mut group = statement(&id(4), "x", "c");
    group["actor"] = json!({ "objectType": "Group", "mbox": "mailto:laget@larkby.example", "member": [person(), agent("cia")] });
    let object = json!({ "id": id(5), "actor": agent("bo"), "verb": { "id": VERB }, "object": {
        "objectType": "Agent", "mbox": person()["mbox"], "name": person()["name"] } });
    let mut several = statement(&id(6), "x", "d");
    several["actor"] = json!({ "objectType": "Group", "name": format!("Vi och {MARKER}"), "member": [person(), agent("cia")] });
    vec![own, instructed, team, group, object, several, statement(&id(7), "bo", "a")]
}

fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

/// Nothing that is written down holds the word, not as text nor as PostgreSQL writes bytes.
fn sealed(instance: &Instance) {
    let hex: String = MARKER.bytes().map(|byte| format!("{byte:02x}")).collect();
    let written = instance.written().unwrap();
    for (name, bytes) in &written {
        assert!(!holds(bytes, MARKER) && !holds(bytes, &hex), "{name} holds it in clear");
    }
    // What is not personal is found this way, so the person would be.
    let hex: String = VERB.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(written.iter().any(|(_, bytes)| holds(bytes, VERB) || holds(bytes, &hex)));
}

/// Everything that statements are given as: by id, by list, by format.
async fn given(server: &Server) -> String {
    let mut all = String::new();
    for number in 1..=7 {
        for format in ["exact", "ids", "canonical"] {
            let answer = server.get(&[("statementId", &id(number)), ("format", format)]).await.unwrap();
            assert_eq!(answer.status(), 200, "{number}");
            all.push_str(&answer.text().await.unwrap());
        }
    }
    for statement in server.list(&[]).await.unwrap() {
        all.push_str(&statement.to_string());
    }
    all
}

async fn anonymous(server: &Server, receipt: &Value) {
    let account = json!({ "homePage": "http://localhost:8080/erased", "name": receipt["agent"] });
    let own = server.statement(&id(1)).await.unwrap();
    assert_eq!(own["actor"]["account"], account);
    assert_eq!(own["result"]["score"]["scaled"], json!(0.85), "what figures are made of stays");
    assert_eq!(own["object"]["id"], "https://larkby.example/kurser/a");
    let instructed = server.statement(&id(2)).await.unwrap();
    assert_eq!(instructed["context"]["instructor"]["account"], account);
    assert_eq!((&instructed["actor"], &instructed["context"]["platform"]), (&agent("bo"), &json!("Lärkby")));
    let team = server.statement(&id(3)).await.unwrap();
    assert_eq!(team["context"]["team"]["member"][0]["account"], account);
    assert_eq!(team["context"]["team"]["member"][1], agent("cia"));
    let group = server.statement(&id(4)).await.unwrap();
    assert_eq!(group["actor"]["mbox"], "mailto:laget@larkby.example");
    assert_eq!(server.statement(&id(5)).await.unwrap()["object"]["account"], account);
    assert_eq!(server.statement(&id(7)).await.unwrap()["actor"], agent("bo"));
    assert!(!given(server).await.to_lowercase().contains(MARKER));

    for related in ["false", "true"] {
        let asked = [("agent", identifier()), ("related_agents", related.to_owned())];
        let asked = asked.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(server.ids(&asked).await.unwrap(), [""; 0]);
    }
    let pseudonym = json!({ "account": account }).to_string();
    assert!(server.ids(&[("agent", &pseudonym)]).await.unwrap().contains(&id(1)));
}

async fn erased(instance: Instance, running: bool) {
    let mut server = instance.start().await.unwrap();
    let organisation = json!({
        "units": [{ "code": "L", "name": "Lärkby", "kind": "huvudman" }],
        "persons": [{ "agents": [{ "mbox": person()["mbox"] }], "name": { "given": "Kim", "family": MARKER },
            "duties": [{ "unit": "L", "role": "Lärare", "from": "2026-01-01" }] }],
    });
    let taken = server.api(Method::POST, "organisation").json(&organisation).send().await.unwrap();
    assert_eq!(taken.status(), 200, "{}", taken.text().await.unwrap());
    let sent = Value::Array(statements());
    assert_eq!(server.post(&sent).await.unwrap().status(), 200);
    assert_eq!(server.statement(&id(1)).await.unwrap()["actor"], person());
    assert!(given(&server).await.contains(MARKER), "before, it is all there");
    server.settled().await.unwrap();
    sealed(&instance);

    if !running {
        assert!(server.stop().unwrap().success());
        sealed(&instance);
    }
    let receipt = instance.run_json_with(&["erase", "--agent", "-"], Some(&identifier())).unwrap();
    if !running {
        server = instance.restart(&server).await.unwrap();
    }
    anonymous(&server, &receipt).await;
    sealed(&instance);
    assert!(
        instance.run_json_with(&["erase", "--agent", "-"], Some(&identifier())).is_err(),
        "nobody is left to erase"
    );

    // What comes again changes nothing and brings nobody back.
    let events = instance.number("SELECT count(*) FROM event").await.unwrap();
    assert_eq!(server.post(&sent).await.unwrap().status(), 200);
    let put = server.xapi(Method::PUT, &format!("statements?statementId={}", id(1)), "2.0.0");
    let put = put.header("Content-Type", "application/json").body(statements()[0].to_string());
    assert_eq!(put.send().await.unwrap().status(), 204);
    assert_eq!(instance.number("SELECT count(*) FROM event").await.unwrap(), events);
    anonymous(&server, &receipt).await;

    // Whoever has the address from now on is somebody new.
    let mut new = statement(&id(8), "x", "a");
    new["actor"] = person();
    assert_eq!(server.post(&new).await.unwrap().status(), 200);
    assert_eq!(server.ids(&[("agent", &identifier())]).await.unwrap(), [id(8)]);
    assert_eq!(server.statement(&id(1)).await.unwrap()["actor"]["account"]["name"], receipt["agent"]);
    let other = instance.run_json_with(&["erase", "--agent", "-"], Some(&identifier())).unwrap();
    assert_ne!(other["agent"], receipt["agent"]);
    server.settled().await.unwrap();
    assert!(server.stop().unwrap().success());

    instance.sound().await.unwrap();
    instance.run_json(&["rebuild"]).unwrap();
    sealed(&instance);
    let mut server = instance.restart(&server).await.unwrap();
    anonymous(&server, &receipt).await;
    assert!(server.stop().unwrap().success());
    assert!(!instance.said().to_lowercase().contains(MARKER));
}

promises! {
    async fn who_is_erased_while_the_server_runs_is_in_no_answer_any_more(instance) {
        erased(instance, true).await;
    }

    async fn who_is_erased_while_no_server_runs_is_in_no_answer_any_more(instance) {
        erased(instance, false).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_erased_on_one_node_is_in_no_answer_of_another() {
    let instance = Instance::fresh(Backend::Postgres).await.unwrap();
    let first = instance.start().await.unwrap();
    let node = instance.second_node().unwrap();
    let second = node.restart(&first).await.unwrap();
    assert_eq!(first.post(&Value::Array(statements())).await.unwrap().status(), 200);
    for server in [&first, &second] {
        assert!(given(server).await.contains(MARKER));
    }
    let receipt = node.run_json_with(&["erase", "--agent", "-"], Some(&identifier())).unwrap();
    // News travel between nodes; the one that erased knows at once.
    anonymous(&second, &receipt).await;
    until("the other node has heard", || async {
        (!given(&first).await.to_lowercase().contains(MARKER)).then_some(())
    })
    .await;
    anonymous(&first, &receipt).await;
    assert_eq!(first.post(&Value::Array(statements())).await.unwrap().status(), 200);
    anonymous(&first, &receipt).await;
}
