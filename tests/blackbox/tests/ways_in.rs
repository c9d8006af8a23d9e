//! The four ways in: who may, what is refused and where, and that the same body twice changes nothing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::{Server, promises};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const RESOURCES: [&str; 4] = ["organisation", "courses", "surveys", "rounds"];

/// One small body for each way in, and how many things it states.
fn bodies() -> [(&'static str, Value, u64); 4] {
    let text = |sv: &str| json!({ "sv": sv });
    [
        (
            "organisation",
            json!({
                "units": [
                    { "code": "L", "name": "Lärkby kommun", "kind": "huvudman" },
                    { "code": "L1", "name": "Björkskolan", "kind": "skola", "parent": "L" },
                ],
                "persons": [{
                    "agents": [{ "account": { "homePage": "https://larkby.example", "name": "lo" } }],
                    "name": { "given": "Lo", "family": "Ek" },
                    "duties": [{ "unit": "L1", "role": "Lärare", "from": "2025-08-01" }],
                }],
                "groups": [{ "id": "g1", "unit": "L1", "kind": "Klass", "name": "4B" }],
            }),
            4,
        ),
        (
            "courses",
            json!({
                "courses": [{ "id": "https://larkby.example/kurser/a", "title": text("Lösenord"), "origin": { "central": true },
                    "activities": [{ "id": "https://larkby.example/kurser/a/quiz", "title": text("Prov"), "kind": "quiz" }] }],
                "rules": [{ "framework": "digcomp-3.0", "activity": "https://larkby.example/kurser/a/quiz",
                    "competence": "1.1", "level": [3, 4], "weight": 1000 }],
            }),
            2,
        ),
        (
            "surveys",
            json!({ "surveys": [{
                "id": "https://larkby.example/enkater/e", "version": "1", "title": text("Enkät"),
                "definition": { "elements": [
                    { "type": "radiogroup", "name": "q1", "title": "Trivs du?", "isRequired": true, "choices": ["1", "2"] },
                ] },
                "scoring": {
                    "scales": [{ "id": "s", "codes": [{ "code": "1" }, { "code": "2", "positive": true }] }],
                    "items": { "q1": { "scale": "s" } },
                },
            }] }),
            1,
        ),
        (
            "rounds",
            json!({ "rounds": [{
                "id": "r1", "survey": "https://larkby.example/enkater/e", "version": "1", "title": text("Hösten"), "mode": "named",
                "registration": "00000000-0000-4000-8000-000000000001", "opens": "2025-09-01", "closes": "2025-09-30",
                "audience": { "unit": "L", "roles": ["Lärare"] },
            }] }),
            1,
        ),
    ]
}

async fn post(server: &Server, resource: &str, body: &Value) -> (StatusCode, Value) {
    let answer = server.api(Method::POST, resource).json(body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

promises! {
    async fn the_same_body_twice_changes_nothing_and_what_differs_is_counted(instance) {
        let mut server = instance.start().await.unwrap();
        for (resource, body, things) in bodies() {
            let (status, first) = post(&server, resource, &body).await;
            assert_eq!(status, 200, "{resource}: {first}");
            assert!(first["changed"].as_u64().unwrap() >= things, "{resource}: {first}");
            assert_eq!(first["unchanged"], 0);
            let (_, again) = post(&server, resource, &body).await;
            assert_eq!((&again["changed"], &again["position"]), (&json!(0), &first["position"]), "{resource}: {again}");
            assert_eq!(again["unchanged"], first["changed"], "{resource}");
        }
        let (_, mut body, _) = bodies().into_iter().next().unwrap();
        body["units"][1]["name"] = "Granskolan".into();
        let (_, changed) = post(&server, "organisation", &body).await;
        assert_eq!((&changed["changed"], &changed["unchanged"]), (&json!(1), &json!(3)), "{changed}");
        body["persons"][0]["name"]["family"] = "Al".into();
        let (_, changed) = post(&server, "organisation", &body).await;
        assert_eq!(changed["changed"], 1, "a name that is sealed is compared too: {changed}");

        // Nor after the server was started again.
        assert!(server.stop().unwrap().success());
        let server = instance.restart(&server).await.unwrap();
        assert_eq!(post(&server, "organisation", &body).await.1["changed"], 0);
        for (resource, body, _) in bodies().into_iter().skip(1) {
            assert_eq!(post(&server, resource, &body).await.1["changed"], 0, "{resource}");
        }
    }

    async fn who_is_not_an_administrator_is_401_and_a_cookie_alone_may_only_look(instance) {
        let server = instance.start().await.unwrap();
        let address = |resource: &str| format!("{}/api/v1/{resource}", server.address);
        let (login, password) = (&server.administrator.0, &server.administrator.1);
        let (key, secret) = (&server.credential.0, &server.credential.1);
        for (resource, body, _) in bodies() {
            for user in [None, Some((login.as_str(), "wrong")), Some(("nobody", password.as_str())), Some((key.as_str(), secret.as_str()))] {
                let mut request = server.http.post(address(resource)).json(&body);
                if let Some((name, word)) = user {
                    request = request.basic_auth(name, Some(word));
                }
                let answer = request.send().await.unwrap();
                assert_eq!(answer.status(), 401, "{resource} {user:?}");
                assert!(answer.headers().contains_key("www-authenticate"));
                assert_eq!(answer.headers()["content-type"], "application/problem+json");
            }
        }
        let browser = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let form = browser.post(format!("{}/login", server.address));
        let form = form.header("Content-Type", "application/x-www-form-urlencoded");
        let entered = form.body(format!("user={login}&password={password}")).send().await.unwrap();
        assert!(entered.status().is_redirection(), "{}", entered.status());
        let cookie = entered.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let look = browser.get(address("status")).header("Cookie", &cookie).send().await.unwrap();
        assert_eq!(look.status(), 200);
        for (resource, body, _) in bodies() {
            let post = browser.post(address(resource)).header("Cookie", &cookie).json(&body);
            assert_eq!(post.send().await.unwrap().status(), 401, "{resource}");
        }
        // What the log holds is that the server's own credential was made.
        let others = "SELECT count(*) FROM event WHERE kind <> 'credential_created'";
        assert_eq!(instance.number(others).await.unwrap(), 0);
    }

    async fn what_is_not_as_expected_is_400_with_its_place_and_nothing_of_it_is_stored(instance) {
        let server = instance.start().await.unwrap();
        for resource in RESOURCES {
            for body in ["", "{", "[]", "7", "null", "{\"surprise\": []}", "\u{feff}{}"] {
                let answer = server.api(Method::POST, resource).body(body).send().await.unwrap();
                assert_eq!(answer.status(), 400, "{resource} {body}");
                assert_eq!(answer.headers()["content-type"], "application/problem+json");
                let problem: Value = answer.json().await.unwrap();
                assert_eq!(problem["status"], 400);
                assert!(problem["at"].is_string() && problem["expected"].is_string(), "{resource} {body}: {problem}");
            }
        }
        for (resource, body, _) in bodies() {
            post(&server, resource, &body).await;
        }
        let events = instance.number("SELECT count(*) FROM event").await.unwrap();
        let wrong = [
            (0, "/persons/0/duties/0/from", json!("soon")),
            (0, "/persons/0/duties/0/unit", json!("L9")),
            (0, "/persons/0/agents", json!([])),
            (0, "/units/1/parent", json!("nowhere")),
            (0, "/units/1/code", json!("")),
            (1, "/courses/0/id", json!("no address")),
            (1, "/rules/0/competence", json!("9.9")),
            (1, "/rules/0/framework", json!("another")),
            (1, "/rules/0/level", json!([4, 3])),
            (2, "/surveys/0/scoring/items/q1/scale", json!("unknown")),
            (2, "/surveys/0/scoring/scales/0/codes/0", json!({ "code": "1", "score": [1, 0] })),
            (2, "/surveys/0/definition/elements/0/type", json!("slider")),
            (3, "/rounds/0/survey", json!("https://larkby.example/enkater/unknown")),
            (3, "/rounds/0/closes", json!("2025-08-01")),
            (3, "/rounds/0/registration", json!("7")),
        ];
        for (which, pointer, value) in wrong {
            let (resource, mut body, _) = bodies().into_iter().nth(which).unwrap();
            *body.pointer_mut(pointer).unwrap() = value;
            let (status, problem) = post(&server, resource, &body).await;
            assert_eq!(status, 400, "{pointer}: {problem}");
            let at = problem["at"].as_str().unwrap();
            let parent = pointer.rsplit_once('/').unwrap().0;
            assert!(at.starts_with(parent) || pointer.starts_with(at), "{pointer}: {problem}");
            assert!(!problem["expected"].as_str().unwrap().is_empty());
        }
        assert_eq!(instance.number("SELECT count(*) FROM event").await.unwrap(), events);
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let answer = server.api(method.clone(), "organisation").send().await.unwrap();
            assert_eq!(answer.status(), 405);
            assert_eq!(answer.headers()["content-type"], "application/problem+json", "{method}");
        }
    }
}
