//! Rows of the lake as the facts they came from, so that the domain's rules read both alike.

use crate::lake::{LakeError, Snapshot};
use domain::statement::{AgentRole, ObjectFacts, Score, StatementFactsOf, StatementFactsRef, Version};
use domain::{AgentId, Date};
use eventlog::clock::Micros;
use eventlog::event::{Key, Position};
use polars::prelude::*;

const COLUMNS: [&str; 7] = ["day", "actor", "verb", "object", "registration", "success", "responses"];

/// Microseconds from midnight UTC to an instant that is the same day in Sweden, summer and winter.
const NOON: i64 = 43_200_000_000;
const DAY: i64 = 86_400_000_000;

/// Statements about activities, by identified actors, ascending by position.
pub(super) struct Rows {
    frame: DataFrame,
    /// The codes of all rows one after the other, and where each row's begin and end.
    codes: Series,
    bounds: Vec<i64>,
}

/// One statement.
pub(super) struct Row<'a> {
    pub(super) position: Position,
    pub(super) actor: AgentId,
    /// The day at noon: the hour is not known.
    pub(super) happened: Micros,
    /// What the rules for evidence ask about; the rest is empty.
    pub(super) facts: StatementFactsRef<'a>,
}

impl Rows {
    /// Reads the statements whose verb, activity, registration and day pass `keep`.
    pub(super) fn read(
        snapshot: &Snapshot,
        keep: impl Fn(&str, &str, Option<&[u8]>, Date) -> bool,
    ) -> Result<Self, LakeError> {
        let mut frame = snapshot.statements(&COLUMNS, |part| {
            let verb = part.column("verb")?.str()?.iter();
            let object = part.column("object")?.str()?.iter();
            let actor = part.column("actor")?.binary()?.iter();
            let registration = part.column("registration")?.binary()?.iter();
            let day = part.column("day")?.i32()?.iter();
            let mask = verb.zip(object).zip(actor).zip(registration.zip(day)).map(
                |(((verb, object), actor), (registration, day))| match (verb, object, actor, day) {
                    (Some(verb), Some(object), Some(_), Some(day)) => {
                        keep(verb, object, registration, Date::from_days(day))
                    }
                    _ => false,
                },
            );
            Ok(Some(mask.collect()))
        })?;
        frame.rechunk_mut();
        let lists = frame.column("responses")?.list()?.rechunk();
        let bounds = match lists.downcast_iter().next() {
            Some(array) => array.offsets().as_slice().to_vec(),
            None => vec![0],
        };
        Ok(Self { codes: lists.get_inner(), bounds, frame })
    }

    /// The statements.
    pub(super) fn iter(&self) -> PolarsResult<impl Iterator<Item = Row<'_>>> {
        let frame = &self.frame;
        let codes = self.codes.str()?;
        let position = frame.column("position")?.i64()?.into_no_null_iter();
        let day = frame.column("day")?.i32()?.into_no_null_iter();
        let actor = frame.column("actor")?.binary()?.no_null_iter();
        let verb = frame.column("verb")?.str()?.no_null_iter();
        let object = frame.column("object")?.str()?.no_null_iter();
        let registration = frame.column("registration")?.binary()?.iter();
        let success = frame.column("success")?.bool()?.iter();
        let rows = position.zip(day).zip(actor.zip(verb)).zip(object.zip(registration.zip(success)));
        Ok(rows.zip(self.bounds.windows(2)).map(move |(row, bounds)| {
            let (((position, day), (actor, verb)), (object, (registration, success))) = row;
            let actor = key(actor);
            let happened = i64::from(day) * DAY + NOON;
            let (start, end) = (bounds[0] as usize, bounds[1] as usize);
            let facts = StatementFactsOf {
                id: Key::default(),
                agents: vec![(AgentRole::Actor, actor)],
                actor_is_group: false,
                verb,
                object: ObjectFacts::Activity(object),
                registration: registration.map(key),
                timestamp: Some(happened),
                success,
                completion: None,
                score: Score::default(),
                duration_cs: None,
                response: (start..end).filter_map(|place| codes.get(place)).collect(),
                activities: Vec::new(),
                xapi_version: Version::V2_0_0,
                attachments_from: None,
                origin: None,
                untracked: false,
                voids_own: false,
            };
            Row { position: Position(position as u64), actor, happened: Micros(happened), facts }
        }))
    }
}

/// Sixteen bytes as a key. The lake writes no others.
fn key(bytes: &[u8]) -> Key {
    bytes.try_into().unwrap_or_default()
}
