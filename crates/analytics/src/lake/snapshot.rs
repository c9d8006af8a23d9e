//! The lake as it was at a position, for reading.

use super::error::LakeError;
use super::manifest::Manifest;
use super::{store, table};
use domain::Date;
use eventlog::event::Position;
use polars::prelude::*;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// How often a reader looks again where a writer replaced a file under its hands.
const ATTEMPTS: usize = 5;

/// What the lake holds up to a position.
#[derive(Debug, Clone)]
pub struct Snapshot {
    dir: PathBuf,
    manifest: Manifest,
    at: u64,
}

impl Snapshot {
    /// The lake in a directory, as its manifest has it; it may be written meanwhile.
    ///
    /// # Errors
    /// [`LakeError::Manifest`], [`LakeError::Format`] or [`LakeError::Io`]. A directory without a lake is
    /// an empty lake.
    pub fn open(dir: &Path) -> Result<Self, LakeError> {
        Ok(Self::of(dir.to_owned(), Manifest::read(dir)?.unwrap_or_else(Manifest::empty)))
    }

    pub(super) fn of(dir: PathBuf, manifest: Manifest) -> Self {
        let at = manifest.position;
        Self { dir, manifest, at }
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

    /// The latest day any statement counts on, or `None` without statements: the date that reports are about
    /// unless another is asked for; and how many statements are dated later than they were stored.
    ///
    /// # Errors
    /// [`LakeError::Io`], [`LakeError::Damaged`] or [`LakeError::Table`].
    pub fn days(&self) -> Result<(Option<Date>, u64), LakeError> {
        let rows = self.statements(&["day", "dated_ahead"], |_| Ok(None))?;
        let latest = rows.column("day")?.i32()?.into_no_null_iter().max().map(Date::from_days);
        let ahead = rows.column("dated_ahead")?.bool()?.iter().flatten().filter(|ahead| *ahead).count();
        Ok((latest, ahead as u64))
    }

    /// The statements that count at this position, ascending by it: the columns named (and `position`), the
    /// rows that `keep` masks in, without those that were voided.
    pub(crate) fn statements(
        &self,
        columns: &[&str],
        keep: impl Fn(&DataFrame) -> PolarsResult<Option<BooleanChunked>>,
    ) -> Result<DataFrame, LakeError> {
        let mut current = self.clone();
        for _ in 1..ATTEMPTS {
            match current.read(columns, &keep) {
                Err(LakeError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                    current = Self::open(&self.dir)?.at(Position(self.at))?;
                }
                other => return other,
            }
        }
        current.read(columns, &keep)
    }

    fn read(
        &self,
        columns: &[&str],
        keep: &impl Fn(&DataFrame) -> PolarsResult<Option<BooleanChunked>>,
    ) -> Result<DataFrame, LakeError> {
        let mut names = vec!["position"];
        names.extend(columns.iter().filter(|&&c| c != "position"));
        let empty = table::Statements::with_capacity(0).finish()?;
        let mut rows = empty.select(names.iter().copied())?;
        let mut voided = HashSet::new();
        for files in self.manifest.blocks.iter().filter(|b| b.first <= self.at) {
            let voids = table::decode(store::get(&self.dir, &files.voids)?, None)?;
            let voids = table::between(&voids, 0, self.at)?;
            voided.extend(voids.column("target")?.i64()?.into_no_null_iter());
            let part = table::decode(store::get(&self.dir, &files.statements)?, Some(&names))?;
            let part = table::between(&part, 0, self.at)?.select(names.iter().copied())?;
            let part = match keep(&part)? {
                Some(mask) => part.filter(&mask)?,
                None => part,
            };
            rows.vstack_mut_owned(part)?;
        }
        if !voided.is_empty() {
            let counts: BooleanChunked =
                rows.column("position")?.i64()?.into_no_null_iter().map(|p| !voided.contains(&p)).collect();
            rows = rows.filter(&counts)?;
        }
        rows.rechunk_mut();
        Ok(rows)
    }
}
