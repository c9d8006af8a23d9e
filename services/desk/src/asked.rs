//! What is asked of the desk, and what it asks of others.

use std::ops::Range;
use std::sync::Arc;

use domain::AgentId;
use domain::events::RoundFacts;
use domain::rounds::Stage;
use eventlog::Key;
use eventlog::clock::Micros;
use forms::Definition;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value as Json};
use uuid::Uuid;

/// A round as it is asked by one code.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The round.
    pub round: RoundFacts,
    /// The code of the unit whose people come by the code, where it is theirs.
    pub unit: Option<String>,
    /// That unit's name.
    pub unit_name: Option<String>,
    /// What is asked.
    pub definition: Arc<Definition>,
    /// Where the round stands.
    pub stage: Stage,
    /// When it does: the minute that has begun.
    pub at: Micros,
    /// From when to when answers count in it.
    pub taken: Range<Micros>,
    /// Whether what was begun before it closed may still be handed in.
    pub late: bool,
    /// The smallest group that answers are told of.
    pub smallest: u32,
}

/// What is said to a personal code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admitted {
    /// It is of nobody on this round's roll.
    Unknown,
    /// It is, of this group of respondents where there are any, and no answer is known to be in. Of a round that nobody can link
    /// none ever is.
    Welcome(Option<String>),
    /// It is, of this group, and its answer is in.
    Answered(Option<String>),
}

/// Answers of somebody.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// Drawn when they were begun, and the same with every try.
    pub submission: [u8; 16],
    /// What of them is kept, as [`forms::answers::Checked`] has it.
    pub kept: Map<String, Json>,
    /// Whether every required question is answered.
    pub complete: bool,
    /// When they were given, where that is known and not now. A round that nobody can link keeps nothing of it.
    pub at: Option<Micros>,
}

/// Answers that are handed in by a code.
#[derive(Debug, Clone, PartialEq)]
pub struct HandedIn {
    /// The personal code, where one comes in by one.
    pub token: Option<String>,
    /// The answers.
    pub answers: Answers,
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
    /// Another answer is in that was given later than this one, and stays.
    AnsweredLater,
    /// Nobody on the roll.
    NotOnRoll,
    /// The round is closed, or not open yet.
    Closed,
    /// Required questions are open, and the round does not take that.
    Incomplete,
    /// They are longer than the round's answers may be.
    TooLong,
}

/// Stores statements, as whoever sends some does.
pub trait Store: Send + Sync {
    /// Stores all or none of them, in the name of a credential or of the survey service. Durable when it returns.
    fn post(
        &self,
        statements: Vec<String>,
        authority: Option<Key>,
    ) -> BoxFuture<'_, Result<Stored, StoreError>>;

    /// Which of these statements are there, and when each happened.
    fn known<'a>(&'a self, ids: &'a [Uuid]) -> BoxFuture<'a, Result<Vec<Option<Micros>>, StoreError>>;

    /// How statements stand beside what is there under their ids: none where nothing is, else whether it is the same.
    fn stand(&self, statements: Vec<String>) -> BoxFuture<'_, Result<Vec<Option<bool>>, StoreError>>;

    /// The statements in which one of these agents answers something under a registration, with who does, and when they
    /// count. Voided ones are none.
    fn answered<'a>(
        &'a self,
        agents: &'a [AgentId],
        registration: Uuid,
    ) -> BoxFuture<'a, Result<Vec<Said>, StoreError>>;
}

/// Who answers something by a statement, which statement that is, and when it counts.
pub type Said = (AgentId, Uuid, Micros);

/// What became of statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// At least one was new.
    New,
    /// All were there already, the same.
    Before,
}

/// Why statements were not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// One with the id of one of them is there, and says something else.
    Conflict,
    /// Too much waits to be written; so many seconds later it may be stored.
    Full(u32),
    /// In one line without anything personal.
    Failed(String),
}
