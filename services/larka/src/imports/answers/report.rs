//! What is said of a file: what is taken, what not and why, what was dropped, and what it cannot tell. By row and column, and
//! never with what somebody answered.

use domain::events::RoundMode;
use forms::files::{Beside, Came, Format, Reading};
use forms::{Refusal, Words};
use serde_json::{Value as Json, json};

use crate::imports::answers::judge::{Answer, Verdict};
use crate::imports::answers::roll::Settled;
use crate::tasks::rounds::Round;

/// Of rows that are not taken, how many are listed.
const LISTED: usize = 100;

/// What was counted.
pub(super) struct Report {
    round: String,
    mode: RoundMode,
    dry_run: bool,
    rows: u64,
    whole: u64,
    part: u64,
    empty: u64,
    taken: u64,
    not_taken: u64,
    /// Row, question or column, and why.
    why: Vec<(u64, String, Words)>,
    of_file: Json,
}

impl Report {
    pub(super) fn new(round: &Round, dry_run: bool) -> Report {
        Report {
            round: round.id.clone(),
            mode: round.mode,
            dry_run,
            rows: 0,
            whole: 0,
            part: 0,
            empty: 0,
            taken: 0,
            not_taken: 0,
            why: Vec::new(),
            of_file: json!({}),
        }
    }

    /// Counts a row; gives the answer in it that may be taken, to be counted when it is settled.
    pub(super) fn count(&mut self, row: u64, came: Came, verdict: Verdict) -> Option<Answer> {
        self.rows += 1;
        match came {
            Came::Whole => self.whole += 1,
            Came::Part => self.part += 1,
            Came::Empty => self.empty += 1,
        }
        match verdict {
            Verdict::Taken(answer) => return Some(answer),
            Verdict::Part | Verdict::Empty => {}
            Verdict::Not(wrong) => self.refuse(row, wrong),
        }
        None
    }

    /// Counts answers whose respondents are known.
    pub(super) fn settled(&mut self, all: Vec<Settled>) {
        for one in all {
            match one {
                Ok(_) => self.taken += 1,
                Err((row, why)) => self.refuse(row, vec![("respondent".to_owned(), why)]),
            }
        }
    }

    fn refuse(&mut self, row: u64, wrong: Vec<(String, Words)>) {
        self.not_taken += 1;
        let room = LISTED.saturating_sub(self.why.len());
        self.why.extend(wrong.into_iter().take(room).map(|(place, why)| (row, place, why)));
    }

    /// Whether everything that was sent in is taken.
    pub(super) fn is_whole(&self) -> bool {
        self.not_taken == 0
    }

    /// Takes down what a file was read as, when all of it was read.
    pub(super) fn read(&mut self, reading: &Reading<'_>) {
        let dropped: Vec<Json> = reading
            .beside()
            .into_iter()
            .filter(|(_, why, _)| !matches!(why, Beside::Respondent | Beside::Place))
            .map(|(column, why, filled)| json!({ "column": column, "why": why.name(), "filled": filled }))
            .collect();
        let blind: Vec<Json> = reading
            .counts()
            .filter(|(_, count)| count.unknown > 0)
            .map(|(column, count)| json!({ "column": column, "cells": count.unknown }))
            .collect();
        let kept_times = matches!(self.mode, RoundMode::Named | RoundMode::Pseudonymous);
        self.of_file = json!({
            "format": reading.format().name(),
            "dropped": dropped,
            "times_kept": kept_times,
            "cannot_tell_shown_from_skipped": blind,
            "hidden_answers_dropped": reading.hidden(),
        });
        if let Some(separator) = reading.separator() {
            self.of_file["separator"] = separator.to_string().into();
        }
        if reading.format() == Format::Excel {
            let (sv, en) = (
                "I Excel blir tal och formler något annat än svaren; CSV med koder, VV eller JSON är säkrare.",
                "Excel makes something else of numbers and formulas; CSV with codes, VV or JSON is safer.",
            );
            self.of_file["advice"] = json!({ "sv": sv, "en": en });
        }
    }

    /// What is printed.
    pub(super) fn json(&self, refusals: &[Refusal]) -> Json {
        let mut answer = json!({
            "round": self.round,
            "mode": self.mode,
            "dry_run": self.dry_run,
            "rows": self.rows,
            "complete": self.whole,
            "incomplete": self.part,
            "empty": self.empty,
            "taken": if refusals.is_empty() { self.taken } else { 0 },
            "not_taken": self.not_taken,
        });
        if let (Some(answer), Some(of_file)) = (answer.as_object_mut(), self.of_file.as_object()) {
            answer.extend(of_file.clone());
        }
        if !self.why.is_empty() {
            let mut why: Vec<_> = self.why.iter().collect();
            why.sort_by_key(|(row, ..)| *row);
            let told = |(row, place, why): &(u64, String, Words)| json!({ "row": row, "at": place, "why": both(why) });
            answer["why_not"] = why.into_iter().map(told).collect::<Vec<_>>().into();
        }
        if !refusals.is_empty() {
            answer["refused"] = refusals.iter().map(refused).collect::<Vec<_>>().into();
        }
        answer
    }
}

/// A refusal as it is printed.
pub(crate) fn refused(refusal: &Refusal) -> Json {
    let mut told = json!({ "place": refusal.place, "what": both(&refusal.what) });
    if let Some(instead) = &refusal.instead {
        told["instead"] = both(instead);
    }
    told
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
            format!("--leave-out '{column}' lämnar den, om det är meningen"),
            format!("--leave-out '{column}' leaves it out, if that is meant"),
        )),
    }
}

/// The column of respondents is not there.
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
            "--drop-identities säger att det är känt, och att det ska bort",
            "--drop-identities says that this is known, and that it is to be dropped",
        )),
    };
    filled.map(refusal).collect()
}
