//! An instance looked over, or a place of backups.

use clap::Args;

use crate::checks::{backup, doctor};
use crate::failure::Failure;
use crate::finding;
use crate::settings::{ServeFlags, Settings};

/// What `doctor` takes.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Look at this place of backups instead, a folder or s3://bucket/prefix
    #[arg(long, value_name = "PLACE")]
    backup: Option<String>,
    /// What the server is started with: what it needs is held against what there is
    #[command(flatten)]
    pub(crate) serve: ServeFlags,
}

/// `larka doctor`: not a task, as it opens nothing, and no server is asked. Ends with 2 where something has to be done, with 1 where there is
/// nothing to look at.
pub(crate) async fn run(settings: Settings, flags: Flags) -> Result<(), Failure> {
    let findings = match flags.backup {
        Some(place) => backup::findings(&settings, &place).await?,
        None => doctor::findings(&settings).await?,
    };
    finding::tell(settings.json, &finding::answer(&findings))
}
