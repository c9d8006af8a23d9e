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
mod manifest;
mod snapshot;
mod store;
mod table;
#[cfg(test)]
mod tests;

use blocks::{Block, blocks, tail_start};
use domain::StatementFactsRef;
use domain::events::kind;
pub use error::LakeError;
use eventlog::event::{Event, Key, Position};
use manifest::{Awaiting, Files, Manifest};
use polars::prelude::DataFrame;
pub use snapshot::Snapshot;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
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
}

impl<'e> Page<'e> {
    /// Reads events that follow each other in the log.
    ///
    /// # Errors
    /// [`LakeError::Gap`], [`LakeError::Facts`] or [`LakeError::Table`].
    pub fn of(events: &'e [Event]) -> Result<Self, LakeError> {
        let mut rows = Statements::with_capacity(events.len());
        let mut voiding = Vec::new();
        let first = events.first().map_or(0, |event| event.position.0);
        for (expected, event) in (first..).zip(events) {
            if event.position.0 != expected {
                return Err(LakeError::Gap { expected, found: event.position.0 });
            }
            if event.kind == kind::STATEMENT {
                let facts = StatementFactsRef::decode(event.schema, &event.facts)
                    .map_err(|e| LakeError::Facts { position: expected, reason: e.to_string() })?;
                let own = facts.voids_own.then_some(event.credential);
                voiding.extend(facts.voids().map(|target| (expected, target, own)));
                rows.push(expected, event.stored, &facts);
            }
        }
        Ok(Self { events, rows: rows.finish()?, voiding })
    }

    /// The ids of the statements that voiding statements of the page name. Whoever appends looks up where those
    /// are (`EventLog::find`) and passes that along, as the lake keeps no statement ids.
    pub fn void_targets(&self) -> Vec<Key> {
        self.voiding.iter().map(|(_, target, _)| *target).collect()
    }
}

/// The lake's one writer. One process writes at a time; any number read through [`Snapshot`].
#[derive(Debug)]
pub struct Lake {
    dir: PathBuf,
    manifest: Manifest,
    /// The rows since the last full segment, which the next step may have to write again.
    statements: DataFrame,
    voids: DataFrame,
}

impl Lake {
    /// Opens the lake in a directory, or starts an empty one there. Files that a crash left are removed.
    ///
    /// # Errors
    /// [`LakeError::Format`] where another version wrote it and [`LakeError::Damaged`] or
    /// [`LakeError::Manifest`] where it was changed by others: then [`Lake::delete`] it and open again.
    pub fn open(dir: &Path) -> Result<Self, LakeError> {
        store::create(dir)?;
        let manifest = Manifest::read(dir)?.unwrap_or_else(Manifest::empty);
        store::sweep(dir, &manifest)?;
        let mut lake = Self {
            dir: dir.to_owned(),
            statements: Statements::with_capacity(0).finish()?,
            voids: table::voids(&[])?,
            manifest,
        };
        let tail = tail_start(lake.manifest.position);
        for files in lake.manifest.blocks.iter().filter(|b| b.first >= tail) {
            if let Some(file) = &files.statements {
                lake.statements.vstack_mut_owned(table::decode(store::get(dir, file)?, None)?)?;
            }
            if let Some(file) = &files.voids {
                lake.voids.vstack_mut_owned(table::decode(store::get(dir, file)?, None)?)?;
            }
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
        Snapshot::of(self.dir.clone(), self.manifest.clone())
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
        let blocks = self.write_blocks(last, &next_statements, &next_voids)?;
        let manifest = Manifest { format: manifest::FORMAT, position: last, blocks, awaiting };
        store::put(&self.dir, manifest::FILE, &manifest.to_text()?)?;

        let tail = tail_start(last);
        next_statements = table::between(&next_statements, tail, last)?;
        next_voids = table::between(&next_voids, tail, last)?;
        // A slice would keep the memory of the whole segment alive.
        next_statements.rechunk_mut();
        self.statements = next_statements;
        self.voids = next_voids;
        self.manifest = manifest;
        store::sweep(&self.dir, &self.manifest)
    }

    /// Writes the files of the blocks up to `last` that the lake does not have yet.
    fn write_blocks(
        &self,
        last: u64,
        statements: &DataFrame,
        voids: &DataFrame,
    ) -> Result<Vec<Files>, LakeError> {
        let known: BTreeMap<Block, &Files> = self.manifest.blocks.iter().map(|f| (f.block(), f)).collect();
        let write = |table: &str, rows: &DataFrame, block: Block| {
            let rows = table::between(rows, block.first, block.last)?;
            if rows.height() == 0 {
                return Ok(None);
            }
            let path = format!("{table}/{:012}-{:012}.parquet", block.first, block.last);
            store::put_table(&self.dir, path, rows.height(), &table::encode(&rows)?).map(Some)
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
