//! PDF of a report, by the program `larka-pdf`: started for each, and ended where it takes too long.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::Semaphore;

/// What the program is called where it lies beside this one.
const NAME: &str = "larka-pdf";
/// How long one report may take; 226 pages take two or three seconds.
const LONGEST: Duration = Duration::from_secs(60);
/// How many are made at a time: each may take 2 GiB of memory, and mostly takes a twentieth of that.
const AT_A_TIME: usize = 2;

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PdfError {
    /// The program is not there.
    #[error(
        "PDF is made by the program larka-pdf, which is not here: build it with `cargo pdf`, and put it beside larka or \
         name it with --pdf-program"
    )]
    NotThere,
    /// It was ended, by its time or its memory.
    #[error("the report is too large for PDF; ask for a smaller part of the organisation")]
    TooLarge,
    /// It cannot be started or spoken to.
    #[error("larka-pdf cannot be run: {0}")]
    Run(std::io::Error),
    /// It says why it could not.
    #[error("larka-pdf failed: {0}")]
    Failed(String),
}

/// The maker of PDF.
#[derive(Debug)]
pub(crate) struct Pdf {
    program: Option<PathBuf>,
    turns: Semaphore,
}

impl Pdf {
    /// By the program that is named, or else the one that lies beside this one, if it does.
    pub(crate) fn new(named: Option<&Path>) -> Self {
        let beside = || Some(std::env::current_exe().ok()?.with_file_name(NAME));
        let program = named.map(Path::to_owned).or_else(beside).filter(|program| program.is_file());
        // It is started in another folder.
        let program = program.and_then(|program| std::path::absolute(program).ok());
        Self { program, turns: Semaphore::new(AT_A_TIME) }
    }

    /// Whether there is a program to make it.
    pub(crate) fn is_there(&self) -> bool {
        self.program.is_some()
    }

    /// The PDF of a document for paper ([`render::paper`]).
    pub(crate) async fn make(&self, paper: &str) -> Result<Vec<u8>, PdfError> {
        let program = self.program.as_deref().ok_or(PdfError::NotThere)?;
        let _turn = self.turns.acquire().await;
        let mut child = Command::new(program)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => PdfError::NotThere,
                _ => PdfError::Run(error),
            })?;
        let mut input = child.stdin.take();
        let feed = async {
            // Where it reads no further it says why, and that is told.
            if let Some(input) = &mut input {
                let _ = input.write_all(paper.as_bytes()).await;
            }
            drop(input.take());
        };
        let work = async { tokio::join!(feed, child.wait_with_output()).1 };
        let Ok(output) = tokio::time::timeout(LONGEST, work).await else { return Err(PdfError::TooLarge) };
        let output = output.map_err(PdfError::Run)?;
        match output.status.code() {
            Some(0) => Ok(output.stdout),
            Some(_) => Err(PdfError::Failed(first_line(&output.stderr))),
            None => Err(PdfError::TooLarge),
        }
    }
}

fn first_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.lines().next().unwrap_or("it said nothing").chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A program of a few lines in the place of larka-pdf.
    fn program(folder: &Path, lines: &str) -> Pdf {
        let path = folder.join(NAME);
        std::fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Pdf::new(Some(&path))
    }

    #[tokio::test]
    async fn what_the_program_writes_is_the_file_and_what_it_says_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let long = "x".repeat(1 << 20);
        let whole = program(folder.path(), "/bin/cat").make(&long).await.unwrap();
        assert!(whole == long.as_bytes());
        let refused = program(folder.path(), "echo no glyph >&2; exit 1").make(&long).await.unwrap_err();
        assert_eq!(refused.to_string(), "larka-pdf failed: no glyph");
    }

    #[tokio::test]
    async fn a_program_that_is_ended_by_its_bounds_is_told_of_as_a_report_that_is_too_large() {
        let folder = tempfile::tempdir().unwrap();
        let ended = program(folder.path(), "kill -9 $$").make("{}").await.unwrap_err();
        assert!(matches!(ended, PdfError::TooLarge), "{ended}");
    }

    #[tokio::test]
    async fn without_the_program_it_is_said_how_to_get_it() {
        let pdf = Pdf::new(Some(Path::new("/nowhere/larka-pdf")));
        assert!(!pdf.is_there());
        assert!(pdf.make("{}").await.unwrap_err().to_string().contains("--pdf-program"));
    }
}
