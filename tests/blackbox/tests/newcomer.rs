//! What a newcomer does with surveys, in a real browser on 360 px (`tests/clients/newcomer.mjs`): a survey from the template
//! HME is made, asked, answered by links, closed, and its report is read.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::promises;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::node;

/// People of one school, and how many of them answer.
const PEOPLE: usize = 14;
const ANSWERING: usize = 12;

fn organisation() -> Value {
    let person = |number: usize| {
        json!({
            "agents": [{ "mbox": format!("mailto:p{number}@larkby.example") }],
            "name": { "given": "Någon", "family": format!("Ek{number}") },
            "duties": [{ "unit": "L1", "role": "Lärare", "from": "2020-08-01" }],
        })
    };
    json!({
        "units": [
            { "code": "L", "name": "Lärkby kommun", "kind": "huvudman" },
            { "code": "L1", "name": "Björkskolan", "kind": "skola", "parent": "L" },
        ],
        "persons": (0..PEOPLE).map(person).collect::<Vec<_>>(),
    })
}

promises! {
    async fn a_newcomer_makes_a_survey_from_a_template_answers_it_on_a_phone_closes_it_and_reads_its_report(instance) {
        let server = instance.start().await.unwrap();
        let answer = server.api(Method::POST, "organisation").json(&organisation()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let (login, password) = &server.administrator;
        let told = [("LARKA_LOGIN", &**login), ("LARKA_PASSWORD", password), ("LARKA_ANSWERING", &ANSWERING.to_string())];
        node::walk("newcomer.mjs", &server.address, &told);
    }
}
