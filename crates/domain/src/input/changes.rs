//! What a body changes.

use crate::{AgentId, Facts};

/// The events that a body gives, and how much of it was known already.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// One for each thing that is new or different, in the order to append them.
    pub changes: Vec<Change>,
    /// How many things are as they were.
    pub unchanged: usize,
}

/// An event to append, but for its id, and for its slot before it is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its kind.
    pub kind: &'static str,
    /// The version of its facts.
    pub schema: u16,
    /// Its facts.
    pub facts: Vec<u8>,
    /// What goes into slot 0, if anything does.
    pub slot: Option<SlotContent>,
}

/// What goes into a slot, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotContent {
    /// To be sealed under the keys of all of these agents.
    Agents(Vec<AgentId>, Vec<u8>),
    /// Nobody is behind it: to be sealed under a retention class.
    Class(Vec<u8>),
}

impl Change {
    /// Facts without a slot.
    pub fn clear<F: Facts>(facts: &F) -> Self {
        Self { kind: F::KIND, schema: F::SCHEMA, facts: facts.encode(), slot: None }
    }

    pub(crate) fn of_agents<F: Facts>(facts: &F, agents: Vec<AgentId>, plain: Vec<u8>) -> Self {
        Self { slot: Some(SlotContent::Agents(agents, plain)), ..Self::clear(facts) }
    }

    pub(crate) fn of_class<F: Facts>(facts: &F, plain: Vec<u8>) -> Self {
        Self { slot: Some(SlotContent::Class(plain)), ..Self::clear(facts) }
    }
}

impl Changes {
    pub(crate) fn add(&mut self, same: bool, change: impl FnOnce() -> Change) {
        if same {
            self.unchanged += 1;
        } else {
            self.changes.push(change());
        }
    }
}
