//! Whether what the vault holds is what was written: each wrapped key, each way to an agent, each slot of the log. What is damaged
//! is named and takes nothing else with it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::agent::Period;
use crate::body::{self, SealedFor};
use crate::crypto::{self, Secret};
use crate::inner::{Inner, identifier_context, key_context};
use crate::opening::Envelope;
use crate::store::{self, KeyRow};
use crate::{AgentId, Vault, VaultError};

/// How often rows are read again where a ratchet rewraps them meanwhile.
const ATTEMPTS: usize = 4;
/// Rows that are read at a time.
const PAGE: i64 = 2_000;

/// A row of the vault, by its key in its table: it names a pseudonym, and nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// Its agent.
    pub agent: AgentId,
    /// The quarter of a key; none for the row of the agent itself.
    pub period: Option<Period>,
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.period {
            Some(Period(period)) => write!(f, "agent_key {}/{period}", self.agent),
            None => write!(f, "agent {}", self.agent),
        }
    }
}

/// What was found in the vault's rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// How many agents there are.
    pub agents: u64,
    /// How many keys.
    pub keys: u64,
    /// Rows that do not unwrap where they stand.
    pub damaged: Vec<Row>,
}

/// What became of a slot that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// It opens.
    Opens,
    /// These keys are not there: whoever they were of was erased, or the keys were deleted.
    Missing(Vec<Row>),
    /// This key does not unwrap.
    Key(Row),
    /// It is not what was sealed in this place.
    Damaged(&'static str),
}

/// Tries slots, and keeps the keys that it has seen meanwhile.
pub struct Examiner {
    inner: Arc<Inner>,
    /// None where a key does not unwrap.
    keys: HashMap<(AgentId, Period), Option<Arc<Secret>>>,
}

impl std::fmt::Debug for Examiner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Examiner").finish_non_exhaustive()
    }
}

impl Vault {
    /// Unwraps all keys and all ways to agents.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn examine_rows(&self) -> Result<Rows, VaultError> {
        let inner = &self.inner;
        let mut found = Rows::default();
        let mut after = None;
        loop {
            let rows = store::page_keys(inner.store.read().await?.tx(), after, PAGE).await?;
            let Some(last) = rows.last() else { break };
            after = Some((last.agent, last.period));
            found.keys += rows.len() as u64;
            let pairs: Vec<_> = rows.iter().map(|row| (row.agent, row.period)).collect();
            let damaged = inner.unwrapped(&pairs).await?.into_iter().filter(|(_, key)| key.is_none());
            found.damaged.extend(damaged.map(|(pair, _)| row(pair)));
        }
        let mut after = None;
        loop {
            let rows = store::page_agents(inner.store.read().await?.tx(), after, PAGE).await?;
            let Some(last) = rows.last() else { break };
            after = Some(last.agent);
            found.agents += rows.len() as u64;
            for agent in rows {
                // One that a ratchet rewrapped since is under a generation that is gone.
                let Ok(generation) = inner.generation(agent.generation).await else { continue };
                let context = identifier_context(&inner.instance, agent.generation, agent.agent);
                if crypto::unwrap(&generation.kek, &context, &agent.identifier).is_none() {
                    found.damaged.push(Row { agent: agent.agent, period: None });
                }
            }
        }
        found.damaged.sort_unstable();
        Ok(found)
    }

    /// Tries slots, page by page.
    pub fn examiner(&self) -> Examiner {
        Examiner { inner: self.inner.clone(), keys: HashMap::new() }
    }
}

impl Examiner {
    /// Tries the slots of many events; answers in the order of events and slots.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`].
    pub async fn try_all(&mut self, envelopes: &[Envelope<'_>]) -> Result<Vec<Vec<Tried>>, VaultError> {
        let mut wanted = BTreeSet::new();
        let mut headers = Vec::new();
        for envelope in envelopes {
            for slot in envelope.slots {
                let header = body::header(&envelope.binding(slot), slot);
                if let Ok(SealedFor::Agents(agents, period)) = header.as_ref().map(|one| &one.sealed_for) {
                    wanted.extend(agents.iter().map(|agent| (*agent, *period)));
                }
                headers.push(header);
            }
        }
        let new: Vec<_> = wanted.into_iter().filter(|pair| !self.keys.contains_key(pair)).collect();
        self.keys.extend(self.inner.unwrapped(&new).await?);
        let mut headers = headers.into_iter();
        let mut all = Vec::with_capacity(envelopes.len());
        for envelope in envelopes {
            let tried = envelope.slots.iter().zip(headers.by_ref());
            all.push(tried.map(|(slot, header)| self.tried(envelope, slot, header)).collect());
        }
        Ok(all)
    }

    fn tried(
        &self,
        envelope: &Envelope<'_>,
        slot: &eventlog::Slot,
        header: Result<body::Header, VaultError>,
    ) -> Tried {
        let damaged = |error: VaultError| match error {
            VaultError::Damaged { problem, .. } => Tried::Damaged(problem),
            _ => Tried::Damaged("expected a body that this program knows"),
        };
        let header = match header {
            Ok(header) => header,
            Err(error) => return damaged(error),
        };
        let class;
        let mut keys: Vec<&Secret> = Vec::new();
        match &header.sealed_for {
            SealedFor::Class(number) => {
                class = crate::inner::class_key(&self.inner.keyring().class, *number);
                keys.push(&class);
            }
            SealedFor::Agents(agents, period) => {
                let pairs = agents.iter().map(|agent| (*agent, *period));
                let missing: Vec<_> =
                    pairs.clone().filter(|pair| !self.keys.contains_key(pair)).map(row).collect();
                if !missing.is_empty() {
                    return Tried::Missing(missing);
                }
                for pair in pairs {
                    match self.keys.get(&pair) {
                        Some(Some(key)) => keys.push(key),
                        _ => return Tried::Key(row(pair)),
                    }
                }
            }
        }
        match body::open(&self.inner.instance, &envelope.binding(slot), &header, &keys, slot) {
            Ok(_) => Tried::Opens,
            Err(error) => damaged(error),
        }
    }
}

fn row((agent, period): (AgentId, Period)) -> Row {
    Row { agent, period: Some(period) }
}

type Unwrapped = HashMap<(AgentId, Period), Option<Arc<Secret>>>;

impl Inner {
    /// Those of the keys that exist, each by itself: none where it does not unwrap.
    async fn unwrapped(&self, wanted: &[(AgentId, Period)]) -> Result<Unwrapped, VaultError> {
        let mut unknown = 0;
        for _ in 0..ATTEMPTS {
            let rows = store::load_keys(self.store.read().await?.tx(), wanted).await?;
            match self.each(&rows).await {
                Err(VaultError::UnknownGeneration(number)) => unknown = number,
                done => return done,
            }
        }
        Err(VaultError::UnknownGeneration(unknown))
    }

    async fn each(&self, rows: &[KeyRow]) -> Result<Unwrapped, VaultError> {
        let mut unwrapped = HashMap::with_capacity(rows.len());
        for row in rows {
            let generation = self.generation(row.generation).await?;
            let context = key_context(&self.instance, row.generation, row.agent, row.period);
            let key = crypto::unwrap(&generation.kek, &context, &row.wrapped);
            unwrapped.insert((row.agent, row.period), key.map(Arc::new));
        }
        Ok(unwrapped)
    }
}
