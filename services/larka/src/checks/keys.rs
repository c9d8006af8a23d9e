//! The instance's id, its keys, and whether those are its vault's.

use std::path::Path;

use eventlog::Location;

use crate::finding::Finding;
use crate::instance::locations;
use crate::keys;
use crate::settings::Settings;

/// Which instance it is and where; addresses of databases without passwords.
pub(super) fn instance(settings: &Settings, serving: bool, live: bool) -> Finding {
    let storage = &settings.storage;
    let (log, _, vault) = locations(settings);
    let kind = match &log {
        Location::Sqlite { .. } => "sqlite",
        Location::Postgres { .. } => "postgresql",
    };
    let state = match (serving, live) {
        (true, _) => "a server runs on it",
        (false, true) => "a command works on it",
        (false, false) => "no server runs on this folder",
    };
    let databases = match &log {
        Location::Sqlite { .. } => format!("SQLite in {}", storage.data_dir.display()),
        Location::Postgres { .. } => format!("{}, vault in {}", log.place(), vault.place()),
    };
    match keys::read_id(&storage.keys_dir) {
        Ok(Some(id)) => {
            let id = hex::encode(id);
            Finding::well("instance", format!("{id}, {databases}; {state}")).with("id", id)
        }
        Ok(None) => Finding::wrong(
            "instance",
            format!("the instance's keys are not at {}; {databases}; {state}", storage.keys_dir.display()),
            "name their folder with --keys-dir, or bring it back: without it nobody can be read",
        ),
        Err(failure) => {
            Finding::wrong("instance", failure.to_string(), "bring the file back from a copy of the keys")
        }
    }
    .with("database", kind)
    .with("serving", serving)
}

/// The generation of keys, and whether the key files are the vault's. `there`: its database is.
pub(super) fn findings(settings: &Settings, vault: Option<&vault::Looked>, there: bool) -> Vec<Finding> {
    let dir = &settings.storage.keys_dir;
    let Some(vault) = vault else {
        if !there && settings.storage.database_url.is_some() {
            return Vec::new();
        }
        let found = "there is no vault that was used: nobody could be read any more";
        let to_do = "name the vault's database with --vault-url, or bring back vault.db, of the same moment as the log";
        return vec![Finding::wrong("keys", found, to_do)];
    };
    vec![finding(dir, vault)]
}

fn finding(dir: &Path, vault: &vault::Looked) -> Finding {
    let generation = vault.generation;
    let Ok(Some(id)) = keys::read_id(dir) else {
        let found =
            format!("the vault is under generation {generation} of keys that are not at {}", dir.display());
        return Finding::wrong("keys", found, "name their folder with --keys-dir, or bring it back");
    };
    if vault.instance != id {
        return Finding::wrong(
            "keys",
            format!("the vault is another instance's than the keys at {}", dir.display()),
            "bring back log, vault and keys of one instance and one moment",
        );
    }
    match vault::look_at_keys(dir, id) {
        Err(error) => Finding::wrong("keys", error.to_string(), "do what it says; keys that are damaged or missing come back from a copy of the keys folder alone"),
        Ok(held) if !held.contains(&generation) => Finding::wrong(
            "keys",
            format!("the vault is under generation {generation}, which the keyring at {} does not hold: it is an older copy", dir.display()),
            "put the newest copy of the keyring in its place; it is read again without a restart",
        ),
        Ok(held) => Finding::well("keys", format!("the keyring holds generation {generation}, which the vault is under"))
            .with("held", held),
    }
    .with("generation", generation)
}
