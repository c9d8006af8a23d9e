//! The log's chain, walked.

use std::path::PathBuf;

use clap::Args;

use crate::door;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::tasks::Task;
use crate::terminal;

/// What `verify` takes.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// File of signed heads to hold the log against, one a line; - for standard input
    #[arg(long, value_name = "FILE")]
    anchors: Option<PathBuf>,
    /// The public key they were signed with, as noted elsewhere [default: the instance's own]
    #[arg(long, value_name = "HEX", requires = "anchors")]
    anchor_key: Option<String>,
}

/// `larka verify`
pub(crate) async fn run(settings: Settings, flags: Flags) -> Result<(), Failure> {
    let anchors = flags.anchors.as_deref().map(terminal::read).transpose()?;
    door::tell(settings, Task::Verify { anchors, key: flags.anchor_key }).await
}
