//! Urns in PostgreSQL. Knows SQL; knows no keys.

use sqlx::{PgConnection, PgPool};

use crate::BallotError;
use crate::values::{About, Key, RoundId, Terms, Voter};

const SCHEMA: &str = include_str!("schema.sql");

/// Casting holds this of its round with others, laying anew and closing alone.
const SHARED: &str = "SELECT pg_advisory_xact_lock_shared(hashtextextended(encode($1, 'hex'), 7421))";
const ALONE: &str = "SELECT pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 7421))";

pub(crate) async fn prepare(pool: &PgPool) -> Result<(), BallotError> {
    let mut transaction = pool.begin().await?;
    // Nodes that start together make it once.
    sqlx::query("SELECT pg_advisory_xact_lock(7421)").execute(&mut *transaction).await?;
    let there: bool =
        sqlx::query_scalar("SELECT to_regclass('voter') IS NOT NULL").fetch_one(&mut *transaction).await?;
    if !there {
        sqlx::raw_sql(SCHEMA).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

pub(crate) async fn make(
    pool: &PgPool,
    round: RoundId,
    terms: Terms,
    public: &[u8],
    roll: &[Voter],
) -> Result<(), BallotError> {
    let mut transaction = pool.begin().await?;
    let made = sqlx::query(
        "INSERT INTO urn (round, public, smallest, longest) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind(round.0)
    .bind(public)
    .bind(i32::try_from(terms.smallest).unwrap_or(i32::MAX))
    .bind(i32::try_from(terms.longest).unwrap_or(i32::MAX))
    .execute(&mut *transaction)
    .await?;
    if made.rows_affected() == 0 {
        return Err(BallotError::Exists);
    }
    let mut sorted: Vec<[u8; 16]> = roll.iter().map(|voter| voter.0).collect();
    sorted.sort_unstable();
    sorted.dedup();
    sqlx::query("INSERT INTO voter (round, voter) SELECT $1, unnest($2::bytea[])")
        .bind(round.0)
        .bind(sorted)
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// What holds for a round, and how much there is.
pub(crate) async fn about(pool: &PgPool, round: RoundId) -> Result<Option<About>, BallotError> {
    let found: Option<(i32, i32, Vec<u8>, bool, i64, i64)> = sqlx::query_as(
        "SELECT smallest, longest, public, closed, \
         (SELECT count(*) FROM ballot WHERE ballot.round = urn.round), \
         (SELECT count(*) FROM voter WHERE voter.round = urn.round) FROM urn WHERE round = $1",
    )
    .bind(round.0)
    .fetch_optional(pool)
    .await?;
    let count = |number: i64| usize::try_from(number).unwrap_or(0);
    Ok(found.map(|(smallest, longest, public, closed, taken, on_roll)| About {
        terms: Terms { smallest: smallest.unsigned_abs(), longest: longest.unsigned_abs() },
        public,
        closed,
        taken: count(taken),
        on_roll: count(on_roll),
    }))
}

/// Puts a sealed ballot in; false where it lies there already.
pub(crate) async fn cast(
    pool: &PgPool,
    round: RoundId,
    key: Key,
    sealed: &[u8],
    voter: Option<Voter>,
) -> Result<bool, BallotError> {
    let mut transaction = pool.begin().await?;
    sqlx::query(SHARED).bind(round.0).execute(&mut *transaction).await?;
    match sqlx::query_scalar("SELECT closed FROM urn WHERE round = $1")
        .bind(round.0)
        .fetch_optional(&mut *transaction)
        .await?
    {
        None => return Err(BallotError::Unknown),
        Some(true) => return Err(BallotError::Closed),
        Some(false) => {}
    }
    let new =
        sqlx::query("INSERT INTO ballot (round, key, sealed) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(round.0)
            .bind(key.0)
            .bind(sealed)
            .execute(&mut *transaction)
            .await?
            .rows_affected()
            == 1;
    // Another node may have kept a mark since it was asked for.
    if let (true, Some(voter)) = (new, voter) {
        let voted: Option<bool> =
            sqlx::query_scalar("SELECT voted FROM voter WHERE round = $1 AND voter = $2")
                .bind(round.0)
                .bind(voter.0)
                .fetch_optional(&mut *transaction)
                .await?;
        match voted {
            None => return Err(BallotError::NotOnRoll),
            Some(true) => return Err(BallotError::Voted),
            Some(false) => {}
        }
    }
    transaction.commit().await?;
    Ok(new)
}

/// Whether a ballot lies under this key.
pub(crate) async fn holds(pool: &PgPool, round: RoundId, key: Key) -> Result<bool, BallotError> {
    let asked = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM ballot WHERE round = $1 AND key = $2)");
    Ok(asked.bind(round.0).bind(key.0).fetch_one(pool).await?)
}

/// Whether somebody has voted; none where they are not on the roll.
pub(crate) async fn standing(
    pool: &PgPool,
    round: RoundId,
    voter: Voter,
) -> Result<Option<bool>, BallotError> {
    let asked = sqlx::query_scalar("SELECT voted FROM voter WHERE round = $1 AND voter = $2");
    Ok(asked.bind(round.0).bind(voter.0).fetch_optional(pool).await?)
}

/// Marks that these have voted, and lays roll and ballots anew, so that nothing is left of the order in which they came.
pub(crate) async fn mark(pool: &PgPool, round: RoundId, voters: &[Voter]) -> Result<(), BallotError> {
    let mut transaction = pool.begin().await?;
    sqlx::query(ALONE).bind(round.0).execute(&mut *transaction).await?;
    let voters: Vec<[u8; 16]> = voters.iter().map(|voter| voter.0).collect();
    sqlx::query(
        "WITH gone AS (DELETE FROM voter WHERE round = $1 RETURNING voter, voted) \
         INSERT INTO voter (round, voter, voted) \
         SELECT $1, voter, voted OR voter = ANY ($2) FROM gone ORDER BY voter",
    )
    .bind(round.0)
    .bind(voters)
    .execute(&mut *transaction)
    .await?;
    lay_anew(&mut transaction, round).await?;
    Ok(transaction.commit().await?)
}

/// Takes no more.
pub(crate) async fn close(pool: &PgPool, round: RoundId) -> Result<(), BallotError> {
    let mut transaction = pool.begin().await?;
    sqlx::query(ALONE).bind(round.0).execute(&mut *transaction).await?;
    let closed = sqlx::query("UPDATE urn SET closed = true WHERE round = $1 AND NOT closed")
        .bind(round.0)
        .execute(&mut *transaction)
        .await?;
    if closed.rows_affected() == 1 {
        lay_anew(&mut transaction, round).await?;
    }
    Ok(transaction.commit().await?)
}

async fn lay_anew(connection: &mut PgConnection, round: RoundId) -> Result<(), BallotError> {
    sqlx::query(
        "WITH gone AS (DELETE FROM ballot WHERE round = $1 RETURNING key, sealed) \
         INSERT INTO ballot (round, key, sealed) SELECT $1, key, sealed FROM gone ORDER BY key",
    )
    .bind(round.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// All sealed ballots.
pub(crate) async fn all(pool: &PgPool, round: RoundId) -> Result<Vec<(Key, Vec<u8>)>, BallotError> {
    let rows: Vec<([u8; 16], Vec<u8>)> =
        sqlx::query_as("SELECT key, sealed FROM ballot WHERE round = $1 ORDER BY key")
            .bind(round.0)
            .fetch_all(pool)
            .await?;
    Ok(rows.into_iter().map(|(key, sealed)| (Key(key), sealed)).collect())
}

/// Who has voted, in the order of the roll; and how many are on it.
pub(crate) async fn voted(pool: &PgPool, round: RoundId) -> Result<(Vec<Voter>, usize), BallotError> {
    let rows: Vec<([u8; 16], bool)> =
        sqlx::query_as("SELECT voter, voted FROM voter WHERE round = $1 ORDER BY voter")
            .bind(round.0)
            .fetch_all(pool)
            .await?;
    let voted = rows.iter().filter(|(_, voted)| *voted).map(|(voter, _)| Voter(*voter)).collect();
    Ok((voted, rows.len()))
}

pub(crate) async fn rounds(pool: &PgPool) -> Result<Vec<RoundId>, BallotError> {
    let rounds: Vec<[u8; 16]> =
        sqlx::query_scalar("SELECT round FROM urn ORDER BY round").fetch_all(pool).await?;
    Ok(rounds.into_iter().map(RoundId).collect())
}

pub(crate) async fn destroy(pool: &PgPool, round: RoundId) -> Result<(), BallotError> {
    let mut transaction = pool.begin().await?;
    sqlx::query(ALONE).bind(round.0).execute(&mut *transaction).await?;
    for text in [
        "DELETE FROM ballot WHERE round = $1",
        "DELETE FROM voter WHERE round = $1",
        "DELETE FROM urn WHERE round = $1",
    ] {
        sqlx::query(text).bind(round.0).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}
