//! What is too large for a slot: sets of sealed chunks, written as they arrive and named by a slot of an event later.
//!
//! A set is staged chunk by chunk, each in a small transaction of its own, under a mark that says when it was begun. The
//! append whose slot names the set takes the mark away in its own transaction; from then on the database lets no chunk
//! go while a slot names its set. A set whose event never came is removed: by whoever staged it, or by a sweep. One set
//! may be named by several slots of one request. The log knows nothing of what is in a chunk; the slot's hash covers
//! the hashes of the chunks (docs/formats/log.md).

use std::collections::BTreeSet;

use sqlx::pool::PoolConnection;
use sqlx::{Row, Sqlite};

use crate::clock::Micros;
use crate::database::{CHUNK_CONNECTIONS, Database, Transaction, Tx, on_either};
use crate::event::{Key, Naming, Position};
use crate::rows::{int, uint};

/// Chunks that are removed in one transaction.
const REMOVED_AT_ONCE: i64 = 16;

/// A transaction that writes chunks. On SQLite the one connection that writes is held meanwhile, so that everybody who
/// writes waits in one queue, in the order they came.
struct Writing {
    transaction: Transaction,
    _turn: Option<PoolConnection<Sqlite>>,
}

impl Writing {
    async fn begin(database: &Database) -> Result<Self, sqlx::Error> {
        let (transaction, turn) = match database {
            Database::Sqlite(db) => {
                let turn = db.writer.acquire().await?;
                let mut begun = db.chunks.begin_with("BEGIN IMMEDIATE").await;
                // As in Database::begin: SQLite has rolled back a full disk's transaction by itself. Which of the
                // connections it was is not known.
                for _ in 0..CHUNK_CONNECTIONS {
                    if !matches!(begun, Err(sqlx::Error::InvalidSavePointStatement)) {
                        break;
                    }
                    db.chunks.acquire().await?.close().await?;
                    begun = db.chunks.begin_with("BEGIN IMMEDIATE").await;
                }
                (Transaction::Sqlite(begun?), Some(turn))
            }
            Database::Postgres(pool) => {
                let mut transaction = pool.begin().await?;
                // The commit of the event that names the set writes out all that was written before it.
                sqlx::raw_sql("SET LOCAL synchronous_commit = off").execute(&mut *transaction).await?;
                (Transaction::Postgres(transaction), None)
            }
        };
        Ok(Self { transaction, _turn: turn })
    }

    async fn commit(self) -> Result<(), sqlx::Error> {
        self.transaction.commit().await
    }
}

/// Writes a chunk, and with the first of a set its mark.
pub(crate) async fn stage(
    database: &Database,
    set: &Key,
    number: u32,
    body: &[u8],
    began: Option<Micros>,
) -> Result<(), sqlx::Error> {
    let mut writing = Writing::begin(database).await?;
    if let Some(began) = began {
        let text = "INSERT INTO chunk_staged (set_id, began) VALUES ($1, $2)";
        on_either!(writing.transaction.tx(), connection =>
            sqlx::query(text).bind(&set[..]).bind(began.0.max(1)).execute(connection).await.map(drop))?;
    }
    let text = "INSERT INTO chunk (set_id, number, body) VALUES ($1, $2, $3)";
    on_either!(writing.transaction.tx(), connection =>
        sqlx::query(text).bind(&set[..]).bind(i64::from(number)).bind(body).execute(connection).await.map(drop))?;
    writing.commit().await
}

/// Removes a set that no event names.
pub(crate) async fn discard(database: &Database, set: &Key) -> Result<(), sqlx::Error> {
    let mut writing = Writing::begin(database).await?;
    let text = "UPDATE chunk_staged SET began = 0 WHERE set_id = $1";
    let found = on_either!(writing.transaction.tx(), connection =>
        sqlx::query(text).bind(&set[..]).execute(connection).await?.rows_affected());
    writing.commit().await?;
    if found > 0 {
        remove(database, set).await?
    }
    Ok(())
}

/// Marks the sets that were begun before an instant and that no event names to be removed.
pub(crate) async fn doom(database: &Database, before: Micros) -> Result<(), sqlx::Error> {
    let mut writing = Writing::begin(database).await?;
    let text = "UPDATE chunk_staged SET began = 0 WHERE began < $1 AND began > 0";
    on_either!(writing.transaction.tx(), connection =>
        sqlx::query(text).bind(before.0).execute(connection).await.map(drop))?;
    writing.commit().await
}

/// Removes the sets that are marked for it; says how many.
pub(crate) async fn remove_doomed(database: &Database) -> Result<usize, sqlx::Error> {
    let mut reader = database.reader().await?;
    let text = "SELECT set_id FROM chunk_staged WHERE began = 0";
    let doomed: Vec<Vec<u8>> =
        on_either!(reader.tx(), connection => sqlx::query_scalar(text).fetch_all(connection).await?);
    drop(reader);
    for set in &doomed {
        remove(database, set).await?;
    }
    Ok(doomed.len())
}

/// One chunk, over a connection for chunks, or none where it is not there.
pub(crate) async fn read(
    database: &Database,
    set: &Key,
    number: u32,
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    match database {
        Database::Sqlite(db) => body(Tx::Sqlite(&mut *db.chunks.acquire().await?), set, number).await,
        Database::Postgres(pool) => body(Tx::Postgres(&mut *pool.acquire().await?), set, number).await,
    }
}

/// Removes a set that is marked for it, a few chunks at a time, and the mark last.
async fn remove(database: &Database, set: &[u8]) -> Result<(), sqlx::Error> {
    loop {
        let mut writing = Writing::begin(database).await?;
        let some = "DELETE FROM chunk WHERE set_id = $1 AND number IN \
                    (SELECT number FROM chunk WHERE set_id = $1 ORDER BY number LIMIT $2)";
        on_either!(writing.transaction.tx(), connection =>
            sqlx::query(some).bind(set).bind(REMOVED_AT_ONCE).execute(connection).await.map(drop))?;
        // Another node may be at it too: what it has not committed is still there.
        let mark = "DELETE FROM chunk_staged WHERE set_id = $1 AND began = 0 \
                    AND NOT EXISTS (SELECT 1 FROM chunk WHERE set_id = $1)";
        on_either!(writing.transaction.tx(), connection =>
            sqlx::query(mark).bind(set).execute(connection).await.map(drop))?;
        let left = "SELECT count(*) FROM chunk_staged WHERE set_id = $1 AND began = 0";
        let left: i64 = on_either!(writing.transaction.tx(), connection =>
            sqlx::query_scalar(left).bind(set).fetch_one(connection).await?);
        writing.commit().await?;
        if left == 0 {
            return Ok(());
        }
    }
}

/// Inside an append: takes the marks of the sets away and writes down which slots name them. The database refuses a set
/// that is not whole.
pub(crate) async fn name(mut tx: Tx<'_>, named: &[(Position, Naming)]) -> Result<(), sqlx::Error> {
    if named.is_empty() {
        return Ok(());
    }
    let sets: BTreeSet<&Key> = named.iter().map(|(_, naming)| &naming.set).collect();
    for set in sets {
        let text = "DELETE FROM chunk_staged WHERE set_id = $1 AND began > 0";
        let marked = on_either!(tx.reborrow(), connection =>
            sqlx::query(text).bind(&set[..]).execute(connection).await?.rows_affected());
        if marked == 0 {
            return Err(sqlx::Error::Encode("a set of chunks is named that is not staged".into()));
        }
    }
    match tx {
        Tx::Sqlite(connection) => {
            let text = "INSERT INTO chunk_set (position, slot, set_id, hashes) VALUES ($1, $2, $3, $4)";
            for (position, naming) in named {
                sqlx::query(text)
                    .bind(int(position.0))
                    .bind(i64::from(naming.slot))
                    .bind(&naming.set[..])
                    .bind(&naming.hashes[..])
                    .execute(&mut *connection)
                    .await?;
            }
        }
        // One round trip, as the head is locked meanwhile.
        Tx::Postgres(connection) => {
            let text = "INSERT INTO chunk_set (position, slot, set_id, hashes) \
                        SELECT * FROM unnest($1::bigint[], $2::int[], $3::bytea[], $4::bytea[])";
            let positions: Vec<i64> = named.iter().map(|(position, _)| int(position.0)).collect();
            let slots: Vec<i32> = named.iter().map(|(_, naming)| i32::from(naming.slot)).collect();
            let sets: Vec<&[u8]> = named.iter().map(|(_, naming)| &naming.set[..]).collect();
            let hashes: Vec<&[u8]> = named.iter().map(|(_, naming)| &naming.hashes[..]).collect();
            sqlx::query(text).bind(positions).bind(slots).bind(sets).bind(hashes).execute(connection).await?;
        }
    }
    Ok(())
}

/// Inside an append, after slots were deleted: marks the sets that no slot names any more to be removed.
pub(crate) async fn let_go(
    mut tx: Tx<'_>,
    deletions: &[(Position, u16, Position)],
) -> Result<(), sqlx::Error> {
    for (position, slot, _) in deletions {
        let (position, slot) = (int(position.0), i64::from(*slot));
        let text = |living: &str| {
            format!(
                "INSERT INTO chunk_staged (set_id, began) SELECT gone.set_id, 0 FROM chunk_set gone \
                 WHERE gone.position = $1 AND gone.slot = $2 AND NOT EXISTS (SELECT 1 FROM chunk_set c JOIN sealed s \
                 ON {living} WHERE c.set_id = gone.set_id) \
                 AND EXISTS (SELECT 1 FROM chunk WHERE chunk.set_id = gone.set_id) ON CONFLICT DO NOTHING"
            )
        };
        match tx.reborrow() {
            Tx::Sqlite(connection) => {
                let text = sqlx::AssertSqlSafe(text("s.place = c.position * 65536 + c.slot"));
                sqlx::query(text).bind(position).bind(slot).execute(connection).await.map(drop)?;
            }
            Tx::Postgres(connection) => {
                let text = sqlx::AssertSqlSafe(text("s.position = c.position AND s.slot = c.slot"));
                sqlx::query(text).bind(position).bind(slot).execute(connection).await.map(drop)?;
            }
        }
    }
    Ok(())
}

/// One chunk.
pub(crate) async fn body(tx: Tx<'_>, set: &Key, number: u32) -> Result<Option<Vec<u8>>, sqlx::Error> {
    let text = "SELECT body FROM chunk WHERE set_id = $1 AND number = $2";
    on_either!(tx, connection =>
        sqlx::query_scalar(text).bind(&set[..]).bind(i64::from(number)).fetch_optional(connection).await)
}

/// How many chunks a set has.
pub(crate) async fn count(tx: Tx<'_>, set: &Key) -> Result<u64, sqlx::Error> {
    let text = "SELECT count(*) FROM chunk WHERE set_id = $1";
    let count: i64 = on_either!(tx, connection =>
        sqlx::query_scalar(text).bind(&set[..]).fetch_one(connection).await?);
    Ok(uint(count))
}

/// The sets that slots in a range of positions name, both ends included.
pub(crate) async fn sets_between(
    tx: Tx<'_>,
    first: Position,
    last: Position,
) -> Result<Vec<(Position, u16, Key, Vec<u8>)>, sqlx::Error> {
    let text = "SELECT position, slot, set_id, hashes FROM chunk_set WHERE position BETWEEN $1 AND $2";
    on_either!(tx, connection => {
        let rows = sqlx::query(text).bind(int(first.0)).bind(int(last.0)).fetch_all(connection).await?;
        rows.iter().map(|row| {
            let set: Vec<u8> = row.try_get(2)?;
            let set = Key::try_from(set).map_err(|_| sqlx::Error::Decode("a set's key of another length".into()))?;
            let slot = u16::try_from(row.try_get::<i64, _>(1)?).unwrap_or(u16::MAX);
            Ok((Position(uint(row.try_get(0)?)), slot, set, row.try_get(3)?))
        }).collect()
    })
}

/// Which slot names a set first; none where no slot does that is still there.
pub(crate) async fn first_naming(mut tx: Tx<'_>, set: &Key) -> Result<Option<(Position, u16)>, sqlx::Error> {
    if !is_named(tx.reborrow(), set).await? {
        return Ok(None);
    }
    let text = "SELECT position, slot FROM chunk_set WHERE set_id = $1 ORDER BY position, slot LIMIT 1";
    let first: Option<(i64, i64)> = on_either!(tx, connection =>
        sqlx::query_as(text).bind(&set[..]).fetch_optional(connection).await?);
    Ok(first.map(|(position, slot)| (Position(uint(position)), u16::try_from(slot).unwrap_or(u16::MAX))))
}

/// Whether a slot that is there names a set.
pub(crate) async fn is_named(tx: Tx<'_>, set: &Key) -> Result<bool, sqlx::Error> {
    let text = |living: &str| {
        sqlx::AssertSqlSafe(format!(
            "SELECT EXISTS (SELECT 1 FROM chunk_set c JOIN sealed s ON {living} WHERE c.set_id = $1)"
        ))
    };
    match tx {
        Tx::Sqlite(connection) => {
            let text = text("s.place = c.position * 65536 + c.slot");
            sqlx::query_scalar(text).bind(&set[..]).fetch_one(connection).await
        }
        Tx::Postgres(connection) => {
            let text = text("s.position = c.position AND s.slot = c.slot");
            sqlx::query_scalar(text).bind(&set[..]).fetch_one(connection).await
        }
    }
}
