//! Agents that were two and are one: what is found of them, and what becomes of their documents.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use std::time::Duration;

use domain::events::kind;
use eventlog::Position;
use rig::documents::*;
use rig::*;
use serde_json::{Value, json};

const AGES: Duration = Duration::from_secs(91 * 86_400);
const KEPT: Duration = Duration::from_secs(90 * 86_400);

fn upper() -> Value {
    json!({ "mbox": "mailto:Anna@SKOLA.Example" })
}

fn lower() -> Value {
    json!({ "mbox": "mailto:Anna@skola.example" })
}

/// SHA-1 of the address in upper case: who has an agent of that spelling, as every address once had.
fn hash() -> Value {
    json!({ "mbox_sha1sum": "e0f07e462f15bef41f30ef94b3e5c39b82f5107f" })
}

fn state(agent: &Value, id: &str) -> String {
    let agent = agent.to_string();
    at("activities/state", &[("activityId", &activity("a")), ("agent", &agent), ("stateId", id)])
}

fn states(agent: &Value) -> String {
    at("activities/state", &[("activityId", &activity("a")), ("agent", &agent.to_string())])
}

async fn store(rig: &Rig, agent: &Value, id: &str, text: &str) {
    put(rig, "1.0.3", &state(agent, id), &[], text.to_owned()).await.expect(204);
}

async fn listed(rig: &Rig, agent: &Value) -> Vec<String> {
    let mut ids = ids(rig, &states(agent)).await;
    ids.sort_unstable();
    ids
}

/// Statements by the address in both spellings, of which the one leads to the agent of its hash.
async fn taken_in(rig: &Rig) {
    for (number, actor) in [(1, upper()), (2, lower())] {
        let mut sent = statement(number, "anna", "a");
        sent["actor"] = actor;
        rig.post(&sent).await.expect(200);
    }
}

/// How many slots documents have in all.
async fn slots(rig: &Rig) -> usize {
    let kinds = [kind::DOCUMENT_STORED, kind::DOCUMENT_DELETED];
    let events = rig.log.read_kinds(&kinds, Position(0), 1_000).await.unwrap();
    let positions: Vec<Position> = events.iter().map(|event| event.position).collect();
    rig.log.read_at(&positions).await.unwrap().iter().map(|(_, slots)| slots.len()).sum()
}

promises! {
    async fn who_first_stands_in_an_erased_text_is_found_in_a_later_one(rig) {
        store(&rig, &hash(), "page", "1").await;
        let mut by_carl = statement(3, "carl", "a");
        by_carl["context"] = json!({ "instructor": upper() });
        rig.post(&by_carl).await.expect(200);
        rig.lrs.erase(&agent("carl").to_string()).await.unwrap();
        taken_in(&rig).await;
        assert_eq!(rig.lrs.bring_together(true).await.unwrap().linked, 1);
        assert_eq!(rig.lrs.bring_together(false).await.unwrap().linked, 1);
        assert_eq!(rig.lrs.bring_together(false).await.unwrap().linked, 0, "once");
        assert_eq!(rig.ids(&[("agent", &lower().to_string())]).await, [id(2), id(1)]);
    }

    async fn a_list_of_documents_has_what_there_is_by_every_spelling(rig) {
        // Each stands with both, the newer deleted; and one is deleted with one and stored with the other.
        for (id, first, then) in [("q", lower(), hash()), ("r", hash(), lower())] {
            store(&rig, &first, id, "1").await;
            store(&rig, &then, id, "2").await;
            delete(&rig, &state(&then, id)).await.expect(204);
        }
        for (id, first, then) in [("s", lower(), hash()), ("t", hash(), lower())] {
            store(&rig, &first, id, "1").await;
            delete(&rig, &state(&first, id)).await.expect(204);
            store(&rig, &then, id, "2").await;
        }
        store(&rig, &lower(), "u", "1").await;
        store(&rig, &hash(), "u", "2").await;
        taken_in(&rig).await;
        assert_eq!(rig.lrs.bring_together(false).await.unwrap().linked, 1);
        for agent in [upper(), lower(), hash()] {
            assert_eq!(listed(&rig, &agent).await, ["s", "t", "u"], "{agent}");
            for id in ["q", "r"] {
                get(&rig, &state(&agent, id)).await.expect(404);
            }
            for id in ["s", "t", "u"] {
                assert_eq!(get(&rig, &state(&agent, id)).await.expect(200).text(), "2", "{agent} {id}");
            }
        }
        delete(&rig, &state(&hash(), "s")).await.expect(204);
        delete(&rig, &state(&lower(), "t")).await.expect(204);
        for agent in [upper(), lower(), hash()] {
            assert_eq!(listed(&rig, &agent).await, ["u"], "{agent}");
        }
        delete(&rig, &states(&lower())).await.expect(204);
        assert_eq!(listed(&rig, &hash()).await, [""; 0]);
    }

    async fn what_was_replaced_or_deleted_goes_wherever_it_was_stored(rig) {
        for (agent, ids) in [(hash(), ["a", "b", "e"]), (lower(), ["c", "d", "f"])] {
            for id in ids {
                store(&rig, &agent, id, "1").await;
            }
        }
        taken_in(&rig).await;
        // Until they are one, who is looked for by its hash keeps what it has.
        store(&rig, &hash(), "g", "1").await;
        store(&rig, &upper(), "g", "2").await;
        assert_eq!(get(&rig, &state(&hash(), "g")).await.expect(200).text(), "1");
        assert_eq!(get(&rig, &state(&upper(), "g")).await.expect(200).text(), "2");
        assert_eq!(rig.lrs.bring_together(false).await.unwrap().linked, 1);
        delete(&rig, &state(&hash(), "g")).await.expect(204);
        // By the other spelling, replaced with a condition and without, and deleted.
        store(&rig, &lower(), "a", "2").await;
        put(&rig, "2.0.0", &state(&hash(), "c"), &[("If-Match", "*")], "2").await.expect(204);
        delete(&rig, &state(&lower(), "b")).await.expect(204);
        delete(&rig, &state(&hash(), "d")).await.expect(204);
        for agent in [upper(), lower(), hash()] {
            assert_eq!(listed(&rig, &agent).await, ["a", "c", "e", "f"], "{agent}");
            assert_eq!(get(&rig, &state(&agent, "a")).await.expect(200).text(), "2");
        }
        rig.clock.advance(AGES);
        assert_eq!(rig.lrs.drop_superseded(KEPT, false).await.unwrap(), 6);
        assert_eq!(slots(&rig).await, 2 * 4, "of what is there");
        // And all together.
        delete(&rig, &states(&upper())).await.expect(204);
        rig.clock.advance(AGES);
        assert_eq!(rig.lrs.drop_superseded(KEPT, false).await.unwrap(), 4);
        assert_eq!(slots(&rig).await, 0);
    }

    async fn of_two_that_change_a_document_by_two_spellings_at_once_one_is_told(rig) {
        taken_in(&rig).await;
        store(&rig, &hash(), "page", "0").await;
        rig.lrs.bring_together(false).await.unwrap();
        for round in 0..20 {
            let tag = get(&rig, &state(&lower(), "page")).await.header("etag").unwrap().to_owned();
            let change = async |agent: Value| {
                let text = format!("{round} by {agent}");
                put(&rig, "2.0.0", &state(&agent, "page"), &[("If-Match", &tag)], text).await.status.as_u16()
            };
            let (one, other) = tokio::join!(change(hash()), change(lower()));
            assert_eq!([one.min(other), one.max(other)], [204, 412], "{round}");
        }
    }
}
