//! Statements that ingest rules refused, and what is no statement by the standard, kept so that nothing is lost where a
//! rule or a tool was wrong.
//!
//! Each is an event of its own, sealed as a statement is (what is none: whole, for everybody in it together), in a stream of its credential and its id, so that what comes
//! twice is kept once. None is a statement of the store: it has no dedupe key and no row in the index. What waits is
//! bounded; what there is no room for is counted and no more.

use std::collections::{HashMap, HashSet};

use domain::Facts as _;
use domain::events::{RuleKind, StatementRefusedFacts, kind};
use eventlog::{Append, AppendError, Expected, Key, NewEvent};
use uuid::Uuid;
use vault::{Credential, Period};
use views::kept as index;
use xapi::parse::NoStatement;
use xapi::{Identifier, Statement, Version, equal};

use crate::already::{self, There, unreadable};
use crate::attachments::Contents;
use crate::failure::{self, IngestError};
use crate::ingest::{Posted, Sender};
use crate::prepare::{self, Preparation};
use crate::rules::Rules;
use crate::{Limits, Lrs, compare, content};

/// How often keeping is begun again because the log or the keys changed under it.
const ATTEMPTS: usize = 8;
/// Bytes of attachments that a statement is kept with; with more it is counted and no more.
const LARGEST_ATTACHMENTS: usize = 1 << 20;
/// Statements that are sealed before others get a turn on the same thread.
const BETWEEN_TURNS: usize = 32;

/// People who are told apart in what is no statement: as many as a slot takes, and then some.
const MOST_PEOPLE: usize = 10_000;

/// What of one request is to be kept.
pub(crate) struct Refused<'a> {
    pub(crate) credential: &'a Credential,
    pub(crate) sent: Vec<Unstored<'a>>,
    pub(crate) contents: &'a Contents,
    pub(crate) version: Version,
}

/// A statement that was not stored, or what is none.
pub(crate) struct Unstored<'a> {
    what: What<'a>,
    rule: Option<RuleKind>,
    /// Where in it, and what was expected there; none where only another one of its request was refused.
    why: Option<(&'a str, &'a str)>,
}

enum What<'a> {
    Statement(&'a Statement),
    Other(&'a NoStatement),
}

/// What was kept, and stored with it.
pub(crate) struct Kept {
    /// The id of each, in the order of the request: its own, or the one it will be stored under.
    pub(crate) ids: Vec<Uuid>,
    /// Those that were passed over, ascending, because something else is stored or kept under their id.
    pub(crate) conflicts: Vec<usize>,
    pub(crate) posted: Posted,
}

/// Why nothing was kept, nor stored with it.
pub(crate) enum Unkept {
    /// Not all of it can be kept.
    NoRoom,
    /// This one, counted among what was to be kept, has an id under which something else is stored or kept.
    Taken(usize),
    /// The log does not take it, or not the statements that were to be stored.
    Failed(IngestError),
}

/// What is to be done with what was refused, under a fence of the log.
struct Plan {
    fence: u64,
    candidates: Vec<Candidate>,
    /// How many could not be kept.
    unkept: usize,
    conflicts: Vec<usize>,
}

/// A statement that is to be kept.
struct Candidate {
    index: usize,
    id: Uuid,
    stream: (Key, Expected),
}

impl<'a> Unstored<'a> {
    /// Of a request that was refused by rules.
    pub(crate) fn against(rules: &Rules, statement: &'a Statement) -> Self {
        let broken = rules.broken(statement);
        Self {
            what: What::Statement(statement),
            rule: broken.as_ref().map(|broken| broken.rule),
            why: broken.map(|broken| (broken.path, broken.expected)),
        }
    }

    /// What is no statement by the standard.
    pub(crate) fn invalid(other: &'a NoStatement) -> Self {
        Self {
            what: What::Other(other),
            rule: None,
            why: Some((other.why.path.as_str(), other.why.expected.as_str())),
        }
    }

    /// Whether it says what this text says that is there.
    fn is_same(&self, there: &str, version: Version) -> bool {
        match self.what {
            What::Statement(statement) => equal::same_text(&statement.text, there, version),
            What::Other(other) => compare::same_json(&other.text, there),
        }
    }

    fn text(&self) -> &'a str {
        match self.what {
            What::Statement(statement) => &statement.text,
            What::Other(other) => &other.text,
        }
    }

    fn id(&self) -> Option<Uuid> {
        match self.what {
            What::Statement(statement) => statement.id,
            What::Other(other) => other.id,
        }
    }

    fn statement(&self) -> Option<&'a Statement> {
        match self.what {
            What::Statement(statement) => Some(statement),
            What::Other(_) => None,
        }
    }

    /// Whether there is somebody whose key can seal it.
    fn is_somebodys(&self) -> bool {
        match self.what {
            What::Statement(_) => true,
            What::Other(other) => (1..=MOST_PEOPLE).contains(&other.people.len()),
        }
    }
}

impl<'a> Refused<'a> {
    fn bytes(&self, index: usize) -> usize {
        match self.sent[index].what {
            What::Statement(statement) => statement.text.len() + self.contents.bytes_for(statement),
            What::Other(other) => other.text.len(),
        }
    }

    fn attached(&self, index: usize) -> usize {
        self.sent[index].statement().map_or(0, |statement| self.contents.bytes_for(statement))
    }

    /// The id of each.
    fn ids(&self) -> Result<Vec<Uuid>, IngestError> {
        let id = |one: &Unstored<'_>| one.id().map_or_else(prepare::random_id, Ok);
        self.sent.iter().map(id).collect::<Result<_, _>>().map_err(failure::vault_failed)
    }

    /// Of twins the first, with its id; and those that differ from the first that has theirs.
    fn named(&self, ids: &[Uuid]) -> (Vec<(usize, Uuid)>, Vec<usize>) {
        let mut first = HashMap::new();
        let (mut named, mut conflicts) = (Vec::with_capacity(ids.len()), Vec::new());
        for (index, id) in ids.iter().enumerate() {
            let twin = *first.entry(*id).or_insert(index);
            if twin == index {
                named.push((index, *id));
            } else if !self.sent[index].is_same(self.sent[twin].text(), self.version) {
                conflicts.push(index);
            }
        }
        (named, conflicts)
    }

    /// Everybody in some of it, each once.
    fn people(&self, candidates: &[Candidate]) -> Vec<Identifier> {
        let sent = || candidates.iter().map(|candidate| &self.sent[candidate.index]);
        let mut people = prepare::identifiers(sent().filter_map(Unstored::statement));
        let mut seen: HashSet<Identifier> = people.iter().cloned().collect();
        for one in sent() {
            if let What::Other(other) = one.what {
                people.extend(other.people.iter().filter(|person| seen.insert((*person).clone())).cloned());
            }
        }
        people
    }

    /// Those for which there is room, in their order.
    fn fitting(
        &self,
        candidates: Vec<Candidate>,
        waiting: index::Waiting,
        limits: &Limits,
    ) -> Vec<Candidate> {
        let mut statements = usize::try_from(waiting.statements).unwrap_or(usize::MAX);
        let mut bytes = usize::try_from(waiting.bytes).unwrap_or(usize::MAX);
        let fits = |candidate: &Candidate| {
            let own = self.bytes(candidate.index);
            let fits = statements < limits.kept
                && bytes.saturating_add(own) <= limits.kept_bytes
                && self.attached(candidate.index) <= LARGEST_ATTACHMENTS
                && self.sent[candidate.index].is_somebodys();
            if fits {
                statements += 1;
                bytes += own;
            }
            fits
        };
        candidates.into_iter().filter(fits).collect()
    }
}

impl Lrs {
    /// Keeps what of a request was refused, each once, as far as there is room and its id is its own. What is stored
    /// already is not kept. On disk when it returns.
    ///
    /// # Errors
    /// Nothing was kept: the request may be sent again.
    pub(crate) async fn keep(&self, refused: &Refused<'_>) -> Result<(), IngestError> {
        let ids = refused.ids()?;
        let request = prepare::random().map_err(failure::vault_failed)?;
        let _turn = self.inner.keeping.lock().await;
        for _ in 0..ATTEMPTS {
            let plan = self.plan(refused, &ids).await?;
            let events = self.events(refused, &plan.candidates, request).await?;
            match self.inner.log.append(Append { events, fence: Some(plan.fence), raise_fence: false }).await
            {
                Ok(_) => {
                    let unkept = plan.unkept + plan.conflicts.len();
                    self.inner.uses.unkept(&refused.credential.key, unkept);
                    return Ok(());
                }
                Err(AppendError::WrongVersion { .. } | AppendError::Fenced(_)) => {}
                Err(error) => return Err(failure::refused(error)),
            }
        }
        Err(colliding())
    }

    /// Keeps what of a request is set apart, all of it or nothing, and stores the rest in the same transaction: what is
    /// sent again after anything else than success finds nothing that was kept of it. Of what has another's id the
    /// sender's rules decide, as they do of statements.
    ///
    /// # Errors
    /// Nothing was kept or stored.
    pub(crate) async fn keep_beside(
        &self,
        refused: &Refused<'_>,
        statements: &[Statement],
        sender: Sender,
    ) -> Result<Kept, Unkept> {
        let ids = refused.ids()?;
        let request = prepare::random().map_err(failure::vault_failed)?;
        let _turn = self.inner.keeping.lock().await;
        for _ in 0..ATTEMPTS {
            let Plan { fence, candidates, unkept, conflicts } = self.plan(refused, &ids).await?;
            if unkept > 0 {
                self.inner.uses.unkept(&refused.credential.key, unkept);
                return Err(Unkept::NoRoom);
            }
            if let Some(first) = conflicts.first().filter(|_| !sender.pass_conflicts) {
                return Err(Unkept::Taken(*first));
            }
            let events = self.events(refused, &candidates, request).await?;
            let contents = Contents::default();
            let stored =
                self.inner.ingest.store_at(fence, statements, &contents, &events, sender, refused.version);
            match Box::pin(stored).await {
                Ok(posted) => return Ok(Kept { ids, conflicts, posted }),
                Err(IngestError::Outdated) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(colliding().into())
    }

    /// What of it to keep. Whoever asks has the turn: else each would take the room that is left for its own.
    async fn plan(&self, refused: &Refused<'_>, ids: &[Uuid]) -> Result<Plan, IngestError> {
        let (log, vault, credential) = (&self.inner.log, &self.inner.vault, refused.credential);
        let fence = log.fence();
        vault.at_fence(fence);
        let (named, mut conflicts) = refused.named(ids);
        let stream = |id: &Key| vault.keyed_hash("kept", &[credential.id, *id].concat());
        let streams: Vec<(Key, Key)> =
            named.iter().map(|(_, id)| id.into_bytes()).map(|id| (id, stream(&id))).collect();
        let same = |place: usize, there: &str| {
            let (index, _) = named[place];
            refused.sent[index].is_same(there, refused.version)
        };
        // Before people are made, or what comes again would bring an erased person back.
        let there = already::under(log, vault, &streams, same).await?;
        let mut candidates = Vec::new();
        for (((index, id), (_, stream)), there) in named.into_iter().zip(streams).zip(there) {
            match there {
                There::Nothing { version } => {
                    candidates.push(Candidate { index, id, stream: (stream, Expected::Version(version)) });
                }
                There::Same => {}
                There::Another => conflicts.push(index),
            }
        }
        conflicts.sort_unstable();
        let new = candidates.len();
        let waiting = index::waiting_of(log.database(), &credential.id).await.map_err(unreadable)?;
        let candidates = refused.fitting(candidates, waiting, &self.inner.limits);
        Ok(Plan { fence, unkept: new - candidates.len(), candidates, conflicts })
    }

    async fn events(
        &self,
        refused: &Refused<'_>,
        candidates: &[Candidate],
        request: Key,
    ) -> Result<Vec<NewEvent>, IngestError> {
        let ingest = &self.inner.ingest;
        let statements =
            || candidates.iter().filter_map(|candidate| refused.sent[candidate.index].statement());
        // What is chosen fits the bound of what is kept; no more than that is taken out of its chunks.
        let contents = content::gathered(&self.inner.log, refused.contents, statements()).await;
        let contents = contents.map_err(|error| IngestError::Unavailable(error.to_string()))?;
        let period = Period::of(self.inner.clock.now());
        let handles = ingest.known_as(refused.people(candidates), period).await?;
        let snapshot = ingest.municipality.snapshot();
        let preparation = Preparation {
            vault: &self.inner.vault,
            handles: &handles,
            municipality: &snapshot.municipality,
            untracked: &ingest.untracked,
            contents: &contents,
            credential: Some(refused.credential.id),
            voids_own: false,
            version: refused.version,
        };
        let mut events = Vec::with_capacity(candidates.len());
        for chunk in candidates.chunks(BETWEEN_TURNS) {
            for candidate in chunk {
                let one = &refused.sent[candidate.index];
                let event = prepare::random().map_err(failure::vault_failed)?;
                let kind = kind::STATEMENT_REFUSED;
                let sealed = match one.what {
                    What::Statement(statement) => preparation.sealed(statement, kind, event),
                    What::Other(other) => preparation
                        .sealed_whole(&other.text, &other.people, kind, event)
                        .map(|slots| (slots, None)),
                };
                let (mut slots, unsealed) = sealed.map_err(failure::vault_failed)?;
                let attachments_from = unsealed.as_ref().map(|unsealed| unsealed.first);
                if let Some(unsealed) = unsealed {
                    slots.extend(ingest.seal(unsealed, event).await?);
                }
                let facts = StatementRefusedFacts {
                    id: candidate.id.into_bytes(),
                    unnamed: one.id().is_none(),
                    rule: one.rule,
                    request,
                    xapi_version: match refused.version {
                        Version::V1_0_3 => 1,
                        Version::V2_0_0 => 2,
                    },
                    attachments_from,
                    bytes: refused.bytes(candidate.index) as u64,
                    path: one.why.map(|(path, _)| path.to_owned()),
                    expected: one.why.map(|(_, expected)| expected.to_owned()),
                };
                events.push(NewEvent {
                    credential: Some(refused.credential.id),
                    stream: Some(candidate.stream),
                    slots,
                    ..facts.event(event)
                });
            }
            tokio::task::yield_now().await;
        }
        Ok(events)
    }
}

fn colliding() -> IngestError {
    IngestError::Unavailable("refused statements kept colliding with other requests".into())
}

impl From<IngestError> for Unkept {
    fn from(error: IngestError) -> Self {
        Self::Failed(error)
    }
}
