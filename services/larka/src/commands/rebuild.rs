//! Views and lake made again from the log.

use clap::Args;

use crate::door::Door;
use crate::failure::Failure;
use crate::settings::Settings;
use crate::tasks::Task;
use crate::terminal;

/// What `rebuild` takes.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Only this: progress, competence or lake
    #[arg(long, value_name = "NAME")]
    projection: Option<String>,
}

/// `larka rebuild`
pub(crate) async fn run(settings: Settings, flags: Flags) -> Result<(), Failure> {
    let json = settings.json;
    let door = Door::open(settings).await?;
    // The index of statements is part of each append, and cannot be made anew beside itself: only where no server
    // answers from it.
    let index = flags.projection.is_none() && matches!(door, Door::Here(_));
    let answer = door.perform(Task::Rebuild { projection: flags.projection, index }).await;
    door.close().await;
    terminal::say(json, &answer?)
}
