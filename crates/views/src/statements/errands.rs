//! What the walk along references reads and writes: who refers to whom, what was lent, what is left to do.

use eventlog::database::Tx;
use eventlog::event::{Key, Position};
use sqlx::Row as _;

use super::term::RowDigest;
use crate::sql::{insert_sqlite, key, position, signed};

/// Something left to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Errand {
    /// The statement whose arrival made it necessary: until it is done that one is not indexed as a whole.
    pub(crate) since: Position,
    pub(crate) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// The row of `lender` has to reach those who refer to `target`; they stand after this position.
    HandOn { target: Key, lender: Position, after: Position },
    /// `borrower` has to get every row that the statement it refers to has borrowed; their digests come after this
    /// one. Without one it has to get that statement's own row too.
    Take { borrower: Position, from: Key, after: Option<RowDigest> },
}

/// Who refers to each of these statements and stands after the position beside it, at most `limit` of each, in the
/// order of the log: the two as asked, and where the referrer stands.
pub(crate) async fn referrers_after(
    tx: Tx<'_>,
    asked: &[(Key, Position)],
    limit: usize,
) -> Result<Vec<(Key, Position, Position)>, sqlx::Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut found = Vec::new();
    match tx {
        Tx::Sqlite(connection) => {
            for (target, after) in asked {
                let rows: Vec<i64> = sqlx::query_scalar(
                    "SELECT position FROM statement_reference WHERE target = ?1 AND position > ?2 \
                     ORDER BY position LIMIT ?3",
                )
                .bind(&target[..])
                .bind(signed(after.0))
                .bind(limit)
                .fetch_all(&mut *connection)
                .await?;
                found.extend(rows.into_iter().map(|at| (*target, *after, position(at))));
            }
        }
        Tx::Postgres(connection) if !asked.is_empty() => {
            let targets: Vec<&[u8]> = asked.iter().map(|(target, _)| &target[..]).collect();
            let afters: Vec<i64> = asked.iter().map(|(_, after)| signed(after.0)).collect();
            let rows = sqlx::query(
                "SELECT asked.target, asked.after, found.position \
                 FROM UNNEST($1::bytea[], $2::bigint[]) AS asked (target, after) CROSS JOIN LATERAL \
                 (SELECT r.position FROM statement_reference r WHERE r.target = asked.target \
                  AND r.position > asked.after ORDER BY r.position LIMIT $3) AS found ORDER BY found.position",
            )
            .bind(targets)
            .bind(afters)
            .bind(limit)
            .try_map(|row: sqlx::postgres::PgRow| {
                Ok((key(row.try_get(0)?)?, position(row.try_get(1)?), position(row.try_get(2)?)))
            });
            found = rows.fetch_all(connection).await?;
        }
        Tx::Postgres(_) => {}
    }
    Ok(found)
}

/// A row of `statement_lent`: the statement at `position` has borrowed the index row with the digest `row`, from the
/// one at `via`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lent {
    pub(crate) position: Position,
    pub(crate) row: RowDigest,
    pub(crate) via: Position,
}

/// What each of these statements has borrowed, by rising digest after the one beside it, at most `limit` of each:
/// with the digest as asked.
pub(crate) async fn lent_after(
    tx: Tx<'_>,
    asked: &[(Position, Option<RowDigest>)],
    limit: usize,
) -> Result<Vec<(Option<RowDigest>, Lent)>, sqlx::Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    // The empty string comes before every digest.
    let after = |digest: &Option<RowDigest>| digest.map(Vec::from).unwrap_or_default();
    let mut found = Vec::new();
    match tx {
        Tx::Sqlite(connection) => {
            for (at, digest) in asked {
                let rows = sqlx::query(
                    "SELECT row, via FROM statement_lent WHERE position = ?1 AND row > ?2 ORDER BY row LIMIT ?3",
                )
                .bind(signed(at.0))
                .bind(after(digest))
                .bind(limit)
                .try_map(|row: sqlx::sqlite::SqliteRow| {
                    Ok(Lent { position: *at, row: key(row.try_get(0)?)?, via: position(row.try_get(1)?) })
                });
                found.extend(rows.fetch_all(&mut *connection).await?.into_iter().map(|lent| (*digest, lent)));
            }
        }
        Tx::Postgres(connection) if !asked.is_empty() => {
            let positions: Vec<i64> = asked.iter().map(|(at, _)| signed(at.0)).collect();
            let afters: Vec<Vec<u8>> = asked.iter().map(|(_, digest)| after(digest)).collect();
            let rows = sqlx::query(
                "SELECT asked.position, asked.after, found.row, found.via \
                 FROM UNNEST($1::bigint[], $2::bytea[]) AS asked (position, after) CROSS JOIN LATERAL \
                 (SELECT l.row, l.via FROM statement_lent l WHERE l.position = asked.position \
                  AND l.row > asked.after ORDER BY l.row LIMIT $3) AS found ORDER BY asked.position, found.row",
            )
            .bind(positions)
            .bind(afters)
            .bind(limit)
            .try_map(|row: sqlx::postgres::PgRow| {
                let after: &[u8] = row.try_get(1)?;
                let after = if after.is_empty() { None } else { Some(key(after)?) };
                let lent = Lent {
                    position: position(row.try_get(0)?),
                    row: key(row.try_get(2)?)?,
                    via: position(row.try_get(3)?),
                };
                Ok((after, lent))
            });
            found = rows.fetch_all(connection).await?;
        }
        Tx::Postgres(_) => {}
    }
    Ok(found)
}

/// Notes what was lent, and gives which of it was not yet.
pub(crate) async fn insert_lent(
    tx: Tx<'_>,
    rows: &[Lent],
) -> Result<Vec<(Position, RowDigest)>, sqlx::Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    match tx {
        Tx::Sqlite(connection) => {
            let mut new = Vec::new();
            for lent in rows {
                let inserted = sqlx::query(
                    "INSERT OR IGNORE INTO statement_lent (position, row, via) VALUES (?1, ?2, ?3)",
                )
                .bind(signed(lent.position.0))
                .bind(&lent.row[..])
                .bind(signed(lent.via.0))
                .execute(&mut *connection)
                .await?;
                if inserted.rows_affected() > 0 {
                    new.push((lent.position, lent.row));
                }
            }
            Ok(new)
        }
        Tx::Postgres(connection) => {
            let positions: Vec<i64> = rows.iter().map(|lent| signed(lent.position.0)).collect();
            let digests: Vec<&[u8]> = rows.iter().map(|lent| &lent.row[..]).collect();
            let vias: Vec<i64> = rows.iter().map(|lent| signed(lent.via.0)).collect();
            sqlx::query(
                "INSERT INTO statement_lent (position, row, via) \
                 SELECT * FROM UNNEST($1::bigint[], $2::bytea[], $3::bigint[]) \
                 ON CONFLICT DO NOTHING RETURNING position, row",
            )
            .bind(positions)
            .bind(digests)
            .bind(vias)
            .try_map(|row: sqlx::postgres::PgRow| Ok((position(row.try_get(0)?), key(row.try_get(1)?)?)))
            .fetch_all(connection)
            .await
        }
    }
}

/// Since which statement errands are left.
pub(crate) async fn first_errand(tx: Tx<'_>) -> Result<Option<Position>, sqlx::Error> {
    let text = "SELECT since FROM statement_errand ORDER BY since LIMIT 1";
    let found: Option<i64> = match tx {
        Tx::Sqlite(connection) => sqlx::query_scalar(text).fetch_optional(connection).await?,
        Tx::Postgres(connection) => sqlx::query_scalar(text).fetch_optional(connection).await?,
    };
    Ok(found.map(position))
}

/// Takes the oldest errands out, at most `limit`.
pub(crate) async fn take_errands(tx: Tx<'_>, limit: usize) -> Result<Vec<Errand>, sqlx::Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    match tx {
        Tx::Sqlite(connection) => {
            sqlx::query(
                "DELETE FROM statement_errand WHERE (since, statement, lender, borrower) IN \
                 (SELECT since, statement, lender, borrower FROM statement_errand \
                  ORDER BY since, statement, lender, borrower LIMIT ?1) \
                 RETURNING since, statement, lender, borrower, after",
            )
            .bind(limit)
            .try_map(|row: sqlx::sqlite::SqliteRow| {
                errand(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?)
            })
            .fetch_all(connection)
            .await
        }
        Tx::Postgres(connection) => {
            sqlx::query(
                "DELETE FROM statement_errand e USING \
                 (SELECT since, statement, lender, borrower FROM statement_errand \
                  ORDER BY since, statement, lender, borrower LIMIT $1) AS first \
                 WHERE e.since = first.since AND e.statement = first.statement AND e.lender = first.lender \
                 AND e.borrower = first.borrower RETURNING e.since, e.statement, e.lender, e.borrower, e.after",
            )
            .bind(limit)
            .try_map(|row: sqlx::postgres::PgRow| {
                errand(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?, row.try_get(4)?)
            })
            .fetch_all(connection)
            .await
        }
    }
}

fn errand(
    since: i64,
    statement: &[u8],
    lender: i64,
    borrower: i64,
    after: &[u8],
) -> Result<Errand, sqlx::Error> {
    let statement = key(statement)?;
    let what = if borrower == 0 {
        let after = after.try_into().map(u64::from_be_bytes).unwrap_or_default();
        What::HandOn { target: statement, lender: position(lender), after: Position(after) }
    } else {
        let after = if after.is_empty() { None } else { Some(key(after)?) };
        What::Take { borrower: position(borrower), from: statement, after }
    };
    Ok(Errand { since: position(since), what })
}

/// Writes down what is left to do. An errand is there once; where it is, the one that begins earlier stands for both.
pub(crate) async fn insert_errands(tx: Tx<'_>, errands: &[Errand]) -> Result<(), sqlx::Error> {
    type Row = (i64, Vec<u8>, i64, i64, Vec<u8>);
    let row = |errand: &Errand| -> Row {
        let since = signed(errand.since.0);
        match &errand.what {
            What::HandOn { target, lender, after } => {
                (since, target.to_vec(), signed(lender.0), 0, after.0.to_be_bytes().to_vec())
            }
            What::Take { borrower, from, after } => {
                (since, from.to_vec(), 0, signed(borrower.0), after.map(Vec::from).unwrap_or_default())
            }
        }
    };
    let mut rows: Vec<Row> = errands.iter().map(row).collect();
    rows.sort_unstable();
    rows.dedup_by(|later, first| {
        (&later.0, &later.1, &later.2, &later.3) == (&first.0, &first.1, &first.2, &first.3)
    });
    match tx {
        Tx::Sqlite(connection) => {
            let parts = (
                "INSERT INTO statement_errand (since, statement, lender, borrower, after)",
                5,
                "ON CONFLICT DO UPDATE SET after = min(after, excluded.after)",
            );
            insert_sqlite(connection, parts, &rows, |query, row| {
                query.bind(row.0).bind(&row.1[..]).bind(row.2).bind(row.3).bind(&row.4[..])
            })
            .await
        }
        Tx::Postgres(connection) => sqlx::query(
            "INSERT INTO statement_errand AS e (since, statement, lender, borrower, after) \
                 SELECT * FROM UNNEST($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bytea[]) \
                 ON CONFLICT (since, statement, lender, borrower) DO UPDATE \
                 SET after = CASE WHEN excluded.after < e.after THEN excluded.after ELSE e.after END",
        )
        .bind(rows.iter().map(|row| row.0).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| &row.1[..]).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.2).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.3).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| &row.4[..]).collect::<Vec<_>>())
        .execute(connection)
        .await
        .map(std::mem::drop),
    }
}
