//! What suites of imports share: running one, and statements as another store has them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::Instance;
use crate::samples::{id, statement};

/// The verb that voids.
pub const VOIDED: &str = "http://adlnet.gov/expapi/verbs/voided";

/// Runs an import that does not fail; says how it ended and what it answered.
///
/// # Panics
/// It failed.
pub fn import(instance: &Instance, arguments: &[&str], key: &str) -> (Option<i32>, Value) {
    let (code, answer, said) = import_told(instance, arguments, key);
    assert!(code != Some(1), "{said}");
    (code, answer)
}

/// Runs an import; says how it ended, what it answered, and what it told on standard error.
///
/// # Panics
/// The binary cannot be run.
pub fn import_told(instance: &Instance, arguments: &[&str], key: &str) -> (Option<i32>, Value, String) {
    let arguments = [&["import", "statements"], arguments, &["--credential", key, "--json"]].concat();
    let output = instance.run(&arguments).unwrap();
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), answer, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Read, stored, known, set aside.
///
/// # Panics
/// It is no answer of an import.
pub fn counts(answer: &Value) -> [u64; 4] {
    ["read", "stored", "known", "aside"].map(|name| answer[name].as_u64().unwrap())
}

/// A file beside the data with this text.
///
/// # Panics
/// It cannot be written.
pub fn written(instance: &Instance, name: &str, text: &str) -> PathBuf {
    let file = instance.beside(name);
    std::fs::write(&file, text).unwrap();
    file
}

/// As another store has it: with its own `stored` and authority, the latter an e-mail address.
pub fn kept(number: u32, name: &str, day: u32) -> Value {
    let mut kept = statement(&id(number), name, "a");
    kept["timestamp"] = format!("2024-03-{day:02}T07:00:00.000Z").into();
    kept["stored"] = format!("2024-03-{day:02}T08:30:00.123Z").into();
    kept["authority"] =
        json!({ "objectType": "Agent", "name": "Portalen", "mbox": "mailto:portalen@larkby.example" });
    kept["version"] = "1.0.0".into();
    kept
}

/// The same that voids another.
pub fn voiding(number: u32, target: u32, day: u32) -> Value {
    let mut voiding = kept(number, "bo", day);
    voiding["verb"]["id"] = VOIDED.into();
    voiding["object"] = json!({ "objectType": "StatementRef", "id": id(target) });
    voiding
}
