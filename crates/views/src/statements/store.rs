//! The index's rows: what is written under the log's lock, and what the walk along references reads.

use eventlog::database::Tx;
use eventlog::event::{Key, Position};
use sqlx::{Row as _, SqliteConnection};

use super::errands::first_errand;
use super::term::Term;
use crate::sql::{insert_sqlite, json_keys, json_positions, key, position, signed};

/// A row of `statement_term`: the statement at `position` is found by `term`, because of itself (`via` is 0) or
/// because it refers, over however many others, to the statement at `via`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TermRow {
    pub(crate) term: Term,
    pub(crate) position: u64,
    pub(crate) via: u64,
}

/// A row of `statement_reference`: the statement `id` at `position` refers to `target`, known or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) target: Key,
    pub(crate) position: Position,
    pub(crate) id: Key,
    pub(crate) voids: bool,
}

/// A statement as the log has it.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) id: Key,
    pub(crate) position: Position,
    pub(crate) schema: u16,
    pub(crate) credential: Option<Key>,
    pub(crate) facts: Vec<u8>,
}

const SQLITE_TABLES: &str = "
CREATE TABLE IF NOT EXISTS statement_term (
    term BLOB NOT NULL, position INTEGER NOT NULL, via INTEGER NOT NULL,
    PRIMARY KEY (term, position, via)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS statement_reference (
    target BLOB NOT NULL, position INTEGER NOT NULL, id BLOB NOT NULL, voids INTEGER NOT NULL,
    PRIMARY KEY (target, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS statement_voided (
    position INTEGER PRIMARY KEY, voided_by INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS statement_voided_by ON statement_voided (voided_by);
CREATE TABLE IF NOT EXISTS statement_lent (
    position INTEGER NOT NULL, row BLOB NOT NULL, via INTEGER NOT NULL,
    PRIMARY KEY (position, row)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS statement_errand (
    since INTEGER NOT NULL, statement BLOB NOT NULL, lender INTEGER NOT NULL, borrower INTEGER NOT NULL,
    after BLOB NOT NULL, PRIMARY KEY (since, statement, lender, borrower)) WITHOUT ROWID;
";

const POSTGRES_TABLES: &str = "
CREATE TABLE IF NOT EXISTS statement_term (
    term BYTEA NOT NULL, position BIGINT NOT NULL, via BIGINT NOT NULL,
    PRIMARY KEY (term, position, via));
CREATE TABLE IF NOT EXISTS statement_reference (
    target BYTEA NOT NULL, position BIGINT NOT NULL, id BYTEA NOT NULL, voids BOOLEAN NOT NULL,
    PRIMARY KEY (target, position));
CREATE TABLE IF NOT EXISTS statement_voided (
    position BIGINT PRIMARY KEY, voided_by BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS statement_voided_by ON statement_voided (voided_by);
CREATE TABLE IF NOT EXISTS statement_lent (
    position BIGINT NOT NULL, row BYTEA NOT NULL, via BIGINT NOT NULL,
    PRIMARY KEY (position, row));
CREATE TABLE IF NOT EXISTS statement_errand (
    since BIGINT NOT NULL, statement BYTEA NOT NULL, lender BIGINT NOT NULL, borrower BIGINT NOT NULL,
    after BYTEA NOT NULL, PRIMARY KEY (since, statement, lender, borrower));
";

const DROP_TABLES: &str = "
DROP TABLE IF EXISTS statement_term;
DROP TABLE IF EXISTS statement_reference;
DROP TABLE IF EXISTS statement_voided;
DROP TABLE IF EXISTS statement_walk_rest;
DROP TABLE IF EXISTS statement_lent;
DROP TABLE IF EXISTS statement_errand;
";

pub(crate) async fn create(mut tx: Tx<'_>) -> Result<(), sqlx::Error> {
    tx.run(SQLITE_TABLES, POSTGRES_TABLES).await
}

pub(crate) async fn drop(mut tx: Tx<'_>) -> Result<(), sqlx::Error> {
    tx.run(DROP_TABLES, DROP_TABLES).await
}

/// Adds the rows that statements have of themselves, which are new as their positions are, and gives the
/// references to any of `ids`, in the order of the log, and whether errands are left from before: one round trip on
/// PostgreSQL.
///
/// Rows are sorted first: neighbours share a page of the tree.
pub(crate) async fn insert_own(
    mut tx: Tx<'_>,
    mut rows: Vec<TermRow>,
    ids: &[Key],
) -> Result<(Vec<Reference>, bool), sqlx::Error> {
    rows.sort_unstable();
    match tx.reborrow() {
        Tx::Sqlite(connection) => insert_sqlite_terms(connection, &rows).await?,
        Tx::Postgres(connection) => {
            let text = "WITH own AS (INSERT INTO statement_term (term, position, via) \
                 SELECT * FROM UNNEST($1::bytea[], $2::bigint[], $3::bigint[])) \
                 SELECT target, position, id, voids FROM statement_reference WHERE target = ANY($4) \
                 UNION ALL SELECT NULL, since, NULL, NULL \
                 FROM (SELECT since FROM statement_errand ORDER BY since LIMIT 1) AS errand ORDER BY position";
            let ids: Vec<&[u8]> = ids.iter().map(|id| &id[..]).collect();
            let found: Vec<Option<Reference>> = bind_terms(sqlx::query(text), &rows)
                .bind(ids)
                .try_map(|row: sqlx::postgres::PgRow| {
                    let Some(target) = row.try_get::<Option<&[u8]>, _>(0)? else { return Ok(None) };
                    Ok(Some(reference(target, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?)?))
                })
                .fetch_all(connection)
                .await?;
            let left = found.iter().any(Option::is_none);
            return Ok((found.into_iter().flatten().collect(), left));
        }
    }
    let left = first_errand(tx.reborrow()).await?.is_some();
    Ok((referrers(tx, ids).await?, left))
}

/// Adds rows that statements have of others; one may come again by another way, and stays.
pub(crate) async fn insert_borrowed(tx: Tx<'_>, mut rows: Vec<TermRow>) -> Result<(), sqlx::Error> {
    rows.sort_unstable();
    match tx {
        Tx::Sqlite(connection) => insert_sqlite_terms(connection, &rows).await,
        Tx::Postgres(connection) => {
            let text = "INSERT INTO statement_term (term, position, via) \
                 SELECT * FROM UNNEST($1::bytea[], $2::bigint[], $3::bigint[]) ON CONFLICT DO NOTHING";
            bind_terms(sqlx::query(text), &rows).execute(connection).await.map(std::mem::drop)
        }
    }
}

async fn insert_sqlite_terms(connection: &mut SqliteConnection, rows: &[TermRow]) -> Result<(), sqlx::Error> {
    let parts = ("INSERT OR IGNORE INTO statement_term (term, position, via)", 3, "");
    insert_sqlite(connection, parts, rows, |query, row| {
        query.bind(&row.term[..]).bind(signed(row.position)).bind(signed(row.via))
    })
    .await
}

type PostgresQuery<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

fn bind_terms<'q>(query: PostgresQuery<'q>, rows: &'q [TermRow]) -> PostgresQuery<'q> {
    let terms: Vec<&[u8]> = rows.iter().map(|row| &row.term[..]).collect();
    let positions: Vec<i64> = rows.iter().map(|row| signed(row.position)).collect();
    let vias: Vec<i64> = rows.iter().map(|row| signed(row.via)).collect();
    query.bind(terms).bind(positions).bind(vias)
}

pub(crate) async fn insert_references(tx: Tx<'_>, rows: &[Reference]) -> Result<(), sqlx::Error> {
    match tx {
        Tx::Sqlite(connection) => {
            let parts = ("INSERT OR IGNORE INTO statement_reference (target, position, id, voids)", 4, "");
            insert_sqlite(connection, parts, rows, |query, row| {
                query.bind(&row.target[..]).bind(signed(row.position.0)).bind(&row.id[..]).bind(row.voids)
            })
            .await
        }
        Tx::Postgres(connection) => {
            let targets: Vec<&[u8]> = rows.iter().map(|row| &row.target[..]).collect();
            let positions: Vec<i64> = rows.iter().map(|row| signed(row.position.0)).collect();
            let ids: Vec<&[u8]> = rows.iter().map(|row| &row.id[..]).collect();
            let voids: Vec<bool> = rows.iter().map(|row| row.voids).collect();
            sqlx::query(
                "INSERT INTO statement_reference (target, position, id, voids) \
                 SELECT * FROM UNNEST($1::bytea[], $2::bigint[], $3::bytea[], $4::boolean[]) \
                 ON CONFLICT DO NOTHING",
            )
            .bind(targets)
            .bind(positions)
            .bind(ids)
            .bind(voids)
            .execute(connection)
            .await
            .map(std::mem::drop)
        }
    }
}

/// Notes which statements are voided, and by which. The first to void one stays the one that did.
pub(crate) async fn insert_voided(tx: Tx<'_>, rows: &[(Position, Position)]) -> Result<(), sqlx::Error> {
    match tx {
        Tx::Sqlite(connection) => {
            let parts = ("INSERT OR IGNORE INTO statement_voided (position, voided_by)", 2, "");
            insert_sqlite(connection, parts, rows, |query, (target, by)| {
                query.bind(signed(target.0)).bind(signed(by.0))
            })
            .await
        }
        Tx::Postgres(connection) => {
            let targets: Vec<i64> = rows.iter().map(|(target, _)| signed(target.0)).collect();
            let by: Vec<i64> = rows.iter().map(|(_, by)| signed(by.0)).collect();
            sqlx::query(
                "INSERT INTO statement_voided (position, voided_by) \
                 SELECT * FROM UNNEST($1::bigint[], $2::bigint[]) ON CONFLICT DO NOTHING",
            )
            .bind(targets)
            .bind(by)
            .execute(connection)
            .await
            .map(std::mem::drop)
        }
    }
}

/// Who refers to any of these statements, in the order of the log.
pub(crate) async fn referrers(tx: Tx<'_>, targets: &[Key]) -> Result<Vec<Reference>, sqlx::Error> {
    match tx {
        Tx::Sqlite(connection) => {
            sqlx::query(
                "SELECT target, position, id, voids FROM statement_reference \
                 WHERE target IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY position",
            )
            .bind(json_keys(targets))
            .try_map(|row: sqlx::sqlite::SqliteRow| {
                reference(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?)
            })
            .fetch_all(connection)
            .await
        }
        Tx::Postgres(connection) => {
            let targets: Vec<&[u8]> = targets.iter().map(|target| &target[..]).collect();
            sqlx::query(
                "SELECT target, position, id, voids FROM statement_reference \
                 WHERE target = ANY($1) ORDER BY position",
            )
            .bind(targets)
            .try_map(|row: sqlx::postgres::PgRow| {
                reference(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?)
            })
            .fetch_all(connection)
            .await
        }
    }
}

fn reference(target: &[u8], at: i64, id: &[u8], voids: bool) -> Result<Reference, sqlx::Error> {
    Ok(Reference { target: key(target)?, position: position(at), id: key(id)?, voids })
}

/// The statements at these positions.
pub(crate) async fn by_position(tx: Tx<'_>, positions: &[Position]) -> Result<Vec<Stored>, sqlx::Error> {
    match tx {
        Tx::Sqlite(connection) => {
            sqlx::query(
                "SELECT dedupe, position, schema, credential, facts FROM event \
                 WHERE kind = 'statement' AND position IN (SELECT value FROM json_each(?1))",
            )
            .bind(json_positions(positions.iter().map(|position| position.0)))
            .try_map(|row: sqlx::sqlite::SqliteRow| {
                stored(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?)
            })
            .fetch_all(connection)
            .await
        }
        Tx::Postgres(connection) => {
            let positions: Vec<i64> = positions.iter().map(|position| signed(position.0)).collect();
            sqlx::query(
                "SELECT dedupe, position, schema::bigint, credential, facts FROM event \
                 WHERE kind = 'statement' AND position = ANY($1)",
            )
            .bind(positions)
            .try_map(|row: sqlx::postgres::PgRow| {
                stored(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?)
            })
            .fetch_all(connection)
            .await
        }
    }
}

/// The statements with these ids, as far as they are in the log.
pub(crate) async fn by_id(tx: Tx<'_>, ids: &[Key]) -> Result<Vec<Stored>, sqlx::Error> {
    match tx {
        Tx::Sqlite(connection) => {
            sqlx::query(
                "SELECT dedupe, position, schema, credential, facts FROM event \
                 WHERE kind = 'statement' AND dedupe IN (SELECT unhex(value) FROM json_each(?1))",
            )
            .bind(json_keys(ids))
            .try_map(|row: sqlx::sqlite::SqliteRow| {
                stored(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?)
            })
            .fetch_all(connection)
            .await
        }
        Tx::Postgres(connection) => {
            let ids: Vec<&[u8]> = ids.iter().map(|id| &id[..]).collect();
            sqlx::query(
                "SELECT dedupe, position, schema::bigint, credential, facts FROM event \
                 WHERE kind = 'statement' AND dedupe = ANY($1)",
            )
            .bind(ids)
            .try_map(|row: sqlx::postgres::PgRow| {
                stored(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?)
            })
            .fetch_all(connection)
            .await
        }
    }
}

fn stored(
    id: &[u8],
    at: i64,
    schema: i64,
    credential: Option<&[u8]>,
    facts: Vec<u8>,
) -> Result<Stored, sqlx::Error> {
    let schema = u16::try_from(schema).map_err(|_| sqlx::Error::Decode("a schema above 65535".into()))?;
    Ok(Stored {
        id: key(id)?,
        position: position(at),
        schema,
        credential: credential.map(key).transpose()?,
        facts,
    })
}
