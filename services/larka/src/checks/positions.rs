//! How far the log is, and whoever follows it; versions of their tables; the clock, against the newest event.

use analytics::lake::Lake;
use eventlog::clock::Micros;
use eventlog::projection::{Foreign, Looked};
use eventlog::{Look, Position};

use crate::backups::making::at;
use crate::failure::Failure;
use crate::finding::Finding;
use crate::instance;
use crate::settings::Settings;
use crate::together::{Apart, TOGETHER, Unlike};

/// How long what a server keeps up may be behind.
const BEHIND: i64 = 600 * 1_000_000;
/// How far a clock may be behind the newest event.
const CLOCK: i64 = 1_000_000;

/// Versions of the tables.
pub(super) async fn tables(log: &mut Look, vault: Option<&vault::Looked>) -> Result<Finding, Failure> {
    let (found, known) = log.format().await?;
    let mut text = format!("the log's tables have version {found}");
    let mut newer = found > known;
    let mut older = found < known;
    if let Some((found, known)) = vault.map(|vault| vault.format) {
        text.push_str(&format!(", the vault's {found}"));
        newer |= found > known;
        older |= found < known;
    }
    let finding = match (newer, older) {
        (true, _) => Finding::wrong(
            "tables",
            format!("{text}: newer than this program"),
            "run the newer larka that made them",
        ),
        (_, true) => Finding::wrong(
            "tables",
            format!("{text}: older than this program"),
            "larka migrate, or start larka serve",
        ),
        _ => Finding::well("tables", text),
    };
    Ok(finding.with("log", found).with("vault", vault.map(|vault| vault.format.0)))
}

/// Positions, whether they are this log's, and the clock.
pub(super) async fn findings(
    log: &mut Look,
    settings: &Settings,
    vault: Option<&vault::Looked>,
    views: &[Looked],
    live: bool,
    now: Micros,
) -> Result<Vec<Finding>, Failure> {
    let mut apart = Apart::default();
    let storage = &settings.storage;
    let place = instance::lake(&storage.lake_url, &storage.data_dir)?;
    let lake = tokio::task::spawn_blocking(move || Lake::stands(&place)).await?;
    let mut followers: Vec<(String, Position, Option<String>)> = Vec::new();
    for view in views {
        let noted = view.hash.clone();
        let ours = log.hash_at(view.position).await?.map(hex::encode);
        if view.position.0 > 0 && (ours.is_none() || noted.is_some() && noted != ours) {
            let (projection, generation, position) =
                (view.projection.clone(), view.generation, view.position);
            apart.views.push(Foreign { projection, generation, position });
        }
        if view.answers {
            let stopped = view.stopped.as_ref();
            let stopped =
                stopped.map(|event| format!("it stopped at event {} ({})", event.position.0, event.reason));
            followers.push((view.projection.clone(), view.position, stopped));
        }
    }
    let mut findings = Vec::new();
    match lake {
        Ok(stands) => {
            let position = stands.as_ref().map_or(Position(0), |stands| stands.position);
            if let Some(stands) = stands
                && !stands.is_upon(log.first().await?, log.hash_at(stands.position).await?)
            {
                apart.lake = Some(stands.position);
            }
            followers.push((worker::LAKE.to_owned(), position, None));
        }
        Err(error) => findings.push(Finding::wrong(
            "lake",
            format!("it cannot be read: {error}"),
            "look whether its folder or bucket is there; larka rebuild --projection lake writes it anew",
        )),
    }
    if let Some(seen) = vault.and_then(|vault| vault.seen) {
        apart.vault = Unlike::of(&seen, log.hash_at(seen.position).await?);
    }
    // After all others, so that none is ahead of it that follows it.
    let head = log.head().await?;
    apart.head = head.position;
    findings.insert(0, self::head(head.position, head.stored));
    for (name, position, stopped) in followers {
        let since = log.stored_at(Position(position.0 + 1)).await?.filter(|_| position < head.position);
        findings.push(follower(&name, position, head.position, since, stopped, live, now));
    }
    let told = apart.findings();
    if told.is_empty() {
        findings.push(Finding::well(TOGETHER, "vault, views and lake stand upon this log"));
    }
    findings.extend(told);
    findings.push(clock(head.stored, now));
    Ok(findings)
}

fn head(position: Position, stored: Micros) -> Finding {
    let found = match position.0 {
        0 => "it is empty".to_owned(),
        end => format!("it ends at position {end}, stored {}", at(stored.0)),
    };
    Finding::well("log", found).with("position", position.0)
}

fn follower(
    name: &str,
    position: Position,
    head: Position,
    since: Option<Micros>,
    stopped: Option<String>,
    live: bool,
    now: Micros,
) -> Finding {
    let behind = head.0.saturating_sub(position.0);
    let check = if name == worker::LAKE { "lake" } else { "views" };
    let found = format!("{name} is at position {}, {behind} events behind", position.0);
    let late = since.filter(|since| live && now.0 - since.0 > BEHIND);
    let finding = match (stopped, late) {
        (Some(stopped), _) => Finding::wrong(
            check,
            format!("{found}: {stopped}"),
            "docs/operations.md, An event that a view cannot fold",
        ),
        (None, Some(since)) => Finding::wrong(
            check,
            format!("{found}, since {}", at(since.0)),
            format!(
                "see the log of larka serve (role worker) for why; larka rebuild --projection {name} makes it anew"
            ),
        ),
        (None, None) if behind > 0 && !live => {
            Finding::well(check, format!("{found}; the next start brings it up"))
        }
        (None, None) => Finding::well(check, found),
    };
    finding.with("name", name).with("position", position.0).with("behind", behind)
}

fn clock(stored: Micros, now: Micros) -> Finding {
    let ahead = stored.0 - now.0;
    let finding = if ahead > CLOCK {
        Finding::wrong(
            "clock",
            format!("the newest event was stored at {}, and this clock says {}", at(stored.0), at(now.0)),
            "set the clock (timedatectl, chrony); nothing is taken until it has passed the newest event",
        )
    } else {
        Finding::well("clock", format!("{}, after the newest event", at(now.0)))
    };
    finding.with("seconds_behind", (ahead.max(0) as f64) / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_before_the_newest_event_is_wrong_and_one_a_moment_before_it_is_not() {
        let stored = Micros(1_768_464_000_000_000);
        for (behind, well) in [(-5_000_000, true), (500_000, true), (5_000_000, false)] {
            assert_eq!(clock(stored, Micros(stored.0 - behind)).is_well(), well, "{behind}");
        }
    }

    #[test]
    fn what_is_behind_is_wrong_where_a_server_should_have_brought_it_up_and_what_stopped_always_is() {
        let (now, old) = (Micros(10_000_000_000_000), Some(Micros(9_000_000_000_000)));
        let of = |stopped: Option<&str>, live, since| {
            follower("progress", Position(4), Position(9), since, stopped.map(str::to_owned), live, now)
                .is_well()
        };
        assert!(of(None, false, old), "the next start brings it up");
        assert!(!of(None, true, old));
        assert!(of(None, true, Some(Micros(now.0 - 1_000_000))), "it is on its way");
        assert!(!of(Some("it stopped"), false, old));
    }
}
