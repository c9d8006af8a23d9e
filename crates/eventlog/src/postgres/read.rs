//! Reading from PostgreSQL.

use std::ops::RangeInclusive;

use futures_util::StreamExt as _;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use crate::clock::Micros;
use crate::database::Tx;
use crate::error::LogError;
use crate::event::{BYTES_ALONG, Event, Head, Key, Position, SLOTS_ALONG, Slot, WithSlots};
use crate::read::{self, Arrivals, COLUMNS, array, event, number};
use crate::rows::{Link, int, uint};

const SLOTS_AMONG: &str = "SELECT s.position, s.slot, s.owner, s.period, s.body \
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS wanted (position, first, last) \
     JOIN sealed s ON s.position = wanted.position AND s.slot BETWEEN wanted.first AND wanted.last \
     ORDER BY s.position, s.slot";

/// The head as committed, and the database's clock.
pub(crate) async fn head(connection: &mut PgConnection) -> Result<(Head, Micros), sqlx::Error> {
    let row = sqlx::query(
        "SELECT position, stored, hash, fence, promised, \
         (extract(epoch FROM clock_timestamp()) * 1000000)::bigint FROM log_head",
    )
    .fetch_one(connection)
    .await?;
    Ok((head_of(&row)?, Micros(row.try_get(5)?)))
}

pub(super) fn head_of(row: &sqlx::postgres::PgRow) -> Result<Head, sqlx::Error> {
    Ok(Head {
        position: Position(uint(row.try_get(0)?)),
        stored: Micros(row.try_get(1)?),
        hash: row.try_get(2)?,
        fence: uint(row.try_get(3)?),
        promised: Micros(row.try_get(4)?),
    })
}

/// The events of some kinds after a position.
pub(crate) async fn page_of_kinds(
    connection: &mut PgConnection,
    kinds: &[&str],
    after: Position,
    limit: usize,
) -> Result<Vec<Event>, sqlx::Error> {
    let partial = if kinds.contains(&"statement") { "" } else { "kind <> 'statement' AND" };
    let text = format!(
        "SELECT {COLUMNS} FROM event WHERE {partial} position > $1 AND kind = ANY ($2) ORDER BY position LIMIT $3"
    );
    let rows = sqlx::query(AssertSqlSafe(text))
        .bind(int(after.0))
        .bind(kinds)
        .bind(int(limit as u64))
        .fetch_all(connection)
        .await?;
    rows.iter().map(event).collect()
}

/// The events at some positions, in no particular order.
pub(crate) async fn at(
    connection: &mut PgConnection,
    positions: &[Position],
) -> Result<Vec<Event>, sqlx::Error> {
    let text = format!("SELECT {COLUMNS} FROM event WHERE position = ANY ($1)");
    let rows = sqlx::query(AssertSqlSafe(text)).bind(ints(positions)).fetch_all(connection).await?;
    rows.iter().map(event).collect()
}

/// Hands on the events at some positions as they arrive, in no particular order, each with its small slots; and how
/// many it had.
pub(crate) async fn each_with_slots<A: Arrivals>(
    connection: &mut PgConnection,
    positions: &[Position],
    arrivals: &mut A,
) -> Result<(), A::Error> {
    let query = sqlx::query(AssertSqlSafe(with_slots_text())).bind(ints(positions));
    let mut rows = query.fetch(connection).ready_chunks(positions.len().max(1));
    // Further slots of the last may be on their way.
    let mut last: Option<WithSlots> = None;
    while let Some(rows) = rows.next().await {
        let mut arrived = Vec::with_capacity(rows.len());
        for row in rows {
            add(&mut last, &mut arrived, &row.map_err(LogError::from)?).map_err(LogError::from)?;
        }
        if !arrived.is_empty() {
            arrivals.take(arrived).await?;
        }
    }
    match last {
        Some(last) => arrivals.take(vec![last]).await,
        None => Ok(()),
    }
}

/// Adds a slot to the event that is read, or puts that with those that have arrived whole and goes on to the next.
fn add(last: &mut Option<WithSlots>, arrived: &mut Vec<WithSlots>, row: &PgRow) -> Result<(), sqlx::Error> {
    let position = Position(uint(row.try_get(0)?));
    if last.as_ref().is_none_or(|last| last.event.position != position) {
        let next = WithSlots { event: event(row)?, slots: Vec::new(), had: number(row.try_get(10)?) };
        arrived.extend(last.replace(next));
    }
    if let (Some(last), Some(numbered)) = (last, row.try_get::<Option<i32>, _>(11)?) {
        last.slots.push(read::slot(row, number(numbered), 12)?);
    }
    Ok(())
}

/// Each event's slots are read in the order of their key; the lengths of larger ones are known without reading them.
fn with_slots_text() -> String {
    format!(
        "SELECT {COLUMNS}, octet_length(slot_hashes) / 32, slot, owner, period, body FROM event \
         LEFT JOIN (SELECT position AS place, slot, owner, period, body FROM sealed) AS small \
         ON place = position AND slot < {SLOTS_ALONG} AND (slot = 0 OR octet_length(body) <= {BYTES_ALONG}) \
         WHERE position = ANY ($1)"
    )
}

/// The slots of the events at some positions, by number within each event.
pub(crate) async fn slots_at(
    connection: &mut PgConnection,
    positions: &[Position],
) -> Result<Vec<(Position, Slot)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT position, slot, owner, period, body FROM sealed WHERE position = ANY ($1) ORDER BY position, slot",
    )
    .bind(ints(positions))
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| slot(row, 0)).collect()
}

/// The owners of the slots of the events after a position.
pub(crate) async fn owners_after(
    connection: &mut PgConnection,
    after: Position,
) -> Result<Vec<Key>, sqlx::Error> {
    let text = "SELECT DISTINCT owner FROM sealed WHERE position > $1 AND owner IS NOT NULL ORDER BY owner";
    let owners: Vec<Vec<u8>> = sqlx::query_scalar(text).bind(int(after.0)).fetch_all(connection).await?;
    owners.iter().map(|owner| array(owner)).collect()
}

/// Some slots of the events at some positions, by number within each event.
pub(crate) async fn slots_among(
    connection: &mut PgConnection,
    wanted: &[(Position, RangeInclusive<u16>)],
) -> Result<Vec<(Position, Slot)>, sqlx::Error> {
    let column = |value: fn(&(Position, RangeInclusive<u16>)) -> i64| wanted.iter().map(value).collect();
    let (positions, first, last): (Vec<i64>, Vec<i64>, Vec<i64>) = (
        column(|(position, _)| int(position.0)),
        column(|(_, numbers)| i64::from(*numbers.start())),
        column(|(_, numbers)| i64::from(*numbers.end())),
    );
    let rows = sqlx::query(SLOTS_AMONG).bind(positions).bind(first).bind(last).fetch_all(connection).await?;
    rows.iter().map(|row| slot(row, 0)).collect()
}

/// The slots of all events in a range of positions, both ends included, in order.
pub(crate) async fn slots_between(
    connection: &mut PgConnection,
    first: Position,
    last: Position,
) -> Result<Vec<(Position, Slot)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT position, slot, owner, period, body FROM sealed WHERE position BETWEEN $1 AND $2 \
         ORDER BY position, slot",
    )
    .bind(int(first.0))
    .bind(int(last.0))
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| slot(row, 0)).collect()
}

/// The events of a range of positions, both ends included, with what chains them and all slots, in order.
pub(crate) async fn links_between(
    connection: &mut PgConnection,
    first: Position,
    last: Position,
) -> Result<Vec<(Link, Vec<Slot>)>, sqlx::Error> {
    let count = usize::try_from(last.0 + 1 - first.0).unwrap_or(usize::MAX);
    let links = read::links(Tx::Postgres(connection), Position(first.0 - 1), count).await?;
    let mut slots = slots_between(connection, first, last).await?.into_iter().peekable();
    let with = |link: Link| {
        let of_event = std::iter::from_fn(|| slots.next_if(|(at, _)| *at == link.event.position));
        let of_event = of_event.map(|(_, slot)| slot).collect();
        (link, of_event)
    };
    Ok(links.into_iter().map(with).collect())
}

/// Which slots of a range of positions were deleted, and by which event.
pub(crate) async fn deletions_between(
    connection: &mut PgConnection,
    first: Position,
    last: Position,
) -> Result<Vec<(Position, u16, Position)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT position, slot, event FROM sealed_deleted WHERE position BETWEEN $1 AND $2 ORDER BY position, slot",
    )
    .bind(int(first.0))
    .bind(int(last.0))
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok((Position(uint(row.try_get(0)?)), number(row.try_get(1)?), Position(uint(row.try_get(2)?))))
        })
        .collect()
}

/// Which slots were deleted by events after a position, in the order of these.
pub(crate) async fn deletions_by(
    connection: &mut PgConnection,
    after: Position,
) -> Result<Vec<(Position, u16, Position)>, sqlx::Error> {
    let text =
        "SELECT position, slot, event FROM sealed_deleted WHERE event > $1 ORDER BY event, position, slot";
    let rows: Vec<(i64, i32, i64)> = sqlx::query_as(text).bind(int(after.0)).fetch_all(connection).await?;
    let deletion = |(position, slot, event)| (Position(uint(position)), number(slot), Position(uint(event)));
    Ok(rows.into_iter().map(deletion).collect())
}

/// Where events with these dedupe keys are.
pub(crate) async fn find(
    connection: &mut PgConnection,
    keys: &[Key],
) -> Result<Vec<(Key, u64)>, sqlx::Error> {
    let rows =
        sqlx::query("SELECT dedupe, position FROM event WHERE dedupe = ANY ($1) AND dedupe IS NOT NULL")
            .bind(keys)
            .fetch_all(connection)
            .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, uint(row.try_get(1)?)))).collect()
}

/// The last event of each of these streams, in no order.
pub(crate) async fn latest(
    connection: &mut PgConnection,
    streams: &[Key],
) -> Result<Vec<Event>, sqlx::Error> {
    let text = format!(
        "SELECT {COLUMNS} FROM unnest($1) AS wanted (key) CROSS JOIN LATERAL \
         (SELECT * FROM event WHERE event.stream = wanted.key ORDER BY event.stream_version DESC LIMIT 1) AS last"
    );
    let rows = sqlx::query(AssertSqlSafe(text)).bind(streams).fetch_all(connection).await?;
    rows.iter().map(event).collect()
}

/// The events that stand in these streams as these versions, in no order.
pub(crate) async fn at_versions(
    connection: &mut PgConnection,
    wanted: &[(Key, u64)],
) -> Result<Vec<Event>, sqlx::Error> {
    let (streams, versions): (Vec<Key>, Vec<i64>) =
        wanted.iter().map(|(stream, version)| (*stream, int(*version))).unzip();
    let text = format!(
        "SELECT {COLUMNS} FROM unnest($1, $2::bigint[]) AS wanted (key, version) \
         JOIN event ON stream = wanted.key AND stream_version = wanted.version"
    );
    let query = sqlx::query(AssertSqlSafe(text)).bind(streams).bind(versions);
    query.fetch_all(connection).await?.iter().map(event).collect()
}

fn ints(positions: &[Position]) -> Vec<i64> {
    positions.iter().map(|position| int(position.0)).collect()
}

/// Position, slot, owner, period and body, from some column on.
fn slot(row: &PgRow, from: usize) -> Result<(Position, Slot), sqlx::Error> {
    let numbered = number(row.try_get(from + 1)?);
    Ok((Position(uint(row.try_get(from)?)), read::slot(row, numbered, from + 2)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Database, Location};

    #[tokio::test]
    async fn a_session_that_began_with_an_empty_log_keeps_no_plan_that_reads_all_of_it() {
        let fresh = testkit::postgres::database().await.unwrap();
        let database = Database::open(&Location::postgres(fresh.url(), "log")).await.unwrap();
        let Database::Postgres(pool) = &database else { panic!("not PostgreSQL") };
        crate::postgres::prepare(pool).await.unwrap();
        let some = "'{1,2}'::bigint[]";
        let among = SLOTS_AMONG.replace("$1", some).replace("$2", some).replace("$3", some);
        let along = with_slots_text().replace("$1", some);
        for text in [format!("SELECT {COLUMNS} FROM event WHERE position = ANY ({some})"), among, along] {
            let plan: Vec<String> =
                sqlx::query_scalar(AssertSqlSafe(format!("EXPLAIN {text}"))).fetch_all(pool).await.unwrap();
            let bad =
                |step: &&String| ["Seq Scan", "Hash Join", "Merge Join"].iter().any(|way| step.contains(way));
            assert_eq!(plan.iter().find(bad), None, "{text}: {plan:#?}");
        }
        database.close().await;
    }
}
