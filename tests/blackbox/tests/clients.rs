//! Real xAPI clients post to and query a running server, unchanged.

#![allow(clippy::unwrap_used, reason = "a helper of tests fails like a test")]

use std::path::{Path, PathBuf};
use std::process::Command;

use blackbox::{BACKENDS, Instance};

/// What an LMS lets a course of cmi5 do.
const COURSE: &str = "statements/write,statements/read/mine,state,profile";

fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../clients")
}

async fn passes(program: &Path, script: &str) {
    for backend in BACKENDS {
        let instance = Instance::fresh(backend).await.unwrap();
        let course = instance.credential(COURSE).unwrap();
        let server = instance.start().await.unwrap();
        let output = Command::new(program)
            .arg(clients().join(script))
            .env("LARKA_ADDRESS", &server.address)
            .env("LARKA_KEY", &server.credential.0)
            .env("LARKA_SECRET", &server.credential.1)
            .env("LARKA_COURSE_KEY", &course.0)
            .env("LARKA_COURSE_SECRET", &course.1)
            .env("NO_PROXY", "127.0.0.1")
            .output()
            .unwrap_or_else(|e| panic!("{}: {e}; run tests/clients/install first", program.display()));
        assert!(
            output.status.success(),
            "{script} on {backend:?}:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tincan_client_works_unchanged() {
    passes(&clients().join(".venv/bin/python"), "tincan_client.py").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_xapi_client_works_unchanged() {
    passes(Path::new("node"), "xapi_client.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cmi5_course_and_tincanjs_work_unchanged_in_a_browser_from_another_origin() {
    passes(Path::new("node"), "cmi5_client.mjs").await;
}

/// The page's origin has to be known to the server before there is a page.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_named_origin_sends_its_credentials_and_reads_why_it_was_refused() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let instance = Instance::fresh(blackbox::Backend::Sqlite).await.unwrap();
    let origin = format!("http://127.0.0.1:{free}");
    let server = instance.start_with(&["--xapi-origins", &origin]).await.unwrap();
    let mut node = Command::new("node");
    node.arg(clients().join("refused.mjs"))
        .env("LARKA_ADDRESS", &server.address)
        .env("LARKA_KEY", &server.credential.0)
        .env("LARKA_SECRET", &server.credential.1)
        .env("PAGE_PORT", free.to_string())
        .env("NO_PROXY", "127.0.0.1");
    let output = tokio::task::spawn_blocking(move || node.output().unwrap()).await.unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
}
