//! Tables without what is in the way of filling them in one go.

use sqlx::{AssertSqlSafe, SqliteConnection};

/// Takes indexes and triggers away; gives the statements that make them again, the indexes first.
pub(crate) async fn bare(connection: &mut SqliteConnection) -> Result<Vec<String>, sqlx::Error> {
    let text = "SELECT type, name, sql FROM sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL \
                ORDER BY type, name";
    let found: Vec<(String, String, String)> = sqlx::query_as(text).fetch_all(&mut *connection).await?;
    for (kind, name, _) in &found {
        // Names of this program's own schema.
        let drop = AssertSqlSafe(format!("DROP {kind} {name}"));
        sqlx::raw_sql(drop).execute(&mut *connection).await?;
    }
    Ok(found.into_iter().map(|(.., sql)| sql).collect())
}
