//! A folder and a bucket as places for backups: who may write there, what stays, what can be read there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use blackbox::backups::{Places, actor, failed, files, nobody};
use blackbox::bucket::Bucket;
use blackbox::numbered::{erase, post};
use blackbox::samples::agent;
use blackbox::{Backend, Instance};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_a_place_too_and_of_two_backups_at_once_one_counts() {
    let bucket = Bucket::start().unwrap();
    let mut instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let mut places = Places::here();
    places.backup = "s3://larka/backup".to_owned();
    let apart = "s3://larka/apart".to_owned();
    let store = bucket.environment().into_iter().filter(|(name, _)| name.starts_with("AWS_"));
    let environment: Vec<_> = store.chain([("LARKA_ERASURES_TO".to_owned(), apart.clone())]).collect();
    instance.finding(environment.clone());
    let mut server = instance.start().await.unwrap();
    post(&server, 1..9).await;
    let first = places.back_up(&instance)["position"].as_u64().unwrap();
    post(&server, 9..12).await;
    let two: Vec<_> = (0..2)
        .map(|_| {
            let command = &mut instance.command(&["backup", "--to", &places.backup, "--json"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    let ended: Vec<Output> = two.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    assert!(ended.iter().any(|output| output.status.success()));
    for output in ended.iter().filter(|output| !output.status.success()) {
        assert!(failed(output).contains("another backup was made into s3://larka/backup meanwhile"));
    }
    erase(&instance, 5);
    server.kill().unwrap();
    let last = places.back_up(&instance)["position"].as_u64().unwrap();
    assert!(last > first + 3);

    let mut elsewhere = Instance::fresh(Backend::Postgres).await.unwrap();
    elsewhere.finding(environment);
    let master = places.master();
    let words = ["restore", "--from", &places.backup, "--master", &master];
    assert_eq!(elsewhere.run_json(&words).unwrap()["position"], json!(last));
    let again = elsewhere.restart(&server).await.unwrap();
    assert!(nobody(&actor(&again, 5).await));
    assert_eq!(actor(&again, 11).await, agent("person11"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_backups_at_once_into_a_folder_the_second_is_refused_and_old_vaults_expire() {
    let mut instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    let places = Places::of(&mut instance);
    let server = instance.start().await.unwrap();
    post(&server, 1..4).await;
    places.back_up(&instance);
    let lock = fs::File::options().write(true).open(Path::new(&places.backup).join("lock")).unwrap();
    lock.lock().unwrap();
    let said = failed(&instance.run(&["backup", "--to", &places.backup]).unwrap());
    assert!(said.contains("another backup is being made"), "{said}");
    drop(lock);

    let manifest = Path::new(&places.backup).join("manifest.json");
    let oldest = |expires: Option<i64>| {
        let mut aged: Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
        if let Some(expires) = expires {
            aged["vaults"][0]["expires"] = json!(expires);
            fs::write(&manifest, aged.to_string()).unwrap();
        }
        Path::new(&places.backup).join(aged["vaults"][0]["files"][0]["path"].as_str().unwrap())
    };
    let expired = oldest(Some(1));
    assert!(expired.exists());
    let answer = places.back_up(&instance);
    assert_eq!((&answer["older_vaults_kept"], &answer["files_removed"]), (&json!(0), &json!(1)));
    assert!(!expired.exists());
    assert_eq!(places.back_up(&instance)["older_vaults_kept"], json!(1));
    // What has expired may have been deleted by hand, what has not may not.
    fs::remove_file(oldest(Some(1))).unwrap();
    let answer = places.back_up(&instance);
    assert_eq!((&answer["older_vaults_kept"], &answer["files_removed"]), (&json!(1), &json!(0)));
    let kept = oldest(None);
    let bytes = fs::read(&kept).unwrap();
    fs::remove_file(&kept).unwrap();
    let said = failed(&instance.run(&["backup", "--to", &places.backup]).unwrap());
    assert!(said.contains("is missing"), "{said}");
    fs::write(&kept, bytes).unwrap();

    // Nothing that is in the place, or taken together, opens what is sealed, or names anybody.
    let all: Vec<u8> =
        files(Path::new(&places.backup)).iter().flat_map(|file| fs::read(file).unwrap()).collect();
    let master = fs::read_to_string(places.master()).unwrap();
    let digits = master.lines().nth(1).unwrap().to_owned();
    for secret in ["person1", "larkby.example\"", digits.as_str(), "larka master key", "larka keyring"] {
        assert!(!all.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
    let refused = instance.run(&["backup", "--to", &places.backup, "--keep-days", "31"]).unwrap();
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("1..=30"));
}
