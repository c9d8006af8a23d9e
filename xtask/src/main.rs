//! Checks and generators that keep the project true to its own rules.
//!
//! `cargo xtask check` runs every check; `cargo xtask generate` writes the generated files anew.

#![allow(clippy::print_stdout, reason = "a command-line tool speaks on standard output")]

mod floors;
mod frameworks;
mod openapi;
mod rooms;

use std::path::{Path, PathBuf};

fn main() -> anyhow::Result<()> {
    let root = root()?;
    let command = std::env::args().nth(1).unwrap_or_default();
    match command.as_str() {
        "check" => {
            rooms::check(&root)?;
            println!("rooms: dependencies point one way");
            floors::check(&root)?;
            println!("floors: files import downwards");
            frameworks::generate(&root, true)?;
            println!("frameworks: fresh");
            openapi::generate(&root, true)?;
            println!("openapi: fresh");
        }
        "generate" => {
            frameworks::generate(&root, false)?;
            openapi::generate(&root, false)?;
        }
        other => anyhow::bail!("no task {other:?}; expected `check` or `generate`"),
    }
    Ok(())
}

/// The workspace's root: the parent of this crate's folder.
fn root() -> anyhow::Result<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_path_buf)
        .ok_or_else(|| anyhow::anyhow!("xtask has no parent folder"))
}
