//! Rows of the lake as the facts they came from, one by one, so that reports can be held against the domain's rules.

use crate::lake::Snapshot;
use domain::statement::{AgentRole, ObjectFacts, Score, StatementFacts, Version};
use domain::{AgentId, Date};
use eventlog::clock::Micros;
use eventlog::event::{Key, Position};

/// A statement about an activity, by an identified actor.
pub(in crate::reports) struct Row {
    pub(in crate::reports) position: Position,
    pub(in crate::reports) actor: AgentId,
    pub(in crate::reports) day: Date,
    /// The minute, of answers under a registration; else the day at noon, as the hour is not known.
    pub(in crate::reports) happened: Micros,
    /// What the rules ask about; the rest is empty.
    pub(in crate::reports) facts: StatementFacts,
}

/// The statements of a lake on or before a day, ascending by position.
pub(in crate::reports) fn rows(snapshot: &Snapshot, through: Date) -> Vec<Row> {
    let columns = ["day", "minute", "actor", "verb", "object", "registration", "success", "responses"];
    let frame = snapshot.statements(&columns).unwrap();
    let column = |name: &str| frame.column(name).unwrap();
    let key = |bytes: &[u8]| Key::try_from(bytes).unwrap();
    let lists = column("responses").list().unwrap();
    let mut rows = Vec::new();
    for row in 0..frame.height() {
        let actor = column("actor").binary().unwrap().get(row).map(key);
        let (Some(actor), Some(object)) = (actor, column("object").str().unwrap().get(row)) else { continue };
        let day = Date::from_days(column("day").i32().unwrap().get(row).unwrap());
        if day > through {
            continue;
        }
        let codes = lists.get_as_series(row).unwrap();
        let minute = column("minute").i32().unwrap().get(row);
        let noon = i64::from(day.days()) * 1_440 + 720;
        let happened = minute.map_or(noon, i64::from) * 60_000_000;
        let facts = StatementFacts {
            id: Key::default(),
            agents: vec![(AgentRole::Actor, actor)],
            actor_is_group: false,
            verb: column("verb").str().unwrap().get(row).unwrap().to_owned(),
            object: ObjectFacts::Activity(object.to_owned()),
            registration: column("registration").binary().unwrap().get(row).map(key),
            timestamp: Some(happened),
            success: column("success").bool().unwrap().get(row),
            completion: None,
            score: Score::default(),
            duration_cs: None,
            response: codes.str().unwrap().no_null_iter().map(str::to_owned).collect(),
            activities: Vec::new(),
            xapi_version: Version::V2_0_0,
            attachments_from: None,
            origin: None,
            untracked: false,
            voids_own: false,
        };
        let position = Position(column("position").i64().unwrap().get(row).unwrap() as u64);
        rows.push(Row { position, actor, day, happened: Micros(happened), facts });
    }
    rows
}
