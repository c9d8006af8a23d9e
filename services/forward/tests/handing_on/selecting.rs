//! Which statements are handed on.

use domain::Selection;
use domain::events::{Duty, PersonFacts, UnitFacts};
use domain::{Date, Facts};
use eventlog::clock::Clock as _;
use eventlog::{Append, Key};
use forward::Wanted;
use serde_json::json;
use xapi::Identifier;

use crate::other::Other;
use crate::promises;
use crate::rig::*;
use crate::world::{Working, to_lrs};

fn list(entries: &[&str]) -> Vec<String> {
    entries.iter().map(|entry| (*entry).to_owned()).collect()
}

fn selected(name: &str, other: &Other, selection: Selection) -> Wanted {
    Wanted { selection, ..to_lrs(name, other) }
}

fn ids(numbers: &[u32]) -> Vec<String> {
    numbers.iter().copied().map(id).collect()
}

async fn append<F: Facts>(rig: &Rig, number: u8, facts: &F) {
    let event = facts.event([number; 16]);
    rig.log.append(Append { events: vec![event], ..Append::default() }).await.unwrap();
}

async fn agent_id(rig: &Rig, name: &str) -> Key {
    let account = Identifier::Account { home_page: "https://larkby.example".into(), name: name.into() };
    rig.vault.lookup(&[account]).await.unwrap()[0].unwrap().0
}

promises! {
    async fn a_filter_takes_by_verb_and_activity_and_voiding_follows_what_was_taken(rig) {
        let (about, by_verb) = (Other::start(), Other::start());
        let working = Working::begin(&rig, "one");
        let planned = "http://v.example/planned";
        let mut other_verb = statement(2, "anna", "a/1");
        other_verb["verb"]["id"] = planned.into();
        rig.post(&json!([statement(1, "anna", "a/1"), other_verb, statement(3, "bo", "b")])).await.expect(200);
        let here = Selection { activities: vec![activity("a/")], ..Selection::default() };
        let verb = Selection { verbs: list(&[VERB]), activities: vec![activity("a/")], ..Selection::default() };
        working.forwards.create(selected("about", &about, here), None).await.unwrap();
        working.forwards.create(selected("verb", &by_verb, verb), None).await.unwrap();
        working.done("about").await;
        working.done("verb").await;
        assert_eq!((about.taken(), by_verb.taken()), (ids(&[1, 2]), ids(&[1])));
        // One voids what both have, one what one has, one what neither has, and one what does not exist yet.
        let voids = |number, target| reference(number, "bo", VOIDED, target);
        rig.post(&json!([voids(11, 1), voids(12, 2), voids(13, 3), voids(14, 5), voids(16, 6)])).await.expect(200);
        rig.post(&json!([statement(4, "anna", "a/2"), statement(5, "anna", "a/2"), statement(6, "anna", "b"), statement(7, "anna", "a/2")])).await.expect(200);
        working.done("about").await;
        working.done("verb").await;
        assert_eq!(about.taken(), ids(&[1, 2, 11, 12, 4, 5, 14, 7]), "what was voided before it came is voided there too");
        assert_eq!(by_verb.taken(), ids(&[1, 11, 4, 5, 14, 7]));
        working.end().await;
    }

    async fn a_filter_takes_by_unit_and_voiding_follows_whoever_has_moved_on_since(rig) {
        let other = Other::start();
        let working = Working::begin(&rig, "one");
        rig.post(&json!([statement(1, "anna", "a"), statement(2, "bo", "a")])).await.expect(200);
        let (anna, bo) = (agent_id(&rig, "anna").await, agent_id(&rig, "bo").await);
        for (number, code, parent) in [(1, "K", None), (2, "S1", Some("K")), (3, "S2", Some("K"))] {
            let unit = UnitFacts { code: code.into(), name: code.into(), kind: "skola".into(), parent: parent.map(str::to_owned), school_unit_code: None };
            append(&rig, number, &unit).await;
        }
        let today = Date::in_sweden(rig.clock.now());
        let works = |agent: Key, unit: &str| PersonFacts {
            person: agent,
            agents: vec![agent],
            duties: vec![Duty { unit: unit.into(), role: "Lärare".into(), from: today, to: None }],
            enrolments: vec![],
        };
        append(&rig, 4, &works(anna, "S1")).await;
        append(&rig, 5, &works(bo, "S2")).await;
        let there = Selection { units: list(&["S1"]), ..Selection::default() };
        let unknown = Selection { units: list(&["S9"]), ..Selection::default() };
        assert!(working.forwards.create(selected("unknown", &other, unknown), None).await.is_err());
        working.forwards.create(selected("school", &other, there), None).await.unwrap();
        rig.post(&json!([statement(3, "anna", "a"), statement(4, "bo", "a"), statement(5, "carl", "a")])).await.expect(200);
        working.done("school").await;
        assert_eq!(other.taken(), ids(&[1, 3]));
        // The roster forgets that she ever was there.
        append(&rig, 6, &works(anna, "S2")).await;
        let voids = |number, target| reference(number, "carl", VOIDED, target);
        rig.post(&json!([statement(6, "anna", "a"), voids(11, 3), voids(12, 4)])).await.expect(200);
        working.done("school").await;
        assert_eq!(other.taken(), ids(&[1, 3, 11]));
        working.end().await;
    }

    async fn a_filter_by_unit_never_says_where_a_protected_person_is(rig) {
        let other = Other::start();
        let working = Working::begin(&rig, "one");
        let unit = UnitFacts { code: "S1".into(), name: "S1".into(), kind: "skola".into(), parent: None, school_unit_code: None };
        append(&rig, 1, &unit).await;
        rig.enlist("anna", "S1", true).await;
        rig.enlist("bo", "S1", false).await;
        let there = Selection { units: list(&["S1"]), ..Selection::default() };
        working.forwards.create(selected("school", &other, there), None).await.unwrap();
        let voids = |number, name, target| reference(number, name, VOIDED, target);
        rig.post(&json!([statement(1, "anna", "a"), statement(2, "bo", "a"), voids(11, "anna", 1), voids(12, "carl", 2)])).await.expect(200);
        working.done("school").await;
        assert_eq!(other.taken(), ids(&[2, 12]));
        working.end().await;
    }

    async fn what_voids_nothing_here_is_not_handed_on_to_void_it_there(rig) {
        let other = Other::start();
        let working = Working::begin(&rig, "one");
        working.forwards.create(selected("all", &other, Selection::default()), None).await.unwrap();
        let tool = rig.credential(&["statements/write"]).await;
        let voids = |number, target| reference(number, "bo", VOIDED, target);
        // Of what is to come one is somebody else's, and one its own.
        rig.post_by(&tool, "2.0.0", &json!([voids(11, 1), voids(12, 2)])).await.expect(200);
        rig.post(&json!([statement(1, "anna", "a")])).await.expect(200);
        working.done("all").await;
        rig.post_by(&tool, "2.0.0", &json!([statement(2, "anna", "a"), statement(3, "anna", "a"), voids(13, 3)])).await.expect(200);
        working.done("all").await;
        assert_eq!(other.taken(), ids(&[1, 2, 12, 3, 13]));
        working.end().await;
    }

    async fn what_erased_people_said_is_not_handed_on_and_they_are_nobody_in_what_others_said(rig) {
        let other = Other::start();
        let working = Working::begin(&rig, "one");
        let mut taught = statement(2, "bo", "a");
        taught["context"] = json!({ "instructor": agent("anna") });
        rig.post(&json!([statement(1, "anna", "a"), taught, statement(3, "carl", "a")])).await.expect(200);
        // That something is void is known wherever it went, whoever said so.
        rig.post(&json!([statement(4, "bo", "a"), reference(5, "anna", VOIDED, 4)])).await.expect(200);
        rig.lrs.erase(&agent("anna").to_string()).await.unwrap();
        working.forwards.create(to_lrs("county", &other), None).await.unwrap();
        let standing = working.done("county").await;
        assert_eq!(other.taken(), ids(&[2, 3, 4, 5]));
        assert_eq!((standing.forward.counts.sent, standing.forward.counts.erased), (4, 1));
        let statements = other.came()[0].statements();
        assert_eq!(statements[3]["actor"]["account"]["homePage"], format!("{BASE}/erased"));
        assert_eq!(statements[3]["object"]["id"], id(4));
        assert_eq!(statements[0]["context"]["instructor"]["account"]["homePage"], format!("{BASE}/erased"));
        assert!(!other.came()[0].text().contains("anna"));
        working.end().await;
    }
}
