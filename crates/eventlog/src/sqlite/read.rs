//! Reading from SQLite.

use std::ops::RangeInclusive;

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use crate::clock::Micros;
use crate::error::LogError;
use crate::event::{Event, Head, Key, Position, Slot};
use crate::read::{self, Arrivals, COLUMNS, array, event};
use crate::rows::{Link, SLOTS_PER_EVENT, int, uint};
use crate::sqlite::packed;

/// Positions or keys asked for in one statement.
const CHUNK: usize = 64;

/// The head.
pub(crate) async fn head(connection: &mut SqliteConnection) -> Result<Head, sqlx::Error> {
    let row = sqlx::query("SELECT position, stored, hash, fence, promised FROM log_head")
        .fetch_one(connection)
        .await?;
    Ok(Head {
        position: Position(uint(row.try_get(0)?)),
        stored: Micros(row.try_get(1)?),
        hash: array(row.try_get(2)?)?,
        fence: uint(row.try_get(3)?),
        promised: Micros(row.try_get(4)?),
    })
}

/// The events of some kinds after a position.
pub(crate) async fn page_of_kinds(
    connection: &mut SqliteConnection,
    kinds: &[&str],
    after: Position,
    limit: usize,
) -> Result<Vec<Event>, sqlx::Error> {
    let marks = vec!["?"; kinds.len()].join(",");
    let (index, partial) = if kinds.contains(&"statement") {
        ("", "")
    } else {
        ("INDEXED BY event_other", "kind <> 'statement' AND")
    };
    let text = format!(
        "SELECT {COLUMNS} FROM event {index} WHERE {partial} position > ? AND kind IN ({marks}) \
         ORDER BY position LIMIT ?"
    );
    let mut query = sqlx::query(AssertSqlSafe(text)).bind(int(after.0));
    for kind in kinds {
        query = query.bind(*kind);
    }
    let rows = query.bind(int(limit as u64)).fetch_all(connection).await?;
    rows.iter().map(event).collect()
}

/// The events at some positions, in no particular order.
pub(crate) async fn at(
    connection: &mut SqliteConnection,
    positions: &[Position],
) -> Result<Vec<Event>, sqlx::Error> {
    let mut events = Vec::with_capacity(positions.len());
    for chunk in positions.chunks(CHUNK) {
        let marks = vec!["?"; places(chunk)].join(",");
        let text = format!("SELECT {COLUMNS} FROM event WHERE position IN ({marks})");
        let mut query = sqlx::query(AssertSqlSafe(text));
        for position in chunk {
            query = query.bind(int(position.0));
        }
        for row in query.fetch_all(&mut *connection).await? {
            events.push(event(&row)?);
        }
    }
    Ok(events)
}

/// Hands on the events at some positions as they are read, in no particular order, each with its small slots; and how
/// many it had.
pub(crate) async fn each_with_slots<A: Arrivals>(
    connection: &mut SqliteConnection,
    positions: &[Position],
    arrivals: &mut A,
) -> Result<(), A::Error> {
    for chunk in positions.chunks(CHUNK) {
        let mut query = sqlx::query_scalar(packed::query(places(chunk)));
        for position in chunk {
            query = query.bind(int(position.0));
        }
        let packed: Option<Vec<u8>> = query.fetch_one(&mut *connection).await.map_err(LogError::from)?;
        arrivals.take(packed::events(packed.as_deref()).map_err(LogError::from)?).await?;
    }
    Ok(())
}

/// The slots of the events at some positions, by number within each event.
pub(crate) async fn slots_at(
    connection: &mut SqliteConnection,
    positions: &[Position],
) -> Result<Vec<(Position, Slot)>, sqlx::Error> {
    let mut slots = Vec::with_capacity(positions.len());
    for chunk in positions.chunks(CHUNK) {
        let marks = vec!["(?)"; places(chunk)].join(",");
        let text = format!(
            "WITH wanted (position) AS (VALUES {marks}) \
             SELECT s.place, s.owner, s.period, s.body FROM wanted w CROSS JOIN sealed s \
             ON s.place BETWEEN w.position * {SLOTS_PER_EVENT} AND w.position * {SLOTS_PER_EVENT} + 65535"
        );
        let mut query = sqlx::query(AssertSqlSafe(text));
        for position in chunk {
            query = query.bind(int(position.0));
        }
        for row in query.fetch_all(&mut *connection).await? {
            slots.push(slot(&row, 0)?);
        }
    }
    Ok(slots)
}

/// The owners of the slots of the events after a position.
pub(crate) async fn owners_after(
    connection: &mut SqliteConnection,
    after: Position,
) -> Result<Vec<Key>, sqlx::Error> {
    let text = format!(
        "SELECT DISTINCT owner FROM sealed \
         WHERE place >= (? + 1) * {SLOTS_PER_EVENT} AND owner IS NOT NULL ORDER BY owner"
    );
    let owners: Vec<Vec<u8>> =
        sqlx::query_scalar(AssertSqlSafe(text)).bind(int(after.0)).fetch_all(connection).await?;
    owners.iter().map(|owner| array(owner)).collect()
}

/// Some slots of the events at some positions, by number within each event.
pub(crate) async fn slots_among(
    connection: &mut SqliteConnection,
    wanted: &[(Position, RangeInclusive<u16>)],
) -> Result<Vec<(Position, Slot)>, sqlx::Error> {
    let mut slots = Vec::with_capacity(wanted.len());
    for chunk in wanted.chunks(CHUNK) {
        let marks = vec!["(?, ?)"; places(chunk)].join(",");
        let text = format!(
            "WITH wanted (first, last) AS (VALUES {marks}) \
             SELECT s.place, s.owner, s.period, s.body FROM wanted w CROSS JOIN sealed s \
             ON s.place BETWEEN w.first AND w.last"
        );
        let mut query = sqlx::query(AssertSqlSafe(text));
        for (position, numbers) in chunk {
            query = query.bind(place(*position, *numbers.start())).bind(place(*position, *numbers.end()));
        }
        for row in query.fetch_all(&mut *connection).await? {
            slots.push(slot(&row, 0)?);
        }
    }
    Ok(slots)
}

/// The slots of all events in a range of positions, both ends included, in order.
pub(crate) async fn slots_between(
    connection: &mut SqliteConnection,
    first: Position,
    last: Position,
) -> Result<Vec<(Position, Slot)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT place, owner, period, body FROM sealed WHERE place >= ? AND place < ? ORDER BY place",
    )
    .bind(int(first.0) * SLOTS_PER_EVENT)
    .bind((int(last.0) + 1) * SLOTS_PER_EVENT)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| slot(row, 0)).collect()
}

/// The events of a range of positions, both ends included, with what chains them and all slots, in order.
pub(crate) async fn links_between(
    connection: &mut SqliteConnection,
    first: Position,
    last: Position,
) -> Result<Vec<(Link, Vec<Slot>)>, sqlx::Error> {
    let (mut after, mut step) = (first.0.saturating_sub(1), (last.0 + 1).saturating_sub(first.0));
    let mut links = Vec::new();
    while after < last.0 {
        let to = last.0.min(after + step);
        let query = sqlx::query_scalar(packed::range()).bind(int(after)).bind(int(to));
        let packed: Result<Option<Vec<u8>>, sqlx::Error> = query.fetch_one(&mut *connection).await;
        match packed {
            // One value has its bounds.
            Err(error) if step > 1 && is_too_big(&error) => step /= 2,
            packed => {
                links.extend(packed::links(packed?.as_deref())?);
                after = to;
            }
        }
    }
    Ok(links)
}

/// SQLITE_TOOBIG, or SQLITE_NOMEM.
fn is_too_big(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| ["18", "7"].contains(&&*code))
}

/// Which slots of a range of positions were deleted, and by which event.
pub(crate) async fn deletions_between(
    connection: &mut SqliteConnection,
    first: Position,
    last: Position,
) -> Result<Vec<(Position, u16, Position)>, sqlx::Error> {
    let rows =
        sqlx::query("SELECT place, event FROM sealed_deleted WHERE place >= ? AND place < ? ORDER BY place")
            .bind(int(first.0) * SLOTS_PER_EVENT)
            .bind((int(last.0) + 1) * SLOTS_PER_EVENT)
            .fetch_all(connection)
            .await?;
    rows.iter()
        .map(|row| {
            let (position, number) = unplace(row.try_get(0)?)?;
            Ok((position, number, Position(uint(row.try_get(1)?))))
        })
        .collect()
}

/// Which slots were deleted by events after a position, in the order of these.
pub(crate) async fn deletions_by(
    connection: &mut SqliteConnection,
    after: Position,
) -> Result<Vec<(Position, u16, Position)>, sqlx::Error> {
    let text = "SELECT place, event FROM sealed_deleted WHERE event > ? ORDER BY event, place";
    let rows: Vec<(i64, i64)> = sqlx::query_as(text).bind(int(after.0)).fetch_all(connection).await?;
    let deletion = |(place, event)| {
        let (position, number) = unplace(place)?;
        Ok((position, number, Position(uint(event))))
    };
    rows.into_iter().map(deletion).collect()
}

/// Where events with these dedupe keys are.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    keys: &[Key],
) -> Result<Vec<(Key, u64)>, sqlx::Error> {
    lookup(connection, keys, |marks| format!("SELECT dedupe, position FROM event WHERE dedupe IN ({marks})"))
        .await
}

/// The versions of these streams.
pub(crate) async fn versions(
    connection: &mut SqliteConnection,
    keys: &[Key],
) -> Result<Vec<(Key, u64)>, sqlx::Error> {
    lookup(connection, keys, |marks| {
        format!("SELECT stream, max(stream_version) FROM event WHERE stream IN ({marks}) GROUP BY stream")
    })
    .await
}

async fn lookup(
    connection: &mut SqliteConnection,
    keys: &[Key],
    sql: impl Fn(&str) -> String,
) -> Result<Vec<(Key, u64)>, sqlx::Error> {
    let mut found = Vec::new();
    for chunk in keys.chunks(CHUNK) {
        // Unused places are NULL, which matches nothing.
        let text = sql(&vec!["?"; places(chunk)].join(","));
        let mut query = sqlx::query(AssertSqlSafe(text));
        for key in chunk {
            query = query.bind(&key[..]);
        }
        for row in query.fetch_all(&mut *connection).await? {
            found.push((array(row.try_get(0)?)?, uint(row.try_get(1)?)));
        }
    }
    Ok(found)
}

/// The last event of each of these streams, in no order.
pub(crate) async fn latest(
    connection: &mut SqliteConnection,
    streams: &[Key],
) -> Result<Vec<Event>, sqlx::Error> {
    let mut events = Vec::with_capacity(streams.len());
    for chunk in streams.chunks(CHUNK) {
        let marks = vec!["(?)"; places(chunk)].join(",");
        let text = format!(
            "WITH wanted (key) AS (VALUES {marks}) SELECT {COLUMNS} FROM wanted CROSS JOIN event \
             ON stream = key AND stream_version = \
             (SELECT max(last.stream_version) FROM event AS last WHERE last.stream = key)"
        );
        let mut query = sqlx::query(AssertSqlSafe(text));
        for stream in chunk {
            query = query.bind(&stream[..]);
        }
        for row in query.fetch_all(&mut *connection).await? {
            events.push(event(&row)?);
        }
    }
    Ok(events)
}

/// The events that stand in these streams as these versions, in no order.
pub(crate) async fn at_versions(
    connection: &mut SqliteConnection,
    wanted: &[(Key, u64)],
) -> Result<Vec<Event>, sqlx::Error> {
    let mut events = Vec::with_capacity(wanted.len());
    for chunk in wanted.chunks(CHUNK) {
        let marks = vec!["(?,?)"; chunk.len()].join(",");
        let text = format!(
            "WITH wanted (key, version) AS (VALUES {marks}) SELECT {COLUMNS} FROM wanted CROSS JOIN event \
             ON stream = key AND stream_version = version"
        );
        // Rarely asked, in as many forms as there are lengths of the last chunk.
        let mut query = sqlx::query(AssertSqlSafe(text)).persistent(false);
        for (stream, version) in chunk {
            query = query.bind(&stream[..]).bind(int(*version));
        }
        for row in query.fetch_all(&mut *connection).await? {
            events.push(event(&row)?);
        }
    }
    Ok(events)
}

/// Place, owner, period and body, from some column on.
fn slot(row: &SqliteRow, from: usize) -> Result<(Position, Slot), sqlx::Error> {
    let (position, number) = unplace(row.try_get(from)?)?;
    Ok((position, read::slot(row, number, from + 1)?))
}

/// SQL integer of a place in `sealed`.
pub(super) fn place(position: Position, slot: u16) -> i64 {
    int(position.0) * SLOTS_PER_EVENT + i64::from(slot)
}

fn unplace(place: i64) -> Result<(Position, u16), sqlx::Error> {
    let number =
        u16::try_from(place.rem_euclid(SLOTS_PER_EVENT)).map_err(|e| sqlx::Error::Decode(e.into()))?;
    Ok((Position(uint(place.div_euclid(SLOTS_PER_EVENT))), number))
}

/// One place, or all: each number of places is a statement of its own to prepare.
fn places<T>(chunk: &[T]) -> usize {
    if chunk.len() == 1 { 1 } else { CHUNK }
}
