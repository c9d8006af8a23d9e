//! Which room may depend on which, and who may know polars, SQL and HTTP (`ARCHITECTURE.md`, "Rooms").

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, bail};

/// Room and the rooms of ours it may use. Services that are not named may use any crate and no service; the binary may use
/// all.
const MAY_USE: &[(&str, &[&str])] = &[
    ("eventlog", &[]),
    ("xapi", &[]),
    ("disclosure", &[]),
    ("forms", &[]),
    ("testkit", &[]),
    ("ballot", &["eventlog"]),
    ("vault", &["eventlog", "xapi"]),
    ("domain", &["eventlog", "forms", "xapi"]),
    ("views", &["domain", "eventlog", "forms", "vault", "xapi"]),
    ("analytics", &["disclosure", "domain", "eventlog"]),
    ("render", &["disclosure", "domain"]),
    ("synthetic", &["domain", "xapi"]),
    ("survey", &["forms", "render"]),
];

/// Libraries that only some rooms may know.
const KEPT_APART: &[(&str, &[&str])] = &[
    ("polars", &["analytics"]),
    ("sqlx", &["ballot", "eventlog", "vault", "views", "testkit", "load", "blackbox"]),
    ("axum", &["lrs", "admin", "edge", "larka", "survey"]),
    ("hyper", &["edge"]),
    ("utoipa", &["domain", "admin"]),
    ("calamine", &["forms"]),
    ("typst", &["larka-pdf"]),
    ("reqwest", &["testkit", "blackbox", "load", "forward", "larka"]),
];

/// Fails with every rule that the manifests break.
pub(crate) fn check(root: &Path) -> anyhow::Result<()> {
    let rooms = manifests(root)?;
    let mut broken = Vec::new();
    for (room, (folder, dependencies)) in &rooms {
        let ours: BTreeSet<_> = dependencies.iter().filter(|d| rooms.contains_key(*d)).collect();
        let allowed = MAY_USE.iter().find(|(name, _)| name == room).map(|(_, may)| *may);
        match (folder.as_str(), allowed) {
            ("crates", None) => {
                broken.push(format!("crates/{room} is not among the rooms of xtask/src/rooms.rs"));
                continue;
            }
            ("crates" | "services", Some(allowed)) => {
                for used in ours.iter().filter(|used| !allowed.contains(&used.as_str())) {
                    broken.push(format!("{folder}/{room} must not use {used}"));
                }
            }
            ("services", None) if room != "larka" => {
                for used in ours {
                    if rooms.get(used).is_some_and(|(folder, _)| folder == "services") {
                        broken.push(format!("services/{room} must not use the service {used}"));
                    }
                }
            }
            _ => {}
        }
        for (library, by) in KEPT_APART {
            if dependencies.contains(*library) && !by.contains(&room.as_str()) {
                broken.push(format!("{folder}/{room} must not know {library}"));
            }
        }
    }
    if !broken.is_empty() {
        bail!("the rooms are out of order:\n  {}", broken.join("\n  "));
    }
    Ok(())
}

/// Every member by its short name: the folder it stands in and what it depends on (tests' needs left out).
fn manifests(root: &Path) -> anyhow::Result<BTreeMap<String, (String, BTreeSet<String>)>> {
    let mut rooms = BTreeMap::new();
    for folder in ["crates", "services", "tests"] {
        for entry in std::fs::read_dir(root.join(folder)).with_context(|| format!("{folder}/ is missing"))? {
            let manifest = entry?.path().join("Cargo.toml");
            if !manifest.is_file() {
                continue;
            }
            let text = std::fs::read_to_string(&manifest)?;
            let parsed: toml::Table = text.parse().with_context(|| format!("{}", manifest.display()))?;
            let dependencies = parsed
                .get("dependencies")
                .and_then(toml::Value::as_table)
                .map(|table| table.keys().cloned().collect())
                .unwrap_or_default();
            let name = manifest
                .parent()
                .and_then(Path::file_name)
                .map(|name| name.to_string_lossy().into_owned())
                .context("a manifest without a folder")?;
            rooms.insert(name, (folder.to_owned(), dependencies));
        }
    }
    Ok(rooms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_keeps_its_own_rules() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        check(root).unwrap();
    }

    #[test]
    fn a_core_room_that_reaches_for_polars_is_refused() {
        let dir = std::env::temp_dir().join(format!("larka-rooms-{}", std::process::id()));
        for (folder, room) in [("crates", "views"), ("services", "lrs"), ("tests", "load")] {
            std::fs::create_dir_all(dir.join(folder).join(room)).unwrap();
        }
        let manifest = dir.join("crates/views/Cargo.toml");
        std::fs::write(&manifest, "[dependencies]\npolars = \"1\"\n").unwrap();
        assert!(check(&dir).unwrap_err().to_string().contains("must not know polars"));
        std::fs::write(&manifest, "[dependencies]\nlrs = \"1\"\n").unwrap();
        std::fs::write(dir.join("services/lrs/Cargo.toml"), "[dependencies]\n").unwrap();
        assert!(check(&dir).unwrap_err().to_string().contains("must not use lrs"));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
