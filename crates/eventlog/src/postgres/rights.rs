//! Who may do what to the log's tables: the role that serves uses them, another owns them.
//!
//! Triggers alone keep out mistakes. Whoever owns a table can take its triggers away, so the role that a service
//! logs in with must not: it appends, and neither changes nor drops anything.

use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, PgConnection};

/// The log's own tables, and what the role that serves does with each. Rows of indexes are in tables of its own.
const TABLES: [(&str, &str); 9] = [
    ("event", "SELECT, INSERT"),
    // Deleted only together with an event that says so: a trigger sees to that.
    ("sealed", "SELECT, INSERT, DELETE"),
    ("sealed_deleted", "SELECT, INSERT"),
    // Deleted only where no slot names their set: a trigger sees to that too.
    ("chunk", "SELECT, INSERT, DELETE"),
    ("chunk_set", "SELECT, INSERT"),
    ("chunk_staged", "SELECT, INSERT, UPDATE, DELETE"),
    ("log_head", "SELECT, UPDATE"),
    ("log_hook", "SELECT, INSERT, UPDATE"),
    ("log_format", "SELECT"),
];

/// Makes the owner, as whom `pool` is logged in, own the schema and the log's tables and functions, and lets `service`
/// append. In one transaction; again it changes nothing.
pub(crate) async fn separate(pool: &PgPool, service: &str) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    let (schema, owner): (String, String) =
        sqlx::query_as("SELECT current_schema(), current_user::text").fetch_one(&mut *transaction).await?;
    let functions: Vec<String> = sqlx::query_scalar(
        "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace",
    )
    .fetch_all(&mut *transaction)
    .await?;
    let (schema, owner, service) = (quoted(&schema), quoted(&owner), quoted(service));
    let mut statements = vec![
        format!("ALTER SCHEMA {schema} OWNER TO {owner}"),
        format!("GRANT USAGE, CREATE ON SCHEMA {schema} TO {service}"),
    ];
    for (table, rights) in TABLES {
        statements.push(format!("ALTER TABLE {table} OWNER TO {owner}"));
        statements.push(format!("REVOKE ALL ON {table} FROM PUBLIC, {service}"));
        statements.push(format!("GRANT {rights} ON {table} TO {service}"));
    }
    statements.extend(functions.iter().map(|function| format!("ALTER FUNCTION {function} OWNER TO {owner}")));
    for statement in statements {
        // Names out of the catalogue, quoted by it or here.
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

/// Lets `service` make what it likes in the schema at hand, and schemas beside it: views are built in schemas of
/// their own.
pub(crate) async fn lend(pool: &PgPool, service: &str) -> Result<(), sqlx::Error> {
    let (schema, database): (String, String) =
        sqlx::query_as("SELECT current_schema()::text, current_database()::text").fetch_one(pool).await?;
    let (schema, database, service) = (quoted(&schema), quoted(&database), quoted(service));
    let grants = format!(
        "GRANT USAGE, CREATE ON SCHEMA {schema} TO {service}; GRANT CREATE ON DATABASE {database} TO {service}"
    );
    // Names out of the catalogue, quoted here.
    sqlx::raw_sql(AssertSqlSafe(grants)).execute(pool).await.map(drop)
}

/// Whether the role of a session could take the log's triggers away: it owns a table or the schema, is a member of
/// whoever does, or a superuser.
pub(crate) async fn could_rewrite(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let tables: Vec<&str> = TABLES.iter().map(|(table, _)| *table).collect();
    sqlx::query_scalar(
        "SELECT coalesce(bool_or(pg_has_role(owner, 'MEMBER')), true) FROM ( \
           SELECT relowner AS owner FROM pg_class \
           WHERE relnamespace = current_schema()::regnamespace AND relname = ANY ($1) \
           UNION ALL SELECT nspowner FROM pg_namespace WHERE nspname = current_schema()) AS owners",
    )
    .bind(tables)
    .fetch_one(connection)
    .await
}

/// Rights that the role of a session has beyond those that it needs, as "UPDATE on event".
pub(crate) async fn too_much(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let mut found = Vec::new();
    for (table, rights) in TABLES {
        for right in ["INSERT", "UPDATE", "DELETE", "TRUNCATE", "TRIGGER"] {
            let text =
                "SELECT has_table_privilege(to_regclass(quote_ident(current_schema()) || '.' || $1), $2)";
            let has: Option<bool> =
                sqlx::query_scalar(text).bind(table).bind(right).fetch_one(&mut *connection).await?;
            if has == Some(true) && !rights.contains(right) {
                found.push(format!("{right} on {table}"));
            }
        }
    }
    Ok(found)
}

/// An identifier as PostgreSQL quotes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Database, Location};

    /// Or a service could not use it, or could do too much with it.
    #[tokio::test]
    async fn every_table_of_the_log_has_its_rights() {
        let fresh = testkit::postgres::database().await.unwrap();
        let database = Database::open(&Location::postgres(fresh.url(), "log")).await.unwrap();
        let Database::Postgres(pool) = &database else { panic!("not PostgreSQL") };
        crate::postgres::prepare(pool).await.unwrap();
        let text = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'log' ORDER BY 1";
        let tables: Vec<String> = sqlx::query_scalar(text).fetch_all(pool).await.unwrap();
        let mut known = TABLES.map(|(table, _)| table);
        known.sort_unstable();
        assert_eq!(tables, known);
        database.close().await;
    }
}
