//! What the machine gives: room on its disks, open files.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::process::Resource;

use crate::finding::Finding;
use crate::settings::Settings;
use crate::socket::Serving;

/// Below so much free, or so many hundredths of the disk, something has to be done.
const LEAST_FREE: u64 = 1 << 30;
const LEAST_SHARE: u64 = 3;
/// Files that a server opens beside its connections, about.
const FILES: u64 = 256;
/// Connections that a server wants to have room for where nothing is said.
const CONNECTIONS: u64 = 512;

/// Disks of the data folder and of the keys, and open files: of the server that runs, or as it would be started from here.
pub(super) fn findings(settings: &Settings, running: Option<Serving>) -> Vec<Finding> {
    let storage = &settings.storage;
    let device = |folder: &Path| folder.metadata().ok().map(|about| about.dev());
    let mut findings = vec![room(&storage.data_dir)];
    if device(&storage.keys_dir).is_some() && device(&storage.keys_dir) != device(&storage.data_dir) {
        findings.push(room(&storage.keys_dir));
    }
    findings.push(files(settings, running));
    findings
}

fn room(folder: &Path) -> Finding {
    let about = match rustix::fs::statvfs(folder) {
        Ok(about) => about,
        Err(error) => {
            let found = format!("the disk of {} cannot be asked: {error}", folder.display());
            return Finding::wrong("disk", found, "look whether it is mounted");
        }
    };
    let (free, all) = (about.f_bavail * about.f_frsize, about.f_blocks * about.f_frsize);
    let (inodes_free, inodes) = (about.f_favail, about.f_files);
    let found = format!("{} MiB of {} MiB are free where {} is", free >> 20, all >> 20, folder.display());
    let full = free < LEAST_FREE || free / LEAST_SHARE < all / 100;
    let finding = if inodes > 0 && inodes_free < 1_000 {
        Finding::wrong("disk", format!("{found}, and {inodes_free} inodes"), "remove small files")
    } else if full {
        Finding::wrong("disk", found, "make room or a larger disk: on a full one nothing is taken")
    } else {
        Finding::well("disk", found)
    };
    finding.with("free_bytes", free).with("bytes", all)
}

fn files(settings: &Settings, running: Option<Serving>) -> Finding {
    let served = running.and_then(|server| server.open_files);
    let limit =
        served.unwrap_or_else(|| rustix::process::getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX));
    let whose = if served.is_some() {
        "the server that runs"
    } else {
        "a server that is started as this command was"
    };
    let wanted = settings.connections.wanted.map_or(CONNECTIONS, |wanted| wanted as u64) + FILES;
    let found = format!("{whose} may open {limit} files");
    let finding = if limit < wanted {
        let to_do = format!("raise its limit to {wanted} at least (systemd: LimitNOFILE=; shell: ulimit -n)");
        Finding::wrong("open_files", found, to_do)
    } else {
        Finding::well("open_files", found)
    };
    finding.with("limit", limit).with("wanted", wanted)
}
