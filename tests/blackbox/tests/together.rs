//! What does not belong together is named when an instance is opened: what can be made again is, and what cannot stops the start.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use blackbox::samples::{agent, id, statement};
use blackbox::{Instance, Server, promises};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// A part of an instance, as whoever copies files or databases knows it.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// On PostgreSQL with the views, which are in the same database.
    Log,
    Vault,
    Keys,
    Lake,
}
use Part::{Keys, Lake, Log, Vault};

/// A copy of an instance that is not running.
struct Copied {
    folder: PathBuf,
    databases: Option<(String, String)>,
}

impl Copied {
    async fn of(instance: &Instance, name: &str) -> Self {
        let folder = instance.beside(name);
        copy(&instance.folder(), &folder);
        let databases = match instance.databases() {
            Some((log, vault)) => {
                let copies = (format!("{}_{name}", name_of(&log)), format!("{}_{name}", name_of(&vault)));
                anew(&copies.0, Some(name_of(&log)), &log).await;
                anew(&copies.1, Some(name_of(&vault)), &vault).await;
                Some(copies)
            }
            None => None,
        };
        Self { folder, databases }
    }

    /// Puts parts of the copy in the place of those of an instance that is not running.
    async fn put_into(&self, instance: &Instance, parts: &[Part]) {
        for part in parts {
            remove(instance, *part).await;
            match (part, &self.databases, instance.databases()) {
                (Log, Some((log, _)), Some((url, _))) => anew(name_of(&url), Some(log), &url).await,
                (Vault, Some((_, vault)), Some((_, url))) => anew(name_of(&url), Some(vault), &url).await,
                _ => {
                    for path in paths(&self.folder, *part) {
                        copy(&path, &instance.folder().join(path.file_name().unwrap()));
                    }
                }
            }
        }
    }

    async fn clear(&self, instance: &Instance) {
        if let (Some((log, vault)), Some((url, _))) = (&self.databases, instance.databases()) {
            for name in [log, vault] {
                as_admin(&url, &format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)")).await;
            }
        }
    }
}

/// Takes a part away: files, or what is in a database.
async fn remove(instance: &Instance, part: Part) {
    match (part, instance.databases()) {
        (Log, Some((url, _))) | (Vault, Some((_, url))) => anew(name_of(&url), None, &url).await,
        _ => {
            for path in paths(&instance.folder(), part) {
                if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
            }
        }
    }
}

fn paths(folder: &Path, part: Part) -> Vec<PathBuf> {
    let begins = match part {
        Log => "log.db",
        Vault => "vault.db",
        Keys => "keys",
        Lake => "lake",
    };
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(begins)).collect()
}

fn copy(from: &Path, to: &Path) {
    assert!(std::process::Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

fn name_of(url: &str) -> &str {
    url.rsplit_once('/').unwrap().1
}

/// Makes a database anew, empty or as another is.
async fn anew(name: &str, like: Option<&str>, url: &str) {
    as_admin(url, &format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)")).await;
    let like = like.map(|like| format!(" TEMPLATE \"{like}\"")).unwrap_or_default();
    as_admin(url, &format!("CREATE DATABASE \"{name}\"{like}")).await;
}

async fn as_admin(url: &str, sql: &str) {
    let (server, _) = url.rsplit_once('/').unwrap();
    let mut connection = PgConnection::connect(&format!("{server}/postgres")).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn post(server: &Server, numbers: std::ops::Range<u32>) {
    let all: Vec<Value> =
        numbers.map(|number| statement(&id(number), &format!("person{number}"), "a")).collect();
    assert_eq!(server.post(&Value::Array(all)).await.unwrap().status(), 200);
}

/// Serves for a while, and stops in order.
async fn served(instance: &Instance, before: Option<Server>, numbers: std::ops::Range<u32>) -> Server {
    let mut server = match before {
        Some(before) => instance.restart(&before).await.unwrap(),
        None => instance.start().await.unwrap(),
    };
    post(&server, numbers).await;
    server.settled().await.unwrap();
    assert!(server.stop().unwrap().success());
    server
}

/// That it does not start, nor verify, and says why.
async fn refused(instance: &Instance, before: &Server, why: &str) {
    let started = instance.restart(before).await;
    assert!(started.is_err(), "it started");
    let said = instance.said();
    let last = said.lines().last().unwrap_or_default();
    assert!(last.contains(why) && last.contains("--accept-loss"), "expected {why}: {last}");
    let verified = instance.run(&["verify"]).unwrap();
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(!verified.status.success() && said.contains(why), "expected {why}: {said}");
}

async fn actor(server: &Server, number: u32) -> Value {
    server.statement(&id(number)).await.unwrap()["actor"].clone()
}

async fn nobody(server: &Server, number: u32) {
    let actor = actor(server, number).await;
    assert!(actor["account"]["homePage"].as_str().unwrap().ends_with("/erased"), "{number}: {actor}");
}

promises! {
    async fn a_vault_that_is_older_than_the_log_stops_the_start_until_its_loss_is_accepted(instance) {
        let before = served(&instance, None, 1..4).await;
        let copied = Copied::of(&instance, "monday").await;
        let before = served(&instance, Some(before), 4..9).await;
        copied.put_into(&instance, &[Vault]).await;
        refused(&instance, &before, "5 people of whom the log tells are not in the vault").await;

        instance.run_json(&["migrate", "--accept-loss"]).unwrap();
        let server = instance.restart(&before).await.unwrap();
        assert_eq!(actor(&server, 1).await, agent("person1"));
        nobody(&server, 4).await;
        assert_eq!(server.ids(&[]).await.unwrap().len(), 8, "no statement is lost");
        assert_eq!(instance.run_json(&["verify"]).unwrap()["together"], true);
        copied.clear(&instance).await;
    }

    async fn a_log_that_is_older_than_what_follows_it_stops_the_start_until_its_loss_is_accepted(instance) {
        let before = served(&instance, None, 1..4).await;
        let copied = Copied::of(&instance, "monday").await;
        let before = served(&instance, Some(before), 4..9).await;
        copied.put_into(&instance, &[Log]).await;
        refused(&instance, &before, "the log ends at position").await;

        instance.run_json(&["migrate", "--accept-loss"]).unwrap();
        let mut server = instance.restart(&before).await.unwrap();
        post(&server, 20..22).await;
        server.settled().await.unwrap();
        assert_eq!(server.ids(&[]).await.unwrap().len(), 5);
        assert!(server.stop().unwrap().success());
        let manifest: Value =
            serde_json::from_slice(&fs::read(instance.folder().join("lake/manifest.json")).unwrap()).unwrap();
        let hash = match instance.databases() {
            None => "SELECT lower(hex(hash)) = '{}' FROM event WHERE position = {at}",
            Some(_) => "SELECT (encode(hash, 'hex') = '{}')::int::bigint FROM event WHERE position = {at}",
        };
        let hash = hash.replace("{}", manifest["hash"].as_str().unwrap()).replace("{at}", &manifest["position"].to_string());
        assert_eq!(instance.number(&hash).await.unwrap(), 1, "the lake stands upon this log");
        assert_eq!(instance.run_json(&["verify"]).unwrap()["together"], true);
        copied.clear(&instance).await;
    }

    async fn a_lake_of_another_instance_is_written_anew(instance) {
        let other = Instance::fresh(instance.backend()).await.unwrap();
        served(&other, None, 100..103).await;
        let before = served(&instance, None, 1..9).await;
        let copied = Copied::of(&other, "other").await;
        copied.put_into(&instance, &[Lake]).await;
        let foreign = fs::read_to_string(instance.folder().join("lake/manifest.json")).unwrap();

        let verified = instance.run(&["verify"]).unwrap();
        assert!(verified.status.success(), "what was made again when it was opened belongs to it");
        assert!(String::from_utf8_lossy(&verified.stderr).contains("the lake is not of this log"));
        let server = instance.restart(&before).await.unwrap();
        server.settled().await.unwrap();
        let own = fs::read_to_string(instance.folder().join("lake/manifest.json")).unwrap();
        let field = |text: &str, name: &str| serde_json::from_str::<Value>(text).unwrap()[name].clone();
        assert_ne!(field(&own, "instance"), field(&foreign, "instance"));
        assert_eq!(json!(instance.number("SELECT position FROM log_head").await.unwrap()), field(&own, "position"));
        copied.clear(&other).await;
    }

    async fn nothing_is_made_anew_beside_a_log_that_was_used(instance) {
        let before = served(&instance, None, 1..4).await;
        let copied = Copied::of(&instance, "monday").await;
        remove(&instance, Vault).await;
        refused(&instance, &before, "its vault is not").await;
        if instance.databases().is_none() {
            assert!(!instance.folder().join("vault.db").exists(), "a vault was made");
        }
        copied.put_into(&instance, &[Vault]).await;
        remove(&instance, Keys).await;
        let started = instance.restart(&before).await;
        assert!(started.is_err());
        assert!(instance.said().lines().last().unwrap().contains("its keys are not at"), "{}", instance.said());
        assert!(!instance.folder().join("keys/master").exists() && !instance.folder().join("keys/instance").exists());
        copied.put_into(&instance, &[Keys]).await;
        let server = instance.restart(&before).await.unwrap();
        assert_eq!(actor(&server, 2).await, agent("person2"));
        copied.clear(&instance).await;
    }

    async fn vault_and_keys_of_another_instance_are_refused(instance) {
        let other = Instance::fresh(instance.backend()).await.unwrap();
        served(&other, None, 1..4).await;
        let before = served(&instance, None, 1..4).await;
        let copied = Copied::of(&other, "other").await;
        copied.put_into(&instance, &[Vault, Keys]).await;
        refused(&instance, &before, "the vault is another log's").await;
        copied.clear(&other).await;
    }

    async fn an_older_vault_with_its_keys_brings_nobody_back(instance) {
        let before = served(&instance, None, 1..4).await;
        let copied = Copied::of(&instance, "monday").await;
        let erased = agent("person2").to_string();
        instance.run_json_with(&["erase", "--agent", "-"], Some(&erased)).unwrap();
        copied.put_into(&instance, &[Vault, Keys]).await;

        let mut server = instance.restart(&before).await.unwrap();
        nobody(&server, 2).await;
        assert_eq!(actor(&server, 1).await, agent("person1"));
        assert!(instance.said().contains("erased again"), "{}", instance.said());
        // The journal, which was brought back too, knows it again.
        let journal = fs::read_to_string(instance.folder().join("keys/erasures")).unwrap();
        assert_eq!(journal.lines().count(), 2, "{journal}");
        assert!(server.stop().unwrap().success());
        copied.clear(&instance).await;
    }

    async fn an_erasure_that_is_killed_at_any_moment_is_finished_and_gives_its_receipt(instance) {
        let before = served(&instance, None, 1..25).await;
        for number in 1..25_u32 {
            let file = instance.beside("agent.json");
            fs::write(&file, agent(&format!("person{number}")).to_string()).unwrap();
            let mut erasing = instance
                .command(&["erase", "--agent", file.to_str().unwrap()])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            // From before anything is opened to after all is done.
            tokio::time::sleep(Duration::from_millis(u64::from(number) * 25)).await;
            erasing.kill().unwrap();
            erasing.wait().unwrap();
        }
        let mut server = instance.restart(&before).await.unwrap();
        for number in 1..25 {
            let asked = agent(&format!("person{number}")).to_string();
            let again = instance.run_json_with(&["erase", "--agent", "-"], Some(&asked));
            let known = match &again {
                Ok(receipt) => receipt["position"].as_u64().unwrap() > 0,
                // It was done with everything, the keys' new generation too.
                Err(error) => error.to_string().contains("nobody is known"),
            };
            assert!(known, "{number}: {again:?}");
            nobody(&server, number).await;
        }
        let said = "SELECT count(*) FROM event WHERE kind = 'agent_erased'";
        assert!(instance.number(said).await.unwrap() >= 1);
        let journal = fs::read_to_string(instance.folder().join("keys/erasures")).unwrap();
        assert!(journal.lines().count() > 24, "{journal}");
        assert!(server.stop().unwrap().success());
        assert_eq!(instance.run_json(&["verify"]).unwrap()["together"], true);
    }
}
