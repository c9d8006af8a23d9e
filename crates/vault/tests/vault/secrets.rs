//! Credentials, accounts, sessions, tokens.

use std::collections::BTreeMap;
use std::time::Duration;

use eventlog::clock::{Clock as _, Micros};
use vault::{
    Conflicts, DAYS_KEPT, HOURS_KEPT, OTHER_TOOLS, REFUSALS_KEPT, Rate, RefusalNote, Stored, TOOLS_KEPT,
    Terms, ToolUse, Use, VaultError,
};

use crate::support::{Place, on_both};

on_both!(
    a_credential_is_verified_by_its_own_secret_only,
    a_revoked_credential_is_refused_at_once_here_and_soon_on_other_nodes,
    a_rotated_secret_replaces_the_old_one,
    a_secret_that_was_rotated_elsewhere_is_known_when_it_arrives,
    a_rotated_secret_leaves_the_old_one_good_for_the_time_that_was_asked_for,
    a_credential_is_refused_from_when_it_expires,
    a_credential_keeps_its_terms,
    a_vault_of_the_first_form_opens_with_its_credentials,
    uses_add_up_over_nodes_and_the_newest_refusals_are_kept,
    of_a_credentials_tools_twenty_are_told_apart_and_its_last_day_and_month_are_kept,
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
    assert!(vault.rotate_credential(key, Duration::ZERO).await.unwrap().is_none());
}

async fn a_rotated_secret_replaces_the_old_one(place: Place) {
    let vault = place.open().await;
    let old = vault.create_credential("Moodle", &["all"]).await.unwrap();
    let key = &old.credential.key;
    assert!(vault.verify_credential(key, &old.secret).await.unwrap().is_some());
    let new = vault.rotate_credential(key, Duration::ZERO).await.unwrap().unwrap();
    assert_eq!(new.credential, old.credential);
    assert_eq!(vault.verify_credential(key, &old.secret).await.unwrap(), None);
    assert!(vault.verify_credential(key, &new.secret).await.unwrap().is_some());
}

async fn a_secret_that_was_rotated_elsewhere_is_known_when_it_arrives(place: Place) {
    let (vault, other) = (place.open().await, place.open().await);
    let old = vault.create_credential("Moodle", &["all"]).await.unwrap();
    let key = &old.credential.key;
    assert!(other.verify_credential(key, &old.secret).await.unwrap().is_some());
    place.clock.advance(Duration::from_millis(100));
    let new = vault.rotate_credential(key, Duration::ZERO).await.unwrap().unwrap();
    // What the other node remembers is good for a while; that it was asked in between makes no difference.
    assert!(other.verify_credential(key, &old.secret).await.unwrap().is_some());
    assert!(other.verify_credential(key, &new.secret).await.unwrap().is_some());
    assert_eq!(other.verify_credential(key, &old.secret).await.unwrap(), None);

    let last = vault.rotate_credential(key, Duration::ZERO).await.unwrap().unwrap();
    place.clock.advance(Duration::from_secs(5));
    assert_eq!(other.verify_credential(key, &new.secret).await.unwrap(), None);
    assert!(other.verify_credential(key, &last.secret).await.unwrap().is_some());
}

async fn a_rotated_secret_leaves_the_old_one_good_for_the_time_that_was_asked_for(place: Place) {
    let (vault, other) = (place.open().await, place.open().await);
    let first = vault.create_credential("Moodle", &["all"]).await.unwrap();
    let key = &first.credential.key;
    let hour = Duration::from_secs(3600);
    let second = vault.rotate_credential(key, hour).await.unwrap().unwrap();
    place.clock.advance(hour - Duration::from_secs(1));
    for vault in [&vault, &other] {
        for secret in [&first.secret, &second.secret] {
            assert!(vault.verify_credential(key, secret).await.unwrap().is_some());
        }
        assert_eq!(vault.verify_credential(key, "").await.unwrap(), None);
    }
    place.clock.advance(Duration::from_secs(1));
    assert_eq!(other.verify_credential(key, &first.secret).await.unwrap(), None);
    assert!(other.verify_credential(key, &second.secret).await.unwrap().is_some());

    let third = vault.rotate_credential(key, hour).await.unwrap().unwrap();
    let fourth = vault.rotate_credential(key, Duration::ZERO).await.unwrap().unwrap();
    for old in [&first, &second, &third] {
        assert_eq!(vault.verify_credential(key, &old.secret).await.unwrap(), None);
    }
    assert!(vault.verify_credential(key, &fourth.secret).await.unwrap().is_some());
}

async fn a_credential_is_refused_from_when_it_expires(place: Place) {
    let vault = place.open().await;
    let expires = Micros(place.clock.now().0 + 60_000_000);
    let terms = Terms { scopes: vec!["all".into()], expires: Some(expires), ..Terms::default() };
    let new = vault.create_credential_with("Moodle", terms).await.unwrap();
    let key = &new.credential.key;
    // From memory it is no different: what is remembered is the credential, not that it was good.
    place.clock.advance(Duration::from_secs(59));
    assert!(vault.verify_credential(key, &new.secret).await.unwrap().is_some());
    place.clock.advance(Duration::from_secs(1));
    assert_eq!(vault.verify_credential(key, &new.secret).await.unwrap(), None);
}

async fn a_credential_keeps_its_terms(place: Place) {
    let vault = place.open().await;
    let terms = Terms {
        scopes: vec!["statements/write".into(), "define".into()],
        expires: Some(Micros(4_000_000_000_000_000)),
        rate: Some(Rate { per_second: 5, burst: 20 }),
        rules: Some("{}".into()),
    };
    let made = vault.create_credential_with("H5P", terms.clone()).await.unwrap().credential;
    let read = vault.credential(&made.key).await.unwrap().unwrap();
    assert_eq!(read, made);
    assert_eq!(
        (read.scopes, read.expires, read.rate, read.rules),
        (terms.scopes, terms.expires, terms.rate, terms.rules)
    );
    assert_eq!(vault.credential("nobody").await.unwrap(), None);

    let changed = vault.set_credential_rules(&made.key, Some("[]")).await.unwrap().unwrap();
    assert_eq!(changed.rules.as_deref(), Some("[]"));
    assert_eq!(vault.credential(&made.key).await.unwrap(), Some(changed));
    assert_eq!(vault.set_credential_rules(&made.key, None).await.unwrap().unwrap().rules, None);
    assert_eq!(vault.set_credential_rules("nobody", None).await.unwrap(), None);
}

async fn a_vault_of_the_first_form_opens_with_its_credentials(place: Place) {
    let vault = place.open().await;
    let new = vault.create_credential("Moodle", &["all"]).await.unwrap();
    vault.close().await;
    let database = eventlog::Database::open(&place.location).await.unwrap();
    let mut transaction = database.begin().await.unwrap();
    let columns = ["expires", "rate", "burst", "former", "former_until", "rules"];
    let drops: String = columns.map(|name| format!("ALTER TABLE credential DROP COLUMN {name};")).concat();
    let sql: &'static str = Box::leak(format!("{drops} UPDATE vault SET format = 1").into_boxed_str());
    transaction.tx().run(sql, sql).await.unwrap();
    transaction.commit().await.unwrap();
    database.close().await;
    for _ in 0..2 {
        let vault = place.open().await;
        let verified = vault.verify_credential(&new.credential.key, &new.secret).await.unwrap();
        assert_eq!(verified.as_ref(), Some(&new.credential));
        vault.close().await;
    }
}

async fn uses_add_up_over_nodes_and_the_newest_refusals_are_kept(place: Place) {
    let (vault, other) = (place.open().await, place.open().await);
    let stored = |statements, hours: &[(i64, u64)], days: &[(i64, u64)]| Stored {
        statements,
        hours: hours.iter().copied().collect(),
        days: days.iter().copied().collect(),
    };
    assert!(vault.uses().await.unwrap().is_empty());
    let note = |at| RefusalNote {
        at: Micros(at),
        tool: "Moodle/4.5".into(),
        reason: "because".into(),
        path: "/verb/id".into(),
    };
    for (vault, seen, at) in [(&vault, 200, 0..40), (&other, 100, 40..80)] {
        let used = Use {
            seen: Micros(seen),
            stored: stored(7, &[(100, 4), (seen, 3)], &[(10, 7)]),
            refused: 40,
            unkept: 3,
            conflicts: Conflicts { requests: 1, statements: 50 },
            refusals: at.map(note).collect(),
            tools: [(
                "Moodle/4.5".to_owned(),
                ToolUse {
                    seen: Micros(seen),
                    stored: stored(7, &[(100, 4), (seen, 2)], &[(10, 6)]),
                    refused: 40,
                },
            )]
            .into(),
        };
        vault.add_uses(&[("k".to_owned(), used)].into()).await.unwrap();
    }
    let quiet = Use { seen: Micros(5), ..Use::default() };
    other.add_uses(&[("l".to_owned(), quiet.clone())].into()).await.unwrap();
    let refusals: Vec<_> = (30..80).rev().map(note).collect();
    assert_eq!(refusals.len(), REFUSALS_KEPT);
    let used = Use {
        seen: Micros(200),
        // Hour 100 was counted again by the node whose clock is behind, and is too old beside hour 200.
        stored: stored(14, &[(200, 3)], &[(10, 14)]),
        refused: 80,
        unkept: 6,
        conflicts: Conflicts { requests: 2, statements: 100 },
        refusals,
        tools: [(
            "Moodle/4.5".to_owned(),
            ToolUse { seen: Micros(200), stored: stored(14, &[(200, 2)], &[(10, 12)]), refused: 80 },
        )]
        .into(),
    };
    assert_eq!(vault.uses().await.unwrap(), [("k".to_owned(), used), ("l".to_owned(), quiet)].into());
}

async fn of_a_credentials_tools_twenty_are_told_apart_and_its_last_day_and_month_are_kept(place: Place) {
    let vault = place.open().await;
    let of = |numbers: std::ops::Range<i64>, times: u64| ToolUse {
        seen: Micros(9),
        stored: Stored {
            statements: numbers.clone().sum::<i64>().unsigned_abs() * times,
            days: numbers.clone().map(|number| (number, number.unsigned_abs() * times)).collect(),
            ..Stored::default()
        },
        refused: numbers.count() as u64 * times,
    };
    let tool = |number: i64| (format!("tool-{number:02}/1"), of(number..number + 1, 1));
    let counts =
        |numbers: std::ops::Range<i64>| numbers.map(|number| (number, 1)).collect::<BTreeMap<_, _>>();
    for numbers in [0..15, 10..30] {
        let used = Use { tools: numbers.map(tool).collect(), ..Use::default() };
        vault.add_uses(&[("k".to_owned(), used)].into()).await.unwrap();
    }
    let stored = Stored { hours: counts(0..60), days: counts(0..60), ..Stored::default() };
    let used = Use { stored, ..Use::default() };
    vault.add_uses(&[("k".to_owned(), used)].into()).await.unwrap();
    let used = vault.uses().await.unwrap().remove("k").unwrap();
    assert_eq!(used.tools.len(), TOOLS_KEPT + 1);
    assert_eq!(used.tools["tool-12/1"], of(12..13, 2));
    let others = of(20..30, 1);
    assert_eq!(used.tools[OTHER_TOOLS], others);
    let (hours, days) = (used.stored.hours, used.stored.days);
    assert_eq!((hours, days), (counts(60 - HOURS_KEPT..60), counts(60 - DAYS_KEPT..60)));
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
