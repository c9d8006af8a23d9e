//! What a tool's scopes let it learn and do, against the real binary.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::samples::{VERB, activity, agent, id, statement};
use blackbox::{Instance, Server, promises};
use reqwest::Method;
use serde_json::{Value, json};

/// `Authorization` of a new credential with these scopes.
fn tool(instance: &Instance, name: &str, scopes: &str) -> (String, String) {
    let made = instance.run_json(&["credential", "create", name, "--scopes", scopes]).unwrap();
    (made["key"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
}

/// The status of a stream that is asked for from the start of the log, and what comes of it until a statement's id.
async fn stream(server: &Server, tool: &(String, String), query: &str, until: Option<&str>) -> (u16, String) {
    let request = server.http.get(format!("{}/api/v1/statements/stream{query}", server.address));
    let request = request.basic_auth(&tool.0, Some(&tool.1)).header("X-Experience-API-Version", "2.0.0");
    let mut answer = request.header("Last-Event-ID", "0").send().await.unwrap();
    let status = answer.status().as_u16();
    let mut text = String::new();
    while let Some(chunk) = answer.chunk().await.unwrap() {
        text.push_str(std::str::from_utf8(&chunk).unwrap());
        if until.is_some_and(|until| text.contains(until)) || (status == 200 && until.is_none()) {
            break;
        }
    }
    (status, text)
}

/// What a tool is answered with.
async fn ask(
    server: &Server,
    tool: &(String, String),
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> (u16, Value) {
    let request = server.http.request(method, format!("{}/xapi/{path}", server.address));
    let request = request.basic_auth(&tool.0, Some(&tool.1)).header("X-Experience-API-Version", "1.0.3");
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn post(server: &Server, tool: &(String, String), statements: &Value) -> u16 {
    ask(server, tool, Method::POST, "statements", Some(statements)).await.0
}

/// Statement `number` by `name`, with the object of `verb` another statement.
fn reference(number: u32, name: &str, verb: &str, target: u32) -> Value {
    let object = json!({ "objectType": "StatementRef", "id": id(target) });
    json!({ "id": id(number), "actor": agent(name), "verb": { "id": verb }, "object": object })
}

const VOIDED: &str = "http://adlnet.gov/expapi/verbs/voided";
const DEFAULT: &str = "statements/write,statements/read/mine";

promises! {
    async fn a_reference_tells_a_tool_nothing_of_what_others_sent(instance) {
        let server = instance.start().await.unwrap();
        let mine = tool(&instance, "mine", DEFAULT);
        let mut others = statement(&id(1), "anna", "secret");
        others["context"] = json!({
            "registration": "11111111-1111-4111-8111-111111111111",
            "instructor": agent("carl"),
            "contextActivities": { "parent": [{ "id": activity("whole") }] },
        });
        // References to what is there, to what is to come, to one of one's own between, and from others to one's own.
        assert_eq!(post(&server, &mine, &json!([reference(12, "bo", VERB, 1), reference(13, "bo", VERB, 12)])).await, 200);
        server.post(&json!([others, statement(&id(2), "anna", "secret")])).await.unwrap();
        assert_eq!(post(&server, &mine, &json!([reference(11, "bo", VERB, 2), statement(&id(14), "bo", "own")])).await, 200);
        server.post(&json!([reference(3, "anna", VERB, 14)])).await.unwrap();
        let encode = |text: &str| -> String { text.bytes().map(|byte| format!("%{byte:02X}")).collect() };
        let (anna, carl) = (agent("anna").to_string(), agent("carl").to_string());
        for (parameters, seen) in [
            (vec![("agent", anna.as_str())], vec![]),
            (vec![("agent", &anna), ("verb", VERB)], vec![]),
            (vec![("agent", &anna), ("related_agents", "true")], vec![]),
            (vec![("agent", &carl), ("related_agents", "true")], vec![]),
            (vec![("activity", &activity("secret"))], vec![]),
            (vec![("activity", &activity("whole")), ("related_activities", "true")], vec![]),
            (vec![("registration", "11111111-1111-4111-8111-111111111111")], vec![]),
            (vec![("activity", &activity("own"))], vec![id(14)]),
            (vec![("agent", &agent("bo").to_string())], vec![id(14), id(11), id(13), id(12)]),
        ] {
            let query: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
            let (status, page) = ask(&server, &mine, Method::GET, &format!("statements?{}", query.join("&")), None).await;
            let ids: Vec<&str> = page["statements"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
            assert_eq!((status, ids), (200, seen.iter().map(String::as_str).collect()), "{parameters:?}");
            assert_eq!(page["more"], "", "{parameters:?}");
        }
        let (_, seen) = stream(&server, &mine, &format!("?agent={}", encode(&anna)), None).await;
        assert!(!seen.contains("data:"), "{seen}");
    }

    async fn a_tool_voids_what_it_sent_and_with_its_scope_what_others_did(instance) {
        let server = instance.start().await.unwrap();
        let mine = tool(&instance, "mine", DEFAULT);
        server.post(&statement(&id(1), "anna", "a")).await.unwrap();
        assert_eq!(post(&server, &mine, &json!([statement(&id(2), "bo", "a")])).await, 200);
        // 403 for the batch as a whole, and where; by PUT as well.
        let batch = json!([statement(&id(3), "bo", "a"), reference(11, "bo", VOIDED, 1)]);
        let (status, refused) = ask(&server, &mine, Method::POST, "statements", Some(&batch)).await;
        assert_eq!((status, &refused["statement"], &refused["path"]), (403, &json!(1), &json!("/object/id")), "{refused}");
        let put = format!("statements?statementId={}", id(11));
        assert_eq!(ask(&server, &mine, Method::PUT, &put, Some(&reference(11, "bo", VOIDED, 1))).await.0, 403);
        assert_eq!(server.ids(&[]).await.unwrap(), [id(2), id(1)]);
        // Its own goes, also before it is there, also twice; what others send later does not.
        let early = json!([reference(12, "bo", VOIDED, 2), reference(13, "bo", VOIDED, 4), reference(14, "bo", VOIDED, 5)]);
        assert_eq!((post(&server, &mine, &early).await, post(&server, &mine, &early).await), (200, 200));
        assert_eq!(post(&server, &mine, &json!([statement(&id(4), "bo", "a")])).await, 200);
        server.post(&statement(&id(5), "anna", "a")).await.unwrap();
        let standing = || async {
            let mut voided = Vec::new();
            for number in 1..=5 {
                let path = format!("statements?voidedStatementId={}", id(number));
                voided.push(ask(&server, &server.credential, Method::GET, &path, None).await.0 == 200);
            }
            voided
        };
        assert_eq!(standing().await, [false, true, false, true, false]);
        // Whoever may, does; also what somebody was refused to.
        let keeper = tool(&instance, "keeper", "statements/write,statements/void");
        assert_eq!(post(&server, &keeper, &json!([reference(15, "carl", VOIDED, 1)])).await, 200);
        assert_eq!(post(&server, &server.credential, &json!([reference(16, "carl", VOIDED, 5)])).await, 200);
        assert_eq!(standing().await, [true, true, false, true, true]);
    }

    async fn states_are_kept_apart_where_a_credential_is_told_to(instance) {
        let server = instance.start().await.unwrap();
        let rules = instance.beside("own.json");
        std::fs::write(&rules, json!({ "own_states": true }).to_string()).unwrap();
        let rules = rules.to_str().unwrap();
        let (a, b) = (tool(&instance, "a", "state,profile"), tool(&instance, "b", "state,profile"));
        let person: String = agent("anna").to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
        let of = |state: &str| format!("activities/state?activityId={}&agent={person}{state}", activity("a"));
        let (page, seen) = (of("&stateId=page"), of("&stateId=seen"));
        let get = |tool: &(String, String), path: &str| {
            let (server, tool, path) = (&server, tool.clone(), path.to_owned());
            async move { ask(server, &tool, Method::GET, &path, None).await }
        };
        let put = |tool: &(String, String), path: &str, value: Value| {
            let (server, tool, path) = (&server, tool.clone(), path.to_owned());
            async move { ask(server, &tool, Method::PUT, &path, Some(&value)).await.0 }
        };
        // As the standard has it: one document, whoever asks.
        assert_eq!((put(&a, &page, json!(1)).await, put(&b, &seen, json!(1)).await), (204, 204));
        assert_eq!((get(&b, &page).await, get(&a, &seen).await), ((200, json!(1)), (200, json!(1))));
        for tool in [&a, &b] {
            assert!(instance.run(&["credential", "rules", &tool.0, rules]).unwrap().status.success());
        }
        // What each was the last to store is still its own, and nobody else's.
        assert_eq!((get(&a, &page).await, get(&b, &seen).await), ((200, json!(1)), (200, json!(1))));
        assert_eq!((get(&b, &page).await.0, get(&a, &seen).await.0), (404, 404));
        assert_eq!((get(&a, &of("")).await.1, get(&b, &of("")).await.1), (json!(["page"]), json!(["seen"])));
        assert_eq!((put(&b, &page, json!(2)).await, put(&a, &page, json!(3)).await), (204, 204));
        assert_eq!((get(&a, &page).await.1, get(&b, &page).await.1), (json!(3), json!(2)));
        assert_eq!(get(&server.credential, &page).await.1, json!(1), "what was shared stays");
        assert_eq!(get(&b, &of("")).await.1, json!(["seen", "page"]));
        // Deleted is deleted, one or all.
        assert_eq!(ask(&server, &a, Method::DELETE, &page, None).await.0, 204);
        assert_eq!((get(&a, &page).await.0, get(&a, &of("")).await.1), (404, json!([])));
        assert_eq!(ask(&server, &b, Method::DELETE, &of(""), None).await.0, 204);
        assert_eq!((get(&b, &page).await.0, get(&b, &seen).await.0, get(&b, &of("")).await.1), (404, 404, json!([])));
        assert_eq!(get(&server.credential, &of("")).await.1, json!(["page", "seen"]));
        // Profiles are everybody's.
        let profile = format!("agents/profile?agent={person}&profileId=p");
        let new = server.http.put(format!("{}/xapi/{profile}", server.address)).basic_auth(&a.0, Some(&a.1));
        let new = new.header("X-Experience-API-Version", "1.0.3").header("If-None-Match", "*").json(&json!(7)).send().await.unwrap();
        assert_eq!((new.status().as_u16(), get(&b, &profile).await.1), (204, json!(7)));
    }

    async fn no_filter_by_unit_tells_a_tool_where_somebody_belongs(instance) {
        let server = instance.start().await.unwrap();
        let works = json!([{ "unit": "S1", "role": "Lärare", "from": "2026-01-01" }]);
        let unit = |code: &str| json!({ "code": code, "name": code, "kind": "skola" });
        let organisation = json!({
            "units": [unit("S1"), unit("S2")],
            "persons": [
                { "agents": [agent("anna")], "name": { "given": "Anna", "family": "Å" }, "protected": true, "duties": works },
                { "agents": [agent("bo")], "name": { "given": "Bo", "family": "B" }, "duties": works },
            ],
        });
        let taken = server.api(Method::POST, "organisation").json(&organisation).send().await.unwrap();
        assert_eq!(taken.status(), 200, "{}", taken.text().await.unwrap());
        for (number, name) in [(1, "anna"), (2, "bo")] {
            server.post(&statement(&id(number), name, "a")).await.unwrap();
        }
        let mine = tool(&instance, "mine", "statements/write,statements/read/mine");
        let refused = stream(&server, &mine, "?unit=S1", None).await;
        assert_eq!(refused.0, 403);
        for unit in ["S2", "S9"] {
            assert_eq!(stream(&server, &mine, &format!("?unit={unit}"), None).await, refused);
        }
        let (status, school) = stream(&server, &server.credential, "?unit=S1", Some(&id(2))).await;
        assert!(status == 200 && !school.contains(&id(1)), "{school}");
        let of = |unit: &str| format!("?unit={unit}");
        let (empty, unknown) = (of("S2"), of("S9"));
        assert_eq!(
            stream(&server, &server.credential, &empty, None).await,
            stream(&server, &server.credential, &unknown, None).await,
        );
    }
}
