//! Forgetting people.

use vault::{Binding, Erasure, Opened, Owner, Period};

use crate::support::{EVENT, Place, QUARTER, mbox, on_both, one};

on_both!(
    what_was_sealed_for_an_erased_agent_opens_no_more,
    erasing_again_changes_nothing,
    the_same_identifier_becomes_a_new_agent,
    another_node_forgets_when_it_reads_the_raised_fence,
    an_erased_agent_gets_no_new_key,
    the_journal_names_everybody_who_was_erased,
    many_are_erased_at_once,
);

fn binding(slot: u16) -> Binding<'static> {
    Binding { event: EVENT, kind: "statement", slot }
}

async fn what_was_sealed_for_an_erased_agent_opens_no_more(place: Place) {
    let vault = place.open().await;
    let (a, b) = (one(&vault, "a").await, one(&vault, "b").await);
    let earlier = vault.resolve(&[mbox("a")], Period(QUARTER.0 - 1)).await.unwrap().remove(0);
    let slots: Vec<_> = (0..)
        .zip([&a, &b, &earlier])
        .map(|(n, owner)| vault.seal(&binding(n), &Owner::Agent(owner), b"text").unwrap())
        .collect();
    let erasure = vault.erase(&[a.agent()]).await.unwrap();
    assert_eq!(erasure, Erasure { agents: 1, keys: 2, truncated: true });
    let expected = [Opened::Erased, Opened::Plain(b"text".to_vec()), Opened::Erased];
    assert_eq!(vault.open_slots("statement", EVENT, &slots).await.unwrap(), expected);
    assert_eq!(vault.is_alive(&[a.agent(), b.agent()]).await.unwrap(), [false, true]);
    drop(vault);
    assert_eq!(place.open().await.open_slots("statement", EVENT, &slots).await.unwrap(), expected);
}

async fn erasing_again_changes_nothing(place: Place) {
    let vault = place.open().await;
    let agent = one(&vault, "a").await.agent();
    assert_eq!(vault.erase(&[agent]).await.unwrap().agents, 1);
    let again = vault.erase(&[agent, vault::AgentId([3; 16])]).await.unwrap();
    assert_eq!((again.agents, again.keys), (0, 0));
    assert_eq!(vault.erase(&[]).await.unwrap().agents, 0);
}

async fn the_same_identifier_becomes_a_new_agent(place: Place) {
    let vault = place.open().await;
    let before = one(&vault, "a").await.agent();
    vault.erase(&[before]).await.unwrap();
    assert_eq!(vault.lookup(&[mbox("a")]).await.unwrap(), [None]);
    let after = one(&vault, "a").await.agent();
    assert_ne!(before, after);
    assert_eq!(vault.is_alive(&[before, after]).await.unwrap(), [false, true]);
}

async fn another_node_forgets_when_it_reads_the_raised_fence(place: Place) {
    let (first, second) = (place.open().await, place.open().await);
    let handle = one(&second, "a").await;
    let slot = second.seal(&binding(0), &Owner::Agent(&handle), b"text").unwrap();
    first.erase(&[handle.agent()]).await.unwrap();
    assert_eq!(second.is_alive(&[handle.agent()]).await.unwrap(), [false]);
    second.at_fence(1);
    assert_eq!(second.open_slots("statement", EVENT, &[slot]).await.unwrap(), [Opened::Erased]);
    assert_eq!(second.lookup(&[mbox("a")]).await.unwrap(), [None]);
    assert_ne!(one(&second, "a").await.agent(), handle.agent());
}

async fn an_erased_agent_gets_no_new_key(place: Place) {
    let vault = place.open().await;
    let agent = one(&vault, "a").await.agent();
    vault.erase(&[agent]).await.unwrap();
    for period in [QUARTER, Period(QUARTER.0 + 1)] {
        assert!(vault.handles(&[agent], period).await.unwrap()[0].is_none());
    }
}

async fn the_journal_names_everybody_who_was_erased(place: Place) {
    let vault = place.open().await;
    let (a, b) = (one(&vault, "a").await.agent(), one(&vault, "b").await.agent());
    assert!(vault.erased().await.unwrap().is_empty());
    vault.erase(&[a]).await.unwrap();
    // A crash left half a line.
    let journal = place.keys().join("erasures");
    let mut content = std::fs::read(&journal).unwrap();
    content.extend_from_slice(b"0102");
    std::fs::write(&journal, content).unwrap();
    vault.erase(&[b]).await.unwrap();
    let mut expected = [a, b];
    expected.sort();
    assert_eq!(vault.erased().await.unwrap(), expected);
}

async fn many_are_erased_at_once(place: Place) {
    let vault = place.open().await;
    let people: Vec<_> = (0..1200).map(|n| mbox(&format!("p{n}"))).collect();
    let agents: Vec<_> =
        vault.resolve(&people, QUARTER).await.unwrap().iter().map(vault::AgentHandle::agent).collect();
    let erasure = vault.erase(&agents[..1100]).await.unwrap();
    assert_eq!((erasure.agents, erasure.keys), (1100, 1100));
    let alive = vault.is_alive(&agents).await.unwrap();
    assert!(alive[..1100].iter().all(|alive| !alive) && alive[1100..].iter().all(|alive| *alive));
}
