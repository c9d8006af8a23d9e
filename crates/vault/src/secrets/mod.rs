//! Secrets that never enter the log: what tools authenticate with, what people log in with, and what
//! is shared with places that statements are handed on to.

mod accounts;
mod credential;
mod credentials;
mod forwards;
mod passwords;
mod uses;

pub use accounts::{Account, AccountId, NewSession};
pub use credential::{Credential, CredentialId, NewCredential, Rate, Terms};
pub use forwards::{Advance, Counts, Forward, ForwardId, SET_ASIDE_KEPT, SetAside};
pub use uses::{
    Conflicts, DAYS_KEPT, HOURS_KEPT, OTHER_TOOLS, REFUSALS_KEPT, RefusalNote, Stored, TOOLS_KEPT, ToolUse,
    Use,
};

use crate::VaultError;
use crate::cache::Cache;

/// Verified credentials and passwords that are kept in memory.
pub(crate) struct SecretsCache {
    credentials: Cache<String, credential::Cached>,
    passwords: passwords::Verified,
}

impl SecretsCache {
    pub(crate) fn new() -> Result<Self, VaultError> {
        Ok(Self { credentials: Cache::new(10_000), passwords: passwords::Verified::new()? })
    }
}
