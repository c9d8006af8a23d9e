//! The vault's SQL for SQLite. `secure_delete` is set where connections are opened.

use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use super::rows::{About, AgentRow, KeyRow, bytes, number};
use crate::{AgentId, Period, VaultError};

pub(super) const SCHEMA: &str = include_str!("schema.sqlite.sql");

/// From the first form of the tables to the second: credentials that expire, are limited and are rotated.
pub(super) const FROM_1: &str = "
ALTER TABLE credential ADD COLUMN expires INTEGER;
ALTER TABLE credential ADD COLUMN rate INTEGER;
ALTER TABLE credential ADD COLUMN burst INTEGER;
ALTER TABLE credential ADD COLUMN former BLOB;
ALTER TABLE credential ADD COLUMN former_until INTEGER;
ALTER TABLE credential ADD COLUMN rules TEXT;
UPDATE vault SET format = 2;
";

/// Rows per statement: SQLite takes 32,766 parameters at most.
const CHUNK: usize = 500;

pub(super) async fn about(connection: &mut SqliteConnection) -> Result<Option<About>, VaultError> {
    let row =
        sqlx::query("SELECT format, instance, generation FROM vault").fetch_optional(connection).await?;
    row.map(|row| {
        Ok(About { format: row.try_get(0)?, instance: row.try_get(1)?, generation: number(row.try_get(2)?)? })
    })
    .transpose()
}

pub(super) async fn set_about(connection: &mut SqliteConnection, about: &About) -> Result<(), VaultError> {
    sqlx::query(
        "INSERT INTO vault (id, format, instance, generation) VALUES (1, ?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(about.format)
    .bind(&about.instance)
    .bind(i64::from(about.generation))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn find_agents(
    connection: &mut SqliteConnection,
    lookups: &[[u8; 32]],
) -> Result<Vec<([u8; 32], AgentId)>, VaultError> {
    let mut found = Vec::with_capacity(lookups.len());
    for chunk in lookups.chunks(CHUNK) {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT lookup, agent FROM agent WHERE lookup IN (");
        let mut list = query.separated(", ");
        chunk.iter().for_each(|lookup| {
            list.push_bind(lookup.to_vec());
        });
        list.push_unseparated(")");
        for row in query.build().fetch_all(&mut *connection).await? {
            found.push((bytes(row.try_get(0)?)?, AgentId(bytes(row.try_get(1)?)?)));
        }
    }
    Ok(found)
}

pub(super) async fn lookups_of(
    connection: &mut SqliteConnection,
    agents: &[AgentId],
) -> Result<Vec<(AgentId, [u8; 32])>, VaultError> {
    let mut found = Vec::with_capacity(agents.len());
    for chunk in agents.chunks(CHUNK) {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT agent, lookup FROM agent WHERE agent IN (");
        push_agents(&mut query, chunk);
        for row in query.build().fetch_all(&mut *connection).await? {
            found.push((AgentId(bytes(row.try_get(0)?)?), bytes(row.try_get(1)?)?));
        }
    }
    Ok(found)
}

pub(super) async fn living(
    connection: &mut SqliteConnection,
    agents: &[AgentId],
) -> Result<Vec<AgentId>, VaultError> {
    let mut found = Vec::with_capacity(agents.len());
    for chunk in agents.chunks(CHUNK) {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT agent FROM agent WHERE agent IN (");
        push_agents(&mut query, chunk);
        for row in query.build().fetch_all(&mut *connection).await? {
            found.push(AgentId(bytes(row.try_get(0)?)?));
        }
    }
    Ok(found)
}

pub(super) async fn load_keys(
    connection: &mut SqliteConnection,
    wanted: &[(AgentId, Period)],
) -> Result<Vec<KeyRow>, VaultError> {
    let mut found = Vec::with_capacity(wanted.len());
    for chunk in wanted.chunks(CHUNK) {
        let mut query = QueryBuilder::<Sqlite>::new("WITH wanted(agent, period) AS (");
        query.push_values(chunk, |mut row, (agent, period)| {
            row.push_bind(agent.0.to_vec()).push_bind(i64::from(period.0));
        });
        // CROSS JOIN fixes the order: each wanted key is one search in the table.
        query.push(
            ") SELECT k.agent, k.period, k.generation, k.wrapped FROM wanted \
             CROSS JOIN agent_key AS k ON k.agent = wanted.agent AND k.period = wanted.period",
        );
        for row in query.build().fetch_all(&mut *connection).await? {
            found.push(key_row(&row)?);
        }
    }
    Ok(found)
}

pub(super) async fn insert_agents(
    connection: &mut SqliteConnection,
    rows: &[AgentRow],
) -> Result<(), VaultError> {
    put_agents(connection, rows, "").await
}

pub(super) async fn update_agents(
    connection: &mut SqliteConnection,
    rows: &[AgentRow],
) -> Result<(), VaultError> {
    let update = " ON CONFLICT (agent) DO UPDATE SET lookup = excluded.lookup, \
                  generation = excluded.generation, identifier = excluded.identifier";
    put_agents(connection, rows, update).await
}

pub(super) async fn insert_keys(
    connection: &mut SqliteConnection,
    rows: &[KeyRow],
) -> Result<(), VaultError> {
    put_keys(connection, rows, "").await
}

pub(super) async fn update_keys(
    connection: &mut SqliteConnection,
    rows: &[KeyRow],
) -> Result<(), VaultError> {
    let update = " ON CONFLICT (agent, period) DO UPDATE SET generation = excluded.generation, \
                  wrapped = excluded.wrapped";
    put_keys(connection, rows, update).await
}

pub(super) async fn page_agents(
    connection: &mut SqliteConnection,
    after: &[u8],
    limit: i64,
) -> Result<Vec<AgentRow>, VaultError> {
    let sql =
        "SELECT agent, lookup, generation, identifier FROM agent WHERE agent > ? ORDER BY agent LIMIT ?";
    let rows = sqlx::query(sql).bind(after.to_vec()).bind(limit).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(AgentRow {
                agent: AgentId(bytes(row.try_get(0)?)?),
                lookup: bytes(row.try_get(1)?)?,
                generation: number(row.try_get(2)?)?,
                identifier: row.try_get(3)?,
            })
        })
        .collect()
}

pub(super) async fn page_keys(
    connection: &mut SqliteConnection,
    agent: &[u8],
    period: i32,
    limit: i64,
) -> Result<Vec<KeyRow>, VaultError> {
    let sql = "SELECT agent, period, generation, wrapped FROM agent_key \
               WHERE (agent, period) > (?, ?) ORDER BY agent, period LIMIT ?";
    let rows = sqlx::query(sql).bind(agent.to_vec()).bind(period).bind(limit).fetch_all(connection).await?;
    rows.iter().map(key_row).collect()
}

pub(super) async fn delete_agents(
    connection: &mut SqliteConnection,
    agents: &[AgentId],
) -> Result<(u64, u64), VaultError> {
    let (mut deleted, mut keys) = (0, 0);
    for chunk in agents.chunks(CHUNK) {
        let mut query = QueryBuilder::<Sqlite>::new("DELETE FROM agent_key WHERE agent IN (");
        push_agents(&mut query, chunk);
        keys += query.build().execute(&mut *connection).await?.rows_affected();
        let mut query = QueryBuilder::<Sqlite>::new("DELETE FROM agent WHERE agent IN (");
        push_agents(&mut query, chunk);
        deleted += query.build().execute(&mut *connection).await?.rows_affected();
    }
    Ok((deleted, keys))
}

pub(super) async fn truncate(writer: &SqlitePool) -> Result<bool, VaultError> {
    let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(writer).await?;
    Ok(row.try_get::<i64, _>(0)? == 0)
}

async fn put_agents(
    connection: &mut SqliteConnection,
    rows: &[AgentRow],
    conflict: &'static str,
) -> Result<(), VaultError> {
    for chunk in rows.chunks(CHUNK) {
        let mut query =
            QueryBuilder::<Sqlite>::new("INSERT INTO agent (agent, lookup, generation, identifier) ");
        query.push_values(chunk, |mut values, row| {
            values.push_bind(row.agent.0.to_vec()).push_bind(row.lookup.to_vec());
            values.push_bind(i64::from(row.generation)).push_bind(row.identifier.clone());
        });
        query.push(conflict);
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

async fn put_keys(
    connection: &mut SqliteConnection,
    rows: &[KeyRow],
    conflict: &'static str,
) -> Result<(), VaultError> {
    for chunk in rows.chunks(CHUNK) {
        let mut query =
            QueryBuilder::<Sqlite>::new("INSERT INTO agent_key (agent, period, generation, wrapped) ");
        query.push_values(chunk, |mut values, row| {
            values.push_bind(row.agent.0.to_vec()).push_bind(i64::from(row.period.0));
            values.push_bind(i64::from(row.generation)).push_bind(row.wrapped.clone());
        });
        query.push(conflict);
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

fn push_agents(query: &mut QueryBuilder<Sqlite>, agents: &[AgentId]) {
    let mut list = query.separated(", ");
    agents.iter().for_each(|agent| {
        list.push_bind(agent.0.to_vec());
    });
    list.push_unseparated(")");
}

fn key_row(row: &SqliteRow) -> Result<KeyRow, VaultError> {
    Ok(KeyRow {
        agent: AgentId(bytes(row.try_get(0)?)?),
        period: Period(number(row.try_get(1)?)?),
        generation: number(row.try_get(2)?)?,
        wrapped: row.try_get(3)?,
    })
}
