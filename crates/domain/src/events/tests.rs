//! The bytes of the other kinds of events.

use std::collections::BTreeMap;
use std::fmt::Debug;

use xapi::Identifier;

use super::*;
use crate::competence::{OutcomeType, TypeSet};
use crate::testing::{date, matches_fixture, round, text};
use crate::{BadFacts, Facts, Text};

fn unit() -> UnitFacts {
    UnitFacts {
        code: "S1".into(),
        name: "Sångskolan".into(),
        kind: "skola".into(),
        parent: Some("R1".into()),
        school_unit_code: Some("12345678".into()),
    }
}

fn person() -> PersonFacts {
    PersonFacts {
        person: [1; 16],
        agents: vec![[1; 16], [2; 16]],
        duties: vec![Duty { unit: "S1".into(), role: "Lärare".into(), from: date("2025-08-01"), to: None }],
        enrolments: vec![Enrolment {
            unit: "S1".into(),
            school_year: Some(7),
            from: date("2025-08-18"),
            to: Some(date("2026-06-12")),
        }],
    }
}

fn personal() -> PersonPersonal {
    PersonPersonal {
        given: "Anna".into(),
        family: "Ängskog".into(),
        protected: true,
        identifiers: vec![
            Identifier::Mbox("mailto:a@larkby.example".into()),
            Identifier::MboxSha1sum("0".repeat(40)),
            Identifier::OpenId("https://a.larkby.example".into()),
            Identifier::Account { home_page: "https://larkby.example".into(), name: "a".into() },
        ],
    }
}

fn group() -> GroupFacts {
    GroupFacts {
        id: "7B".into(),
        unit: "S1".into(),
        kind: "Klass".into(),
        members: vec![Membership { agent: [2; 16], from: date("2025-08-18"), to: Some(date("2026-06-12")) }],
    }
}

fn course() -> CourseFacts {
    CourseFacts {
        id: "https://larkby.example/kurser/gdpr/s1".into(),
        title: Text::new("Dataskydd", "Data protection"),
        origin: Origin {
            copy_of: Some("https://larkby.example/kurser/gdpr".into()),
            unit: Some("S1".into()),
        },
        mandatory_for: vec!["Lärare".into()],
        activities: vec![CourseActivity {
            id: "https://larkby.example/kurser/gdpr/s1/prov".into(),
            title: text("Prov"),
            kind: ActivityKind::Quiz,
            copy_of: Some("https://larkby.example/kurser/gdpr/prov".into()),
        }],
    }
}

fn rules() -> CompetenceRulesFacts {
    CompetenceRulesFacts {
        framework: "digcomp-3.0".into(),
        activity: "https://larkby.example/kurser/gdpr/prov".into(),
        rules: vec![RuleFacts {
            competence: "4.2".into(),
            low: 3,
            high: 4,
            weight: 500,
            types: [OutcomeType::Knowledge, OutcomeType::Attitude].into_iter().collect(),
            valid_months: Some(24),
        }],
    }
}

fn targets() -> CompetenceTargetsFacts {
    CompetenceTargetsFacts {
        framework: "digcomp-3.0".into(),
        role: Some("Lärare".into()),
        levels: BTreeMap::from([("1.1".into(), 3), ("4.2".into(), 5)]),
    }
}

fn survey() -> SurveyFacts {
    let code = |code: &str, score, positive, dont_know| Code {
        code: code.into(),
        label: text(code),
        score,
        positive,
        dont_know,
    };
    SurveyFacts {
        id: "https://larkby.example/enkater/sjalv".into(),
        version: "1".into(),
        title: text("Självskattning"),
        definition_sha256: [9; 32],
        indexes: Vec::new(),
        instrument: None,
        question_set: None,
        groups: Vec::new(),
        scales: vec![Scale {
            id: "s".into(),
            codes: vec![
                code("a", Some((0, 1)), false, false),
                code("b", Some((10, 3)), false, false),
                code("c", Some((20, 3)), true, false),
                code("d", Some((10, 1)), true, false),
                code("vet_ej", None, false, true),
            ],
        }],
        items: vec![SurveyItem {
            name: "q1".into(),
            activity: "https://larkby.example/enkater/sjalv/1/q1".into(),
            text: text("Jag kan söka information."),
            scale: "s".into(),
            reverse: true,
            required: true,
            several: false,
            ranked: false,
            groups: Vec::new(),
            feeds: Some(Feed {
                framework: "digcomp-3.0".into(),
                competence: "1.1".into(),
                levels: BTreeMap::from([("a".into(), 1), ("d".into(), 7)]),
            }),
        }],
    }
}

/// What is written is the fixture, comes back the same, and survives a key of a later version.
fn holds<F: Facts + PartialEq + Debug>(name: &str, facts: &F) {
    let bytes = facts.encode();
    matches_fixture(name, &bytes);
    assert_eq!(&F::decode(1, &bytes).unwrap(), facts);
    assert!(matches!(F::decode(2, &bytes), Err(BadFacts::Schema { .. })));
    assert!(F::decode(1, &bytes[..bytes.len() - 1]).is_err());

    let mut later = bytes.clone();
    assert!((0xa0..0xb7).contains(&later[0]), "a short map");
    later[0] += 1;
    later.extend([0x18, 0x63, 0x82, 0x01, 0x02]); // 99: [1, 2]
    assert_eq!(&F::decode(1, &later).unwrap(), facts);
    later.push(0);
    assert!(F::decode(1, &later).is_err(), "nothing may follow");
}

#[test]
fn the_bytes_are_those_of_the_fixtures() {
    holds("unit-1", &unit());
    holds("person-1", &person());
    holds("group-1", &group());
    holds("course-1", &course());
    holds("competence_rules-1", &rules());
    holds("competence_targets-1", &targets());
    holds("survey-1", &survey());
    holds("round-1", &round("2025-09-15", "2025-10-03"));
    holds(
        "round_opened-1",
        &RoundOpenedFacts {
            round: "ht25".into(),
            smallest: 5,
            strata: vec![Stratum {
                unit: "K".into(),
                roles: vec!["Lärare".into()],
                people: 7,
                units: Vec::new(),
                group: None,
            }],
        },
    );
    holds(
        "round_ballots-1",
        &RoundBallotsFacts {
            round: "ht25".into(),
            voted: 5,
            answers: vec![Ballot { stratum: 0, codes: vec![Answered { item: 0, codes: vec!["a".into()] }] }],
        },
    );
    holds("agent_erased-1", &AgentErasedFacts { agents: vec![[1; 16], [2; 16]] });
    holds("agents_linked-1", &AgentsLinkedFacts { agents: vec![[1; 16], [2; 16]] });
    holds(
        "credential_created-1",
        &CredentialCreatedFacts {
            credential: [3; 16],
            scopes: vec!["all".into()],
            expires: Some(1_800_000_000_000_000),
            rate: Some((10, 50)),
            by: Some([6; 16]),
            rules: Some("{}".into()),
        },
    );
    holds(
        "credential_rotated-1",
        &CredentialRotatedFacts { credential: [3; 16], grace_seconds: Some(3600), by: None },
    );
    holds("credential_revoked-1", &CredentialRevokedFacts { credential: [3; 16], by: Some([6; 16]) });
    holds(
        "credential_rules-1",
        &CredentialRulesFacts { credential: [3; 16], by: None, rules: Some("{}".into()) },
    );
    holds(
        "import_run-1",
        &ImportRunFacts {
            run: [9; 16],
            source: "learning-locker".into(),
            credential: [3; 16],
            counts: Some(ImportCounts { read: 5, stored: 3, known: 1, aside: 1, without_content: 0 }),
        },
    );
    holds(
        "forward_set-1",
        &ForwardSetFacts {
            forward: [7; 16],
            kind: 1,
            verbs: vec!["http://adlnet.gov/expapi/verbs/completed".into()],
            activities: vec!["https://larkby.example/kurser/".into()],
            units: vec!["S1".into()],
            by: Some([6; 16]),
            paused: Some(1),
            after: 1000,
        },
    );
    holds("forward_removed-1", &ForwardRemovedFacts { forward: [7; 16], by: None });
    holds(
        "statement_refused-1",
        &StatementRefusedFacts {
            id: [7; 16],
            unnamed: true,
            rule: Some(RuleKind::Activity),
            request: [8; 16],
            xapi_version: 2,
            attachments_from: Some(3),
            bytes: 1_234,
            path: None,
            expected: None,
        },
    );
    holds(
        "statement_refused_placed-1",
        &StatementRefusedFacts {
            id: [7; 16],
            unnamed: true,
            rule: Some(RuleKind::Activity),
            request: [8; 16],
            xapi_version: 2,
            attachments_from: Some(3),
            bytes: 1_234,
            path: Some("/object/id".into()),
            expected: Some("an activity that this credential may send about".into()),
        },
    );
    let settled = vec![
        (17, Settled::Stored, 1_768_464_000_000_000),
        (18, Settled::Known, 1_768_464_000_000_001),
        (300, Settled::Unreadable, 1_768_464_000_000_002),
    ];
    holds("kept_replayed-1", &KeptReplayedFacts { credential: [3; 16], by: Some([6; 16]), settled });
    holds(
        "kept_discarded-1",
        &KeptDiscardedFacts { credential: [3; 16], by: None, positions: vec![17, 300] },
    );
    holds("framework-1", &FrameworkFacts { id: "digcomp-3.0".into(), sha256: [4; 32] });
    holds(
        "activity_defined-1",
        &ActivityDefinedFacts { activity: "https://larkby.example/a".into(), definition: "{}".into() },
    );
}

/// What is written with an account is the fixture, is read as if it were not there, and names the account.
fn names_who<F: Facts + PartialEq + Debug>(name: &str, facts: &F) {
    let bytes = caused_by(facts.encode(), Some([6; 16]));
    matches_fixture(name, &bytes);
    assert_eq!(&F::decode(1, &bytes).unwrap(), facts);
    assert_eq!(cause_of(&bytes), Some([6; 16]));
    assert_eq!(cause_of(&facts.encode()), None);
    assert_eq!(caused_by(facts.encode(), None), facts.encode());
}

#[test]
fn every_kind_of_the_municipality_names_the_account_that_caused_it() {
    names_who("unit-by-1", &unit());
    names_who("person-by-1", &person());
    names_who("group-by-1", &group());
    names_who("course-by-1", &course());
    names_who("competence_rules-by-1", &rules());
    names_who("competence_targets-by-1", &targets());
    names_who("survey-by-1", &survey());
    names_who("round-by-1", &round("2025-09-15", "2025-10-03"));
}

#[test]
fn a_name_is_only_in_the_slot() {
    let bytes = personal().encode();
    matches_fixture("person-slot-1", &bytes);
    assert_eq!(PersonPersonal::decode(&bytes).unwrap(), personal());
    let named = GroupPersonal { name: "Annas grupp".into() };
    matches_fixture("group-slot-1", &named.encode());
    assert_eq!(GroupPersonal::decode(&named.encode()).unwrap(), named);
}

#[test]
fn absent_values_take_no_bytes() {
    let bare = UnitFacts { parent: None, school_unit_code: None, ..unit() };
    assert_eq!(bare.encode()[0], 0xa3);
    let refused = StatementRefusedFacts {
        id: [7; 16],
        unnamed: false,
        rule: None,
        request: [8; 16],
        xapi_version: 1,
        attachments_from: None,
        bytes: 1,
        path: None,
        expected: None,
    };
    assert_eq!(refused.encode()[0], 0xa4);
    assert_eq!(StatementRefusedFacts::decode(1, &refused.encode()).unwrap(), refused);
    let nobody = PersonFacts { duties: vec![], enrolments: vec![], ..person() };
    assert_eq!(nobody.encode()[0], 0xa2);
    assert_eq!(PersonFacts::decode(1, &nobody.encode()).unwrap(), nobody);
}

#[test]
fn errors_do_not_repeat_what_they_could_not_read() {
    let mut bytes = unit().encode();
    let at = bytes.windows(5).position(|window| window == b"skola").unwrap();
    bytes[at] = 0xff;
    let error = UnitFacts::decode(1, &bytes).unwrap_err().to_string();
    assert!(!error.contains("kola") && !error.contains("ngskolan"), "{error}");
}

#[test]
fn a_reversed_item_turns_scores_and_polarity_round_and_leaves_dont_know_alone() {
    let scale = &survey().scales[0];
    assert_eq!(scale.score("d", false), Some((10, 1)));
    assert_eq!(scale.score("d", true), Some((0, 1)));
    assert_eq!(scale.score("b", true), Some((20, 3)));
    assert_eq!(scale.score("vet_ej", false), None);
    assert_eq!(scale.score("vet_ej", true), None);
    assert_eq!(scale.score("?", true), None);
    assert!(scale.is_positive("c", false) && !scale.is_positive("c", true));
    assert!(scale.is_positive("a", true) && !scale.is_positive("a", false));
    assert!(!scale.is_positive("vet_ej", true));
}

#[test]
fn a_rule_holds_through_the_day_its_months_end() {
    let rule = &rules().rules[0];
    assert_eq!(rule.valid_until(date("2026-01-31")), Some(date("2028-01-31")));
    assert_eq!(RuleFacts { valid_months: None, ..rule.clone() }.valid_until(date("2026-01-31")), None);
    assert_eq!(TypeSet::from_bits(5), rule.types);
}
