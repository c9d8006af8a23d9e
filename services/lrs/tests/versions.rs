//! Where the two versions of the standard differ in what a statement may say, on one server.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use rig::documents::VERSIONS;
use rig::*;
use serde_json::{Value, json};

/// A statement with something set in it.
fn with(number: u32, path: &str, value: Value) -> Value {
    let mut sent = statement(number, "anna", "a");
    sent["context"] = json!({});
    let (at, name) = path.rsplit_once('/').unwrap();
    sent.pointer_mut(at).unwrap()[name] = value;
    sent
}

async fn post(rig: &Rig, version: &str, sent: &Value, status: u16) {
    rig.post_as(version, sent.to_string()).await.expect(status);
}

async fn given(rig: &Rig, version: &str, number: u32) -> Value {
    let uri = address(&[("statementId", &id(number))]);
    rig.get_as(version, &uri).await.expect(200).json()
}

promises! {
    async fn agents_and_groups_in_a_context_are_of_2_0_alone(rig) {
        let agents = json!([{ "objectType": "contextAgent", "agent": agent("bo"), "relevantTypes": ["https://larkby.example/roller/mentor"] }]);
        let groups = json!([{ "objectType": "contextGroup", "group": { "objectType": "Group", "member": [agent("carl")] } }]);
        for (number, path, value) in [(1, "/context/contextAgents", agents), (2, "/context/contextGroups", groups)] {
            let sent = with(number, path, value.clone());
            post(&rig, "1.0.3", &sent, 400).await;
            let mut inner = plain("anna", "a");
            inner["objectType"] = "SubStatement".into();
            inner["context"] = sent["context"].clone();
            let mut outer = statement(number + 10, "anna", "a");
            outer["object"] = inner;
            post(&rig, "1.0.3", &outer, 400).await;
            assert!(rig.ids(&[]).await.iter().all(|stored| *stored != id(number)));
            for sent in [sent, outer] {
                post(&rig, "2.0.0", &sent, 200).await;
            }
            // What came by 2.0 is given as it came to whoever asks by 1.0.3: nothing is converted down.
            for version in VERSIONS {
                assert_eq!(given(&rig, version, number).await["version"], "2.0.0");
                assert_eq!(*given(&rig, version, number).await.pointer(path).unwrap(), value);
                let below = given(&rig, version, number + 10).await;
                assert_eq!(*below.pointer(&format!("/object{path}")).unwrap(), value);
            }
        }
        let bo = agent("bo").to_string();
        assert_eq!(rig.ids(&[("agent", &bo), ("related_agents", "true")]).await.len(), 2);
    }

    async fn a_statement_keeps_the_version_it_names_where_the_request_may_bring_it(rig) {
        for (number, (request, named, kept)) in (1..).zip([
            ("1.0.3", None, Some("1.0.0")),
            ("1.0.3", Some("1.0.0"), Some("1.0.0")),
            ("1.0.3", Some("1.0.7"), Some("1.0.7")),
            ("1.0.3", Some("1.0"), Some("1.0")),
            ("1.0.3", Some("2.0.0"), None),
            ("1.0.3", Some("1.1.0"), None),
            ("1.0.3", Some("0.95"), None),
            ("2.0.0", None, Some("2.0.0")),
            ("2.0.0", Some("2.0.0"), Some("2.0.0")),
            ("2.0.0", Some("1.0.0"), Some("1.0.0")),
            ("2.0.0", Some("1.0.3"), Some("1.0.3")),
            ("2.0.0", Some("2.1.0"), None),
            ("2.0.0", Some("3.0.0"), None),
            ("2.0.0", Some(""), None),
        ]) {
            let mut sent = statement(number, "anna", "a");
            if let Some(named) = named {
                sent["version"] = named.into();
            }
            post(&rig, request, &sent, if kept.is_some() { 200 } else { 400 }).await;
            for version in VERSIONS {
                if let Some(kept) = kept {
                    assert_eq!(given(&rig, version, number).await["version"], kept, "{request} {named:?}");
                }
            }
        }
    }

    async fn revision_and_platform_need_an_activity_in_both(rig) {
        for (number, version) in (1..).zip(VERSIONS) {
            for name in ["revision", "platform"] {
                let mut sent = with(number, &format!("/context/{name}"), "7".into());
                sent["object"] = agent("bo");
                post(&rig, version, &sent, 400).await;
                sent["object"] = json!({ "objectType": "StatementRef", "id": id(99) });
                post(&rig, version, &sent, 400).await;
            }
            let mut sent = with(number, "/context/platform", "Lärkby".into());
            sent["context"]["revision"] = "7".into();
            post(&rig, version, &sent, 200).await;
            let context = json!({ "platform": "Lärkby", "revision": "7" });
            assert_eq!(given(&rig, version, number).await["context"], context);
        }
    }

    async fn timestamps_are_given_with_a_zone_and_kept_as_they_came(rig) {
        for (number, (sent, in_1_0_3, in_2_0)) in (1..).zip([
            ("2026-01-10T10:00:00", "2026-01-10T10:00:00Z", "2026-01-10T10:00:00Z"),
            ("2026-01-10T10:00:00.1234567", "2026-01-10T10:00:00.1234567Z", "2026-01-10T10:00:00.1234567Z"),
            ("2026-01-10T10:00:00.5+01:00", "2026-01-10T10:00:00.5+01:00", "2026-01-10T09:00:00.5Z"),
            ("2026-01-10T10:00:00Z", "2026-01-10T10:00:00Z", "2026-01-10T10:00:00Z"),
        ]) {
            let mut statement = statement(number, "anna", "a");
            statement["timestamp"] = sent.into();
            let mut sub = plain("anna", "a");
            sub["objectType"] = "SubStatement".into();
            sub["timestamp"] = sent.into();
            statement["object"] = sub;
            post(&rig, "1.0.3", &statement, 200).await;
            for (version, expected) in [("1.0.3", in_1_0_3), ("2.0.0", in_2_0)] {
                for format in ["exact", "ids", "canonical"] {
                    let uri = address(&[("statementId", &id(number)), ("format", format)]);
                    let given = rig.get_as(version, &uri).await.expect(200).json();
                    assert_eq!([&given["timestamp"], &given["object"]["timestamp"]], [expected; 2], "{version} {format}");
                }
            }
            // It is the same statement as it came and as it is given.
            post(&rig, "1.0.3", &statement, 200).await;
            post(&rig, "1.0.3", &given(&rig, "1.0.3", number).await, 200).await;
        }
    }

    async fn activities_of_a_context_are_given_back_as_lists(rig) {
        let one = json!({ "id": activity("b") });
        let activities = json!({ "parent": one, "grouping": [one, { "id": activity("c") }] });
        let lists = json!({ "parent": [one], "grouping": [one, { "id": activity("c") }] });
        for (number, version) in (1..).zip(VERSIONS) {
            post(&rig, version, &with(number, "/context/contextActivities", activities.clone()), 200).await;
            for asked in VERSIONS {
                assert_eq!(given(&rig, asked, number).await["context"]["contextActivities"], lists, "{version} {asked}");
            }
            // Which is the same statement.
            post(&rig, version, &with(number, "/context/contextActivities", lists.clone()), 200).await;
        }
    }
}
