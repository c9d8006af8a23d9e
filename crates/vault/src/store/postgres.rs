//! The vault's SQL for PostgreSQL.

use sqlx::postgres::{PgPool, PgRow};
use sqlx::{PgConnection, Row};

use super::rows::{About, AgentRow, KeyRow, bytes, number};
use crate::{AgentId, Period, VaultError};

pub(super) const SCHEMA: &str = include_str!("schema.postgres.sql");

/// From the first form of the tables to the second: credentials that expire, are limited and are rotated.
pub(super) const FROM_1: &str = "
ALTER TABLE credential ADD COLUMN expires BIGINT, ADD COLUMN rate BIGINT, ADD COLUMN burst BIGINT,
    ADD COLUMN former BYTEA, ADD COLUMN former_until BIGINT, ADD COLUMN rules TEXT;
UPDATE vault SET format = 2;
";

/// Makes transactions that change agents or keys take turns: a creation never meets an erasure or a ratchet
/// half-way, and two nodes never make two agents of one identifier.
pub(super) async fn lock(connection: &mut PgConnection) -> Result<(), VaultError> {
    sqlx::query("SELECT 1 FROM vault WHERE id = 1 FOR UPDATE").execute(connection).await?;
    Ok(())
}

pub(super) async fn about(connection: &mut PgConnection) -> Result<Option<About>, VaultError> {
    let row =
        sqlx::query("SELECT format, instance, generation FROM vault").fetch_optional(connection).await?;
    row.map(|row| {
        Ok(About { format: row.try_get(0)?, instance: row.try_get(1)?, generation: number(row.try_get(2)?)? })
    })
    .transpose()
}

pub(super) async fn set_about(connection: &mut PgConnection, about: &About) -> Result<(), VaultError> {
    sqlx::query(
        "INSERT INTO vault (id, format, instance, generation) VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(about.format)
    .bind(&about.instance)
    .bind(i64::from(about.generation))
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn find_agents(
    connection: &mut PgConnection,
    lookups: &[[u8; 32]],
) -> Result<Vec<([u8; 32], AgentId)>, VaultError> {
    let lookups: Vec<_> = lookups.iter().map(|lookup| lookup.to_vec()).collect();
    let rows = sqlx::query("SELECT lookup, agent FROM agent WHERE lookup = ANY($1)")
        .bind(lookups)
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok((bytes(row.try_get(0)?)?, AgentId(bytes(row.try_get(1)?)?)))).collect()
}

pub(super) async fn lookups_of(
    connection: &mut PgConnection,
    agents: &[AgentId],
) -> Result<Vec<(AgentId, [u8; 32])>, VaultError> {
    let rows = sqlx::query("SELECT agent, lookup FROM agent WHERE agent = ANY($1)")
        .bind(ids(agents.iter()))
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok((AgentId(bytes(row.try_get(0)?)?), bytes(row.try_get(1)?)?))).collect()
}

pub(super) async fn living(
    connection: &mut PgConnection,
    agents: &[AgentId],
) -> Result<Vec<AgentId>, VaultError> {
    let rows = sqlx::query("SELECT agent FROM agent WHERE agent = ANY($1)")
        .bind(ids(agents.iter()))
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok(AgentId(bytes(row.try_get(0)?)?))).collect()
}

pub(super) async fn load_keys(
    connection: &mut PgConnection,
    wanted: &[(AgentId, Period)],
) -> Result<Vec<KeyRow>, VaultError> {
    let sql = "SELECT k.agent, k.period::BIGINT, k.generation, k.wrapped \
               FROM UNNEST($1::BYTEA[], $2::INTEGER[]) AS wanted(agent, period) \
               JOIN agent_key AS k ON k.agent = wanted.agent AND k.period = wanted.period";
    let rows = sqlx::query(sql)
        .bind(ids(wanted.iter().map(|(agent, _)| agent)))
        .bind(wanted.iter().map(|(_, period)| i32::from(period.0)).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    rows.iter().map(key_row).collect()
}

pub(super) async fn insert_agents(
    connection: &mut PgConnection,
    rows: &[AgentRow],
) -> Result<(), VaultError> {
    let sql = "INSERT INTO agent (agent, lookup, generation, identifier) \
               SELECT * FROM UNNEST($1::BYTEA[], $2::BYTEA[], $3::BIGINT[], $4::BYTEA[])";
    with_agents(connection, sql, rows).await
}

pub(super) async fn update_agents(
    connection: &mut PgConnection,
    rows: &[AgentRow],
) -> Result<(), VaultError> {
    let sql = "UPDATE agent SET lookup = new.lookup, generation = new.generation, identifier = new.identifier \
               FROM UNNEST($1::BYTEA[], $2::BYTEA[], $3::BIGINT[], $4::BYTEA[]) \
               AS new(agent, lookup, generation, identifier) WHERE agent.agent = new.agent";
    with_agents(connection, sql, rows).await
}

pub(super) async fn insert_keys(connection: &mut PgConnection, rows: &[KeyRow]) -> Result<(), VaultError> {
    let sql = "INSERT INTO agent_key (agent, period, generation, wrapped) \
               SELECT * FROM UNNEST($1::BYTEA[], $2::INTEGER[], $3::BIGINT[], $4::BYTEA[])";
    with_keys(connection, sql, rows).await
}

pub(super) async fn update_keys(connection: &mut PgConnection, rows: &[KeyRow]) -> Result<(), VaultError> {
    let sql = "UPDATE agent_key SET generation = new.generation, wrapped = new.wrapped \
               FROM UNNEST($1::BYTEA[], $2::INTEGER[], $3::BIGINT[], $4::BYTEA[]) \
               AS new(agent, period, generation, wrapped) \
               WHERE agent_key.agent = new.agent AND agent_key.period = new.period";
    with_keys(connection, sql, rows).await
}

pub(super) async fn page_agents(
    connection: &mut PgConnection,
    after: &[u8],
    limit: i64,
) -> Result<Vec<AgentRow>, VaultError> {
    let sql =
        "SELECT agent, lookup, generation, identifier FROM agent WHERE agent > $1 ORDER BY agent LIMIT $2";
    let rows = sqlx::query(sql).bind(after).bind(limit).fetch_all(connection).await?;
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
    connection: &mut PgConnection,
    agent: &[u8],
    period: i32,
    limit: i64,
) -> Result<Vec<KeyRow>, VaultError> {
    let sql = "SELECT agent, period::BIGINT, generation, wrapped FROM agent_key \
               WHERE (agent, period) > ($1, $2) ORDER BY agent, period LIMIT $3";
    let rows = sqlx::query(sql).bind(agent).bind(period).bind(limit).fetch_all(connection).await?;
    rows.iter().map(key_row).collect()
}

pub(super) async fn delete_agents(
    connection: &mut PgConnection,
    agents: &[AgentId],
) -> Result<(u64, u64), VaultError> {
    let agents = ids(agents.iter());
    let keys = sqlx::query("DELETE FROM agent_key WHERE agent = ANY($1)").bind(&agents);
    let keys = keys.execute(&mut *connection).await?.rows_affected();
    let deleted = sqlx::query("DELETE FROM agent WHERE agent = ANY($1)").bind(&agents);
    Ok((deleted.execute(connection).await?.rows_affected(), keys))
}

pub(super) async fn vacuum(pool: &PgPool) -> Result<(), VaultError> {
    sqlx::raw_sql("VACUUM agent").execute(pool).await?;
    sqlx::raw_sql("VACUUM agent_key").execute(pool).await?;
    Ok(())
}

async fn with_agents(
    connection: &mut PgConnection,
    sql: &'static str,
    rows: &[AgentRow],
) -> Result<(), VaultError> {
    sqlx::query(sql)
        .bind(ids(rows.iter().map(|row| &row.agent)))
        .bind(rows.iter().map(|row| row.lookup.to_vec()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| i64::from(row.generation)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.identifier.clone()).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

async fn with_keys(
    connection: &mut PgConnection,
    sql: &'static str,
    rows: &[KeyRow],
) -> Result<(), VaultError> {
    sqlx::query(sql)
        .bind(ids(rows.iter().map(|row| &row.agent)))
        .bind(rows.iter().map(|row| i32::from(row.period.0)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| i64::from(row.generation)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.wrapped.clone()).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

fn ids<'a>(agents: impl Iterator<Item = &'a AgentId>) -> Vec<Vec<u8>> {
    agents.map(|agent| agent.0.to_vec()).collect()
}

fn key_row(row: &PgRow) -> Result<KeyRow, VaultError> {
    Ok(KeyRow {
        agent: AgentId(bytes(row.try_get(0)?)?),
        period: Period(number(row.try_get(1)?)?),
        generation: number(row.try_get(2)?)?,
        wrapped: row.try_get(3)?,
    })
}
