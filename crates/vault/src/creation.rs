//! Making agents and keys: one task takes all requests that wait and commits them together.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::crypto::{self, Secret};
use crate::identifier::{self, Digested};
use crate::inner::{Inner, identifier_context, key_context};
use crate::store::{self, AgentRow, KeyRow};
use crate::{AgentHandle, AgentId, Period, VaultError};

/// Requests that share one commit, at most.
const BATCH: usize = 256;

/// Whom a key is wanted for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted {
    /// Whoever is behind an identifier as it is compared, or else as it is spelled; made for the first if missing.
    Identifier(Digested, Option<Digested>),
    /// An agent, if it lives.
    Agent(AgentId),
}

/// A request that waits for its commit.
pub(crate) struct Job {
    wanted: Vec<Wanted>,
    period: Period,
    reply: oneshot::Sender<Result<Vec<Option<AgentHandle>>, VaultError>>,
}

/// Hands a request to the task, and waits until its agents and keys are on disk.
pub(crate) async fn request(
    queue: &mpsc::Sender<Job>,
    wanted: Vec<Wanted>,
    period: Period,
) -> Result<Vec<Option<AgentHandle>>, VaultError> {
    let stopped = || VaultError::Stopped("the task that makes keys has ended".into());
    let (reply, answer) = oneshot::channel();
    queue.send(Job { wanted, period, reply }).await.map_err(|_| stopped())?;
    answer.await.map_err(|_| stopped())?
}

/// The task. Ends when the last clone of the vault is dropped.
pub(crate) async fn run(inner: Arc<Inner>, mut queue: mpsc::Receiver<Job>) {
    let mut jobs = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut jobs, BATCH).await > 0 {
        inner.metrics.commit_requests.observe(jobs.len() as f64);
        let made = commit(&inner, &jobs).await;
        for job in jobs.drain(..) {
            let answer = made.as_ref().map(|made| made.answer(&job)).map_err(Clone::clone);
            // A caller that has gone away needs no answer.
            let _ = job.reply.send(answer);
        }
    }
}

/// Everything the requests of one commit asked for.
struct Made {
    agents: HashMap<Digested, AgentId>,
    keys: HashMap<(AgentId, Period), Arc<Secret>>,
}

impl Made {
    fn answer(&self, job: &Job) -> Vec<Option<AgentHandle>> {
        let handle = |wanted: &Wanted| {
            let agent = match wanted {
                Wanted::Identifier(compared, spelled) => known(&self.agents, compared, spelled.as_ref())?,
                Wanted::Agent(agent) => *agent,
            };
            let key = self.keys.get(&(agent, job.period))?.clone();
            Some(AgentHandle { agent, period: job.period, key })
        };
        job.wanted.iter().map(handle).collect()
    }
}

async fn commit(inner: &Inner, jobs: &[Job]) -> Result<Made, VaultError> {
    let epochs = inner.epochs();
    let (mut transaction, number) = inner.store.begin().await?;
    let generation = inner.generation(number).await?;

    // Sorted, so that lists of rows are the same for the same requests.
    let digests: BTreeSet<Digested> = wanted(jobs)
        .flat_map(|(wanted, _)| match wanted {
            Wanted::Identifier(compared, spelled) => [Some(compared), spelled],
            Wanted::Agent(_) => [None, None],
        })
        .flatten()
        .collect();
    let by_hash: BTreeMap<_, _> =
        digests.iter().map(|digest| (identifier::lookup(&generation.lookup, digest), *digest)).collect();
    let hashes: Vec<_> = by_hash.keys().copied().collect();
    let found = store::find_agents(transaction.tx(), &hashes).await?;
    let mut agents: HashMap<_, _> = found.into_iter().map(|(hash, agent)| (by_hash[&hash], agent)).collect();
    let mut new_agents = Vec::new();
    // Whom a spelling alone leads to is nobody new.
    let new: BTreeSet<Digested> = wanted(jobs)
        .filter_map(|(wanted, _)| match wanted {
            Wanted::Identifier(compared, spelled) => {
                known(&agents, &compared, spelled.as_ref()).is_none().then_some(compared)
            }
            Wanted::Agent(_) => None,
        })
        .collect();
    for (lookup, digest) in by_hash.iter().filter(|(_, digest)| new.contains(digest)) {
        let agent = AgentId(crypto::random()?);
        let context = identifier_context(&inner.instance, number, agent);
        let identifier = crypto::wrap(&generation.kek, crypto::random()?, &context, &digest.0);
        new_agents.push(AgentRow { agent, lookup: *lookup, generation: number, identifier });
        agents.insert(*digest, agent);
    }
    store::insert_agents(transaction.tx(), &new_agents).await?;

    let named: BTreeSet<AgentId> = wanted(jobs)
        .filter_map(|(wanted, _)| match wanted {
            Wanted::Identifier(..) => None,
            Wanted::Agent(agent) => Some(agent),
        })
        .collect();
    let named: Vec<_> = named.into_iter().collect();
    let living: BTreeSet<_> = store::living(transaction.tx(), &named).await?.into_iter().collect();
    let pairs: BTreeSet<(AgentId, Period)> = wanted(jobs)
        .filter_map(|(wanted, period)| match wanted {
            Wanted::Identifier(compared, spelled) => {
                Some((known(&agents, &compared, spelled.as_ref())?, period))
            }
            Wanted::Agent(agent) => living.contains(&agent).then_some((agent, period)),
        })
        .collect();
    let pairs: Vec<_> = pairs.into_iter().collect();
    let rows = store::load_keys(transaction.tx(), &pairs).await?;
    let mut keys: HashMap<_, _> = inner.unwrap_all(&rows).await?.into_iter().collect();
    let mut new_keys = Vec::new();
    for (agent, period) in pairs {
        if let Entry::Vacant(vacant) = keys.entry((agent, period)) {
            let key = Secret::random()?;
            let context = key_context(&inner.instance, number, agent, period);
            let wrapped = crypto::wrap(&generation.kek, crypto::random()?, &context, key.expose());
            new_keys.push(KeyRow { agent, period, generation: number, wrapped });
            vacant.insert(Arc::new(key));
        }
    }
    store::insert_keys(transaction.tx(), &new_keys).await?;
    transaction.commit().await?;

    inner.metrics.created_agents.inc_by(new_agents.len() as u64);
    inner.metrics.created_keys.inc_by(new_keys.len() as u64);
    let remembered = agents.iter().map(|(digest, agent)| (*digest, *agent));
    inner.remember(epochs, remembered, keys.iter().map(|(pair, key)| (*pair, key.clone())));
    Ok(Made { agents, keys })
}

/// Whom an identifier leads to.
fn known(
    agents: &HashMap<Digested, AgentId>,
    compared: &Digested,
    spelled: Option<&Digested>,
) -> Option<AgentId> {
    agents.get(compared).or_else(|| agents.get(spelled?)).copied()
}

fn wanted(jobs: &[Job]) -> impl Iterator<Item = (Wanted, Period)> {
    jobs.iter().flat_map(|job| job.wanted.iter().map(|wanted| (*wanted, job.period)))
}
