//! The way in: from statements that were found valid to positions in the log.
//!
//! Ids are looked up before people are made, or a statement that comes again would bring an erased person back. Where
//! everybody in a request is in the vault's memory nobody is made, and the look-up is left to the log, which refuses
//! ids that it has. What is known already is compared outside the log's lock. Keys may be destroyed between resolving
//! and storing: the log then refuses by its fence, and everything is resolved and sealed again.
//!
//! What asks a database is boxed: most requests ask none, and a future is as large as its largest branch.

use std::collections::HashMap;
use std::sync::Arc;

use domain::Untracked;
use domain::statement::Origin;
use eventlog::clock::SharedClock;
use eventlog::{Append, AppendError, EventLog, Key, Naming, NewEvent, Position, Slot};
use uuid::Uuid;
use vault::{AgentHandle, Credential, Period, Vault};
use views::municipality::Current;
use xapi::{Identifier, Statement, Version, equal};

use crate::attachments::{Contents, Unsealed};
use crate::compare;
use crate::definitions::{Changes, Definitions};
use crate::failure::{IngestError, refused, unreadable, vault_failed};
use crate::linking;
use crate::metrics::Metrics;
use crate::prepare::{self, Preparation};
use crate::voiding;

/// How often a request is begun again because the log or the keys changed under it.
const ATTEMPTS: usize = 8;
/// How often more because another node changed the same activity's definition at once: of those that do one wins.
const COLLISIONS: usize = 200;
/// Statements that are sealed before others get a turn on the same thread: about a millisecond's work.
const BETWEEN_TURNS: usize = 32;
/// Bytes of attachments that are sealed on a thread of their own, for the same reason.
const SEALED_ASIDE: usize = 128 << 10;

/// Stores statements. Cheap to clone.
#[derive(Clone)]
pub struct Ingest {
    log: EventLog,
    vault: Vault,
    pub(crate) municipality: Current,
    pub(crate) untracked: Arc<Untracked>,
    clock: SharedClock,
    definitions: Arc<Definitions>,
}

/// Who sends statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sender {
    /// The credential, their authority.
    pub credential: Option<Key>,
    /// Whether what they say of activities becomes canonical (1.0.3 Communication 4.2, scope `define`).
    pub may_define: bool,
    /// Whether it may void what others sent (scope `statements/void`); its own anyone may.
    pub may_void: bool,
    /// Whether a statement under whose id another is known is passed over, and the rest of its request stored.
    pub pass_conflicts: bool,
}

impl Sender {
    /// The sender behind a credential, whose requests are stored whole or not at all.
    pub(crate) fn of(credential: &Credential) -> Self {
        let may = |wanted| credential.scopes.iter().any(|scope| scope == wanted || scope == "all");
        let (may_define, may_void) = (may("define"), may("statements/void"));
        Self { credential: Some(credential.id), may_define, may_void, pass_conflicts: false }
    }
}

/// What was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The ids of all statements of the request, in its order; those that were known already too.
    pub ids: Vec<Uuid>,
    /// How many were not known.
    pub stored: usize,
    /// Those that were passed over because another statement is known under their id, counted from 0.
    pub conflicts: Vec<usize>,
}

impl Ingest {
    pub(crate) fn new(
        log: EventLog,
        vault: Vault,
        municipality: Current,
        untracked: Untracked,
        clock: SharedClock,
        metrics: &Metrics,
    ) -> Self {
        let lookups = metrics.definition_lookups.clone();
        let definitions = Arc::new(Definitions::new(log.clone(), clock.clone(), lookups));
        Self { log, vault, municipality, untracked: Arc::new(untracked), clock, definitions }
    }

    /// Stores statements, all or none (unless the sender has conflicts passed over), in their order, next to each other. What is known already and the same is
    /// passed over. What they say of activities is merged and stored with them. `version` is the version of the standard by which they came.
    ///
    /// # Errors
    /// Each way in which nothing was stored.
    pub async fn post(
        &self,
        statements: Vec<Statement>,
        sender: Sender,
        version: Version,
    ) -> Result<Posted, IngestError> {
        self.post_with(statements, Contents::default(), sender, version).await
    }

    /// As [`post`](Self::post), with the content of attachments.
    pub(crate) async fn post_with(
        &self,
        statements: Vec<Statement>,
        contents: Contents,
        sender: Sender,
        version: Version,
    ) -> Result<Posted, IngestError> {
        self.store(statements, contents, &[], sender, version).await
    }

    /// As [`post_with`](Self::post_with), for what was opened under a fence of the log: nothing of it is stored where that
    /// has been raised since, or whoever was erased meanwhile would come back. The events that are `beside` the statements
    /// are stored with them or not at all, also where none of the statements is new.
    ///
    /// # Errors
    /// [`IngestError::Outdated`], and each other way in which nothing was stored.
    pub(crate) async fn store_at(
        &self,
        fence: u64,
        statements: &[Statement],
        contents: &Contents,
        beside: &[NewEvent],
        sender: Sender,
        version: Version,
    ) -> Result<Posted, IngestError> {
        self.store_under(Some((fence, beside)), statements, contents, &[], sender, version).await
    }

    /// As [`post_with`](Self::post_with), with where each of the statements was before; `origins` is empty where none
    /// was anywhere.
    pub(crate) async fn store(
        &self,
        statements: Vec<Statement>,
        contents: Contents,
        origins: &[Origin],
        sender: Sender,
        version: Version,
    ) -> Result<Posted, IngestError> {
        self.store_under(None, &statements, &contents, origins, sender, version).await
    }

    async fn store_under(
        &self,
        opened: Option<(u64, &[NewEvent])>,
        statements: &[Statement],
        contents: &Contents,
        origins: &[Origin],
        sender: Sender,
        version: Version,
    ) -> Result<Posted, IngestError> {
        let (opened_at, beside) = opened.unzip();
        let beside = beside.unwrap_or_default();
        let Identified { ids, mut open, mut conflicts } = identify(statements, version)?;
        pass(&conflicts, sender)?;
        if let Some(statement) = linking::first(&self.municipality, statements) {
            return Err(IngestError::Links { statement });
        }
        let count = open.len();
        let sent = |index: usize| statements[index].id.is_some();
        if !sender.may_void && statements.iter().any(|statement| voiding::target(statement).is_some()) {
            let refused = Box::pin(voiding::refused(&self.log, statements, sender.credential)).await;
            if let Some(statement) = refused.map_err(unreadable)?.filter(|index| open.contains(index)) {
                return Err(IngestError::VoidsOthers { statement });
            }
        }
        let (mut attempt, mut collisions) = (0, 0);
        while attempt < ATTEMPTS && collisions < COLLISIONS {
            // The fence first: a key that dies from here on makes the log refuse.
            let fence = opened_at.unwrap_or_else(|| self.log.fence());
            self.vault.at_fence(fence);
            let people = prepare::identifiers(open.iter().map(|index| &statements[*index]));
            let period = Period::of(self.clock.now());
            let first = attempt + collisions == 0;
            let remembered = if first { self.vault.remembered(&people, period) } else { None };
            if !first || (remembered.is_none() && open.iter().any(|index| sent(*index))) {
                let known = Box::pin(self.known(&ids, &open)).await?;
                let different = Box::pin(self.different(statements, &known, version)).await?;
                pass(&different, sender)?;
                conflicts.extend(different);
                open.retain(|index| known.iter().all(|(known, _)| known != index));
            }
            if open.is_empty() && beside.is_empty() {
                return Ok(Posted { ids, stored: 0, conflicts });
            }
            let handles = match remembered {
                Some(handles) => people.into_iter().zip(handles).collect(),
                None => Box::pin(self.resolve(open.iter().map(|index| &statements[*index]), period)).await?,
            };
            let (mut events, named) =
                self.prepare(statements, contents, origins, &ids, &open, &handles, sender, version).await?;
            let said = match sender.may_define {
                true => self.definitions.unknown(open.iter().map(|index| &statements[*index])),
                false => Vec::new(),
            };
            let _turn = self.definitions.turn(&said).await;
            let changes = match said.is_empty() {
                true => Changes::default(),
                false => Box::pin(self.definitions.changes(&said, sender.credential)).await?,
            };
            events.extend(changes.events.iter().cloned());
            let own = events.len();
            events.extend(beside.iter().cloned());
            let append = Append { events, fence: Some(fence), raise_fence: false };
            match self.log.append_naming(append, named).await {
                Ok(_) => {
                    self.definitions.settle(&changes);
                    return Ok(Posted { stored: open.len(), ids, conflicts });
                }
                Err(AppendError::WrongVersion { index, .. }) if index >= own => {
                    return Err(IngestError::Outdated);
                }
                Err(AppendError::WrongVersion { .. }) => collisions += 1,
                Err(AppendError::Fenced(_)) if opened_at.is_some() => return Err(IngestError::Outdated),
                // A set of chunks that is not staged any more: sent again, it is.
                Err(AppendError::Refused(reason)) if !contents.staged.is_empty() => {
                    return Err(IngestError::Unavailable(reason));
                }
                // Somebody else was faster, or this very request is sent twice at once; or somebody was erased.
                Err(AppendError::Exists(_) | AppendError::Fenced(_)) => attempt += 1,
                Err(error) => return Err(refused(error)),
            }
        }
        Err(IngestError::Unavailable(format!("{count} statements kept colliding with other requests")))
    }

    /// How statements with ids stand beside what is stored under their ids: none where nothing is, else whether it is the
    /// same.
    ///
    /// # Errors
    /// The log or the vault cannot be read.
    pub async fn stand(
        &self,
        statements: &[Statement],
        version: Version,
    ) -> Result<Vec<Option<bool>>, IngestError> {
        let ids: Vec<Uuid> = statements.iter().map(|one| one.id.unwrap_or_default()).collect();
        let all: Vec<usize> = (0..statements.len()).collect();
        let known = self.known(&ids, &all).await?;
        let different = self.different(statements, &known, version).await?;
        let mut stands = vec![None; statements.len()];
        known.iter().for_each(|(index, _)| stands[*index] = Some(true));
        different.iter().for_each(|index| stands[*index] = Some(false));
        Ok(stands)
    }

    /// Which of the open statements are in the log.
    async fn known(&self, ids: &[Uuid], open: &[usize]) -> Result<Vec<(usize, Position)>, IngestError> {
        let keys: Vec<Key> = open.iter().map(|index| ids[*index].into_bytes()).collect();
        let found = self.log.find(&keys).await.map_err(unreadable)?;
        Ok(open.iter().zip(found).filter_map(|(index, position)| Some((*index, position?))).collect())
    }

    /// Those of the known ones that differ from what is stored.
    async fn different(
        &self,
        statements: &[Statement],
        known: &[(usize, Position)],
        version: Version,
    ) -> Result<Vec<usize>, IngestError> {
        let mut different = Vec::new();
        for chunk in known.chunks(BETWEEN_TURNS) {
            let pairs: Vec<_> = chunk.iter().map(|(index, at)| (&statements[*index], *at)).collect();
            let same = |sent: &&Statement, stored: &str| equal::same_text(&sent.text, stored, version);
            let same = compare::with_stored(&self.log, &self.vault, &pairs, same).await?;
            different.extend(chunk.iter().zip(same).filter(|(_, same)| !same).map(|((index, _), _)| *index));
        }
        Ok(different)
    }

    /// Everybody in some statements, with their keys; made where they are missing.
    pub(crate) async fn resolve<'a>(
        &self,
        statements: impl Iterator<Item = &'a Statement>,
        period: Period,
    ) -> Result<HashMap<Identifier, AgentHandle>, IngestError> {
        self.known_as(prepare::identifiers(statements), period).await
    }

    /// Everybody of some people, with their keys; made where they are missing.
    pub(crate) async fn known_as(
        &self,
        people: Vec<Identifier>,
        period: Period,
    ) -> Result<HashMap<Identifier, AgentHandle>, IngestError> {
        let handles = self.vault.resolve(&people, period).await.map_err(vault_failed)?;
        Ok(people.into_iter().zip(handles).collect())
    }

    #[allow(clippy::too_many_arguments, reason = "all of a request")]
    async fn prepare(
        &self,
        statements: &[Statement],
        contents: &Contents,
        origins: &[Origin],
        ids: &[Uuid],
        open: &[usize],
        handles: &HashMap<Identifier, AgentHandle>,
        sender: Sender,
        version: Version,
    ) -> Result<(Vec<NewEvent>, Vec<Naming>), IngestError> {
        let snapshot = self.municipality.snapshot();
        let preparation = Preparation {
            vault: &self.vault,
            handles,
            municipality: &snapshot.municipality,
            untracked: &self.untracked,
            contents,
            credential: sender.credential,
            voids_own: !sender.may_void,
            version,
        };
        let mut events = Vec::with_capacity(open.len());
        let mut named = Vec::new();
        for chunk in open.chunks(BETWEEN_TURNS) {
            for index in chunk {
                let origin = origins.get(*index).copied();
                let prepared = preparation.event(&statements[*index], ids[*index], origin);
                let (mut event, unsealed) = prepared.map_err(vault_failed)?;
                if let Some(unsealed) = unsealed {
                    for (slot, set) in unsealed.named() {
                        let hashes = contents.staged.get(&set).cloned().unwrap_or_default();
                        named.push(Naming { event: events.len(), slot, set, hashes });
                    }
                    event.slots.extend(self.seal(unsealed, event.id).await?);
                }
                events.push(event);
            }
            if events.len() < open.len() {
                tokio::task::yield_now().await;
            }
        }
        Ok((events, named))
    }

    /// Seals the content of a statement's attachments.
    pub(crate) async fn seal(&self, unsealed: Unsealed, event: Key) -> Result<Vec<Slot>, IngestError> {
        if unsealed.bytes() <= SEALED_ASIDE {
            return unsealed.seal(&self.vault, event).map_err(vault_failed);
        }
        let vault = self.vault.clone();
        match tokio::task::spawn_blocking(move || unsealed.seal(&vault, event)).await {
            Ok(sealed) => sealed.map_err(vault_failed),
            Err(error) => Err(IngestError::Internal(error.to_string())),
        }
    }
}

/// The statements of a request by their ids.
struct Identified {
    /// That of each.
    ids: Vec<Uuid>,
    /// Which of them to store: of twins the first.
    open: Vec<usize>,
    /// Which of them differ from one before them that has their id.
    conflicts: Vec<usize>,
}

fn identify(statements: &[Statement], version: Version) -> Result<Identified, IngestError> {
    let mut ids = Vec::with_capacity(statements.len());
    let mut open = Vec::with_capacity(statements.len());
    let mut conflicts = Vec::new();
    let mut first: HashMap<Uuid, usize> = HashMap::new();
    for (index, statement) in statements.iter().enumerate() {
        let id = match statement.id {
            Some(id) => id,
            None => prepare::random_id().map_err(vault_failed)?,
        };
        ids.push(id);
        match first.get(&id) {
            None => {
                first.insert(id, index);
                open.push(index);
            }
            Some(_) if version == Version::V2_0_0 => return Err(IngestError::Repeated { statement: index }),
            Some(twin) if equal::same(&statements[*twin], statement, version) => {}
            Some(_) => conflicts.push(index),
        }
    }
    Ok(Identified { ids, open, conflicts })
}

/// Whether conflicts may be passed over: else the first of them refuses the request.
fn pass(conflicts: &[usize], sender: Sender) -> Result<(), IngestError> {
    match conflicts.first() {
        Some(first) if !sender.pass_conflicts => Err(IngestError::Conflict { statement: *first }),
        _ => Ok(()),
    }
}
