//! Inserting into PostgreSQL: one array per column, unnested on the server.

use sqlx::PgConnection;

use crate::event::{Event, Head, Key};
use crate::rows::{Rows, int};
use crate::store::Change;

/// The columns of the rows of a batch.
#[derive(Default)]
struct Columns<'a> {
    position: Vec<i64>,
    stored: Vec<i64>,
    id: Vec<&'a [u8]>,
    kind: Vec<&'a str>,
    schema: Vec<i32>,
    credential: Vec<Option<&'a [u8]>>,
    dedupe: Vec<Option<&'a [u8]>>,
    stream: Vec<Option<&'a [u8]>>,
    stream_version: Vec<Option<i64>>,
    facts: Vec<&'a [u8]>,
    slot_hashes: Vec<&'a [u8]>,
    hash: Vec<&'a [u8]>,
    slot_position: Vec<i64>,
    slot: Vec<i32>,
    owner: Vec<Option<&'a [u8]>>,
    period: Vec<i32>,
    body: Vec<&'a [u8]>,
}

/// Inserts the rows of a batch: the events and their slots. For a baseline; an append goes through [`put`].
pub(crate) async fn insert(connection: &mut PgConnection, rows: &Rows) -> Result<(), sqlx::Error> {
    let columns = Columns::of(rows);
    columns
        .bind(sqlx::query(
            "WITH events AS (INSERT INTO event (position, stored, id, kind, schema, credential, dedupe, stream, \
             stream_version, facts, slot_hashes, hash) \
             SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)) \
             INSERT INTO sealed (position, slot, owner, period, body) \
             SELECT * FROM unnest($13, $14, $15, $16, $17)",
        ))
        .execute(connection)
        .await
        .map(drop)
}

/// Moves the head and the hooks' marks. For a baseline, as [`insert`].
pub(crate) async fn move_head(
    connection: &mut PgConnection,
    head: &Head,
    hooks: &[&'static str],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "WITH hooks AS (UPDATE log_hook SET position = $1 WHERE name = ANY ($5)) \
         UPDATE log_head SET position = $1, stored = $2, hash = $3, fence = $4 WHERE one = 1",
    )
    .bind(int(head.position.0))
    .bind(head.stored.0)
    .bind(&head.hash[..])
    .bind(int(head.fence))
    .bind(hooks)
    .execute(connection)
    .await
    .map(drop)
}

/// Inserts a batch, deletes slots, moves the head and the hooks' marks, and notifies: one round trip.
pub(super) async fn put(
    connection: &mut PgConnection,
    rows: &Rows,
    change: &Change,
    hooks: &[&'static str],
    channel: &str,
) -> Result<(), sqlx::Error> {
    let deleted: (Vec<i64>, Vec<i32>) =
        change.deletions.iter().map(|(position, slot, _)| (int(position.0), i32::from(*slot))).unzip();
    let by: Vec<i64> = change.deletions.iter().map(|(_, _, event)| int(event.0)).collect();
    let columns = Columns::of(rows);
    columns
        .bind(sqlx::query(
            "SELECT log_put($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
             $18, $19, $20, $21, $22, $23, $24, $25, $26)",
        ))
        .bind(deleted.0)
        .bind(deleted.1)
        .bind(by)
        .bind(int(change.head.position.0))
        .bind(change.head.stored.0)
        .bind(&change.head.hash[..])
        .bind(int(change.head.fence))
        .bind(hooks)
        .bind(channel)
        .execute(connection)
        .await
        .map(drop)
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

impl<'a> Columns<'a> {
    fn of(rows: &'a Rows) -> Self {
        let mut columns = Self::default();
        for (event, extra) in rows.events.iter().zip(&rows.extras) {
            columns.push(event);
            columns.slot_hashes.push(&extra.slot_hashes);
            columns.hash.push(&extra.hash);
            for slot in &extra.slots {
                columns.slot_position.push(int(event.position.0));
                columns.slot.push(i32::from(slot.number));
                columns.owner.push(bytes(slot.owner.as_ref()));
                columns.period.push(i32::from(slot.period));
                columns.body.push(&slot.body);
            }
        }
        columns
    }

    fn push(&mut self, event: &'a Event) {
        self.position.push(int(event.position.0));
        self.stored.push(event.stored.0);
        self.id.push(&event.id);
        self.kind.push(&event.kind);
        self.schema.push(i32::from(event.schema));
        self.credential.push(bytes(event.credential.as_ref()));
        self.dedupe.push(bytes(event.dedupe.as_ref()));
        self.stream.push(event.stream.as_ref().map(|(key, _)| &key[..]));
        self.stream_version.push(event.stream.map(|(_, version)| int(version)));
        self.facts.push(&event.facts);
    }

    fn bind<'q>(&'q self, query: Query<'q>) -> Query<'q> {
        query
            .bind(&self.position)
            .bind(&self.stored)
            .bind(&self.id)
            .bind(&self.kind)
            .bind(&self.schema)
            .bind(&self.credential)
            .bind(&self.dedupe)
            .bind(&self.stream)
            .bind(&self.stream_version)
            .bind(&self.facts)
            .bind(&self.slot_hashes)
            .bind(&self.hash)
            .bind(&self.slot_position)
            .bind(&self.slot)
            .bind(&self.owner)
            .bind(&self.period)
            .bind(&self.body)
    }
}

fn bytes(key: Option<&Key>) -> Option<&[u8]> {
    key.map(|key| &key[..])
}
