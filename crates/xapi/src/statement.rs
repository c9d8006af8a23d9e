//! What is known of a statement after it was read and found valid.

use std::ops::Range;

use uuid::Uuid;

use crate::agents::{AgentRole, AgentSpan};

/// A statement: its text exactly as it came, and what others need to know of it.
///
/// All ranges are byte ranges in [`text`](Self::text) and lie on character boundaries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The statement's own bytes, from `{` to `}`, untouched.
    pub text: String,
    /// `id`, where the sender gave one.
    pub id: Option<Uuid>,
    /// `version`, where the sender gave one.
    pub version: Option<String>,
    /// Whether the actor is a group (identified or not).
    pub actor_is_group: bool,
    /// The verb's id.
    pub verb: String,
    /// The range of the verb's `display`, where it has one.
    pub verb_display: Option<Range<usize>>,
    /// What was acted on.
    pub object: Object,
    /// The result's facts, where there is a `result`.
    pub result: Option<ResultFacts>,
    /// `context.registration`.
    pub registration: Option<Uuid>,
    /// `timestamp`, where the sender gave one.
    pub timestamp: Option<Timestamp>,
    /// The statement that `context.statement` names.
    pub context_statement: Option<Uuid>,
    /// The ids of the activities in `context.contextActivities`, of the SubStatement's context too, in the
    /// order of the text.
    pub context_activities: Vec<(ContextRole, String)>,
    /// Every activity definition in the statement: the activity's id and the range of its `definition`.
    pub definitions: Vec<(String, Range<usize>)>,
    /// The attachments' metadata; a SubStatement's follow the statement's own.
    pub attachments: Vec<Attachment>,
    /// Every identified agent and group, wherever it stands, sorted by where it begins. A group comes before
    /// its members.
    pub agents: Vec<AgentSpan>,
}

impl Statement {
    /// The actor, if it is identified (an anonymous group is not).
    pub fn actor(&self) -> Option<&AgentSpan> {
        self.agents.iter().find(|a| a.role == AgentRole::Actor)
    }

    /// The statement that this one refers to by a StatementRef as its object.
    pub fn refers_to(&self) -> Option<Uuid> {
        match self.object {
            Object::StatementRef(id) => Some(id),
            _ => None,
        }
    }

    /// The statement that this one voids.
    pub fn voids(&self) -> Option<Uuid> {
        if self.verb == VOIDED { self.refers_to() } else { None }
    }

    /// The ranges to cut out of [`text`](Self::text) so that nothing of an identified agent or group remains,
    /// each with the index of its owner in [`agents`](Self::agents). Sorted by start, not overlapping, none
    /// empty. What is left between the pieces of a group is the brackets and commas of its `member` array;
    /// the name of an anonymous group stays in the rest.
    pub fn cuts(&self) -> Vec<(Range<usize>, usize)> {
        let mut cuts: Vec<_> = self
            .agents
            .iter()
            .enumerate()
            .flat_map(|(owner, agent)| agent.pieces().map(move |piece| (piece, owner)))
            .collect();
        cuts.sort_unstable_by_key(|(range, _)| range.start);
        cuts
    }
}

/// The reserved verb by which one statement voids another (1.0.3 Data 2.3.2, IEEE 4.2.5).
pub const VOIDED: &str = "http://adlnet.gov/expapi/verbs/voided";

/// How an activity in `context.contextActivities` relates to the statement (1.0.3 Data 2.4.6.2). The codes
/// never change; those of a SubStatement are the statement's plus 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ContextRole {
    /// A direct relation: the quiz of a question.
    Parent = 1,
    /// An indirect relation: the course.
    Grouping = 2,
    /// A profile or another category.
    Category = 3,
    /// Anything else.
    Other = 4,
    /// `parent` in a SubStatement's context.
    SubParent = 33,
    /// `grouping` in a SubStatement's context.
    SubGrouping = 34,
    /// `category` in a SubStatement's context.
    SubCategory = 35,
    /// `other` in a SubStatement's context.
    SubOther = 36,
}

impl ContextRole {
    /// Every role, by code.
    pub const ALL: [Self; 8] = [
        Self::Parent,
        Self::Grouping,
        Self::Category,
        Self::Other,
        Self::SubParent,
        Self::SubGrouping,
        Self::SubCategory,
        Self::SubOther,
    ];

    /// The role's number in storage.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The role with this [`code`](Self::code).
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }

    /// The same role in a SubStatement's context.
    pub(crate) fn in_sub_statement(self) -> Self {
        Self::from_code(self.code() + 32).unwrap_or(self)
    }
}

/// What a statement is about (1.0.3 Data 2.4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// An activity.
    Activity(Activity),
    /// An agent: see [`Statement::agents`], role [`AgentRole::Object`].
    Agent,
    /// A group, identified or not: see [`Statement::agents`].
    Group,
    /// Another statement, by id.
    StatementRef(Uuid),
    /// A statement within the statement.
    SubStatement(Box<SubStatement>),
}

impl Object {
    /// The activity, if the object is one.
    pub fn activity(&self) -> Option<&Activity> {
        match self {
            Self::Activity(activity) => Some(activity),
            _ => None,
        }
    }
}

/// An activity as object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its id, an IRI.
    pub id: String,
    /// The range of its `definition`, where it has one.
    pub definition: Option<Range<usize>>,
    /// The kind of interaction that the definition declares.
    pub interaction_type: Option<InteractionType>,
}

/// `definition.interactionType` (1.0.3 Data 2.4.4.1). The codes never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum InteractionType {
    /// `true-false`
    TrueFalse = 1,
    /// `choice`
    Choice = 2,
    /// `fill-in`
    FillIn = 3,
    /// `long-fill-in`
    LongFillIn = 4,
    /// `matching`
    Matching = 5,
    /// `performance`
    Performance = 6,
    /// `sequencing`
    Sequencing = 7,
    /// `likert`
    Likert = 8,
    /// `numeric`
    Numeric = 9,
    /// `other`
    Other = 10,
}

impl InteractionType {
    /// The type that the standard writes this way.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "true-false" => Self::TrueFalse,
            "choice" => Self::Choice,
            "fill-in" => Self::FillIn,
            "long-fill-in" => Self::LongFillIn,
            "matching" => Self::Matching,
            "performance" => Self::Performance,
            "sequencing" => Self::Sequencing,
            "likert" => Self::Likert,
            "numeric" => Self::Numeric,
            "other" => Self::Other,
            _ => return None,
        })
    }

    /// The type's number in storage.
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// A statement within a statement. Its agents, context activities, definitions and attachments are listed with
/// those of the statement that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubStatement {
    /// The verb's id.
    pub verb: String,
    /// What was acted on; never a SubStatement.
    pub object: Object,
    /// The result's facts.
    pub result: Option<ResultFacts>,
    /// `context.registration`.
    pub registration: Option<Uuid>,
    /// `timestamp`; may lie in the future.
    pub timestamp: Option<Timestamp>,
}

/// An instant that a statement names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp {
    /// Microseconds since 1970-01-01T00:00:00Z; finer digits are cut off (towards the past).
    pub micros: i64,
    /// Whether the text named a time zone. Without one it is read as UTC.
    pub zoned: bool,
}

/// What a `result` says, free of everything but extensions (1.0.3 Data 2.4.5).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResultFacts {
    /// `success`
    pub success: Option<bool>,
    /// `completion`
    pub completion: Option<bool>,
    /// `score`
    pub score: Score,
    /// `duration`
    pub duration: Option<Duration>,
    /// `response`, decoded.
    pub response: Option<String>,
}

/// A score in fixed point: millionths, so 0.85 is 850,000. A number with more than six decimals is rounded to
/// the nearest millionth, halves away from zero; one that does not fit is held at `i64::MIN` or `i64::MAX`
/// (about nine million million). The statement's text keeps the number as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Score {
    /// `scaled`, from −1,000,000 to 1,000,000.
    pub scaled: Option<i64>,
    /// `raw`
    pub raw: Option<i64>,
    /// `min`
    pub min: Option<i64>,
    /// `max`
    pub max: Option<i64>,
}

impl Score {
    /// How many units make one whole.
    pub const SCALE: i64 = 1_000_000;
}

/// A duration (1.0.3 Data 4.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duration {
    /// As it came.
    pub text: String,
    /// Hundredths of a second, finer digits cut off; none where it has years or months, whose length varies.
    pub centiseconds: Option<i64>,
}

/// An attachment's metadata (1.0.3 Data 2.4.11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// What the attachment is for, an IRI.
    pub usage_type: String,
    /// Its media type.
    pub content_type: String,
    /// Its length in bytes.
    pub length: u64,
    /// Its SHA-2, as sent.
    pub sha2: String,
    /// Where it can be fetched.
    pub file_url: Option<String>,
}

impl Attachment {
    /// The usage type of a signature (1.0.3 Data 2.6).
    pub const SIGNATURE: &str = "http://adlnet.gov/expapi/attachments/signature";
}
