//! How old the last backup is, and the last signed head.

use std::path::Path;

use eventlog::clock::Micros;
use eventlog::{Look, Position};

use crate::backups::making::at;
use crate::failure::Failure;
use crate::finding::Finding;
use crate::settings::Settings;

const HOUR: i64 = 3_600 * 1_000_000;
/// A backup a night, and one that failed.
pub(super) const OLDEST_BACKUP: i64 = 50 * HOUR;

/// The last backup, as the vault notes it.
pub(super) fn backup(vault: Option<&vault::Looked>, now: Micros) -> Finding {
    const MAKE: &str = "larka backup --to PLACE, every night (docs/operations.md, Backing up and restoring)";
    match vault.and_then(|vault| vault.backup) {
        None => Finding::wrong("backup", "no backup is noted", MAKE),
        Some((taken, expires)) => {
            let hours = (now.0 - taken.0) / HOUR;
            let found = format!("the last was taken {}, {hours} hours ago", at(taken.0));
            let finding = if now.0 - taken.0 > OLDEST_BACKUP {
                Finding::wrong("backup", found, format!("see why none was made since; {MAKE}"))
            } else {
                Finding::well("backup", found)
            };
            finding.with("taken", at(taken.0)).with("expires", at(expires.0))
        }
    }
}

/// The last line of the file of signed heads, where one is named, held against the log.
pub(super) async fn anchor(log: &mut Look, settings: &Settings, now: Micros) -> Result<Finding, Failure> {
    const CHECK: &str = "anchor";
    let Some(schedule) = &settings.anchors else {
        return Ok(Finding::well(CHECK, "no file of signed heads is named (--anchors)"));
    };
    const WRITTEN: &str =
        "see the log of larka serve for why none is written; the file has to be there, and writable for it";
    let (position, hash) = match last(&schedule.file) {
        Ok(last) => last,
        Err(why) => return Ok(Finding::wrong(CHECK, format!("{}: {why}", schedule.file.display()), WRITTEN)),
    };
    // None is written while nothing is stored: how long something has waited for one tells.
    let waiting = log.stored_at(Position(position.0 + 1)).await?.map_or(0, |stored| now.0 - stored.0);
    let minutes = waiting.max(0) / 60_000_000;
    let found = format!(
        "the last signed head is of position {}; what came next has waited {minutes} minutes",
        position.0
    );
    let most = i64::try_from(schedule.every.as_micros()).unwrap_or(i64::MAX).saturating_mul(2).max(HOUR);
    let finding = if log.hash_at(position).await? != Some(hash) {
        let found =
            format!("the last signed head, of position {}, is not what the log has there", position.0);
        Finding::wrong(
            CHECK,
            found,
            "larka verify --anchors FILE; docs/operations.md, What to do after verify names a position",
        )
    } else if waiting > most {
        Finding::wrong(CHECK, found, WRITTEN)
    } else {
        Finding::well(CHECK, found)
    };
    Ok(finding.with("position", position.0).with("waiting_minutes", minutes))
}

/// The position and hash of the last line.
fn last(file: &Path) -> Result<(Position, [u8; 32]), String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let line = text.lines().rfind(|line| !line.trim().is_empty()).ok_or("it is empty")?;
    let words: Vec<&str> = line.split(' ').collect();
    let parsed = match words[..] {
        [_, _, position, _, digits, _] => {
            let mut hash = [0; 32];
            let read = hex::decode_to_slice(digits, &mut hash);
            position.parse().ok().filter(|_| read.is_ok()).map(|position| (Position(position), hash))
        }
        _ => None,
    };
    parsed.ok_or_else(|| "its last line is no signed head".to_owned())
}
