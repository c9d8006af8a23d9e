//! Destroying the keys of people, and the journal that outlives a restored backup.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use eventlog::clock::Micros;

use crate::blocking::blocking;
use crate::{AgentId, Vault, VaultError, files, store};

const JOURNAL_TITLE: &str = "larka erasures 1\n";

/// What an erasure did. Counts of zero: there was nothing left to destroy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Erasure {
    /// Agents that lived, and with each the identifier that led to it.
    pub agents: u64,
    /// Keys that were destroyed, one for each agent and quarter.
    pub keys: u64,
    /// Whether the database's write-ahead log was emptied at once. Where it was not, a later erasure, ratchet or
    /// the last connection's end does it. Always true on PostgreSQL, whose logs keep wrapped keys until they expire,
    /// and where [`Vault::ratchet`] is what makes those worthless.
    pub truncated: bool,
}

/// Where an erasure can be stopped in a test.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErasureStep {
    /// The journal names the agents; their keys still exist.
    Journalled,
    /// The keys are gone from the database; its write-ahead log and this process's caches may hold them.
    Deleted,
}

impl Vault {
    /// Destroys all keys of agents and the way from their identifiers to them. What was sealed for them opens no
    /// more, here from the moment this returns; the same identifier becomes a new agent. Doing it again changes
    /// nothing.
    ///
    /// First the agents are written to the journal, which lies outside the database and its backups; then their rows
    /// are deleted in one transaction. The caller appends the log's own event afterwards, raising the fence, and
    /// calls [`Vault::ratchet`] soon.
    ///
    /// # Errors
    /// [`VaultError::File`] where the journal cannot be written, [`VaultError::Unavailable`]; then it is to be called
    /// again.
    pub async fn erase(&self, agents: &[AgentId]) -> Result<Erasure, VaultError> {
        self.erase_stopping_after(agents, None).await
    }

    /// [`Vault::erase`], ending early as a crash would.
    #[doc(hidden)]
    pub async fn erase_stopping_after(
        &self,
        agents: &[AgentId],
        stop: Option<ErasureStep>,
    ) -> Result<Erasure, VaultError> {
        let inner = &self.inner;
        let journal = inner.files.dir().join("erasures");
        let (named, at) = (agents.to_vec(), inner.clock.now());
        blocking(move || write_journal(&journal, &named, at)).await?;
        if stop == Some(ErasureStep::Journalled) {
            return Ok(Erasure::default());
        }
        self.delete(agents, stop).await
    }

    /// All agents that were ever erased, from the journal.
    ///
    /// # Errors
    /// [`VaultError::File`] and [`VaultError::KeyFile`] where it cannot be read.
    pub async fn erased(&self) -> Result<Vec<AgentId>, VaultError> {
        let journal = self.inner.files.dir().join("erasures");
        blocking(move || read_journal(&journal)).await
    }

    async fn delete(&self, agents: &[AgentId], stop: Option<ErasureStep>) -> Result<Erasure, VaultError> {
        let inner = &self.inner;
        let (mut transaction, _) = inner.store.begin().await?;
        let (deleted, keys) = store::delete_agents(transaction.tx(), agents).await?;
        transaction.commit().await?;
        if stop == Some(ErasureStep::Deleted) {
            return Ok(Erasure { agents: deleted, keys, truncated: false });
        }
        self.drop_caches();
        inner.metrics.erased_agents.inc_by(deleted);
        let truncated = inner.store.truncate().await?;
        Ok(Erasure { agents: deleted, keys, truncated })
    }

    /// Erases again whoever is in the journal and has keys nevertheless: a backup brought them back, or an erasure was
    /// cut short.
    pub(crate) async fn erase_again(&self) -> Result<(), VaultError> {
        let erased = self.erased().await?;
        if !erased.is_empty() && self.is_alive(&erased).await?.contains(&true) {
            let again = self.delete(&erased, None).await?;
            tracing::warn!(
                agents = again.agents,
                keys = again.keys,
                "agents of the erasure journal had keys; erased again"
            );
        }
        Ok(())
    }
}

/// One line for each agent: its id and the microsecond of its erasure. A line that a crash left without its end
/// counts for nothing.
fn write_journal(file: &Path, agents: &[AgentId], at: Micros) -> Result<(), VaultError> {
    let new = !file.exists();
    let mut open = OpenOptions::new();
    open.read(true).append(true).create(true).mode(0o600);
    let mut journal = open.open(file).map_err(files::at(file))?;
    let mut before = Vec::new();
    journal.read_to_end(&mut before).map_err(files::at(file))?;
    let mut lines = String::new();
    if before.is_empty() {
        lines.push_str(JOURNAL_TITLE);
    } else if !before.ends_with(b"\n") {
        lines.push('\n');
    }
    for agent in agents {
        lines.push_str(&format!("{agent} {}\n", at.0));
    }
    journal.write_all(lines.as_bytes()).and_then(|()| journal.sync_all()).map_err(files::at(file))?;
    if new { files::sync_dir_of(file) } else { Ok(()) }
}

fn read_journal(file: &Path) -> Result<Vec<AgentId>, VaultError> {
    let content = match std::fs::read_to_string(file) {
        Ok(content) => content,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(files::at(file)(error)),
    };
    // A crash may have left less than the title, and no erasure with it.
    let whole = content.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let mut lines = whole.lines();
    match lines.next() {
        None => return Ok(Vec::new()),
        Some(title) if title == JOURNAL_TITLE.trim_end() => {}
        Some(_) => {
            return Err(VaultError::KeyFile {
                file: file.to_owned(),
                problem: "is not an erasure journal: expected its title line first".into(),
            });
        }
    }
    let agents: BTreeSet<AgentId> =
        lines.filter_map(|line| line.split_once(' ')).filter_map(|(agent, _)| agent.parse().ok()).collect();
    Ok(agents.into_iter().collect())
}
