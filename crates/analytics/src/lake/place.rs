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
use std::sync::Arc;

/// The tables' folders, one each.
pub(crate) const TABLES: [&str; 2] = ["statements", "voids"];

/// Where a lake is, and what its manifest is sealed with.
#[derive(Debug, Clone)]
pub struct Place {
    at: At,
    seal: Option<Seal>,
}

/// Makes what only the instance can make of a manifest's text, so that whoever may write the lake's files can still not
/// have their figures in a report.
#[derive(Clone)]
pub struct Seal(Arc<KeyedHash>);

type KeyedHash = dyn Fn(&[u8]) -> [u8; 16] + Send + Sync;

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seal").finish_non_exhaustive()
    }
}

impl Seal {
    /// A seal made by a keyed hash.
    pub fn new(of: impl Fn(&[u8]) -> [u8; 16] + Send + Sync + 'static) -> Self {
        Self(Arc::new(of))
    }

    fn of(&self, manifest: &Manifest) -> Result<String, LakeError> {
        let bare = Manifest { mac: None, ..manifest.clone() };
        Ok(hex::encode((self.0)(&bare.to_text()?)))
    }
}

#[derive(Debug, Clone)]
enum At {
    /// A folder, which one process at a time may write.
    Folder(PathBuf),
    /// A bucket, or what begins alike in it. Whoever writes replaces the manifest that it read, or none: several may try.
    Bucket(Bucket),
}

impl From<&Path> for Place {
    fn from(folder: &Path) -> Self {
        Self { at: At::Folder(folder.to_owned()), seal: None }
    }
}

impl From<Bucket> for Place {
    fn from(bucket: Bucket) -> Self {
        Self { at: At::Bucket(bucket), seal: None }
    }
}

/// Which manifest it was that was read or written; none where there was none. Folders do not tell.
pub(crate) type Version = Option<UpdateVersion>;

impl Place {
    /// The same, with manifests sealed when they are written, and not read without their seal.
    #[must_use]
    pub fn sealing(self, seal: Seal) -> Self {
        Self { seal: Some(seal), ..self }
    }

    /// The folder, if it is one.
    pub fn folder(&self) -> Option<&Path> {
        match &self.at {
            At::Folder(folder) => Some(folder),
            At::Bucket(_) => None,
        }
    }

    /// Reads a manifest's text, and holds it against its seal.
    pub(super) fn sealed(&self, text: &[u8]) -> Result<Manifest, LakeError> {
        let manifest = Manifest::of_text(text)?;
        match &self.seal {
            Some(seal) if manifest.mac != Some(seal.of(&manifest)?) => Err(LakeError::Unsealed),
            _ => Ok(manifest),
        }
    }

    /// Readies an empty lake's folders.
    pub(super) fn create(&self) -> Result<(), LakeError> {
        let Some(dir) = self.folder() else { return Ok(()) };
        for table in TABLES {
            fs::create_dir_all(dir.join(table)).map_err(|e| LakeError::io(table, e))?;
        }
        Ok(())
    }

    /// The manifest's text, and which it is; none where there is no lake.
    pub(super) fn manifest(&self) -> Result<Option<(Vec<u8>, Version)>, LakeError> {
        let read = match &self.at {
            At::Folder(dir) => fs::read(dir.join(manifest::FILE)).map(|text| (text, None)),
            At::Bucket(bucket) => bucket.read(manifest::FILE).map(|(text, version)| (text, Some(version))),
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
        let mac = self.seal.as_ref().map(|seal| seal.of(manifest)).transpose()?;
        let text = Manifest { mac, ..manifest.clone() }.to_text()?;
        match &self.at {
            At::Folder(dir) => put(dir, manifest::FILE, &text).map(|()| None),
            At::Bucket(bucket) => bucket.replace(manifest::FILE, text, known).map(Some),
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
        match &self.at {
            At::Folder(dir) => put(dir, &file.path, &bytes)?,
            At::Bucket(bucket) => bucket.write(&file.path, bytes)?,
        }
        Ok(file)
    }

    /// Reads a file and holds it against the manifest.
    pub(super) fn get(&self, file: &File) -> Result<Vec<u8>, LakeError> {
        let read = match &self.at {
            At::Folder(dir) => fs::read(dir.join(&file.path)),
            At::Bucket(bucket) => bucket.read(&file.path).map(|(bytes, _)| bytes),
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
            let found = match &self.at {
                At::Folder(dir) => whole(dir, table),
                At::Bucket(bucket) => bucket.list(table),
            };
            let found = found.map_err(|e| LakeError::io(table, e))?;
            let ours = |path: &String| path.ends_with(".parquet") && !named.contains(path.as_str());
            strays.extend(found.into_iter().filter(ours));
        }
        Ok(strays)
    }

    /// Removes a file that the manifest does not name, if it is there.
    pub(super) fn remove(&self, path: &str) -> Result<(), LakeError> {
        let removed = match &self.at {
            At::Folder(dir) => remove(&dir.join(path)),
            At::Bucket(bucket) => bucket.remove(path),
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
