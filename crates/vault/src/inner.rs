//! What all clones of a vault share: connections, the keyring, and the agents and keys in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use eventlog::clock::SharedClock;

use crate::VaultError;
use crate::agent::{AgentHandle, AgentId, Period};
use crate::blocking::blocking;
use crate::cache::Cache;
use crate::crypto::{self, Secret};
use crate::identifier::{self, Digested};
use crate::keyring::{Generation, KeyFiles, Keyring};
use crate::metrics::Metrics;
use crate::secrets::SecretsCache;
use crate::store::{self, KeyRow, Reading, Store};

/// How often a read is tried again when a ratchet on another node came between its steps.
const ATTEMPTS: usize = 4;

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) files: Arc<KeyFiles>,
    pub(crate) instance: [u8; 16],
    pub(crate) clock: SharedClock,
    pub(crate) metrics: Metrics,
    pub(crate) secrets: SecretsCache,
    pub(crate) fence: Mutex<u64>,
    pub(crate) keyring: RwLock<Arc<Keyring>>,
    pub(crate) agents: Cache<Digested, AgentId>,
    pub(crate) keys: Cache<(AgentId, Period), Arc<Secret>>,
}

impl Inner {
    /// The keyring in memory.
    pub(crate) fn keyring(&self) -> Arc<Keyring> {
        self.keyring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_keyring(&self, keyring: Keyring) {
        *self.keyring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keyring);
    }

    /// The keys of a generation, read from the file again where another node made it.
    pub(crate) async fn generation(&self, number: u32) -> Result<Arc<Generation>, VaultError> {
        if let Some(keys) = self.keyring().generations.get(&number) {
            return Ok(keys.clone());
        }
        let files = self.files.clone();
        self.set_keyring(blocking(move || files.read()).await?);
        self.keyring().generations.get(&number).cloned().ok_or(VaultError::UnknownGeneration(number))
    }

    /// The generation that all rows are under now, with its keys.
    pub(crate) async fn in_force(&self, reading: &mut Reading) -> Result<(u32, Arc<Generation>), VaultError> {
        let mut number = store::generation(reading.tx()).await?;
        loop {
            let unknown = match self.generation(number).await {
                Ok(keys) => return Ok((number, keys)),
                Err(error) => error,
            };
            let now = store::generation(reading.tx()).await?;
            if now == number {
                return Err(unknown);
            }
            // Another node turned the ratchet, and took the old keys away, between the two.
            number = now;
        }
    }

    pub(crate) fn epochs(&self) -> (u64, u64) {
        (self.agents.epoch(), self.keys.epoch())
    }

    /// Keeps what a commit made or found in memory, unless the caches were dropped since `epochs`.
    pub(crate) fn remember(
        &self,
        epochs: (u64, u64),
        agents: impl Iterator<Item = (Digested, AgentId)>,
        keys: impl Iterator<Item = ((AgentId, Period), Arc<Secret>)>,
    ) {
        self.agents.insert_all(epochs.0, agents);
        self.keys.insert_all(epochs.1, keys);
    }

    /// Handles that need nothing but memory.
    pub(crate) fn cached(&self, digests: &[Digested], period: Period) -> Vec<Option<AgentHandle>> {
        let agents = self.agents.get_all(digests.iter());
        let pairs: Vec<_> = agents.iter().map(|agent| (agent.unwrap_or(AgentId([0; 16])), period)).collect();
        let keys = self.keys.get_all(pairs.iter());
        let handle = |(agent, key): (Option<AgentId>, Option<Arc<Secret>>)| {
            Some(AgentHandle { agent: agent?, period, key: key? })
        };
        agents.into_iter().zip(keys).map(handle).collect()
    }

    /// Agents by digest, from memory or the database.
    pub(crate) async fn find(&self, digests: &[Digested]) -> Result<Vec<Option<AgentId>>, VaultError> {
        let epoch = self.agents.epoch();
        let mut agents = self.agents.get_all(digests.iter());
        if agents.iter().all(Option::is_some) {
            return Ok(agents);
        }
        let mut reading = self.store.read().await?;
        let (mut number, mut generation) = self.in_force(&mut reading).await?;
        for _ in 0..ATTEMPTS {
            let hashes: HashMap<_, _> = digests
                .iter()
                .zip(&agents)
                .filter(|(_, agent)| agent.is_none())
                .map(|(digest, _)| (identifier::lookup(&generation.lookup, digest), *digest))
                .collect();
            let wanted: Vec<_> = hashes.keys().copied().collect();
            let found = store::find_agents(reading.tx(), &wanted).await?;
            let found: HashMap<Digested, AgentId> =
                found.iter().map(|(hash, agent)| (hashes[hash], *agent)).collect();
            if found.len() < hashes.len() {
                // Not found may only mean that all rows were rehashed in between.
                let (now, keys) = self.in_force(&mut reading).await?;
                if now != number {
                    (number, generation) = (now, keys);
                    continue;
                }
            }
            self.agents.insert_all(epoch, found.iter().map(|(digest, agent)| (*digest, *agent)));
            for (digest, agent) in digests.iter().zip(&mut agents) {
                *agent = agent.or_else(|| found.get(digest).copied());
            }
            return Ok(agents);
        }
        Err(VaultError::UnknownGeneration(number))
    }

    /// Those of the keys that exist, from memory or the database. Kept in memory unless caches were dropped since
    /// `epoch`, which is to be read before whatever the wanted pairs follow from.
    pub(crate) async fn load(
        &self,
        wanted: &[(AgentId, Period)],
        epoch: u64,
    ) -> Result<HashMap<(AgentId, Period), Arc<Secret>>, VaultError> {
        let cached = self.keys.get_all(wanted.iter());
        let mut keys: HashMap<_, _> =
            wanted.iter().zip(cached).filter_map(|(pair, key)| Some((*pair, key?))).collect();
        let mut missing: Vec<_> = wanted.iter().filter(|pair| !keys.contains_key(pair)).copied().collect();
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            return Ok(keys);
        }
        let mut reading = self.store.read().await?;
        let mut unknown = 0;
        for _ in 0..ATTEMPTS {
            let rows = store::load_keys(reading.tx(), &missing).await?;
            match self.unwrap_all(&rows).await {
                // The rows were rewrapped after they were read.
                Err(VaultError::UnknownGeneration(number)) => unknown = number,
                Err(error) => return Err(error),
                Ok(unwrapped) => {
                    self.keys.insert_all(epoch, unwrapped.iter().map(|(pair, key)| (*pair, key.clone())));
                    keys.extend(unwrapped);
                    return Ok(keys);
                }
            }
        }
        Err(VaultError::UnknownGeneration(unknown))
    }

    /// Opens wrapped keys.
    pub(crate) async fn unwrap_all(
        &self,
        rows: &[KeyRow],
    ) -> Result<Vec<((AgentId, Period), Arc<Secret>)>, VaultError> {
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows {
            let generation = self.generation(row.generation).await?;
            let context = key_context(&self.instance, row.generation, row.agent, row.period);
            let key = crypto::unwrap(&generation.kek, &context, &row.wrapped).ok_or_else(|| {
                VaultError::damaged(
                    format!("a key of agent {}", row.agent),
                    "it does not unwrap in this place",
                )
            })?;
            keys.push(((row.agent, row.period), Arc::new(key)));
        }
        Ok(keys)
    }
}

/// The key of a retention class, from the keyring's key for all of them.
pub(crate) fn class_key(root: &Secret, class: u16) -> Secret {
    crypto::expand(root, &[b"larka class 1", &class.to_be_bytes()])
}

/// What a wrapped key is bound to.
pub(crate) fn key_context(instance: &[u8; 16], generation: u32, agent: AgentId, period: Period) -> Vec<u8> {
    let (generation, period) = (generation.to_be_bytes(), period.0.to_be_bytes());
    [b"larka agent key 1".as_slice(), instance, &generation, &agent.0, &period].concat()
}

/// What the wrapped digest of an agent's identifier is bound to.
pub(crate) fn identifier_context(instance: &[u8; 16], generation: u32, agent: AgentId) -> Vec<u8> {
    [b"larka identifier of 1".as_slice(), instance, &generation.to_be_bytes(), &agent.0].concat()
}
