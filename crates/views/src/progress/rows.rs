//! The rows of `progress` in both databases. Activities stand once in `progress_activity`, by digest: an IRI may be
//! longer than an index entry can be.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use eventlog::database::{Database, Tx};
use eventlog::event::Key;
use eventlog::projection::Views;
use sha2::{Digest, Sha256};

use super::done::{Folded, Pair, Progress, ProgressRow};
use crate::ViewError;
use crate::sql::{insert_sqlite, json_keys, key};

/// The name of the projection.
pub const NAME: &str = "progress";
/// Raise it with the form of the rows, or their meaning.
pub(super) const VERSION: u32 = 2;
/// Versions whose rows the queries here can read: older ones answer while newer ones are built.
const READABLE: RangeInclusive<u32> = 2..=VERSION;

const SQLITE_TABLES: &str = "
CREATE TABLE IF NOT EXISTS progress (
    agent BLOB NOT NULL, activity BLOB NOT NULL, statements INTEGER NOT NULL, begun INTEGER, completed INTEGER,
    passed INTEGER, failed INTEGER, best_share INTEGER, first INTEGER NOT NULL, last INTEGER NOT NULL,
    PRIMARY KEY (agent, activity)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS progress_activity (digest BLOB PRIMARY KEY, iri TEXT NOT NULL) WITHOUT ROWID;
";

const POSTGRES_TABLES: &str = "
CREATE TABLE IF NOT EXISTS progress (
    agent BYTEA NOT NULL, activity BYTEA NOT NULL, statements BIGINT NOT NULL, begun BIGINT, completed BIGINT,
    passed BIGINT, failed BIGINT, best_share BIGINT, first BIGINT NOT NULL, last BIGINT NOT NULL,
    PRIMARY KEY (agent, activity));
CREATE TABLE IF NOT EXISTS progress_activity (digest BYTEA PRIMARY KEY, iri TEXT NOT NULL);
";

/// What happens to a row that is there already: the same in both databases but for the names of the functions.
const SQLITE_JOIN: &str = "ON CONFLICT (agent, activity) DO UPDATE SET \
    statements = statements + excluded.statements, \
    begun = min(coalesce(begun, excluded.begun), coalesce(excluded.begun, begun)), \
    completed = min(coalesce(completed, excluded.completed), coalesce(excluded.completed, completed)), \
    passed = min(coalesce(passed, excluded.passed), coalesce(excluded.passed, passed)), \
    failed = min(coalesce(failed, excluded.failed), coalesce(excluded.failed, failed)), \
    best_share = max(coalesce(best_share, excluded.best_share), coalesce(excluded.best_share, best_share)), \
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
                (agent, activity, statements, begun, completed, passed, failed, best_share, first, last)";
            insert_sqlite(connection, (head, 10, SQLITE_JOIN), &rows, |query, (agent, activity, row)| {
                query
                    .bind(&agent[..])
                    .bind(&activity[..])
                    .bind(count(row.statements))
                    .bind(row.begun)
                    .bind(row.completed)
                    .bind(row.passed)
                    .bind(row.failed)
                    .bind(row.best_share)
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
            let column = |value: fn(&Progress) -> Option<i64>| -> Vec<Option<i64>> {
                rows.iter().map(|(_, _, row)| value(row)).collect()
            };
            let agents: Vec<&[u8]> = rows.iter().map(|(agent, ..)| &agent[..]).collect();
            let activities: Vec<&[u8]> = rows.iter().map(|(_, activity, _)| &activity[..]).collect();
            sqlx::query(
                "INSERT INTO progress AS p \
                 (agent, activity, statements, begun, completed, passed, failed, best_share, first, last) \
                 SELECT * FROM UNNEST($1::bytea[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[], \
                 $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[]) \
                 ON CONFLICT (agent, activity) DO UPDATE SET statements = p.statements + excluded.statements, \
                 begun = least(p.begun, excluded.begun), completed = least(p.completed, excluded.completed), \
                 passed = least(p.passed, excluded.passed), failed = least(p.failed, excluded.failed), \
                 best_share = greatest(p.best_share, excluded.best_share), \
                 first = least(p.first, excluded.first), last = greatest(p.last, excluded.last)",
            )
            .bind(agents)
            .bind(activities)
            .bind(column(|row| Some(count(row.statements))))
            .bind(column(|row| row.begun))
            .bind(column(|row| row.completed))
            .bind(column(|row| row.passed))
            .bind(column(|row| row.failed))
            .bind(column(|row| row.best_share))
            .bind(column(|row| Some(row.first)))
            .bind(column(|row| Some(row.last)))
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
            let sql = "SELECT p.agent, a.iri, statements, begun, completed, passed, failed, best_share, first, last \
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
            let sql = "SELECT p.agent, a.iri, statements, begun, completed, passed, failed, best_share, first, last \
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
    Ok(ProgressRow {
        agent: key(row.try_get(0)?)?,
        activity: row.try_get(1)?,
        progress: Progress {
            statements: u64::try_from(row.try_get::<i64, _>(2)?).unwrap_or(0),
            begun: row.try_get(3)?,
            completed: row.try_get(4)?,
            passed: row.try_get(5)?,
            failed: row.try_get(6)?,
            best_share: row.try_get(7)?,
            first: row.try_get(8)?,
            last: row.try_get(9)?,
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
