//! What is wrong with a definition.

use serde::{Deserialize, Serialize};

use crate::words::Words;

/// Something in a definition that Lärka does not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Where: a JSON pointer, or sheet, row and column.
    pub place: String,
    /// What is wrong.
    pub what: Words,
    /// What to use instead.
    pub instead: Option<Words>,
}

/// Everything that is wrong with a definition.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    all: Vec<Refusal>,
    more: usize,
}

/// Not more are listed; who mends these is told of the next.
const LISTED: usize = 200;

impl Refusals {
    /// Adds one.
    pub(crate) fn add(&mut self, place: &str, sv: impl Into<String>, en: impl Into<String>) {
        self.push(place, Words::new(sv, en), None);
    }

    /// Adds one with what to use instead.
    pub(crate) fn instead(&mut self, place: &str, what: (String, String), instead: (&str, &str)) {
        self.push(place, Words::new(what.0, what.1), Some(Words::new(instead.0, instead.1)));
    }

    /// Adds one as it is.
    pub(crate) fn push(&mut self, place: &str, what: Words, instead: Option<Words>) {
        if self.all.len() < LISTED {
            self.all.push(Refusal { place: place.to_owned(), what, instead });
        } else {
            self.more += 1;
        }
    }

    /// The places that are told of.
    pub(crate) fn places(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|refusal| refusal.place.as_str())
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All that are listed, and a last one that says how many are not.
    pub(crate) fn into_list(mut self) -> Vec<Refusal> {
        if self.more > 0 {
            let what = Words::new(format!("och {} fel till", self.more), format!("and {} more", self.more));
            self.all.push(Refusal { place: String::new(), what, instead: None });
        }
        self.all
    }
}
