//! Tables without what is in the way of filling them in one go.

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgPool;

/// Takes indexes away, but for primary keys, and lets triggers sleep; gives the statements that bring them back, the
/// indexes first. The schema is one that this session's role made.
pub(crate) async fn bare(pool: &PgPool) -> Result<Vec<String>, sqlx::Error> {
    let indexes: Vec<(String, String)> = sqlx::query_as(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i \
         JOIN pg_class c ON c.oid = i.indrelid \
         WHERE c.relnamespace = current_schema()::regnamespace AND NOT i.indisprimary ORDER BY 1",
    )
    .fetch_all(pool)
    .await?;
    let triggers: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT c.oid::regclass::text, quote_ident(t.tgname), CASE t.tgenabled WHEN 'A' THEN 'ENABLE ALWAYS' \
         WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'D' THEN 'DISABLE' ELSE 'ENABLE' END FROM pg_trigger t \
         JOIN pg_class c ON c.oid = t.tgrelid \
         WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal ORDER BY 1, 2",
    )
    .fetch_all(pool)
    .await?;
    let mut again = Vec::new();
    // Names out of the catalogue, quoted by it.
    for (name, definition) in indexes {
        sqlx::raw_sql(AssertSqlSafe(format!("DROP INDEX {name}"))).execute(pool).await?;
        again.push(definition);
    }
    for (table, name, enabled) in triggers {
        let disable = format!("ALTER TABLE {table} DISABLE TRIGGER {name}");
        sqlx::raw_sql(AssertSqlSafe(disable)).execute(pool).await?;
        again.push(format!("ALTER TABLE {table} {enabled} TRIGGER {name}"));
    }
    Ok(again)
}
