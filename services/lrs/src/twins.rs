//! Bringing together agents of one mailbox in several spellings, made before the case of a mail address's domain did not
//! count. Where an address stands in two spellings only what is sealed says: statements and the roster are opened, one of
//! each agent, and the event that links agents names pseudonyms alone.

use std::collections::HashSet;

use domain::events::{AgentsLinkedFacts, PersonFacts, PersonPersonal};
use domain::{Facts as _, StatementFacts};
use eventlog::{Append, AppendError, Event, Key, Position};
use serde::Serialize;
use vault::{AgentId, Envelope, Opened, Period, Text};
use xapi::{Identifier, parse};

use crate::failure::{self, IngestError};
use crate::prepare::{self, STATEMENT};
use crate::query::QueryFailed;
use crate::{Lrs, reading};

/// Events that are looked at in one stretch.
const PAGE: usize = 1_000;
/// How often a link is begun again because somebody was erased meanwhile.
const ATTEMPTS: usize = 8;

/// What was found, and linked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct BroughtTogether {
    /// Events that were looked at.
    pub events: u64,
    /// Spellings under which an agent was known that is one with another.
    pub linked: u64,
}

/// What is known already while the log is gone through.
#[derive(Default)]
struct Seen {
    /// Agents of whom one address was read.
    agents: HashSet<Key>,
    spellings: HashSet<Identifier>,
}

impl Lrs {
    /// Links the agents of every mailbox that was taken in under several spellings; in a trial only counts them. May be
    /// done again at any time.
    ///
    /// # Errors
    /// The log or the vault fails; doing it again goes on.
    pub async fn bring_together(&self, trial: bool) -> Result<BroughtTogether, IngestError> {
        let log = &self.inner.log;
        let (mut done, mut seen, mut after) = (BroughtTogether::default(), Seen::default(), Position(0));
        let head = log.head().await.map_err(failure::unreadable)?.position;
        loop {
            let page = log.read_kinds(&[STATEMENT, PersonFacts::KIND], after, PAGE).await;
            let page = page.map_err(failure::unreadable)?;
            let Some(last) = page.last().filter(|_| after < head) else {
                self.inner.municipality.refresh().await.map_err(failed)?;
                return Ok(done);
            };
            after = last.position;
            done.events += page.len() as u64;
            for spelling in self.spellings(&page, &mut seen).await? {
                done.linked += u64::from(self.link(&spelling, trial).await?);
            }
        }
    }

    /// Addresses in these events that are not spelled as they are compared, each once.
    async fn spellings(&self, page: &[Event], seen: &mut Seen) -> Result<Vec<Identifier>, IngestError> {
        let (log, vault) = (&self.inner.log, &self.inner.vault);
        vault.at_fence(log.fence());
        let (mut statements, mut persons, mut named) = (Vec::new(), Vec::new(), Vec::new());
        for event in page {
            if event.kind != STATEMENT {
                persons.push(event.position);
                continue;
            }
            let facts = StatementFacts::decode(event.schema, &event.facts).map_err(failed)?;
            let agents: Vec<Key> = facts.agents.into_iter().map(|(_, agent)| agent).collect();
            statements.push((event.position, agents));
        }
        // One of each agent, and where that was no longer to be read, what else there is of it.
        let mut chosen = HashSet::new();
        let (first, rest): (Vec<_>, Vec<_>) = statements.into_iter().partition(|(_, agents)| {
            agents.iter().any(|agent| !seen.agents.contains(agent) && chosen.insert(*agent))
        });
        for mut statements in [first, rest] {
            statements.retain(|(_, agents)| agents.iter().any(|agent| !seen.agents.contains(agent)));
            let positions: Vec<Position> = statements.into_iter().map(|(position, _)| position).collect();
            named.extend(self.named(&positions, seen).await?);
        }
        let described = log.read_with_slots(&persons).await.map_err(failure::unreadable)?;
        let envelopes: Vec<Envelope<'_>> = described
            .iter()
            .map(|one| Envelope { event: one.event.id, kind: PersonFacts::KIND, slots: &one.slots })
            .collect();
        for slots in vault.open_all(&envelopes).await.map_err(failure::vault_failed)? {
            if let Some(Opened::Plain(slot)) = slots.first() {
                named.extend(PersonPersonal::decode(slot).map_err(failed)?.identifiers);
            }
        }
        // Of whom a hash alone was read, an address may come yet.
        let hashes: Vec<Identifier> =
            named.iter().filter(|name| matches!(name, Identifier::MboxSha1sum(_))).cloned().collect();
        for agent in vault.lookup(&hashes).await.map_err(failure::vault_failed)?.into_iter().flatten() {
            seen.agents.remove(&agent.0);
        }
        let new = named.into_iter().filter(|name| name.folded().is_some());
        Ok(new.filter(|name| seen.spellings.insert(name.clone())).collect())
    }

    /// Who is named in statements. Those agents are seen whose identifiers could be read, or never will be.
    async fn named(&self, positions: &[Position], seen: &mut Seen) -> Result<Vec<Identifier>, IngestError> {
        let (log, vault) = (&self.inner.log, &self.inner.vault);
        let limits = xapi::Limits { bytes: usize::MAX, ..xapi::Limits::default() };
        let (mut named, mut unread) = (Vec::new(), Vec::new());
        let read = reading::read(log, vault, "", positions).await;
        for stored in read.map_err(|error| failed(QueryFailed::from(error)))? {
            let agents = stored.facts.agents.iter().map(|(_, agent)| *agent);
            let Text::Plain { text, .. } = &stored.text else {
                unread.extend(agents.map(AgentId));
                continue;
            };
            seen.agents.extend(agents);
            if let Ok(statement) = parse::statement(text.as_bytes(), stored.facts.xapi_version, &limits) {
                named.extend(statement.agents.into_iter().map(|span| span.identifier));
            }
        }
        unread.sort_unstable();
        unread.dedup();
        let alive = vault.is_alive(&unread).await.map_err(failure::vault_failed)?;
        let erased = unread.iter().zip(alive).filter(|(_, alive)| !alive);
        seen.agents.extend(erased.map(|(agent, _)| agent.0));
        Ok(named)
    }

    /// Links the agent that a spelling had with the one that the mailbox has. Says whether there was anything to link.
    async fn link(&self, spelling: &Identifier, trial: bool) -> Result<bool, IngestError> {
        let (log, vault) = (&self.inner.log, &self.inner.vault);
        let (asked, period) = (std::slice::from_ref(spelling), Period::of(self.inner.clock.now()));
        for _ in 0..ATTEMPTS {
            let fence = log.fence();
            vault.at_fence(fence);
            let spelled = vault.lookup_as_spelled(asked).await.map_err(failure::vault_failed)?;
            let Some(spelled) = spelled.into_iter().flatten().next() else { return Ok(false) };
            let snapshot = self.inner.municipality.refresh().await.map_err(failed)?;
            let known = vault.lookup(asked).await.map_err(failure::vault_failed)?;
            let all = known.into_iter().flatten().next().map(|agent| {
                (agent != spelled, snapshot.municipality.organisation.all_of(agent.0).contains(&spelled.0))
            });
            if all == Some((true, true)) {
                return Ok(false);
            }
            if trial {
                return Ok(true);
            }
            let compared = vault.resolve_as_compared(asked, period).await.map_err(failure::vault_failed)?;
            let mut agents: Vec<Key> = compared.into_iter().chain([spelled]).map(|agent| agent.0).collect();
            agents.sort_unstable();
            let id = prepare::random().map_err(failure::vault_failed)?;
            let events = vec![AgentsLinkedFacts { agents }.event(id)];
            match log.append(Append { events, fence: Some(fence), raise_fence: false }).await {
                Ok(_) => return Ok(true),
                Err(AppendError::Fenced(_)) => {}
                Err(error) => return Err(failure::refused(error)),
            }
        }
        Err(IngestError::Unavailable("people were erased meanwhile".into()))
    }
}

fn failed(error: impl std::fmt::Display) -> IngestError {
    IngestError::Unavailable(error.to_string())
}
