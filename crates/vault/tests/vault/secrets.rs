//! Credentials, accounts, sessions, tokens.

use std::time::Duration;

use vault::VaultError;

use crate::support::{Place, on_both};

on_both!(
    a_credential_is_verified_by_its_own_secret_only,
    a_revoked_credential_is_refused_at_once_here_and_soon_on_other_nodes,
    a_rotated_secret_replaces_the_old_one,
    a_password_is_verified_and_a_login_is_taken_once,
    a_session_lasts_until_it_expires_or_is_ended,
    tokens_open_for_their_purpose_unchanged_and_after_a_ratchet,
);

async fn a_credential_is_verified_by_its_own_secret_only(place: Place) {
    let vault = place.open().await;
    let one = vault.create_credential("Moodle", &["statements/write", "state"]).await.unwrap();
    let other = vault.create_credential("H5P", &["all"]).await.unwrap();
    assert_eq!(one.secret.len(), 64);
    for _ in 0..2 {
        let verified = vault.verify_credential(&one.credential.key, &one.secret).await.unwrap();
        assert_eq!(verified.as_ref(), Some(&one.credential));
        assert_eq!(vault.verify_credential(&one.credential.key, &other.secret).await.unwrap(), None);
        assert_eq!(vault.verify_credential(&one.credential.key, "").await.unwrap(), None);
        assert_eq!(vault.verify_credential("nobody", &one.secret).await.unwrap(), None);
    }
    let mut all = vault.credentials().await.unwrap();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(all, [other.credential, one.credential]);
    assert!(matches!(vault.create_credential("x", &["a b"]).await, Err(VaultError::Invalid(_))));
}

async fn a_revoked_credential_is_refused_at_once_here_and_soon_on_other_nodes(place: Place) {
    let (vault, other) = (place.open().await, place.open().await);
    let new = vault.create_credential("Moodle", &[]).await.unwrap();
    let key = &new.credential.key;
    assert!(vault.verify_credential(key, &new.secret).await.unwrap().is_some());
    assert!(other.verify_credential(key, &new.secret).await.unwrap().is_some());
    assert!(vault.revoke_credential(key).await.unwrap());
    assert!(!vault.revoke_credential(key).await.unwrap());
    assert_eq!(vault.verify_credential(key, &new.secret).await.unwrap(), None);
    place.clock.advance(Duration::from_secs(5));
    assert_eq!(other.verify_credential(key, &new.secret).await.unwrap(), None);
    assert!(vault.credentials().await.unwrap()[0].revoked.is_some());
    assert!(vault.rotate_credential(key).await.unwrap().is_none());
}

async fn a_rotated_secret_replaces_the_old_one(place: Place) {
    let vault = place.open().await;
    let old = vault.create_credential("Moodle", &["all"]).await.unwrap();
    let key = &old.credential.key;
    assert!(vault.verify_credential(key, &old.secret).await.unwrap().is_some());
    let new = vault.rotate_credential(key).await.unwrap().unwrap();
    assert_eq!(new.credential, old.credential);
    assert_eq!(vault.verify_credential(key, &old.secret).await.unwrap(), None);
    assert!(vault.verify_credential(key, &new.secret).await.unwrap().is_some());
}

async fn a_password_is_verified_and_a_login_is_taken_once(place: Place) {
    let vault = place.open().await;
    let password = "a password of many words";
    let account =
        vault.create_account("admin", password, "administrator", "Lokal administratör").await.unwrap();
    assert_eq!(vault.verify_password("admin", password).await.unwrap().as_ref(), Some(&account));
    assert_eq!(vault.verify_password("admin", "another password").await.unwrap(), None);
    assert_eq!(vault.verify_password("Admin", password).await.unwrap(), None);
    let again = vault.create_account("admin", password, "reader", "").await;
    assert_eq!(again.unwrap_err(), VaultError::Exists("an account with this login"));
    let short = vault.create_account("other", "too short", "reader", "").await;
    assert!(matches!(short, Err(VaultError::Invalid(_))));
    assert_eq!(vault.accounts().await.unwrap(), [account]);
}

async fn a_session_lasts_until_it_expires_or_is_ended(place: Place) {
    let vault = place.open().await;
    let account =
        vault.create_account("admin", "a password of many words", "administrator", "").await.unwrap();
    let hour = Duration::from_secs(3600);
    let (first, second) = (
        vault.begin_session(account.id, hour).await.unwrap(),
        vault.begin_session(account.id, hour * 2).await.unwrap(),
    );
    assert_eq!(vault.session(&first.token).await.unwrap().as_ref(), Some(&account));
    assert_eq!(vault.session("").await.unwrap(), None);
    place.clock.advance(hour);
    assert_eq!(vault.session(&first.token).await.unwrap(), None);
    assert!(vault.session(&second.token).await.unwrap().is_some());
    vault.end_session(&second.token).await.unwrap();
    assert_eq!(vault.session(&second.token).await.unwrap(), None);

    let third = vault.begin_session(account.id, hour).await.unwrap();
    assert!(vault.set_password("admin", "another password of words").await.unwrap());
    assert_eq!(vault.session(&third.token).await.unwrap(), None);
    assert!(vault.verify_password("admin", "another password of words").await.unwrap().is_some());
    assert!(!vault.set_password("nobody", "another password of words").await.unwrap());
}

async fn tokens_open_for_their_purpose_unchanged_and_after_a_ratchet(place: Place) {
    let vault = place.open().await;
    let token = vault.seal_token("more", b"a cursor").unwrap();
    let hash = vault.keyed_hash("stream", b"an address");
    assert_eq!(token.len(), b"a cursor".len() + 41);
    assert_ne!(hash, vault.keyed_hash("cursor", b"an address"));
    assert_ne!(hash, vault.keyed_hash("stream", b"an addres"));
    vault.ratchet().await.unwrap();
    drop(vault);
    let vault = place.open().await;
    assert_eq!(vault.open_token("more", &token).as_deref(), Some(b"a cursor".as_slice()));
    assert_eq!(vault.open_token("less", &token), None);
    assert_eq!(vault.keyed_hash("stream", b"an address"), hash);
    for byte in 0..token.len() {
        let mut changed = token.clone();
        changed[byte] ^= 1;
        assert_eq!(vault.open_token("more", &changed), None, "byte {byte}");
        assert_eq!(vault.open_token("more", &token[..byte]), None, "length {byte}");
    }
}
