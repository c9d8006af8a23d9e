//! The rows of `progress` in both databases. Activities stand once in `progress_activity`, by digest: an IRI may be
//! longer than an index entry can be.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use eventlog::database::{Database, Tx};
use eventlog::event::Key;
use eventlog::projection::Views;
use sha2::{Digest, Sha256};

use super::{Folded, Pair, Progress, ProgressRow};
use crate::ViewError;
use crate::sql::{insert_sqlite, json_keys, key};

/// The name of the projection.
pub const NAME: &str = "progress";
/// Raise it with the form of the rows, or their meaning.
pub(super) const VERSION: u32 = 1;
/// Versions whose rows the queries here can read: older ones answer while newer ones are built.
const READABLE: RangeInclusive<u32> = 1..=VERSION;

const SQLITE_TABLES: &str = "
CREATE TABLE IF NOT EXISTS progress (
    agent BLOB NOT NULL, activity BLOB NOT NULL, statements INTEGER NOT NULL, attempted INTEGER NOT NULL,
    completed INTEGER NOT NULL, passed INTEGER NOT NULL, best_scaled INTEGER, first INTEGER NOT NULL,
    last INTEGER NOT NULL, PRIMARY KEY (agent, activity)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS progress_activity (digest BLOB PRIMARY KEY, iri TEXT NOT NULL) WITHOUT ROWID;
";

const POSTGRES_TABLES: &str = "
CREATE TABLE IF NOT EXISTS progress (
    agent BYTEA NOT NULL, activity BYTEA NOT NULL, statements BIGINT NOT NULL, attempted BIGINT NOT NULL,
    completed BIGINT NOT NULL, passed BIGINT NOT NULL, best_scaled BIGINT, first BIGINT NOT NULL,
    last BIGINT NOT NULL, PRIMARY KEY (agent, activity));
CREATE TABLE IF NOT EXISTS progress_activity (digest BYTEA PRIMARY KEY, iri TEXT NOT NULL);
";

/// What happens to a row that is there already: the same in both databases but for the names of the functions.
const SQLITE_JOIN: &str = "ON CONFLICT (agent, activity) DO UPDATE SET \
    statements = statements + excluded.statements, attempted = attempted + excluded.attempted, \
    completed = completed + excluded.completed, passed = passed + excluded.passed, \
    best_scaled = max(coalesce(best_scaled, excluded.best_scaled), coalesce(excluded.best_scaled, best_scaled)), \
    first = min(first, excluded.first), last = max(last, excluded.last)";

pub(super) async fn create(mut tx: Tx<'_>) -> Result<(), sqlx::Error> {
    tx.run(SQLITE_TABLES, POSTGRES_TABLES).await
}

/// Joins rows with those that are there.
pub(super) async fn write(tx: Tx<'_>, folded: &Folded) -> Result<(), sqlx::Error> {
    if folded.is_empty() {
        return Ok(());
    }
    let mut digests: BTreeMap<&str, Key> = BTreeMap::new();
    for (_, activity) in folded.keys() {
        digests.entry(activity).or_insert_with(|| digest(activity));
    }
    let names: Vec<(Key, &str)> = digests.iter().map(|(iri, digest)| (*digest, *iri)).collect();
    let rows: Vec<(Key, Key, &Progress)> = folded
        .iter()
        .map(|((agent, activity), progress)| {
            (*agent, digests.get(activity.as_str()).copied().unwrap_or_default(), progress)
        })
        .collect();
    match tx {
        Tx::Sqlite(connection) => {
            let parts = ("INSERT OR IGNORE INTO progress_activity (digest, iri)", 2, "");
            insert_sqlite(connection, parts, &names, |query, (digest, iri)| {
                query.bind(&digest[..]).bind(*iri)
            })
            .await?;
            let head = "INSERT INTO progress \
                (agent, activity, statements, attempted, completed, passed, best_scaled, first, last)";
            insert_sqlite(connection, (head, 9, SQLITE_JOIN), &rows, |query, (agent, activity, row)| {
                query
                    .bind(&agent[..])
                    .bind(&activity[..])
                    .bind(count(row.statements))
                    .bind(count(row.attempted))
                    .bind(count(row.completed))
                    .bind(count(row.passed))
                    .bind(row.best_scaled)
                    .bind(row.first)
                    .bind(row.last)
            })
            .await
        }
        Tx::Postgres(connection) => {
            let digests: Vec<&[u8]> = names.iter().map(|(digest, _)| &digest[..]).collect();
            let iris: Vec<&str> = names.iter().map(|(_, iri)| *iri).collect();
            sqlx::query(
                "INSERT INTO progress_activity (digest, iri) \
                 SELECT * FROM UNNEST($1::bytea[], $2::text[]) ON CONFLICT DO NOTHING",
            )
            .bind(digests)
            .bind(iris)
            .execute(&mut *connection)
            .await?;
            let column = |value: fn(&Progress) -> i64| -> Vec<i64> {
                rows.iter().map(|(_, _, row)| value(row)).collect()
            };
            let agents: Vec<&[u8]> = rows.iter().map(|(agent, ..)| &agent[..]).collect();
            let activities: Vec<&[u8]> = rows.iter().map(|(_, activity, _)| &activity[..]).collect();
            let best: Vec<Option<i64>> = rows.iter().map(|(_, _, row)| row.best_scaled).collect();
            sqlx::query(
                "INSERT INTO progress AS p \
                 (agent, activity, statements, attempted, completed, passed, best_scaled, first, last) \
                 SELECT * FROM UNNEST($1::bytea[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[], \
                 $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[]) \
                 ON CONFLICT (agent, activity) DO UPDATE SET statements = p.statements + excluded.statements, \
                 attempted = p.attempted + excluded.attempted, completed = p.completed + excluded.completed, \
                 passed = p.passed + excluded.passed, \
                 best_scaled = greatest(p.best_scaled, excluded.best_scaled), \
                 first = least(p.first, excluded.first), last = greatest(p.last, excluded.last)",
            )
            .bind(agents)
            .bind(activities)
            .bind(column(|row| count(row.statements)))
            .bind(column(|row| count(row.attempted)))
            .bind(column(|row| count(row.completed)))
            .bind(column(|row| count(row.passed)))
            .bind(best)
            .bind(column(|row| row.first))
            .bind(column(|row| row.last))
            .execute(connection)
            .await
            .map(drop)
        }
    }
}

/// Takes rows away, to be folded again.
pub(super) async fn delete(mut tx: Tx<'_>, pairs: &BTreeSet<Pair>) -> Result<(), sqlx::Error> {
    for (agent, activity) in pairs {
        let activity = digest(activity);
        match tx.reborrow() {
            Tx::Sqlite(connection) => {
                let sql = "DELETE FROM progress WHERE agent = ?1 AND activity = ?2";
                sqlx::query(sql).bind(&agent[..]).bind(&activity[..]).execute(connection).await?;
            }
            Tx::Postgres(connection) => {
                let sql = "DELETE FROM progress WHERE agent = $1 AND activity = $2";
                sqlx::query(sql).bind(&agent[..]).bind(&activity[..]).execute(connection).await?;
            }
        }
    }
    Ok(())
}

/// The rows of some agents, by agent and activity.
pub(super) async fn of_agents(
    views: &Views,
    agents: &[Key],
    activities: Option<&[String]>,
) -> Result<Vec<ProgressRow>, ViewError> {
    let wanted: Option<Vec<Key>> = activities.map(|list| list.iter().map(|iri| digest(iri)).collect());
    Ok(views.read(NAME, READABLE, |place| find(place, agents, wanted.as_deref())).await?)
}

async fn find(
    place: Database,
    agents: &[Key],
    wanted: Option<&[Key]>,
) -> Result<Vec<ProgressRow>, sqlx::Error> {
    match place {
        Database::Sqlite(db) => {
            let sql = "SELECT p.agent, a.iri, statements, attempted, completed, passed, best_scaled, first, last \
                FROM progress p JOIN progress_activity a ON a.digest = p.activity \
                WHERE p.agent IN (SELECT unhex(value) FROM json_each(?1)) \
                AND (?2 IS NULL OR p.activity IN (SELECT unhex(value) FROM json_each(?2))) \
                ORDER BY p.agent, a.iri";
            sqlx::query(sql)
                .bind(json_keys(agents))
                .bind(wanted.map(json_keys))
                .try_map(|row: sqlx::sqlite::SqliteRow| read(&row))
                .fetch_all(&db.readers)
                .await
        }
        Database::Postgres(pool) => {
            let sql = "SELECT p.agent, a.iri, statements, attempted, completed, passed, best_scaled, first, last \
                FROM progress p JOIN progress_activity a ON a.digest = p.activity \
                WHERE p.agent = ANY($1) AND ($2::bytea[] IS NULL OR p.activity = ANY($2)) \
                ORDER BY p.agent, a.iri COLLATE \"C\"";
            let agents: Vec<&[u8]> = agents.iter().map(|agent| &agent[..]).collect();
            let wanted: Option<Vec<&[u8]>> =
                wanted.map(|list| list.iter().map(|digest| &digest[..]).collect());
            sqlx::query(sql)
                .bind(agents)
                .bind(wanted)
                .try_map(|row: sqlx::postgres::PgRow| read(&row))
                .fetch_all(&pool)
                .await
        }
    }
}

fn read<'r, R: sqlx::Row>(row: &'r R) -> Result<ProgressRow, sqlx::Error>
where
    usize: sqlx::ColumnIndex<R>,
    i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    &'r [u8]: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    Option<i64>: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    let sum = |index: usize| -> Result<u64, sqlx::Error> {
        Ok(u64::try_from(row.try_get::<i64, _>(index)?).unwrap_or(0))
    };
    Ok(ProgressRow {
        agent: key(row.try_get(0)?)?,
        activity: row.try_get(1)?,
        progress: Progress {
            statements: sum(2)?,
            attempted: sum(3)?,
            completed: sum(4)?,
            passed: sum(5)?,
            best_scaled: row.try_get(6)?,
            first: row.try_get(7)?,
            last: row.try_get(8)?,
        },
    })
}

fn count(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The activity's IRI in 16 bytes.
fn digest(iri: &str) -> Key {
    let mut short = [0; 16];
    short.copy_from_slice(&Sha256::digest(iri)[..16]);
    short
}
