//! A backup of the instance.

use clap::Args;

use crate::backups::making::{self, Asked};
use crate::failure::Failure;
use crate::settings::Settings;
use crate::terminal;

/// What `backup` takes.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Where to: a folder, or s3://bucket/prefix with the settings of --lake-url. The master key is in no backup: keep a copy
    /// of it elsewhere
    #[arg(long, env = "LARKA_BACKUP_TO", value_name = "PLACE")]
    to: String,
    /// Days that the copy of the vault is kept: so long whoever is erased could be brought back by who has the master key
    #[arg(long, env = "LARKA_BACKUP_KEEP_DAYS", value_name = "DAYS", default_value_t = 30,
          value_parser = clap::value_parser!(u8).range(1..=30))]
    keep_days: u8,
}

/// `larka backup`: not a task, as it reads beside the server.
pub(crate) async fn run(settings: Settings, flags: Flags) -> Result<(), Failure> {
    let json = settings.json;
    let Flags { to, keep_days } = flags;
    let answer = making::make(settings, Asked { to, keep_days }).await?;
    terminal::say(json, &answer)
}
