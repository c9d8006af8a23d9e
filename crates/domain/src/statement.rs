//! What of a statement stands in the clear, and how it is written down.
//!
//! Facts hold no names, addresses or free text: people are agent ids, and of a response only the codes of
//! closed questions remain. Indexes, views and the lake are built from facts alone. The format is described
//! in `docs/formats/facts.md`.

mod codec;
mod counting;
mod from;
#[cfg(test)]
mod tests;

use eventlog::event::Key;
pub use xapi::{AgentRole, ContextRole, Score, Version};

use crate::AgentId;
pub use counting::{is_pass, share};
pub use from::{Surroundings, UnknownAgent, from_statement};

/// A statement's clear facts, owning its texts.
pub type StatementFacts = StatementFactsOf<String>;

/// A statement's clear facts, borrowing its texts from the bytes they were read from.
pub type StatementFactsRef<'a> = StatementFactsOf<&'a str>;

/// A statement's clear facts; `S` is how texts are held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementFactsOf<S> {
    /// The statement's id.
    pub id: Key,
    /// Every identified agent and group with where it stands, in the order of the statement's text; those of
    /// a SubStatement too.
    pub agents: Vec<(AgentRole, AgentId)>,
    /// Whether the actor is a group (identified or not).
    pub actor_is_group: bool,
    /// The verb's IRI.
    pub verb: S,
    /// What was acted on.
    pub object: ObjectFacts<S>,
    /// `context.registration`.
    pub registration: Option<Key>,
    /// `timestamp` in microseconds since 1970 UTC; none where the server sets it to `stored`.
    pub timestamp: Option<i64>,
    /// `result.success`.
    pub success: Option<bool>,
    /// `result.completion`.
    pub completion: Option<bool>,
    /// `result.score`, each number in millionths.
    pub score: Score,
    /// `result.duration` in hundredths of a second; none where it has years or months.
    pub duration_cs: Option<i64>,
    /// The codes of a closed response, in the order of the response: for likert, choice and sequencing the
    /// ids; `true` or `false`; for matching `source[.]target`; for numeric the number or range as it came.
    pub response: Vec<S>,
    /// Activities of the context with how they relate, those of a SubStatement's context too.
    pub activities: Vec<(ContextRole, S)>,
    /// The version of the standard by which the statement came.
    pub xapi_version: Version,
    /// The number of the first slot that holds the content of an attachment; it and all after it do. None where no
    /// content came.
    pub attachments_from: Option<u16>,
    /// Where it was before, if it was imported.
    pub origin: Option<Origin>,
    /// Whether the actor is nobody, as was judged when the statement came.
    pub untracked: bool,
    /// Whether, where it voids a statement, that is one of its own credential or none: who sent it may not void others'.
    pub voids_own: bool,
}

/// Whether a statement that voids another may, by its [`voids_own`](StatementFactsOf::voids_own) and by the credentials
/// that sent the two.
pub fn may_void(voids_own: bool, credential: Option<Key>, target: Option<Key>) -> bool {
    !voids_own || (credential.is_some() && credential == target)
}

/// Where an imported statement was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The run of the import that brought it, as in [`ImportRunFacts`](crate::events::ImportRunFacts).
    pub run: Key,
    /// When the store it was in before had stored it, in microseconds since 1970 UTC; none where nothing says so.
    pub stored: Option<i64>,
}

/// What a statement was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectFacts<S> {
    /// An activity, by its IRI.
    Activity(S),
    /// An agent: see the agents with role [`AgentRole::Object`].
    Agent,
    /// A group: see the agents with roles [`AgentRole::Object`] and [`AgentRole::ObjectMember`].
    Group,
    /// Another statement.
    StatementRef(Key),
    /// A statement within the statement. Its agents and context activities stand with the others.
    SubStatement(Box<SubFacts<S>>),
}

/// Verb and object of a SubStatement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubFacts<S> {
    /// The verb's IRI.
    pub verb: S,
    /// What was acted on; never a SubStatement.
    pub object: ObjectFacts<S>,
}

impl<S: AsRef<str>> StatementFactsOf<S> {
    /// The actor, if it is identified (an anonymous group is not).
    pub fn actor(&self) -> Option<AgentId> {
        self.agents.iter().find(|(role, _)| *role == AgentRole::Actor).map(|(_, agent)| *agent)
    }

    /// The activity that is the object.
    pub fn activity(&self) -> Option<&str> {
        match &self.object {
            ObjectFacts::Activity(id) => Some(id.as_ref()),
            _ => None,
        }
    }

    /// The activity that is the SubStatement's object.
    pub fn sub_activity(&self) -> Option<&str> {
        match &self.object {
            ObjectFacts::SubStatement(sub) => match &sub.object {
                ObjectFacts::Activity(id) => Some(id.as_ref()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The statement that this one refers to by its object.
    pub fn refers_to(&self) -> Option<Key> {
        match self.object {
            ObjectFacts::StatementRef(id) => Some(id),
            _ => None,
        }
    }

    /// The statement that this one voids (1.0.3 Data 2.3.2).
    pub fn voids(&self) -> Option<Key> {
        if self.verb.as_ref() == xapi::VOIDED { self.refers_to() } else { None }
    }

    /// The single code of a response that has exactly one.
    pub fn code(&self) -> Option<&str> {
        match self.response.as_slice() {
            [code] => Some(code.as_ref()),
            _ => None,
        }
    }

    /// When it says that it happened: the timestamp, or else `stored`, both in microseconds. Figures go by
    /// [`counted_at`](Self::counted_at).
    pub fn happened(&self, stored: eventlog::clock::Micros) -> i64 {
        self.timestamp.unwrap_or(stored.0)
    }
}

impl StatementFactsRef<'_> {
    /// The same facts, owning their texts.
    pub fn to_owned_facts(&self) -> StatementFacts {
        StatementFactsOf {
            id: self.id,
            agents: self.agents.clone(),
            actor_is_group: self.actor_is_group,
            verb: self.verb.to_owned(),
            object: owned(&self.object),
            registration: self.registration,
            timestamp: self.timestamp,
            success: self.success,
            completion: self.completion,
            score: self.score,
            duration_cs: self.duration_cs,
            response: self.response.iter().map(|&code| code.to_owned()).collect(),
            activities: self.activities.iter().map(|&(role, id)| (role, id.to_owned())).collect(),
            xapi_version: self.xapi_version,
            attachments_from: self.attachments_from,
            origin: self.origin,
            untracked: self.untracked,
            voids_own: self.voids_own,
        }
    }
}

fn owned(object: &ObjectFacts<&str>) -> ObjectFacts<String> {
    match object {
        ObjectFacts::Activity(id) => ObjectFacts::Activity((*id).to_owned()),
        ObjectFacts::Agent => ObjectFacts::Agent,
        ObjectFacts::Group => ObjectFacts::Group,
        ObjectFacts::StatementRef(id) => ObjectFacts::StatementRef(*id),
        ObjectFacts::SubStatement(sub) => ObjectFacts::SubStatement(Box::new(SubFacts {
            verb: sub.verb.to_owned(),
            object: owned(&sub.object),
        })),
    }
}
