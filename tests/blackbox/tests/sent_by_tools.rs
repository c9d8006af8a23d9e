//! What real tools send, value by value: taken where it means one thing, refused with its place where it does not, and
//! never a fault of the server.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::samples::{id, statement};
use blackbox::{Server, promises};
use reqwest::Method;
use serde_json::{Value, json};

const VERSIONS: [&str; 2] = ["1.0.3", "2.0.0"];

async fn post(server: &Server, version: &str, body: &Value) -> (u16, Value) {
    let answer = server.xapi(Method::POST, "statements", version).json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// The status of a GET of an address below `/xapi/`, which goes out as it is written here, and the ids it finds.
async fn get(server: &Server, version: &str, path: &str) -> (u16, Vec<String>) {
    let answer = server.xapi(Method::GET, path, version).send().await.unwrap();
    let (status, body) = (answer.status().as_u16(), answer.json::<Value>().await.unwrap());
    let ids = body["statements"].as_array().into_iter().flatten();
    (status, ids.map(|statement| statement["id"].as_str().unwrap().to_owned()).collect())
}

promises! {
    async fn a_group_of_nobody_is_refused_wherever_it_stands_alone_and_in_a_batch(instance) {
        let server = instance.start().await.unwrap();
        let nobody = json!({ "objectType": "Group", "member": [] });
        let sent: Value = serde_json::from_str(r#"{"actor":{"objectType":"Group","member":[]},"verb":{"id":"http://adlnet.gov/expapi/verbs/completed"},"object":{"id":"https://example.com/a"}}"#).unwrap();
        let mut places = vec![(sent, "/actor/member")];
        let with = |change: &dyn Fn(&mut Value)| {
            let mut statement = statement(&id(1), "anna", "a");
            change(&mut statement);
            statement
        };
        places.push((with(&|s| s["object"] = nobody.clone()), "/object/member"));
        places.push((with(&|s| s["authority"] = nobody.clone()), "/authority/member"));
        places.push((with(&|s| s["context"] = json!({ "team": nobody })), "/context/team/member"));
        places.push((with(&|s| s["context"] = json!({ "instructor": nobody })), "/context/instructor/member"));
        for version in VERSIONS {
            for (statement_, path) in &places {
                let (status, refused) = post(&server, version, statement_).await;
                assert_eq!((status, &refused["path"]), (400, &json!(path)), "{refused}");
                let batch = json!([statement(&id(2), "bo", "a"), statement_]);
                let (status, refused) = post(&server, version, &batch).await;
                assert_eq!((status, &refused["statement"]), (400, &json!(1)), "{refused}");
            }
        }
        assert_eq!(server.ids(&[]).await.unwrap(), [""; 0]);
        // One that has a name is somebody, whoever is in it.
        let named = with(&|s| s["actor"] = json!({ "objectType": "Group", "mbox": "mailto:7a@larkby.example", "member": [] }));
        assert_eq!(post(&server, "1.0.3", &named).await.0, 200);
    }

    async fn a_score_where_there_is_nothing_to_score_is_taken(instance) {
        let server = instance.start().await.unwrap();
        for (number, version) in (1..).zip(VERSIONS) {
            let score = |number: u32, score: Value| {
                let mut statement = statement(&id(number), "anna", "a");
                statement["result"] = json!({ "score": score, "completion": true });
                statement
            };
            // H5P, and Open edX for a weight of 0.
            let h5p = json!({ "raw": 0, "min": 0, "max": 0 });
            let openedx = json!({ "scaled": 0.0, "raw": 0.0, "min": 0.0, "max": 0.0 });
            for (number, sent) in [(number, h5p), (number + 10, openedx), (number + 20, json!({ "min": 5, "max": 5.0 }))] {
                assert_eq!(post(&server, version, &score(number, sent.clone())).await.0, 200, "{sent}");
                assert_eq!(server.statement(&id(number)).await.unwrap()["result"]["score"], sent);
            }
            for wrong in [json!({ "min": 1, "max": 0 }), json!({ "raw": 1, "min": 0, "max": 0 }), json!({ "raw": -1, "min": 0, "max": 0 })] {
                assert_eq!(post(&server, version, &score(99, wrong.clone())).await.0, 400, "{wrong}");
            }
        }
        server.settled().await.unwrap();
    }

    async fn a_page_is_followed_whatever_else_the_address_says(instance) {
        let server = instance.start().await.unwrap();
        let batch: Vec<Value> = (1..=5).map(|number| statement(&id(number), "anna", "a")).collect();
        for version in VERSIONS {
            assert_eq!(post(&server, version, &json!(batch)).await.0, 200);
            let page: Value = server.xapi(Method::GET, "statements?limit=3", version).send().await.unwrap().json().await.unwrap();
            let (_, token) = page["more"].as_str().unwrap().split_once("more=").unwrap();
            for address in [format!("statements?limit=500&more={token}"), format!("statements?more={token}&limit=3&since=x&since=y&z=1")] {
                assert_eq!(get(&server, version, &address).await, (200, vec![id(2), id(1)]), "{address}");
            }
        }
    }

    async fn parameters_are_read_as_clients_write_them(instance) {
        let server = instance.start().await.unwrap();
        assert_eq!(post(&server, "2.0.0", &statement(&id(1), "anna", "a")).await.0, 200);
        let one = (200, vec![id(1)]);
        for version in VERSIONS {
            for early in [
                "2026-01-01%2000:00:00",
                "2026-01-01+00:00:00",
                "2026-01-01%2000:00:00.000001%2B00:00",
                "2026-01-01%2000:00:00%20UTC",
                "2026-01-01T00:00:00+02:00",
                "2026-01-01T00:00:00-02:00",
                "2026-01-01T00:00:00",
            ] {
                assert_eq!(get(&server, version, &format!("statements?since={early}")).await, one, "{early}");
                assert_eq!(get(&server, version, &format!("statements?until={early}")).await, (200, vec![]), "{early}");
            }
            for name in ["ascending", "related_agents", "related_activities", "attachments"] {
                for value in ["True", "False", "TRUE", "true", "false", "1", "0"] {
                    let answer = server.xapi(Method::GET, &format!("statements?{name}={value}"), version).send().await.unwrap();
                    assert_eq!(answer.status(), 200, "{name}={value}");
                }
            }
            for wrong in ["since=2026-01-01", "since=soon", "until=1767225600", "ascending=yes", "attachments=", "related_agents=2"] {
                assert_eq!(get(&server, version, &format!("statements?{wrong}")).await.0, 400, "{wrong}");
            }
            let states = "activities/state?activityId=https://larkby.example/a&agent=%7B%22mbox%22:%22mailto:a@larkby.example%22%7D";
            let answer = server.xapi(Method::GET, &format!("{states}&since=2026-01-01%2000:00:00"), version).send().await.unwrap();
            assert_eq!(answer.status(), 200);
        }
    }

    async fn a_timestamp_that_came_without_a_zone_is_given_with_one(instance) {
        let server = instance.start().await.unwrap();
        let mut sent = statement(&id(1), "anna", "a");
        sent["timestamp"] = "2026-01-10T10:00:00".into();
        assert_eq!(post(&server, "1.0.3", &sent).await.0, 200);
        let page: Value = server.xapi(Method::GET, "statements", "1.0.3").send().await.unwrap().json().await.unwrap();
        assert_eq!(page["statements"][0]["timestamp"], "2026-01-10T10:00:00Z");
        assert_eq!(post(&server, "1.0.3", &sent).await.0, 200, "it is the same statement still");
    }

    async fn who_saves_a_document_twice_needs_not_read_it_in_between(instance) {
        let server = instance.start().await.unwrap();
        let profile = "agents/profile?profileId=cmi5LearnerPreferences&agent=%7B%22mbox%22:%22mailto:a@larkby.example%22%7D";
        for version in VERSIONS {
            let gone = server.xapi(Method::DELETE, profile, version).send().await.unwrap();
            assert_eq!(gone.status(), 204);
            let mut condition = ("If-None-Match", "*".to_owned());
            for (round, method) in [Method::PUT, Method::PUT, Method::POST, Method::PUT].into_iter().enumerate() {
                let request = server.xapi(method, profile, version).header(condition.0, &condition.1);
                let saved = request.json(&json!({ "audioPreference": "on", "round": round })).send().await.unwrap();
                assert_eq!(saved.status(), 204, "{version} {round}");
                let tag = saved.headers()["etag"].to_str().unwrap().to_owned();
                let read = server.xapi(Method::GET, profile, version).send().await.unwrap();
                assert_eq!(read.headers()["etag"].to_str().unwrap(), tag);
                condition = ("If-Match", tag);
            }
        }
    }
}
