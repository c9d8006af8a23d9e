//! Checkpoints and leases, in the table `projection` beside the views' own tables.

use sqlx::Row;

use crate::clock::Micros;
use crate::database::{Database, Transaction, Tx, on_either};
use crate::event::Position;
use crate::fold::{FoldError, Projection};
use crate::rows::{int, uint};

/// How long a worker that says nothing keeps a projection, in microseconds.
pub(super) const LEASE: i64 = 30_000_000;

const COLUMNS: &str = "name text PRIMARY KEY, version bigint NOT NULL, position bigint NOT NULL, \
                       owner text, lease_until bigint NOT NULL, failed_position bigint, failed_reason text";

/// A row of the table.
#[derive(Debug, Clone)]
pub(super) struct Checkpoint {
    pub(super) version: u32,
    pub(super) position: Position,
    pub(super) owner: Option<String>,
    pub(super) lease_until: Micros,
    pub(super) failed: Option<(Position, String)>,
}

impl Checkpoint {
    /// Who holds the lease now.
    pub(super) fn holder(&self, now: Micros) -> Option<&str> {
        self.owner.as_deref().filter(|_| self.lease_until > now)
    }
}

/// Creates the table where it is missing.
pub(super) async fn prepare(views: &Database) -> Result<(), sqlx::Error> {
    let mut transaction = views.begin().await?;
    if let Tx::Postgres(connection) = transaction.tx() {
        sqlx::raw_sql("SELECT pg_advisory_xact_lock(7021880345)").execute(connection).await?;
    }
    // Nothing but the constant above stands in the text.
    let text = sqlx::AssertSqlSafe(format!("CREATE TABLE IF NOT EXISTS projection ({COLUMNS})"));
    on_either!(transaction.tx(), connection => sqlx::raw_sql(text).execute(connection).await.map(drop))?;
    transaction.commit().await
}

/// The row of a projection, where it has one.
pub(super) async fn load(tx: Tx<'_>, name: &str) -> Result<Option<Checkpoint>, sqlx::Error> {
    let text = "SELECT version, position, owner, lease_until, failed_position, failed_reason \
                FROM projection WHERE name = $1";
    on_either!(tx, connection => {
        let row = sqlx::query(text).bind(name).fetch_optional(connection).await?;
        row.map(|row| {
            let failed: Option<i64> = row.try_get(4)?;
            let reason: Option<String> = row.try_get(5)?;
            Ok(Checkpoint {
                version: u32::try_from(row.try_get::<i64, _>(0)?).unwrap_or(0),
                position: Position(uint(row.try_get(1)?)),
                owner: row.try_get(2)?,
                lease_until: Micros(row.try_get(3)?),
                failed: failed.map(|position| (Position(uint(position)), reason.unwrap_or_default())),
            })
        }).transpose()
    })
}

/// How taking a lease went.
pub(super) enum Lease {
    /// It is ours; everything up to here is folded.
    Ours(Position),
    /// Another worker has it.
    Held(String),
}

/// Takes or renews the lease of a projection. Where its rows are of another version, or `again`, it is
/// emptied in the same transaction. A recorded failure is cleared: the program may have changed.
pub(super) async fn acquire(
    views: &Database,
    projection: &dyn Projection,
    owner: &str,
    now: Micros,
    again: bool,
) -> Result<Lease, FoldError> {
    let mut transaction = views.begin().await?;
    let name = projection.name();
    let create = "INSERT INTO projection (name, version, position, lease_until) VALUES ($1, 0, 0, 0) \
                  ON CONFLICT (name) DO NOTHING";
    on_either!(transaction.tx(), c => sqlx::query(create).bind(name).execute(c).await.map(drop))?;
    // The first update locks the row, so that of two workers one sees what the other did.
    let take = "UPDATE projection SET owner = $1, lease_until = $2, failed_position = NULL, \
                failed_reason = NULL WHERE name = $3 AND (owner IS NULL OR owner = $1 OR lease_until <= $4)";
    let taken = on_either!(transaction.tx(), c => sqlx::query(take)
        .bind(owner).bind(now.0 + LEASE).bind(name).bind(now.0)
        .execute(c).await?.rows_affected());
    let known = load(transaction.tx(), name).await?;
    let Some(known) = known else { return Err(sqlx::Error::RowNotFound.into()) };
    if taken == 0 {
        return Ok(Lease::Held(known.owner.unwrap_or_default()));
    }
    let mut position = known.position;
    if again || known.version != projection.version() {
        projection.reset(transaction.tx()).await?;
        let restart = "UPDATE projection SET version = $1, position = 0 WHERE name = $2";
        on_either!(transaction.tx(), c => sqlx::query(restart)
            .bind(i64::from(projection.version())).bind(name).execute(c).await.map(drop))?;
        position = Position(0);
    }
    projection.prepare(transaction.tx()).await?;
    transaction.commit().await?;
    Ok(Lease::Ours(position))
}

/// Begins the transaction that moves a checkpoint from one position to another, if it still stands there
/// and is still ours; `None` if not. The row stays locked until the transaction ends.
pub(super) async fn advance(
    views: &Database,
    projection: &dyn Projection,
    owner: &str,
    (from, to): (Position, Position),
    now: Micros,
) -> Result<Option<Transaction>, sqlx::Error> {
    let mut transaction = views.begin().await?;
    let text = "UPDATE projection SET position = $1, lease_until = $2 \
                WHERE name = $3 AND owner = $4 AND position = $5 AND version = $6";
    let moved = on_either!(transaction.tx(), connection => sqlx::query(text)
        .bind(int(to.0))
        .bind(now.0 + LEASE)
        .bind(projection.name())
        .bind(owner)
        .bind(int(from.0))
        .bind(i64::from(projection.version()))
        .execute(connection)
        .await?
        .rows_affected());
    Ok((moved == 1).then_some(transaction))
}

/// Notes which event a projection cannot fold.
pub(super) async fn record_failure(
    views: &Database,
    name: &str,
    owner: &str,
    position: Position,
    reason: &str,
) -> Result<(), sqlx::Error> {
    let mut transaction = views.begin().await?;
    let text =
        "UPDATE projection SET failed_position = $1, failed_reason = $2 WHERE name = $3 AND owner = $4";
    on_either!(transaction.tx(), connection => sqlx::query(text)
        .bind(int(position.0)).bind(reason).bind(name).bind(owner)
        .execute(connection).await.map(drop))?;
    transaction.commit().await
}

/// Gives a lease back.
pub(super) async fn release(views: &Database, name: &str, owner: &str) -> Result<(), sqlx::Error> {
    let mut transaction = views.begin().await?;
    let text = "UPDATE projection SET owner = NULL, lease_until = 0 WHERE name = $1 AND owner = $2";
    on_either!(transaction.tx(), connection => sqlx::query(text)
        .bind(name).bind(owner).execute(connection).await.map(drop))?;
    transaction.commit().await
}
