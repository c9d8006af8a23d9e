//! The inserts alone, for benchmarks: the same bytes into the same tables, without the queue, the look-ups, the
//! decisions and the hashes. Never on a log that is to be kept: nothing is checked but what the database checks.

use crate::database::{Database, Tx};
use crate::error::LogError;
use crate::event::{Head, Position};
use crate::stores::{self, pick};
use crate::{postgres, read, sqlite};

pub use crate::rows::{Extra, Rows};

/// Creates the log's tables in an empty database.
///
/// # Errors
/// The database fails.
pub async fn create_tables(database: &Database) -> Result<(), LogError> {
    stores::prepare_tables(database).await
}

/// The rows of the events after a position, at most `limit`, as they are stored.
///
/// # Errors
/// The database fails, or what is stored is damaged.
pub async fn read(database: &Database, after: Position, limit: usize) -> Result<Rows, LogError> {
    let mut reader = database.reader().await?;
    let links = read::links(reader.tx(), after, limit).await?;
    let mut rows = Rows::default();
    let Some(last) = links.last().map(|link| link.event.position) else { return Ok(rows) };
    for link in links {
        let hash = link.hash.as_slice().try_into();
        let hash = hash.map_err(|_| LogError::Unexpected("a hash of another length".to_owned()))?;
        rows.extras.push(Extra { slot_hashes: link.slot_hashes, hash, slots: Vec::new() });
        rows.events.push(link.event);
    }
    let first = Position(after.0 + 1);
    let slots: Vec<_> = pick!(reader.tx(), slots_between(first, last))?;
    for (position, slot) in slots {
        let index = usize::try_from(position.0 - first.0).unwrap_or(usize::MAX);
        if let Some(extra) = rows.extras.get_mut(index) {
            extra.slots.push(slot);
        }
    }
    Ok(rows)
}

/// Inserts the rows of a batch and moves the head and these hooks' marks to its end: all that an append writes, but
/// for the hooks' own rows. The caller commits.
///
/// # Errors
/// As the database says.
pub async fn insert(tx: Tx<'_>, rows: &Rows, hooks: &[&'static str]) -> Result<(), sqlx::Error> {
    let (Some(event), Some(extra)) = (rows.events.last(), rows.extras.last()) else { return Ok(()) };
    let head = Head {
        position: event.position,
        stored: event.stored,
        hash: extra.hash,
        fence: 0,
        promised: event.stored,
    };
    match tx {
        Tx::Sqlite(connection) => {
            sqlite::write::insert(connection, rows).await?;
            sqlite::write::move_head(connection, &head, hooks).await
        }
        Tx::Postgres(connection) => {
            postgres::write::insert(connection, rows).await?;
            postgres::write::move_head(connection, &head, hooks).await
        }
    }
}
