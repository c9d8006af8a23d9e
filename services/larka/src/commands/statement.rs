//! Single statements.

use clap::Subcommand;

use crate::door;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::tasks::Task;

/// Single statements.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say where a statement comes from: who brought it, and where it was before
    Provenance {
        /// The statement's id
        statement: String,
    },
}

/// `larka statement`
pub(crate) async fn run(settings: Settings, command: Command) -> Result<(), Failure> {
    let Command::Provenance { statement } = command;
    door::tell(settings, Task::Provenance { statement }).await
}
