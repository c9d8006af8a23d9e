//! An instance is looked over without anything being changed, and what is not well is named with what to do.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use blackbox::backups::Places;
use blackbox::numbered::{erase, post};
use blackbox::{Backend, Instance, Server, binary, promises};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// What was looked at on any instance; a name that stays.
const CHECKS: [&str; 19] = [
    "instance",
    "version",
    "keys",
    "tables",
    "append_only",
    "log",
    "views",
    "lake",
    "together",
    "clock",
    "anchor",
    "role",
    "keys_rights",
    "data_rights",
    "owner",
    "disk",
    "open_files",
    "backup",
    "erasures_to",
];

/// Serves statements by as many people, backs up, and stops in order.
async fn served(instance: &Instance, places: &Places) -> Server {
    let mut server = instance.start().await.unwrap();
    post(&server, 1..7).await;
    server.settled().await.unwrap();
    places.back_up(instance);
    assert!(server.stop().unwrap().success());
    server
}

/// All that lies in a folder: its bytes, its rights, and when it was changed.
fn all_in(folder: &Path) -> BTreeMap<String, (Vec<u8>, u32, i64, i64)> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let about = folder.metadata().unwrap();
        all.insert(
            folder.display().to_string(),
            (Vec::new(), about.mode(), about.mtime(), about.mtime_nsec()),
        );
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let about = path.symlink_metadata().unwrap();
            if about.is_dir() {
                folders.push(path);
            } else {
                let bytes = if about.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
                all.insert(
                    path.display().to_string(),
                    (bytes, about.mode(), about.mtime(), about.mtime_nsec()),
                );
            }
        }
    }
    all
}

/// What the doctor says, and its exit code.
fn doctor(instance: &Instance, flags: &[&str]) -> (Value, i32) {
    let output = instance.run(&[&["doctor", "--json"], flags].concat()).unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no answer: {said}"));
    (answer, output.status.code().unwrap())
}

fn findings(answer: &Value) -> &Vec<Value> {
    answer["findings"].as_array().unwrap()
}

fn of<'a>(answer: &'a Value, check: &str) -> &'a Value {
    let found = findings(answer).iter().find(|one| one["check"] == check);
    found.unwrap_or_else(|| panic!("no {check}: {answer}"))
}

/// That this one thing is found, and what is said of it; all else is well.
fn only(instance: &Instance, flags: &[&str], check: &str, words: &[&str]) {
    let (answer, code) = doctor(instance, flags);
    let wrong: Vec<&Value> = findings(&answer).iter().filter(|one| one["well"] != true).collect();
    assert!(!wrong.is_empty() && wrong.iter().all(|one| one["check"] == check), "{check}: {wrong:?}");
    let said = wrong.iter().map(|one| format!("{} {}", one["found"], one["do"])).collect::<String>();
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
    assert_eq!((code, &answer["well"]), (2, &json!(false)));
}

fn well(instance: &Instance, flags: &[&str]) -> Value {
    let (answer, code) = doctor(instance, flags);
    let wrong: Vec<&Value> = findings(&answer).iter().filter(|one| one["well"] != true).collect();
    assert!(wrong.is_empty() && code == 0, "{wrong:?}");
    answer
}

promises! {
    async fn a_healthy_instance_is_well_whether_it_runs_or_not_and_no_byte_of_it_changes(instance) {
        let mut instance = instance;
        let places = Places::of(&mut instance);
        let before = served(&instance, &places).await;
        let head = instance.number("SELECT position FROM log_head").await.unwrap();
        let files = all_in(&instance.folder());
        let answer = well(&instance, &[]);
        for check in CHECKS {
            of(&answer, check);
        }
        if instance.backend() == Backend::Postgres {
            assert!(of(&answer, "connections")["about"]["given"].as_i64() > Some(0));
            assert!(of(&answer, "server")["found"].as_str().unwrap().contains("PostgreSQL"));
        }
        assert_eq!(of(&answer, "log")["about"]["position"], head);
        assert_eq!(of(&answer, "lake")["about"]["behind"], 0);
        assert_eq!(of(&answer, "instance")["about"]["serving"], false);
        let text = instance.run(&["doctor"]).unwrap();
        let text = String::from_utf8(text.stdout).unwrap();
        assert_eq!(text.lines().filter(|line| line.starts_with("well  ")).count(), findings(&answer).len(), "{text}");
        assert!(all_in(&instance.folder()) == files, "something was changed");

        let mut server = instance.restart(&before).await.unwrap();
        post(&server, 7..9).await;
        server.settled().await.unwrap();
        let answer = well(&instance, &[]);
        assert_eq!(of(&answer, "instance")["about"]["serving"], true);
        // What a crash leaves is read as it lies there, with what is in write-ahead logs.
        server.kill().unwrap();
        let files = all_in(&instance.folder());
        let answer = well(&instance, &[]);
        assert!(all_in(&instance.folder()) == files, "something was changed after a crash");
        let head = instance.number("SELECT position FROM log_head").await.unwrap();
        assert_eq!(of(&answer, "log")["about"]["position"], head);
        instance.restart(&server).await.unwrap();
    }

    async fn an_instance_that_may_only_be_read_is_looked_over_too(instance) {
        let mut instance = instance;
        let places = Places::of(&mut instance);
        served(&instance, &places).await;
        let folder = instance.folder();
        let all = |rights: &str| {
            let run = |program: &str, words: &[&str]| {
                let done = std::process::Command::new(program).args(words).arg(&folder).status().unwrap();
                assert!(done.success());
            };
            run("chmod", &["-R", rights]);
            if rustix::process::geteuid().is_root() {
                run("chown", &["-R", if rights == "a-w" { "65534" } else { "0" }]);
            }
        };
        all("a-w");
        let files = all_in(&folder);
        let mut command = instance.command(&["doctor", "--json"]);
        command.env_remove("LARKA_ERASURES_TO");
        if rustix::process::geteuid().is_root() {
            command.uid(65_534).gid(65_534);
        }
        let output = command.output().unwrap();
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let wrong: Vec<&Value> = findings(&answer).iter().filter(|one| one["well"] != true).collect();
        assert!(wrong.len() == 1 && wrong[0]["check"] == "owner", "{wrong:?}");
        assert!(wrong[0]["found"].as_str().unwrap().contains("cannot be written"), "{wrong:?}");
        assert_eq!(output.status.code(), Some(2));
        assert!(all_in(&folder) == files, "something was changed");
        all("u+w");
        // Who may not even look into it is not told that there is none.
        if rustix::process::geteuid().is_root() && instance.backend() == Backend::Sqlite {
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
            for words in [&["doctor"][..], &["verify", "--all"]] {
                let output = instance.command(words).uid(65_534).gid(65_534).output().unwrap();
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(said.contains("may not look into") && said.contains("of user 0"), "{said}");
                assert_eq!(output.status.code(), Some(1));
            }
        }
    }

    async fn each_fault_is_named_with_what_to_do(instance) {
        let mut instance = instance;
        let places = Places::of(&mut instance);
        served(&instance, &places).await;
        let keys = instance.folder().join("keys");
        let rights = |file: &str, mode| fs::set_permissions(keys.join(file), fs::Permissions::from_mode(mode)).unwrap();
        rights("instance", 0o640);
        only(&instance, &[], "keys_rights", &["instance (640)", "chmod -R go-rwx"]);
        rights("instance", 0o600);
        let log = instance.folder().join("lake/manifest.json");
        fs::set_permissions(&log, fs::Permissions::from_mode(0o644)).unwrap();
        only(&instance, &[], "data_rights", &["manifest.json (644)"]);
        fs::set_permissions(&log, fs::Permissions::from_mode(0o600)).unwrap();

        only(&instance, &["--anchors", "/nowhere/anchors.txt"], "anchor", &["/nowhere/anchors.txt"]);
        let signed = instance.beside("anchors.txt");
        let line = instance.run_json(&["anchor"]).unwrap()["anchor"].as_str().unwrap().to_owned();
        fs::write(&signed, &line).unwrap();
        well(&instance, &["--anchors", signed.to_str().unwrap()]);
        let mut words: Vec<&str> = line.split(' ').collect();
        let other = "00".repeat(32);
        words[4] = &other;
        fs::write(&signed, words.join(" ")).unwrap();
        only(&instance, &["--anchors", signed.to_str().unwrap()], "anchor", &["is not what the log has"]);
        only(&instance, &["--max-connections", "1000000000"], "open_files", &["LimitNOFILE="]);
        if instance.backend() == Backend::Postgres {
            only(&instance, &["--database-connections", "1000"], "connections", &["max_connections", "at most 1000"]);
        }

        instance.execute_in_vault("UPDATE vault_backup SET taken = taken - 400000000000").await.unwrap();
        only(&instance, &[], "backup", &["hours ago", "larka backup"]);
        instance.execute_in_vault("DELETE FROM vault_backup").await.unwrap();
        // Of a log that is young none is due; it is told all the same.
        well(&instance, &[]);
        assert!(doctor(&instance, &[]).0["findings"].to_string().contains("none is noted yet"));
        places.back_up(&instance);
        well(&instance, &[]);
        instance.execute_in_vault("UPDATE vault_backup SET taken = taken + 400000000000").await.unwrap();
        only(&instance, &[], "backup", &["which is to come"]);
        instance.execute_in_vault("UPDATE vault_backup SET taken = taken - 400000000000").await.unwrap();
        // Without the journal's copy no backup brings anything back.
        let journal = Path::new(&places.erasures()).join("erasures");
        let kept = fs::read(&journal).unwrap();
        fs::remove_file(&journal).unwrap();
        only(&instance, &[], "erasures_to", &["no backup could be restored"]);
        fs::write(&journal, kept).unwrap();
        well(&instance, &[]);

        // Erasing turns the keys: an older keyring is another generation's.
        let older = fs::read(keys.join("keyring")).unwrap();
        erase(&instance, 2);
        let newer = fs::read(keys.join("keyring")).unwrap();
        fs::write(keys.join("keyring"), &older).unwrap();
        only(&instance, &[], "keys", &["generation 2", "older copy"]);
        fs::write(keys.join("keyring"), &newer).unwrap();
        fs::rename(keys.join("master"), keys.join("moved")).unwrap();
        only(&instance, &[], "keys", &["master", "is missing"]);
        fs::rename(keys.join("moved"), keys.join("master")).unwrap();
        let restoring = instance.folder().join("restoring");
        fs::create_dir(&restoring).unwrap();
        fs::set_permissions(&restoring, fs::Permissions::from_mode(0o700)).unwrap();
        only(&instance, &[], "restore", &["cut short", "larka restore"]);
        fs::remove_dir(restoring).unwrap();

        instance.execute_in_vault("UPDATE vault_seen SET position = position + 1000").await.unwrap();
        only(&instance, &[], "together", &["has seen the log come to position", "--accept-loss"]);
        instance.execute_in_vault("UPDATE vault_seen SET position = position - 1000").await.unwrap();
        let (change, name) = match instance.backend() {
            Backend::Sqlite => ("DROP TRIGGER event_never_deleted", "event_never_deleted"),
            Backend::Postgres => ("ALTER TABLE event DISABLE TRIGGER event_only_appended", "event_only_appended"),
        };
        well(&instance, &[]);
        instance.execute(change).await.unwrap();
        only(&instance, &[], "append_only", &[name]);
    }

    async fn a_place_of_backups_is_looked_over_too(instance) {
        let mut instance = instance;
        let places = Places::of(&mut instance);
        served(&instance, &places).await;
        let flags = ["--backup", &places.backup];
        let files = all_in(Path::new(&places.backup));
        let answer = well(&instance, &flags);
        assert_eq!(of(&answer, "log")["about"]["position"], instance.number("SELECT position FROM log_head").await.unwrap());
        assert!(all_in(Path::new(&places.backup)) == files, "something was changed");
        // Also where no instance is.
        let elsewhere = tempfile::tempdir().unwrap();
        let mut command = std::process::Command::new(binary());
        command.args(["doctor", "--backup", &places.backup, "--data-dir"]).arg(elsewhere.path().join("none"));
        assert!(command.status().unwrap().success());
        assert!(!elsewhere.path().join("none").exists());

        let other = Instance::fresh(Backend::Sqlite).await.unwrap();
        other.make().unwrap();
        only(&other, &flags, "instance", &["the instance here is"]);
        let log = fs::read_dir(Path::new(&places.backup).join("log")).unwrap().next().unwrap().unwrap().path();
        fs::remove_file(&log).unwrap();
        only(&instance, &flags, "files", &[log.file_name().unwrap().to_str().unwrap()]);
        fs::remove_file(Path::new(&places.backup).join("manifest.json")).unwrap();
        only(&instance, &flags, "files", &["no manifest.json", "bring that back"]);
        let none = instance.run(&["doctor", "--backup", "/nowhere"]).unwrap();
        assert_eq!(none.status.code(), Some(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_change_what_it_must_not_is_named() {
    let (mut instance, owner) = Instance::with_roles().await.unwrap();
    let places = Places::of(&mut instance);
    instance.run_json(&["migrate", "--owner-url", &owner]).unwrap();
    places.back_up(&instance);
    let answer = well(&instance, &[]);
    assert_eq!(of(&answer, "role")["about"]["could_rewrite"], false, "{answer}");
    let (service, _) = instance.databases().unwrap();
    let role = service.split("//").nth(1).unwrap().split(['@', ':']).next().unwrap();
    let mut connection = PgConnection::connect(&owner).await.unwrap();
    let grant = format!("GRANT UPDATE ON log.event TO \"{role}\"");
    sqlx::raw_sql(AssertSqlSafe(grant)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    only(&instance, &[], "role", &["UPDATE on event", "--owner-url"]);

    // The address may have a password, which nobody is told.
    let with_password = service.replacen('@', ":hemlig-2@", 1);
    let mut command = std::process::Command::new(binary());
    command.args(["doctor", "--database-url", &with_password, "--data-dir"]).arg(instance.folder());
    let said = command.output().unwrap();
    let said = String::from_utf8([said.stdout, said.stderr].concat()).unwrap();
    assert!(said.contains("the PostgreSQL database") && !said.contains("hemlig-2"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_ahead_log_that_is_damaged_is_seen_and_left_as_it_is() {
    use std::os::unix::fs::FileExt as _;
    let mut instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let places = Places::of(&mut instance);
    let before = served(&instance, &places).await;
    let mut server = instance.restart(&before).await.unwrap();
    post(&server, 7..9).await;
    server.settled().await.unwrap();
    server.kill().unwrap();
    // Without its head nothing of it counts, and SQLite would take it away at the next occasion.
    let beside = instance.folder().join("log.db-wal");
    fs::File::options().write(true).open(&beside).unwrap().write_all_at(&[0; 32], 0).unwrap();
    let files = all_in(&instance.folder());
    only(&instance, &[], "together", &["part of it is missing (log.db-wal beside log.db)"]);
    assert!(all_in(&instance.folder()) == files, "something was changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_instance_nothing_is_made_and_a_log_that_is_no_database_is_named() {
    let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let none = instance.run(&["doctor"]).unwrap();
    assert_eq!(none.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&none.stderr).contains("there is no instance"));
    assert!(!instance.folder().exists(), "something was made");

    instance.make().unwrap();
    let log = instance.folder().join("log.db");
    for end in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{end}", log.display()));
    }
    fs::write(&log, b"inte en databas ".repeat(512)).unwrap();
    let (answer, code) = doctor(&instance, &[]);
    let found = of(&answer, "log");
    assert!(found["found"].as_str().unwrap().contains("log.db") && code == 2, "{answer}");
    // All else is looked at all the same.
    assert_eq!(of(&answer, "keys")["well"], true);
    assert_eq!(of(&answer, "disk")["well"], true);
}
