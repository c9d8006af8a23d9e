//! Walks in a real browser (`tests/clients/*.mjs`), run with what `tests/clients/install` has put there.
#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::Command;

/// Walks to the end of one of them, at an address and with what it is told beside.
///
/// # Panics
/// Something is not as it should be, or it does not come to its end.
pub fn walk(script: &str, address: &str, told: &[(&str, &str)]) {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients");
    for module in ["playwright-core", "axe-core"] {
        assert!(
            clients.join("node_modules").join(module).is_dir(),
            "{module} is not there; run tests/clients/install first"
        );
    }
    let output = Command::new("node")
        .arg(clients.join(script))
        .env("LARKA_ADDRESS", address)
        .env("NO_PROXY", "127.0.0.1")
        .envs(told.iter().copied())
        .output()
        .expect("node is not there; walks in a browser need it");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    assert!(out.contains("as they should be"), "the suite did not come to its end: {out}");
}
