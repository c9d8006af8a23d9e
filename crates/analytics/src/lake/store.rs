//! Files that are either wholly there or not at all.

use super::error::LakeError;
use super::manifest::{self, File, Manifest};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// The tables' directories, one each.
pub(crate) const TABLES: [&str; 2] = ["statements", "voids"];

/// The directory, in a lake's own, of the one that is written to take its place.
pub(crate) const BESIDE: &str = ".beside";

/// Makes the directories of an empty lake.
pub(crate) fn create(dir: &Path) -> Result<(), LakeError> {
    for table in TABLES {
        fs::create_dir_all(dir.join(table)).map_err(|e| LakeError::io(table, e))?;
    }
    Ok(())
}

/// Writes a file so that it is on disk, whole, under its name when this returns, or else not there.
pub(crate) fn put(dir: &Path, path: &str, bytes: &[u8]) -> Result<(), LakeError> {
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

/// Writes a table's file and describes it.
pub(crate) fn put_table(dir: &Path, path: String, rows: usize, bytes: &[u8]) -> Result<File, LakeError> {
    put(dir, &path, bytes)?;
    Ok(File {
        path,
        rows: rows as u64,
        bytes: bytes.len() as u64,
        sha256: hex::encode(Sha256::digest(bytes)),
    })
}

/// Reads a file and holds it against the manifest.
pub(crate) fn get(dir: &Path, file: &File) -> Result<Vec<u8>, LakeError> {
    let bytes = fs::read(dir.join(&file.path)).map_err(|e| LakeError::io(&file.path, e))?;
    if bytes.len() as u64 != file.bytes || hex::encode(Sha256::digest(&bytes)) != file.sha256 {
        return Err(LakeError::Damaged { path: file.path.clone() });
    }
    Ok(bytes)
}

/// Removes the halves of files that a crash left, and gives every file of ours that the manifest does not name.
pub(crate) fn strays(dir: &Path, manifest: &Manifest) -> Result<Vec<String>, LakeError> {
    let named: BTreeSet<&str> = manifest.files().map(|f| f.path.as_str()).collect();
    let mut strays = Vec::new();
    remove(&dir.join(manifest::FILE).with_extension("tmp")).map_err(|e| LakeError::io(manifest::FILE, e))?;
    for table in TABLES {
        let failed = |e| LakeError::io(table, e);
        for entry in fs::read_dir(dir.join(table)).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = format!("{table}/{}", entry.file_name().to_string_lossy());
            if path.ends_with(".tmp") {
                remove(&entry.path()).map_err(failed)?;
            } else if path.ends_with(".parquet") && !named.contains(path.as_str()) {
                strays.push(path);
            }
        }
    }
    Ok(strays)
}

/// Removes a file of a lake that its manifest does not name.
pub(crate) fn remove_file(dir: &Path, path: &str) -> Result<(), LakeError> {
    remove(&dir.join(path)).map_err(|e| LakeError::io(path, e))
}

/// Removes the lake that is written beside one.
pub(crate) fn clear(dir: &Path) -> Result<(), LakeError> {
    match fs::remove_dir_all(dir.join(BESIDE)) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(LakeError::io(BESIDE, e)),
        _ => Ok(()),
    }
}

/// Moves a lake's files from one directory to another and replaces the manifest there at the end.
pub(crate) fn adopt(dir: &Path, from: &Path, manifest: &Manifest) -> Result<(), LakeError> {
    create(dir)?;
    for file in manifest.files() {
        fs::rename(from.join(&file.path), dir.join(&file.path)).map_err(|e| LakeError::io(&file.path, e))?;
    }
    for table in TABLES {
        sync_directory(&dir.join(table)).map_err(|e| LakeError::io(table, e))?;
    }
    put(dir, manifest::FILE, &manifest.to_text()?)?;
    clear(dir)
}

/// Deletes a lake: its manifest first, so that whatever remains is no lake.
pub(crate) fn delete(dir: &Path) -> Result<(), LakeError> {
    remove(&dir.join(manifest::FILE)).map_err(|e| LakeError::io(manifest::FILE, e))?;
    for table in TABLES {
        match fs::remove_dir_all(dir.join(table)) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(LakeError::io(table, e)),
            _ => {}
        }
    }
    clear(dir)
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
