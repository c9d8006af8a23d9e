//! What is found while a statement is checked: what it holds, or the fault that it has.

use std::borrow::Cow;
use std::ops::Range;

use crate::agents::AgentSpan;
use crate::json::Value;
use crate::statement::{Attachment, ContextRole};
use crate::{Iris, Version};

/// Agents and groups of one statement, and attachments. Each may need a slot of its own, of which an event has 65,535.
pub(super) const MOST: usize = 10_000;

/// Every property that the standard defines in a statement: the names that an error may repeat.
const STANDARD_NAMES: [&str; 63] = [
    "account",
    "actor",
    "agent",
    "attachments",
    "authority",
    "category",
    "choices",
    "completion",
    "contentType",
    "context",
    "contextActivities",
    "contextAgents",
    "contextGroups",
    "correctResponsesPattern",
    "definition",
    "description",
    "display",
    "duration",
    "extensions",
    "fileUrl",
    "group",
    "grouping",
    "homePage",
    "id",
    "instructor",
    "interactionType",
    "language",
    "length",
    "max",
    "mbox",
    "mbox_sha1sum",
    "member",
    "min",
    "moreInfo",
    "name",
    "object",
    "objectType",
    "openid",
    "other",
    "parent",
    "platform",
    "raw",
    "registration",
    "relevantTypes",
    "response",
    "result",
    "revision",
    "scale",
    "scaled",
    "score",
    "sha2",
    "source",
    "statement",
    "steps",
    "stored",
    "success",
    "target",
    "team",
    "timestamp",
    "type",
    "usageType",
    "verb",
    "version",
];

/// A value that breaks a rule.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(super) index: u32,
    pub(super) expected: Cow<'static, str>,
}

pub(super) type Checked<T> = Result<T, Fault>;

impl Fault {
    pub(super) fn at(value: Value<'_>, expected: impl Into<Cow<'static, str>>) -> Self {
        Self { index: value.index(), expected: expected.into() }
    }

    /// The fault's JSON pointer in `root`, and what was expected. The pointer stops where a name is not the
    /// standard's own: names that senders choose may be anything.
    pub(crate) fn locate(self, root: Value<'_>) -> (String, String) {
        let mut pointer = String::new();
        let mut value = root;
        while value.index() != self.index {
            let entry = value.entries().find(|(_, child)| child.contains(self.index));
            let item = value.items().enumerate().find(|(_, child)| child.contains(self.index));
            if let Some((name, child)) = entry.and_then(|(key, child)| Some((standard_name(key)?, child))) {
                pointer = format!("{pointer}/{name}");
                value = child;
            } else if let Some((n, child)) = item {
                pointer = format!("{pointer}/{n}");
                value = child;
            } else {
                break;
            }
        }
        (pointer, self.expected.into_owned())
    }
}

/// What is collected while a statement is checked.
pub(super) struct Found {
    pub(super) version: Version,
    pub(super) iris: Iris,
    pub(super) base: usize,
    pub(super) in_sub_statement: bool,
    pub(super) lists: Lists,
}

#[derive(Default)]
pub(super) struct Lists {
    pub(super) agents: Vec<AgentSpan>,
    pub(super) context_activities: Vec<(ContextRole, String)>,
    pub(super) definitions: Vec<(String, Range<usize>)>,
    pub(super) attachments: Vec<Attachment>,
}

/// The name of a property, if it is one of the standard's.
pub(super) fn standard_name(key: Value<'_>) -> Option<&'static str> {
    STANDARD_NAMES.into_iter().find(|name| key.is(name))
}
