//! Where an instance is: commands make none, and what lies there is its owner's alone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Output;

use blackbox::samples::ordinary;
use blackbox::{Backend, promises};

fn failed(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Everything in a folder, and the folder.
fn all(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(all(&path)),
            false => found.push(path),
        }
    }
    found
}

/// What others than the owner have rights to.
fn open_to_others(folder: &Path) -> Vec<PathBuf> {
    let open = |path: &PathBuf| path.symlink_metadata().is_ok_and(|about| about.mode() & 0o077 != 0);
    all(folder).into_iter().filter(open).collect()
}

promises! {
    async fn a_command_where_there_is_no_instance_says_so_and_makes_none(instance) {
        let file = instance.beside("statements.jsonl");
        // JSON, and a key with a secret too.
        std::fs::write(&file, r#"{"id":"x"}"#).unwrap();
        let (file, folder) = (file.to_str().unwrap().to_owned(), instance.folder());
        let commands: &[&[&str]] = &[
            &["report", "competence"], &["verify"], &["anchor"], &["rebuild"], &["retention"], &["user", "create", "anna"],
            &["credential", "list"], &["credential", "create", "lms"], &["forward", "list"],
            &["erase", "--agent", &file], &["statement", "provenance", "00000000-0000-4000-8000-000000000001"],
            &["import", "statements", &file, "--credential", "key"],
            &["import", "statements", "--pull", "http://127.0.0.1:9/", "--user", &file, "--credential", "key"],
        ];
        for command in commands {
            let said = failed(&instance.run(command).unwrap());
            assert!(said.contains("there is no instance") && said.contains("larka migrate"), "{command:?}: {said}");
            assert!(!folder.exists(), "{command:?} made something");
            assert!(!instance.beside("statements.jsonl.import").exists(), "{command:?}");
        }
        if instance.backend() == Backend::Postgres {
            let nothing = "SELECT count(*) FROM pg_namespace WHERE nspname IN ('log', 'views', 'vault')";
            assert_eq!(instance.number_in("public", nothing).await.unwrap(), 0);
        }
        instance.make().unwrap();
        assert_eq!(instance.run_json(&["verify"]).unwrap()["events"], 0);
        let said = failed(&instance.run(&["report", "competence"]).unwrap());
        assert!(said.contains("--as-of"), "{said}");
        // Where its keys are somewhere else, none are made.
        let elsewhere = instance.beside("elsewhere");
        let said = failed(&instance.run(&["verify", "--keys-dir", elsewhere.to_str().unwrap()]).unwrap());
        assert!(said.contains("--keys-dir") && !elsewhere.exists(), "{said}");
    }

    async fn whatever_the_umask_all_that_is_written_is_the_owners_alone(instance) {
        let script = "umask 000; exec \"$@\"";
        let instance = instance.wrapped(&["sh", "-c", script, "sh"]);
        let nobody = || (String::new(), String::new());
        let anchors = instance.beside("anchors.txt");
        let mut server = instance.serve(&["--anchors", anchors.to_str().unwrap()], nobody(), nobody()).await.unwrap();
        server.credential = instance.credential("all").unwrap();
        server.administrator = instance.administrator().unwrap();
        assert_eq!(server.post(&ordinary(1)).await.unwrap().status(), 200);
        server.settled().await.unwrap();
        assert_eq!(open_to_others(&instance.folder()), Vec::<PathBuf>::new(), "while it runs");
        let written = |command: &[&str]| {
            let mut loose = std::process::Command::new("sh");
            let strict = instance.command(command);
            loose.args(["-c", script, "sh"]).arg(strict.get_program()).args(strict.get_args());
            let output = loose.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        };
        let report = instance.beside("report.html");
        written(&["report", "competence", "--output", report.to_str().unwrap()]);
        assert!(server.stop().unwrap().success());
        let file = instance.beside("statements.jsonl");
        std::fs::write(&file, ordinary(2).to_string()).unwrap();
        written(&["import", "statements", file.to_str().unwrap(), "--credential", &server.credential.0]);
        written(&["rebuild"]);
        assert_eq!(open_to_others(&instance.folder()), Vec::<PathBuf>::new(), "afterwards");
        for file in [anchors, report] {
            assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600, "{}", file.display());
        }
    }

    async fn what_others_could_read_before_is_taken_from_them_and_a_folder_of_other_things_is_refused(instance) {
        let mut server = instance.start().await.unwrap();
        assert_eq!(server.post(&ordinary(1)).await.unwrap().status(), 200);
        server.settled().await.unwrap();
        assert!(server.stop().unwrap().success());
        let keys = instance.folder().join("keys");
        for path in all(&instance.folder()).into_iter().filter(|path| !path.starts_with(&keys)) {
            let mode = if path.is_dir() { 0o777 } else { 0o666 };
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        assert!(instance.run_json(&["verify"]).unwrap()["verified"] == true);
        assert_eq!(open_to_others(&instance.folder()), Vec::<PathBuf>::new());

        let shared = instance.beside("shared");
        std::fs::create_dir(&shared).unwrap();
        std::fs::write(shared.join("other"), "").unwrap();
        std::fs::set_permissions(&shared, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut there = std::process::Command::new(blackbox::binary());
        let said = failed(&there.args(["migrate", "--data-dir"]).arg(&shared).output().unwrap());
        assert!(said.contains("chmod 700") && said.contains("--data-dir"), "{said}");
        assert_eq!((all(&shared).len(), shared.metadata().unwrap().mode() & 0o777), (2, 0o755), "it is left alone");
    }
}
