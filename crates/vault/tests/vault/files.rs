//! What lies on disk: who may read it, and what is not in it any more.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use sqlx::{Connection, Row, SqliteConnection};
use vault::{Vault, VaultError};

use crate::support::{INSTANCE, Place, QUARTER, copy_files, mbox, one};

#[tokio::test]
async fn key_files_and_database_are_readable_by_their_owner_only() {
    let place = Place::sqlite();
    let vault = place.open().await;
    let agent = one(&vault, "a").await.agent();
    vault.erase(&[agent]).await.unwrap();
    vault.ratchet().await.unwrap();
    for dir in [place.keys(), place.dir.path().to_owned()] {
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            assert_eq!(entry.metadata().unwrap().mode() & 0o077, 0, "{:?}", entry.path());
        }
    }
}

#[tokio::test]
async fn a_key_file_that_others_can_read_is_refused_with_what_to_do() {
    for file in ["master", "keyring"] {
        for mode in [0o640, 0o604, 0o602, 0o610] {
            let place = Place::sqlite();
            drop(place.open().await);
            let path = place.keys().join(file);
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let error = place.try_open(INSTANCE).await.unwrap_err();
            assert_eq!(error, VaultError::Permissions { file: path.clone(), mode });
            assert!(error.to_string().contains("expected 600"), "{error}");
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            place.open().await;
        }
    }
}

#[tokio::test]
async fn lost_or_damaged_key_files_stop_the_start_and_are_never_made_anew() {
    let place = Place::sqlite();
    let vault = place.open().await;
    let agent = one(&vault, "a").await.agent();
    drop(vault);
    let kept = place.dir.path().join("kept");
    copy_files(&place.keys(), &kept);
    for file in ["master", "keyring"] {
        let path = place.keys().join(file);
        fs::remove_file(&path).unwrap();
        let error = place.try_open(INSTANCE).await.unwrap_err().to_string();
        assert!(error.contains(file) && error.contains("restore it"), "{error}");
        assert!(!path.exists());

        let whole = fs::read(kept.join(file)).unwrap();
        for (what, damaged) in [
            ("a byte", [&whole[..40], &[whole[40] ^ 1], &whole[41..]].concat()),
            ("its end", whole[..whole.len() - 2].to_vec()),
            ("all", Vec::new()),
        ] {
            fs::write(&path, damaged).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            let error = place.try_open(INSTANCE).await.unwrap_err();
            assert!(matches!(error, VaultError::KeyFile { .. }), "{what} of {file}: {error}");
        }
        copy_files(&kept, &place.keys());
    }
    let error = place.try_open([0; 16]).await.unwrap_err().to_string();
    assert!(error.contains("another instance"), "{error}");
    assert_eq!(one(&place.open().await, "a").await.agent(), agent);
}

#[tokio::test]
async fn a_new_database_beside_old_keys_is_another_instances_or_empty() {
    let place = Place::sqlite();
    let vault = place.open().await;
    vault.ratchet().await.unwrap();
    let agent = one(&vault, "a").await.agent();
    vault.close().await;
    for file in ["vault.db", "vault.db-wal", "vault.db-shm"] {
        let _ = fs::remove_file(place.dir.path().join(file));
    }
    let vault = place.open().await;
    assert_eq!(vault.lookup(&[mbox("a")]).await.unwrap(), [None]);
    assert_ne!(one(&vault, "a").await.agent(), agent);
}

/// Wrapped keys, lookup hashes and wrapped identifiers as they stand in the database, with their agents.
async fn rows(place: &Place) -> Vec<(vault::AgentId, Vec<u8>)> {
    let file = place.dir.path().join("vault.db");
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let sql = "SELECT agent, wrapped FROM agent_key UNION ALL SELECT agent, lookup FROM agent \
               UNION ALL SELECT agent, identifier FROM agent";
    let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let row = |row: &sqlx::sqlite::SqliteRow| {
        (vault::AgentId(row.get::<Vec<u8>, _>(0).try_into().unwrap()), row.get(1))
    };
    rows.iter().map(row).collect()
}

/// How many of the needles are in any file of the vault.
fn found_on_disk(place: &Place, needles: &[Vec<u8>]) -> usize {
    let files = [
        place.dir.path().join("vault.db"),
        place.dir.path().join("vault.db-wal"),
        place.dir.path().join("vault.db-shm"),
        place.keys().join("keyring"),
        place.keys().join("erasures"),
    ];
    let contents: Vec<_> = files.iter().map(|file| fs::read(file).unwrap_or_default()).collect();
    let starts: std::collections::HashMap<[u8; 8], &Vec<u8>> =
        needles.iter().map(|needle| (needle[..8].try_into().unwrap(), needle)).collect();
    let mut found = std::collections::HashSet::new();
    for content in &contents {
        for (at, window) in content.windows(8).enumerate() {
            if let Some(needle) = starts.get(window).filter(|needle| content[at..].starts_with(needle)) {
                found.insert(*needle);
            }
        }
    }
    found.len()
}

async fn crowded(place: &Place) -> (Vault, Vec<vault::AgentId>) {
    let vault = place.open().await;
    let mut agents = Vec::new();
    // In many small batches, so that pages split in the middle as they do in use.
    for batch in 0..150 {
        let people: Vec<_> = (0..20).map(|n| mbox(&format!("p{batch}-{n}"))).collect();
        agents.extend(vault.resolve(&people, QUARTER).await.unwrap().iter().map(|handle| handle.agent()));
    }
    (vault, agents)
}

#[tokio::test]
async fn after_erasing_some_of_many_their_rows_are_nowhere_on_disk() {
    let place = Place::sqlite();
    let (vault, agents) = crowded(&place).await;
    let erased: Vec<_> = agents.iter().step_by(10).copied().collect();
    let before = rows(&place).await;
    let all: Vec<_> = before.iter().map(|(_, bytes)| bytes.clone()).collect();
    let needles: Vec<_> =
        before.iter().filter(|(agent, _)| erased.contains(agent)).map(|(_, bytes)| bytes.clone()).collect();
    assert_eq!((all.len(), needles.len()), (9000, 900));
    assert_eq!(found_on_disk(&place, &needles), needles.len(), "the search finds what is there");
    assert!(vault.erase(&erased).await.unwrap().truncated);
    assert_eq!(found_on_disk(&place, &needles), 0, "after the erasure");

    // After a ratchet also nothing of the survivors' old rows.
    vault.ratchet().await.unwrap();
    assert_eq!(found_on_disk(&place, &all), 0, "after the ratchet");
    assert_eq!(fs::metadata(place.dir.path().join("vault.db-wal")).unwrap().len(), 0);
}
