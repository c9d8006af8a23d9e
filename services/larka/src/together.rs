//! Whether what an instance is made of belongs together: its log, the vault with its keys, the views and the lake.
//!
//! Each of them notes upon which log it stands, by a position and the chain's hash there, which no other log has. People are
//! made in the vault before events name them, so that a vault that is as old as the log, or newer, knows them all.

use std::collections::HashSet;
use std::time::Duration;

use eventlog::clock::rest;
use eventlog::projection::{Foreign, Views};
use eventlog::verify::VerifyError;
use eventlog::{EventLog, Position};
use lrs::Lrs;
use tokio::sync::watch;
use vault::{AgentId, Seen, Vault};
use views::municipality::Current;
use worker::Worker;

use crate::failure::Failure;
use crate::finding::Finding;

/// How often the vault is told how far the log has come: what came since is looked through at the next start.
const EVERY: Duration = Duration::from_secs(10);

/// Whether an instance may be opened of which something is lost for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    Refused,
    /// Whoever the vault does not know counts as erased, and what is behind the log's end as never stored.
    Accepted,
}

/// The parts, opened.
pub(crate) struct Parts<'i> {
    pub(crate) log: &'i EventLog,
    pub(crate) vault: &'i Vault,
    pub(crate) municipality: &'i Current,
    pub(crate) lrs: &'i Lrs,
    pub(crate) views: &'i Views,
    pub(crate) worker: &'i Worker,
}

/// What does not belong to the log.
#[derive(Debug, Default)]
pub(crate) struct Apart {
    /// What the vault has seen of a log and this one does not have, or has otherwise.
    pub(crate) vault: Option<Unlike>,
    /// Agents that the log names, and that are neither in the vault nor erased.
    unknown: Vec<AgentId>,
    pub(crate) views: Vec<Foreign>,
    pub(crate) lake: Option<Position>,
    /// How far the vault was told that the log had come, where that is so.
    since: Position,
    /// Where the log ends.
    pub(crate) head: Position,
}

/// What the vault has seen of a log, that this one has not.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unlike {
    /// Its end lies before the position.
    Short(Position),
    /// It has another event at the position.
    Other(Position),
}

impl Unlike {
    /// What a vault has seen that a log has not, which has this hash at that position.
    pub(crate) fn of(seen: &Seen, hash: Option<[u8; 32]>) -> Option<Self> {
        match hash {
            Some(hash) if hash == seen.hash => None,
            Some(_) => Some(Self::Other(seen.position)),
            None => Some(Self::Short(seen.position)),
        }
    }
}

impl Parts<'_> {
    /// Brings together what can be: erasures are finished, views and lake of another log are let go of. What cannot be made
    /// again ends in a failure that says what to do, unless its loss is accepted.
    pub(crate) async fn bring_together(&self, loss: Loss) -> Result<(), Failure> {
        let apart = self.apart(false).await?;
        let lost = apart.lost();
        if !lost.is_empty() {
            if loss == Loss::Refused {
                return Err(Failure::new(format!("{}. {WHAT_TO_DO}", joined(&lost))));
            }
            tracing::warn!(lost = joined(&lost), "accepted as lost");
            if !apart.unknown.is_empty() {
                self.lrs.record_erasure(apart.unknown.clone()).await?;
            }
        }
        if loss == Loss::Refused {
            // What is appended to a chain that does not hold would stand on nothing.
            let since = apart.since.0 + 1..=apart.head.0;
            match self.log.verify(since, &mut |_| {}).await {
                Err(VerifyError::Broken(broken)) => {
                    return Err(Failure::new(format!("{broken}. {WHAT_TO_DO}")));
                }
                Err(error) => return Err(error.into()),
                Ok(_) => {}
            }
        }
        self.lrs.finish_erasures().await?;
        if !apart.views.is_empty() {
            for Foreign { projection, position, .. } in &apart.views {
                let position = position.0;
                tracing::warn!(%projection, position, "a view is not of this log: it is made anew");
            }
            self.views.let_go_of(&apart.views).await?;
        }
        if let Some(position) = apart.lake {
            tracing::warn!(position = position.0, "the lake is not of this log: it is written anew");
            self.worker.let_go_of_lake().await?;
        }
        note(self.log, self.vault).await
    }

    /// What does not belong to the log. `all`: people are looked for in the whole log, and not only in what came since the
    /// vault was last told.
    pub(crate) async fn apart(&self, all: bool) -> Result<Apart, Failure> {
        let mut apart = Apart::default();
        if let Some(seen) = self.vault.seen().await? {
            apart.vault = Unlike::of(&seen, self.log.hash_at(seen.position).await?);
            if apart.vault.is_none() {
                apart.since = seen.position;
            }
        }
        apart.unknown = self.unknown(if all { Position(0) } else { apart.since }).await?;
        // What can be made again keeps nothing from being opened, also where it cannot be read now.
        apart.views = self.views.foreign(self.log).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "whether the views are of this log cannot be seen");
            Vec::new()
        });
        apart.lake = self.worker.foreign_lake().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "whether the lake is of this log cannot be seen");
            None
        });
        // After all others, so that none is ahead of it that follows it.
        apart.head = self.log.head().await?.position;
        Ok(apart)
    }

    /// The agents that events after a position name, and that are neither in the vault nor erased.
    async fn unknown(&self, after: Position) -> Result<Vec<AgentId>, Failure> {
        let named: Vec<AgentId> = self.log.owners_after(after).await?.into_iter().map(AgentId).collect();
        let alive = self.vault.is_alive(&named).await?;
        let mut missing: Vec<AgentId> =
            named.into_iter().zip(alive).filter(|(_, alive)| !alive).map(|(agent, _)| agent).collect();
        if missing.is_empty() {
            return Ok(missing);
        }
        // The journal too: an erasure may have been cut short before the log took it down.
        let journal: HashSet<AgentId> = self.vault.erased().await?.into_iter().collect();
        let municipality = self.municipality.refresh().await?;
        let organisation = &municipality.municipality.organisation;
        missing.retain(|agent| !organisation.is_erased(agent.0) && !journal.contains(agent));
        Ok(missing)
    }
}

/// What these findings are of.
pub(crate) const TOGETHER: &str = "together";
/// What to do about what cannot be made again.
const WHAT_TO_DO: &str = "Bring back what belongs together (log, vault and keys of one moment, the log copied first), or \
                          accept the loss for good: larka migrate --accept-loss";

/// What findings say, in one line.
pub(crate) fn joined(findings: &[Finding]) -> String {
    findings.iter().map(|one| one.found.as_str()).collect::<Vec<_>>().join("; ")
}

impl Apart {
    /// What of it cannot be made again.
    fn lost(&self) -> Vec<Finding> {
        let mut lost = Vec::new();
        let mut push = |found: String| lost.push(Finding::wrong(TOGETHER, found, WHAT_TO_DO));
        if let Some(Unlike::Other(position)) = self.vault {
            push(format!(
                "the vault is another log's: at position {} it has seen another event than the one that is there",
                position.0
            ));
        }
        let ahead = self.ahead();
        for (who, at) in &ahead {
            push(format!("{who} has seen the log come to position {}", at.0));
        }
        if !ahead.is_empty() {
            let end = self.head.0;
            push(format!(
                "the log ends at position {end}: an older copy of it, or part of it is missing (log.db-wal beside log.db)"
            ));
        }
        if !self.unknown.is_empty() {
            let count = self.unknown.len();
            push(format!(
                "{count} people of whom the log tells are not in the vault, nor were they erased: an older copy of the \
                 vault, or another's"
            ));
        }
        lost
    }

    /// Who has seen the log come further than it is.
    fn ahead(&self) -> Vec<(String, Position)> {
        let vault = match self.vault {
            Some(Unlike::Short(position)) => Some(("the vault".to_owned(), position)),
            _ => None,
        };
        let views = self.views.iter().map(|one| (format!("the view {}", one.projection), one.position));
        let lake = self.lake.map(|position| ("the lake".to_owned(), position));
        let made = views.chain(lake).filter(|(_, position)| *position > self.head);
        vault.into_iter().chain(made).collect()
    }

    /// All of it.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let mut found = self.lost();
        let of = |what: &str, at: Position| {
            let found = format!("{what} at position {} is not of this log", at.0);
            Finding::wrong(
                TOGETHER,
                found,
                "start larka serve, which makes it anew from the log (one that runs: restart it)",
            )
        };
        let views = self.views.iter().filter(|one| one.position <= self.head);
        found.extend(views.map(|one| of(&format!("the view {}", one.projection), one.position)));
        found.extend(self.lake.filter(|at| *at <= self.head).map(|at| of("the lake", at)));
        found
    }
}

/// Refuses an instance whose log was used and whose keys or vault are not there, before new ones would be made.
pub(crate) fn expect_all(used: bool, keys: Option<&str>, vault: Option<&str>) -> Result<(), Failure> {
    let missing = match (used, keys, vault) {
        (false, ..) | (true, None, None) => return Ok(()),
        (true, Some(keys), None) => format!("its keys are not at {keys}"),
        (true, None, Some(vault)) => format!("its vault is not {vault}"),
        (true, Some(keys), Some(vault)) => {
            format!("its keys are not at {keys}, and its vault is not {vault}")
        }
    };
    Err(Failure::new(format!(
        "the log was used before, and {missing}: nobody could be read any more. {WHAT_TO_DO}"
    )))
}

/// Tells the vault how far the log has come.
pub(crate) async fn note(log: &EventLog, vault: &Vault) -> Result<(), Failure> {
    let head = log.head().await?;
    if head.position.0 > 0 {
        vault.note_seen(Seen { position: head.position, hash: head.hash }).await?;
    }
    Ok(())
}

/// Tells the vault how far the log has come until `shutdown` becomes true.
pub(crate) async fn keep(log: EventLog, vault: Vault, mut shutdown: watch::Receiver<bool>) {
    let mut heads = log.subscribe();
    while rest(EVERY, &mut shutdown).await {
        if heads.has_changed().unwrap_or(false) {
            heads.mark_unchanged();
            if let Err(error) = note(&log, &vault).await {
                tracing::warn!(%error, "the vault could not be told how far the log has come; that is tried again");
            }
        }
    }
}
