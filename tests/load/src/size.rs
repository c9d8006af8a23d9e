//! What statements take on disk.

use anyhow::Result;
use eventlog::Database;
use serde::Serialize;
use sqlx::Row as _;

use crate::place::Place;

/// Bytes on disk after a run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Disk {
    /// How many statements are stored.
    pub(crate) statements: usize,
    /// Their JSON.
    pub(crate) json: u64,
    /// The log's database with its indexes.
    pub(crate) log: u64,
    /// The vault's.
    pub(crate) vault: u64,
    /// The largest tables and indexes of the log, largest first.
    pub(crate) tables: Vec<(String, u64)>,
}

pub(crate) async fn of(place: &Place, json: u64, statements: usize) -> Result<Disk> {
    let (log, vault) = (tables(&place.log()).await?, tables(&place.vault()).await?);
    let total = |tables: &[(String, u64)]| tables.iter().map(|(_, bytes)| bytes).sum();
    let (log_bytes, vault) = (total(&log), total(&vault));
    let tables = log.into_iter().take(8).collect();
    Ok(Disk { statements, json, log: log_bytes, vault, tables })
}

/// Every table and index with its bytes, largest first.
async fn tables(location: &eventlog::Location) -> Result<Vec<(String, u64)>> {
    let database = Database::open(location).await?;
    let rows: Vec<(String, i64)> = match &database {
        Database::Sqlite(db) => {
            // The bytes of a page that is not in use belong to no table.
            sqlx::query("SELECT name, CAST(sum(pgsize) AS integer) FROM dbstat GROUP BY name ORDER BY 2 DESC")
                .try_map(|row: sqlx::sqlite::SqliteRow| Ok((row.try_get(0)?, row.try_get(1)?)))
                .fetch_all(&db.writer)
                .await?
        }
        Database::Postgres(pool) => {
            sqlx::query(
                "SELECT c.relname::text, CASE c.relkind WHEN 'r' THEN pg_table_size(c.oid) \
                 ELSE pg_relation_size(c.oid) END FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'i') ORDER BY 2 DESC",
            )
            .try_map(|row: sqlx::postgres::PgRow| Ok((row.try_get(0)?, row.try_get(1)?)))
            .fetch_all(pool)
            .await?
        }
    };
    database.close().await;
    Ok(rows.into_iter().map(|(name, bytes)| (name, u64::try_from(bytes).unwrap_or(0))).collect())
}
