//! An outsider with a solver (tests/attacker) finds no hidden count in made-up municipalities.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

#[test]
fn an_outsider_with_a_solver_finds_no_hidden_count() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    // Examples are built with the tests, beside them.
    let built = std::env::current_exe().unwrap();
    let decide = built.parent().unwrap().join("../examples/decide");
    let found = Command::new(tests.join("clients/.venv/bin/python"))
        .arg(tests.join("attacker/attack.py"))
        .arg(decide)
        .arg("12")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&found.stdout);
    assert!(found.status.success(), "{told}\n{}", String::from_utf8_lossy(&found.stderr));
    assert!(told.contains("12 municipalities"), "{told}");
}
