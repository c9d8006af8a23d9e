//! Reading where both databases are asked in the same words, and the rows that both give.

use sqlx::{AssertSqlSafe, ColumnIndex, Decode, Row, Type};

use crate::clock::Micros;
use crate::database::{Tx, on_either};
use crate::error::LogError;
use crate::event::{Event, Key, Position, Slot, WithSlots};
use crate::hash::Hash;
use crate::rows::{Link, int, uint};

/// What [`event`] reads.
pub(crate) const COLUMNS: &str =
    "position, stored, id, kind, schema, credential, dedupe, stream, stream_version, facts";

/// Who is handed events while others are on their way.
pub trait Arrivals: Send {
    /// What may go wrong.
    type Error: From<LogError>;

    /// Takes some that have arrived, in no order.
    ///
    /// # Errors
    /// As whoever takes them says; then no more arrive.
    fn take(&mut self, some: Vec<WithSlots>) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// The events after a position.
pub(crate) async fn page(tx: Tx<'_>, after: Position, limit: usize) -> Result<Vec<Event>, sqlx::Error> {
    let text = format!("SELECT {COLUMNS} FROM event WHERE position > $1 ORDER BY position LIMIT $2");
    let (after, limit) = (int(after.0), int(limit as u64));
    on_either!(tx, connection => {
        let rows = sqlx::query(AssertSqlSafe(text)).bind(after).bind(limit).fetch_all(connection).await?;
        rows.iter().map(event).collect()
    })
}

/// The events after a position, with what chains them.
pub(crate) async fn links(tx: Tx<'_>, after: Position, limit: usize) -> Result<Vec<Link>, sqlx::Error> {
    let text = format!(
        "SELECT {COLUMNS}, slot_hashes, hash FROM event WHERE position > $1 ORDER BY position LIMIT $2"
    );
    let (after, limit) = (int(after.0), int(limit as u64));
    on_either!(tx, connection => {
        let rows = sqlx::query(AssertSqlSafe(text)).bind(after).bind(limit).fetch_all(connection).await?;
        rows.iter()
            .map(|row| Ok(Link { event: event(row)?, slot_hashes: row.try_get(10)?, hash: row.try_get(11)? }))
            .collect()
    })
}

/// The version of a stream and the position of its last event.
pub(crate) async fn stream_head(tx: Tx<'_>, stream: &Key) -> Result<Option<(u64, Position)>, sqlx::Error> {
    let text =
        "SELECT stream_version, position FROM event WHERE stream = $1 ORDER BY stream_version DESC LIMIT 1";
    let found: Option<(i64, i64)> = on_either!(tx, connection =>
        sqlx::query_as(text).bind(&stream[..]).fetch_optional(connection).await?);
    Ok(found.map(|(version, position)| (uint(version), Position(uint(position)))))
}

/// When the event at a position was stored.
pub(crate) async fn stored_at(tx: Tx<'_>, position: Position) -> Result<Option<Micros>, sqlx::Error> {
    let text = "SELECT stored FROM event WHERE position = $1";
    let stored: Option<i64> = on_either!(tx, connection =>
        sqlx::query_scalar(text).bind(int(position.0)).fetch_optional(connection).await?);
    Ok(stored.map(Micros))
}

/// The chain's hash at a position.
pub(crate) async fn hash_at(tx: Tx<'_>, position: Position) -> Result<Option<Hash>, sqlx::Error> {
    let text = "SELECT hash FROM event WHERE position = $1";
    let hash: Option<Vec<u8>> = on_either!(tx, connection =>
        sqlx::query_scalar(text).bind(int(position.0)).fetch_optional(connection).await?);
    hash.map(|hash| array(&hash)).transpose()
}

/// An event, from the first column on.
pub(crate) fn event<R: Row>(row: &R) -> Result<Event, sqlx::Error>
where
    usize: ColumnIndex<R>,
    for<'r> i64: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> i32: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> &'r [u8]: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
{
    let version: Option<i64> = row.try_get(8)?;
    Ok(Event {
        position: Position(uint(row.try_get(0)?)),
        stored: Micros(row.try_get(1)?),
        id: array(row.try_get(2)?)?,
        kind: row.try_get(3)?,
        schema: number(row.try_get(4)?),
        credential: key(row.try_get(5)?)?,
        dedupe: key(row.try_get(6)?)?,
        stream: key(row.try_get(7)?)?.zip(version.map(uint)),
        facts: row.try_get(9)?,
    })
}

/// A slot of this number: owner, period and body, from some column on.
pub(crate) fn slot<R: Row>(row: &R, numbered: u16, from: usize) -> Result<Slot, sqlx::Error>
where
    usize: ColumnIndex<R>,
    for<'r> i32: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> &'r [u8]: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
{
    Ok(Slot {
        number: numbered,
        owner: key(row.try_get(from)?)?,
        period: number(row.try_get(from + 1)?),
        body: row.try_get(from + 2)?,
    })
}

/// A number of a slot, of a format or of a period.
pub(crate) fn number(value: i32) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

/// Bytes of a fixed length.
pub(crate) fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], sqlx::Error> {
    bytes
        .try_into()
        .map_err(|_| sqlx::Error::Decode(format!("{} bytes where {N} belong", bytes.len()).into()))
}

fn key(bytes: Option<&[u8]>) -> Result<Option<Key>, sqlx::Error> {
    bytes.map(array).transpose()
}
