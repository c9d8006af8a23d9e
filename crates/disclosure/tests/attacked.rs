//! An outsider with a solver (tests/attacker) finds no hidden count in made-up municipalities, and does where a rule is
//! left out.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

/// What he finds in so many municipalities from a seed on; none where he finds nothing.
fn attacked(many: &str, first: &str, without: Option<&str>, roles: Option<&str>) -> Option<String> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    // Examples are built with the tests, beside them.
    let built = std::env::current_exe().unwrap();
    let decide = built.parent().unwrap().join("../examples/decide");
    let mut python = Command::new(tests.join("clients/.venv/bin/python"));
    python.arg(tests.join("attacker/attack.py")).arg(decide).args([many, first]).args(without).args(roles);
    let found = python.output().unwrap();
    let told = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(
        told.contains(&format!("{many} municipalities")),
        "{told}\n{}",
        String::from_utf8_lossy(&found.stderr)
    );
    (!found.status.success()).then_some(told)
}

#[test]
fn an_outsider_with_a_solver_finds_no_hidden_count() {
    assert_eq!(attacked("12", "1", None, None), None);
}

#[test]
fn an_outsider_finds_people_out_where_a_rule_is_left_out() {
    for (rule, many, first) in [
        ("small_group", "1", "3"),
        ("unanimity", "1", "21"),
        ("residual", "2", "11"),
        ("no_answer", "1", "5"),
        ("crosses", "1", "11"),
    ] {
        assert!(attacked(many, first, Some(rule), None).is_some(), "without {rule}");
        assert_eq!(attacked(many, first, None, None), None, "with {rule}");
    }
}

#[test]
fn nor_where_roles_are_shown_beside_the_organisation_unless_each_is_decided_by_itself() {
    assert_eq!(attacked("6", "1", None, Some("--roles")), None);
    assert!(attacked("1", "41", Some("geometries"), Some("--roles")).is_some());
    assert_eq!(attacked("1", "41", None, Some("--roles")), None);
}
