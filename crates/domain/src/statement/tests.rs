//! The bytes of a statement's facts, and what gets into them.

use std::borrow::Cow;

use eventlog::event::Key;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use xapi::{Identifier, Limits};

use super::*;
use crate::Facts;
use crate::testing::matches_fixture;

fn objects() -> impl Strategy<Value = ObjectFacts<String>> {
    let simple = || {
        prop_oneof![
            "[a-zåäö:/]{0,40}".prop_map(ObjectFacts::Activity),
            Just(ObjectFacts::Agent),
            Just(ObjectFacts::Group),
            any::<Key>().prop_map(ObjectFacts::StatementRef),
        ]
    };
    prop_oneof![
        3 => simple(),
        1 => ("\\PC{0,20}", simple()).prop_map(|(verb, object)| {
            ObjectFacts::SubStatement(Box::new(SubFacts { verb, object }))
        }),
    ]
}

prop_compose! {
    fn scores()(
        scaled in option::of(any::<i64>()), raw in option::of(any::<i64>()),
        min in option::of(any::<i64>()), max in option::of(any::<i64>()),
    ) -> Score {
        Score { scaled, raw, min, max }
    }
}

prop_compose! {
    fn facts()(
        id in any::<Key>(),
        agents in vec((proptest::sample::select(AgentRole::ALL.to_vec()), any::<Key>()), 0..5),
        actor_is_group in any::<bool>(),
        verb in "\\PC{0,40}",
        object in objects(),
        registration in option::of(any::<Key>()),
        (timestamp, duration_cs) in (option::of(any::<i64>()), option::of(any::<i64>())),
        (success, completion) in (option::of(any::<bool>()), option::of(any::<bool>())),
        score in scores(),
        response in vec("\\PC{0,10}", 0..4),
        activities in vec((proptest::sample::select(ContextRole::ALL.to_vec()), "\\PC{0,40}"), 0..5),
        (xapi_version, attachments_from) in
            (proptest::sample::select(Version::ALL.to_vec()), option::of(any::<u16>())),
        origin in option::of((any::<Key>(), option::of(any::<i64>()))),
        untracked in any::<bool>(),
    ) -> StatementFacts {
        StatementFacts {
            id, agents, actor_is_group, verb, object, registration, timestamp, success, completion, score,
            duration_cs, response, activities, xapi_version, attachments_from,
            origin: origin.map(|(run, stored)| Origin { run, stored }), untracked,
            voids_own: registration.is_some_and(|key| key[0] % 2 == 1),
        }
    }
}

/// The same map with one more entry, at its end, under a key that no version has used.
fn with_unknown_key(bytes: &[u8]) -> Vec<u8> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let entries = decoder.map().unwrap().unwrap();
    let mut encoder = minicbor::Encoder::new(Vec::new());
    encoder.map(entries + 1).unwrap();
    let mut longer = encoder.into_writer();
    longer.extend(&bytes[decoder.position()..]);
    let mut encoder = minicbor::Encoder::new(longer);
    encoder.u32(9_999).unwrap().array(2).unwrap().str("later").unwrap().map(0).unwrap();
    encoder.into_writer()
}

proptest! {
    #[test]
    fn facts_come_back_as_they_were_written(facts in facts()) {
        let bytes = facts.encode();
        let read = StatementFactsRef::decode(1, &bytes).unwrap();
        prop_assert_eq!(&read.to_owned_facts(), &facts);
        prop_assert_eq!(read.encode(), bytes);
    }

    #[test]
    fn keys_of_a_later_version_are_passed_over(facts in facts()) {
        let longer = with_unknown_key(&facts.encode());
        let read = StatementFactsRef::decode(1, &longer).unwrap();
        prop_assert_eq!(read.to_owned_facts(), facts);
    }

    #[test]
    fn whatever_else_the_bytes_are_reading_them_ends_in_an_error(bytes in vec(any::<u8>(), 0..200)) {
        let _ = StatementFactsRef::decode(1, &bytes);
    }

    #[test]
    fn facts_cut_short_are_refused(facts in facts(), cut in any::<proptest::sample::Index>()) {
        let bytes = facts.encode();
        prop_assert!(StatementFactsRef::decode(1, &bytes[..cut.index(bytes.len())]).is_err());
    }
}

#[test]
fn facts_of_a_later_schema_are_refused() {
    let bytes = from(QUIZ).encode();
    assert!(StatementFactsRef::decode(1, &bytes).is_ok());
    for schema in [0, 2] {
        assert!(matches!(StatementFactsRef::decode(schema, &bytes), Err(crate::BadFacts::Schema { .. })));
    }
}

#[test]
fn the_bytes_are_those_of_the_fixtures() {
    for (name, json) in [("statement-quiz-1", QUIZ), ("statement-sub-1", SUB), ("statement-void-1", VOID)] {
        let facts = from(json);
        matches_fixture(name, &facts.encode());
        assert_eq!(<StatementFacts as Facts>::decode(1, &facts.encode()).unwrap(), facts);
    }
}

pub(super) const QUIZ: &str = r#"{
  "actor": { "name": "Anna Andersson", "account": { "homePage": "https://larkby.example", "name": "anna" } },
  "verb": { "id": "http://adlnet.gov/expapi/verbs/passed", "display": { "sv": "klarade" } },
  "object": { "id": "https://larkby.example/kurser/gdpr/quiz", "definition": { "name": { "sv": "Prov" } } },
  "result": { "success": true, "completion": true, "duration": "PT1M30.5S",
              "score": { "scaled": 0.85, "raw": 17, "min": 0, "max": 20 } },
  "context": { "registration": "ec531277-b57b-4c15-8d91-d292c5b2b8f7",
    "instructor": { "mbox": "mailto:rektor@larkby.example" },
    "contextActivities": { "parent": [{ "id": "https://larkby.example/kurser/gdpr" }],
                           "grouping": [{ "id": "https://larkby.example/central/gdpr" }] } },
  "timestamp": "2026-01-15T08:30:00.123456Z"
}"#;

const SUB: &str = r#"{
  "actor": { "objectType": "Group", "member": [
    { "mbox": "mailto:a@larkby.example" }, { "mbox": "mailto:b@larkby.example" } ] },
  "verb": { "id": "http://example.com/planned" },
  "object": { "objectType": "SubStatement",
    "actor": { "mbox": "mailto:c@larkby.example" },
    "verb": { "id": "http://example.com/visit" },
    "object": { "id": "http://example.com/museum" },
    "context": { "contextActivities": { "category": [{ "id": "http://example.com/outing" }] } } }
}"#;

const VOID: &str = r#"{
  "actor": { "mbox": "mailto:a@larkby.example" },
  "verb": { "id": "http://adlnet.gov/expapi/verbs/voided" },
  "object": { "objectType": "StatementRef", "id": "e05aa883-acaf-40ad-bf54-02c8ce485fb0" }
}"#;

/// Agents are known by the sum of their identifier's bytes; activities under `/user/` are personal; the item
/// `…/fraga` belongs to a survey that defines the codes `ja` and `nej`.
struct Town;

impl Surroundings for Town {
    fn agent(&self, identifier: &Identifier) -> Option<Key> {
        let text = match identifier {
            Identifier::Mbox(text) | Identifier::MboxSha1sum(text) | Identifier::OpenId(text) => text,
            Identifier::Account { name, .. } => name,
        };
        (text != "mailto:nobody@larkby.example").then(|| [text.bytes().fold(0, u8::wrapping_add); 16])
    }

    fn activity_id<'a>(&self, iri: &'a str) -> Cow<'a, str> {
        if iri.contains("/user/") { Cow::Borrowed("urn:opaque:1") } else { Cow::Borrowed(iri) }
    }

    fn is_nobody(&self, identifier: &Identifier) -> bool {
        *identifier == Identifier::Mbox("mailto:ingen@larkby.example".into())
    }

    fn is_survey_item(&self, activity: &str) -> bool {
        activity.ends_with("/fraga")
    }

    fn is_survey_code(&self, activity: &str, code: &str) -> bool {
        self.is_survey_item(activity) && ["ja", "nej"].contains(&code)
    }
}

fn try_from(json: &str) -> Result<StatementFacts, UnknownAgent> {
    let statement = xapi::parse::statement(json.as_bytes(), Version::V1_0_3, &Limits::default()).unwrap();
    from_statement(&statement, [7; 16], Version::V1_0_3, &Town)
}

pub(super) fn from(json: &str) -> StatementFacts {
    try_from(json).unwrap()
}

#[test]
fn nothing_of_a_person_or_of_a_text_is_among_the_facts() {
    let facts = from(QUIZ);
    let text = String::from_utf8_lossy(&facts.encode()).into_owned();
    for word in ["Anna", "Andersson", "anna", "rektor", "klarade", "Prov"] {
        assert!(!text.contains(word), "{word}");
    }
    assert_eq!(
        facts.agents.iter().map(|(role, _)| *role).collect::<Vec<_>>(),
        [AgentRole::Actor, AgentRole::Instructor]
    );
    assert_eq!(facts.score.scaled, Some(850_000));
    assert_eq!(facts.duration_cs, Some(9_050));
    assert_eq!(facts.timestamp, Some(1_768_465_800_123_456));
    assert!(facts.is_pass());
}

#[test]
fn everything_that_an_index_needs_of_a_sub_statement_is_among_the_facts() {
    let facts = from(SUB);
    assert!(facts.actor_is_group && facts.actor().is_none());
    assert_eq!(
        facts.agents.iter().map(|(role, _)| *role).collect::<Vec<_>>(),
        [AgentRole::ActorMember, AgentRole::ActorMember, AgentRole::SubActor]
    );
    assert_eq!(facts.activities, [(ContextRole::SubCategory, "http://example.com/outing".to_owned())]);
    assert_eq!((facts.activity(), facts.sub_activity()), (None, Some("http://example.com/museum")));
    assert_eq!(facts.timestamp, None);
}

#[test]
fn where_an_imported_statement_was_before_is_added_to_its_facts_and_changes_no_other() {
    let facts = from(QUIZ);
    let origin = |stored| Some(Origin { run: [9; 16], stored });
    let imported = StatementFacts { origin: origin(Some(1_700_000_000_123_456)), ..facts.clone() };
    matches_fixture("statement-imported-1", &imported.encode());
    let (before, after) = (facts.encode(), imported.encode());
    assert_eq!(after[1..before.len()], before[1..], "all but the number of entries stays");
    let bound = StatementFacts { voids_own: true, ..facts.clone() };
    for facts in [imported, bound, StatementFacts { origin: origin(None), ..facts }] {
        assert_eq!(<StatementFacts as Facts>::decode(1, &facts.encode()).unwrap(), facts);
    }
}

#[test]
fn that_the_actor_is_nobody_is_judged_of_the_actor_alone_added_to_its_facts_and_changes_no_other() {
    let facts = from(QUIZ);
    let nobody = StatementFacts { untracked: true, ..facts.clone() };
    matches_fixture("statement-untracked-1", &nobody.encode());
    let (before, after) = (facts.encode(), nobody.encode());
    assert_eq!(after[1..before.len()], before[1..], "all but the number of entries stays");
    assert_eq!(<StatementFacts as Facts>::decode(1, &after).unwrap(), nobody);
    let judged = |actor: &str, instructor: &str| {
        from(&format!(
            r#"{{ "actor": {{ "mbox": "mailto:{actor}@larkby.example" }}, "verb": {{ "id": "http://example.com/v" }},
                  "object": {{ "id": "http://example.com/o" }},
                  "context": {{ "instructor": {{ "mbox": "mailto:{instructor}@larkby.example" }} }} }}"#
        ))
        .untracked
    };
    assert!(judged("ingen", "a") && !judged("a", "ingen"));
}

#[test]
fn a_voiding_statement_names_its_target() {
    let facts = from(VOID);
    assert_eq!(facts.voids(), facts.refers_to());
    assert_eq!(facts.voids().unwrap()[..2], [0xe0, 0x5a]);
}

#[test]
fn a_personal_activity_id_stands_behind_an_opaque_one_everywhere() {
    let facts = from(
        r#"{ "actor": { "mbox": "mailto:a@larkby.example" }, "verb": { "id": "http://example.com/v" },
             "object": { "id": "http://example.com/user/anna" },
             "context": { "contextActivities": { "other": { "id": "http://example.com/user/anna" } } } }"#,
    );
    assert_eq!(facts.activity(), Some("urn:opaque:1"));
    assert_eq!(facts.activities, [(ContextRole::Other, "urn:opaque:1".to_owned())]);
}

#[test]
fn an_agent_without_an_id_is_an_error_that_does_not_name_it() {
    let json = r#"{ "actor": { "mbox": "mailto:nobody@larkby.example" }, "verb": { "id": "http://example.com/v" },
                    "object": { "id": "http://example.com/o" } }"#;
    let error = try_from(json).unwrap_err();
    assert_eq!(error.role, AgentRole::Actor);
    assert!(!error.to_string().contains("nobody"));
}

fn answer(activity: &str, definition: &str, response: &str) -> Vec<String> {
    let response = serde_json::to_string(response).unwrap();
    let definition =
        if definition.is_empty() { String::new() } else { format!(r#", "definition": {definition}"#) };
    from(&format!(
        r#"{{ "actor": {{ "mbox": "mailto:a@larkby.example" }},
              "verb": {{ "id": "http://adlnet.gov/expapi/verbs/answered" }},
              "object": {{ "id": "http://example.com/{activity}"{definition} }},
              "result": {{ "response": {response} }} }}"#
    ))
    .response
}

fn interaction(kind: &str, components: &str) -> String {
    format!(
        r#"{{ "type": "http://adlnet.gov/expapi/activities/cmi.interaction", "interactionType": "{kind}"{components} }}"#
    )
}

const CHOICES: &str = r#", "choices": [{ "id": "a" }, { "id": "b\u00e5" }]"#;
const SCALE: &str = r#", "scale": [{ "id": "s1" }, { "id": "s2" }]"#;

#[test]
fn codes_of_closed_answers_are_among_the_facts() {
    assert_eq!(answer("x", &interaction("likert", SCALE), "s2"), ["s2"]);
    assert_eq!(answer("x", &interaction("choice", CHOICES), "bå[,]a"), ["bå", "a"]);
    assert_eq!(answer("x", &interaction("true-false", ""), "true"), ["true"]);
    assert_eq!(answer("fraga", "", "ja"), ["ja"], "the survey defines the code where the statement does not");
    assert_eq!(answer("fraga", &interaction("numeric", ""), "-3.5"), ["-3.5"]);
    assert_eq!(answer("fraga", &interaction("numeric", ""), "1[:]4"), ["1[:]4"]);
    assert_eq!(answer("fraga", &interaction("sequencing", CHOICES), "bå[,]a"), ["bå", "a"]);
    let pairs = r#", "source": [{ "id": "a" }], "target": [{ "id": "b" }]"#;
    assert_eq!(answer("fraga", &interaction("matching", pairs), "a[.]b"), ["a[.]b"]);
}

#[test]
fn free_text_is_never_among_the_facts() {
    let none: [&str; 0] = [];
    for activity in ["x", "fraga"] {
        for kind in ["fill-in", "long-fill-in", "other"] {
            assert_eq!(answer(activity, &interaction(kind, ""), "ja"), none, "{kind}");
        }
        assert_eq!(answer(activity, &interaction("likert", SCALE), "Anna"), none);
        assert_eq!(answer(activity, &interaction("choice", CHOICES), "a[,]Anna"), none);
        assert_eq!(answer(activity, &interaction("true-false", ""), "Anna"), none);
        assert_eq!(answer(activity, &interaction("numeric", ""), "ring 070-123"), none);
        assert_eq!(answer(activity, "", "Anna"), none);
        let performance = r#", "steps": [{ "id": "a" }]"#;
        assert_eq!(answer(activity, &interaction("performance", performance), "a[.]Anna"), none);
    }
    assert_eq!(answer("x", &interaction("likert", ""), "s1"), none, "nothing says that this is a code");
    assert_eq!(answer("x", "", "ja"), none);
    assert_eq!(answer("x", &interaction("numeric", ""), "3"), none, "numbers only of registered surveys");
}
