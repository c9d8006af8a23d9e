//! Walking the chain.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;

use sha2::{Digest, Sha256};

use crate::anchor::Anchor;
use crate::chunks;
use crate::database::{Database, Transaction};
use crate::event::{Event, Head, Key, Position, Slot};
use crate::hash::{self, Envelope, GENESIS, Hash};
use crate::read;
use crate::rows::Link;
use crate::stores::{self, pick};

/// Events read in one go.
const PAGE: usize = 500;

/// A range of the log that was found whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many events were read.
    pub events: u64,
    /// How many slots were present and had the hash that the chain says.
    pub slots: u64,
    /// How many chunks were present and had the hash that the chain says.
    pub chunks: u64,
    /// How many slots were lawfully deleted.
    pub deleted_slots: u64,
    /// The last position of the range that exists.
    pub through: Position,
    /// The hash there; it covers everything before.
    pub hash: [u8; 32],
}

/// The first place where the log is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the log is broken at position {}: {what}", .position.0)]
pub struct Broken {
    /// Where.
    pub position: Position,
    /// What is wrong there.
    pub what: String,
}

/// Why a range could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The log was changed.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The database failed or cannot be reached.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Walks a range of positions.
pub(crate) async fn verify(
    database: &Database,
    range: RangeInclusive<u64>,
    progress: &mut (dyn FnMut(Position) + Send),
) -> Result<Verified, VerifyError> {
    let first = (*range.start()).max(1);
    let (head, before, beyond) = begin(database, first).await?;
    if *range.end() >= head.position.0
        && let Some(event) = beyond
    {
        return broken(event.position, "an event after the head");
    }
    let mut walk = Walk {
        previous: before.map_or(GENESIS, |(hash, _)| hash),
        stored: before.map_or(i64::MIN, |(_, stored)| stored),
        verified: Verified {
            events: 0,
            slots: 0,
            chunks: 0,
            deleted_slots: 0,
            through: Position(first - 1),
            hash: GENESIS,
        },
        known: HashMap::new(),
    };
    let last = (*range.end()).min(head.position.0);
    while walk.verified.through.0 < last {
        let mut page = Page::read(database, walk.verified.through, last).await?;
        if page.links.is_empty() {
            return broken(Position(walk.verified.through.0 + 1), "the event is missing");
        }
        for link in &page.links {
            walk.step(link, &page)?;
        }
        walk.chunks(&mut page).await?;
        progress(walk.verified.through);
    }
    walk.verified.hash = walk.previous;
    let at_head = walk.verified.through == head.position && last == head.position.0;
    if at_head && (walk.previous != head.hash || (last > 0 && walk.stored != head.stored.0)) {
        return broken(head.position, "the head does not belong to the last event");
    }
    Ok(walk.verified)
}

/// Walks all of a log in as many parts at once as there are processors: each begins at the hash that the part before has to
/// end with.
pub(crate) async fn in_parts(database: &Database, last: Position) -> Result<Verified, VerifyError> {
    let processors = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let size = last.0.div_ceil(processors).max(PAGE as u64);
    let parts: Vec<_> = (0..last.0.max(1))
        .step_by(usize::try_from(size).unwrap_or(usize::MAX))
        .map(|after| {
            let (database, range) = (database.clone(), after + 1..=last.0.min(after + size));
            tokio::spawn(async move { verify(&database, range, &mut |_| {}).await })
        })
        .collect();
    let mut whole: Option<Verified> = None;
    for part in parts {
        let part = part.await.map_err(|error| sqlx::Error::Io(std::io::Error::other(error)))??;
        whole = Some(match whole {
            None => part,
            Some(before) => Verified {
                events: before.events + part.events,
                slots: before.slots + part.slots,
                chunks: before.chunks + part.chunks,
                deleted_slots: before.deleted_slots + part.deleted_slots,
                ..part
            },
        });
    }
    whole.ok_or_else(|| sqlx::Error::RowNotFound.into())
}

/// Holds the log against signed heads, the earliest first.
pub(crate) async fn anchors(database: &Database, anchors: &[Anchor]) -> Result<(), VerifyError> {
    let mut sorted: Vec<&Anchor> = anchors.iter().filter(|anchor| anchor.position.0 > 0).collect();
    sorted.sort_by_key(|anchor| anchor.position);
    for anchor in sorted {
        let at = anchor.position;
        let mut reader = database.reader().await?;
        let links: Vec<Link> = read::links(reader.tx(), Position(at.0 - 1), 1).await?;
        match links.first() {
            Some(link) if link.event.position == at => {
                if link.hash != anchor.hash || link.event.stored != anchor.stored {
                    return broken(at, "not what was signed: the log was rewritten here or before");
                }
            }
            _ => return broken(at, "the event is missing, and a head here was signed"),
        }
    }
    Ok(())
}

fn broken<T>(position: Position, what: &str) -> Result<T, VerifyError> {
    Err(Broken { position, what: what.to_owned() }.into())
}

/// The head, what the first event is chained to, and an event after the head, all in one snapshot.
type Start = (Head, Option<(Hash, i64)>, Option<Event>);

async fn begin(database: &Database, first: u64) -> Result<Start, VerifyError> {
    let mut reader = database.snapshot().await?;
    let (head, _) = stores::head_and_clock(reader.tx()).await?;
    let before = if first > 1 {
        let links: Vec<Link> = read::links(reader.tx(), Position(first - 2), 1).await?;
        match links.into_iter().next() {
            Some(link) if link.event.position.0 == first - 1 => match Hash::try_from(link.hash) {
                Ok(hash) => Some((hash, link.event.stored.0)),
                Err(_) => return broken(Position(first - 1), "its hash has a wrong length"),
            },
            _ => return broken(Position(first - 1), "the event is missing"),
        }
    } else {
        None
    };
    let beyond: Vec<Event> = read::page(reader.tx(), head.position, 1).await?;
    reader.commit().await?;
    Ok((head, before, beyond.into_iter().next()))
}

/// Some events with their slots and what was deleted of them, in one snapshot.
struct Page {
    links: Vec<Link>,
    slots: BTreeMap<(Position, u16), Slot>,
    deletions: HashMap<(Position, u16), Position>,
    /// The sets of chunks that slots name, and the hashes of their chunks.
    sets: BTreeMap<(Position, u16), (Key, Vec<u8>)>,
    /// The snapshot itself: chunks are read one by one.
    reader: Transaction,
}

impl Page {
    async fn read(database: &Database, after: Position, last: u64) -> Result<Self, sqlx::Error> {
        let mut reader = database.snapshot().await?;
        let (first, last) = (Position(after.0 + 1), Position(last.min(after.0 + PAGE as u64)));
        let (links, slots) = match pick!(reader.tx(), links_between(first, last)) {
            // What is stored is of another form: row by row it shows where.
            Err(sqlx::Error::Decode(_)) => {
                let count = usize::try_from(last.0 - after.0).unwrap_or(PAGE);
                let links: Vec<Link> = read::links(reader.tx(), after, count).await?;
                let slots: Vec<(Position, Slot)> = pick!(reader.tx(), slots_between(first, last))?;
                (links, slots)
            }
            read => {
                let read: Vec<(Link, Vec<Slot>)> = read?;
                let (mut links, mut all) = (Vec::with_capacity(read.len()), Vec::with_capacity(read.len()));
                for (link, slots) in read {
                    let position = link.event.position;
                    all.extend(slots.into_iter().map(|slot| (position, slot)));
                    links.push(link);
                }
                (links, all)
            }
        };
        let deletions: Vec<(Position, u16, Position)> = pick!(reader.tx(), deletions_between(first, last))?;
        let sets = chunks::sets_between(reader.tx(), first, last).await?;
        Ok(Self {
            links,
            sets: sets
                .into_iter()
                .map(|(position, slot, set, hashes)| ((position, slot), (set, hashes)))
                .collect(),
            reader,
            slots: slots.into_iter().map(|(position, slot)| ((position, slot.number), slot)).collect(),
            deletions: deletions.into_iter().map(|(position, slot, by)| ((position, slot), by)).collect(),
        })
    }
}

struct Walk {
    previous: Hash,
    stored: i64,
    verified: Verified,
    /// Sets of chunks that were read, and the hashes that they have: several slots may name one.
    known: HashMap<Key, Hash>,
}

impl Page {
    fn hash(&self, position: Position, slot: &Slot) -> Hash {
        match self.sets.get(&(position, slot.number)) {
            Some((set, hashes)) => hash::slot_with_chunks(slot, set, hashes),
            None => hash::slot(slot),
        }
    }
}

impl Walk {
    /// Reads the chunks of the sets that slots of a page name, whose hashes were found to be the chain's.
    async fn chunks(&mut self, page: &mut Page) -> Result<(), VerifyError> {
        let sets = std::mem::take(&mut page.sets);
        for ((position, slot), (set, hashes)) in sets {
            if !page.slots.contains_key(&(position, slot)) {
                continue;
            }
            let whole: Hash = Sha256::digest(&hashes).into();
            if self.known.get(&set) == Some(&whole) {
                continue;
            }
            let named = |number: u32| format!("chunk {number} of slot {slot}");
            let count = u32::try_from(hashes.len() / 32).unwrap_or(u32::MAX);
            for (number, expected) in (0..count).zip(hashes.chunks(32)) {
                match chunks::body(page.reader.tx(), &set, number).await? {
                    None => return broken(position, &format!("{} is missing", named(number))),
                    Some(body) if hash::chunk(&set, number, &body)[..] != *expected => {
                        return broken(position, &format!("{} does not have its hash", named(number)));
                    }
                    Some(_) => self.verified.chunks += 1,
                }
            }
            if chunks::count(page.reader.tx(), &set).await? != u64::from(count) {
                return broken(position, &format!("slot {slot} has a chunk that it does not know"));
            }
            self.known.insert(set, whole);
        }
        Ok(())
    }

    fn step(&mut self, link: &Link, page: &Page) -> Result<(), VerifyError> {
        let event = &link.event;
        let expected = Position(self.verified.through.0 + 1);
        if event.position != expected {
            return broken(expected, "the event is missing");
        }
        if event.stored.0 <= self.stored {
            return broken(expected, "stored does not increase");
        }
        if !link.slot_hashes.len().is_multiple_of(32) {
            return broken(expected, "the list of its slots' hashes has a wrong length");
        }
        let envelope = Envelope {
            id: &event.id,
            kind: &event.kind,
            schema: event.schema,
            credential: event.credential.as_ref(),
            dedupe: event.dedupe.as_ref(),
            stream: event.stream.as_ref().map(|(key, _)| key),
            facts: &event.facts,
        };
        let leaf = hash::leaf(&envelope, &link.slot_hashes);
        let version = event.stream.map_or(0, |(_, version)| version);
        let computed = hash::chain(&self.previous, event.position, event.stored, version, &leaf);
        if computed[..] != link.hash[..] {
            return broken(expected, "the event does not have the hash that the chain gives it");
        }
        self.slots(event.position, &link.slot_hashes, page)?;
        self.previous = computed;
        self.stored = event.stored.0;
        self.verified.through = expected;
        self.verified.events += 1;
        Ok(())
    }

    fn slots(&mut self, position: Position, hashes: &[u8], page: &Page) -> Result<(), VerifyError> {
        let hashes: Vec<&[u8]> = hashes.chunks(32).collect();
        for (number, expected) in (0_u16..).zip(&hashes) {
            let deleted_by = page.deletions.get(&(position, number));
            match (page.slots.get(&(position, number)), deleted_by) {
                (Some(_), Some(_)) => {
                    return broken(position, &format!("slot {number} was deleted and is there again"));
                }
                (Some(slot), None) if page.hash(position, slot)[..] != **expected => {
                    return broken(position, &format!("slot {number} does not have its hash"));
                }
                (Some(_), None) => self.verified.slots += 1,
                (None, Some(by)) if *by > position => self.verified.deleted_slots += 1,
                (None, _) => {
                    return broken(position, &format!("slot {number} is missing, and no event deleted it"));
                }
            }
        }
        let known = u16::try_from(hashes.len()).unwrap_or(u16::MAX);
        if page.slots.range((position, known)..(Position(position.0 + 1), 0)).next().is_some() {
            return broken(position, "a slot that the event does not know");
        }
        Ok(())
    }
}
