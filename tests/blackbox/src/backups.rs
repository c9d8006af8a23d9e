//! Places for backups, and commands on them.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::samples::id;
use crate::{Instance, Server};

/// Where an instance's backups go, and what is kept apart from them.
pub struct Places {
    /// The folder of all of them.
    pub folder: tempfile::TempDir,
    /// Where backups go.
    pub backup: String,
}

impl Places {
    /// Folders; the instance's server and commands know where the copy of the erasure journal is.
    pub fn of(instance: &mut Instance) -> Self {
        let places = Self::here();
        instance.finding(vec![("LARKA_ERASURES_TO".to_owned(), places.erasures())]);
        places
    }

    /// Folders.
    pub fn here() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let backup = folder.path().join("backup").display().to_string();
        Self { folder, backup }
    }

    /// Where the copy of the erasure journal is.
    pub fn erasures(&self) -> String {
        self.folder.path().join("apart").display().to_string()
    }

    /// The master key, kept apart.
    pub fn master(&self) -> String {
        self.folder.path().join("master").display().to_string()
    }

    /// Backs up; the master key is kept apart as the operator does it.
    pub fn back_up(&self, instance: &Instance) -> Value {
        let answer = instance.run_json(&["backup", "--to", &self.backup]).unwrap();
        fs::copy(instance.folder().join("keys/master"), self.master()).unwrap();
        answer
    }

    /// The words of the command.
    pub fn restore(&self, flags: &[&str]) -> Vec<String> {
        let (erasures, master) = (self.erasures(), self.master());
        let all = ["restore", "--from", &self.backup, "--erasures", &erasures, "--master", &master];
        all.iter().chain(flags).map(|word| (*word).to_owned()).collect()
    }

    /// Restores into an instance that is not there yet.
    pub fn restored(&self, to: &Instance, flags: &[&str]) -> Value {
        let words = self.restore(flags);
        to.run_json(&words.iter().map(String::as_str).collect::<Vec<_>>()).unwrap()
    }

    /// What a restore says that is refused.
    pub fn refused(&self, to: &Instance, flags: &[&str]) -> String {
        let words = self.restore(flags);
        failed(&to.run(&words.iter().map(String::as_str).collect::<Vec<_>>()).unwrap())
    }
}

/// What a command says that fails, in one line.
pub fn failed(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "it was done");
    assert_eq!(said.trim_end().lines().count(), 1, "one line: {said}");
    said
}

/// Files of a folder, with those in folders of it.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all
}

/// Whom the statement of a number names.
pub async fn actor(server: &Server, number: u32) -> Value {
    server.statement(&id(number)).await.unwrap()["actor"].clone()
}

/// Whether that is somebody who was erased.
pub fn nobody(actor: &Value) -> bool {
    actor["account"]["homePage"].as_str().is_some_and(|page| page.ends_with("/erased"))
}
