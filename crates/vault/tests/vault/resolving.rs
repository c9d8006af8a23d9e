//! From identifiers to agents.

use std::collections::BTreeSet;

use vault::Period;
use xapi::Identifier;

use crate::support::{Place, QUARTER, mbox, on_both, one};

on_both!(
    an_identifier_is_one_agent_for_good,
    a_mailbox_and_its_sha1_share_an_agent,
    looking_up_makes_nobody,
    a_mixed_batch_keeps_its_order,
    of_64_tasks_that_meet_the_same_new_people_all_get_the_same_agents,
    two_nodes_that_meet_the_same_new_people_get_the_same_agents,
    a_known_agent_gets_a_key_for_each_quarter,
    whoever_is_known_by_a_spelling_alone_stays_who_they_are_in_every_quarter,
);

async fn an_identifier_is_one_agent_for_good(place: Place) {
    let vault = place.open().await;
    let agent = one(&vault, "a").await.agent();
    assert_ne!(agent, one(&vault, "b").await.agent());
    assert_eq!(agent, one(&vault, "a").await.agent());
    let other_quarter = vault.resolve(&[mbox("a")], Period(QUARTER.0 + 1)).await.unwrap();
    assert_eq!(agent, other_quarter[0].agent());
    drop(vault);
    assert_eq!(agent, one(&place.open().await, "a").await.agent());
}

async fn a_mailbox_and_its_sha1_share_an_agent(place: Place) {
    let vault = place.open().await;
    let sum = Identifier::MboxSha1sum("d6b3e6ff1dc4f4ec9b2dc2f2d6ed7d5e8c0f8b9e".into());
    assert_ne!(vault.resolve(&[sum], QUARTER).await.unwrap()[0].agent(), one(&vault, "a").await.agent());
    let sum = Identifier::MboxSha1sum(SHA1_OF_A.into());
    assert_eq!(
        vault.lookup(std::slice::from_ref(&sum)).await.unwrap(),
        [Some(one(&vault, "a").await.agent())]
    );
    let upper = Identifier::MboxSha1sum(SHA1_OF_A.to_ascii_uppercase());
    assert_eq!(vault.lookup(&[upper]).await.unwrap(), vault.lookup(&[sum]).await.unwrap());
}

/// printf mailto:a@example.org | sha1sum
const SHA1_OF_A: &str = "61e82864d7559ab5c29c373d44dbc4d37c4749e5";

async fn looking_up_makes_nobody(place: Place) {
    let vault = place.open().await;
    assert_eq!(vault.lookup(&[mbox("a")]).await.unwrap(), [None]);
    let agent = one(&vault, "a").await.agent();
    assert_eq!(vault.lookup(&[mbox("b"), mbox("a")]).await.unwrap(), [None, Some(agent)]);
    vault.drop_caches();
    assert_eq!(vault.lookup(&[mbox("b"), mbox("a")]).await.unwrap(), [None, Some(agent)]);
    assert!(vault.lookup(&[]).await.unwrap().is_empty());
}

async fn a_mixed_batch_keeps_its_order(place: Place) {
    let vault = place.open().await;
    let names: Vec<_> = (0..1500).map(|n| format!("p{n}")).collect();
    let some: Vec<_> = names.iter().step_by(3).map(|name| mbox(name)).collect();
    vault.resolve(&some, QUARTER).await.unwrap();
    vault.drop_caches();
    vault.resolve(&some[..100], QUARTER).await.unwrap();
    // In memory, in the database, new, and twice in one batch.
    let all: Vec<_> = names.iter().chain(&names[..7]).map(|name| mbox(name)).collect();
    let handles = vault.resolve(&all, QUARTER).await.unwrap();
    let found = vault.lookup(&all).await.unwrap();
    assert_eq!(handles.iter().map(|handle| Some(handle.agent())).collect::<Vec<_>>(), found);
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), names.len());
}

async fn of_64_tasks_that_meet_the_same_new_people_all_get_the_same_agents(place: Place) {
    let vault = place.open().await;
    let people: Vec<_> = (0..20).map(|n| mbox(&format!("p{n}"))).collect();
    let tasks: Vec<_> = (0..64)
        .map(|n| {
            let (vault, mut people) = (vault.clone(), people.clone());
            people.rotate_left(n % 20);
            tokio::spawn(async move { (n, vault.resolve(&people, QUARTER).await.unwrap()) })
        })
        .collect();
    let expected = vault.resolve(&people, QUARTER).await.unwrap();
    for task in tasks {
        let (n, mut handles) = task.await.unwrap();
        handles.rotate_right(n % 20);
        let agents = |handles: &[vault::AgentHandle]| handles.iter().map(|h| h.agent()).collect::<Vec<_>>();
        assert_eq!(agents(&handles), agents(&expected));
    }
}

async fn two_nodes_that_meet_the_same_new_people_get_the_same_agents(place: Place) {
    let nodes = [place.open().await, place.open().await];
    for round in 0..10 {
        let people: Vec<_> = (0..10).map(|n| mbox(&format!("p{round}-{n}"))).collect();
        let reversed: Vec<_> = people.iter().rev().cloned().collect();
        let (first, second) =
            tokio::join!(nodes[0].resolve(&people, QUARTER), nodes[1].resolve(&reversed, QUARTER));
        let (first, mut second) = (first.unwrap(), second.unwrap());
        second.reverse();
        for (a, b) in first.iter().zip(&second) {
            assert_eq!(a.agent(), b.agent());
        }
    }
}

async fn a_known_agent_gets_a_key_for_each_quarter(place: Place) {
    let vault = place.open().await;
    let agent = one(&vault, "a").await.agent();
    let nobody = vault::AgentId([1; 16]);
    let next = Period(QUARTER.0 + 1);
    let handles = vault.handles(&[agent, nobody, agent], next).await.unwrap();
    assert_eq!(handles[0].as_ref().map(|handle| (handle.agent(), handle.period())), Some((agent, next)));
    assert!(handles[1].is_none() && handles[2].is_some());
}

async fn whoever_is_known_by_a_spelling_alone_stays_who_they_are_in_every_quarter(place: Place) {
    let vault = place.open().await;
    let upper = Identifier::Mbox("mailto:a@EXAMPLE.org".into());
    // By its hash alone a spelling has an agent of its own, as every address once had.
    let hash = Identifier::MboxSha1sum(SHA1_OF_UPPER.into());
    let agent = vault.resolve(&[hash], QUARTER).await.unwrap()[0].agent();
    let quarters = (0..4).map(|later| Period(QUARTER.0 + later));
    for period in quarters.clone() {
        let found = async |vault: &vault::Vault| {
            vault.resolve(&[upper.clone(), mbox("b")], period).await.unwrap()[0].agent()
        };
        assert_eq!(found(&vault).await, agent, "{period:?}");
        vault.drop_caches();
        assert_eq!(found(&vault).await, agent, "{period:?}, from the database");
        assert_eq!(found(&place.open().await).await, agent, "{period:?}, on another node");
    }
    assert_eq!(
        vault.lookup(&[mbox("a"), upper.clone()]).await.unwrap(),
        [None, Some(agent)],
        "nobody was made"
    );
    // The mailbox as it is compared gets an agent where it is asked for, and the spelling leads there from then on.
    let mailbox = vault.resolve_as_compared(std::slice::from_ref(&upper), QUARTER).await.unwrap()[0];
    assert_ne!(mailbox, agent);
    for period in quarters {
        let both = vault.resolve(&[upper.clone(), mbox("a")], period).await.unwrap();
        assert!(both.iter().all(|one| one.agent() == mailbox), "{period:?}");
    }
    assert_eq!(vault.lookup_as_spelled(&[upper]).await.unwrap(), [Some(agent)]);
}

/// printf mailto:a@EXAMPLE.org | sha1sum
const SHA1_OF_UPPER: &str = "25ed2d7a4489839fbd1648c764fe2422ebf5a14a";
