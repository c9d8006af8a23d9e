//! A lake in the bucket of an S3-compatible store is the lake of the folder, byte for byte, whoever writes it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use blackbox::bucket::Bucket;
use blackbox::load::Load;
use blackbox::{Backend, Instance, Server, python, until};

/// The files of a lake that its manifest names, and the manifest.
fn lake(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let read = |path: &str| (path.to_owned(), std::fs::read(folder.join(path)).unwrap());
    let manifest: serde_json::Value = serde_json::from_slice(&read("manifest.json").1).unwrap();
    let blocks = manifest["blocks"].as_array().unwrap();
    let named = blocks.iter().flat_map(|block| [&block["statements"]["path"], &block["voids"]["path"]]);
    named.map(|path| read(path.as_str().unwrap())).chain([read("manifest.json")]).collect()
}

fn report(instance: &Instance) -> Vec<u8> {
    let made = instance.run(&["report", "competence", "--format", "json"]).unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    made.stdout
}

/// The lake that the same log gives in a folder.
fn in_a_folder(instance: &mut Instance) -> PathBuf {
    instance.finding(Vec::new());
    assert!(instance.run(&["rebuild", "--projection", "lake"]).unwrap().status.success());
    instance.folder().join("lake")
}

async fn at_the_head(server: &Server, instance: &Instance) -> i64 {
    server.settled().await.unwrap();
    instance.number("SELECT position FROM log_head").await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_of_a_lake_in_a_bucket_are_those_of_a_folder_and_nothing_lies_in_the_folder() {
    let mut bucket = Bucket::start().unwrap();
    let mut instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    instance.finding(bucket.environment());
    instance.demo(300, 5_000, 7).unwrap();
    assert!(!instance.folder().join("lake/manifest.json").exists());
    let made = report(&instance);
    assert!(instance.run(&["rebuild", "--projection", "lake"]).unwrap().status.success());
    assert!(report(&instance) == made);

    let copied = instance.beside("copied");
    bucket.copy(&copied).unwrap();
    let read = python::says(python::script("lake_check.py").arg(&copied)).unwrap();
    assert!(read.contains(" statements"), "{read}");
    let folder = in_a_folder(&mut instance);
    assert!(lake(&copied) == lake(&folder));
    assert!(report(&instance) == made);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_on_one_bucket_never_write_over_each_other() {
    let mut bucket = Bucket::start().unwrap();
    let mut one = Instance::fresh(Backend::Postgres).await.unwrap();
    one.finding(bucket.environment());
    let first = one.start().await.unwrap();
    let other = one.second_node().unwrap();
    let second = other.start().await.unwrap();
    let (at_first, at_second) = (Load::begin(&first, 1, 20), Load::begin(&second, 1, 20));
    // One is written anew meanwhile, too.
    assert!(other.run(&["rebuild", "--projection", "lake"]).unwrap().status.success());
    until("either has written", async || {
        let written = async |server: &Server| {
            let metrics = server.metrics().await.unwrap();
            let line = metrics.lines().find(|line| line.starts_with("larka_lake_position "))?;
            line.rsplit_once(' ')?.1.parse::<f64>().ok().filter(|position| *position > 4_096.0)
        };
        Some((written(&first).await?, written(&second).await?))
    })
    .await;
    let (at_first, at_second) = (at_first.end().await, at_second.end().await);
    assert!(at_first.refused.is_empty() && at_second.refused.is_empty());
    assert_eq!(at_the_head(&first, &one).await, at_the_head(&second, &one).await);
    let copied = one.beside("copied");
    bucket.copy(&copied).unwrap();
    drop((first, second));
    let folder = in_a_folder(&mut one);
    assert!(lake(&copied) == lake(&folder));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_holds_up_reports_alone_and_is_caught_up_with() {
    let bucket = Bucket::start().unwrap();
    let mut instance = Instance::fresh(Backend::Sqlite).await.unwrap();
    instance.finding(bucket.environment());
    drop(bucket);
    let server = instance.start().await.unwrap();
    let load = Load::begin(&server, 1, 20);
    load.goes_on(5).await;
    let outcome = load.end().await;
    assert!(outcome.refused.is_empty() && !outcome.acknowledged.is_empty());
    until("it is said", async || instance.said().contains("the lake could not be brought up").then_some(()))
        .await;
    drop(server);

    let bucket = Bucket::start().unwrap();
    instance.finding(bucket.environment());
    let server = instance.start().await.unwrap();
    server.settled().await.unwrap();
}
