//! The checkpoint and the lease of one generation, and what it has set aside: tables beside its own rows.

use sqlx::Row;

use super::generation::{Generation, Views};
use super::status::{SetAside, Unfoldable};
use crate::clock::Micros;
use crate::database::{Database, Transaction, Tx, on_either};
use crate::event::Position;
use crate::fold::{FoldError, Projection};
use crate::hash::Hash;
use crate::rows::{int, uint};

/// How long a worker that says nothing keeps a generation, in microseconds.
pub(super) const LEASE: i64 = 30_000_000;

const TABLES: &str = "CREATE TABLE IF NOT EXISTS checkpoint (\
     one integer PRIMARY KEY CHECK (one = 1), position bigint NOT NULL, owner text, lease_until bigint NOT NULL, \
     failed_position bigint, failed_kind text, failed_reason text); \
     CREATE TABLE IF NOT EXISTS set_aside (\
     position bigint PRIMARY KEY, kind text NOT NULL, error text NOT NULL, noted_at bigint NOT NULL); \
     CREATE TABLE IF NOT EXISTS folded_upon (\
     one integer PRIMARY KEY CHECK (one = 1), position bigint NOT NULL, hash text NOT NULL);";

/// How a generation stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Checkpoint {
    pub(super) position: Position,
    pub(super) owner: Option<String>,
    pub(super) lease_until: Micros,
    pub(super) failed: Option<Unfoldable>,
}

impl Checkpoint {
    /// Who holds the lease now.
    pub(super) fn holder(&self, now: Micros) -> Option<&str> {
        self.owner.as_deref().filter(|_| self.lease_until > now)
    }
}

/// The checkpoint of a generation, where it has one.
pub(super) async fn load(tx: Tx<'_>) -> Result<Option<Checkpoint>, sqlx::Error> {
    let text =
        "SELECT position, owner, lease_until, failed_position, failed_kind, failed_reason FROM checkpoint";
    on_either!(tx, connection => {
        let row = sqlx::query(text).fetch_optional(connection).await?;
        row.map(|row| {
            let failed: Option<i64> = row.try_get(3)?;
            let (kind, reason): (Option<String>, Option<String>) = (row.try_get(4)?, row.try_get(5)?);
            Ok(Checkpoint {
                position: Position(uint(row.try_get(0)?)),
                owner: row.try_get(1)?,
                lease_until: Micros(row.try_get(2)?),
                failed: failed.map(|position| Unfoldable {
                    position: Position(uint(position)),
                    kind: kind.unwrap_or_default(),
                    reason: reason.unwrap_or_default(),
                }),
            })
        }).transpose()
    })
}

/// How many events a generation has set aside, and the last few of them, the latest first.
pub(super) async fn set_aside(mut tx: Tx<'_>, latest: i64) -> Result<(u64, Vec<SetAside>), sqlx::Error> {
    let count = "SELECT count(*) FROM set_aside";
    let count: i64 =
        on_either!(tx.reborrow(), connection => sqlx::query_scalar(count).fetch_one(connection).await?);
    if count == 0 {
        return Ok((0, Vec::new()));
    }
    let text = "SELECT position, kind, error, noted_at FROM set_aside ORDER BY position DESC LIMIT $1";
    let rows: Vec<(i64, String, String, i64)> =
        on_either!(tx, connection => sqlx::query_as(text).bind(latest).fetch_all(connection).await?);
    let event = |(position, kind, error, at)| SetAside {
        position: Position(uint(position)),
        kind,
        error,
        at: Micros(at),
    };
    Ok((uint(count), rows.into_iter().map(event).collect()))
}

/// How taking a lease went.
pub(super) enum Lease {
    /// It is ours; everything up to here is folded.
    Ours(Position),
    /// Another worker has it.
    Held(String),
    /// The generation is no longer kept.
    Gone,
}

/// Takes or renews the lease of a generation, making its place where it is missing. A recorded failure is cleared:
/// the program may have changed.
pub(super) async fn acquire(
    views: &Views,
    projection: &dyn Projection,
    generation: Generation,
    owner: &str,
    now: Micros,
) -> Result<Lease, FoldError> {
    let name = projection.name();
    // Under the registry's lock: what is dropped meanwhile must not be made again.
    let mut registry = views.locked(name).await?;
    if !views.known_in(registry.tx(), name).await?.keeps(generation) {
        return Ok(Lease::Gone);
    }
    let place = views.made_place(name, generation).await?;
    let mut transaction = place.begin().await?;
    transaction.tx().run(TABLES, TABLES).await?;
    let create =
        "INSERT INTO checkpoint (one, position, lease_until) VALUES (1, 0, 0) ON CONFLICT (one) DO NOTHING";
    on_either!(transaction.tx(), c => sqlx::query(create).execute(c).await.map(drop))?;
    // The first update locks the row, so that of two workers one sees what the other did.
    let take = "UPDATE checkpoint SET owner = $1, lease_until = $2, failed_position = NULL, failed_kind = NULL, \
                failed_reason = NULL WHERE owner IS NULL OR owner = $1 OR lease_until <= $3";
    let taken = on_either!(transaction.tx(), c => sqlx::query(take)
        .bind(owner).bind(now.0 + LEASE).bind(now.0)
        .execute(c).await?.rows_affected());
    let Some(known) = load(transaction.tx()).await? else { return Err(sqlx::Error::RowNotFound.into()) };
    if taken == 0 {
        return Ok(Lease::Held(known.owner.unwrap_or_default()));
    }
    projection.prepare(transaction.tx()).await?;
    transaction.commit().await?;
    registry.rollback().await?;
    Ok(Lease::Ours(known.position))
}

/// Begins the transaction that moves a checkpoint from one position to another, if it still stands there
/// and is still ours; `None` if not. The row stays locked until the transaction ends.
pub(super) async fn advance(
    place: &Database,
    owner: &str,
    (from, to): (Position, Position),
    upon: Option<Hash>,
    now: Micros,
) -> Result<Option<Transaction>, sqlx::Error> {
    let mut transaction = place.begin().await?;
    let text = "UPDATE checkpoint SET position = $1, lease_until = $2 WHERE owner = $3 AND position = $4";
    let moved = on_either!(transaction.tx(), connection => sqlx::query(text)
        .bind(int(to.0))
        .bind(now.0 + LEASE)
        .bind(owner)
        .bind(int(from.0))
        .execute(connection)
        .await?
        .rows_affected());
    if moved == 0 {
        return Ok(None);
    }
    if let Some(hash) = upon {
        let text = "INSERT INTO folded_upon (one, position, hash) VALUES (1, $1, $2) \
                    ON CONFLICT (one) DO UPDATE SET position = excluded.position, hash = excluded.hash";
        on_either!(transaction.tx(), connection => sqlx::query(text)
            .bind(int(to.0)).bind(hex::encode(hash)).execute(connection).await.map(drop))?;
    }
    Ok(Some(transaction))
}

/// Where a generation stands and the chain's hash there as it was when that was folded; no hash where a program folded it that
/// noted none. `None`: it has folded nothing yet.
pub(super) async fn stands(place: &Database) -> Result<Option<(Position, Option<String>)>, sqlx::Error> {
    let mut reader = place.reader().await?;
    let Some(Checkpoint { position, .. }) = load(reader.tx()).await? else { return Ok(None) };
    Ok(Some((position, noted(reader.tx(), position).await?)))
}

/// The hash of the log's chain at the position to which a generation was folded, as it was noted.
pub(super) async fn noted(tx: Tx<'_>, position: Position) -> Result<Option<String>, sqlx::Error> {
    let text = "SELECT hash FROM folded_upon WHERE position = $1";
    let hash = on_either!(tx, connection =>
        sqlx::query_scalar(text).bind(int(position.0)).fetch_optional(connection).await);
    match hash {
        // A place of before has no such table.
        Err(error) if not_made(&error) => Ok(None),
        hash => hash,
    }
}

/// Whether a place is not there, or has no tables yet: SQLite's words, and PostgreSQL's code. 8 and its kin: a file that
/// was only just made, which a connection that only reads cannot turn into a database.
pub(super) fn not_made(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        error.code().is_some_and(|code| matches!(&*code, "42P01" | "14" | "8" | "264" | "1288"))
            || error.message().starts_with("no such table")
    })
}

/// Notes, in the transaction of the checkpoint's step, that an event is passed over.
pub(super) async fn note_set_aside(tx: Tx<'_>, event: &Unfoldable, now: Micros) -> Result<(), sqlx::Error> {
    let text = "INSERT INTO set_aside (position, kind, error, noted_at) VALUES ($1, $2, $3, $4)";
    on_either!(tx, connection => sqlx::query(text)
        .bind(int(event.position.0)).bind(&event.kind).bind(&event.reason).bind(now.0)
        .execute(connection).await.map(drop))
}

/// Keeps a checkpoint where it is until the transaction ends: that, and where it is.
pub(super) async fn hold(place: &Database) -> Result<(Transaction, Position), sqlx::Error> {
    let mut transaction = place.begin().await?;
    let text = "UPDATE checkpoint SET position = position RETURNING position";
    let position: i64 =
        on_either!(transaction.tx(), connection => sqlx::query_scalar(text).fetch_one(connection).await?);
    Ok((transaction, Position(uint(position))))
}

/// Notes which event a generation cannot fold.
pub(super) async fn record_failure(
    place: &Database,
    owner: &str,
    event: &Unfoldable,
) -> Result<(), sqlx::Error> {
    let mut transaction = place.begin().await?;
    let text =
        "UPDATE checkpoint SET failed_position = $1, failed_kind = $2, failed_reason = $3 WHERE owner = $4";
    on_either!(transaction.tx(), connection => sqlx::query(text)
        .bind(int(event.position.0)).bind(&event.kind).bind(&event.reason).bind(owner)
        .execute(connection).await.map(drop))?;
    transaction.commit().await
}

/// Gives a lease back.
pub(super) async fn release(place: &Database, owner: &str) -> Result<(), sqlx::Error> {
    let mut transaction = place.begin().await?;
    let text = "UPDATE checkpoint SET owner = NULL, lease_until = 0 WHERE owner = $1";
    on_either!(transaction.tx(), connection => sqlx::query(text).bind(owner).execute(connection).await.map(drop))?;
    transaction.commit().await
}
