//! The rows of `competence_source` in both databases.

use std::ops::RangeInclusive;

use eventlog::database::{Database, Tx};
use eventlog::event::{Key, Position};
use eventlog::projection::Views;

use super::source::{Said, Source};
use crate::ViewError;
use crate::sql::{insert_sqlite, json_keys, json_positions, key, position, signed};

/// The name of the projection.
pub const NAME: &str = "competence";
/// Raise it with the form of the rows, or their meaning.
pub(super) const VERSION: u32 = 2;
/// Versions whose rows the queries here can read: older ones answer while newer ones are built.
const READABLE: RangeInclusive<u32> = 1..=VERSION;

/// Between the codes of one answer (1.0.3 Data appendix C); no code holds it.
const SEPARATOR: &str = "[,]";

/// `codes` is null where the activity was passed; otherwise the answer, its codes joined as the standard joins them.
const SQLITE_TABLES: &str = "
CREATE TABLE IF NOT EXISTS competence_source (
    agent BLOB NOT NULL, position INTEGER NOT NULL, activity TEXT NOT NULL, codes TEXT,
    registration BLOB, observed_at INTEGER NOT NULL, PRIMARY KEY (agent, position)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS competence_source_position ON competence_source (position);
";

const POSTGRES_TABLES: &str = "
CREATE TABLE IF NOT EXISTS competence_source (
    agent BYTEA NOT NULL, position BIGINT NOT NULL, activity TEXT NOT NULL, codes TEXT,
    registration BYTEA, observed_at BIGINT NOT NULL, PRIMARY KEY (agent, position));
CREATE INDEX IF NOT EXISTS competence_source_position ON competence_source (position);
";

pub(super) async fn create(mut tx: Tx<'_>) -> Result<(), sqlx::Error> {
    tx.run(SQLITE_TABLES, POSTGRES_TABLES).await
}

pub(super) async fn write(tx: Tx<'_>, sources: &[Source]) -> Result<(), sqlx::Error> {
    match tx {
        Tx::Sqlite(connection) => {
            let head = "INSERT INTO competence_source \
                (agent, position, activity, codes, registration, observed_at)";
            insert_sqlite(connection, (head, 6, ""), sources, |query, source| {
                query
                    .bind(&source.agent[..])
                    .bind(signed(source.position.0))
                    .bind(source.activity.as_str())
                    .bind(codes(source))
                    .bind(registration(source))
                    .bind(source.observed_at)
            })
            .await
        }
        Tx::Postgres(connection) => {
            let agents: Vec<&[u8]> = sources.iter().map(|source| &source.agent[..]).collect();
            let positions: Vec<i64> = sources.iter().map(|source| signed(source.position.0)).collect();
            let activities: Vec<&str> = sources.iter().map(|source| source.activity.as_str()).collect();
            let codes: Vec<Option<String>> = sources.iter().map(codes).collect();
            let registrations: Vec<Option<&[u8]>> = sources.iter().map(registration).collect();
            let observed: Vec<i64> = sources.iter().map(|source| source.observed_at).collect();
            sqlx::query(
                "INSERT INTO competence_source (agent, position, activity, codes, registration, observed_at) \
                 SELECT * FROM UNNEST($1::bytea[], $2::bigint[], $3::text[], $4::text[], $5::bytea[], $6::bigint[])",
            )
            .bind(agents)
            .bind(positions)
            .bind(activities)
            .bind(codes)
            .bind(registrations)
            .bind(observed)
            .execute(connection)
            .await
            .map(drop)
        }
    }
}

/// Takes away what was voided.
pub(super) async fn delete(tx: Tx<'_>, positions: &[Position]) -> Result<(), sqlx::Error> {
    if positions.is_empty() {
        return Ok(());
    }
    match tx {
        Tx::Sqlite(connection) => {
            sqlx::query("DELETE FROM competence_source WHERE position IN (SELECT value FROM json_each(?1))")
                .bind(json_positions(positions.iter().map(|at| at.0)))
                .execute(connection)
                .await
                .map(drop)
        }
        Tx::Postgres(connection) => {
            let positions: Vec<i64> = positions.iter().map(|at| signed(at.0)).collect();
            sqlx::query("DELETE FROM competence_source WHERE position = ANY($1)")
                .bind(positions)
                .execute(connection)
                .await
                .map(drop)
        }
    }
}

/// What some agents passed and answered up to a position, in the order of the log.
pub(super) async fn of_agents(
    views: &Views,
    agents: &[Key],
    through: Position,
) -> Result<Vec<Source>, ViewError> {
    Ok(views.read(NAME, READABLE, |place| find(place, agents, through)).await?)
}

async fn find(place: Database, agents: &[Key], through: Position) -> Result<Vec<Source>, sqlx::Error> {
    match place {
        Database::Sqlite(db) => {
            sqlx::query(
                "SELECT agent, position, activity, codes, registration, observed_at FROM competence_source \
                 WHERE agent IN (SELECT unhex(value) FROM json_each(?1)) AND position <= ?2 ORDER BY position",
            )
            .bind(json_keys(agents))
            .bind(signed(through.0))
            .try_map(|row: sqlx::sqlite::SqliteRow| read(&row))
            .fetch_all(&db.readers)
            .await
        }
        Database::Postgres(pool) => {
            let agents: Vec<&[u8]> = agents.iter().map(|agent| &agent[..]).collect();
            sqlx::query(
                "SELECT agent, position, activity, codes, registration, observed_at FROM competence_source \
                 WHERE agent = ANY($1) AND position <= $2 ORDER BY position",
            )
            .bind(agents)
            .bind(signed(through.0))
            .try_map(|row: sqlx::postgres::PgRow| read(&row))
            .fetch_all(&pool)
            .await
        }
    }
}

fn read<'r, R: sqlx::Row>(row: &'r R) -> Result<Source, sqlx::Error>
where
    usize: sqlx::ColumnIndex<R>,
    i64: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    &'r [u8]: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    Option<&'r [u8]>: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    Option<String>: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    Ok(Source {
        agent: key(row.try_get(0)?)?,
        position: position(row.try_get(1)?),
        activity: row.try_get(2)?,
        said: row.try_get::<Option<String>, _>(3)?.map_or(Said::Passed, |codes| {
            Said::Answered(codes.split(SEPARATOR).map(str::to_owned).collect())
        }),
        registration: row.try_get::<Option<&[u8]>, _>(4)?.map(key).transpose()?,
        observed_at: row.try_get(5)?,
    })
}

fn codes(source: &Source) -> Option<String> {
    match &source.said {
        Said::Passed => None,
        Said::Answered(codes) => Some(codes.join(SEPARATOR)),
    }
}

fn registration(source: &Source) -> Option<&[u8]> {
    source.registration.as_ref().map(|key| &key[..])
}
