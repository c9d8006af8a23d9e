//! The credentials of tools: made, rotated and revoked, each with an event that says so.
//!
//! Events carry ids and rights; names, keys and secrets are the vault's alone.

use std::sync::Arc;
use std::time::Duration;

use chrono::{NaiveDate, NaiveTime};
use domain::Facts;
use domain::events::{
    CredentialCreatedFacts, CredentialRevokedFacts, CredentialRotatedFacts, CredentialRulesFacts,
};
use eventlog::clock::Micros;
use eventlog::{Append, AppendError, Key};
use serde_json::Value;
use vault::{Credential, NewCredential, Rate, Terms, VaultError};

use crate::rules::Rules;
use crate::{Lrs, prepare};

/// Every scope that means something here: those of 1.0.3 Communication 4.2, and `statements/void`.
pub const SCOPES: [&str; 9] = [
    "all",
    "all/read",
    "statements/read",
    "statements/read/mine",
    "statements/write",
    "statements/void",
    "state",
    "define",
    "profile",
];

/// Longer names are refused.
const LONGEST_NAME: usize = 200;
/// The longest time for which an old secret may stay good: 30 days.
const LONGEST_GRACE: u64 = 30 * 86_400;

/// A credential as it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What it is called in lists.
    pub name: String,
    /// Some of [`SCOPES`].
    pub scopes: Vec<String>,
    /// The last day it is good (`2027-06-30`, UTC), or the instant from which it is refused (RFC 3339).
    pub expires: Option<String>,
    /// Requests a second.
    pub rate: Option<u32>,
    /// Requests at once after a rest; as many as a second's where it is not given.
    pub burst: Option<u32>,
    /// What its statements have to keep to, as JSON: `verbs`, `activities` and `profiles`, each with lists to `allow`
    /// and to `refuse`, and whether to `keep` what they refuse.
    pub rules: Option<Value>,
}

/// Why a credential was not made or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// Something that was asked for cannot be had.
    #[error("{at} is wrong: expected {expected}")]
    Invalid {
        /// Which part.
        at: &'static str,
        /// What was expected.
        expected: String,
    },
    /// There is no such key, or not any more.
    #[error("there is no credential with that key")]
    Unknown,
    /// The vault failed; nothing was changed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The log cannot take the event down; nothing was changed.
    #[error("nothing was changed, because the log cannot take it down: {0}")]
    Log(AppendError),
    /// A replay ended early, or what is kept was not all discarded. What was done is done; doing it again goes on.
    #[error("not all was done; do it again to go on: {0}")]
    Stopped(String),
    /// The credential is revoked, but the log has not taken it down: revoke it again.
    #[error("the credential is revoked, but the log has not taken it down; revoke it again: {0}")]
    NotLogged(AppendError),
}

impl Lrs {
    /// Makes a credential; `by` is the account that asked for it, if one did.
    ///
    /// # Errors
    /// [`CredentialError`], each.
    pub async fn create_credential(
        &self,
        wanted: Wanted,
        by: Option<Key>,
    ) -> Result<NewCredential, CredentialError> {
        let (name, terms) = self.checked(wanted)?;
        let made = self.inner.vault.create_credential_with(&name, terms).await?;
        let credential = &made.credential;
        let facts = CredentialCreatedFacts {
            credential: credential.id,
            scopes: credential.scopes.clone(),
            expires: credential.expires.map(|expires| expires.0),
            rate: credential.rate.map(|rate| (rate.per_second, rate.burst)),
            by,
            rules: credential.rules.as_deref().map(str::to_owned),
        };
        if let Err(error) = self.note(&facts).await {
            // Nobody has seen the secret; revoked, it does not stand in lists as if it were of use.
            let _ = self.inner.vault.revoke_credential(&credential.key).await;
            return Err(CredentialError::Log(error));
        }
        Ok(made)
    }

    /// Gives a credential a new secret; the old one stays good for `grace`, at most 30 days.
    ///
    /// # Errors
    /// [`CredentialError`], each.
    pub async fn rotate_credential(
        &self,
        key: &str,
        grace: Duration,
        by: Option<Key>,
    ) -> Result<NewCredential, CredentialError> {
        if grace.as_secs() > LONGEST_GRACE {
            return Err(invalid("/grace_seconds", format!("at most {LONGEST_GRACE}")));
        }
        let known = self.inner.vault.credential(key).await?.filter(|known| known.revoked.is_none());
        let credential = known.ok_or(CredentialError::Unknown)?.id;
        let grace_seconds = Some(grace.as_secs()).filter(|seconds| *seconds > 0);
        // The event first: a tool whose secret was replaced by one that nobody was shown would be locked out.
        let facts = CredentialRotatedFacts { credential, grace_seconds, by };
        self.note(&facts).await.map_err(CredentialError::Log)?;
        self.inner.vault.rotate_credential(key, grace).await?.ok_or(CredentialError::Unknown)
    }

    /// Gives a credential other ingest rules, or none; on other nodes they count within seconds.
    ///
    /// # Errors
    /// [`CredentialError`], each.
    pub async fn set_credential_rules(
        &self,
        key: &str,
        rules: &Value,
        by: Option<Key>,
    ) -> Result<Credential, CredentialError> {
        let rules = read_rules(rules)?;
        let known = self.inner.vault.credential(key).await?.filter(|known| known.revoked.is_none());
        let credential = known.ok_or(CredentialError::Unknown)?.id;
        let facts = CredentialRulesFacts { credential, by, rules: rules.clone() };
        self.note(&facts).await.map_err(CredentialError::Log)?;
        let changed = self.inner.vault.set_credential_rules(key, rules.as_deref()).await?;
        changed.ok_or(CredentialError::Unknown)
    }

    /// Revokes a credential, for good; on other nodes it is refused within seconds. Doing it again does no harm.
    ///
    /// # Errors
    /// [`CredentialError`], each.
    pub async fn revoke_credential(&self, key: &str, by: Option<Key>) -> Result<Credential, CredentialError> {
        // First revoked, then noted: a log that is full must not keep a stolen secret good.
        self.inner.vault.revoke_credential(key).await?;
        let credential = self.inner.vault.credential(key).await?.ok_or(CredentialError::Unknown)?;
        let facts = CredentialRevokedFacts { credential: credential.id, by };
        self.note(&facts).await.map_err(CredentialError::NotLogged)?;
        Ok(credential)
    }

    fn checked(&self, wanted: Wanted) -> Result<(String, Terms), CredentialError> {
        let Wanted { name, mut scopes, expires, rate, burst, rules } = wanted;
        let name = name.trim().to_owned();
        if name.is_empty() || name.len() > LONGEST_NAME || name.contains(char::is_control) {
            return Err(invalid("/name", format!("a name of 1 to {LONGEST_NAME} bytes")));
        }
        scopes.sort_unstable();
        scopes.dedup();
        if scopes.is_empty() || !scopes.iter().all(|scope| SCOPES.contains(&scope.as_str())) {
            return Err(invalid("/scopes", format!("a list of {}", SCOPES.join(", "))));
        }
        let expires = match expires {
            None => None,
            Some(text) => {
                let expected = "a day (2027-06-30) or an instant (2027-06-30T12:00:00Z) to come";
                let at = expiry(&text).filter(|at| *at > self.inner.clock.now());
                Some(at.ok_or_else(|| invalid("/expires", expected))?)
            }
        };
        if rate == Some(0) || burst == Some(0) {
            let at = if rate == Some(0) { "/rate" } else { "/burst" };
            return Err(invalid(at, "a number of at least 1"));
        }
        let rate = match (rate, burst) {
            (None, None) => None,
            (None, Some(_)) => return Err(invalid("/rate", "a rate beside the burst")),
            (Some(per_second), burst) => Some(Rate { per_second, burst: burst.unwrap_or(per_second) }),
        };
        let rules = read_rules(&rules.unwrap_or_default())?.map(Arc::from);
        Ok((name, Terms { scopes, expires, rate, rules }))
    }

    /// Takes down what happened to a credential.
    async fn note<F: Facts>(&self, facts: &F) -> Result<(), AppendError> {
        let id = prepare::random().map_err(|error| AppendError::Unavailable(error.to_string()))?;
        let event = facts.event(id);
        let append = Append { events: vec![event], fence: None, raise_fence: false };
        self.inner.log.append(append).await.map(drop)
    }
}

fn read_rules(rules: &Value) -> Result<Option<String>, CredentialError> {
    let rules = Rules::read(rules).map_err(|expected| invalid("/rules", expected))?;
    Ok(rules.map(|rules| rules.to_string()))
}

/// From when on a credential is refused: an instant, or the end of a day.
fn expiry(text: &str) -> Option<Micros> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Some(Micros(day.succ_opt()?.and_time(NaiveTime::MIN).and_utc().timestamp_micros()));
    }
    xapi::time::parse_timestamp(text).map(|timestamp| Micros(timestamp.micros))
}

fn invalid(at: &'static str, expected: impl Into<String>) -> CredentialError {
    CredentialError::Invalid { at, expected: expected.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_good_through_the_day_that_is_named() {
        assert_eq!(expiry("2026-06-30"), Some(Micros(1_782_864_000_000_000)));
        assert_eq!(expiry("2026-07-01T00:00:00Z"), expiry("2026-06-30"));
        for wrong in ["", "soon", "2026-02-30", "30/6", "2026-06-30T25:00:00Z"] {
            assert_eq!(expiry(wrong), None, "{wrong}");
        }
    }
}
