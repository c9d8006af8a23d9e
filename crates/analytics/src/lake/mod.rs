//! The lake: the statements' clear facts as partitioned Parquet beside a manifest, in a form that Spark,
//! Trino, ClickHouse and DuckDB read as it is.
//!
//! What is in it is a pure function of the log up to a position: the same events give the same files, byte
//! for byte, in however many steps they came. Agents are pseudonyms, instants are cut to days, and no
//! statement has its id. A step writes the files that changed and then replaces the manifest, which names
//! every file with its hash; a crash before that leaves the lake as it was.
//!
//! Tables (`docs/formats/lake.md`): `statements`, and `voids` with one row for each statement that was
//! voided, at the position from which on it does not count.

mod blocks;
mod bucket;
mod error;
mod holding;
mod kept;
mod manifest;
pub(crate) mod part;
mod place;
mod snapshot;
mod table;
#[cfg(test)]
mod tests;

use blocks::{Block, blocks, tail_start};
pub use bucket::Bucket;
use domain::{Facts, StatementFactsRef, events::UnitFacts, events::kind};
pub use error::LakeError;
use eventlog::event::{Event, Key, Position};
pub use kept::Kept;
use manifest::{Awaiting, Files, Manifest};
pub use object_store::UpdateVersion as BucketVersion;
pub use place::{Place, Seal};
use place::{TABLES, Version};
use polars::prelude::DataFrame;
pub use snapshot::Snapshot;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;
use table::{Statements, Void};

/// Where statements are in the log, and which credential sent them, by id; see [`Page::void_targets`].
pub type Targets = HashMap<Key, (Position, Option<Key>)>;

/// The next events of the log, read and ready to go into the lake.
#[derive(Debug)]
pub struct Page<'e> {
    events: &'e [Event],
    rows: DataFrame,
    /// Each voiding statement: its position, its target, and the credential that has to have sent that, where only that
    /// one's may be voided.
    voiding: Vec<(u64, Key, Option<Option<Key>>)>,
    /// Units without one above them: their position and their code.
    municipalities: Vec<(u64, String)>,
    /// The hash of the log's chain at the last of the events.
    hash: Option<[u8; 32]>,
}

impl<'e> Page<'e> {
    /// Reads events that follow each other in the log.
    ///
    /// # Errors
    /// [`LakeError::Gap`], [`LakeError::Facts`] or [`LakeError::Table`].
    pub fn of(events: &'e [Event]) -> Result<Self, LakeError> {
        let mut rows = Statements::with_capacity(events.len());
        let mut voiding = Vec::new();
        let mut municipalities = Vec::new();
        let first = events.first().map_or(0, |event| event.position.0);
        for (expected, event) in (first..).zip(events) {
            if event.position.0 != expected {
                return Err(LakeError::Gap { expected, found: event.position.0 });
            }
            if event.kind == kind::UNIT {
                // One that cannot be read stops the fold of the municipality, which tells.
                let unit = UnitFacts::decode(event.schema, &event.facts).ok();
                let top = unit.filter(|unit| unit.parent.is_none());
                municipalities.extend(top.map(|unit| (expected, unit.code)));
            }
            if event.kind == kind::STATEMENT {
                let facts = StatementFactsRef::decode(event.schema, &event.facts)
                    .map_err(|e| LakeError::Facts { position: expected, reason: e.to_string() })?;
                let own = facts.voids_own.then_some(event.credential);
                voiding.extend(facts.voids().map(|target| (expected, target, own)));
                rows.push(expected, event.stored, &facts);
            }
        }
        Ok(Self { events, rows: rows.finish()?, voiding, municipalities, hash: None })
    }

    /// The same, with the hash of the log's chain at the last of the events: the lake notes upon what it stands.
    #[must_use]
    pub fn upon(self, hash: Option<[u8; 32]>) -> Self {
        Self { hash, ..self }
    }

    /// The ids of the statements that voiding statements of the page name. Whoever appends looks up where those
    /// are (`EventLog::find`) and passes that along, as the lake keeps no statement ids.
    pub fn void_targets(&self) -> Vec<Key> {
        self.voiding.iter().map(|(_, target, _)| *target).collect()
    }
}

/// Upon what a lake stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stands {
    /// The last event that went in.
    pub position: Position,
    /// The id of the log's first event, in hexadecimal.
    first: String,
    /// The hash of the log's chain at the position, in hexadecimal, where it was noted.
    hash: Option<String>,
}

impl Stands {
    /// Whether that is the log whose first event has this id, and which has this hash at the position.
    pub fn is_upon(&self, first: Option<Key>, hash: Option<[u8; 32]>) -> bool {
        let hash = hash.map(hex::encode);
        let noted = self.hash.is_none() || self.hash == hash;
        noted && hash.is_some() && first.map(hex::encode).as_ref() == Some(&self.first)
    }
}

/// How long a file stays that no manifest names any more: whoever read the one before may still read its files.
pub const STAY: Duration = Duration::from_secs(120);

/// The lake's writer; any number read through [`Snapshot`]. Of a folder there may be one at a time. Of a bucket there may be
/// several: each commits only upon what it has seen, and whoever is overtaken opens the lake again.
#[derive(Debug)]
pub struct Lake {
    place: Place,
    manifest: Manifest,
    /// Which manifest is at the place; none while this is written anew, beside one that is read.
    upon: Option<Version>,
    /// The rows since the last full segment, which the next step may have to write again.
    statements: DataFrame,
    voids: DataFrame,
    /// Files that no manifest names any more, and since when; nothing before they were first looked at.
    strays: Vec<(String, Option<Duration>)>,
}

impl Lake {
    /// Opens the lake at a place, or starts an empty one there.
    ///
    /// # Errors
    /// [`LakeError::Io`]; [`LakeError::Format`] where another version wrote it and [`LakeError::Damaged`],
    /// [`LakeError::Unsealed`] or [`LakeError::Manifest`] where it was changed by others: then write it anew with
    /// [`Lake::anew`].
    pub fn open(place: &Place) -> Result<Self, LakeError> {
        let mut lake = Self::anew(place)?;
        let mut version = None;
        if let Some((text, read)) = place.manifest()? {
            (lake.manifest, version) = (place.sealed(&text)?, read);
        }
        lake.upon = Some(version);
        lake.strays = place.strays(&lake.manifest)?.into_iter().map(|path| (path, None)).collect();
        let tail = tail_start(lake.manifest.position);
        for files in lake.manifest.blocks.iter().filter(|b| b.first >= tail) {
            lake.statements.vstack_mut_owned(table::decode(place.get(&files.statements)?, None)?)?;
            lake.voids.vstack_mut_owned(table::decode(place.get(&files.voids)?, None)?)?;
        }
        Ok(lake)
    }

    /// Starts a lake anew, from the log's first event, where there may be one. That stays as it is, to be read and
    /// written, until [`Lake::take_over`]: files that both have are the same, byte for byte, and only the manifest says
    /// what counts.
    ///
    /// # Errors
    /// [`LakeError::Io`] or [`LakeError::Table`].
    pub fn anew(place: &Place) -> Result<Self, LakeError> {
        place.create()?;
        Ok(Self {
            place: place.clone(),
            statements: Statements::with_capacity(0).finish()?,
            voids: table::voids(&[])?,
            strays: Vec::new(),
            manifest: Manifest::empty(),
            upon: None,
        })
    }

    /// Upon what the lake at a place stands; none where there is no lake, or none that this program reads.
    ///
    /// # Errors
    /// [`LakeError::Io`].
    pub fn stands(place: &Place) -> Result<Option<Stands>, LakeError> {
        let Some((text, _)) = place.manifest()? else { return Ok(None) };
        let Ok(manifest) = Manifest::of_text(&text) else { return Ok(None) };
        let Manifest { position, instance, hash, .. } = manifest;
        Ok((position > 0).then_some(Stands { position: Position(position), first: instance, hash }))
    }

    /// Lets go of the lake at a place: an empty one is there, which goes on from the log's first event.
    ///
    /// # Errors
    /// [`LakeError::Overtaken`] where another wrote at this moment, [`LakeError::Io`].
    pub fn let_go(place: &Place) -> Result<(), LakeError> {
        let version = place.manifest()?.and_then(|(_, version)| version);
        place.commit(&Manifest::empty(), &version).map(drop)
    }

    /// Puts a lake that was written anew in the place of the one that is there, and gives it as it is there.
    ///
    /// # Errors
    /// [`LakeError::Overtaken`] where what is there has come further, or another wrote at this moment: bring this one up, and
    /// try again. [`LakeError::Io`], or as [`Lake::open`]. What was there is then as it was.
    pub fn take_over(&self) -> Result<Self, LakeError> {
        let mut version = None;
        if let Some((text, read)) = self.place.manifest()? {
            // What cannot be read has come nowhere.
            if self.place.sealed(&text).is_ok_and(|there| there.position > self.manifest.position) {
                return Err(LakeError::Overtaken);
            }
            version = read;
        }
        self.place.commit(&self.manifest, &version)?;
        Self::open(&self.place)
    }

    /// The last event in the lake; 0 where it is empty. Reading goes on after it.
    pub fn position(&self) -> Position {
        Position(self.manifest.position)
    }

    /// The lake as it is now, for reading.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(self.place.clone(), self.manifest.clone(), Arc::default())
    }

    /// Adds the next page of the log. When this returns it is on disk; where it fails or the process dies, the
    /// lake on disk is as it was before. Pages of some ten thousand events are worth the while, any size works.
    ///
    /// `targets` says where the statements of [`Page::void_targets`] are, for those that are in the log.
    ///
    /// # Errors
    /// [`LakeError::Gap`], [`LakeError::Overtaken`], [`LakeError::Io`] or [`LakeError::Table`]. The lake in memory is then
    /// the one before, too.
    pub fn append(&mut self, page: &Page<'_>, targets: &Targets) -> Result<(), LakeError> {
        let (Some(first), Some(last)) = (page.events.first(), page.events.last()) else { return Ok(()) };
        let (first, last) = (first.position.0, last.position.0);
        let expected = self.manifest.position + 1;
        if first != expected {
            return Err(LakeError::Gap { expected, found: first });
        }
        let mut voiding = self.manifest.awaiting.clone();
        voiding.extend(page.voiding.iter().map(|(voiding, target, own)| Awaiting {
            voiding: *voiding,
            target: hex::encode(target),
            own: own.map(|credential| credential.map(hex::encode).unwrap_or_default()),
        }));
        let (voids, awaiting) = settle(voiding, page.events, targets, last);

        let mut next_statements = self.statements.vstack(&page.rows)?;
        let mut next_voids = self.voids.vstack(&table::voids(&voids)?)?;
        let instance = match expected {
            1 => page.events.first().map(|event| hex::encode(event.id)).unwrap_or_default(),
            _ => self.manifest.instance.clone(),
        };
        let blocks = self.write_blocks(last, &next_statements, &next_voids, &instance, page)?;
        let municipality = self.municipality(page, last);
        let manifest = Manifest {
            format: manifest::FORMAT,
            instance,
            hash: page.hash.map(hex::encode),
            municipality,
            position: last,
            blocks,
            awaiting,
            mac: None,
        };
        if let Some(version) = &mut self.upon {
            *version = self.place.commit(&manifest, version)?;
        }

        let tail = tail_start(last);
        next_statements = table::between(&next_statements, tail, last)?;
        next_voids = table::between(&next_voids, tail, last)?;
        // A slice would keep the memory of the whole segment alive.
        next_statements.rechunk_mut();
        self.statements = next_statements;
        self.voids = next_voids;
        let named: BTreeSet<&str> = manifest.files().map(|file| file.path.as_str()).collect();
        let left = self.manifest.files().filter(|file| !named.contains(file.path.as_str()));
        self.strays.extend(left.map(|file| (file.path.clone(), None)));
        // What a crash left may have been written again.
        self.strays.retain(|(path, _)| !named.contains(path.as_str()));
        self.manifest = manifest;
        Ok(())
    }

    /// Removes the files that no manifest has named for [`STAY`]; one that cannot be removed is tried again the next
    /// time. `now` is the time since some fixed start, the same for all calls.
    ///
    /// What ends beyond this lake may be about to be named by another who writes it. What ends before is named by this
    /// manifest or by none to come (`blocks`).
    pub fn tidy(&mut self, now: Duration) {
        let Self { place, strays, manifest, upon, .. } = self;
        if upon.is_none() {
            return;
        }
        strays.retain_mut(|(path, since)| {
            let over = now >= *since.get_or_insert(now) + STAY;
            let passed = last_of(path).is_none_or(|last| last <= manifest.position);
            !(over && passed) || place.remove(path).is_err()
        });
    }

    /// The municipality after the event at a position of a page.
    fn municipality(&self, page: &Page<'_>, at: u64) -> Option<String> {
        let latest = page.municipalities.iter().rev().find(|(position, _)| *position <= at);
        latest.map(|(_, code)| code).or(self.manifest.municipality.as_ref()).cloned()
    }

    /// Writes the files of the blocks up to `last` that the lake does not have yet.
    fn write_blocks(
        &self,
        last: u64,
        statements: &DataFrame,
        voids: &DataFrame,
        instance: &str,
        page: &Page<'_>,
    ) -> Result<Vec<Files>, LakeError> {
        let known: BTreeMap<Block, &Files> = self.manifest.blocks.iter().map(|f| (f.block(), f)).collect();
        let write = |table: &str, rows: &DataFrame, block: Block| {
            let rows = table::between(rows, block.first, block.last)?;
            let path = path_of(table, block);
            let about = [
                ("larka.format", Some(manifest::FORMAT.to_string())),
                ("larka.instance", Some(instance.to_owned())),
                ("larka.municipality", self.municipality(page, block.last)),
            ];
            let about = about.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            self.place.put_table(path, rows.height(), table::encode(&rows, about.collect())?)
        };
        let mut files = Vec::new();
        for block in blocks(last) {
            files.push(match known.get(&block) {
                Some(&known) => known.clone(),
                None => Files {
                    first: block.first,
                    last: block.last,
                    statements: write(TABLES[0], statements, block)?,
                    voids: write(TABLES[1], voids, block)?,
                },
            });
        }
        Ok(files)
    }
}

/// Where a block's file of a table is.
fn path_of(table: &str, block: Block) -> String {
    format!("{table}/{:012}-{:012}.parquet", block.first, block.last)
}

/// Where the block of a file ends; none where the file is no block's.
fn last_of(path: &str) -> Option<u64> {
    let (_, last) = path.strip_suffix(".parquet")?.rsplit_once('-')?;
    last.parse().ok()
}

/// Matches voiding statements with their targets among `events` or before them. A target that lies beyond
/// `last` is awaited, even if the log has it already: what the lake holds depends on its position alone.
fn settle(
    voiding: Vec<Awaiting>,
    events: &[Event],
    targets: &Targets,
    last: u64,
) -> (Vec<Void>, Vec<Awaiting>) {
    if voiding.is_empty() {
        return (Vec::new(), voiding);
    }
    let wanted: BTreeSet<&str> = voiding.iter().map(|a| a.target.as_str()).collect();
    let known = targets.iter().map(|(id, (position, credential))| (id, position.0, *credential));
    let here = events
        .iter()
        .filter(|e| e.kind == kind::STATEMENT)
        .filter_map(|e| e.dedupe.as_ref().map(|id| (id, e.position.0, e.credential)));
    let places: BTreeMap<String, (u64, Option<Key>)> = known
        .chain(here)
        .filter(|(_, position, _)| *position <= last)
        .map(|(id, position, credential)| (hex::encode(id), (position, credential)))
        .filter(|(id, _)| wanted.contains(id.as_str()))
        .collect();
    let mut voids = Vec::new();
    let mut awaiting = Vec::new();
    for entry in voiding {
        match places.get(&entry.target) {
            // Somebody else's, which it may not void.
            Some((_, credential)) if !entry.may_void(*credential) => {}
            Some(&(target, _)) => {
                let position = target.max(entry.voiding);
                voids.push(Void { position, voiding: entry.voiding, target });
            }
            None => awaiting.push(entry),
        }
    }
    voids.sort_unstable();
    (voids, awaiting)
}
