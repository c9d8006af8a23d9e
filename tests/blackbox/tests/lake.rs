//! What `docs/formats/lake.md` tells those who read the lake with other programs holds, also while a server writes it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::{Command, Stdio};

use blackbox::load::Load;
use blackbox::{BACKENDS, Instance, python, until};

/// The reader, which knows nothing but the document.
fn reader(instance: &Instance) -> Command {
    let mut reader = python::script("lake_check.py");
    reader.arg(instance.folder().join("lake"));
    reader.stdout(Stdio::piped()).stderr(Stdio::piped());
    reader
}

#[tokio::test(flavor = "multi_thread")]
async fn duckdb_pandas_and_pyarrow_read_the_lake_by_the_documented_lines_while_a_server_writes_it() {
    for backend in BACKENDS {
        let instance = Instance::fresh(backend).await.unwrap();
        let server = instance.start().await.unwrap();
        let load = Load::begin(&server, 2, 20);
        let manifest = instance.folder().join("lake/manifest.json");
        until("the lake begins", async || manifest.exists().then_some(())).await;
        let reading = reader(&instance).arg("5").spawn().unwrap();
        let read = tokio::task::spawn_blocking(move || reading.wait_with_output().unwrap()).await.unwrap();
        let (said, wrong) = (String::from_utf8_lossy(&read.stdout), String::from_utf8_lossy(&read.stderr));
        assert!(read.status.success(), "{backend:?}: {said}{wrong}");
        let outcome = load.end().await;
        assert!(outcome.refused.is_empty() && outcome.unanswered.is_empty());
        drop(server);
        assert!(instance.run(&["rebuild", "--projection", "lake"]).unwrap().status.success());
        let read = reader(&instance).output().unwrap();
        let (said, wrong) = (String::from_utf8_lossy(&read.stdout), String::from_utf8_lossy(&read.stderr));
        assert!(read.status.success(), "{backend:?}: {said}{wrong}");
        assert!(said.starts_with(&format!("{} statements", outcome.acknowledged.len())), "{said}");
    }
}

/// What there is before anything was sent or voided reads like everything else.
#[tokio::test(flavor = "multi_thread")]
async fn a_lake_without_statements_or_voidings_is_read_by_the_documented_lines() {
    let instance = Instance::fresh(blackbox::Backend::Sqlite).await.unwrap();
    instance.credential("all").unwrap();
    assert!(instance.run(&["rebuild", "--projection", "lake"]).unwrap().status.success());
    let read = reader(&instance).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    assert!(String::from_utf8_lossy(&read.stdout).is_empty());
}
