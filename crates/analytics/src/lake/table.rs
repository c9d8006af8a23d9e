//! The lake's two tables as data frames, and their Parquet files.

use super::error::LakeError;
use crate::parquet;
use domain::statement::{ContextRole, ObjectFacts, share};
use domain::{Date, StatementFactsRef, verbs};
use eventlog::clock::Micros;
use polars::prelude::*;
use std::io::Cursor;

/// Collects statements, column by column.
pub(crate) struct Statements {
    position: Vec<i64>,
    stored_day: Vec<i32>,
    day: Vec<i32>,
    dated_ahead: Vec<bool>,
    minute: Vec<Option<i32>>,
    actor: Vec<Option<[u8; 16]>>,
    actor_is_group: Vec<bool>,
    verb: StringChunkedBuilder,
    object_kind: StringChunkedBuilder,
    object: StringChunkedBuilder,
    registration: Vec<Option<[u8; 16]>>,
    success: BooleanChunkedBuilder,
    completion: BooleanChunkedBuilder,
    scores: [PrimitiveChunkedBuilder<Int64Type>; 5],
    duration_cs: PrimitiveChunkedBuilder<Int64Type>,
    responses: ListStringChunkedBuilder,
    contexts: [ListStringChunkedBuilder; 4],
    xapi_version: StringChunkedBuilder,
}

/// Every column of the table, in its order.
#[cfg(test)]
pub(crate) const COLUMNS: &[&str] = &[
    "position",
    "stored_day",
    "day",
    "dated_ahead",
    "minute",
    "actor",
    "actor_is_group",
    "verb",
    "object_kind",
    "object",
    "registration",
    "success",
    "completion",
    "score_scaled",
    "score_raw",
    "score_min",
    "score_max",
    "score_share",
    "duration_cs",
    "responses",
    "parents",
    "groupings",
    "categories",
    "others",
    "xapi_version",
];

/// The score columns, in millionths.
const SCORES: [&str; 5] = ["score_scaled", "score_raw", "score_min", "score_max", "score_share"];
/// The columns of context activities, by role.
const CONTEXTS: [&str; 4] = ["parents", "groupings", "categories", "others"];

impl Statements {
    /// An empty table with room for `rows`.
    pub(crate) fn with_capacity(rows: usize) -> Self {
        let list = |name: &str| ListStringChunkedBuilder::new(name.into(), rows, rows);
        Self {
            position: Vec::with_capacity(rows),
            stored_day: Vec::with_capacity(rows),
            day: Vec::with_capacity(rows),
            dated_ahead: Vec::with_capacity(rows),
            minute: Vec::with_capacity(rows),
            actor: Vec::with_capacity(rows),
            actor_is_group: Vec::with_capacity(rows),
            verb: StringChunkedBuilder::new("verb".into(), rows),
            object_kind: StringChunkedBuilder::new("object_kind".into(), rows),
            object: StringChunkedBuilder::new("object".into(), rows),
            registration: Vec::with_capacity(rows),
            success: BooleanChunkedBuilder::new("success".into(), rows),
            completion: BooleanChunkedBuilder::new("completion".into(), rows),
            scores: SCORES.map(|name| PrimitiveChunkedBuilder::new(name.into(), rows)),
            duration_cs: PrimitiveChunkedBuilder::new("duration_cs".into(), rows),
            responses: list("responses"),
            contexts: CONTEXTS.map(list),
            xapi_version: StringChunkedBuilder::new("xapi_version".into(), rows),
        }
    }

    /// Adds a statement. Days are Swedish ones, as duties and rounds begin and end with them.
    pub(crate) fn push(&mut self, position: u64, stored: Micros, facts: &StatementFactsRef<'_>) {
        self.position.push(position as i64);
        self.stored_day.push(Date::in_sweden(stored).days());
        let counted = facts.counted_at(stored);
        self.day.push(Date::in_sweden(counted).days());
        self.dated_ahead.push(facts.is_dated_ahead(stored));
        // A round opens and closes at a minute; nothing else asks for the time of day.
        let is_sitting = facts.verb == verbs::ANSWERED && facts.registration.is_some();
        self.minute.push(is_sitting.then(|| minute_of(counted)));
        self.actor.push(facts.counted_actor());
        self.actor_is_group.push(facts.actor_is_group);
        self.verb.append_value(facts.verb);
        self.object_kind.append_value(match &facts.object {
            ObjectFacts::Activity(_) => "activity",
            ObjectFacts::Agent => "agent",
            ObjectFacts::Group => "group",
            ObjectFacts::StatementRef(_) => "statement",
            ObjectFacts::SubStatement(_) => "substatement",
        });
        self.object.append_option(facts.activity());
        self.registration.push(facts.registration);
        self.success.append_option(facts.success);
        self.completion.append_option(facts.completion);
        let score = &facts.score;
        let scores = [score.scaled, score.raw, score.min, score.max, share(score)];
        for (column, value) in self.scores.iter_mut().zip(scores) {
            column.append_option(value);
        }
        self.duration_cs.append_option(facts.duration_cs);
        self.responses.append_values_iter(facts.response.iter().copied());
        let roles = [ContextRole::Parent, ContextRole::Grouping, ContextRole::Category, ContextRole::Other];
        for (column, role) in self.contexts.iter_mut().zip(roles) {
            column.append_values_iter(facts.activities.iter().filter(|(r, _)| *r == role).map(|(_, id)| *id));
        }
        self.xapi_version.append_value(facts.xapi_version.header_value());
    }

    /// The table.
    pub(crate) fn finish(self) -> Result<DataFrame, PolarsError> {
        let ids = |name: &str, values: &[Option<[u8; 16]>]| {
            let mut column = BinaryChunkedBuilder::new(name.into(), values.len());
            for value in values {
                column.append_option(value.as_ref().map(<[u8; 16]>::as_slice));
            }
            column.finish().into_column()
        };
        let mut columns = vec![
            Column::new("position".into(), self.position),
            Column::new("stored_day".into(), self.stored_day),
            Column::new("day".into(), self.day),
            Column::new("dated_ahead".into(), self.dated_ahead),
            Column::new("minute".into(), self.minute),
            ids("actor", &self.actor),
            Column::new("actor_is_group".into(), self.actor_is_group),
            self.verb.finish().into_column(),
            self.object_kind.finish().into_column(),
            self.object.finish().into_column(),
            ids("registration", &self.registration),
            self.success.finish().into_column(),
            self.completion.finish().into_column(),
        ];
        columns.extend(self.scores.map(|c| c.finish().into_column()));
        columns.push(self.duration_cs.finish().into_column());
        let mut responses = self.responses;
        columns.push(responses.finish().into_column());
        columns.extend(self.contexts.map(|mut c| c.finish().into_column()));
        columns.push(self.xapi_version.finish().into_column());
        DataFrame::new_infer_height(columns)
    }
}

/// Minutes since 1970-01-01T00:00Z.
pub(crate) fn minute_of(at: Micros) -> i32 {
    at.0.div_euclid(60_000_000).clamp(i32::MIN.into(), i32::MAX.into()) as i32
}

/// One voiding that has met its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Void {
    /// From this position on the target does not count: the later of the two.
    pub(crate) position: u64,
    /// The voiding statement.
    pub(crate) voiding: u64,
    /// The voided statement.
    pub(crate) target: u64,
}

impl Void {
    /// The rows of a file of the table.
    pub(crate) fn read(bytes: Vec<u8>) -> Result<Vec<Self>, LakeError> {
        let rows = decode(bytes, None)?;
        let column = |name: &str| {
            Ok::<Vec<u64>, LakeError>(
                rows.column(name)?.i64()?.into_no_null_iter().map(|n| n as u64).collect(),
            )
        };
        let voids = column("position")?.into_iter().zip(column("voiding")?).zip(column("target")?);
        Ok(voids.map(|((position, voiding), target)| Self { position, voiding, target }).collect())
    }
}

/// The table of voidings.
pub(crate) fn voids(rows: &[Void]) -> Result<DataFrame, PolarsError> {
    let column = |name: &str, of: fn(&Void) -> u64| {
        Column::new(name.into(), rows.iter().map(|v| of(v) as i64).collect::<Vec<_>>())
    };
    DataFrame::new_infer_height(vec![
        column("position", |v| v.position),
        column("voiding", |v| v.voiding),
        column("target", |v| v.target),
    ])
}

/// The rows whose position lies between `first` and `last`, both included, of a table in ascending
/// order of position.
pub(crate) fn between(table: &DataFrame, first: u64, last: u64) -> Result<DataFrame, PolarsError> {
    let positions = table.column("position")?.i64()?.rechunk();
    let positions = positions.cont_slice()?;
    let start = positions.partition_point(|&p| p < first as i64);
    let end = positions.partition_point(|&p| p <= last as i64);
    Ok(table.slice(start as i64, end - start))
}

/// Encodes a table as one Parquet file, which says whose it is.
pub(crate) fn encode(table: &DataFrame, about: Vec<(String, String)>) -> Result<Vec<u8>, PolarsError> {
    parquet::encode(table, super::blocks::SEGMENT as usize, about)
}

/// Decodes a Parquet file; all columns, or those named.
pub(crate) fn decode(bytes: Vec<u8>, columns: Option<&[&str]>) -> Result<DataFrame, LakeError> {
    let columns = columns.map(|names| names.iter().map(|&name| name.to_owned()).collect());
    Ok(ParquetReader::new(Cursor::new(bytes)).with_columns(columns).finish()?)
}
