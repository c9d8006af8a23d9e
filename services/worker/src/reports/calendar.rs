//! The days that reports are released on, and the positions that they are released at.
//!
//! A report is of a Monday; that of a survey's round, also of the log's second day and of every day while it is open and two
//! weeks after. It has what was stored before that day began in Sweden, and is about the day before. Until the first such
//! day of a log there is no release to compare with, and a report is of the position that is asked for.

use domain::{Date, Municipality};
use eventlog::EventLog;
use eventlog::clock::Micros;
use eventlog::event::Position;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Question;
use crate::error::ReportError;

/// How long after its beginning a day is one of release, in microseconds: what is being stored before it is stored by then.
const SETTLED: i64 = 1_000_000;

/// How many days after its last one a round's report is still of every day.
const AFTER: i32 = 14;

/// A day of release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) date: Date,
    /// What was stored before the day began.
    pub(crate) position: Position,
}

impl Day {
    /// The day that its report is about.
    pub(crate) fn about(&self) -> Date {
        Date::from_days(self.date.days() - 1)
    }
}

/// The day on which what is about another is released.
pub(crate) fn released_on(about: Date) -> Date {
    Date::from_days(about.days() + 1)
}

/// Whether a report is released on a day.
pub(crate) fn releases(date: Date, question: &Question, municipality: &Municipality) -> bool {
    let open = || match question {
        Question::Survey { round: Some(round) } => municipality.surveys.round(round).is_some_and(|round| {
            (round.facts.opens.days()..=round.facts.closes.days() + AFTER + 1).contains(&date.days())
        }),
        _ => false,
    };
    monday(date) || open()
}

/// The first day after one that a report is released on.
pub(crate) fn next(after: Date, question: &Question, municipality: &Municipality) -> Date {
    let mut days = (after.days() + 1..).map(Date::from_days);
    days.find(|date| releases(*date, question, municipality)).unwrap_or(after)
}

/// The days that a question may be released on, from the log's first to `now`, with what was stored before each, up to a
/// position and for a day. None, where there has not been one in the log's time; else at least one, or an error.
pub(crate) async fn days(
    log: &EventLog,
    begun: &Begun,
    question: &Question,
    now: Micros,
    through: Position,
    about: Option<Date>,
) -> Result<Vec<Day>, ReportError> {
    let Some(first) = begun.first(log).await? else { return Ok(Vec::new()) };
    let dates = first.days() + 1..=Date::in_sweden(Micros(now.0 - SETTLED)).days();
    let may = |date: &Date| matches!(question, Question::Survey { .. }) || monday(*date);
    let dates: Vec<Date> = dates.map(Date::from_days).filter(may).collect();
    let Some(earliest) = dates.first().copied() else { return Ok(Vec::new()) };
    let mut days = Vec::new();
    for date in dates {
        let Some(position) = begun.at(log, date).await? else { break };
        let day = Day { date, position };
        if day.position > through || about.is_some_and(|about| day.about() > about) {
            break;
        }
        days.push(day);
    }
    if days.is_empty() { Err(ReportError::NotReleased { earliest }) } else { Ok(days) }
}

/// Where the log was when days began, kept: it does not change.
#[derive(Debug, Default)]
pub(crate) struct Begun(Mutex<(Option<Date>, HashMap<Date, Position>)>);

impl Begun {
    /// The day of the log's first event; none of an empty log.
    pub(super) async fn first(&self, log: &EventLog) -> Result<Option<Date>, ReportError> {
        if let Some(first) = self.kept().0 {
            return Ok(Some(first));
        }
        let first = log.stored_at(Position(1)).await.map_err(failed)?.map(Date::in_sweden);
        self.kept().0 = first;
        Ok(first)
    }

    /// The last event that was stored before a day began; none where something may still be.
    async fn at(&self, log: &EventLog, date: Date) -> Result<Option<Position>, ReportError> {
        let kept = self.kept().1.get(&date).copied();
        if kept.is_some() {
            return Ok(kept);
        }
        let last = Micros(date.begins().0 - 1);
        if log.consistent_through().await.map_err(failed)? < last {
            return Ok(None);
        }
        let position = log.position_at(last).await.map_err(failed)?;
        self.kept().1.insert(date, position);
        Ok(Some(position))
    }

    fn kept(&self) -> MutexGuard<'_, (Option<Date>, HashMap<Date, Position>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn monday(date: Date) -> bool {
    // 1970-01-01 was a Thursday.
    (date.days() + 3).rem_euclid(7) == 0
}

/// The latest day before a Monday that is not past `day`.
pub(crate) fn before_a_monday(day: Date) -> Date {
    Date::from_days(day.days() - (day.days() + 4).rem_euclid(7))
}

fn failed(error: eventlog::LogError) -> ReportError {
    ReportError::Worker(error.into())
}
