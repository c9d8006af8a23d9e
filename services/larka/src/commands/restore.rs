//! An instance made again from its backup, or only tried.

use std::path::{Path, PathBuf};
use std::time::Instant;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::backups::restoring::{self, Asked};
use crate::failure::Failure;
use crate::instance::{Instance, lock};
use crate::settings::Settings;
use crate::tasks::asked::{Asked as Report, Kind};
use crate::tasks::{self, Task};
use crate::terminal;

/// What `restore` takes.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// Where the backup is: a folder, or s3://bucket/prefix
    #[arg(long, env = "LARKA_BACKUP_TO", value_name = "PLACE")]
    from: String,
    /// The copy of the erasure journal, a file or the place where it is kept [default: the setting erasures-to]
    #[arg(long, value_name = "PLACE")]
    erasures: Option<String>,
    /// File of the master key, which is in no backup
    #[arg(long, value_name = "FILE")]
    master: PathBuf,
    /// Log position to stop at; what was stored after it is left out [default: the end of the backup]
    #[arg(long, value_name = "POSITION")]
    to_position: Option<u64>,
    /// Only try it: restore into a folder that is removed afterwards, verify, say how long it took
    #[arg(long)]
    drill: bool,
    /// Where the drill makes its folder; it needs room for the whole instance [default: the system's for temporary files]
    #[arg(long, value_name = "DIR", requires = "drill")]
    drill_in: Option<PathBuf>,
    /// A report that the drill makes, to be held against one of the same position: its bytes have the same SHA-256
    #[arg(long, value_enum, requires = "drill", value_name = "REPORT")]
    report: Option<Kind>,
}

/// What the folder of a drill begins with.
const DRILL: &str = "larka-drill-";

/// `larka restore`: not a task, as there is no instance yet.
pub(crate) async fn run(mut settings: Settings, flags: Flags) -> Result<(), Failure> {
    let json = settings.json;
    let erasures = flags.erasures.or_else(|| settings.storage.erasures_to.clone()).ok_or_else(|| {
        Failure::new(
            "name the copy of the erasure journal with --erasures: without it people who were erased would be back; it is \
             where --erasures-to of the server and of larka backup pointed",
        )
    })?;
    let asked = Asked { from: flags.from, to: flags.to_position, erasures, master: flags.master };
    if !flags.drill {
        return terminal::say(json, &restoring::restore(&settings, asked).await?);
    }
    let begun = Instant::now();
    let parent = flags.drill_in.unwrap_or_else(std::env::temp_dir);
    remove_left_over(&parent);
    let folder = tempfile::Builder::new().prefix(DRILL).tempdir_in(&parent);
    let folder = folder.map_err(|error| Failure::at(&parent)(error).before("--drill-in or TMPDIR"))?;
    let storage = &mut settings.storage;
    storage.data_dir = folder.path().join("data");
    storage.keys_dir = storage.data_dir.join("keys");
    storage.ballot_keys_dir = storage.data_dir.join("ballot-keys");
    // Nothing of it touches what is elsewhere.
    (storage.database_url, storage.vault_url, storage.lake_url, storage.erasures_to) =
        (None, None, None, None);
    let mut answer = restoring::restore(&settings, asked).await?;
    answer["drill"] = true.into();
    if let Some(properties) = answer.as_object_mut() {
        properties.remove("data_dir");
    }
    answer["restore_seconds"] = answer["seconds"].take();
    let instance = Instance::open(settings).await?;
    let tried = tried(&instance, flags.report, &mut answer).await;
    instance.close().await;
    tried?;
    folder.close()?;
    answer["seconds"] = begun.elapsed().as_secs_f64().into();
    terminal::say(json, &answer)
}

/// Removes what drills left that were killed: a whole instance with its master key. One that goes on holds its lock.
fn remove_left_over(parent: &Path) {
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(DRILL) {
            continue;
        }
        let data = entry.path().join("data");
        // Without a lock it has only begun, or is none.
        let Ok(left) = lock(&data) else { continue };
        match std::fs::remove_dir_all(entry.path()) {
            Ok(()) => tracing::warn!("what a drill left that was killed is removed"),
            Err(error) => tracing::warn!(%error, "what a drill left that was killed cannot be removed"),
        }
        drop(left);
    }
}

/// What the restored instance is asked: whether all its parts belong together, and for a report.
async fn tried(instance: &Instance, report: Option<Kind>, answer: &mut Value) -> Result<(), Failure> {
    let position = answer["position"].as_u64();
    let verified = tasks::perform(instance, Task::Verify { anchors: None, key: None }).await?;
    answer["together"] = verified["together"].clone();
    if let Some(kind) = report {
        let asked = Report { report: Some(kind), at: position, ..Report::default() };
        let made = tasks::perform(instance, Task::Report(asked)).await?;
        let bytes = BASE64_STANDARD.decode(made["report"].as_str().unwrap_or_default())?;
        answer["report_sha256"] = hex::encode(Sha256::digest(&bytes)).into();
    }
    Ok(())
}
