//! What real tools send, value by value: taken where it means one thing, refused with its place where it does not, and
//! never a fault of the server.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::samples::{id, statement};
use blackbox::{Instance, Server, promises};
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

    async fn a_credential_may_have_a_version_of_its_own_for_requests_that_name_none(instance) {
        let server = instance.start_with(&["--default-xapi-version", "none"]).await.unwrap();
        let tool = made(&instance, json!({ "default_version": "1.0.3" }));
        let post = async |(key, secret): &(String, String)| {
            let request = server.http.post(format!("{}/xapi/statements", server.address)).basic_auth(key, Some(secret));
            request.json(&statement(&id(1), "anna", "a")).send().await.unwrap()
        };
        let answer = post(&tool).await;
        assert_eq!((answer.status().as_u16(), answer.headers()["x-experience-api-version"].to_str().unwrap()), (200, "1.0.3"));
        assert_eq!(post(&server.credential).await.status(), 400);
        assert_eq!(server.statement(&id(1)).await.unwrap()["version"], "1.0.0");
    }

    async fn what_is_no_statement_is_kept_listed_and_replayed_where_a_credential_says_so(instance) {
        let mut server = instance.start().await.unwrap();
        let exam = |number: u32, activity: &str| {
            let mut statement = statement(&id(number), "bo", "a");
            statement["object"]["id"] = activity.into();
            statement
        };
        let batch = json!([
            statement(&id(1), "anna", "a"),
            exam(2, "0f6c1c2e-6a31-4a61-9b77-2f0f3c8a9d11"),
            exam(3, "http://host-urn:scormdriver:5419"),
            statement(&id(4), "anna", "b"),
        ]);
        // As ever, for a credential that says nothing of it.
        let (status, refused) = post(&server, "1.0.3", &batch).await;
        assert_eq!((status, &refused["statement"], &refused["path"]), (400, &json!(1), &json!("/object/id")));
        let tool = made(&instance, json!({ "keep_invalid": true }));
        let all = std::mem::replace(&mut server.credential, tool);
        let (status, ids) = post(&server, "1.0.3", &batch).await;
        assert_eq!((status, ids), (200, json!([id(1), id(2), id(3), id(4)])));
        assert_eq!(server.ids(&[]).await.unwrap(), [id(4), id(1)]);

        let key = server.credential.0.clone();
        let shown = instance.run_json(&["credential", "kept", &key]).unwrap();
        let answer = server.api(Method::GET, &format!("credentials/{key}/kept")).send().await.unwrap();
        assert_eq!(answer.json::<Value>().await.unwrap(), shown);
        let rows: Vec<_> = shown["kept"].as_array().unwrap().iter().map(|one| (&one["id"], &one["path"])).collect();
        assert_eq!(rows, [(&json!(id(2)), &json!("/object/id")), (&json!(id(3)), &json!("/object/id"))]);
        assert!(shown["kept"][0]["expected"].as_str().unwrap().contains("IRI"));
        assert!(!shown.to_string().contains("scormdriver") && shown["more"].is_null());
        let first = shown["kept"][0]["position"].to_string();
        let after = instance.run_json(&["credential", "kept", &key, "--after", &first]).unwrap();
        assert_eq!(after["kept"].as_array().unwrap().len(), 1);

        let changed = server.api(Method::PUT, &format!("credentials/{key}/rules"));
        let rules = json!({ "keep_invalid": true, "lenient_iris": true });
        assert_eq!(changed.json(&rules).send().await.unwrap().status(), 200);
        assert_eq!(instance.run_json(&["credential", "replay", &key]).unwrap()["stored"], 2);
        assert_eq!(instance.run_json(&["credential", "kept", &key]).unwrap()["kept"], json!([]));
        assert_eq!(post(&server, "2.0.0", &exam(5, "0f6c1c2e-6a31-4a61-9b77-2f0f3c8a9d11")).await.0, 200);
        let found = server.ids(&[("activity", "0f6c1c2e-6a31-4a61-9b77-2f0f3c8a9d11")]).await.unwrap();
        assert_eq!(found, [id(5), id(2)]);
        server.credential = all;
        assert_eq!(server.statement(&id(3)).await.unwrap()["object"]["id"], "http://host-urn:scormdriver:5419");
        server.settled().await.unwrap();
        instance.run_json(&["verify"]).unwrap();
    }

    async fn a_conflict_leaves_the_rest_of_its_batch_alone_where_a_credential_says_so_and_is_counted(instance) {
        let mut server = instance.start().await.unwrap();
        server.post(&statement(&id(1), "anna", "a")).await.unwrap().error_for_status().unwrap();
        let batch: Vec<Value> = (1..=50).map(|number| statement(&id(number), "bo", "b")).collect();
        let (plain, passing) = (made(&instance, json!({})), made(&instance, json!({ "pass_conflicts": true })));
        for (tool, stored) in [(&plain, 1), (&passing, 50)] {
            server.credential = tool.clone();
            let (status, refused) = post(&server, "1.0.3", &json!(batch)).await;
            assert_eq!((status, &refused["statement"]), (409, &json!(0)), "{refused}");
            assert_eq!(server.ids(&[]).await.unwrap().len(), stored);
            let listed = instance.run_json(&["credential", "list"]).unwrap();
            let row = listed["credentials"].as_array().unwrap().iter().find(|row| row["key"] == tool.0).unwrap().clone();
            assert_eq!(row["conflicts"], json!({ "requests": 1, "statements": 50 }), "{row}");
        }
        assert_eq!(server.statement(&id(1)).await.unwrap()["actor"]["mbox"], "mailto:anna@larkby.example");
    }
}

/// Key and secret of a credential that may do everything, with rules.
fn made(instance: &Instance, rules: Value) -> (String, String) {
    let arguments = ["credential", "create", "verktyg", "--scopes", "all", "--rules", "-"];
    let made = instance.run_json_with(&arguments, Some(&rules.to_string())).unwrap();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("key"), text("secret"))
}
