use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

fn full() -> Json {
    json!({
        "id": "8f87ccde-bb56-4c2e-ab83-44982ef22df0",
        "actor": {"objectType": "Group", "member": [
            {"mbox": "mailto:Ada@Example.org", "name": "Ada"},
            {"account": {"homePage": "https://example.org", "name": "u1"}},
            {"mbox_sha1sum": "ebd31e95054c018b10727ccffd2ef2ec3a016ee9"}
        ]},
        "verb": {"id": "http://example.org/verbs/tried", "display": {"en": "tried"}},
        "object": {"id": "http://example.org/a", "definition": {"name": {"sv": "Prov"}}},
        "result": {"score": {"scaled": 0.5, "raw": 5}, "success": true, "response": "Svar", "duration": "PT1M30.123S",
            "extensions": {"http://example.org/x": {"a": [1, 2.0, null], "b": {"c": 1e3}}}},
        "context": {"registration": "4B7D6F9E-1111-4C2E-AB83-44982EF22DF0", "language": "sv-SE", "platform": "P",
            "contextActivities": {"parent": {"id": "http://example.org/p"}, "category": [{"id": "http://example.org/c"}]},
            "instructor": {"name": "I", "openid": "https://example.org/i"}},
        "timestamp": "2026-03-01T09:30:00.123456+01:00"
    })
}

fn same_json(a: &Json, b: &Json, version: Version) -> bool {
    let forth = same_text(&a.to_string(), &b.to_string(), version);
    assert_eq!(forth, same_text(&b.to_string(), &a.to_string(), version), "symmetric");
    forth
}

/// Sets what `pointer` names to `value`, and says in which versions the statement is still the same.
fn same_after(pointer: &str, value: Json) -> (bool, bool) {
    let mut changed = full();
    match (changed.pointer_mut(pointer), pointer.rsplit_once('/')) {
        (Some(place), _) => *place = value,
        (None, Some((parent, name))) => {
            changed.pointer_mut(parent).unwrap()[name] = value;
        }
        _ => panic!("no such place"),
    }
    let same = |version| same_json(&full(), &changed, version);
    (same(Version::V1_0_3), same(Version::V2_0_0))
}

const BOTH: (bool, bool) = (true, true);
const NEITHER: (bool, bool) = (false, false);
const ONLY_2_0: (bool, bool) = (false, true);

#[test]
fn what_the_server_may_set_does_not_count() {
    assert_eq!(same_after("/id", json!("00000000-0000-4000-8000-000000000000")), BOTH);
    assert_eq!(same_after("/stored", json!("2026-03-02T00:00:00Z")), BOTH);
    assert_eq!(same_after("/authority", json!({"mbox": "mailto:a@example.org"})), BOTH);
    assert_eq!(same_after("/version", json!("1.0.0")), BOTH);
    let mut unset = full();
    unset.as_object_mut().unwrap().remove("timestamp");
    unset.as_object_mut().unwrap().remove("id");
    for version in Version::ALL {
        assert!(same_json(&full(), &unset, version));
    }
}

#[test]
fn definitions_display_and_attachments_do_not_count() {
    assert_eq!(same_after("/object/definition", json!({"name": {"sv": "Annat"}})), BOTH);
    assert_eq!(same_after("/verb/display", json!({})), BOTH);
    assert_eq!(same_after("/attachments", json!([])), BOTH);
    assert_eq!(same_after("/context/contextActivities/category/0/definition", json!({})), BOTH);
}

#[test]
fn one_instant_in_two_zones_is_one_and_another_counts_in_1_0_3_alone() {
    assert_eq!(same_after("/timestamp", json!("2026-03-01T08:30:00.123Z")), BOTH);
    assert_eq!(same_after("/timestamp", json!("2026-03-01T08:30:00.124Z")), ONLY_2_0);
}

#[test]
fn durations_count_to_the_hundredth() {
    assert_eq!(same_after("/result/duration", json!("PT90.12S")), BOTH);
    assert_eq!(same_after("/result/duration", json!("PT90.13S")), NEITHER);
    assert_eq!(same_after("/result/duration", json!("P1MT90.12S")), NEITHER);
}

#[test]
fn numbers_count_by_value() {
    assert_eq!(same_after("/result/score/raw", json!(5.0)), BOTH);
    assert_eq!(same_after("/result/score/raw", json!(5.01)), NEITHER);
    assert_eq!(same_after("/result/extensions/http:~1~1example.org~1x/b/c", json!(1000)), BOTH);
    assert_eq!(same_after("/result/extensions/http:~1~1example.org~1x/a", json!([2, 1, null])), NEITHER);
}

#[test]
fn a_context_activity_may_stand_alone_or_in_an_array() {
    assert_eq!(
        same_after("/context/contextActivities/parent", json!([{"id": "http://example.org/p"}])),
        BOTH
    );
    assert_eq!(same_after("/context/contextActivities/parent/objectType", json!("Activity")), BOTH);
    assert_eq!(same_after("/context/contextActivities/parent", json!([])), NEITHER);
}

#[test]
fn case_counts_in_1_0_3_where_the_standard_does_not_say_otherwise() {
    assert_eq!(same_after("/result/response", json!("svar")), ONLY_2_0);
    assert_eq!(same_after("/actor/member/0/mbox", json!("mailto:Ada@EXAMPLE.org")), BOTH);
    assert_eq!(same_after("/actor/member/0/mbox", json!("mailto:ada@example.org")), ONLY_2_0);
    assert_eq!(same_after("/context/registration", json!("4b7d6f9e-1111-4c2e-ab83-44982ef22df0")), BOTH);
    assert_eq!(same_after("/context/language", json!("sv-se")), BOTH);
}

#[test]
fn members_may_stand_in_any_order_but_none_be_missing_or_doubled() {
    let members = full()["actor"]["member"].as_array().unwrap().clone();
    let reversed: Vec<_> = members.iter().rev().cloned().collect();
    assert_eq!(same_after("/actor/member", reversed.into()), BOTH);
    assert_eq!(same_after("/actor/member", members[..2].into()), NEITHER);
    assert_eq!(same_after("/actor/member", json!([members[0], members[0], members[1], members[2]])), NEITHER);
}

#[test]
fn different_people_verbs_objects_and_answers_are_different() {
    assert_eq!(same_after("/actor/member/0/name", json!("Eva")), NEITHER);
    assert_eq!(same_after("/actor/name", json!("Grupp")), NEITHER);
    assert_eq!(same_after("/verb/id", json!("http://example.org/verbs/passed")), NEITHER);
    assert_eq!(same_after("/object/id", json!("http://example.org/b")), NEITHER);
    assert_eq!(same_after("/result/success", json!(false)), NEITHER);
    assert_eq!(same_after("/context/revision", json!("2")), NEITHER);
    assert_eq!(same_after("/context/instructor/openid", json!("https://example.org/j")), NEITHER);
    // An address and its hash are different identifiers.
    assert_eq!(same_after("/actor/member/0", json!({"mbox_sha1sum": "0".repeat(40)})), NEITHER);
    assert_eq!(same_after("/actor/member/0/name", json!("Ada\u{0}")), NEITHER);
}

#[test]
fn every_part_of_a_context_counts() {
    let group =
        |name: &str| json!({"objectType": "Group", "account": {"homePage": "https://e.org", "name": name}});
    let agents = |name: &str, kind: &str| json!([{"objectType": "contextAgent", "agent": {"mbox": format!("mailto:{name}@e.org")}, "relevantTypes": [kind]}]);
    let groups = |name: &str, kind: &str| json!([{"objectType": "contextGroup", "group": group(name), "relevantTypes": [kind]}]);
    let reference = |id: &str| json!({"objectType": "StatementRef", "id": id});
    let (one, other) = ("8f87ccde-bb56-4c2e-ab83-44982ef22df1", "8f87ccde-bb56-4c2e-ab83-44982ef22df2");
    let (kind, kinds) = ("http://e.org/kind", "http://e.org/kinds");
    for (part, was, is) in [
        ("registration", json!(one), json!(other)),
        ("team", group("7a"), group("7b")),
        ("platform", json!("P"), json!("Q")),
        ("language", json!("sv-SE"), json!("sv-FI")),
        ("statement", reference(one), reference(other)),
        ("extensions", json!({"http://e.org/x": 1}), json!({"http://e.org/x": 2})),
        ("extensions", json!({"http://e.org/x": 1}), json!({"http://e.org/y": 1})),
        ("contextAgents", agents("a", kind), agents("b", kind)),
        ("contextAgents", agents("a", kind), agents("a", kinds)),
        ("contextGroups", groups("7a", kind), groups("7b", kind)),
        ("contextGroups", groups("7a", kind), groups("7a", kinds)),
    ] {
        let with = |value: &Json| {
            let mut statement = full();
            statement["context"][part] = value.clone();
            statement
        };
        let (was, is) = (with(&was), with(&is));
        assert!(same_json(&was, &was, Version::V2_0_0) && !same_json(&was, &is, Version::V2_0_0), "{part}");
        let mut without = was.clone();
        without["context"].as_object_mut().unwrap().remove(part);
        assert!(!same_json(&was, &without, Version::V2_0_0), "{part}");
    }
}

#[test]
fn every_kind_of_object_counts() {
    let account = |home: &str, name: &str| json!({"homePage": format!("https://{home}.org"), "name": name});
    let objects = [
        json!({"objectType": "StatementRef", "id": "8f87ccde-bb56-4c2e-ab83-44982ef22df1"}),
        json!({"objectType": "StatementRef", "id": "8f87ccde-bb56-4c2e-ab83-44982ef22df2"}),
        json!({"objectType": "Agent", "account": account("a", "1")}),
        json!({"objectType": "Agent", "account": account("b", "1")}),
        json!({"objectType": "Agent", "account": account("a", "2")}),
        json!({"objectType": "Group", "account": account("a", "1")}),
        json!({"id": "https://a.org"}),
    ];
    for (one, object) in objects.iter().enumerate() {
        for (other, another) in objects.iter().enumerate() {
            let with = |object: &Json| {
                let mut statement = full();
                statement["object"] = object.clone();
                statement
            };
            for version in Version::ALL {
                assert_eq!(
                    same_json(&with(object), &with(another), version),
                    one == other,
                    "{object} {another}"
                );
            }
        }
    }
}

#[test]
fn sub_statements_are_compared_like_statements() {
    let with = |timestamp: &str, raw: &str| {
        format!(
            r#"{{"actor":{{"mbox":"mailto:a@b.se"}},"verb":{{"id":"http://e.org/v"}},"object":{{"objectType":"SubStatement",
            "actor":{{"mbox":"mailto:c@d.se"}},"verb":{{"id":"http://e.org/w"}},"object":{{"id":"http://e.org/o"}},
            "timestamp":"{timestamp}","result":{{"score":{{"raw":{raw}}}}}}}}}"#
        )
    };
    let a = with("2026-03-01T08:00:00Z", "1");
    assert!(same_text(&a, &with("2026-03-01T09:00:00+01:00", "1.0"), Version::V1_0_3));
    assert!(!same_text(&a, &with("2026-03-01T09:00:00Z", "1"), Version::V1_0_3));
    assert!(same_text(&a, &with("2026-03-01T09:00:00Z", "1"), Version::V2_0_0));
    assert!(!same_text(&a, &with("2026-03-01T08:00:00Z", "2"), Version::V2_0_0));
}

/// The same JSON with every object's keys in another order.
fn permuted(value: &Json, seed: u64) -> Json {
    match value {
        Json::Object(map) => {
            let mut entries: Vec<_> = map.iter().map(|(k, v)| (k.clone(), permuted(v, seed))).collect();
            let turn = seed as usize % entries.len().max(1);
            entries.rotate_left(turn);
            if seed % 2 == 1 {
                entries.reverse();
            }
            entries.into_iter().collect()
        }
        Json::Array(items) => items.iter().map(|item| permuted(item, seed)).collect(),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn the_order_of_keys_and_white_space_do_not_count(seed in any::<u64>()) {
        let spaced = serde_json::to_string_pretty(&permuted(&full(), seed)).unwrap();
        for version in Version::ALL {
            prop_assert!(same_text(&full().to_string(), &spaced, version));
        }
    }

    #[test]
    fn sameness_is_reflexive_and_symmetric(names in prop::collection::vec("[aA]{0,2}", 2), response in "[a-cA-C\u{0}\"\\\\]{0,3}") {
        let make = |name: &str| {
            let mut statement = full();
            statement["actor"]["member"][0]["name"] = json!(name);
            statement["result"]["response"] = json!(response);
            statement
        };
        let (a, b) = (make(&names[0]), make(&names[1]));
        for version in Version::ALL {
            prop_assert!(same_json(&a, &permuted(&a, 3), version));
            let expected = match version {
                Version::V1_0_3 => names[0] == names[1],
                Version::V2_0_0 => names[0].eq_ignore_ascii_case(&names[1]),
            };
            prop_assert_eq!(same_json(&a, &b, version), expected);
        }
    }
}
