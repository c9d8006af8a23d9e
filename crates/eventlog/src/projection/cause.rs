//! Whose fault it is that a page was not folded.

use std::any::Any;

use crate::event::Event;
use crate::fold::FoldError;
use crate::stores::may_pass;

/// Why a transaction of a fold came to nothing.
pub(super) enum Cause {
    /// An event of it, as it will be again: what was wrong, without anything that the event says.
    Event(String),
    /// The database, which may be better later.
    Database(sqlx::Error),
}

/// What became of a fold: its own answer, or that it panicked.
pub(super) type Outcome = Result<Result<(), FoldError>, Box<dyn Any + Send>>;

/// The cause, where a fold came to nothing.
pub(super) fn of(outcome: Outcome, events: &[Event]) -> Option<Cause> {
    match outcome {
        Ok(Ok(())) => None,
        Ok(Err(FoldError::Event { position, reason })) => {
            let own = events.iter().any(|event| event.position == position);
            // To take a voided statement back, say, earlier events are folded again.
            let reason = if own { reason } else { format!("through event {}: {reason}", position.0) };
            Some(Cause::Event(reason))
        }
        Ok(Err(FoldError::Database(error))) => Some(of_database(error)),
        // What it says may hold anything; standard error has it, with the place in the program.
        Err(_) => Some(Cause::Event("the program panicked while it folded the event".to_owned())),
    }
}

/// The cause of an error of the database.
pub(super) fn of_database(error: sqlx::Error) -> Cause {
    match &error {
        error if may_pass(error) => {}
        sqlx::Error::Database(database) if missing(database.message()) => {}
        sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or_default();
            let reason = match (database.constraint(), database.table()) {
                // PostgreSQL's messages repeat values; what it names besides is enough.
                (Some(constraint), _) => format!("the database refuses it by {constraint} ({code})"),
                (None, Some(table)) => format!("the database refuses it in {table} ({code})"),
                (None, None) if database.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() => {
                    format!("the database refuses it ({code})")
                }
                (None, None) => format!("the database refuses it: {} ({code})", database.message()),
            };
            return Cause::Event(reason);
        }
        error => return Cause::Event(format!("the database refuses it: {error}")),
    }
    Cause::Database(error)
}

/// Whether SQLite says that a table is not there, which is no fault of an event.
fn missing(message: &str) -> bool {
    message.starts_with("no such table") || message.starts_with("no such column")
}
