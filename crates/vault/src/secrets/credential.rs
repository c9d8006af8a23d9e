//! What a credential is, and what is remembered of one.

use std::sync::Arc;
use std::time::Duration;

use eventlog::clock::Micros;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A credential's id: random, the same for good, and what events carry.
pub type CredentialId = [u8; 16];

/// A tool that may use the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// What events carry.
    pub id: CredentialId,
    /// What the tool names itself by.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// What it may do, in the caller's words.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created: Micros,
    /// When it was revoked, if it was.
    pub revoked: Option<Micros>,
    /// From when on it is refused, if it ends by itself.
    pub expires: Option<Micros>,
    /// How much it may ask for; none: as much as it likes.
    pub rate: Option<Rate>,
    /// What its statements have to keep to, as the caller wrote it.
    pub rules: Option<Arc<str>>,
}

/// How much may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second, on average; at least 1.
    pub per_second: u32,
    /// Requests at once after a time of rest; at least 1.
    pub burst: u32,
}

/// What a credential may do, for how long and how much of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// Words without spaces, in the caller's language.
    pub scopes: Vec<String>,
    /// From when on it is refused.
    pub expires: Option<Micros>,
    /// How much it may ask for.
    pub rate: Option<Rate>,
    /// What its statements have to keep to, in the caller's language.
    pub rules: Option<Arc<str>>,
}

/// A credential just made, with its secret, which is never shown again.
pub struct NewCredential {
    /// The credential.
    pub credential: Credential,
    /// 256 random bits as 64 hexadecimal digits; only their SHA-256 is kept.
    pub secret: Zeroizing<String>,
}

impl std::fmt::Debug for NewCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewCredential").field("credential", &self.credential).finish_non_exhaustive()
    }
}

/// A credential as it is kept in memory.
#[derive(Clone)]
pub(super) struct Cached {
    pub(super) credential: Credential,
    pub(super) secret: [u8; 32],
    /// The secret before the last rotation, and until when it is still good.
    pub(super) former: Option<([u8; 32], Micros)>,
    pub(super) read_at: Duration,
}

impl Cached {
    /// Whether this is the hash of its secret, or of the one before while that is still good. In constant time.
    pub(super) fn is_secret(&self, hash: &[u8], now: Micros) -> bool {
        let former = self.former.filter(|(_, until)| now < *until).map_or(self.secret, |(former, _)| former);
        (hash.ct_eq(&self.secret) | hash.ct_eq(&former)).into()
    }

    pub(super) fn is_in_force(&self, now: Micros) -> bool {
        self.credential.revoked.is_none() && self.credential.expires.is_none_or(|expires| now < expires)
    }
}
