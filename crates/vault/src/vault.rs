//! The vault itself: from identifiers to agents and their keys.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use eventlog::Slot;
use tokio::sync::mpsc;
use xapi::Identifier;

use crate::agent::{AgentHandle, AgentId, ClassHandle, Owner, Period};
use crate::body::{self, Binding};
use crate::creation::{self, Job, Wanted};
use crate::crypto::{self, Secret};
use crate::identifier;
use crate::inner::{Inner, class_key};
use crate::{VaultError, store};

/// Pseudonyms and keys. Cheap to clone; all clones share connections and caches.
#[derive(Clone)]
pub struct Vault {
    pub(crate) inner: Arc<Inner>,
    pub(crate) creations: mpsc::Sender<Job>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

impl Vault {
    /// The agents behind identifiers, in their order; `None` where there is none. Never makes one.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn lookup(&self, identifiers: &[Identifier]) -> Result<Vec<Option<AgentId>>, VaultError> {
        let digests: Vec<_> = identifiers.iter().map(identifier::digest).collect();
        let mut agents = self.inner.find(&digests).await?;
        if agents.iter().any(Option::is_none) {
            let missing: Vec<_> = (0..agents.len()).filter(|index| agents[*index].is_none()).collect();
            let spelled: Vec<_> = missing.iter().map(|index| identifiers[*index].clone()).collect();
            for (index, agent) in missing.into_iter().zip(self.lookup_as_spelled(&spelled).await?) {
                agents[index] = agent;
            }
        }
        Ok(agents)
    }

    /// The agents that identifiers had by their own spelling, before the case of a mail address's domain did not count;
    /// `None` where there is none, or the spelling makes no difference.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn lookup_as_spelled(
        &self,
        identifiers: &[Identifier],
    ) -> Result<Vec<Option<AgentId>>, VaultError> {
        let spelled: Vec<_> = identifiers.iter().map(identifier::spelled).collect();
        let digests: Vec<_> = spelled.iter().flatten().copied().collect();
        if digests.is_empty() {
            return Ok(vec![None; identifiers.len()]);
        }
        let mut found = self.inner.find(&digests).await?.into_iter();
        Ok(spelled.into_iter().map(|spelled| spelled.and_then(|_| found.next().flatten())).collect())
    }

    /// The agents of identifiers as they are compared, made where they are missing: where an agent is known by another
    /// spelling alone, a second one beside it.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn resolve_as_compared(
        &self,
        identifiers: &[Identifier],
        period: Period,
    ) -> Result<Vec<AgentId>, VaultError> {
        let compared = |identifier: &Identifier| identifier.folded().unwrap_or_else(|| identifier.clone());
        let compared: Vec<_> = identifiers.iter().map(compared).collect();
        Ok(self.resolve(&compared, period).await?.iter().map(AgentHandle::agent).collect())
    }

    /// The agents behind identifiers with their keys for a quarter, in their order. Agents and keys that are
    /// missing are made, in a commit that requests share; it is on disk when this returns. Of several callers that
    /// resolve one new identifier at once, on any nodes, all get the same agent.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`]; nothing is lost by calling again.
    pub async fn resolve(
        &self,
        identifiers: &[Identifier],
        period: Period,
    ) -> Result<Vec<AgentHandle>, VaultError> {
        if let Some(handles) = self.remembered(identifiers, period) {
            return Ok(handles);
        }
        // Most of what is not in memory is in the database, and reading it there needs no turn.
        let epoch = self.inner.keys.epoch();
        let agents = self.lookup(identifiers).await?;
        let found: Vec<_> = agents.iter().flatten().map(|agent| (*agent, period)).collect();
        let keys = self.inner.load(&found, epoch).await?;
        let wanted = |of: &Identifier| Wanted::Identifier(identifier::digest(of), identifier::spelled(of));
        let wanted: Vec<_> = identifiers.iter().map(wanted).collect();
        let handles = agents.iter().map(|agent| handle((*agent)?, period, &keys)).collect();
        let handles = self.create_missing(handles, &wanted, period).await?;
        handles
            .into_iter()
            .map(|handle| handle.ok_or(VaultError::Invalid("an identifier has an agent")))
            .collect()
    }

    /// The same from memory alone, at once, where everybody is there with a key of that quarter; else `None`, and
    /// [`Vault::resolve`] is the way. Never makes an agent or a key.
    pub fn remembered(&self, identifiers: &[Identifier], period: Period) -> Option<Vec<AgentHandle>> {
        let digests: Vec<_> = identifiers.iter().map(identifier::digest).collect();
        let handles: Option<Vec<_>> = self.inner.cached(&digests, period).into_iter().collect();
        self.count_resolved("memory", handles.as_ref().map_or(0, Vec::len));
        handles
    }

    /// Keys of known agents for a quarter, made where they are missing; `None` for agents that were erased or
    /// never were. For sealing what the log tells about somebody whose identifier is not at hand.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn handles(
        &self,
        agents: &[AgentId],
        period: Period,
    ) -> Result<Vec<Option<AgentHandle>>, VaultError> {
        let epoch = self.inner.keys.epoch();
        let pairs: Vec<_> = agents.iter().map(|agent| (*agent, period)).collect();
        let keys = self.inner.load(&pairs, epoch).await?;
        let wanted: Vec<_> = agents.iter().map(|agent| Wanted::Agent(*agent)).collect();
        let handles = agents.iter().map(|agent| handle(*agent, period, &keys)).collect();
        self.create_missing(handles, &wanted, period).await
    }

    /// Which of the agents have not been erased, asked of the database and not of a cache.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn is_alive(&self, agents: &[AgentId]) -> Result<Vec<bool>, VaultError> {
        let mut reading = self.inner.store.read().await?;
        let living = store::living(reading.tx(), agents).await?;
        let living: std::collections::HashSet<_> = living.into_iter().collect();
        Ok(agents.iter().map(|agent| living.contains(agent)).collect())
    }

    /// The key of a retention class, for slots with nobody behind them. It is always the same: what a class seals is
    /// forgotten by deleting slots, not by destroying its key.
    pub fn class(&self, class: u16) -> ClassHandle {
        ClassHandle { class, key: Arc::new(class_key(&self.inner.keyring().class, class)) }
    }

    /// Compresses and seals the content of one slot. Takes some microseconds of computing and no I/O.
    ///
    /// # Errors
    /// [`VaultError::Invalid`] where `Several` is empty or of several quarters, or over 1 GiB is given.
    pub fn seal(&self, binding: &Binding<'_>, owner: &Owner<'_>, plain: &[u8]) -> Result<Slot, VaultError> {
        body::seal(&self.inner.instance, binding, owner, plain, crypto::random()?)
    }

    /// Tells the vault which fence of the log its caller has read. Where it is higher than any before, somebody was
    /// erased, perhaps by another node, and everything in memory is forgotten before this returns.
    ///
    /// To be called with the fence that an append will carry, after reading it and before [`Vault::resolve`]: then no
    /// key that was dead when the fence was raised is sealed with.
    pub fn at_fence(&self, fence: u64) {
        let mut seen = self.inner.fence.lock().unwrap_or_else(PoisonError::into_inner);
        if fence > *seen {
            self.drop_caches();
            *seen = fence;
        }
    }

    /// Forgets all agents and keys in memory.
    pub fn drop_caches(&self) {
        self.inner.agents.clear();
        self.inner.keys.clear();
    }

    /// Finishes what was begun and closes the connections. Other clones of the vault fail from then on.
    pub async fn close(self) {
        self.inner.store.close().await;
    }

    async fn create_missing(
        &self,
        mut handles: Vec<Option<AgentHandle>>,
        wanted: &[Wanted],
        period: Period,
    ) -> Result<Vec<Option<AgentHandle>>, VaultError> {
        let missing: Vec<_> = (0..handles.len()).filter(|index| handles[*index].is_none()).collect();
        self.count_resolved("database", handles.len() - missing.len());
        if missing.is_empty() {
            return Ok(handles);
        }
        self.count_resolved("created", missing.len());
        let wanted = missing.iter().map(|index| wanted[*index]).collect();
        let created = creation::request(&self.creations, wanted, period).await?;
        for (index, handle) in missing.into_iter().zip(created) {
            handles[index] = handle;
        }
        Ok(handles)
    }

    fn count_resolved(&self, found: &str, count: usize) {
        self.inner.metrics.resolved.with_label_values(&[found]).inc_by(count as u64);
    }
}

fn handle(
    agent: AgentId,
    period: Period,
    keys: &HashMap<(AgentId, Period), Arc<Secret>>,
) -> Option<AgentHandle> {
    keys.get(&(agent, period)).map(|key| AgentHandle { agent, period, key: key.clone() })
}
