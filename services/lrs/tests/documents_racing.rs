//! Documents when many write at once, when somebody is erased, and after a rebuild.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rig;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request};
use futures_util::future::join_all;
use rig::documents::*;
use rig::*;
use serde_json::json;

promises! {
    async fn racing_merges_of_one_document_lose_no_key(rig) {
        let rig = Arc::new(rig);
        for uri in everywhere("s") {
            let tasks = (0..32).map(|task| {
                let (rig, uri) = (rig.clone(), uri.clone());
                tokio::spawn(async move {
                    for round in 0..3 {
                        post(&rig, &uri, &json!({ format!("{task}-{round}"): task })).await.expect(204);
                    }
                })
            });
            for task in join_all(tasks).await {
                task.unwrap();
            }
            assert_eq!(get(&rig, &uri).await.expect(200).json().as_object().unwrap().len(), 96);
        }
    }

    async fn merges_on_two_nodes_at_once_lose_no_key(rig) {
        let (one, other) = rig.with_another_node().await;
        let (one, other) = (Arc::new(one), Arc::new(other));
        let [uri, ..] = everywhere("s");
        let tasks = (0..16).map(|task| {
            let rig = if task % 2 == 0 { one.clone() } else { other.clone() };
            let uri = uri.clone();
            tokio::spawn(async move {
                let body = json!({ format!("k{task}"): task }).to_string();
                let request = one_request(&rig, Method::POST, &uri, body);
                assert_eq!(rig.send(request).await.status, 204);
            })
        });
        for task in join_all(tasks).await {
            task.unwrap();
        }
        assert_eq!(get(&one, &uri).await.expect(200).json().as_object().unwrap().len(), 16);
    }

    async fn of_racing_conditional_writes_one_wins(rig) {
        let rig = Arc::new(rig);
        for uri in everywhere("s") {
            for condition in ["new", "same"] {
                let tag = match condition {
                    "new" => None,
                    _ => Some(get(&rig, &uri).await.header("etag").unwrap().to_owned()),
                };
                let tasks = (0..16).map(|task| {
                    let (rig, uri, tag) = (rig.clone(), uri.clone(), tag.clone());
                    tokio::spawn(async move {
                        let condition = tag.as_deref().map_or(NEW, |tag| ("If-Match", tag));
                        let version = VERSIONS[task % 2];
                        let answer = put(&rig, version, &uri, &[condition], format!("{condition:?} {task}")).await;
                        (answer.status.as_u16(), task)
                    })
                });
                let answers: Vec<_> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
                let won: Vec<_> = answers.iter().filter(|(status, _)| *status == 204).collect();
                assert_eq!(won.len(), 1, "{answers:?}");
                assert!(answers.iter().all(|(status, _)| [204, 412].contains(status)), "{answers:?}");
                assert!(get(&rig, &uri).await.text().ends_with(&format!(" {}", won[0].1)));
            }
        }
    }

    async fn of_racing_writes_without_a_condition_where_nothing_is_one_wins_by_2_0(rig) {
        let (one, other) = rig.with_another_node().await;
        let nodes = [Arc::new(one), Arc::new(other)];
        for id in ["a", "b", "c"] {
            for uri in everywhere(id) {
                let before = nodes[0].log.head().await.unwrap().position.0;
                let tasks = (0..16).map(|task| {
                    let (rig, uri) = (nodes[task % 2].clone(), uri.clone());
                    tokio::spawn(async move {
                        // Some say that nothing may be there, which comes to the same.
                        let (condition, lost): (&[_], _) = if task % 8 < 6 { (&[], 409) } else { (&[NEW], 412) };
                        let answer = put(&rig, "2.0.0", &uri, condition, task.to_string()).await;
                        (task, answer.status.as_u16(), lost)
                    })
                });
                let answers: Vec<_> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
                let won: Vec<_> = answers.iter().filter(|(_, status, _)| *status == 204).collect();
                assert_eq!(won.len(), 1, "{answers:?}");
                assert!(answers.iter().all(|(_, status, lost)| [204, *lost].contains(status)), "{answers:?}");
                for rig in &nodes {
                    assert_eq!(get(rig, &uri).await.text(), won[0].0.to_string());
                    assert_eq!(rig.log.head().await.unwrap().position.0, before + 1, "nothing else was stored");
                }
            }
        }
    }

    async fn by_1_0_3_all_racing_writes_of_a_state_without_a_condition_are_stored_and_none_of_a_profile(rig) {
        let (one, other) = rig.with_another_node().await;
        let nodes = [Arc::new(one), Arc::new(other)];
        let [state, activity_profile, agent_profile] = everywhere("s");
        for (uri, status, stored) in [(state, 204, 16), (activity_profile, 400, 0), (agent_profile, 400, 0)] {
            let before = nodes[0].log.head().await.unwrap().position.0;
            let tasks = (0..16).map(|task| {
                let (rig, uri) = (nodes[task % 2].clone(), uri.clone());
                tokio::spawn(async move { put(&rig, "1.0.3", &uri, &[], "x").await.expect(status) })
            });
            for task in join_all(tasks).await {
                task.unwrap();
            }
            get(&nodes[1], &uri).await.expect(if stored > 0 { 200 } else { 404 });
            assert_eq!(nodes[0].log.head().await.unwrap().position.0, before + stored);
        }
    }

    async fn no_update_is_lost_of_those_that_name_what_they_saw_at_two_nodes(rig) {
        let (one, other) = rig.with_another_node().await;
        let nodes = [Arc::new(one), Arc::new(other)];
        for uri in everywhere("counter") {
            put(&nodes[0], "2.0.0", &uri, &[NEW], "0").await.expect(204);
            let clients = (0..8).map(|client| {
                let (rig, uri) = (nodes[client % 2].clone(), uri.clone());
                tokio::spawn(async move {
                    let mut raised_to = Vec::new();
                    for _ in 0..10 {
                        let seen = get(&rig, &uri).await.expect(200);
                        let (tag, next) = (seen.header("etag").unwrap(), seen.text().parse::<u32>().unwrap() + 1);
                        let version = VERSIONS[client / 2 % 2];
                        let answer = put(&rig, version, &uri, &[("If-Match", tag)], next.to_string()).await;
                        match answer.status.as_u16() {
                            204 => raised_to.push(next),
                            status => assert_eq!(status, 412, "{}", answer.text()),
                        }
                    }
                    raised_to
                })
            });
            let mut raised_to: Vec<u32> = join_all(clients).await.into_iter().flat_map(Result::unwrap).collect();
            raised_to.sort_unstable();
            let last: u32 = get(&nodes[1], &uri).await.text().parse().unwrap();
            assert_eq!(raised_to, (1..=last).collect::<Vec<_>>(), "each number was somebody's, and one's alone");
            assert!(last >= 10, "somebody always wins");
        }
    }

    async fn writes_deletions_and_lists_at_once_never_fault(rig) {
        let rig = Arc::new(rig);
        let tasks = (0..24usize).map(|task| {
            let rig = rig.clone();
            tokio::spawn(async move {
                let uri = state_of("anna", "a", &format!("s{}", task % 3));
                let list = uri.split("&stateId").next().unwrap().to_owned();
                for _ in 0..4 {
                    let answer = match task % 6 {
                        0 => put(&rig, "1.0.3", &uri, &[JSON], "{}").await,
                        1 => put(&rig, "2.0.0", &uri, &[JSON], "{}").await,
                        2 => post(&rig, &uri, &json!({ "a": task })).await,
                        3 => delete(&rig, &uri).await,
                        4 => delete(&rig, &list).await,
                        _ => get(&rig, &list).await,
                    };
                    assert!([200, 204, 409].contains(&answer.status.as_u16()), "{}", answer.text());
                }
            })
        });
        for task in join_all(tasks).await {
            task.unwrap();
        }
    }

    async fn documents_of_an_erased_person_are_gone(rig) {
        let [state, activity_profile, agent_profile] = everywhere("s");
        for uri in [&state, &activity_profile, &agent_profile] {
            put(&rig, "2.0.0", uri, &[JSON], "{\"secret\":1}").await.expect(204);
        }
        let other = state_of("bo", "a", "s");
        put(&rig, "2.0.0", &other, &[], "x").await.expect(204);
        let list = state.split("&stateId").next().unwrap();
        assert_eq!(ids(&rig, list).await, ["s"]);
        let receipt = rig.lrs.erase(&agent("anna").to_string()).await.unwrap();
        for uri in [&state, &agent_profile] {
            get(&rig, uri).await.expect(404);
            delete(&rig, uri).await.expect(204);
        }
        assert_eq!(ids(&rig, list).await, [""; 0]);
        delete(&rig, list).await.expect(204);
        // By the pseudonym neither.
        let pseudonym = json!({ "account": { "homePage": format!("{BASE}/erased"), "name": receipt.agent.to_string() } });
        get(&rig, &at("agents/profile", &[("agent", &pseudonym.to_string()), ("profileId", "s")])).await.expect(404);
        get(&rig, &activity_profile).await.expect(200);
        get(&rig, &other).await.expect(200);
        // Who comes again is somebody new, with nothing of what was.
        put(&rig, "2.0.0", &state, &[NEW, JSON], "{}").await.expect(204);
        post(&rig, &agent_profile, &json!({ "new": 1 })).await.expect(204);
        assert_eq!(get(&rig, &agent_profile).await.text(), "{\"new\":1}");
        assert_eq!(ids(&rig, list).await, ["s"]);
    }

    async fn people_are_erased_while_their_documents_change_without_a_fault(rig) {
        let rig = Arc::new(rig);
        let writers = (0..4).map(|task| {
            let rig = rig.clone();
            tokio::spawn(async move {
                for number in 0..15 {
                    let uri = state_of("anna", "a", &format!("{}", task % 2));
                    match task {
                        0 => put(&rig, "1.0.3", &uri, &[JSON], "{}").await.expect(204),
                        _ => post(&rig, &uri, &json!({ format!("{task}{number}"): 1 })).await.expect(204),
                    };
                    let status = get(&rig, &uri).await.status.as_u16();
                    assert!([200, 404].contains(&status));
                }
            })
        });
        let writers: Vec<_> = writers.collect();
        for _ in 0..10 {
            match rig.lrs.erase(&agent("anna").to_string()).await {
                Ok(_) | Err(lrs::EraseError::Unknown) => {}
                Err(error) => panic!("{error}"),
            }
            tokio::task::yield_now().await;
        }
        for writer in join_all(writers).await {
            writer.unwrap();
        }
    }

    async fn reading_makes_nobody_and_neither_does_a_write_that_is_refused(rig) {
        for uri in everywhere("s") {
            get(&rig, &uri).await.expect(404);
            delete(&rig, &uri).await.expect(204);
            put(&rig, "2.0.0", &uri, &[("If-Match", "*")], "x").await.expect(412);
            ask(&rig, "2.0.0", Method::POST, &uri, &[JSON], "[]").await.expect(400);
        }
        let anna = xapi::Identifier::Account { home_page: "https://larkby.example".into(), name: "anna".into() };
        assert_eq!(rig.vault.lookup(&[anna]).await.unwrap(), [None]);
        assert_eq!(rig.log.head().await.unwrap().position.0, 0);
    }

    async fn nothing_of_a_document_stands_in_the_clear(rig) {
        for uri in everywhere("the-secret-id") {
            put(&rig, "2.0.0", &uri, &[("Content-Type", "x/the-secret-type")], "the-secret-content").await.expect(204);
        }
        let events = rig.log.read(eventlog::Position(0), 10).await.unwrap();
        assert_eq!(events.len(), 3);
        let positions: Vec<_> = events.iter().map(|event| event.position).collect();
        for (event, slots) in rig.log.read_at(&positions).await.unwrap() {
            let stream = event.stream.map(|(stream, _)| stream).unwrap();
            let bodies = slots.iter().flat_map(|slot| slot.body.clone());
            let all: Vec<u8> = bodies.chain(event.facts).chain(stream).collect();
            for secret in [&b"the-secret"[..], b"anna"] {
                assert!(!all.windows(secret.len()).any(|window| window == secret));
            }
        }
    }

    async fn nobody_without_the_secrets_can_tell_which_document_a_stream_is(rig) {
        // Of the same name and under the same addresses, with secrets of its own.
        let elsewhere = Rig::sqlite().await;
        let [_, profile, _] = everywhere("the-id");
        let [_, longer, _] = everywhere("the-id2");
        for rig in [&rig, &elsewhere] {
            for uri in [&profile, &longer] {
                put(rig, "2.0.0", uri, &[NEW], "x").await.expect(204);
            }
            put(rig, "2.0.0", &profile, &[("If-Match", "*")], "y").await.expect(204);
        }
        let (here, there) = (streams(&rig).await, streams(&elsewhere).await);
        assert!(here[0] == here[2] && here[0] != here[1]);
        assert!(there[0] == there[2] && here.iter().all(|stream| !there.contains(stream)));
        let rig = rig.restarted(lrs::Limits::default()).await;
        put(&rig, "2.0.0", &longer, &[("If-Match", "*")], "y").await.expect(204);
        assert_eq!(streams(&rig).await[3], here[1], "it is the same for good");
    }

    async fn the_index_is_the_same_after_a_rebuild(rig) {
        let list = state_of("anna", "a", "x").split("&stateId").next().unwrap().to_owned();
        for id in ["a", "b", "c"] {
            post(&rig, &state_of("anna", "a", id), &json!({})).await.expect(204);
        }
        delete(&rig, &state_of("anna", "a", "b")).await.expect(204);
        post(&rig, &state_of("anna", "a", "a"), &json!({ "x": 1 })).await.expect(204);
        let before = get(&rig, &list).await.expect(200);
        rig.log.rebuild_hooks().await.unwrap();
        let after = get(&rig, &list).await.expect(200);
        assert_eq!(before.text(), r#"["c","a"]"#, "in the order in which they were stored");
        assert_eq!(after.text(), before.text());
        assert_eq!(after.header("last-modified"), before.header("last-modified"));
    }
}

fn one_request(rig: &Rig, method: Method, uri: &str, body: String) -> Request<Body> {
    rig.request(method, uri, "2.0.0").header(JSON.0, JSON.1).body(body.into()).unwrap()
}

/// The stream of every event.
async fn streams(rig: &Rig) -> Vec<eventlog::Key> {
    let events = rig.log.read(eventlog::Position(0), 10).await.unwrap();
    events.iter().map(|event| event.stream.unwrap().0).collect()
}
