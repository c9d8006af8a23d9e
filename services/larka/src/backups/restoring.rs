//! An instance made again from its backup: aside, verified, and put in its place at the end. Cut short, it is finished or
//! begun anew by the same command; until then nothing opens it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use domain::Facts as _;
use domain::events::{AgentErasedFacts, kind};
use eventlog::segment::{self, Record};
use eventlog::{Location, Position};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vault::{AgentId, Seen};

use super::erasures::{self, Erased};
use super::making::SEGMENT;
use super::manifest::{self, File, Manifest};
use super::place::{Place, blocking};
use crate::failure::Failure;
use crate::instance::{RESTORING, locations, lock};
use crate::keys;
use crate::private;
use crate::settings::Settings;
use crate::whole;

/// Says, in the folder of a restore, that all is made and only has to be put in its place.
const READY: &str = "ready.json";

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) from: String,
    pub(crate) to: Option<u64>,
    #[serde(skip)]
    pub(crate) erasures: String,
    #[serde(skip)]
    pub(crate) master: PathBuf,
}

/// All that is ready to be put in its place.
#[derive(Debug, Serialize, Deserialize)]
struct Ready {
    asked: Asked,
    answer: Value,
}

/// Restores into the place that the settings name; what it answers is what `--json` prints.
pub(crate) async fn restore(settings: &Settings, asked: Asked) -> Result<Value, Failure> {
    let begun = Instant::now();
    let storage = &settings.storage;
    let folder = storage.data_dir.join(RESTORING);
    let target = Target::of(settings, &folder);
    let ready = folder.join(READY);
    if !ready.exists() {
        target.expect_empty().await?;
    }
    private::data_folder(&storage.data_dir, &storage.keys_dir)?;
    let _lock = lock(&storage.data_dir)?;
    fs::create_dir_all(&folder).map_err(Failure::at(&folder))?;
    if let Ok(text) = fs::read(&ready) {
        let Ready { asked: before, answer } = serde_json::from_slice(&text)?;
        if (&before.from, before.to) != (&asked.from, asked.to) {
            return Err(Failure::new(format!(
                "a restore from {} is all but done in {}: call it again as it was called, or remove {}",
                before.from,
                storage.data_dir.display(),
                folder.display()
            )));
        }
        target.put_in_place().await?;
        return Ok(answer);
    }
    let made = Making { place: Place::named(&asked.from)?, target: &target }.make(&asked).await;
    let mut answer = match made {
        Ok(answer) => answer,
        Err(failure) => {
            // Nothing is there, as before.
            target.forget().await?;
            return Err(failure);
        }
    };
    answer["seconds"] = begun.elapsed().as_secs_f64().into();
    answer["data_dir"] = storage.data_dir.display().to_string().into();
    let made = serde_json::to_vec(&Ready { asked, answer: answer.clone() })?;
    whole::write(&ready, &made).map_err(Failure::at(&ready))?;
    target.put_in_place().await?;
    Ok(answer)
}

/// Where everything goes, and where it is made before.
struct Target<'a> {
    folder: &'a Path,
    data: &'a Path,
    keys: &'a Path,
    log: Location,
    views: Location,
    vault: Location,
}

impl<'a> Target<'a> {
    fn of(settings: &'a Settings, folder: &'a Path) -> Self {
        let (log, views, vault) = locations(settings);
        let (data, keys) = (settings.storage.data_dir.as_path(), settings.storage.keys_dir.as_path());
        Self { folder, data, keys, log, views, vault }
    }

    /// Refuses a place where something is.
    async fn expect_empty(&self) -> Result<(), Failure> {
        let mut there = Vec::new();
        for (what, location) in [("a log", &self.log), ("views", &self.views), ("a vault", &self.vault)] {
            if !location.is_empty().await? {
                there.push(what.to_owned());
            }
        }
        if keys::are_at(self.keys) || ["master", "keyring"].iter().any(|name| self.keys.join(name).exists()) {
            there.push(format!("keys at {}", self.keys.display()));
        }
        if self.data.join("lake").exists() {
            there.push("a lake".to_owned());
        }
        if there.is_empty() {
            return Ok(());
        }
        Err(Failure::new(format!(
            "where the instance is to be restored to there is {} already: name an empty folder with --data-dir, or empty \
             databases with --database-url and --vault-url",
            there.join(", ")
        )))
    }

    fn keys_aside(&self) -> PathBuf {
        self.folder.join("keys")
    }

    /// Puts all in its place, the log last: with it there is an instance. What was put there already stays.
    async fn put_in_place(&self) -> Result<(), Failure> {
        fs::create_dir_all(self.keys).map_err(Failure::at(self.keys))?;
        for entry in fs::read_dir(self.keys_aside())? {
            let entry = entry?;
            let path = self.keys.join(entry.file_name());
            whole::write(&path, &fs::read(entry.path())?).map_err(Failure::at(&path))?;
        }
        self.vault.take(&self.vault.aside(self.folder)).await?;
        self.log.take(&self.log.aside(self.folder)).await?;
        fs::remove_dir_all(self.folder).map_err(Failure::at(self.folder))
    }

    /// Takes away what was made aside.
    async fn forget(&self) -> Result<(), Failure> {
        self.vault.aside(self.folder).remove().await?;
        self.log.aside(self.folder).remove().await?;
        Ok(fs::remove_dir_all(self.folder)?)
    }
}

/// Log and vault on their way out of a place.
struct Making<'a> {
    place: Place,
    target: &'a Target<'a>,
}

/// What the segments say beside the log itself.
#[derive(Default)]
struct Seeing {
    /// Whoever they say was erased, also beyond the position that is restored.
    erased: Erased,
    /// The chain's hash where the vault says that the log stood.
    hash: Option<[u8; 32]>,
}

impl Making<'_> {
    async fn make(&self, asked: &Asked) -> Result<Value, Failure> {
        let name = self.place.name();
        let manifest = Manifest::of(&self.place).await?;
        let (manifest, _) = manifest.ok_or_else(|| Failure::new(format!("there is no backup at {name}")))?;
        let Some(copied) = manifest.vaults.last() else {
            return Err(Failure::new(format!("there is no backup at {name} that was made to its end")));
        };
        let mut journal = erasures::read(&asked.erasures).await?;
        if journal.instance.is_some_and(|instance| hex::encode(instance) != manifest.instance) {
            return Err(Failure::new(format!(
                "the erasure journal at {} is of another instance than the backup at {name}",
                asked.erasures
            )));
        }
        let to = asked.to.unwrap_or(manifest.log.position);
        if to > manifest.log.position {
            let end = manifest.log.position;
            return Err(Failure::new(format!(
                "the backup at {name} ends at position {end}, before position {to}"
            )));
        }
        // Before the long part.
        if let Some(first) = copied.files.first() {
            vault::expect_opens(&asked.master, &first.read(&self.place).await?)?;
        }
        let (log, seeing) = self.log(&manifest, Position(to), copied.position).await?;
        if to == manifest.log.position && to > 0 && hex::encode(log.hash) != manifest.log.hash {
            return Err(Failure::new(format!(
                "the log out of {name} is whole, but not the one that was backed up: at position {to} it has another hash \
                 than the manifest says"
            )));
        }
        let missing = seeing.erased.keys().filter(|agent| !journal.erased.contains_key(*agent)).count();
        if missing > 0 {
            return Err(Failure::new(format!(
                "the erasure journal at {} is older than the backup: it does not name {missing} people of whom the log \
                 tells that they were erased, and whoever was erased later would be back; bring the newest copy",
                asked.erasures
            )));
        }
        let reaches = journal.erased.values().max().map(|at| super::making::at(at.0));
        journal.erased.extend(seeing.erased);
        let erased = journal.erased.len();
        let seen = Seen { position: Position(to), hash: log.hash };
        let vault = self.vault(copied, &asked.master, journal.erased, seen).await?;
        let seen = vault.seen;
        let same =
            seen.position.0 == copied.position && (seen.position.0 == 0 || seeing.hash == Some(seen.hash));
        if hex::encode(vault.instance) != manifest.instance || !same {
            return Err(Failure::new(format!("log and vault at {name} were not backed up together")));
        }
        Ok(json!({
            "restored": true,
            "from": name,
            "position": to,
            "verified": true,
            "events": log.events,
            "slots": log.slots,
            "people": vault.agents,
            "erased": erased,
            "left_out_as_erased": vault.left_out,
            "last_in_erasure_journal": reaches,
            "vault_of": super::making::at(copied.taken),
        }))
    }

    /// The log up to a position, verified; all segments are read.
    async fn log(
        &self,
        manifest: &Manifest,
        to: Position,
        copied: u64,
    ) -> Result<(eventlog::verify::Verified, Seeing), Failure> {
        let aside = self.target.log.aside(self.target.folder);
        let mut restoring = eventlog::Restoring::begin(aside, to).await?;
        let mut seeing = Seeing::default();
        let mut segments = manifest.log.segments.iter();
        let mut next = segments.next().map(|file| self.records(file));
        while let Some(reading) = next {
            let records = reading.await??;
            next = segments.next().map(|file| self.records(file));
            for record in records {
                if let Record::Event(event, extra) = &record {
                    if event.kind == kind::AGENT_ERASED {
                        let facts = AgentErasedFacts::decode(event.schema, &event.facts)?;
                        let agents = facts.agents.into_iter().map(|agent| (AgentId(agent), event.stored));
                        seeing.erased.extend(agents);
                    }
                    if event.position.0 == copied {
                        seeing.hash = Some(extra.hash);
                    }
                }
                restoring.take(record).await?;
            }
        }
        Ok((restoring.finish(manifest.log.fence).await?, seeing))
    }

    /// The records of a segment, read while those before are put in.
    fn records(&self, file: &File) -> tokio::task::JoinHandle<Result<Vec<Record>, Failure>> {
        let (place, file) = (self.place.clone(), file.clone());
        tokio::spawn(async move {
            let bytes = file.read(&place).await?;
            blocking(move || {
                let wrong =
                    |why: String| Failure::new(format!("{} is no segment of a log: {why}", file.path));
                let records = bytes.strip_prefix(SEGMENT.as_slice());
                let records = records.ok_or_else(|| wrong("expected its title".to_owned()))?;
                segment::records(records)
                    .map(|record| record.map_err(|error| wrong(error.to_string())))
                    .collect()
            })
            .await
        })
    }

    async fn vault(
        &self,
        copied: &manifest::Vault,
        master: &Path,
        erased: Erased,
        seen: Seen,
    ) -> Result<vault::Restored, Failure> {
        let aside = self.target.vault.aside(self.target.folder);
        let keys = self.target.keys_aside();
        let mut restoring = vault::Restoring::begin(&aside, &keys, master, erased).await?;
        for file in &copied.files {
            restoring.take(&file.read(&self.place).await?).await?;
        }
        Ok(restoring.finish(seen).await?)
    }
}
