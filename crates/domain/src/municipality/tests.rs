//! The folds: what they give, that repeats change nothing, and that only related events have an order.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::competence::Levels;
use crate::events::*;
use crate::statement::{AgentRole, ObjectFacts, Score, StatementFacts, Version};
use crate::surveys::audience;
use crate::testing::{date, event, noon, text};
use crate::{PersonId, competence};

/// When statements were stored: after all that they say happened.
const STORED: Micros = Micros(i64::MAX);

fn unit(code: &str, kind: &str, parent: Option<&str>) -> UnitFacts {
    UnitFacts {
        code: code.into(),
        name: code.into(),
        kind: kind.into(),
        parent: parent.map(str::to_owned),
        school_unit_code: None,
    }
}

fn duty(unit: &str, role: &str, from: &str, to: Option<&str>) -> Duty {
    Duty { unit: unit.into(), role: role.into(), from: date(from), to: to.map(date) }
}

fn person(number: u8, agents: &[u8], duties: &[Duty]) -> PersonFacts {
    PersonFacts {
        person: [number; 16],
        agents: agents.iter().map(|agent| [*agent; 16]).collect(),
        duties: duties.to_vec(),
        enrolments: vec![],
    }
}

fn course(id: &str, copy_of: Option<&str>, parts: &[(&str, Option<&str>)]) -> CourseFacts {
    CourseFacts {
        id: id.into(),
        title: text(id),
        origin: Origin { copy_of: copy_of.map(str::to_owned), unit: copy_of.map(|_| "S1".to_owned()) },
        mandatory_for: vec![],
        activities: parts
            .iter()
            .map(|(id, copy_of)| CourseActivity {
                id: (*id).into(),
                title: text(id),
                kind: ActivityKind::Quiz,
                copy_of: copy_of.map(str::to_owned),
            })
            .collect(),
    }
}

fn rules(activity: &str, level: u8) -> CompetenceRulesFacts {
    let rule = RuleFacts {
        competence: "1.1".into(),
        low: level,
        high: level,
        weight: 1000,
        types: TypeSet::EMPTY,
        valid_months: Some(12),
    };
    CompetenceRulesFacts { framework: "digcomp-3.0".into(), activity: activity.into(), rules: vec![rule] }
}

fn survey(version: &str) -> SurveyFacts {
    let code = |code: &str, dont_know| Code {
        code: code.into(),
        label: text(code),
        score: None,
        positive: false,
        dont_know,
    };
    SurveyFacts {
        id: "s".into(),
        version: version.into(),
        title: text("s"),
        definition_sha256: [0; 32],
        indexes: Vec::new(),
        instrument: None,
        question_set: None,
        groups: Vec::new(),
        scales: vec![Scale { id: "x".into(), codes: vec![code("kan", false), code("vet_ej", true)] }],
        items: vec![SurveyItem {
            name: "q".into(),
            activity: "s:q".into(),
            text: text(version),
            scale: "x".into(),
            reverse: false,
            required: true,
            several: false,
            ranked: false,
            groups: Vec::new(),
            feeds: Some(Feed {
                framework: "digcomp-3.0".into(),
                competence: "1.1".into(),
                levels: [("kan".to_owned(), 5)].into(),
            }),
        }],
    }
}

fn round() -> RoundFacts {
    RoundFacts {
        id: "r".into(),
        survey: "s".into(),
        title: text("r"),
        registration: [9; 16],
        unit: "R1".into(),
        ..crate::testing::round("2025-09-15", "2025-10-03")
    }
}

/// The municipality K with the area R1 (schools S1 and S2) and the school S3 outside any area.
fn town() -> Vec<Event> {
    vec![
        event(1, &unit("K", "huvudman", None)),
        event(2, &unit("R1", "rektorsomrade", Some("K"))),
        event(3, &unit("S1", "skola", Some("R1"))),
        event(4, &unit("S2", "skola", Some("R1"))),
        event(5, &unit("S3", "skola", Some("K"))),
        // Serves at two schools of the area, and moves from one to the other's neighbour.
        event(
            6,
            &person(
                1,
                &[1, 11],
                &[
                    duty("S1", "Lärare", "2025-08-01", None),
                    duty("S2", "Lärare", "2025-08-01", Some("2025-12-31")),
                    duty("S3", "Lärare", "2026-01-01", None),
                ],
            ),
        ),
        event(7, &person(2, &[2], &[duty("S2", "Rektor", "2025-08-01", None)])),
        event(8, &person(3, &[3], &[duty("S3", "Lärare", "2025-08-01", None)])),
        event(9, &person(4, &[4], &[duty("S1", "Lärare", "2025-09-16", None)])),
        event(10, &course("c", None, &[("c:quiz", None)])),
        event(11, &course("c1", Some("c"), &[("c1:quiz", Some("c:quiz"))])),
        event(12, &course("c2", Some("c1"), &[("c2:quiz", Some("c1:quiz"))])),
        event(13, &rules("c:quiz", 4)),
        event(14, &survey("1")),
        event(15, &survey("2")),
        event(16, &round()),
        event(17, &AgentErasedFacts { agents: vec![[2; 16]] }),
    ]
}

fn people(numbers: &[u8]) -> BTreeSet<PersonId> {
    numbers.iter().map(|number| [*number; 16]).collect()
}

#[test]
fn a_base_counts_a_person_at_both_units_and_once_above_them() {
    let town = Municipality::fold(&town()).unwrap();
    let base = town.organisation.duty_base(date("2025-09-16"));
    assert_eq!(base["S1"], people(&[1, 4]));
    assert_eq!(base["S2"], people(&[1, 2]));
    assert_eq!(base["R1"], people(&[1, 2, 4]));
    assert_eq!(base["K"], people(&[1, 2, 3, 4]));
    let base = town.organisation.duty_base(date("2026-01-01"));
    assert_eq!(base["S2"], people(&[2]));
    assert_eq!(base["S3"], people(&[1, 3]));
    assert!(town.organisation.duty_base(date("2025-07-31")).values().all(BTreeSet::is_empty));
}

#[test]
fn the_tree_is_walked_both_ways() {
    let organisation = Municipality::fold(&town()).unwrap().organisation;
    assert_eq!(organisation.ancestors("S1"), ["R1", "K"]);
    assert_eq!(organisation.descendants("R1"), BTreeSet::from(["R1", "S1", "S2"]));
    assert_eq!(organisation.area_of("S2"), Some("R1"));
    assert_eq!(organisation.area_of("R1"), Some("R1"));
    assert_eq!(organisation.area_of("S3"), None);
    assert_eq!(organisation.children(None).map(|unit| unit.code.as_str()).collect::<Vec<_>>(), ["K"]);
}

#[test]
fn units_in_a_circle_end_the_walk() {
    let mut organisation = Organisation::default();
    for facts in [unit("A", "skola", Some("B")), unit("B", "skola", Some("A")), unit("C", "skola", Some("C"))]
    {
        organisation.apply(&event(1, &facts)).unwrap();
    }
    assert_eq!(organisation.ancestors("A"), ["B"]);
    assert_eq!(organisation.descendants("A"), BTreeSet::from(["A", "B"]));
    assert_eq!(organisation.ancestors("C"), [""; 0]);
}

#[test]
fn linked_agents_are_one_person_in_the_roster_and_outside_it() {
    let mut town = Municipality::fold(&town()).unwrap();
    let link =
        |agents: &[u8]| AgentsLinkedFacts { agents: agents.iter().map(|agent| [*agent; 16]).collect() };
    for (position, agents) in [(20, [11, 60]), (21, [60, 61]), (22, [70, 71])] {
        assert!(town.apply(&event(position, &link(&agents))).unwrap());
    }
    let town = town.organisation;
    assert_eq!(town.all_of([61; 16]), [[11; 16], [60; 16], [61; 16]]);
    assert_eq!(town.person_of([61; 16]), [1; 16]);
    assert_eq!(town.units_of([61; 16], None), town.units_of([11; 16], None));
    let of_one: BTreeSet<_> = town.agents_of([1; 16]).into_iter().collect();
    assert!(of_one.is_superset(&[[11; 16], [60; 16], [61; 16]].into()) && of_one.contains(&[1; 16]));
    assert_eq!((town.person_of([71; 16]), town.listed_person_of([71; 16])), ([70; 16], None));
    assert_eq!(town.agents_of([70; 16]), [[70; 16], [71; 16]]);
    assert_eq!(town.all_of([2; 16]), [[2; 16]]);
}

#[test]
fn several_agents_are_one_person_and_a_stranger_is_one_of_their_own() {
    let mut town = Municipality::fold(&town()).unwrap();
    assert_eq!(town.organisation.person_of([11; 16]), [1; 16]);
    assert_eq!(town.organisation.person_of([99; 16]), [99; 16]);
    assert_eq!(town.organisation.listed_person_of([99; 16]), None);
    town.apply(&event(20, &person(1, &[1], &[]))).unwrap();
    assert_eq!(town.organisation.listed_person_of([11; 16]), None, "the last event is what holds");
    assert!(town.organisation.on_duty(None, &[], date("2025-09-16")).is_disjoint(&people(&[1])));
}

#[test]
fn an_erasure_changes_no_figure() {
    let before = Municipality::fold(&town()[..16]).unwrap();
    let after = Municipality::fold(&town()).unwrap();
    assert!(after.organisation.is_erased([2; 16]) && !before.organisation.is_erased([2; 16]));
    let day = date("2025-09-16");
    assert_eq!(before.organisation.duty_base(day), after.organisation.duty_base(day));
    assert_eq!((before.horizon().0, after.horizon().0), (0, 17));
}

#[test]
fn an_audience_is_who_serves_on_the_opening_day() {
    let town = Municipality::fold(&town()).unwrap();
    let asked = town.surveys.round_of([9; 16]).unwrap();
    // 2 is a rektor, 3 serves outside the area, 4 began the day after.
    assert_eq!(audience(asked, &town.organisation), people(&[1]));
}

#[test]
fn pupils_are_asked_only_where_their_role_is_named() {
    let mut town = Municipality::fold(&town()).unwrap();
    let round = town.surveys.round_of([9; 16]).unwrap().clone();
    let pupil = PersonFacts {
        person: [50; 16],
        agents: vec![[50; 16]],
        duties: vec![],
        enrolments: vec![Enrolment {
            unit: round.unit.clone(),
            school_year: Some(7),
            from: date("2025-08-01"),
            to: None,
        }],
    };
    town.apply(&event(30, &pupil)).unwrap();
    let asked = |roles: &[&str]| {
        let round = RoundFacts { roles: roles.iter().map(ToString::to_string).collect(), ..round.clone() };
        audience(&round, &town.organisation)
    };
    assert_eq!(asked(&["Elev"]), people(&[50]));
    assert!(!asked(&[]).contains(&[50; 16]) && !asked(&["Lärare"]).contains(&[50; 16]));
}

#[test]
fn copies_of_copies_have_the_first_for_their_root_and_follow_its_rules() {
    let catalogue = Municipality::fold(&town()).unwrap().catalogue;
    assert_eq!(catalogue.chain("c2:quiz"), ["c2:quiz", "c1:quiz", "c:quiz"]);
    assert_eq!(catalogue.root("c2"), "c");
    assert_eq!(catalogue.root("elsewhere"), "elsewhere");
    assert_eq!(
        catalogue.rules_for("c2:quiz").map(|(framework, _)| framework).collect::<Vec<_>>(),
        ["digcomp-3.0"]
    );
    assert_eq!(catalogue.course_of("c1:quiz").map(|course| course.id.as_str()), Some("c1"));
    assert_eq!(catalogue.rules_for("c2").count(), 0);
}

#[test]
fn a_course_stated_anew_gives_up_what_it_held() {
    let mut catalogue = Municipality::fold(&town()).unwrap().catalogue;
    catalogue.apply(&event(20, &course("c1", None, &[]))).unwrap();
    assert_eq!(catalogue.root("c2"), "c1");
    assert_eq!(catalogue.root("c1:quiz"), "c1:quiz");
    assert!(catalogue.course_of("c1:quiz").is_none());
}

#[test]
fn copies_in_a_circle_have_one_root() {
    let mut catalogue = Catalogue::default();
    for facts in [course("a", Some("b"), &[]), course("b", Some("c"), &[]), course("c", Some("a"), &[])] {
        catalogue.apply(&event(1, &facts)).unwrap();
    }
    catalogue.apply(&event(1, &course("d", Some("b"), &[]))).unwrap();
    for activity in ["a", "b", "c", "d"] {
        assert_eq!(catalogue.root(activity), "a", "{activity}");
    }
}

#[test]
fn an_answer_answers_the_version_that_its_round_asked() {
    let surveys = Municipality::fold(&town()).unwrap().surveys;
    let asked = surveys.asked("s:q", Some([9; 16])).unwrap();
    assert_eq!((asked.survey.version.as_str(), asked.round.map(|r| r.id.as_str())), ("1", Some("r")));
    let asked = surveys.asked("s:q", None).unwrap();
    assert_eq!((asked.survey.version.as_str(), asked.round), ("2", None), "the one registered last");
    assert!(surveys.asked("s:other", Some([9; 16])).is_none());
    assert!(
        surveys.is_code("s:q", "vet_ej") && !surveys.is_code("s:q", "Anna") && !surveys.is_code("x", "kan")
    );
}

fn statement(verb: &str, activity: &str, response: &[&str]) -> StatementFacts {
    StatementFacts {
        id: [0; 16],
        agents: vec![(AgentRole::Actor, [1; 16])],
        actor_is_group: false,
        verb: verb.into(),
        object: ObjectFacts::Activity(activity.into()),
        registration: Some([9; 16]),
        timestamp: Some(noon("2025-09-20")),
        success: None,
        completion: None,
        score: Score::default(),
        duration_cs: None,
        response: response.iter().map(|code| (*code).to_owned()).collect(),
        activities: vec![],
        xapi_version: Version::V2_0_0,
        attachments_from: None,
        origin: None,
        untracked: false,
        voids_own: false,
    }
}

#[test]
fn a_pass_of_a_copy_is_evidence_for_the_root_and_failing_is_none() {
    let town = Municipality::fold(&town()).unwrap();
    let passed = statement(verbs::PASSED, "c2:quiz", &[]);
    let evidence = town.evidence(&passed, STORED, Position(30));
    assert_eq!(evidence.len(), 1);
    assert_eq!((evidence[0].root, evidence[0].low, evidence[0].kind), ("c:quiz", 4, Kind::Demonstrated));
    assert_eq!(evidence[0].valid_until, Some(date("2026-09-20")));
    let state = competence::demonstrated(&evidence, &competence::Requirements::none(), date("2026-09-20"));
    assert_eq!(state, competence::State::Level(Levels::one(4)));
    assert!(town.evidence(&statement(verbs::FAILED, "c2:quiz", &[]), STORED, Position(30)).is_empty());
}

#[test]
fn an_answer_that_claims_a_level_is_evidence_and_dont_know_is_none() {
    let town = Municipality::fold(&town()).unwrap();
    let claims = |verb, codes: &[&str]| {
        let facts = statement(verb, "s:q", codes);
        town.evidence(&facts, STORED, Position(30)).iter().map(|e| (e.kind, e.low)).collect::<Vec<_>>()
    };
    assert_eq!(claims(verbs::ANSWERED, &["kan"]), [(Kind::SelfAssessed, 5)]);
    assert_eq!(claims(verbs::ANSWERED, &["vet_ej"]), []);
    assert_eq!(claims(verbs::ATTEMPTED, &["kan"]), []);
}

#[test]
fn an_answer_at_another_time_than_its_rounds_is_no_evidence() {
    let town = Municipality::fold(&town()).unwrap();
    let at = |timestamp: &str| {
        let mut facts = statement(verbs::ANSWERED, "s:q", &["kan"]);
        facts.timestamp = Some(crate::testing::instant(timestamp).0);
        let stored = crate::testing::instant("2026-01-01T00:00:00Z");
        town.evidence(&facts, stored, Position(30)).len()
    };
    let times =
        ["2025-09-14T21:59:59Z", "2025-09-14T22:00:00Z", "2025-10-03T21:59:59Z", "2025-10-03T22:00:00Z"];
    assert_eq!(times.map(at), [0, 1, 1, 0], "both days are whole, by Swedish clocks");
    // Without a registration of a round it is of no round.
    let mut facts = statement(verbs::ANSWERED, "s:q", &["kan"]);
    (facts.registration, facts.timestamp) = (None, Some(noon("2024-01-01")));
    assert_eq!(town.evidence(&facts, STORED, Position(30)).len(), 1);
}

#[test]
fn an_answer_in_a_round_that_nobody_can_link_is_evidence_of_nobody() {
    let mut facts = statement(verbs::ANSWERED, "s:q", &["kan"]);
    facts.registration = Some([8; 16]);
    let mut town = Municipality::fold(&town()).unwrap();
    let of = |town: &Municipality| town.evidence(&facts, STORED, Position(30)).len();
    let linked = RoundFacts { id: "r2".into(), registration: [8; 16], ..round() };
    town.apply(&event(40, &linked)).unwrap();
    assert_eq!((of(&town), town.surveys.is_for_the_box("s:q", [8; 16])), (1, false));
    town.apply(&event(41, &RoundFacts { mode: RoundMode::Unlinkable, ..linked })).unwrap();
    assert_eq!((of(&town), town.surveys.is_for_the_box("s:q", [8; 16])), (0, true));
    // What is no item of the round's survey is no answer in it.
    assert!(!town.surveys.is_for_the_box("c:quiz", [8; 16]));
    assert!(!town.surveys.is_for_the_box("s:q", [9; 16]));
}

#[test]
fn an_event_that_cannot_be_read_stops_the_fold_at_its_place() {
    let mut events = town();
    events[6].facts.truncate(5);
    assert_eq!(Municipality::fold(&events).unwrap_err().position, Position(7));
    let mut later = town();
    later[2].schema = 2;
    assert_eq!(Municipality::fold(&later).unwrap_err().position, Position(3));
}

#[test]
fn other_kinds_of_events_are_passed_over() {
    let mut town = Municipality::default();
    let facts = CredentialRevokedFacts { credential: [1; 16], by: None };
    assert_eq!(town.apply(&event(1, &facts)), Ok(false));
    assert_eq!(town, Municipality::default());
}

proptest! {
    #[test]
    fn a_repeated_event_changes_nothing(again in proptest::collection::vec(0..17usize, 0..20)) {
        let events = town();
        let once = Municipality::fold(&events).unwrap();
        let mut more = once.clone();
        for at in again {
            more.apply(&events[at]).unwrap();
        }
        prop_assert_eq!(more, once);
    }

    #[test]
    fn events_about_different_things_may_come_in_any_order(events in Just(town()).prop_shuffle()) {
        prop_assert_eq!(Municipality::fold(&events).unwrap(), Municipality::fold(&town()).unwrap());
    }
}
