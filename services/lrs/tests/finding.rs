//! Lists: filters, references, voiding, pages.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Facts as _, StatementFacts};
use eventlog::{Append, Event, NewEvent, Position};
use lrs::Limits;
use rig::documents::{self, NEW, at};
use rig::*;
use serde_json::{Value, json};

const SEEN: &str = "http://e.org/verbs/seen";

fn with(mut statement: Value, path: &str, value: Value) -> Value {
    let (parents, last) = path.rsplit_once('/').unwrap();
    let mut place = &mut statement;
    for name in parents.split('/').filter(|name| !name.is_empty()) {
        place = &mut place[name];
    }
    place[last] = value;
    statement
}

/// Puts so many copies of each of some statements into the log, under ids of their own and without their texts.
async fn crowd(rig: &Rig, of: &[Position], copies: u32) {
    let of = rig.log.read_events_at(of).await.unwrap();
    for numbers in (0..copies).collect::<Vec<_>>().chunks(500) {
        let copy = |number: u32, event: &Event| {
            let mut facts = StatementFacts::decode(event.schema, &event.facts).unwrap();
            facts.id = [0xc0; 16];
            facts.id[..4].copy_from_slice(&number.to_be_bytes());
            facts.id[4..12].copy_from_slice(&event.position.0.to_be_bytes());
            NewEvent { credential: event.credential, dedupe: Some(facts.id), ..facts.event(facts.id) }
        };
        let events = numbers.iter().flat_map(|number| of.iter().map(|event| copy(*number, event))).collect();
        rig.log.append(Append { events, ..Append::default() }).await.unwrap();
    }
}

promises! {
    async fn whoever_reads_their_own_write_finds_it_by_every_filter(rig) {
        let registration = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
        let sent = with(statement(1, "anna", "a"), "/context/registration", registration.into());
        rig.post(&json!([sent, statement(2, "bo", "b")])).await.expect(200);
        let anna = agent("anna").to_string();
        for filter in [("agent", anna.as_str()), ("activity", &activity("a")), ("registration", registration)] {
            assert_eq!(rig.ids(&[filter]).await, [id(1)], "{}", filter.0);
        }
        assert_eq!(rig.ids(&[("verb", VERB)]).await, [id(2), id(1)]);
        assert_eq!(rig.ids(&[("verb", VERB), ("agent", &anna)]).await, [id(1)]);
        assert_eq!(rig.ids(&[("activity", &activity("b")), ("agent", &anna)]).await, [""; 0]);
        assert_eq!(rig.ids(&[("agent", &agent("nobody").to_string())]).await, [""; 0]);
    }

    async fn texts_of_many_people_and_long_ones_are_given_whole(rig) {
        // Nothing that packs well.
        let long: String = (0..900u32).map(|n| format!("{:08x}", n.wrapping_mul(2_654_435_769))).collect();
        let named = |name: &str| with(agent(name), "/name", format!("{name} {long}").into());
        let member: Vec<Value> = (0..12).map(|n| agent(&format!("m{n}"))).collect();
        let team = json!({ "objectType": "Group", "member": member });
        let sent = [
            with(statement(1, "bo", "a"), "/context/instructor", named("anna")),
            with(statement(2, "bo", "a"), "/context/team", team.clone()),
            with(with(statement(3, "bo", "a"), "/context/team", team), "/context/instructor", named("carl")),
            with(statement(4, "bo", "a"), "/actor", named("bo")),
        ];
        rig.post(&json!(sent)).await.expect(200);
        let given = rig.get(&[("verb", VERB), ("ascending", "true")]).await.expect(200).json();
        for (sent, given) in sent.iter().zip(given["statements"].as_array().unwrap()) {
            for part in ["id", "actor", "context"] {
                assert_eq!(given[part], sent[part], "{part}");
            }
        }
        assert_eq!(given["statements"].as_array().unwrap().len(), sent.len());
    }

    async fn an_agent_filter_finds_actors_objects_and_members_of_groups(rig) {
        let group = json!({ "objectType": "Group", "member": [agent("anna"), agent("bo")] });
        let named = json!({ "objectType": "Group", "account": { "homePage": "https://larkby.example", "name": "7a" },
            "member": [agent("anna")] });
        let friend = with(agent("anna"), "/objectType", "Agent".into());
        rig.post(&json!([
            with(statement(1, "x", "a"), "/actor", group),
            with(statement(2, "bo", "a"), "/object", friend),
            with(statement(3, "bo", "a"), "/object", named.clone()),
            with(statement(4, "bo", "a"), "/context/instructor", agent("anna")),
        ]))
        .await
        .expect(200);
        let anna = agent("anna").to_string();
        assert_eq!(rig.ids(&[("agent", &anna)]).await, [id(3), id(2), id(1)]);
        assert_eq!(rig.ids(&[("agent", &named.to_string())]).await, [id(3)]);
        assert_eq!(rig.ids(&[("agent", &anna), ("related_agents", "true")]).await, [id(4), id(3), id(2), id(1)]);
    }

    async fn related_agents_looks_into_sub_statements_context_and_authority(rig) {
        let anna = agent("anna");
        let sub = json!({ "objectType": "SubStatement", "actor": anna, "verb": { "id": SEEN },
            "object": { "id": activity("a") } });
        let team = json!({ "objectType": "Group", "member": [anna] });
        let agents = json!([{ "objectType": "contextAgent", "agent": anna }]);
        let groups = json!([{ "objectType": "contextGroup", "group": team }]);
        rig.post(&json!([
            with(statement(1, "bo", "a"), "/object", sub),
            with(statement(2, "bo", "a"), "/context/team", team),
            with(statement(3, "bo", "a"), "/context/contextAgents", agents),
            with(statement(4, "bo", "a"), "/context/contextGroups", groups),
            statement(5, "bo", "a"),
        ]))
        .await
        .expect(200);
        let anna = anna.to_string();
        assert_eq!(rig.ids(&[("agent", &anna)]).await, [""; 0]);
        assert_eq!(rig.ids(&[("agent", &anna), ("related_agents", "true")]).await, [id(4), id(3), id(2), id(1)]);
        let authority = rig.get(&[("statementId", &id(5))]).await.expect(200).json()["authority"].to_string();
        let by_authority = [("agent", authority.as_str()), ("related_agents", "true")];
        assert_eq!(rig.ids(&by_authority).await, [id(5), id(4), id(3), id(2), id(1)]);
        assert_eq!(rig.ids(&by_authority[..1]).await, [""; 0]);
    }

    async fn related_agents_looks_everywhere_in_a_sub_statement_and_at_named_groups(rig) {
        let (anna, named) = (agent("anna"), json!({ "objectType": "Group", "account": { "homePage": "https://larkby.example", "name": "7a" } }));
        let sub = json!({ "objectType": "SubStatement", "actor": agent("bo"), "verb": { "id": SEEN },
            "object": { "id": activity("a") } });
        let agents = |agent: &Value| json!([{ "objectType": "contextAgent", "agent": agent }]);
        let groups = |group: &Value| json!([{ "objectType": "contextGroup", "group": group }]);
        let members = json!({ "objectType": "Group", "member": [anna] });
        let places = [
            ("/context/instructor", anna.clone()), ("/context/team", members.clone()), ("/context/contextAgents", agents(&anna)),
            ("/context/contextGroups", groups(&members)), ("/object", with(anna.clone(), "/objectType", "Agent".into())),
        ];
        for (number, (place, value)) in (1..).zip(&places) {
            let sub = with(sub.clone(), place, value.clone());
            rig.post(&with(statement(number, "bo", "a"), "/object", sub)).await.expect(200);
        }
        let groups = [("/context/team", named.clone()), ("/context/contextGroups", groups(&named)), ("/context/instructor", named.clone())];
        for (number, (place, value)) in (11..).zip(&groups) {
            rig.post(&with(statement(number, "bo", "a"), place, value.clone())).await.expect(200);
        }
        for (agent, expected) in [(anna, 1..=5), (named, 11..=13)] {
            let agent = agent.to_string();
            assert_eq!(rig.ids(&[("agent", &agent)]).await, [""; 0]);
            let expected: Vec<String> = expected.rev().map(id).collect();
            assert_eq!(rig.ids(&[("agent", &agent), ("related_agents", "true")]).await, expected);
        }
    }

    async fn what_is_longer_than_an_index_holds_is_found_all_the_same(rig) {
        let long = |what: &str| format!("https://larkby.example/{what}/{}", "x".repeat(3_000));
        let anna = json!({ "account": { "homePage": long("home"), "name": "anna" } });
        let definition = json!({ "name": { "sv": "En kurs" } });
        for number in 1..=3 {
            let sent = with(with(statement(number, "x", "a"), "/actor", anna.clone()), "/verb/id", long("verb").into());
            rig.post(&with(sent, "/object", json!({ "id": long("kurs"), "definition": definition }))).await.expect(200);
        }
        let agent = anna.to_string();
        for filter in [("verb", long("verb")), ("activity", long("kurs")), ("agent", agent.clone())] {
            let filter = (filter.0, filter.1.as_str());
            assert_eq!(rig.all_ids(&[filter, ("limit", "2")]).await, [id(3), id(2), id(1)], "{}", filter.0);
        }
        let found = rig.get_as("2.0.0", &at("activities", &[("activityId", &long("kurs"))])).await.expect(200).json();
        assert_eq!(found["definition"], definition);
        for (resource, parameters) in [
            ("activities/state", vec![("activityId", long("kurs")), ("agent", agent.clone()), ("stateId", long("state"))]),
            ("activities/profile", vec![("activityId", long("kurs")), ("profileId", long("profile"))]),
            ("agents/profile", vec![("agent", agent), ("profileId", long("profile"))]),
        ] {
            let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let (id, uri) = (parameters.last().unwrap().1, at(resource, &parameters));
            documents::put(&rig, "2.0.0", &uri, &[NEW], "kept").await.expect(204);
            assert_eq!(documents::get(&rig, &uri).await.expect(200).text(), "kept");
            assert_eq!(documents::ids(&rig, &at(resource, &parameters[..parameters.len() - 1])).await, [id]);
        }
    }

    async fn related_activities_looks_into_context_and_sub_statements(rig) {
        let course = json!([{ "id": activity("kurs") }]);
        let sub = json!({ "objectType": "SubStatement", "actor": agent("bo"), "verb": { "id": SEEN },
            "object": { "id": activity("kurs") } });
        let mut deep = sub.clone();
        deep["object"]["id"] = activity("b").into();
        deep["context"] = json!({ "contextActivities": { "grouping": course } });
        rig.post(&json!([
            with(statement(1, "anna", "a"), "/context/contextActivities", json!({ "parent": course })),
            with(statement(2, "anna", "a"), "/context/contextActivities", json!({ "category": course[0] })),
            with(statement(3, "anna", "a"), "/object", sub),
            with(statement(4, "anna", "a"), "/object", deep),
            statement(5, "anna", "kurs"),
        ]))
        .await
        .expect(200);
        let kurs = activity("kurs");
        assert_eq!(rig.ids(&[("activity", &kurs)]).await, [id(5)]);
        let related = [("activity", kurs.as_str()), ("related_activities", "true")];
        assert_eq!(rig.ids(&related).await, [id(5), id(4), id(3), id(2), id(1)]);
    }

    async fn who_refers_is_found_with_what_is_referred_to_in_whichever_order_they_came(rig) {
        // 3 refers to 2 refers to 1, and 1 comes last; 4 comes after it.
        rig.post(&reference(3, "carl", SEEN, 2)).await.expect(200);
        rig.post(&reference(2, "bo", SEEN, 1)).await.expect(200);
        rig.post(&statement(1, "anna", "a")).await.expect(200);
        rig.post(&reference(4, "dora", SEEN, 3)).await.expect(200);
        let all = [id(4), id(1), id(2), id(3)];
        assert_eq!(rig.ids(&[("agent", &agent("anna").to_string())]).await, all);
        assert_eq!(rig.ids(&[("activity", &activity("a"))]).await, all);
        assert_eq!(rig.ids(&[("agent", &agent("bo").to_string())]).await, [id(4), id(2), id(3)]);
        assert_eq!(rig.ids(&[("verb", VERB), ("agent", &agent("anna").to_string())]).await, all);
    }

    async fn all_conditions_have_to_hold_on_one_and_the_same_statement(rig) {
        rig.post(&json!([statement(1, "anna", "a"), reference(2, "bo", SEEN, 1)])).await.expect(200);
        let (anna, bo) = (agent("anna").to_string(), agent("bo").to_string());
        // Bo has seen; Anna has completed: never Bo's agent with Anna's verb or activity.
        assert_eq!(rig.ids(&[("agent", &bo), ("verb", VERB)]).await, [""; 0]);
        assert_eq!(rig.ids(&[("agent", &bo), ("activity", &activity("a"))]).await, [""; 0]);
        assert_eq!(rig.ids(&[("agent", &anna), ("verb", SEEN)]).await, [""; 0]);
        assert_eq!(rig.ids(&[("agent", &bo), ("verb", SEEN)]).await, [id(2)]);
        assert_eq!(rig.ids(&[("agent", &anna), ("activity", &activity("a"))]).await, [id(2), id(1)]);
        assert_eq!(rig.ids(&[("agent", &anna), ("related_agents", "true"), ("verb", VERB)]).await, [id(2), id(1)]);
    }

    async fn references_in_a_circle_are_walked_once(rig) {
        rig.post(&reference(1, "anna", SEEN, 2)).await.expect(200);
        rig.post(&reference(2, "bo", SEEN, 3)).await.expect(200);
        rig.post(&json!([reference(3, "carl", SEEN, 1), reference(4, "dora", SEEN, 4)])).await.expect(200);
        for name in ["anna", "bo", "carl"] {
            assert_eq!(rig.ids(&[("agent", &agent(name).to_string())]).await, [id(3), id(2), id(1)], "{name}");
        }
        assert_eq!(rig.ids(&[("agent", &agent("dora").to_string())]).await, [id(4)]);
    }

    async fn a_voided_statement_is_found_only_as_voided_and_still_lends_its_row(rig) {
        rig.post(&json!([statement(1, "anna", "a"), reference(2, "bo", SEEN, 1)])).await.expect(200);
        rig.post(&reference(3, "carl", VOIDED, 1)).await.expect(200);
        rig.get(&[("statementId", &id(1))]).await.expect(404);
        rig.get(&[("voidedStatementId", &id(1))]).await.expect(200);
        rig.get(&[("voidedStatementId", &id(2))]).await.expect(404);
        assert_eq!(rig.ids(&[]).await, [id(3), id(2)]);
        assert_eq!(rig.ids(&[("activity", &activity("a"))]).await, [id(3), id(2)]);
    }

    async fn a_voiding_statement_may_come_before_its_target(rig) {
        rig.post(&reference(2, "carl", VOIDED, 1)).await.expect(200);
        rig.post(&statement(1, "anna", "a")).await.expect(200);
        rig.get(&[("statementId", &id(1))]).await.expect(404);
        rig.get(&[("voidedStatementId", &id(1))]).await.expect(200);
        assert_eq!(rig.ids(&[("activity", &activity("a"))]).await, [id(2)]);
        let batch = json!([reference(4, "carl", VOIDED, 3), statement(3, "anna", "b")]);
        rig.post(&batch).await.expect(200);
        rig.get(&[("voidedStatementId", &id(3))]).await.expect(200);
    }

    async fn a_voiding_statement_cannot_be_voided(rig) {
        rig.post(&statement(1, "anna", "a")).await.expect(200);
        rig.post(&reference(2, "carl", VOIDED, 1)).await.expect(200);
        rig.post(&reference(3, "carl", VOIDED, 2)).await.expect(200);
        rig.get(&[("statementId", &id(2))]).await.expect(200);
        rig.get(&[("voidedStatementId", &id(1))]).await.expect(200);
        // In the other order too.
        rig.post(&reference(5, "carl", VOIDED, 4)).await.expect(200);
        rig.post(&reference(4, "carl", VOIDED, 1)).await.expect(200);
        rig.get(&[("statementId", &id(4))]).await.expect(200);
    }

    async fn since_is_exclusive_and_until_inclusive_on_stored(rig) {
        for number in 1..=3 {
            rig.post(&statement(number, "anna", "a")).await.expect(200);
            rig.clock.advance(Duration::from_secs(60));
        }
        let second = rig.get(&[("statementId", &id(2))]).await.expect(200).json();
        let at = second["stored"].as_str().unwrap();
        assert_eq!(rig.ids(&[("since", at)]).await, [id(3)]);
        assert_eq!(rig.ids(&[("until", at)]).await, [id(2), id(1)]);
        assert_eq!(rig.ids(&[("until", at), ("ascending", "true")]).await, [id(1), id(2)]);
        assert_eq!(rig.ids(&[("since", at), ("until", at)]).await, [""; 0]);
        assert_eq!(rig.ids(&[("since", at), ("agent", &agent("anna").to_string())]).await, [id(3)]);
        rig.get(&[("since", "2026-01-15T08:00:00-00:00")]).await.expect(400);
    }

    async fn pages_neither_repeat_nor_skip_while_others_write(rig) {
        let batch: Vec<Value> = (1..=25).map(|number| statement(number, "anna", "a")).collect();
        rig.post(&batch.into()).await.expect(200);
        let anna = agent("anna").to_string();
        let newest_first: Vec<String> = (1..=25).rev().map(id).collect();
        for filter in [None, Some(("agent", anna.as_str()))] {
            let at = rig.get(&[("statementId", &id(25))]).await.expect(200).json()["stored"].clone();
            for ascending in ["false", "true"] {
                let mut parameters = vec![("limit", "4"), ("ascending", ascending)];
                parameters.extend(filter);
                // What was written in an earlier round lies after the 25th.
                let until = at.as_str().unwrap().to_owned();
                if ascending == "false" {
                    parameters.push(("until", &until));
                }
                let mut page = rig.get(&parameters).await.expect(200);
                let mut found = page.ids();
                while found.len() < 25 {
                    rig.post(&plain("anna", "a")).await.expect(200);
                    let more = page.json()["more"].as_str().unwrap().to_owned();
                    let token = more.strip_prefix("/xapi/statements?more=").unwrap();
                    let token = URL_SAFE_NO_PAD.decode(token).unwrap();
                    assert!(!token.windows(6).any(|some| some == b"larkby" || some == b"\"limit"), "{more}");
                    assert!(serde_json::from_slice::<Value>(&token).is_err(), "it is sealed");
                    page = rig.get_as("2.0.0", &more).await.expect(200);
                    found.extend(page.ids());
                }
                found.truncate(25);
                if ascending == "true" {
                    found.reverse();
                }
                assert_eq!(found, newest_first);
            }
        }
    }

    async fn a_list_ends_where_the_log_did_when_it_was_asked_for(rig) {
        let mut expected = 9;
        rig.post(&(1..=9).map(|number| statement(number, "anna", "a")).collect()).await.expect(200);
        let anna = agent("anna").to_string();
        for (filter, ascending) in [(false, "false"), (false, "true"), (true, "false"), (true, "true")] {
            let mut parameters = vec![("limit", "4"), ("ascending", ascending)];
            parameters.extend(filter.then_some(("agent", anna.as_str())));
            let mut page = rig.get(&parameters).await.expect(200);
            let (mut found, asked_at) = (page.ids(), expected);
            while page.json()["more"] != "" {
                // Three times what is read, so that whoever takes them in never ends.
                let more: Value = (1..=12).map(|number| statement(expected + number, "anna", "a")).collect();
                rig.post(&more).await.expect(200);
                expected += 12;
                page = rig.get_as("2.0.0", page.json()["more"].as_str().unwrap()).await.expect(200);
                found.extend(page.ids());
                assert!(found.len() <= asked_at as usize, "{ascending} {filter}");
            }
            let mut all: Vec<String> = (1..=asked_at).map(id).collect();
            if ascending == "false" {
                all.reverse();
            }
            assert_eq!(found, all, "{ascending} {filter}");
        }
    }

    async fn a_page_goes_on_at_another_node_as_it_began(rig) {
        let registration = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
        let course = json!({ "parent": [{ "id": activity("kurs"), "definition": { "name": { "sv": "Kursen", "en": "It" } } }] });
        for number in 1..=6 {
            let sent = with(statement(number, "bo", "a"), "/context/registration", registration.into());
            let sent = with(with(sent, "/context/contextActivities", course.clone()), "/context/instructor", agent("anna"));
            rig.post(&json!([sent, plain("bo", "a")])).await.expect(200);
        }
        let (rig, other) = rig.with_another_node().await;
        let (anna, kurs) = (agent("anna").to_string(), activity("kurs"));
        for asked in [
            vec![("registration", registration), ("format", "ids")],
            vec![("agent", &anna), ("related_agents", "true"), ("format", "canonical")],
            vec![("activity", &kurs), ("related_activities", "true"), ("ascending", "true")],
        ] {
            let whole = rig.get(&asked).await.expect(200).json()["statements"].clone();
            assert_eq!(whole.as_array().unwrap().len(), 6);
            let mut parts = asked.clone();
            parts.push(("limit", "4"));
            let first = rig.get(&parts).await.expect(200).json();
            let second = other.get_as("2.0.0", first["more"].as_str().unwrap()).await.expect(200).json();
            let all: Vec<Value> = [&first, &second].into_iter().flat_map(|page| page["statements"].as_array().unwrap().clone()).collect();
            assert_eq!((Value::from(all), &second["more"]), (whole, &json!("")), "{asked:?}");
        }
    }

    async fn since_and_until_are_about_the_one_that_refers(rig) {
        rig.post(&statement(1, "anna", "a")).await.expect(200);
        let between = rig.get(&[("statementId", &id(1))]).await.expect(200).json()["stored"].clone();
        let between = between.as_str().unwrap();
        rig.clock.advance(Duration::from_secs(10));
        rig.post(&reference(2, "bo", SEEN, 1)).await.expect(200);
        let anna = agent("anna").to_string();
        assert_eq!(rig.ids(&[("agent", &anna), ("since", between)]).await, [id(2)]);
        assert_eq!(rig.ids(&[("agent", &anna), ("until", between)]).await, [id(1)]);
        assert_eq!(rig.ids(&[("agent", &anna), ("verb", SEEN)]).await, [""; 0]);
    }

    async fn a_page_that_is_the_last_has_no_more(rig) {
        let batch: Vec<Value> = (1..=4).map(|number| statement(number, "anna", "a")).collect();
        rig.post(&batch.into()).await.expect(200);
        for parameters in [vec![("limit", "4")], vec![("limit", "4"), ("activity", "https://larkby.example/kurser/a")]] {
            let page = rig.get(&parameters).await.expect(200);
            assert_eq!(page.ids().len(), 4);
            assert_eq!(page.json()["more"], "");
        }
    }

    async fn more_works_after_a_restart_for_its_own_credential_until_it_expires(rig) {
        let batch: Vec<Value> = (1..=5).map(|number| statement(number, "anna", "a")).collect();
        rig.post(&batch.into()).await.expect(200);
        let page = rig.get(&[("limit", "3"), ("agent", &agent("anna").to_string())]).await.expect(200);
        let more = page.json()["more"].as_str().unwrap().to_owned();
        let rig = rig.restarted(Limits::default()).await;
        assert_eq!(rig.get_as("2.0.0", &more).await.expect(200).ids(), [id(2), id(1)]);

        let own = rig.all.clone();
        let mut rig = rig;
        rig.all = rig.credential(&["statements/read"]).await;
        rig.get_as("2.0.0", &more).await.expect(400);
        rig.all = own;
        let mut forged = more.clone();
        let last = if forged.pop() == Some('A') { 'B' } else { 'A' };
        forged.push(last);
        rig.get_as("2.0.0", &forged).await.expect(400);
        for beside in ["limit=1", "limit=500&since=x", "agent=nobody", "no_such=1"] {
            for (before, after) in [("", format!("&{beside}")), (beside, String::new())] {
                let and = if before.is_empty() { "" } else { "&" };
                let address = more.replacen('?', &format!("?{before}{and}"), 1) + &after;
                assert_eq!(rig.get_as("2.0.0", &address).await.expect(200).ids(), [id(2), id(1)], "{address}");
            }
        }
        rig.clock.advance(Duration::from_secs(2 * 86_400));
        rig.get_as("2.0.0", &more).await.expect(400);
    }

    async fn a_limit_of_zero_or_none_or_above_the_servers_gives_as_many_as_the_server_gives(rig) {
        let batch: Vec<Value> = (1..=110).map(|number| statement(number, "anna", "a")).collect();
        rig.post(&batch.into()).await.expect(200);
        for limit in [vec![], vec![("limit", "0")], vec![("limit", "100000")]] {
            let page = rig.get(&limit).await.expect(200);
            assert_eq!(page.ids().len(), 100);
            assert_eq!(rig.all_ids(&limit).await.len(), 110);
        }
    }

    async fn statements_of_both_versions_are_given_side_by_side_and_never_converted_down(rig) {
        rig.post_as("1.0.3", statement(1, "anna", "a").to_string()).await.expect(200);
        rig.post_as("2.0.0", statement(2, "anna", "a").to_string()).await.expect(200);
        for version in ["1.0.3", "2.0.0"] {
            let page = rig.get_as(version, "/xapi/statements").await.expect(200);
            assert_eq!(page.header("x-experience-api-version"), Some(version));
            let statements = page.json()["statements"].clone();
            assert_eq!([&statements[0]["version"], &statements[1]["version"]], ["2.0.0", "1.0.0"]);
        }
    }

    async fn format_ids_cuts_statements_down_and_canonical_picks_a_language(rig) {
        let mut sent = statement(1, "anna", "a");
        sent["actor"]["name"] = "Anna".into();
        sent["object"]["definition"] = json!({ "name": { "sv": "Kursen", "en": "The course" } });
        rig.post(&sent).await.expect(200);
        let given = rig.get(&[("format", "ids")]).await.expect(200).json()["statements"][0].clone();
        assert_eq!(given["actor"]["name"], Value::Null);
        assert_eq!(given["object"]["definition"], Value::Null);
        let request = rig.request(axum::http::Method::GET, &address(&[("format", "canonical")]), "2.0.0");
        let answer = rig.send(request.header("Accept-Language", "sv").body(axum::body::Body::empty()).unwrap()).await;
        let name = answer.expect(200).json()["statements"][0]["object"]["definition"]["name"].clone();
        assert_eq!(name, json!({ "sv": "Kursen" }));
    }

    async fn last_modified_is_when_the_newest_that_is_given_was_stored(rig) {
        for number in 1..=3 {
            rig.post(&statement(number, "anna", "a")).await.expect(200);
            rig.clock.advance(Duration::from_secs(10));
        }
        let of_two = [("limit", "2"), ("ascending", "true")];
        for (parameters, seconds) in [(vec![("statementId", id(1))], "00"), (vec![], "20"), (of_two.map(|(name, value)| (name, value.to_owned())).into(), "10")] {
            let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
            for version in ["1.0.3", "2.0.0"] {
                let answer = rig.get_as(version, &address(&parameters)).await.expect(200);
                assert_eq!(answer.header("last-modified"), Some(format!("Thu, 15 Jan 2026 08:00:{seconds} GMT").as_str()));
            }
        }
        let none = rig.get(&[("agent", &agent("nobody").to_string())]).await.expect(200);
        assert_eq!(none.header("last-modified"), None);
    }

    async fn head_answers_as_get_without_a_body(rig) {
        rig.post(&statement(1, "anna", "a")).await.expect(200);
        let get = rig.get(&[("statementId", &id(1))]).await.expect(200);
        let request = rig.request(axum::http::Method::HEAD, &address(&[("statementId", &id(1))]), "2.0.0");
        let head = rig.send(request.body(axum::body::Body::empty()).unwrap()).await.expect(200);
        assert!(head.body.is_empty());
        assert_eq!(head.header("content-length"), Some(get.body.len().to_string().as_str()));
        assert_eq!(head.header("last-modified"), get.header("last-modified"));
        let missing = rig.request(axum::http::Method::HEAD, &address(&[("statementId", &id(9))]), "2.0.0");
        rig.send(missing.body(axum::body::Body::empty()).unwrap()).await.expect(404);
    }

    async fn a_page_on_which_nothing_was_found_leads_on_to_what_matches(rig) {
        rig.post(&json!([statement(1, "anna", "a"), statement(2, "anna", "b"), statement(3, "bo", "a")])).await.expect(200);
        // Each condition holds on thousands that follow, and all of them together on none.
        crowd(&rig, &[Position(2), Position(3)], 4_500).await;
        let (anna, a) = (agent("anna").to_string(), activity("a"));
        let hardly_ever = [("agent", anna.as_str()), ("related_agents", "true"), ("verb", VERB), ("activity", &a)];
        for version in documents::VERSIONS {
            let mut page = rig.get_as(version, &address(&hardly_ever)).await.expect(200);
            assert_eq!(page.ids(), [""; 0]);
            let (mut pages, mut found) = (1, Vec::new());
            while page.json()["more"] != "" {
                page = rig.get_as(version, page.json()["more"].as_str().unwrap()).await.expect(200);
                pages += 1;
                found.extend(page.ids());
            }
            assert_eq!(found, [id(1)]);
            // Some thousands are looked at for each.
            assert!((2..=4).contains(&pages), "{pages}");
        }
        // What was found before the page ended is on it.
        rig.post(&statement(4, "anna", "a")).await.expect(200);
        for (ascending, expected) in [("false", [id(4), id(1)]), ("true", [id(1), id(4)])] {
            let parameters = [&hardly_ever[..], &[("ascending", ascending)]].concat();
            let first = rig.get(&parameters).await.expect(200);
            assert_eq!(first.ids(), expected[..1]);
            assert_ne!(first.json()["more"], "");
            assert_eq!(rig.all_ids(&parameters).await, expected);
        }
    }
}
