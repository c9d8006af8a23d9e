//! The demo's pages in a real browser: `tests/clients/browser.mjs` does what a reader does, and lets axe look.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

/// A running demo, ended when the test ends.
struct Demo {
    child: Child,
    address: String,
    login: String,
    password: String,
}

impl Demo {
    /// A small municipality in a folder of its own; returns once it prints where it is and who may log in.
    fn start(folder: &Path) -> Result<Self> {
        let mut child = Command::new(blackbox::binary())
            .args([
                "demo",
                "--people",
                "200",
                "--statements",
                "4000",
                "--listen",
                "127.0.0.1:0",
                "--data-dir",
            ])
            .arg(folder)
            .env_remove("RUST_LOG")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .with_context(|| format!("{} could not be started", blackbox::binary().display()))?;
        let out = child.stdout.take().context("no standard output")?;
        let mut demo = Self { child, address: String::new(), login: String::new(), password: String::new() };
        let mut lines = BufReader::new(out).lines();
        while demo.password.is_empty() {
            let line = lines.next().context("the demo ended before it said where it is")??;
            match line.split_whitespace().collect::<Vec<_>>().as_slice() {
                ["Open", address] => demo.address = address.trim_end_matches('/').to_owned(),
                ["Log-in", login] => demo.login = (*login).to_owned(),
                ["Password", password] => demo.password = (*password).to_owned(),
                _ => {}
            }
        }
        // The rest of its output is read away, so that it never blocks on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        ensure!(
            !demo.address.is_empty() && !demo.login.is_empty(),
            "the demo printed no address or no log-in"
        );
        Ok(demo)
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn every_page_of_the_demo_works_and_is_accessible() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo")).unwrap();
    let told = [("LARKA_LOGIN", &*demo.login), ("LARKA_PASSWORD", &*demo.password)];
    testkit::node::walk("browser.mjs", &demo.address, &told);
}
