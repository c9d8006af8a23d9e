//! Ordered reports: kept as what they are made of, the same whenever they are opened, compared with the one before,
//! and called and removed as their reader wants.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use blackbox::{Backend, Instance, Server, promises, python, until};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

async fn asked(server: &Server, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
    let answer = server.api(method, path).json(&body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

async fn listed(server: &Server) -> Value {
    server.api(Method::GET, "ordered-reports").send().await.unwrap().json().await.unwrap()
}

async fn order(server: &Server, name: &str, definition: &str) -> Value {
    let input = json!({ "name": name, "definition": definition });
    let (status, ordered) = asked(server, Method::POST, "ordered-reports", input).await;
    assert_eq!(status, StatusCode::CREATED, "{ordered}");
    ordered
}

async fn file(server: &Server, id: &str, what: &str) -> Vec<u8> {
    let answer = server.api(Method::GET, &format!("ordered-reports/{id}/{what}")).send().await.unwrap();
    let (status, bytes) = (answer.status(), answer.bytes().await.unwrap());
    assert_eq!(status, 200, "{what}: {}", String::from_utf8_lossy(&bytes));
    bytes.to_vec()
}

/// A statement that counts for nothing but the log's end.
fn anything(number: u32) -> Value {
    json!({
        "id": format!("00000000-0000-4000-8000-{number:012}"),
        "actor": { "account": { "homePage": "https://larkby.example", "name": "somebody" } },
        "verb": { "id": "http://adlnet.gov/expapi/verbs/experienced" },
        "object": { "id": "https://larkby.example/kurser/annat" },
        "timestamp": "2026-06-01T10:00:00Z",
    })
}

/// A municipality with a unit, and one statement.
async fn begun(instance: &Instance) -> Server {
    let server = instance.start().await.unwrap();
    let units = json!({ "units": [{ "code": "L", "name": "Lärkby kommun", "kind": "huvudman" }] });
    assert_eq!(asked(&server, Method::POST, "organisation", units).await.0, 200);
    assert_eq!(server.post(&json!([anything(1)])).await.unwrap().status(), 200);
    server.settled().await.unwrap();
    server
}

const COMPETENCE: &str = "report = \"competence\"\nlang = \"en\"\n";

promises! {
    async fn an_ordered_report_is_the_same_after_more_has_come_and_after_a_restart(instance) {
        let mut server = begun(&instance).await;
        let first = order(&server, " Before the summer ", COMPETENCE).await;
        assert_eq!((&first["name"], &first["as_of"]), (&json!("Before the summer"), &json!("2026-06-01")), "{first}");
        assert_eq!(first["by"].as_str(), Some(server.administrator.0.as_str()), "{first}");
        let id = first["id"].as_str().unwrap();
        until("the report is made without anybody opening it", async || {
            (listed(&server).await["reports"][0]["stage"] == "made").then_some(())
        }).await;
        let before = (file(&server, id, "file?format=json").await, file(&server, id, "file?format=xlsx").await);
        let made: Value = serde_json::from_slice(&before.0).unwrap();
        assert_eq!(made["identity"]["position"], first["position"], "{made}");

        assert_eq!(server.post(&json!([anything(2)])).await.unwrap().status(), 200);
        server.settled().await.unwrap();
        server.stop().unwrap();
        let server = instance.restart(&server).await.unwrap();
        assert_eq!(listed(&server).await["reports"][0]["stage"], "not_asked");
        assert!(before == (file(&server, id, "file?format=json").await, file(&server, id, "file?format=xlsx").await));
    }

    async fn a_report_is_compared_with_the_one_before_renamed_and_removed(instance) {
        let server = begun(&instance).await;
        let first = order(&server, "one", COMPETENCE).await;
        order(&server, "of something else", "report = \"competence\"\nunit = \"L\"\n").await;
        assert_eq!(first["before"], Value::Null);
        assert_eq!(server.post(&json!([anything(2)])).await.unwrap().status(), 200);
        server.settled().await.unwrap();
        let second = order(&server, "two", COMPETENCE).await;
        assert_eq!(second["before"], first["id"], "{second}");
        let changes = file(&server, second["id"].as_str().unwrap(), "changes?format=csv").await;
        assert!(changes.starts_with(b"\xef\xbb\xbf"));

        let path = format!("ordered-reports/{}", first["id"].as_str().unwrap());
        let (status, renamed) = asked(&server, Method::PATCH, &path, json!({ "name": "first" })).await;
        assert_eq!((status, &renamed["name"], &renamed["ordered"]), (StatusCode::OK, &json!("first"), &first["ordered"]));
        assert_eq!(asked(&server, Method::DELETE, &path, Value::Null).await.0, 200);
        assert_eq!(asked(&server, Method::DELETE, &path, Value::Null).await.0, 404);
        let names: Vec<Value> = listed(&server).await["reports"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
        assert_eq!(names, ["two", "of something else"]);
        let changes = format!("ordered-reports/{}/changes", second["id"].as_str().unwrap());
        assert_eq!(server.api(Method::GET, &changes).send().await.unwrap().status(), 404);
    }

    async fn what_is_no_report_and_no_schedule_is_refused_with_where_and_what_was_expected(instance) {
        let server = begun(&instance).await;
        for (name, definition, at, expected) in [
            ("", COMPETENCE, "/name", "1 to 200"),
            ("a", "report = \"progress\"", "/definition", "competence"),
            ("a", "lang = \"sv\"", "/definition", "report ="),
            ("a", "report = \"competence\"\nat = 1", "/definition", "no at"),
            ("a", "report = \"competence\"\nunit = \"none\"", "/definition", "a unit"),
            ("a", "report = \"survey\"\nround = \"none\"", "/definition", "a round"),
            ("a", "report = \"competence\"\npreset = \"none\"", "/definition", "gavle"),
        ] {
            let input = json!({ "name": name, "definition": definition });
            let (status, problem) = asked(&server, Method::POST, "ordered-reports", input).await;
            assert_eq!((status, problem["at"].as_str()), (StatusCode::BAD_REQUEST, Some(at)), "{definition}: {problem}");
            assert!(problem["expected"].as_str().unwrap().contains(expected), "{definition}: {problem}");
        }
        let right = json!({ "name": "a", "definition": COMPETENCE, "every": "month", "day": 1, "at": "06:00" });
        for (field, wrong) in [
            ("every", json!("year")), ("day", json!(32)), ("day", json!(0)), ("at", json!("6")), ("at", json!("24:00")),
            ("definition", json!("report = \"competence\"\nas-of = 2026-06-01")),
        ] {
            let mut input = right.clone();
            input[field] = wrong;
            let (status, problem) = asked(&server, Method::POST, "report-schedules", input).await;
            assert_eq!((status, problem["at"].as_str()), (StatusCode::BAD_REQUEST, Some(&*format!("/{field}"))), "{problem}");
        }
        let (status, schedule) = asked(&server, Method::POST, "report-schedules", right).await;
        assert_eq!(status, StatusCode::CREATED, "{schedule}");
        let next = schedule["next"].as_str().unwrap();
        assert!(next.ends_with("-01T04:00:00Z") || next.ends_with("-01T05:00:00Z"), "{next}");
        let path = format!("report-schedules/{}", schedule["id"].as_str().unwrap());
        assert_eq!(listed(&server).await["schedules"], json!([schedule]));
        assert_eq!(asked(&server, Method::DELETE, &path, Value::Null).await.0, 200);
        assert_eq!(listed(&server).await["schedules"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_comparison_shows_nothing_that_either_report_hides() {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    instance.demo(200, 4000, 1).unwrap();
    let server = instance.start().await.unwrap();
    server.settled().await.unwrap();
    let first = order(&server, "one", COMPETENCE).await;
    assert_eq!(server.post(&json!([anything(2)])).await.unwrap().status(), 200);
    server.settled().await.unwrap();
    let second = order(&server, "two", COMPETENCE).await;
    let read = async |id: &Value, what: &str| -> Value {
        serde_json::from_slice(&file(&server, id.as_str().unwrap(), what).await).unwrap()
    };
    let (before, now) = (read(&first["id"], "file").await, read(&second["id"], "file").await);
    let changes = read(&second["id"], "changes").await;
    let (mut shown, mut hidden) = (0, 0);
    for section in changes["sections"].as_array().unwrap() {
        let id = section["id"].as_str().unwrap().strip_prefix("change-").unwrap();
        let found = |report: &Value| {
            report["sections"].as_array().unwrap().iter().find(|one| one["id"] == *id).unwrap().clone()
        };
        let (then, now) = (found(&before), found(&now));
        for figure in section["figures"].as_array().unwrap() {
            // A band of a competence stands for the competence.
            let item = figure["item"].as_str().unwrap();
            let of_band = section["values"] == json!(["share_change", "cohens_h"]);
            let code = if of_band { item.rsplit_once('/').unwrap().0 } else { item };
            let of = |section: &Value| {
                let all = section["figures"].as_array().unwrap();
                all.iter()
                    .find(|one| one["item"] == *code && one["population"] == figure["population"])
                    .unwrap()
                    .clone()
            };
            let (then, now) = (of(&then), of(&now));
            if figure["shown"] == "hidden" {
                hidden += 1;
                assert!(figure.get("values").is_none() && figure.get("base").is_none(), "{figure}");
            } else {
                shown += 1;
                // Of a rate a summary says all; of anything else it takes the distribution.
                let least = if figure["item"] == *code && section["values"] == json!(["share_change"]) {
                    "summary"
                } else {
                    "full"
                };
                for of in [&then, &now] {
                    assert!(of["shown"] == "full" || of["shown"] == least, "{figure} {of}");
                }
            }
        }
    }
    assert!(shown > 100 && hidden > 100, "{shown} {hidden}");

    // Every form of it says the same, as other programs read it; of a survey too.
    const SURVEY: &str = "report = \"survey\"\nlang = \"en\"\n";
    order(&server, "three", SURVEY).await;
    assert_eq!(server.post(&json!([anything(3)])).await.unwrap().status(), 200);
    server.settled().await.unwrap();
    let fourth = order(&server, "four", SURVEY).await;
    let folder = instance.beside("changes");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, ordered) in [("competence", &second), ("survey", &fourth)] {
        for (end, form, lang) in [
            ("json", "json", "en"),
            ("parquet", "parquet", "en"),
            ("sv.csv", "csv", "sv"),
            ("en.csv", "csv", "en"),
            ("sv.xlsx", "xlsx", "sv"),
            ("en.xlsx", "xlsx", "en"),
        ] {
            let what = format!("changes?format={form}&lang={lang}");
            let bytes = file(&server, ordered["id"].as_str().unwrap(), &what).await;
            std::fs::write(folder.join(format!("{name}.{end}")), bytes).unwrap();
        }
    }
    let said = python::says(python::script("clients/forms.py").arg(&folder)).unwrap();
    assert!(said.contains("2 reports, 4 workbooks"), "{said}");
}
