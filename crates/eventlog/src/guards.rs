//! What keeps the log append-only inside its database: triggers, and on PostgreSQL the functions that they call. Whoever may
//! change the tables' rules can take them away; here it is seen.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{Connection as _, PgConnection, SqliteConnection};

use crate::database::Tx;
use crate::error::LogError;
use crate::log::EventLog;
use crate::{postgres, sqlite};

impl EventLog {
    /// The guards that are missing, switched off or others than this program makes, by name.
    ///
    /// # Errors
    /// The database fails.
    pub async fn broken_guards(&self) -> Result<Vec<String>, LogError> {
        let mut reader = self.database().reader().await?;
        Ok(broken(reader.tx()).await?)
    }
}

/// The guards that are missing, switched off or others than this program makes, by name.
pub(crate) async fn broken(tx: Tx<'_>) -> Result<Vec<String>, sqlx::Error> {
    match tx {
        Tx::Sqlite(connection) => of_sqlite(connection).await,
        Tx::Postgres(connection) => of_postgres(connection).await,
    }
}

async fn of_sqlite(connection: &mut SqliteConnection) -> Result<Vec<String>, sqlx::Error> {
    let triggers = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'";
    // What there has to be is what a fresh log has.
    let mut fresh = SqliteConnection::connect("sqlite::memory:").await?;
    for text in sqlite::TABLES {
        sqlx::raw_sql(text).execute(&mut fresh).await?;
    }
    let expected: BTreeMap<String, String> =
        sqlx::query_as(triggers).fetch_all(&mut fresh).await?.into_iter().collect();
    fresh.close().await?;
    let there: BTreeMap<String, String> =
        sqlx::query_as(triggers).fetch_all(connection).await?.into_iter().collect();
    Ok(expected
        .into_iter()
        .filter(|(name, sql)| there.get(name) != Some(sql))
        .map(|(name, _)| name)
        .collect())
}

async fn of_postgres(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    // Enabled always: also in sessions that replicate.
    let triggers = "SELECT t.tgname::text, c.relname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid \
                    WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal AND t.tgenabled = 'A'";
    let there: BTreeSet<(String, String)> =
        sqlx::query_as(triggers).fetch_all(&mut *connection).await?.into_iter().collect();
    let functions =
        "SELECT proname::text, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace";
    let bodies: BTreeMap<String, String> =
        sqlx::query_as(functions).fetch_all(connection).await?.into_iter().collect();
    let mut broken = Vec::new();
    for text in postgres::TABLES {
        for (trigger, table) in named_triggers(text) {
            if !there.contains(&(trigger.to_owned(), table.to_owned())) {
                broken.push(trigger.to_owned());
            }
        }
        for (function, body) in trigger_functions(text) {
            if bodies.get(function).map(String::as_str) != Some(body) {
                broken.push(function.to_owned());
            }
        }
    }
    Ok(broken)
}

/// Names of triggers in the text that makes them, each with its table.
fn named_triggers(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("CREATE TRIGGER ").skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once(' ')?;
        let (_, rest) = rest.split_once(" ON ")?;
        Some((name, rest.split_whitespace().next()?))
    })
}

/// Names and bodies of the functions that triggers call, in the text that makes them.
fn trigger_functions(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("CREATE FUNCTION ").skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once("() RETURNS trigger")?;
        let body = rest.split("$$").nth(1)?;
        (!name.contains(|c: char| c.is_whitespace() || c == '(')).then_some((name, body))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Database, Location, stores};

    #[tokio::test]
    async fn a_fresh_log_has_all_its_guards_and_each_that_is_gone_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let fresh = testkit::postgres::database().await.unwrap();
        let places = [
            (
                Location::sqlite(folder.path().join("log.db")),
                "DROP TRIGGER event_never_updated",
                "event_never_updated",
            ),
            (
                Location::postgres(fresh.url(), "log"),
                "ALTER TABLE event DISABLE TRIGGER event_only_appended",
                "event_only_appended",
            ),
            (
                Location::postgres(fresh.url(), "other"),
                "CREATE OR REPLACE FUNCTION log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$",
                "log_refuse",
            ),
        ];
        for (place, change, name) in places {
            let database = Database::open(&place).await.unwrap();
            stores::prepare_tables(&database).await.unwrap();
            let mut transaction = database.begin().await.unwrap();
            assert_eq!(broken(transaction.tx()).await.unwrap(), Vec::<String>::new());
            transaction.tx().run(change, change).await.unwrap();
            assert_eq!(broken(transaction.tx()).await.unwrap(), [name]);
            transaction.rollback().await.unwrap();
            database.close().await;
        }
    }
}
