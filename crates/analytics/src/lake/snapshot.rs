//! The lake as it was at a position, for reading.

use super::error::LakeError;
use super::kept::Kept;
use super::manifest::{File, Files, Manifest};
use super::part::{self, Part};
use super::place::Place;
use super::table::{self, Void};
use domain::Date;
use eventlog::event::Position;
use polars::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How often a reader looks again where a writer replaced a file under its hands.
const ATTEMPTS: usize = 5;

/// What the lake holds up to a position.
#[derive(Debug, Clone)]
pub struct Snapshot {
    place: Place,
    manifest: Manifest,
    at: u64,
    kept: Arc<Kept>,
}

impl Snapshot {
    /// The lake at a place, as its manifest has it; it may be written meanwhile. What is read of it is kept in
    /// `kept`, which may have some of it already.
    ///
    /// # Errors
    /// [`LakeError::Manifest`], [`LakeError::Unsealed`], [`LakeError::Format`] or [`LakeError::Io`]. A place without a lake is
    /// an empty lake.
    pub fn open(place: &Place, kept: &Arc<Kept>) -> Result<Self, LakeError> {
        let text = place.manifest()?;
        let manifest = text.map_or_else(|| Ok(Manifest::empty()), |(text, _)| place.sealed(&text))?;
        Ok(Self::of(place.clone(), manifest, Arc::clone(kept)))
    }

    pub(super) fn of(place: Place, manifest: Manifest, kept: Arc<Kept>) -> Self {
        let at = manifest.position;
        Self { place, manifest, at, kept }
    }

    /// The same lake at an earlier position.
    ///
    /// # Errors
    /// [`LakeError::Behind`] where the lake has not come that far.
    pub fn at(mut self, position: Position) -> Result<Self, LakeError> {
        if position.0 > self.manifest.position {
            return Err(LakeError::Behind { lake: self.manifest.position, asked: position.0 });
        }
        self.at = position.0;
        Ok(self)
    }

    /// The position this is a snapshot at.
    pub fn position(&self) -> Position {
        Position(self.at)
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        self.manifest.files()
    }

    /// A file's bytes, held against the manifest.
    pub(super) fn read(&self, file: &File) -> Result<Vec<u8>, LakeError> {
        self.place.get(file)
    }

    /// Whether the manifest that is there now names a file.
    pub(super) fn still_named(&self, path: &str) -> Result<bool, LakeError> {
        let now = Self::open(&self.place, &self.kept)?;
        Ok(now.manifest.files().any(|file| file.path == path))
    }

    /// Whether two manifests say the same of the log, and name the same files, whatever is in those.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let said = |manifest: &Manifest| {
            let Manifest { instance, municipality, position, awaiting, .. } = manifest.clone();
            let files: Vec<String> = manifest.files().map(|file| file.path.clone()).collect();
            (instance, municipality, position, awaiting, files)
        };
        said(&self.manifest) == said(&other.manifest)
    }

    /// What the statements that count at this position contribute to reports, block by block: of all of them, or of
    /// those that count on or before a day. What a block contributes as a whole is kept, and read once.
    pub(crate) fn parts(&self, through: Option<Date>) -> Result<Vec<Arc<Part>>, LakeError> {
        self.again(|current| current.read_parts(through))
    }

    /// Reads, and reads again by a newer manifest where a file has gone.
    fn again<T>(&self, read: impl Fn(&Self) -> Result<T, LakeError>) -> Result<T, LakeError> {
        let mut current = self.clone();
        for _ in 1..ATTEMPTS {
            match read(&current) {
                Err(LakeError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                    current = Self::open(&self.place, &self.kept)?.at(Position(self.at))?;
                }
                other => return other,
            }
        }
        read(&current)
    }

    fn read_parts(&self, through: Option<Date>) -> Result<Vec<Arc<Part>>, LakeError> {
        let voided = self.voided()?;
        let blocks: Vec<(&Files, &[u64])> =
            self.blocks().map(|block| (block, within(&voided, block))).collect();
        let parts = at_once(&blocks, |(block, without)| self.part(block, without, through))?;
        self.kept.only(&self.manifest.files().map(|file| file.sha256.as_str()).collect());
        Ok(parts)
    }

    fn part(&self, block: &Files, without: &[u64], through: Option<Date>) -> Result<Arc<Part>, LakeError> {
        let hash = &block.statements.sha256;
        let kept = self.kept.part(hash, without);
        if let Some(whole) = kept.filter(|_| block.last <= self.at)
            && through.is_none_or(|through| whole.latest <= through.days())
        {
            return Ok(whole);
        }
        let part = Arc::new(Part::of(&self.rows(block, without, &part::COLUMNS)?, block.first, through)?);
        if block.last <= self.at && through.is_none() {
            self.kept.keep_part(hash, without, &part);
        }
        Ok(part)
    }

    /// The blocks that begin at or before the position.
    fn blocks(&self) -> impl Iterator<Item = &Files> {
        self.manifest.blocks.iter().filter(|block| block.first <= self.at)
    }

    /// The positions of the statements that do not count, ascending.
    fn voided(&self) -> Result<Vec<u64>, LakeError> {
        let mut targets = Vec::new();
        for block in self.blocks() {
            let hash = &block.voids.sha256;
            let voids = match self.kept.voids(hash) {
                Some(voids) => voids,
                None => {
                    let voids = Arc::new(Void::read(self.place.get(&block.voids)?)?);
                    self.kept.keep_voids(hash, &voids);
                    voids
                }
            };
            targets.extend(voids.iter().filter(|void| void.position <= self.at).map(|void| void.target));
        }
        targets.sort_unstable();
        targets.dedup();
        Ok(targets)
    }

    /// The rows of a block that count at this position, ascending by it: the columns named, and `position`.
    fn rows(&self, block: &Files, without: &[u64], columns: &[&str]) -> Result<DataFrame, LakeError> {
        let mut names = vec!["position"];
        names.extend(columns.iter().filter(|&&name| name != "position"));
        let rows = table::decode(self.place.get(&block.statements)?, Some(&names))?;
        let rows = table::between(&rows, 0, self.at)?.select(names)?;
        if without.is_empty() {
            return Ok(rows);
        }
        let positions = rows.column("position")?.i64()?;
        let counts: BooleanChunked =
            positions.into_no_null_iter().map(|at| without.binary_search(&(at as u64)).is_err()).collect();
        Ok(rows.filter(&counts)?)
    }

    /// All statements that count at this position.
    #[cfg(test)]
    pub(crate) fn statements(&self, columns: &[&str]) -> Result<DataFrame, LakeError> {
        self.again(|current| {
            let voided = current.voided()?;
            let mut names = vec!["position"];
            names.extend(columns.iter().filter(|&&name| name != "position"));
            let mut rows = table::Statements::with_capacity(0).finish()?.select(names)?;
            for block in current.blocks() {
                rows.vstack_mut_owned(current.rows(block, within(&voided, block), columns)?)?;
            }
            rows.rechunk_mut();
            Ok(rows)
        })
    }
}

/// Those of the ascending positions that lie in a block.
fn within<'a>(positions: &'a [u64], block: &Files) -> &'a [u64] {
    let start = positions.partition_point(|&position| position < block.first);
    let end = positions.partition_point(|&position| position <= block.last);
    &positions[start..end]
}

/// Does the same with each on as many threads as there are processors; the answers are in the order of the questions.
fn at_once<T: Sync, R: Send>(
    all: &[T],
    work: impl Fn(&T) -> Result<R, LakeError> + Sync,
) -> Result<Vec<R>, LakeError> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(all.len());
    let next = AtomicUsize::new(0);
    let some = || {
        let mut done = Vec::new();
        while let Some((place, one)) = {
            let place = next.fetch_add(1, Ordering::Relaxed);
            all.get(place).map(|one| (place, one))
        } {
            done.push((place, work(one)?));
        }
        Ok::<_, LakeError>(done)
    };
    let mut done = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(some)).collect();
        let mut done = some();
        for other in others {
            // A panic there is one here.
            let other = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            done = done.and_then(|mut done| {
                done.extend(other?);
                Ok(done)
            });
        }
        done
    })?;
    done.sort_unstable_by_key(|(place, _)| *place);
    Ok(done.into_iter().map(|(_, answer)| answer).collect())
}
