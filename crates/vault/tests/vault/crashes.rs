//! Ratchets and erasures that stop half-way, and nodes that do not know of each other's.

use eventlog::Slot;
use vault::{AgentId, Binding, ErasureStep, Opened, Owner, RatchetStep, Vault};

use crate::support::{EVENT, Place, QUARTER, copy_files, mbox, on_both, one};

on_both!(
    after_a_ratchet_everybody_is_found_and_everything_opens,
    a_ratchet_that_stopped_after_any_step_loses_nothing_and_is_finished,
    a_node_learns_of_anothers_ratchet,
    people_are_made_while_the_ratchet_turns,
    an_erasure_that_stopped_after_any_step_is_finished_at_the_next_start,
    an_old_keyring_is_refused,
    old_copies_of_the_keyring_and_new_ones_open_different_generations,
);

struct Crowd {
    agents: Vec<AgentId>,
    slots: Vec<Slot>,
}

const SIZE: u16 = 2500;

fn name(n: u16) -> String {
    format!("p{n}")
}

impl Crowd {
    async fn in_(vault: &Vault) -> Self {
        let people: Vec<_> = (0..SIZE).map(|n| mbox(&name(n))).collect();
        let handles = vault.resolve(&people, QUARTER).await.unwrap();
        let seal = |(slot, owner)| {
            vault.seal(&Binding { event: EVENT, kind: "unit", slot }, &Owner::Agent(owner), b"text").unwrap()
        };
        Self {
            agents: handles.iter().map(vault::AgentHandle::agent).collect(),
            slots: (0..).zip(&handles).map(seal).collect(),
        }
    }

    async fn is_whole(&self, vault: &Vault) {
        vault.drop_caches();
        let people: Vec<_> = (0..SIZE).map(|n| mbox(&name(n))).collect();
        let found = vault.lookup(&people).await.unwrap();
        assert!(found.iter().zip(&self.agents).all(|(found, agent)| *found == Some(*agent)));
        let opened = vault.open_slots("unit", EVENT, &self.slots).await.unwrap();
        assert!(opened.iter().all(|opened| *opened == Opened::Plain(b"text".to_vec())));
        assert_eq!(vault.resolve(&people[..1], QUARTER).await.unwrap()[0].agent(), self.agents[0]);
    }
}

async fn after_a_ratchet_everybody_is_found_and_everything_opens(place: Place) {
    let vault = place.open().await;
    let crowd = Crowd::in_(&vault).await;
    for generation in [2, 3] {
        let ratchet = vault.ratchet().await.unwrap();
        assert_eq!(
            (ratchet.generation, ratchet.agents, ratchet.keys),
            (generation, SIZE.into(), SIZE.into())
        );
        crowd.is_whole(&vault).await;
    }
    drop(vault);
    crowd.is_whole(&place.open().await).await;
}

async fn a_ratchet_that_stopped_after_any_step_loses_nothing_and_is_finished(place: Place) {
    let vault = place.open().await;
    let crowd = Crowd::in_(&vault).await;
    drop(vault);
    for step in [RatchetStep::Prepared, RatchetStep::Rewrapped, RatchetStep::Destroyed] {
        for reopen in [true, false] {
            let mut vault = place.open().await;
            vault.ratchet_stopping_after(Some(step)).await.unwrap();
            if reopen {
                drop(vault);
                vault = place.open().await;
            }
            crowd.is_whole(&vault).await;
            one(&vault, &format!("{step:?}{reopen}")).await;
            vault.ratchet().await.unwrap();
            crowd.is_whole(&vault).await;
            // One generation is left: titles and three fixed keys, then a pair for each generation.
            let keyring = std::fs::read(place.keys().join("keyring")).unwrap();
            assert_eq!(keyring.len(), 34 + (3 + 2) * 65 + 32, "after {step:?}");
        }
    }
}

async fn a_node_learns_of_anothers_ratchet(place: Place) {
    let (first, second) = (place.open().await, place.open().await);
    let crowd = Crowd::in_(&first).await;
    crowd.is_whole(&second).await;
    first.ratchet().await.unwrap();
    crowd.is_whole(&second).await;
    second.ratchet().await.unwrap();
    let new = one(&first, "new").await.agent();
    assert_eq!(one(&second, "new").await.agent(), new);
    crowd.is_whole(&first).await;
}

async fn people_are_made_while_the_ratchet_turns(place: Place) {
    let (first, second) = (place.open().await, place.open().await);
    let crowd = Crowd::in_(&first).await;
    let turning = tokio::spawn({
        let first = first.clone();
        async move {
            for _ in 0..3 {
                first.ratchet().await.unwrap();
            }
        }
    });
    let mut made = Vec::new();
    while !turning.is_finished() {
        let vault = if made.len() % 2 == 0 { &first } else { &second };
        made.push(one(vault, &format!("new{}", made.len())).await.agent());
    }
    turning.await.unwrap();
    for vault in [&first, &second] {
        crowd.is_whole(vault).await;
        for (n, agent) in made.iter().enumerate() {
            assert_eq!(vault.lookup(&[mbox(&format!("new{n}"))]).await.unwrap(), [Some(*agent)]);
        }
    }
}

async fn an_erasure_that_stopped_after_any_step_is_finished_at_the_next_start(place: Place) {
    for step in [ErasureStep::Journalled, ErasureStep::Deleted] {
        let vault = place.open().await;
        let (gone, stays) = (one(&vault, "gone").await, one(&vault, "stays").await);
        let slot = Binding { event: EVENT, kind: "unit", slot: 0 };
        let slot = vault.seal(&slot, &Owner::Agent(&gone), b"text").unwrap();
        vault.erase_stopping_after(&[gone.agent()], Some(step)).await.unwrap();
        drop(vault);
        let vault = place.open().await;
        assert_eq!(vault.is_alive(&[gone.agent(), stays.agent()]).await.unwrap(), [false, true]);
        assert_eq!(vault.open_slots("unit", EVENT, &[slot]).await.unwrap(), [Opened::Erased]);
        assert_eq!(vault.lookup(&[mbox("gone")]).await.unwrap(), [None]);
    }
}

async fn an_old_keyring_is_refused(place: Place) {
    let vault = place.open().await;
    one(&vault, "a").await;
    let keyring = place.keys().join("keyring");
    let old = std::fs::read(&keyring).unwrap();
    vault.ratchet().await.unwrap();
    drop(vault);
    std::fs::write(&keyring, old).unwrap();
    let error = place.try_open(crate::support::INSTANCE).await.unwrap_err();
    let said = error.to_string();
    assert!(
        said.starts_with("the keyring holds no generation 2, which the vault's database is under"),
        "{said}"
    );
    assert!(said.contains("an older copy"), "{said}");
}

async fn old_copies_of_the_keyring_and_new_ones_open_different_generations(place: Place) {
    let vault = place.open().await;
    let crowd = Crowd::in_(&vault).await;
    let backup = place.dir.path().join("backup");
    copy_files(&place.keys(), &backup);
    vault.ratchet().await.unwrap();
    // The master key is the same; what the keyring holds is not.
    let same = |file: &str| {
        std::fs::read(backup.join(file)).unwrap() == std::fs::read(place.keys().join(file)).unwrap()
    };
    assert!(same("master") && !same("keyring"));
    crowd.is_whole(&vault).await;
}
