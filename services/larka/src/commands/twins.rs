//! Bringing together what is known of one mailbox under several spellings.

use clap::Args;

use crate::door;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::tasks::Task;

/// What `twins` takes.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Only count what would be brought together
    #[arg(long)]
    dry_run: bool,
}

/// `larka twins`
pub(crate) async fn run(settings: Settings, flags: Flags) -> Result<(), Failure> {
    door::tell(settings, Task::Twins { dry_run: flags.dry_run }).await
}
