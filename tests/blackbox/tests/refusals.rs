//! What an operator reads where an instance cannot be opened: which file or address, and what to do.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Output, Stdio};

use blackbox::samples::ordinary;
use blackbox::{Backend, Instance, binary, promises};

fn failed(output: &Output) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("larka: ") && said.trim_end().lines().count() == 1, "{said}");
    said
}

/// Of each word that has to be there, whether it is.
fn says(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_database_or_another_users_is_named_with_what_to_do() {
    for name in ["log.db", "views.db", "vault.db"] {
        let instance = Instance::fresh(Backend::Sqlite).await.unwrap();
        instance.make().unwrap();
        let file = instance.folder().join(name);
        for beside in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{beside}", file.display()));
        }
        let bytes = b"inte en databas ".repeat(512);
        std::fs::write(&file, &bytes).unwrap();
        let said = failed(&instance.run(&["report", "competence"]).unwrap());
        says(&said, &[&file.display().to_string(), "damaged", "put back"]);
        assert_eq!(std::fs::read(&file).unwrap(), bytes, "it is left as it is");
    }
}

/// Somebody who is not root, where the tests are.
fn as_nobody(mut command: Command) -> Command {
    if rustix::process::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_may_not_be_written_is_named_with_whose_it_has_to_be() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = tempfile::tempdir().unwrap();
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let folder = place.path().join("data");
    let mut command = Command::new(binary());
    command.args(["migrate", "--data-dir"]).arg(&folder);
    let said = failed(&as_nobody(command).output().unwrap());
    says(&said, &[&folder.display().to_string(), "ermission denied", "of the user that runs larka"]);
    let data = tempfile::tempdir().unwrap();
    std::fs::set_permissions(data.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let mut command = Command::new(binary());
    let keys = place.path().join("keys");
    command.args(["migrate", "--data-dir"]).arg(data.path().join("data")).arg("--keys-dir").arg(&keys);
    let said = failed(&as_nobody(command).output().unwrap());
    says(&said, &[&keys.display().to_string(), "of the user that runs larka"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_or_knows_no_such_database_is_named_without_the_password() {
    let place = tempfile::tempdir().unwrap();
    let real = Instance::fresh(Backend::Postgres).await.unwrap();
    let (there, _) = real.databases().unwrap();
    let (server, _) = there.rsplit_once('/').unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let cases = [
        (
            format!("postgres://larka:hemlig-9@{nobody}/larka_prod"),
            vec!["larka_prod", "nobody answers", "--database-url"],
        ),
        (format!("{server}/larka_saknas"), vec!["larka_saknas", "no database of this name", "createdb"]),
    ];
    for (url, words) in cases {
        let mut command = Command::new(binary());
        command.args(["migrate", "--database-url", &url, "--data-dir"]).arg(place.path().join("data"));
        let said = failed(&command.output().unwrap());
        says(&said, &words);
        assert!(!said.contains("hemlig-9"), "{said}");
    }
}

promises! {
    async fn who_reads_only_the_beginning_makes_nothing_fail(instance) {
        let server = instance.start().await.unwrap();
        assert!(server.post(&serde_json::json!([ordinary(1), ordinary(2)])).await.unwrap().status().is_success());
        let commands: &[&[&str]] = &[&["--help"], &["serve", "--help"], &["verify", "--json"], &["report", "competence"], &["anchor"]];
        for command in commands {
            let mut child = instance.command(command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            // Nobody reads at all.
            drop(child.stdout.take());
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            assert!(child.wait().unwrap().success() && said.is_empty(), "{command:?}: {said}");
        }
        // One that complains to nobody says so by its exit code alone.
        let mut child = instance.command(&["report", "survey", "--round", "saknas"]).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stderr.take());
        assert_eq!(child.wait().unwrap().code(), Some(1));
    }

    async fn a_server_goes_on_when_nobody_reads_what_it_says(instance) {
        instance.make().unwrap();
        let mut command = instance.command(&["serve", "--listen", "127.0.0.1:0", "--roles", "lrs"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stderr.take());
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
        let address = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap().trim_end_matches('/').to_owned();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        for _ in 0..3 {
            // Each refusal is a line of its log.
            let answer = http.get(format!("{address}/xapi/statements")).header("X-Experience-API-Version", "2.0.0").send().await.unwrap();
            assert_eq!(answer.status(), 401);
        }
        assert_eq!(http.get(format!("{address}/healthz")).send().await.unwrap().status(), 200);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    async fn a_report_is_made_right_after_a_crash_and_beside_another_node(instance) {
        let mut server = instance.start().await.unwrap();
        assert!(server.post(&serde_json::json!([ordinary(1)])).await.unwrap().status().is_success());
        server.settled().await.unwrap();
        if instance.backend() == Backend::Postgres {
            // A folder of its own, so that no socket leads to the server: this process does it itself.
            let other = instance.second_node().unwrap();
            let output = other.run(&["report", "competence", "--format", "json"]).unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        server.kill().unwrap();
        let output = instance.run(&["report", "competence", "--format", "json"]).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_takes_no_more_connections_than_it_may() {
    use blackbox::load::Load;
    let instance = Instance::fresh(Backend::Postgres).await.unwrap();
    let server = instance.start_with(&["--database-connections", "22"]).await.unwrap();
    let load = Load::begin(&server, 32, 2);
    let mut most = 0;
    for _ in 0..10 {
        load.goes_on(10).await;
        // Databases of this instance alone; this question is one of them.
        let count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'larka' AND \
                     starts_with(datname, rtrim(current_database(), '_vault'))";
        most = most.max(instance.number(count).await.unwrap());
    }
    let outcome = load.end().await;
    assert!(outcome.refused.is_empty() && outcome.unanswered.is_empty());
    assert!((4..=22).contains(&most), "{most}");
    let said = failed(&instance.run(&["serve", "--database-connections", "21"]).unwrap());
    says(&said, &["database-connections", "22"]);
}
