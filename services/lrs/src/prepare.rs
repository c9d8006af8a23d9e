//! From statements that were found valid to events: pseudonyms, clear facts, sealed slots. No I/O.

use std::borrow::Cow;
use std::collections::HashMap;

use domain::statement::{Origin, Surroundings, from_statement};
use domain::{Municipality, Untracked};
use eventlog::{Key, NewEvent, Slot};
use uuid::Uuid;
use vault::{AgentHandle, Span, Vault, VaultError};
use xapi::{AgentRole, AgentSpan, Identifier, Statement, Version};

use crate::attachments::{Contents, Unsealed};

/// The format of a statement's facts.
const SCHEMA: u16 = <domain::StatementFacts as domain::Facts>::SCHEMA;
pub(crate) const STATEMENT: &str = domain::events::kind::STATEMENT;

/// What a span's tag says: the shape of the agent that stood there, for whoever has to replace it.
pub(crate) const TAG_AGENT: u8 = 0;
pub(crate) const TAG_GROUP: u8 = 1;

/// Every identified agent of some statements, each once.
pub(crate) fn identifiers<'a>(statements: impl Iterator<Item = &'a Statement>) -> Vec<Identifier> {
    let mut seen = std::collections::HashSet::new();
    let all = statements.flat_map(|statement| &statement.agents).map(|span| &span.identifier);
    all.filter(|identifier| seen.insert(*identifier)).cloned().collect()
}

const UNRESOLVED: VaultError =
    VaultError::Invalid("every agent of a statement is resolved before it is sealed");

/// What statements are prepared with.
pub(crate) struct Preparation<'a> {
    pub(crate) vault: &'a Vault,
    pub(crate) handles: &'a HashMap<Identifier, AgentHandle>,
    pub(crate) municipality: &'a Municipality,
    pub(crate) untracked: &'a Untracked,
    pub(crate) contents: &'a Contents,
    pub(crate) credential: Option<Key>,
    /// Whether it may void what that credential sent alone.
    pub(crate) voids_own: bool,
    pub(crate) version: Version,
}

impl Surroundings for Preparation<'_> {
    fn agent(&self, identifier: &Identifier) -> Option<domain::AgentId> {
        self.handles.get(identifier).map(|handle| handle.agent().0)
    }

    fn is_nobody(&self, identifier: &Identifier) -> bool {
        self.untracked.is_nobody(identifier)
    }

    fn activity_id<'i>(&self, iri: &'i str) -> Cow<'i, str> {
        // Also where it names a person: docs/formats/facts.md says so.
        Cow::Borrowed(iri)
    }

    fn is_survey_item(&self, activity: &str) -> bool {
        self.municipality.surveys.is_item(activity)
    }

    fn is_survey_code(&self, activity: &str, code: &str) -> bool {
        self.municipality.surveys.is_code(activity, code)
    }
}

impl Preparation<'_> {
    /// The event of one statement, and what of its attachments is to be sealed into its last slots.
    pub(crate) fn event(
        &self,
        statement: &Statement,
        id: Uuid,
        origin: Option<Origin>,
    ) -> Result<(NewEvent, Option<Unsealed>), VaultError> {
        let mut facts =
            from_statement(statement, id.into_bytes(), self.version, self).map_err(|_| UNRESOLVED)?;
        facts.origin = origin;
        facts.voids_own = self.voids_own && facts.voids().is_some();
        let event = random()?;
        let (slots, unsealed) = self.sealed(statement, STATEMENT, event)?;
        facts.attachments_from = unsealed.as_ref().map(|unsealed| unsealed.first);
        let event = NewEvent {
            id: event,
            kind: STATEMENT,
            schema: SCHEMA,
            credential: self.credential,
            dedupe: Some(id.into_bytes()),
            stream: None,
            facts: facts.encode(),
            slots,
        };
        Ok((event, unsealed))
    }

    /// A statement's text in the slots of an event of some kind, and what of its attachments is to be sealed after them.
    pub(crate) fn sealed(
        &self,
        statement: &Statement,
        kind: &'static str,
        event: Key,
    ) -> Result<(Vec<Slot>, Option<Unsealed>), VaultError> {
        // The actor's key seals what is left when everybody else's ranges are cut out; an anonymous group's
        // members own it together.
        let actors: Vec<AgentHandle> = match statement.actor() {
            Some(actor) => self.handle(actor).cloned().into_iter().collect(),
            None => {
                let members = statement.agents.iter().filter(|span| span.role == AgentRole::ActorMember);
                members.filter_map(|member| self.handle(member)).cloned().collect()
            }
        };
        let mut handles: Vec<AgentHandle> = Vec::with_capacity(statement.agents.len());
        let mut spans = Vec::with_capacity(statement.agents.len());
        for span in &statement.agents {
            let handle = self.handle(span).ok_or(UNRESOLVED)?;
            handles.push(handle.clone());
            let tag = if span.is_group { TAG_GROUP } else { TAG_AGENT };
            spans.push(Span { range: span.range.clone(), agent: handle.agent(), tag });
        }
        let slots = self.vault.seal_text(kind, event, &statement.text, &spans, &actors, &handles)?;
        let contents = self.contents.for_statement(statement);
        let unsealed = match u16::try_from(slots.len()) {
            _ if contents.is_empty() => None,
            Ok(first) if contents.len() <= usize::from(u16::MAX - first) => {
                Some(Unsealed { kind, contents, owners: handles, first })
            }
            _ => return Err(VaultError::Invalid("an event has at most 65535 slots")),
        };
        Ok((slots, unsealed))
    }

    /// A text in one slot, sealed for everybody in it together: whoever of them is erased takes it along.
    pub(crate) fn sealed_whole(
        &self,
        text: &str,
        people: &[Identifier],
        kind: &'static str,
        event: Key,
    ) -> Result<Vec<Slot>, VaultError> {
        let handles: Option<Vec<AgentHandle>> =
            people.iter().map(|person| self.handles.get(person).cloned()).collect();
        self.vault.seal_text(kind, event, text, &[], &handles.ok_or(UNRESOLVED)?, &[])
    }

    fn handle(&self, span: &AgentSpan) -> Option<&AgentHandle> {
        self.handles.get(&span.identifier)
    }
}

/// Sixteen random bytes.
pub(crate) fn random() -> Result<Key, VaultError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// A random statement id (RFC 4122, version 4).
pub(crate) fn random_id() -> Result<Uuid, VaultError> {
    Ok(uuid::Builder::from_random_bytes(random()?).into_uuid())
}
