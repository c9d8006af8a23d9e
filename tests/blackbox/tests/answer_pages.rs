//! Surveys that are answered on the pages of a running instance, in a real browser: what `tests/clients/answering.mjs`
//! fills in there becomes statements, once.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::{Server, promises};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::node;

const SURVEY: &str = "https://larkby.example/enkat/allt";
const EVERYTHING: &str = include_str!("../../../services/survey/tests/rig/everything.json");
const GUARDIANS: &str = "00000000-0000-4000-8000-00000000000a";
const PERSONAL: &str = "00000000-0000-4000-8000-00000000000b";

/// A school, somebody on its roll, and two rounds that are open: for guardians, and by pseudonym.
async fn describe(server: &Server) {
    let organisation = json!({
        "units": [
            { "code": "K", "name": "Lärkby kommun", "kind": "huvudman" },
            { "code": "S1", "name": "Björkskolan", "kind": "skola", "parent": "K" },
        ],
        "persons": [{
            "agents": [{ "mbox": "mailto:anna@larkby.example" }],
            "name": { "given": "Anna", "family": "Ek" },
            "duties": [{ "unit": "S1", "role": "Lärare", "from": "2020-08-01" }],
        }],
    });
    let definition: Value = serde_json::from_str(EVERYTHING).unwrap();
    let round = |id: &str, mode: &str, registration: &str, more: Value| {
        let mut round = json!({
            "id": id, "survey": SURVEY, "version": "1", "title": { "sv": "Elevenkät", "en": "Pupils" }, "mode": mode,
            "registration": registration, "opens": "2026-01-01", "closes": "2099-12-31",
            "audience": { "unit": "K", "roles": [] },
        });
        round.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        round
    };
    let links = json!({ "guardians": {
        "source": { "sv": "elevregistret" }, "links": [{ "unit": "S1", "registration": GUARDIANS, "pupils": 240 }],
    }});
    let other = GUARDIANS.replace("0a", "0c");
    let rounds = [
        round("guardians", "guardians", &other, links),
        round("personal", "pseudonymous", PERSONAL, json!({})),
    ];
    for (resource, body) in [
        ("organisation", organisation),
        ("surveys", json!({ "surveys": [{ "id": SURVEY, "version": "1", "definition": definition }] })),
        ("rounds", json!({ "rounds": rounds })),
    ] {
        let answer = server.api(Method::POST, resource).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{resource}: {}", answer.text().await.unwrap());
    }
}

async fn invitations(server: &Server, round: &str) -> Value {
    let answer = server.api(Method::GET, &format!("rounds/{round}/invitations")).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{round}");
    answer.json().await.unwrap()
}

/// How many answers to one question came under a registration, and what they say.
async fn said(server: &Server, registration: &str) -> Vec<String> {
    let asked = format!("{SURVEY}/tankar");
    let found = server.list(&[("registration", registration), ("activity", &asked)]).await.unwrap();
    found.iter().map(|one| one["result"]["response"].as_str().unwrap().to_owned()).collect()
}

promises! {
    async fn what_is_filled_in_in_a_browser_becomes_statements_once(instance) {
        let server = instance.start().await.unwrap();
        describe(&server).await;
        let (open, personal) = (invitations(&server, "guardians").await, invitations(&server, "personal").await);
        let code = |of: &Value| of["code"].as_str().unwrap().replace('-', "");
        let codes = json!({
            "open": code(&open["codes"][0]), "personal": code(&personal["codes"][0]), "token": personal["people"][0]["code"],
        });
        let told = [("LARKA_CODES", &*codes.to_string()), ("LARKA_BRIEFLY", "1")];
        node::walk("answering.mjs", &server.address, &told);
        let text = "Rad ett\nrad två".to_owned();
        assert_eq!(said(&server, GUARDIANS).await, vec![text.clone(); 3]);
        assert_eq!(said(&server, PERSONAL).await, [text]);
        // Neither codes nor answers are in what the server says of itself.
        let metrics = server.metrics().await.unwrap();
        for secret in ["open", "personal", "token"] {
            let secret = codes[secret].as_str().unwrap();
            assert!(!metrics.contains(secret) && !instance.said().contains(secret));
        }
        assert!(!instance.said().contains("Rad ett"));
    }
}
