use super::*;
use crate::parse::{self, Limits};
use crate::statement::{ContextRole, ResultFacts, Score};

const STORED: i64 = 1_772_353_800_123_456;
const AUTHORITY: &str = r#"{"account":{"homePage":"https://lrs.example.org","name":"moodle"}}"#;

fn additions(version: Version) -> Additions<'static> {
    Additions {
        id: Uuid::from_u128(7),
        stored: STORED,
        authority: Some(AUTHORITY),
        received: version,
        answer: version,
    }
}

fn parsed(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn what_no_rule_touches_comes_back_byte_for_byte() {
    let text = concat!(
        r#"{ "verb":{"id" : "http://e.org/v"},"actor":{"mbox":"mailto:a\u0040b.se"},"#,
        r#""object":{"id":"http://e.org/o"},"result":{"score":{"raw":1.500e+01},"response":"\u0000\/å","#,
        r#""extensions":{"http://e.org/x":12345678901234567890123,"http://e.org/y":{"a":1,"a":null}}}  }"#
    );
    let out = exact(text, &additions(Version::V1_0_3));
    assert!(out.starts_with(text.trim_end_matches('}')));
    let out = parsed(&out);
    assert_eq!(out["id"], "00000000-0000-0000-0000-000000000007");
    assert_eq!(out["stored"], "2026-03-01T08:30:00.123456Z");
    assert_eq!(out["timestamp"], out["stored"]);
    assert_eq!(out["version"], "1.0.0");
    assert_eq!(out["authority"], parsed(AUTHORITY));
    assert_eq!(parsed(&exact(text, &additions(Version::V2_0_0)))["version"], "2.0.0");
}

#[test]
fn what_the_sender_set_is_kept_but_for_stored_and_authority() {
    let text = concat!(
        r#"{"id":"8F87CCDE-BB56-4C2E-AB83-44982EF22DF0","actor":{"mbox":"mailto:a@b.se"},"verb":{"id":"http://e.org/v"},"#,
        r#""object":{"id":"http://e.org/o"},"stored":"2020-01-01T00:00:00Z","authority":{"mbox":"mailto:x@y.se"},"#,
        r#""timestamp":"2026-03-01T09:30:00.50+01:00","version":"1.0.2"}"#
    );
    let old = parsed(&exact(text, &additions(Version::V1_0_3)));
    assert_eq!(old["id"], "8F87CCDE-BB56-4C2E-AB83-44982EF22DF0");
    assert_eq!(old["stored"], "2026-03-01T08:30:00.123456Z");
    assert_eq!(old["authority"], parsed(AUTHORITY));
    assert_eq!(old["timestamp"], "2026-03-01T09:30:00.50+01:00");
    let new = parsed(&exact(text, &Additions { authority: None, ..additions(Version::V2_0_0) }));
    assert_eq!(new["authority"]["mbox"], "mailto:x@y.se");
    assert_eq!(new["timestamp"], "2026-03-01T08:30:00.50Z");
    assert_eq!(new["version"], "1.0.2");
}

#[test]
fn what_lies_deep_is_passed_over_and_given_as_it_came() {
    let deep = r#"{"http://e.org/x": {"a" :[ {"b":"}]\"{[", "c":{"timestamp":"\\", "context":{"d":[[],{}]}}} ,[ ]]}}"#;
    let text = format!(
        r#"{{"actor":{{"mbox":"mailto:a@b.se"}},"verb":{{"id":"http://e.org/v"}},"context":{{"extensions":{deep},
        "contextActivities":{{"parent":{{"id":"http://e.org/p","definition":{{"extensions":{deep}}}}}}}}},
        "object":{{"objectType":"SubStatement","actor":{{"mbox":"mailto:a@b.se"}},"verb":{{"id":"http://e.org/v"}},
        "object":{{"id":"http://e.org/o","definition":{{"extensions":{deep}}}}},"context":{{"contextActivities":
        {{"other":{{"id":"http://e.org/q","definition":{{"extensions":{deep}}}}}}}}}}}}}"#
    );
    let out = exact(&text, &additions(Version::V2_0_0));
    assert_eq!(out.matches(deep).count(), 4);
    let (out, sent) = (parsed(&out), parsed(&text));
    for (given, sent) in [(&out, &sent), (&out["object"], &sent["object"])] {
        let (given, sent) = (&given["context"]["contextActivities"], &sent["context"]["contextActivities"]);
        for (name, activity) in sent.as_object().unwrap() {
            assert_eq!(given[name], serde_json::json!([activity]));
        }
    }
}

#[test]
fn context_activities_are_arrays_in_sub_statements_too() {
    let event = r#""actor":{"mbox":"mailto:a@b.se"},"verb":{"id":"http://e.org/v"},"context":{"contextActivities":
        {"parent":{"id":"http://e.org/p"},"other":[{"id":"http://e.org/q"}]}},"timestamp":"2026-03-01T09:30:00+01:00""#;
    let text = format!(
        r#"{{{event},"object":{{"objectType":"SubStatement",{event},"object":{{"id":"http://e.org/o"}}}}}}"#
    );
    let out = parsed(&exact(&text, &additions(Version::V2_0_0)));
    for event in [&out, &out["object"]] {
        assert_eq!(
            event["context"]["contextActivities"]["parent"],
            serde_json::json!([{"id": "http://e.org/p"}])
        );
        assert_eq!(
            event["context"]["contextActivities"]["other"],
            serde_json::json!([{"id": "http://e.org/q"}])
        );
        assert_eq!(event["timestamp"], "2026-03-01T08:30:00Z");
    }
}

const RICH: &str = r#"{"id":"8f87ccde-bb56-4c2e-ab83-44982ef22df0",
    "actor":{"objectType":"Group","name":"G","member":[{"name":"A","mbox":"mailto:a@b.se"},{"openid":"https://o.se"}]},
    "verb":{"id":"http://e.org/v","display":{"en":"did","sv-SE":"gjorde"}},
    "object":{"objectType":"Activity","id":"http://e.org/o","definition":{"name":{"en-GB":"Colour","sv":"Färg"},
        "interactionType":"choice","choices":[{"id":"a","description":{"de":"rot","sv":"röd","en":"red"}}]}},
    "context":{"instructor":{"name":"I","objectType":"Agent","account":{"homePage":"https://e.org","name":"i"}},
        "team":{"objectType":"Group","name":"T","mbox":"mailto:t@b.se","member":[{"mbox":"mailto:a@b.se"}]},
        "contextActivities":{"category":[{"id":"http://e.org/c","definition":{"description":{"sv":"K","en":"C"}}}]}},
    "authority":{"name":"Au","mbox":"mailto:au@b.se"}}"#;

#[test]
fn ids_keeps_what_identifies_and_nothing_else() {
    let expected = serde_json::json!({
        "id": "8f87ccde-bb56-4c2e-ab83-44982ef22df0",
        "actor": {"objectType": "Group", "member": [{"mbox": "mailto:a@b.se"}, {"openid": "https://o.se"}]},
        "verb": {"id": "http://e.org/v"},
        "object": {"id": "http://e.org/o"},
        "context": {
            "instructor": {"objectType": "Agent", "account": {"homePage": "https://e.org", "name": "i"}},
            "team": {"objectType": "Group", "mbox": "mailto:t@b.se"},
            "contextActivities": {"category": [{"id": "http://e.org/c"}]}
        },
        "authority": {"mbox": "mailto:au@b.se"}
    });
    assert_eq!(parsed(&ids(RICH)), expected);
    let sub = RICH.replacen(
        "\"id\":\"8f87ccde-bb56-4c2e-ab83-44982ef22df0\",",
        "\"objectType\":\"SubStatement\",",
        1,
    );
    let outer = format!(
        r#"{{"actor":{{"mbox":"mailto:a@b.se","name":"A"}},"verb":{{"id":"http://e.org/v"}},"object":{sub}}}"#
    );
    let out = parsed(&ids(&outer));
    assert_eq!(out["object"]["actor"], expected["actor"]);
    assert_eq!(out["object"]["object"], expected["object"]);
    assert_eq!(out["actor"], serde_json::json!({"mbox": "mailto:a@b.se"}));
}

#[test]
fn canonical_shows_the_known_definition_in_the_reader_s_language() {
    let languages = Languages::parse("sv-SE, en;q=0.5");
    let definition = |id: &str| {
        (id == "http://e.org/c")
            .then(|| r#"{"name":{"en":"Canonical","sv":"Kanonisk"},"type":"http://e.org/t"}"#.to_owned())
    };
    let out = parsed(&canonical(
        RICH,
        &Canonical { definition: &definition, display: &|_| None, languages: &languages },
    ));
    assert_eq!(out["verb"]["display"], serde_json::json!({"sv-SE": "gjorde"}));
    assert_eq!(out["object"]["definition"]["name"], serde_json::json!({"sv": "Färg"}));
    assert_eq!(out["object"]["definition"]["choices"][0]["description"], serde_json::json!({"sv": "röd"}));
    assert_eq!(
        out["context"]["contextActivities"]["category"][0]["definition"],
        serde_json::json!({"name": {"sv": "Kanonisk"}, "type": "http://e.org/t"})
    );
    assert_eq!(out["actor"], parsed(RICH)["actor"]);
    let added = canonical(
        r#"{"verb":{"id":"http://e.org/v"},"object":{"id":"http://e.org/c"}}"#,
        &Canonical {
            definition: &definition,
            display: &|_| Some(r#"{"sv":"x"}"#.into()),
            languages: &languages,
        },
    );
    assert_eq!(parsed(&added)["verb"]["display"], serde_json::json!({"sv": "x"}));
    assert_eq!(parsed(&added)["object"]["definition"]["name"], serde_json::json!({"sv": "Kanonisk"}));
}

#[test]
fn a_definition_keeps_all_that_is_no_language_map() {
    let definition = r#"{"type":"http://e.org/t","moreInfo":"http://e.org/i","name":{"en":"A","sv":"B"},"extensions":{"http://e.org/x":{"en":1,"sv":2}}}"#;
    assert_eq!(
        definition_in_one_language(definition, &Languages::parse("sv")),
        definition.replace(r#"{"en":"A","sv":"B"}"#, r#"{"sv":"B"}"#)
    );
}

#[test]
fn a_language_is_chosen_by_the_header_and_else_the_first() {
    let choose = |header: &str, tags: &[&str]| {
        let map: serde_json::Map<_, _> = tags.iter().map(|t| ((*t).to_owned(), "x".into())).collect();
        let one = map_in_one_language(&serde_json::Value::Object(map).to_string(), &Languages::parse(header));
        parsed(&one).as_object().unwrap().keys().next().unwrap().clone()
    };
    for (header, tags, expected) in [
        ("sv", ["en", "sv-SE", "de"], "sv-SE"),
        ("sv-FI", ["en", "sv", "de"], "sv"),
        ("fr, de;q=0.1, en;q=0.9", ["sv", "de", "en-US"], "en-US"),
        ("fr", ["sv", "de", "en"], "sv"),
        ("", ["sv", "de", "en"], "sv"),
        ("*", ["sv", "de", "en"], "sv"),
        ("sv;q=0", ["sv", "de", "en"], "de"),
        ("SV", ["en", "Sv", "de"], "Sv"),
        (";;q=x,,", ["en", "sv", "de"], "en"),
        ("s", ["en", "sv", "de"], "en"),
    ] {
        assert_eq!(choose(header, &tags), expected, "{header}");
    }
}

#[test]
fn an_erased_statement_is_answered_by_a_valid_one_without_anybody() {
    let score = Score { scaled: Some(-500_000), raw: Some(0), min: Some(0), max: Some(0) };
    let result = ResultFacts {
        success: Some(true),
        score,
        response: Some("hemligt".into()),
        ..ResultFacts::default()
    };
    let nobody = Account { home_page: "https://lrs.example.org/erased", name: "0a1b" };
    for object in [
        AnonymousObject::Activity("http://e.org/o"),
        AnonymousObject::StatementRef(Uuid::from_u128(9)),
        AnonymousObject::Agent(nobody),
        AnonymousObject::Group(nobody),
    ] {
        for received in Version::ALL {
            let text = anonymous(&Anonymous {
                id: Uuid::from_u128(7),
                actor: nobody,
                verb: "http://e.org/v",
                object,
                result: Some(&result),
                duration_centiseconds: Some(12_345),
                registration: Some(Uuid::from_u128(8)),
                context_activities: &[
                    (ContextRole::Parent, "http://e.org/p".into()),
                    (ContextRole::SubOther, "x".into()),
                ],
                timestamp: STORED,
                stored: STORED,
                authority: Some(AUTHORITY),
                received,
            });
            let statement = parse::statement(text.as_bytes(), received, &Limits::default()).unwrap();
            assert_eq!(statement.timestamp.unwrap().micros, STORED);
            assert!(!text.contains("hemligt"));
            let out = parsed(&text);
            assert_eq!(
                out["result"]["score"],
                serde_json::json!({"scaled": -0.5, "raw": 0, "min": 0, "max": 0})
            );
            assert_eq!(out["result"]["duration"], "PT123.45S");
            assert_eq!(
                out["context"]["contextActivities"],
                serde_json::json!({"parent": [{"id": "http://e.org/p"}]})
            );
        }
    }
}

#[test]
fn a_text_that_is_no_json_object_comes_back_as_it_is() {
    let languages = Languages::default();
    for text in ["", "{", "[]", "1", "\"x"] {
        assert_eq!(exact(text, &additions(Version::V2_0_0)), text);
        assert_eq!(ids(text), text);
        assert_eq!(map_in_one_language(text, &languages), text);
        assert_eq!(definition_in_one_language(text, &languages), text);
    }
}
