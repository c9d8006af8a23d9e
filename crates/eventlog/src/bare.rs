//! The row inserts alone, for benchmarks: the same bytes into the same tables, without the queue, the
//! decisions, the hashes and the head. Never on a log that is to be kept: the head does not move.

use crate::database::Database;
use crate::log::LogError;

pub use crate::postgres::insert as insert_postgres;
pub use crate::rows::{Extra, Rows};
pub use crate::sqlite::insert as insert_sqlite;

/// Creates the log's tables in an empty database.
///
/// # Errors
/// The database fails.
pub async fn create_tables(database: &Database) -> Result<(), LogError> {
    crate::hooks::prepare_tables(database).await
}
