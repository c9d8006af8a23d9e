//! Every query on the index, for both databases. Each is answered off an index, in its order; a test reads the
//! plans.

use std::collections::HashSet;

use eventlog::database::Tx;
use eventlog::event::{Key, Position};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::order::{Bounds, Order, Row};
use super::term::{Filter, Term};
use crate::sql::{json_positions, numbers, position, signed};

/// A query as SQLite and as PostgreSQL is told it.
type Sql = (&'static str, &'static str);

/// One text, where both read it. Parameters are numbered `$1`, which either does.
const fn both(text: &'static str) -> Sql {
    (text, text)
}

/// A stretch of a term's list in an order, with whether what stands there is voided or without. SQLite gives the numbers
/// of all rows as one text, as everything below that lists many.
macro_rules! stretch {
    ($order:literal) => {
        (
            concat!("SELECT group_concat(position || ' ' || via, ' ') FROM (", stretch!("", $order), ")"),
            stretch!("", $order),
        )
    };
    (voided, $order:literal) => {
        (
            concat!(
                "SELECT group_concat(position || ' ' || via || ' ' || voided, ' ') FROM (",
                stretch!(voided with $order),
                ")"
            ),
            stretch!(voided with $order),
        )
    };
    (voided with $order:literal) => {
        // Not joined: a plan that was made while nothing was voided would go through all that is, for each row.
        stretch!(
            ", (SELECT v.position FROM statement_voided v WHERE v.position = t.position) IS NOT NULL AS voided",
            $order
        )
    };
    ($column:literal, $order:literal) => {
        concat!(
            "SELECT t.position, t.via",
            $column,
            " FROM statement_term t WHERE t.term = $1 AND t.position > $2 AND t.position <= $3 ORDER BY ",
            $order,
            " LIMIT $4"
        )
    };
}

/// A stretch of a term's list, newest first.
const NEWEST: Sql = stretch!("t.position DESC, t.via DESC");
/// The same with what is voided.
const NEWEST_VOIDED: Sql = stretch!(voided, "t.position DESC, t.via DESC");

/// A stretch of a term's list, oldest first.
const OLDEST: Sql = stretch!("t.position, t.via");
/// The same with what is voided.
const OLDEST_VOIDED: Sql = stretch!(voided, "t.position, t.via");

/// A term's rows at some positions.
const MATCHING: Sql = (
    "SELECT group_concat(position || ' ' || via, ' ') FROM statement_term \
     WHERE term = $1 AND position IN (SELECT value FROM json_each($2))",
    // Every position is looked up: as a condition, or joined, it may be checked on all rows of the term by a plan that was
    // made while there were few. What has a limit is not made one with the rest.
    "SELECT t.position, t.via FROM unnest($2::bigint[]) AS wanted (place) CROSS JOIN LATERAL \
     (SELECT position, via FROM statement_term WHERE term = $1 AND position = place LIMIT ALL) AS t",
);

/// All statements of a stretch.
const ALL: Sql = (
    "SELECT group_concat(position, ' ') FROM event WHERE kind = 'statement' AND position > $1 AND position <= $2",
    "SELECT position FROM event WHERE kind = 'statement' AND position > $1 AND position <= $2",
);

/// Which of some positions are voided, and by which.
const VOIDED: Sql = (
    "SELECT group_concat(position || ' ' || voided_by, ' ') FROM statement_voided \
     WHERE position IN (SELECT value FROM json_each($1))",
    "SELECT position, voided_by FROM statement_voided WHERE position = ANY($1)",
);

/// Where the statement with an id stands, and whether it is voided.
const LOCATE: Sql = both(
    "SELECT position, EXISTS (SELECT 1 FROM statement_voided v WHERE v.position = event.position) \
     FROM event WHERE dedupe = $1 AND kind = 'statement'",
);

/// Statements with two terms themselves, not by way of a reference. Looked up for each row, and no condition that may
/// become a join, as in [`MATCHING`].
const PAIR: Sql = both(
    "SELECT a.position FROM statement_term a WHERE a.term = $1 AND a.position <= $3 AND a.via = 0 \
     AND (SELECT o.position FROM statement_term o WHERE o.term = $2 AND o.position = a.position AND o.via = 0) \
     IS NOT NULL \
     ORDER BY a.position",
);

/// A query as it is asked for a page, for tests that read its plan.
#[doc(hidden)]
#[derive(Debug)]
pub struct Asked {
    /// Its text for SQLite, and for PostgreSQL.
    pub text: (&'static str, &'static str),
    /// Its parameters as literals for either.
    pub values: Vec<(String, String)>,
    /// PostgreSQL's types of them.
    pub types: &'static str,
}

/// Every query that may be asked to list what a filter finds. Two conditions look places up in each other's lists.
#[doc(hidden)]
pub fn asked(filter: &Filter, order: Order, bounds: Bounds) -> Vec<Asked> {
    let bytes = |term: &Term| {
        let hex: String = term.iter().map(|byte| format!("{byte:02x}")).collect();
        (format!("x'{hex}'"), format!("'\\x{hex}'::bytea"))
    };
    let number = |number: u64| (number.to_string(), number.to_string());
    let through = bounds.through.0;
    let positions: Vec<String> = (1..=1_000).map(|n| (through * n / 1_000).to_string()).collect();
    let positions =
        (format!("'[{}]'", positions.join(",")), format!("'{{{}}}'::bigint[]", positions.join(",")));
    let mut all = Vec::new();
    for term in filter.conditions().iter().flatten() {
        let values = vec![bytes(term), number(bounds.after.0), number(through), number(100)];
        for told in [false, true] {
            let (text, values) = (listing(order, told), values.clone());
            all.push(Asked { text, values, types: "bytea, bigint, bigint, bigint" });
        }
        let values = vec![bytes(term), positions.clone()];
        all.push(Asked { text: MATCHING, values, types: "bytea, bigint[]" });
    }
    if all.is_empty() {
        let values = vec![number(through.saturating_sub(1_000)), number(through)];
        all.push(Asked { text: ALL, values, types: "bigint, bigint" });
    }
    all.push(Asked { text: VOIDED, values: vec![positions], types: "bigint[]" });
    all
}

fn listing(order: Order, voided: bool) -> Sql {
    match (order, voided) {
        (Order::NewestFirst, false) => NEWEST,
        (Order::NewestFirst, true) => NEWEST_VOIDED,
        (Order::OldestFirst, false) => OLDEST,
        (Order::OldestFirst, true) => OLDEST_VOIDED,
    }
}

/// The first `size` rows of a term in a stretch, in the order asked for. Which of them are voided is added to `voided`,
/// where there is a list for it.
pub(super) async fn list(
    tx: Tx<'_>,
    order: Order,
    term: &Term,
    bounds: Bounds,
    size: usize,
    voided: Option<&mut HashSet<u64>>,
) -> Result<Vec<Row>, sqlx::Error> {
    let (after, through) = (signed(bounds.after.0), signed(bounds.through.0));
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let (sqlite, postgres) = listing(order, voided.is_some());
    match tx {
        Tx::Sqlite(connection) => {
            let query = sqlx::query_scalar(sqlite).bind(&term[..]).bind(after).bind(through).bind(size);
            let found: Option<String> = query.fetch_one(connection).await?;
            let Some(voided) = voided else { return pairs(found) };
            let found = numbers(found.as_deref())?;
            let found = found.as_chunks::<3>().0;
            voided.extend(found.iter().filter(|[.., voided]| *voided == 1).map(|[at, ..]| *at));
            Ok(found.iter().map(|[at, via, _]| (*at, *via)).collect())
        }
        Tx::Postgres(connection) => {
            let query = sqlx::query(postgres).bind(&term[..]).bind(after).bind(through).bind(size);
            let found = query.fetch_all(connection).await?;
            let row = |row: &PgRow| Ok(read(row.try_get(0)?, row.try_get(1)?));
            let rows: Vec<Row> = found.iter().map(row).collect::<Result<_, sqlx::Error>>()?;
            if let Some(voided) = voided {
                for (row, (at, _)) in found.iter().zip(&rows) {
                    voided.extend(row.try_get::<bool, _>(2)?.then_some(*at));
                }
            }
            Ok(rows)
        }
    }
}

/// The rows of a term at these positions, in no order.
pub(super) async fn matching(tx: Tx<'_>, term: &Term, positions: &[u64]) -> Result<Vec<Row>, sqlx::Error> {
    match tx {
        Tx::Sqlite(connection) => {
            let query = sqlx::query_scalar(MATCHING.0)
                .bind(&term[..])
                .bind(json_positions(positions.iter().copied()));
            pairs(query.fetch_one(connection).await?)
        }
        Tx::Postgres(connection) => {
            let positions: Vec<i64> = positions.iter().map(|position| signed(*position)).collect();
            let query = sqlx::query(MATCHING.1).bind(&term[..]).bind(positions);
            let rows = query.try_map(|row: PgRow| Ok(read(row.try_get(0)?, row.try_get(1)?)));
            rows.fetch_all(connection).await
        }
    }
}

/// The statements after one position up to another, in no order.
pub(super) async fn all(tx: Tx<'_>, after: u64, through: u64) -> Result<Vec<u64>, sqlx::Error> {
    let (after, through) = (signed(after), signed(through));
    match tx {
        Tx::Sqlite(connection) => {
            let query = sqlx::query_scalar(ALL.0).bind(after).bind(through);
            let found: Option<String> = query.fetch_one(connection).await?;
            numbers(found.as_deref())
        }
        Tx::Postgres(connection) => {
            let query = sqlx::query_scalar(ALL.1).bind(after).bind(through);
            Ok(positions(query.fetch_all(connection).await?))
        }
    }
}

/// Those of the positions whose statement is voided, each with where the one stands that voids it, in no order.
pub(super) async fn voided_by(tx: Tx<'_>, among: &[u64]) -> Result<Vec<Row>, sqlx::Error> {
    match tx {
        Tx::Sqlite(connection) => {
            let query = sqlx::query_scalar(VOIDED.0).bind(json_positions(among.iter().copied()));
            pairs(query.fetch_one(connection).await?)
        }
        Tx::Postgres(connection) => {
            let among: Vec<i64> = among.iter().map(|position| signed(*position)).collect();
            let found: Vec<(i64, i64)> = sqlx::query_as(VOIDED.1).bind(among).fetch_all(connection).await?;
            Ok(found.into_iter().map(|(position, by)| read(position, by)).collect())
        }
    }
}

/// Where the statement with an id stands, and whether it is voided.
pub(super) async fn locate(tx: Tx<'_>, id: &Key) -> Result<Option<(Position, bool)>, sqlx::Error> {
    let found: Option<(i64, bool)> = match tx {
        Tx::Sqlite(connection) => sqlx::query_as(LOCATE.0).bind(&id[..]).fetch_optional(connection).await?,
        Tx::Postgres(connection) => sqlx::query_as(LOCATE.1).bind(&id[..]).fetch_optional(connection).await?,
    };
    Ok(found.map(|(at, voided)| (position(at), voided)))
}

/// Where statements stand that have both terms themselves, up to a position, ascending.
pub(super) async fn pair(
    tx: Tx<'_>,
    one: &Term,
    other: &Term,
    through: u64,
) -> Result<Vec<u64>, sqlx::Error> {
    let found: Vec<i64> = match tx {
        Tx::Sqlite(connection) => {
            let query = sqlx::query_scalar(PAIR.0).bind(&one[..]).bind(&other[..]).bind(signed(through));
            query.fetch_all(connection).await?
        }
        Tx::Postgres(connection) => {
            let query = sqlx::query_scalar(PAIR.1).bind(&one[..]).bind(&other[..]).bind(signed(through));
            query.fetch_all(connection).await?
        }
    };
    Ok(positions(found))
}

fn pairs(found: Option<String>) -> Result<Vec<Row>, sqlx::Error> {
    Ok(numbers(found.as_deref())?.as_chunks::<2>().0.iter().map(|[at, other]| (*at, *other)).collect())
}

fn read(at: i64, via: i64) -> Row {
    (position(at).0, position(via).0)
}

fn positions(columns: Vec<i64>) -> Vec<u64> {
    columns.into_iter().map(|column| position(column).0).collect()
}

#[cfg(test)]
mod tests {
    use eventlog::clock::{ManualClock, Micros};
    use eventlog::{Database, EventLog, Location, Options};
    use sqlx::AssertSqlSafe;

    use super::*;

    /// The queries, with values to stand in the place of PostgreSQL's parameters.
    const QUERIES: [(Sql, &[&str]); 9] = [
        (NEWEST, &["''::bytea", "1", "9", "100"]),
        (NEWEST_VOIDED, &["''::bytea", "1", "9", "100"]),
        (OLDEST, &["''::bytea", "1", "9", "100"]),
        (OLDEST_VOIDED, &["''::bytea", "1", "9", "100"]),
        (MATCHING, &["''::bytea", "'{1,2}'::bigint[]"]),
        (ALL, &["1", "9"]),
        (VOIDED, &["'{1,2}'::bigint[]"]),
        (LOCATE, &["'a'::bytea"]),
        (PAIR, &["''::bytea", "'a'::bytea", "9"]),
    ];

    async fn log(location: Location) -> EventLog {
        let mut options = Options::new(location, ManualClock::at(Micros(1_768_464_000_000_000)));
        options.hooks = vec![super::super::hook()];
        EventLog::open(options).await.unwrap()
    }

    #[tokio::test]
    async fn no_query_scans_a_table_or_sorts_on_sqlite() {
        let folder = tempfile::tempdir().unwrap();
        let log = log(Location::sqlite(folder.path().join("log.db"))).await;
        let Database::Sqlite(db) = log.database() else { panic!("SQLite") };
        for ((sql, _), _) in QUERIES {
            let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")))
                .try_map(|row: sqlx::sqlite::SqliteRow| row.try_get::<String, _>("detail"))
                .fetch_all(&db.readers)
                .await
                .unwrap();
            // What a list is put together from is gone through once, as it is read.
            let whole = |step: &str| !step.contains("json_each") && !step.contains("(subquery");
            let bad = |step: &&String| step.contains("SCAN") && whole(step) || step.contains("TEMP B-TREE");
            assert!(!plan.is_empty());
            assert_eq!(plan.iter().find(bad), None, "{sql}: {plan:?}");
        }
    }

    #[tokio::test]
    async fn no_query_scans_a_table_on_postgres_and_lists_come_in_order() {
        let database = testkit::postgres::database().await.unwrap();
        let log = log(Location::postgres(database.url(), "log")).await;
        let Database::Postgres(pool) = log.database() else { panic!("PostgreSQL") };
        let mut connection = pool.acquire().await.unwrap();
        // Empty tables, of which a scan would be the cheapest: sessions are opened without that way.
        for ((_, sql), values) in QUERIES {
            let mut sql = format!("EXPLAIN {sql}");
            for (number, value) in (1..).zip(values) {
                sql = sql.replace(&format!("${number}"), value);
            }
            let plan: Vec<String> =
                sqlx::query_scalar(AssertSqlSafe(sql.clone())).fetch_all(&mut *connection).await.unwrap();
            let listed = sql.contains("ORDER BY") && sql.contains("LIMIT");
            // Nor is anything compared row by row with what was read before.
            let compared = |step: &str| step.contains("Materialize") || step.contains("Join Filter");
            let bad = |step: &&String| {
                step.contains("Seq Scan") || compared(step) || listed && step.contains("Sort")
            };
            assert_eq!(plan.iter().find(bad), None, "{sql}: {plan:?}");
        }
    }
}
