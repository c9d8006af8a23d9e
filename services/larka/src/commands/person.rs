//! What is known of a person's competence, for that person.

use std::path::PathBuf;

use clap::Args;

use crate::door;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::tasks::Task;
use crate::terminal;

/// What `person` takes. An identifier never stands in a command line: others can read it there.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// File with the person's xAPI agent as JSON; - for standard input
    #[arg(long, value_name = "FILE")]
    agent: PathBuf,
    /// Date that it is about, YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
}

/// `larka person`
pub(crate) async fn run(settings: Settings, flags: Flags) -> Result<(), Failure> {
    let agent = terminal::read(&flags.agent)?;
    door::tell(settings, Task::Person { agent, as_of: flags.as_of }).await
}
