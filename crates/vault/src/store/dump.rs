//! Rows of all tables, whichever they are, alike for both databases: columns hold whole numbers, bytes or text.

use eventlog::Tx;
use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, ColumnIndex, Decode, Row, Type};

use super::on_either;
use crate::VaultError;

/// People log in again after a restore.
const LEFT_OUT: [&str; 1] = ["session"];
/// Parameters of one statement; SQLite takes 32,766 at most.
const PARAMETERS: usize = 8_000;

/// A table and its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<(String, Kind)>,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Bytes,
    Text,
}

/// What stands in a column of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Number(i64),
    Bytes(Vec<u8>),
    Text(String),
}

/// The tables, by name.
pub(crate) async fn tables(tx: Tx<'_>) -> Result<Vec<Table>, VaultError> {
    let rows: Vec<(String, String, String)> = match tx {
        Tx::Sqlite(connection) => {
            let text = "SELECT m.name, c.name, c.type FROM sqlite_schema m JOIN pragma_table_info(m.name) c \
                        WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, c.cid";
            sqlx::query_as(text).fetch_all(connection).await?
        }
        Tx::Postgres(connection) => {
            let text = "SELECT table_name::text, column_name::text, data_type::text \
                        FROM information_schema.columns WHERE table_schema = current_schema() \
                        ORDER BY table_name COLLATE \"C\", ordinal_position";
            sqlx::query_as(text).fetch_all(connection).await?
        }
    };
    let mut tables: Vec<Table> = Vec::new();
    for (name, column, kind) in rows {
        let kind = match kind.to_ascii_lowercase().as_str() {
            "integer" | "bigint" => Kind::Number,
            "blob" | "bytea" => Kind::Bytes,
            "text" => Kind::Text,
            _ => return Err(VaultError::Invalid("a column of the vault holds numbers, bytes or text")),
        };
        match tables.last_mut().filter(|table| table.name == name) {
            Some(table) => table.columns.push((column, kind)),
            None => tables.push(Table { name, columns: vec![(column, kind)] }),
        }
    }
    tables.retain(|table| !LEFT_OUT.contains(&table.name.as_str()));
    Ok(tables)
}

/// Who is handed rows as they are read.
pub(crate) trait Rows: Send {
    type Error: From<VaultError>;

    fn take(&mut self, row: Vec<Value>) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Hands on the rows of a table as they are read.
pub(crate) async fn each<R: Rows>(tx: Tx<'_>, table: &Table, taking: &mut R) -> Result<(), R::Error> {
    let columns: Vec<String> = table.columns.iter().map(|(name, kind)| read(name, *kind)).collect();
    let text = format!("SELECT {} FROM {}", columns.join(", "), quoted(&table.name));
    on_either!(tx, connection => {
        let mut rows = sqlx::query(AssertSqlSafe(text)).fetch(connection);
        while let Some(row) = rows.try_next().await.map_err(VaultError::from)? {
            taking.take(values(&row, table)?).await?;
        }
    });
    Ok(())
}

/// Inserts rows of a table.
pub(crate) async fn insert(mut tx: Tx<'_>, table: &Table, rows: &[Vec<Value>]) -> Result<(), VaultError> {
    let names: Vec<String> = table.columns.iter().map(|(name, _)| quoted(name)).collect();
    for some in rows.chunks((PARAMETERS / names.len().max(1)).max(1)) {
        let mut number = 0;
        let marks: Vec<String> = some
            .iter()
            .map(|row| {
                let marks: Vec<String> = row
                    .iter()
                    .map(|_| {
                        number += 1;
                        format!("${number}")
                    })
                    .collect();
                format!("({})", marks.join(", "))
            })
            .collect();
        let text =
            format!("INSERT INTO {} ({}) VALUES {}", quoted(&table.name), names.join(", "), marks.join(", "));
        on_either!(tx.reborrow(), connection => {
            let mut query = sqlx::query(AssertSqlSafe(text)).persistent(false);
            for (value, (_, kind)) in some.iter().flat_map(|row| row.iter().zip(&table.columns)) {
                query = match (value, kind) {
                    (Value::Number(number), _) => query.bind(*number),
                    (Value::Bytes(bytes), _) => query.bind(bytes.as_slice()),
                    (Value::Text(text), _) => query.bind(text.as_str()),
                    (Value::Null, Kind::Number) => query.bind(None::<i64>),
                    (Value::Null, Kind::Bytes) => query.bind(None::<&[u8]>),
                    (Value::Null, Kind::Text) => query.bind(None::<&str>),
                };
            }
            query.execute(connection).await?;
        });
    }
    Ok(())
}

/// Forwards stand at the log's end at the latest, and nobody is at them.
pub(crate) async fn rewind_forwards(tx: Tx<'_>, position: u64) -> Result<(), VaultError> {
    let text = "UPDATE forward SET owner = NULL, lease_until = 0, \
                position = CASE WHEN position > $1 THEN $1 ELSE position END";
    let position = i64::try_from(position).unwrap_or(i64::MAX);
    on_either!(tx, connection => sqlx::query(text).bind(position).execute(connection).await.map(drop)?);
    Ok(())
}

fn values<R: Row>(row: &R, table: &Table) -> Result<Vec<Value>, VaultError>
where
    usize: ColumnIndex<R>,
    for<'r> i64: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
{
    let value = |(index, (_, kind)): (usize, &(String, Kind))| {
        Ok(match kind {
            Kind::Number => row.try_get::<Option<i64>, _>(index)?.map(Value::Number),
            Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(index)?.map(Value::Bytes),
            Kind::Text => row.try_get::<Option<String>, _>(index)?.map(Value::Text),
        }
        .unwrap_or(Value::Null))
    };
    table.columns.iter().enumerate().map(value).collect()
}

/// A column as it is read: numbers in one width.
fn read(name: &str, kind: Kind) -> String {
    match kind {
        Kind::Number => format!("CAST({} AS BIGINT)", quoted(name)),
        Kind::Bytes | Kind::Text => quoted(name),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
