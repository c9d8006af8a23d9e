//! What the pages ask of whoever keeps rounds and answers.

use std::sync::Arc;

use chrono::NaiveDateTime;
use forms::{Definition, Localised};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value as Json};

/// Keeps rounds and takes answers.
pub trait Desk: Send + Sync {
    /// The round, or the part of one, that a short code leads to; `None`: there is no such code. The code is as
    /// [`typed_code`] has it. Drafts are not found.
    fn find<'a>(&'a self, code: &'a str) -> BoxFuture<'a, Result<Option<Asked>, DeskFailure>>;

    /// Whether a personal code (as [`typed_code`] has it) is of this round's roll, and whether its answer is in already.
    /// Of a round that nobody can link, that somebody has voted is told at the hand-in alone.
    fn admit<'a>(&'a self, asked: &'a Asked, token: &'a str) -> BoxFuture<'a, Result<Admitted, DeskFailure>>;

    /// Takes checked answers; durable when it returns. What was taken with the same `submission` is not taken again.
    fn take<'a>(&'a self, asked: &'a Asked, handed: HandedIn) -> BoxFuture<'a, Result<Outcome, DeskFailure>>;
}

/// A code without what is only there to be read: blanks and hyphens go, letters are capital ones.
pub fn typed_code(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '-').flat_map(char::to_uppercase).collect()
}

/// The desk cannot answer at the moment; why, in one line without anything personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the desk cannot answer: {0}")]
pub struct DeskFailure(pub String);

/// A round as it is asked by one code.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The round's id.
    pub round: String,
    /// The short code that leads here.
    pub code: String,
    /// The round's title.
    pub title: Localised,
    /// What is asked.
    pub definition: Arc<Definition>,
    /// How respondents are known.
    pub mode: Mode,
    /// How one comes in.
    pub entry: Entry,
    /// The unit that the code is of, where it is of one.
    pub unit: Option<Localised>,
    /// Where the round stands.
    pub stage: Stage,
    /// What holds of answering twice, late and in part.
    pub rules: Rules,
    /// The smallest group that answers are told of.
    pub smallest: u32,
    /// The group of respondents that all who come in by the code are of, where there are groups and it is one.
    pub group: Option<String>,
}

/// How respondents are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// By their account.
    Named,
    /// By a pseudonym that lets one follow them from before to after.
    Pseudonymous,
    /// Not at all: the answer goes into a ballot box.
    Unlinkable,
    /// Not at all: pupils' guardians, by a link for each unit.
    Guardians,
}

/// How one comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// By a personal code beside the short one.
    Personal,
    /// By the short code alone, which all have who are asked.
    Open,
}

/// Where a round stands. Times are Swedish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It opens by itself.
    Scheduled {
        /// When.
        opens: NaiveDateTime,
    },
    /// It may be answered.
    Open {
        /// Until when.
        closes: NaiveDateTime,
    },
    /// It may not be answered any more.
    Closed {
        /// Whether what was begun before may still be handed in.
        late: bool,
    },
}

/// What holds of answering twice, late and in part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules {
    /// Whether a later answer takes the place of the one before, rather than being refused.
    pub again: bool,
    /// For how many minutes after it has closed what was begun before may still be handed in.
    pub grace: u16,
    /// Whether answers may be handed in with required questions left open.
    pub partial: bool,
}

/// What the desk says to a personal code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admitted {
    /// It is of nobody on this round's roll.
    Unknown,
    /// It is, of this group of respondents where there are any, and may answer.
    Welcome(Option<String>),
    /// It is, of this group, and its answer is in.
    Answered(Option<String>),
}

/// Answers that are handed in.
#[derive(Debug, Clone, PartialEq)]
pub struct HandedIn {
    /// The personal code, where one comes in by one.
    pub token: Option<String>,
    /// Drawn when the first page was made, and the same with every try.
    pub submission: [u8; 16],
    /// What of the answers is kept, as [`forms::answers::Checked`] has it.
    pub answers: Map<String, Json>,
    /// Whether every required question is answered.
    pub complete: bool,
}

/// What became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// They are in.
    Taken,
    /// They were in already, by the same submission.
    TakenBefore,
    /// They are in, in the place of an earlier answer.
    Replaced,
    /// Another answer is in already, and stays.
    AnsweredAlready,
    /// The personal code is of nobody on the roll.
    NotOnRoll,
    /// The round is closed.
    Closed,
    /// They are longer than the round's answers may be.
    TooLong,
}
