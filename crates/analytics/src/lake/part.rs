//! What the statements of one block contribute to reports: integer columns beside dictionaries, independent of whatever
//! is learned later of people, courses, rules and surveys. It follows from the rows of the block that count, so that a
//! block's is made once and again only where one of its statements is voided.

use super::error::LakeError;
use super::table::minute_of;
use domain::events::RoundFacts;
use domain::statement::is_pass;
use domain::surveys::Surveys;
use domain::{Date, rounds, verbs};
use eventlog::event::Key;
use polars::prelude::*;
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Range;
use std::sync::Arc;

/// The columns that a part is made of.
pub(crate) const COLUMNS: [&str; 9] =
    ["day", "dated_ahead", "minute", "actor", "verb", "object", "registration", "success", "responses"];

/// Between the codes of one answer, as in a response (1.0.3 Data 2.4.4.1.1): no code has it in it.
pub(crate) const BETWEEN: &str = "[,]";
/// Stands for no minute.
const NO_MINUTE: i32 = i32::MIN;
/// Stands for no day.
pub(crate) const NO_DAY: i32 = i32::MIN;

/// What one block contributes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Part {
    /// The position of the block's first event.
    pub(crate) first: u64,
    /// Each agent that did something, once. Other columns name them by their place here, and likewise below.
    pub(crate) agents: Vec<Key>,
    /// Each activity that something was done with.
    pub(crate) activities: Vec<Box<str>>,
    /// Each registration of an answer, ascending.
    pub(crate) registrations: Vec<Option<Key>>,
    /// Each answer: its code, or its codes with [`BETWEEN`] between them.
    pub(crate) codes: Vec<Box<str>>,
    /// What each agent did with each activity, ascending.
    pub(crate) touched: Vec<Touched>,
    /// Every answer with codes, ascending.
    pub(crate) answers: Vec<Answer>,
    /// The latest day that a statement counts on; [`NO_DAY`] without statements.
    pub(crate) latest: i32,
    /// How many statements are dated later than they were stored.
    pub(crate) dated_ahead: u64,
}

/// One agent has at least one statement about one activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Touched {
    pub(crate) agent: u32,
    pub(crate) activity: u32,
    /// The latest day of a pass, or [`NO_DAY`].
    pub(crate) passed: i32,
}

/// One answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Answer {
    pub(crate) registration: u32,
    pub(crate) activity: u32,
    pub(crate) agent: u32,
    pub(crate) day: i32,
    /// Minutes since 1970-01-01T00:00Z; [`NO_MINUTE`] without a registration.
    pub(crate) minute: i32,
    /// Its place in the log, less that of the block's first event.
    pub(crate) place: u32,
    /// Its codes.
    pub(crate) code: u32,
}

/// The minutes in which answers count in a round: the first, and the one after the last.
pub(crate) fn minutes_of(round: &RoundFacts, surveys: &Surveys) -> Range<i32> {
    let taken = rounds::taken(round, surveys);
    minute_of(taken.start)..minute_of(taken.end)
}

impl Part {
    /// What these rows contribute, of a block that begins at `first`; only those that count on or before a day, where
    /// one is given.
    pub(crate) fn of(rows: &DataFrame, first: u64, through: Option<Date>) -> Result<Self, LakeError> {
        let mut rows = rows.clone();
        rows.rechunk_mut();
        let position = rows.column("position")?.i64()?.into_no_null_iter();
        let day = rows.column("day")?.i32()?.into_no_null_iter();
        let ahead = rows.column("dated_ahead")?.bool()?.iter();
        let minute = rows.column("minute")?.i32()?.iter();
        let actor = rows.column("actor")?.binary()?.iter();
        let verb = rows.column("verb")?.str()?.no_null_iter();
        let object = rows.column("object")?.str()?.iter();
        let registration = rows.column("registration")?.binary()?.iter();
        let success = rows.column("success")?.bool()?.iter();
        let lists = rows.column("responses")?.list()?;
        let bounds =
            lists.downcast_iter().next().map_or(vec![0], |lists| lists.offsets().as_slice().to_vec());
        let given = lists.get_inner();
        let given = given.str()?;

        let (mut agents, mut activities) = (Dictionary::default(), Dictionary::default());
        let (mut registrations, mut codes) = (Dictionary::default(), Dictionary::default());
        let mut part = Self { first, latest: NO_DAY, ..Self::default() };
        let about = actor.zip(verb).zip(object.zip(registration).zip(success));
        let when = day.zip(minute);
        let rows = position.zip(when).zip(ahead).zip(about).zip(bounds.windows(2));
        for (
            (((position, (day, minute)), ahead), ((actor, verb), ((object, registration), success))),
            bounds,
        ) in rows
        {
            if through.is_some_and(|through| day > through.days()) {
                continue;
            }
            part.latest = part.latest.max(day);
            part.dated_ahead += u64::from(ahead == Some(true));
            let (Some(actor), Some(activity)) = (actor, object) else { continue };
            let (agent, activity) = (agents.place(key(actor)), activities.place(activity));
            let passed = if is_pass(verb, success) { day } else { NO_DAY };
            part.touched.push(Touched { agent, activity, passed });
            if verb == verbs::ANSWERED && bounds[0] < bounds[1] {
                let mut pieces = (bounds[0]..bounds[1]).map(|at| given.get(at as usize).unwrap_or_default());
                let code = match bounds[1] - bounds[0] {
                    1 => Cow::Borrowed(pieces.next().unwrap_or_default()),
                    _ => Cow::Owned(pieces.collect::<Vec<_>>().join(BETWEEN)),
                };
                let code = codes.place(code);
                let registration = registrations.place(registration.map(key));
                let place = u32::try_from(position as u64 - first).unwrap_or(u32::MAX);
                let minute = minute.unwrap_or(NO_MINUTE);
                part.answers.push(Answer { registration, activity, agent, day, minute, place, code });
            }
        }
        part.touched.sort_unstable();
        // The latest pass of each agent and activity comes last.
        part.touched.reverse();
        part.touched.dedup_by_key(|touched| (touched.agent, touched.activity));
        part.touched.reverse();
        part.touched.shrink_to_fit();
        let mut ascending: Vec<(Option<Key>, u32)> = registrations.places.into_iter().collect();
        ascending.sort_unstable();
        let mut places = vec![0; ascending.len()];
        for (new, (_, old)) in (0..).zip(&ascending) {
            places[*old as usize] = new;
        }
        for answer in &mut part.answers {
            answer.registration = places[answer.registration as usize];
        }
        part.answers.sort_unstable();
        part.answers.shrink_to_fit();
        part.registrations = ascending.into_iter().map(|(registration, _)| registration).collect();
        part.agents = agents.list();
        part.activities = activities.list().into_iter().map(Into::into).collect();
        part.codes = codes.list().into_iter().map(Into::into).collect();
        Ok(part)
    }

    /// The answers of one registration.
    pub(crate) fn answers_of(&self, registration: Key) -> &[Answer] {
        let Ok(wanted) = self.registrations.binary_search(&Some(registration)) else { return &[] };
        let start = self.answers.partition_point(|answer| (answer.registration as usize) < wanted);
        let end = self.answers.partition_point(|answer| answer.registration as usize <= wanted);
        &self.answers[start..end]
    }
}

/// The latest day that any statement counts on, and how many are dated later than they were stored.
pub(crate) fn days(parts: &[Arc<Part>]) -> (Option<Date>, u64) {
    let latest = parts.iter().map(|part| part.latest).max().filter(|&latest| latest != NO_DAY);
    (latest.map(Date::from_days), parts.iter().map(|part| part.dated_ahead).sum())
}

/// Sixteen bytes as a key. The lake writes no others.
fn key(bytes: &[u8]) -> Key {
    bytes.try_into().unwrap_or_default()
}

/// Values by the order in which they first came.
struct Dictionary<T> {
    places: HashMap<T, u32>,
}

impl<T> Default for Dictionary<T> {
    fn default() -> Self {
        Self { places: HashMap::new() }
    }
}

impl<T: Eq + Hash> Dictionary<T> {
    fn place(&mut self, value: T) -> u32 {
        let next = self.places.len() as u32;
        *self.places.entry(value).or_insert(next)
    }

    fn list(self) -> Vec<T> {
        let mut list: Vec<(u32, T)> = self.places.into_iter().map(|(value, place)| (place, value)).collect();
        list.sort_unstable_by_key(|(place, _)| *place);
        list.into_iter().map(|(_, value)| value).collect()
    }
}
