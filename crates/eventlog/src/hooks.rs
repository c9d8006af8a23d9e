//! Keeping the hooks' rows complete, whoever appended.

use std::sync::Arc;

use crate::database::{Database, Tx, on_either};
use crate::error::LogError;
use crate::event::Position;
use crate::fold::{FoldError, InTransaction, Standing};
use crate::read;
use crate::rows::{int, uint};

/// Events folded in one go.
const PAGE: usize = 2_000;

/// Prepares the hooks' tables, empties those whose form changed (or all, where `again`), and brings
/// them to the head, a page in each transaction.
pub(crate) async fn prepare(
    database: &Database,
    hooks: &[Arc<dyn InTransaction>],
    again: bool,
) -> Result<(), LogError> {
    for hook in hooks {
        let failed = |source| LogError::Hook { hook: hook.name(), source };
        let mut transaction = database.begin().await?;
        if let Tx::Postgres(connection) = transaction.tx() {
            // Of several nodes that open at once, one creates the tables.
            sqlx::raw_sql("SELECT pg_advisory_xact_lock(7021880346)").execute(connection).await?;
        }
        let known = mark(transaction.tx(), hook.name()).await?;
        if again || known.is_none_or(|(version, _)| version != hook.version()) {
            hook.reset(transaction.tx()).await.map_err(failed)?;
            set_mark(transaction.tx(), hook.as_ref(), Position(0)).await?;
        }
        hook.prepare(transaction.tx()).await.map_err(failed)?;
        transaction.commit().await?;
        while !step(database, hook).await? {}
        while again && hook.standing() == Standing::Behind {
            go_on(database, hook).await?;
        }
    }
    Ok(())
}

/// The first event that a hook does not have all rows of, as committed.
pub(crate) async fn unfinished(
    database: &Database,
    hooks: &[Arc<dyn InTransaction>],
) -> Result<Option<Position>, LogError> {
    let mut first = None;
    for hook in hooks {
        let mut reader = database.reader().await?;
        let found = hook.unfinished(reader.tx()).await;
        let found = found.map_err(|source| LogError::Hook { hook: hook.name(), source })?;
        first = [first, found].into_iter().flatten().min();
    }
    Ok(first)
}

/// A piece of what a hook put off, outside the writer.
async fn go_on(database: &Database, hook: &Arc<dyn InTransaction>) -> Result<(), LogError> {
    let mut transaction = database.begin().await?;
    lock(transaction.tx()).await?;
    let done = hook.go_on(transaction.tx()).await;
    done.map_err(|source| LogError::Hook { hook: hook.name(), source })?;
    Ok(transaction.commit().await?)
}

/// Takes the log's lock; on SQLite whoever writes has it.
async fn lock(tx: Tx<'_>) -> Result<(), sqlx::Error> {
    if let Tx::Postgres(connection) = tx {
        sqlx::query("SELECT one FROM log_head FOR UPDATE").execute(connection).await?;
    }
    Ok(())
}

/// Folds events that other writers left out into the hooks, inside the transaction at hand. The caller
/// moves the marks.
pub(crate) async fn replay(
    mut tx: Tx<'_>,
    hooks: &[Arc<dyn InTransaction>],
    after: Position,
    through: Position,
) -> Result<(), FoldError> {
    for hook in hooks {
        let mut reached = match mark(tx.reborrow(), hook.name()).await? {
            Some((_, position)) => position,
            None => after,
        };
        while reached < through {
            let events = read::page(tx.reborrow(), reached, PAGE).await?;
            let Some(last) = events.last() else { break };
            reached = last.position;
            hook.apply(tx.reborrow(), &events).await?;
        }
    }
    Ok(())
}

/// Folds one page; true once the hook is at the head.
async fn step(database: &Database, hook: &Arc<dyn InTransaction>) -> Result<bool, LogError> {
    let failed = |source| LogError::Hook { hook: hook.name(), source };
    let mut transaction = database.begin().await?;
    lock(transaction.tx()).await?;
    let reached = mark(transaction.tx(), hook.name()).await?.map_or(Position(0), |(_, position)| position);
    let events = read::page(transaction.tx(), reached, PAGE).await?;
    let Some(last) = events.last() else { return Ok(true) };
    hook.apply(transaction.tx(), &events).await.map_err(failed)?;
    set_mark(transaction.tx(), hook.as_ref(), last.position).await?;
    transaction.commit().await?;
    Ok(events.len() < PAGE)
}

async fn mark(tx: Tx<'_>, name: &str) -> Result<Option<(u32, Position)>, sqlx::Error> {
    let text = "SELECT CAST(version AS bigint), position FROM log_hook WHERE name = $1";
    let found: Option<(i64, i64)> =
        on_either!(tx, connection => sqlx::query_as(text).bind(name).fetch_optional(connection).await?);
    Ok(found.map(|(version, position)| (u32::try_from(version).unwrap_or(0), Position(uint(position)))))
}

async fn set_mark(tx: Tx<'_>, hook: &dyn InTransaction, position: Position) -> Result<(), sqlx::Error> {
    let text = "INSERT INTO log_hook (name, version, position) VALUES ($1, $2, $3) \
                ON CONFLICT (name) DO UPDATE SET version = excluded.version, position = excluded.position";
    let version = i32::try_from(hook.version()).unwrap_or(i32::MAX);
    on_either!(tx, connection => sqlx::query(text)
        .bind(hook.name())
        .bind(version)
        .bind(int(position.0))
        .execute(connection)
        .await
        .map(drop))
}
