//! Everything that says a number about people passes the gate. A municipality is made up in which every hidden group has
//! numbers of its own; nothing that is served, by any route, page, file or log, has one of them (`tests/attacker/marks.py`).
//! And its twin, of whom other things are true behind what is hidden, and which lies in another database, is told of in the
//! same bytes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::marked::{HIDDEN, Marked};
use blackbox::walk::{self, Served, Values};
use blackbox::{Backend, Instance, Server, python, until};
use reqwest::Method;
use serde_json::{Value, json};

/// Of the xAPI resources: what was posted is read by whoever may, statement by statement, and nothing of it is counted.
const QUERIES: [(&str, &str); 14] = [
    ("/xapi/statements", "?limit=3"),
    ("/xapi/statements", "?statementId=00000000-0000-4000-8000-000000000001"),
    ("/xapi/statements", "?limit=3&verb=http://adlnet.gov/expapi/verbs/passed"),
    ("/xapi/statements", "?limit=none"),
    ("/xapi/activities", "?activityId=https://larkby.example/kurser/losenord/prov"),
    ("/xapi/activities/state", ""),
    ("/xapi/activities/profile", "?activityId=https://larkby.example/kurser/losenord/prov"),
    ("/xapi/agents", "?agent=%7B%22mbox%22%3A%22mailto%3Anobody%40larkby.example%22%7D"),
    ("/xapi/agents/profile", ""),
    ("/api/v1/statements/stream", "?agent=none-such"),
    ("/api/v1/statements/{id}/provenance", ""),
    ("/api/v1/credentials/{key}/kept", ""),
    ("/metrics", ""),
    ("/api/openapi.json", ""),
];

async fn filled(backend: Backend, municipality: &Marked) -> (Instance, Server) {
    let instance = Instance::fresh(backend).await.unwrap();
    let server = instance.start().await.unwrap();
    for (way, body) in municipality.bodies() {
        let answer = server.api(Method::POST, way).json(&body).send().await.unwrap();
        let (status, said) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, 200, "{way}: {said}");
    }
    for batch in municipality.statements().chunks(500) {
        let answer = server.post(&json!(batch)).await.unwrap();
        let (status, said) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, 200, "{said}");
    }
    server.settled().await.unwrap();
    (instance, server)
}

async fn order(server: &Server, definition: &str) -> String {
    let input = json!({ "name": "Rapport", "definition": definition });
    let answer = server.api(Method::POST, "ordered-reports").json(&input).send().await.unwrap();
    let ordered: Value = answer.json().await.unwrap();
    ordered["id"].as_str().unwrap_or_else(|| panic!("{ordered}")).to_owned()
}

/// All that is said of a municipality.
async fn said(backend: Backend, municipality: &Marked) -> Vec<Served> {
    let (instance, server) = filled(backend, municipality).await;
    // A round, a survey; reports that are ordered.
    let mut ids = vec!["var".to_owned(), "https%3A%2F%2Flarkby.example%2Fenkater%2Farbete".to_owned()];
    for definition in ["report = \"survey\"\nround = \"var\"", "report = \"competence\"\nsince = 2025-02-15"]
    {
        ids.push(order(&server, definition).await);
        // Somebody of whom nothing is known does something that counts for nothing: the log goes on.
        let nothing = json!({
            "actor": { "mbox": "mailto:nobody@larkby.example" }, "object": { "id": "https://larkby.example/annat" },
            "verb": { "id": "http://adlnet.gov/expapi/verbs/experienced" }, "timestamp": "2025-05-05T09:00:00Z",
        });
        assert_eq!(server.post(&nothing).await.unwrap().status(), 200);
        server.settled().await.unwrap();
        ids.push(order(&server, definition).await);
    }
    until("the reports that were ordered are made", async || {
        let listed: Value =
            server.api(Method::GET, "ordered-reports").send().await.unwrap().json().await.unwrap();
        listed["reports"].as_array().unwrap().iter().all(|one| one["stage"] == "made").then_some(())
    })
    .await;
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let values: Values<'_> = [
        ("kind", words(&["competence", "survey"])),
        ("format", words(&["html", "xlsx", "csv", "parquet", "json"])),
        ("lang", words(&["sv", "en"])),
        ("unit", words(&["L", "N", "N2", "N4", "V", "V1"])),
        ("framework", words(&["digcomp-2.2"])),
        ("since", words(&["2025-02-15"])),
        ("weights", words(&["unit", "role"])),
        ("round", words(&["vinter", "var"])),
        ("at", words(&["1", "999999999"])),
        ("id", ids),
        ("version", words(&["1"])),
        ("key", vec![server.credential.0.clone()]),
        ("name", Vec::new()),
    ]
    .into();
    let mut all = walk::described(&server, &values, &QUERIES).await.unwrap();

    // Files are of the whole, of an area of which something is shown, and of a school of which nothing is; those that know
    // no language once; on paper, which takes a second each, is the school alone.
    let is_wanted = |address: &str| {
        let Some((_, form)) = address.split_once("format=") else { return true };
        let form = form.split('&').next().unwrap_or_default();
        let of = |unit: &str| address.contains(&format!("unit={unit}&"));
        let unit = !address.contains("unit=") || of("N") || of("N2");
        let lang = !["json", "parquet"].contains(&form) || address.contains("lang=sv");
        unit && lang && (form != "pdf" || (of("N2") && address.contains("lang=sv")))
    };
    let from = [
        "/?lang=sv",
        "/?lang=en",
        "/reports/survey?unit=none-such",
        "/reports/survey?round=none-such",
        "/none-such",
    ];
    all.extend(walk::pages(&server, &from, is_wanted).await.unwrap());
    for page in
        ["/reports/competence?", "/reports/survey?", "/reports/ordered", "/reports/ordered/", "/system"]
    {
        assert!(
            all.iter().any(|one| one.address.starts_with(page) && one.status == 200),
            "nothing leads to {page}"
        );
    }
    let body = instance.said().into_bytes();
    all.push(Served { address: "log".to_owned(), status: 200, media_type: "text/plain".to_owned(), body });
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_served_has_a_number_of_a_hidden_group_or_depends_on_one() {
    let folder = tempfile::tempdir().unwrap();
    let municipality = Marked::new();
    let twin = municipality.twin();
    let all = tokio::join!(said(Backend::Sqlite, &municipality), said(Backend::Postgres, &twin));
    for (name, all, of) in [("one", all.0, municipality), ("twin", all.1, twin)] {
        let into = folder.path().join(name);
        walk::write(&all, &into).unwrap();
        std::fs::write(into.join("truth.json"), of.truth().to_string()).unwrap();
    }
    let one = folder.path().join("one");
    let told =
        python::says(python::script("attacker/marks.py").arg(one).arg(folder.path().join("twin"))).unwrap();
    assert!(told.contains("nothing of what is hidden"), "{told}");
    assert!(told.contains(&format!("{} hidden groups", HIDDEN.len())), "{told}");
}
