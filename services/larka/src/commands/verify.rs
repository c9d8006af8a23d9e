//! The log's chain, walked; or all that is kept, held against everything else.

use std::path::PathBuf;

use clap::Args;

use crate::door;
use crate::failure::Failure;
use crate::finding;
use crate::settings::Settings;
use crate::tasks::Task;
use crate::terminal;

/// What `verify` takes.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Hold everything against everything else: also the lake against the log, keys against people, each slot, and what keeps the
    /// log append-only. Takes as long as a rebuild of the lake, and room for one in TMPDIR; ends with 2 where something has to be done
    #[arg(long)]
    all: bool,
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
    if !flags.all {
        return door::tell(settings, Task::Verify { anchors, key: flags.anchor_key }).await;
    }
    let json = settings.json;
    let task = Task::VerifyAll { anchors, key: flags.anchor_key };
    finding::tell(json, &door::do_task(settings, task).await?)
}
