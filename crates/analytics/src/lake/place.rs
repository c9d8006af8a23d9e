//! Where a lake's files are: a folder, or a bucket of a store that speaks S3. A file is there whole or not at all.

use super::bucket::Bucket;
use super::error::LakeError;
use super::manifest::{self, File, Manifest};
use object_store::UpdateVersion;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The tables' folders, one each.
pub(crate) const TABLES: [&str; 2] = ["statements", "voids"];

/// Where a lake is.
#[derive(Debug, Clone)]
pub enum Place {
    /// A folder, which one process at a time may write.
    Folder(PathBuf),
    /// A bucket, or what begins alike in it. Whoever writes replaces the manifest that it read, or none: several may try.
    Bucket(Bucket),
}

impl From<&Path> for Place {
    fn from(folder: &Path) -> Self {
        Self::Folder(folder.to_owned())
    }
}

/// Which manifest it was that was read or written; none where there was none. Folders do not tell.
pub(crate) type Version = Option<UpdateVersion>;

impl Place {
    /// Readies an empty lake's folders.
    pub(super) fn create(&self) -> Result<(), LakeError> {
        let Self::Folder(dir) = self else { return Ok(()) };
        for table in TABLES {
            fs::create_dir_all(dir.join(table)).map_err(|e| LakeError::io(table, e))?;
        }
        Ok(())
    }

    /// The manifest's text, and which it is; none where there is no lake.
    pub(super) fn manifest(&self) -> Result<Option<(Vec<u8>, Version)>, LakeError> {
        let read = match self {
            Self::Folder(dir) => fs::read(dir.join(manifest::FILE)).map(|text| (text, None)),
            Self::Bucket(bucket) => bucket.read(manifest::FILE).map(|(text, version)| (text, Some(version))),
        };
        match read {
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            read => read.map(Some).map_err(|e| LakeError::io(manifest::FILE, e)),
        }
    }

    /// Replaces the manifest, which commits.
    ///
    /// # Errors
    /// [`LakeError::Overtaken`] where there is another than `known` by now: then nothing was written.
    pub(super) fn commit(&self, manifest: &Manifest, known: &Version) -> Result<Version, LakeError> {
        let text = manifest.to_text()?;
        match self {
            Self::Folder(dir) => put(dir, manifest::FILE, &text).map(|()| None),
            Self::Bucket(bucket) => bucket.replace(manifest::FILE, text, known).map(Some),
        }
    }

    /// Writes a table's file and describes it. It is there, whole, when this returns, or else not at all.
    pub(super) fn put_table(&self, path: String, rows: usize, bytes: Vec<u8>) -> Result<File, LakeError> {
        let file = File {
            rows: rows as u64,
            bytes: bytes.len() as u64,
            sha256: hex::encode(Sha256::digest(&bytes)),
            path,
        };
        match self {
            Self::Folder(dir) => put(dir, &file.path, &bytes)?,
            Self::Bucket(bucket) => bucket.write(&file.path, bytes)?,
        }
        Ok(file)
    }

    /// Reads a file and holds it against the manifest.
    pub(super) fn get(&self, file: &File) -> Result<Vec<u8>, LakeError> {
        let read = match self {
            Self::Folder(dir) => fs::read(dir.join(&file.path)),
            Self::Bucket(bucket) => bucket.read(&file.path).map(|(bytes, _)| bytes),
        };
        let bytes = read.map_err(|e| LakeError::io(&file.path, e))?;
        if bytes.len() as u64 != file.bytes || hex::encode(Sha256::digest(&bytes)) != file.sha256 {
            return Err(LakeError::Damaged { path: file.path.clone() });
        }
        Ok(bytes)
    }

    /// Removes the halves of files that a crash left, and gives every file of ours that the manifest does not name.
    pub(super) fn strays(&self, manifest: &Manifest) -> Result<Vec<String>, LakeError> {
        let named: BTreeSet<&str> = manifest.files().map(|f| f.path.as_str()).collect();
        let mut strays = Vec::new();
        for table in TABLES {
            let found = match self {
                Self::Folder(dir) => whole(dir, table),
                Self::Bucket(bucket) => bucket.list(table),
            };
            let found = found.map_err(|e| LakeError::io(table, e))?;
            let ours = |path: &String| path.ends_with(".parquet") && !named.contains(path.as_str());
            strays.extend(found.into_iter().filter(ours));
        }
        Ok(strays)
    }

    /// Removes a file that the manifest does not name, if it is there.
    pub(super) fn remove(&self, path: &str) -> Result<(), LakeError> {
        let removed = match self {
            Self::Folder(dir) => remove(&dir.join(path)),
            Self::Bucket(bucket) => bucket.remove(path),
        };
        removed.map_err(|e| LakeError::io(path, e))
    }
}

/// Writes a file so that it is on disk, whole, under its name when this returns, or else not there.
fn put(dir: &Path, path: &str, bytes: &[u8]) -> Result<(), LakeError> {
    let failed = |e| LakeError::io(path, e);
    let target = dir.join(path);
    let temporary = target.with_extension("tmp");
    let mut file = fs::File::create(&temporary).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    fs::rename(&temporary, &target).map_err(failed)?;
    sync_directory(target.parent().unwrap_or(dir)).map_err(failed)
}

/// Makes a rename last. Only directories on Unix can be opened and synced.
fn sync_directory(dir: &Path) -> std::io::Result<()> {
    if cfg!(unix) { fs::File::open(dir)?.sync_all() } else { Ok(()) }
}

/// The files of a table in a folder; what was left half of one, or of a manifest, is removed.
fn whole(dir: &Path, table: &str) -> std::io::Result<Vec<String>> {
    remove(&dir.join(manifest::FILE).with_extension("tmp"))?;
    let mut whole = Vec::new();
    for entry in fs::read_dir(dir.join(table))? {
        let entry = entry?;
        let path = format!("{table}/{}", entry.file_name().to_string_lossy());
        if path.ends_with(".tmp") {
            remove(&entry.path())?;
        } else {
            whole.push(path);
        }
    }
    Ok(whole)
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
