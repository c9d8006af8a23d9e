//! What a tool's scopes let it learn and do, against the real binary.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::samples::{agent, id, statement};
use blackbox::{Instance, Server, promises};
use reqwest::Method;
use serde_json::json;

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

promises! {
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
