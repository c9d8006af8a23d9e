//! Forgetting a person: the keys are destroyed, and the log says that they were.

use domain::Facts as _;
use domain::events::{AgentErasedFacts, kind};
use eventlog::clock::Micros;
use eventlog::{Append, AppendError, Event, Position};
use vault::{AgentId, VaultError};
use xapi::{Invalid, parse};

use crate::{Lrs, prepare};

/// Events that are read at a time.
const PAGE: usize = 500;

/// What was done, for whoever asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The pseudonym, which statements carry from now on in place of the person.
    pub agent: AgentId,
    /// All pseudonyms of the person, that one first.
    pub agents: Vec<AgentId>,
    /// How many keys were destroyed, one for each quarter in which something was received.
    pub keys: u64,
    /// The event that says so.
    pub position: Position,
    /// When that was.
    pub at: Micros,
}

/// Why nobody was erased, or not completely.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EraseError {
    /// Not an identified agent.
    #[error("expected an agent as JSON with one identifier: {0}")]
    Invalid(#[from] Invalid),
    /// Nobody is known by this identifier; also where the person was erased before.
    #[error("nobody is known by this identifier")]
    Unknown,
    /// The vault failed; erasing again is safe.
    #[error("the keys could not be destroyed: {0}")]
    Vault(#[from] VaultError),
    /// The log cannot be read; erasing again is safe.
    #[error("the log cannot be read: {0}")]
    Log(String),
    /// The keys are destroyed, but the log could not take the event.
    #[error("the keys of agents {agents:?} are destroyed, but the log has not taken it down: {reason}")]
    NotLogged {
        /// The pseudonyms; hand them to [`Lrs::record_erasure`] once the log takes events again.
        agents: Vec<AgentId>,
        /// What the log said.
        reason: AppendError,
    },
}

impl Lrs {
    /// Erases whoever is behind an agent's JSON (`{"mbox": "mailto:…"}`): destroys the keys, appends the event that
    /// says so and raises the log's fence, so that whatever is being sealed for the person is sealed anew, for a
    /// new pseudonym.
    ///
    /// # Errors
    /// [`EraseError`], each.
    pub async fn erase(&self, agent: &str) -> Result<Receipt, EraseError> {
        let agents = match self.agents_of(agent).await {
            Err(EraseError::Unknown) => return self.finish(agent).await,
            agents => agents?,
        };
        let erasure = self.inner.vault.erase(&agents).await?;
        let receipt = self.record_erasure(agents).await?;
        Ok(Receipt { keys: erasure.keys, ..receipt })
    }

    /// Erases as [`Lrs::erase`] does whoever was found by this agent's JSON when an erasure began that was cut short; what of it
    /// was done is not done again.
    async fn finish(&self, agent: &str) -> Result<Receipt, EraseError> {
        let agents = self.inner.vault.under_way(&parse::agent(agent)?).await?;
        if agents.is_empty() {
            return Err(EraseError::Unknown);
        }
        let erasure = self.inner.vault.erase(&agents).await?;
        match self.erased_at(&agents).await? {
            Some((position, at)) => {
                let agent = agents.first().copied().unwrap_or(AgentId([0; 16]));
                Ok(Receipt { agent, agents, keys: erasure.keys, position, at })
            }
            None => Ok(Receipt { keys: erasure.keys, ..self.record_erasure(agents).await? }),
        }
    }

    /// The event that says that all of these agents were erased, if there is one.
    async fn erased_at(&self, agents: &[AgentId]) -> Result<Option<(Position, Micros)>, EraseError> {
        let mut after = Position(0);
        loop {
            let events =
                self.inner.log.read_kinds(&[kind::AGENT_ERASED], after, PAGE).await.map_err(unread)?;
            let Some(last) = events.last() else { return Ok(None) };
            after = last.position;
            let says = |event: &&Event| {
                AgentErasedFacts::decode(event.schema, &event.facts)
                    .is_ok_and(|facts| agents.iter().all(|agent| facts.agents.contains(&agent.0)))
            };
            if let Some(event) = events.iter().find(says) {
                return Ok(Some((event.position, event.stored)));
            }
        }
    }

    /// Brings vault and log to say the same of who was erased: whoever the log says was, has no keys (an older keyring and
    /// vault were brought back), and whoever the vault's journal names, the log says so of (an erasure was cut short). Gives
    /// how many agents the log did not know of. For when an instance is opened.
    ///
    /// # Errors
    /// [`EraseError`]: the vault or the log fails.
    pub async fn finish_erasures(&self) -> Result<usize, EraseError> {
        let municipality = self.inner.municipality.refresh().await.map_err(unread)?;
        let organisation = &municipality.municipality.organisation;
        let logged: Vec<_> = organisation.erased().map(AgentId).collect();
        self.inner.vault.erase_again(&logged).await?;
        let journalled = self.inner.vault.erased().await?;
        let missing: Vec<_> =
            journalled.into_iter().filter(|agent| !organisation.is_erased(agent.0)).collect();
        let count = missing.len();
        if count > 0 {
            self.inner.vault.erase_again(&missing).await?;
            let receipt = self.record_erasure(missing).await?;
            tracing::warn!(
                agents = count,
                position = receipt.position.0,
                "whoever an erasure that was cut short, or the erasure journal, names is erased in this log too; `larka erase` for the same person gives the receipt"
            );
        }
        Ok(count)
    }

    /// All pseudonyms of whoever is behind an agent's JSON, that one first.
    ///
    /// # Errors
    /// [`EraseError`]: it is no agent, nobody is known by it, or the vault fails.
    pub async fn agents_of(&self, agent: &str) -> Result<Vec<AgentId>, EraseError> {
        let agents = self.inner.people.behind(&parse::agent(agent)?).await?;
        if agents.is_empty() { Err(EraseError::Unknown) } else { Ok(agents) }
    }

    /// Appends the event of an erasure of all agents of one person, whose keys are destroyed already.
    ///
    /// # Errors
    /// [`EraseError::NotLogged`].
    pub async fn record_erasure(&self, agents: Vec<AgentId>) -> Result<Receipt, EraseError> {
        let mut ascending: Vec<_> = agents.iter().map(|agent| agent.0).collect();
        ascending.sort_unstable();
        let event = AgentErasedFacts { agents: ascending }.event(prepare::random()?);
        let append = Append { events: vec![event], fence: None, raise_fence: true };
        let appended = self
            .inner
            .log
            .append(append)
            .await
            .map_err(|reason| EraseError::NotLogged { agents: agents.clone(), reason })?;
        self.inner.vault.drop_caches();
        let (position, at) = appended.events.first().copied().unwrap_or_default();
        let agent = agents.first().copied().unwrap_or(AgentId([0; 16]));
        Ok(Receipt { agent, agents, keys: 0, position, at })
    }
}

fn unread(error: impl std::fmt::Display) -> EraseError {
    EraseError::Log(error.to_string())
}
