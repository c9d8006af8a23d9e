//! A report, written to a file.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::Args;

use crate::door;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::tasks::Task;
use crate::tasks::asked::Asked;
use crate::terminal;
use crate::whole;

/// What `report` takes.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    asked: Asked,
    /// File that defines the report, in TOML with the flags' names; a flag says it otherwise
    #[arg(long, value_name = "FILE")]
    definition: Option<PathBuf>,
    /// File to write; - for standard output
    #[arg(long, default_value = "-", value_name = "FILE")]
    output: PathBuf,
}

/// `larka report`
pub(crate) async fn run(settings: Settings, flags: Flags) -> Result<(), Failure> {
    let Flags { asked, definition, output } = flags;
    let asked = match &definition {
        None => asked,
        Some(file) => asked.or_as_defined(file)?,
    };
    let answer = door::do_task(settings, Task::Report(asked)).await?;
    let bytes = BASE64_STANDARD.decode(answer["report"].as_str().unwrap_or_default())?;
    if output.as_os_str() == "-" {
        terminal::print(&bytes)?;
        return Ok(());
    }
    put(&output, &bytes)
        .map_err(|e| Failure::new(format!("the report cannot be written to {}: {e}", output.display())))
}

/// Writes a file whole; what is no file, such as a pipe, is written to as it is.
fn put(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A link is followed: it stays one.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if std::fs::metadata(&path).is_ok_and(|there| !there.is_file()) {
        return std::fs::write(&path, bytes);
    }
    whole::write(&path, bytes)
}
