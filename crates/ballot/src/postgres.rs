//! Urns in PostgreSQL. Knows SQL; knows no keys.

use std::collections::{HashMap, HashSet};

use sqlx::{PgConnection, PgPool};

use crate::BallotError;
use crate::values::{About, Cast, Key, RoundId, Sealed, Terms, Voter};

const SCHEMA: &str = include_str!("schema.sql");

/// Casting holds this of its round with others, closing alone.
const OPEN: &str = "SELECT pg_advisory_xact_lock_shared(hashtextextended(encode($1, 'hex'), 7421))";
const ALONE: &str = "SELECT pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 7421))";
/// Laying anew holds this of its round alone. Ballots that are cast meanwhile are laid anew the next time.
const LAYING: &str = "SELECT pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 7422))";

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
    let found: Option<(i32, i32, Vec<u8>, bool, i64)> = sqlx::query_as(
        "SELECT smallest, longest, public, closed, \
         (SELECT count(*) FROM voter WHERE voter.round = urn.round) FROM urn WHERE round = $1",
    )
    .bind(round.0)
    .fetch_optional(pool)
    .await?;
    Ok(found.map(|(smallest, longest, public, closed, on_roll)| About {
        terms: Terms { smallest: smallest.unsigned_abs(), longest: longest.unsigned_abs() },
        public,
        closed,
        on_roll: usize::try_from(on_roll).unwrap_or(0),
    }))
}

/// Puts sealed ballots in; what became of each.
pub(crate) async fn cast(
    pool: &PgPool,
    round: RoundId,
    ballots: Vec<Sealed>,
) -> Result<Vec<Cast>, BallotError> {
    let mut transaction = pool.begin().await?;
    sqlx::query(OPEN).bind(round.0).execute(&mut *transaction).await?;
    match sqlx::query_scalar("SELECT closed FROM urn WHERE round = $1")
        .bind(round.0)
        .fetch_optional(&mut *transaction)
        .await?
    {
        None => return Err(BallotError::Unknown),
        Some(true) => return Err(BallotError::Closed),
        Some(false) => {}
    }
    let keys: Vec<[u8; 16]> = ballots.iter().map(|ballot| ballot.key.0).collect();
    let there: Vec<[u8; 16]> =
        sqlx::query_scalar("SELECT key FROM ballot WHERE round = $1 AND key = ANY ($2)")
            .bind(round.0)
            .bind(keys)
            .fetch_all(&mut *transaction)
            .await?;
    let there: HashSet<[u8; 16]> = there.into_iter().collect();
    let voters: Vec<[u8; 16]> = ballots.iter().filter_map(|ballot| Some(ballot.voter?.0)).collect();
    let voted: Vec<([u8; 16], bool)> =
        sqlx::query_as("SELECT voter, voted FROM voter WHERE round = $1 AND voter = ANY ($2)")
            .bind(round.0)
            .bind(voters)
            .fetch_all(&mut *transaction)
            .await?;
    let voted: HashMap<[u8; 16], bool> = voted.into_iter().collect();
    let mut cast = Vec::with_capacity(ballots.len());
    let (mut keys, mut sealed) = (Vec::new(), Vec::new());
    for ballot in ballots {
        cast.push((
            ballot.key.0,
            match ballot.voter.map(|voter| voted.get(&voter.0)) {
                _ if there.contains(&ballot.key.0) => Cast::Before,
                Some(None) => Cast::NotOnRoll,
                Some(Some(true)) => Cast::Voted,
                _ => {
                    keys.push(ballot.key.0);
                    sealed.push(ballot.bytes);
                    Cast::Now
                }
            },
        ));
    }
    let new: Vec<[u8; 16]> = sqlx::query_scalar(
        "INSERT INTO ballot (round, key, sealed) \
         SELECT $1, key, sealed FROM unnest($2::bytea[], $3::bytea[]) AS new (key, sealed) ORDER BY key \
         ON CONFLICT DO NOTHING RETURNING key",
    )
    .bind(round.0)
    .bind(keys)
    .bind(sealed)
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    // Another node may have been faster; and of two that are the same the first is new.
    let mut new: HashSet<[u8; 16]> = new.into_iter().collect();
    let became = |(key, cast)| if cast == Cast::Now && !new.remove(&key) { Cast::Before } else { cast };
    Ok(cast.into_iter().map(became).collect())
}

/// Whether a ballot lies under this key.
pub(crate) async fn holds(pool: &PgPool, round: RoundId, key: Key) -> Result<bool, BallotError> {
    let asked = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM ballot WHERE round = $1 AND key = $2)");
    Ok(asked.bind(round.0).bind(key.0).fetch_one(pool).await?)
}

/// Marks that these have voted, and lays roll and ballots anew, so that nothing is left of the order in which they came.
pub(crate) async fn mark(pool: &PgPool, round: RoundId, voters: &[Voter]) -> Result<(), BallotError> {
    let mut transaction = pool.begin().await?;
    sqlx::query(LAYING).bind(round.0).execute(&mut *transaction).await?;
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
        sqlx::query(LAYING).bind(round.0).execute(&mut *transaction).await?;
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
    sqlx::query(LAYING).bind(round.0).execute(&mut *transaction).await?;
    for text in [
        "DELETE FROM ballot WHERE round = $1",
        "DELETE FROM voter WHERE round = $1",
        "DELETE FROM urn WHERE round = $1",
    ] {
        sqlx::query(text).bind(round.0).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}
