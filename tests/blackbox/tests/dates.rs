//! Reports have days: whichever position is asked for, there is what was released, and nothing between two releases.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use blackbox::samples::activity;
use blackbox::{Backend, Instance, Server, promises, until};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const PEOPLE: usize = 60;
const WEEK: u64 = 7 * 86_400_000_000;

fn somebody(number: usize) -> Value {
    json!({ "account": { "homePage": "https://larportal.larkby.example", "name": format!("larare{number}") } })
}

/// A school of sixty teachers, and two courses that each show a level.
async fn describe(server: &Server) {
    let person = |number: usize| {
        json!({
            "agents": [somebody(number)],
            "name": { "given": "Någon", "family": format!("Nummer {number}") },
            "duties": [{ "unit": "K", "role": "Lärare", "from": "2020-08-01" }],
        })
    };
    let organisation = json!({
        "units": [{ "code": "K", "name": "Lärkby kommun", "kind": "huvudman" }],
        "persons": (0..PEOPLE).map(person).collect::<Vec<_>>(),
    });
    let course = |name: &str| {
        let chapter = json!({ "id": activity(&format!("{name}/kapitel")), "title": { "sv": "Kapitel" }, "kind": "text" });
        json!({ "id": activity(name), "title": { "sv": name }, "origin": { "central": true }, "activities": [chapter] })
    };
    let rule = |name: &str, level: u8| {
        json!({
            "framework": "digcomp-3.0", "activity": activity(name), "competence": "1.1",
            "level": [level, level], "weight": 1000,
        })
    };
    let (courses, rules) = (["grund", "mer"].map(course), [rule("grund", 1), rule("mer", 5)]);
    let courses = json!({ "courses": courses, "rules": rules });
    for (resource, body) in [("organisation", organisation), ("courses", courses)] {
        let answer = server.api(Method::POST, resource).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{resource}: {}", answer.text().await.unwrap());
    }
}

async fn pass(server: &Server, people: std::ops::Range<usize>, course: &str) {
    let passed = |number| {
        json!({
            "id": Uuid::new_v4().to_string(),
            "actor": somebody(number),
            "verb": { "id": "http://adlnet.gov/expapi/verbs/passed" },
            "object": { "id": activity(course) },
        })
    };
    let answer = server.post(&Value::Array(people.map(passed).collect())).await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
}

/// The instance a week later, with all that is made from the log made anew; the server starts again.
async fn a_week_later(instance: &Instance, mut server: Server) -> Server {
    server.stop().unwrap();
    let unguarded = match instance.backend() {
        Backend::Sqlite => "DROP TRIGGER IF EXISTS event_never_updated; DROP TRIGGER IF EXISTS head_moves_on",
        Backend::Postgres => {
            "ALTER TABLE event DISABLE TRIGGER event_only_appended; ALTER TABLE log_head DISABLE TRIGGER head_moves_on"
        }
    };
    let back = format!("SET stored = stored - {WEEK}");
    instance.execute(&format!("{unguarded}; UPDATE event {back}; UPDATE log_head {back}")).await.unwrap();
    instance.run_json(&["rebuild"]).unwrap();
    let server = instance.restart(&server).await.unwrap();
    server.settled().await.unwrap();
    server
}

async fn head(instance: &Instance) -> i64 {
    instance.number("SELECT max(position) FROM event").await.unwrap()
}

/// The report, as it is or as it was at a position; none where it is refused.
async fn report(server: &Server, at: Option<i64>, format: &str) -> Option<String> {
    let at = at.map(|at| format!("&at={at}")).unwrap_or_default();
    let path = format!("reports/competence?format={format}{at}");
    let answer = server.api(Method::GET, &path).send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    assert!(status == 200 || status < 500 && text.contains("fixed days"), "{status}: {text}");
    (status == 200).then_some(text)
}

fn exact(report: &str) -> Value {
    serde_json::from_str(report).unwrap()
}

/// The whole's counts by band in 1.1.
fn demonstrated(report: &Value) -> Value {
    let sections = report["sections"].as_array().unwrap();
    let section = sections.iter().find(|section| section["id"] == "demonstrated-competences").unwrap();
    let of = |figure: &&Value| figure["item"] == "1.1" && figure["population"] == "K";
    let figure = section["figures"].as_array().unwrap().iter().find(of).unwrap();
    figure["counts"].clone()
}

promises! {
    async fn what_was_ordered_stays_what_was_released_then_whatever_is_released_later(instance) {
        let server = instance.start().await.unwrap();
        describe(&server).await;
        pass(&server, 0..15, "grund").await;
        pass(&server, 15..30, "mer").await;
        server.settled().await.unwrap();
        // In the log's first days, before anything is released.
        let first = ordered(&server, "first", "").await;
        pass(&server, 30..35, "grund").await;
        pass(&server, 35..40, "mer").await;
        let server = a_week_later(&instance, server).await;
        assert_eq!(demonstrated(&opened(&server, &first).await), json!([15, 0, 15, 0]));

        let second = ordered(&server, "second", "").await;
        let file = opened(&server, &second).await;
        assert_eq!(demonstrated(&file), json!([20, 0, 20, 0]));
        let identity = |file: &Value| [file["identity"]["position"].clone(), file["identity"]["as_of"].clone()];
        assert_eq!(identity(&file), [second["position"].clone(), second["as_of"].clone()]);
        assert_eq!(exact(&report(&server, None, "json").await.unwrap())["sections"], file["sections"]);

        pass(&server, 40..50, "grund").await;
        pass(&server, 50..60, "mer").await;
        let server = a_week_later(&instance, server).await;
        let now = exact(&report(&server, None, "json").await.unwrap());
        assert_eq!(now["identity"]["position"], json!(head(&instance).await));
        assert_eq!(demonstrated(&opened(&server, &first).await), json!([15, 0, 15, 0]));
        let later = opened(&server, &second).await;
        assert_eq!(demonstrated(&later), json!([20, 0, 20, 0]));
        assert_eq!(later["identity"]["position"], second["position"]);
    }

    async fn a_report_is_of_a_day_of_release_whichever_position_is_asked_for(instance) {
        let server = instance.start().await.unwrap();
        describe(&server).await;
        pass(&server, 0..15, "grund").await;
        pass(&server, 15..30, "mer").await;
        let server = a_week_later(&instance, server).await;
        let first = head(&instance).await;
        let told = exact(&report(&server, None, "json").await.unwrap());
        assert_eq!(demonstrated(&told), json!([15, 0, 15, 0]));

        // Not before the next day of release, whichever position is asked for.
        pass(&server, 30..31, "mer").await;
        server.settled().await.unwrap();
        let second = head(&instance).await;
        for at in [None, Some(first), Some(second)] {
            assert_eq!(exact(&report(&server, at, "json").await.unwrap()), told, "{at:?}");
        }
        let server = a_week_later(&instance, server).await;
        let later = exact(&report(&server, None, "json").await.unwrap());
        assert_eq!(demonstrated(&later), json!([15, 0, 16, 0]));
        assert_eq!(later["identity"]["position"], json!(second));

        pass(&server, 31..36, "grund").await;
        pass(&server, 36..40, "mer").await;
        let server = a_week_later(&instance, server).await;
        let last = report(&server, None, "json").await.unwrap();
        assert_eq!(demonstrated(&exact(&last)), json!([20, 0, 20, 0]));

        // Whoever keeps all that any position gives has these three, and what was stored before the first day is not told.
        let mut seen = BTreeSet::new();
        for at in 1..=head(&instance).await {
            let told = report(&server, Some(at), "json").await;
            assert_eq!(told.is_some(), at >= first, "{at}");
            seen.extend(told.map(|told| demonstrated(&exact(&told)).to_string()));
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["[15,0,15,0]", "[15,0,16,0]", "[20,0,20,0]"]);

        // The same bytes once all is made again from the log, and by the command.
        let mut again = a_rebuild(&instance, server).await;
        assert_eq!(report(&again, None, "json").await.unwrap(), last);
        let file = instance.beside("report");
        let words = ["report", "competence", "--format", "json", "--preset", "gavle", "--output"];
        again.stop().unwrap();
        let output = instance.run(&[&words[..], &[file.to_str().unwrap()]].concat()).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), last);
    }

    async fn releases_of_a_preset_that_holds_them_to_each_other_tell_of_no_few(instance) {
        const HELD: &str = "preset = \"gavle-held\"";
        let server = instance.start().await.unwrap();
        describe(&server).await;
        pass(&server, 0..15, "grund").await;
        pass(&server, 15..30, "mer").await;
        let server = a_week_later(&instance, server).await;
        let one = ordered(&server, "one", HELD).await;
        assert_eq!(demonstrated(&opened(&server, &one).await), json!([15, 0, 15, 0]));

        // The one waits until there are five: with two reports side by side one more would be somebody.
        pass(&server, 30..31, "mer").await;
        let server = a_week_later(&instance, server).await;
        let two = ordered(&server, "two", HELD).await;
        let released = opened(&server, &two).await;
        assert_eq!(demonstrated(&released), json!([15, 0, 15, 0]));
        let plain = report(&server, None, "json").await.unwrap();
        assert_eq!(demonstrated(&exact(&plain)), json!([15, 0, 16, 0]));
        assert_eq!(exact(&plain)["identity"]["position"], released["identity"]["position"]);
        let waits = "tills minst 5 har ändrats";
        assert!(released.to_string().contains(waits) && !plain.contains(waits));

        pass(&server, 31..36, "grund").await;
        pass(&server, 36..40, "mer").await;
        let server = a_week_later(&instance, server).await;
        let three = ordered(&server, "three", HELD).await;
        let last = opened(&server, &three).await;
        assert_eq!(demonstrated(&last), json!([20, 0, 20, 0]));

        // The same once all is made again from the log, and by the command.
        let mut again = a_rebuild(&instance, server).await;
        for (order, told) in [(&one, [15, 0, 15, 0]), (&two, [15, 0, 15, 0]), (&three, [20, 0, 20, 0])] {
            assert_eq!(demonstrated(&opened(&again, order).await), json!(told));
        }
        assert_eq!(opened(&again, &two).await["sections"], released["sections"]);
        again.stop().unwrap();
        let file = instance.beside("report");
        let words = ["report", "competence", "--format", "json", "--preset", "gavle-held", "--output"];
        let output = instance.run(&[&words[..], &[file.to_str().unwrap()]].concat()).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(exact(&std::fs::read_to_string(&file).unwrap())["sections"], last["sections"]);
    }
}

/// Orders the competence report with more lines in its definition, and gives what the list says of it once it is made.
async fn ordered(server: &Server, name: &str, more: &str) -> Value {
    let input = json!({ "name": name, "definition": format!("report = \"competence\"\n{more}") });
    let answer = server.api(Method::POST, "ordered-reports").json(&input).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let id = answer.json::<Value>().await.unwrap()["id"].clone();
    until("the ordered report is made", async || {
        let listed = server.api(Method::GET, "ordered-reports").send().await.unwrap();
        let listed: Value = listed.json().await.unwrap();
        let reports = listed["reports"].as_array().unwrap();
        reports.iter().find(|one| one["id"] == id && one["stage"] == "made").cloned()
    })
    .await
}

/// The report that was ordered.
async fn opened(server: &Server, ordered: &Value) -> Value {
    let path = format!("ordered-reports/{}/file?format=json", ordered["id"].as_str().unwrap());
    let answer = server.api(Method::GET, &path).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

async fn a_rebuild(instance: &Instance, mut server: Server) -> Server {
    server.stop().unwrap();
    instance.run_json(&["rebuild"]).unwrap();
    let server = instance.restart(&server).await.unwrap();
    server.settled().await.unwrap();
    server
}
