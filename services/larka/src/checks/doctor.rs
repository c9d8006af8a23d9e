//! `larka doctor`: an instance looked over without opening it. Nothing is written and no file is made; it may run, be stopped, or lie on
//! a medium that is read only.

use std::fs::File;

use eventlog::clock::SystemClock;
use eventlog::projection;
use eventlog::{Location, Look, Position, Unreachable};

use super::{ages, guards, host, keys, positions, rights, server};
use crate::failure::Failure;
use crate::finding::Finding;
use crate::instance::{RESTORING, locations, nowhere};
use crate::private;
use crate::settings::Settings;
use crate::socket;

/// What to do where nothing more can be said.
const THAT_FIRST: &str = "mend that first, then call larka doctor again";

/// All that is found.
///
/// # Errors
/// There is no instance.
pub(crate) async fn findings(settings: &Settings) -> Result<Vec<Finding>, Failure> {
    let (log_at, views_at, vault_at) = locations(settings);
    let storage = &settings.storage;
    let running = socket::server(settings).await;
    let live = running.is_some() || is_worked_on(settings);
    let mut findings = Vec::new();
    if storage.data_dir.join(RESTORING).exists() {
        let found = format!("a restore into {} was cut short", storage.data_dir.display());
        findings.push(Finding::wrong(
            "restore",
            found,
            "call larka restore again as it was called, which finishes it",
        ));
    }
    let mut log = looked(&mut findings, "log", log_at.look(live).await);
    if let Some(look) = &mut log
        && !look.holds("event").await?
    {
        log = None;
    }
    // Where it cannot be looked at, that is found.
    if log.is_none() && findings.iter().all(Finding::is_well) {
        return Err(nowhere(settings));
    }
    let mut vault = looked(&mut findings, "vault", vault_at.look(live).await);
    findings.insert(0, keys::instance(settings, running.is_some(), live));
    findings.push(
        Finding::well("version", format!("larka {}", env!("CARGO_PKG_VERSION")))
            .with("version", env!("CARGO_PKG_VERSION")),
    );

    let about = match &mut vault {
        Some(look) => vault::look(look).await.map_err(Failure::from),
        None => Ok(None),
    };
    match &about {
        Err(failure) => findings.push(Finding::wrong("vault", failure.to_string(), THAT_FIRST)),
        Ok(about) => findings.extend(keys::findings(settings, about.as_ref(), vault.is_some())),
    }
    let about = about.ok().flatten();
    if let Some(log) = &mut log {
        let told = of_log(log, settings, &about, &views_at, live).await;
        findings.extend(told.unwrap_or_else(|failure| {
            vec![Finding::wrong("log", format!("it cannot be read: {failure}"), THAT_FIRST)]
        }));
    }
    if let Some(log) = &mut log {
        let told = server::findings(log, vault.as_mut(), settings, live).await;
        findings.extend(told.unwrap_or_else(|failure| {
            vec![Finding::wrong("server", format!("it cannot be asked: {failure}"), THAT_FIRST)]
        }));
    }
    findings.extend(rights::findings(settings));
    findings.extend(host::findings(settings, running));
    let first = match &mut log {
        Some(log) => log.stored_at(Position(1)).await.ok().flatten(),
        None => None,
    };
    let noted = about.as_ref().and_then(|vault| vault.backup);
    findings.push(ages::backup(noted, first, SystemClock::shared().now()));
    findings.extend(ages::journal(settings, noted.is_some()).await);
    for look in [log, vault].into_iter().flatten() {
        look.leave().await;
    }
    Ok(findings)
}

async fn of_log(
    log: &mut Look,
    settings: &Settings,
    vault: &Option<vault::Looked>,
    views_at: &Location,
    live: bool,
) -> Result<Vec<Finding>, Failure> {
    let mut findings = vec![positions::tables(log, vault.as_ref()).await?];
    findings.push(guards::finding(&log.broken_guards().await?));
    let views = projection::look(views_at, live).await;
    let views = match views {
        Ok(views) => views,
        Err(unreachable) => {
            let to_do = "views are made again: stop larka serve, move the views' files away, start it";
            findings.push(Finding::wrong("views", unreachable.to_string(), to_do));
            Vec::new()
        }
    };
    let now = SystemClock::shared().now();
    findings.extend(positions::findings(log, settings, vault.as_ref(), &views, live, now).await?);
    findings.push(ages::anchor(log, settings, now).await?);
    Ok(findings)
}

/// Notes why something cannot be looked at.
fn looked(
    findings: &mut Vec<Finding>,
    check: &'static str,
    look: Result<Option<Look>, Unreachable>,
) -> Option<Look> {
    look.unwrap_or_else(|unreachable| {
        findings.push(Finding::wrong(check, unreachable.to_string(), THAT_FIRST));
        None
    })
}

/// Whether a command works on the folder, which listens on no socket: it holds the lock, which is asked for beside others that ask.
fn is_worked_on(settings: &Settings) -> bool {
    let lock = File::open(settings.storage.data_dir.join(private::LOCK));
    lock.is_ok_and(|lock| lock.try_lock_shared().is_err())
}
