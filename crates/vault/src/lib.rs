//! Pseudonyms, keys per person and quarter, sealing, erasure.
//!
//! People enter the log as random [`AgentId`]s. Who they are, and everything personal they said, is sealed in
//! slots under keys that live only here and can be destroyed. The vault is a database of its own (wrapped keys,
//! keyed lookups) and a directory of key files that wrap them; either alone opens nothing.
//!
//! Start reading at [`Vault`], then `body` (what a sealed slot looks like) and `keyring` (what wraps what).
//! Formats: docs/formats/vault.md.
//!
//! # Several nodes, and dead keys
//! Caches make resolving and opening cheap, and an erasure on another node does not reach them by itself. So
//! whoever seals reads the log's fence, hands it to [`Vault::at_fence`], resolves, seals, and appends with that fence:
//! what was sealed with a key that died meanwhile is refused by the log, resolved and sealed anew. Whoever opens slots
//! to show them calls [`Vault::at_fence`] first as well. A generation of keys that another node made is read from the
//! keyring when a row names it.

mod agent;
mod backup;
mod blocking;
mod body;
mod cache;
mod compress;
mod content;
mod creation;
mod crypto;
mod erasure;
mod error;
mod examining;
mod files;
#[cfg(test)]
mod fixtures;
mod identifier;
mod inner;
mod journal;
mod keyring;
mod looking;
mod metrics;
mod opening;
mod pieces;
mod ratchet;
mod restoring;
mod sealed;
pub mod secrets;
mod seen;
mod start;
mod store;
mod token;
mod underway;
mod vault;
mod xchacha;

pub use agent::{AgentHandle, AgentId, ClassHandle, Owner, Period};
pub use backup::{BackedUp, Pieces as BackupPieces};
pub use body::Binding;
pub use compress::{MAX_DICTIONARY, train};
pub use content::{ChunkPlace, ContentKey};
pub use erasure::{Erasure, ErasureStep};
pub use error::VaultError;
pub use examining::{Examiner, Row, Rows, Tried};
pub use journal::Journal;
pub use looking::{Looked, look, look_at_keys};
pub use opening::{Envelope, Opened, Text};
pub use pieces::{Pieces, Span, join, split};
pub use ratchet::{Ratchet, RatchetStep};
pub use restoring::{Restored, Restoring, expect_opens};
pub use secrets::{
    Account, AccountId, Conflicts, Credential, CredentialId, DAYS_KEPT, HOURS_KEPT, NewCredential,
    NewSession, OTHER_TOOLS, REFUSALS_KEPT, Rate, RefusalNote, Stored, TOOLS_KEPT, Terms, ToolUse, Use,
};
pub use start::Options;
pub use store::Seen;
pub use vault::Vault;
