//! Whether what a respondent answered can be taken.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono::{NaiveDateTime, NaiveTime, Timelike as _};
use domain::Date;
use domain::events::RoundMode;
use forms::Words;
use forms::files::{Came, Filed};
use serde_json::{Map, Value as Json, json};

use crate::tasks::rounds::Round;

/// What one respondent answered, ready to be taken.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) row: u64,
    /// The agent; none where nobody can be linked.
    pub(super) respondent: Option<Json>,
    /// The unit and the role, where nobody can be linked.
    pub(super) place: Option<(String, String)>,
    /// When, in microseconds since 1970.
    pub(super) at: i64,
    /// Whether it was sent in.
    pub(super) complete: bool,
    pub(super) answers: Map<String, Json>,
}

/// What becomes of a row.
#[derive(Debug)]
pub(super) enum Verdict {
    Taken(Answer),
    /// Not sent in, and the round takes no such.
    Part,
    /// Nothing was answered.
    Empty,
    /// By question or column, why.
    Not(Vec<(String, Words)>),
}

/// Judges the rows of a file in their order.
pub(super) struct Judge<'a> {
    round: &'a Round,
    home_page: Option<&'a str>,
    /// The rows of respondents whose answers were taken so far, by a hash.
    rows: HashMap<u64, u64>,
}

/// When a round opened, by Swedish clocks: the time of answers that have none.
pub(super) fn opening(round: &Round) -> NaiveDateTime {
    let midnight = round.opens.to_naive().and_time(NaiveTime::MIN);
    midnight + chrono::Duration::minutes(round.minute.into())
}

impl<'a> Judge<'a> {
    pub(super) fn new(round: &'a Round, home_page: Option<&'a str>) -> Judge<'a> {
        Judge { round, home_page, rows: HashMap::new() }
    }

    pub(super) fn judge(&mut self, filed: Filed) -> Verdict {
        match filed.came {
            Came::Empty => return Verdict::Empty,
            Came::Part if !self.round.partial => return Verdict::Part,
            Came::Part | Came::Whole => {}
        }
        let mut wrong = Vec::new();
        let mut add =
            |place: &str, sv: String, en: String| wrong.push((place.to_owned(), Words::new(sv, en)));
        let at = filed.at.unwrap_or_else(|| opening(self.round));
        let day = Date::from_naive(at.date());
        if !day.within(self.round.opens, Some(self.round.closes)) {
            let sv = "svaret gavs en dag då omgången inte var öppen";
            add(
                "time",
                sv.to_owned(),
                "the answer was given on a day on which the round was not open".to_owned(),
            );
        }
        let respondent = match self.round.mode {
            RoundMode::Named | RoundMode::Pseudonymous => match self.agent(filed.respondent.as_deref()) {
                Ok(agent) => Some(agent),
                Err(words) => {
                    add("respondent", words.sv, words.en);
                    None
                }
            },
            RoundMode::Guardians | RoundMode::Unlinkable => None,
        };
        let place = match filed.place {
            (Some(unit), Some(role)) => Some((unit, role)),
            _ if self.round.mode == RoundMode::Unlinkable => {
                let (sv, en) = ("det står inte vilken enhet och roll", "it does not say which unit and role");
                add("place", sv.to_owned(), en.to_owned());
                None
            }
            _ => None,
        };
        let key = respondent.as_ref().filter(|_| !self.round.again).map(hashed);
        if let Some(first) = key.and_then(|key| self.rows.get(&key)) {
            let (sv, en) =
                (format!("har svarat redan på rad {first}"), format!("has answered in row {first} already"));
            add("respondent", sv, en);
        }
        match filed.answers {
            Ok(answers) if wrong.is_empty() => {
                self.rows.extend(key.map(|key| (key, filed.row)));
                let complete = filed.came == Came::Whole;
                Verdict::Taken(Answer {
                    row: filed.row,
                    respondent,
                    place,
                    at: micros(at),
                    complete,
                    answers,
                })
            }
            Ok(_) => Verdict::Not(wrong),
            Err(faults) => {
                wrong.extend(faults);
                Verdict::Not(wrong)
            }
        }
    }

    fn agent(&self, who: Option<&str>) -> Result<Json, Words> {
        let who = who.unwrap_or_default().trim();
        if who.is_empty() {
            return Err(Words::new("det står inte vem som svarade", "it does not say who answered"));
        }
        if let Some(home_page) = self.home_page {
            return Ok(json!({ "account": { "homePage": home_page, "name": who } }));
        }
        let address = who.strip_prefix("mailto:").unwrap_or(who);
        let parts = address.split_once('@').filter(|(name, host)| !name.is_empty() && host.contains('.'));
        if parts.is_none() || address.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Words::new(
                "är ingen e-postadress; --home-page säger vad konton hör till",
                "is no e-mail address; --home-page says what accounts are of",
            ));
        }
        Ok(json!({ "mbox": format!("mailto:{address}") }))
    }
}

fn hashed(respondent: &Json) -> u64 {
    let mut hasher = DefaultHasher::new();
    respondent.to_string().hash(&mut hasher);
    hasher.finish()
}

/// A time by Swedish clocks as microseconds since 1970.
fn micros(at: NaiveDateTime) -> i64 {
    let seconds = at.time().num_seconds_from_midnight();
    let minute = u16::try_from(seconds / 60).unwrap_or_default();
    Date::from_naive(at.date()).at(minute).0 + i64::from(seconds % 60) * 1_000_000
}
