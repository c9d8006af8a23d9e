//! Who is behind an identifier: all agents that are one.
//!
//! The domain of a mail address knows no case (1.0.3 Data 2.3.1). Where addresses were taken in before that was so, one
//! mailbox in several spellings was several agents; `docs/decisions/0031-one-mailbox-is-one-agent.md` says how they are
//! brought together.

use vault::{AgentId, Vault, VaultError};
use views::municipality::Current;
use xapi::Identifier;

/// Finds people. Cheap to clone.
#[derive(Clone)]
pub(crate) struct People {
    vault: Vault,
    municipality: Current,
}

impl People {
    pub(crate) fn new(vault: Vault, municipality: Current) -> Self {
        Self { vault, municipality }
    }

    /// All agents of whoever is behind an identifier: first the one under which new things are stored. Empty where nobody
    /// is known. Never makes one.
    pub(crate) async fn behind(&self, identifier: &Identifier) -> Result<Vec<AgentId>, VaultError> {
        let asked = std::slice::from_ref(identifier);
        let mut agents: Vec<AgentId> = self.vault.lookup(asked).await?.into_iter().flatten().collect();
        if agents.is_empty() {
            return Ok(agents);
        }
        agents.extend(self.vault.lookup_as_spelled(asked).await?.into_iter().flatten());
        let snapshot = self.municipality.snapshot();
        let organisation = &snapshot.municipality.organisation;
        // The same one comes first by whichever of them that are linked it was looked for.
        let mut agents: Vec<AgentId> =
            agents.iter().flat_map(|agent| organisation.all_of(agent.0)).map(AgentId).collect();
        let mut seen = std::collections::HashSet::new();
        agents.retain(|agent| seen.insert(*agent));
        Ok(agents)
    }

    /// Whether two agents are linked, by whichever identifier they are found.
    pub(crate) fn are_one(&self, one: AgentId, other: AgentId) -> bool {
        self.municipality.snapshot().municipality.organisation.all_of(one.0).contains(&other.0)
    }
}
