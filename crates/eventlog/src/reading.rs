//! Reading the log.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use crate::clock::Micros;
use crate::database::{Database, Reader};
use crate::error::LogError;
use crate::event::{Event, Key, Position, Slot, WithSlots};
use crate::log::EventLog;
use crate::read::{self, Arrivals};
use crate::rows::Link;
use crate::stores::{self, pick};

impl EventLog {
    /// A connection that only reads, which somebody just used, or one of the pool's.
    ///
    /// # Errors
    /// The database cannot be reached, or all connections are busy for seconds.
    pub async fn reader(&self) -> Result<Reader, sqlx::Error> {
        self.warm().reader(self.database()).await
    }

    /// Gives back a connection on which everything that was asked was answered: the next who asks has it at once. One that
    /// is dropped instead is first made sure of by its pool.
    pub fn keep(&self, reader: Reader) {
        self.warm().keep(reader);
    }

    /// Where the events with these dedupe keys are, in the order asked.
    ///
    /// # Errors
    /// The database fails.
    pub async fn find(&self, keys: &[Key]) -> Result<Vec<Option<Position>>, LogError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut reader = self.database().reader().await?;
        let found = pick!(reader.tx(), find(keys))?;
        let found: HashMap<Key, u64> = found.into_iter().collect();
        Ok(keys.iter().map(|key| found.get(key).copied().map(Position)).collect())
    }

    /// The events after a position, in order, at most `limit`.
    ///
    /// # Errors
    /// The database fails.
    pub async fn read(&self, after: Position, limit: usize) -> Result<Vec<Event>, LogError> {
        let mut reader = self.database().reader().await?;
        Ok(read::page(reader.tx(), after, limit).await?)
    }

    /// The events of some kinds after a position, in order, at most `limit`. Fast for every kind but
    /// `statement`, of which there are too many for an index.
    ///
    /// # Errors
    /// The database fails.
    pub async fn read_kinds(
        &self,
        kinds: &[&str],
        after: Position,
        limit: usize,
    ) -> Result<Vec<Event>, LogError> {
        let mut reader = self.database().reader().await?;
        Ok(pick!(reader.tx(), page_of_kinds(kinds, after, limit))?)
    }

    /// The events at these positions with the slots they still have, in the order asked; positions
    /// where nothing is are passed over.
    ///
    /// # Errors
    /// The database fails.
    pub async fn read_at(&self, positions: &[Position]) -> Result<Vec<(Event, Vec<Slot>)>, LogError> {
        let mut reader = self.database().reader().await?;
        let events: Vec<Event> = pick!(reader.tx(), at(positions))?;
        let mut found: HashMap<Position, (Event, Vec<Slot>)> =
            events.into_iter().map(|event| (event.position, (event, Vec::new()))).collect();
        let slots: Vec<(Position, Slot)> = pick!(reader.tx(), slots_at(positions))?;
        for (position, slot) in slots {
            if let Some((_, slots)) = found.get_mut(&position) {
                slots.push(slot);
            }
        }
        Ok(positions.iter().filter_map(|position| found.remove(position)).collect())
    }

    /// The events at these positions, without their slots, in the order asked; positions where nothing is are
    /// passed over.
    ///
    /// # Errors
    /// The database fails.
    pub async fn read_events_at(&self, positions: &[Position]) -> Result<Vec<Event>, LogError> {
        let mut reader = self.database().reader().await?;
        let events: Vec<Event> = pick!(reader.tx(), at(positions))?;
        let mut found: HashMap<Position, Event> =
            events.into_iter().map(|event| (event.position, event)).collect();
        Ok(positions.iter().filter_map(|position| found.remove(position)).collect())
    }

    /// The events at these positions, each with its small slots, in the order asked; positions where nothing is are
    /// passed over. One query: what is in larger slots is left to [`EventLog::read_slots`].
    ///
    /// # Errors
    /// The database fails.
    pub async fn read_with_slots(&self, positions: &[Position]) -> Result<Vec<WithSlots>, LogError> {
        let mut all = All(HashMap::with_capacity(positions.len()));
        self.each_with_slots(positions, &mut all).await?;
        Ok(positions.iter().filter_map(|position| all.0.remove(position)).collect())
    }

    /// How many events are best read at a stretch, of a page several stretches at once. What comes in pieces is worked on
    /// meanwhile; what comes as one has to be short.
    pub fn share(&self) -> usize {
        match self.database() {
            Database::Sqlite(_) => 25,
            Database::Postgres(_) => 100,
        }
    }

    /// Hands on what [`EventLog::read_with_slots`] gives, in no order, some at a time: while they are worked on, others
    /// are on their way. A connection is lent meanwhile, so no other of the log's may be waited for.
    ///
    /// # Errors
    /// The database fails, or whoever they are handed to.
    pub async fn each_with_slots<A: Arrivals>(
        &self,
        positions: &[Position],
        arrivals: &mut A,
    ) -> Result<(), A::Error> {
        let mut reader = self.reader().await.map_err(LogError::from)?;
        pick!(reader.tx(), each_with_slots(positions, arrivals))?;
        self.keep(reader);
        Ok(())
    }

    /// Some slots of the events at some positions, each with its position, ascending by number within an event. Slots
    /// that were deleted, or never were, are passed over.
    ///
    /// # Errors
    /// The database fails.
    pub async fn read_slots(
        &self,
        wanted: &[(Position, RangeInclusive<u16>)],
    ) -> Result<Vec<(Position, Slot)>, LogError> {
        let mut reader = self.database().reader().await?;
        Ok(pick!(reader.tx(), slots_among(wanted))?)
    }

    /// The version of a stream and the position of its last event.
    ///
    /// # Errors
    /// The database fails.
    pub async fn stream_head(&self, stream: Key) -> Result<Option<(u64, Position)>, LogError> {
        let mut reader = self.database().reader().await?;
        Ok(read::stream_head(reader.tx(), &stream).await?)
    }

    /// The last event of each of these streams, in the order asked; none where a stream has none. One query.
    ///
    /// # Errors
    /// The database fails.
    pub async fn latest(&self, streams: &[Key]) -> Result<Vec<Option<Event>>, LogError> {
        if streams.is_empty() {
            return Ok(Vec::new());
        }
        let mut reader = self.database().reader().await?;
        let events: Vec<Event> = pick!(reader.tx(), latest(streams))?;
        let found: HashMap<Key, Event> =
            events.into_iter().filter_map(|event| Some((event.stream?.0, event))).collect();
        Ok(streams.iter().map(|stream| found.get(stream).cloned()).collect())
    }

    /// The events that stand in these streams as these versions, in the order asked; none where there is none. One
    /// query.
    ///
    /// # Errors
    /// The database fails.
    pub async fn at_versions(&self, wanted: &[(Key, u64)]) -> Result<Vec<Option<Event>>, LogError> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut reader = self.database().reader().await?;
        let events: Vec<Event> = pick!(reader.tx(), at_versions(wanted))?;
        let found: HashMap<(Key, u64), Event> =
            events.into_iter().filter_map(|event| Some((event.stream?, event))).collect();
        Ok(wanted.iter().map(|place| found.get(place).cloned()).collect())
    }

    /// The last event stored at or before an instant; 0 if there is none. `stored` increases with the
    /// position, so this takes some twenty look-ups and no index.
    ///
    /// # Errors
    /// The database fails.
    pub async fn position_at(&self, instant: Micros) -> Result<Position, LogError> {
        let mut reader = self.database().reader().await?;
        let (mut low, mut high) = (0, stores::head_and_clock(reader.tx()).await?.0.position.0);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            let stored: Option<Micros> = read::stored_at(reader.tx(), Position(middle)).await?;
            if stored.is_some_and(|stored| stored <= instant) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Ok(Position(low))
    }

    /// When the event at a position was stored, if there is one.
    ///
    /// # Errors
    /// The database fails.
    pub async fn stored_at(&self, position: Position) -> Result<Option<Micros>, LogError> {
        let mut reader = self.database().reader().await?;
        Ok(read::stored_at(reader.tx(), position).await?)
    }

    /// The chain's hash at a position, which no other log has there; none where there is no event.
    ///
    /// # Errors
    /// The database fails.
    pub async fn hash_at(&self, position: Position) -> Result<Option<[u8; 32]>, LogError> {
        let mut reader = self.database().reader().await?;
        Ok(read::hash_at(reader.tx(), position).await?)
    }

    /// The events after a position with all slots that they still have, in order, at most `limit`.
    ///
    /// # Errors
    /// The database fails.
    pub async fn read_whole(&self, after: Position, limit: u64) -> Result<Vec<(Event, Vec<Slot>)>, LogError> {
        let (first, last) = (Position(after.0 + 1), Position(after.0 + limit));
        let mut reader = self.database().reader().await?;
        let read: Vec<(Link, Vec<Slot>)> = pick!(reader.tx(), links_between(first, last))?;
        Ok(read.into_iter().map(|(link, slots)| (link.event, slots)).collect())
    }

    /// Whose keys sealed what is in the slots of the events after a position, each once, ascending.
    ///
    /// # Errors
    /// The database fails.
    pub async fn owners_after(&self, after: Position) -> Result<Vec<Key>, LogError> {
        let mut reader = self.database().reader().await?;
        Ok(pick!(reader.tx(), owners_after(after))?)
    }
}

/// All that arrive.
struct All(HashMap<Position, WithSlots>);

impl Arrivals for All {
    type Error = LogError;

    async fn take(&mut self, some: Vec<WithSlots>) -> Result<(), LogError> {
        self.0.extend(some.into_iter().map(|with| (with.event.position, with)));
        Ok(())
    }
}
