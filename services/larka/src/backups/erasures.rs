//! The copy of the erasure journal that lies apart from all backups, so that none of them brings somebody back: each
//! erasure and each backup adds to it, and nothing is ever taken out.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::Facts as _;
use domain::events::{AgentErasedFacts, kind};
use eventlog::clock::{Micros, rest};
use eventlog::{EventLog, Position};
use tokio::sync::watch;
use vault::{AgentId, Journal, Vault};

use super::place::Place;
use crate::failure::Failure;
use crate::instance::Instance;
use crate::keys::{self, instance_id};

/// The file in its place.
pub(crate) const FILE: &str = "erasures";
/// Events that are read at a time.
const PAGE: usize = 500;
/// How often it is looked whether all are in the copy.
const EVERY: Duration = Duration::from_secs(600);

/// Who was erased and when.
pub(crate) type Erased = BTreeMap<AgentId, Micros>;

/// Whoever the log or the vault's journal says was erased.
pub(crate) async fn known(log: &EventLog, vault: &Vault) -> Result<Erased, Failure> {
    let mut erased = vault.journal().await?;
    let mut after = Position(0);
    loop {
        let events = log.read_kinds(&[kind::AGENT_ERASED], after, PAGE).await?;
        let Some(last) = events.last() else { return Ok(erased) };
        after = last.position;
        for event in &events {
            let facts = AgentErasedFacts::decode(event.schema, &event.facts)?;
            for agent in facts.agents {
                erased.entry(AgentId(agent)).or_insert(event.stored);
            }
        }
    }
}

/// Adds whoever was erased to the copy; gives how many are in it then.
pub(crate) async fn add(place: &Place, instance: [u8; 16], erased: &Erased) -> Result<usize, Failure> {
    let count = AtomicUsize::new(0);
    place
        .change(FILE, |before| {
            let mut journal = match before {
                None => Journal { instance: Some(instance), erased: Erased::new() },
                Some(before) => journal(&before, place, FILE)?,
            };
            if journal.instance != Some(instance) {
                return Err(Failure::new(format!(
                    "{FILE} in {} is the journal of another instance; each has a place of its own",
                    place.name()
                )));
            }
            for (agent, at) in erased {
                journal.erased.entry(*agent).or_insert(*at);
            }
            count.store(journal.erased.len(), Ordering::Relaxed);
            Ok(journal.text().into_bytes())
        })
        .await?;
    Ok(count.into_inner())
}

/// The copy at a place, or a file that is one.
///
/// # Errors
/// There is none, or it is none.
pub(crate) async fn read(name: &str) -> Result<Journal, Failure> {
    let path = Path::new(name);
    let (place, file) = match (path.is_file(), path.parent(), path.file_name()) {
        (true, Some(folder), Some(file)) => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            (Place::Folder(folder.to_owned()), file.to_string_lossy().into_owned())
        }
        _ => (Place::named(name)?, FILE.to_owned()),
    };
    match place.read(&file).await? {
        Some((bytes, _)) => of_instance(journal(&bytes, &place, &file)?, path),
        None => Err(Failure::new(format!(
            "there is no erasure journal at {name}: without it people who were erased would be back; it is where \
             --erasures-to of the server and of larka backup pointed"
        ))),
    }
}

/// The journal beside the keys does not say whose it is: the file `instance` beside it does.
fn of_instance(mut journal: Journal, path: &Path) -> Result<Journal, Failure> {
    if journal.instance.is_none() {
        let keys = path.parent().unwrap_or(Path::new("."));
        if !path.is_file() || !keys::are_at(keys) {
            return Err(Failure::new(format!(
                "the erasure journal at {} does not say of which instance it is: lay the file `instance` of the same keys \
                 beside it, or bring the copy that --erasures-to pointed to",
                path.display()
            )));
        }
        journal.instance = Some(instance_id(keys)?);
    }
    Ok(journal)
}

/// Adds to the copy whoever an instance knows to have been erased, where the settings name a place for one.
pub(crate) async fn carry_over(instance: &Instance) -> Result<(), Failure> {
    let storage = &instance.settings.storage;
    let Some(name) = &storage.erasures_to else { return Ok(()) };
    let erased = known(&instance.log, &instance.vault).await?;
    add(&Place::named(name)?, instance_id(&storage.keys_dir)?, &erased).await.map(drop)
}

/// Does that now, and again and again until `shutdown` becomes true: what could not be written is tried again.
pub(crate) async fn keep(instance: Arc<Instance>, mut shutdown: watch::Receiver<bool>) {
    loop {
        if let Err(error) = carry_over(&instance).await {
            tracing::error!(%error, "the copy of the erasure journal could not be written; that is tried again");
        }
        if !rest(EVERY, &mut shutdown).await {
            return;
        }
    }
}

fn journal(bytes: &[u8], place: &Place, file: &str) -> Result<Journal, Failure> {
    Journal::read(&String::from_utf8_lossy(bytes))
        .map_err(|error| Failure::new(format!("{file} in {} {error}", place.name())))
}
