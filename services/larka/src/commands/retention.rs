//! Deleting what was kept long enough.

use clap::Args;

use crate::door;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::tasks::Task;

/// What `retention` takes.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Only count what would be deleted
    #[arg(long)]
    dry_run: bool,
}

/// `larka retention`
pub(crate) async fn run(settings: Settings, flags: Flags) -> Result<(), Failure> {
    let keep_superseded = settings.upkeep.keep_superseded;
    door::tell(settings, Task::Retention { dry_run: flags.dry_run, keep_superseded }).await
}
