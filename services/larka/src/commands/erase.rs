//! Forgetting a person.

use std::path::PathBuf;

use clap::Args;

use crate::door;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::tasks::Task;
use crate::terminal;

/// What `erase` takes. An identifier never stands in a command line: others can read it there.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// File with the person's xAPI agent as JSON; - for standard input
    #[arg(long, value_name = "FILE")]
    agent: PathBuf,
}

/// `larka erase`
pub(crate) async fn run(settings: Settings, flags: Flags) -> Result<(), Failure> {
    let agent = terminal::read(&flags.agent)?;
    let json = settings.json;
    let answer = door::do_task(settings, Task::Erase { agent }).await?;
    if !answer["in_backups_until"].is_null() && answer["erasures_to"].is_null() {
        terminal::complain(
            "there are backups, and no place is named for the copy of the erasure journal: one that is restored now brings \
             this person back; call it again with --erasures-to, or make a backup",
        );
    }
    terminal::say(json, &answer)
}
