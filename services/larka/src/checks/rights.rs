//! Who may read and write the files.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::Access;

use crate::finding::{Finding, some};
use crate::private;
use crate::settings::Settings;

/// Of the keys, and of the data folder with all in it.
pub(super) fn findings(settings: &Settings) -> Vec<Finding> {
    let storage = &settings.storage;
    let (data, keys) = (&storage.data_dir, &storage.keys_dir);
    let mut findings = vec![closed("keys_rights", keys, Path::new(""))];
    if storage.ballot_keys_dir.exists() && !storage.ballot_keys_dir.starts_with(data) {
        findings.push(closed("keys_rights", &storage.ballot_keys_dir, Path::new("")));
    }
    findings.push(closed("data_rights", data, keys));
    findings.push(writable(data, keys));
    findings
}

/// Whether nobody but its owner has rights to a folder and what is in it.
fn closed(check: &'static str, folder: &Path, without: &Path) -> Finding {
    match private::open_to_others(folder, without) {
        Err(failure) => {
            Finding::wrong(check, failure.to_string(), "run larka doctor as the user that runs larka")
        }
        Ok(open) if open.is_empty() => {
            Finding::well(check, format!("nobody but its owner has rights to {}", folder.display()))
        }
        Ok(open) => {
            let files: Vec<String> =
                open.iter().map(|(path, mode)| format!("{} ({mode:o})", path.display())).collect();
            let found = format!("others have rights to {}", some(&files));
            let mut to_do = format!("chmod -R go-rwx {}", folder.display());
            if check == "keys_rights" {
                to_do.push_str("; if anybody may have read them, the keys are no secret any more");
            }
            Finding::wrong(check, found, to_do).with("files", files)
        }
    }
}

/// Whether all is of one user, who may write it.
fn writable(data: &Path, keys: &Path) -> Finding {
    const CHECK: &str = "owner";
    let Ok(owner) = data.metadata().map(|about| about.uid()) else {
        return Finding::wrong(
            CHECK,
            format!("{} is not there", data.display()),
            "name the data folder with --data-dir",
        );
    };
    let others: Vec<PathBuf> = [data, keys]
        .into_iter()
        .flat_map(|folder| private::all_in(folder, Path::new("")).unwrap_or_default())
        .filter(|(_, about)| about.uid() != owner)
        .map(|(path, _)| path)
        .collect();
    let own = rustix::process::geteuid();
    if !others.is_empty() {
        let names: Vec<String> = others.iter().map(|path| path.display().to_string()).collect();
        let found = format!("{} is of user {owner}, and what is in it not: {}", data.display(), some(&names));
        let to_do =
            format!("chown -R {owner} {} {}; run commands as that user", data.display(), keys.display());
        return Finding::wrong(CHECK, found, to_do).with("files", names);
    }
    if !own.is_root() && own.as_raw() != owner {
        let found = format!("{} is of user {owner}, and this is user {}", data.display(), own.as_raw());
        return Finding::wrong(
            CHECK,
            found,
            format!("run larka as user {owner}, or chown -R {} {}", own.as_raw(), data.display()),
        );
    }
    for folder in [data, keys] {
        if let Err(error) = rustix::fs::access(folder, Access::WRITE_OK) {
            let found = format!("{} cannot be written: {error}", folder.display());
            let to_do = "give its owner the right to write, and put it where larka may (under systemd: StateDirectory= or ReadWritePaths=); a \
                         copy that is only to be looked at is well as it is";
            return Finding::wrong(CHECK, found, to_do);
        }
    }
    Finding::well(CHECK, format!("all in {} is of user {owner}, who may write it", data.display()))
        .with("user", owner)
}
