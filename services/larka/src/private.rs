//! What is written is its owner's alone: files of 0600 in folders of 0700, whatever the umask was.

use std::fs::{DirBuilder, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;

use crate::failure::Failure;

/// The rights of everybody but the owner.
const OTHERS: u32 = 0o077;
/// Set on folders that are everybody's, such as /tmp.
const STICKY: u32 = 0o1000;
/// What every data folder of an instance holds.
pub(crate) const LOCK: &str = "lock";

/// Takes the rights of others from everything that this process will write. The umask is the whole process's: this comes
/// before anything else.
pub(crate) fn begin() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

/// Makes the data folder, or takes the rights of others from one that is there and from all in it, but for `keys`: files
/// with keys that others could read are the vault's to refuse.
///
/// # Errors
/// It cannot be made, is another user's, or holds what is none of ours.
pub(crate) fn data_folder(folder: &Path, keys: &Path) -> Result<(), Failure> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| Failure::at(folder)(error).before("the data folder cannot be made"))?;
    let about = folder.metadata().map_err(Failure::at(folder))?;
    if about.mode() & OTHERS != 0 && !is_ours(folder, &about).map_err(Failure::at(folder))? {
        return Err(Failure::new(format!(
            "others may look into {0}, and it holds what is not of an instance: take their rights away (chmod 700 {0}) or choose another folder with --data-dir",
            folder.display()
        )));
    }
    let mut loose = within(folder, keys)?;
    if keys.is_dir() {
        loose += tighten(keys, &keys.metadata().map_err(Failure::at(keys))?)?;
    }
    if loose > 0 {
        let folder = folder.display();
        tracing::warn!(%folder, count = loose, "others had rights to what is in the data folder; they are taken away");
    }
    Ok(())
}

/// Whether a folder may be made private: it is empty, or an instance's.
fn is_ours(folder: &Path, about: &Metadata) -> io::Result<bool> {
    let empty = folder.read_dir()?.next().is_none();
    Ok(empty || (folder.join(LOCK).is_file() && about.mode() & STICKY == 0))
}

/// Tightens all in a folder; gives how many needed it.
fn within(folder: &Path, keys: &Path) -> Result<u64, Failure> {
    all_in(folder, keys)?.iter().map(|(path, about)| tighten(path, about)).sum()
}

/// A folder and all in it, but for `without`; links are not followed, and left out.
pub(crate) fn all_in(folder: &Path, without: &Path) -> Result<Vec<(PathBuf, Metadata)>, Failure> {
    let mut all = vec![(folder.to_owned(), folder.metadata().map_err(Failure::at(folder))?)];
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().map_err(Failure::at(&folder))? {
            let path = entry.map_err(Failure::at(&folder))?.path();
            // What was there a moment ago may be gone: another process works on the folder.
            let Ok(about) = path.symlink_metadata() else { continue };
            if about.is_symlink() || path == without {
                continue;
            }
            if about.is_dir() {
                folders.push(path.clone());
            }
            all.push((path, about));
        }
    }
    Ok(all)
}

/// What of a folder, but for `without`, others than its owner have rights to, and which rights there are.
pub(crate) fn open_to_others(folder: &Path, without: &Path) -> Result<Vec<(PathBuf, u32)>, Failure> {
    let all = all_in(folder, without)?.into_iter();
    Ok(all.map(|(path, about)| (path, about.mode() & 0o777)).filter(|(_, mode)| mode & OTHERS != 0).collect())
}

/// Takes the rights of others away; gives 1 where they had any.
fn tighten(path: &Path, about: &Metadata) -> Result<u64, Failure> {
    let mode = about.mode() & 0o7777;
    if mode & OTHERS == 0 {
        return Ok(0);
    }
    let private = if about.is_dir() { 0o700 } else { 0o600 };
    match std::fs::set_permissions(path, Permissions::from_mode(private)) {
        Ok(()) => Ok(1),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(Failure::new(format!(
            "others have rights to {0} ({mode:o}), and they cannot be taken away: {error}; as its owner: chmod {private:o} {0}",
            path.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o7777
    }

    fn set(path: &Path, mode: u32) {
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_folder_that_others_could_look_into_is_made_private_with_all_in_it_but_for_keys() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("data");
        let keys = folder.join("keys");
        std::fs::create_dir_all(folder.join("lake/statements")).unwrap();
        std::fs::create_dir(&keys).unwrap();
        let files = [LOCK, "log.db", "lake/statements/1.parquet"].map(|name| folder.join(name));
        let key = keys.join("master");
        for file in files.iter().chain([&key]) {
            std::fs::write(file, "").unwrap();
            set(file, 0o664);
        }
        let folders = [folder.clone(), folder.join("lake"), folder.join("lake/statements"), keys.clone()];
        folders.iter().for_each(|folder| set(folder, 0o755));
        data_folder(&folder, &keys).unwrap();
        assert!(files.iter().all(|file| mode(file) == 0o600));
        assert!(folders.iter().all(|folder| mode(folder) == 0o700));
        assert_eq!(mode(&key), 0o664, "the vault refuses it");
    }

    #[test]
    fn a_folder_of_other_things_is_refused_unless_it_is_private() {
        let place = tempfile::tempdir().unwrap();
        let (folder, keys) = (place.path().join("shared"), place.path().join("shared/keys"));
        std::fs::create_dir(&folder).unwrap();
        set(&folder, 0o1777);
        data_folder(&folder, &keys).unwrap();
        assert_eq!(mode(&folder), 0o700, "an empty one is taken");
        std::fs::write(folder.join("other"), "").unwrap();
        data_folder(&folder, &keys).unwrap();
        for (wide, lock) in [(0o755, false), (0o1777, true)] {
            set(&folder, wide);
            if lock {
                std::fs::write(folder.join(LOCK), "").unwrap();
            }
            let refused = data_folder(&folder, &keys).unwrap_err().to_string();
            assert!(refused.contains("chmod 700") && refused.contains("--data-dir"), "{refused}");
            assert_eq!(mode(&folder), wide);
        }
    }
}
