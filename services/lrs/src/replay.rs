//! Kept statements, replayed after their rules were mended, or discarded.
//!
//! A page at a time, in the order in which they came: opened, held against the rules as they are now, stored through
//! the ordinary way in, and then settled by an event in whose transaction their slots are deleted. Killed in between,
//! the next replay finds what was stored to be known.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use domain::Facts;
use domain::events::{KeptDiscardedFacts, KeptReplayedFacts, Settled, StatementRefusedFacts, kind};
use eventlog::clock::Micros;
use eventlog::{Event, Key, Position, Slot};
use uuid::Uuid;
use vault::{Credential, Opened};
use views::kept as index;
use xapi::{Iris, Statement, Version, equal, parse};

use crate::already::{self, unreadable};
use crate::attachments::Contents;
use crate::credentials::CredentialError;
use crate::failure::{self, IngestError};
use crate::ingest::Sender;
use crate::rules::Rules;
use crate::{Lrs, compare, linking, prepare, voiding};

/// Statements that are settled by one event.
const PAGE: u32 = 200;
/// How often a page is begun again because somebody else stored one of its ids, or the log was full.
const ATTEMPTS: usize = 60;

/// What became of kept statements.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Stored; in a trial, would be.
    pub stored: u64,
    /// The same statement was stored already.
    pub known: u64,
    /// Still against the rules; they wait on.
    pub refused: u64,
    /// Another statement is stored under their id; they wait on.
    pub conflict: u64,
    /// Nobody can read them any more: somebody in them was erased.
    pub unreadable: u64,
}

/// A kept statement, opened.
struct Kept {
    position: Position,
    received: Micros,
    version: Version,
    id: Uuid,
    slots: Vec<u16>,
    read: Read,
}

enum Read {
    /// As it is to be stored, with what came for its attachments.
    Statement(Box<Statement>, Contents),
    /// Not a statement by the rules of the standard as this program knows them now.
    Invalid,
    Unreadable,
}

/// A page of kept statements, opened under a fence of the log.
#[derive(Clone, Copy)]
struct Work<'p> {
    credential: &'p Credential,
    rules: &'p Rules,
    page: &'p [Kept],
    trial: bool,
    fence: u64,
}

/// How far a page was come with.
#[derive(PartialEq, Eq)]
enum Ended {
    Done,
    /// Somebody was erased meanwhile: what is left has to be opened again.
    Outdated,
}

impl Lrs {
    /// How much waits for replay, by the ids of credentials.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn kept(&self) -> Result<BTreeMap<Key, index::Waiting>, views::ViewError> {
        index::waiting(self.inner.log.database()).await
    }

    /// Stores what a credential's rules refused and now let in; in a trial only says what would happen. `by` is the
    /// account that asked for it, if one did. May be done again at any time.
    ///
    /// # Errors
    /// [`CredentialError::Unknown`], also for a credential that was revoked; [`CredentialError::Stopped`].
    pub async fn replay_kept(
        &self,
        key: &str,
        trial: bool,
        by: Option<Key>,
    ) -> Result<Replayed, CredentialError> {
        let known = self.inner.vault.credential(key).await?.filter(|known| known.revoked.is_none());
        let credential = known.ok_or(CredentialError::Unknown)?;
        let damaged = |_| CredentialError::Stopped("the credential's rules are damaged".into());
        let rules = self.inner.rules.of(&credential).map_err(damaged)?.unwrap_or_default();
        let _turn = self.inner.replaying.lock().await;
        let (mut replayed, mut after) = (Replayed::default(), Position(0));
        loop {
            let page = index::page(self.inner.log.database(), &credential.id, after, PAGE)
                .await
                .map_err(unreadable)?;
            let Some(last) = page.last() else { return Ok(replayed) };
            let (before, counted) = (std::mem::replace(&mut after, *last), replayed);
            // What is opened under this fence is stored under it or not at all: who is erased meanwhile stays erased.
            let fence = self.inner.log.fence();
            self.inner.vault.at_fence(fence);
            let page = self.opened(&page, rules.iris()).await?;
            let mut settled = HashMap::new();
            let work = Work { credential: &credential, rules: &rules, page: &page, trial, fence };
            let outcome = self.replay_page(&work, &mut settled, &mut replayed).await;
            if !trial && !settled.is_empty() {
                let slots =
                    |kept: &Kept| kept.slots.iter().map(|slot| (kept.position, *slot)).collect::<Vec<_>>();
                let slots: Vec<_> =
                    page.iter().filter(|kept| settled.contains_key(&kept.position)).flat_map(slots).collect();
                let settled = page.iter().filter_map(|kept| {
                    Some((kept.position.0, *settled.get(&kept.position)?, kept.received.0))
                });
                let facts = KeptReplayedFacts { credential: credential.id, by, settled: settled.collect() };
                self.settle(&facts, &slots).await?;
            }
            if outcome? == Ended::Outdated {
                // What is left of the page is opened again, and counted then.
                after = before;
                replayed = Replayed { refused: counted.refused, conflict: counted.conflict, ..replayed };
            }
        }
    }

    /// Throws away what is kept of a credential, revoked or not; says how many there were.
    ///
    /// # Errors
    /// [`CredentialError::Unknown`], [`CredentialError::Stopped`].
    pub async fn discard_kept(&self, key: &str, by: Option<Key>) -> Result<u64, CredentialError> {
        let credential = self.inner.vault.credential(key).await?.ok_or(CredentialError::Unknown)?;
        let _turn = self.inner.replaying.lock().await;
        let mut discarded = 0;
        loop {
            let page = index::page(self.inner.log.database(), &credential.id, Position(0), PAGE)
                .await
                .map_err(unreadable)?;
            if page.is_empty() {
                return Ok(discarded);
            }
            let slots: Vec<_> =
                self.slots(&page).await?.into_iter().map(|(at, slot)| (at, slot.number)).collect();
            let positions = page.iter().map(|position| position.0).collect();
            self.settle(&KeptDiscardedFacts { credential: credential.id, by, positions }, &slots).await?;
            discarded += page.len() as u64;
        }
    }

    /// Counts and, unless in a trial, stores. Says of which statements of the page nothing is left to be done, also where
    /// it fails.
    async fn replay_page(
        &self,
        work: &Work<'_>,
        settled: &mut HashMap<Position, Settled>,
        replayed: &mut Replayed,
    ) -> Result<Ended, IngestError> {
        let Work { credential, rules, page, trial, fence } = *work;
        let mut open: Vec<(&Kept, &Statement, &Contents)> = Vec::new();
        let sender = Sender::of(credential);
        let voiding_others: HashSet<Position> = match sender.may_void {
            true => HashSet::new(),
            false => self.voiding_others(page, credential).await?,
        };
        let snapshot = self.inner.municipality.snapshot();
        let links = |statement| linking::links(&snapshot.municipality.surveys, statement);
        for kept in page {
            match &kept.read {
                Read::Statement(statement, _)
                    if rules.broken(statement).is_some()
                        || voiding_others.contains(&kept.position)
                        || links(statement) =>
                {
                    replayed.refused += 1;
                }
                Read::Invalid => replayed.refused += 1,
                Read::Statement(statement, contents) => open.push((kept, statement, contents)),
                Read::Unreadable => drop(settled.insert(kept.position, Settled::Unreadable)),
            }
        }
        replayed.unreadable += settled.len() as u64;
        let mut attempts = 0;
        while attempts < ATTEMPTS {
            let (known, conflicts) = self.known(&open).await?;
            replayed.conflict += conflicts.len() as u64;
            replayed.known += known.len() as u64;
            settled.extend(known.iter().map(|position| (*position, Settled::Known)));
            open.retain(|(kept, ..)| !known.contains(&kept.position) && !conflicts.contains(&kept.position));
            let run = run(&open);
            let Some(((first, ..), rest)) = run.split_first().filter(|_| !trial) else {
                replayed.stored += open.len() as u64;
                return Ok(Ended::Done);
            };
            let statements: Vec<Statement> =
                run.iter().map(|(_, statement, _)| (*statement).clone()).collect();
            // Content that came for one is given to no other.
            let contents = if rest.is_empty() { run[0].2.clone() } else { Contents::default() };
            let stored =
                self.inner.ingest.store_at(fence, &statements, &contents, &[], sender, first.version);
            match stored.await {
                Ok(posted) => {
                    self.count_stored(run.len(), posted.stored);
                    self.inner.uses.replayed(&credential.key, posted.stored, self.inner.clock.now());
                    replayed.stored += run.len() as u64;
                    settled.extend(run.iter().map(|(kept, ..)| (kept.position, Settled::Stored)));
                    let done = run.len();
                    open.drain(..done);
                    if open.is_empty() {
                        return Ok(Ended::Done);
                    }
                }
                Err(IngestError::Outdated) => return Ok(Ended::Outdated),
                Err(_) if self.inner.log.fence() != fence => return Ok(Ended::Outdated),
                // Somebody else stored one of them meanwhile.
                Err(IngestError::Conflict { .. } | IngestError::Repeated { .. }) => attempts += 1,
                Err(IngestError::Full { retry_after }) => {
                    attempts += 1;
                    tokio::time::sleep(Duration::from_secs(retry_after.into())).await;
                }
                Err(error) => return Err(error),
            }
        }
        // What was stored of the page is found to be known the next time.
        Err(IngestError::Unavailable("kept statements kept colliding with other requests".into()))
    }

    /// Which of some statements void what others sent.
    async fn voiding_others(
        &self,
        page: &[Kept],
        credential: &Credential,
    ) -> Result<HashSet<Position>, IngestError> {
        let (positions, statements): (Vec<Position>, Vec<&Statement>) = page
            .iter()
            .filter_map(|kept| match &kept.read {
                Read::Statement(statement, _) => Some((kept.position, &**statement)),
                _ => None,
            })
            .unzip();
        let others = voiding::of_others(&self.inner.log, statements, Some(credential.id)).await;
        Ok(others.map_err(failure::unreadable)?.into_iter().map(|index| positions[index]).collect())
    }

    /// Which of some statements are stored, and of which another is stored under their id.
    async fn known(
        &self,
        open: &[(&Kept, &Statement, &Contents)],
    ) -> Result<(HashSet<Position>, HashSet<Position>), IngestError> {
        let (log, vault) = (&self.inner.log, &self.inner.vault);
        let ids: Vec<Key> = open.iter().map(|(kept, ..)| kept.id.into_bytes()).collect();
        let found = log.find(&ids).await.map_err(failure::unreadable)?;
        let (mut known, mut conflicts) = (HashSet::new(), HashSet::new());
        for version in [Version::V1_0_3, Version::V2_0_0] {
            let of_version = open.iter().zip(&found).filter(|((kept, ..), _)| kept.version == version);
            let (kept, pairs): (Vec<_>, Vec<_>) = of_version
                .filter_map(|((kept, statement, _), at)| Some((kept.position, (*statement, (*at)?))))
                .unzip();
            let same = |sent: &&Statement, stored: &str| equal::same_text(&sent.text, stored, version);
            let same = compare::with_stored(log, vault, &pairs, same).await?;
            for (position, same) in kept.into_iter().zip(same) {
                if same {
                    known.insert(position)
                } else {
                    conflicts.insert(position)
                };
            }
        }
        Ok((known, conflicts))
    }

    async fn slots(&self, positions: &[Position]) -> Result<Vec<(Position, Slot)>, IngestError> {
        let wanted: Vec<_> = positions.iter().map(|position| (*position, 0..=u16::MAX)).collect();
        self.inner.log.read_slots(&wanted).await.map_err(failure::unreadable)
    }

    /// Opens kept statements; reads them as rules say now.
    async fn opened(&self, positions: &[Position], iris: Iris) -> Result<Vec<Kept>, IngestError> {
        let (log, vault) = (&self.inner.log, &self.inner.vault);
        vault.at_fence(log.fence());
        let events = log.read_events_at(positions).await.map_err(failure::unreadable)?;
        let mut slots: HashMap<Position, Vec<Slot>> = HashMap::new();
        for (position, slot) in self.slots(positions).await? {
            slots.entry(position).or_default().push(slot);
        }
        let mut page = Vec::with_capacity(events.len());
        for event in events {
            let facts = StatementRefusedFacts::decode(event.schema, &event.facts)
                .map_err(|error| IngestError::Internal(error.to_string()))?;
            let slots = slots.remove(&event.position).unwrap_or_default();
            let version = if facts.xapi_version == 1 { Version::V1_0_3 } else { Version::V2_0_0 };
            let id = Uuid::from_bytes(facts.id);
            let read = match self.plain(&event, &facts, &slots).await? {
                Some((text, contents)) => self.statement(&text, id, (version, iris), event.stored, contents),
                None => Read::Unreadable,
            };
            page.push(Kept {
                position: event.position,
                received: event.stored,
                version,
                id,
                slots: slots.iter().map(|slot| slot.number).collect(),
                read,
            });
            tokio::task::yield_now().await;
        }
        Ok(page)
    }

    /// The text of a kept statement as it came, and the content of its attachments; none where anything of it cannot be
    /// opened, or was deleted.
    async fn plain(
        &self,
        event: &Event,
        facts: &StatementRefusedFacts,
        slots: &[Slot],
    ) -> Result<Option<(String, Contents)>, IngestError> {
        let vault = &self.inner.vault;
        let (kind, event) = (kind::STATEMENT_REFUSED, event.id);
        let whole = (0..).zip(slots).all(|(number, slot)| slot.number == number);
        let first = facts.attachments_from.map_or(slots.len(), usize::from);
        if !whole || slots.is_empty() || slots.len() < first {
            return Ok(None);
        }
        let (text, attached) = slots.split_at(first);
        let opened = already::texts(vault, &[(event, text)]).await?;
        let Some(text) = opened.into_iter().next().flatten() else { return Ok(None) };
        let mut contents = Contents::default();
        for opened in vault.open_slots(kind, event, attached).await.map_err(failure::vault_failed)? {
            let Opened::Plain(plain) = opened else { return Ok(None) };
            if !contents.add_opened(plain) {
                return Err(IngestError::Internal("a kept attachment is damaged".into()));
            }
        }
        Ok(Some((text, contents)))
    }

    /// A kept statement as it is to be stored. Where it came without a timestamp that of its receipt is set, as it would
    /// have been had it been let in (1.0.3 Data 2.4.7).
    fn statement(
        &self,
        text: &str,
        id: Uuid,
        (version, iris): (Version, Iris),
        received: Micros,
        contents: Contents,
    ) -> Read {
        let limits = xapi::Limits { bytes: usize::MAX, iris, ..xapi::Limits::default() };
        let read = |text: &str| parse::statement(text.as_bytes(), version, &limits).ok();
        let Some(mut statement) = read(text) else { return Read::Invalid };
        if statement.timestamp.is_none()
            && let Some(rest) = text.trim_start().strip_prefix('{')
        {
            let at = xapi::time::format_timestamp(received.0);
            match read(&format!("{{\"timestamp\":\"{at}\",{rest}")) {
                Some(timed) => statement = timed,
                None => return Read::Invalid,
            }
        }
        statement.id = Some(id);
        Read::Statement(Box::new(statement), contents)
    }

    /// Appends the event that says what became of kept statements, and deletes their slots with it.
    async fn settle<F: Facts>(&self, facts: &F, slots: &[(Position, u16)]) -> Result<(), IngestError> {
        let event = facts.event(prepare::random().map_err(failure::vault_failed)?);
        self.inner.log.delete_slots(slots, event).await.map(drop).map_err(failure::refused)
    }
}

/// The first of some statements, and those after it that can go in with it: of one version, none with attachments.
fn run<'a, 'b>(
    open: &'a [(&'b Kept, &'b Statement, &'b Contents)],
) -> &'a [(&'b Kept, &'b Statement, &'b Contents)] {
    let Some((first, _, contents)) = open.first() else { return &[] };
    let alone = |contents: &Contents| !contents.is_empty();
    let like = |(kept, _, contents): &&(&Kept, &Statement, &Contents)| {
        kept.version == first.version && !alone(contents)
    };
    let length = if alone(contents) { 1 } else { open.iter().take_while(like).count() };
    &open[..length]
}

impl From<IngestError> for CredentialError {
    fn from(error: IngestError) -> Self {
        Self::Stopped(error.to_string())
    }
}
