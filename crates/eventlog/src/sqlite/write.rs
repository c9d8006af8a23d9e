//! Inserting into SQLite: multi-row VALUES in a few fixed sizes, so that each is prepared once.

use std::sync::{Arc, LazyLock};

use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, AssertSqlSafe, SqliteConnection};

use super::read::place;
use crate::event::{Event, Head, Position, Slot};
use crate::rows::{Extra, Rows, int};

/// Rows in one statement, largest first. Each size is compiled once and found again.
const CHUNKS: [usize; 3] = [32, 8, 1];

static EVENT: LazyLock<[Arc<str>; 3]> = LazyLock::new(|| {
    texts(
        "INSERT INTO event (position, stored, id, kind, schema, credential, dedupe, stream, stream_version, \
         facts, slot_hashes, hash) VALUES ",
        12,
    )
});
static SEALED: LazyLock<[Arc<str>; 3]> =
    LazyLock::new(|| texts("INSERT INTO sealed (place, owner, period, body) VALUES ", 4));

/// Inserts the rows of a batch: the events, then their slots.
///
/// # Errors
/// As SQLite says.
pub(crate) async fn insert(connection: &mut SqliteConnection, rows: &Rows) -> Result<(), sqlx::Error> {
    let pairs: Vec<(&Event, &Extra)> = rows.events.iter().zip(&rows.extras).collect();
    in_chunks(connection, &EVENT, &pairs, |arguments, (event, extra)| {
        arguments.add(int(event.position.0))?;
        arguments.add(event.stored.0)?;
        arguments.add(&event.id[..])?;
        arguments.add(event.kind.as_str())?;
        arguments.add(i64::from(event.schema))?;
        arguments.add(event.credential.as_ref().map(|key| &key[..]))?;
        arguments.add(event.dedupe.as_ref().map(|key| &key[..]))?;
        arguments.add(event.stream.as_ref().map(|(key, _)| &key[..]))?;
        arguments.add(event.stream.map(|(_, version)| int(version)))?;
        arguments.add(&event.facts[..])?;
        arguments.add(&extra.slot_hashes[..])?;
        arguments.add(&extra.hash[..])
    })
    .await?;
    let slots: Vec<(Position, &Slot)> = pairs
        .iter()
        .flat_map(|(event, extra)| extra.slots.iter().map(|slot| (event.position, slot)))
        .collect();
    in_chunks(connection, &SEALED, &slots, |arguments, (position, slot)| {
        arguments.add(place(*position, slot.number))?;
        arguments.add(slot.owner.as_ref().map(|key| &key[..]))?;
        arguments.add(i64::from(slot.period))?;
        arguments.add(&slot.body[..])
    })
    .await
}

/// Moves the head, and the hooks' marks with it.
pub(crate) async fn move_head(
    connection: &mut SqliteConnection,
    head: &Head,
    hooks: &[&'static str],
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE log_head SET position = ?, stored = ?, hash = ?, fence = ?")
        .bind(int(head.position.0))
        .bind(head.stored.0)
        .bind(&head.hash[..])
        .bind(int(head.fence))
        .execute(&mut *connection)
        .await?;
    for name in hooks {
        sqlx::query("UPDATE log_hook SET position = ? WHERE name = ?")
            .bind(int(head.position.0))
            .bind(*name)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Deletes slots, each noted with the event that says so.
pub(super) async fn delete_slots(
    connection: &mut SqliteConnection,
    deletions: &[(Position, u16, Position)],
) -> Result<(), sqlx::Error> {
    for (position, slot, event) in deletions {
        let place = place(*position, *slot);
        let noted = sqlx::query("INSERT INTO sealed_deleted SELECT place, ? FROM sealed WHERE place = ?")
            .bind(int(event.0))
            .bind(place)
            .execute(&mut *connection)
            .await?;
        if noted.rows_affected() > 0 {
            sqlx::query("DELETE FROM sealed WHERE place = ?").bind(place).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

fn texts(start: &str, columns: usize) -> [Arc<str>; 3] {
    let row = format!("({})", vec!["?"; columns].join(","));
    CHUNKS.map(|rows| Arc::from(format!("{start}{}", vec![row.as_str(); rows].join(","))))
}

async fn in_chunks<T>(
    connection: &mut SqliteConnection,
    texts: &[Arc<str>; 3],
    mut rows: &[T],
    bind: impl Fn(&mut SqliteArguments, &T) -> Result<(), sqlx::error::BoxDynError>,
) -> Result<(), sqlx::Error> {
    for (size, text) in CHUNKS.iter().zip(texts) {
        while rows.len() >= *size {
            let (chunk, rest) = rows.split_at(*size);
            let mut arguments = SqliteArguments::default();
            arguments.reserve(size * 12, 0);
            for row in chunk {
                bind(&mut arguments, row).map_err(sqlx::Error::Encode)?;
            }
            sqlx::query_with(AssertSqlSafe(Arc::clone(text)), arguments).execute(&mut *connection).await?;
            rows = rest;
        }
    }
    Ok(())
}
