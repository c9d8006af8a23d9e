//! A vault's copy, and the vault that is made of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use eventlog::clock::Micros;
use eventlog::{Location, Position};
use vault::{
    AgentId, BackupPieces, Binding, Journal, Opened, Owner, Restored, Restoring, Seen, Vault, VaultError,
    expect_opens,
};

use crate::support::{EVENT, INSTANCE, Place, mbox, on_both, one};

on_both!(
    a_vault_made_of_its_copy_opens_all_that_it_opened_on_either_database,
    nobody_who_was_erased_is_taken_in,
    a_copy_holds_one_generation_of_keys_and_nothing_in_the_clear,
    what_is_not_whole_or_not_ours_is_refused,
    a_backup_is_known_until_it_expires,
);

const SEEN: Seen = Seen { position: Position(7), hash: [7; 32] };

struct Copied(Vec<Vec<u8>>);

impl BackupPieces for Copied {
    type Error = VaultError;

    async fn take(&mut self, bytes: Vec<u8>) -> Result<(), VaultError> {
        self.0.push(bytes);
        Ok(())
    }
}

async fn copied(vault: &Vault) -> Vec<u8> {
    let mut copied = Copied(Vec::new());
    vault.back_up(SEEN, &mut copied).await.unwrap();
    copied.0.concat()
}

/// A place where a vault can be restored to, with a copy of the master key of another.
async fn empty(like: &Location, of: &Place) -> (Place, PathBuf) {
    let mut place = match like {
        Location::Sqlite { .. } => Place::sqlite(),
        Location::Postgres { .. } => Place::postgres().await,
    };
    if let Location::Postgres { url, .. } = &place.location {
        place.location = Location::postgres(url, "vault");
    }
    let master = place.dir.path().join("kept");
    std::fs::copy(of.keys().join("master"), &master).unwrap();
    (place, master)
}

async fn restored(
    (place, master): &(Place, PathBuf),
    bytes: &[u8],
    erased: BTreeMap<AgentId, Micros>,
) -> Result<Restored, VaultError> {
    let folder = tempfile::tempdir().unwrap();
    let (aside, keys) = (place.location.aside(folder.path()), folder.path().join("keys"));
    let mut restoring = Restoring::begin(&aside, &keys, master, erased).await?;
    // In other pieces than it was handed on.
    for some in bytes.chunks(1_000) {
        restoring.take(some).await?;
    }
    let restored = restoring.finish(Seen { position: Position(5), hash: [5; 32] }).await?;
    place.location.take(&aside).await.unwrap();
    std::fs::rename(keys, place.keys()).unwrap();
    Ok(restored)
}

fn binding(slot: u16) -> Binding<'static> {
    Binding { event: EVENT, kind: "statement", slot }
}

async fn a_vault_made_of_its_copy_opens_all_that_it_opened_on_either_database(place: Place) {
    let vault = place.open().await;
    let people: Vec<_> = (0..3_000).map(|number| mbox(&format!("p{number}"))).collect();
    vault.resolve(&people, crate::support::QUARTER).await.unwrap();
    let a = one(&vault, "a").await;
    let slot = vault.seal(&binding(0), &Owner::Agent(&a), b"text").unwrap();
    let credential = vault.create_credential("H5P", &["all"]).await.unwrap();
    vault.ratchet().await.unwrap();
    let bytes = copied(&vault).await;
    for like in [Location::sqlite("x"), Location::postgres("x", "vault")] {
        let target = empty(&like, &place).await;
        let done = restored(&target, &bytes, BTreeMap::new()).await.unwrap();
        assert_eq!((done.agents, done.left_out, done.seen, done.instance), (3_001, 0, SEEN, INSTANCE));
        let again = target.0.open().await;
        assert_eq!(again.lookup(&[mbox("a")]).await.unwrap(), [Some(a.agent())]);
        let opened = again.open_slots("statement", EVENT, std::slice::from_ref(&slot)).await.unwrap();
        assert_eq!(opened, [Opened::Plain(b"text".to_vec())]);
        let key = &credential.credential.key;
        assert!(again.verify_credential(key, &credential.secret).await.unwrap().is_some());
        assert_eq!(again.seen().await.unwrap().unwrap().position, Position(5), "how far the log goes now");
        again.ratchet().await.unwrap();
        one(&again, "new").await;
        again.close().await;
    }
}

async fn nobody_who_was_erased_is_taken_in(place: Place) {
    let vault = place.open().await;
    let (a, b) = (one(&vault, "a").await.agent(), one(&vault, "b").await.agent());
    let bytes = copied(&vault).await;
    vault.erase(&[a]).await.unwrap();
    let target = empty(&place.location, &place).await;
    let done = restored(&target, &bytes, vault.journal().await.unwrap()).await.unwrap();
    assert_eq!((done.agents, done.left_out), (1, 1));
    let again = target.0.open().await;
    assert_eq!(again.is_alive(&[a, b]).await.unwrap(), [false, true]);
    assert_eq!(again.lookup(&[mbox("a"), mbox("b")]).await.unwrap(), [None, Some(b)]);
    assert_eq!(again.erased().await.unwrap(), [a], "and its journal says so");
}

async fn a_copy_holds_one_generation_of_keys_and_nothing_in_the_clear(place: Place) {
    let vault = place.open().await;
    one(&vault, "a").await;
    let older = copied(&vault).await;
    // Cut short: the keyring holds the next generation too.
    vault.ratchet_stopping_after(Some(vault::RatchetStep::Prepared)).await.unwrap();
    let bytes = copied(&vault).await;
    assert!(older.len().abs_diff(bytes.len()) < 16, "the next one's keys are not in it");
    let target = empty(&place.location, &place).await;
    restored(&target, &bytes, BTreeMap::new()).await.unwrap();
    assert_eq!(std::fs::read(target.0.keys().join("keyring")).unwrap().len(), 34 + 5 * 65 + 32);
    for clear in ["keyring", "larka master", "agent_key"] {
        assert!(!bytes.windows(clear.len()).any(|window| window == clear.as_bytes()), "{clear}");
    }
}

async fn what_is_not_whole_or_not_ours_is_refused(place: Place) {
    let vault = place.open().await;
    let people: Vec<_> = (0..4_000).map(|number| mbox(&format!("p{number}"))).collect();
    vault.resolve(&people, crate::support::QUARTER).await.unwrap();
    let bytes = copied(&vault).await;
    let other = Place::sqlite();
    other.open().await.close().await;
    let target = empty(&place.location, &place).await;
    let refused =
        async |bytes: &[u8]| restored(&target, bytes, BTreeMap::new()).await.unwrap_err().to_string();
    let middle = bytes.len() / 2;
    let mut changed = bytes.clone();
    changed[middle] ^= 1;
    assert!(refused(&changed).await.contains("the master key does not open it"));
    assert!(refused(&bytes[..bytes.len() - 1]).await.contains("its end is missing"));
    assert!(refused(&[&bytes[..], &bytes[54..]].concat()).await.contains("follows its last piece"));
    assert!(
        refused(b"something else, long enough to be looked at as a whole header")
            .await
            .contains("it is none")
    );
    let foreign = (empty(&place.location, &other).await.0, other.keys().join("master"));
    let said = restored(&foreign, &bytes, BTreeMap::new()).await.unwrap_err().to_string();
    assert!(said.contains("the master key does not open it"), "{said}");
    assert!(expect_opens(&foreign.1, &bytes).is_err());
    expect_opens(&target.1, &bytes).unwrap();
    restored(&target, &bytes, BTreeMap::new()).await.unwrap();
}

async fn a_backup_is_known_until_it_expires(place: Place) {
    let vault = place.open().await;
    assert_eq!(vault.backups_until().await.unwrap(), None);
    let now = eventlog::clock::Clock::now(place.clock.as_ref());
    let day = |days: i64| Micros(now.0 + days * 86_400_000_000);
    vault.note_backup(now, day(30)).await.unwrap();
    vault.note_backup(day(1), day(8)).await.unwrap();
    assert_eq!(vault.backups_until().await.unwrap(), Some(day(30)));
    place.clock.advance(std::time::Duration::from_secs(31 * 86_400));
    assert_eq!(vault.backups_until().await.unwrap(), None);
    let journal = Journal { instance: None, erased: vault.journal().await.unwrap() };
    assert_eq!(journal.text(), "larka erasures 1\n");
}
