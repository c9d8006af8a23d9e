//! What becomes known of activities: merged over time, given where it is asked for, and nowhere else.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use axum::body::Body;
use axum::http::Method;
use domain::events::kind;
use eventlog::Position;
use futures_util::future::join_all;
use rig::*;
use serde_json::{Value, json};

fn defined(number: u32, about: &str, definition: Value) -> Value {
    let mut statement = statement(number, "anna", about);
    statement["object"]["definition"] = definition;
    statement
}

fn named(language: &str, name: &str) -> Value {
    let mut names = serde_json::Map::new();
    names.insert(language.into(), name.into());
    json!({ "name": names })
}

async fn known(rig: &Rig, about: &str) -> Value {
    let id: String = activity(about).bytes().map(|byte| format!("%{byte:02X}")).collect();
    rig.get_as("2.0.0", &format!("/xapi/activities?activityId={id}")).await.expect(200).json()
}

/// How often a definition changed.
async fn changes(rig: &Rig) -> usize {
    rig.log.read_kinds(&[kind::ACTIVITY_DEFINED], Position(0), 10_000).await.unwrap().len()
}

fn lookups(rig: &Rig) -> f64 {
    let families = rig.registry.gather();
    let family =
        families.iter().find(|family| family.name() == "larka_xapi_definition_lookups_total").unwrap();
    family.get_metric()[0].get_counter().get_value()
}

async fn post_by(rig: &Rig, credential: &str, statement: &Value) {
    let request = axum::http::Request::builder().method(Method::POST).uri("/xapi/statements");
    let request = request.header("Authorization", credential).header("X-Experience-API-Version", "2.0.0");
    let request = request.header("Content-Type", "application/json");
    rig.send(request.body(Body::from(statement.to_string())).unwrap()).await.expect(200);
}

promises! {
    async fn a_definition_is_merged_over_time_and_given_whole(rig) {
        rig.post(&defined(1, "a", named("sv", "Källkritik"))).await.expect(200);
        rig.post(&json!([
            defined(2, "a", named("en", "Source criticism")),
            defined(3, "a", json!({ "type": "http://e.org/kurs" })),
        ]))
        .await
        .expect(200);
        let expected = json!({ "objectType": "Activity", "id": activity("a"), "definition": {
            "name": { "sv": "Källkritik", "en": "Source criticism" }, "type": "http://e.org/kurs" } });
        assert_eq!(known(&rig, "a").await, expected);
        // Both statements of the second request made one change.
        assert_eq!(changes(&rig).await, 2);
        let rig = rig.restarted(lrs::Limits::default()).await;
        assert_eq!(known(&rig, "a").await, expected);
    }

    async fn an_activity_that_nobody_defined_is_given_bare(rig) {
        rig.post(&statement(1, "anna", "a")).await.expect(200);
        assert_eq!(known(&rig, "a").await, json!({ "objectType": "Activity", "id": activity("a") }));
        assert_eq!(known(&rig, "b").await, json!({ "objectType": "Activity", "id": activity("b") }));
    }

    async fn context_activities_and_sub_statements_define_too(rig) {
        let mut sent = statement(1, "anna", "a");
        sent["context"]["contextActivities"]["parent"] =
            json!({ "id": activity("kurs"), "definition": named("sv", "Kursen") });
        sent["object"] = json!({ "objectType": "SubStatement", "actor": agent("bo"), "verb": { "id": VERB },
            "object": { "id": activity("del"), "definition": named("sv", "Delen") } });
        rig.post(&sent).await.expect(200);
        assert_eq!(known(&rig, "kurs").await["definition"], named("sv", "Kursen"));
        assert_eq!(known(&rig, "del").await["definition"], named("sv", "Delen"));
    }

    async fn only_a_credential_that_may_define_changes_a_definition(rig) {
        rig.post(&defined(1, "a", named("sv", "Rätt"))).await.expect(200);
        let writer = rig.credential(&["statements/write"]).await;
        post_by(&rig, &writer, &defined(2, "a", named("sv", "Fel"))).await;
        assert_eq!(known(&rig, "a").await["definition"], named("sv", "Rätt"));
        let definer = rig.credential(&["statements/write", "define"]).await;
        post_by(&rig, &definer, &defined(3, "a", named("sv", "Bättre"))).await;
        assert_eq!(known(&rig, "a").await["definition"], named("sv", "Bättre"));
        // What a statement says stays as it was said.
        let second = rig.get(&[("statementId", &id(2))]).await.expect(200).json();
        assert_eq!(second["object"]["definition"], named("sv", "Fel"));
    }

    async fn the_canonical_format_alone_shows_it_in_the_reader_s_language(rig) {
        rig.post(&defined(1, "a", named("sv", "Källkritik"))).await.expect(200);
        rig.post(&statement(2, "bo", "a")).await.expect(200);
        rig.post(&defined(3, "a", named("en", "Source criticism"))).await.expect(200);
        for (language, definition) in
            [("en-GB, sv;q=0.5", named("en", "Source criticism")), ("sv", named("sv", "Källkritik"))]
        {
            let uris = [address(&[("format", "canonical")]), address(&[("format", "canonical"), ("statementId", &id(2))])];
            for uri in uris {
                let request = rig.request(Method::GET, &uri, "2.0.0").header("Accept-Language", language);
                let found = rig.send(request.body(Body::empty()).unwrap()).await.expect(200).json();
                let listed = found["statements"].as_array().cloned().unwrap_or_else(|| vec![found.clone()]);
                for statement in &listed {
                    assert_eq!(statement["object"]["definition"], definition, "{language}");
                }
                assert!(listed.len() == 1 || listed.len() == 3);
            }
        }
        for format in ["exact", "ids"] {
            let found = rig.get(&[("format", format)]).await.expect(200).json();
            assert_eq!(found["statements"][1]["object"]["definition"], Value::Null, "{format}");
        }
    }

    async fn what_others_said_of_an_activity_is_in_no_statement_that_is_given_exactly(rig) {
        let sent = of_one_activity();
        for statement in &sent {
            rig.post(statement).await.expect(200);
        }
        let learned = known(&rig, "a").await["definition"].clone();
        assert_eq!(learned["name"], json!({ "sv": "Källkritik", "en": "Source criticism" }));
        for version in ["1.0.3", "2.0.0"] {
            for format in [&[][..], &[("format", "exact")]] {
                let list = rig.get_as(version, &address(&[format, &[("ascending", "true")]].concat())).await.expect(200).json();
                let listed = list["statements"].as_array().unwrap().clone();
                let mut single = Vec::new();
                for number in 1..=5 {
                    let id = id(number);
                    let one = [format, &[("statementId", id.as_str())]].concat();
                    single.push(rig.get_as(version, &address(&one)).await.expect(200).json());
                }
                for given in [listed, single] {
                    assert_eq!(given.iter().map(as_it_came).collect::<Vec<_>>(), sent, "{version} {format:?}");
                }
            }
        }
    }

    async fn what_is_known_already_costs_no_look_up_and_no_event(rig) {
        for number in 0..20 {
            rig.post(&defined(number, "a", named("sv", "Källkritik"))).await.expect(200);
        }
        assert_eq!((changes(&rig).await, lookups(&rig)), (1, 1.0));
        // In another spelling it is looked up once, and changes nothing.
        for number in 20..40 {
            let text = defined(number, "a", Value::Null).to_string();
            let text = text.replace("\"definition\":null", "\"definition\" : { \"name\": {\"sv\":\"K\\u00e4llkritik\"} }");
            rig.post_as("2.0.0", text).await.expect(200);
        }
        assert_eq!((changes(&rig).await, lookups(&rig)), (1, 2.0));
        // Statements that say nothing of an activity, and those whose sender may not, ask nothing.
        rig.post(&statement(40, "bo", "b")).await.expect(200);
        let writer = rig.credential(&["statements/write"]).await;
        post_by(&rig, &writer, &defined(41, "c", named("sv", "Ny"))).await;
        assert_eq!(lookups(&rig), 2.0);
    }

    async fn a_statement_that_comes_again_changes_nothing(rig) {
        rig.post(&defined(1, "a", named("sv", "Ett"))).await.expect(200);
        rig.post(&defined(2, "a", named("sv", "Två"))).await.expect(200);
        rig.post(&defined(1, "a", named("sv", "Ett"))).await.expect(200);
        assert_eq!(known(&rig, "a").await["definition"], named("sv", "Två"));
    }

    async fn racing_merges_lose_no_language_and_fail_nobody(rig) {
        let (rig, other) = rig.with_another_node().await;
        let tag = |number: u32| format!("x-{number}");
        let racing = (0..32u32).map(|number| {
            let node = if number % 2 == 0 { &rig } else { &other };
            let about = |about: &str, extra: u32| defined(10 * number + extra, about, named(&tag(number), "namn"));
            // Activities in both orders, in one request.
            let batch = match number % 4 < 2 {
                true => json!([about("a", 0), about("b", 1), about("c", 2)]),
                false => json!([about("c", 0), about("b", 1), about("a", 2)]),
            };
            async move { node.post(&batch).await.expect(200) }
        });
        join_all(racing).await;
        for about in ["a", "b", "c"] {
            let found = known(&rig, about).await;
            let names = found["definition"]["name"].as_object().unwrap();
            assert_eq!(names.len(), 32, "{about}");
        }
    }

    async fn the_resource_refuses_what_it_does_not_know(rig) {
        for uri in ["/xapi/activities", "/xapi/activities?activityId=kurs", "/xapi/activities?activityid=http://e.org/a",
            "/xapi/activities?activityId=http://e.org/a&agent=x"]
        {
            rig.get_as("1.0.3", uri).await.expect(400);
        }
        let uri = "/xapi/activities?activityId=http://e.org/a";
        rig.send(rig.request(Method::POST, uri, "2.0.0").body(Body::empty()).unwrap()).await.expect(405);
        let head = rig.send(rig.request(Method::HEAD, uri, "1.0.3").body(Body::empty()).unwrap()).await.expect(200);
        assert_eq!((head.body.len(), head.header("x-experience-api-version")), (0, Some("1.0.3")));
        assert!(head.header("content-length").is_some_and(|length| length != "0"));
        let request = axum::http::Request::builder().uri(uri).header("X-Experience-API-Version", "2.0.0");
        rig.send(request.body(Body::empty()).unwrap()).await.expect(401);
    }
}
