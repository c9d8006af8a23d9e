//! Turning the ratchet: new keys over all keys, and the old ones destroyed, so that old copies of the database
//! open nothing.
//!
//! 1. The keyring file gets the next generation beside the one in force.
//! 2. One transaction rewraps all keys, rehashes all lookups, and puts the next generation in force. Reading goes
//!    on meanwhile; making agents and keys waits.
//! 3. The keyring file loses the old generation, and the database's leftovers are cleaned up.
//!
//! After a crash in between, the database says which generation is in force: before the commit of step 2 the next
//! ratchet takes up the generation that was prepared, after it opening the vault does step 3.

use std::sync::Arc;

use crate::blocking::blocking;
use crate::crypto;
use crate::identifier::{self, Digested};
use crate::inner::{Inner, identifier_context, key_context};
use crate::keyring::Generation;
use crate::store::{self, AgentRow, KeyRow};
use crate::{Vault, VaultError};

/// Rows that are rewrapped between two statements.
const PAGE: i64 = 2000;

/// What a turn of the ratchet did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratchet {
    /// The generation in force now.
    pub generation: u32,
    /// Agents that can be found under its lookup key.
    pub agents: u64,
    /// Keys that it wraps.
    pub keys: u64,
}

/// Where a ratchet can be stopped in a test.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RatchetStep {
    /// The keyring holds the next generation; no row is under it.
    Prepared,
    /// All rows are under the next generation; the keyring still holds the old one.
    Rewrapped,
    /// The old generation is gone from the keyring; the database's leftovers are not.
    Destroyed,
}

impl Vault {
    /// Makes a new generation of keys, rewraps what lives, destroys the old generation. Due nightly, and soon after an
    /// erasure: only then are wrapped keys in write-ahead logs, dead rows and old copies of the database worthless.
    ///
    /// Takes some seconds for each hundred thousand keys; resolving people who are known goes on meanwhile.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`], [`VaultError::File`]. Whatever the step, nothing is lost, and calling again or
    /// opening the vault finishes it.
    pub async fn ratchet(&self) -> Result<Ratchet, VaultError> {
        self.ratchet_stopping_after(None).await
    }

    /// [`Vault::ratchet`], ending early as a crash would.
    #[doc(hidden)]
    pub async fn ratchet_stopping_after(&self, stop: Option<RatchetStep>) -> Result<Ratchet, VaultError> {
        let inner = &self.inner;
        let (now, _) = inner.in_force(&mut inner.store.read().await?).await?;
        let files = inner.files.clone();
        let next = now.checked_add(1).ok_or(VaultError::Invalid("there are generations left"))?;
        let keyring = blocking(move || {
            files.change(|generations| {
                let new = !generations.contains_key(&next);
                if new {
                    generations.insert(next, Arc::new(Generation::random()?));
                }
                Ok(new)
            })
        })
        .await?;
        inner.set_keyring(keyring);
        if stop == Some(RatchetStep::Prepared) {
            return Ok(Ratchet { generation: now, agents: 0, keys: 0 });
        }

        let (mut transaction, locked) = inner.store.begin().await?;
        if locked != now {
            // Another node turned it meanwhile, which serves as well; this one forgets the old keys too.
            drop(transaction);
            self.destroy_generations_before(locked).await?;
            return Ok(Ratchet { generation: locked, agents: 0, keys: 0 });
        }
        let (old, new) = (inner.generation(now).await?, inner.generation(next).await?);
        let turn = Turn { inner, old: &old, now, new: &new, next };
        let agents = turn.agents(&mut transaction).await?;
        let keys = turn.keys(&mut transaction).await?;
        store::set_generation(transaction.tx(), next).await?;
        transaction.commit().await?;
        let done = Ratchet { generation: next, agents, keys };
        inner.metrics.generation.set(next.into());
        if stop == Some(RatchetStep::Rewrapped) {
            return Ok(done);
        }

        self.destroy_generations_before(next).await?;
        if stop == Some(RatchetStep::Destroyed) {
            return Ok(done);
        }
        self.forget_under_way().await?;
        if let Err(error) = inner.store.clean_up().await {
            tracing::warn!(%error, "old copies of the vault's rows were not cleaned up; the next ratchet tries again");
        }
        Ok(done)
    }

    /// Takes the generations that no row is under out of the keyring.
    pub(crate) async fn destroy_generations_before(&self, number: u32) -> Result<(), VaultError> {
        let inner = &self.inner;
        if inner.keyring().generations.keys().all(|generation| *generation >= number) {
            return Ok(());
        }
        let files = inner.files.clone();
        let keyring = blocking(move || {
            files.change(|generations| {
                let before = generations.len();
                generations.retain(|generation, _| *generation >= number);
                Ok(generations.len() < before)
            })
        })
        .await?;
        inner.set_keyring(keyring);
        Ok(())
    }
}

/// From one generation to the next.
struct Turn<'a> {
    inner: &'a Inner,
    old: &'a Generation,
    now: u32,
    new: &'a Generation,
    next: u32,
}

impl Turn<'_> {
    async fn agents(&self, transaction: &mut eventlog::Transaction) -> Result<u64, VaultError> {
        let instance = &self.inner.instance;
        let (mut after, mut count) = (None, 0);
        loop {
            let mut rows = store::page_agents(transaction.tx(), after, PAGE).await?;
            let Some(last) = rows.last() else { return Ok(count) };
            after = Some(last.agent);
            for AgentRow { agent, lookup, generation, identifier } in &mut rows {
                let context = identifier_context(instance, self.now, *agent);
                let digest = crypto::unwrap(&self.old.kek, &context, identifier)
                    .filter(|_| *generation == self.now)
                    .ok_or_else(|| not_unwrapped(agent))?;
                let context = identifier_context(instance, self.next, *agent);
                *identifier = crypto::wrap(&self.new.kek, crypto::random()?, &context, digest.expose());
                *lookup = identifier::lookup(&self.new.lookup, &Digested(*digest.expose()));
                *generation = self.next;
            }
            store::update_agents(transaction.tx(), &rows).await?;
            count += rows.len() as u64;
        }
    }

    async fn keys(&self, transaction: &mut eventlog::Transaction) -> Result<u64, VaultError> {
        let instance = &self.inner.instance;
        let (mut after, mut count) = (None, 0);
        loop {
            let mut rows = store::page_keys(transaction.tx(), after, PAGE).await?;
            let Some(last) = rows.last() else { return Ok(count) };
            after = Some((last.agent, last.period));
            for KeyRow { agent, period, generation, wrapped } in &mut rows {
                let context = key_context(instance, self.now, *agent, *period);
                let key = crypto::unwrap(&self.old.kek, &context, wrapped)
                    .filter(|_| *generation == self.now)
                    .ok_or_else(|| not_unwrapped(agent))?;
                let context = key_context(instance, self.next, *agent, *period);
                *wrapped = crypto::wrap(&self.new.kek, crypto::random()?, &context, key.expose());
                *generation = self.next;
            }
            store::update_keys(transaction.tx(), &rows).await?;
            count += rows.len() as u64;
        }
    }
}

fn not_unwrapped(agent: &crate::AgentId) -> VaultError {
    VaultError::damaged(format!("a row of agent {agent}"), "it does not unwrap in this place")
}
