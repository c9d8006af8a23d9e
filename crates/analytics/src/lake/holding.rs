//! Whether a lake is what was written, and what the log makes of it.

use super::error::LakeError;
use super::manifest::{self, File};
use super::snapshot::Snapshot;
use super::table;
use polars::prelude::DataFrame;
use std::io::ErrorKind;

impl Snapshot {
    /// The files that are not there, or not as the manifest has them.
    ///
    /// # Errors
    /// A file cannot be read for another reason.
    pub fn damaged(&self) -> Result<Vec<String>, LakeError> {
        let mut damaged = Vec::new();
        for file in self.files() {
            match self.rows_of(file) {
                Ok(_) => {}
                Err(LakeError::Damaged { path }) => damaged.push(path),
                Err(LakeError::Io { path, source }) if source.kind() == ErrorKind::NotFound => {
                    // Whoever writes the lake may have put another in its place.
                    if self.still_named(&path)? {
                        damaged.push(path);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(damaged)
    }

    /// What of this lake is not as in another that was made of the same log up to the same position: files by their path, and the
    /// manifest. Files may differ in their bytes where another version wrote them; their rows may not. Those that are damaged
    /// are for [`Snapshot::damaged`] to name.
    ///
    /// # Errors
    /// A file of the other cannot be read.
    pub fn differing(&self, made: &Self) -> Result<Vec<String>, LakeError> {
        let mut differing = Vec::new();
        if !self.says_the_same(made) {
            differing.push(manifest::FILE.to_owned());
        }
        for (own, other) in self.files().zip(made.files()) {
            if own.path != other.path || own.sha256 == other.sha256 {
                continue;
            }
            if let Ok(rows) = self.rows_of(own)
                && !rows.equals_missing(&made.rows_of(other)?)
            {
                differing.push(own.path.clone());
            }
        }
        Ok(differing)
    }

    fn rows_of(&self, file: &File) -> Result<DataFrame, LakeError> {
        table::decode(self.read(file)?, None)
    }
}
