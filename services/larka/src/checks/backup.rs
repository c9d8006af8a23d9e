//! A place of backups: whose it is, what it holds, how old it is, whether its files are there. Nothing is written.

use eventlog::clock::SystemClock;

use super::ages::{AHEAD, OLDEST_BACKUP};
use crate::backups::making::{at, missing};
use crate::backups::manifest::{FILE, LOG, Manifest, VAULT};
use crate::backups::place::Place;
use crate::failure::Failure;
use crate::finding::{Finding, some};
use crate::keys;
use crate::settings::Settings;

/// What is found.
///
/// # Errors
/// There is no backup, or none that this program reads.
pub(crate) async fn findings(settings: &Settings, name: &str) -> Result<Vec<Finding>, Failure> {
    let place = Place::named(name)?;
    let manifest = Manifest::of(&place).await?;
    let Some((manifest, _)) = manifest else {
        if place.list(LOG).await?.is_empty() && place.list(VAULT).await?.is_empty() {
            return Err(Failure::new(format!("there is no backup at {name}")));
        }
        let found = format!("there are files of backups and no {FILE}");
        let to_do = "bring that back: it says which files count (docs/operations.md); without it, back up to a new place";
        return Ok(vec![Finding::wrong("files", found, to_do)]);
    };
    let mut findings = vec![whose(settings, &manifest)];
    findings.push(
        Finding::well(
            "log",
            format!("up to position {}, in {} files", manifest.log.position, manifest.log.segments.len()),
        )
        .with("position", manifest.log.position),
    );
    findings.push(age(&manifest));
    let missing = missing(&place, &manifest).await?;
    findings.push(if missing.is_empty() {
        Finding::well("files", "all files that the manifest names are there, of their size; larka restore --drill reads them")
    } else {
        let to_do = "bring them back from a copy of the place, or back up to a new place: nothing could be restored from this one";
        Finding::wrong("files", format!("missing, or not whole: {}", some(&missing)), to_do).with("files", missing)
    });
    Ok(findings)
}

fn whose(settings: &Settings, manifest: &Manifest) -> Finding {
    let id = &manifest.instance;
    let found = format!("{id}, by larka {}", manifest.version);
    let own = keys::read_id(&settings.storage.keys_dir).ok().flatten().map(hex::encode);
    match own {
        Some(own) if own != *id => {
            let found = format!("{found}; the instance here is {own}");
            Finding::wrong(
                "instance",
                found,
                "name the place of this instance's backups, or the other instance with --data-dir",
            )
        }
        _ => Finding::well("instance", found),
    }
    .with("id", id.as_str())
}

/// How old the newest copy of the vault is.
fn age(manifest: &Manifest) -> Finding {
    const CHECK: &str = "backup";
    let now = SystemClock::shared().now().0;
    let Some(newest) = manifest.vaults.last() else {
        return Finding::wrong(
            CHECK,
            "none was made to its end",
            "larka backup, and see why it does not end",
        );
    };
    let hours = (now - newest.taken) / (3_600 * 1_000_000);
    let found = format!(
        "{} copies of the vault, the newest taken {}, {hours} hours ago",
        manifest.vaults.len(),
        at(newest.taken)
    );
    let finding = if newest.taken - now > AHEAD {
        let to_do = "a clock was wrong then, or is now: set it right, and make another backup";
        Finding::wrong(CHECK, format!("the newest is of {}, which is to come", at(newest.taken)), to_do)
    } else if newest.expires <= now {
        Finding::wrong(
            CHECK,
            format!("{found}, and expired"),
            "larka backup makes a new one, and removes those that expired",
        )
    } else if now - newest.taken > OLDEST_BACKUP {
        Finding::wrong(
            CHECK,
            found,
            "see why none was made since (systemctl list-timers, the log of larka backup)",
        )
    } else {
        Finding::well(CHECK, found)
    };
    finding.with("taken", at(newest.taken)).with("expires", at(newest.expires))
}
