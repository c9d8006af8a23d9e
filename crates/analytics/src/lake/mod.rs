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
mod error;
mod kept;
mod manifest;
pub(crate) mod part;
mod snapshot;
mod store;
mod table;
#[cfg(test)]
mod tests;

use blocks::{Block, blocks, tail_start};
use domain::events::{UnitFacts, kind};
use domain::{Facts, StatementFactsRef};
pub use error::LakeError;
use eventlog::event::{Event, Key, Position};
pub use kept::Kept;
use manifest::{Awaiting, Files, Manifest};
use polars::prelude::DataFrame;
pub use snapshot::Snapshot;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
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
        Ok(Self { events, rows: rows.finish()?, voiding, municipalities })
    }

    /// The ids of the statements that voiding statements of the page name. Whoever appends looks up where those
    /// are (`EventLog::find`) and passes that along, as the lake keeps no statement ids.
    pub fn void_targets(&self) -> Vec<Key> {
        self.voiding.iter().map(|(_, target, _)| *target).collect()
    }
}

/// How long a file stays that no manifest names any more: whoever read the one before may still read its files.
pub const STAY: Duration = Duration::from_secs(120);

/// The lake's one writer. One process writes at a time; any number read through [`Snapshot`].
#[derive(Debug)]
pub struct Lake {
    dir: PathBuf,
    manifest: Manifest,
    /// The rows since the last full segment, which the next step may have to write again.
    statements: DataFrame,
    voids: DataFrame,
    /// Files that no manifest names any more, and since when; nothing before they were first looked at.
    strays: Vec<(String, Option<Duration>)>,
}

impl Lake {
    /// Opens the lake in a directory, or starts an empty one there.
    ///
    /// # Errors
    /// [`LakeError::Format`] where another version wrote it and [`LakeError::Damaged`] or
    /// [`LakeError::Manifest`] where it was changed by others: then [`Lake::delete`] it and open again.
    pub fn open(dir: &Path) -> Result<Self, LakeError> {
        store::create(dir)?;
        let manifest = Manifest::read(dir)?.unwrap_or_else(Manifest::empty);
        let strays = store::strays(dir, &manifest)?;
        let mut lake = Self {
            dir: dir.to_owned(),
            statements: Statements::with_capacity(0).finish()?,
            voids: table::voids(&[])?,
            strays: strays.into_iter().map(|path| (path, None)).collect(),
            manifest,
        };
        let tail = tail_start(lake.manifest.position);
        for files in lake.manifest.blocks.iter().filter(|b| b.first >= tail) {
            lake.statements.vstack_mut_owned(table::decode(store::get(dir, &files.statements)?, None)?)?;
            lake.voids.vstack_mut_owned(table::decode(store::get(dir, &files.voids)?, None)?)?;
        }
        Ok(lake)
    }

    /// Starts an empty lake beside the one in a directory, which stays as it is, to be read and written, until
    /// [`Lake::take_over`].
    ///
    /// # Errors
    /// [`LakeError::Io`] or [`LakeError::Table`].
    pub fn beside(dir: &Path) -> Result<Self, LakeError> {
        Self::clear(dir)?;
        Self::open(&dir.join(store::BESIDE))
    }

    /// Removes what was begun with [`Lake::beside`] and never took over.
    ///
    /// # Errors
    /// [`LakeError::Io`].
    pub fn clear(dir: &Path) -> Result<(), LakeError> {
        store::clear(dir)
    }

    /// Puts a lake that was written beside the one in `dir` in its place, and gives it as it is there. Nobody may
    /// write the other meanwhile. Where this fails, or the process dies, the one in `dir` is as it was: the files of
    /// both have the same bytes where they have the same name, and the manifest comes last.
    ///
    /// # Errors
    /// [`LakeError::Io`], or as [`Lake::open`].
    pub fn take_over(self, dir: &Path) -> Result<Self, LakeError> {
        store::adopt(dir, &self.dir, &self.manifest)?;
        Self::open(dir)
    }

    /// Deletes a lake's files; the directory stays. Nothing is lost that the log does not give again.
    ///
    /// # Errors
    /// [`LakeError::Io`].
    pub fn delete(dir: &Path) -> Result<(), LakeError> {
        store::delete(dir)
    }

    /// The last event in the lake; 0 where it is empty. Reading goes on after it.
    pub fn position(&self) -> Position {
        Position(self.manifest.position)
    }

    /// The lake as it is now, for reading.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(self.dir.clone(), self.manifest.clone(), Arc::default())
    }

    /// Adds the next page of the log. When this returns it is on disk; where it fails or the process dies, the
    /// lake on disk is as it was before. Pages of some ten thousand events are worth the while, any size works.
    ///
    /// `targets` says where the statements of [`Page::void_targets`] are, for those that are in the log.
    ///
    /// # Errors
    /// [`LakeError::Gap`], [`LakeError::Io`] or [`LakeError::Table`]. The lake in memory is then the one before,
    /// too.
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
        let manifest =
            Manifest { format: manifest::FORMAT, instance, municipality, position: last, blocks, awaiting };
        store::put(&self.dir, manifest::FILE, &manifest.to_text()?)?;

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
    pub fn tidy(&mut self, now: Duration) {
        let Self { dir, strays, .. } = self;
        strays.retain_mut(|(path, since)| {
            let over = now >= *since.get_or_insert(now) + STAY;
            !over || store::remove_file(dir, path).is_err()
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
            let path = format!("{table}/{:012}-{:012}.parquet", block.first, block.last);
            let about = [
                ("larka.format", Some(manifest::FORMAT.to_string())),
                ("larka.instance", Some(instance.to_owned())),
                ("larka.municipality", self.municipality(page, block.last)),
            ];
            let about = about.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            store::put_table(&self.dir, path, rows.height(), &table::encode(&rows, about.collect())?)
        };
        let mut files = Vec::new();
        for block in blocks(last) {
            files.push(match known.get(&block) {
                Some(&known) => known.clone(),
                None => Files {
                    first: block.first,
                    last: block.last,
                    statements: write(store::TABLES[0], statements, block)?,
                    voids: write(store::TABLES[1], voids, block)?,
                },
            });
        }
        Ok(files)
    }
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
