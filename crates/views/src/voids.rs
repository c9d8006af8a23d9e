//! Voided statements, for projections that have to leave them out again.

use eventlog::database::Database;
use eventlog::event::Position;

use crate::sql::{position, signed};

/// What voiding means for a page of events that ends at `last`. A view's rows up to a position are then a
/// function of the log up to that position, however it was cut into pages.
#[derive(Debug, Default)]
pub(crate) struct Voids {
    /// Voided statements on this page: not to be folded. Ascending.
    pub(crate) here: Vec<Position>,
    /// Voided statements before this page, by a statement on it: to be taken back.
    pub(crate) before: Vec<Position>,
}

impl Voids {
    /// Whether a statement on this page is voided.
    pub(crate) fn contain(&self, at: Position) -> bool {
        self.here.binary_search(&at).is_ok()
    }
}

/// Looks up, in the statement index, what is voided on a page or by it.
pub(crate) async fn of_page(log: &Database, first: Position, last: Position) -> Result<Voids, sqlx::Error> {
    Ok(Voids {
        here: positions(log, HERE, first, last).await?,
        before: positions(log, BEFORE, first, last).await?,
    })
}

/// The statements of a list that are voided by one up to `last`.
pub(crate) async fn among(
    log: &Database,
    list: &[Position],
    last: Position,
) -> Result<Vec<Position>, sqlx::Error> {
    let (Some(first), Some(end)) = (list.iter().min(), list.iter().max()) else { return Ok(Vec::new()) };
    // The stretch may hold others; they do no harm.
    let rows: Vec<(i64, i64)> = match log {
        Database::Sqlite(db) => {
            sqlx::query_as(
                "SELECT position, voided_by FROM statement_voided WHERE position BETWEEN ?1 AND ?2",
            )
            .bind(signed(first.0))
            .bind(signed(end.0))
            .fetch_all(&db.readers)
            .await?
        }
        Database::Postgres(pool) => {
            sqlx::query_as(
                "SELECT position, voided_by FROM statement_voided WHERE position BETWEEN $1 AND $2",
            )
            .bind(signed(first.0))
            .bind(signed(end.0))
            .fetch_all(pool)
            .await?
        }
    };
    Ok(rows.into_iter().filter(|(_, by)| position(*by) <= last).map(|(at, _)| position(at)).collect())
}

const HERE: (&str, &str) = (
    "SELECT position FROM statement_voided WHERE position BETWEEN ?1 AND ?2 AND voided_by <= ?2 ORDER BY position",
    "SELECT position FROM statement_voided WHERE position BETWEEN $1 AND $2 AND voided_by <= $2 ORDER BY position",
);
const BEFORE: (&str, &str) = (
    "SELECT position FROM statement_voided WHERE voided_by BETWEEN ?1 AND ?2 AND position < ?1",
    "SELECT position FROM statement_voided WHERE voided_by BETWEEN $1 AND $2 AND position < $1",
);

async fn positions(
    log: &Database,
    sql: (&'static str, &'static str),
    first: Position,
    last: Position,
) -> Result<Vec<Position>, sqlx::Error> {
    let (first, last) = (signed(first.0), signed(last.0));
    let found: Vec<i64> = match log {
        Database::Sqlite(db) => {
            sqlx::query_scalar(sql.0).bind(first).bind(last).fetch_all(&db.readers).await?
        }
        Database::Postgres(pool) => sqlx::query_scalar(sql.1).bind(first).bind(last).fetch_all(pool).await?,
    };
    Ok(found.into_iter().map(position).collect())
}
