//! Places that statements are handed on to: their secrets, leases and checkpoints.

use eventlog::clock::Clock as _;
use eventlog::clock::Micros;
use vault::VaultError;
use vault::secrets::{Advance, Counts, SET_ASIDE_KEPT, SetAside};

use crate::support::{Place, on_both};

on_both!(
    a_forward_is_kept_with_its_secret_sealed_until_it_is_removed,
    a_checkpoint_is_moved_by_whoever_has_the_lease_and_by_nobody_else,
    a_forward_that_rests_or_was_resumed_is_nobodys,
    what_became_of_statements_adds_up_and_the_newest_refusals_are_kept,
);

fn in_seconds(place: &Place, seconds: i64) -> Micros {
    Micros(place.clock.now().0 + seconds * 1_000_000)
}

fn to(position: u64) -> Advance {
    Advance { position, ..Advance::default() }
}

async fn a_forward_is_kept_with_its_secret_sealed_until_it_is_removed(place: Place) {
    let vault = place.open().await;
    let made = vault.create_forward("county", "{}", b"a secret shared", 7).await.unwrap();
    assert_eq!(
        vault.create_forward("county", "{}", b"x", 0).await,
        Err(VaultError::Exists("a forward of this name"))
    );
    assert_eq!(vault.forwards().await.unwrap(), std::slice::from_ref(&made));
    let again = place.open().await;
    assert_eq!(again.forward_secret(made.id).await.unwrap().unwrap().as_slice(), b"a secret shared");
    for entry in std::fs::read_dir(place.dir.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap_or_default();
        assert!(!bytes.windows(15).any(|window| window == b"a secret shared"));
    }
    assert!(vault.remove_forward(made.id).await.unwrap() && !vault.remove_forward(made.id).await.unwrap());
    assert_eq!(
        (vault.forwards().await.unwrap(), vault.forward_secret(made.id).await.unwrap()),
        (vec![], None)
    );
}

async fn a_checkpoint_is_moved_by_whoever_has_the_lease_and_by_nobody_else(place: Place) {
    let (vault, other) = (place.open().await, place.open().await);
    let id = vault.create_forward("county", "{}", b"", 7).await.unwrap().id;
    assert!(!vault.advance_forward(id, "one", 7, &to(8)).await.unwrap(), "without a lease");
    assert_eq!(vault.lease_forward(id, "one", in_seconds(&place, 30)).await.unwrap().unwrap().position, 7);
    assert_eq!(other.lease_forward(id, "two", in_seconds(&place, 30)).await.unwrap(), None);
    assert!(vault.advance_forward(id, "one", 7, &to(9)).await.unwrap());
    assert!(!vault.advance_forward(id, "one", 7, &to(10)).await.unwrap(), "from where it is not");
    assert!(!other.advance_forward(id, "two", 9, &to(10)).await.unwrap());
    assert!(vault.renew_forward(id, "one", in_seconds(&place, 60)).await.unwrap());
    place.clock.advance(std::time::Duration::from_secs(31));
    assert_eq!(other.lease_forward(id, "two", in_seconds(&place, 30)).await.unwrap(), None, "it was renewed");
    place.clock.advance(std::time::Duration::from_secs(31));
    assert_eq!(other.lease_forward(id, "two", in_seconds(&place, 30)).await.unwrap().unwrap().position, 9);
    assert!(!vault.advance_forward(id, "one", 9, &to(10)).await.unwrap(), "it woke up too late");
    assert!(!vault.renew_forward(id, "one", in_seconds(&place, 60)).await.unwrap());
    other.release_forward(id, "two").await.unwrap();
    assert!(vault.lease_forward(id, "one", in_seconds(&place, 30)).await.unwrap().is_some());
}

async fn a_forward_that_rests_or_was_resumed_is_nobodys(place: Place) {
    let vault = place.open().await;
    let id = vault.create_forward("county", "{}", b"", 7).await.unwrap().id;
    vault.lease_forward(id, "one", in_seconds(&place, 30)).await.unwrap().unwrap();
    vault.note_forward_failure(id, "one", "it cannot be reached").await.unwrap();
    assert_eq!(vault.forwards().await.unwrap()[0].failing.as_ref().unwrap().1, "it cannot be reached");
    assert!(vault.pause_forward(id, 2).await.unwrap() && !vault.pause_forward(id, 1).await.unwrap());
    assert_eq!(vault.forwards().await.unwrap()[0].paused, Some(2));
    assert!(!vault.advance_forward(id, "one", 7, &to(8)).await.unwrap());
    assert!(!vault.renew_forward(id, "one", in_seconds(&place, 30)).await.unwrap());
    assert_eq!(vault.lease_forward(id, "two", in_seconds(&place, 30)).await.unwrap(), None);
    assert!(vault.resume_forward(id, Some(3)).await.unwrap());
    assert!(!vault.advance_forward(id, "one", 7, &to(8)).await.unwrap());
    let taken = vault.lease_forward(id, "two", in_seconds(&place, 30)).await.unwrap().unwrap();
    assert_eq!((taken.position, taken.paused, taken.failing), (3, None, None));
    assert!(vault.resume_forward(id, None).await.unwrap());
    assert_eq!(vault.forwards().await.unwrap()[0].position, 3);
    assert!(!vault.resume_forward([0; 16], None).await.unwrap());
}

async fn what_became_of_statements_adds_up_and_the_newest_refusals_are_kept(place: Place) {
    let vault = place.open().await;
    let id = vault.create_forward("county", "{}", b"", 0).await.unwrap().id;
    vault.lease_forward(id, "one", in_seconds(&place, 30)).await.unwrap().unwrap();
    let counts = Counts { sent: 5, conflicts: 1, set_aside: 1, passed_over: 2, erased: 3 };
    let most = SET_ASIDE_KEPT as u64 + 3;
    for position in 1..=most {
        let set_aside = vec![SetAside { position, status: 400, at: place.clock.now() }];
        let advance = Advance { position, counts, set_aside };
        assert!(vault.advance_forward(id, "one", position - 1, &advance).await.unwrap());
    }
    let kept = vault.forwards().await.unwrap().remove(0).counts;
    assert_eq!(
        (kept.sent, kept.conflicts, kept.set_aside, kept.passed_over, kept.erased),
        (5 * most, most, most, 2 * most, 3 * most)
    );
    let aside = vault.forward_set_aside(id).await.unwrap();
    assert_eq!(aside.len(), SET_ASIDE_KEPT);
    assert_eq!((aside[0].position, aside[0].status), (most, 400));
}
