//! Voiding what others sent (1.0.3 Data 2.3.2: who is not authorized to is answered with 403).
//!
//! What is not there yet is nobody's: such a statement is stored, as the standard asks, and the facts say whether it may
//! void only its own ([`domain::statement::may_void`]). Whoever folds the log holds it to that when the other comes.

use std::collections::HashMap;

use eventlog::{EventLog, Key, LogError, Position};
use xapi::{Object, Statement};

use crate::prepare::STATEMENT;

/// The statement that one voids.
pub(crate) fn target(statement: &Statement) -> Option<Key> {
    match statement.object {
        Object::StatementRef(id) if statement.verb == xapi::VOIDED => Some(id.into_bytes()),
        _ => None,
    }
}

/// Which of some statements, counted from 0, void one that is stored and was sent by another than this credential.
pub(crate) async fn of_others<'a>(
    log: &EventLog,
    statements: impl IntoIterator<Item = &'a Statement>,
    credential: Option<Key>,
) -> Result<Vec<usize>, LogError> {
    let (voiding, targets): (Vec<usize>, Vec<Key>) = statements
        .into_iter()
        .enumerate()
        .filter_map(|(index, statement)| Some((index, target(statement)?)))
        .unzip();
    if targets.is_empty() {
        return Ok(Vec::new());
    }
    let found = senders(log, &targets).await?;
    let is_others = |target: &Key| {
        found.get(target).is_some_and(|(_, sent_by)| sent_by.is_none() || *sent_by != credential)
    };
    Ok(voiding.into_iter().zip(&targets).filter(|(_, target)| is_others(target)).map(|(at, _)| at).collect())
}

/// The first of some statements, counted from 0, that voids one of another's and is not stored already.
pub(crate) async fn refused(
    log: &EventLog,
    statements: &[Statement],
    credential: Option<Key>,
) -> Result<Option<usize>, LogError> {
    for index in of_others(log, statements, credential).await? {
        let id = statements[index].id.map(|id| id.into_bytes());
        if log.find(&Vec::from_iter(id)).await?.iter().all(Option::is_none) {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// Where statements stand and which credential sent them, by their ids; those that are not there are left out.
pub(crate) async fn senders(
    log: &EventLog,
    ids: &[Key],
) -> Result<HashMap<Key, (Position, Option<Key>)>, LogError> {
    let positions: Vec<Position> = log.find(ids).await?.into_iter().flatten().collect();
    let events = log.read_events_at(&positions).await?.into_iter().filter(|event| event.kind == STATEMENT);
    Ok(events.filter_map(|event| Some((event.dedupe?, (event.position, event.credential)))).collect())
}
