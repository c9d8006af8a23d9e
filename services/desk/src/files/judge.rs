//! Whether what a respondent answered can be taken.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use chrono::{NaiveDateTime, Timelike as _};
use domain::events::{RoundFacts, RoundMode};
use domain::organisation::Organisation;
use domain::{Date, rounds, swedish};
use eventlog::clock::Micros;
use forms::Words;
use forms::files::{Came, Filed};
use serde_json::{Map, Value as Json};
use xapi::Identifier;

use super::terms::{Terms, is_anonymous};

/// How far ahead of this machine's clock a file's times may be, in microseconds: some programs write those of another zone.
const AHEAD: i64 = 24 * 3_600 * 1_000_000;

/// What one respondent answered, ready to be taken.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) row: u64,
    /// Who; none where nobody is to be known.
    pub(super) respondent: Option<Identifier>,
    /// The unit and the role, as far as they were asked for.
    pub(super) unit: String,
    pub(super) role: String,
    pub(super) at: Micros,
    /// Whether it was sent in.
    pub(super) complete: bool,
    /// Whether the same respondent stands in a row before.
    pub(super) again: bool,
    pub(super) answers: Map<String, Json>,
}

/// What becomes of a row.
pub(super) enum Verdict {
    Ready(Ready),
    /// Not sent in, and the round takes no such.
    Part,
    /// Nothing was answered.
    Empty,
    /// By question or column, why.
    Not(Vec<(String, Words)>),
}

/// Judges the rows of a file in their order.
pub(super) struct Judge<'a> {
    round: &'a RoundFacts,
    home_page: Option<&'a str>,
    now: Micros,
    /// The units that respondents may be of, where they are told by unit.
    units: HashSet<&'a str>,
    /// The rows of respondents whose answers were taken so far and when those were given, by a hash.
    rows: HashMap<u64, (u64, Micros)>,
}

/// When a round opened, by Swedish clocks: the time of answers that have none.
pub(super) fn opening(round: &RoundFacts) -> NaiveDateTime {
    swedish(rounds::times(round).0)
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        round: &'a RoundFacts,
        terms: &'a Terms,
        organisation: &'a Organisation,
        now: Micros,
    ) -> Self {
        let links = || round.guardians.iter().flat_map(|guardians| &guardians.links);
        let units = match round.mode {
            RoundMode::Guardians => links().flat_map(|link| organisation.descendants(&link.unit)).collect(),
            RoundMode::Unlinkable => organisation.descendants(&round.unit).into_iter().collect(),
            RoundMode::Named | RoundMode::Pseudonymous => HashSet::new(),
        };
        Judge { round, home_page: terms.home_page.as_deref(), now, units, rows: HashMap::new() }
    }

    pub(super) fn judge(&mut self, filed: Filed) -> Verdict {
        match filed.came {
            Came::Empty => return Verdict::Empty,
            Came::Part if !self.round.partial => return Verdict::Part,
            Came::Part | Came::Whole => {}
        }
        let mut wrong = Vec::new();
        let mut add = |place: &str, words: Words| wrong.push((place.to_owned(), words));
        let (opens, ends) = (rounds::times(self.round).0, rounds::ends(self.round));
        let at = filed.at.map_or(opens, micros);
        if at < opens || at >= ends {
            let (sv, en) = (
                "svaret gavs när omgången inte var öppen",
                "the answer was given when the round was not open",
            );
            add("time", Words::new(sv, en));
        } else if at.0 > self.now.0 + AHEAD {
            add("time", Words::new("svaret gavs i framtiden", "the answer was given in the future"));
        }
        let (unit, role) = (filed.unit.unwrap_or_default(), filed.role.unwrap_or_default());
        let mut respondent = None;
        if !is_anonymous(self.round) {
            match self.named(filed.respondent.as_deref()) {
                Ok(named) => respondent = Some(named),
                Err(words) => add("respondent", words),
            }
        } else if unit.is_empty() || (role.is_empty() && self.round.mode == RoundMode::Unlinkable) {
            let both = self.round.mode == RoundMode::Unlinkable;
            let (sv, en) = match both {
                true => ("det står inte vilken enhet och roll", "it does not say which unit and role"),
                false => ("det står inte vilken enhet", "it does not say which unit"),
            };
            add("place", Words::new(sv, en));
        } else if !self.units.contains(unit.as_str()) {
            let (sv, en) = (
                "enheten är inte bland dem som omgången frågar",
                "the unit is not among those that the round asks",
            );
            add("place", Words::new(sv, en));
        }
        let key = respondent.as_ref().map(hashed);
        if let Some((first, then)) = key.and_then(|key| self.rows.get(&key)) {
            if !self.round.again {
                let (sv, en) = (
                    format!("har svarat redan på rad {first}"),
                    format!("has answered in row {first} already"),
                );
                add("respondent", Words::new(sv, en));
            } else if at < *then {
                let (sv, en) = (
                    format!("har svarat senare på rad {first}"),
                    format!("has answered later in row {first}"),
                );
                add("respondent", Words::new(sv, en));
            }
        }
        match filed.answers {
            Ok(answers) if wrong.is_empty() => {
                let before = key.and_then(|key| self.rows.insert(key, (filed.row, at)));
                let (complete, again) = (filed.came == Came::Whole, before.is_some());
                Verdict::Ready(Ready { row: filed.row, respondent, unit, role, at, complete, again, answers })
            }
            Ok(_) => Verdict::Not(wrong),
            Err(faults) => {
                wrong.extend(faults);
                Verdict::Not(wrong)
            }
        }
    }

    fn named(&self, who: Option<&str>) -> Result<Identifier, Words> {
        let who = who.unwrap_or_default().trim();
        if who.is_empty() {
            return Err(Words::new("det står inte vem som svarade", "it does not say who answered"));
        }
        if let Some(home_page) = self.home_page {
            return Ok(Identifier::Account { home_page: home_page.to_owned(), name: who.to_owned() });
        }
        let address = who.strip_prefix("mailto:").unwrap_or(who);
        let parts = address.split_once('@').filter(|(name, host)| !name.is_empty() && host.contains('.'));
        if parts.is_none() || address.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Words::new(
                "är ingen e-postadress; är det konton, säg vad de hör till (--home-page)",
                "is no e-mail address; if it is an account, say what accounts are of (--home-page)",
            ));
        }
        Ok(Identifier::Mbox(format!("mailto:{address}")))
    }
}

fn hashed(respondent: &Identifier) -> u64 {
    let mut hasher = DefaultHasher::new();
    respondent.hash(&mut hasher);
    hasher.finish()
}

/// A time by Swedish clocks.
fn micros(at: NaiveDateTime) -> Micros {
    let seconds = at.time().num_seconds_from_midnight();
    let minute = u16::try_from(seconds / 60).unwrap_or_default();
    Micros(Date::from_naive(at.date()).at(minute).0 + i64::from(seconds % 60) * 1_000_000)
}
