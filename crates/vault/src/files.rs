//! Key files on disk: readable by their owner only, replaced whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use crate::VaultError;

/// Names the file in an error of the operating system.
pub(crate) fn at(file: &Path) -> impl Fn(io::Error) -> VaultError + '_ {
    move |error| VaultError::File { file: file.to_owned(), problem: error.to_string() }
}

/// Makes the directory, for its owner only, where it does not exist.
pub(crate) fn ensure_dir(dir: &Path) -> Result<(), VaultError> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(at(dir))
}

/// The content of a file, or `None` where there is none. Refuses a file that others can read or write.
pub(crate) fn read_private(file: &Path) -> Result<Option<Vec<u8>>, VaultError> {
    let mut open = match File::open(file) {
        Ok(open) => open,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(file)(error)),
    };
    let mode = open.metadata().map_err(at(file))?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(VaultError::Permissions { file: file.to_owned(), mode });
    }
    let mut content = Vec::new();
    io::Read::read_to_end(&mut open, &mut content).map_err(at(file))?;
    Ok(Some(content))
}

/// Makes a file that did not exist, whole and synced. An existing one stays and is an error.
pub(crate) fn create(file: &Path, content: &[u8]) -> Result<(), VaultError> {
    let temporary = file.with_extension("new");
    write_synced(&temporary, content)?;
    // Unlike a rename, a link never takes the place of an existing file.
    fs::hard_link(&temporary, file).map_err(at(file))?;
    fs::remove_file(&temporary).map_err(at(&temporary))?;
    sync_dir_of(file)
}

/// Puts new content in the place of a file: after a crash there is the old one or the new one, whole.
///
/// The old content is then overwritten, where no other name (a backup by hard links) leads to it: it may
/// hold keys that are to be gone.
pub(crate) fn replace(file: &Path, content: &[u8]) -> Result<(), VaultError> {
    let old = OpenOptions::new().write(true).open(file).map_err(at(file))?;
    let temporary = file.with_extension("new");
    write_synced(&temporary, content)?;
    fs::rename(&temporary, file).map_err(at(file))?;
    sync_dir_of(file)?;
    overwrite(old).map_err(at(file))
}

/// Waits for and takes the lock that the processes sharing a key directory take turns with; dropping the
/// file releases it.
pub(crate) fn lock(dir: &Path) -> Result<File, VaultError> {
    let path = dir.join("lock");
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(at(&path))?;
    file.lock().map_err(at(&path))?;
    Ok(file)
}

/// Syncs the directory that holds `file`, so that its name survives a crash.
pub(crate) fn sync_dir_of(file: &Path) -> Result<(), VaultError> {
    let dir = file.parent().unwrap_or(Path::new("."));
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(at(dir))
}

fn write_synced(file: &Path, content: &[u8]) -> Result<(), VaultError> {
    // A leftover of a crash may have other permissions than the ones asked for here.
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(file)(error)),
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut open| open.write_all(content).and_then(|()| open.sync_all()))
        .map_err(at(file))
}

fn overwrite(mut old: File) -> io::Result<()> {
    let about = old.metadata()?;
    if about.nlink() == 0 {
        let zeros = vec![0; usize::try_from(about.len()).unwrap_or(0)];
        old.write_all(&zeros)?;
        old.sync_all()?;
    }
    Ok(())
}
