//! The index's rows alone, for benchmarks: as they were written, and the insert without the walk before it.

use std::collections::BTreeMap;

use eventlog::database::{Database, Tx};
use eventlog::fold::FoldError;
use sqlx::Row as _;

use super::store::{self, TermRow};
use crate::sql::{key, position};

/// Rows of `statement_term` that were written with one statement.
#[derive(Debug, Default, Clone)]
pub struct IndexRows(Vec<TermRow>);

impl IndexRows {
    /// The rows of several statements in one list, to be inserted together.
    pub fn join<'a>(all: impl IntoIterator<Item = &'a IndexRows>) -> Self {
        let mut rows: Vec<TermRow> = all.into_iter().flat_map(|one| one.0.iter().copied()).collect();
        rows.sort_unstable();
        Self(rows)
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

/// Creates the index's tables.
///
/// # Errors
/// The database fails.
pub async fn create_tables(tx: Tx<'_>) -> Result<(), FoldError> {
    Ok(store::create(tx).await?)
}

/// The whole index, by the position of the statement whose arrival wrote the rows.
///
/// # Errors
/// The database fails.
pub async fn read(database: &Database) -> Result<BTreeMap<u64, IndexRows>, sqlx::Error> {
    let text = "SELECT term, position, via FROM statement_term";
    let rows: Vec<TermRow> = match database {
        Database::Sqlite(db) => {
            sqlx::query(text)
                .try_map(|row: sqlx::sqlite::SqliteRow| {
                    row_of(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)
                })
                .fetch_all(&db.readers)
                .await?
        }
        Database::Postgres(pool) => {
            sqlx::query(text)
                .try_map(|row: sqlx::postgres::PgRow| {
                    row_of(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)
                })
                .fetch_all(pool)
                .await?
        }
    };
    let mut by_arrival: BTreeMap<u64, IndexRows> = BTreeMap::new();
    for row in rows {
        by_arrival.entry(row.position.max(row.via)).or_default().0.push(row);
    }
    Ok(by_arrival)
}

/// Inserts rows; the caller commits.
///
/// # Errors
/// As the database says.
pub async fn insert(mut tx: Tx<'_>, rows: IndexRows) -> Result<(), sqlx::Error> {
    let (own, borrowed): (Vec<TermRow>, Vec<TermRow>) = rows.0.into_iter().partition(|row| row.via == 0);
    store::insert_own(tx.reborrow(), own, &[]).await?;
    if !borrowed.is_empty() {
        store::insert_borrowed(tx, borrowed).await?;
    }
    Ok(())
}

fn row_of(term: &[u8], at: i64, via: i64) -> Result<TermRow, sqlx::Error> {
    Ok(TermRow { term: key(term)?, position: position(at).0, via: position(via).0 })
}
