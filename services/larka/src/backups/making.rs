//! A backup: what came into the log since the last one, then the vault as it is after that, then the manifest.
//!
//! It reads beside the server, if one runs: with the rights and the surroundings of whoever made the command, and nothing of
//! it is in the server's way.

use std::time::Instant;

use eventlog::clock::{Micros, SharedClock, SystemClock};
use eventlog::{Copies, EventLog, Location, Options, Position};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use vault::{BackupPieces, Seen, Vault};

use super::erasures;
use super::manifest::{self, File, Manifest};
use super::place::{Place, Turn, Version};
use crate::failure::Failure;
use crate::instance::{self, locations};
use crate::keys::instance_id;
use crate::settings::Settings;
use crate::whole;

/// Bytes of a file, about.
const FILE_BYTES: usize = 16 << 20;
/// What a segment of the log begins with.
pub(super) const SEGMENT: &[u8; 16] = b"larka segment 1\n";
/// How old a file in a bucket is that nothing names, before it counts as left behind: another backup may be under way.
const LEFT_BEHIND: i64 = 2 * 86_400 * 1_000_000;
const DAY: i64 = 86_400 * 1_000_000;

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) to: String,
    pub(crate) keep_days: u8,
}

/// Makes a backup; what it answers is what `--json` prints.
pub(crate) async fn make(settings: Settings, asked: Asked) -> Result<Value, Failure> {
    let begun = Instant::now();
    instance::expect(&settings).await?;
    let place = Place::named(&asked.to)?;
    let Some(erasures_to) = &settings.storage.erasures_to else {
        return Err(Failure::new(
            "the setting erasures-to is missing: a place apart from the backup's, where a copy of the erasure journal is \
             kept; without that copy nothing can be restored",
        ));
    };
    let erasures_to = Place::named(erasures_to)?;
    if place.overlaps(&erasures_to) {
        return Err(Failure::setting(
            "erasures-to",
            "a place apart from the backup's: whoever brings an old backup back must not bring an old journal back with it",
        ));
    }
    let own = [&settings.storage.data_dir, &settings.storage.keys_dir].map(|own| Place::Folder(own.clone()));
    for (name, outside) in [("to", &place), ("erasures-to", &erasures_to)] {
        if own.iter().any(|own| own.overlaps(outside)) {
            return Err(Failure::setting(
                name,
                "a place outside the instance's own folders: it would be lost with them",
            ));
        }
    }
    let sources = Sources::open(&settings).await?;
    let made = sources.back_up(&place, &erasures_to, i64::from(asked.keep_days), begun).await;
    sources.close().await;
    made
}

/// What is backed up.
struct Sources {
    log: EventLog,
    vault: Vault,
    instance: [u8; 16],
    clock: SharedClock,
}

impl Sources {
    /// Opens log and vault without what follows from them.
    async fn open(settings: &Settings) -> Result<Self, Failure> {
        let (log_at, _, vault_at) = locations(settings);
        if !Vault::is_at(&vault_at).await? {
            let place = match &vault_at {
                Location::Sqlite { file } => format!("at {}", file.display()),
                Location::Postgres { .. } => "in the database of --vault-url".to_owned(),
            };
            return Err(Failure::new(format!("the instance's vault is not {place}")));
        }
        let clock = SystemClock::shared();
        let log = EventLog::open(Options::new(log_at, clock.clone())).await?;
        let instance = instance_id(&settings.storage.keys_dir)?;
        let vault = Vault::open(vault::Options {
            location: vault_at,
            keys: settings.storage.keys_dir.clone(),
            instance,
            clock: clock.clone(),
            registry: prometheus::Registry::new(),
        })
        .await?;
        Ok(Self { log, vault, instance, clock })
    }

    async fn close(self) {
        self.log.close().await;
        self.vault.close().await;
    }

    async fn back_up(
        &self,
        place: &Place,
        erasures_to: &Place,
        keep_days: i64,
        begun: Instant,
    ) -> Result<Value, Failure> {
        let _turn: Turn = place.turn(false).await?;
        let (mut manifest, known) = self.manifest(place).await?;
        // What has expired need not be there any more.
        let now = self.clock.now().0;
        manifest.vaults.iter_mut().for_each(|one| one.expires = one.expires.min(one.taken + keep_days * DAY));
        manifest.vaults.retain(|one| one.expires > now);
        expect_whole(place, &manifest).await?;
        // Before the long part: what cannot be noted there must not be copied.
        let erased = erasures::known(&self.log, &self.vault).await?;
        erasures::add(erasures_to, self.instance, &erased).await?;
        let taken = self.clock.now().0;
        let before = manifest.log.position;
        let mut copying = Copying::new(place, format!("{}/{before:012}-{taken}", manifest::LOG), SEGMENT);
        let end = self.log.copy_after(Position(before), &mut copying).await?;
        let segments = copying.end().await?;
        let hash = self.log.hash_at(end).await?.unwrap_or_default();

        // After the log: people are in the vault before the log names them.
        let mut copying = Copying::new(place, format!("{}/{taken}", manifest::VAULT), b"");
        let backed_up = self.vault.back_up(Seen { position: end, hash }, &mut copying).await?;
        let files = copying.end().await?;
        let erased = erasures::known(&self.log, &self.vault).await?;
        let journalled = erasures::add(erasures_to, self.instance, &erased).await?;

        let expires = taken + keep_days * DAY;
        let older = manifest.vaults.len();
        let last = erased.values().max().copied().unwrap_or(Micros(i64::MIN));
        let holding =
            manifest.vaults.iter().filter(|vault| vault.taken < last.0).map(|vault| vault.expires).max();
        let bytes = |files: &[File]| files.iter().map(|file| file.bytes).sum::<u64>();
        let (log_bytes, vault_bytes) = (bytes(&segments), bytes(&files));
        manifest.version = env!("CARGO_PKG_VERSION").to_owned();
        manifest.log.position = end.0;
        manifest.log.hash = hex::encode(hash);
        manifest.log.fence = self.log.head().await?.fence;
        manifest.log.segments.extend(segments);
        let vault = manifest::Vault { taken, expires, position: end.0, hash: hex::encode(hash), files };
        manifest.vaults.push(vault);
        self.vault.note_backup(Micros(taken), Micros(expires)).await?;
        if !place.replace(manifest::FILE, serde_json::to_vec_pretty(&manifest)?, known).await? {
            return Err(Failure::new(format!(
                "another backup was made into {} meanwhile; that one counts, and this one does not",
                place.name()
            )));
        }
        let removed = tidy(place, &manifest, taken).await?;
        Ok(json!({
            "to": place.name(),
            "position": end.0,
            "events": end.0 - before,
            "log_bytes": log_bytes,
            "vault_rows": backed_up.rows,
            "vault_bytes": vault_bytes,
            "older_vaults_kept": older,
            "files_removed": removed,
            "erased": journalled,
            "erasures_to": erasures_to.name(),
            "expires": at(expires),
            "keys_of_erased_until": holding.map(at),
            "seconds": begun.elapsed().as_secs(),
        }))
    }

    /// What the place holds already, which has to be of this log.
    async fn manifest(&self, place: &Place) -> Result<(Manifest, Version), Failure> {
        let (manifest, version) = match Manifest::of(place).await? {
            Some(there) => there,
            None => begin(place, self.instance).await?,
        };
        if manifest.instance != hex::encode(self.instance) {
            return Err(Failure::new(format!(
                "{} holds the backups of another instance; each has a place of its own",
                place.name()
            )));
        }
        let (position, hash) = (manifest.log.position, &manifest.log.hash);
        let here = self.log.hash_at(Position(position)).await?;
        if position > 0 && here.map(hex::encode).as_ref() != Some(hash) {
            return Err(Failure::new(format!(
                "{} holds the backups of a log that went on otherwise: what it has at position {position} is not in this \
                 one; keep it, and back up to a new place",
                place.name()
            )));
        }
        Ok((manifest, version))
    }
}

/// Bytes on their way into files of a place: while one is written the next is filled.
struct Copying {
    place: Place,
    stem: String,
    title: &'static [u8],
    bytes: Vec<u8>,
    through: Option<u64>,
    writing: Option<JoinHandle<Result<File, Failure>>>,
    files: Vec<File>,
    begun: usize,
}

impl Copying {
    fn new(place: &Place, stem: String, title: &'static [u8]) -> Self {
        let (place, bytes) = (place.clone(), Vec::new());
        Self { place, stem, title, bytes, through: None, writing: None, files: Vec::new(), begun: 0 }
    }

    async fn add(&mut self, bytes: &[u8], through: Option<u64>) -> Result<(), Failure> {
        if self.bytes.is_empty() {
            self.bytes.reserve(FILE_BYTES + (FILE_BYTES >> 2));
            self.bytes.extend_from_slice(self.title);
        }
        self.bytes.extend_from_slice(bytes);
        self.through = through;
        if self.bytes.len() >= FILE_BYTES { self.write().await } else { Ok(()) }
    }

    async fn write(&mut self) -> Result<(), Failure> {
        self.written().await?;
        let bytes = std::mem::take(&mut self.bytes);
        let path = format!("{}-{:06}", self.stem, self.begun);
        self.begun += 1;
        let (place, through) = (self.place.clone(), self.through);
        self.writing = Some(tokio::spawn(async move { File::write(&place, path, through, bytes).await }));
        Ok(())
    }

    async fn written(&mut self) -> Result<(), Failure> {
        if let Some(writing) = self.writing.take() {
            self.files.push(writing.await??);
        }
        Ok(())
    }

    async fn end(mut self) -> Result<Vec<File>, Failure> {
        if !self.bytes.is_empty() {
            self.write().await?;
        }
        self.written().await?;
        Ok(self.files)
    }
}

impl Copies for Copying {
    type Error = Failure;

    async fn take(&mut self, records: Vec<u8>, through: Position) -> Result<(), Failure> {
        self.add(&records, Some(through.0)).await
    }
}

impl BackupPieces for Copying {
    type Error = Failure;

    async fn take(&mut self, bytes: Vec<u8>) -> Result<(), Failure> {
        self.add(&bytes, None).await
    }
}

/// Begins a place with a manifest that names nothing. Where one is missing beside files, it was lost or they are
/// another's: nothing of them may be taken for left over.
async fn begin(place: &Place, instance: [u8; 16]) -> Result<(Manifest, Version), Failure> {
    for folder in [manifest::LOG, manifest::VAULT] {
        if !place.list(folder).await?.is_empty() {
            return Err(Failure::new(format!(
                "{} has files in {folder}/ and no {}: bring that back, or name an empty place",
                place.name(),
                manifest::FILE
            )));
        }
    }
    let empty = serde_json::to_vec_pretty(&Manifest::new(instance))?;
    place.replace(manifest::FILE, empty, None).await?;
    let made = Manifest::of(place).await?;
    made.ok_or_else(|| Failure::new(format!("{} does not keep what is written into it", place.name())))
}

/// Refuses to add to what could not be restored.
async fn expect_whole(place: &Place, manifest: &Manifest) -> Result<(), Failure> {
    match missing(place, manifest).await?.first() {
        None => Ok(()),
        Some(path) => Err(Failure::new(format!(
            "{path} is missing in {}, or is not whole, and nothing could be restored from it: bring it back from a copy of the place, or \
             back up to a new place",
            place.name()
        ))),
    }
}

/// The files that the manifest names and that are not there, or in a folder not of their size.
pub(crate) async fn missing(place: &Place, manifest: &Manifest) -> Result<Vec<String>, Failure> {
    let mut there = std::collections::HashSet::new();
    if matches!(place, Place::Bucket(..)) {
        for folder in [manifest::LOG, manifest::VAULT] {
            there.extend(place.list(folder).await?);
        }
    }
    let whole = |file: &File| match place {
        Place::Folder(folder) => {
            folder.join(&file.path).metadata().is_ok_and(|about| about.len() == file.bytes)
        }
        Place::Bucket(..) => there.contains(&file.path),
    };
    Ok(manifest.files().filter(|file| !whole(file)).map(|file| file.path.clone()).collect())
}

/// Removes what the manifest does not name: copies of the vault that expired, and what a backup left that was cut short.
/// Other files than a backup's are left alone.
async fn tidy(place: &Place, manifest: &Manifest, now: i64) -> Result<u64, Failure> {
    let named: std::collections::HashSet<&str> = manifest.files().map(|file| file.path.as_str()).collect();
    let mut removed = 0;
    for folder in [manifest::LOG, manifest::VAULT] {
        for path in place.list(folder).await? {
            if named.contains(path.as_str()) || stamp(&path).is_none() {
                continue;
            }
            // In a bucket nobody takes turns: what is new may be another's, and count soon.
            let young = stamp(&path).is_some_and(|made| made > now - LEFT_BEHIND);
            let expired = folder == manifest::VAULT && stamp(&path).is_some_and(|made| made < now - DAY);
            if matches!(place, Place::Folder(_)) || !young || expired {
                place.remove(path).await?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

/// When a file was made, as its name says; none where it is no name of a backup's file.
fn stamp(path: &str) -> Option<i64> {
    let (folder, name) = path.rsplit_once('/')?;
    let parts: Vec<&str> = whole::named(name).split('-').collect();
    let (made, number) = match (folder, parts.as_slice()) {
        (manifest::LOG, [from, made, number]) if digits(from, 12) => (made, number),
        (manifest::VAULT, [made, number]) => (made, number),
        _ => return None,
    };
    if digits(number, 6) && digits(made, 1) { made.parse().ok() } else { None }
}

fn digits(text: &str, least: usize) -> bool {
    text.len() >= least && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An instant in words.
pub(crate) fn at(micros: i64) -> String {
    Micros(micros).to_datetime().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
