//! A store that speaks S3, on loopback and in memory, with one bucket in it.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

use anyhow::{Context, Result};

use crate::python;

const NAME: &str = "larka";

/// The bucket. Gone with this.
pub struct Bucket {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    address: String,
}

impl Bucket {
    /// Starts the store.
    ///
    /// # Errors
    /// `tests/clients/install` was not run.
    pub fn start() -> Result<Self> {
        let mut child = python::script("bucket.py")
            .arg(NAME)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("no Python; run tests/clients/install first")?;
        let mut lines = BufReader::new(child.stdout.take().context("no standard output")?).lines();
        let address = lines.next().context("no store; run tests/clients/install first")??;
        Ok(Self { child, lines, address })
    }

    /// How programs are told of it: names and values of their environment.
    pub fn environment(&self) -> Vec<(String, String)> {
        let all = [
            ("LARKA_LAKE_URL", "s3://larka/kommun=SE-0180"),
            ("AWS_ENDPOINT_URL", &self.address),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "eu-north-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
        ];
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }

    /// Writes the lake's files as they are now into a folder; how many there are.
    ///
    /// # Errors
    /// The store has ended.
    pub fn copy(&mut self, folder: &Path) -> Result<usize> {
        let whole = folder.with_extension("whole");
        let input = self.child.stdin.as_mut().context("no standard input")?;
        writeln!(input, "{}", whole.display())?;
        let copied = self.lines.next().context("the store has ended")??.parse()?;
        if copied > 0 {
            std::fs::rename(whole.join("kommun=SE-0180"), folder)?;
        }
        Ok(copied)
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
