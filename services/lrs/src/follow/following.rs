//! Who follows the log, what is wanted of it, and what comes of that.

use domain::Selection;
use eventlog::clock::SharedClock;
use eventlog::{EventLog, Key, Position};
use futures_util::stream::BoxStream;
use vault::Vault;
use views::municipality::Current;
use views::statements::Subject;
use xapi::Version;

use crate::query::QueryFailed;

/// Reads the log forwards. Cheap to clone.
#[derive(Clone)]
pub struct Following {
    pub(super) log: EventLog,
    pub(super) vault: Vault,
    pub(super) municipality: Current,
    pub(super) clock: SharedClock,
    pub(super) base_url: String,
}

/// A statement on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// Where it stands.
    pub position: Position,
    /// Everything up to here is done once this statement is.
    pub done: Position,
    /// The version of the standard that it came by.
    pub received: Version,
    /// The statement.
    pub json: String,
    /// Whether content of attachments came with it: see [`Following::attachments`].
    pub attached: bool,
}

/// The content of an attachment on its way out.
pub struct PassedAttachment {
    /// `contentType`, as the statement has it.
    pub content_type: String,
    /// `sha2`, as the statement has it.
    pub sha2: String,
    /// Bytes of the content.
    pub length: u64,
    /// The content, read from the log when it is asked for.
    pub content: BoxStream<'static, Result<Vec<u8>, QueryFailed>>,
}

/// Some of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stretch {
    /// What of it is wanted, in order.
    pub statements: Vec<Passed>,
    /// Up to where was looked.
    pub through: Position,
    /// Statements that were wanted, and whose actors were erased.
    pub erased: u64,
}

/// What somebody who watches wants to see.
#[derive(Debug, Clone)]
pub(crate) struct Watch<'a> {
    pub(crate) selection: &'a Selection,
    /// Whom statements are by or about.
    pub(crate) agent: Option<Subject>,
    /// The credential that sent them.
    pub(crate) own: Option<Key>,
    /// The version they are shown in.
    pub(crate) version: Version,
}

impl Following {
    pub(crate) fn new(
        log: EventLog,
        vault: Vault,
        municipality: Current,
        clock: SharedClock,
        base_url: String,
    ) -> Self {
        Self { log, vault, municipality, clock, base_url }
    }
}
