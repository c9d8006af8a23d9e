//! Destroying the keys of people, and the journal that outlives a restored backup.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use eventlog::clock::Micros;
use xapi::Identifier;

use crate::blocking::blocking;
use crate::{AgentId, Vault, VaultError, identifier, journal, store, underway};

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
        let lookups: HashMap<AgentId, [u8; 32]> =
            store::lookups_of(inner.store.read().await?.tx(), agents).await?.into_iter().collect();
        // Whoever is erased again, as the first time was cut short, is noted already.
        if !lookups.is_empty() {
            let found: Vec<_> = agents.iter().map(|agent| (*agent, lookups.get(agent).copied())).collect();
            let (files, file) = (inner.files.clone(), self.under_way_file());
            blocking(move || files.in_turn(|| underway::add(&file, &found))).await?;
        }
        let journal = inner.files.dir().join("erasures");
        let (named, at) = (agents.to_vec(), inner.clock.now());
        blocking(move || journal::add(&journal, &named, at)).await?;
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
        Ok(blocking(move || journal::read(&journal)).await?.into_keys().collect())
    }

    /// The journal: all agents that were ever erased, and when.
    ///
    /// # Errors
    /// As [`Vault::erased`].
    pub async fn journal(&self) -> Result<BTreeMap<AgentId, Micros>, VaultError> {
        let journal = self.inner.files.dir().join("erasures");
        blocking(move || journal::read(&journal)).await
    }

    /// The agents of an erasure that is under way, or was cut short, by an identifier that led to one of them; empty where
    /// none is known. After the next ratchet none is.
    ///
    /// # Errors
    /// [`VaultError::File`], [`VaultError::KeyFile`].
    pub async fn under_way(&self, identifier: &Identifier) -> Result<Vec<AgentId>, VaultError> {
        let digests: Vec<_> =
            std::iter::once(identifier::digest(identifier)).chain(identifier::spelled(identifier)).collect();
        let generations = self.inner.keyring().generations.clone();
        let lookups: Vec<_> = generations
            .values()
            .flat_map(|keys| digests.iter().map(|digest| identifier::lookup(&keys.lookup, digest)))
            .collect();
        let file = self.under_way_file();
        let noted = blocking(move || underway::read(&file)).await?;
        let asked = noted.iter().find(|one| one.lookup.is_some_and(|lookup| lookups.contains(&lookup)));
        let number = asked.map(|one| one.number);
        Ok(noted.iter().filter(|one| Some(one.number) == number).map(|one| one.agent).collect())
    }

    fn under_way_file(&self) -> PathBuf {
        self.inner.files.dir().join("erasing")
    }

    /// Forgets by what those were found who were erased: the ratchet has turned.
    pub(crate) async fn forget_under_way(&self) -> Result<(), VaultError> {
        let (files, file) = (self.inner.files.clone(), self.under_way_file());
        blocking(move || files.in_turn(|| underway::clear(&file))).await
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

    /// Erases again whoever of the agents that were erased has keys nevertheless: a backup brought them back, or an erasure
    /// was cut short. Those that the journal does not know, since an older one was brought back too, are added to it.
    ///
    /// # Errors
    /// As [`Vault::erase`].
    pub async fn erase_again(&self, erased: &[AgentId]) -> Result<(), VaultError> {
        let alive = self.is_alive(erased).await?;
        let alive: Vec<AgentId> =
            erased.iter().zip(alive).filter(|(_, alive)| *alive).map(|(agent, _)| *agent).collect();
        if alive.is_empty() {
            return Ok(());
        }
        let journalled: BTreeSet<AgentId> = self.erased().await?.into_iter().collect();
        let missing: Vec<AgentId> =
            alive.iter().filter(|agent| !journalled.contains(agent)).copied().collect();
        let (journal, at) = (self.inner.files.dir().join("erasures"), self.inner.clock.now());
        if !missing.is_empty() {
            blocking(move || journal::add(&journal, &missing, at)).await?;
        }
        let again = self.delete(&alive, None).await?;
        tracing::warn!(
            agents = again.agents,
            keys = again.keys,
            "people who had been erased had keys, as after a backup was brought back; erased again"
        );
        Ok(())
    }
}
