//! What is said of a file: what is taken, what not and why, what was dropped, and what it cannot tell. By row and column, and
//! never with what somebody answered.

use domain::events::RoundFacts;
use forms::files::{Beside, Came, Format, Reading};
use forms::{Refusal, Words};
use serde_json::{Map, Value as Json, json};

use super::judge::{Ready, Verdict};
use super::terms::{Told, is_anonymous};
use crate::asked::Outcome;

/// Of rows that are not taken, how many are listed.
const LISTED: usize = 100;

/// What was counted.
pub(super) struct Report<'a> {
    round: &'a RoundFacts,
    dry_run: bool,
    rows: u64,
    whole: u64,
    part: u64,
    empty: u64,
    new: u64,
    replaced: u64,
    before: u64,
    /// Whether the three are known: of a ballot box nobody can say beforehand what lies in it.
    told_apart: bool,
    not_taken: u64,
    /// Row, question or column, and why.
    why: Vec<(u64, String, Words)>,
}

impl<'a> Report<'a> {
    pub(super) fn new(round: &'a RoundFacts, dry_run: bool) -> Self {
        Report {
            round,
            dry_run,
            rows: 0,
            whole: 0,
            part: 0,
            empty: 0,
            new: 0,
            replaced: 0,
            before: 0,
            told_apart: true,
            not_taken: 0,
            why: Vec::new(),
        }
    }

    /// Counts a row; gives the answer in it that may be taken, to be counted when it is settled.
    pub(super) fn count(&mut self, row: u64, came: Came, verdict: Verdict) -> Option<Ready> {
        self.rows += 1;
        match came {
            Came::Whole => self.whole += 1,
            Came::Part => self.part += 1,
            Came::Empty => self.empty += 1,
        }
        match verdict {
            Verdict::Ready(ready) => return Some(ready),
            Verdict::Part | Verdict::Empty => {}
            Verdict::Not(wrong) => self.refuse(row, wrong),
        }
        None
    }

    /// Counts what becomes of an answer.
    pub(super) fn settle(&mut self, row: u64, outcome: Outcome) {
        let (place, sv, en) = match outcome {
            Outcome::Taken => return self.new += 1,
            Outcome::Replaced => return self.replaced += 1,
            Outcome::TakenBefore => return self.before += 1,
            Outcome::AnsweredAlready => ("respondent", "har svarat redan", "has answered already"),
            Outcome::AnsweredLater => {
                ("respondent", "har svarat senare än så", "has given a later answer than this")
            }
            Outcome::NotOnRoll => (
                "respondent",
                "är inte bland dem som omgången frågar",
                "is not among those whom the round asks",
            ),
            Outcome::Closed => (
                "time",
                "svaret gavs när omgången inte var öppen",
                "the answer was given when the round was not open",
            ),
            Outcome::Incomplete => {
                ("answers", "obligatoriska frågor är obesvarade", "required questions are not answered")
            }
            Outcome::TooLong => (
                "answers",
                "svaret är längre än omgångens svar får vara",
                "the answer is longer than the round's may be",
            ),
        };
        self.refuse(row, vec![(place.to_owned(), Words::new(sv, en))]);
    }

    /// Counts answers of which nobody can say beforehand whether they are in already.
    pub(super) fn would_take(&mut self, answers: u64) {
        self.new += answers;
        self.told_apart = false;
    }

    fn refuse(&mut self, row: u64, wrong: Vec<(String, Words)>) {
        self.not_taken += 1;
        let room = LISTED.saturating_sub(self.why.len());
        self.why.extend(wrong.into_iter().take(room).map(|(place, why)| (row, place, why)));
    }

    /// All that is said, when all of the file was read; `refusals` keep all of it out.
    pub(super) fn told(mut self, reading: &Reading<'_>, refusals: &[Refusal]) -> Told {
        let taken = if refusals.is_empty() { self.new + self.replaced + self.before } else { 0 };
        let mut answer = json!({
            "round": self.round.id,
            "mode": self.round.mode,
            "dry_run": self.dry_run,
            "rows": self.rows,
            "complete": self.whole,
            "incomplete": self.part,
            "empty": self.empty,
            "taken": taken,
            "not_taken": self.not_taken,
        });
        if self.told_apart && refusals.is_empty() {
            answer["answers"] = json!({ "new": self.new, "replaced": self.replaced, "before": self.before });
        }
        if let Some(answer) = answer.as_object_mut() {
            of_file(reading, !is_anonymous(self.round), answer);
        }
        if !self.why.is_empty() {
            self.why.sort_by_key(|(row, ..)| *row);
            let told = |(row, place, why): &(u64, String, Words)| json!({ "row": row, "at": place, "why": both(why) });
            answer["why_not"] = self.why.iter().map(told).collect();
        }
        if !refusals.is_empty() {
            answer["refused"] = refused(refusals);
        }
        Told { json: answer, whole: self.not_taken == 0 && refusals.is_empty() }
    }
}

/// What a file was read as.
fn of_file(reading: &Reading<'_>, times_kept: bool, answer: &mut Map<String, Json>) {
    let dropped = reading
        .beside()
        .into_iter()
        .filter(|(_, why, _)| !matches!(why, Beside::Respondent | Beside::Place))
        .map(|(column, why, filled)| json!({ "column": column, "why": why.name(), "filled": filled }));
    let blind = reading
        .counts()
        .filter(|(_, count)| count.unknown > 0)
        .map(|(column, count)| json!({ "column": column, "cells": count.unknown }));
    let mut add = |name: &str, value: Json| answer.insert(name.to_owned(), value);
    add("format", reading.format().name().into());
    add("dropped", dropped.collect());
    add("times_kept", times_kept.into());
    add("cannot_tell_shown_from_skipped", blind.collect());
    add("hidden_answers_dropped", json!(reading.hidden()));
    if let Some(separator) = reading.separator() {
        add("separator", separator.to_string().into());
    }
    if reading.format() == Format::Excel {
        let (sv, en) = (
            "I Excel blir tal och formler något annat än svaren; CSV med koder, VV eller JSON är säkrare.",
            "Excel makes something else of numbers and formulas; CSV with codes, VV or JSON is safer.",
        );
        add("advice", json!({ "sv": sv, "en": en }));
    }
}

/// Refusals as they are told.
pub fn refused(refusals: &[Refusal]) -> Json {
    let one = |refusal: &Refusal| {
        let mut told = json!({ "place": refusal.place, "what": both(&refusal.what) });
        if let Some(instead) = &refusal.instead {
            told["instead"] = both(instead);
        }
        told
    };
    refusals.iter().map(one).collect()
}

fn both(words: &Words) -> Json {
    json!({ "sv": words.sv, "en": words.en })
}

/// A column with answers to no question.
pub(super) fn unknown(column: &str) -> Refusal {
    Refusal {
        place: format!("1, {column}"),
        what: Words::new(
            "kolumnen har svar, och ingen fråga heter så",
            "the column has answers, and no question is called so",
        ),
        instead: Some(Words::new(
            "Nämn den bland kolumnerna som ska lämnas (--leave-out), om det är meningen.",
            "Name it among the columns to leave out (--leave-out), if that is meant.",
        )),
    }
}

/// A column that was named is not there.
pub(super) fn no_column(column: &str) -> Refusal {
    let what = Words::new("filen har ingen sådan kolumn", "the file has no such column");
    Refusal { place: format!("1, {column}"), what, instead: None }
}

/// Columns by which people are known, of a round in which nobody is to be.
pub(super) fn traces(reading: &Reading<'_>) -> Vec<Refusal> {
    let filled =
        reading.beside().into_iter().filter(|(_, why, filled)| *why == Beside::Identity && *filled > 0);
    let refusal = |(column, _, filled): (&str, Beside, u64)| Refusal {
        place: format!("1, {column}"),
        what: Words::new(
            format!("{filled} rader har något här: svaren är inte anonyma"),
            format!("{filled} rows have something here: the answers are not anonymous"),
        ),
        instead: Some(Words::new(
            "Säg att det är känt och ska bort (--drop-identities).",
            "Say that this is known and to be dropped (--drop-identities).",
        )),
    };
    filled.map(refusal).collect()
}
