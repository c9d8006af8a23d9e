//! How old the last backup is, and the last signed head.

use std::path::Path;

use eventlog::clock::Micros;
use eventlog::{Look, Position};

use crate::backups::erasures;
use crate::backups::making::at;
use crate::backups::place::Place;
use crate::failure::Failure;
use crate::finding::Finding;
use crate::settings::Settings;

const HOUR: i64 = 3_600 * 1_000_000;
/// A backup a night, and one that failed.
pub(super) const OLDEST_BACKUP: i64 = 50 * HOUR;

/// How far a clock that was right may be ahead of this one.
pub(super) const AHEAD: i64 = HOUR;

/// The last backup, when it was taken and expires as the vault notes it, of a log whose first event was stored then.
pub(super) fn backup(noted: Option<(Micros, Micros)>, first: Option<Micros>, now: Micros) -> Finding {
    const MAKE: &str = "larka backup --to PLACE --erasures-to ANOTHER, every night (docs/operations.md, Backing up and restoring)";
    match noted {
        None if first.is_none_or(|first| now.0 - first.0 <= OLDEST_BACKUP) => {
            Finding::well("backup", "none is noted yet; the log is younger than 50 hours")
        }
        None => Finding::wrong("backup", "no backup is noted", MAKE),
        Some((taken, expires)) => {
            let hours = (now.0 - taken.0) / HOUR;
            let found = format!("the last was taken {}, {hours} hours ago", at(taken.0));
            let finding = if taken.0 - now.0 > AHEAD {
                let found = format!("the last is noted for {}, which is to come", at(taken.0));
                Finding::wrong(
                    "backup",
                    found,
                    format!("a clock was wrong then, or is now: set it right; {MAKE}"),
                )
            } else if now.0 - taken.0 > OLDEST_BACKUP {
                Finding::wrong("backup", found, format!("see why none was made since; {MAKE}"))
            } else {
                Finding::well("backup", found)
            };
            finding.with("taken", at(taken.0)).with("expires", at(expires.0))
        }
    }
}

/// Whether the copy of the erasure journal is where the settings say, once there is a backup that needs it.
pub(super) async fn journal(settings: &Settings, noted: bool) -> Option<Finding> {
    const CHECK: &str = "erasures_to";
    let name = settings.storage.erasures_to.as_ref()?;
    let read = match Place::named(name) {
        Ok(place) => place.read(erasures::FILE).await.map(|read| read.is_some()),
        Err(failure) => Err(failure),
    };
    Some(match read {
        Ok(true) => Finding::well(CHECK, format!("the copy of the erasure journal is at {name}")),
        Ok(false) if !noted => Finding::well(CHECK, format!("nothing was copied to {name} yet")),
        Ok(false) => Finding::wrong(
            CHECK,
            format!("there is no copy of the erasure journal at {name}: no backup could be restored"),
            "larka backup writes it again, whole; see what took it away",
        ),
        Err(failure) => {
            Finding::wrong(CHECK, failure.to_string(), "mend that: no backup could be restored without it")
        }
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_is_due_two_days_after_the_first_event_and_none_is_from_days_to_come() {
        let now = Micros(1_000 * HOUR);
        let hours = |hours: i64| Micros(now.0 - hours * HOUR);
        let noted = |ago: i64| Some((hours(ago), hours(ago - 720)));
        for (noted, first, well) in [
            (None, None, true),
            (None, Some(hours(49)), true),
            (None, Some(hours(51)), false),
            (noted(49), Some(hours(900)), true),
            (noted(51), Some(hours(900)), false),
            (noted(0), Some(hours(900)), true),
            (noted(-400), Some(hours(900)), false),
        ] {
            let finding = backup(noted, first, now);
            assert_eq!(finding.is_well(), well, "{finding:?}");
            assert!(!finding.found.contains(" -"), "no negative hours: {finding:?}");
        }
    }
}
