//! What the two databases are told differently, in one place.

use std::fmt::Write;

use eventlog::event::{Key, Position};
use sqlx::{AssertSqlSafe, SqliteConnection};

/// Positions as a JSON array: SQLite reads a list of any length from one parameter with `json_each`, so that
/// one prepared statement serves all lengths.
pub(crate) fn json_positions(positions: impl IntoIterator<Item = u64>) -> String {
    let mut json = String::from("[");
    for position in positions {
        if json.len() > 1 {
            json.push(',');
        }
        // Writing to a string cannot fail.
        let _ = write!(json, "{position}");
    }
    json.push(']');
    json
}

/// Whole numbers that SQLite gives as one text, with a space between two. Every value of a row is copied twice on its way
/// from the thread that reads it: a list is given as one value.
pub(crate) fn numbers(text: Option<&str>) -> Result<Vec<u64>, sqlx::Error> {
    let numbers = text.unwrap_or_default().split_ascii_whitespace();
    numbers
        .map(|number| number.parse().map_err(|_| sqlx::Error::Decode("expected whole numbers".into())))
        .collect()
}

/// Keys as a JSON array of hexadecimal strings, for `unhex`.
pub(crate) fn json_keys<'a>(keys: impl IntoIterator<Item = &'a Key>) -> String {
    let mut json = String::from("[");
    for key in keys {
        json.push_str(if json.len() > 1 { ",\"" } else { "\"" });
        for byte in key {
            let _ = write!(json, "{byte:02x}");
        }
        json.push('"');
    }
    json.push(']');
    json
}

/// A position as the databases hold it. Positions never reach 2^63.
pub(crate) fn signed(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// A position as read from a database.
pub(crate) fn position(column: i64) -> Position {
    Position(u64::try_from(column).unwrap_or(0))
}

/// A 16-byte column. Another length is damage, and a database error.
pub(crate) fn key(column: &[u8]) -> Result<Key, sqlx::Error> {
    column.try_into().map_err(|_| sqlx::Error::Decode("a key of another length than 16 bytes".into()))
}

/// One value of a row to insert into SQLite.
pub(crate) type Bind<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

/// Inserts rows with as few statements as there can be: `head` + `(?, …), (?, …)` + `tail`. Rows go in groups of a
/// few fixed sizes, so that the prepared statements are found again.
pub(crate) async fn insert_sqlite<R>(
    connection: &mut SqliteConnection,
    (head, columns, tail): (&'static str, usize, &'static str),
    rows: &[R],
    bind: impl for<'q> Fn(Bind<'q>, &'q R) -> Bind<'q>,
) -> Result<(), sqlx::Error> {
    let row = format!("({})", vec!["?"; columns].join(","));
    let mut rest = rows;
    while !rest.is_empty() {
        let size = [256, 32, 4].into_iter().find(|size| *size <= rest.len()).unwrap_or(1);
        let (now, later) = rest.split_at(size);
        let sql = format!("{head} VALUES {} {tail}", vec![row.as_str(); size].join(","));
        // Nothing but constants of this program is in the text.
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for row in now {
            query = bind(query, row);
        }
        query.execute(&mut *connection).await?;
        rest = later;
    }
    Ok(())
}
