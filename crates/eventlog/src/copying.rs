//! Copying the log out of its database while it is appended to: the records after a position, for a backup.
//!
//! A page is read in a snapshot of its own, so that nothing is held up. A slot that is deleted meanwhile is missing where
//! the event that says so may come later than where the copy was to end: then it goes on to that event.

use futures_util::{StreamExt as _, stream};

use crate::chunks;
use crate::database::Database;
use crate::error::LogError;
use crate::event::{Key, Position, Slot};
use crate::log::EventLog;
use crate::rows::Link;
use crate::segment;
use crate::stores::pick;

/// Events read in one go.
const PAGE: u64 = 500;
/// Pages that are read at a time.
const AHEAD: usize = 3;

/// Who takes what is copied.
pub trait Copies: Send {
    /// What may go wrong.
    type Error: From<LogError>;

    /// Takes whole records ([`segment::records`](crate::segment::records)). All events up to `through` have been handed on by then.
    ///
    /// # Errors
    /// As whoever takes them says; then no more come.
    fn take(
        &mut self,
        records: Vec<u8>,
        through: Position,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

impl EventLog {
    /// Hands on the records after a position, up to the head as it is now or a little further; gives where that is. What
    /// was copied then is whole: each slot is in it, or in what was copied earlier, or the event that deleted it is.
    ///
    /// # Errors
    /// The database fails, what is stored is damaged, or whoever takes it says so.
    pub async fn copy_after<C: Copies>(&self, after: Position, copies: &mut C) -> Result<Position, C::Error> {
        let database = self.database();
        let (mut through, mut end) = (after, self.head().await?.position);
        loop {
            let starts = (through.0..end.0).step_by(usize::try_from(PAGE).unwrap_or(usize::MAX));
            let to = end.0;
            let page = |start: u64| {
                let page = Page::read(database.clone(), Position(start), Position(to.min(start + PAGE)));
                async { tokio::spawn(page).await.unwrap_or_else(|error| Err(unexpected(error.to_string()))) }
            };
            let mut pages = stream::iter(starts).map(page).buffered(AHEAD);
            while let Some(page) = pages.next().await {
                let Page { records, last, sets } = page?;
                copies.take(records, last).await?;
                for (set, count) in sets {
                    copy_chunks(database, &set, count, last, copies).await?;
                }
            }
            through = end;
            let deleted = deletions(database, after).await?;
            let copied = deleted.iter().filter(|(position, ..)| *position <= end);
            let last = copied.map(|(.., by)| *by).max().unwrap_or_default();
            if last <= end {
                for some in deleted.chunks(10_000) {
                    let mut records = Vec::new();
                    for (position, slot, by) in some.iter().filter(|(.., by)| *by <= end) {
                        segment::put_deletion(&mut records, *position, *slot, *by);
                    }
                    copies.take(records, end).await?;
                }
                return Ok(end);
            }
            end = last;
        }
    }
}

/// Some events as records, and the sets of chunks that are theirs to bring along, with the number of chunks.
struct Page {
    records: Vec<u8>,
    last: Position,
    sets: Vec<(Key, u32)>,
}

impl Page {
    async fn read(database: Database, after: Position, last: Position) -> Result<Self, LogError> {
        let mut reader = database.snapshot().await?;
        let first = Position(after.0 + 1);
        let count = usize::try_from(last.0 - after.0).unwrap_or(usize::MAX);
        let links: Vec<(Link, Vec<Slot>)> = pick!(reader.tx(), links_between(first, last))?;
        let named = chunks::sets_between(reader.tx(), first, last).await?;
        let mut sets = Vec::new();
        for (position, slot, set, hashes) in &named {
            // Whichever slot names a set first brings its chunks along.
            if chunks::first_naming(reader.tx(), set).await? == Some((*position, *slot)) {
                sets.push((*set, u32::try_from(hashes.len() / 32).unwrap_or(u32::MAX)));
            }
        }
        reader.commit().await?;
        let mut records = Vec::with_capacity(count * 1_024);
        let mut expected = first.0;
        for (Link { event, slot_hashes, hash }, slots) in &links {
            if event.position.0 != expected || hash.len() != 32 {
                return Err(unexpected(format!("position {expected} has no event, or one without its hash")));
            }
            expected += 1;
            segment::put_event(&mut records, event, slot_hashes, hash, slots);
        }
        if expected != last.0 + 1 {
            return Err(unexpected(format!("position {expected} has no event")));
        }
        for (position, slot, set, hashes) in &named {
            segment::put_set(&mut records, *position, *slot, set, hashes);
        }
        Ok(Self { records, last, sets })
    }
}

/// Hands on the chunks of a set one by one, unless no slot names it any more.
async fn copy_chunks<C: Copies>(
    database: &Database,
    set: &Key,
    count: u32,
    last: Position,
    copies: &mut C,
) -> Result<(), C::Error> {
    for number in 0..count {
        let Some(body) = chunks::read(database, set, number).await.map_err(LogError::from)? else {
            let mut reader = database.reader().await.map_err(LogError::from)?;
            if chunks::is_named(reader.tx(), set).await.map_err(LogError::from)? {
                let set = hex::encode(set);
                return Err(unexpected(format!("chunk {number} of the set {set} is missing")).into());
            }
            return Ok(());
        };
        let mut record = Vec::with_capacity(body.len() + 64);
        segment::put_chunk(&mut record, set, number, &body);
        copies.take(record, last).await?;
    }
    Ok(())
}

/// What was deleted by events after a position, in their order.
async fn deletions(database: &Database, after: Position) -> Result<Vec<(Position, u16, Position)>, LogError> {
    let mut reader = database.reader().await?;
    Ok(pick!(reader.tx(), deletions_by(after))?)
}

fn unexpected(what: String) -> LogError {
    LogError::Unexpected(what)
}
