//! A backup brings back all that was acknowledged before it began, on either database, and nobody who was erased; and what
//! is no backup, or not a whole one, is refused by name.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use blackbox::backups::{Places, actor, failed, files, nobody};
use blackbox::load::Load;
use blackbox::numbered::{erase, post};
use blackbox::samples::agent;
use blackbox::{Backend, Instance, Server, promises, until};
use serde_json::{Value, json};

fn other(backend: Backend) -> Backend {
    match backend {
        Backend::Sqlite => Backend::Postgres,
        Backend::Postgres => Backend::Sqlite,
    }
}

fn report(instance: &Instance, at: u64) -> Vec<u8> {
    let at = at.to_string();
    let made = instance.run(&["report", "competence", "--format", "json", "--at", &at]).unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    made.stdout
}

fn segment(places: &Places) -> PathBuf {
    files(&Path::new(&places.backup).join("log")).into_iter().min().unwrap()
}

/// Waits until the metrics say of the last backup what is wanted.
async fn told(server: &Server, wanted: fn(u64) -> bool) {
    until("the age of the last backup is told", || async {
        let metrics = server.metrics().await.unwrap();
        let at =
            metrics.lines().find_map(|line| line.strip_prefix("larka_backup_last_timestamp_seconds "))?;
        wanted(at.parse().unwrap()).then_some(())
    })
    .await;
}

promises! {
    async fn all_that_was_acknowledged_before_a_backup_under_load_is_there_on_another_machine(instance) {
        let mut instance = instance;
        let places = Places::of(&mut instance);
        instance.demo(60, 600, 5).unwrap();
        let mut server = instance.start().await.unwrap();
        let load = Load::begin(&server, 2, 10);
        load.goes_on(10).await;
        let before = server.ids(&[("limit", "500")]).await.unwrap();
        let made = places.back_up(&instance);
        load.goes_on(3).await;
        // What comes next is a part of it alone.
        let more = places.back_up(&instance);
        let position = more["position"].as_u64().unwrap();
        assert_eq!(more["events"].as_u64().unwrap(), position - made["position"].as_u64().unwrap());
        assert!(more["log_bytes"].as_u64().unwrap() < made["log_bytes"].as_u64().unwrap());
        assert!(load.end().await.refused.is_empty());
        server.settled().await.unwrap();
        assert!(server.stop().unwrap().success());
        let made = report(&instance, position);
        fs::remove_dir_all(instance.folder()).unwrap();

        for backend in [instance.backend(), other(instance.backend())] {
            let elsewhere = Instance::fresh(backend).await.unwrap();
            let answer = places.restored(&elsewhere, &[]);
            assert_eq!((&answer["position"], &answer["verified"]), (&json!(position), &json!(true)));
            let mut again = elsewhere.restart(&server).await.unwrap();
            again.settled().await.unwrap();
            let after = again.ids(&[("limit", "500")]).await.unwrap();
            let at = after.iter().position(|one| *one == before[0]).unwrap();
            assert_eq!(after[at..], before[..], "the same, in the same order");
            post(&again, 900..902).await;
            assert!(again.stop().unwrap().success());
            assert_eq!(elsewhere.run_json(&["verify"]).unwrap()["together"], true);
            assert!(report(&elsewhere, position) == made, "a report of that position has the same bytes");
            assert!(!elsewhere.folder().join("restoring").exists());
        }
    }

    async fn nobody_is_back_who_was_erased_after_the_backup_and_the_log_goes_to_any_position(instance) {
        let mut instance = instance;
        let places = Places::of(&mut instance);
        let mut server = instance.start().await.unwrap();
        post(&server, 1..5).await;
        assert_eq!(erase(&instance, 4)["in_backups_until"], json!(null));
        told(&server, |at| at == 0).await;
        let middle = places.back_up(&instance)["position"].as_u64().unwrap();
        told(&server, |at| at > 1_700_000_000).await;
        post(&server, 5..9).await;
        let last = places.back_up(&instance);
        assert_eq!(last["keys_of_erased_until"], json!(null));
        // The server's own note, as the machine is lost before there is another backup.
        let receipt = erase(&instance, 2);
        assert!(receipt["in_backups_until"].as_str().unwrap() > receipt["at"].as_str().unwrap());
        server.kill().unwrap();

        let elsewhere = Instance::fresh(other(instance.backend())).await.unwrap();
        let answer = places.restored(&elsewhere, &[]);
        assert_eq!((&answer["left_out_as_erased"], &answer["erased"]), (&json!(1), &json!(2)));
        let second = |instant: &serde_json::Value| instant.as_str().unwrap()[..19].to_owned();
        assert_eq!(second(&answer["last_in_erasure_journal"]), second(&receipt["at"]));
        let mut again = elsewhere.restart(&server).await.unwrap();
        assert_eq!(actor(&again, 1).await, agent("person1"));
        assert!(nobody(&actor(&again, 2).await) && nobody(&actor(&again, 4).await));
        assert_eq!(again.ids(&[]).await.unwrap().len(), 8);
        assert!(again.stop().unwrap().success());
        let said = "SELECT count(*) FROM event WHERE kind = 'agent_erased'";
        assert_eq!(elsewhere.number(said).await.unwrap(), 2, "the log says so too, from then on");

        let earlier = Instance::fresh(instance.backend()).await.unwrap();
        places.restored(&earlier, &["--to-position", &middle.to_string()]);
        let mut again = earlier.restart(&server).await.unwrap();
        assert_eq!(again.ids(&[]).await.unwrap().len(), 4);
        assert!(nobody(&actor(&again, 2).await) && nobody(&actor(&again, 4).await));
        assert_eq!(actor(&again, 3).await, agent("person3"));
        assert!(again.stop().unwrap().success());
        assert_eq!(earlier.run_json(&["verify"]).unwrap()["together"], true);
        // What an erasure does to the backups that are there.
        let until = places.back_up(&instance)["keys_of_erased_until"].clone();
        assert_eq!(until, last["expires"]);
    }

    async fn the_drill_is_one_command_and_leaves_nothing(instance) {
        let mut instance = instance;
        let places = Places::of(&mut instance);
        instance.demo(60, 600, 5).unwrap();
        let position = places.back_up(&instance)["position"].as_u64().unwrap();
        let room = tempfile::tempdir().unwrap();
        let flags = ["--drill", "--report", "competence", "--drill-in", room.path().to_str().unwrap()];
        let drilled = places.restored(&instance, &flags);
        assert_eq!((&drilled["together"], &drilled["events"]), (&json!(true), &json!(position)));
        assert!(drilled["seconds"].as_f64().unwrap() >= drilled["restore_seconds"].as_f64().unwrap());
        let made = instance.run(&["report", "competence", "--at", &position.to_string()]).unwrap().stdout;
        use sha2::Digest as _;
        assert_eq!(drilled["report_sha256"], json!(hex::encode(sha2::Sha256::digest(&made))));
        assert_eq!(fs::read_dir(room.path()).unwrap().count(), 0);
        assert_eq!(instance.run_json(&["verify"]).unwrap()["position"], json!(position), "the instance is as it was");
    }

    async fn nothing_of_others_is_taken_for_left_over_and_a_place_that_lost_something_is_not_added_to(instance) {
        let mut instance = instance;
        let places = Places::of(&mut instance);
        let server = instance.start().await.unwrap();
        post(&server, 1..4).await;
        let (to, erasures) = (PathBuf::from(&places.backup), places.erasures());
        let refused = |to: &str| failed(&instance.run(&["backup", "--to", to, "--erasures-to", &erasures]).unwrap());
        // Somebody else's log folder, and a place whose manifest was lost.
        fs::create_dir_all(to.join("log")).unwrap();
        fs::write(to.join("log/syslog"), "x").unwrap();
        assert!(refused(&places.backup).contains("has files in log/ and no manifest.json"));
        fs::remove_file(to.join("log/syslog")).unwrap();
        places.back_up(&instance);
        fs::write(to.join("log/syslog"), "x").unwrap();
        fs::create_dir(to.join("vault/nginx")).unwrap();
        post(&server, 4..7).await;
        assert_eq!(places.back_up(&instance)["files_removed"], json!(0));
        assert!(to.join("log/syslog").is_file() && to.join("vault/nginx").is_dir());
        let manifest = fs::read(to.join("manifest.json")).unwrap();
        fs::remove_file(to.join("manifest.json")).unwrap();
        let files = || fs::read_dir(to.join("log")).unwrap().count();
        let before = files();
        assert!(refused(&places.backup).contains("bring that back"));
        assert_eq!(files(), before);
        fs::write(to.join("manifest.json"), manifest).unwrap();
        // What could not be restored is not added to.
        let lost = segment(&places);
        let whole = fs::read(&lost).unwrap();
        fs::write(&lost, &whole[1..]).unwrap();
        assert!(refused(&places.backup).contains("back up to a new place"));
        fs::remove_file(&lost).unwrap();
        assert!(refused(&places.backup).contains("back up to a new place"));
        fs::write(&lost, whole).unwrap();
        places.back_up(&instance);
        // Where it would be lost with the instance.
        let within = instance.folder().join("backup");
        assert!(refused(within.to_str().unwrap()).contains("outside the instance's own folders"));
    }

    async fn an_erasure_that_a_restore_would_undo_says_so(instance) {
        let mut instance = instance;
        let places = Places::of(&mut instance);
        let server = instance.start().await.unwrap();
        post(&server, 1..4).await;
        drop(server);
        places.back_up(&instance);
        let file = instance.beside("whom.json");
        fs::write(&file, agent("person2").to_string()).unwrap();
        let mut command = instance.command(&["erase", "--agent", file.to_str().unwrap()]);
        let output = command.env_remove("LARKA_ERASURES_TO").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("--erasures-to"), "{said}");
    }

    async fn what_a_killed_drill_left_is_removed_by_the_next(instance) {
        let mut instance = instance;
        let places = Places::of(&mut instance);
        let server = instance.start().await.unwrap();
        post(&server, 1..4).await;
        places.back_up(&instance);
        let room = tempfile::tempdir().unwrap();
        let left = room.path().join("larka-drill-left/data/keys");
        fs::create_dir_all(&left).unwrap();
        fs::write(left.join("master"), "hemlig").unwrap();
        fs::create_dir(room.path().join("other")).unwrap();
        places.restored(&instance, &["--drill", "--drill-in", room.path().to_str().unwrap()]);
        let there: Vec<_> = fs::read_dir(room.path()).unwrap().map(|one| one.unwrap().file_name()).collect();
        assert_eq!(there, ["other"]);
    }

    async fn what_is_no_backup_or_not_whole_is_named_and_nothing_is_left_of_the_try(instance) {
        let mut instance = instance;
        let places = Places::of(&mut instance);
        let server = instance.start().await.unwrap();
        post(&server, 1..9).await;
        let elsewhere = Instance::fresh(instance.backend()).await.unwrap();
        assert!(places.refused(&elsewhere, &[]).contains("there is no backup at"));
        places.back_up(&instance);

        let (place, apart) = (PathBuf::from(&places.backup), PathBuf::from(places.erasures()));
        let kept = places.folder.path().join("kept");
        let copy = |from: &Path, to: &Path| {
            assert!(std::process::Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
        };
        copy(&place, &kept);
        let changed = segment(&places);
        let whole = fs::read(&changed).unwrap();
        let cases: [(&str, &dyn Fn()); 4] = [
            ("is damaged: it does not have the hash", &|| {
                let mut bytes = whole.clone();
                bytes[300] ^= 1;
                fs::write(&changed, bytes).unwrap();
            }),
            ("is damaged: it has", &|| fs::write(&changed, &whole[..whole.len() - 7]).unwrap()),
            ("is missing in", &|| fs::remove_file(&changed).unwrap()),
            ("there is no backup at", &|| fs::remove_file(place.join("manifest.json")).unwrap()),
        ];
        for (why, change) in cases {
            change();
            let said = places.refused(&elsewhere, &[]);
            assert!(said.contains(why), "expected {why}: {said}");
            fs::remove_dir_all(&place).unwrap();
            copy(&kept, &place);
        }
        // Its hash in the manifest too.
        let mut bytes = whole.clone();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        fs::write(&changed, &bytes).unwrap();
        use sha2::Digest as _;
        let hash = |bytes: &[u8]| hex::encode(sha2::Sha256::digest(bytes));
        let manifest = fs::read_to_string(place.join("manifest.json")).unwrap();
        fs::write(place.join("manifest.json"), manifest.replace(&hash(&whole), &hash(&bytes))).unwrap();
        let said = places.refused(&elsewhere, &[]);
        assert!(said.contains("broken at position") || said.contains("no segment"), "{said}");
        fs::remove_dir_all(&place).unwrap();
        copy(&kept, &place);

        let master = fs::read_to_string(places.master()).unwrap();
        let (title, digits) = master.trim_end().split_once('\n').unwrap();
        fs::write(places.master(), format!("{title}\n{}\n", digits.chars().rev().collect::<String>())).unwrap();
        assert!(places.refused(&elsewhere, &[]).contains("the master key does not open it"));
        fs::remove_file(places.master()).unwrap();
        assert!(places.refused(&elsewhere, &[]).contains("master: No such file"));
        fs::write(places.master(), master).unwrap();

        let journal = fs::read(apart.join("erasures")).unwrap();
        fs::remove_file(apart.join("erasures")).unwrap();
        assert!(places.refused(&elsewhere, &[]).contains("there is no erasure journal"));
        // Cut, or of other people: whoever was erased after the backup would be back.
        let whole_journal = String::from_utf8(journal.clone()).unwrap();
        for damaged in [&whole_journal[..whole_journal.len() - 1], &whole_journal.replacen("end 0", "end 1", 1), ""] {
            fs::write(apart.join("erasures"), damaged).unwrap();
            let said = places.refused(&elsewhere, &[]);
            assert!(said.contains("damaged, or not whole") || said.contains("does not say of which"), "{said}");
        }
        let title = "larka erasures 1 00000000000000000000000000000000\n";
        let ended = format!("{title}end 0 {}\n", hex::encode(sha2::Sha256::digest(title)));
        fs::write(apart.join("erasures"), ended).unwrap();
        assert!(places.refused(&elsewhere, &[]).contains("of another instance"));
        let asked = agent("person3").to_string();
        let undone = instance.run_json_with(&["erase", "--agent", "-"], Some(&asked)).unwrap_err().to_string();
        assert!(undone.contains("the journal of another instance") && undone.contains("call it again"), "{undone}");
        fs::write(apart.join("erasures"), &journal).unwrap();
        assert!(erase(&instance, 3)["position"].as_u64().unwrap() > 0, "the receipt of the same erasure");
        drop(server);
        fs::remove_file(apart.join("erasures")).unwrap();
        places.back_up(&instance);
        fs::write(apart.join("erasures"), &journal).unwrap();
        assert!(places.refused(&elsewhere, &[]).contains("it does not name 1 people"));
        places.back_up(&instance);

        let said = places.refused(&elsewhere, &["--to-position", "100000"]);
        assert!(said.contains("before position 100000"), "{said}");
        assert!(places.refused(&instance, &[]).contains("there is a log, views, a vault, keys at"));
        // None of it left anything behind.
        places.restored(&elsewhere, &[]);

        let another = Instance::fresh(instance.backend()).await.unwrap();
        another.make().unwrap();
        let others = Places::here();
        let (to, erasures) = (places.backup.as_str(), others.erasures());
        let said = failed(&another.run(&["backup", "--to", to, "--erasures-to", &erasures]).unwrap());
        assert!(said.contains("the backups of another instance"), "{said}");
        let said = failed(&another.run(&["backup", "--to", &others.backup, "--erasures-to", &places.erasures()]).unwrap());
        assert!(said.contains("the journal of another instance"), "{said}");
        assert!(failed(&another.run(&["backup", "--to", &others.backup]).unwrap()).contains("erasures-to"));
        let within = format!("{to}/apart");
        assert!(failed(&another.run(&["backup", "--to", to, "--erasures-to", &within]).unwrap()).contains("apart"));
    }

    async fn a_backup_and_a_restore_that_are_killed_at_any_moment_end_whole(instance) {
        let mut instance = instance;
        let places = Places::of(&mut instance);
        instance.demo(60, 2_000, 5).unwrap();
        let server = instance.start().await.unwrap();
        let kill = async |instance: &Instance, words: &[String], millis: u64| {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let mut child =
                instance.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            tokio::time::sleep(Duration::from_millis(millis)).await;
            let _ = child.kill();
            child.wait().unwrap();
        };
        let backup = ["backup", "--to", &places.backup].map(str::to_owned);
        for step in 0..12 {
            post(&server, 100 + step * 3..103 + step * 3).await;
            kill(&instance, &backup, u64::from(step) * 40).await;
        }
        let position = places.back_up(&instance)["position"].as_u64().unwrap();
        let manifest: Value =
            serde_json::from_slice(&fs::read(Path::new(&places.backup).join("manifest.json")).unwrap()).unwrap();
        let segments = manifest["log"]["segments"].as_array().unwrap();
        let vaults = manifest["vaults"].as_array().unwrap().iter();
        let named = segments.len() + vaults.map(|vault| vault["files"].as_array().unwrap().len()).sum::<usize>();
        let found = ["log", "vault"].map(|folder| files(&Path::new(&places.backup).join(folder)).len());
        assert_eq!(found.iter().sum::<usize>(), named, "what was begun is gone");

        let elsewhere = Instance::fresh(instance.backend()).await.unwrap();
        let words = places.restore(&[]);
        for step in 0..14_u64 {
            kill(&elsewhere, &words, step * 60).await;
            if elsewhere.folder().join("restoring").exists() {
                let said = failed(&elsewhere.run(&["verify"]).unwrap());
                assert!(said.contains("call larka restore again"), "{said}");
            }
        }
        // It may have been done by the last of those.
        if elsewhere.folder().join("restoring").exists() || !elsewhere.folder().join("keys/master").exists() {
            places.restored(&elsewhere, &[]);
        }
        let mut again = elsewhere.restart(&server).await.unwrap();
        again.settled().await.unwrap();
        assert_eq!(actor(&again, 133).await, agent("person133"));
        assert!(again.stop().unwrap().success());
        let verified = elsewhere.run_json(&["verify"]).unwrap();
        assert_eq!((&verified["together"], &verified["position"]), (&json!(true), &json!(position)));
    }
}
