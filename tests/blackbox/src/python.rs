//! Programs in Python that look at what ours writes, run with what `tests/clients/install` has put there.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// One of them, by its path below `tests`.
pub fn script(path: &str) -> Command {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut python = Command::new(tests.join("clients/.venv/bin/python"));
    python.arg(tests.join(path));
    python
}

/// What it says when it ends well.
pub fn says(script: &mut Command) -> Result<String> {
    let output = script.output().context("no Python; run tests/clients/install first")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("{said}{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(said)
}
